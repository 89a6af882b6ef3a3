//! A create of a process that is no more: what the service tells of it.

use kling_http::types::UnixMillis;

use super::*;

/// When the create of these tests was begun.
const BEGUN: i64 = 1_790_000_000_000;

async fn find(host: &Host, provider: Provider) -> Result<Option<TaskHandle>, Error> {
    let id = ExternalTaskId::new(EXTERNAL_ID).expect("an id");
    let client = host.client(provider);
    let begun = UnixMillis::new(BEGUN);
    client.effects().find_created(&id, begun).await
}

#[tokio::test(start_paused = true)]
async fn its_task_is_found() {
    let host = Host::new([ours("processing")]);
    let found = find(&host, Provider::kling()).await.expect("an answer");
    let task = found.expect("a task");
    assert_eq!(task.id().as_str(), "7");
    assert_eq!(
        task.external_id().map(ExternalTaskId::as_str),
        Some(EXTERNAL_ID)
    );
    assert_eq!(host.count(&Method::POST), 0);
}

#[tokio::test(start_paused = true)]
async fn only_the_service_can_say_that_there_is_none() {
    let found = find(&Host::new([not_found()]), Provider::kling()).await;
    assert!(found.expect("an answer").is_none());
    for (reply, kind) in [
        (
            Reply::Answer(404, "default backend".to_owned()),
            ErrorKind::NotFound,
        ),
        (Reply::Answer(200, "<html>".to_owned()), ErrorKind::Config),
        (lost(), ErrorKind::Transport),
    ] {
        let error = find(&Host::new([reply]), Provider::kling()).await;
        let error = error.expect_err("nothing is known");
        assert_eq!((error.kind(), error.maybe_sent()), (kind, false));
        let id = error.external_task_id().map(ExternalTaskId::as_str);
        assert_eq!(id, Some(EXTERNAL_ID));
    }
}

#[tokio::test(start_paused = true)]
async fn another_task_is_not_taken_for_it() {
    let task = |id: &str, at: i64| {
        found(
            &json!({"task_id": "7", "task_status": "submitted", "created_at": at,
            "task_info": {"external_task_id": id}}),
        )
    };
    for (reply, is_ours) in [
        (task(EXTERNAL_ID, 1), true),
        (task("", BEGUN), true),
        (task("", BEGUN - 300_001), false),
        (task("another", BEGUN), false),
    ] {
        let told = format!("{reply:?}");
        match find(&Host::new([reply]), Provider::kling()).await {
            Ok(found) => assert!(is_ours && found.is_some(), "{told}"),
            Err(error) => {
                assert!(!is_ours && error.maybe_sent(), "{error} {told}");
                assert!(
                    error.to_string().contains("is task 7, another one"),
                    "{error}"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn where_nothing_can_be_told_nothing_is_sent() {
    let host = Host::new([ours("processing")]);
    let error = find(&host, Provider::comet())
        .await
        .expect_err("no way to ask");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(host.asked().len(), 0);
}
