//! Downloads of results from the fake service.

use std::time::Duration;

use kling_http::{EffectRequest, ErrorKind, ImageSource, Scene, Task, TaskHandle};
use kling_mock::{Mock, Plan};

/// Creates a task and waits for it; returns its handle and the task.
async fn done(mock: &Mock) -> (TaskHandle, Task) {
    let image = ImageSource::url("https://example.com/me.jpg");
    let request = EffectRequest::single(Scene::COLOR_MIXING, image);
    let client = mock.client().unwrap();
    let task = client.effects().create(request).await.unwrap();
    let done = task.wait().await.unwrap();
    (task, done)
}

fn mock(faults: &[&str]) -> Mock {
    let plan = Plan::after(Duration::from_secs(1), Duration::from_secs(9));
    let builder = Mock::builder().plan(plan);
    let builder = faults.iter().fold(builder, |builder, fault| {
        builder.fault(fault.parse().unwrap())
    });
    builder.build()
}

/// Whatever fault the first answers have, the downloaded bytes are the same.
#[tokio::test(start_paused = true)]
async fn downloads_survive_faults() {
    let mut hashes = Vec::new();
    for faults in [
        &[][..],
        &["asset#1:expired"],
        &["asset#1:404"],
        &["asset#1-3:503"],
        &["asset#1:truncate=1"],
        &["asset#1:truncate=100", "asset#2:range_ignored"],
    ] {
        let mock = mock(faults);
        let (task, done) = done(&mock).await;
        let mut bytes = Vec::new();
        let download = task.download(&done.videos()[0]).await.unwrap();
        let received = download.write_to(&mut bytes).await.unwrap();
        assert_eq!(received.bytes, bytes.len() as u64, "{faults:?}");
        hashes.push((received.bytes, received.sha256));
        assert_eq!(mock.charges().len(), 1);
    }
    // The videos of different mocks differ only in the task.
    assert!(
        hashes.windows(2).all(|two| two[0].0 == two[1].0),
        "{hashes:?}"
    );
}

/// Results are kept for 30 days.
#[tokio::test(start_paused = true)]
async fn the_error_says_that_an_expired_result_is_gone() {
    let mock = mock(&[]);
    let (task, done) = done(&mock).await;
    tokio::time::advance(Duration::from_secs(31 * 24 * 60 * 60)).await;
    let error = task.download(&done.videos()[0]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResultExpired, "{error}");
    assert_eq!(error.task_id(), Some(task.id()));
}
