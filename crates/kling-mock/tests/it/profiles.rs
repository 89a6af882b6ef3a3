//! Each switch of a profile, seen from the outside: where sources disagree, a
//! test's author can have it either way.

use kling_mock::{Mock, Plan};
use kling_types::{Task, TaskId};
use serde_json::{Value, json};

use crate::clock::ManualClock;
use crate::door::{Answer, Door};
use crate::single;

/// A finished task of a service of this profile.
struct Finished {
    door: Door,
    prefix: &'static str,
    created: Answer,
    queried: Answer,
}

async fn finished(profile: &str) -> Finished {
    let door = Door::of(
        &Mock::builder()
            .profile(profile.parse().expect("a profile"))
            .plan(Plan::instant())
            .clock(ManualClock::new())
            .build(),
    );
    let prefix = if profile.starts_with("kling") {
        ""
    } else {
        "/kling"
    };
    let mut request = single();
    request["external_task_id"] = json!("mine");
    let created = door.create(prefix, &request).await;
    let queried = door.query(prefix, &created.task_id()).await;
    Finished {
        door,
        prefix,
        created,
        queried,
    }
}

impl Finished {
    fn video(&self) -> Value {
        self.queried.task()["task_result"]["videos"][0].clone()
    }

    async fn status(&self, path: &str) -> u16 {
        let path = format!("{}{path}", self.prefix);
        self.door.call("GET", &path, b"").await.status
    }

    async fn takes(&self, change: impl FnOnce(&mut Value)) -> bool {
        let mut request = single();
        change(&mut request);
        self.door.create(self.prefix, &request).await.status == 200
    }
}

/// Expects that something holds when the switch is on, and not when it is off,
/// at both hosts.
async fn check_switch(switch: &str, holds: impl AsyncFn(&Finished) -> bool) {
    for host in ["comet", "kling"] {
        for value in ["on", "off"] {
            let profile = format!("{host} {switch}={value}");
            let held = holds(&finished(&profile).await).await;
            assert_eq!(held, value == "on", "{profile}");
        }
    }
}

const EFFECTS: &str = "/v1/videos/effects";

#[tokio::test]
async fn external_ids() {
    check_switch("external_ids", async |it| {
        it.status(&format!("{EFFECTS}/mine")).await == 200
    })
    .await;
}

#[tokio::test]
async fn list() {
    check_switch("list", async |it| it.status(EFFECTS).await == 200).await;
}

#[tokio::test]
async fn duration_required() {
    check_switch("duration_required", async |it| {
        let without = |request: &mut Value| {
            request["input"]
                .as_object_mut()
                .expect("an object")
                .remove("duration");
        };
        !it.takes(without).await
    })
    .await;
}

/// `hug` has been gone from Kling's list since January 2026.
#[tokio::test]
async fn comet_scenes() {
    check_switch("comet_scenes", async |it| {
        let hug = |request: &mut Value| {
            *request = crate::dual();
            request["effect_scene"] = json!("hug");
        };
        it.takes(hug).await
    })
    .await;
}

#[tokio::test]
async fn gateway_errors() {
    check_switch("gateway_errors", async |it| {
        let path = format!("{}{EFFECTS}", it.prefix);
        let refused = it.door.ask("POST", &path, &[], b"{}").await.json();
        refused.get("error").is_some()
    })
    .await;
}

#[tokio::test]
async fn create_request_id() {
    check_switch("create_request_id", async |it| {
        it.created.json().get("request_id").is_some()
    })
    .await;
}

#[tokio::test]
async fn fields_of_a_finished_task() {
    check_switch("video_duration", async |it| it.video()["duration"] == "5").await;
    check_switch("watermark_url", async |it| {
        it.video()["watermark_url"] == ""
    })
    .await;
    check_switch("watermark_info", async |it| {
        it.queried.task()["watermark_info"] == json!({"enabled": false})
    })
    .await;
    check_switch("deductions", async |it| {
        it.queried.task()["final_unit_deduction"] == "1"
    })
    .await;
}

/// Documented: in a list there is no `watermark_info`.
#[tokio::test]
async fn a_list_has_no_watermark_info() {
    let it = finished("kling").await;
    let listed = it.door.call("GET", EFFECTS, b"").await.json();
    let first = listed["data"][0].as_object().expect("a task");
    assert!(first.contains_key("final_unit_deduction"));
    assert!(!first.contains_key("watermark_info"));
}

/// Documented as 404 and 1203, seen live as 400 and 1201.
#[tokio::test]
async fn not_found() {
    for (value, expected) in [("live", (400, 1201)), ("documented", (404, 1203))] {
        for host in ["comet", "kling"] {
            let it = finished(&format!("{host} not_found={value}")).await;
            let answer = it.door.query(it.prefix, "1").await;
            let code = answer.json()["code"].as_i64().expect("a code");
            assert_eq!((answer.status, code), expected);
        }
    }
}

#[tokio::test]
async fn wrong_path() {
    for (value, status, content_type) in [
        ("json", 404, "application/json"),
        ("html", 404, "text/html"),
        ("redirect", 301, "text/html"),
    ] {
        for host in ["comet", "kling"] {
            let it = finished(&format!("{host} wrong_path={value}")).await;
            let answer = it.door.call("GET", "/v2/nowhere", b"").await;
            let found = (answer.status, answer.header("content-type"));
            assert_eq!(found, (status, content_type));
            assert_eq!(answer.headers.contains_key("location"), status == 301);
        }
    }
}

/// However the task is wrapped, the types find the same one.
#[tokio::test]
async fn wrapped() {
    let plain = finished("comet").await.queried.json();
    for (value, place) in [
        ("none", "/data"),
        ("omni", "/data/data"),
        ("gateway", "/data/data/data"),
    ] {
        let it = finished(&format!("comet wrapped={value}")).await;
        let body = it.queried.json();
        assert_eq!(body.pointer(place), Some(&plain["data"]), "{value}");
        let found = Task::find(&body).expect("a task");
        assert_eq!(found.id, TaskId::new(it.created.task_id()).expect("an id"));
        assert!(found.videos()[0].address().is_some());
    }
}
