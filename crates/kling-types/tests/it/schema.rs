//! The schemas: what they accept and refuse, and that they agree with the types
//! and with the validator.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use kling_types::schema::{Document, Profile, bundle, documents, documents_in};
use kling_types::validate::{Rule, validate_json};
use kling_types::{
    BalanceDeduction, EffectRequest, ExternalTaskId, Image, ImageSource, Mode, ModelName, Scene,
    ServiceError, Task, TaskEnvelope, TaskId, TaskInfo, TaskListEnvelope, TaskResult, TaskState,
    TaskStatus, UnixMillis, Video, WatermarkInfo,
};
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

const PROFILES: [Profile; 2] = [Profile::JsonSchema, Profile::OpenApi];

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).expect("a usable schema")
}

fn document(name: &str) -> Document {
    documents()
        .into_iter()
        .find(|document| document.name == name)
        .unwrap_or_else(|| panic!("no document {name}"))
}

/// Whether the document of this name accepts a value, by the first profile.
/// Both must give the same verdict.
fn accepts(name: &str, value: &Value) -> bool {
    static VALIDATORS: LazyLock<BTreeMap<&str, [Validator; 2]>> = LazyLock::new(|| {
        let [first, second] = PROFILES.map(documents_in);
        first
            .into_iter()
            .zip(second)
            .map(|(a, b)| (a.name, [validator(&a.schema), validator(&b.schema)]))
            .collect()
    });
    let [first, second] = VALIDATORS[name].each_ref().map(|v| v.is_valid(value));
    assert_eq!(first, second, "the profiles disagree on {name}: {value}");
    first
}

/// A definition of the bundle, as a schema of its own.
fn definition(profile: Profile, name: &str) -> Validator {
    let mut schema = bundle(profile);
    let path = match profile {
        Profile::JsonSchema => "#/$defs",
        _ => "#/components/schemas",
    };
    schema["$ref"] = json!(format!("{path}/{name}"));
    validator(&schema)
}

fn definitions(profile: Profile) -> Map<String, Value> {
    let mut bundle = bundle(profile);
    let found = match profile {
        Profile::JsonSchema => bundle["$defs"].take(),
        _ => bundle["components"]["schemas"].take(),
    };
    found.as_object().expect("definitions").clone()
}

/// Every schema there is, with a name for messages.
fn all_schemas() -> Vec<(String, Value)> {
    PROFILES
        .into_iter()
        .flat_map(|profile| {
            let documents = documents_in(profile)
                .into_iter()
                .map(move |d| (format!("{} {profile:?}", d.name), d.schema));
            documents.chain([(format!("bundle {profile:?}"), bundle(profile))])
        })
        .collect()
}

/// Calls `visit` on every object in a value, with its JSON Pointer.
fn walk(value: &Value, at: &str, visit: &mut impl FnMut(&str, &Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            visit(at, members);
            for (key, member) in members {
                walk(member, &format!("{at}/{key}"), visit);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{at}/{index}"), visit);
            }
        }
        _ => {}
    }
}

// ---- The form of the schemas.

#[test]
fn every_schema_is_one_by_its_meta_schema() {
    for profile in PROFILES {
        let schemas = documents_in(profile).into_iter().map(|d| d.schema);
        for schema in schemas.chain(definitions(profile).into_iter().map(|(_, schema)| schema)) {
            if let Err(error) = jsonschema::draft202012::meta::validate(&schema) {
                panic!("{error}\n{schema:#}");
            }
        }
    }
}

#[test]
fn every_document_stands_alone_under_its_name() {
    let names: Vec<_> = documents().iter().map(|document| document.name).collect();
    assert_eq!(
        names,
        [
            "EffectRequest",
            "EffectInput",
            "TaskEnvelope",
            "TaskListEnvelope",
            "Task",
            "TaskInfo",
            "TaskResult",
            "Video",
            "Image",
            "WatermarkInfo",
            "BalanceDeduction",
            "TaskCallback",
            "ErrorBody",
            "Violation"
        ]
    );
    for Document { name, schema, .. } in PROFILES.into_iter().flat_map(documents_in) {
        assert_eq!(schema["title"], name);
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
    }
    for (name, schema) in all_schemas() {
        walk(&schema, "", &mut |at, node| {
            // Generators of code take an `$id` for a type's name.
            assert!(!node.contains_key("$id"), "{name}{at} has an $id");
            if let Some(target) = node.get("$ref").and_then(Value::as_str) {
                let pointer = target.strip_prefix('#').expect("a reference inside");
                assert!(
                    schema.pointer(pointer).is_some(),
                    "{name}{at}: {target} leads nowhere"
                );
            }
        });
    }
}

