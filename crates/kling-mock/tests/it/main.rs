//! Tests of the public API: in process, over TCP and in wiremock, on a manual clock.

mod accounts;
mod admin;
mod admin_document;
mod answers;
mod assets;
mod callback_failures;
mod callback_wire;
mod callbacks;
mod clock;
mod delays;
mod door;
mod fault_reads;
mod fault_table;
mod fault_wire;
mod faults;
mod fields;
mod fuzz;
mod hostile;
mod ids;
mod limits;
mod model;
mod moving_clocks;
mod parity;
mod profiles;
mod refusals;
mod reset;
mod serve;
mod tasks;
mod virtual_time;

use serde_json::{Value, json};

/// A sample body of the service.
fn sample(name: &str) -> Value {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/samples");
    let text = std::fs::read_to_string(format!("{samples}/{name}.json")).expect("a sample");
    serde_json::from_str(&text).expect("JSON")
}

/// A request with one image, which is valid on both hosts.
fn single() -> Value {
    json!({
        "effect_scene": "color_mixing",
        "input": {"image": "https://example.com/me.jpg", "duration": "5"},
    })
}

/// A request with two images, which is valid on both hosts.
fn dual() -> Value {
    json!({
        "effect_scene": "hug_pro",
        "input": {
            "images": ["https://example.com/left.jpg", "https://example.com/right.jpg"],
            "duration": "5",
        },
    })
}
