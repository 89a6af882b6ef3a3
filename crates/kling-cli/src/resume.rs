//! `kling resume`: finishes a job from its state file, without another charge.

// Doc comments here are help texts, read in a terminal.
#![allow(clippy::doc_markdown)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use kling_http::{Client, EffectRequest, TaskHandle};
use serde_json::json;

use crate::connect::{ConnectArgs, Connection, Known, OwnArgs, WaitArgs};
use crate::destination::Destination;
use crate::failure::Failure;
use crate::job::{self, Job};
use crate::output::say;
use crate::request::RequestArgs;
use crate::state::{State, StateFile};

/// How long after its create a task may not be shown yet. It was shown at once in 152 of
/// 152 cases; this is on the safe side.
const LONGEST_LAG: Duration = Duration::from_secs(600);

/// Finish a job from its state file: find its task, wait, save the video.
///
/// If the task's id is not yet known, Kling is asked for the external task id. CometAPI can't be
/// asked: there the command says what is unknown, and sends nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kling resume hug.mp4.kling.json
  kling resume hug.mp4.kling.json --send-again left.jpg right.png")]
pub(crate) struct ResumeArgs {
    /// The state file of `kling effect` or `kling submit`
    file: PathBuf,

    /// If the service does not know the task, send the same pictures once more, with the same
    /// external task id: the service refuses a duplicate
    #[arg(long, value_name = "IMAGE", num_args = 1..=2)]
    send_again: Vec<String>,

    /// The same for a job whose request came from a file; - is stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["send_again", "key_stdin"])]
    send_again_request: Option<String>,

    /// Where to save the video, - for stdout; by default where the job was to save it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Print each event as a line of JSON on stdout
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    own: OwnArgs,

    #[command(flatten)]
    wait: WaitArgs,
}

pub(crate) async fn run(args: &ResumeArgs) -> ExitCode {
    job::run(
        args.json,
        |job| read(args, job),
        async |job, input| {
            let Input {
                service,
                file,
                again,
                destination,
            } = input;
            continue_job(&service, file, again, &destination, job).await
        },
    )
    .await
}

/// All that is needed before anything is sent.
struct Input {
    service: Connection,
    file: StateFile,
    again: Option<EffectRequest>,
    destination: Destination,
}

fn read(args: &ResumeArgs, job: &mut Job) -> Result<Input, Failure> {
    let file = StateFile::read(&args.file)?;
    job.knows(&file);
    let output = args.output.as_ref().or(file.state.output.as_ref());
    let destination = Destination::new(output);
    let again = args.again(&file.state);
    let inputs = again.as_ref().map(RequestArgs::inputs).unwrap_or_default();
    destination.check_with(args.json, &inputs)?;
    let connect = ConnectArgs {
        own: args.own.clone(),
        ..ConnectArgs::default()
    };
    let known = Known {
        provider: &file.state.provider,
        base_url: &file.state.base_url,
    };
    let service = connect.connect(&args.wait, Some(&known), false)?;
    let again = again.map(|again| again.build()).transpose()?;
    Ok(Input {
        service,
        file,
        again,
        destination,
    })
}

/// Finds the task of a job that is written down, waits for it and saves its video.
/// If the service does not know it, it is sent `again`.
pub(crate) async fn continue_job(
    service: &Connection,
    file: StateFile,
    again: Option<EffectRequest>,
    destination: &Destination,
    job: &mut Job,
) -> Result<(), Failure> {
    let (task, file) = match file.state.task.clone() {
        Some(saved) => {
            let task = service.client.effects().resume(saved)?;
            job.confirm(&task);
            job.is_old = file.state.is_older_than(LONGEST_LAG);
            (task, Some(file))
        }
        None => find(service, file, again, job).await?,
    };
    say(&format!("resuming task {}", task.id()));
    job.event("resuming", json!({"task_id": task.id()}));
    Box::pin(job::finish(&task, file, destination, job)).await
}

impl ResumeArgs {
    /// What to send if the service does not know the task, if that was asked for and
    /// may come to be needed.
    fn again(&self, state: &State) -> Option<RequestArgs> {
        let is_asked = !self.send_again.is_empty() || self.send_again_request.is_some();
        if !is_asked || state.task.is_some() {
            return None;
        }
        let from_file = self.send_again_request.is_some();
        let args = RequestArgs {
            scene: Some(state.scene.to_string()),
            images: self.send_again.clone(),
            request: self.send_again_request.clone(),
            // It was looked at, or was not to be, before it was sent first.
            no_preflight: true,
            duration: state.duration.clone().filter(|_| !from_file),
            mode: state.mode.clone().filter(|_| !from_file),
            external_task_id: Some(state.external_task_id.to_string()),
        };
        Some(args)
    }
}

/// Finds out about a create whose answer never came back to this machine.
async fn find(
    service: &Connection,
    file: StateFile,
    again: Option<EffectRequest>,
    job: &mut Job,
) -> Result<(TaskHandle, Option<StateFile>), Failure> {
    let id = file.state.external_task_id.clone();
    let name = service.provider.name();
    if !service.provider.finds_external_ids() {
        return Err(Failure::Unknown(format!(
            "the create with external task id {id} may have been carried out and charged, and \
             {name} can't be asked for it: look for the task in your account there. Nothing was \
             sent now. If \
             the task is there, `kling download` saves its video by its own id; if not, remove \
             the state file and run the original command again"
        )));
    }
    if let Some(task) = look_up(&service.client, &file.state).await? {
        say(&format!(
            "{name} has a task with external task id {id}: nothing is sent again"
        ));
        return Ok(job::known(task, Some(file), job));
    }
    let Some(request) = again else {
        return Err(Failure::Unknown(format!(
            "{name} does not know the external task id {id}: the create did not arrive, or its \
             task is not visible yet. Try again in a minute, or add --send-again IMAGE… with the same \
             pictures: the id is the same, so {name} refuses a duplicate"
        )));
    };
    if !file.state.is_of(&request)? {
        let text = "this is not the request of this job: give the same pictures \
                    in the same order, unchanged";
        return Err(Failure::Usage(text.to_owned()));
    }
    say(&format!("sending again (external task id {id})"));
    job.submitting(&file.state.scene);
    send_again(&service.client, request, file, job).await
}

/// A second create. Refused as a double, it proves that the first one arrived.
async fn send_again(
    client: &Client,
    request: EffectRequest,
    file: StateFile,
    job: &mut Job,
) -> Result<(TaskHandle, Option<StateFile>), Failure> {
    let error = match job::create_with_notices(client, request, job).await {
        Ok(task) => return Ok(job::known(task, Some(file), job)),
        Err(error) => error,
    };
    let doubled = error
        .service_error()
        .is_some_and(kling_http::types::ServiceError::is_duplicate_external_id);
    if doubled && let Some(task) = look_up(client, &file.state).await? {
        return Ok(job::known(task, Some(file), job));
    }
    // The state stays: a refusal of the second says nothing of the first.
    Err(error.into())
}

/// The job's task, if the service shows it.
async fn look_up(client: &Client, state: &State) -> Result<Option<TaskHandle>, Failure> {
    let id = &state.external_task_id;
    let found = client.effects().find_created(id, state.created_at).await?;
    let Some(task) = found else { return Ok(None) };
    let mut saved = task.saved();
    saved.scene = Some(state.scene.clone());
    Ok(Some(client.effects().resume(saved)?))
}
