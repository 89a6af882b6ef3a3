//! The log of runs with many failures, at every level.

use std::cell::RefCell;
use std::io::Write;
use std::sync::Once;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use kling_http::{Client, Credentials, EffectRequest, ImageSource, Scene, TokioClock};
use kling_mock::{Account, Mock, Plan, Profile};
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;

const API_KEY: &str = "api-key-kling-very-secret";
const SECRET_KEY: &str = "secret-key-very-secret";

thread_local! {
    /// The log of this thread, while it is captured.
    static LOG: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

struct ToThisThread;

impl Write for ToThisThread {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.with_borrow_mut(|log| log.as_mut().map(|log| log.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Captures everything that this thread logs during the run, at every level. All tests
/// share a subscriber; the logs of other threads are ignored.
async fn logged(run: impl Future<Output = ()>) -> String {
    static SUBSCRIBER: Once = Once::new();
    SUBSCRIBER.call_once(|| {
        let wanted = dynamic_filter_fn(|_, _| LOG.with_borrow(Option::is_some));
        let lines = tracing_subscriber::fmt::layer()
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(|| ToThisThread);
        let subscriber = tracing_subscriber::registry().with(lines).with(wanted);
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
    // Callsites that other threads reached before may be cached as disabled.
    tracing::callsite::rebuild_interest_cache();
    LOG.set(Some(Vec::new()));
    run.await;
    String::from_utf8(LOG.take().unwrap()).unwrap()
}

/// A valid picture, and a part of its base64.
fn picture() -> (ImageSource, String) {
    let media = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/media/portrait.jpg"
    );
    let bytes = std::fs::read(media).unwrap();
    let text = base64::prelude::BASE64_STANDARD.encode(&bytes[..300]);
    (ImageSource::bytes(bytes), text[100..140].to_owned())
}

fn mock(faults: &[&str], clock: TokioClock) -> Mock {
    let account = Account::new("logged")
        .api_key(API_KEY)
        .access_keys("access-key", SECRET_KEY);
    let plan = Plan::after(Duration::from_secs(2), Duration::from_secs(30));
    let mut builder = Mock::builder()
        .profile(Profile::kling())
        .clock(clock)
        .plan(plan);
    builder = builder.account(account).unwrap();
    for fault in faults {
        builder = builder.fault(fault.parse().unwrap());
    }
    builder.build()
}

/// A create, a wait and a download, despite the faults.
async fn run(client: &Client) {
    let request = EffectRequest::single(Scene::COLOR_MIXING, picture().0);
    let Ok(task) = client.effects().create(request).await else {
        return;
    };
    let Ok(done) = task.wait().await else {
        return;
    };
    let folder = std::env::temp_dir();
    let file = folder.join(format!("kling-log-{}.mp4", done.id.as_str()));
    if let Ok(download) = client.download(&done.videos()[0]).await {
        let _ = download.save_to(&file).await;
        let _ = std::fs::remove_file(&file);
    }
}

/// No key, no token, no picture and no signature.
#[track_caller]
fn check_nothing_secret(log: &str) {
    let (_, base64) = picture();
    for secret in [
        API_KEY,
        SECRET_KEY,
        // The start of every JWT.
        "eyJhbGciOi",
        "Bearer",
        &base64,
        "Signature",
        "Expires=",
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret:?} is in {line:?}");
    }
}

const FAULTS: &[&str] = &[
    "create#1:401/1004",
    "create#2@after:reset",
    "get#1:lag=2",
    "get#4:503",
    "get#5:429/1302+retry_after=2s",
    "get#6:json=cut",
    "get#7:hang",
    "asset#1:truncate=1000",
    "asset#2:503",
];

/// A common mistake: secrets in logs, such as the signed JWT at the level debug.
#[tokio::test(start_paused = true)]
async fn a_run_with_failures_leaves_no_secret_in_the_log() {
    for credentials in [
        Credentials::api_key(API_KEY),
        Credentials::access_keys("access-key", SECRET_KEY),
    ] {
        for faults in [
            FAULTS,
            &["create:429/1102"],
            &["get:401/1002"],
            &["asset:403"],
        ] {
            let clock = TokioClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_789_862_400));
            let mock = mock(faults, clock);
            let provider = mock.provider().with_base_url("https://mock.test");
            let client = Client::builder(provider, credentials.clone()).transport(mock.transport());
            let client = client.clock(clock).build().unwrap();
            let log = logged(Box::pin(run(&client))).await;
            check_nothing_secret(&log);
            assert!(
                log.contains("kling.request{operation=\"effects.create\" attempt=1"),
                "{log}"
            );
        }
    }
}

/// The same over a socket, including the log of the HTTP library.
#[tokio::test]
async fn a_run_over_a_socket_leaves_no_secret_in_the_log() {
    let clock = TokioClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_789_862_400));
    let mock = mock(&["create#1@after:reset"], clock);
    let server = mock.serve(([127, 0, 0, 1], 0)).await.unwrap();
    let provider = mock.provider().with_base_url(server.base_url());
    let client = Client::builder(provider, Credentials::access_keys("access-key", SECRET_KEY));
    let client = client.clock(clock).build().unwrap();
    let log = logged(async {
        let request = EffectRequest::single(Scene::COLOR_MIXING, picture().0);
        let task = client.effects().create(request).await.unwrap();
        task.fetch().await.unwrap();
    })
    .await;
    server.shutdown().await;
    check_nothing_secret(&log);
    assert!(log.contains("the task was found"), "{log}");
}

