//! The stored form of a journal entry: one text, the unparsed bytes of the bodies,
//! and the positions at which its parts end.

use std::sync::Arc;

use http::StatusCode;
use kling_types::UnixMillis;

use super::totals::{Operation, Outcome};

/// The parts of a record's text, in order.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Method,
    Path,
    /// Lines of `name: value`.
    Headers,
    RequestBody,
    AnswerBody,
    IntendedBody,
    Fault,
    TaskId,
    ExternalTaskId,
    Note,
}

const PARTS: usize = Part::Note as usize + 1;

/// What the part of a body contains.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// The body, without its pictures if it was long.
    Whole,
    /// Its SHA-256.
    Hash,
    /// Nothing; only the length is known.
    Length,
}

/// The fixed-size part of a record.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) seq: u64,
    pub(super) at: UnixMillis,
    pub(super) operation: Operation,
    pub(super) account: Option<Arc<str>>,
    pub(super) status: Option<StatusCode>,
    pub(super) intended: Option<StatusCode>,
    /// The lengths of the bodies: of the request, the answer, and the intended answer.
    pub(super) lengths: [u64; 3],
    pub(super) kept: [Kept; 3],
    /// The end of each part.
    pub(super) ends: [u32; PARTS],
}

impl Record {
    pub(super) fn outcome(&self) -> Outcome {
        Outcome::of(self.status)
    }

    /// The length of the text.
    pub(super) fn text_len(&self) -> usize {
        self.ends[PARTS - 1] as usize
    }

    /// Its memory in the journal, including the text.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Record>() + self.text_len()
    }

    pub(super) fn part<'a>(&self, text: &'a [u8], part: Part) -> &'a [u8] {
        let index = part as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        text.get(start as usize..self.ends[index] as usize)
            .unwrap_or_default()
    }

    /// The original length of a body, and what its part contains.
    pub(super) fn body(&self, part: Part) -> (u64, Kept) {
        let index = match part {
            Part::AnswerBody => 1,
            Part::IntendedBody => 2,
            _ => 0,
        };
        (self.lengths[index], self.kept[index])
    }
}

/// Writes a record's text part by part.
pub(super) struct Parts<'a> {
    text: &'a mut Vec<u8>,
    ends: [u32; PARTS],
}

impl<'a> Parts<'a> {
    pub(super) fn new(text: &'a mut Vec<u8>) -> Self {
        text.clear();
        Parts {
            text,
            ends: [0; PARTS],
        }
    }

    /// Writes into the part that the next [`push`](Self::push) ends.
    pub(super) fn text(&mut self) -> &mut Vec<u8> {
        self.text
    }

    pub(super) fn push(&mut self, part: Part, text: &[u8]) {
        self.text.extend_from_slice(text);
        // The text is ten parts of at most 64 KiB.
        self.ends[part as usize] = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
    }

    pub(super) fn ends(self) -> [u32; PARTS] {
        self.ends
    }
}
