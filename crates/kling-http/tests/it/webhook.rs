//! Deliveries: what is accepted, as what, and what is not.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue, StatusCode};
use kling_http::webhook::{Receiver, Secret, Signer, Verification, WebhookError};
use kling_types::callback::CallbackShape;
use proptest::prelude::*;
use serde_json::Value;

use crate::sample;

const SECRET: &str = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=";
const OLD_SECRET: &str = "whsec_b2xkc2VjcmV0b2xkc2VjcmV0";
const BODY: &[u8] = br#"{"task_id": "7", "task_status": "processing"}"#;
const NOW: u64 = 1_781_080_794;

fn secret(text: &str) -> Secret {
    Secret::parse(text).expect("a secret")
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn signed(secret_text: &str, body: &[u8]) -> HeaderMap {
    let signer = Signer::new(secret(secret_text));
    signer.sign("delivery-1", at(NOW), body).expect("headers")
}

#[track_caller]
#[allow(clippy::needless_pass_by_value)] // So that cases read well.
fn check(receiver: &Receiver, headers: &HeaderMap, expected: Result<Verification, WebhookError>) {
    let delivery = receiver.receive(headers, BODY, at(NOW));
    assert_eq!(delivery.map(|it| it.verification()), expected);
}

/// The vector that Kling publishes, through verifying and through signing.
#[test]
fn published_vector() {
    let vector: Value = serde_json::from_str(&sample("webhook.test-vector")).expect("JSON");
    let text = |name: &str| vector[name].as_str().expect("text");
    let mut headers = HeaderMap::new();
    for (header, name) in [
        ("Webhook-Id", "webhook_id"),
        ("Webhook-Timestamp", "webhook_timestamp"),
        ("Webhook-Signature", "signature"),
    ] {
        let header = http::HeaderName::try_from(header).expect("a name");
        headers.insert(header, text(name).parse().expect("a value"));
    }
    let (body, now) = (text("raw_body").as_bytes(), at(NOW));
    let receiver = Receiver::new([secret(text("secret"))]);
    let delivery = receiver.receive(&headers, body, now).expect("genuine");
    assert_eq!(delivery.verification(), Verification::Verified);
    assert_eq!(delivery.id(), Some("9876543210"));
    assert_eq!(delivery.callback().shape(), CallbackShape::Flat);
    assert_eq!(delivery.callback().task().id.as_str(), "1234567890");

    let signer = Signer::new(secret(text("secret")));
    let ours = signer.sign(text("webhook_id"), now, body).expect("headers");
    assert_eq!(ours, headers);
}

#[test]
fn unsigned_deliveries_are_marked_and_not_hidden() {
    let open = Receiver::unsigned();
    check(&open, &HeaderMap::new(), Ok(Verification::Unsigned));
    check(&open, &signed(SECRET, BODY), Ok(Verification::Unchecked));
}

/// Where a secret is set, what is not signed is somebody else's.
#[test]
fn with_a_secret_an_unsigned_delivery_is_an_error() {
    let receiver = Receiver::new([secret(SECRET)]);
    let whole = signed(SECRET, BODY);
    check(&receiver, &whole, Ok(Verification::Verified));
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut headers = whole.clone();
        headers.remove(name);
        check(&receiver, &headers, Err(WebhookError::Header(name)));
        headers.insert(name, HeaderValue::from_bytes(b"\xff").expect("a value"));
        check(&receiver, &headers, Err(WebhookError::Header(name)));
    }
    let none = Err(WebhookError::Header("webhook-id"));
    check(&receiver, &HeaderMap::new(), none);
}

/// During a rotation either secret will do, on either side.
#[test]
fn rotation() {
    let both = Receiver::new([secret(SECRET), secret(OLD_SECRET)]);
    check(&both, &signed(SECRET, BODY), Ok(Verification::Verified));
    check(&both, &signed(OLD_SECRET, BODY), Ok(Verification::Verified));

    let mut headers = signed(SECRET, BODY);
    let old = signed(OLD_SECRET, BODY);
    let text = |headers: &HeaderMap| {
        headers["webhook-signature"]
            .to_str()
            .expect("text")
            .to_owned()
    };
    let list = format!("v1a,asymmetric v1,short {} {}", text(&old), text(&headers));
    headers.insert("webhook-signature", list.parse().expect("a value"));
    for knows in [SECRET, OLD_SECRET] {
        let receiver = Receiver::new([secret(knows)]);
        check(&receiver, &headers, Ok(Verification::Verified));
    }
    let stranger = Receiver::new([secret("whsec_c3RyYW5nZXI=")]);
    check(&stranger, &headers, Err(WebhookError::Signature));
}

/// An endless list costs no more than a short one.
#[test]
fn signatures_beyond_the_sixteenth_are_not_looked_at() {
    let receiver = Receiver::new([secret(SECRET)]);
    let mut headers = signed(SECRET, BODY);
    let genuine = headers["webhook-signature"]
        .to_str()
        .expect("text")
        .to_owned();
    for (before, expected) in [
        (15, Ok(Verification::Verified)),
        (16, Err(WebhookError::Signature)),
    ] {
        let list = format!("{}{genuine}", "v1,x ".repeat(before));
        headers.insert("webhook-signature", list.parse().expect("a value"));
        check(&receiver, &headers, expected);
    }
}

