//! `kling conformance client`: checks a client in any language.

// Doc comments here are help texts, read in a terminal.
#![allow(clippy::doc_markdown)]

use std::time::Duration;

use clap::Parser;
use kling_conformance::{Selection, client};

use super::{ReportArgs, Untold, host, unless_stopped};
use crate::args::{ProviderName, time};

/// Check a client: its command is run against local fake services with faults
/// that would cost money in production.
///
/// The command is run by the shell. It must make one effect: create the task, poll it, save the
/// video, exit with 0 on success, and print one line of JSON on stdout at the end:
/// {"task_id": …, "external_task_id": …, "error": …}. Its input is in environment variables:
/// KLING_PROVIDER (comet, kling), KLING_BASE_URL (without a path), COMETAPI_KEY or KLING_API_KEY,
/// KLING_SCENE, KLING_IMAGES (one or two paths or URLs, separated by a space), KLING_OUTPUT (the
/// file), and in seconds KLING_POLL_INTERVAL and KLING_TIMEOUT.
#[derive(Debug, Parser)]
#[command(after_help = "\
Examples:
  kling conformance client --command 'python3 my_client.py'
  kling conformance client --provider kling --only client.lost --command ./my-client
  kling conformance client --command 'kling effect $KLING_SCENE $KLING_IMAGES -o $KLING_OUTPUT --json'")]
pub(super) struct ClientArgs {
    /// The shell command that runs the client
    #[arg(long, value_name = "COMMAND")]
    command: String,

    /// The provider that the fake services imitate
    #[arg(long, value_enum, default_value = "comet")]
    provider: ProviderName,

    /// The time limit of one run of the client, in seconds or such as 2m
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "40")]
    limit: Duration,

    /// How many scenarios run concurrently
    #[arg(long, value_name = "NUMBER", default_value_t = 4)]
    jobs: usize,

    #[command(flatten)]
    report: ReportArgs,
}

pub(super) async fn run(args: &ClientArgs) -> Result<bool, Untold> {
    let selection = args.report.select(Selection::clients())?;
    args.report.check()?;
    let program = client::Program::new(&args.command)
        .with_timeout(args.limit)
        .with_concurrency(args.jobs);
    let running = client::run(host(args.provider), &program, &selection);
    let report = unless_stopped(running).await?;
    args.report.show(&report);
    Ok(args.report.tell(&report)?)
}
