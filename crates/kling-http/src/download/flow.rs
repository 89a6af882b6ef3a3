//! The loop under every way to receive a file (to a path, a writer, a stream): it
//! delivers the bytes in order, each once, and resumes where they break off.
//!
//! A host that can't resume sends the file from its beginning. A download to a path
//! then starts over. Bytes that were already delivered to a writer or a stream can't be
//! taken back, so the beginning is read again and its SHA-256 is compared with that of
//! the delivered bytes. If they are equal, the download continues after them, whatever
//! the host says about the file's identity; if not, it fails with
//! [`ErrorKind::ResultChanged`].

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::answer::{Known, Part, Rest, check_length, no_video, temporary};
use super::source::{Source, broke_off};
use super::{DownloadProgress, Received};
use crate::error::{Error, ErrorKind, Result};

pub(super) struct Flow {
    pub(super) source: Source,
    part: Part,
    /// What is known about the file that the received bytes belong to.
    known: Known,
    hash: Sha256,
    /// How many of its bytes were received.
    bytes: u64,
    /// The most bytes that any attempt has reached.
    furthest: u64,
    /// The hash of the bytes that a host sends again.
    again: Sha256,
    progress: Option<Box<dyn FnMut(DownloadProgress) + Send>>,
}

/// The next piece of a file.
pub(super) enum Piece {
    Bytes(Bytes),
    /// The file starts over: discard all earlier bytes.
    StartOver,
}

/// Whether the receiver can discard bytes that it has received.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Receiver {
    Rewinds,
    Forwards,
}

/// The next step within a part.
enum Step {
    Bytes(Bytes),
    Whole,
    BrokeOff(Error),
}

/// Whether it begins like HTML, XML or JSON, after an optional byte order mark and white
/// space.
fn begins_as_text(piece: &[u8]) -> bool {
    let text = piece.strip_prefix(b"\xef\xbb\xbf").unwrap_or(piece);
    let first = text.trim_ascii_start().first();
    matches!(first, Some(b'<' | b'{' | b'['))
}

impl Flow {
    pub(super) fn new(source: Source, part: Part) -> Self {
        Flow {
            source,
            known: part.known.clone(),
            part,
            hash: Sha256::new(),
            bytes: 0,
            furthest: 0,
            again: Sha256::new(),
            progress: None,
        }
    }

    pub(super) fn total(&self) -> Option<u64> {
        self.known.total
    }

    pub(super) fn on_progress(&mut self, callback: Box<dyn FnMut(DownloadProgress) + Send>) {
        self.progress = Some(callback);
    }

    /// The length and hash of the bytes received so far.
    pub(super) fn received(&self) -> Received {
        Received {
            bytes: self.bytes,
            sha256: base16ct::lower::encode_string(&self.hash.clone().finalize()),
        }
    }

    /// The next piece; `None` when the file is complete.
    pub(super) async fn next(&mut self, receiver: Receiver) -> Result<Option<Piece>> {
        loop {
            match self.step().await? {
                Step::Bytes(piece) => {
                    let piece = self.take_in(piece)?;
                    if !piece.is_empty() {
                        return Ok(Some(Piece::Bytes(piece)));
                    }
                }
                Step::Whole if self.part.at < self.bytes => return Err(self.changed()),
                Step::Whole if self.bytes == 0 => {
                    let text = "the result is an empty file";
                    return Err(Error::new(ErrorKind::Download, text));
                }
                Step::Whole => return Ok(None),
                Step::BrokeOff(error) => {
                    // Boxed: it is rare, and would make every download's future large.
                    Box::pin(self.resume(error)).await?;
                    if self.part.at < self.bytes && receiver == Receiver::Rewinds {
                        self.start_over();
                        return Ok(Some(Piece::StartOver));
                    }
                }
            }
        }
    }

    async fn step(&mut self) -> Result<Step> {
        let Part { at, known, body } = &mut self.part;
        let idle = self.source.policy.idle;
        let piece = match timeout(idle, body.chunk()).await {
            Ok(Some(Ok(piece))) => piece,
            // The file is complete, so it does not matter how the connection ends.
            _ if known.total == Some(*at) => return Ok(Step::Whole),
            Ok(None) => {
                let Some(total) = known.total else {
                    return Ok(Step::Whole);
                };
                let text = format!("the download ended after {at} of {total} bytes");
                return Ok(Step::BrokeOff(temporary(text)));
            }
            Ok(Some(Err(error))) => return Ok(Step::BrokeOff(broke_off(error))),
            Err(_) => {
                let text = format!("the download stood still for {} s", idle.as_secs_f32());
                return Ok(Step::BrokeOff(temporary(text)));
            }
        };
        let end = at.saturating_add(piece.len() as u64);
        check_length(end, known.total, self.source.policy.size_limit)?;
        Ok(Step::Bytes(piece))
    }

    /// Counts a piece, and removes the bytes that were received before.
    fn take_in(&mut self, mut piece: Bytes) -> Result<Bytes> {
        let missing = self.bytes.saturating_sub(self.part.at);
        if missing > 0 {
            let missing = usize::try_from(missing).unwrap_or(usize::MAX);
            let again = piece.split_to(missing.min(piece.len()));
            self.again.update(&again);
            self.part.at += again.len() as u64;
            if self.part.at == self.bytes {
                if self.again.clone().finalize() != self.hash.clone().finalize() {
                    return Err(self.changed());
                }
                self.known = self.part.known.clone();
            }
        }
        // No video or picture begins like this, whatever its content type.
        if self.bytes == 0 && begins_as_text(&piece) {
            return Err(no_video());
        }
        if !piece.is_empty() {
            self.hash.update(&piece);
            self.bytes += piece.len() as u64;
            self.part.at = self.bytes;
            self.report_progress();
        }
        Ok(piece)
    }

    /// Requests the rest of the file, or the whole file if it can't be resumed.
    async fn resume(&mut self, broke_off: Error) -> Result<()> {
        // Only bytes beyond the furthest point count as progress. Otherwise a host that
        // can't resume and always breaks off would be retried until the deadline.
        if self.bytes > self.furthest {
            self.furthest = self.bytes;
            self.source.fruitless = 0;
        }
        self.source.pause(broke_off).await?;
        let validator = self.known.validator.clone().filter(|_| self.bytes > 0);
        let rest = validator.map(|validator| Rest {
            from: self.bytes,
            total: self.known.total,
            validator,
        });
        self.part = self.source.open(rest).await?;
        self.again = Sha256::new();
        if self.bytes == 0 {
            self.known = self.part.known.clone();
        }
        Ok(())
    }

    fn start_over(&mut self) {
        self.known = self.part.known.clone();
        self.hash = Sha256::new();
        self.bytes = 0;
        self.report_progress();
    }

    fn report_progress(&mut self) {
        let (bytes, total) = (self.bytes, self.known.total);
        if let Some(callback) = &mut self.progress {
            callback(DownloadProgress { bytes, total });
        }
    }

    fn changed(&self) -> Error {
        let text = format!(
            "the result's host has another file than the one of which {} bytes were handed on: \
             download it again from the start",
            self.bytes
        );
        Error::new(ErrorKind::ResultChanged, text).with_attempts(self.source.requests)
    }
}
