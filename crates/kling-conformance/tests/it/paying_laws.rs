//! Whatever goes wrong on the way, a job is billed once at most, and who is
//! billed knows of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::{Duration, UNIX_EPOCH};

use kling_http::{
    Client, Credentials, EffectRequest, ExternalTaskId, ImageSource, Scene, TokioClock,
    Transport as _, TransportError, TransportErrorKind, transport_fn,
};
use kling_mock::{Mock, Operation, Plan, Profile};
use proptest::prelude::*;

/// What can happen to a create or a look-up: before the service acts, after, or
/// to the answer on its way.
const ACTIONS: &[&str] = &[
    "@before:reset",
    "@after:reset",
    "@before:close",
    "@after:close",
    "@before:hang",
    "@after:hang",
    "@before:503",
    "@before:500/5000",
    "@before:504/5002",
    "@before:503/5001",
    "@before:429/1302",
    "@before:429/1303",
    "@before:429/1102",
    "@before:html502",
    ":truncate=20",
    ":json=cut",
    ":json=missing_field(/data/task_id)",
    ":json=null(/data)",
    ":json=bom",
    ":empty",
    ":delay=90s",
];

/// What stands in front of the service, in place of an answer to a look-up.
const STRAY: &[&str] = &[
    ":404/1202",
    ":html301",
    ":raw(200, text/html, \"\")",
    ":raw(404, text/html, \"<h1>404</h1>\")",
    ":raw(403, text/html, \"<h1>challenge</h1>\")",
];

/// What can happen to a create only: it is done, and the answer says it is not.
const AFTER: &[&str] = &[
    // Of some machine in front: the service's own 503 has code 5001, "not now".
    "@after:raw(503, text/html, \"<h1>503</h1>\")",
    "@after:500/5000",
    "@after:504/5002",
    "@after:html502",
    "@after:raw(408, text/plain, \"timed out\")",
    "@after:raw(408, text/html, \"<h1>408</h1>\")",
    // A gateway's script that died behind the create.
    "@after:raw(200, text/html, \"<b>Fatal error</b>\")",
    "@after:raw(200, text/html, \"\")",
];

fn schedule() -> impl Strategy<Value = Vec<String>> {
    let any = prop_oneof![Just("create"), Just("get")];
    let shared = (any, 1..5_u8, proptest::sample::select(ACTIONS));
    let shared = shared.prop_map(|(operation, nth, action)| format!("{operation}#{nth}{action}"));
    let after = (1..5_u8, proptest::sample::select(AFTER));
    let after = after.prop_map(|(nth, action)| format!("create#{nth}{action}"));
    let lag = (1..4_u8).prop_map(|reads| format!("get:lag={reads}"));
    proptest::collection::vec(prop_oneof![6 => shared, 3 => after, 1 => lag], 0..6)
}

/// The time at which all begins, and virtual from there.
fn clock() -> TokioClock {
    TokioClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_790_000_000))
}

/// A client that is refused a connection so many times before it reaches the fake.
fn client(mock: &Mock, refused: u8) -> Client {
    let (door, left) = (mock.transport(), Arc::new(AtomicU8::new(refused)));
    let transport = transport_fn(move |request| {
        let one_less = |left: u8| left.checked_sub(1);
        let is_refused = left.fetch_update(Relaxed, Relaxed, one_less).is_ok();
        let door = door.clone();
        async move {
            if is_refused {
                return Err(TransportError::new(TransportErrorKind::Connect, "refused"));
            }
            door.send(request).await
        }
    });
    let provider = mock.provider().with_base_url("https://mock.test");
    let builder = Client::builder(provider, Credentials::api_key(mock.api_key()));
    builder.transport(transport).clock(clock()).build().unwrap()
}

