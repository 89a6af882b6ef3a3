//! `kling conformance run`: checks a server.

// Doc comments here are help texts, read in a terminal.
#![allow(clippy::doc_markdown)]

use std::net::SocketAddr;

use clap::Parser;
use kling_conformance::{
    CheckResult, Report, Selection, Target, run_against_mock, run_with_progress,
};
use kling_http::ReqwestTransport;

use super::{ReportArgs, host, inbox};
use crate::args::ProviderName;
use crate::connect::variable;

/// Check a server, which may charge for each create.
///
/// Checks of tokens, slots and callbacks are skipped unless their options are given.
#[derive(Debug, Parser)]
#[command(after_help = "\
Examples:
  kling conformance run --mock --provider kling
  kling conformance run --base-url http://127.0.0.1:8080 --key-env MY_KEY --junit results.xml
  kling conformance run --base-url http://127.0.0.1:8080 --callback-listen 127.0.0.1:0 \\
    --slots-key-env SMALL_KEY --slots 2 --access-key-env ACCESS --secret-key-env SECRET")]
pub(super) struct RunArgs {
    /// The server, without a path
    #[arg(long, value_name = "URL", required_unless_present = "mock")]
    base_url: Option<String>,

    /// Check this program's own fake service, in virtual time
    #[arg(long, conflicts_with = "base_url")]
    mock: bool,

    /// The provider that the server imitates
    #[arg(long, value_enum, default_value = "comet")]
    provider: ProviderName,

    /// The environment variable with the server's key
    #[arg(
        long,
        value_name = "NAME",
        default_value = "API_KEY",
        conflicts_with = "mock"
    )]
    key_env: String,

    /// Allow a server on another machine, which may charge; sends at most one create unless
    /// --max-creates is given
    #[arg(long, conflicts_with = "mock")]
    accept_cost: bool,

    /// Send at most this many creates
    #[arg(long, value_name = "NUMBER", conflicts_with = "mock")]
    max_creates: Option<usize>,

    #[command(flatten)]
    extras: Extras,

    #[command(flatten)]
    report: ReportArgs,
}

/// Options that some checks need.
#[derive(Debug, clap::Args)]
struct Extras {
    /// Receive callbacks at this address, for the checks callback.*; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", conflicts_with = "mock")]
    callback_listen: Option<SocketAddr>,

    /// The URL at which the server reaches that address, if it differs
    #[arg(long, value_name = "URL", requires = "callback_listen")]
    callback_url: Option<String>,

    /// The environment variable with the signing secret of callbacks (whsec_…), for
    /// callback.signature
    #[arg(long, value_name = "NAME", requires = "callback_listen")]
    webhook_secret_env: Option<String>,

    /// The environment variable with an access key, for the checks token.*
    #[arg(
        long,
        value_name = "NAME",
        requires = "secret_key_env",
        conflicts_with = "mock"
    )]
    access_key_env: Option<String>,

    /// The environment variable with its secret key
    #[arg(long, value_name = "NAME", requires = "access_key_env")]
    secret_key_env: Option<String>,

    /// The environment variable with the key of an account that nothing else uses, for the
    /// checks slots.*
    #[arg(long, value_name = "NAME", requires = "slots", conflicts_with = "mock")]
    slots_key_env: Option<String>,

    /// How many concurrent tasks that account may have
    #[arg(long, value_name = "NUMBER", requires = "slots_key_env")]
    slots: Option<usize>,
}

pub(super) async fn run(args: &RunArgs) -> Result<bool, String> {
    let selection = args.report.select(Selection::default())?;
    args.report.check()?;
    let host = host(args.provider);
    let report = match &args.base_url {
        None => {
            let report = run_against_mock(host, &selection)?;
            args.report.show(&report);
            report
        }
        Some(url) => {
            let target = args.extras.add_to(target(args, url)?).await?;
            let reached = target.check_reachable().await;
            reached.map_err(|why| format!("cannot check {url}: {why}"))?;
            // Printed as they come, since a run may take long.
            let show = |result: &CheckResult| {
                args.report.show(&Report::new(host, vec![result.clone()]));
            };
            Report::new(host, run_with_progress(&target, &selection, show).await)
        }
    };
    args.report.tell(&report)
}

fn target(args: &RunArgs, url: &str) -> Result<Target, String> {
    let parsed: http::Uri = url
        .parse()
        .map_err(|error| format!("--base-url: {error}"))?;
    let name = parsed
        .host()
        .ok_or("--base-url has no host: write http://127.0.0.1:8080")?;
    let address = name.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    let is_here = name == "localhost" || address.is_ok_and(|address| address.is_loopback());
    if !is_here && !args.accept_cost {
        return Err(format!(
            "{name} is not this machine, and may charge: add --accept-cost"
        ));
    }
    let key = read("--key-env", &args.key_env)?;
    let transport = ReqwestTransport::new().map_err(|error| error.to_string())?;
    let target = Target::new(host(args.provider), url, key, transport);
    Ok(match args.max_creates {
        Some(most) => target.with_max_creates(most),
        None if is_here => target,
        None => target.with_max_creates(1),
    })
}

impl Extras {
    async fn add_to(&self, mut target: Target) -> Result<Target, String> {
        if let Some(address) = self.callback_listen {
            let mut inbox = inbox::open(address, self.callback_url.as_deref()).await?;
            if let Some(name) = &self.webhook_secret_env {
                inbox = inbox.with_secret(read("--webhook-secret-env", name)?);
            }
            target = target.with_inbox(inbox);
        }
        if let (Some(access), Some(secret)) = (&self.access_key_env, &self.secret_key_env) {
            let access = read("--access-key-env", access)?;
            target = target.with_access_keys(access, read("--secret-key-env", secret)?);
        }
        if let (Some(key), Some(slots)) = (&self.slots_key_env, self.slots) {
            target = target.with_slots(read("--slots-key-env", key)?, slots);
        }
        Ok(target)
    }
}

fn read(flag: &str, name: &str) -> Result<String, String> {
    variable(name).ok_or_else(|| format!("{flag}: the environment variable {name} is not set"))
}
