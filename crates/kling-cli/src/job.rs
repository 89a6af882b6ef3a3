//! One job from its create to its video; each command does a part of it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kling_http::{
    Client, EffectRequest, ErrorKind, ExternalTaskId, Notice, Provider, Scene, Task, TaskHandle,
};
use serde_json::{Value, json};

use crate::destination::{self, Destination};
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::output::{describe, emit, one_line, say, say_lines};
use crate::signals::StopSignals;
use crate::state::{Charge, Outcome, State, StateFile, seconds_of};
use crate::watch::watch;
use crate::withdrawal::{Attempts, Withdrawal, discard};

/// What must not be forgotten, however it ends: read when the work is done or
/// was dropped.
#[derive(Debug, Default)]
pub(crate) struct Job {
    pub(crate) json: bool,
    pub(crate) external_task_id: Option<ExternalTaskId>,
    pub(crate) task_id: Option<String>,
    pub(crate) existence: Existence,
    /// Whether the service is the fake one of `--mock`, which ends with the program.
    pub(crate) is_offline: bool,
    /// The result's address, once there is one.
    pub(crate) result: Option<String>,
    /// The state file, while there is something to resume.
    pub(crate) state: Option<PathBuf>,
    /// What is known of the attempts of its create.
    pub(crate) attempts: Attempts,
    /// Which of several it is, from 1.
    pub(crate) number: Option<usize>,
    /// Whether it is from an earlier run, so long ago that the service must show it.
    pub(crate) is_old: bool,
    /// The task as it was last seen.
    pub(crate) task: Option<Task>,
    /// Where its video is, once it was saved to a file.
    pub(crate) saved: Option<PathBuf>,
}

/// Whether there is a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Existence {
    /// Not as far as anybody knows.
    #[default]
    Unknown,
    /// An earlier run sent its create, and what became of that is not known.
    InDoubt,
    /// The service has said so.
    Confirmed,
}

impl Job {
    pub(crate) fn new(json: bool) -> Job {
        Job {
            json,
            ..Job::default()
        }
    }

    /// It is written down there.
    pub(crate) fn knows(&mut self, file: &StateFile) {
        self.external_task_id = Some(file.state.external_task_id.clone());
        self.state = Some(file.path.clone());
        if file.state.task.is_none() {
            self.existence = Existence::InDoubt;
        }
    }

    /// The service has said that there is this task.
    pub(crate) fn confirm(&mut self, task: &TaskHandle) {
        self.task_id = Some(task.id().to_string());
        self.existence = Existence::Confirmed;
    }

    /// Whether this answer says that there is no such task, of one that must be there.
    pub(crate) fn is_unknown_to_service(&self, error: &kling_http::Error) -> bool {
        let service = error.service_error();
        self.is_old && service.is_some_and(kling_http::types::ServiceError::is_task_not_found)
    }

    /// Its create is about to be sent.
    pub(crate) fn submitting(&self, scene: &Scene) {
        self.event(
            "submitting",
            json!({
                "scene": scene,
                "external_task_id": self.external_task_id,
                "state_file": self.state.as_ref().map(|path| path.to_string_lossy()),
            }),
        );
    }

    /// A line for programs, where they asked for it.
    pub(crate) fn event(&self, name: &str, mut members: Value) {
        if self.json {
            members["event"] = name.into();
            if let Some(number) = self.number {
                members["job"] = number.into();
            }
            emit(&members);
        }
    }
}

/// Tells what happens on the way of a call: a wait for a free slot takes minutes.
pub(crate) fn notice_printer(job: &Job) -> impl Fn(&Notice<'_>) + Send + Sync + use<> {
    let mut notice_printer = Job::new(job.json);
    notice_printer.number = job.number;
    move |notice| {
        let message = one_line(&notice.to_string());
        say(&message);
        let next = match notice {
            Notice::Retry { wait, .. } | Notice::LookUp(wait) => Some(wait.as_secs_f64()),
            _ => None,
        };
        notice_printer.event(
            "notice",
            json!({"message": message, "next_in_seconds": next}),
        );
    }
}

/// Reads what it needs, then runs the work until it is done or somebody asks to
/// stop, and tells how it ended.
pub(crate) async fn run<T>(
    json: bool,
    read: impl FnOnce(&mut Job) -> Result<T, Failure>,
    work: impl AsyncFnOnce(&mut Job, T) -> Result<(), Failure>,
) -> ExitCode {
    let mut job = Job::new(json);
    let outcome = match read(&mut job) {
        Ok(input) => {
            // Not before: a signal must end the program while it waits for its
            // input, and nothing was sent.
            let mut signals = StopSignals::listen();
            let work = async |job: &mut Job| work(job, input).await;
            until_stopped(&mut job, &mut signals, work).await
        }
        Err(failure) => Err(failure),
    };
    report_outcome(&job, outcome).into()
}

