//! Callbacks: their content, times, receivers and signatures.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use kling_http::{Body, Transport, TransportError, transport_fn};
use kling_mock::{Account, CallbacksOn, Mock, MockBuilder, Plan, Profile, Rotation};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::clock::ManualClock;
use crate::single;

pub(crate) const SECRET: &str = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=";
pub(crate) const HOOK: &str = "http://127.0.0.1:9/hook?token=t";

/// A callback as it was received.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    url: String,
    pub(crate) headers: HeaderMap,
    body: Bytes,
}

impl Got {
    pub(crate) fn new(url: &str, headers: HeaderMap, body: Bytes) -> Self {
        let url = url.to_owned();
        Got { url, headers, body }
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(crate) fn status(&self) -> String {
        self.json()["task_status"]
            .as_str()
            .unwrap_or("?")
            .to_owned()
    }
}

/// A receiver that answers every callback with this status.
#[derive(Clone)]
pub(crate) struct Receiver {
    got: Arc<Mutex<Vec<Got>>>,
    answers: u16,
}

impl Receiver {
    pub(crate) fn answering(answers: u16) -> Self {
        Receiver {
            got: Arc::default(),
            answers,
        }
    }

    pub(crate) fn transport(&self) -> impl Transport {
        let receiver = self.clone();
        transport_fn(move |request| {
            let (head, body) = request.into_parts();
            let got = Got {
                url: head.uri.to_string(),
                headers: head.headers,
                body,
            };
            receiver.got.lock().expect("a lock").push(got);
            let mut answer = http::Response::new(Body::empty());
            *answer.status_mut() = http::StatusCode::from_u16(receiver.answers).expect("a status");
            async move { Ok::<_, TransportError>(answer) }
        })
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().expect("a lock").clone()
    }

    pub(crate) fn statuses(&self) -> Vec<String> {
        self.got().iter().map(Got::status).collect()
    }
}

pub(crate) struct Scene {
    pub(crate) mock: Mock,
    clock: ManualClock,
    pub(crate) receiver: Receiver,
}

impl Scene {
    pub(crate) fn of(set_up: impl FnOnce(MockBuilder) -> MockBuilder) -> Self {
        let clock = ManualClock::new();
        let account = Account::new("a").webhook_secret(SECRET).expect("a secret");
        let builder = Mock::builder()
            .profile(Profile::kling())
            .plan(Plan::after(Duration::from_secs(1), Duration::from_secs(9)))
            .clock(clock.clone())
            .account(account)
            .expect("an account");
        Scene {
            mock: set_up(builder).build(),
            clock,
            receiver: Receiver::answering(200),
        }
    }

    pub(crate) async fn create(&self) -> String {
        let mut body = single();
        body["callback_url"] = HOOK.into();
        self.ask("POST", "", &body.to_string()).await["data"]["task_id"]
            .as_str()
            .expect("an id")
            .to_owned()
    }

    pub(crate) async fn ask(&self, method: &str, rest: &str, body: &str) -> Value {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("https://mock.test/v1/videos/effects{rest}"))
            .header("authorization", format!("Bearer {}", self.mock.api_key()))
            .body(body.to_owned().into())
            .expect("a request");
        let answer = self
            .mock
            .transport()
            .send(request)
            .await
            .expect("an answer");
        let body = answer
            .into_body()
            .collect(usize::MAX)
            .await
            .expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    }

    pub(crate) async fn after(&self, millis: u64) -> usize {
        self.clock.advance(millis);
        self.mock
            .deliver_callbacks(&self.receiver.transport())
            .await
    }
}

/// Documented: a callback for every change, whose body is the task as a query returns it.
#[tokio::test]
async fn every_status_change_is_posted_with_the_queried_task() {
    let scene = Scene::of(|builder| builder);
    let id = scene.create().await;
    assert_eq!(scene.after(0).await, 1);
    assert_eq!(scene.after(999).await, 0);
    assert_eq!(scene.after(1).await, 1);
    assert_eq!(scene.after(9_000).await, 1);
    assert_eq!(scene.after(1_000_000).await, 0);
    assert_eq!(
        scene.receiver.statuses(),
        ["submitted", "processing", "succeed"]
    );
    let last = scene.receiver.got().pop().expect("a callback");
    assert_eq!(last.url, HOOK);
    let mut queried = scene.ask("GET", &format!("/{id}"), "").await["data"].clone();
    // Not among the documented members of a callback.
    queried
        .as_object_mut()
        .expect("a task")
        .remove("watermark_info");
    assert_eq!(last.json(), queried);
}

