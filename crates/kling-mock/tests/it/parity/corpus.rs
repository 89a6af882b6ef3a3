//! Everything that can be asked, in one order.

use std::collections::BTreeMap;
use std::fmt;

use kling_mock::{Profile, sign_jwt};
use serde_json::{Value, json};

use crate::clock::{ManualClock, START};
use crate::door::{Answer, Door};
use crate::{dual, single};

/// What was asked, and what came back.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    asked: String,
    status: u16,
    headers: BTreeMap<String, Vec<u8>>,
    body: Vec<u8>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Seen {
            asked,
            status,
            headers,
            body,
        } = self;
        let headers = headers
            .iter()
            .map(|(name, value)| (name, String::from_utf8_lossy(value)));
        let headers: Vec<_> = headers.collect();
        let body = String::from_utf8_lossy(&body[..body.len().min(500)]);
        write!(f, "{asked}\n  {status} {headers:?}\n  {body}")
    }
}

/// Asks everything, at the host that the profile imitates.
pub(super) struct Corpus<'a> {
    door: Door,
    profile: &'a Profile,
    seen: Vec<Seen>,
}

impl<'a> Corpus<'a> {
    pub(super) fn new(door: Door, profile: &'a Profile) -> Self {
        let seen = Vec::new();
        Corpus {
            door,
            profile,
            seen,
        }
    }

    pub(super) async fn ask_all(mut self, clock: &ManualClock) -> Vec<Seen> {
        self.strays().await;
        self.life(clock).await;
        self.pages().await;
        self.refusals().await;
        self.credentials().await;
        self.accounts().await;
        self.faulty().await;
        self.seen
    }