#[test]
fn every_object_is_open_and_every_property_described() {
    for (name, schema) in all_schemas() {
        let mut properties = 0;
        walk(&schema, "", &mut |at, node| {
            assert_ne!(
                node.get("additionalProperties"),
                Some(&json!(false)),
                "{name}{at}"
            );
            // A property may be called so, too: then it has no type "object".
            if node.get("type") != Some(&json!("object")) {
                return;
            }
            assert_eq!(
                node.get("additionalProperties"),
                Some(&json!(true)),
                "{name}{at}"
            );
            for (key, property) in node["properties"].as_object().expect("properties") {
                properties += 1;
                let text = property["description"].as_str().unwrap_or_default();
                assert!(
                    text.ends_with('.') && !text.contains('\n'),
                    "{name}{at}/{key}: {text:?}"
                );
            }
        });
        assert!(properties > 0, "{name} has no property");
    }
}

#[test]
fn every_definition_is_described_and_named_once() {
    for profile in PROFILES {
        for (name, schema) in definitions(profile) {
            // schemars numbers the second type of a name.
            assert!(!name.ends_with(|c: char| c.is_ascii_digit()), "{name}");
            assert!(schema["description"].is_string(), "{name}");
        }
    }
}

#[test]
fn every_example_is_valid() {
    let mut examples = 0;
    for Document { name, schema, .. } in documents() {
        walk(&schema, "", &mut |at, node| {
            let Some(Value::Array(values)) = node.get("examples") else {
                return;
            };
            let mut alone = node.clone();
            if let Some(definitions) = schema.get("$defs") {
                alone.insert("$defs".to_owned(), definitions.clone());
            }
            let validator = validator(&alone.into());
            for value in values {
                examples += 1;
                assert!(validator.is_valid(value), "{name}{at}: {value}");
            }
        });
    }
    assert!(examples > 20, "only {examples} examples");
}

/// Keys are sorted and the text is the one of the snapshot, also with
/// `--features schema,serde_json/preserve_order`, which any crate can switch on.
#[test]
fn the_text_does_not_depend_on_features_of_serde_json() {
    for (name, schema) in all_schemas() {
        walk(&schema, "", &mut |at, node| {
            assert!(node.keys().is_sorted(), "{name}{at} is not sorted");
        });
    }
    let request = document("EffectRequest").schema;
    insta::assert_snapshot!(serde_json::to_string_pretty(&request).expect("JSON"));
}

// ---- Requests.

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

/// Rules that the schema of a request says in full.
const EXACT: &[Rule] = &[
    Rule::RequestType,
    Rule::SceneMissing,
    Rule::SceneType,
    Rule::SceneShape,
    Rule::InputMissing,
    Rule::InputType,
    Rule::ModelType,
    Rule::ModeType,
    Rule::ImageMissing,
    Rule::ImageBoth,
    Rule::ImagesType,
    Rule::ImagesCount,
    Rule::ImageType,
    Rule::DurationType,
    Rule::DurationShape,
    Rule::CallbackType,
    Rule::ExternalIdType,
    Rule::ExternalIdEmpty,
    Rule::ExternalIdControl,
    Rule::ExternalIdDots,
];

/// Rules that it says in part: what it refuses breaks the rule, and not the
/// other way round.
const PARTLY: &[Rule] = &[
    // Text without any base64 digit, such as "=", is empty too.
    Rule::ImageEmpty,
    // Only the scheme and the start of a host.
    Rule::CallbackUrl,
    // Characters, where the rule counts bytes.
    Rule::ExternalIdLength,
];