/// After a jump of the clock, every change is posted in order, with the task at that time.
#[tokio::test]
async fn a_jump_of_the_clock_skips_nothing() {
    let scene = Scene::of(|builder| builder);
    scene.create().await;
    assert_eq!(scene.after(60_000).await, 3);
    assert_eq!(
        scene.receiver.statuses(),
        ["submitted", "processing", "succeed"]
    );
    let times: Vec<_> = scene
        .receiver
        .got()
        .iter()
        .map(|got| got.json()["updated_at"].clone())
        .collect();
    assert!(
        times.is_sorted_by_key(Value::as_i64) && times[0] != times[1],
        "{times:?}"
    );

    let end_only = Scene::of(|builder| builder.callbacks_on(CallbacksOn::End));
    end_only.create().await;
    end_only.after(60_000).await;
    assert_eq!(end_only.receiver.statuses(), ["succeed"]);
}

/// Changes that are triggered by queries are posted too.
#[tokio::test]
async fn changes_by_queries_are_posted() {
    let scene = Scene::of(|builder| builder.plan(Plan::polls(1, 1)));
    let id = scene.create().await;
    for _ in 0..2 {
        scene.after(1_000).await;
        scene.ask("GET", &format!("/{id}"), "").await;
    }
    scene.after(1_000).await;
    assert_eq!(
        scene.receiver.statuses(),
        ["submitted", "processing", "succeed"]
    );
}

/// Changes are posted even if the clock does not advance.
#[tokio::test]
async fn changes_without_a_clock_advance_are_posted() {
    let told = async |scene: &Scene, expected: &[&str]| {
        scene.after(0).await;
        assert_eq!(scene.receiver.statuses(), expected);
    };
    let asked = Scene::of(|builder| builder.plan(Plan::polls(1, 1)));
    let id = asked.create().await;
    asked.ask("GET", &format!("/{id}"), "").await;
    told(&asked, &["submitted", "processing"]).await;
    asked.ask("GET", &format!("/{id}"), "").await;
    told(&asked, &["submitted", "processing", "succeed"]).await;

    let steered = Scene::of(|builder| builder.plan(Plan::held()));
    let id = steered.create().await;
    let released = steered.mock.release(&id).expect("released");
    assert_eq!(released.next_change, None);
    told(&steered, &["submitted", "processing"]).await;
    steered.mock.finish(&id, Some("no")).expect("ended");
    told(&steered, &["submitted", "processing", "failed"]).await;
}

/// Checks a signature with an independent implementation of Standard Webhooks.
pub(crate) fn check_signed(got: &Got, secret: &str, right: bool) {
    let header = |name: &str| got.headers[name].to_str().expect("text");
    let seconds = header("webhook-timestamp").parse().expect("seconds");
    let webhook = Webhook::new(secret).expect("a secret");
    let wanted = webhook
        .sign(header("webhook-id"), seconds, &got.body)
        .expect("a signature");
    let signed = header("webhook-signature")
        .split(' ')
        .any(|signature| signature == wanted);
    assert_eq!(signed, right, "{:?}", got.headers);
}

#[tokio::test]
async fn rotated_secrets_sign_for_seven_days() {
    let other = "whsec_b3RoZXJzZWNyZXRvdGhlcnNlY3JldG90aGVyc2VjcmU=";
    let scene = Scene::of(|builder| builder);
    scene.create().await;
    scene.after(0).await;
    check_signed(&scene.receiver.got()[0], SECRET, true);
    check_signed(&scene.receiver.got()[0], other, false);

    scene
        .mock
        .rotate_webhook_secret("a", other, Rotation::Standard)
        .expect("rotated");
    assert_eq!(scene.mock.webhook_secret("a").as_deref(), Some(other));
    scene.after(1_000).await;
    for secret in [SECRET, other] {
        check_signed(&scene.receiver.got()[1], secret, true);
    }
    scene.after(7 * 24 * 3_600_000).await;
    check_signed(&scene.receiver.got()[2], SECRET, false);
    check_signed(&scene.receiver.got()[2], other, true);
}