/// The same for what sends nothing: a signal ends it.
pub(crate) fn local(json: bool, work: impl FnOnce(&mut Job) -> Result<(), Failure>) -> ExitCode {
    let mut job = Job::new(json);
    let outcome = work(&mut job);
    report_outcome(&job, outcome).into()
}

/// The same for one of several.
pub(crate) async fn until_stopped(
    job: &mut Job,
    signals: &mut StopSignals,
    work: impl AsyncFnOnce(&mut Job) -> Result<(), Failure>,
) -> Result<(), Failure> {
    tokio::select! {
        // Who asked before it began wants nothing sent.
        biased;
        () = signals.stop_requested() => Err(Failure::Interrupted),
        outcome = work(job) => outcome,
    }
}

/// Says how it ended.
pub(crate) fn report_outcome(job: &Job, outcome: Result<(), Failure>) -> Exit {
    outcome.map_or_else(|failure| report_failure(job, failure).exit, |()| Exit::Ok)
}

/// Says what went wrong.
pub(crate) fn report_failure(job: &Job, failure: Failure) -> Report {
    let report = failure.report(job);
    // Several lines, where there are several errors in a request.
    say_lines(&format!("error: {}", report.message));
    if let Some(address) = &report.result_url {
        say(&format!("the video is available for 30 days at {address}"));
    }
    if let Some(command) = report.resume_command() {
        say(&format!("resume with: {command}"));
    }
    job.event("error", report.to_json());
    report
}

/// A job's own settings.
pub(crate) struct Plan<'a> {
    pub(crate) client: &'a Client,
    pub(crate) provider: &'a Provider,
    /// Otherwise nothing is written down: the service is gone with this process.
    pub(crate) write_state: bool,
    /// Whether the state file stays when the job has ended.
    pub(crate) keep: bool,
    /// Whether it may replace that of a job that has ended.
    pub(crate) replace: bool,
    /// Where, if somebody said.
    pub(crate) state: Option<&'a Path>,
    pub(crate) destination: &'a Destination,
    pub(crate) mode: Option<&'a str>,
}

/// Where a job with this output is written down.
pub(crate) fn state_of(output: &Path) -> PathBuf {
    destination::beside(output, ".kling.json")
}

/// Writes the job down, then creates its task. From here on it is paid for.
pub(crate) async fn create(
    plan: &Plan<'_>,
    request: EffectRequest,
    job: &mut Job,
) -> Result<(TaskHandle, Option<StateFile>), Failure> {
    let id = request.external_task_id.clone();
    let id = id.ok_or_else(|| Failure::Usage("the request has no external task id".to_owned()))?;
    job.external_task_id = Some(id.clone());
    let scene = request.effect_scene.clone();
    let mut file = None;
    if plan.write_state {
        let output = plan.destination.file();
        let mode = plan.mode.map(str::to_owned);
        let state = State::new(plan.provider, &id, &request, mode, output, plan.keep)?;
        let path = plan.state.map_or_else(
            || match output {
                Some(output) => state_of(output),
                None => PathBuf::from(format!(
                    "{}-{}.kling.json",
                    destination::file_name_part(scene.as_str()),
                    destination::file_name_part(id.as_str())
                )),
            },
            Path::to_owned,
        );
        if path.to_str().is_none() {
            let name = path.display();
            let text = format!("--state {name} is not valid UTF-8: choose another name");
            return Err(Failure::Usage(text));
        }
        let written = StateFile::create(path, state, plan.replace)?;
        job.state = Some(written.path.clone());
        file = Some(written);
    }
    job.is_offline = !plan.write_state;
    let service = match plan.provider {
        _ if job.is_offline => "the fake service".to_owned(),
        own if [Provider::comet(), Provider::kling()].contains(own) => own.name().to_owned(),
        own => format!("{} at {}", own.name(), own.base_url()),
    };
    // Said before anything is sent: with it the task can be found, whatever
    // becomes of this program. And to whom: a forgotten variable costs money.
    say(&format!(
        "submitting {scene} to {service} (external task id {id})"
    ));
    job.submitting(&scene);
    send(plan.client, request, file, job).await
}

