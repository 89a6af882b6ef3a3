//! Runs the vectors with another implementation: a program in any language that reads
//! them from stdin and writes its results to stdout.
//!
//! Each line of its stdin is a JSON object, a vector without the expected result:
//!
//! ```json
//! {"name": "statuses#known/succeed", "suite": "statuses", "input": {"word": "succeed"}}
//! ```
//!
//! It answers each with one line, in any order, and exits at the end of its stdin. An
//! answer has the `name` and the implementation's result, in the members that
//! `fixtures/vectors` uses:
//!
//! ```json
//! {"name": "statuses#known/succeed", "result": "valid", "state": "succeed", "terminal": true}
//! ```
//!
//! or `{"name": …, "unsupported": true}` for what it does not support. Two suites have
//! other members in their answers, since the expected ones would reveal the result: in
//! `retries`, `wait_ms` is the wait, or null without a retry; in `redaction`, `shown` is
//! the text that is shown. Lines that are not JSON objects are ignored.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::file::{Vector, all};
use super::{SUITES, Suite, Verdict, redaction, retries};
use crate::child;

/// Metadata of a vector, which is not part of its input.
const METADATA: &[&str] = &["id", "caught_by", "facts", "confidence", "layer"];

/// Runs every vector with this shell command, within this time in total. Needs a tokio
/// runtime whose clock is not paused.
pub async fn run_command(command: &str, limit: Duration) -> Result<Vec<(Vector, Verdict)>, String> {
    let vectors = all()?;
    let mut lines = String::new();
    for vector in &vectors {
        lines.push_str(&question(vector)?.to_string());
        lines.push('\n');
    }
    let ended = child::run(command, Vec::new(), lines, limit).await?;
    if ended.timed_out {
        return Err(format!(
            "{command:?} did not exit within {} s",
            limit.as_secs()
        ));
    }
    if ended.code != Some(0) {
        let last_line = ended.stderr.lines().rev().find(|it| !it.trim().is_empty());
        return Err(format!(
            "{command:?} failed: {}",
            last_line.unwrap_or("it printed no error").trim()
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
            None => Verdict::Fail("there is no answer".to_owned()),
        };
        (vector, verdict)
    });
    Ok(judged.collect())
}

/// The answer of this workspace's own implementation to one line of the protocol.
pub fn answer(line: &str) -> Result<Value, String> {
    let question: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let name = &question["name"];
    let suite = question["suite"].as_str().ok_or("no suite")?;
    // These are judged by the requests that reach a server.
    if suite == "clients" {
        return Ok(json!({"name": name, "unsupported": true}));
    }
    let suite = find_suite(suite)?;
    let mut answer = super::run_on_thread(suite, &question["input"])?;
    if let Some(members) = answer.as_object_mut() {
        members.insert("name".to_owned(), name.clone());
    }
    Ok(answer)
}

fn find_suite(name: &str) -> Result<&'static Suite, String> {
    let found = SUITES.iter().find(|suite| suite.name == name);
    found.ok_or_else(|| format!("no runner for the suite {name:?}"))
}

/// The vector without what would reveal the expected result.
fn question(vector: &Vector) -> Result<Value, String> {
    let expects = find_suite(&vector.suite)?.expects;
    let members = vector.test.as_object().into_iter().flatten();
    let input: Map<String, Value> = members
        .filter(|(name, _)| !expects.contains(&name.as_str()) && !METADATA.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Ok(json!({"name": vector.name(), "suite": vector.suite, "input": input}))
}

fn judge(vector: &Vector, mut answer: Value) -> Verdict {
    if answer["unsupported"] == true {
        return Verdict::Unsupported;
    }
    let derived = match vector.suite.as_str() {
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
    let derived = derived.iter().filter_map(Value::as_object).flatten();
    for (name, value) in derived {
        answer[name.as_str()] = value.clone();
    }
    match find_suite(&vector.suite) {
        Ok(suite) => super::verdict(suite, vector, &answer),
        Err(why) => Verdict::Fail(why),
    }
}