/// Whether Kling is sure to do the job in the end: nothing is refused for good, and at
/// most one create is lost, as there is but one more.
fn comes_back(mock: &Mock, faults: &[String], refused: u8) -> bool {
    let lost = faults.iter().filter(|fault| fault.starts_with("create"));
    let for_good = faults.iter().any(|fault| fault.contains("429/1102"));
    mock.provider().finds_external_ids() && lost.count() <= 1 && !for_good && refused < 4
}

async fn check(profile: Profile, faults: &[String], refused: u8) {
    let mut builder = Mock::builder()
        .profile(profile)
        .clock(clock())
        .plan(Plan::after(Duration::from_secs(1), Duration::from_secs(60)));
    for text in faults {
        builder = builder.fault(text.parse().unwrap());
    }
    let mock = builder.build();
    let image = ImageSource::url("https://example.com/me.jpg");
    let request = EffectRequest::single(Scene::COLOR_MIXING, image);
    let created = client(&mock, refused).effects().create(request).await;

    let charges = mock.charges();
    assert!(charges.len() <= 1, "billed {} times", charges.len());
    match (created, charges.first()) {
        (Ok(task), Some(charge)) => {
            assert_eq!(task.id(), &charge.task_id);
            assert_eq!(task.external_id(), charge.external_task_id.as_ref());
        }
        (Ok(task), None) => panic!("a task {} that nobody pays for", task.id()),
        (Err(error), _) if comes_back(&mock, faults, refused) => {
            panic!("the service was there again: {error}")
        }
        (Err(error), Some(charge)) => {
            assert!(
                error.maybe_sent(),
                "billed, and the error does not say so: {error}"
            );
            assert_eq!(error.external_task_id(), charge.external_task_id.as_ref());
        }
        (Err(error), None) => assert!(error.external_task_id().is_some(), "{error}"),
    }
    if !mock.provider().finds_external_ids() {
        check_nothing_was_sent_blindly(&mock);
    }
}

/// Where an id can't be looked up, a create is sent again only after an answer
/// that says that nothing was done.
fn check_nothing_was_sent_blindly(mock: &Mock) {
    let mut creates: Vec<_> = mock.journal();
    creates.retain(|entry| entry.operation() == Operation::Create);
    creates.pop();
    for entry in creates {
        let fault = entry.fault().unwrap_or_default().into_owned();
        let harmless = ["5001", "1302", "1303"]
            .iter()
            .any(|code| fault.contains(code));
        assert!(
            harmless && !fault.contains("delay"),
            "sent again after {fault:?}"
        );
    }
}

/// What chance seldom finds: the look-up misses the task that is there, and the
/// second create is refused for another reason.
#[tokio::test(start_paused = true)]
async fn a_refused_second_create_says_nothing_of_the_first() {
    for code in ["429/1102", "400/1301", "401/1002"] {
        let faults = [
            "create#1@after:reset",
            "get:lag=99",
            &format!("create#2:{code}"),
        ];
        check(Profile::kling(), &faults.map(str::to_owned), 0).await;
    }
}

/// The first task takes the account's only slot, and shows up late: the second create
/// is refused for want of a slot, and by then the first can be found.
#[tokio::test(start_paused = true)]
async fn a_lost_task_is_looked_up_again_after_the_second_create_was_refused() {
    for refusal in [
        "create#2-6:429/1303",
        "create#2-6:429/1302",
        "create#2:429/1102",
    ] {
        for lag in 3..6 {
            let lag = format!("get:lag={lag}");
            check_done(&["create#1@after:reset", &lag, refusal]).await;
        }
    }
}

/// Code 5001 says "not now", so the create is sent again; where it was carried out
/// all the same, the service refuses the second, and the first is adopted.
#[tokio::test(start_paused = true)]
async fn a_create_that_was_done_though_the_service_said_not_now_is_adopted() {
    let fault = "create#1@after:503/5001".parse().unwrap();
    let mock = Mock::builder()
        .profile(Profile::kling())
        .fault(fault)
        .build();
    let image = ImageSource::url("https://example.com/me.jpg");
    let request = EffectRequest::single(Scene::COLOR_MIXING, image);
    let task = mock.client().unwrap().effects().create(request).await;
    mock.ledger().assert_charged_once(task.unwrap().id());
}

