//! Conformance checks of clients: a client is any program, in any language.
//!
//! For each scenario, the suite starts a fake service on a free local port and runs the
//! client's command with `sh -c` (`cmd /C` on Windows). It then checks the requests
//! that reached the service, the charges, the exit code, the saved file, and one line
//! of JSON. Tasks advance with each query, so only the client itself takes time.
//!
//! # What a client must do
//!
//! Make one effect: create the task, poll it, save the video. Its input is in
//! environment variables:
//!
//! | variable | meaning |
//! |---|---|
//! | `KLING_PROVIDER` | `comet` or `kling`: the API that the service imitates |
//! | `KLING_BASE_URL` | the service's URL without a path; `CometAPI`'s paths start with `/kling/v1` |
//! | `COMETAPI_KEY`, or `KLING_API_KEY` on Kling | the key |
//! | `KLING_SCENE` | the `effect_scene` |
//! | `KLING_IMAGES` | one image, or two separated by a space: paths or URLs |
//! | `KLING_OUTPUT` | where to save the video |
//! | `KLING_POLL_INTERVAL` | the time between two queries, in seconds, such as `0.2` |
//! | `KLING_TIMEOUT` | the longest time to wait for the task, in seconds |
//!
//! It exits with 0 if the complete video was saved, and with another code otherwise.
//! The last line on its stdout that is a JSON object is the result:
//!
//! ```json
//! {"task_id": "878…", "external_task_id": "a1…", "error": {"message": "Image pixel is invalid"}}
//! ```
//!
//! `error` is absent or null after a success, and a string or an object with a
//! `message` after a failure; an unknown id is absent or null. Other output is
//! ignored, except that it must not contain the key.
//!
//! A client that exceeds the time limit is killed together with the processes that it
//! started. A scenario in which the client was slow is run a second time, since the
//! machine may have been busy.
//!
//! ```no_run
//! use kling_conformance::{Host, Selection, Status, client};
//!
//! # async fn example() -> Result<(), String> {
//! let program = client::Program::new("python3 my_client.py");
//! let report = client::run(Host::Comet, &program, &Selection::clients()).await?;
//! assert!(report.worst() < Status::Fail, "{}", report.summary());
//! # Ok(())
//! # }
//! ```

mod create;
mod evidence;
mod failures;
mod output;
mod polls;
mod program;
mod scenario;
mod table;

pub(crate) use evidence::Judge;
pub use program::{Program, run};
pub(crate) use scenario::Scenario;
pub use table::all;
