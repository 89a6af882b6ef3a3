//! Results, from the fake service into memory.

use std::time::Duration;

use kling_http::{EffectRequest, ErrorKind, ImageSource, Scene, Task, TaskHandle};
use kling_mock::{Mock, Plan};

/// A task that is done, and what its handle and its last answer are.
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

/// Whatever happens to the first answers, the same bytes come.
#[tokio::test(start_paused = true)]
async fn a_video_comes_whole_whatever_goes_wrong_on_the_way() {
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
    // The fake service's videos differ from mock to mock in nothing but the task.
    assert!(
        hashes.windows(2).all(|two| two[0].0 == two[1].0),
        "{hashes:?}"
    );
}

/// Results are kept for 30 days.
#[tokio::test(start_paused = true)]
async fn after_a_month_the_result_is_gone_and_that_is_what_the_error_says() {
    let mock = mock(&[]);
    let (task, done) = done(&mock).await;
    tokio::time::advance(Duration::from_secs(31 * 24 * 60 * 60)).await;
    let error = task.download(&done.videos()[0]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResultExpired, "{error}");
    assert_eq!(error.task_id(), Some(task.id()));
}
