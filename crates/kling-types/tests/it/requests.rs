//! The request: how it is built, read and written.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kling_types::{EffectInput, EffectRequest, ExternalTaskId, Extra, ImageSource, Mode, Scene};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{json as any_json, object, respaced_and_reversed};

pub(crate) const KEYS: &[&str] = &[
    "effect_scene",
    "input",
    "callback_url",
    "external_task_id",
    "image",
    "images",
    "model_name",
    "mode",
    "duration",
    "watermark_info",
];

const SECRET: &str = "S3cr3t";

fn image() -> impl Strategy<Value = ImageSource> {
    prop_oneof![
        "[a-z]{1,8}"
            .prop_map(|host| ImageSource::url(format!("https://{host}.example/{host}.jpg"))),
        "[A-Za-z0-9+/]{0,40}={0,2}".prop_map(ImageSource::base64),
        ".*".prop_map(ImageSource::from_wire_text),
        prop::collection::vec(any::<u8>(), 0..64).prop_map(ImageSource::bytes),
    ]
}

/// Whatever the builder can build.
pub(crate) fn request() -> impl Strategy<Value = EffectRequest> {
    let scene = prop_oneof![
        prop::sample::select(vec!["hug_pro", "pet_lion_pro", "hug"]).prop_map(Scene::from),
        ".{1,20}".prop_map(Scene::from),
    ];
    let input = (image(), prop::option::of(image()));
    let words = (
        prop::option::of(prop_oneof!["5", "10", ".{0,6}"]),
        prop::option::of(prop_oneof!["std", "pro", ".{0,6}"]),
        prop::option::of(".{0,12}"),
    );
    let outer = (prop::option::of(".{0,30}"), prop::option::of(".{0,20}"));
    (scene, input, words, outer).prop_map(|(scene, (left, right), words, outer)| {
        let mut request = match right {
            Some(right) => EffectRequest::dual(scene, left, right),
            None => EffectRequest::single(scene, left),
        };
        if let Some(duration) = words.0 {
            request = request.with_duration(duration);
        }
        if let Some(mode) = words.1 {
            request = request.with_mode(mode);
        }
        if let Some(model) = words.2 {
            request = request.with_model_name(model);
        }
        if let Some(url) = outer.0 {
            request = request.with_callback_url(url);
        }
        match outer.1.and_then(ExternalTaskId::new) {
            Some(id) => request.with_external_task_id(id),
            None => request,
        }
    })
}

fn written(request: &EffectRequest) -> Value {
    serde_json::from_slice(&request.to_json().expect("it encodes")).expect("it is JSON")
}