/// Creates the task of a job that is written down.
async fn send(
    client: &Client,
    request: EffectRequest,
    file: Option<StateFile>,
    job: &mut Job,
) -> Result<(TaskHandle, Option<StateFile>), Failure> {
    let withdrawal = Withdrawal::new(file, &job.attempts);
    let created = create_with_notices(client, request, job).await;
    let file = withdrawal.into_file();
    match created {
        Ok(task) => Ok(known(task, file, job)),
        Err(error) => {
            // What was certainly not created needs no state.
            if !error.maybe_sent()
                && let Some(file) = file
            {
                job.state = None;
                discard(file);
            }
            Err(error.into())
        }
    }
}

/// Creates a task, and tells what happens on the way.
pub(crate) async fn create_with_notices(
    client: &Client,
    request: EffectRequest,
    job: &Job,
) -> kling_http::Result<TaskHandle> {
    // The handle keeps this client. Notices about its queries are printed elsewhere: here
    // they would look like those of a create.
    let is_done = Arc::new(AtomicBool::new(false));
    let (print_notice, is_over) = (notice_printer(job), Arc::clone(&is_done));
    let attempts = job.attempts.clone();
    let client = client.with_observer(move |notice| {
        if !is_over.load(Ordering::Relaxed) {
            attempts.note(notice);
            print_notice(notice);
        }
    });
    let created = client.effects().create(request).await;
    is_done.store(true, Ordering::Relaxed);
    created
}

/// Takes in that the job's task is known.
pub(crate) fn known(
    task: TaskHandle,
    mut file: Option<StateFile>,
    job: &mut Job,
) -> (TaskHandle, Option<StateFile>) {
    job.confirm(&task);
    if let Some(file) = &mut file
        && let Err(error) = file.has_task(task.saved())
    {
        // The task is paid for: going on is what saves it.
        say(&format!(
            "warning: {} can't be updated: {error}; the task's id is {}",
            file.path.display(),
            task.id()
        ));
    }
    (task, file)
}

/// Waits for the task and saves its video.
pub(crate) async fn finish(
    task: &TaskHandle,
    file: Option<StateFile>,
    destination: &Destination,
    job: &mut Job,
) -> Result<(), Failure> {
    let finished = match watch(task, job).await {
        Ok(finished) => finished,
        Err(error) => {
            if let Some(seen) = error.task() {
                job.task = Some(seen.clone());
            }
            if error.kind() == ErrorKind::TaskFailed {
                end(file, Some(describe(&error)), job);
            }
            return Err(error.into());
        }
    };
    job.task = Some(finished.clone());
    save(task, &finished, destination, job).await?;
    end(file, None, job);
    Ok(())
}

/// There is nothing to go on with any more.
fn end(file: Option<StateFile>, failure: Option<String>, job: &mut Job) {
    job.state = None;
    let Some(file) = file else { return };
    let name = file.path.display().to_string();
    let outcome = Outcome {
        failure,
        seconds: job.task.as_ref().and_then(seconds_of),
        charge: job.task.as_ref().and_then(Charge::of),
    };
    if let Err(error) = file.ended(outcome) {
        // It names a task that has ended: the next run finds that out, unpaid.
        say(&format!("warning: {name} can't be updated: {error}"));
    }
}

/// Saves a finished task's video.
pub(crate) async fn save(
    task: &TaskHandle,
    finished: &Task,
    destination: &Destination,
    job: &mut Job,
) -> Result<(), Failure> {
    let video = finished
        .videos()
        .iter()
        .find(|video| video.address().is_some());
    let video = video.ok_or(Failure::NoVideo)?;
    job.result = video.address().map(str::to_owned);
    let download = task.download(video).await?;
    let (file, bytes, sha256) = if let Destination::Stdout = destination {
        let received = download.write_to(tokio::io::stdout()).await?;
        ("-".to_owned(), received.bytes, received.sha256)
    } else {
        let path = destination.file().map_or_else(
            || {
                let scene = task.saved().scene;
                let scene = scene.as_ref().map_or("video", |scene| scene.as_str());
                PathBuf::from(format!(
                    "{}-{}.mp4",
                    destination::file_name_part(scene),
                    destination::file_name_part(task.id().as_str())
                ))
            },
            Path::to_owned,
        );
        let saved = download.save_to(&path).await?;
        job.saved = Some(saved.path.clone());
        let name = saved.path.to_string_lossy().into_owned();
        (name, saved.bytes, saved.sha256)
    };
    say(&format!("saved {file} ({bytes} bytes)"));
    job.event(
        "saved",
        json!({
            "task_id": finished.id,
            "external_task_id": task.external_id().or(finished.external_id()),
            "status": finished.status,
            "file": file,
            "bytes": bytes,
            "sha256": sha256,
        }),
    );
    Ok(())
}
