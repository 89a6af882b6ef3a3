//! What this workspace's parts must do together.

mod paying;
mod suite;
mod virtual_time;
