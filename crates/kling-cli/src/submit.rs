//! `kling submit`: creates a task and returns; `kling resume` does the rest.

// Doc comments here are help texts, read in a terminal.
#![allow(clippy::doc_markdown)]

use std::path::PathBuf;
use std::process::ExitCode;

use kling_http::EffectRequest;
use serde_json::json;

use crate::connect::{ConnectArgs, Connection, WaitArgs};
use crate::destination::{self, Destination};
use crate::failure::{Failure, resume_command};
use crate::job::{self, Job, Plan};
use crate::output::say;
use crate::request::RequestArgs;

/// Create a task, and write a state file for `kling resume`.
///
/// The state file is on disk before anything is sent; `kling resume` waits for the task and saves
/// its video.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kling submit color_mixing me.jpg --output me.mp4
  kling submit --request request.json --state job.json --json")]
pub(crate) struct SubmitArgs {
    #[command(flatten)]
    request: RequestArgs,

    /// Where `kling resume` saves the video
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Where to write the state file; beside the output by default
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// Print each event as a line of JSON on stdout
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connect: ConnectArgs,
}

pub(crate) async fn run(args: &SubmitArgs) -> ExitCode {
    let read = |_: &mut Job| read(args);
    job::run(args.json, read, async |job, input| {
        submit(args, input, job).await
    })
    .await
}

/// All that is needed before anything is sent.
struct Input {
    destination: Destination,
    request: EffectRequest,
    service: Connection,
}

fn read(args: &SubmitArgs) -> Result<Input, Failure> {
    let destination = Destination::new(args.output.as_ref());
    // It saves no video: where that is to go it only writes down.
    destination::check_no_dash("--output", args.output.as_deref())?;
    destination::check_no_dash("--state", args.state.as_deref())?;
    destination.check(&args.request.inputs())?;
    destination::check_apart(&[
        ("--output", destination.file()),
        ("--state", args.state.as_deref()),
    ])?;
    let request = args.request.build()?;
    let check_pictures = !args.request.no_preflight;
    let service = args
        .connect
        .connect(&WaitArgs::default(), None, check_pictures)?;
    Ok(Input {
        destination,
        request,
        service,
    })
}

async fn submit(args: &SubmitArgs, input: Input, job: &mut Job) -> Result<(), Failure> {
    let Input {
        destination,
        request,
        service,
    } = input;
    let plan = Plan {
        client: &service.client,
        provider: &service.provider,
        write_state: true,
        keep: false,
        replace: false,
        state: args.state.as_deref(),
        destination: &destination,
        mode: args.request.mode.as_deref(),
    };
    let (task, file) = job::create(&plan, request, job).await?;
    let path = file.map(|file| file.path.to_string_lossy().into_owned());
    let path = path.unwrap_or_default();
    let (id, command) = (task.id(), resume_command(&path));
    say(&format!("created task {id}; resume with: {command}"));
    job.event(
        "submitted",
        json!({
            "task_id": task.id(),
            "external_task_id": task.external_id(),
            "state_file": path,
        }),
    );
    Ok(())
}
