//! One corpus through both doors: the same answers, byte for byte.

use kling_mock::{Mock, Plan, Profile};
use serde_json::{Value, json};

use crate::clock::ManualClock;
use crate::door::{Answer, Door};
use crate::{dual, single};

/// What was asked, and what came back.
type Seen = Vec<(String, u16, Vec<u8>)>;

/// Asks everything, at the host that the prefix belongs to.
struct Corpus<'a> {
    door: Door,
    prefix: &'a str,
    seen: Seen,
}

impl Corpus<'_> {
    fn note(&mut self, what: impl Into<String>, answer: &Answer) {
        let body = answer.body.to_vec();
        self.seen.push((what.into(), answer.status, body));
    }

    async fn create(&mut self, body: &Value) -> Answer {
        let answer = self.door.create(self.prefix, body).await;
        self.note(format!("create {body}"), &answer);
        answer
    }

    async fn query(&mut self, id: &str) -> Answer {
        let answer = self.door.query(self.prefix, id).await;
        self.note(format!("query {id}"), &answer);
        answer
    }

    async fn call(&mut self, method: &str, path: &str, body: &[u8]) {
        let answer = self.door.call(method, path, body).await;
        self.note(format!("{method} {path} {body:?}"), &answer);
    }

    async fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) {
        let answer = self.door.ask(method, path, headers, b"").await;
        self.note(format!("{method} {path} {headers:?}"), &answer);
    }

    /// A task from its creation to its video, while the clock moves.
    async fn life(&mut self, clock: &ManualClock) {
        let id = self.create(&dual()).await.task_id();
        for _ in 0..4 {
            self.query(&id).await;
            clock.advance(5_000);
        }
        let done = self.query(&id).await.task();
        let url = done["task_result"]["videos"][0]["url"]
            .as_str()
            .expect("an address");
        let unsigned = url.split('?').next().expect("a path");
        self.ask("GET", url, &[]).await;
        self.ask("HEAD", url, &[]).await;
        self.ask("GET", url, &[("range", "bytes=5-9")]).await;
        self.ask("GET", url, &[("range", "bytes=9999999-")]).await;
        self.ask("GET", unsigned, &[]).await;
        self.ask("HEAD", unsigned, &[]).await;
        self.ask("GET", "/assets/1-0.mp4", &[]).await;
        self.ask("POST", url, &[]).await;

        let mut twin = single();
        twin["external_task_id"] = json!("twin");
        self.create(&twin).await;
        self.create(&twin).await;
        self.query("twin").await;
    }

    async fn refusals(&mut self) {
        let mut one_of_two = single();
        one_of_two["effect_scene"] = json!("hug_pro");
        let mut three = dual();
        three["input"]["images"] = json!([
            "https://a.example/a",
            "https://a.example/b",
            "https://a.example/c"
        ]);
        let mut two_of_one = dual();
        two_of_one["effect_scene"] = json!("color_mixing");
        let mut unknown = single();
        unknown["effect_scene"] = json!("no_such_effect");
        let wrong_types = json!({"effect_scene": 5, "input": "x"});
        for body in [
            one_of_two,
            three,
            two_of_one,
            unknown,
            wrong_types,
            json!({}),
            json!([]),
        ] {
            self.create(&body).await;
        }
        let effects = format!("{}/v1/videos/effects", self.prefix);
        for body in [&b""[..], b"{", b"\xff\xfe", b"null"] {
            self.call("POST", &effects, body).await;
        }
        self.query("a%20b").await;
        for authorization in [
            "",
            "Bearer",
            "Bearer wrong",
            "Bearer a.b.c",
            "Basic abc",
            "wrong",
        ] {
            self.ask("POST", &effects, &[("authorization", authorization)])
                .await;
        }
        self.ask("GET", &effects, &[]).await;
    }

    async fn strays(&mut self) {
        let prefix = self.prefix;
        let effects = format!("{prefix}/v1/videos/effects");
        for (method, path) in [
            ("GET", effects.clone()),
            ("PUT", effects.clone()),
            ("OPTIONS", effects.clone()),
            ("DELETE", format!("{effects}/1")),
            ("POST", format!("{effects}/1")),
            ("HEAD", format!("{effects}/1")),
            ("GET", format!("{effects}/1/2")),
            ("GET", format!("{effects}/")),
            ("GET", format!("{effects}?x=y")),
            ("POST", "/".to_owned()),
            ("GET", format!("{prefix}/v2/videos/effects")),
            ("GET", "/v1/videos/text2video".to_owned()),
        ] {
            self.call(method, &path, b"").await;
        }
    }
}

async fn corpus(door: Door, prefix: &str, clock: &ManualClock) -> Seen {
    let seen = Vec::new();
    let mut corpus = Corpus { door, prefix, seen };
    corpus.life(clock).await;
    corpus.refusals().await;
    corpus.strays().await;
    corpus.seen
}

async fn check(profile: Profile, prefix: &str) {
    let build = || {
        let clock = ManualClock::new();
        let builder = Mock::builder()
            .profile(profile.clone())
            .plan(Plan::polls(1, 1));
        (builder.seed(7).clock(clock.clone()).build(), clock)
    };
    let (mock, clock) = build();
    let server = mock.serve(([127, 0, 0, 1], 0)).await.expect("a port");
    let there = corpus(Door::through(&mock, &server), prefix, &clock).await;
    let (twin, clock) = build();
    let here = corpus(Door::beside(&twin, &server), prefix, &clock).await;

    assert_eq!(there.len(), here.len());
    for (there, here) in there.iter().zip(&here) {
        let text = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
        assert_eq!((&there.0, there.1), (&here.0, here.1));
        assert!(
            there.2 == here.2,
            "{}: {:?}, {:?}",
            there.0,
            text(&there.2),
            text(&here.2)
        );
    }
    assert_eq!(mock.charges(), twin.charges());
    assert_eq!(mock.charges().len(), 2);
    server.shutdown().await;
}

#[tokio::test]
async fn comet() {
    check(Profile::comet(), "/kling").await;
}

#[tokio::test]
async fn kling() {
    check(Profile::kling(), "").await;
}
