//! A create whose answer is lost is charged at most once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::Method;
use kling_http::{
    Client, Credentials, EffectRequest, ErrorKind, ImageSource, Scene, SharedTransport, TaskHandle,
    Transport, TransportError, TransportErrorKind, transport_fn,
};
use kling_mock::{Mock, Operation, Profile};

fn request() -> EffectRequest {
    EffectRequest::single(
        Scene::COLOR_MIXING,
        ImageSource::url("https://example.com/me.jpg"),
    )
}

/// When the connection is reset.
#[derive(Clone, Copy)]
enum Break {
    BeforeTheServiceActs,
    AfterTheServiceActs,
}

struct Run {
    mock: Mock,
    creates: u32,
    result: kling_http::Result<TaskHandle>,
}

/// Sends a create over a connection that is reset at the first create.
async fn create_with(profile: Profile, breaks: Break) -> Run {
    let mock = Mock::builder().profile(profile).build();
    let creates = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&creates);
    let inner = SharedTransport::new(mock.transport());
    let transport = transport_fn(move |request| {
        let (inner, counter) = (inner.clone(), Arc::clone(&counter));
        async move {
            let first =
                request.method() == Method::POST && counter.fetch_add(1, Ordering::Relaxed) == 0;
            if !first {
                return inner.send(request).await;
            }
            if matches!(breaks, Break::AfterTheServiceActs) {
                inner.send(request).await?;
            }
            Err(TransportError::new(
                TransportErrorKind::Broken,
                "connection reset",
            ))
        }
    });
    let provider = mock.provider().with_base_url("https://mock.test");
    let client = Client::builder(provider, Credentials::api_key(mock.api_key()))
        .transport(transport)
        .build()
        .unwrap();
    let result = client.effects().create(request()).await;
    Run {
        mock,
        creates: creates.load(Ordering::Relaxed),
        result,
    }
}

#[tokio::test(start_paused = true)]
async fn kling_finds_the_task_whose_answer_was_lost() {
    let run = create_with(Profile::kling(), Break::AfterTheServiceActs).await;
    let task = run.result.unwrap();
    let charges = run.mock.charges();
    assert_eq!((run.creates, charges.len()), (1, 1));
    assert_eq!(&charges[0].task_id, task.id());
    assert_eq!(charges[0].external_task_id.as_ref(), task.external_id());
    assert!(task.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn kling_receives_the_create_again_if_it_never_arrived() {
    let run = create_with(Profile::kling(), Break::BeforeTheServiceActs).await;
    assert!(run.result.is_ok());
    assert_eq!((run.creates, run.mock.charges().len()), (2, 1));
}

/// `CometAPI` has no query by external id (inferred), so the create is not retried.
async fn check_comet(breaks: Break, charges: usize) {
    let run = create_with(Profile::comet(), breaks).await;
    let error = run.result.unwrap_err();
    assert!(error.maybe_sent());
    assert_eq!(error.kind(), ErrorKind::Transport);
    let id = error.external_task_id().expect("the id that was sent");
    assert!(error.to_string().contains(id.as_str()), "{error}");
    assert_eq!((run.creates, run.mock.charges().len()), (1, charges));
}

#[tokio::test(start_paused = true)]
async fn comet_says_that_the_create_may_have_arrived() {
    check_comet(Break::AfterTheServiceActs, 1).await;
    check_comet(Break::BeforeTheServiceActs, 0).await;
}

/// Sends a create that is carried out but whose answer is lost, with a task that becomes
/// visible only after this many reads. Returns the number of creates, and the result.
async fn create_lagging(reads: u32) -> (usize, kling_http::Result<TaskHandle>) {
    let mock = Mock::builder()
        .profile(Profile::kling())
        .fault("create#1@after:reset".parse().unwrap())
        .fault(format!("get:lag={reads}").parse().unwrap())
        .build();
    let result = mock.client().unwrap().effects().create(request()).await;
    assert_eq!(mock.charges().len(), 1, "lag {reads}");
    let journal = mock.journal();
    let creates = journal
        .iter()
        .filter(|it| it.operation() == Operation::Create);
    (creates.count(), result)
}

#[tokio::test(start_paused = true)]
async fn a_task_that_becomes_visible_late_is_found_and_charged_once() {
    for reads in 1..=8 {
        let (creates, result) = create_lagging(reads).await;
        assert!(result.is_ok(), "lag {reads}: {result:?}");
        // After three misses, the create is resent and refused as a duplicate.
        assert_eq!(creates, if reads < 3 { 1 } else { 2 }, "lag {reads}");
    }
    let (creates, result) = create_lagging(9).await;
    let error = result.unwrap_err();
    assert!(
        error.maybe_sent() && error.external_task_id().is_some(),
        "{error}"
    );
    assert_eq!(creates, 2);
}

/// If the answer to a lookup has no `task_info`, as older bodies do, the task is identified
/// by its creation time.
#[tokio::test(start_paused = true)]
async fn a_task_without_task_info_is_identified_by_its_time() {
    for broken in ["/data/task_info", "/data/created_at"] {
        let mock = Mock::builder()
            .profile(Profile::kling())
            .fault("create#1@after:reset".parse().unwrap())
            .fault(
                format!("get#1:json=missing_field({broken})")
                    .parse()
                    .unwrap(),
            )
            .build();
        let result = mock.client().unwrap().effects().create(request()).await;
        assert!(result.is_ok(), "{broken}: {result:?}");
        assert_eq!(mock.charges().len(), 1, "{broken}");
    }
}