proptest! {
    #[test]
    fn requests_round_trip(request in request()) {
        let body = written(&request);
        let again = EffectRequest::from_members(body.as_object().expect("an object").clone());
        prop_assert_eq!(written(&again), body.clone());
        // Bytes come back as the base64 that they were written as.
        for (sent, read) in request.input.images().iter().zip(again.input.images()) {
            let text = match sent {
                ImageSource::Bytes(bytes) => STANDARD.encode(bytes),
                ImageSource::Url(text) | ImageSource::Base64(text) => text.clone(),
                _ => unreachable!("a third kind of image"),
            };
            prop_assert_eq!(sent.wire_len(), text.len());
            prop_assert_eq!(read, &ImageSource::from_wire_text(text));
        }
        prop_assert_eq!(request.input.images().len(), again.input.images().len());
        prop_assert_eq!(&again.effect_scene, &request.effect_scene);
        prop_assert_eq!(&again.callback_url, &request.callback_url);
        prop_assert_eq!(&again.external_task_id, &request.external_task_id);
        prop_assert_eq!(again.duration(), request.duration());
        prop_assert!(again.extra.is_empty());
    }

    #[test]
    fn unset_members_are_omitted(request in request()) {
        let body = written(&request);
        let members = body.as_object().expect("an object");
        prop_assert_eq!(members.contains_key("callback_url"), request.callback_url.is_some());
        let has_id = members.contains_key("external_task_id");
        prop_assert_eq!(has_id, request.external_task_id.is_some());
        prop_assert_eq!(body["input"].get("duration").is_some(), request.duration().is_some());
        prop_assert!(body["input"].get("duration").is_none_or(Value::is_string));
        prop_assert!(!to_text(&request).contains(":null"));
    }

    /// Any object is a request; nothing of it is lost, and no key comes twice.
    #[test]
    fn any_object_survives(members in object(KEYS), input in any_json(KEYS)) {
        let mut members = members;
        members.insert("input".to_owned(), input);
        let request = EffectRequest::from_members(members.clone());
        prop_assert_eq!(written(&request), Value::Object(members));
        no_key_twice(&to_text(&request));
    }

    /// As written by anyone: keys in any order, white space anywhere.
    #[test]
    fn order_and_white_space_do_not_count(members in object(KEYS)) {
        let body = Value::Object(members);
        let text = respaced_and_reversed(&body);
        let other: EffectRequest = serde_json::from_str(&text).expect("an object");
        let plain: EffectRequest = serde_json::from_value(body).expect("an object");
        prop_assert_eq!(other, plain);
    }

    /// A field that is set wins over what reading left in `extra` under its name.
    #[test]
    fn a_set_field_replaces_what_was_read(members in object(KEYS), input in object(KEYS)) {
        let mut members = members;
        members.insert("input".to_owned(), Value::Object(input));
        let mut request = EffectRequest::from_members(members)
            .with_duration("5")
            .with_mode(Mode::Pro)
            .with_model_name("kling-v1-6")
            .with_callback_url("https://example.com/hook");
        request.effect_scene = Scene::HUG_PRO;
        let body = written(&request);
        prop_assert_eq!(&body["effect_scene"], "hug_pro");
        prop_assert_eq!(&body["callback_url"], "https://example.com/hook");
        prop_assert_eq!(&body["input"]["duration"], "5");
        prop_assert_eq!(&body["input"]["mode"], "pro");
        prop_assert_eq!(&body["input"]["model_name"], "kling-v1-6");
        prop_assert_eq!(request.duration(), Some("5"));
        no_key_twice(&to_text(&request));
    }

    /// Pictures, passwords, signatures and what an unknown member holds stay out
    /// of `Debug`, which stays short.
    #[test]
    fn debug_shows_no_secret(
        scene in "[a-z_]{1,20}",
        filler in "[a-z]{0,3000}",
        extra_keys in prop::collection::vec("[a-z]{1,30}", 0..40),
        dual: bool,
    ) {
        let image = ImageSource::base64(format!("{SECRET}{filler}"));
        let path = &filler[..filler.len().min(300)];
        let url = format!("https://me:{SECRET}@example.com/{path}?sig={SECRET}#{SECRET}");
        let request = if dual {
            EffectRequest::dual(Scene::from(scene), image, ImageSource::url(&url))
        } else {
            EffectRequest::single(Scene::from(scene), image)
        };
        let mut request = request.with_callback_url(&url);
        for key in extra_keys {
            request.extra.insert(key, json!({"token": format!("{SECRET}{filler}")}));
        }
        let texts = [format!("{request:?}"), format!("{request:#?}")];
        for text in texts {
            prop_assert!(!text.contains(SECRET), "{}", text);
            prop_assert!(text.len() < 4096, "{} bytes", text.len());
        }
        // Three images are kept, but not shown, either.
        let three = json!({"input": {"images": [SECRET, SECRET, SECRET]}, "callback_url": url});
        let three: EffectRequest = serde_json::from_value(three).expect("an object");
        let text = format!("{three:?}");
        prop_assert!(!text.contains(SECRET), "{}", text);
    }
}

fn to_text(request: &EffectRequest) -> String {
    String::from_utf8(request.to_json().expect("it encodes")).expect("JSON is UTF-8")
}

/// `serde_json` forgives a key twice; the service's reader may not.
#[track_caller]
fn no_key_twice(text: &str) {
    struct Once;
    impl<'de> serde::de::DeserializeSeed<'de> for Once {
        type Value = ();
        fn deserialize<D: serde::Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
            d.deserialize_any(self)
        }
    }
    impl<'de> serde::de::Visitor<'de> for Once {
        type Value = ();
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("JSON")
        }
        fn visit_unit<E>(self) -> Result<(), E> {
            Ok(())
        }
        fn visit_bool<E>(self, _: bool) -> Result<(), E> {
            Ok(())
        }
        fn visit_i64<E>(self, _: i64) -> Result<(), E> {
            Ok(())
        }
        fn visit_u64<E>(self, _: u64) -> Result<(), E> {
            Ok(())
        }
        fn visit_f64<E>(self, _: f64) -> Result<(), E> {
            Ok(())
        }
        fn visit_str<E>(self, _: &str) -> Result<(), E> {
            Ok(())
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
            while items.next_element_seed(Once)?.is_some() {}
            Ok(())
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            let mut keys = BTreeSet::new();
            while let Some(key) = map.next_key::<String>()? {
                assert!(keys.insert(key.clone()), "{key:?} is there twice");
                map.next_value_seed(Once)?;
            }
            Ok(())
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    serde::de::DeserializeSeed::deserialize(Once, &mut reader).expect("JSON");
}