/// Five minutes either way, to the second, by the clock that is given.
#[test]
fn tolerance_is_exactly_five_minutes() {
    let receiver = Receiver::new([secret(SECRET)]);
    let headers = signed(SECRET, BODY);
    for (now, expected) in [
        (NOW, None),
        (NOW + 300, None),
        (NOW - 300, None),
        (NOW + 301, Some(301)),
        (NOW - 301, Some(-301)),
        (0, Some(-1_781_080_794)),
    ] {
        let delivery = receiver.receive(&headers, BODY, at(now));
        let error = delivery.err();
        assert_eq!(error, expected.map(|age| WebhookError::Expired { age }));
    }
}

/// Signed as a number, compared as a text: only one spelling of it.
#[test]
fn timestamps_are_plain_numbers() {
    let receiver = Receiver::new([secret(SECRET)]);
    for odd in [
        "",
        "now",
        "1781080794.0",
        "+1781080794",
        "01781080794",
        " 1781080794",
        "99999999999999999999",
    ] {
        let mut headers = signed(SECRET, BODY);
        headers.insert("webhook-timestamp", odd.parse().expect("a value"));
        check(&receiver, &headers, Err(WebhookError::Timestamp));
    }
    for extreme in [i64::MIN, i64::MAX] {
        let mut headers = signed(SECRET, BODY);
        headers.insert("webhook-timestamp", extreme.into());
        let error = receiver
            .receive(&headers, BODY, at(NOW))
            .expect_err("absurd");
        assert!(matches!(error, WebhookError::Expired { .. }), "{error}");
    }
}

#[test]
fn all_shapes_of_callbacks_are_read() {
    for (name, shape, id) in [
        ("callback.cometapi", CallbackShape::Legacy, None),
        (
            "callback.kling.legacy.docshape",
            CallbackShape::Legacy,
            None,
        ),
        ("callback.kling.new.docshape", CallbackShape::Flat, None),
        (
            "callback.kling.test-event",
            CallbackShape::Flat,
            None::<&str>,
        ),
    ] {
        let body = sample(name);
        let headers = signed(SECRET, body.as_bytes());
        let receiver = Receiver::new([secret(SECRET)]);
        let delivery = receiver.receive(&headers, body.as_bytes(), at(NOW));
        let delivery = delivery.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(delivery.callback().shape(), shape, "{name}");
        assert!(id.is_none_or(|id| delivery.callback().task().id.as_str() == id));
    }
}

#[test]
fn invalid_bodies_are_reported_after_the_signature() {
    for body in ["", "[]", "{}", "{\"task_id\": 7", "{\"hello\": \"world\"}"] {
        let receiver = Receiver::new([secret(SECRET)]);
        let delivery = receiver.receive(&signed(SECRET, body.as_bytes()), body.as_bytes(), at(NOW));
        let error = delivery.expect_err("no callback");
        assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{body}");
        let delivery = receiver.receive(
            &signed(OLD_SECRET, body.as_bytes()),
            body.as_bytes(),
            at(NOW),
        );
        assert_eq!(delivery.expect_err("forged"), WebhookError::Signature);
    }
}

