//! The checks of servers, in the order in which a client uses the API.
//!
//! `table` lists them; each of the other modules has the checks of one topic. Most of
//! them examine the `SharedTask`, which is created once per run and polled until it ends.

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
mod shared_task;
mod table;

pub(crate) use shared_task::SharedTaskResult;
pub use table::all;

/// How a check ended.
pub(crate) type Outcome = Result<(), Stop>;

pub(crate) type Run = for<'a> fn(&'a Target) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// A check: one requirement of the API's contract, and how it is tested.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Check {
    /// The stable id.
    pub id: &'static str,
    /// How binding it is.
    pub level: Level,
    /// The requirement.
    pub description: &'static str,
    /// The facts that it proves, as ids of `fixtures/facts.json`, which has their
    /// sources and evidence.
    pub facts: &'static [&'static str],
    pub(crate) kind: Kind,
}

impl Check {
    /// The scenario in which a client is tested; `None` for a check of servers.
    pub fn scenario(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Server(_) => None,
            Kind::Client(scenario, _) => Some(scenario.name()),
        }
    }
}

/// How it is found out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A server, by sending requests to it.
    Server(Run),
    /// A client, by the evidence that this scenario collects.
    Client(&'static Scenario, Judge),
}

/// The check with this id, of a server or of a client.
pub(crate) fn find(id: &str) -> Option<&'static Check> {
    let mut known = all().iter().chain(crate::client::all());
    known.find(|check| check.id == id)
}

/// An image URL that the checks only pass on.
const IMAGE: &str = "https://example.com/person.jpg";

/// A request with one image, which is valid on both hosts.
fn single_request(image: &str) -> Value {
    json!({
        "effect_scene": "color_mixing",
        "input": { "image": image, "duration": "5" },
    })
}

/// A request with two images, which is valid on both hosts.
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

/// Fails with a message unless the condition holds.
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

/// The task in a successful answer.
fn task_of(reply: &Reply) -> Result<Value, String> {
    ensure_status(reply, 200)?;
    let body = reply.json()?;
    ensure_eq("code", &body["code"], &json!(0))?;
    Ok(body["data"].clone())
}

fn id_of(task: &Value) -> Result<String, String> {
    let id = task["task_id"].as_str().map(str::to_owned);
    id.ok_or_else(|| format!("task_id is {}, not a string", task["task_id"]))
}

/// Creates a task, requires that it is accepted, and returns its id.
async fn accepted_id(target: &Target, request: &Value) -> Result<String, Stop> {
    Ok(id_of(&task_of(&target.create(request).await?)?)?)
}

/// An external id that no other run uses.
fn fresh_external_id() -> String {
    kling_http::generate_external_task_id().to_string()
}
