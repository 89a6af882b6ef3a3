//! `kling get`, `wait`, `download` and `list`: commands on existing tasks.

// Doc comments here are help texts, read in a terminal.
#![allow(clippy::doc_markdown)]

use std::path::PathBuf;
use std::process::ExitCode;

use kling_http::{Client, ExternalTaskId, Task, TaskHandle, TaskId};
use kling_types::without_signatures;
use serde_json::json;

use crate::connect::{ConnectArgs, Connection, WaitArgs};
use crate::destination::Destination;
use crate::failure::Failure;
use crate::job::{self, Existence, Job, notice_printer};
use crate::output::{one_line, print, say};
use crate::watch::watch;

/// Which task.
#[derive(Debug, clap::Args)]
pub(crate) struct TaskArgs {
    /// The service's id
    #[arg(required_unless_present = "external")]
    id: Option<String>,

    /// Your own id for it; Kling finds tasks by it, CometAPI does not
    #[arg(long, value_name = "ID", conflicts_with = "id")]
    external: Option<String>,
}

/// Query a task once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kling get 2032273960331935744
  kling get --external my-job-7 --provider kling --json")]
pub(crate) struct GetArgs {
    #[command(flatten)]
    task: TaskArgs,

    /// Print the task as a line of JSON on stdout, with the address of its result
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connect: ConnectArgs,
}

/// Wait until a task ends.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kling wait 2032273960331935744
  kling wait 2032273960331935744 --timeout 600 --json")]
pub(crate) struct WaitCommand {
    #[command(flatten)]
    task: TaskArgs,

    /// Print each event as a line of JSON on stdout
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    wait: WaitArgs,

    #[command(flatten)]
    connect: ConnectArgs,
}

/// Save the video of a task, waiting for the task if need be.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kling download 2032273960331935744 --output hug.mp4
  kling download 2032273960331935744 --output -")]
pub(crate) struct DownloadArgs {
    #[command(flatten)]
    task: TaskArgs,

    /// Where to save the video, - for stdout; video-TASK_ID.mp4 by default. A file there is replaced
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Print each event as a line of JSON on stdout
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    wait: WaitArgs,

    #[command(flatten)]
    connect: ConnectArgs,
}

/// List the account's tasks, newest first; Kling only.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kling list --provider kling --limit 20
  kling list --provider kling --json")]
pub(crate) struct ListArgs {
    /// How many at most
    #[arg(long, value_name = "TASKS", default_value = "100")]
    limit: usize,

    /// Print each task as a line of JSON on stdout
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connect: ConnectArgs,
}

impl TaskArgs {
    async fn find(&self, client: &Client) -> Result<TaskHandle, Failure> {
        let effects = client.effects();
        if let Some(external) = &self.external {
            let id = ExternalTaskId::new(external)
                .ok_or_else(|| Failure::Usage("--external is empty".to_owned()))?;
            let task = effects.get_by_external_id(&id).await?;
            return Ok(effects.task(task.id));
        }
        let id = TaskId::new(self.id.clone().unwrap_or_default())
            .ok_or_else(|| Failure::Usage("the task's id is empty".to_owned()))?;
        Ok(effects.task(id))
    }

    /// The same, to be followed to its end.
    async fn follow(&self, service: &Connection, job: &mut Job) -> Result<TaskHandle, Failure> {
        let task = self.find(&service.client).await?;
        job.task_id = Some(task.id().to_string());
        // Of an id that was only given nobody knows yet what it is worth.
        if self.external.is_some() {
            job.existence = Existence::Confirmed;
        }
        Ok(task)
    }
}

pub(crate) async fn get(args: &GetArgs) -> ExitCode {
    let connect = |_: &mut Job| args.connect.connect(&WaitArgs::default(), None, true);
    job::run(args.json, connect, async |job, service| {
        // A service that does not answer takes minutes.
        let client = service.client.with_observer(notice_printer(job));
        let task = args.task.find(&client).await?.fetch().await?;
        show(&task, job);
        Ok(())
    })
    .await
}

pub(crate) async fn wait(args: &WaitCommand) -> ExitCode {
    let connect = |_: &mut Job| args.connect.connect(&args.wait, None, true);
    job::run(args.json, connect, async |job, service| {
        let task = args.task.follow(&service, job).await?;
        let done = watch(&task, job).await?;
        show(&done, job);
        Ok(())
    })
    .await
}

pub(crate) async fn download(args: &DownloadArgs) -> ExitCode {
    let destination = Destination::new(args.output.as_ref());
    let connect = |_: &mut Job| {
        destination.check_with(args.json, &[])?;
        args.connect.connect(&args.wait, None, true)
    };
    job::run(args.json, connect, async |job, service| {
        let task = args.task.follow(&service, job).await?;
        job::finish(&task, None, &destination, job).await
    })
    .await
}

pub(crate) async fn list(args: &ListArgs) -> ExitCode {
    let connect = |_: &mut Job| args.connect.connect(&WaitArgs::default(), None, true);
    job::run(args.json, connect, async |job, service| {
        // No larger a page than is shown; the service takes 1 to 500.
        let page = u16::try_from(args.limit.clamp(1, 100)).unwrap_or(100);
        // What can't be shown is told of.
        let client = service.client.with_observer(notice_printer(job));
        let mut tasks = client.effects().list().page_size(page).tasks();
        let mut is_empty = args.limit > 0;
        for _ in 0..args.limit {
            let Some(task) = tasks.next().await else {
                break;
            };
            show(&task?, job);
            is_empty = false;
        }
        if is_empty && !args.json {
            say("no tasks");
        }
        Ok(())
    })
    .await
}

/// A task as a line, for programs or for people.
fn show(task: &Task, job: &Job) {
    if job.json {
        job.event("task", json!({ "task": task }));
    } else {
        print(&row(task));
    }
}

/// A task in one line, in columns: id, status, external id, and why it failed.
fn row(task: &Task) -> String {
    let external = task.external_id().map_or("-", ExternalTaskId::as_str);
    let reason = without_signatures(task.failure_reason().unwrap_or_default());
    let (id, status) = (task.id.to_string(), task.status.to_string());
    let cells = [&id, &status, external, &*reason].map(one_line);
    cells.join("\t").trim_end().to_owned()
}
