//! Transports for tests of code that uses this crate.
//!
//! | use this | when |
//! |---|---|
//! | [`Replay`] | you know each request and its answer, and their order matters |
//! | [`Capture`] | you want to see what was sent, whoever answers |
//! | [`NeverAnswers`] | you test time limits, or what happens when a future is dropped |
//! | [`transport_fn`](crate::transport_fn) | the answers follow from the requests |
//! | the crate `kling-mock` | the service's behaviour matters: tasks that run, bills, faults |
//!
//! None of them needs a socket, so a test may pause tokio's clock.
//!
//! ```
//! use kling_http::testing::{Exchange, Replay};
//! use kling_http::{Client, Credentials, Provider, TaskId};
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let replay = Replay::new([Exchange::get("/kling/v1/videos/effects/7").answered(
//!     200,
//!     json!({"code": 0, "data": {"task_id": "7", "task_status": "processing"}}),
//! )]);
//! let client = Client::builder(Provider::comet(), Credentials::api_key("sk-test"))
//!     .transport(replay.clone())
//!     .build()?;
//!
//! let id = TaskId::new("7").ok_or("no id")?;
//! let task = client.effects().get(&id).await?;
//! assert_eq!(task.status.as_str(), "processing");
//! replay.assert_done();
//! # Ok(())
//! # }
//! ```

mod capture;
mod never;
mod replay;

pub use capture::{Capture, Captured};
pub use never::NeverAnswers;
pub use replay::{Exchange, Replay};
