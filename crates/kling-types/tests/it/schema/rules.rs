//! The schema and the validator agree, rule by rule.

use super::*;

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