/// Rules that a schema does not say: what is in an image, what the catalogue of
/// scenes knows, what one provider asks for, and warnings.
const BEYOND: &[Rule] = &[
    Rule::SceneUnknown,
    Rule::SceneRetired,
    Rule::ModelUnknown,
    Rule::ModeUnknown,
    Rule::SceneArity,
    Rule::SceneArityDated,
    Rule::ImageUrl,
    Rule::ImageUrlScheme,
    Rule::ImageUrlLocal,
    Rule::ImageDataPrefix,
    Rule::ImageWhitespace,
    Rule::ImageUrlSafe,
    Rule::ImageNotBase64,
    Rule::ImagePadding,
    Rule::ImageFormat,
    Rule::ImageDamaged,
    Rule::ImagePixels,
    Rule::ImageHuge,
    Rule::ImageAspect,
    Rule::ImageBytes,
    Rule::DurationMissing,
    Rule::DurationUnknown,
];

#[test]
fn every_rule_is_in_the_schema_or_known_not_to_be() {
    let mut sorted = [EXACT, PARTLY, BEYOND].concat();
    sorted.sort_unstable();
    assert_eq!(sorted, Rule::ALL);
}

const ODD_TEXTS: &[&str] = &[
    "",
    ".",
    "..",
    "...",
    ". ",
    "a b",
    " ",
    "\u{7}",
    "a\n",
    "\u{85}",
    "\u{feff}",
    "\u{3000}",
    "5",
    "5.",
    ".5",
    "5.5.5",
    "٣",
    "5s",
    "-1",
    "=",
    "data:,",
    "http://",
    "http:///a",
    "HTTP://h",
    "https://[::1]",
    "ftp://h",
    "//h",
    "http://a b",
    "http://?q",
    "é",
];

/// A member's value: mostly one of `good`, else of a kind or text that it
/// should not have.
fn member(good: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![
        12 => prop::sample::select(good).prop_map(Value::from),
        2 => prop::sample::select(ODD_TEXTS).prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        1 => "[ -~]{250,260}".prop_map(Value::from),
        1 => prop::sample::select(vec![json!(null), json!(5), json!(0.5), json!(true), json!([]), json!({}), json!(["a"])]),
    ]
}

