//! A minimal client that shares nothing with kling-http: conforming by default, and with
//! one defect when run as `kling-test-client DEFECT`. It tests the checks of clients.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};

mod job;
mod wire;

use job::{Ids, Job};

/// The name of a defect; empty for a conforming client.
struct Fault(String);

impl Fault {
    fn is(&self, name: &str) -> bool {
        self.0 == name
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let fault = Fault(std::env::args().nth(1).unwrap_or_default());
    let Some(mut job) = Job::from_env(fault) else {
        return ExitCode::from(2);
    };
    let ended = job.run().await;
    let result = result(&job, &ended);
    if !job.fault.is("prints nothing") {
        // The reader may have closed the pipe.
        let _ = writeln!(std::io::stdout(), "{result}");
    }
    ExitCode::from(u8::from(ended.is_err()))
}

fn result(job: &Job, ended: &Result<(), String>) -> Value {
    let Ids {
        task_id,
        external_task_id,
    } = &job.ids;
    json!({
        "task_id": task_id,
        "external_task_id": external_task_id,
        "error": ended.as_ref().err(),
    })
}
