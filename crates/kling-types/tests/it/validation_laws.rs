//! What holds for every request, whatever is wrong with it.

use std::collections::BTreeSet;

use kling_types::scene::{Date, LATEST_LIST};
use kling_types::validate::{Checks, Rule, Violation, validate_json, validate_json_with};
use kling_types::{EffectRequest, Scene};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::requests::{KEYS, request};
use crate::support::{json as any_json, object};
use crate::validation_cases::URL;

/// One thing to do wrong, and the violation it must give.
#[derive(Debug, Clone)]
struct Fault {
    /// Where: faults at one place exclude each other.
    place: &'static str,
    /// What stands there; `None` for nothing.
    value: Option<Value>,
    rule: Rule,
}

fn fault(place: &'static str, value: Value, rule: Rule) -> Fault {
    Fault {
        place,
        value: Some(value),
        rule,
    }
}

fn faults() -> Vec<Fault> {
    let missing = |place, rule| Fault {
        place,
        value: None,
        rule,
    };
    vec![
        missing("/effect_scene", Rule::SceneMissing),
        fault("/effect_scene", json!(5), Rule::SceneType),
        fault("/effect_scene", json!("a b"), Rule::SceneShape),
        fault("/input/model_name", json!([]), Rule::ModelType),
        fault("/input/model_name", json!("kling-v9"), Rule::ModelUnknown),
        fault("/input/mode", json!(null), Rule::ModeType),
        fault("/input/mode", json!("fast"), Rule::ModeUnknown),
        fault("/input/images/0", json!(5), Rule::ImageType),
        fault("/input/images/0", json!(""), Rule::ImageEmpty),
        fault("/input/images/0", json!("http://"), Rule::ImageUrl),
        fault(
            "/input/images/1",
            json!("gopher://example.com"),
            Rule::ImageUrlScheme,
        ),
        fault("/input/images/1", json!("photo.jpg"), Rule::ImageNotBase64),
        fault("/input/images/1", json!("AAAA"), Rule::ImageFormat),
        fault("/input/duration", json!(5), Rule::DurationType),
        fault("/input/duration", json!("five"), Rule::DurationShape),
        missing("/input/duration", Rule::DurationMissing),
        fault("/callback_url", json!({}), Rule::CallbackType),
        fault("/callback_url", json!("hook"), Rule::CallbackUrl),
        fault("/external_task_id", json!(7), Rule::ExternalIdType),
        fault("/external_task_id", json!(""), Rule::ExternalIdEmpty),
    ]
}

fn good() -> Value {
    json!({
        "effect_scene": "hug_pro",
        "input": {"model_name": "kling-v1-6", "mode": "std", "images": [URL, URL], "duration": "5"},
        "callback_url": "https://example.com/hook",
        "external_task_id": "job-7",
    })
}

fn checks() -> Checks {
    Checks::default().with_duration_required(true)
}

/// Writes a value at a JSON Pointer, or takes away what is there.
fn set(body: &mut Value, place: &str, value: Option<Value>) {
    let (parent, key) = place.rsplit_once('/').expect("a pointer below the root");
    let parent = body.pointer_mut(parent).expect("its parent is there");
    match (parent, value) {
        (Value::Object(members), Some(value)) => drop(members.insert(key.to_owned(), value)),
        (Value::Object(members), None) => drop(members.remove(key)),
        (Value::Array(items), Some(value)) => {
            items[key.parse::<usize>().expect("an index")] = value;
        }
        _ => panic!("{place} can't be set"),
    }
}

/// Some of the faults, at most one at each place.
fn some_faults() -> impl Strategy<Value = Vec<Fault>> {
    prop::sample::subsequence(faults(), 0..=faults().len())
        .prop_shuffle()
        .prop_map(|faults| {
            let mut places = BTreeSet::new();
            faults
                .into_iter()
                .filter(|fault| places.insert(fault.place))
                .collect()
        })
}

/// A request of which anything may be wrong.
fn any_body() -> impl Strategy<Value = Value> {
    (
        object(KEYS),
        any_json(KEYS),
        any_json(KEYS),
        prop::sample::select(vec!["hug_pro", "pet_lion_pro", "x"]),
    )
        .prop_map(|(mut members, input, image, scene)| {
            members.insert("effect_scene".to_owned(), scene.into());
            members.insert(
                "input".to_owned(),
                match input {
                    Value::Array(items) => json!({"images": items}),
                    Value::Null => json!({"image": image}),
                    other => other,
                },
            );
            Value::Object(members)
        })
}

/// Where a pointer stands in the order of the document.
fn rank(pointer: &str) -> (usize, usize) {
    const ORDER: [&str; 11] = [
        "",
        "/effect_scene",
        "/input",
        "/input/model_name",
        "/input/mode",
        "/input/image",
        "/input/images",
        "/input/images/",
        "/input/duration",
        "/callback_url",
        "/external_task_id",
    ];
    let (field, index) = match pointer.strip_prefix("/input/images/") {
        Some(index) => ("/input/images/", index.parse().expect("an index")),
        None => (pointer, 0),
    };
    (
        ORDER
            .iter()
            .position(|known| *known == field)
            .unwrap_or_else(|| panic!("{pointer}?")),
        index,
    )
}

/// The wrong places and rules: the verdict without its words.
fn verdict(found: &[Violation]) -> BTreeSet<(String, Rule)> {
    found.iter().map(|v| (v.pointer.clone(), v.rule)).collect()
}

