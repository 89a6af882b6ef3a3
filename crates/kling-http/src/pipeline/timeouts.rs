//! How long a call may take.

use std::time::Duration;

use super::LONGEST;
use crate::error::{Error, ErrorKind, Result};

/// The slowest upload that does not time out: 1 Mbit/s, in bytes per second.
const SLOWEST_UPLOAD: f64 = 125_000.0;

/// How long one call may take.
///
/// A request with a body has more time: one second per 125 kB, added to the attempt
/// and to the deadline, so that images can be uploaded at 1 Mbit/s. Two images of 10 MB
/// are 27 MB of base64, and may take three and a half minutes more. On a slower line,
/// increase both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// One attempt, from the first byte sent to the last one read.
    pub attempt: Duration,
    /// All attempts of one call, with the waits between them. A create is not sent
    /// again when less than the time of a whole attempt is left: if it were aborted
    /// half-way, it would be unknown whether it arrived.
    pub deadline: Duration,
}

impl Default for Timeouts {
    /// One minute per attempt, five minutes per call: long enough for a slot of a full
    /// account to become free.
    fn default() -> Self {
        Timeouts {
            attempt: Duration::from_secs(60),
            deadline: Duration::from_secs(300),
        }
    }
}

impl Timeouts {
    /// Rejects timeouts that would end every attempt immediately, or allow only one.
    pub(crate) fn check(&self) -> Result<()> {
        let text = if self.attempt.is_zero() {
            "the timeout of an attempt must be longer than zero"
        } else if self.attempt >= self.deadline {
            "the timeout of an attempt must be shorter than the deadline of the call: \
             otherwise nothing is ever retried"
        } else if self.deadline > LONGEST {
            "the deadline of a call must be at most a year"
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::Config, text))
    }

    /// The timeouts of a call with so many bytes of body.
    pub(super) fn for_body(self, bytes: usize) -> Timeouts {
        // No body is so large that the lost precision matters.
        #[allow(clippy::cast_precision_loss)]
        let upload = Duration::from_secs_f64(bytes as f64 / SLOWEST_UPLOAD);
        Timeouts {
            attempt: self.attempt.saturating_add(upload),
            deadline: self.deadline.saturating_add(upload),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: usize, attempt: u64, deadline: u64) {
        let timeouts = Timeouts::default().for_body(bytes);
        let expected = (Duration::from_secs(attempt), Duration::from_secs(deadline));
        assert_eq!(
            (timeouts.attempt, timeouts.deadline),
            expected,
            "{bytes} bytes"
        );
    }

    #[test]
    fn a_large_body_has_more_time() {
        check(0, 60, 300);
        check(125_000, 61, 301);
        check(27_000_000, 60 + 216, 300 + 216);
    }
}
