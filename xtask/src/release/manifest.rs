//! Checks the manifests of the crates to be published.

use crate::metadata::Package;

/// The problems, with their places.
pub(super) fn check(packages: &[&Package], changelog: &str) -> Vec<String> {
    let Some(first) = packages.first() else {
        return vec!["there is no crate to be published".to_owned()];
    };
    let mut wrong = Vec::new();
    let version = &first.version;
    if newest(changelog) != Some(version) {
        wrong.push(format!(
            "CHANGELOG.md: the first heading is not version {version}"
        ));
    }
    for package in packages {
        let own = of_one(package).into_iter();
        wrong.extend(own.map(|why| format!("{}: {why}", package.name)));
        if package.version != *version || package.rust_version != first.rust_version {
            wrong.push(format!(
                "{}: version and rust-version must be the workspace's",
                package.name
            ));
        }
        for needed in &package.dependencies {
            // A dependency on itself is for its tests, and is not published.
            let is_ours = needed.name != package.name
                && packages.iter().any(|other| other.name == needed.name);
            if is_ours && needed.req != format!("={version}") {
                let (name, req) = (&needed.name, &needed.req);
                wrong.push(format!(
                    "{}: requires {name} {req} instead of ={version}",
                    package.name
                ));
            }
        }
    }
    wrong
}

/// The version of the first heading below the title.
fn newest(changelog: &str) -> Option<&str> {
    let heading = changelog
        .lines()
        .find_map(|line| line.strip_prefix("## "))?;
    heading.split_whitespace().next()
}

fn of_one(package: &Package) -> Vec<&'static str> {
    let rules = [
        (package.description.is_some(), "has no description"),
        (
            package.license.as_deref() == Some("MIT OR Apache-2.0"),
            "the licence must be MIT OR Apache-2.0",
        ),
        (package.readme.is_some(), "has no readme"),
        (package.rust_version.is_some(), "has no rust-version"),
        (
            (1..=5).contains(&package.keywords.len()),
            "must have one to five keywords",
        ),
        (
            package.keywords.iter().all(|word| word.len() <= 20),
            "has a keyword of more than 20 characters",
        ),
        (
            (1..=5).contains(&package.categories.len()),
            "must have one to five categories",
        ),
        (
            package.metadata["docs"]["rs"]["all-features"] == true,
            "has no [package.metadata.docs.rs] with all-features = true",
        ),
    ];
    let broken = rules.into_iter().filter(|(holds, _)| !holds);
    broken.map(|(_, why)| why).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const CHANGELOG: &str = "# Changelog\n\nText.\n\n## 0.1.0 (unreleased)\n\n## 0.0.9\n";

    fn good() -> Value {
        json!({
            "name": "a",
            "version": "0.1.0",
            "description": "a",
            "license": "MIT OR Apache-2.0",
            "readme": "README.md",
            "rust_version": "1.88",
            "keywords": ["a"],
            "categories": ["multimedia::video"],
            "metadata": {"docs": {"rs": {"all-features": true}}},
            "dependencies": [{"name": "b", "req": "=0.1.0", "uses_default_features": true}],
        })
    }

    /// The dependencies, including one on itself for its tests.
    fn other() -> Package {
        let mut package = good();
        package["name"] = json!("b");
        package["dependencies"][0]["req"] = json!("*");
        serde_json::from_value(package).unwrap()
    }

    /// A valid manifest in which one member is replaced.
    #[track_caller]
    fn check(member: &str, value: Value, expected: &[&str]) {
        let mut package = good();
        package[member] = value;
        let package: Package = serde_json::from_value(package).unwrap();
        assert_eq!(super::check(&[&package, &other()], CHANGELOG), expected);
    }

    #[test]
    fn what_a_registry_or_a_reader_needs_is_asked_for() {
        check("name", json!("a"), &[]);
        check("description", json!(null), &["a: has no description"]);
        check("readme", json!(null), &["a: has no readme"]);
        check(
            "rust_version",
            json!(null),
            &[
                "a: has no rust-version",
                "b: version and rust-version must be the workspace's",
            ],
        );
        check(
            "license",
            json!("GPL-3.0"),
            &["a: the licence must be MIT OR Apache-2.0"],
        );
        check(
            "keywords",
            json!(["a", "b", "c", "d", "e", "f"]),
            &["a: must have one to five keywords"],
        );
        check(
            "categories",
            json!([]),
            &["a: must have one to five categories"],
        );
        check(
            "metadata",
            json!(null),
            &["a: has no [package.metadata.docs.rs] with all-features = true"],
        );
    }

    #[test]
    fn versions_are_one() {
        check(
            "version",
            json!("0.2.0"),
            &[
                "CHANGELOG.md: the first heading is not version 0.2.0",
                "a: requires b =0.1.0 instead of =0.2.0",
                "b: version and rust-version must be the workspace's",
            ],
        );
        assert_eq!(newest(CHANGELOG), Some("0.1.0"));
        assert_eq!(newest("# Changelog\n"), None);
    }
}