    fn prefix(&self) -> &'static str {
        match self.profile.name() {
            "kling" => "",
            _ => "/kling",
        }
    }

    fn effects(&self) -> String {
        format!("{}/v1/videos/effects", self.prefix())
    }

    /// Leaves out what belongs to a connection: the date, and a length that only
    /// repeats how long the body is.
    fn note(&mut self, asked: String, answer: &Answer) {
        let own = answer.headers.iter().filter(|(name, value)| {
            let length = answer.body.len().to_string();
            match name.as_str() {
                "date" | "connection" | "transfer-encoding" => false,
                "content-length" => value.as_bytes() != length.as_bytes(),
                _ => true,
            }
        });
        self.seen.push(Seen {
            asked,
            status: answer.status,
            headers: own
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            body: answer.body.to_vec(),
        });
    }

    async fn create(&mut self, body: &Value) -> Answer {
        let answer = self.door.create(self.prefix(), body).await;
        self.note(format!("create {body}"), &answer);
        answer
    }

    async fn query(&mut self, id: &str) -> Answer {
        let answer = self.door.query(self.prefix(), id).await;
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

    /// A task from its creation to the end of its video, while the clock moves.
    async fn life(&mut self, clock: &ManualClock) {
        let id = self.create(&dual()).await.task_id();
        let mut done = Value::Null;
        for _ in 0..4 {
            done = self.query(&id).await.json();
            clock.advance(5_000);
        }
        let url = done["data"]["task_result"]["videos"][0]["url"].as_str();
        let url = url.expect("an address").to_owned();
        let unsigned = url.split('?').next().expect("a path");
        self.ask("GET", &url, &[]).await;
        let last = self.seen.last().expect("an answer");
        let etag = String::from_utf8(last.headers["etag"].clone()).expect("text");
        self.ask("HEAD", &url, &[]).await;
        for range in [
            "bytes=5-9",
            "bytes=-7",
            "bytes=9999999-",
            "bytes=0-1,4-5",
            "x",
        ] {
            self.ask("GET", &url, &[("range", range)]).await;
        }
        for tag in [etag.as_str(), "\"another\""] {
            let part = [("range", "bytes=0-3"), ("if-range", tag)];
            self.ask("GET", &url, &part).await;
        }
        self.ask("HEAD", &url, &[("range", "bytes=0-3")]).await;
        self.ask("GET", unsigned, &[]).await;
        self.ask("HEAD", unsigned, &[]).await;
        self.ask("GET", "/assets/1-0.mp4", &[]).await;
        self.ask("POST", &url, &[]).await;

        let mut twin = single();
        twin["external_task_id"] = json!("twin/1");
        self.create(&twin).await;
        self.create(&twin).await;
        self.query("twin%2F1").await;
        clock.advance(31 * 24 * 60 * 60 * 1_000);
        self.ask("GET", &url, &[]).await;
    }

    async fn pages(&mut self) {
        let effects = self.effects();
        for query in [
            "",
            "?pageNum=1&pageSize=1",
            "?pageNum=2&pageSize=1",
            "?pageNum=3&pageSize=1",
            "?pageNum=0",
            "?pageSize=501",
            "?pageSize=x",
            "?pageNum=1000&pageSize=500",
            "?other=1",
        ] {
            self.call("GET", &format!("{effects}{query}"), b"").await;
        }
        self.call("HEAD", &effects, b"").await;
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
        let mut not_base64 = single();
        not_base64["input"]["image"] = json!("data:image/png;base64,iVBORw0KGgo=");
        let wrong_types = json!({"effect_scene": 5, "input": "x"});
        for body in [
            one_of_two,
            three,
            two_of_one,
            unknown,
            not_base64,
            wrong_types,
            json!({}),
            json!([]),
        ] {
            self.create(&body).await;
        }
        let effects = self.effects();
        for body in [&b""[..], b"{", b"\xff\xfe", b"null"] {
            self.call("POST", &effects, body).await;
        }
        self.query("a%20b").await;
        self.query("%ff").await;
    }

    async fn credentials(&mut self) {
        let seconds = i64::try_from(START / 1_000).expect("a time");
        let token = |key: &str, secret: &str, at| format!("Bearer {}", sign_jwt(key, secret, at));
        let day = 24 * 60 * 60;
        let effects = self.effects();
        for authorization in [
            String::new(),
            "Bearer".to_owned(),
            "Bearer wrong".to_owned(),
            "Bearer a.b.c".to_owned(),
            "Basic abc".to_owned(),
            "wrong".to_owned(),
            token("access-key", "secret-key", seconds + 31 * day + 20),
            token("access-key", "secret-key", seconds),
            token("access-key", "secret-key", seconds + 60 * day),
            token("access-key", "another", seconds + 31 * day),
            token("nobody", "secret-key", seconds + 31 * day),
        ] {
            let headers = [("authorization", authorization.as_str())];
            self.ask("POST", &effects, &headers).await;
        }
        self.ask("GET", &format!("{effects}/1"), &[]).await;
    }

    async fn accounts(&mut self) {
        let ours = self.door.clone();
        for name in ["busy", "poor"] {
            self.door = ours.with_key(&format!("sk-of-{name}"));
            self.create(&single()).await;
            self.create(&single()).await;
            self.query("twin%2F1").await;
            self.call("GET", &self.effects(), b"").await;
        }
        self.door = ours;
    }

    async fn strays(&mut self) {
        let prefix = self.prefix();
        let effects = self.effects();
        for (method, path) in [
            ("PUT", effects.clone()),
            ("OPTIONS", effects.clone()),
            ("DELETE", format!("{effects}/1")),
            ("POST", format!("{effects}/1")),
            ("HEAD", format!("{effects}/1")),
            ("GET", format!("{effects}/1/2")),
            ("GET", format!("{effects}/")),
            ("POST", "/".to_owned()),
            ("GET", format!("{prefix}/v2/videos/effects")),
            ("GET", "/v1/videos/text2video".to_owned()),
        ] {
            self.call(method, &path, b"").await;
        }
    }

    /// Enough creates and queries for the faults that are armed.
    async fn faulty(&mut self) {
        for number in 0..30 {
            let mut body = single();
            body["external_task_id"] = json!(format!("order-{number}"));
            self.create(&body).await;
            self.query(&format!("order-{number}")).await;
        }
    }
}