#[test]
fn fields_are_written_in_the_order_of_the_page() {
    let request = EffectRequest::dual(
        Scene::HUG,
        ImageSource::url("https://example.com/a.jpg"),
        ImageSource::bytes(b"\xff\xd8\xff".to_vec()),
    )
    .with_duration("10")
    .with_mode(Mode::Std)
    .with_model_name("kling-v1-6")
    .with_callback_url("https://example.com/hook")
    .with_external_task_id(ExternalTaskId::new("job-7").expect("not empty"));
    assert_eq!(
        to_text(&request),
        r#"{"effect_scene":"hug","input":{"images":["https://example.com/a.jpg","/9j/"],"model_name":"kling-v1-6","mode":"std","duration":"10"},"callback_url":"https://example.com/hook","external_task_id":"job-7"}"#
    );
}

/// What the input is taken for.
#[track_caller]
fn check_input(input: Value, expected: &str) {
    let request: EffectRequest =
        serde_json::from_value(json!({"effect_scene": "x", "input": input})).expect("an object");
    let kind = match &request.input {
        EffectInput::Single(_) => "one",
        EffectInput::Dual(_) => "two",
        EffectInput::Other(members) if members.is_empty() => "nothing",
        EffectInput::Other(_) => "other",
        _ => unreachable!("a fourth kind of input"),
    };
    assert_eq!(kind, expected, "{input}");
}

#[test]
fn the_input_tells_what_it_is() {
    check_input(json!({"image": "x"}), "one");
    check_input(json!({"images": ["x", "y"]}), "two");
    check_input(json!({"image": "x", "duration": 5}), "one");
    check_input(json!({"image": "x", "images": ["x", "y"]}), "other");
    check_input(json!({"image": null, "images": ["x", "y"]}), "other");
    check_input(json!({"images": ["x"]}), "other");
    check_input(json!({"images": ["x", "y", "z"]}), "other");
    check_input(json!({"images": ["x", 5]}), "other");
    check_input(json!({"images": "x"}), "other");
    check_input(json!({"image": 5}), "other");
    check_input(json!({"video": "x"}), "other");
    check_input(json!({}), "nothing");
    check_input(json!(null), "nothing");
    check_input(json!(["x"]), "nothing");
}

#[test]
fn another_input_takes_options_too() {
    let mut members = Extra::new();
    members.insert("video".to_owned(), json!("https://example.com/v.mp4"));
    let request = EffectRequest::new(Scene::from("new_scene"), EffectInput::Other(members))
        .with_duration("5")
        .with_mode("pro")
        .with_model_name("kling-v9");
    assert_eq!(request.duration(), Some("5"));
    assert_eq!(
        written(&request)["input"],
        json!({"video": "https://example.com/v.mp4", "duration": "5", "mode": "pro", "model_name": "kling-v9"})
    );
}

#[test]
fn a_request_is_an_object() {
    for body in ["[]", "5", "null", "\"x\"", "", "{"] {
        serde_json::from_str::<EffectRequest>(body).unwrap_err();
    }
}

#[test]
fn a_file_is_read_whole() {
    let file = crate::support::path("fixtures/media/cat.png");
    let image = ImageSource::file(&file).expect("it is there");
    assert_eq!(
        image,
        ImageSource::bytes(std::fs::read(&file).expect("it is there"))
    );
    let missing = ImageSource::file(file.with_extension("gone")).unwrap_err();
    assert_eq!(missing.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn an_image_text_is_a_url_or_base64() {
    for (text, is_url) in [
        ("https://example.com/a.jpg", true),
        ("HTTP://EXAMPLE.COM", true),
        ("ftp://example.com", true),
        ("://x", false),
        ("a b://x", false),
        ("data:image/png;base64,AAAA", false),
        ("AAAA", false),
        ("", false),
    ] {
        let image = ImageSource::from_wire_text(text);
        assert_eq!(matches!(image, ImageSource::Url(_)), is_url, "{text:?}");
        assert_eq!(serde_json::to_value(&image).unwrap(), text);
    }
}
