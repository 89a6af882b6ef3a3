//! A create whose answer is lost is paid for once, or not sent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::Method;
use kling_http::{
    Client, Credentials, EffectRequest, ErrorKind, ImageSource, Scene, SharedTransport, TaskHandle,
    Transport, TransportError, TransportErrorKind, transport_fn,
};
use kling_mock::{Mock, Profile};

fn request() -> EffectRequest {
    EffectRequest::single(
        Scene::COLOR_MIXING,
        ImageSource::url("https://example.com/me.jpg"),
    )
}

/// When the connection breaks.
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

/// Creates through a connection that breaks at the first create.
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
async fn kling_gets_the_create_again_if_it_never_came() {
    let run = create_with(Profile::kling(), Break::BeforeTheServiceActs).await;
    assert!(run.result.is_ok());
    assert_eq!((run.creates, run.mock.charges().len()), (2, 1));
}

/// `CometAPI` can't be asked by external id (inferred: facts on its own ids), so
/// nothing is sent again.
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
