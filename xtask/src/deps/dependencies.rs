//! Which crate of the workspace may depend on which. Dev-dependencies count too, since
//! they couple the tests and thereby the releases of two crates.

use super::Report;
use crate::metadata::{Dependency, Metadata, Package};

/// A crate of the workspace, and the crates of the workspace on which it may depend.
struct Rule {
    package: &'static str,
    may_use: &'static [Arrow],
}

struct Arrow {
    to: &'static str,
    features: Features,
}

/// The features that a dependency may enable.
enum Features {
    Any,
    /// No default features, and only these others.
    Only(&'static [&'static str]),
}

const fn to(to: &'static str) -> Arrow {
    let features = Features::Any;
    Arrow { to, features }
}

/// No crate may depend on kling-cli or xtask.
static RULES: &[Rule] = &[
    Rule {
        package: "kling-types",
        may_use: &[],
    },
    Rule {
        package: "kling-http",
        may_use: &[to("kling-types")],
    },
    Rule {
        package: "kling-mock",
        may_use: &[
            to("kling-types"),
            // The mock needs the interfaces (Transport, Body, Clock), not a backend.
            Arrow {
                to: "kling-http",
                features: Features::Only(&[]),
            },
        ],
    },
    Rule {
        package: "kling-conformance",
        may_use: &[to("kling-types"), to("kling-http"), to("kling-mock")],
    },
    // examples/rust, which represents a user's program.
    Rule {
        package: "my-videos",
        may_use: &[to("kling-http"), to("kling-mock")],
    },
    Rule {
        package: "kling-cli",
        may_use: &[
            to("kling-types"),
            to("kling-http"),
            to("kling-mock"),
            to("kling-conformance"),
        ],
    },
    // It measures all of the libraries, and is never published.
    Rule {
        package: "kling-bench",
        may_use: &[
            to("kling-types"),
            to("kling-http"),
            to("kling-mock"),
            to("kling-conformance"),
        ],
    },
    Rule {
        package: "xtask",
        may_use: &[to("kling-types"), to("kling-conformance")],
    },
];

