//! Long waits in virtual time: a paused clock and no socket.

use std::time::Duration;

use kling_http::{EffectRequest, ErrorKind, ImageSource, Scene, TaskEvent};
use kling_mock::{Mock, Plan};
use tokio::time::Instant;

fn request() -> EffectRequest {
    EffectRequest::single(
        Scene::COLOR_MIXING,
        ImageSource::url("https://example.com/me.jpg"),
    )
}

#[tokio::test(start_paused = true)]
async fn every_state_is_observed_in_ten_minutes() {
    let (queue, run) = (Duration::from_secs(20), Duration::from_secs(580));
    let mock = Mock::builder().plan(Plan::after(queue, run)).build();
    let began = Instant::now();

    let task = mock
        .client()
        .unwrap()
        .effects()
        .create(request())
        .await
        .unwrap();
    let mut events = task.events();
    let mut seen = Vec::new();
    let mut done = None;
    while let Some(event) = events.next().await {
        match event.unwrap() {
            TaskEvent::Changed(task) => seen.push(task.status.to_string()),
            TaskEvent::Done(task) => {
                seen.push(task.status.to_string());
                done = Some(task);
            }
            other => panic!("unexpected: {other:?}"),
        }
    }

    assert_eq!(seen, ["submitted", "processing", "succeed"]);
    assert!(done.unwrap().videos()[0].url.is_some());
    let elapsed = began.elapsed();
    assert!(elapsed >= queue + run, "{elapsed:?}");
    // The last query is sent at most one maximum interval after the end.
    assert!(
        elapsed <= queue + run + Duration::from_secs(15),
        "{elapsed:?}"
    );
    assert_eq!(mock.charges().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_times_out_if_the_task_does_not_end() {
    let mock = Mock::builder().plan(Plan::stuck()).build();
    let task = mock
        .client()
        .unwrap()
        .effects()
        .create(request())
        .await
        .unwrap();
    let began = Instant::now();
    let error = task.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitTimeout);
    assert_eq!(error.task_id(), Some(task.id()));
    assert_eq!(began.elapsed(), Duration::from_secs(30 * 60));
}

#[tokio::test(start_paused = true)]
async fn a_failed_task_has_its_reason() {
    let plan = Plan::instant().failing("Failure to pass the risk control system");
    let mock = Mock::builder().plan(plan).build();
    let task = mock
        .client()
        .unwrap()
        .effects()
        .create(request())
        .await
        .unwrap();
    let error = task.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed);
    assert!(
        error
            .to_string()
            .contains("Failure to pass the risk control system"),
        "{error}"
    );
    assert!(error.task_id().is_some());
}
