//! The contract of Kling's video effects as checks that any implementation can
//! be held to: this workspace's fake service, a gateway's, somebody else's.
//!
//! | what is held to it | with |
//! |---|---|
//! | a server | [`run`] and [`run_selected`] on a [`Target`]: it asks, and looks at the answers |
//! | a client, in any language | [`client::run`]: it runs a command, and looks at what reaches a fake service |
//! | code without a network | [`vectors`]: test vectors, in process or over a pipe |
//!
//! All three are `kling conformance` on the command line.
//!
//! A check of servers speaks raw HTTP and JSON and knows nothing of `kling-types`:
//! client and mock share those types and could be wrong together. What is right is
//! said by `fixtures/`, the service's own words.
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
//! What the suite itself is worth, show `tests/it/matrix.rs` and
//! `tests/it/clients.rs`: services and clients that do one thing wrong each, and
//! what notices them.

mod checks;
mod child;
pub mod client;
mod exchange;
pub mod fidelity;
mod inbox;
mod mocked;
mod report;
mod status;
mod suite;
mod target;
pub mod vectors;

pub use checks::{Check, all};
pub use exchange::Exchange;
pub use inbox::Inbox;
pub use mocked::{Wrap, mock_target, run_against_mock};
pub use report::Report;
pub use status::{Level, Status};
pub use suite::{CheckResult, Selection, run, run_selected, run_telling};
pub use target::{Host, Reply, Target};
