//! The contract of Kling's video effects as checks that any implementation can
//! be held to: this workspace's fake service, a gateway's, somebody else's.
//!
//! A check speaks raw HTTP and JSON and knows nothing of `kling-types`: client
//! and mock share those types and could be wrong together. What is right is
//! said by `fixtures/`, the service's own words.
//!
//! ```
//! use kling_conformance::{Host, Target, run};
//! use kling_mock::Mock;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let mock = Mock::new();
//! let target = Target::new(Host::Comet, "https://mock.test", mock.api_key(), mock.transport());
//! let results = run(&target).await;
//! assert!(results.iter().all(|result| result.failure.is_none()));
//! # }
//! ```

mod checks;
mod target;
pub mod vectors;

use std::fmt;

pub use checks::{Check, all};
pub use target::{Host, Reply, Target};

/// What became of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// The check's stable id.
    pub check: &'static str,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

impl fmt::Display for CheckResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            None => write!(f, "pass  {}", self.check),
            Some(why) => write!(f, "FAIL  {}: {why}", self.check),
        }
    }
}

/// Holds a target to every check, one after the other.
pub async fn run(target: &Target) -> Vec<CheckResult> {
    let mut results = Vec::new();
    for check in all() {
        let failure = (check.run)(target).await.err();
        results.push(CheckResult {
            check: check.id,
            failure,
        });
    }
    results
}

/// The code in the READMEs, compiled.
#[cfg(doctest)]
mod readmes {
    #[doc = include_str!("../../../README.md")]
    struct Workspace;
    #[doc = include_str!("../../kling-http/README.md")]
    struct Http;
    #[doc = include_str!("../../kling-mock/README.md")]
    struct Mock;
}
