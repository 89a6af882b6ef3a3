//! The test vectors of `fixtures/vectors`, and a runner that tests this workspace's
//! own crates with them.
//!
//! A vector is independent of the language: an input, the expected result, and the
//! mistake that it catches. The files are compiled into this library, so that an
//! installed program has them. `fixtures/README.md` describes the format for
//! implementations in other languages, and [`run_command`] runs them.
//!
//! ```
//! use kling_conformance::vectors::{self, Verdict};
//!
//! let vectors = vectors::all()?;
//! let jwt = vectors.iter().find(|vector| vector.name() == "jwt#good/fresh");
//! assert_eq!(jwt.map(vectors::run), Some(Verdict::Pass));
//! # Ok::<(), String>(())
//! ```

use std::thread;

use serde_json::Value;

mod callbacks;
mod clients;
mod compare;
mod errors;
mod exec;
mod file;
mod jwt;
mod polls;
mod redaction;
mod requests;
mod responses;
mod retries;
mod script;
mod statuses;
mod task;
mod webhooks;

pub use exec::{answer, run_command};
pub use file::{FILES, MANIFEST, Vector, all, parse};

/// The verdict on a vector.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The implementation's result is the expected one.
    Pass,
    /// The sources are silent or disagree, so any result is acceptable; this is the
    /// implementation's.
    Recorded(String),
    /// The implementation does not support what the vector tests.
    Unsupported,
    /// The implementation's result differs, or the vector is invalid.
    Fail(String),
}

/// A suite of vectors, and how to run it.
struct Suite {
    name: &'static str,
    /// The members of a test that are expectations.
    expects: &'static [&'static str],
    /// Those that are sets: in any order, and empty if absent.
    sets: &'static [&'static str],
    /// Runs a test; the result has the same members.
    run: fn(&Value) -> Result<Value, String>,
}

static SUITES: &[Suite] = &[
    Suite {
        name: "callbacks",
        expects: &["result", "shape", "task"],
        sets: &[],
        run: callbacks::run,
    },
    Suite {
        name: "clients",
        expects: &["result", "requests", "outcome"],
        sets: &[],
        run: clients::run,
    },
    Suite {
        name: "errors",
        expects: &[
            "result",
            "class",
            "code",
            "word",
            "message",
            "request_id",
            "retry",
            "task_not_found",
            "duplicate",
        ],
        sets: &[],
        run: errors::run,
    },
    Suite {
        name: "jwt",
        expects: &["result", "code", "header", "claims", "token"],
        sets: &[],
        run: jwt::run,
    },
    Suite {
        name: "polls",
        expects: &["result", "queries_at_ms", "ends", "reason"],
        sets: &[],
        run: polls::run,
    },
    Suite {
        name: "redaction",
        expects: &["result", "secrets", "keeps"],
        sets: &[],
        run: redaction::run,
    },
    Suite {
        name: "requests",
        expects: &["result", "violations", "warnings"],
        sets: &["violations", "warnings"],
        run: requests::run,
    },
    Suite {
        name: "responses",
        expects: &["result", "task", "tasks"],
        sets: &[],
        run: responses::run,
    },
    Suite {
        name: "retries",
        expects: &["result", "wait_ms"],
        sets: &[],
        run: retries::run,
    },
    Suite {
        name: "statuses",
        expects: &["result", "state", "terminal"],
        sets: &[],
        run: statuses::run,
    },
    Suite {
        name: "webhooks",
        expects: &["result", "reason"],
        sets: &[],
        run: webhooks::run,
    },
];

/// Runs one vector, on a paused clock and without a network.
///
/// May be called from anywhere, including an asynchronous task, which it blocks for
/// some milliseconds.
pub fn run(vector: &Vector) -> Verdict {
    let Some(suite) = SUITES.iter().find(|it| it.name == vector.suite) else {
        return Verdict::Fail(format!("no runner for the suite {:?}", vector.suite));
    };
    match run_on_thread(suite, &vector.test) {
        Ok(actual) => verdict(suite, vector, &actual),
        Err(why) => Verdict::Fail(why),
    }
}

/// Runs a test on a new thread: tests with a clock need their own runtime, and an
/// implementation that panics must fail its vector, not the run.
fn run_on_thread(suite: &Suite, test: &Value) -> Result<Value, String> {
    thread::scope(|scope| {
        let thread = scope.spawn(|| (suite.run)(test));
        let panicked = |_| Err("the implementation panicked".to_owned());
        thread.join().unwrap_or_else(panicked)
    })
}

fn verdict(suite: &Suite, vector: &Vector, actual: &Value) -> Verdict {
    if vector.test["result"] == "acceptable" {
        return Verdict::Recorded(actual["result"].as_str().unwrap_or("unknown").to_owned());
    }
    match compare::differences(&vector.test, actual, suite.expects, suite.sets) {
        differences if differences.is_empty() => Verdict::Pass,
        differences => Verdict::Fail(differences.join("; ")),
    }
}

/// Blocks on a future with a paused clock, on which waiting takes no time.
pub(crate) fn block_on_paused_clock<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    Ok(runtime.block_on(future))
}
