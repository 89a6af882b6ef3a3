//! Snapshots of the reports, without what differs from run to run.

use bytes::Bytes;
use http::Request;
use kling_conformance::{Host, Report, Selection, Status, Target, run_selected};
use kling_http::{Body, SharedTransport, Transport, transport_fn};
use kling_mock::Mock;

/// A report about the fake service with two defects.
async fn report() -> Report {
    let mock = Mock::new();
    let inner = SharedTransport::new(mock.transport());
    let faulty = transport_fn(move |request: Request<Bytes>| {
        let inner = inner.clone();
        async move {
            let (head, body) = inner.send(request).await?.into_parts();
            let text = String::from_utf8_lossy(&body.collect(usize::MAX).await?).into_owned();
            let text = text
                .replace("\"submitted\"", "\"waiting\"")
                .replace("\"success\"", "\"<ok> & more\"");
            let mut answer = http::Response::from_parts(head, Body::from(Bytes::from(text)));
            answer.headers_mut().remove("content-length");
            Ok(answer)
        }
    });
    let target = Target::new(Host::Comet, "https://server.test", mock.api_key(), faulty);
    let mut selection = Selection::default();
    for id in [
        "create.submitted",
        "create.message",
        "create.external_id",
        "refusal.no_key",
    ] {
        selection = selection.only(id).unwrap();
    }
    let selection = selection.expect_failure("refusal.no_key").unwrap();
    let report = Report::new(Host::Comet, run_selected(&target, &selection).await);
    assert_eq!(report.worst(), Status::Fail);
    report
}

/// Replaces the ids, which differ in each run, and omits the disabled checks.
fn stable(text: &str) -> String {
    let mut stable = String::new();
    for line in text.lines().filter(|line| !line.contains("disabled")) {
        let mut words = line.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let is_id = |word: &str| word.len() >= 18 && word.chars().any(|c| c.is_ascii_digit());
        let shown: String = words
            .by_ref()
            .map(|word| {
                let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
                if is_id(bare) {
                    word.replace(bare, "ID")
                } else {
                    word.to_owned()
                }
            })
            .collect();
        stable.push_str(&shown);
        stable.push('\n');
    }
    stable
}

#[tokio::test(start_paused = true)]
async fn markdown() {
    insta::assert_snapshot!(stable(&report().await.to_markdown()));
}

#[tokio::test(start_paused = true)]
async fn junit() {
    let text = report().await.to_junit();
    let skipped = "<skipped message=\"\"/>";
    let told: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains(skipped))
        .collect();
    insta::assert_snapshot!(stable(&told.join("\n")));
}

#[tokio::test(start_paused = true)]
async fn json() {
    let mut json = report().await.to_json();
    let results = json["results"].as_array_mut().unwrap();
    results.retain(|result| result["status"] != "disabled");
    insta::assert_snapshot!(stable(&serde_json::to_string_pretty(&json).unwrap()));
}

/// A server under development may echo the request.
#[tokio::test(start_paused = true)]
async fn an_echoed_token_is_redacted() {
    let echo = transport_fn(|request: Request<Bytes>| async move {
        let said = format!("{:?}", request.headers());
        Ok(http::Response::new(Body::from(Bytes::from(said))))
    });
    let target = Target::new(Host::Kling, "https://server.test", "sk-key", echo)
        .with_access_keys("an-access-key", "a-secret-key");
    let selection = Selection::default().only("token").unwrap();
    let report = Report::new(Host::Kling, run_selected(&target, &selection).await);
    let shown = format!("{}{}", report.to_json(), report.to_markdown());
    // The header and the claims of a token start with eyJ.
    assert!(
        shown.contains("Bearer ***") && !shown.contains(".eyJ"),
        "{shown}"
    );
}
