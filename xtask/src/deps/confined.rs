//! Which file may use a library. A library that only one file uses can be replaced there;
//! the rest of the workspace uses our own interface.
//!
//! A use is a path that starts with the library's name: `::reqwest::Client`,
//! `reqwest::Client` or `use reqwest;`. Modules (`self::reqwest`, `transport::reqwest`)
//! and features may have the same name. Line comments are ignored; block comments are
//! not, but the workspace has none.

use std::path::Path;

use super::Report;
use crate::workspace;

/// A library, and the files that may use it.
pub(super) struct Library {
    names: &'static [&'static str],
    homes: &'static [&'static str],
}

pub(super) static LIBRARIES: &[Library] = &[
    Library {
        names: &["reqwest"],
        homes: &["crates/kling-http/src/transport/reqwest.rs"],
    },
    Library {
        names: &["tower_service"],
        homes: &["crates/kling-http/src/transport/tower.rs"],
    },
    Library {
        names: &["tracing"],
        homes: &["crates/kling-http/src/trace.rs"],
    },
    Library {
        names: &["hyper", "hyper_util"],
        homes: &["crates/kling-mock/src/serve.rs"],
    },
    Library {
        names: &["axum"],
        homes: &[
            "crates/kling-http/src/webhook/axum.rs",
            "crates/kling-cli/src/webhook.rs",
            "crates/kling-cli/src/conformance/inbox.rs",
        ],
    },
    Library {
        names: &["wiremock"],
        homes: &["crates/kling-mock/src/respond.rs"],
    },
];

/// A source file: its path from the root, with `/`, and its text.
pub(super) struct Source {
    path: String,
    text: String,
}

/// Every Rust file in `crates/*/src`, except for the benchmarks, which may use any
/// library.
pub(super) fn sources(crates: &Path) -> Result<Vec<Source>, String> {
    let mut sources = Vec::new();
    for (name, path) in workspace::entries(crates)? {
        if path.is_dir() && name != "kling-bench" {
            collect(
                &path.join("src"),
                &format!("crates/{name}/src"),
                &mut sources,
            )?;
        }
    }
    Ok(sources)
}

fn collect(folder: &Path, shown: &str, sources: &mut Vec<Source>) -> Result<(), String> {
    for (name, path) in workspace::entries(folder)? {
        let shown = format!("{shown}/{name}");
        if path.is_dir() {
            collect(&path, &shown, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = workspace::read(&path)?;
            sources.push(Source { path: shown, text });
        }
    }
    Ok(())
}

impl Library {
    pub(super) fn check(&self, sources: &[Source]) -> Report {
        let Self { names, homes } = self;
        let homes_named = homes.join(" or ");
        let mut breaches = Vec::new();
        for source in sources
            .iter()
            .filter(|source| !homes.contains(&source.path.as_str()))
        {
            for (number, line) in (1..).zip(source.text.lines()) {
                if let Some(name) = names.iter().find(|name| names_library(line, name)) {
                    breaches.push(format!(
                        "{}:{number} names {name}: only {homes_named} may; use what that file offers, \
                         or write `self::{name}` if a module of ours is meant",
                        source.path
                    ));
                }
            }
        }
        let (names, files) = (names.join(", "), sources.len());
        Report {
            done: format!("{names}: in no file but {homes_named} ({files} files read)"),
            breaches,
        }
    }
}

/// Whether a path in this line of code starts with the library's name.
fn names_library(line: &str, name: &str) -> bool {
    let code = without_comment(line);
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        starts_path(before) && (after.starts_with("::") || is_imported(before, after))
    })
}

/// Removes a line comment. The `//` of a URL follows a colon and is kept.
fn without_comment(line: &str) -> &str {
    let comment = line
        .match_indices("//")
        .find(|(at, _)| !line[..*at].ends_with(':'));
    comment.map_or(line, |(at, _)| &line[..at])
}

/// Whether a word after this text starts a path: it is not part of a longer word, not a
/// method, and not preceded by another path segment.
fn starts_path(before: &str) -> bool {
    let part_of_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '>' | '.');
    let before = before.strip_suffix("::").unwrap_or(before);
    !before.ends_with(part_of_path)
}

/// `use reqwest;`, `use reqwest as http;`, `extern crate reqwest;`.
fn is_imported(before: &str, after: &str) -> bool {
    let before = before.strip_suffix("::").unwrap_or(before);
    (before.ends_with("use ") || before.ends_with("crate ")) && after.starts_with([';', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: bool) {
        assert_eq!(names_library(line, "reqwest"), expected, "{line}");
    }

    #[test]
    fn a_path_that_starts_with_the_name_counts() {
        check("let client = ::reqwest::Client::new();", true);
        check("fn new(client: reqwest::Client) -> Self {", true);
        check("use reqwest::Client;", true);
        check("use {http::Uri, reqwest::Client};", true);
        check("pub use ::reqwest;", true);
        check("use reqwest as backend;", true);
        check("extern crate reqwest;", true);
        check("let url = \"https://x\"; reqwest::get(url)", true);
    }

    #[test]
    fn a_module_a_feature_and_a_comment_do_not() {
        check("mod reqwest;", false);
        check("#[cfg(feature = \"reqwest\")]", false);
        check("pub use self::reqwest::ReqwestTransport;", false);
        check("pub use transport::reqwest::ReqwestTransport;", false);
        check("pub use crate::transport::reqwest;", false);
        check("reqwest_like::get()", false);
        check("my_reqwest::get()", false);
        check("/// Sends with [`reqwest::Client`].", false);
        check("send(request); // by reqwest::Client", false);
    }

    #[test]
    fn only_its_home_may_name_a_library() {
        let text = "// A line.\nuse ::reqwest::Client;\n".to_owned();
        let source = |path: &str| Source {
            path: path.to_owned(),
            text: text.clone(),
        };
        let report = LIBRARIES[0].check(&[
            source("crates/kling-http/src/transport/reqwest.rs"),
            source("crates/kling-http/src/client.rs"),
        ]);
        assert_eq!(
            report.breaches,
            ["crates/kling-http/src/client.rs:2 names reqwest: only \
              crates/kling-http/src/transport/reqwest.rs may; use what that file offers, \
              or write `self::reqwest` if a module of ours is meant"]
        );
    }
}
