//! `kling effect`: submit, wait, download.

mod failure;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use kling_http::{
    Cadence, Client, Credentials, EffectRequest, Error, ExternalTaskId, Growing, ImageSource,
    PollPolicy, Provider, Saved, Scene, Task, TaskEvent, TaskHandle, random_external_task_id,
};
use kling_mock::{Mock, Plan, Server};
use kling_types::image::MAX_BYTES;
use kling_types::validate::{Checks, Severity};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::args::EffectArgs;
use crate::exit::Exit;
use crate::output::{describe, emit, say};
use crate::signals::StopSignals;
use failure::Failure;

/// The course of a task of `--mock`: slow enough to be watched.
const MOCK_QUEUE: Duration = Duration::from_millis(500);
const MOCK_RUN: Duration = Duration::from_millis(1500);

/// How often a task of --mock is asked after.
const MOCK_INTERVAL: Duration = Duration::from_millis(100);

/// The longest file name that common file systems take, in bytes.
const LONGEST_NAME: usize = 255;

pub(crate) async fn run(args: &EffectArgs) -> ExitCode {
    let mut job = Job::default();
    let mut signals = StopSignals::listen();
    let outcome = tokio::select! {
        outcome = make(args, &mut job) => outcome,
        () = signals.stop_requested() => Err(Failure::Interrupted),
    };
    match outcome {
        Ok(done) => {
            if args.json {
                emit(&done.to_json());
            }
            Exit::Ok.into()
        }
        Err(failure) => {
            let report = failure.report(&job);
            say(&format!("error: {}", report.message));
            if let Some(address) = &report.result_url {
                say(&format!("the video is kept for 30 days at {address}"));
            }
            if args.json {
                emit(&report.to_json());
            }
            report.exit.into()
        }
    }
}

/// What must not be forgotten, however it ends. (`make` fills it in; it is
/// read when `make` is done or dropped.)
#[derive(Default)]
struct Job {
    external_task_id: Option<ExternalTaskId>,
    task_id: Option<String>,
    /// The result's address, once there is one.
    result: Option<String>,
}

/// A video on the disk.
struct Done {
    task: Task,
    external_task_id: Option<ExternalTaskId>,
    saved: Saved,
}

async fn make(args: &EffectArgs, job: &mut Job) -> Result<Done, Failure> {
    check_output(args)?;
    let request = request(args)?;
    job.external_task_id.clone_from(&request.external_task_id);

    let service = Service::start(args).await?;
    // Said before anything is sent: with it the task can be found, whatever
    // becomes of this program.
    if let Some(id) = &job.external_task_id {
        say(&format!(
            "submitting {} (external task id {id})",
            args.scene
        ));
    }
    let started = Instant::now();
    let task = service.client.effects().create(request).await?;
    job.task_id = Some(task.id().to_string());
    let finished = watch(&task, started).await?;
    let video = finished
        .videos()
        .iter()
        .find(|video| video.address().is_some());
    let video = video.ok_or(Failure::NoVideo)?.clone();
    job.result = video.address().map(str::to_owned);

    let output = args.output.clone().unwrap_or_else(|| {
        PathBuf::from(format!(
            "{}-{}.mp4",
            file_name_part(&args.scene),
            file_name_part(task.id().as_str())
        ))
    });
    let saved = task.download(&video).await?.save_to(&output).await?;
    say(&format!(
        "saved {} ({} bytes)",
        saved.path.display(),
        saved.bytes
    ));
    let external_task_id = task.external_id().cloned();
    service.stop().await;
    Ok(Done {
        task: finished,
        external_task_id,
        saved,
    })
}

/// Shows each change, up to the end.
async fn watch(task: &TaskHandle, started: Instant) -> Result<Task, Error> {
    let elapsed = || format!("[{:6.1} s]", started.elapsed().as_secs_f64());
    let mut events = task.events();
    while let Some(event) = events.next().await {
        match event? {
            TaskEvent::Changed(now) => {
                say(&format!("{} {:<10} task {}", elapsed(), now.status, now.id));
            }
            TaskEvent::Done(now) => {
                say(&format!("{} {:<10} task {}", elapsed(), now.status, now.id));
                return Ok(*now);
            }
            TaskEvent::PollFailed { error, next_in, .. } => {
                let next = next_in.as_secs_f64();
                say(&format!(
                    "{} asking again in {next:.0} s: {}",
                    elapsed(),
                    describe(&error)
                ));
            }
            _ => {}
        }
    }
    // The stream ends with `Done` or an error; this is for the compiler.
    task.wait().await
}

