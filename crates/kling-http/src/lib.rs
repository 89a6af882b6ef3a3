//! A client for Kling's video effects that never pays twice for one job and
//! never loses the id of a paid one.
//!
//! ```no_run
//! use kling_http::{Client, EffectRequest, ImageSource, Scene};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::from_env()?; // COMETAPI_KEY or KLING_API_KEY
//! let request = EffectRequest::single(Scene::COLOR_MIXING, ImageSource::file("me.jpg")?);
//! let task = client.effects().create(request).await?; // paid from here on
//! let done = task.wait().await?;
//! # #[cfg(feature = "download")]
//! client.download(&done.videos()[0]).await?.save_to("me.mp4").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it takes care of
//!
//! - **Paying once.** Every create carries an external task id. When its answer
//!   is lost, the client asks the service for that id where the service can
//!   tell ([`Provider::kling`]) and adopts the task; where it can't
//!   ([`Provider::comet`]) nothing is sent again, and the error says
//!   [`maybe_sent`](Error::maybe_sent) and keeps the id.
//! - **Bounded waits.** [`PollPolicy::max_wait`] always ends a wait; the error
//!   has the task's id. A failed poll is not the end.
//! - **The real reason.** The body's code counts before the HTTP status; a
//!   failed task's own words are in the error.
//! - **Whole files.** A download resumes where it broke off, and the file
//!   appears under its name only when it is complete.
//!
//! # Any HTTP stack
//!
//! All traffic goes through [`Transport`], one method. The feature `reqwest`
//! (default) brings one; without default features there is no HTTP library in
//! the tree.
//!
//! # Features
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `reqwest` | yes | `ReqwestTransport`, with rustls |
//! | `webhook` | no | `webhook`: callbacks verified and read |
//! | `axum` | no | `webhook::axum_route`, a ready handler |
//! | `download` | yes | `Client::download`: results into files, with SHA-256 |
//!
//! # What is not here
//!
//! There is no way to cancel a task, because the service has none: dropping a
//! handle or a future stops the watching, not the task, which is paid for.

mod answer;
mod client;
mod clock;
mod create;
mod credentials;
#[cfg(feature = "download")]
mod download;
mod error;
mod host;
mod pipeline;
mod provider;
mod task;
mod transport;
#[cfg(feature = "webhook")]
pub mod webhook;

pub use client::{Client, ClientBuilder, Effects};
pub use clock::{Clock, SharedClock, SystemClock, TokioClock};
pub use create::random_external_task_id;
pub use credentials::Credentials;
#[cfg(feature = "download")]
pub use download::{Download, Saved};
pub use error::{Error, ErrorKind, Result, Retryability};
pub use pipeline::{RetryPolicy, Timeouts};
pub use provider::Provider;
pub use task::{
    Cadence, Growing, PollPolicy, Progress, SavedTask, TaskEvent, TaskEvents, TaskHandle,
};
#[cfg(feature = "reqwest")]
pub use transport::ReqwestTransport;
pub use transport::{
    Body, Operation, SharedTransport, Transport, TransportError, TransportErrorKind, transport_fn,
};

pub use kling_types::{
    self as types, EffectRequest, ExternalTaskId, ImageSource, Scene, Task, TaskCallback, TaskId,
    TaskState, Video,
};
