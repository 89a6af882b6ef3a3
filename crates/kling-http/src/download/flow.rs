//! The loop under every way to receive a file (to a path, a writer, a stream): it
//! delivers the bytes in order, each once, and resumes where they break off.
//!
//! A host that can't resume sends the file from its beginning. Who writes to a
//! file begins anew with it. Bytes that were handed on can't be taken back: they
//! are read again and compared by their SHA-256 with what was handed on. If they
//! are the same, the download goes on behind them, whatever the host says about
//! the file's identity; if not, it ends in [`ErrorKind::ResultChanged`].

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
    /// What is known of the file that the bytes received belong to.
    known: Known,
    hash: Sha256,
    /// What of it was received.
    bytes: u64,
    /// As far as any try has come.
    furthest: u64,
    /// The hash of what a host sends again.
    again: Sha256,
    progress: Option<Box<dyn FnMut(DownloadProgress) + Send>>,
}

/// What comes next of a file.
pub(super) enum Piece {
    Bytes(Bytes),
    /// The file begins anew: forget what came before.
    StartOver,
}

/// Whether who receives the bytes can forget them.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Receiver {
    Rewinds,
    HandsOn,
}

/// What a part has next.
enum Step {
    Bytes(Bytes),
    Whole,
    BrokeOff(Error),
}

/// Whether it begins as a page or JSON does, perhaps after a mark and some space.
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

    pub(super) fn on_progress(&mut self, told: Box<dyn FnMut(DownloadProgress) + Send>) {
        self.progress = Some(told);
    }

    /// What was received so far.
    pub(super) fn received(&self) -> Received {
        Received {
            bytes: self.bytes,
            sha256: base16ct::lower::encode_string(&self.hash.clone().finalize()),
        }
    }

    /// The next piece; `None` when the file is whole.
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
                    // Rare, so it shall not make every download's future large.
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
            // All of it is here: how the connection ends does not matter.
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

    /// Counts a piece; leaves out of it what was received before.
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
        // No video and no picture begins so, whatever its host calls it.
        if self.bytes == 0 && begins_as_text(&piece) {
            return Err(no_video());
        }
        if !piece.is_empty() {
            self.hash.update(&piece);
            self.bytes += piece.len() as u64;
            self.part.at = self.bytes;
            self.tell();
        }
        Ok(piece)
    }

    /// Asks for the rest, or for what the host has instead.
    async fn resume(&mut self, broke_off: Error) -> Result<()> {
        // Only what was never reached before is new: a host that can't resume
        // and always breaks off must not keep this up for ever.
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
        self.tell();
    }

    fn tell(&mut self) {
        let (bytes, total) = (self.bytes, self.known.total);
        if let Some(told) = &mut self.progress {
            told(DownloadProgress { bytes, total });
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