/// How often to ask after the task. What is known of the service's run times
/// holds for the service alone: a task of --mock takes two seconds, and behind
/// another host may be a fake one too.
fn cadence(args: &EffectArgs) -> PollPolicy {
    let interval = args.poll_interval;
    match interval.or(args.mock.then_some(MOCK_INTERVAL)) {
        Some(interval) => PollPolicy::every(interval),
        None if args.base_url.is_some() => PollPolicy {
            cadence: Cadence::Growing(Growing {
                initial: Duration::from_secs(1),
                factor: 1.3,
                max_interval: Duration::from_secs(15),
                jitter: 0.1,
            }),
            ..PollPolicy::default()
        },
        None => PollPolicy::default(),
    }
}

/// The service to talk to.
struct Service {
    client: Client,
    /// The fake one of `--mock`; it serves as long as it is held.
    server: Option<Server>,
}

impl Service {
    async fn start(args: &EffectArgs) -> Result<Service, Failure> {
        let poll = PollPolicy {
            max_wait: args.timeout,
            ..cadence(args)
        };
        let (provider, key, server) = if args.mock {
            let mock = Mock::builder()
                .plan(Plan::after(MOCK_QUEUE, MOCK_RUN))
                .build();
            let server = mock.serve(([127, 0, 0, 1], 0)).await.map_err(|error| {
                Failure::Usage(format!(
                    "the fake service can't listen on loopback: {error}"
                ))
            })?;
            let provider = mock.provider().with_base_url(server.base_url());
            (provider, mock.api_key().to_owned(), Some(server))
        } else {
            let key = std::env::var("COMETAPI_KEY").unwrap_or_default();
            if key.trim().is_empty() {
                let text = "no key: set COMETAPI_KEY to your CometAPI key, or add --mock to try it offline";
                return Err(Failure::Usage(text.to_owned()));
            }
            let provider = match &args.base_url {
                Some(url) => Provider::comet().with_base_url(url),
                None => Provider::comet(),
            };
            (provider, key, None)
        };
        let client = Client::builder(provider, Credentials::api_key(key))
            .poll(poll)
            .check_pictures(!args.no_preflight)
            .build()?;
        Ok(Service { client, server })
    }

    async fn stop(self) {
        // The client's idle connections first: the server waits for them.
        drop(self.client);
        if let Some(server) = self.server {
            server.shutdown().await;
        }
    }
}

/// The request, or everything that is wrong with it. Nothing is sent yet.
fn request(args: &EffectArgs) -> Result<EffectRequest, Failure> {
    let scene = Scene::new(args.scene.clone());
    let wanted = scene.info().map(|info| info.arity.images());
    let given = args.images.len();
    match wanted {
        Some(wanted) if wanted != given => {
            let text = format!(
                "the scene {scene} takes {}, not {given}: give {}",
                if wanted == 1 {
                    "one picture"
                } else {
                    "two pictures"
                },
                if wanted == 1 {
                    "one file"
                } else {
                    "two files, left and right"
                },
            );
            return Err(Failure::Usage(text));
        }
        None if given > 2 => {
            let text =
                format!("a scene takes one picture or two, not {given}: give one file or two");
            return Err(Failure::Usage(text));
        }
        _ => {}
    }
    let mut images = Vec::new();
    for image in &args.images {
        images.push(read_image(image, args.no_preflight)?);
    }
    let mut images = images.into_iter();
    let mut request = match (images.next(), images.next()) {
        (Some(left), Some(right)) => EffectRequest::dual(scene, left, right),
        (Some(image), None) => EffectRequest::single(scene, image),
        (None, _) => return Err(Failure::Usage("no picture was given".to_owned())),
    };
    if let Some(duration) = &args.duration {
        request = request.with_duration(duration.as_str());
    }
    if let Some(mode) = &args.mode {
        request = request.with_mode(mode.as_str());
    }
    // Made here, so that it is known whatever becomes of the create.
    let id = args.external_task_id.as_ref();
    let id = id.map_or_else(|| Some(random_external_task_id()), ExternalTaskId::new);
    let id = id.ok_or_else(|| Failure::Usage("--external-task-id is empty".to_owned()))?;
    request = request.with_external_task_id(id);
    check(&request, args)?;
    Ok(request)
}

