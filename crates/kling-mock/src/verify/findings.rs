//! Checks journal, ledger and faults against an expectation.

use std::fmt::{self, Write as _};
use std::time::Duration;

use kling_types::UnixMillis;
use serde_json::Value;

use super::expectation::Requests;
use super::{Evidence, FaultHits, diff};
use crate::journal::{Journal, JournalEntry, Operation};
use crate::ledger::{Charge, listed};

/// The evidence about one account, or about all. Each check returns the message of a
/// failure, or `None`.
pub(super) struct Findings<'a> {
    evidence: Evidence<'a>,
    account: Option<&'a str>,
    entries: Vec<JournalEntry>,
}

impl<'a> Findings<'a> {
    pub(super) fn of(account: Option<&'a str>, evidence: Evidence<'a>) -> Self {
        let ours = |entry: &JournalEntry| account.is_none_or(|name| entry.is_of(name));
        Findings {
            evidence,
            account,
            entries: evidence.journal.entries().filter(ours).collect(),
        }
    }

    pub(super) fn requests(&self, expected: &Requests) -> Option<String> {
        let criteria = Criterion::all(expected, self.evidence.journal);
        let fits = |entry: &&JournalEntry| criteria.iter().all(|one| one.holds(entry));
        let found: Vec<&JournalEntry> = self.entries.iter().filter(fits).collect();
        let gone = self.gone(expected.operation);
        // Counts include evicted entries, but exist only per operation.
        let is_counted = criteria.len() == 1;
        let (counted, unknown) = if is_counted { (gone, 0) } else { (0, gone) };
        let count = found.len() as u64 + counted;

        let (least, most) = expected.bounds();
        let title: Vec<String> = criteria.iter().map(ToString::to_string).collect();
        let title = title.join(", ");
        if count > most || (count < least && unknown == 0) {
            let why = if count > most && gone == 0 {
                numbers(&found)
            } else if count == 0 {
                self.nearest(&criteria)
            } else {
                String::new()
            };
            let expected = expected.count_in_words();
            return Some(format!(
                "{title}: expected {expected}, got {}{why}",
                or_none(count)
            ));
        }
        let interval = expected.at_least_interval_ms.map(Duration::from_millis);
        if let Some(too_soon) = interval.and_then(|least| too_soon(&found, least)) {
            return Some(format!("{title}: {too_soon}"));
        }
        let by_count = unknown > 0 && (most < u64::MAX || count < least);
        if by_count || (gone > 0 && interval.is_some()) {
            let limits = self.evidence.journal.limits();
            return Some(format!(
                "{title}: unknown, because the journal (at most {} entries or {} bytes) has \
                 evicted {gone} entries that may count",
                limits.entries, limits.bytes
            ));
        }
        None
    }

    pub(super) fn no_unmatched(&self) -> Option<String> {
        self.requests(&Requests {
            operation: Some(Operation::Unmatched),
            times: Some(0),
            ..Requests::default()
        })
    }

    pub(super) fn charges(&self, expected: u64) -> Option<String> {
        let count = self.our_charges().count() as u64;
        let list = match count {
            0 => String::new(),
            _ => format!(":{}", listed(self.our_charges())),
        };
        (count != expected)
            .then(|| format!("charges: expected {expected}, got {}{list}", or_none(count)))
    }

    pub(super) fn charged_once(&self, id: &str) -> Option<String> {
        let is_ours = |charge: &Charge| self.account.is_none_or(|name| charge.account == name);
        let found = || self.evidence.ledger.of_task(id).filter(is_ours);
        let list = match found().count() {
            0 => format!("none; what was charged:{}", listed(self.our_charges())),
            1 => return None,
            count => format!("{count}:{}", listed(found())),
        };
        Some(format!("charges for {id}: expected exactly 1, got {list}"))
    }

    pub(super) fn unfired_faults(&self) -> Option<String> {
        let faults = self.evidence.faults.iter();
        let is_ours = |fault: &&FaultHits| match (self.account, &fault.account) {
            (Some(account), Some(its)) => account == its,
            _ => true,
        };
        let idle = faults.filter(|fault| fault.hits == 0 && !fault.optional);
        let idle = idle.filter(is_ours);
        let idle: Vec<&str> = idle.map(|fault| fault.rule.as_str()).collect();
        (!idle.is_empty()).then(|| {
            let idle = idle.join(", ");
            format!("faults that never acted: {idle} (mark a fault `optional` if it need not act)")
        })
    }

    /// One line per request; leaves out the middle if there are very many.
    pub(super) fn transcript(&self) -> Vec<String> {
        const FIRST: usize = 20;
        const LAST: usize = 40;
        let start = self
            .entries
            .first()
            .map_or(UnixMillis::new(0), JournalEntry::at);
        let line = |entry: &JournalEntry| {
            let after = entry.at().saturating_since(start).as_millis();
            let (seconds, millis) = (after / 1000, after % 1000);
            format!("{:<3} +{seconds}.{millis:03}s  {entry}", number(entry))
        };
        let cut = self.entries.len().saturating_sub(FIRST + LAST);
        if cut == 0 {
            return self.entries.iter().map(line).collect();
        }
        let (first, last) = self.entries.split_at(FIRST);
        let first = first.iter().map(line);
        let last = last[cut..].iter().map(line);
        first
            .chain([format!("… {cut} more …")])
            .chain(last)
            .collect()
    }

    fn our_charges(&self) -> impl Iterator<Item = Charge> {
        let account = self.account;
        let ours = move |charge: &Charge| account.is_none_or(|name| charge.account == name);
        self.evidence.ledger.charges().filter(ours)
    }

