//! Checks the packages as they would be uploaded.

use std::path::{Component, Path};

use crate::metadata::Package;
use crate::workspace;

/// The files that every package must contain.
const FILES: [&str; 4] = ["Cargo.toml", "README.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// Packages the crates. They are not built from the packages, which takes minutes;
/// `cargo package --workspace` does that.
pub(super) fn check(packages: &[&Package]) -> Result<(), String> {
    let mut args = vec!["package", "--no-verify", "--allow-dirty", "--locked"];
    for package in packages {
        args.extend(["-p", &package.name]);
    }
    workspace::cargo(&args)?;
    for package in packages {
        let list = ["package", "--list", "--allow-dirty", "-p", &package.name];
        let list = workspace::cargo(&list)?;
        let folder = package.manifest_path.parent().unwrap_or(Path::new(""));
        for file in FILES {
            if !list.lines().any(|line| line == file) {
                return Err(format!(
                    "the package {} does not contain {file}",
                    package.name
                ));
            }
        }
        for file in list.lines().filter(|file| file.starts_with("src/")) {
            let path = folder.join(file);
            for included in included(&workspace::read(&path)?) {
                let wanted = within(Path::new(file), &included);
                if !wanted
                    .is_some_and(|it| list.lines().any(|line| Path::new(line).starts_with(&it)))
                {
                    let name = &package.name;
                    return Err(format!(
                        "{name}: {file} includes {included}, which is not in the package"
                    ));
                }
            }
        }
    }
    println!("ok packages and the files that they include");
    Ok(())
}

/// The paths that a source file includes, except in its tests, which are at its end.
fn included(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let code = source
        .lines()
        .map(|line| line.split("//").next().unwrap_or(line));
    let code: String = code.collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for name in ["include_str!(", "include_bytes!("] {
        for call in code.split(name).skip(1) {
            // The first string literal: the path, or its start.
            found.extend(call.split('"').nth(1).map(str::to_owned));
        }
    }
    found
}

/// Resolves a path in this file, relative to the package's root; `None` if it is outside.
fn within(file: &Path, path: &str) -> Option<std::path::PathBuf> {
    let mut place = file.parent()?.to_path_buf();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => {
                if !place.pop() {
                    return None;
                }
            }
            part => place.push(part),
        }
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, path: &str, expected: Option<&str>) {
        let found = within(Path::new(file), path);
        assert_eq!(found.as_deref(), expected.map(Path::new));
    }

    #[test]
    fn a_path_that_leaves_the_package_is_seen() {
        check("src/lib.rs", "a.json", Some("src/a.json"));
        check("src/a/b.rs", "../../fixtures/x/", Some("fixtures/x"));
        check("src/lib.rs", "../README.md", Some("README.md"));
        check("src/lib.rs", "../../../README.md", None);
    }

    #[test]
    fn only_what_a_package_is_built_of_counts() {
        let source = "const A: &str = include_str!(\"a.json\");\n\
                      const B: &[u8] = include_bytes!(\n    concat!(\"../b/\", $name));\n\
                      // include_str!(\"c.json\")\n\
                      #[cfg(test)]\nmod tests { const D: &str = include_str!(\"d.json\"); }\n";
        assert_eq!(included(source), ["a.json", "../b/"]);
    }
}
