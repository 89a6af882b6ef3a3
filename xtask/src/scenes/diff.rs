//! What two catalogues disagree on, for whoever reviews a new one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::record::{Catalogue, Record};

/// One line for each scene that differs, and one below it for each field.
pub(super) fn diff(old: &Catalogue, new: &Catalogue) -> String {
    let mut lines = Vec::new();
    let (mut added, mut retired, mut changed) = (0, 0, 0);
    for name in new.keys().filter(|name| !old.contains_key(*name)) {
        added += 1;
        lines.push(format!("added    {name}"));
    }
    for (name, before) in old {
        let Some(after) = new.get(name) else {
            retired += 1;
            lines.push(format!("retired  {name} (gone from the file)"));
            continue;
        };
        let fields = changed_fields(before, after);
        if before.listed_global && !after.listed_global {
            retired += 1;
            lines.push(format!("retired  {name} (off Kling's list)"));
        } else if !fields.is_empty() {
            changed += 1;
            lines.push(format!("changed  {name}"));
        }
        lines.extend(fields);
    }
    lines.push(format!(
        "{added} added, {retired} retired, {changed} changed\n"
    ));
    lines.join("\n")
}

fn changed_fields(before: &Record, after: &Record) -> Vec<String> {
    let after = fields(after);
    let changed = |(name, before): (String, Value)| {
        let after = &after[&name];
        (before != *after).then(|| format!("         {name}: {before} -> {after}"))
    };
    fields(before).into_iter().filter_map(changed).collect()
}

/// By the names they have in the file. All are always there, also those that the
/// file may leave out.
fn fields(record: &Record) -> BTreeMap<String, Value> {
    let value = serde_json::to_value(record).unwrap_or_default();
    serde_json::from_value(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::record::tests::{catalogue, entry};
    use super::*;

    #[test]
    fn each_difference_is_named_once() {
        let listed = json!({ "listed_global_2026_09_20": true });
        let old = catalogue(vec![
            entry("changes", json!({ "last_seen": "2026-05-13" })),
            entry("goes", json!({})),
            entry("retires", listed.clone()),
            entry("stays", listed),
        ]);
        let new = catalogue(vec![
            entry(
                "changes",
                json!({ "arity": "dual", "last_seen": "2026-09-20" }),
            ),
            entry("comes", json!({})),
            entry("retires", json!({})),
            entry(
                "stays",
                json!({ "listed_global_2026_09_20": true, "notes": [] }),
            ),
        ]);
        assert_eq!(
            diff(&old, &new),
            "\
added    comes
changed  changes
         arity: \"single\" -> \"dual\"
         last_seen: \"2026-05-13\" -> \"2026-09-20\"
retired  goes (gone from the file)
retired  retires (off Kling's list)
         listed_global_2026_09_20: true -> false
1 added, 2 retired, 1 changed
"
        );
    }

    #[test]
    fn no_difference_is_said_too() {
        let same = catalogue(vec![entry("a", json!({}))]);
        assert_eq!(diff(&same, &same), "0 added, 0 retired, 0 changed\n");
    }
}
