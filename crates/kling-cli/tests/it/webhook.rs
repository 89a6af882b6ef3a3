//! `kling webhook`: genuine callbacks are shown, others are not.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use kling_http::webhook::{Secret, Signer};
use kling_http::{Clock as _, SystemClock};
use serde_json::{Value, json};

use crate::events;
use crate::run::{Ran, kling, run_with};

const VECTOR: &str = include_str!("../../../../fixtures/samples/webhook.test-vector.json");

fn vector(member: &str) -> String {
    let vector: Value = serde_json::from_str(VECTOR).unwrap();
    vector[member].as_str().unwrap().to_owned()
}

/// `kling webhook verify` of the published callback, changed a little.
fn verify(body: &str, at: Option<&str>, more: &[&str]) -> Ran {
    let mut command = kling(Path::new("."));
    command
        .env("SECRET", vector("secret"))
        .env("OLD_SECRET", "whsec_b2xkc2VjcmV0b2xkc2VjcmV0b2xkc2VjcmV0")
        .args(["webhook", "verify", "-"]);
    for name in ["webhook_id", "webhook_timestamp"] {
        let header = format!("{}: {}", name.replace('_', "-"), vector(name));
        command.args(["--header", &header]);
    }
    if let Some(at) = at {
        command.args(["--at", at]);
    }
    run_with(command.args(more), body)
}

fn signed() -> String {
    format!("Webhook-Signature: {}", vector("signature"))
}

/// Kling's own published vector.
#[test]
fn a_genuine_callback_is_verified() {
    let (body, at) = (vector("raw_body"), vector("webhook_timestamp"));
    let signature = signed();
    for secrets in [
        &["--secret-env", "SECRET"][..],
        // During a rotation either may have signed.
        &["--secret-env", "OLD_SECRET", "--secret-env", "SECRET"],
    ] {
        let mut more = vec!["--header", signature.as_str()];
        more.extend(secrets);
        let ran = verify(&body, Some(&at), &more);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let said = ran.json();
        assert_eq!(said["verification"], json!("verified"));
        assert_eq!(
            (&said["task_id"], &said["webhook_id"]),
            (&json!("1234567890"), &json!("9876543210"))
        );
    }
}

/// A script can tell a callback that is not genuine from a command that is wrong.
#[track_caller]
fn check_refused(body: &str, at: Option<&str>, more: &[&str], why: &str) {
    check_ends(body, at, more, (12, "not_verified"), why);
}

#[track_caller]
fn check_ends(body: &str, at: Option<&str>, more: &[&str], ends: (i32, &str), why: &str) {
    let ran = verify(body, at, more);
    assert!(ran.stderr.contains(why), "{}", ran.stderr);
    let (code, kind) = ends;
    assert_eq!(ran.code, Some(code), "{}", ran.stderr);
    assert_eq!(ran.json()["event"], json!("error"));
    assert_eq!(ran.json()["error"]["kind"], json!(kind));
    assert!(!ran.stderr.contains(&vector("secret")), "{}", ran.stderr);
}

#[test]
fn a_forged_or_stale_callback_is_refused() {
    let (body, at) = (vector("raw_body"), vector("webhook_timestamp"));
    let signature = signed();
    let all = ["--header", &signature, "--secret-env", "SECRET"];
    // One byte more, which JSON does not care for.
    check_refused(&format!("{body} "), Some(&at), &all, "signature");
    let other = ["--header", &signature, "--secret-env", "OLD_SECRET"];
    check_refused(&body, Some(&at), &other, "signature");
    check_refused(
        &body,
        Some(&at),
        &["--secret-env", "SECRET"],
        "webhook-signature",
    );
    let at: u32 = at.parse().unwrap();
    for (skew, is_in_time) in [(-301, false), (-300, true), (300, true), (301, false)] {
        let at = at.checked_add_signed(skew).unwrap().to_string();
        if is_in_time {
            assert_eq!(verify(&body, Some(&at), &all).code, Some(0), "{skew}");
        } else {
            check_refused(&body, Some(&at), &all, "the delivery is ");
        }
    }
    // By this machine's time it is from another year.
    check_refused(&body, None, &all, "the delivery is ");
}

#[test]
fn a_callback_that_can_t_be_verified_is_not_called_forged() {
    let check_usage = |more: &[&str], why: &str| {
        check_ends(&vector("raw_body"), None, more, (2, "usage"), why);
    };
    check_usage(&["--secret-env", "NONE"], "the variable is not set");
    check_usage(&["--secret-file", "none"], "can't be read");
    let secret = ["--secret-env", "SECRET"];
    let header = ["--header", "no colon"];
    check_usage(&[secret, header].concat(), "--header is not NAME: VALUE");
    // Signed as it should be, and yet no callback.
    let headers = signature("no JSON", Duration::ZERO);
    let mut verify = kling(Path::new("."));
    verify.env("SECRET", vector("secret"));
    verify.args(["webhook", "verify", "-", "--secret-env", "SECRET"]);
    for header in headers.lines() {
        verify.args(["--header", header]);
    }
    let ran = run_with(&mut verify, "no JSON");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("is no callback"), "{}", ran.stderr);
    // Without a secret nothing is proved, be it signed or not.
    let signature = signed();
    for headers in [&[][..], &["--header", &signature]] {
        check_usage(headers, "add --secret-env or --secret-file");
    }
}

