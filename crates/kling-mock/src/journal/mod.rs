//! What was asked and what was answered: the latest of it, within a number of
//! entries and of bytes, and counts of all of it.
//!
//! Writing is cheap, as every request pays for it: a copy of what is worth
//! keeping, into room that is used again and again. Reading pays for the rest:
//! [`JournalEntry`].

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

/// How much a journal keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct JournalLimits {
    /// The most entries; none if 0, and then it only counts.
    pub entries: usize,
    /// The most memory, with all that goes with an entry.
    pub bytes: usize,
}

impl JournalLimits {
    /// At most so many entries.
    pub fn with_entries(mut self, entries: usize) -> Self {
        self.entries = entries;
        self
    }

    /// At most so much memory.
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

/// The journal. Whoever shares one puts it behind a lock of `std`: nothing here
/// waits.
#[derive(Default)]
pub(crate) struct Journal {
    limits: JournalLimits,
    records: VecDeque<Record>,
    /// The texts of all records, one after another.
    texts: VecDeque<u8>,
    /// Where a text is put together.
    draft: Vec<u8>,
    /// The number of the latest entry.
    last: u64,
    evicted: u64,
    totals: Totals,
    /// Of the requests whose credentials say whose they are.
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

    /// Hides this text in everything that is read from now on: a credential
    /// that the service accepts. Under 8 bytes it is not hidden.
    pub(crate) fn hide(&mut self, secret: &str) {
        self.secrets.add(secret);
    }

    /// Writes down an exchange; its number.
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
            // It alone is too much; those before it may stay.
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

    /// The entries, the oldest first.
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

    /// What the entries of this account, or of all, were for, the oldest first.
    pub(crate) fn operations(&self, account: Option<&str>) -> impl Iterator<Item = Operation> {
        let ours = move |record: &&Record| {
            account.is_none_or(|account| record.account.as_deref() == Some(account))
        };
        self.records
            .iter()
            .filter(ours)
            .map(|record| record.operation)
    }

    /// Up to `limit` entries after the one with this number; 0 is before the
    /// first.
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

    /// Forgets all entries and counts. Numbers go on, so that whoever reads
    /// page by page misses nothing.
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

    /// The memory that the entries take. Beyond it the journal has room that it
    /// took before and uses again, within the same limits.
    pub(crate) fn bytes(&self) -> usize {
        self.records.len() * size_of::<Record>() + self.texts.len()
    }

    pub(crate) fn limits(&self) -> JournalLimits {
        self.limits
    }

    /// How many entries are counted but no longer kept.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted
    }

    pub(crate) fn totals(&self) -> &Totals {
        &self.totals
    }

    pub(crate) fn totals_of(&self, account: &str) -> Totals {
        self.by_account.get(account).cloned().unwrap_or_default()
    }

    /// The value as it would be shown in a body, to compare it with one.
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
    /// After which number to go on.
    pub next: u64,
    /// How many entries the journal has let go.
    pub evicted: u64,
    /// The counts of all requests.
    pub totals: Totals,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use http::{Request, Response};
    use kling_types::UnixMillis;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const SECRET: &str = "sk-mock-0123456789";

    fn request(body: impl Into<Bytes>) -> Request<Bytes> {
        let request = Request::post("https://mock.test/v1/videos/effects?Signature=abc")
            .header("host", "mock.test")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {SECRET}"));
        request.body(body.into()).unwrap()
    }

    fn answer(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
        let answer = Response::builder().status(status);
        answer.body(body.into()).unwrap()
    }

    fn create(journal: &mut Journal, body: &[u8]) {
        let (request, answer) = (request(body.to_vec()), answer(200, ""));
        let exchange = Exchange {
            answer: Some(&answer),
            ..Exchange::new(UnixMillis::new(0), Operation::Create, &request)
        };
        journal.append(&exchange.draft());
    }

    fn filled(limits: JournalLimits, bodies: &[Vec<u8>]) -> Journal {
        let mut journal = Journal::new(limits);
        for body in bodies {
            create(&mut journal, body);
        }
        journal
    }

