//! How many crates a crate of the workspace pulls in. The limit is a promise to its users,
//! and is only changed deliberately, in [`LIMITS`].

use std::collections::BTreeSet;

use super::Report;
use crate::workspace;

/// The limit of a package, with normal dependencies and without features.
pub(super) struct Ceiling {
    pub(super) package: &'static str,
    /// The maximum number of crates, including the package itself.
    crates: Option<usize>,
    /// Crates that must not be among them.
    without: &'static [&'static str],
}

pub(super) static LIMITS: &[Ceiling] = &[
    Ceiling {
        package: "kling-types",
        crates: Some(20),
        without: &[],
    },
    Ceiling {
        package: "kling-http",
        crates: Some(25),
        without: &["reqwest"],
    },
    Ceiling {
        package: "kling-mock",
        crates: None,
        without: &["reqwest"],
    },
];

/// The output of `cargo tree` for the package, for a fixed target, so that the count does
/// not depend on the machine.
pub(super) fn tree(package: &str) -> Result<String, String> {
    workspace::cargo(&[
        "tree",
        "--package",
        package,
        "--edges=normal",
        "--no-default-features",
        "--target=x86_64-unknown-linux-gnu",
        "--prefix=none",
        "--format={p}",
    ])
}

impl Ceiling {
    pub(super) fn check(&self, tree: &str) -> Report {
        let Self { package, .. } = self;
        let crates = crates(tree);
        let count = crates.len();
        let mut done = format!("{package}: {count} crates");
        let mut breaches = Vec::new();
        if let Some(most) = self.crates {
            done = format!("{done} of at most {most}");
            if count > most {
                breaches.push(format!(
                    "{package} brings {count} crates, at most {most} are allowed: drop a \
                     dependency or put it behind a feature (see `cargo tree -p {package} \
                     -e normal --no-default-features`)"
                ));
            }
        }
        for unwanted in self.without {
            done = format!("{done}, no {unwanted}");
            if crates.iter().any(|(name, _)| name == unwanted) {
                breaches.push(format!(
                    "{package} brings {unwanted} without being asked: put it behind a feature \
                     (see `cargo tree -p {package} -e normal --no-default-features -i {unwanted}`)"
                ));
            }
        }
        Report { done, breaches }
    }
}

/// The distinct `(name, version)` of lines such as `serde v1.0.229 (proc-macro) (*)`.
fn crates(tree: &str) -> BTreeSet<(&str, &str)> {
    tree.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "\
kling-http v0.1.0 (/somewhere/crates/kling-http)
serde v1.0.229
serde_derive v1.0.229 (proc-macro)
serde v1.0.229 (*)
syn v1.0.9
syn v2.0.1
";

    fn ceiling(crates: usize, without: &'static [&'static str]) -> Ceiling {
        Ceiling {
            package: "kling-http",
            crates: Some(crates),
            without,
        }
    }

    #[test]
    fn a_crate_counts_once_for_each_version() {
        let report = ceiling(5, &["reqwest"]).check(TREE);
        assert_eq!(report.done, "kling-http: 5 crates of at most 5, no reqwest");
        assert!(report.breaches.is_empty());
    }

    #[test]
    fn one_crate_too_many_fails() {
        let report = ceiling(4, &[]).check(TREE);
        assert_eq!(report.breaches.len(), 1);
        assert!(report.breaches[0].starts_with("kling-http brings 5 crates, at most 4"));
    }

    #[test]
    fn an_unwanted_crate_fails() {
        let report = ceiling(5, &["syn"]).check(TREE);
        assert_eq!(report.breaches.len(), 1);
        assert!(report.breaches[0].starts_with("kling-http brings syn without being asked"));
    }
}
