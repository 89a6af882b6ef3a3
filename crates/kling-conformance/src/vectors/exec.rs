//! Runs vectors through another implementation: a program in any language that reads
//! them on stdin and answers on stdout.
//!
//! Each line of its stdin is a JSON object, a vector without what is expected:
//!
//! ```json
//! {"name": "statuses#known/succeed", "suite": "statuses", "input": {"word": "succeed"}}
//! ```
//!
//! It answers each with a line, in any order, and ends when its stdin does. An
//! answer has the `name`, and what the implementation makes of the input, under
//! the names that `fixtures/vectors` has for it:
//!
//! ```json
//! {"name": "statuses#known/succeed", "result": "valid", "state": "succeed", "terminal": true}
//! ```
//!
//! or `{"name": …, "unsupported": true}` for what it does not do. Two suites are
//! answered in other words, as the expected ones would give the answer away: of
//! `retries`, `wait_ms` is how long it waits, and null if it does not try again; of
//! `redaction`, `shown` is the text that it shows. Lines that are no JSON object are
//! passed over.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::file::{Vector, all};
use super::{FAMILIES, Family, Verdict, redaction, retries};
use crate::child;

/// What is about a vector, and not of it.
const ABOUT: &[&str] = &["id", "caught_by", "facts", "confidence", "layer"];

/// Runs every vector through this shell command, within this time in total. It
/// needs a runtime whose clock is not paused.
pub async fn run_through(command: &str, limit: Duration) -> Result<Vec<(Vector, Verdict)>, String> {
    let vectors = all()?;
    let mut lines = String::new();
    for vector in &vectors {
        lines.push_str(&question(vector)?.to_string());
        lines.push('\n');
    }
    let ended = child::run(command, Vec::new(), lines, limit).await?;
    if ended.killed {
        return Err(format!(
            "{command:?} did not end within {} s",
            limit.as_secs()
        ));
    }
    if ended.code != Some(0) {
        let said = ended.stderr.lines().rev().find(|it| !it.trim().is_empty());
        return Err(format!(
            "{command:?} failed: {}",
            said.unwrap_or("it said nothing").trim()
        ));
    }
    let mut answers: HashMap<String, Value> = HashMap::new();
    for line in ended.stdout.lines() {
        if let Ok(answer @ Value::Object(_)) = serde_json::from_str::<Value>(line)
            && let Some(name) = answer["name"].as_str()
        {
            answers.insert(name.to_owned(), answer);
        }
    }
    let judged = vectors.into_iter().map(|vector| {
        let verdict = match answers.remove(&vector.name()) {
            Some(answer) => judge(&vector, answer),
            None => Verdict::Fail("it was not answered".to_owned()),
        };
        (vector, verdict)
    });
    Ok(judged.collect())
}

/// The answer of this workspace's own code to a line of the protocol.
pub fn answer(line: &str) -> Result<Value, String> {
    let question: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let name = &question["name"];
    let suite = question["suite"].as_str().ok_or("no suite")?;
    // What a client sends is seen by a server, not told by itself.
    if suite == "clients" {
        return Ok(json!({"name": name, "unsupported": true}));
    }
    let family = family(suite)?;
    let mut answer = super::on_a_thread(family, &question["input"])?;
    if let Some(members) = answer.as_object_mut() {
        members.insert("name".to_owned(), name.clone());
    }
    Ok(answer)
}

fn family(suite: &str) -> Result<&'static Family, String> {
    let found = FAMILIES.iter().find(|family| family.suite == suite);
    found.ok_or_else(|| format!("no runner for the suite {suite:?}"))
}

/// The vector without what would give the answer away.
fn question(vector: &Vector) -> Result<Value, String> {
    let expects = family(&vector.suite)?.expects;
    let members = vector.test.as_object().into_iter().flatten();
    let input: Map<String, Value> = members
        .filter(|(name, _)| !expects.contains(&name.as_str()) && !ABOUT.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Ok(json!({"name": vector.name(), "suite": vector.suite, "input": input}))
}

fn judge(vector: &Vector, mut answer: Value) -> Verdict {
    if answer["unsupported"] == true {
        return Verdict::Unsupported;
    }
    let told = match vector.suite.as_str() {
        "retries" => {
            let wait = answer["wait_ms"].as_u64();
            Some(json!({"wait_ms": retries::within(&vector.test["wait_ms"], wait)}))
        }
        "redaction" => {
            let shown = answer["shown"].as_str();
            shown.map(|shown| redaction::words(&vector.test, shown))
        }
        _ => None,
    };
    let told = told.iter().filter_map(Value::as_object).flatten();
    for (name, value) in told {
        answer[name.as_str()] = value.clone();
    }
    match family(&vector.suite) {
        Ok(family) => super::verdict(family, vector, &answer),
        Err(why) => Verdict::Fail(why),
    }
}
