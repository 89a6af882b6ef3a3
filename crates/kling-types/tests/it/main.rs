//! The crate's tests: tables and laws over what its users see.
//!
//! Snapshots and generated files are rewritten by running the tests with
//! `INSTA_UPDATE=always` and `UPDATE_DOCS=1`.

// A row of a table owns its JSON.
#![allow(clippy::needless_pass_by_value)]

mod callbacks;
mod codes;
mod documents;
mod fuzz;
mod hostile;
mod layers;
mod one_buffer;
mod pictures;
mod plain;
mod preflight;
mod requests;
mod responses;
mod samples;
mod scenes;
mod schema;
mod service_errors;
mod support;
mod texts;
mod validation;
mod validation_cases;
mod validation_laws;
mod words;
