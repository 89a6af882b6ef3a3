//! Reports a task's progress while waiting for it.

use kling_http::{Task, TaskEvent, TaskHandle};
use serde_json::json;
use tokio::time::Instant;

use crate::job::Job;
use crate::output::{Progress, describe};

/// Shows each change, up to the end.
pub(crate) async fn watch(task: &TaskHandle, job: &mut Job) -> Result<Task, kling_http::Error> {
    let started = Instant::now();
    let mut shown = Progress::new();
    let mut events = task.events();
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = shown.tick() => {
                shown.at(&events.progress());
                continue;
            }
        };
        let elapsed = format!("[{:6.1} s]", started.elapsed().as_secs_f64());
        match event {
            Some(Ok(event @ (TaskEvent::Changed(_) | TaskEvent::Done(_)))) => {
                let is_done = matches!(event, TaskEvent::Done(_));
                let (TaskEvent::Changed(now) | TaskEvent::Done(now)) = event else {
                    continue;
                };
                job.confirm(task);
                shown.state(&now.status.to_string());
                shown.line(&format!("{elapsed} {:<10} task {}", now.status, now.id));
                let progress = events.progress();
                job.event(
                    "status",
                    json!({
                        "task_id": now.id,
                        "status": now.status,
                        "elapsed_seconds": progress.elapsed.as_secs_f64(),
                        "expected_seconds": progress.expected.as_secs_f64(),
                    }),
                );
                if is_done {
                    return Ok(*now);
                }
            }
            Some(Ok(TaskEvent::PollFailed { error, next_in, .. })) => {
                let (next, why) = (next_in.as_secs_f64(), describe(&error));
                shown.line(&format!("{elapsed} asking again in {next:.0} s: {why}"));
                job.event(
                    "query_failed",
                    json!({"kind": error.kind().name(), "message": why, "next_in_seconds": next}),
                );
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
            // The stream ends with `Done` or an error; this is for the compiler.
            None => return task.wait().await,
        }
    }
}