/// Code 5001 may be said of a task that then takes the only slot, or the last of the
/// credit: a refusal for want of either does not mean that nothing was created.
#[tokio::test(start_paused = true)]
async fn a_refusal_after_not_now_may_be_for_want_of_what_the_task_took() {
    for refusal in [
        "create#2-5:429/1303",
        "create#2-5:429/1302",
        "create#2:429/1102",
    ] {
        let faults = ["create#1@after:503/5001", refusal].map(str::to_owned);
        check(Profile::comet(), &faults, 0).await;
        check(Profile::kling(), &faults, 0).await;
        check_done(&["create#1@after:503/5001", "get:lag=2", refusal]).await;
    }
}

/// An id that the caller has used before is refused, however the first try went.
/// What it finds is named, and not waited for: by the clocks it is an earlier job.
#[tokio::test(start_paused = true)]
async fn an_earlier_job_of_the_same_id_is_not_taken_for_this_one() {
    let mock = Mock::builder().profile(Profile::kling()).build();
    let client = mock.client().unwrap();
    let image = ImageSource::url("https://example.com/me.jpg");
    let request = EffectRequest::single(Scene::COLOR_MIXING, image);
    let request = request.with_external_task_id(ExternalTaskId::new("order-7").unwrap());
    let first = client.effects().create(request.clone()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3_600)).await;

    mock.arm("create#1:503/5001".parse().unwrap());
    let error = client.effects().create(request).await.unwrap_err();
    assert!(error.to_string().contains("already exists"), "{error}");
    let named = format!("is task {}, an older one", first.id());
    assert!(
        error.maybe_sent() && error.to_string().contains(&named),
        "{error}"
    );
    mock.ledger().assert_charged_once(first.id());
    assert_eq!(mock.charges().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn a_job_is_billed_once_at_most(faults in schedule(), refused in 0..7_u8, at_kling: bool) {
        let profile = if at_kling { Profile::kling() } else { Profile::comet() };
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(check(profile, &faults, refused));
    }
}

/// One thing goes wrong, and the service is there again: at Kling the job is
/// done, and billed once.
#[tokio::test(start_paused = true)]
async fn one_fault_stops_nothing_at_kling() {
    for action in ACTIONS.iter().chain(AFTER) {
        check_done(&[&format!("create#1{action}")]).await;
    }
}

/// Nor does one more, on the look-up of a create whose answer was lost.
#[tokio::test(start_paused = true)]
async fn nor_does_a_fault_on_the_look_up() {
    for loss in ["create#1@before:reset", "create#1@after:reset"] {
        for action in ACTIONS.iter().chain(STRAY) {
            check_done(&[loss, &format!("get#1{action}")]).await;
        }
    }
}

/// With these faults the job is done, and billed once.
async fn check_done(faults: &[&str]) {
    // An empty account is no fault that passes.
    if faults
        .iter()
        .any(|fault| fault.contains("@before:429/1102"))
    {
        return;
    }
    let mut builder = Mock::builder().profile(Profile::kling());
    for fault in faults {
        builder = builder.fault(fault.parse().unwrap());
    }
    let mock = builder.build();
    let image = ImageSource::url("https://example.com/me.jpg");
    let request = EffectRequest::single(Scene::COLOR_MIXING, image);
    let task = mock.client().unwrap().effects().create(request).await;
    let task = task.unwrap_or_else(|error| panic!("{faults:?}: {error}"));
    mock.ledger().assert_charged_once(task.id());
    assert_eq!(mock.charges().len(), 1, "{faults:?}");
    assert!(task.wait().await.is_ok(), "{faults:?}");
}