/// Mostly there.
fn maybe(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Option<Value>> {
    option::weighted(0.7, value)
}

/// Seldom there.
fn rarely(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Option<Value>> {
    option::weighted(0.1, value)
}

fn object(members: Vec<(&'static str, Option<Value>)>) -> Value {
    members
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect::<Map<_, _>>()
        .into()
}

fn arbitrary_input() -> impl Strategy<Value = Value> {
    let image = || member(&["https://example.com/a.jpg", "iVBORw0KGgo="]);
    let pair = prop_oneof![
        6 => prop::collection::vec(image(), 2),
        1 => prop::collection::vec(image(), 0..5),
    ];
    let images = prop_oneof![9 => pair.prop_map(Value::from), 1 => image()];
    let pictures = prop_oneof![
        8 => image().prop_map(|image| (Some(image), None)),
        8 => images.prop_map(|images| (None, Some(images))),
        1 => (image(), image()).prop_map(|(a, b)| (Some(a.clone()), Some(json!([a, b])))),
        1 => Just((None, None)),
    ];
    let options = (
        maybe(member(&["std", "pro", "ultra"])),
        maybe(member(&["kling-v1-6", "kling-v9"])),
        maybe(member(&["5", "10", "7.5"])),
        rarely(member(&["unknown"])),
    );
    let input = (pictures, options).prop_map(|((image, images), (mode, model, duration, seed))| {
        object(vec![
            ("image", image),
            ("images", images),
            ("mode", mode),
            ("model_name", model),
            ("duration", duration),
            ("seed", seed),
        ])
    });
    prop_oneof![20 => input, 1 => member(&["not an object"])]
}

/// Any request, with about one fault on average: so both verdicts are common.
fn arbitrary_request() -> impl Strategy<Value = Value> {
    let request = (
        option::weighted(0.95, member(&["hug_pro", "pet_lion_pro", "brand_new"])),
        option::weighted(0.95, arbitrary_input()),
        maybe(member(&["https://example.com/hook", "http://h"])),
        maybe(member(&["mine", "..x", "x."])),
        rarely(member(&["unknown"])),
    )
        .prop_map(|(scene, input, callback, id, unknown)| {
            object(vec![
                ("effect_scene", scene),
                ("input", input),
                ("callback_url", callback),
                ("external_task_id", id),
                ("unknown", unknown),
            ])
        });
    prop_oneof![40 => request, 1 => member(&["not an object"])]
}

/// What the next test compares is worth it only if every rule is broken often.
#[test]
fn arbitrary_requests_break_every_rule_of_the_schema() {
    let mut runner = TestRunner::deterministic();
    let mut broken: BTreeMap<Rule, u32> = BTreeMap::new();
    let mut accepted = 0;
    for _ in 0..2048 {
        let body = arbitrary_request()
            .new_tree(&mut runner)
            .expect("a request")
            .current();
        accepted += u32::from(accepts("EffectRequest", &body));
        for violation in validate_json(&body) {
            *broken.entry(violation.rule).or_default() += 1;
        }
    }
    for rule in [EXACT, PARTLY].concat() {
        let times = broken.get(&rule).copied().unwrap_or_default();
        assert!(times >= 3, "{rule} is broken {times} times");
    }
    assert!((200..1800).contains(&accepted), "{accepted} accepted");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    /// The validator and the schema are two readings of the same rules.
    #[test]
    fn the_schema_refuses_what_the_validator_refuses(body in arbitrary_request()) {
        let broken: Vec<Rule> = validate_json(&body).iter().map(|found| found.rule).collect();
        let breaks = |rules: &[Rule]| broken.iter().any(|rule| rules.contains(rule));
        if accepts("EffectRequest", &body) {
            prop_assert!(!breaks(EXACT), "the schema accepts {body}, which breaks {broken:?}");
        } else {
            prop_assert!(
                breaks(EXACT) || breaks(PARTLY),
                "the schema refuses {body}, which breaks only {broken:?}"
            );
        }
    }

    #[test]
    fn violations_fit_their_schema(body in arbitrary_request()) {
        for violation in validate_json(&body) {
            let value = serde_json::to_value(violation).expect("JSON");
            prop_assert!(accepts("Violation", &value), "{value}");
        }
    }
}

// ---- Words.

#[test]
fn the_known_words_are_those_of_the_types() {
    for profile in PROFILES {
        let schemas = definitions(profile);
        let words = |name: &str| -> Vec<String> {
            serde_json::from_value(schemas[name]["enum"].clone()).expect("a list of words")
        };
        assert_eq!(words("ModeKnown"), Mode::KNOWN);
        assert_eq!(words("ModelNameKnown"), ModelName::KNOWN);
        let rules: Vec<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(words("RuleKnown"), rules);
        let states: Vec<_> = words("TaskStatusKnown")
            .into_iter()
            .map(|word| TaskStatus::from(word).state())
            .collect();
        assert_eq!(
            states,
            [
                TaskState::Submitted,
                TaskState::Processing,
                TaskState::Succeed,
                TaskState::Failed
            ]
        );
    }
}

#[test]
fn sets_of_words_have_the_form_of_the_profile() {
    let words = json!(Mode::KNOWN);
    let mut mode = definitions(Profile::JsonSchema)["Mode"].clone();
    assert!(mode["description"].take().is_string());
    assert_eq!(
        mode,
        json!({
            "description": null,
            "oneOf": [{"$ref": "#/$defs/ModeKnown"}, {"type": "string", "not": {"enum": words}}],
            "tsType": "ModeKnown | (string & {})",
        })
    );
    let mut mode = definitions(Profile::OpenApi)["Mode"].clone();
    assert!(mode["description"].take().is_string());
    assert_eq!(
        mode,
        json!({"description": null, "type": "string", "x-extensible-enum": words})
    );
    for (name, schema) in all_schemas() {
        let foreign = if name.ends_with("OpenApi") {
            "tsType"
        } else {
            "x-extensible-enum"
        };
        walk(&schema, "", &mut |at, node| {
            assert!(!node.contains_key(foreign), "{name}{at} has {foreign}");
        });
    }
}

const OPEN: [&str; 4] = ["Mode", "ModelName", "TaskStatus", "Rule"];

fn open_sets() -> &'static [(String, Validator)] {
    static SETS: LazyLock<Vec<(String, Validator)>> = LazyLock::new(|| {
        let each =
            |profile| OPEN.map(|name| (format!("{name} {profile:?}"), definition(profile, name)));
        PROFILES.map(each).into_iter().flatten().collect()
    });
    &SETS
}

#[test]
fn sets_of_words_accept_their_own_words_and_no_other_kind() {
    for (name, validator) in open_sets() {
        let known = definitions(Profile::JsonSchema)
            [&format!("{}Known", name.split(' ').next().expect("a name"))]["enum"]
            .clone();
        for word in known.as_array().expect("words") {
            assert!(validator.is_valid(word), "{name}: {word}");
        }
        for other in [json!(null), json!(1), json!(["std"]), json!({})] {
            assert!(!validator.is_valid(&other), "{name}: {other}");
        }
    }
}

proptest! {
    #[test]
    fn sets_of_words_accept_every_word(word in any::<String>()) {
        for (name, validator) in open_sets() {
            prop_assert!(validator.is_valid(&json!(word)), "{name}: {word:?}");
        }
    }
}

// ---- Answers.

/// What a sample is, and whether it is a right one.
fn kind_of_sample(name: &str) -> Option<(&'static str, bool)> {
    Some(match name {
        // Of other routes, and of the newer standard.
        "req.cometapi.advanced-lip-sync.json" => ("EffectRequest", false),
        "resp.kling.identify-face.docshape.json" => ("TaskEnvelope", false),
        "resp.kling.tasks-unified.docshape.json" => ("TaskListEnvelope", false),
        // Not a body.
        "webhook.test-vector.json" => return None,
        "resp.kling.effects.list.docshape.json" => ("TaskListEnvelope", true),
        _ => match name.split('.').next()? {
            "req" => ("EffectRequest", true),
            "resp" => ("TaskEnvelope", true),
            "callback" => ("TaskCallback", true),
            "err" => ("ErrorBody", true),
            _ => panic!("what is {name}?"),
        },
    })
}

#[test]
fn every_sample_fits_its_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/samples");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("samples") {
        let entry = entry.expect("a file");
        let name = entry.file_name().into_string().expect("UTF-8");
        if entry.path().extension() != Some("json".as_ref()) {
            continue;
        }
        let Some((kind, right)) = kind_of_sample(&name) else {
            continue;
        };
        seen += 1;
        let text = std::fs::read_to_string(entry.path()).expect("readable");
        let body: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(accepts(kind, &body), right, "{name} as {kind}");
        // The schema of refusals and the reader of refusals draw the same line.
        let refusal = ServiceError::parse(400, &body).is_some();
        assert_eq!(accepts("ErrorBody", &body), refusal, "{name} as a refusal");
        // A refusal in the envelope is an envelope, too.
        if kind == "ErrorBody" && body.get("code").is_some() {
            assert!(accepts("TaskEnvelope", &body), "{name} as an envelope");
        }
    }
    assert!(seen > 40, "only {seen} samples");
}

