//! A conformance suite for implementations of Kling's video effects API: this
//! workspace's fake service, a gateway, any other server, and clients.
//!
//! | under test | entry point |
//! |---|---|
//! | a server | [`run`] and [`run_selected`] on a [`Target`]: sends requests and checks the answers |
//! | a client, in any language | [`client::run`]: runs a command against a fake service and checks what it sends |
//! | code without a network | [`vectors`]: test vectors, in process or over a pipe |
//!
//! On the command line, all three are subcommands of `kling conformance`.
//!
//! The checks of servers use raw HTTP and JSON rather than `kling-types`: client and
//! mock share those types, so both could have the same defect. The reference is
//! `fixtures/`, which has the service's own documentation and samples.
//!
//! ```
//! use kling_conformance::{Host, Report, Status, Target, run};
//! use kling_mock::Mock;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let mock = Mock::new();
//! let target = Target::new(Host::Comet, "https://mock.test", mock.api_key(), mock.transport());
//! let report = Report::new(Host::Comet, run(&target).await);
//! assert_eq!(report.worst(), Status::Pass);
//! # }
//! ```
//!
//! The suite itself is tested by mutation: `tests/it/matrix` and `tests/it/clients.rs`
//! run it against servers and clients with one defect each, which it must detect.

mod checks;
mod child;
pub mod client;
mod exchange;
pub mod fidelity;
mod inbox;
mod mock_target;
mod report;
mod status;
mod suite;
mod target;
pub mod vectors;

pub use checks::{Check, all};
pub use exchange::Exchange;
pub use inbox::Inbox;
pub use mock_target::{Wrap, mock_target, run_against_mock};
pub use report::Report;
pub use status::{Level, Status};
pub use suite::{CheckResult, Selection, run, run_selected, run_with_progress};
pub use target::{Host, Reply, Target};
