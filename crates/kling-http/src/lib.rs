//! A client for Kling's video effects that never pays twice for one job and
//! never loses the id of a paid one.
//!
//! ```no_run
//! use kling_http::{Client, EffectRequest, ImageSource, Scene};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::from_env()?; // COMETAPI_KEY, KLING_API_KEY …
//! let request = EffectRequest::single(Scene::COLOR_MIXING, ImageSource::file("me.jpg")?);
//! let task = client.effects().create(request).await?; // paid from here on
//! let done = task.wait().await?;
//! # #[cfg(feature = "download")]
//! task.download(&done.videos()[0]).await?.save_to("me.mp4").await?;
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
//!   appears under its name only when it is complete. A result's address leads
//!   to no private host (`DownloadPolicy`), and never sees the credentials.
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
//! | `jwt` | yes | `Credentials::access_keys`: Kling's access key and secret key |
//! | `tracing` | yes | spans `kling.task` and `kling.request`, and events; see below |
//! | `download` | yes | `TaskHandle::download`: results into files, writers and streams, with SHA-256 |
//! | `webhook` | no | `webhook`: callbacks verified and read |
//! | `axum` | no | `webhook::axum_route`, a ready handler |
//! | `tower` | no | `TowerTransport`: any tower service as a transport |
//! | `test-util` | no | the module `testing`: transports for your tests |
//!
//! # What a log shows
//!
//! With the feature `tracing`, each try of a call is a span `kling.request` with
//! `operation`, `attempt`, and the answer's `status`, `code` and `request_id`,
//! inside a span `kling.task` with `task_id` and `external_task_id`. Waits and
//! what follows a lost create are events, which [`Client::observed`] tells to a program
//! of yours, too. No key, token, picture or signed
//! address is in any of them, at any level.
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
mod dice;
#[cfg(feature = "download")]
mod download;
mod environment;
mod error;
mod host;
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
pub use create::random_external_task_id;
pub use credentials::Credentials;
#[cfg(feature = "download")]
pub use download::{Download, DownloadPolicy, DownloadProgress, DownloadStream, Received, Saved};
pub use error::{Error, ErrorKind, Result, Retryability};
pub use list::{List, Pages, Tasks};
pub use notice::Notice;
pub use pipeline::{RetryPolicy, Timeouts};
pub use provider::Provider;
pub use task::{
    Cadence, Growing, PollPolicy, Progress, SavedTask, TaskEvent, TaskEvents, TaskHandle,
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
