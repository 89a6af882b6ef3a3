//! A gateway that nobody has heard of: nothing is taken for granted of it but
//! what you say.
//!
//!     cargo run -p kling-http --example own_gateway

// It is a program for a terminal.
#![allow(clippy::print_stdout)]

use kling_http::{Client, Credentials, Provider};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let gateway = Provider::custom("my-gateway", "https://gateway.example.com")
        .with_prefix("/kling")
        .with_default_duration("5");
    // A create whose answer is lost ends in an error there, until you are certain
    // that it finds tasks by your own ids: `.with_external_id_lookup(true)`.
    println!("{}: {}", gateway.name(), gateway.base_url());
    println!("finds tasks by your ids: {}", gateway.finds_external_ids());

    let client = Client::builder(gateway, Credentials::api_key("sk-example")).build()?;
    client.effects(); // Nothing was sent so far.
    Ok(())
}
