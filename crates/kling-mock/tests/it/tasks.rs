//! Tasks moved by the test: plans for some creates, releases, forced ends, and
//! time that passes for one account only.

use std::time::Duration;

use kling_mock::{Account, ClockError, Mock, NewTask, Plan, PlanRule, Profile, TaskError};
use kling_types::UnixMillis;
use serde_json::json;

use crate::clock::{ManualClock, START};
use crate::door::Door;
use crate::single;

const SECOND: Duration = Duration::from_secs(1);

struct Scene {
    mock: Mock,
    door: Door,
    clock: ManualClock,
}

impl Scene {
    fn of(plan: &str) -> Self {
        let clock = ManualClock::new();
        let mock = Mock::builder()
            .profile(Profile::kling())
            .plan(plan.parse().expect("a plan"))
            .clock(clock.clone())
            .build();
        let door = Door::of(&mock);
        Scene { mock, door, clock }
    }

    async fn create(&self, external_id: &str) -> String {
        let mut request = single();
        if !external_id.is_empty() {
            request["external_task_id"] = json!(external_id);
        }
        self.door.create("", &request).await.task_id()
    }

    /// Expects this of a query: status, `updated_at` after the start, reason.
    async fn check(&self, id: &str, status: &str, updated_at: u64, reason: Option<&str>) {
        let task = self.door.query("", id).await.task();
        assert_eq!(task["task_status"], status);
        assert_eq!(task["updated_at"], START + updated_at);
        assert_eq!(
            task["task_status_msg"].as_str().filter(|it| !it.is_empty()),
            reason
        );
    }
}

#[tokio::test]
async fn a_task_can_be_there_with_ten_seconds() {
    let mock = Mock::builder().plan(Plan::instant()).build();
    let long = mock.add_task(&NewTask::new("hug").seconds(10));
    let id = long.expect("a task").task_id;
    let shown = Door::of(&mock).query("/kling", id.as_str()).await.task();
    assert_eq!(shown["task_result"]["videos"][0]["duration"], "10");
}

/// As a create would have made it, but for the request.
#[tokio::test]
async fn a_task_can_be_there_already() {
    let scene = Scene::of("polls(1, 0)");
    let other = Account::new("other").slots(1);
    let key = scene.mock.add_account(&other).expect("an account");
    let old = NewTask::new("hug_pro").external_task_id("old").seconds(10);
    let old = scene.mock.add_task(&old).expect("a task");
    assert_eq!(
        old.external_task_id.as_ref().expect("an id").as_str(),
        "old"
    );
    scene.mock.ledger().assert_charged_once("old");
    assert!(scene.mock.journal().is_empty());
    scene.check("old", "submitted", 0, None).await;
    let done = scene.door.query("", old.task_id.as_str()).await.task();
    assert_eq!(done["task_status"], "succeed");
    assert!(scene.create("").await > old.task_id.to_string());

    // It holds a slot, and is not asked whether there is one.
    for id in ["a", "b"] {
        let theirs = NewTask::new("hug").account("other").external_task_id(id);
        let theirs = theirs.plan(Plan::stuck());
        scene.mock.add_task(&theirs).expect("a task");
    }
    let full = scene.door.with_key(&key).create("", &single()).await;
    assert_eq!(full.json()["code"], 1303);
    for (refused, why) in [
        (
            NewTask::new("hug").external_task_id("old"),
            "account \"default\": a task with this external id already exists",
        ),
        (
            NewTask::new("hug").external_task_id(""),
            "account \"default\": an external task id must not be empty",
        ),
        (
            NewTask::new("hug").seconds(7),
            "account \"default\": the duration must be 5 or 10 seconds",
        ),
        (
            NewTask::new("hug").account("nobody"),
            "there is no account \"nobody\"",
        ),
        (NewTask::new("hug").account(""), "there is no account \"\""),
    ] {
        let error = scene.mock.add_task(&refused).expect_err(why);
        assert_eq!(error.to_string(), why);
    }
    assert_eq!(scene.mock.charges().len(), 4);
}

#[tokio::test]
async fn a_held_task_goes_on_when_it_is_released() {
    let scene = Scene::of("held");
    let id = scene.create("").await;
    scene.clock.advance(1_000_000);
    scene.check(&id, "submitted", 0, None).await;
    scene.mock.release(&id).expect("released");
    scene.check(&id, "processing", 1_000_000, None).await;
    scene.clock.advance(5);
    scene.check(&id, "processing", 1_000_000, None).await;
    scene.mock.release(&id).expect("released");
    scene.check(&id, "succeed", 1_000_005, None).await;
    assert_eq!(scene.mock.release(&id), Err(TaskError::Ended(id.clone())));
    assert_eq!(
        scene.mock.release("7"),
        Err(TaskError::NotFound("7".to_owned()))
    );
}

