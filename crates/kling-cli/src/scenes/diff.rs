//! Compares two scene catalogues.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{emit, print};
use crate::request::read_json;

pub(super) fn run(before: &str, after: &str, json: bool) -> Result<(), Failure> {
    let (before, after) = (catalogue(before)?, catalogue(after)?);
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for name in names {
        match (before.get(name), after.get(name)) {
            (None, Some(_)) => tell(json, "added", '+', name, &[]),
            (Some(_), None) => tell(json, "removed", '-', name, &[]),
            (Some(old), Some(new)) if old != new => {
                let mut changes = Vec::new();
                compare("", Some(old), Some(new), &mut changes);
                tell(json, "changed", '~', name, &changes);
            }
            _ => {}
        }
    }
    Ok(())
}

/// The scenes of a catalogue by name.
fn catalogue(file: &str) -> Result<BTreeMap<String, Value>, Failure> {
    let fault = |why: &str| Failure::Usage(format!("{file} is not a catalogue: {why}"));
    let no_list = "it is a list of objects, each with \"scene\"";
    let Value::Array(items) = read_json(file)? else {
        return Err(fault(no_list));
    };
    let mut scenes = BTreeMap::new();
    for item in items {
        let name = item.get("scene").and_then(Value::as_str);
        let name = name.ok_or_else(|| fault(no_list))?.to_owned();
        if scenes.insert(name.clone(), item).is_some() {
            return Err(fault(&format!("the scene {name} is in it twice")));
        }
    }
    Ok(scenes)
}

/// A place where two values differ.
struct Change<'a> {
    /// A JSON Pointer (RFC 6901) into the scene.
    pointer: String,
    /// What was there, if anything.
    before: Option<&'a Value>,
    after: Option<&'a Value>,
}

/// Collects the deepest places that differ. Lists are compared place by place.
fn compare<'a>(
    pointer: &str,
    before: Option<&'a Value>,
    after: Option<&'a Value>,
    changes: &mut Vec<Change<'a>>,
) {
    match (before, after) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
            for name in names {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                let pointer = format!("{pointer}/{escaped}");
                compare(&pointer, old.get(name), new.get(name), changes);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                let pointer = format!("{pointer}/{index}");
                compare(&pointer, old.get(index), new.get(index), changes);
            }
        }
        _ if before != after => changes.push(Change {
            pointer: pointer.to_owned(),
            before,
            after,
        }),
        _ => {}
    }
}

fn tell(json: bool, event: &str, sign: char, scene: &str, changes: &[Change<'_>]) {
    if json {
        let changes: Vec<Value> = changes.iter().map(Change::to_json).collect();
        emit(&json!({"event": event, "scene": scene, "changes": changes}));
    } else if changes.is_empty() {
        print(&format!("{sign} {scene}"));
    } else {
        for change in changes {
            let shown = |value: Option<&Value>| {
                value.map_or_else(|| "nothing".to_owned(), Value::to_string)
            };
            let (old, new) = (shown(change.before), shown(change.after));
            print(&format!(
                "{sign} {scene}\t{}: {old} -> {new}",
                change.pointer
            ));
        }
    }
}

impl Change<'_> {
    /// A side where nothing is has no member; one with `null` has.
    fn to_json(&self) -> Value {
        let mut shown = json!({"pointer": self.pointer});
        for (name, value) in [("before", self.before), ("after", self.after)] {
            if let Some(value) = value {
                shown[name] = value.clone();
            }
        }
        shown
    }
}
