//! What the schema of a request accepts.

use super::*;

#[test]
fn the_input_is_one_image_or_two() {
    let url = "https://example.com/a.jpg";
    let table: &[(&str, bool, Value)] = &[
        (
            "single, 2026",
            true,
            json!({"effect_scene": "pet_lion_pro", "input": {"image": url}}),
        ),
        (
            "single, 2025",
            true,
            json!({"effect_scene": "squish", "input": {"model_name": "kling-v1-6", "image": url, "duration": "5"}}),
        ),
        (
            "dual",
            true,
            json!({"effect_scene": "hug", "input": {"model_name": "kling-v1-6", "mode": "std", "images": [url, url], "duration": "10"}}),
        ),
        (
            "unknown fields",
            true,
            json!({"effect_scene": "x", "input": {"image": url, "seed": 1}, "watermark_info": {"enabled": true}}),
        ),
        (
            "unknown words",
            true,
            json!({"effect_scene": "x", "input": {"image": url, "mode": "ultra", "model_name": "kling-v9"}}),
        ),
        (
            "three images",
            false,
            json!({"effect_scene": "x", "input": {"images": [url, url, url]}}),
        ),
        (
            "one of two images",
            false,
            json!({"effect_scene": "x", "input": {"images": [url]}}),
        ),
        (
            "both",
            false,
            json!({"effect_scene": "x", "input": {"image": url, "images": [url, url]}}),
        ),
        (
            "neither",
            false,
            json!({"effect_scene": "x", "input": {"duration": "5"}}),
        ),
        (
            "number as duration",
            false,
            json!({"effect_scene": "x", "input": {"image": url, "duration": 5}}),
        ),
        (
            "unit in duration",
            false,
            json!({"effect_scene": "x", "input": {"image": url, "duration": "5s"}}),
        ),
        (
            "bad URL",
            false,
            json!({"effect_scene": "x", "input": {"image": url}, "callback_url": "example.com/hook"}),
        ),
        ("no scene", false, json!({"input": {"image": url}})),
        (
            "null",
            false,
            json!({"effect_scene": "x", "input": {"image": url}, "external_task_id": null}),
        ),
    ];
    for (name, expected, body) in table {
        assert_eq!(accepts("EffectRequest", body), *expected, "{name}");
    }
    // The same by the input alone, where it is the input that decides.
    for (name, expected, body) in table
        .iter()
        .filter(|row| row.0 != "bad URL" && row.0 != "null")
    {
        let expected = *expected || *name == "no scene";
        assert_eq!(accepts("EffectInput", &body["input"]), expected, "{name}");
    }
}

#[test]
fn a_request_has_no_null() {
    for name in ["EffectRequest", "EffectInput"] {
        walk(&document(name).schema, "", &mut |at, node| {
            let null = |value: &Value| match value {
                Value::Array(items) => items.contains(&json!("null")),
                other => other == "null",
            };
            assert!(
                !node.get("type").is_some_and(null),
                "{name}{at} may be null"
            );
        });
    }
}

/// What the schema says of the rules that it says in part.
#[test]
fn the_beginning_of_a_rule_is_held() {
    let with = |pointer: &str, value: &str| {
        let mut body = json!({
            "effect_scene": "x",
            "input": {"images": ["a", "b"]},
            "callback_url": "http://h",
            "external_task_id": "mine",
        });
        *body.pointer_mut(pointer).expect("a member") = value.into();
        accepts("EffectRequest", &body)
    };
    assert!(with("/external_task_id", &"x".repeat(256)));
    assert!(!with("/external_task_id", &"x".repeat(257)));
    assert!(!with("/input/images/1", ""));
    assert!(with("/callback_url", "HTTPS://h:1/p?q"));
    for url in [
        "h/p",
        "//h",
        "ftp://h",
        "http:",
        "http://",
        "http:///p",
        "http://?q",
    ] {
        assert!(!with("/callback_url", url), "{url}");
    }
}

/// The patterns spell out what Rust calls white space and control characters.
#[test]
fn patterns_and_validator_know_the_same_characters() {
    for c in ('\0'..='\u{3100}').chain(['\u{feff}', '\u{fffd}', '\u{1f600}']) {
        let body = json!({
            "effect_scene": format!("x{c}"),
            "input": {"image": "a"},
            "external_task_id": "mine",
        });
        let broken = |body: &Value, rule| validate_json(body).iter().any(|v| v.rule == rule);
        assert_eq!(
            accepts("EffectRequest", &body),
            !broken(&body, Rule::SceneShape),
            "{c:?}"
        );
        let mut body = body;
        body["effect_scene"] = "x".into();
        body["external_task_id"] = format!("x{c}").into();
        assert_eq!(
            accepts("EffectRequest", &body),
            !broken(&body, Rule::ExternalIdControl),
            "{c:?}"
        );
    }
}

/// A field that is added to the request must be in its schema.
#[test]
fn requests_have_the_members_of_the_types() {
    let keys = |value: &Value| -> BTreeSet<String> {
        value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect()
    };
    let full = |request: EffectRequest| {
        let request = request
            .with_duration("5")
            .with_mode(Mode::Pro)
            .with_model_name(ModelName::KlingV1_6)
            .with_callback_url("https://example.com/hook")
            .with_external_task_id(ExternalTaskId::new("mine").expect("not empty"));
        serde_json::to_value(request).expect("JSON")
    };
    let image = || ImageSource::url("https://example.com/a.jpg");
    let single = full(EffectRequest::single(Scene::SQUISH, image()));
    let dual = full(EffectRequest::dual(Scene::HUG, image(), image()));
    let schemas = definitions(Profile::JsonSchema);
    assert_eq!(keys(&single), keys(&schemas["EffectRequest"]["properties"]));
    assert_eq!(
        keys(&single["input"]),
        keys(&schemas["SingleImageInput"]["properties"])
    );
    assert_eq!(
        keys(&dual["input"]),
        keys(&schemas["DualImageInput"]["properties"])
    );
}
