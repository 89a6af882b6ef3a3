//! The journal of requests and answers: the latest of them, within limits on entries
//! and bytes, and counts of all of them.
//!
//! Writing is cheap, because every request does it: the relevant parts are copied into
//! reused memory. Parsing and redaction are left to the reader: [`JournalEntry`].

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

mod entry;
mod exchange;
mod record;
mod redact;
mod totals;

pub use entry::{JournalBody, JournalEntry};
pub(crate) use exchange::{Draft, Exchange};
pub use totals::{Operation, Outcome, Totals};

use record::Record;
use redact::Secrets;

/// The limits of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct JournalLimits {
    /// The maximum number of entries; with 0 it only counts.
    pub entries: usize,
    /// The maximum memory, including everything that belongs to an entry.
    pub bytes: usize,
}

impl JournalLimits {
    /// Limits the number of entries.
    pub fn with_entries(mut self, entries: usize) -> Self {
        self.entries = entries;
        self
    }

    /// Limits the memory.
    pub fn with_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }
}

impl Default for JournalLimits {
    /// 10,000 entries and 16 MiB.
    fn default() -> Self {
        JournalLimits {
            entries: 10_000,
            bytes: 16 * 1024 * 1024,
        }
    }
}

/// The journal. Nothing here blocks, so a lock of `std` is enough to share it.
#[derive(Default)]
pub(crate) struct Journal {
    limits: JournalLimits,
    records: VecDeque<Record>,
    /// The texts of all records, one after another.
    texts: VecDeque<u8>,
    /// A buffer in which a record is assembled.
    draft: Vec<u8>,
    /// The number of the latest entry.
    last: u64,
    evicted: u64,
    totals: Totals,
    /// The counts of requests with an identified account.
    by_account: BTreeMap<Arc<str>, Totals>,
    secrets: Secrets,
}

impl Journal {
    pub(crate) fn new(limits: JournalLimits) -> Self {
        Journal {
            limits,
            ..Journal::default()
        }
    }

    /// Redacts this credential in everything that is read from now on. Ignored if it is
    /// shorter than 8 bytes.
    pub(crate) fn hide(&mut self, secret: &str) {
        self.secrets.add(secret);
    }

    /// Appends an exchange, and returns its sequence number.
    pub(crate) fn append(&mut self, draft: &Draft<'_>) -> u64 {
        self.last += 1;
        let record = draft.write(self.last, &mut self.draft);
        self.totals.count(record.operation, record.outcome());
        if let Some(account) = &record.account {
            let totals = match self.by_account.get_mut(account) {
                Some(totals) => totals,
                None => self.by_account.entry(Arc::clone(account)).or_default(),
            };
            totals.count(record.operation, record.outcome());
        }
        if self.limits.entries == 0 || record.bytes() > self.limits.bytes {
            // It alone exceeds the limit; earlier entries are kept.
            self.evicted += 1;
            return self.last;
        }
        while self.records.len() >= self.limits.entries
            || self.bytes() + record.bytes() > self.limits.bytes
        {
            let Some(oldest) = self.records.pop_front() else {
                break;
            };
            self.texts.drain(..oldest.text_len());
            self.evicted += 1;
        }
        make_room(&mut self.texts, record.text_len(), self.limits.bytes);
        make_room(&mut self.records, 1, self.limits.entries);
        self.texts.extend(&self.draft);
        self.records.push_back(record);
        self.last
    }

    /// The entries, oldest first.
    pub(crate) fn entries(&self) -> impl Iterator<Item = JournalEntry> {
        self.entries_from(0)
    }

    fn entries_from(&self, index: usize) -> impl Iterator<Item = JournalEntry> {
        let skipped = self.records.range(..index).map(Record::text_len);
        let mut start: usize = skipped.sum();
        self.records.range(index..).map(move |record| {
            let text = copy(&self.texts, start..start + record.text_len());
            start += text.len();
            JournalEntry::new(record, text, &self.secrets)
        })
    }

    /// The operations of the entries of this account, or of all, oldest first.
    pub(crate) fn operations(&self, account: Option<&str>) -> impl Iterator<Item = Operation> {
        let ours = move |record: &&Record| {
            account.is_none_or(|account| record.account.as_deref() == Some(account))
        };
        self.records
            .iter()
            .filter(ours)
            .map(|record| record.operation)
    }

    /// Up to `limit` entries after this sequence number; 0 is before the first.
    pub(crate) fn after(&self, seq: u64, limit: usize) -> JournalPage {
        let start = self.records.partition_point(|record| record.seq <= seq);
        let entries: Vec<JournalEntry> = self.entries_from(start).take(limit).collect();
        JournalPage {
            next: entries.last().map_or(seq.min(self.last), JournalEntry::seq),
            evicted: self.evicted,
            totals: self.totals.clone(),
            entries,
        }
    }

    /// Removes all entries and counts. Sequence numbers continue, so that a reader who
    /// pages through the journal misses nothing.
    pub(crate) fn clear(&mut self) {
        self.records = VecDeque::new();
        self.texts = VecDeque::new();
        self.evicted = 0;
        self.totals = Totals::default();
        self.by_account = BTreeMap::new();
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// The memory of the entries. The journal may hold more, allocated earlier for
    /// reuse, within the same limits.
    pub(crate) fn bytes(&self) -> usize {
        self.records.len() * size_of::<Record>() + self.texts.len()
    }

    pub(crate) fn limits(&self) -> JournalLimits {
        self.limits
    }

    /// How many entries were counted but evicted.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted
    }

    pub(crate) fn totals(&self) -> &Totals {
        &self.totals
    }

    pub(crate) fn totals_of(&self, account: &str) -> Totals {
        self.by_account.get(account).cloned().unwrap_or_default()
    }

    /// The value, redacted like a body, for comparison with one.
    pub(crate) fn as_shown(&self, value: &Value) -> Value {
        let shown = entry::body_text(&value.to_string(), &self.secrets);
        serde_json::from_str(&shown).unwrap_or_else(|_| value.clone())
    }
}

/// Grows as a vector does, but never beyond the limit.
fn make_room<T>(ring: &mut VecDeque<T>, more: usize, limit: usize) {
    let wanted = ring.len() + more;
    if wanted > ring.capacity() {
        let capacity = ring.capacity().saturating_mul(2).min(limit).max(wanted);
        ring.reserve_exact(capacity - ring.len());
    }
}

/// A part of a ring, which may lie in two pieces.
fn copy(ring: &VecDeque<u8>, range: Range<usize>) -> Vec<u8> {
    let (front, back) = ring.as_slices();
    let middle = front.len();
    let in_front = range.start.min(middle)..range.end.min(middle);
    let in_back = range.start.saturating_sub(middle)..range.end.saturating_sub(middle);
    [&front[in_front], &back[in_back]].concat()
}

impl fmt::Debug for Journal {
    /// Counts only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("limits", &self.limits)
            .field("entries", &self.len())
            .field("bytes", &self.bytes())
            .field("evicted", &self.evicted)
            .finish_non_exhaustive()
    }
}

/// Some entries of the journal, in order.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct JournalPage {
    /// The entries.
    pub entries: Vec<JournalEntry>,
    /// The sequence number after which the next page starts.
    pub next: u64,
    /// How many entries were evicted.
    pub evicted: u64,
    /// The counts of all requests.
    pub totals: Totals,
}

#[cfg(test)]
mod tests;