#[test]
fn bodies_have_a_limit() {
    let length = BODY.len();
    let receiver = Receiver::unsigned().with_body_limit(length);
    check(&receiver, &HeaderMap::new(), Ok(Verification::Unsigned));
    let receiver = receiver.with_body_limit(length - 1);
    let too_large = WebhookError::TooLarge { limit: length - 1 };
    assert_eq!(too_large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    check(&receiver, &HeaderMap::new(), Err(too_large));
}

#[test]
fn secrets_are_checked_and_never_shown() {
    for bad in ["", "whsec_", "whsec_dGVzdA", "whsec_!", "whsec-dGVzdA=="] {
        assert_eq!(Secret::parse(bad), Err(WebhookError::Secret), "{bad:?}");
    }
    assert_eq!(
        Secret::parse("dGVzdA=="),
        Secret::parse(" whsec_dGVzdA==\n")
    );
    let receiver = Receiver::new([secret(SECRET)]);
    let error = receiver.receive(&signed(OLD_SECRET, BODY), BODY, at(NOW));
    let shown = format!(
        "{receiver:?} {:?} {error:?} {}",
        Signer::new(secret(SECRET)),
        error.as_ref().expect_err("forged")
    );
    assert!(
        !shown.contains("dGVzdH") && !shown.contains("v1,"),
        "{shown}"
    );
}

proptest! {
    /// Property 29: what is signed is accepted; a change of any bit of id,
    /// timestamp, body or signature is not.
    #[test]
    fn any_change_fails(
        id in "[!-~]{1,40}",
        text in "[ -~]{0,200}",
        key in prop::collection::vec(any::<u8>(), 1..80),
        part in 0..4_usize,
        at_byte in any::<prop::sample::Index>(),
        bit in 0..7_u32,
    ) {
        use base64::Engine as _;
        let body = serde_json::json!({"task_id": "7", "text": text}).to_string().into_bytes();
        let secret = secret(&base64::prelude::BASE64_STANDARD.encode(key));
        let receiver = Receiver::new([secret.clone()]);
        let headers = Signer::new(secret).sign(&id, at(NOW), &body).unwrap();
        prop_assert!(receiver.receive(&headers, &body, at(NOW)).is_ok());

        let change = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let index = at_byte.index(bytes.len());
            bytes[index] ^= 1_u8 << bit;
            bytes
        };
        let (mut changed_headers, mut changed_body) = (headers.clone(), body.clone());
        match ["webhook-id", "webhook-timestamp", "webhook-signature"].get(part) {
            Some(name) => {
                let value = HeaderValue::from_bytes(&change(headers[*name].as_bytes()));
                // Some changes are no header at all.
                let Ok(value) = value else { return Ok(()) };
                changed_headers.insert(*name, value);
            }
            None => changed_body = change(&body),
        }
        prop_assert!(receiver.receive(&changed_headers, &changed_body, at(NOW)).is_err());
        // The signature is over the bytes, not over what they mean.
        let mut respelled = body.clone();
        respelled.push(b' ');
        prop_assert!(receiver.receive(&headers, &respelled, at(NOW)).is_err());
    }

    /// Nothing that comes from outside brings the receiver down.
    #[test]
    fn any_input_gets_an_answer(
        values in prop::collection::vec(prop::collection::vec(32_u8..=255, 0..60), 3),
        body in prop::collection::vec(any::<u8>(), 0..200),
        now in 0..=1_u64 << 40,
        has_secret in any::<bool>(),
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in ["webhook-id", "webhook-timestamp", "webhook-signature"].into_iter().zip(&values) {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                headers.insert(name, value);
            }
        }
        let receiver = Receiver::new(has_secret.then(|| secret(SECRET)));
        if let Err(error) = receiver.receive(&headers, &body, at(now)) {
            prop_assert!(error.status().is_client_error());
        }
    }
}

mod axum_route {
    use std::sync::{Arc, Mutex};

    use axum::body::Body;
    use kling_http::TokioClock;
    use kling_http::webhook::{Delivery, axum_route};
    use tower_service::Service as _;

    use super::*;

    type Received = Arc<Mutex<Vec<Delivery>>>;

    fn app(receiver: Receiver) -> (axum::Router, Received) {
        let seen = Received::default();
        let log = seen.clone();
        let clock = TokioClock::starting_at(at(NOW));
        let route = axum_route(receiver, clock, move |delivery| {
            log.lock().unwrap().push(delivery);
            async {}
        });
        (axum::Router::new().route("/callbacks", route), seen)
    }

    async fn send(
        app: &mut axum::Router,
        method: &str,
        headers: HeaderMap,
        body: Body,
    ) -> (u16, String) {
        let mut request = http::Request::builder().method(method).uri("/callbacks");
        request.headers_mut().unwrap().extend(headers);
        let answer = app.call(request.body(body).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let text = axum::body::to_bytes(answer.into_body(), 10_000)
            .await
            .unwrap();
        (status, String::from_utf8(text.to_vec()).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn deliveries_are_handed_over_and_duplicates_get_200() {
        let (mut app, received) = app(Receiver::new([secret(SECRET)]));
        for _ in 0..5 {
            let answer = send(&mut app, "POST", signed(SECRET, BODY), BODY.into()).await;
            assert_eq!(answer, (200, String::new()));
        }
        assert_eq!(received.lock().unwrap().len(), 5);
        tokio::time::sleep(Duration::from_secs(301)).await;
        let (status, text) = send(&mut app, "POST", signed(SECRET, BODY), BODY.into()).await;
        assert_eq!(status, 401);
        assert!(text.contains("301 s old"), "{text}");
        assert_eq!(received.lock().unwrap().len(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_else_comes_gets_its_status() {
        let (mut app, received) = app(Receiver::new([secret(SECRET)]).with_body_limit(100));
        let forged = signed(OLD_SECRET, BODY);
        assert_eq!(send(&mut app, "POST", forged, BODY.into()).await.0, 401);
        assert_eq!(
            send(&mut app, "POST", HeaderMap::new(), BODY.into())
                .await
                .0,
            401
        );
        assert_eq!(
            send(&mut app, "GET", HeaderMap::new(), Body::empty())
                .await
                .0,
            405
        );
        let hello = signed(SECRET, b"hello");
        assert_eq!(send(&mut app, "POST", hello, "hello".into()).await.0, 400);
        let long = vec![b' '; 101];
        let headers = signed(SECRET, &long);
        assert_eq!(send(&mut app, "POST", headers, long.into()).await.0, 413);
        assert!(received.lock().unwrap().is_empty());
    }
}
