//! Sets of words: known ones, and those of tomorrow.

use super::*;

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
