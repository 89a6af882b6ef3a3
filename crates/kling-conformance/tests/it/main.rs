//! What this workspace's parts must do together.

// A test that can't go on stops where it is.
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
