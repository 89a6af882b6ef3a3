//! Whatever comes in, an answer goes out: never a panic, never a 5xx, and JSON
//! everywhere but among the videos.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use kling_http::Transport as _;
use kling_mock::{Mock, Plan, Profile};
use proptest::prelude::*;
use serde_json::Value;

use crate::clock::ManualClock;

/// A method, mostly a usual one.
fn methods() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
            .prop_map(str::to_owned),
        1 => "[A-Z]{1,12}",
    ]
}

/// A path, mostly one that leads somewhere; `ID` is a task's.
fn paths() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("/kling".to_owned()),
        Just("/v1/videos/effects".to_owned()),
        Just("/assets".to_owned()),
        Just("/ID".to_owned()),
        Just("/ID-0.mp4".to_owned()),
        Just("?Signature=x".to_owned()),
        Just("/%ff%00".to_owned()),
        "/[ -~]{0,12}",
        "[?&=%/]{0,4}",
    ];
    prop::collection::vec(piece, 0..5)
        .prop_map(|pieces| format!("/{}", pieces.concat()).replacen("//", "/", 1))
}

fn headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name = prop::sample::select(vec![
        "authorization",
        "host",
        "range",
        "if-range",
        "content-type",
        "content-length",
        "x-any",
    ]);
    let value = prop_oneof![
        Just(b"Bearer KEY".to_vec()),
        Just(b"bytes=0-".to_vec()),
        Just(b"bytes=-1,5-2,-".to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec((name.prop_map(str::to_owned), value), 0..4)
}

/// Any JSON value, with the names that count.
fn json_values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        prop::sample::select(vec![
            "hug_pro",
            "color_mixing",
            "https://example.com/a.jpg",
            "iVBORw0KGgo=",
            "5"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let key = prop::sample::select(vec![
            "effect_scene",
            "input",
            "image",
            "images",
            "duration",
            "mode",
            "model_name",
            "callback_url",
            "external_task_id",
            "other",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..6).prop_map(|map| map
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => json_values().prop_map(|value| value.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => Just(crate::single().to_string().into_bytes()),
        1 => (1_usize..3_000).prop_map(|depth| "[".repeat(depth).into_bytes()),
    ]
}

fn check(
    mock: &Mock,
    method: &str,
    path: &str,
    headers: &[(String, Vec<u8>)],
    body: Vec<u8>,
) -> Result<(), TestCaseError> {
    let Ok(uri) = path.parse::<Uri>() else {
        return Ok(());
    };
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::from_bytes(method.as_bytes()).expect("a method");
    *request.uri_mut() = uri.clone();
    for (name, value) in headers {
        let value = if value == b"Bearer KEY" {
            HeaderValue::from_str(&format!("Bearer {}", mock.api_key())).ok()
        } else {
            HeaderValue::from_bytes(value).ok()
        };
        let name: HeaderName = name.parse().expect("a name");
        request
            .headers_mut()
            .extend(value.map(|value| (name, value)));
    }

    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let (parts, body) = runtime
        .block_on(async {
            let (parts, body) = mock.transport().send(request).await?.into_parts();
            Ok::<_, kling_http::TransportError>((parts, body.collect(usize::MAX).await?))
        })
        .expect("an answer");
    prop_assert!(parts.status.as_u16() < 500, "{}", parts.status);
    if method == "HEAD" {
        prop_assert!(body.is_empty());
    } else if parts.headers["content-type"] == "text/html" {
        // The page that CometAPI has for wrong paths, with nothing behind it.
        prop_assert_eq!(parts.status, 404);
        prop_assert_eq!(mock.charges().len(), 1);
    } else if !uri.path().starts_with("/assets/") {
        let body: Value = serde_json::from_slice(&body).map_err(|error| {
            TestCaseError::fail(format!("{error}: {}", String::from_utf8_lossy(&body)))
        })?;
        let shown = body.get("code").or(body.get("error"));
        prop_assert!(shown.is_some(), "{}", body);
        prop_assert_eq!(&parts.headers["content-type"], "application/json");
    }
    Ok(())
}

fn mock(profile: Profile) -> (Mock, String) {
    let prefix = if profile.name() == "kling" {
        ""
    } else {
        "/kling"
    };
    let mock = Mock::builder()
        .profile(profile)
        .plan(Plan::instant())
        .clock(ManualClock::new())
        .build();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let door = crate::door::Door::of(&mock);
    let id = runtime
        .block_on(door.create(prefix, &crate::single()))
        .task_id();
    (mock, id)
}

proptest! {
    #[test]
    fn any_request(method in methods(), path in paths(), headers in headers(), body in bodies()) {
        for profile in [Profile::comet(), Profile::kling()] {
            let (mock, id) = mock(profile);
            check(&mock, &method, &path.replace("ID", &id), &headers, body.clone())?;
        }
    }

    /// With the right key at the right place, so that the body is read.
    #[test]
    fn any_create(body in bodies()) {
        for (profile, path) in [(Profile::comet(), "/kling/v1/videos/effects"), (Profile::kling(), "/v1/videos/effects")] {
            let (mock, _) = mock(profile);
            let key = [("authorization".to_owned(), b"Bearer KEY".to_vec())];
            check(&mock, "POST", path, &key, body.clone())?;
        }
    }
}