    #[test]
    fn an_entry_shows_all_but_secrets_and_pictures() {
        let picture = "A".repeat(100);
        let body = json!({ "effect_scene": "hug", "input": { "image": picture } });
        let request = request(body.to_string());
        let sent = answer(503, "busy");
        let intended = answer(
            200,
            r#"{"url":"https://mock.test/1.mp4?Expires=1&Signature=x"}"#,
        );
        let account = Arc::from("main");
        let exchange = Exchange {
            account: Some(&account),
            answer: Some(&sent),
            intended: Some(&intended),
            fault: "create#1@after:503",
            task_id: "1",
            external_task_id: "order-1",
            note: SECRET,
            ..Exchange::new(UnixMillis::new(5), Operation::Create, &request)
        };
        let mut journal = Journal::default();
        journal.hide(SECRET);
        journal.append(&exchange.draft());
        let entry = journal.entries().next().unwrap();
        let shown = serde_json::to_string(&entry).unwrap();
        let expected = concat!(
            r#"{"seq":1,"at":5,"operation":"create","outcome":"failed","account":"main","#,
            r#""task_id":"1","external_task_id":"order-1","#,
            r#""request":{"method":"POST","path":"/v1/videos/effects?Signature=…","#,
            r#""headers":{"authorization":"Bearer <18 characters>","content-type":"application/json"},"#,
            r#""body":{"bytes":143,"json":{"effect_scene":"hug","#,
            r#""input":{"image":"<100 characters, sha256 d82c6aa133a0fc25>"}}}},"#,
            r#""answer":{"status":503,"body":{"bytes":4,"text":"busy"}},"#,
            r#""intended":{"status":200,"body":{"bytes":55,"#,
            r#""json":{"url":"https://mock.test/1.mp4?Expires=1&Signature=…"}}},"#,
            r#""fault":"create#1@after:503","note":"…"}"#,
        );
        assert_eq!(shown, expected);
        assert_eq!(
            entry.to_string(),
            "create POST /v1/videos/effects?Signature=… 503, task 1, external id order-1, \
             fault create#1@after:503 instead of 200 (…)"
        );
    }

    #[test]
    fn a_long_body_loses_its_pictures_or_becomes_a_hash() {
        let picture = json!({ "effect_scene": "hug", "image": "A".repeat(200_000) }).to_string();
        let words = "many words ".repeat(10_000);
        let bodies = [picture.into_bytes(), words.into_bytes(), vec![0xff; 9]];
        let journal = filled(JournalLimits::default(), &bodies);
        assert!(journal.bytes() < 2_000, "{}", journal.bytes());
        let shown = |index: usize| journal.entries().nth(index).unwrap().request_body();
        assert_eq!(shown(0).json().unwrap()["effect_scene"], "hug");
        assert_eq!(shown(0).bytes(), bodies[0].len() as u64);
        for index in [1, 2] {
            let hash = redact::sha256(&bodies[index]);
            assert_eq!(shown(index).sha256(), Some(&*hash));
            assert_eq!(shown(index).text(), None);
        }
    }

    #[test]
    fn a_file_is_its_length() {
        let request = Request::get("/assets/1-0.mp4").body(Bytes::new()).unwrap();
        let answer = answer(206, vec![0; 1000]);
        let mut journal = Journal::default();
        let exchange = Exchange {
            answer: Some(&answer),
            ..Exchange::new(UnixMillis::new(0), Operation::Asset, &request)
        };
        journal.append(&exchange.draft());
        let entry = journal.entries().next().unwrap();
        let body = serde_json::to_value(entry.answer_body()).unwrap();
        assert_eq!(body, json!({ "bytes": 1000 }));
    }

