//! Runs a client's command in each scenario.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use kling_http::Transport as _;
use kling_mock::{Mock, Server};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::all;
use super::evidence::Evidence;
use super::scenario::{LEFT, Pictures, RIGHT, Scenario};
use crate::checks::Kind;
use crate::child;
use crate::report::Report;
use crate::suite::{CheckResult, Selection};
use crate::target::{Host, Stop};

/// The polling interval that the client is given.
pub(super) const INTERVAL: Duration = Duration::from_millis(200);
/// Longer than any video of the fake service.
const LARGEST: usize = 64 * 1024 * 1024;

/// The command that runs a client, and its limits.
#[derive(Debug, Clone)]
pub struct Program {
    command: String,
    limit: Duration,
    concurrency: usize,
}

impl Program {
    /// A shell command, run in the current directory.
    pub fn new(command: impl Into<String>) -> Self {
        Program {
            command: command.into(),
            limit: Duration::from_secs(40),
            concurrency: 4,
        }
    }

    /// Sets the timeout of one run; 40 s by default. `KLING_TIMEOUT` is 25 s at most.
    pub fn with_timeout(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// How many scenarios run concurrently; 4 by default.
    pub fn with_concurrency(mut self, scenarios: usize) -> Self {
        self.concurrency = scenarios.max(1);
        self
    }
}

/// Runs the selected checks against a client, with a fake service that behaves like
/// this host. Takes some seconds of real time, and needs a tokio runtime whose clock
/// is not paused.
pub async fn run(host: Host, program: &Program, selection: &Selection) -> Result<Report, String> {
    let evidence = run_scenarios(host, program, selection).await?;
    let mut results = Vec::new();
    for check in all() {
        let Kind::Client(scenario, judge) = check.kind else {
            continue;
        };
        let result = evidence.iter().find(|(name, _)| *name == scenario.name);
        let (outcome, exchanges) = match result {
            _ if !selection.includes(check.id) => {
                results.push(CheckResult::disabled(check));
                continue;
            }
            Some((_, Ok(evidence))) => (judge(evidence), evidence.exchanges()),
            Some((_, Err(why))) => (Err(Stop::Internal(why.clone())), Vec::new()),
            None => {
                let why = Stop::Skip("applies to the other host only".to_owned());
                (Err(why), Vec::new())
            }
        };
        let result = CheckResult::new(check, outcome, exchanges);
        results.push(selection.apply_expectation(result));
    }
    Ok(Report::of_client(host, &program.command, results))
}

type ScenarioResult = (&'static str, Result<Evidence, String>);

/// Runs each scenario that a selected check needs.
async fn run_scenarios(
    host: Host,
    program: &Program,
    selection: &Selection,
) -> Result<Vec<ScenarioResult>, String> {
    let mut scenarios: Vec<&'static Scenario> = Vec::new();
    for check in all() {
        if let Kind::Client(scenario, _) = check.kind
            && selection.includes(check.id)
            && scenario.host.is_none_or(|only| only == host)
            && !scenarios.iter().any(|it| it.name == scenario.name)
        {
            scenarios.push(scenario);
        }
    }
    let permits = Arc::new(Semaphore::new(program.concurrency));
    let mut running = JoinSet::new();
    for scenario in scenarios {
        let (program, permits) = (program.clone(), Arc::clone(&permits));
        running.spawn(async move {
            let _permit = permits.acquire_owned().await;
            let mut evidence = run_scenario(host, &program, scenario).await;
            // The machine may have been busy, so a slow run gets a second chance.
            if evidence.as_ref().is_ok_and(Evidence::was_slow) {
                evidence = run_scenario(host, &program, scenario).await;
            }
            (scenario.name, evidence)
        });
    }
    let mut evidence = Vec::new();
    while let Some(ended) = running.join_next().await {
        evidence.push(ended.map_err(|_| "the suite panicked".to_owned())?);
    }
    Ok(evidence)
}

/// Runs one scenario against a fake service of its own.
async fn run_scenario(
    host: Host,
    program: &Program,
    scenario: &Scenario,
) -> Result<Evidence, String> {
    let folder = tempfile::tempdir()
        .map_err(|error| format!("cannot create a temporary directory: {error}"))?;
    let output = folder.path().join("video.mp4");
    let images = images(scenario.pictures, folder.path())?;
    let (mock, servers) = serve(host, scenario).await?;
    let [api, _] = &servers;
    let (provider, key_name) = match host {
        Host::Comet => ("comet", "COMETAPI_KEY"),
        Host::Kling => ("kling", "KLING_API_KEY"),
    };
    let variables = [
        ("KLING_PROVIDER", provider.to_owned()),
        ("KLING_BASE_URL", api.base_url()),
        (key_name, mock.api_key().to_owned()),
        ("KLING_SCENE", scenario.scene.to_owned()),
        ("KLING_IMAGES", images),
        ("KLING_OUTPUT", output.to_string_lossy().into_owned()),
        ("KLING_POLL_INTERVAL", INTERVAL.as_secs_f64().to_string()),
        ("KLING_TIMEOUT", scenario.timeout.as_secs_f64().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let mut runs = Vec::new();
    for _ in 0..scenario.runs {
        let variables = variables.to_vec();
        runs.push(child::run(&program.command, variables, String::new(), program.limit).await?);
    }
    let mut evidence = Evidence {
        host,
        key: mock.api_key().to_owned(),
        journal: mock.journal(),
        charges: mock.charges().len(),
        runs,
        file: std::fs::read(&output).ok().map(Bytes::from),
        expected_file: None,
    };
    evidence.expected_file = video(&mock, evidence.path()).await;
    for server in servers {
        server.shutdown().await;
    }
    Ok(evidence)
}

/// Serves the API on one port, and the results on another port and host name, since
/// the real service keeps them on a separate host too.
async fn serve(host: Host, scenario: &Scenario) -> Result<(Mock, [Server; 2]), String> {
    let mut last = String::new();
    // The address of the results must be known before the mock is built, and another
    // process may take the port in between.
    for _ in 0..8 {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr());
        let port = free
            .map_err(|error| format!("cannot listen on a port: {error}"))?
            .port();
        let mock = scenario.mock(host, &format!("http://localhost:{port}"))?;
        let results = mock.serve((Ipv4Addr::LOCALHOST, port)).await;
        match (mock.serve((Ipv4Addr::LOCALHOST, 0)).await, results) {
            (Ok(api), Ok(results)) => return Ok((mock, [api, results])),
            (Err(error), _) | (_, Err(error)) => last = format!("cannot listen on a port: {error}"),
        }
    }
    Err(last)
}

/// The value of `KLING_IMAGES`; writes the image files.
fn images(pictures: Pictures, folder: &Path) -> Result<String, String> {
    let Some((name, bytes)) = pictures.files() else {
        return Ok(match pictures {
            Pictures::TwoUrls => format!("{LEFT} {RIGHT}"),
            _ => LEFT.to_owned(),
        });
    };
    let path = folder.join(name);
    std::fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    let path = path.to_string_lossy().into_owned();
    if path.contains(char::is_whitespace) {
        return Err(format!(
            "{path} contains a space, which separates images in KLING_IMAGES: set TMPDIR to another directory"
        ));
    }
    Ok(path)
}

/// The video of the first task, fetched from the service without faults.
async fn video(mock: &Mock, path: &str) -> Option<Bytes> {
    mock.replace_faults([]);
    let id = mock.charges().first()?.task_id.to_string();
    let key = format!("Bearer {}", mock.api_key());
    let ask =
        Request::get(format!("https://mock.test{path}/{id}")).header(header::AUTHORIZATION, key);
    let answer = mock
        .transport()
        .send(ask.body(Bytes::new()).ok()?)
        .await
        .ok()?;
    let body = answer.into_body().collect(LARGEST).await.ok()?;
    let task: Value = serde_json::from_slice(&body).ok()?;
    let url = task["data"]["task_result"]["videos"][0]["url"].as_str()?;
    let fetch = Request::get(url).body(Bytes::new()).ok()?;
    let file = mock.transport().send(fetch).await.ok()?;
    file.into_body().collect(LARGEST).await.ok()
}
