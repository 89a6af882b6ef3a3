//! The fake service from the outside: in process, over TCP and in wiremock, on a clock
//! that only the tests move.

mod accounts;
mod admin;
mod admin_document;
mod answers;
mod assets;
mod callback_wire;
mod callbacks;
mod clock;
mod delays;
mod door;
mod fault_table;
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

/// A sample of the service's own words.
fn sample(name: &str) -> Value {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/samples");
    let text = std::fs::read_to_string(format!("{samples}/{name}.json")).expect("a sample");
    serde_json::from_str(&text).expect("JSON")
}

/// One picture, as both hosts take it.
fn single() -> Value {
    json!({
        "effect_scene": "color_mixing",
        "input": {"image": "https://example.com/me.jpg", "duration": "5"},
    })
}

/// Two pictures, as both hosts take them.
fn dual() -> Value {
    json!({
        "effect_scene": "hug_pro",
        "input": {
            "images": ["https://example.com/left.jpg", "https://example.com/right.jpg"],
            "duration": "5",
        },
    })
}