/// Whatever the schema takes for a callback, the reader takes for one.
#[test]
fn callbacks_of_the_schema_are_callbacks_of_the_reader() {
    let flat = json!({"id": "1", "status": "succeeded"});
    let bare = json!({"task_id": "1", "task_status": "failed", "task_status_msg": "no"});
    for (body, right) in [
        (flat.clone(), true),
        (bare.clone(), true),
        (json!({"code": 0, "message": "SUCCEED", "data": bare}), true),
        (json!({"id": "1"}), false),
        (json!({"status": "succeeded"}), false),
        (json!({"code": 0, "data": 1}), false),
    ] {
        assert_eq!(accepts("TaskCallback", &body), right, "{body}");
        let read = kling_types::callback::TaskCallback::from_slice(body.to_string().as_bytes());
        assert_eq!(read.is_ok(), right, "{body}");
    }
    let billing = json!([{"charge_type": "unit", "amount": 2.4}]);
    let mut wrong = flat;
    wrong["billing"] = billing;
    assert!(!accepts("TaskCallback", &wrong), "an amount is text");
}

#[test]
fn answers_may_have_nulls_where_members_are_optional() {
    let nulls = json!({"code": 0, "message": null, "request_id": null, "data": {
        "task_id": "1", "task_status": null, "task_status_msg": null,
        "task_info": {"external_task_id": null, "parent_video": null},
        "task_result": {"images": null, "videos": [{"id": null, "url": null, "watermark_url": null, "duration": null}]},
        "watermark_info": null, "final_unit_deduction": null,
        "final_balance_deduction": {"quota": null, "list_price": null},
        "created_at": null, "updated_at": null,
    }});
    assert!(accepts("TaskEnvelope", &nulls));
    assert!(accepts(
        "TaskEnvelope",
        &json!({"code": "success", "data": null})
    ));
    assert!(accepts(
        "TaskListEnvelope",
        &json!({"code": 0, "data": null})
    ));
}

