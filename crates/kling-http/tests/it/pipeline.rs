//! One call: what it sends, how often, and when it ends.

use std::time::Duration;

use http::{HeaderName, Method};
use kling_http::{
    Client, Credentials, EffectRequest, ErrorKind, ImageSource, Provider, RetryPolicy,
    Retryability, Scene, Timeouts, TransportErrorKind,
};
use serde_json::json;
use tokio::time::Instant;

use crate::host::{Host, KEY, Reply, lost, refusal, shows};
use crate::{request, sample, task_id};

/// One query of the task `7`: its error's kind, how often it was sent, and how
/// many seconds it took.
async fn query(host: &Host, timeouts: Timeouts) -> (Option<ErrorKind>, usize, f64) {
    let client = host.builder(Provider::comet()).timeouts(timeouts).build();
    let task = client.expect("a client").effects().task(task_id("7"));
    let begun = Instant::now();
    let result = task.fetch().await;
    let kind = result.err().map(|error| error.kind());
    (kind, host.asked().len(), begun.elapsed().as_secs_f64())
}

fn seconds(attempt: u64, deadline: u64) -> Timeouts {
    Timeouts {
        attempt: Duration::from_secs(attempt),
        deadline: Duration::from_secs(deadline),
    }
}

#[tokio::test(start_paused = true)]
async fn each_try_has_its_time_and_all_of_them_an_end() {
    let host = Host::new([Reply::Silence]);
    let (kind, sent, took) = query(&host, seconds(10, 300)).await;
    // Five tries of 10 s, and at most 1 + 2 + 4 + 8 s between them.
    assert_eq!((kind, sent), (Some(ErrorKind::Timeout), 5));
    assert!((50.0..=65.1).contains(&took), "{took}");

    let host = Host::new([Reply::Silence]);
    let (kind, sent, took) = query(&host, seconds(10, 25)).await;
    assert_eq!(kind, Some(ErrorKind::Timeout));
    assert!((2..=3).contains(&sent), "{sent}");
    assert!((20.0..=25.0).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stands_still_counts_as_the_try_s_time() {
    let host = Host::new([Reply::StandsStill(String::new())]);
    let client = host
        .builder(Provider::comet())
        .retry(RetryPolicy::never())
        .build();
    let begun = Instant::now();
    let error = client
        .expect("a client")
        .effects()
        .create(request())
        .await
        .expect_err("stuck");
    assert_eq!(
        (error.kind(), error.maybe_sent()),
        (ErrorKind::Timeout, true)
    );
    assert_eq!(begun.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_is_not_started() {
    let slow = Reply::With(
        429,
        "retry-after",
        "30",
        r#"{"code":1302,"message":""}"#.to_owned(),
    );
    let host = Host::new([slow]);
    let (kind, sent, took) = query(&host, seconds(10, 45)).await;
    assert_eq!((kind, sent), (Some(ErrorKind::RateLimited), 2));
    assert!((30.0..30.1).contains(&took), "{took}");
}

/// Peer trap: six requests within one millisecond to a host that asked for 30 s.
#[tokio::test(start_paused = true)]
async fn retry_after_is_kept_to() {
    let slow = Reply::With(
        429,
        "retry-after",
        "30",
        r#"{"code":1302,"message":""}"#.to_owned(),
    );
    let host = Host::new([slow, shows("submitted")]);
    let (kind, ..) = query(&host, Timeouts::default()).await;
    assert_eq!(kind, None);
    let times = host.times();
    assert!((30.0..30.1).contains(&times[1]), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn retry_after_as_a_date_counts_from_the_client_s_clock() {
    let date = "Sun, 06 Nov 1994 08:50:07 GMT";
    let slow = Reply::With(503, "retry-after", date, String::new());
    let host = Host::new([slow, shows("submitted")]);
    // 08:49:37 of that day.
    let now = std::time::UNIX_EPOCH + Duration::from_secs(784_111_777);
    let client = host
        .builder(Provider::comet())
        .clock(kling_http::TokioClock::starting_at(now))
        .build();
    let task = client.expect("a client").effects().task(task_id("7"));
    task.fetch().await.expect("a task");
    let times = host.times();
    assert!((30.0..30.1).contains(&times[1]), "{times:?}");
}

/// Peer trap: retries without a delay. Without jitter, all clients retry in step.
#[tokio::test(start_paused = true)]
async fn waits_lie_between_tries_and_the_seed_decides_them() {
    let times = async |seed: Option<u64>| {
        let host = Host::new([lost()]);
        let mut builder = host.builder(Provider::comet());
        if let Some(seed) = seed {
            builder = builder.seed(seed);
        }
        let task = builder
            .build()
            .expect("a client")
            .effects()
            .task(task_id("7"));
        task.fetch().await.expect_err("lost");
        host.times()
    };
    let first = times(Some(1)).await;
    assert_eq!(first.len(), 5);
    assert_eq!(first, times(Some(1)).await);
    assert_ne!(first, times(Some(2)).await);
    assert_ne!(times(None).await, times(None).await);
}

/// The service may say that a key has expired; there is no other to sign with.
#[tokio::test(start_paused = true)]
async fn an_api_key_is_not_tried_again_after_code_1004() {
    let host = Host::new([refusal(401, 1004, "expired")]);
    let (kind, sent, _) = query(&host, Timeouts::default()).await;
    assert_eq!((kind, sent), (Some(ErrorKind::Auth), 1));
}

#[cfg(feature = "jwt")]
mod tokens {
    use super::*;
    use kling_http::TokioClock;

    /// One create with an access key: the tokens that were sent, and the error.
    async fn create(
        script: Vec<Reply>,
        retry: RetryPolicy,
    ) -> (Vec<String>, Option<kling_http::Error>) {
        let host = Host::new(script);
        let epoch = std::time::UNIX_EPOCH + Duration::from_secs(1_780_000_000);
        let credentials = Credentials::access_keys("access", "secret");
        let client = Client::builder(Provider::kling(), credentials)
            .transport(host.transport())
            .clock(TokioClock::starting_at(epoch))
            .retry(retry)
            .build()
            .expect("a client");
        // So that a new token is another one.
        tokio::time::sleep(Duration::from_secs(60)).await;
        let result = client.effects().create(request()).await;
        let sent = host.asked();
        let tokens = sent
            .iter()
            .map(|it| it.headers["authorization"].to_str().expect("text"));
        (tokens.map(str::to_owned).collect(), result.err())
    }

    fn expired() -> Reply {
        refusal(401, 1004, "Authorization has expired")
    }

    #[tokio::test(start_paused = true)]
    async fn an_expired_token_is_replaced_once_also_for_a_create() {
        let script = vec![expired(), shows("submitted")];
        let (tokens, error) = create(script, RetryPolicy::default()).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(tokens.len(), 2);
        assert!(tokens[0].starts_with("Bearer eyJ") && tokens[0] != tokens[1]);

        let (tokens, error) = create(vec![expired()], RetryPolicy::default()).await;
        let error = error.expect("an error");
        assert_eq!(tokens.len(), 2);
        assert_eq!((error.kind(), error.maybe_sent()), (ErrorKind::Auth, false));
        assert_eq!(error.retryability(), Retryability::Permanent);
        assert!(
            error.to_string().contains("is this machine's clock right?"),
            "{error}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn other_failures_in_between_do_not_count_as_tokens() {
        let script = vec![
            refusal(503, 5001, ""),
            expired(),
            refusal(429, 1302, ""),
            expired(),
        ];
        let (tokens, error) = create(script, RetryPolicy::default()).await;
        assert_eq!(tokens.len(), 4);
        assert_eq!(error.map(|error| error.attempts()), Some(4));
    }

    #[tokio::test(start_paused = true)]
    async fn a_policy_of_one_try_is_one_try_also_here() {
        let (tokens, error) = create(vec![expired()], RetryPolicy::never()).await;
        assert_eq!(
            (tokens.len(), error.map(|it| it.kind())),
            (1, Some(ErrorKind::Auth))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn queries_are_repeated_and_permanent_errors_are_not() {
    for (reply, tries) in [
        (lost(), 5),
        (Reply::Lost(TransportErrorKind::Connect), 5),
        (refusal(500, 5000, ""), 5),
        (refusal(504, 5002, ""), 5),
        (Reply::Answer(502, "<html>".to_owned()), 5),
        (refusal(429, 1102, ""), 1),
        (refusal(400, 1201, ""), 1),
        (Reply::Answer(200, "{".to_owned()), 1),
        (Reply::Lost(TransportErrorKind::Request), 1),
    ] {
        let host = Host::new([reply.clone()]);
        let client = host.client(Provider::comet());
        let error = client
            .effects()
            .task(task_id("7"))
            .fetch()
            .await
            .expect_err("an error");
        assert_eq!(
            (host.asked().len(), error.attempts()),
            (tries as usize, tries),
            "{reply:?}"
        );
        let expected = if tries == 1 {
            Retryability::Permanent
        } else {
            Retryability::Exhausted
        };
        assert_eq!(error.retryability(), expected, "{reply:?}");
        assert_eq!(
            error.task_id().map(kling_http::TaskId::as_str),
            Some("7"),
            "{reply:?}"
        );
        assert!(!error.maybe_sent(), "{reply:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_one_try_is_one_try() {
    let host = Host::new([lost()]);
    let client = host
        .builder(Provider::comet())
        .retry(RetryPolicy::never())
        .build();
    let task = client.expect("a client").effects().task(task_id("7"));
    let error = task.fetch().await.expect_err("lost");
    assert_eq!((host.asked().len(), error.attempts()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn requests_carry_their_purpose() {
    let host = Host::new([
        refusal(429, 1302, ""),
        shows("submitted"),
        lost(),
        shows("submitted"),
    ]);
    let task = host
        .client(Provider::comet())
        .effects()
        .create(request())
        .await
        .expect("a task");
    task.fetch().await.expect("a task");
    let told: Vec<_> = host
        .asked()
        .iter()
        .map(|it| {
            (
                it.operation.name,
                it.operation.idempotent,
                it.operation.attempt,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("effects.create", false, 1),
            ("effects.create", false, 2),
            ("effects.get", true, 1),
            ("effects.get", true, 2),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn headers_are_these_and_no_others() {
    let host = Host::new([shows("submitted")]);
    let task = host
        .client(Provider::comet())
        .effects()
        .create(request())
        .await
        .expect("a task");
    task.fetch().await.expect("a task");
    let names =
        |index: usize| -> Vec<HeaderName> { host.asked()[index].headers.keys().cloned().collect() };
    let expected = ["accept", "accept-encoding", "content-type", "authorization"];
    assert_eq!(names(0), expected);
    assert_eq!(names(1), ["accept", "accept-encoding", "authorization"]);
    let create = &host.asked()[0];
    assert_eq!(create.headers["accept-encoding"], "identity");
    assert_eq!(create.headers["authorization"], format!("Bearer {KEY}"));
    assert!(create.headers["authorization"].is_sensitive());
}

/// Peer trap: polling another path than the one the task was created at.
#[tokio::test(start_paused = true)]
async fn paths_are_the_provider_s_and_ids_one_segment() {
    let check = async |provider: Provider, id: &str, create: &str, get: &str| {
        let host = Host::new([shows("submitted")]);
        let client = host.client(provider);
        let _ = client.effects().create(request()).await.expect("a task");
        client
            .effects()
            .task(task_id(id))
            .fetch()
            .await
            .expect("a task");
        let urls: Vec<_> = host
            .asked()
            .into_iter()
            .map(|it| (it.method, it.url))
            .collect();
        let expected = [
            (Method::POST, create.to_owned()),
            (Method::GET, get.to_owned()),
        ];
        assert_eq!(urls, expected);
    };
    let comet = "https://api.cometapi.com/kling/v1/videos/effects";
    check(Provider::comet(), "42", comet, &format!("{comet}/42")).await;
    check(
        Provider::comet(),
        "a b/c?d#e%f",
        comet,
        &format!("{comet}/a%20b%2Fc%3Fd%23e%25f"),
    )
    .await;
    let kling = "https://api-singapore.klingai.com/v1/videos/effects";
    check(Provider::kling(), "42", kling, &format!("{kling}/42")).await;
    let proxied = Provider::comet().with_base_url("https://proxy.example.com/deep/");
    let proxy = "https://proxy.example.com/deep/kling/v1/videos/effects";
    check(proxied, "42", proxy, &format!("{proxy}/42")).await;
    // Without its slash, a prefix must not become part of the host's name.
    let bare = Provider::comet().with_prefix("other");
    let other = "https://api.cometapi.com/other/v1/videos/effects";
    check(bare, "42", other, &format!("{other}/42")).await;
    let none = Provider::comet().with_prefix("/");
    let top = "https://api.cometapi.com/v1/videos/effects";
    check(none, "42", top, &format!("{top}/42")).await;
}

/// The documented requests, sent, are the documented requests, but for the
/// external id that every create gets.
#[tokio::test(start_paused = true)]
async fn bodies_are_the_documented_ones() {
    for (provider, name) in [
        (Provider::comet(), "req.cometapi.effects.hug.new"),
        (Provider::comet(), "req.cometapi.effects.hug.old"),
        (Provider::kling(), "req.kling.effects.dual.2025-12"),
        (Provider::kling(), "req.kling.effects.dual.2026-09"),
        (Provider::kling(), "req.kling.effects.single.2025-12"),
        (Provider::kling(), "req.kling.effects.single.2026-09"),
    ] {
        let host = Host::new([shows("submitted")]);
        let documented: serde_json::Value = serde_json::from_str(&sample(name)).expect(name);
        let request: EffectRequest = serde_json::from_value(documented.clone()).expect(name);
        let task = host
            .client(provider)
            .effects()
            .create(request)
            .await
            .expect(name);
        let mut expected = documented;
        expected["external_task_id"] = json!(task.external_id());
        assert_eq!(host.asked()[0].json(), expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn duration_is_added_where_it_is_required_and_nowhere_else() {
    let check = async |provider: Provider, given: Option<&str>, expected: serde_json::Value| {
        let host = Host::new([shows("submitted")]);
        let request = match given {
            Some(duration) => request().with_duration(duration),
            None => request(),
        };
        let _ = host
            .client(provider)
            .effects()
            .create(request)
            .await
            .expect("a task");
        assert_eq!(
            host.asked()[0].json()["input"]["duration"],
            expected,
            "{given:?}"
        );
    };
    check(Provider::comet(), None, json!("5")).await;
    check(Provider::comet(), Some("10"), json!("10")).await;
    check(Provider::kling(), None, json!(null)).await;
    check(Provider::kling(), Some("10"), json!("10")).await;
}

/// A picture given as bytes travels as plain base64, without a `data:` prefix.
#[tokio::test(start_paused = true)]
async fn pictures_travel_as_base64() {
    let host = Host::new([shows("submitted")]);
    let media = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/media/portrait.jpg"
    );
    let image = ImageSource::file(media).expect("the picture");
    let request = EffectRequest::single(Scene::COLOR_MIXING, image);
    let _ = host
        .client(Provider::comet())
        .effects()
        .create(request)
        .await
        .expect("a task");
    let sent = host.asked()[0].json();
    let text = sent["input"]["image"].as_str().expect("a string");
    // FF D8 FF, the beginning of every JPEG.
    assert!(text.starts_with("/9j/"), "{}", &text[..20]);
    let length = std::fs::metadata(media).expect("the picture").len();
    assert_eq!(text.len() as u64, length.div_ceil(3) * 4);
}

/// A host can't make the client hold more than it should.
#[tokio::test(start_paused = true)]
async fn an_answer_without_end_is_cut_off() {
    let host = Host::new([Reply::Answer(200, " ".repeat(9 * 1024 * 1024))]);
    let client = host
        .builder(Provider::comet())
        .retry(RetryPolicy::never())
        .build();
    let task = client.expect("a client").effects().task(task_id("7"));
    let error = task.fetch().await.expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::Transport);
    let source = std::error::Error::source(&error).and_then(std::error::Error::source);
    let source = source.map(ToString::to_string).unwrap_or_default();
    assert_eq!(source, "the answer has more than 8388608 bytes");
}