pub(super) fn check(metadata: &Metadata) -> Report {
    let is_ours = |name: &str| metadata.packages.iter().any(|package| package.name == name);
    let mut arrows = 0;
    let mut breaches = Vec::new();
    for package in &metadata.packages {
        let Some(rule) = RULES.iter().find(|rule| rule.package == package.name) else {
            breaches.push(format!(
                "{} has no rule: add one to xtask/src/deps/dependencies.rs",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            // A crate may depend on itself to enable features for its tests.
            let itself = dependency.name == package.name;
            if is_ours(&dependency.name) && !itself {
                arrows += 1;
                breaches.extend(rule.breach(package, dependency));
            }
        }
    }
    let packages = metadata.packages.len();
    Report {
        done: format!("dependencies: {arrows} between the {packages} crates of the workspace"),
        breaches,
    }
}

impl Rule {
    fn breach(&self, package: &Package, dependency: &Dependency) -> Option<String> {
        let Dependency { name, kind, .. } = dependency;
        let from = &package.name;
        let kind = kind.as_deref().unwrap_or("normal");
        let Some(arrow) = self.may_use.iter().find(|arrow| arrow.to == name) else {
            return Some(format!(
                "{from} must not depend on {name} ({kind} dependency): \
                 move what needs it to a crate that may, such as kling-conformance"
            ));
        };
        let Features::Only(allowed) = arrow.features else {
            return None;
        };
        if dependency.uses_default_features {
            return Some(format!(
                "{from} takes {name} with its default features ({kind} dependency): \
                 say `default-features = false`"
            ));
        }
        let feature = turned_on(package, dependency).find(|feature| !allowed.contains(feature))?;
        Some(format!(
            "{from} turns on the feature `{feature}` of {name} ({kind} dependency): \
             do without it, or allow it in xtask/src/deps/dependencies.rs"
        ))
    }
}

/// The features that the dependency enables, and those that the package's own features
/// enable in it (`"kling-http/download"`, `"kling-http?/download"`).
fn turned_on<'a>(
    package: &'a Package,
    dependency: &'a Dependency,
) -> impl Iterator<Item = &'a str> {
    let passed_on = package.features.values().flatten().filter_map(|feature| {
        let (target, feature) = feature.split_once('/')?;
        (target.trim_end_matches('?') == dependency.name).then_some(feature)
    });
    let named = dependency.features.iter().map(String::as_str);
    named.chain(passed_on)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Checks a workspace of `(package, its dependencies)`.
    #[track_caller]
    fn check(packages: &[(&str, Value)], expected: &[&str]) {
        let packages: Vec<Value> = packages
            .iter()
            .map(|(name, dependencies)| json!({ "name": name, "dependencies": dependencies }))
            .collect();
        check_json(&json!({ "packages": packages }), expected);
    }

    #[track_caller]
    fn check_json(metadata: &Value, expected: &[&str]) {
        let metadata = Metadata::parse(&metadata.to_string()).unwrap();
        assert_eq!(super::check(&metadata).breaches, expected);
    }

    fn normal(name: &str) -> Value {
        json!({ "name": name, "kind": null, "uses_default_features": true, "features": [] })
    }

    fn dev(name: &str) -> Value {
        json!({ "name": name, "kind": "dev", "uses_default_features": true, "features": [] })
    }

    fn bare(name: &str, features: &[&str]) -> Value {
        json!({ "name": name, "kind": null, "uses_default_features": false, "features": features })
    }

    #[test]
    fn the_intended_workspace_passes() {
        check(
            &[
                ("kling-types", json!([dev("kling-types"), dev("proptest")])),
                ("kling-http", json!([normal("kling-types")])),
                (
                    "kling-mock",
                    json!([normal("kling-types"), bare("kling-http", &[])]),
                ),
                (
                    "kling-conformance",
                    json!([normal("kling-mock"), dev("kling-http")]),
                ),
                ("kling-cli", json!([normal("kling-conformance")])),
                ("kling-bench", json!([normal("kling-http")])),
                (
                    "xtask",
                    json!([normal("kling-types"), normal("kling-conformance")]),
                ),
            ],
            &[],
        );
    }

    #[test]
    fn a_forbidden_dependency_fails() {
        let check = |from: &str, to: &str, kind: &str, dependency: Value| {
            let message = format!(
                "{from} must not depend on {to} ({kind} dependency): \
                 move what needs it to a crate that may, such as kling-conformance"
            );
            check(&[(from, json!([dependency])), (to, json!([]))], &[&message]);
        };
        check("kling-types", "kling-http", "normal", normal("kling-http"));
        // A dev dependency counts too.
        check("kling-http", "kling-mock", "dev", dev("kling-mock"));
        // No crate depends on a binary.
        check("kling-bench", "kling-cli", "normal", normal("kling-cli"));
    }

    #[test]
    fn the_mock_takes_no_default_features() {
        check(
            &[
                ("kling-http", json!([])),
                ("kling-mock", json!([normal("kling-http")])),
            ],
            &[
                "kling-mock takes kling-http with its default features (normal dependency): \
               say `default-features = false`",
            ],
        );
    }

    #[test]
    fn the_mock_turns_on_no_feature() {
        check(
            &[
                ("kling-http", json!([])),
                ("kling-mock", json!([bare("kling-http", &["download"])])),
            ],
            &[
                "kling-mock turns on the feature `download` of kling-http (normal dependency): \
               do without it, or allow it in xtask/src/deps/dependencies.rs",
            ],
        );
    }

    #[test]
    fn the_mock_passes_no_feature_on() {
        check_json(
            &json!({ "packages": [
                { "name": "kling-http", "dependencies": [] },
                {
                    "name": "kling-mock",
                    "dependencies": [bare("kling-http", &[])],
                    "features": { "tcp": ["dep:hyper", "kling-http?/reqwest"] },
                },
            ] }),
            &[
                "kling-mock turns on the feature `reqwest` of kling-http (normal dependency): \
               do without it, or allow it in xtask/src/deps/dependencies.rs",
            ],
        );
    }

    #[test]
    fn a_new_crate_needs_a_rule() {
        check(
            &[("kling-extra", json!([]))],
            &["kling-extra has no rule: add one to xtask/src/deps/dependencies.rs"],
        );
    }
}
