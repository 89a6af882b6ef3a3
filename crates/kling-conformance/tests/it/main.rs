//! Tests of the workspace's crates together, and of the conformance suite.

// A failed test panics.
#![allow(clippy::unwrap_used)]

mod clients;
mod download;
mod fidelity;
mod guides;
mod listing;
mod logs;
mod matrix;
mod paying;
mod paying_laws;
mod reports;
mod suite;
mod tokens;
mod vectors;
mod virtual_time;
