//! Conformance checks of clients: a client is any program, in any language.
//!
//! For each scenario the suite starts a fake service of its own on a free port of
//! this machine, runs the client's command with `sh -c` (`cmd /C` on Windows), and
//! judges it by what reached the service, what was billed, the exit code, the
//! file, and one line of JSON. Tasks move on with each query, so nothing waits but
//! the client itself.
//!
//! # What a client must do
//!
//! Make one effect: create the task, ask after it, save the video. All it needs is
//! in its environment:
//!
//! | variable | what it is |
//! |---|---|
//! | `KLING_PROVIDER` | `comet` or `kling`: whose paths the service has |
//! | `KLING_BASE_URL` | the service, without a path; `CometAPI`'s paths begin with `/kling/v1` |
//! | `COMETAPI_KEY`, or `KLING_API_KEY` on Kling | the key |
//! | `KLING_SCENE` | the `effect_scene` |
//! | `KLING_IMAGES` | the picture, or the two, separated by a space: paths or URLs |
//! | `KLING_OUTPUT` | where to save the video |
//! | `KLING_POLL_INTERVAL` | how long to wait between two queries, in seconds: `0.2` |
//! | `KLING_TIMEOUT` | how long to wait for the task at most, in seconds |
//!
//! It exits with 0 if the whole video was saved, and with anything else if not. Its
//! last line on stdout that is a JSON object tells what became of the job:
//!
//! ```json
//! {"task_id": "878…", "external_task_id": "a1…", "error": {"message": "Image pixel is invalid"}}
//! ```
//!
//! `error` is absent or null after a success, and a text or an object with a
//! `message` after a failure; an id that is not known is absent or null. Whatever
//! else it prints is nobody's business, unless it is the key.
//!
//! A client that does not end within a limit is killed, with all that it started. A
//! scenario in which it took long is played once more: perhaps the machine was busy.
//!
//! ```no_run
//! use kling_conformance::{Host, Selection, Status, client};
//!
//! # async fn example() -> Result<(), String> {
//! let program = client::Program::new("python3 my_client.py");
//! let report = client::run(Host::Comet, &program, &Selection::of_clients()).await?;
//! assert!(report.worst() < Status::Fail, "{}", report.summary());
//! # Ok(())
//! # }
//! ```

mod create;
mod ending;
mod lost;
mod polls;
mod program;
mod scenario;
mod seen;
mod table;

pub use program::{Program, run};
pub(crate) use scenario::Scenario;
pub(crate) use seen::Judge;
pub use table::all;
