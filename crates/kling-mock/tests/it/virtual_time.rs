//! Minutes of waiting without waiting.

use std::time::Duration;

use kling_http::types::TaskState;
use kling_http::{EffectRequest, ErrorKind, ImageSource, Scene, TaskEvent};
use kling_mock::{Mock, Plan, Profile};
use tokio::time::Instant;

fn request() -> EffectRequest {
    EffectRequest::single(
        Scene::COLOR_MIXING,
        ImageSource::url("https://example.com/me.jpg"),
    )
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_pass_and_every_state_is_seen() {
    for profile in [Profile::comet(), Profile::kling()] {
        let plan = Plan::after(Duration::from_secs(60), Duration::from_secs(540));
        let mock = Mock::builder().profile(profile).plan(plan).build();
        let client = mock.client().expect("a client");
        let task = client.effects().create(request()).await.expect("a task");

        let begun = Instant::now();
        let mut events = task.events();
        let mut seen = Vec::new();
        while let Some(event) = events.next().await {
            match event.expect("an event") {
                TaskEvent::Changed(task) | TaskEvent::Done(task) => {
                    seen.push((task.state(), begun.elapsed().as_secs()));
                }
                other => panic!("{other:?}"),
            }
        }
        let states: Vec<_> = seen.iter().map(|(state, _)| *state).collect();
        assert_eq!(
            states,
            [
                TaskState::Submitted,
                TaskState::Processing,
                TaskState::Succeed
            ]
        );
        // Each as soon as a question every 15 s can show it.
        assert!((60..=75).contains(&seen[1].1), "{seen:?}");
        assert!((600..=615).contains(&seen[2].1), "{seen:?}");
        assert_eq!(mock.charges().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stuck_task_is_given_up_and_paid_all_the_same() {
    let mock = Mock::builder().plan(Plan::stuck()).build();
    let client = mock.client().expect("a client");
    let task = client.effects().create(request()).await.expect("a task");
    let error = task.wait().await.expect_err("stuck");
    assert_eq!(error.kind(), ErrorKind::WaitTimeout);
    assert_eq!(error.task_id(), Some(task.id()));
    assert_eq!(mock.charges()[0].task_id, *task.id());
}

#[tokio::test(start_paused = true)]
async fn a_failing_plan_fails_with_its_words() {
    let words = "Failure to pass the risk control system";
    let mock = Mock::builder().plan(Plan::quick().failing(words)).build();
    let client = mock.client().expect("a client");
    let task = client.effects().create(request()).await.expect("a task");
    let error = task.wait().await.expect_err("failed");
    assert_eq!(error.kind(), ErrorKind::TaskFailed);
    assert!(error.to_string().ends_with(words), "{error}");
}

/// Its clock begins at the same moment in every run.
#[tokio::test(start_paused = true)]
async fn runs_repeat() {
    let run = async || {
        let mock = Mock::new();
        let client = mock.client().expect("a client");
        let task = client.effects().create(request()).await.expect("a task");
        task.snapshot().expect("a snapshot").clone()
    };
    let (first, second) = (run().await, run().await);
    assert_eq!(
        (&first.id, first.created_at),
        (&second.id, second.created_at)
    );
}
