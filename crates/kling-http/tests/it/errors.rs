//! The error as a value, and as a sentence.

use std::iter::successors;

use kling_http::{Error, ErrorKind, Provider, TransportErrorKind};

use crate::host::{Host, Reply, lost, ok, refusal};
use crate::{request, task_id};

#[test]
fn an_error_is_one_word_wide_and_goes_anywhere() {
    fn anywhere<T: std::error::Error + Send + Sync + 'static>() {}
    anywhere::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}

/// One lower-case sentence without its root cause and without a dot at the end.
#[track_caller]
fn check_sentence(error: &Error) {
    let text = error.to_string();
    assert!(!text.is_empty());
    assert!(!text.contains('\n'), "{text:?}");
    assert!(!text.ends_with('.'), "{text:?}");
    assert!(!text.starts_with(char::is_uppercase), "{text:?}");
    let causes = successors(std::error::Error::source(error), |cause| cause.source());
    if let Some(root) = causes.last().map(ToString::to_string) {
        assert!(!text.contains(&root), "{text:?} repeats {root:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn display_is_one_sentence() {
    for reply in [
        lost(),
        Reply::Silence,
        Reply::Lost(TransportErrorKind::Connect),
        Reply::Lost(TransportErrorKind::Request),
        refusal(429, 1102, "Account balance not enough"),
        refusal(500, 5000, ""),
        Reply::Answer(301, String::new()),
        Reply::Answer(502, "<html>\n<b>Bad\nGateway</b>\n</html>".to_owned()),
        Reply::Answer(200, "{".to_owned()),
        ok(&serde_json::json!({"code": 0})),
    ] {
        let client = Host::new([reply]).client(Provider::kling());
        check_sentence(
            &client
                .effects()
                .create(request())
                .await
                .expect_err("an error"),
        );
        let task = client.effects().task(task_id("7"));
        check_sentence(&task.wait().await.expect_err("an error"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_cause_is_the_source() {
    let client = Host::new([lost()]).client(Provider::comet());
    let error = client.effects().create(request()).await.expect_err("lost");
    assert!(
        error
            .to_string()
            .starts_with("the connection broke off; the create may have arrived")
    );
    let source = std::error::Error::source(&error).expect("a source");
    assert_eq!(source.to_string(), "the connection broke off");
    let source = source.source().expect("its source");
    assert_eq!(source.to_string(), "as the script says");
}

#[tokio::test(start_paused = true)]
async fn errors_have_the_full_message_of_the_service() {
    let client =
        Host::new([refusal(429, 1102, "Account balance not enough")]).client(Provider::comet());
    let error = client
        .effects()
        .create(request())
        .await
        .expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Account);
    assert_eq!(
        error.api_code().map(kling_http::types::ApiCode::get),
        Some(1102)
    );
    assert_eq!(error.status().map(|status| status.as_u16()), Some(429));
    assert_eq!(error.request_id(), Some("r-1"));
    let said = error.service_error().expect("its words");
    assert_eq!(said.message, "Account balance not enough");
}
