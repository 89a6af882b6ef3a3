//! Reports a task's progress while waiting for it.

use kling_http::{Progress, Task, TaskEvent, TaskEvents, TaskHandle};
use serde_json::json;
use tokio::time::Instant;

use crate::effect::MOCK_TIME;
use crate::job::Job;
use crate::output::{self, describe};

/// After this many queries in a row, of which each says that there is no such task, an old
/// task counts as unknown to the service: a single odd answer proves nothing.
const UNKNOWN: u32 = 3;

/// Shows each change, up to the end.
pub(crate) async fn watch(task: &TaskHandle, job: &mut Job) -> Result<Task, kling_http::Error> {
    let started = Instant::now();
    let mut shown = output::Progress::new();
    let mut events = task.events();
    let mut unknown = 0;
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = shown.tick() => {
                shown.at(&progress(job, &events));
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
                // What was seen is there, whatever one answer says later.
                job.is_old = false;
                shown.state(&now.status.to_string());
                shown.line(&format!("{elapsed} {:<10} task {}", now.status, now.id));
                let progress = progress(job, &events);
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
                let is_unknown = job.is_unknown_to_service(&error);
                unknown = if is_unknown { unknown + 1 } else { 0 };
                if unknown == UNKNOWN {
                    return Err(error);
                }
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

/// The progress of a task. What the client knows of run times is of the real service, so
/// that of a task of `--mock` is computed from its plan.
fn progress(job: &Job, events: &TaskEvents) -> Progress {
    let mut progress = events.progress();
    if job.is_offline {
        progress.expected = MOCK_TIME.max(progress.elapsed);
        progress.fraction = progress.elapsed.div_duration_f64(progress.expected);
    }
    progress
}