#[tokio::test]
async fn console_test_callback() {
    let scene = Scene::of(|builder| builder);
    scene.mock.test_callback("a", HOOK).expect("sent");
    let again = scene.mock.test_callback("a", HOOK).expect_err("too soon");
    assert_eq!(
        again,
        "at most one test callback every six seconds: wait 6000 ms"
    );
    scene.after(0).await;
    let got = scene.receiver.got().remove(0);
    assert_eq!(got.json()["status"], json!("submitted"));
    check_signed(&got, SECRET, true);
}

/// A fake service must not be usable to attack other machines.
#[tokio::test]
async fn other_hosts_receive_callbacks_only_if_allowed() {
    let post = async |scene: &Scene| {
        let mut body = single();
        body["callback_url"] = "http://hooks.example/in".into();
        scene.ask("POST", "", &body.to_string()).await;
        scene.after(0).await;
    };
    let scene = Scene::of(|builder| builder);
    post(&scene).await;
    assert!(scene.receiver.got().is_empty());
    let outcome = scene.mock.callback_attempts("a")[0]
        .outcome
        .clone()
        .expect("an outcome");
    assert!(outcome.contains("hooks.example"), "{outcome}");

    let allowed = Scene::of(|builder| builder.allow_callbacks_to("hooks.example").expect("a host"));
    post(&allowed).await;
    assert_eq!(allowed.receiver.got().len(), 1);
}

/// `run_callbacks` posts callbacks as time passes.
#[tokio::test(start_paused = true)]
async fn callbacks_are_posted_in_the_background() {
    let receiver = Receiver::answering(200);
    let mock = Mock::builder()
        .plan(Plan::after(Duration::from_secs(5), Duration::from_secs(60)))
        .build();
    let running = tokio::spawn(mock.clone().run_callbacks(receiver.transport()));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut body = single();
    body["callback_url"] = HOOK.into();
    let request = http::Request::post("https://mock.test/kling/v1/videos/effects")
        .header("authorization", format!("Bearer {}", mock.api_key()))
        .body(body.to_string().into());
    mock.transport()
        .send(request.expect("a request"))
        .await
        .expect("an answer");
    tokio::time::sleep(Duration::from_secs(64)).await;
    assert_eq!(receiver.statuses(), ["submitted", "processing"]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(receiver.statuses(), ["submitted", "processing", "succeed"]);
    running.abort();
}

/// A secret that a caller puts into a request by mistake is redacted.
#[tokio::test]
async fn webhook_secrets_are_not_in_the_journal() {
    let scene = Scene::of(|builder| builder);
    let second = "whsec_c2Vjb25kc2VjcmV0c2Vjb25kc2VjcmV0c2Vjb25kISE=";
    let bare = |secret: &str| secret.trim_start_matches("whsec_").to_owned();
    scene
        .mock
        .rotate_webhook_secret("a", second, Rotation::Emergency)
        .expect("another secret");
    let body = json!({ "secrets": [SECRET, bare(SECRET), second, bare(second)] });
    scene.ask("POST", "", &body.to_string()).await;
    let journal = serde_json::to_string(&scene.mock.journal()).expect("JSON");
    for secret in [SECRET, second] {
        assert!(!journal.contains(&bare(secret)), "{journal}");
    }
    assert!(journal.contains("secrets"), "{journal}");
}

/// A signature allows replays, so only its length is recorded.
#[tokio::test]
async fn signatures_are_not_in_the_journal() {
    let scene = Scene::of(|builder| builder);
    scene.create().await;
    scene.after(0).await;
    let signature = scene.receiver.got()[0].headers["webhook-signature"].clone();
    let signature = signature.to_str().expect("text");
    let entry = scene.mock.journal().pop().expect("an entry");
    let kept = format!("<{} characters>", signature.len());
    assert_eq!(entry.headers()["webhook-signature"], kept);
    assert_eq!(entry.path(), "/hook?token=…");
}
