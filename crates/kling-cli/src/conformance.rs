//! `kling conformance`: a service held to the contract.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kling_conformance::vectors::{self, Verdict};
use kling_conformance::{
    Host, Report, Selection, Status, Target, all, run_against_mock, run_selected,
};
use kling_http::ReqwestTransport;

use crate::args::ProviderName;
use crate::exit::Exit;
use crate::output::{emit, say};

/// Hold a service to what is known of the real one.
///
/// Exit codes: 0 it conforms, 1 it does not, 2 wrong arguments.
#[derive(Debug, Parser)]
#[command(after_help = "\
Examples:
  kling conformance run --mock
  kling conformance run --base-url http://127.0.0.1:8080 --key-env MY_KEY --junit results.xml
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
        /// The check's id, such as create.times
        check: String,
    },
    /// Run the test vectors through this program's own code
    Vectors,
    Run(RunArgs),
}

/// Hold a server to the checks: each create costs what it costs there.
#[derive(Debug, Parser)]
struct RunArgs {
    /// The server, without a path
    #[arg(long, value_name = "URL", required_unless_present = "mock")]
    base_url: Option<String>,

    /// Hold this program's own fake service to them, on a clock that needs no waiting
    #[arg(long, conflicts_with = "base_url")]
    mock: bool,

    /// Whose ways the server has
    #[arg(long, value_enum, default_value = "comet")]
    provider: ProviderName,

    /// The environment variable that has the server's key
    #[arg(long, value_name = "NAME", default_value = "API_KEY")]
    key_env: String,

    /// The server is not on this machine, and what it creates may be charged: then one create is
    /// sent, unless --max-creates says more
    #[arg(long)]
    accept_cost: bool,

    /// Send at most so many creates
    #[arg(long, value_name = "NUMBER")]
    max_creates: Option<usize>,

    /// Make this check only, or those whose ids begin so (create); may be given again
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
            for check in all() {
                emit(&format!(
                    "{:<6} {:<24} {}",
                    check.level, check.id, check.sentence
                ));
            }
            Ok(true)
        }
        What::Explain { check } => explain(check),
        What::Vectors => run_vectors(),
        What::Run(args) => run_server(args).await,
    };
    match conforms {
        Ok(true) => Exit::Ok.into(),
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            say(&format!("error: {why}"));
            Exit::Usage.into()
        }
    }
}

fn explain(id: &str) -> Result<bool, String> {
    let check = all().iter().find(|check| check.id == id);
    let check =
        check.ok_or_else(|| format!("there is no check {id:?}: see kling conformance list"))?;
    let facts = check.facts.join(", ");
    let (level, sentence) = (check.level, check.sentence);
    emit(&format!(
        "{id} ({level})\n{sentence}\nproves {facts}, of fixtures/facts.json"
    ));
    Ok(true)
}

fn run_vectors() -> Result<bool, String> {
    let all = vectors::all()?;
    let mut failed = 0;
    for vector in &all {
        if let Verdict::Fail(why) = vectors::run(vector) {
            failed += 1;
            emit(&format!(
                "fail  {}: {why}\n      catches: {}",
                vector.name(),
                vector.mistake
            ));
        }
    }
    say(&format!("{} vectors, {failed} failed", all.len()));
    Ok(failed == 0)
}

async fn run_server(args: &RunArgs) -> Result<bool, String> {
    let host = match args.provider {
        ProviderName::Comet => Host::Comet,
        ProviderName::Kling => Host::Kling,
    };
    let mut selection = Selection::default();
    for id in &args.only {
        selection = selection.only(id)?;
    }
    for id in &args.expect_failure {
        selection = selection.expecting(id)?;
    }
    let report = match &args.base_url {
        None => run_against_mock(host, &selection)?,
        Some(url) => {
            let target = target(args, host, url)?;
            Report::new(host, run_selected(&target, &selection).await)
        }
    };
    if args.json {
        emit(&report.to_json());
    } else {
        for result in report.results() {
            if result.status != Status::Disabled {
                emit(result);
            }
        }
    }
    write(args.junit.as_deref(), || report.to_junit())?;
    write(args.markdown.as_deref(), || report.to_markdown())?;
    say(&report.summary());
    Ok(report.worst() < Status::Fail)
}

fn target(args: &RunArgs, host: Host, url: &str) -> Result<Target, String> {
    let parsed: http::Uri = url
        .parse()
        .map_err(|error| format!("--base-url: {error}"))?;
    let name = parsed
        .host()
        .ok_or("--base-url names no host: write http://127.0.0.1:8080")?;
    let address = name.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    let is_here = name == "localhost" || address.is_ok_and(|address| address.is_loopback());
    if !is_here && !args.accept_cost {
        return Err(format!(
            "{name} is not this machine, and may charge: add --accept-cost"
        ));
    }
    let key = std::env::var(&args.key_env)
        .map_err(|_| format!("no key in the environment variable {}", args.key_env))?;
    let transport = ReqwestTransport::new().map_err(|error| error.to_string())?;
    let target = Target::new(host, url, key, transport);
    Ok(match args.max_creates {
        Some(most) => target.with_max_creates(most),
        None if is_here => target,
        None => target.with_max_creates(1),
    })
}

fn write(path: Option<&Path>, text: impl FnOnce() -> String) -> Result<(), String> {
    let Some(path) = path else { return Ok(()) };
    std::fs::write(path, text()).map_err(|error| format!("{}: {error}", path.display()))
}
