//! The events of `--json`: those that the tests see are those of docs/events.md, and
//! no other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// The members of each event, as the document has them.
static TABLE: LazyLock<BTreeMap<String, BTreeSet<String>>> = LazyLock::new(|| {
    let text = std::fs::read_to_string(root().join("../../docs/events.md")).unwrap();
    let name = Regex::new("`([a-z0-9_]+)`").unwrap();
    let names = |cell: &str| -> BTreeSet<String> {
        let found = name.captures_iter(cell);
        found.map(|it| it[1].to_owned()).collect()
    };
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        let event = names(cells[1]).pop_first().unwrap();
        (event, names(cells[3]))
    });
    rows.collect()
});

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Checks an event that the program printed.
#[track_caller]
pub(crate) fn check(event: &Value) {
    let name = event["event"].as_str().expect("an event's name");
    let members = TABLE.get(name);
    let members = members.unwrap_or_else(|| panic!("docs/events.md has no {name}"));
    // Of one of several.
    let mut rest = event.as_object().unwrap().clone();
    rest.remove("event");
    rest.remove("job");
    let found: BTreeSet<String> = rest.keys().cloned().collect();
    assert_eq!(&found, members, "the members of {name} in docs/events.md");
}

/// Those that no test sees as well.
#[test]
fn the_document_has_every_event_of_the_program_and_no_other() {
    let patterns = [
        r#"\.event\(\s*"(\w+)""#,
        r#""event": "(\w+)""#,
        r#"tell\(json, "(\w+)""#,
    ];
    let mut found = BTreeSet::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for pattern in patterns {
                let pattern = Regex::new(pattern).unwrap();
                found.extend(pattern.captures_iter(&text).map(|it| it[1].to_owned()));
            }
        }
    }
    let documented: BTreeSet<String> = TABLE.keys().cloned().collect();
    assert_eq!(found, documented);
}
