//! The limits of a download: time, size, and which hosts it may contact.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::LONGEST;

/// What a download may take. Every bound is finite, so each download ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownloadPolicy {
    /// How long a host may be silent, before its answer or within it. Then the
    /// download goes on with another request.
    pub idle: Duration,
    /// From the first request to the last byte handed on, with all waits; at
    /// most a year. What a slow reader of the stream or a slow writer takes
    /// counts too.
    pub deadline: Duration,
    /// The longest result that is taken, in bytes.
    pub size_limit: u64,
    /// Whether results may lie on hosts that are not public: in a private
    /// network, at a link-local address, and so on. Whoever can choose a result's
    /// address could otherwise make this program ask the hosts around it. This
    /// machine is allowed to a service that is on it, such as a fake one.
    pub private_hosts: bool,
}

impl Default for DownloadPolicy {
    /// One minute of silence, one hour in all, 2 GiB, public hosts only. A clip
    /// of ten seconds has some ten MB.
    fn default() -> Self {
        DownloadPolicy {
            idle: Duration::from_secs(60),
            deadline: Duration::from_secs(60 * 60),
            size_limit: 2 * 1024 * 1024 * 1024,
            private_hosts: false,
        }
    }
}

impl DownloadPolicy {
    /// Refuses a policy that no download could meet, or that has no end.
    pub(crate) fn check(&self) -> Result<()> {
        let text = if self.idle.is_zero() || self.deadline.is_zero() {
            "its times must be longer than nothing"
        } else if self.deadline > LONGEST {
            "the deadline must be at most a year"
        } else if self.size_limit == 0 {
            "the size limit must be at least one byte"
        } else {
            return Ok(());
        };
        let text = format!("download policy: {text}");
        Err(Error::new(ErrorKind::Config, text))
    }
}
