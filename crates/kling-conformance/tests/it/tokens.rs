//! Access keys with a service that verifies the signature, the times and the issuer of
//! every token.

use std::time::{Duration, UNIX_EPOCH};

use kling_http::{
    Client, Credentials, EffectRequest, ErrorKind, ImageSource, PollPolicy, RetryPolicy, Scene,
    TokioClock,
};
use kling_mock::{Account, JournalEntry, Mock, MockBuilder, Operation, Plan, Profile};

const ACCESS: &str = "access-0123456789";
const SECRET: &str = "secret-0123456789";

/// 2026-09-20, the date of the service's list of scenes.
fn clock() -> TokioClock {
    TokioClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_789_862_400))
}

fn service(clock: TokioClock) -> MockBuilder {
    let account = Account::new("pair").access_keys(ACCESS, SECRET);
    let builder = Mock::builder().profile(Profile::kling()).clock(clock);
    builder.account(account).unwrap()
}

fn client(mock: &Mock, clock: TokioClock, secret: &str) -> Client {
    let provider = mock.provider().with_base_url("https://mock.test");
    Client::builder(provider, Credentials::access_keys(ACCESS, secret))
        .transport(mock.transport())
        .clock(clock)
        .retry(RetryPolicy::default())
        .poll(PollPolicy {
            max_wait: Duration::from_secs(10 * 60 * 60),
            ..PollPolicy::default()
        })
        .build()
        .unwrap()
}

fn request() -> EffectRequest {
    let image = ImageSource::url("https://example.com/me.jpg");
    EffectRequest::single(Scene::COLOR_MIXING, image)
}

/// The HTTP statuses of these answers, one after the other.
fn statuses<'a>(entries: impl IntoIterator<Item = &'a JournalEntry>) -> Vec<Option<u16>> {
    let statuses = entries.into_iter().map(JournalEntry::status);
    statuses.map(|status| Some(status?.as_u16())).collect()
}

/// A token is valid for 30 minutes, and the task takes six hours: a common mistake is to
/// poll with the first token until it is refused.
#[tokio::test(start_paused = true)]
async fn a_wait_of_hours_is_never_refused_for_its_token() {
    let clock = clock();
    let six_hours = Duration::from_secs(6 * 60 * 60);
    let plan = Plan::after(Duration::from_secs(5), six_hours);
    let mock = service(clock).plan(plan).build();
    let task = client(&mock, clock, SECRET)
        .effects()
        .create(request())
        .await;
    let done = task.unwrap().wait().await.unwrap();
    assert!(done.videos()[0].url.is_some());
    let statuses = statuses(&mock.journal());
    assert!(statuses.len() > 10, "{}", statuses.len());
    assert!(
        statuses.iter().all(|status| *status == Some(200)),
        "{statuses:?}"
    );
}

/// The token expires between two calls.
#[tokio::test(start_paused = true)]
async fn an_idle_client_signs_a_new_token() {
    let clock = clock();
    let mock = service(clock).build();
    let client = client(&mock, clock, SECRET);
    for _ in 0..3 {
        let _ = client.effects().create(request()).await.unwrap();
        // At the exact second, and later.
        tokio::time::sleep(Duration::from_secs(1800)).await;
    }
    assert_eq!(statuses(&mock.journal()), [Some(200); 3]);
}

async fn check_refused_once(fault: &str, operation: Operation) {
    let clock = clock();
    let mock = service(clock).fault(fault.parse().unwrap()).build();
    let client = client(&mock, clock, SECRET);
    let task = client.effects().create(request()).await.unwrap();
    task.fetch().await.unwrap();
    let journal = mock.journal();
    let asked = journal
        .iter()
        .filter(|entry| entry.operation() == operation);
    assert_eq!(statuses(asked), [Some(401), Some(200)], "{fault}");
    assert_eq!(journal.len(), 3, "{fault}");
    mock.ledger().assert_charged_once(task.id());
}

#[tokio::test(start_paused = true)]
async fn code_1004_gets_a_new_token_and_another_try() {
    check_refused_once("get#1:401/1004", Operation::Get).await;
    check_refused_once("create#1:401/1004", Operation::Create).await;
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_or_clock_is_reported() {
    let clock = clock();
    let mock = service(clock).build();
    let wrong = client(&mock, clock, "another");
    let error = wrong.effects().create(request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(statuses(&mock.journal()), [Some(401)]);

    // An hour slow: both tokens are expired, and the error suggests to check the clock.
    let slow = TokioClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_789_858_800));
    let error = client(&mock, slow, SECRET)
        .effects()
        .create(request())
        .await;
    let error = error.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Auth, 2));
    assert!(
        error.to_string().contains("is this machine's clock right?"),
        "{error}"
    );

    // An hour fast: the token is not valid yet, so a new one does not help.
    let fast = TokioClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_789_866_000));
    let error = client(&mock, fast, SECRET)
        .effects()
        .create(request())
        .await;
    let error = error.unwrap_err();
    assert_eq!(
        error.api_code().map(kling_http::types::ApiCode::get),
        Some(1003)
    );
    assert_eq!(error.attempts(), 1);
    assert!(mock.charges().is_empty());
}