/// The clock may stand still: two changes never share a millisecond.
#[tokio::test]
async fn a_task_is_ended_at_once() {
    let scene = Scene::of("stuck");
    let failed = scene.create("").await;
    let ended = scene.mock.finish(&failed, Some("Image pixel is invalid"));
    assert_eq!(ended.expect("ended").status.as_str(), "failed");
    scene
        .check(&failed, "failed", 2, Some("Image pixel is invalid"))
        .await;

    let done = scene.create("by-my-id").await;
    scene.clock.advance(1_000);
    scene.check(&done, "processing", 1, None).await;
    scene.mock.finish("by-my-id", None).expect("ended");
    scene.check(&done, "succeed", 1_000, None).await;
}

#[tokio::test]
async fn another_plan_holds_from_now_on() {
    let scene = Scene::of("after(10s, never)");
    let id = scene.create("").await;
    scene.clock.advance(10_000);
    // It has been in the queue for ten seconds: what has been stays.
    let plan: Plan = "after(2s, 5s) fail(late)".parse().expect("a plan");
    scene.mock.replan(&id, &plan).expect("under way");
    scene.check(&id, "processing", 10_000, None).await;
    scene.clock.advance(4_999);
    scene.check(&id, "processing", 10_000, None).await;
    scene.clock.advance(1);
    scene.check(&id, "failed", 15_000, Some("late")).await;

    // Where the plan had ended by now, so does the task: now, not in the past.
    let id = scene.create("").await;
    scene.clock.advance(60_000);
    scene.mock.replan(&id, &plan).expect("under way");
    scene
        .check(&id, "failed", 15_000 + 60_000, Some("late"))
        .await;
}

/// Rule of its own, then the account's plan, then the service's.
#[tokio::test]
async fn which_plan_a_task_gets() {
    let clock = ManualClock::new();
    let account = |name: &str| Account::new(name).api_key(format!("key-of-{name}"));
    let mock = Mock::builder()
        .clock(clock)
        .plan(Plan::held())
        .account(account("plain"))
        .and_then(|it| it.account(account("own").plan(Plan::stuck())))
        .expect("accounts")
        .build();
    mock.add_plan_rule(
        PlanRule::new("after(1s, 1s)".parse().expect("a plan")).external_task_id("x"),
    );
    mock.add_plan_rule(PlanRule::new(Plan::quick()).account("own").times(1));
    mock.add_plan_rule(PlanRule::new(Plan::instant()).scene("hug_pro"));

    let create = async |account: &str, external_id: &str, request: &serde_json::Value| {
        let mut request = request.clone();
        request["external_task_id"] = json!(external_id);
        let key = format!("Bearer key-of-{account}");
        let headers = [("authorization", key.as_str())];
        let body = request.to_string();
        let answer = Door::of(&mock)
            .ask(
                "POST",
                "/kling/v1/videos/effects",
                &headers,
                body.as_bytes(),
            )
            .await;
        mock.task(&answer.task_id()).expect("a task").plan
    };
    assert_eq!(create("plain", "1", &single()).await, "held");
    assert_eq!(create("plain", "x", &single()).await, "after(1s, 1s)");
    assert_eq!(create("own", "2", &crate::dual()).await, "quick");
    // Used up.
    assert_eq!(create("own", "3", &single()).await, "stuck");
    assert_eq!(create("own", "4", &crate::dual()).await, "instant");
    assert_eq!(mock.plan_rules().len(), 2);
    mock.clear_plan_rules();
    assert_eq!(create("plain", "5", &crate::dual()).await, "held");
}

/// A rule is used up by tasks, not by requests that are refused.
#[tokio::test]
async fn a_refused_create_uses_up_no_rule() {
    let scene = Scene::of("held");
    scene
        .mock
        .add_plan_rule(PlanRule::new(Plan::stuck()).times(1));
    scene.create("same").await;
    scene
        .mock
        .add_plan_rule(PlanRule::new(Plan::stuck()).times(1));
    let mut request = single();
    request["external_task_id"] = json!("same");
    assert_eq!(scene.door.create("", &request).await.status, 400);
    assert_eq!(scene.mock.plan_rules().len(), 1);
}