/// `kling webhook listen`, ended with the test.
struct Listening {
    child: Child,
    stderr: std::process::ChildStderr,
    stdout: Box<dyn BufRead>,
    address: String,
}

impl Listening {
    fn start(more: &[&str]) -> Listening {
        let mut child = kling(Path::new("."))
            .args(["webhook", "listen"])
            .args(more)
            .env("SECRET", vector("secret"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = child.stderr.take().unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        events::check(&ready);
        let address = ready["url"].as_str().unwrap().replace("http://", "");
        Listening {
            child,
            stderr,
            stdout: Box::new(stdout),
            address,
        }
    }

    /// The status of the answer to a callback.
    fn post(&self, headers: &str, body: &str) -> String {
        self.send("POST", headers, body)
    }

    fn send(&self, method: &str, headers: &str, body: &str) -> String {
        let mut stream = std::net::TcpStream::connect(&self.address).unwrap();
        let (address, length) = (&self.address, body.len());
        write!(
            stream,
            "{method} /any HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    /// What was printed of the callbacks, and what was said beside them.
    fn stop(mut self) -> (Vec<Value>, String) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        let lines = rest.lines().map(|line| serde_json::from_str(line).unwrap());
        let shown: Vec<Value> = lines.collect();
        shown.iter().for_each(events::check);
        (shown, said)
    }
}

/// The headers of a callback that was signed so long ago.
fn signature(body: &str, ago: Duration) -> String {
    let signer = Signer::new(Secret::parse(&vector("secret")).unwrap());
    let headers = signer
        .sign("id-1", SystemClock.now() - ago, body.as_bytes())
        .unwrap();
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        format!("{name}: {}\r\n", value.to_str().unwrap())
    };
    headers.iter().map(line).collect()
}

const BODY: &str = r#"{"task_id":"7","task_status":"processing"}"#;

#[test]
fn callbacks_are_received_and_only_genuine_ones_are_shown() {
    let listening = Listening::start(&["--secret-env", "SECRET"]);
    let now = signature(BODY, Duration::ZERO);
    assert_eq!(listening.post(&now, BODY), "200");
    assert_eq!(listening.post("", BODY), "401");
    assert_eq!(
        listening.post(&now, r#"{"task_id":"8","task_status":"processing"}"#),
        "401"
    );
    assert_eq!(
        listening.post(&signature(BODY, Duration::from_secs(400)), BODY),
        "401"
    );
    let (shown, _) = listening.stop();
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert_eq!(shown[0]["verification"], json!("verified"));
    assert_eq!(shown[0]["webhook_id"], json!("id-1"));
    assert_eq!(shown[0]["task_id"], json!("7"));
    assert_eq!(shown[0]["body"]["task_status"], json!("processing"));
}

#[test]
fn without_a_secret_callbacks_are_shown_and_marked() {
    let listening = Listening::start(&[]);
    assert_eq!(listening.post("", BODY), "200");
    assert_eq!(listening.post("", "no JSON"), "400");
    let (shown, _) = listening.stop();
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert_ne!(shown[0]["verification"], json!("verified"));
}

/// Whoever set a wrong secret sees it here, and nothing of what was sent.
#[test]
fn refused_callbacks_are_logged_without_their_bodies() {
    let listening = Listening::start(&["--secret-env", "SECRET"]);
    let now = signature("PRIVATE", Duration::ZERO);
    let too_long = "PRIVATE".repeat(40_000);
    assert_eq!(listening.post("", BODY), "401");
    assert_eq!(listening.post(&now, BODY), "401");
    assert_eq!(listening.post(&now, "PRIVATE"), "400");
    assert_eq!(listening.post(&now, &too_long), "413");
    assert_eq!(listening.send("GET", &now, ""), "405");
    assert_eq!(
        listening.post(&signature(BODY, Duration::ZERO), BODY),
        "200"
    );
    let (_, said) = listening.stop();
    let lines = [
        "401: the delivery is not signed: the header webhook-id is missing or not text",
        "401: no signature fits: another secret, or the body is not as it was sent",
        "400: the body is no callback about a task",
        "413: the body has more than 262144 bytes",
        "405: a callback is a POST",
    ];
    let lines = lines.map(|line| format!("refused a delivery with {line}\n"));
    assert_eq!(said, lines.concat());
}

/// The sender must not think that somebody has it.
#[test]
fn a_callback_that_could_not_be_printed_is_not_acknowledged() {
    let mut listening = Listening::start(&[]);
    assert_eq!(listening.post("", BODY), "200");
    // Nobody reads from here on.
    listening.stdout = Box::new(std::io::empty());
    assert_eq!(listening.post("", BODY), "500");
    assert_eq!(listening.child.wait().unwrap().code(), Some(0));
}

/// Others could send whatever they like.
#[test]
fn an_address_that_others_reach_is_asked_for_twice() {
    let ran =
        crate::run::run(kling(Path::new(".")).args(["webhook", "listen", "--listen", "0.0.0.0:0"]));
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("or add --expose"), "{}", ran.stderr);
}
