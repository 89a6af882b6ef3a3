//! Runs the conformance checks against a server.
//!
//!     cargo run -p kling-conformance --example own_server

// An example prints to stdout.
#![allow(clippy::print_stdout)]

use kling_conformance::{Host, Report, Status, Target, run};
use kling_mock::Mock;

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    // Replace the mock by any server that a `Transport` can reach.
    let mock = Mock::new();
    let target = Target::new(
        Host::Comet,
        "https://mock.test",
        mock.api_key(),
        mock.transport(),
    );
    let results = run(&target).await;
    println!("{} checks", results.len());
    let report = Report::new(Host::Comet, results);
    assert_eq!(report.worst(), Status::Pass);
    println!("every check passed");
}