    #[test]
    fn pages_go_on_after_eviction_and_clearing() {
        let limits = JournalLimits::default().with_entries(3);
        let mut journal = filled(limits, &vec![Vec::new(); 5]);
        let numbers = |page: &JournalPage| {
            let numbers = page.entries.iter().map(JournalEntry::seq);
            numbers.collect::<Vec<_>>()
        };
        let page = journal.after(0, 2);
        assert_eq!(
            (numbers(&page), page.next, page.evicted),
            (vec![3, 4], 4, 2)
        );
        let page = journal.after(page.next, 2);
        assert_eq!((numbers(&page), page.next), (vec![5], 5));
        assert_eq!(journal.after(5, 2).next, 5);
        let totals = serde_json::to_value(&page.totals).unwrap();
        assert_eq!(totals, json!({ "create": { "success": 5 } }));

        journal.clear();
        assert_eq!((journal.totals().all(), journal.evicted()), (0, 0));
        let request = request("");
        let exchange = Exchange::new(UnixMillis::new(0), Operation::Get, &request);
        assert_eq!(journal.append(&exchange.draft()), 6);
        assert_eq!(numbers(&journal.after(5, 2)), [6]);
        assert_eq!(journal.totals().with(Operation::Get, Outcome::Lost), 1);
    }

    #[test]
    fn a_journal_of_nothing_counts() {
        for limits in [
            JournalLimits::default().with_entries(0),
            JournalLimits::default().with_bytes(100),
        ] {
            let journal = filled(limits, &vec![Vec::new(); 3]);
            let counts = (journal.len(), journal.evicted(), journal.totals().all());
            assert_eq!(counts, (0, 3, 3));
        }
    }

    proptest! {
        #[test]
        fn limits_hold_and_counts_are_of_all(
            entries in 0_usize..20,
            bytes in 0_usize..20_000,
            words in prop::collection::vec(0_usize..1_000, 0..40),
        ) {
            let limits = JournalLimits::default().with_entries(entries).with_bytes(bytes);
            let mut journal = Journal::new(limits);
            for (before, words) in words.into_iter().enumerate() {
                let body = format!("{words} ").repeat(words);
                create(&mut journal, body.as_bytes());
                prop_assert!(journal.len() <= entries && journal.bytes() <= bytes);
                prop_assert!(journal.records.capacity() <= entries);
                prop_assert!(journal.texts.capacity() <= bytes);
                let sum: usize = journal.records.iter().map(Record::bytes).sum();
                prop_assert_eq!(journal.bytes(), sum);
                for entry in &journal.after(journal.last - 1, 1).entries {
                    let shown = entry.request_body();
                    prop_assert_eq!(shown.text(), Some(&*body));
                }
                let count = before as u64 + 1;
                prop_assert_eq!(journal.totals().all(), count);
                prop_assert_eq!(journal.len() as u64 + journal.evicted(), count);
            }
        }

        #[test]
        fn a_secret_never_comes_out(
            secret in "[A-Za-z0-9_/+=-]{16,80}",
            before in ".{0,40}",
            after in ".{0,40}",
            cut in 0_usize..60,
        ) {
            let text = format!("{before}{secret}{after}");
            let body = json!({ "a": text, "b": [secret] }).to_string();
            let path = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
            let request = Request::get(format!("/v1/{path}?{path}={path}"))
                .header("authorization", &secret)
                .header("range", &secret)
                .body(Bytes::from(body.clone()))
                .unwrap();
            // What is cut off may be half a secret; the first one stays whole.
            let end = body.len().saturating_sub(cut).max(body.find("\"b\"").unwrap());
            let answer = answer(500, body.as_bytes()[..end].to_vec());
            let account = Arc::from(&*text);
            let exchange = Exchange {
                account: Some(&account),
                answer: Some(&answer),
                intended: Some(&answer),
                fault: &text,
                task_id: &text,
                external_task_id: &text,
                note: &text,
                ..Exchange::new(UnixMillis::new(0), Operation::Get, &request)
            };
            let mut journal = Journal::default();
            journal.hide(&secret);
            journal.append(&exchange.draft());
            let entry = journal.entries().next().unwrap();
            let outputs = [
                entry.to_string(),
                format!("{entry:?}"),
                format!("{journal:?} {:?}", journal.after(0, 1)),
                serde_json::to_string(&journal.after(0, 1)).unwrap(),
                journal.as_shown(&json!(text)).to_string(),
            ];
            for output in outputs {
                prop_assert!(!output.contains(&secret), "{}", output);
            }
        }
    }
}
