//! Parses fixtures/scenes.json strictly, since an error in it would be published in a
//! crate.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::date::Date;

/// The scenes, sorted by the bytes of their names.
pub(super) type Catalogue = BTreeMap<String, Record>;

/// The date of Kling's lists to which the members `listed_*` refer.
pub(super) const LISTED_ON: &str = "2026-09-20";

/// The known facts about a scene. If the list of models, modes or durations is empty, the
/// parameter is not documented for it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub(super) scene: String,
    pub(super) arity: Arity,
    pub(super) models: Vec<String>,
    pub(super) modes: Vec<String>,
    pub(super) durations: Vec<String>,
    pub(super) introduced: Option<Date>,
    pub(super) introduced_window: Option<(Date, Date)>,
    pub(super) introduced_confidence: Confidence,
    /// The announced end.
    pub(super) discontinued: Option<Date>,
    pub(super) first_seen: Option<Date>,
    pub(super) last_seen: Option<Date>,
    pub(super) removed_window: Option<(Date, Date)>,
    #[serde(rename = "listed_global_2026_09_20")]
    pub(super) listed_global: bool,
    #[serde(rename = "listed_china_2026_09")]
    pub(super) listed_china: bool,
    #[serde(default, rename = "cometapi_doc_enum")]
    pub(super) listed_comet: bool,
    #[serde(default)]
    pub(super) notes: Vec<String>,
    pub(super) sources: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Arity {
    Single,
    Dual,
}

/// The evidence for the date of introduction.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Confidence {
    Documented,
    Inferred,
    Window,
}

/// Reads the file's text. The error names the scene.
pub(super) fn parse(json: &str) -> Result<Catalogue, String> {
    // Entry by entry, so that errors can name the scene.
    let entries: Vec<Value> =
        serde_json::from_str(json).map_err(|e| format!("not a list of scenes: {e}"))?;
    let mut catalogue = Catalogue::new();
    for (number, entry) in (1..).zip(entries) {
        let name = match entry["scene"].as_str() {
            Some(name) => name.to_owned(),
            None => return Err(format!("entry {number} has no scene name")),
        };
        let record = parse_record(&name, entry).map_err(|e| format!("scene `{name}`: {e}"))?;
        if catalogue.insert(name.clone(), record).is_some() {
            return Err(format!("scene `{name}`: duplicate"));
        }
    }
    Ok(catalogue)
}

fn parse_record(name: &str, entry: Value) -> Result<Record, String> {
    let in_a_name = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'\'');
    if name.is_empty() || !name.bytes().all(in_a_name) {
        return Err("a name may only contain a-z, 0-9, `_` and `'`".to_owned());
    }
    let record: Record = serde_json::from_value(entry).map_err(|e| e.to_string())?;
    for (from, to) in [record.introduced_window, record.removed_window]
        .into_iter()
        .flatten()
    {
        if from > to {
            return Err(format!("the window {from} to {to} ends before it starts"));
        }
    }
    Ok(record)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// A minimal scene with these changes.
    pub(in crate::scenes) fn entry(name: &str, changes: Value) -> Value {
        let mut entry = json!({
            "scene": name,
            "arity": "single",
            "models": [],
            "modes": [],
            "durations": [],
            "introduced": null,
            "introduced_confidence": "documented",
            "discontinued": null,
            "first_seen": null,
            "last_seen": null,
            "listed_global_2026_09_20": false,
            "listed_china_2026_09": false,
            "sources": ["a page"],
        });
        let Value::Object(changes) = changes else {
            panic!("changes are an object");
        };
        entry.as_object_mut().unwrap().extend(changes);
        entry
    }

    pub(in crate::scenes) fn catalogue(entries: Vec<Value>) -> Catalogue {
        parse(&Value::from(entries).to_string()).unwrap()
    }

    #[track_caller]
    fn check_error(entries: Vec<Value>, expected: &str) {
        check_error_of_text(&Value::from(entries).to_string(), expected);
    }

    #[track_caller]
    fn check_error_of_text(json: &str, expected: &str) {
        let error = parse(json).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn scenes_come_in_the_order_of_their_bytes() {
        let entries = ["b", "a_b", "a1", "a"].map(|name| entry(name, json!({})));
        let catalogue = catalogue(entries.to_vec());
        let names: Vec<&String> = catalogue.keys().collect();
        assert_eq!(names, ["a", "a1", "a_b", "b"]);
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        check_error(
            vec![entry("a", json!({ "aritty": "dual" }))],
            "scene `a`: unknown field `aritty`",
        );
    }

    #[test]
    fn a_missing_key_is_an_error() {
        let mut entry = entry("a", json!({}));
        entry.as_object_mut().unwrap().remove("sources");
        check_error(vec![entry], "scene `a`: missing field `sources`");
    }

    #[test]
    fn a_scene_twice_is_an_error() {
        check_error(
            vec![entry("a", json!({})), entry("a", json!({}))],
            "scene `a`: duplicate",
        );
    }

    #[test]
    fn a_name_has_few_characters() {
        for name in ["", "Hug", "hug me", "let\u{2019}s_ride"] {
            check_error(
                vec![entry(name, json!({}))],
                &format!("scene `{name}`: a name may only contain"),
            );
        }
        check_error(vec![json!({ "scene": 7 })], "entry 1 has no scene name");
    }

    #[test]
    fn a_date_is_in_the_calendar() {
        check_error(
            vec![entry("a", json!({ "introduced": "2026-02-30" }))],
            "scene `a`: `2026-02-30` is not a date",
        );
    }

    #[test]
    fn a_window_runs_forwards() {
        let window = json!({ "removed_window": ["2026-02-02", "2026-02-01"] });
        check_error(
            vec![entry("a", window)],
            "scene `a`: the window 2026-02-02 to 2026-02-01 ends before it starts",
        );
    }

    #[test]
    fn an_arity_is_single_or_dual() {
        check_error(
            vec![entry("a", json!({ "arity": "triple" }))],
            "scene `a`: unknown variant `triple`, expected `single` or `dual`",
        );
    }

    #[test]
    fn the_file_is_a_list() {
        check_error_of_text("{}", "not a list of scenes: ");
    }
}
