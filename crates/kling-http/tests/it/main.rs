//! The client, from the outside: against scripted hosts on a clock that is
//! paused, and on a real socket where the wire itself is the matter.

mod builder;
mod create;
#[cfg(feature = "download")]
mod download;
mod errors;
mod host;
mod list;
mod pipeline;
mod pipeline_laws;
mod provider;
mod secrets;
#[cfg(feature = "test-util")]
mod testing;
#[cfg(feature = "tower")]
mod tower;
mod watch;
#[cfg(feature = "reqwest")]
mod wire;

use kling_http::{EffectRequest, ImageSource, Scene, TaskId};

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
