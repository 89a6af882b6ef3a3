//! A server of one's own, held to what is known of the real one.
//!
//!     cargo run -p kling-conformance --example own_server

// It is a program for a terminal.
#![allow(clippy::print_stdout)]

use kling_conformance::{Host, Report, Status, Target, run};
use kling_mock::Mock;

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    // In place of this mock, whatever can be asked through a `Transport`.
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
    println!("all that was checked holds");
}
