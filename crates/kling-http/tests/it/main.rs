//! The client, from the outside: against scripted hosts on a clock that is
//! paused, and on a real socket where the wire itself is the matter.

#![allow(clippy::unwrap_used)]

mod bounds;
mod builder;
mod create;
#[cfg(feature = "download")]
mod download;
mod errors;
mod host;
mod learned;
mod list;
mod pipeline;
mod pipeline_laws;
mod provider;
mod saved;
mod secrets;
mod testing;
mod tower;
mod wakeups;
mod watch;
mod webhook;
#[cfg(feature = "reqwest")]
mod wire;

use std::future::Future;

use kling_http::{EffectRequest, ImageSource, Scene, TaskId};

/// Runs a case of a property on a clock that is paused.
fn in_virtual_time(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.expect("a runtime").block_on(future);
}

/// A sample of the service's own words.
fn sample(name: &str) -> String {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/samples");
    std::fs::read_to_string(format!("{samples}/{name}.json")).expect("a sample")
}

/// A request that needs nothing from anywhere.
fn request() -> EffectRequest {
    let image = ImageSource::url("https://example.com/me.jpg");
    EffectRequest::single(Scene::COLOR_MIXING, image)
}

fn task_id(id: &str) -> TaskId {
    TaskId::new(id).expect("an id")
}
