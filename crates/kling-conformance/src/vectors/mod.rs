//! The test vectors of `fixtures/vectors`, and a runner of them over this
//! workspace's own crates.
//!
//! A vector is data in no language: an input, what a right implementation makes
//! of it, and the mistake that it hunts. They are part of this library, so that
//! an installed program has them. Other languages run the same files; how, says
//! `fixtures/README.md`, and [`run_through`] runs them for a program.
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

pub use exec::{answer, run_through};
pub use file::{FILES, MANIFEST, Vector, all, parse};

/// The verdict on a vector.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It passes: the implementation does what the vector says.
    Pass,
    /// Sources are silent or disagree, so either is right; this is what the
    /// implementation does.
    Recorded(String),
    /// The implementation does not do what the vector is about.
    Unsupported,
    /// The implementation does something else, or the vector makes no sense.
    Fail(String),
}

/// A family of vectors: one suite, and how to run it.
struct Family {
    suite: &'static str,
    /// The members of a test that say what is expected.
    expects: &'static [&'static str],
    /// Those of them that are sets: empty where absent, and in any order.
    sets: &'static [&'static str],
    /// What the implementation makes of a test, under the same names.
    run: fn(&Value) -> Result<Value, String>,
}

static FAMILIES: &[Family] = &[
    Family {
        suite: "callbacks",
        expects: &["result", "shape", "task"],
        sets: &[],
        run: callbacks::run,
    },
    Family {
        suite: "clients",
        expects: &["result", "requests", "outcome"],
        sets: &[],
        run: clients::run,
    },
    Family {
        suite: "errors",
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
    Family {
        suite: "jwt",
        expects: &["result", "code", "header", "claims", "token"],
        sets: &[],
        run: jwt::run,
    },
    Family {
        suite: "polls",
        expects: &["result", "queries_at_ms", "ends", "reason"],
        sets: &[],
        run: polls::run,
    },
    Family {
        suite: "redaction",
        expects: &["result", "secrets", "keeps"],
        sets: &[],
        run: redaction::run,
    },
    Family {
        suite: "requests",
        expects: &["result", "violations", "warnings"],
        sets: &["violations", "warnings"],
        run: requests::run,
    },
    Family {
        suite: "responses",
        expects: &["result", "task", "tasks"],
        sets: &[],
        run: responses::run,
    },
    Family {
        suite: "retries",
        expects: &["result", "wait_ms"],
        sets: &[],
        run: retries::run,
    },
    Family {
        suite: "statuses",
        expects: &["result", "state", "terminal"],
        sets: &[],
        run: statuses::run,
    },
    Family {
        suite: "webhooks",
        expects: &["result", "reason"],
        sets: &[],
        run: webhooks::run,
    },
];

/// Runs one vector. Waits of hours take no time; nothing leaves the process.
///
/// May be called from anywhere, also from an asynchronous task, which it blocks
/// for some milliseconds.
pub fn run(vector: &Vector) -> Verdict {
    let Some(family) = FAMILIES.iter().find(|it| it.suite == vector.suite) else {
        return Verdict::Fail(format!("no runner for the suite {:?}", vector.suite));
    };
    match on_a_thread(family, &vector.test) {
        Ok(actual) => verdict(family, vector, &actual),
        Err(why) => Verdict::Fail(why),
    }
}

/// A thread of its own: vectors about time need a runtime of their own, and an
/// implementation that panics has failed its vector, not the run.
fn on_a_thread(family: &Family, test: &Value) -> Result<Value, String> {
    thread::scope(|scope| {
        let thread = scope.spawn(|| (family.run)(test));
        let panicked = |_| Err("the implementation panicked".to_owned());
        thread.join().unwrap_or_else(panicked)
    })
}

fn verdict(family: &Family, vector: &Vector, actual: &Value) -> Verdict {
    if vector.test["result"] == "acceptable" {
        return Verdict::Recorded(actual["result"].as_str().unwrap_or("unknown").to_owned());
    }
    match compare::differences(&vector.test, actual, family.expects, family.sets) {
        differences if differences.is_empty() => Verdict::Pass,
        differences => Verdict::Fail(differences.join("; ")),
    }
}

/// Runs a future on a paused clock: its waits take no time.
pub(crate) fn on_a_paused_clock<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    Ok(runtime.block_on(future))
}
