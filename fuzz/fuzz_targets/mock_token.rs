//! Bytes as credentials: see the check it calls.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kling_mock::fuzz::check_token(data));
