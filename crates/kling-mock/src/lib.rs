//! A fake of Kling's video effects service for offline tests: the same paths,
//! bodies and errors, real videos, and a clock that the test controls.
//!
//! # Ways to reach it
//!
//! | you test | use | time |
//! |---|---|---|
//! | a Rust program, through `kling-http` | [`Mock::transport`], or [`Mock::client`] with the key: no socket | tokio's, from 2026-01-01: virtual, if you pause it |
//! | anything else that speaks HTTP | [`Mock::serve`]: a port on loopback | real |
//! | a program with a `wiremock::MockServer` of its own | `Mock::respond`, with feature `wiremock`; not for faults that break connections | real |
//! | from a shell or another language | `kling mock` | real |
//!
//! The last column is the default clock; [`MockBuilder::clock`] sets another one for
//! any of them.
//!
//! All of them lead to the same engine: the same requests at the same times get
//! the same bytes, and leave the same journal.
//!
//! # A first test
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
//! A task's [`Plan`] decides how its status changes and when. With
//! `Plan::after(queue, run)` a task may take ten minutes of virtual time, which
//! pass in no time on a paused clock.
//!
//! # Paused clocks and sockets
//!
//! On a paused tokio runtime (`start_paused = true`), time jumps to the next
//! timer whenever everything on that runtime is idle. A socket whose other end is
//! outside the runtime counts as idle, so timeouts fire at once. Pause the clock
//! with [`Mock::transport`]; use real time with sockets.
//!
//! # Injecting faults
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
//! [`Fault`] documents the whole grammar; parsing rejects a fault that makes no
//! sense. The most important one executes and bills a create, and loses the answer:
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
//! # Manual and scaled clocks
//!
//! With a [`ManualClock`], time stands still until [`Mock::advance`] moves it; the
//! callbacks that fall due on the way are sent before it returns. A [`ScaledClock`]
//! runs by itself, but faster.
//!
//! # The control interface
//!
//! What a Rust test does with the methods of [`Mock`], other languages do over HTTP
//! at `/__mock`, through [`Mock::transport`] and [`Mock::serve`] (not through
//! `Mock::respond`). `GET /__mock/routes` lists the routes, each with the
//! corresponding method, and `GET /__mock/openapi.json` describes them.
//!
//! # What it does not emulate
//!
//! [`Mock::limits`] and `docs/mock-limits.md` have the complete list. In short:
//!
//! - Pictures are not examined beyond their headers, and no URL is fetched, so a
//!   picture given by URL always passes. Nothing moderates content; use a [`Plan`]
//!   that fails with a message of your own instead.
//! - A finished video is real, but shows a single still colour.
//! - Prices are invented, because nobody publishes what an effect costs in units. A
//!   task is billed at its create.
//! - Callbacks are not retried by default ([`MockBuilder::callback_attempts`]), as
//!   nothing is known of how the service retries them.
//! - Kling's other endpoints, its new paths (`/tasks`), and the endpoints for
//!   accounts and prices do not exist.
//! - On a socket, there is neither TLS nor HTTP/2. A request's body may have at most
//!   64 MiB.

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
mod lock;
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
    TaskError, TaskSummary,
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
