//! Kling's video effects service, offline: same paths, same bodies, same
//! errors, real videos, and a clock that the test owns.
//!
//! # Which door do I want?
//!
//! | you test | use |
//! |---|---|
//! | a Rust program, through `kling-http` | [`Mock::transport`]: no socket, and virtual time |
//! | anything else that speaks HTTP | [`Mock::serve`]: a port on loopback |
//! | from a shell or another language | `kling mock` |
//!
//! All doors lead to the same engine and give the same answers.
//!
//! ```
//! use std::time::Duration;
//! use kling_http::{Client, EffectRequest, ImageSource, Provider, Scene};
//! use kling_mock::{Mock, Plan};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> kling_http::Result<()> {
//! let mock = Mock::builder().plan(Plan::after(Duration::from_secs(5), Duration::from_secs(595))).build();
//! let client = mock.client()?;
//! let image = ImageSource::url("https://example.com/me.jpg");
//! let task = client.effects().create(EffectRequest::single(Scene::COLOR_MIXING, image)).await?;
//! let done = task.wait().await?; // ten virtual minutes
//! assert!(done.videos()[0].url.is_some());
//! assert_eq!(mock.charges().len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # A warning about paused clocks
//!
//! On a paused tokio runtime (`start_paused = true`) time jumps to the next
//! timer whenever everything on that runtime waits. A socket whose other end is
//! outside the runtime does not count as work: timeouts fire at once. Pause the
//! clock with [`Mock::transport`]; use real time with sockets.
//!
//! # What goes wrong on purpose
//!
//! A [`Fault`] is a line of text: `create#1@after:reset` carries the first create
//! out, bills it and loses the answer; `get p=0.1:503` fails every tenth query;
//! `asset:truncate=1000` breaks a download off. Its documentation has all of
//! them.
//!
//! ```
//! use kling_http::{EffectRequest, ImageSource, Scene};
//! use kling_mock::{Expectation, Mock, Profile};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let fault = "create#1@after:reset".parse()?;
//! let mock = Mock::builder().profile(Profile::kling()).fault(fault).build();
//! let image = ImageSource::url("https://example.com/me.jpg");
//! let request = EffectRequest::single(Scene::COLOR_MIXING, image);
//! let task = mock.client()?.effects().create(request).await?;
//!
//! mock.ledger().assert_charged_once(task.id());
//! mock.verify(&Expectation::new().create().times(1).faults_fired())?;
//! # Ok(())
//! # }
//! ```
//!
//! # A clock of your own
//!
//! With a [`ManualClock`] nothing moves until [`Mock::advance`] says so, and the
//! callbacks that fall due on the way are out before it returns. A
//! [`ScaledClock`] runs by itself, but faster.
//!
//! # From outside
//!
//! What a test in Rust does by the methods of [`Mock`], any other does at
//! `/__mock`, at both doors: `GET /__mock/routes` lists it all, with the method
//! that does the same, and `GET /__mock/openapi.json` describes it.
//!
//! # What it does not emulate
//!
//! [`Mock::limits`] and `docs/mock-limits.md` have it row by row. In short:
//!
//! Nothing looks at the pictures beyond their headers, and nothing fetches a
//! URL: a picture given by URL always passes. No content is moderated. A finished
//! video shows one still colour. Prices are invented: nobody publishes what an
//! effect costs in units. Callbacks are not repeated unless told to be, as
//! nothing is known of how the service does it.

mod admin;
mod asset;
mod auth;
mod callback;
mod clip;
mod clock;
mod delivery;
mod engine;
mod fault;
mod journal;
mod ledger;
mod limits;
mod mock;
mod plan;
mod profile;
mod random;
mod serve;
mod transport;
mod verify;

pub use auth::{AuthMode, sign_jwt};
pub use callback::{CallbacksOn, Rotation};
pub use clock::{ClockError, ClockMove, ManualClock, ScaledClock};
pub use engine::{
    Account, AccountChange, AccountInfo, AccountState, CallbackAttempt, SetupError, Stats,
    TaskSummary, UnknownTask,
};
pub use fault::{Fault, FaultError};
pub use journal::{
    JournalBody, JournalEntry, JournalLimits, JournalPage, Operation, Outcome, Totals,
};
pub use ledger::{Charge, Ledger, Prices};
pub use limits::{Evidence, Limit};
pub use mock::{Mock, MockBuilder, ResetScope};
pub use plan::{Plan, PlanError, PlanRule};
pub use profile::{Profile, ProfileError, Switch};
pub use serve::Server;
pub use transport::MockTransport;
pub use verify::{Expectation, FaultHits, VerifyError};

/// What fuzzers call.
#[doc(hidden)]
pub mod fuzz {
    pub use crate::auth::check as check_token;
    pub use crate::fault::check as check_fault;
}
