//! Runs a client through the scenarios.

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
use super::scenario::{LEFT, Pictures, RIGHT, Scenario};
use super::seen::Seen;
use crate::checks::How;
use crate::child;
use crate::report::Report;
use crate::suite::{CheckResult, Selection};
use crate::target::{Host, Stop};

/// Between two queries of one task.
pub(super) const INTERVAL: Duration = Duration::from_millis(200);
/// Longer than any video of the fake service.
const LARGEST: usize = 64 * 1024 * 1024;

/// A client's command, and its limits.
#[derive(Debug, Clone)]
pub struct Program {
    command: String,
    limit: Duration,
    at_once: usize,
}

impl Program {
    /// A command for the shell, run in the current directory.
    pub fn new(command: impl Into<String>) -> Self {
        Program {
            command: command.into(),
            limit: Duration::from_secs(40),
            at_once: 4,
        }
    }

    /// The timeout of one run; 40 s by default. Scenarios ask for waits of 25 s at
    /// most.
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// How many scenarios run concurrently; 4 by default.
    pub fn with_scenarios_at_once(mut self, scenarios: usize) -> Self {
        self.at_once = scenarios.max(1);
        self
    }
}

/// Runs these checks against a client, with a fake service that behaves like this
/// host. It takes real time, some seconds in total, and needs a runtime whose clock
/// is not paused.
pub async fn run(host: Host, program: &Program, selection: &Selection) -> Result<Report, String> {
    let seen = play(host, program, selection).await?;
    let mut results = Vec::new();
    for check in all() {
        let How::Watches(scenario, judge) = check.how else {
            continue;
        };
        let played = seen.iter().find(|(name, _)| *name == scenario.name);
        let (outcome, exchanges) = match played {
            _ if !selection.includes(check.id) => {
                results.push(CheckResult::disabled(check));
                continue;
            }
            Some((_, Ok(seen))) => (judge(seen), seen.exchanges()),
            Some((_, Err(why))) => (Err(Stop::Broken(why.clone())), Vec::new()),
            None => {
                let why = Stop::Skip("has a meaning at the other host only".to_owned());
                (Err(why), Vec::new())
            }
        };
        let result = CheckResult::new(check, outcome, exchanges);
        results.push(selection.expects(result));
    }
    Ok(Report::of_client(host, &program.command, results))
}

type Played = (&'static str, Result<Seen, String>);

/// Plays each scenario that a wanted check looks at.
async fn play(host: Host, program: &Program, selection: &Selection) -> Result<Vec<Played>, String> {
    let mut scenarios: Vec<&'static Scenario> = Vec::new();
    for check in all() {
        if let How::Watches(scenario, _) = check.how
            && selection.includes(check.id)
            && scenario.host.is_none_or(|only| only == host)
            && !scenarios.iter().any(|it| it.name == scenario.name)
        {
            scenarios.push(scenario);
        }
    }
    let turns = Arc::new(Semaphore::new(program.at_once));
    let mut playing = JoinSet::new();
    for scenario in scenarios {
        let (program, turns) = (program.clone(), Arc::clone(&turns));
        playing.spawn(async move {
            let _turn = turns.acquire_owned().await;
            let mut seen = scene(host, &program, scenario).await;
            // Perhaps the machine was busy: what a right client does late once, it
            // does in time the next time.
            if seen.as_ref().is_ok_and(Seen::was_late) {
                seen = scene(host, &program, scenario).await;
            }
            (scenario.name, seen)
        });
    }
    let mut seen = Vec::new();
    while let Some(ended) = playing.join_next().await {
        seen.push(ended.map_err(|_| "the suite panicked".to_owned())?);
    }
    Ok(seen)
}

/// One scenario, from its service's start to its end.
async fn scene(host: Host, program: &Program, scenario: &Scenario) -> Result<Seen, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no folder: {error}"))?;
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
        ("KLING_TIMEOUT", scenario.patience.as_secs_f64().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let mut ended = Vec::new();
    for _ in 0..scenario.runs {
        let variables = variables.to_vec();
        ended.push(child::run(&program.command, variables, String::new(), program.limit).await?);
    }
    let mut seen = Seen {
        host,
        key: mock.api_key().to_owned(),
        journal: mock.journal(),
        charges: mock.charges().len(),
        ended,
        file: std::fs::read(&output).ok().map(Bytes::from),
        whole: None,
    };
    seen.whole = video(&mock, seen.path()).await;
    for server in servers {
        server.shutdown().await;
    }
    Ok(seen)
}

/// The service at one port, and its results at another under another name: a
/// host of their own, as in life.
async fn serve(host: Host, scenario: &Scenario) -> Result<(Mock, [Server; 2]), String> {
    let mut last = String::new();
    // The results' address must be known before anybody listens there; somebody
    // else may take the port in between.
    for _ in 0..8 {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr());
        let port = free.map_err(|error| format!("no port: {error}"))?.port();
        let mock = scenario.mock(host, &format!("http://localhost:{port}"))?;
        let results = mock.serve((Ipv4Addr::LOCALHOST, port)).await;
        match (mock.serve((Ipv4Addr::LOCALHOST, 0)).await, results) {
            (Ok(api), Ok(results)) => return Ok((mock, [api, results])),
            (Err(error), _) | (_, Err(error)) => last = format!("no port: {error}"),
        }
    }
    Err(last)
}

/// What `KLING_IMAGES` is, with the files written.
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
            "{path} has a space, and KLING_IMAGES is separated by spaces: set TMPDIR to another folder"
        ));
    }
    Ok(path)
}

/// The video of the first task, as the service has it.
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
