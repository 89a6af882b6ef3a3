//! An async client for Kling's video effects that never pays twice for one job
//! and never loses the id of a paid task.
//!
//! ```no_run
//! use kling_http::{Client, EffectRequest, ImageSource, Scene};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::from_env()?; // COMETAPI_KEY, KLING_API_KEY …
//! let request = EffectRequest::single(Scene::COLOR_MIXING, ImageSource::file("me.jpg")?);
//! let task = client.effects().create(request).await?; // paid from here on
//! let done = task.wait().await?;
//! let video = done.videos().first().ok_or("the task made no video")?;
//! # #[cfg(feature = "download")]
//! task.download(video).await?.save_to("me.mp4").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! - **At most one charge.** Every create carries an external task id. After a
//!   lost answer, the client looks that id up if the provider supports it
//!   ([`Provider::kling`]), and adopts the task or sends the create once more.
//!   Otherwise ([`Provider::comet`]) nothing is sent again; the error says
//!   [`maybe_sent`](Error::maybe_sent) and carries the id.
//! - **Bounded waits.** [`PollPolicy::max_wait`] always ends a wait; the error
//!   has the task's id. A single failed query does not end the wait.
//! - **The real reason.** The code in the body takes precedence over the HTTP
//!   status, and the error has a failed task's own message.
//! - **Complete files.** A download resumes where it broke off, and the file
//!   appears under its name only when it is complete. The host of a result never
//!   gets the credentials, and may not be in a private network unless
//!   `DownloadPolicy` allows it.
//!
//! # Any HTTP stack
//!
//! All traffic goes through [`Transport`], a trait with one method. The feature
//! `reqwest` (default) provides an implementation; without default features no
//! HTTP client is compiled.
//!
//! # Features
//!
//! | feature | default | provides |
//! |---|---|---|
//! | `reqwest` | yes | `ReqwestTransport`, with rustls |
//! | `jwt` | yes | `Credentials::access_keys`: tokens signed with Kling's access key and secret key |
//! | `tracing` | yes | spans `kling.task` and `kling.request`, and events; see below |
//! | `download` | yes | `TaskHandle::download`: results to files, writers and streams, with their SHA-256 |
//! | `webhook` | no | the module `webhook`: verifies and parses callbacks |
//! | `axum` | no | `webhook::axum_route`, a ready-made handler |
//! | `tower` | no | `TowerTransport`: any tower service as a transport |
//! | `test-util` | no | the module `testing`: transports for your tests |
//!
//! # Logging
//!
//! With the feature `tracing`, each attempt of a call is a span `kling.request` with
//! `operation`, `attempt`, and the answer's `status`, `code` and `request_id`,
//! inside a span `kling.task` with `task_id` and `external_task_id`. Waits, and
//! the steps after a lost create, are events; [`Client::with_observer`] also reports them
//! to the program. None of these has a key, token, picture or signed address, at
//! any level.
//!
//! # What is not supported
//!
//! A task can't be cancelled, because the service has no way to do it. Dropping a
//! handle or a future stops the watching, not the task, which is charged.

mod answer;
mod client;
mod clock;
mod create;
mod credentials;
#[cfg(feature = "download")]
mod download;
mod environment;
mod error;
mod host;
mod jitter;
mod list;
mod notice;
mod pipeline;
mod provider;
mod task;
#[cfg(feature = "test-util")]
pub mod testing;
mod trace;
mod transport;
#[cfg(feature = "webhook")]
pub mod webhook;

pub use client::{Client, ClientBuilder, Effects};
pub use clock::{Clock, SharedClock, SystemClock, TokioClock};
pub use create::generate_external_task_id;
pub use credentials::Credentials;
#[cfg(feature = "download")]
pub use download::{Download, DownloadPolicy, DownloadProgress, DownloadStream, Received, Saved};
pub use error::{Error, ErrorKind, Result, Retryability};
pub use list::{List, Pages, Tasks};
pub use notice::Notice;
pub use pipeline::{RetryPolicy, Timeouts};
pub use provider::Provider;
pub use task::{
    Backoff, PollPolicy, PollSchedule, Progress, SavedTask, TaskEvent, TaskEvents, TaskHandle,
};
#[cfg(feature = "reqwest")]
pub use transport::ReqwestTransport;
#[cfg(feature = "tower")]
pub use transport::TowerTransport;
pub use transport::{
    Body, Operation, PublicOnly, SharedTransport, Transport, TransportError, TransportErrorKind,
    transport_fn,
};

pub use kling_types::{
    self as types, EffectRequest, ExternalTaskId, ImageSource, Scene, Task, TaskCallback, TaskId,
    TaskState, Video,
};