#[test]
fn answers_are_refused_where_nobody_could_use_them() {
    let task = |member: &str, value: Value| {
        let mut task = json!({"task_id": "1", "task_status": "succeed"});
        task[member] = value;
        task
    };
    assert!(accepts("Task", &task("unknown", json!([]))));
    for wrong in [
        // A reader that takes an id for a number corrupts it.
        task("task_id", json!(2_032_273_960_331_935_744_i64)),
        task("task_id", json!("")),
        task("task_id", json!(null)),
        task("task_status", json!(2)),
        task("created_at", json!("2026-01-01")),
        task("final_unit_deduction", json!("two")),
        task("task_result", json!({"videos": [5]})),
        json!({"task_status": "succeed"}),
    ] {
        assert!(!accepts("Task", &wrong), "{wrong}");
        assert!(
            !accepts("TaskEnvelope", &json!({"code": 0, "data": wrong})),
            "{wrong}"
        );
        assert!(
            !accepts("TaskListEnvelope", &json!({"code": 0, "data": [wrong]})),
            "{wrong}"
        );
    }
    assert!(!accepts("TaskEnvelope", &json!({"message": "no code"})));
    assert!(!accepts("ErrorBody", &json!({"code": "success"})));
    // Both forms at once are still one refusal.
    assert!(accepts(
        "ErrorBody",
        &json!({"code": 1201, "error": {"message": "no"}})
    ));
    assert!(!accepts(
        "ErrorBody",
        &json!({"code": 0, "message": "SUCCEED"})
    ));
}

// ---- What Rust writes.

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), any::<String>()]
}

fn decimal<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug>()
-> impl Strategy<Value = T> {
    "-?[0-9]{1,12}(\\.[0-9]{1,8})?".prop_map(|text| text.parse().expect("a decimal"))
}

fn unknown_members() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map("x_[a-z]{1,4}", member(&["kept"]), 0..3)
        .prop_map(|members| members.into_iter().collect())
}

prop_compose! {
    fn video()(
        id in option::of(".{1,8}"),
        url in option::of(text()),
        watermark_url in option::of(text()),
        duration in option::of(decimal()),
        extra in unknown_members(),
    ) -> Video {
        let mut video = Video::default();
        video.id = id.and_then(TaskId::new);
        video.url = url;
        video.watermark_url = watermark_url;
        video.duration = duration;
        video.extra = extra;
        video
    }
}

prop_compose! {
    fn image()(index in option::of(any::<i64>()), url in option::of(text())) -> Image {
        let mut image = Image::default();
        image.index = index;
        image.url = url;
        image
    }
}

prop_compose! {
    fn info()(id in option::of(".{1,8}"), parent in option::of(video())) -> TaskInfo {
        let mut info = TaskInfo::default();
        info.external_task_id = id.and_then(ExternalTaskId::new);
        info.parent_video = parent;
        info
    }
}

prop_compose! {
    fn result()(
        videos in prop::collection::vec(video(), 0..3),
        images in prop::collection::vec(image(), 0..3),
    ) -> TaskResult {
        let mut result = TaskResult::default();
        result.videos = videos;
        result.images = images;
        result
    }
}

