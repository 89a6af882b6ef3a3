//! Kling's video effects service, offline: same paths, same bodies, same
//! errors, real videos, and a clock that the test owns.
//!
//! # Which door do I want?
//!
//! | you test | use | time |
//! |---|---|---|
//! | a Rust program, through `kling-http` | [`Mock::transport`], or [`Mock::client`] with the key: no socket | tokio's, from 2026-01-01: virtual, if you pause it |
//! | anything else that speaks HTTP | [`Mock::serve`]: a port on loopback | real |
//! | with a `wiremock::MockServer` that you have already | `Mock::respond`, with feature `wiremock`; not for faults that break connections | real |
//! | from a shell or another language | `kling mock` | real |
//!
//! These are the clocks of a mock that is given none: with [`MockBuilder::clock`] any
//! door has the time that you choose.
//!
//! All doors lead to the same engine: the same requests at the same times get
//! the same bytes, and leave the same journal.
//!
//! # A test in five lines
//!
//! ```
//! use kling_http::{EffectRequest, ImageSource, Scene};
//! use kling_mock::Mock;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)] // #[tokio::test(start_paused = true)]
//! # async fn main() -> kling_http::Result<()> {
//! let mock = Mock::new();
//! let image = ImageSource::url("https://example.com/me.jpg");
//! let task = mock.client()?.effects().create(EffectRequest::single(Scene::COLOR_MIXING, image)).await?;
//! assert!(task.wait().await?.videos()[0].url.is_some());
//! mock.ledger().assert_charged_once(task.id());
//! # Ok(())
//! # }
//! ```
//!
//! What becomes of a task is its [`Plan`]'s: `Plan::after(queue, run)` takes ten
//! minutes if you like, which is under a millisecond of virtual time.
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
//! A [`Fault`] is a line of text, `SELECTOR [@PHASE] : ACTION [xN] [optional]`:
//!
//! | part | what it can be |
//! |---|---|
//! | selector | `create` `get` `list` `asset` `callback` `any`; then `#2` `#1-3` `/3` `p=0.1` `[account=a]` `[ext=b]` `[task=c]` |
//! | phase | `@before` nothing is done (or only later), `@after` done and billed, `@mid` the answer breaks on its way |
//! | an error | `503` `429/1302+retry_after=2s` `raw(502, text/html, "…")` `html301` `html502` `nested_error` `code400` `saturated` `quota_not_enough` `model_not_found` `invalid_request` |
//! | no answer | `reset` `close` `hang` `empty` |
//! | a slow or broken one | `delay=2s` `truncate=10` `slow=100` `chunk=10,gap=1s` `json=cut` `json=null(/data)` … |
//! | an old one (`get`, `list`) | `stale=2` `lag=2` `regress` |
//! | a file (`asset`) | `403` `404` `expired` `wrong_type` `range_ignored` |
//! | a callback | `drop` `dup=2` `reorder` `late=5s` `bad_sig` `stale_ts` `wrong_secret` `no_headers` |
//!
//! [`Fault`] has all of it, and refuses what makes no sense when it is written.
//! The flagship carries a create out, bills it and loses the answer:
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
//! mock.verify(&Expectation::new().create().times(1))?;
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
//! `/__mock`, through [`Mock::transport`] and [`Mock::serve`] (not through
//! `Mock::respond`): `GET /__mock/routes` lists it all, with the method that does
//! the same, and `GET /__mock/openapi.json` describes it.
//!
//! # What it does not emulate
//!
//! Row by row: [`Mock::limits`] and `docs/mock-limits.md`. In short:
//!
//! - Pictures: nothing looks at them beyond their headers, and nothing fetches a
//!   URL: a picture given by URL always passes. No content is moderated; a
//!   [`Plan`] that fails with a message of your own stands in for it.
//! - Effects: a finished video is real, but shows one still colour.
//! - Prices: nobody publishes what an effect costs in units, so they are
//!   invented, and what is billed is billed at the create.
//! - Callbacks are not repeated unless told to be, as nothing is known of how
//!   the service does it.
//! - Of Kling's other endpoints there is none, nor its new paths (`/tasks`), nor
//!   the ones for accounts and prices.
//! - TLS and HTTP/2, on a socket. A request's body may have 64 MiB.

mod admin;
mod asset;
mod auth;
mod callback;
mod clip;
mod clock;
mod delivery;
mod engine;
mod fault;
#[doc(hidden)]
pub mod fuzz;
mod grammar;
mod journal;
mod ledger;
mod limits;
mod mock;
mod plan;
mod profile;
mod random;
#[cfg(feature = "wiremock")]
mod respond;
mod serve;
mod transport;
mod verify;

pub use auth::{AuthMode, sign_jwt};
pub use callback::{CallbacksOn, Rotation};
pub use clock::{ClockError, ClockMove, ManualClock, ScaledClock};
pub use engine::{
    Account, AccountChange, AccountInfo, AccountState, CallbackAttempt, NewTask, SetupError, Stats,
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
#[cfg(feature = "wiremock")]
pub use respond::MockResponder;
pub use serve::Server;
pub use transport::MockTransport;
pub use verify::{Expectation, FaultHits, VerifyError};
