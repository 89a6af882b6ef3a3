//! Callbacks: what is told, when, to whom, and how it is proven.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use kling_http::{Body, Transport, TransportError, transport_fn};
use kling_mock::{Account, CallbacksOn, Mock, MockBuilder, Plan, Profile, Rotation};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::clock::ManualClock;
use crate::door::Door;
use crate::single;

pub(crate) const SECRET: &str = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=";
const HOOK: &str = "http://127.0.0.1:9/hook?token=t";

/// What a receiver got.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    url: String,
    headers: HeaderMap,
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

/// A receiver that answers all with this status.
#[derive(Clone)]
struct Receiver {
    got: Arc<Mutex<Vec<Got>>>,
    answers: u16,
}

impl Receiver {
    fn answering(answers: u16) -> Self {
        Receiver {
            got: Arc::default(),
            answers,
        }
    }

    fn transport(&self) -> impl Transport {
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

    fn got(&self) -> Vec<Got> {
        self.got.lock().expect("a lock").clone()
    }

    fn statuses(&self) -> Vec<String> {
        self.got().iter().map(Got::status).collect()
    }
}

struct Scene {
    mock: Mock,
    clock: ManualClock,
    receiver: Receiver,
}

impl Scene {
    fn of(set_up: impl FnOnce(MockBuilder) -> MockBuilder) -> Self {
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

    async fn create(&self) -> String {
        let mut body = single();
        body["callback_url"] = HOOK.into();
        self.ask("POST", "", &body.to_string()).await["data"]["task_id"]
            .as_str()
            .expect("an id")
            .to_owned()
    }

    async fn ask(&self, method: &str, rest: &str, body: &str) -> Value {
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

    async fn after(&self, millis: u64) -> usize {
        self.clock.advance(millis);
        self.mock
            .deliver_callbacks(&self.receiver.transport())
            .await
    }
}

/// Documented: on every change; the body is the task itself, as a query shows it.
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
    // Not among the fields that are documented of a callback.
    queried
        .as_object_mut()
        .expect("a task")
        .remove("watermark_info");
    assert_eq!(last.json(), queried);
}

/// A clock that jumps: all that happened is told, in its order, each as it was.
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

/// What a query brings about is told as well.
#[tokio::test]
async fn changes_that_queries_bring_about_are_told() {
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

/// What a query would show was told, also on a clock that nobody moves.
#[tokio::test]
async fn what_is_shown_while_the_clock_stands_still_is_told() {
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

/// Held against an independent implementation of Standard Webhooks.
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
async fn what_goes_wrong_on_purpose() {
    let run = async |fault: &str| {
        let scene = Scene::of(|builder| builder.fault(fault.parse().expect(fault)));
        scene.create().await;
        scene.after(60_000).await;
        scene
    };
    assert_eq!(
        run("callback#2:drop").await.receiver.statuses(),
        ["submitted", "succeed"]
    );
    assert_eq!(run("callback#1:dup=2").await.receiver.statuses().len(), 4);
    assert_eq!(
        run("callback#1:reorder").await.receiver.statuses(),
        ["processing", "submitted", "succeed"]
    );
    let late = run("callback#3:late=1h").await;
    assert_eq!(late.receiver.statuses(), ["submitted", "processing"]);
    late.after(3_600_000).await;
    assert_eq!(
        late.receiver.statuses(),
        ["submitted", "processing", "succeed"]
    );
    for fault in ["bad_sig", "wrong_secret"] {
        let scene = run(&format!("callback#1:{fault}")).await;
        check_signed(&scene.receiver.got()[0], SECRET, false);
        check_signed(&scene.receiver.got()[1], SECRET, true);
    }
    let bare = run("callback#1:no_headers").await.receiver.got().remove(0);
    assert!(
        !bare.headers.contains_key("webhook-signature"),
        "{:?}",
        bare.headers
    );
}

/// A fault that leaves a callback as it is has not acted: verification tells.
#[tokio::test]
async fn faults_that_find_nothing_to_change_have_not_acted() {
    for (fault, account, hits) in [
        ("callback#1:bad_sig", "a", 1),
        ("callback#1:bad_sig", "bare", 0),
        ("callback#1:stale_ts", "bare", 0),
        ("callback#1:wrong_secret", "bare", 0),
        ("callback#1:no_headers", "a", 1),
        ("callback#1:no_headers", "bare", 0),
        // There is no next one that it could come after.
        ("callback#3:reorder", "a", 0),
        ("callback#2:reorder", "a", 1),
        ("callback:reorder", "a", 2),
        ("callback#1:dup=2", "bare", 1),
    ] {
        let scene = Scene::of(|builder| builder.fault(fault.parse().expect(fault)));
        let bare = scene.mock.add_account(&Account::new("bare"));
        let mut door = Door::of(&scene.mock);
        if account == "bare" {
            door = door.with_key(&bare.expect("an account"));
        }
        let mut body = single();
        body["callback_url"] = HOOK.into();
        door.create("", &body).await.task_id();
        scene.after(60_000).await;
        assert_eq!(scene.mock.faults()[0].hits, hits, "{fault} of {account}");
    }
}

#[tokio::test]
async fn failures_are_remembered_and_can_be_sent_again() {
    let mut scene = Scene::of(|builder| builder.callback_attempts(2));
    scene.receiver = Receiver::answering(500);
    scene.create().await;
    assert_eq!(scene.after(0).await, 1);
    assert_eq!(
        scene.after(999).await,
        0,
        "the second attempt waits a second"
    );
    assert!(scene.after(1).await >= 1);
    let attempts = scene.mock.callback_attempts("a");
    assert_eq!(
        (attempts[0].attempt, attempts[0].outcome.as_deref()),
        (1, Some("500"))
    );
    let first = attempts[0].callback;
    let again = attempts
        .iter()
        .find(|one| one.callback == first && one.attempt == 2);
    assert!(again.is_some(), "{attempts:?}");

    scene.receiver = Receiver::answering(200);
    scene
        .mock
        .redeliver("a", attempts[0].callback)
        .expect("remembered");
    scene.after(0).await;
    assert!(scene.receiver.statuses().contains(&"submitted".to_owned()));
    assert_eq!(
        scene.mock.redeliver("a", 99),
        Err("there is no callback 99".to_owned())
    );
    assert_eq!(
        scene.mock.redeliver("b", 0),
        Err("there is no account \"b\"".to_owned())
    );
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

/// A fake service must not become a tool against others.
#[tokio::test]
async fn other_machines_are_left_alone_unless_allowed() {
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

/// Beside a server, callbacks go out by themselves as time passes.
#[tokio::test(start_paused = true)]
async fn callbacks_run_by_themselves() {
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

/// A receiver that does not answer holds up its own task only, and what is
/// tried again waits from the end of the attempt on.
#[tokio::test(start_paused = true)]
async fn a_slow_receiver_holds_up_nobody_else() {
    let mock = Mock::builder()
        .profile(Profile::kling())
        .plan(Plan::instant())
        .callbacks_on(CallbacksOn::End)
        .callback_attempts(2)
        .build();
    let got = Arc::new(Mutex::new(Vec::new()));
    let start = tokio::time::Instant::now();
    let receiver = {
        let got = Arc::clone(&got);
        transport_fn(move |request: http::Request<Bytes>| {
            let path = request.uri().path().to_owned();
            got.lock()
                .unwrap()
                .push((path.clone(), start.elapsed().as_secs()));
            async move {
                if path == "/slow" {
                    std::future::pending::<()>().await;
                }
                Ok(http::Response::new(Body::from(Bytes::new())))
            }
        })
    };
    let running = tokio::spawn(mock.clone().run_callbacks(receiver));
    let door = Door::of(&mock);
    for path in ["slow", "quick"] {
        let mut request = single();
        request["callback_url"] = json!(format!("http://localhost/{path}"));
        door.create("", &request).await.task_id();
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    running.abort();
    let of = |path: &str| {
        let got = got.lock().unwrap();
        let times = got.iter().filter(|(to, _)| to == path).map(|(_, at)| *at);
        times.collect::<Vec<_>>()
    };
    assert_eq!(of("/quick"), [0]);
    // An attempt lasts ten seconds, and a second passes before the next.
    assert_eq!(of("/slow"), [0, 11]);
}

/// A secret that a caller puts into a request, by mistake, is nobody's to read.
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

/// Whoever has a callback's signature may send it again; its length tells
/// whether there was one.
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

/// Also if it ends before a callback that it took was begun: what is not reported
/// would hold up its task for ever.
#[tokio::test]
async fn callbacks_that_were_given_up_hold_up_nothing() {
    let account = Account::new("a").api_key("a");
    let mock = Mock::builder().plan(Plan::instant()).account(account);
    let mock = mock.expect("an account").build();
    let mut body = single();
    body["callback_url"] = HOOK.into();
    Door::of(&mock).create("/kling", &body).await.task_id();

    let receiver = Receiver::answering(200);
    tokio::select! {
        biased;
        () = mock.clone().run_callbacks(receiver.transport()) => unreachable!("it never ends"),
        () = std::future::ready(()) => {}
    }
    tokio::task::yield_now().await;
    let attempts = mock.callback_attempts("a");
    let outcomes: Vec<_> = attempts.iter().map(|one| one.outcome.as_deref()).collect();
    assert_eq!(outcomes, [Some("given up")]);
    assert!(receiver.got().is_empty());
    while receiver.got().len() < 2 {
        mock.deliver_callbacks(&receiver.transport()).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(receiver.statuses(), ["processing", "succeed"]);
}