#[tokio::test]
async fn realistic_runs_differ_and_follow_from_the_seed() {
    /// Which of two hundred tasks have ended after these seconds of running.
    async fn ended(seed: u64, seconds: u64) -> Vec<bool> {
        let clock = ManualClock::new();
        let builder = Mock::builder().seed(seed).plan(Plan::realistic());
        let mock = builder.clock(clock.clone()).build();
        let door = Door::of(&mock);
        for _ in 0..200 {
            door.create("/kling", &single()).await.task_id();
        }
        clock.advance(2_000 + seconds * 1_000);
        let tasks = mock.tasks("default", 0, 200);
        tasks.iter().map(|task| task.status.is_terminal()).collect()
    }
    assert_eq!(ended(1, 320).await, ended(1, 320).await);
    assert_ne!(ended(1, 320).await, ended(2, 320).await);
    // Two in five have ended at 0.9 of the median, three at 1.11.
    for (seconds, range) in [
        (60, 0..3),
        (288, 60..100),
        (356, 101..140),
        (1_500, 198..201),
    ] {
        let count = ended(1, seconds)
            .await
            .iter()
            .filter(|ended| **ended)
            .count();
        assert!(range.contains(&count), "{count} after {seconds} s");
    }
}

#[tokio::test]
async fn a_summary_is_no_query() {
    let scene = Scene::of("polls(1, 1)");
    let id = scene.create("mine").await;
    for _ in 0..5 {
        assert_eq!(
            scene.mock.task("mine").expect("a task").status.as_str(),
            "submitted"
        );
    }
    let seen = scene.mock.task(&id).expect("a task");
    assert_eq!(
        (seen.account.as_str(), seen.plan.as_str()),
        ("default", "polls(1, 1)")
    );
    assert_eq!(seen.created_at, UnixMillis::new(START.cast_signed()));
    assert_eq!(scene.mock.journal().len(), 1);
    assert_eq!(scene.mock.tasks("default", 0, 10), [seen]);
    assert_eq!(scene.mock.tasks("default", 1, 10), []);
    assert_eq!(scene.mock.tasks("nobody", 0, 10), []);
}

/// Two tests on one server travel apart.
#[tokio::test]
async fn time_passes_for_one_account() {
    let account = |name: &str| Account::new(name).api_key(name);
    let mock = Mock::builder()
        .profile(Profile::kling())
        .plan(Plan::after(SECOND, SECOND))
        .clock(ManualClock::new())
        .account(account("here"))
        .and_then(|it| it.account(account("there")))
        .expect("accounts")
        .build();
    let door = Door::of(&mock);
    let mut ids = Vec::new();
    for key in ["Bearer here", "Bearer there"] {
        let body = single().to_string();
        let path = "/v1/videos/effects";
        let headers = [("authorization", key)];
        let answer = door.ask("POST", path, &headers, body.as_bytes()).await;
        ids.push(answer.task_id());
    }
    assert_eq!(mock.advance_account("there", 5 * SECOND), Ok(true));
    assert_eq!(mock.advance_account("nowhere", SECOND), Ok(false));
    let status = |id: &str| mock.task(id).expect("a task").status.to_string();
    assert_eq!(
        (status(&ids[0]), status(&ids[1])),
        ("submitted".to_owned(), "succeed".to_owned())
    );
    let answer = door
        .ask(
            "GET",
            &format!("/v1/videos/effects/{}", ids[1]),
            &[("authorization", "Bearer there")],
            b"",
        )
        .await;
    assert_eq!(answer.task()["task_status"], "succeed");
}

/// As far as every clock here.
#[tokio::test]
async fn no_account_travels_beyond_the_year_9999() {
    const LATEST: u64 = 253_402_300_799_999;
    let scene = Scene::of("held");
    for by in [Duration::MAX, Duration::from_millis(LATEST + 1 - START)] {
        let gone = scene.mock.advance_account("default", by);
        assert_eq!(gone, Err(ClockError::TooFar));
    }
    scene
        .check(&scene.create("").await, "submitted", 0, None)
        .await;
    let rest = Duration::from_millis(LATEST - START);
    assert_eq!(scene.mock.advance_account("default", rest), Ok(true));
    let id = scene.create("").await;
    scene.check(&id, "submitted", LATEST - START, None).await;
}
