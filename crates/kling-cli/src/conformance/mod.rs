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
    /// Explain a check, and list the facts that it proves
    Explain {
        /// The check's id, such as create.times or client.poll.path
        check: String,
    },
    Vectors(vectors::VectorsArgs),
    Run(server::RunArgs),
    Client(client::ClientArgs),
}

/// Which checks to run, and where to write the reports.
#[derive(Debug, clap::Args)]
struct ReportArgs {
    /// Run only this check, or the checks of this group (create); repeatable
    #[arg(long, value_name = "CHECK")]
    only: Vec<String>,

    /// Expect this check to fail; it is a failure if it passes; repeatable
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
                    check.level, check.id, check.description
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

/// Why the result is unknown.
enum Untold {
    Fault(String),
    /// The program was interrupted.
    Stopped,
}

impl From<String> for Untold {
    fn from(why: String) -> Self {
        Untold::Fault(why)
    }
}

/// Kills the running commands when the program is interrupted: they are in their own
/// process groups, which do not receive the terminal's signals.
async fn unless_stopped<T>(running: impl Future<Output = Result<T, String>>) -> Result<T, Untold> {
    let mut stop = StopSignals::listen();
    tokio::select! {
        ended = running => Ok(ended?),
        () = stop.stop_requested() => Err(Untold::Stopped),
    }
}

/// The checks of servers, then the checks of clients.
fn checks() -> impl Iterator<Item = &'static Check> {
    all().iter().chain(clients::all())
}

fn explain(id: &str) -> Result<bool, String> {
    let check = checks().find(|check| check.id == id);
    let check = check.ok_or_else(|| format!("no check {id:?}: see kling conformance list"))?;
    let facts = check.facts.join(", ");
    let (level, description) = (check.level, check.description);
    emit(&format!("{id} ({level})\n{description}"));
    if let Some(scenario) = check.scenario() {
        emit(&format!("scenario: {scenario}"));
    }
    emit(&format!("proves {facts} of fixtures/facts.json"));
    Ok(true)
}

impl ReportArgs {
    fn select(&self, all: Selection) -> Result<Selection, String> {
        let mut selection = all;
        for id in &self.only {
            selection = selection.only(id)?;
        }
        for id in &self.expect_failure {
            selection = selection.expect_failure(id)?;
        }
        Ok(selection)
    }

    /// Checks that the reports can be written, before anything is charged.
    fn check(&self) -> Result<(), String> {
        for path in [&self.junit, &self.markdown].into_iter().flatten() {
            let opened = OpenOptions::new().append(true).create(true).open(path);
            opened.map_err(|error| fault(path, &error))?;
        }
        Ok(())
    }

    /// Prints the results for people.
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
                emit(&format!("         {}", report.reproduce(result)));
            }
        }
    }

    /// Writes the reports; returns whether the target conforms.
    fn tell(&self, report: &Report) -> Result<bool, String> {
        if self.json {
            emit(&report.to_json());
        }
        // A report that cannot be written must not prevent the others.
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