fn check(request: &EffectRequest, args: &EffectArgs) -> Result<(), Failure> {
    let checks = Checks::default().with_pictures(!args.no_preflight);
    let mut errors = Vec::new();
    for found in request.validate_with(&checks) {
        let line = format!("{} {}", name_of(&found.pointer, args), found.message);
        match found.severity() {
            Severity::Warning => say(&format!("warning: {line}")),
            Severity::Error => errors.push(line),
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(Failure::Usage(errors.join("\nerror: ")))
}

/// What a place in the request is called on the command line.
fn name_of(pointer: &str, args: &EffectArgs) -> String {
    let image = match pointer {
        "/input/image" | "/input/images/0" => args.images.first(),
        "/input/images/1" => args.images.get(1),
        _ => None,
    };
    match (image, pointer) {
        (Some(image), _) => image.split('?').next().unwrap_or_default().to_owned(),
        (None, "/effect_scene") => "the scene".to_owned(),
        (None, "/input/duration") => "--duration".to_owned(),
        (None, "/input/mode") => "--mode".to_owned(),
        (None, "/external_task_id") => "--external-task-id".to_owned(),
        (None, other) => other.to_owned(),
    }
}

fn read_image(text: &str, unchecked: bool) -> Result<ImageSource, Failure> {
    if text.contains("://") {
        return Ok(ImageSource::url(text));
    }
    let fault = |why: String| Failure::Usage(format!("{text} {why}"));
    let metadata = std::fs::metadata(text)
        .map_err(|error| fault(format!("can't be read: {error}; check the path")))?;
    if metadata.is_dir() {
        return Err(fault("is a directory: name a picture in it".to_owned()));
    }
    // A pipe or a device may have no end, or never begin.
    if !metadata.is_file() {
        return Err(fault(
            "is not a regular file: save the picture to one".to_owned(),
        ));
    }
    // Before it is read into memory.
    if !unchecked && metadata.len() > MAX_BYTES as u64 {
        let text = format!(
            "has {} bytes: use a picture of at most {MAX_BYTES}",
            metadata.len()
        );
        return Err(fault(text));
    }
    ImageSource::file(text).map_err(|error| fault(format!("can't be read: {error}")))
}

/// Finds out before anything is paid whether the result can be saved.
fn check_output(args: &EffectArgs) -> Result<(), Failure> {
    let default = PathBuf::from("video.mp4");
    let output = args.output.as_ref().unwrap_or(&default);
    let named = args.output.as_ref().map_or_else(
        || "the current directory".to_owned(),
        |output| format!("--output {}", output.display()),
    );
    let fault = |why: &str| Err(Failure::Usage(format!("{named} {why}")));
    let ends_in_slash = output
        .as_os_str()
        .to_string_lossy()
        .ends_with(std::path::is_separator);
    let Some(name) = output
        .file_name()
        .filter(|_| !ends_in_slash && !output.is_dir())
    else {
        return fault("is a directory: add a file name, such as video.mp4");
    };
    if name.len() > LONGEST_NAME {
        return fault("has a name that is too long for a file");
    }
    let directory = output.parent().filter(|dir| !dir.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    match std::fs::metadata(directory) {
        Err(_) => return fault("is in a directory that does not exist: create it first"),
        Ok(metadata) if !metadata.is_dir() => {
            return fault("is not in a directory: check the path");
        }
        Ok(_) => {}
    }
    // Mode bits tell half of it: only trying tells the rest.
    if let Err(error) = tempfile::Builder::new()
        .prefix(".kling-")
        .tempfile_in(directory)
    {
        return fault(&format!(
            "is in a directory that can't be written to: {error}"
        ));
    }
    let Some(_) = args.output else {
        return Ok(());
    };
    if std::fs::symlink_metadata(output).is_ok_and(|target| !target.is_file()) {
        return fault("exists and is not a regular file: name another");
    }
    let same = |image: &String| {
        let (image, output) = (std::fs::canonicalize(image), std::fs::canonicalize(output));
        matches!((image, output), (Ok(image), Ok(output)) if image == output)
    };
    if args.images.iter().any(same) {
        return fault("is one of the pictures: name another file");
    }
    Ok(())
}

/// Text that the service or the user chose, as part of a file's name.
fn file_name_part(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .collect()
}

impl Done {
    fn to_json(&self) -> Value {
        json!({
            "task_id": self.task.id,
            "external_task_id": self.external_task_id,
            "status": self.task.status,
            "file": self.saved.path.to_string_lossy(),
            "bytes": self.saved.bytes,
            "sha256": self.saved.sha256,
        })
    }
}
