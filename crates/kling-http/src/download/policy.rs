//! The limits of a download: time, size, and which hosts it may contact.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::LONGEST;

/// The limits of a download. All of them are finite, so each download ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownloadPolicy {
    /// How long a host may stay silent, before or within its answer. After that the
    /// download continues with another request.
    pub idle: Duration,
    /// From the first request to the last byte delivered, including all waits; at
    /// most a year. The time of a slow reader of the stream, or of a slow writer,
    /// counts too.
    pub deadline: Duration,
    /// The size of the largest accepted result, in bytes.
    pub size_limit: u64,
    /// Whether results may be on hosts that are not public: in a private network,
    /// at a link-local address, and so on. Otherwise, whoever can choose a result's
    /// address could make this program send requests to the hosts around it. This
    /// machine is always allowed if the service runs on it, as a fake one does.
    pub private_hosts: bool,
}

impl Default for DownloadPolicy {
    /// One minute of silence, one hour in total, 2 GiB, public hosts only. A clip
    /// of ten seconds is about ten MB.
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
    /// Rejects a policy that no download could meet, or that has no end.
    pub(crate) fn check(&self) -> Result<()> {
        let text = if self.idle.is_zero() || self.deadline.is_zero() {
            "its times must be longer than zero"
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
