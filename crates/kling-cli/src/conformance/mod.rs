//! `kling conformance`: checks a server, a client or an implementation.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kling_conformance::{Check, Host, Report, Selection, Status, all, client as clients};

use crate::args::ProviderName;
use crate::exit::Exit;
use crate::output::{emit, say_lines};
use crate::signals::StopSignals;

mod client;
mod inbox;
mod server;
mod vectors;

/// Test a service or a client against what is known of the real service.
///
/// Exit codes: 0 conforms, 1 does not conform, 2 could not be tested, 130 interrupted.
#[derive(Debug, Parser)]
#[command(after_help = "\
Examples:
  kling conformance run --mock
  kling conformance run --base-url http://127.0.0.1:8080 --key-env MY_KEY --junit results.xml
  kling conformance client --command 'python3 my_client.py'
  kling conformance vectors --exec 'node my_executor.mjs'
  kling conformance explain create.times")]
pub(crate) struct ConformanceArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the checks
    List,
    /// Say what a check is about, and which facts it proves
    Explain {
        /// The check's id, such as create.times or client.poll.path
        check: String,
    },
    Vectors(vectors::VectorsArgs),
    Run(server::RunArgs),
    Client(client::ClientArgs),
}

/// Which checks, and where to write what they found.
#[derive(Debug, clap::Args)]
struct ReportArgs {
    /// Run only this check, or those whose ids begin like this (create); repeatable
    #[arg(long, value_name = "CHECK")]
    only: Vec<String>,

    /// Expect this check not to hold; if it does, that is a failure. May be given again
    #[arg(long, value_name = "CHECK")]
    expect_failure: Vec<String>,

    /// Print the report as JSON on stdout
    #[arg(long)]
    json: bool,

    /// Write the report as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write the report as Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

pub(crate) async fn run(args: &ConformanceArgs) -> ExitCode {
    let conforms = match &args.what {
        What::List => {
            checks().for_each(|check| {
                emit(&format!(
                    "{:<6} {:<28} {}",
                    check.level, check.id, check.sentence
                ));
            });
            Ok(true)
        }
        What::Explain { check } => explain(check).map_err(Untold::from),
        What::Vectors(args) => vectors::run(args).await,
        What::Run(args) => server::run(args).await.map_err(Untold::from),
        What::Client(args) => client::run(args).await,
    };
    match conforms {
        Ok(true) => Exit::Ok.into(),
        Ok(false) => ExitCode::FAILURE,
        Err(Untold::Fault(why)) => {
            say_lines(&format!("error: {why}"));
            Exit::Usage.into()
        }
        Err(Untold::Stopped) => Exit::Interrupted.into(),
    }
}

/// Why nobody knows whether it conforms.
enum Untold {
    Fault(String),
    /// This program was asked to end.
    Stopped,
}

impl From<String> for Untold {
    fn from(why: String) -> Self {
        Untold::Fault(why)
    }
}

/// Ends the commands that this runs when the program is asked to end: they are in
/// groups of their own, which no terminal tells.
async fn unless_stopped<T>(running: impl Future<Output = Result<T, String>>) -> Result<T, Untold> {
    let mut stop = StopSignals::listen();
    tokio::select! {
        ended = running => Ok(ended?),
        () = stop.stop_requested() => Err(Untold::Stopped),
    }
}

/// Those of servers, then those of clients.
fn checks() -> impl Iterator<Item = &'static Check> {
    all().iter().chain(clients::all())
}

fn explain(id: &str) -> Result<bool, String> {
    let check = checks().find(|check| check.id == id);
    let check = check.ok_or_else(|| format!("no check {id:?}: see kling conformance list"))?;
    let facts = check.facts.join(", ");
    let (level, sentence) = (check.level, check.sentence);
    emit(&format!("{id} ({level})\n{sentence}"));
    if let Some(scenario) = check.scenario() {
        emit(&format!("watched in the scenario: {scenario}"));
    }
    emit(&format!("proves {facts}, of fixtures/facts.json"));
    Ok(true)
}

impl ReportArgs {
    fn select(&self, all: Selection) -> Result<Selection, String> {
        let mut selection = all;
        for id in &self.only {
            selection = selection.only(id)?;
        }
        for id in &self.expect_failure {
            selection = selection.expecting(id)?;
        }
        Ok(selection)
    }

    /// Finds out whether the reports can be written, before anything is paid for
    /// them.
    fn check(&self) -> Result<(), String> {
        for path in [&self.junit, &self.markdown].into_iter().flatten() {
            let opened = OpenOptions::new().append(true).create(true).open(path);
            opened.map_err(|error| fault(path, &error))?;
        }
        Ok(())
    }

    /// Shows what was found, for people.
    fn show(&self, report: &Report) {
        if self.json {
            return;
        }
        for result in report.results() {
            if result.status == Status::Disabled {
                continue;
            }
            emit(result);
            if result.status > Status::Pass {
                emit(&format!("         {}", report.again(result)));
            }
        }
    }

    /// Tells what was found to all others; whether it conforms.
    fn tell(&self, report: &Report) -> Result<bool, String> {
        if self.json {
            emit(&report.to_json());
        }
        // One that can't be written any more does not cost the others.
        let written = [
            write(self.junit.as_deref(), || report.to_junit()),
            write(self.markdown.as_deref(), || report.to_markdown()),
        ];
        say_lines(&report.summary());
        for each in written {
            each?;
        }
        Ok(report.worst() < Status::Fail)
    }
}

fn host(provider: ProviderName) -> Host {
    match provider {
        ProviderName::Comet => Host::Comet,
        ProviderName::Kling => Host::Kling,
    }
}

fn write(path: Option<&Path>, text: impl FnOnce() -> String) -> Result<(), String> {
    let Some(path) = path else { return Ok(()) };
    std::fs::write(path, text()).map_err(|error| fault(path, &error))
}

fn fault(path: &Path, error: &std::io::Error) -> String {
    format!("{} can't be written: {error}", path.display())
}
