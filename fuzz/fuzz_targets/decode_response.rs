//! Bytes as a response: see the check it calls.
#![no_main]

#[allow(dead_code)] // Each target calls one of the checks.
#[path = "../../crates/kling-types/tests/it/fuzz/checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::decode_response(data));