proptest! {
    /// Any number of faults: each is found, nothing else is, and mending one takes
    /// away exactly that one.
    #[test]
    fn each_fault_is_found_and_can_be_mended(faults in some_faults()) {
        let mut body = good();
        prop_assert_eq!(validate_json_with(&body, &checks()), []);
        for fault in &faults {
            set(&mut body, fault.place, fault.value.clone());
        }
        let mut expected: BTreeSet<_> =
            faults.iter().map(|f| (f.place.to_owned(), f.rule)).collect();
        prop_assert_eq!(verdict(&validate_json_with(&body, &checks())), expected.clone());
        for fault in &faults {
            set(&mut body, fault.place, good().pointer(fault.place).cloned());
            expected.remove(&(fault.place.to_owned(), fault.rule));
            prop_assert_eq!(verdict(&validate_json_with(&body, &checks())), expected.clone());
        }
    }

    /// A pointer resolves, or names a missing child of a parent that is there.
    #[test]
    fn pointers_lead_somewhere(body in any_body()) {
        for violation in validate_json(&body) {
            let parent = violation.pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
            prop_assert!(body.pointer(parent).is_some(), "{}", violation);
        }
    }

    #[test]
    fn violations_come_in_order_and_once(body in any_body()) {
        let found = validate_json(&body);
        prop_assert!(found.is_sorted_by_key(|v| rank(&v.pointer)), "{:?}", found);
        prop_assert_eq!(verdict(&found).len(), found.len());
        prop_assert_eq!(validate_json(&body), found);
    }

    /// Typed or not, read or built: the rules see what will be written.
    #[test]
    fn typed_and_untyped_agree(body in any_body(), built in request()) {
        let read: EffectRequest = serde_json::from_value(body.clone()).expect("an object");
        prop_assert_eq!(read.validate(), validate_json(&body));
        let written: Value = serde_json::to_value(&built).expect("it encodes");
        prop_assert_eq!(verdict(&built.validate()), verdict(&validate_json(&written)));
    }

    #[test]
    fn an_unknown_member_changes_nothing(
        mut body in any_body(),
        key in "x_[a-z]{1,8}",
        value in any_json(KEYS),
    ) {
        let before = validate_json(&body);
        body[&key] = value.clone();
        if let Some(input) = body["input"].as_object_mut() {
            input.insert(key, value);
        }
        prop_assert_eq!(validate_json(&body), before);
    }

    /// Left or right: the same faults, at the other place; the encodings differ.
    #[test]
    fn swapped_images_swap_their_faults(left in any_json(KEYS), right in any_json(KEYS)) {
        let body = |images: [&Value; 2]| {
            json!({"effect_scene": "hug_pro", "input": {"images": images}})
        };
        let (there, back) = (body([&left, &right]), body([&right, &left]));
        let swap = |(pointer, rule): (String, Rule)| match pointer.as_str() {
            "/input/images/0" => ("/input/images/1".to_owned(), rule),
            "/input/images/1" => ("/input/images/0".to_owned(), rule),
            _ => (pointer, rule),
        };
        let swapped: BTreeSet<_> =
            verdict(&validate_json(&there)).into_iter().map(swap).collect();
        prop_assert_eq!(swapped, verdict(&validate_json(&back)));
        prop_assert_eq!(there == back, left == right);
    }

    #[test]
    fn two_images_and_no_other_number(count in 0_usize..64) {
        let body = json!({"effect_scene": "hug_pro", "input": {"images": vec![URL; count]}});
        let expected: &[Rule] = if count == 2 { &[] } else { &[Rule::ImagesCount] };
        prop_assert_eq!(validate_json(&body).iter().map(|v| v.rule).collect::<Vec<_>>(), expected);
    }

    /// What the builder builds has the right shape, however odd its texts.
    #[test]
    fn the_builder_builds_no_wrong_shape(request in request()) {
        for violation in request.validate() {
            let shape = matches!(
                violation.rule,
                Rule::RequestType
                    | Rule::SceneMissing
                    | Rule::SceneType
                    | Rule::InputMissing
                    | Rule::InputType
                    | Rule::ImageMissing
                    | Rule::ImageBoth
                    | Rule::ImageType
                    | Rule::ImagesType
                    | Rule::ImagesCount
                    | Rule::DurationType
                    | Rule::ModeType
                    | Rule::ModelType
                    | Rule::CallbackType
                    | Rule::ExternalIdType
                    | Rule::ExternalIdEmpty
            );
            prop_assert!(!shape, "{}", violation);
        }
    }

    /// A catalogue older than the request warns of a wrong number of images; one
    /// that is not refuses it.
    #[test]
    fn an_old_catalogue_only_warns(
        scene in prop::sample::select(kling_types::scene::all()),
        day in 1_u8..=30,
        wrong: bool,
    ) {
        let dual = (scene.arity.images() == 2) != wrong;
        let input = if dual { json!({"images": [URL, URL]}) } else { json!({"image": URL}) };
        let body = json!({"effect_scene": scene.name, "input": input});
        let found = |date| validate_json_with(&body, &Checks::default().as_of(date));
        let errors = found(LATEST_LIST).iter().filter(|v| v.is_error()).count();
        prop_assert_eq!(errors, usize::from(wrong));
        let later = found(Date::new(2026, 10, day));
        prop_assert!(later.iter().all(|v| !v.is_error()));
        prop_assert_eq!(later.iter().any(|v| v.rule == Rule::SceneArityDated), wrong);
    }

    /// The service decides about names it has not told us.
    #[test]
    fn an_unknown_scene_is_never_an_error(name in "[a-z0-9_]{1,20}", dual: bool) {
        prop_assume!(Scene::from(name.as_str()).info().is_none());
        let input = if dual { json!({"images": [URL, URL]}) } else { json!({"image": URL}) };
        let found = validate_json(&json!({"effect_scene": name, "input": input}));
        prop_assert!(found.iter().all(|v| !v.is_error()));
        prop_assert_eq!(found.len(), 1);
    }
}
