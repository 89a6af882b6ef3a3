//! Verification: compares what happened with what a test expects, and explains a
//! failure in a report for people.

use std::fmt;

use serde::Serialize;

use crate::journal::Journal;
use crate::ledger::Ledger;

mod diff;
mod expectation;
mod findings;

pub use expectation::Expectation;
use findings::Findings;

/// An armed fault, and how often it acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FaultHits {
    /// Its id, from 1, by which it can be disarmed.
    pub id: u64,
    /// The fault, in its own grammar.
    pub rule: String,
    /// How often it acted.
    pub hits: u64,
    /// Whether it is optional.
    pub optional: bool,
    /// The account, if it is limited to one.
    #[serde(skip)]
    pub(crate) account: Option<String>,
}

impl FaultHits {
    pub(crate) fn new(rule: impl Into<String>, hits: u64, optional: bool) -> Self {
        FaultHits {
            id: 0,
            rule: rule.into(),
            hits,
            optional,
            account: None,
        }
    }
}

/// What was recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    pub(crate) journal: &'a Journal,
    pub(crate) ledger: &'a Ledger,
    pub(crate) faults: &'a [FaultHits],
    pub(crate) seed: u64,
}

/// An expectation that was not met.
///
/// `Display` shows what failed, what came closest, all requests, and the seed with
/// which the run can be repeated; `Debug` is the same, because that is what
/// `unwrap` shows.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[must_use]
pub struct VerifyError {
    failures: Vec<String>,
    transcript: Vec<String>,
    seed: u64,
}

impl VerifyError {
    /// The expectations that failed; each may have several lines.
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// The mock's seed: with it, the same requests at the same times get the same
    /// answers.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The requests, one line each; if there are very many, the first and the last
    /// ones.
    pub fn transcript(&self) -> &[String] {
        &self.transcript
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("verification failed:\n")?;
        for (index, failure) in self.failures.iter().enumerate() {
            write!(f, "\n{}. {}\n", index + 1, failure.replace('\n', "\n   "))?;
        }
        if self.transcript.is_empty() {
            f.write_str("\nno requests were received\n")?;
        } else {
            f.write_str("\nrequests:\n")?;
        }
        for line in &self.transcript {
            writeln!(f, "  {line}")?;
        }
        let seed = self.seed;
        write!(
            f,
            "\nto repeat it: seed {seed} (MockBuilder::seed, kling mock --seed {seed})"
        )
    }
}

impl fmt::Debug for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for VerifyError {}

impl Expectation {
    /// Checks all expectations.
    pub(crate) fn verify(&self, evidence: Evidence<'_>) -> Result<(), VerifyError> {
        let findings = Findings::of(self.account.as_deref(), evidence);
        let requests = self.requests.iter();
        let requests = requests.filter_map(|expected| findings.requests(expected));
        let unmatched = self.no_unmatched.then(|| findings.no_unmatched());
        let charges = self.charges.map(|count| findings.charges(count));
        let charged_once = self.charged_once.iter();
        let charged_once = charged_once.filter_map(|id| findings.charged_once(id));
        let faults = (!self.allow_unfired_faults).then(|| findings.unfired_faults());
        let failures: Vec<String> = requests
            .chain(unmatched.flatten())
            .chain(charges.flatten())
            .chain(charged_once)
            .chain(faults.flatten())
            .collect();
        if failures.is_empty() {
            return Ok(());
        }
        Err(VerifyError {
            failures,
            transcript: findings.transcript(),
            seed: evidence.seed,
        })
    }
}

#[cfg(test)]
mod tests;
