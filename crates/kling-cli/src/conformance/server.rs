//! `kling conformance run`: a server held to the contract.

use clap::Parser;
use kling_conformance::{Report, Selection, Target, run_against_mock, run_selected};
use kling_http::ReqwestTransport;

use super::{ReportArgs, host};
use crate::args::ProviderName;

/// Hold a server to the checks: each create costs what it costs there.
#[derive(Debug, Parser)]
pub(super) struct RunArgs {
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

    #[command(flatten)]
    report: ReportArgs,
}

pub(super) async fn run(args: &RunArgs) -> Result<bool, String> {
    let selection = args.report.select(Selection::default())?;
    let report = match &args.base_url {
        None => run_against_mock(host(args.provider), &selection)?,
        Some(url) => {
            let target = target(args, url)?;
            Report::new(target.host(), run_selected(&target, &selection).await)
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
    let target = Target::new(host(args.provider), url, key, transport);
    Ok(match args.max_creates {
        Some(most) => target.with_max_creates(most),
        None if is_here => target,
        None => target.with_max_creates(1),
    })
}
