//! The checks of servers, in the order in which a user meets their subjects.
//!
//! `table` lists them; each other file has those of one subject. Most look at one
//! `Story`, a task that is created once and followed to its end.

use std::future::Future;
use std::pin::Pin;

use serde_json::{Value, json};

use crate::client::{Judge, Scenario};
use crate::status::Level;
use crate::target::{Host, Reply, Stop, Target};

mod account;
mod assets;
mod callbacks;
mod create;
mod lifecycle;
mod list;
mod query;
mod refusals;
mod story;
mod table;

pub(crate) use story::Told;
pub use table::all;

/// How a check ended.
pub(crate) type Outcome = Result<(), Stop>;

pub(crate) type Run = for<'a> fn(&'a Target) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// A check: one statement of the contract, and how it is tested.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Check {
    /// Its stable id.
    pub id: &'static str,
    /// How binding it is.
    pub level: Level,
    /// The statement.
    pub sentence: &'static str,
    /// The facts that it proves, by their ids in `fixtures/facts.json`, which has
    /// their sources and evidence.
    pub facts: &'static [&'static str],
    pub(crate) how: How,
}

impl Check {
    /// What happens to a client while it is watched; none for a check of servers.
    pub fn scenario(&self) -> Option<&'static str> {
        match self.how {
            How::Asks(_) => None,
            How::Watches(scenario, _) => Some(scenario.name()),
        }
    }
}

/// How it is found out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum How {
    /// By asking a server.
    Asks(Run),
    /// By watching a client in this scenario.
    Watches(&'static Scenario, Judge),
}

/// The check of this id, of a server or of a client.
pub(crate) fn find(id: &str) -> Option<&'static Check> {
    let mut known = all().iter().chain(crate::client::all());
    known.find(|check| check.id == id)
}

/// A picture that nobody fetches.
const IMAGE: &str = "https://example.com/person.jpg";

/// A request for one image, which both hosts take.
fn single_request(image: &str) -> Value {
    json!({
        "effect_scene": "color_mixing",
        "input": { "image": image, "duration": "5" },
    })
}

/// A request for two images, which both hosts take.
fn dual_request() -> Value {
    json!({
        "effect_scene": "hug_pro",
        "input": { "images": [IMAGE, IMAGE], "duration": "5" },
    })
}

fn only_on(target: &Target, host: Host, why: &str) -> Outcome {
    if target.host() == host {
        Ok(())
    } else {
        Err(Stop::Skip(why.to_owned()))
    }
}

/// Fails with a sentence unless the condition holds.
fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn ensure_status(reply: &Reply, wanted: u16) -> Result<(), String> {
    ensure(reply.status.as_u16() == wanted, || {
        format!("HTTP {} instead of {wanted}", reply.status.as_u16())
    })
}

fn ensure_eq(what: &str, is: &Value, wanted: &Value) -> Result<(), String> {
    ensure(is == wanted, || {
        format!("{what} is {is} instead of {wanted}")
    })
}

/// The task of a success's answer.
fn task_of(reply: &Reply) -> Result<Value, String> {
    ensure_status(reply, 200)?;
    let body = reply.json()?;
    ensure_eq("code", &body["code"], &json!(0))?;
    Ok(body["data"].clone())
}

fn id_of(task: &Value) -> Result<String, String> {
    let id = task["task_id"].as_str().map(str::to_owned);
    id.ok_or_else(|| format!("task_id is {}, no string", task["task_id"]))
}

/// Creates a task that must be accepted, and gives its id.
async fn accepted_id(target: &Target, request: &Value) -> Result<String, Stop> {
    Ok(id_of(&task_of(&target.create(request).await?)?)?)
}

/// An external id that no other run uses.
fn fresh_external_id() -> String {
    kling_http::generate_external_task_id().to_string()
}