#[tokio::test(start_paused = true)]
async fn spans_record_requests_and_answers() {
    let clock = TokioClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_789_862_400));
    let mock = mock(&["create#1:429/1302", "create#2@after:reset"], clock);
    let provider = mock.provider().with_base_url("https://mock.test");
    let client = Client::builder(provider, Credentials::api_key(API_KEY))
        .transport(mock.transport())
        .clock(clock)
        .build()
        .unwrap();
    let mut created = None;
    let log = logged(async {
        let request = EffectRequest::single(Scene::COLOR_MIXING, picture().0);
        created = client.effects().create(request).await.ok();
    })
    .await;
    let created = created.unwrap();
    let external_id = created.external_id().unwrap();
    let task_span = format!("kling.task{{external_task_id=\"{external_id}\"}}");
    let request_span = format!("{task_span}:kling.request{{");
    let closed = log.lines().filter(|line| line.contains(" close "));
    let asked: Vec<&str> = closed
        .filter_map(|line| line.split_once(&request_span)?.1.split('}').next())
        .collect();
    assert_eq!(asked.len(), 3, "{log}");
    assert!(asked[0].starts_with("operation=\"effects.create\" attempt=1 status=429 code=1302"));
    assert!(asked[0].contains("request_id="), "{}", asked[0]);
    assert_eq!(asked[1], "operation=\"effects.create\" attempt=2");
    assert_eq!(asked[2], "operation=\"effects.get\" attempt=1 status=200");
    assert!(
        log.contains("the attempt failed and is retried kind=\"rate_limited\""),
        "{log}"
    );
    assert!(
        log.contains("outcome of the create unknown: looking up its task"),
        "{log}"
    );

    let log = logged(async {
        created.fetch().await.unwrap();
        client
            .effects()
            .get_by_external_id(external_id)
            .await
            .unwrap();
    })
    .await;
    let by_id = format!("kling.task{{task_id=\"{}\"}}:kling.request{{", created.id());
    assert!(log.contains(&by_id), "{log}");
    assert!(log.contains(&request_span), "{log}");

    let mut bytes = Vec::new();
    // Too large for the stack.
    let log = logged(Box::pin(async {
        let done = created.wait().await.unwrap();
        let download = created.download(&done.videos()[0]).await.unwrap();
        download.write_to(&mut bytes).await.unwrap();
    }))
    .await;
    let fetched = format!("{by_id}operation=\"download\" attempt=1 status=200}}");
    assert!(!bytes.is_empty() && log.contains(&fetched), "{log}");
}
