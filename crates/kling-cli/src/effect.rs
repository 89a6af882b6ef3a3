//! `kling effect`: submit, wait, download; once, or for several pictures one
//! after another.

use std::process::ExitCode;
use std::time::Duration;

use kling_http::{Client, Credentials, PollPolicy};
use kling_mock::{Mock, Plan as Course, Server};

use crate::args::EffectArgs;
use crate::batch::Batch;
use crate::connect::Connection;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::{self, Job};
use crate::plan;
use crate::signals::StopSignals;

/// The course of a task of `--mock`: slow enough to be watched.
const MOCK_QUEUE: Duration = Duration::from_millis(500);
const MOCK_RUN: Duration = Duration::from_millis(1500);
/// How long a task of `--mock` takes.
pub(crate) const MOCK_TIME: Duration = MOCK_QUEUE.saturating_add(MOCK_RUN);

/// How often a task of --mock is queried.
const MOCK_INTERVAL: Duration = Duration::from_millis(100);

pub(crate) async fn run(args: &EffectArgs) -> ExitCode {
    match make(args).await {
        Ok(exit) => exit.into(),
        Err(failure) => job::report_outcome(&Job::new(args.json), Err(failure)).into(),
    }
}

async fn make(args: &EffectArgs) -> Result<Exit, Failure> {
    let jobs = plan::jobs(args)?;
    let service = Service::start(args).await?;
    plan::check_service(&jobs, &service.connection.provider)?;
    // Not before all is read: until then a signal ends the program, and nothing was
    // sent.
    let mut signals = StopSignals::listen();
    let exit = Batch::work(args, &service.connection, jobs, &mut signals).await?;
    service.stop().await;
    Ok(exit)
}

/// The service to talk to.
struct Service {
    connection: Connection,
    /// The fake one of `--mock`; it serves as long as it is held.
    server: Option<Server>,
}

impl Service {
    async fn start(args: &EffectArgs) -> Result<Service, Failure> {
        let check_pictures = !args.request.no_preflight;
        if !args.mock {
            let connected = args.connect.connect(&args.wait, None, check_pictures);
            let connection = connected.map_err(Failure::or_mock)?;
            return Ok(Service {
                connection,
                server: None,
            });
        }
        let mock = Mock::builder()
            .plan(Course::after(MOCK_QUEUE, MOCK_RUN))
            .build();
        let server = mock.serve(([127, 0, 0, 1], 0)).await.map_err(|error| {
            Failure::Usage(format!(
                "the fake service can't listen on loopback: {error}"
            ))
        })?;
        let provider = mock.provider().with_base_url(server.base_url());
        let mut poll = PollPolicy::every(args.wait.poll_interval.unwrap_or(MOCK_INTERVAL));
        poll.max_wait = args.wait.timeout.unwrap_or(poll.max_wait);
        let client = Client::builder(provider.clone(), Credentials::api_key(mock.api_key()))
            .poll(poll)
            .check_pictures(check_pictures)
            .build()?;
        Ok(Service {
            connection: Connection { client, provider },
            server: Some(server),
        })
    }

    async fn stop(self) {
        // The client's idle connections first: the server waits for them.
        drop(self.connection);
        if let Some(server) = self.server {
            server.shutdown().await;
        }
    }
}