prop_compose! {
    fn deduction()(quota in option::of(decimal()), list_price in option::of(decimal())) -> BalanceDeduction {
        let mut deduction = BalanceDeduction::default();
        deduction.quota = quota;
        deduction.list_price = list_price;
        deduction
    }
}

prop_compose! {
    fn task()(
        (id, status) in (".{1,24}", text()),
        status_msg in option::of(text()),
        info in option::of(info()),
        result in option::of(result()),
        watermark in option::of(option::of(any::<bool>())),
        unit_deduction in option::of(decimal()),
        balance_deduction in option::of(deduction()),
        created_at in option::of(any::<i64>()),
        updated_at in option::of(any::<i64>()),
        extra in unknown_members(),
    ) -> Task {
        let id = TaskId::new(id).expect("not empty");
        let mut task = Task::new(id, TaskStatus::from(status));
        task.status_msg = status_msg;
        task.info = info;
        task.result = result;
        task.watermark_info = watermark.map(|enabled| {
            let mut watermark = WatermarkInfo::default();
            watermark.enabled = enabled;
            watermark
        });
        task.unit_deduction = unit_deduction;
        task.balance_deduction = balance_deduction;
        task.created_at = created_at.map(UnixMillis::new);
        task.updated_at = updated_at.map(UnixMillis::new);
        task.extra = extra;
        task
    }
}

prop_compose! {
    /// A request without a structural fault; the rest may be anything.
    fn request()(
        scene in "[^\\s\\p{Cc}]{1,12}",
        pictures in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 1..3),
        mode in option::of(text()),
        model in option::of(text()),
        duration in option::of("[0-9]{1,3}(\\.[0-9]{1,2})?"),
        callback in option::of("https?://[a-z]{1,8}(/[ -~]{0,8})?"),
        id in option::of("[a-z.]{3,40}"),
        extra in unknown_members(),
    ) -> EffectRequest {
        let scene = Scene::new(scene);
        let mut images = pictures.into_iter().map(ImageSource::bytes);
        let mut request = match (images.next(), images.next()) {
            (Some(left), Some(right)) => EffectRequest::dual(scene, left, right),
            (image, _) => EffectRequest::single(scene, image.expect("at least one")),
        };
        if let Some(mode) = mode {
            request = request.with_mode(Mode::from(mode));
        }
        if let Some(model) = model {
            request = request.with_model_name(ModelName::from(model));
        }
        if let Some(duration) = duration {
            request = request.with_duration(duration);
        }
        request.callback_url = callback;
        request.external_task_id = id.and_then(ExternalTaskId::new);
        request.extra = extra;
        request
    }
}

proptest! {
    #[test]
    fn every_request_that_rust_writes_fits(request in request()) {
        let value = serde_json::to_value(&request).expect("JSON");
        prop_assert!(accepts("EffectRequest", &value), "{value:#}");
        prop_assert!(accepts("EffectInput", &value["input"]), "{value:#}");
    }

    #[test]
    fn every_answer_that_rust_writes_fits(
        tasks in prop::collection::vec(task(), 0..3),
        code in prop_oneof![any::<i64>().prop_map(Value::from), text().prop_map(Value::from)],
        message in option::of(text()),
    ) {
        let mut one: TaskEnvelope = serde_json::from_value(json!({"code": code})).expect("an envelope");
        one.message.clone_from(&message);
        one.request_id.clone_from(&message);
        one.data = tasks.first().cloned();
        let value = serde_json::to_value(&one).expect("JSON");
        prop_assert!(accepts("TaskEnvelope", &value), "{value:#}");

        let mut list: TaskListEnvelope = serde_json::from_value(json!({"code": code})).expect("an envelope");
        list.message = message;
        list.data.clone_from(&tasks);
        let value = serde_json::to_value(&list).expect("JSON");
        prop_assert!(accepts("TaskListEnvelope", &value), "{value:#}");

        for task in tasks {
            let value = serde_json::to_value(&task).expect("JSON");
            prop_assert!(accepts("Task", &value), "{value:#}");
        }
    }
}