    /// How many requests of this operation were evicted from the journal.
    fn gone(&self, expected: Option<Operation>) -> u64 {
        let journal = self.evidence.journal;
        if journal.evicted() == 0 {
            return 0;
        }
        let all = Operation::ALL.into_iter();
        let meant = all.filter(|operation| is_meant(expected, *operation));
        let of_account = self.account.map(|account| journal.totals_of(account));
        let totals = of_account.as_ref().unwrap_or(journal.totals());
        let counted: u64 = meant.map(|operation| totals.of(operation)).sum();
        let kept = journal.operations(self.account);
        let kept = kept.filter(|operation| is_meant(expected, *operation));
        counted.saturating_sub(kept.count() as u64)
    }

    /// Describes the request that meets most criteria, and how it fails the others.
    fn nearest(&self, criteria: &[Criterion<'_>]) -> String {
        let fit = |entry: &JournalEntry| {
            let holding = criteria.iter().filter(|criterion| criterion.holds(entry));
            holding.count()
        };
        let fits = self.entries.iter().map(|entry| (fit(entry), entry));
        // Reversed, because `max_by_key` returns the last of several maxima.
        let nearest = fits.rev().max_by_key(|(fit, _)| *fit);
        let Some((_, nearest)) = nearest.filter(|(fit, _)| *fit > 0) else {
            return String::new();
        };
        let mut text = format!("\nnearest is {}:", number(nearest));
        for criterion in criteria {
            let lines = criterion.missing(nearest);
            let mark = if lines.is_empty() { "ok" } else { "✗ " };
            // Writing into a string does not fail.
            let _ = write!(text, "\n  {mark} {criterion}");
            for line in lines {
                let _ = write!(text, "\n       {line}");
            }
        }
        text
    }
}

/// Whether an expectation covers this operation; without one it covers every request
/// to the service.
fn is_meant(expected: Option<Operation>, operation: Operation) -> bool {
    expected.map_or(operation.is_service(), |expected| expected == operation)
}

/// Describes the first two consecutive requests that were closer than `least`.
fn too_soon(found: &[&JournalEntry], least: Duration) -> Option<String> {
    found.windows(2).find_map(|pair| {
        let interval = pair[1].at().saturating_since(pair[0].at());
        let (first, second) = (number(pair[0]), number(pair[1]));
        (interval < least).then(|| {
            format!(
                "expected at least {least:?} between requests, but {second} came {interval:?} after {first}"
            )
        })
    })
}

fn number(entry: &JournalEntry) -> String {
    format!("#{}", entry.seq())
}

/// `: #1, #2`; not all of very many.
fn numbers(found: &[&JournalEntry]) -> String {
    const SHOWN: usize = 10;
    let shown = found.iter().take(SHOWN).map(|entry| number(entry));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match found.len().saturating_sub(SHOWN) {
        0 => format!(": {shown}"),
        more => format!(": {shown} and {more} more"),
    }
}

fn or_none(count: u64) -> String {
    match count {
        0 => "none".to_owned(),
        count => count.to_string(),
    }
}

/// A condition that an expected request meets.
enum Criterion<'a> {
    Operation(Option<Operation>),
    Task(&'a str),
    Status(u16),
    /// Redacted, as bodies in the journal are.
    Body(Value),
}

impl<'a> Criterion<'a> {
    /// Those of an expectation, the cheapest first.
    fn all(expected: &'a Requests, journal: &Journal) -> Vec<Self> {
        let mut all = vec![Criterion::Operation(expected.operation)];
        all.extend(expected.task.as_deref().map(Criterion::Task));
        all.extend(expected.status.map(Criterion::Status));
        let body = expected.body.as_ref();
        all.extend(body.map(|body| Criterion::Body(journal.as_shown(body))));
        all
    }

    fn holds(&self, entry: &JournalEntry) -> bool {
        match self {
            Criterion::Operation(expected) => is_meant(*expected, entry.operation()),
            Criterion::Task(id) => entry.is_about(id),
            Criterion::Status(status) => entry.status().is_some_and(|got| got == *status),
            Criterion::Body(_) => self.missing(entry).is_empty(),
        }
    }

    /// How a request fails the criterion, one difference per line.
    fn missing(&self, entry: &JournalEntry) -> Vec<String> {
        if let Criterion::Body(expected) = self {
            return match entry.request_body().json() {
                Some(body) => diff::missing(expected, &body),
                None => vec!["the body is not JSON".to_owned()],
            };
        }
        if self.holds(entry) {
            return Vec::new();
        }
        vec![match self {
            Criterion::Task(_) => match (entry.task_id(), entry.external_task_id()) {
                (None, None) => "got no task".to_owned(),
                (Some(id), None) => format!("got task {id}"),
                (None, Some(id)) => format!("got external id {id}"),
                (Some(id), Some(external)) => format!("got task {id}, external id {external}"),
            },
            Criterion::Status(_) => match entry.status() {
                Some(status) => format!("got {}", status.as_u16()),
                None => "got no answer".to_owned(),
            },
            Criterion::Operation(_) | Criterion::Body(_) => format!("got {}", entry.operation()),
        }]
    }
}

impl fmt::Display for Criterion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Criterion::Operation(Some(operation)) => operation.fmt(f),
            Criterion::Operation(None) => f.write_str("any request"),
            Criterion::Task(id) => write!(f, "task {id}"),
            Criterion::Status(status) => write!(f, "status {status}"),
            Criterion::Body(body) => write!(f, "body {body}"),
        }
    }
}
