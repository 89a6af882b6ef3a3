//! `cargo xtask schema`: generates `docs/schemas/`, the wire format of the effects API for
//! other languages.
//!
//! The JSON Schemas and the OpenAPI document are generated from the types and the samples;
//! [`languages`] generates TypeScript and Python from them, with tools of those
//! languages. [`lint`] checks the schemas.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use kling_types::schema::{Profile, bundle, documents};
use serde_json::Value;

use crate::{Failure, workspace};

mod languages;
mod lint;
mod openapi;
mod plain;
mod samples;

/// The directory of all generated files, from the root.
const FOLDER: &str = "docs/schemas";
/// The subdirectory that may only contain generated files.
const JSON: &str = "json";
const OPENAPI: &str = "openapi.json";

const FIX: &str = "update it with `cargo xtask schema`";

pub(crate) fn run(args: &[&str]) -> Result<(), Failure> {
    let has = |flag| args.contains(&flag);
    let (is_check, with_languages) = (has("--check"), has("--languages"));
    if args.len() != usize::from(is_check) + usize::from(with_languages) {
        return Err(Failure::Usage);
    }
    let samples = samples::Samples::read(&workspace::root().join("fixtures"))?;
    let files = Files::make(&samples)?;
    let folder = workspace::root().join(FOLDER);
    report("schemas", &files.lint(&samples))?;
    if is_check {
        report(FIX, &files.drift(&folder)?)?;
        println!("ok {FOLDER}: {} schemas and documents", files.0.len());
    } else {
        files.write(&folder)?;
        println!("wrote {FOLDER}: {} schemas and documents", files.0.len());
    }
    if with_languages {
        languages::run(&samples, is_check)?;
    }
    Ok(())
}

fn report(what: &str, wrong: &[String]) -> Result<(), Failure> {
    for wrong in wrong {
        eprintln!("error: {wrong}");
    }
    match wrong.len() {
        0 => Ok(()),
        1 => Err(Failure::Failed(format!("1 problem: {what}"))),
        n => Err(Failure::Failed(format!("{n} problems: {what}"))),
    }
}

/// The generated files, by path in [`FOLDER`].
struct Files(BTreeMap<String, Value>);

impl Files {
    fn make(samples: &samples::Samples) -> Result<Self, String> {
        let mut files = BTreeMap::new();
        for document in documents() {
            let path = format!("{JSON}/{}.schema.json", document.name);
            files.insert(path, document.schema);
        }
        let all = format!("{JSON}/bundle.schema.json");
        files.insert(all, bundle(Profile::JsonSchema));
        files.insert(OPENAPI.to_owned(), openapi::document(samples)?);
        Ok(Files(files))
    }

    fn lint(&self, samples: &samples::Samples) -> Vec<String> {
        let each = self.0.iter();
        let mut wrong: Vec<_> = each
            .flat_map(|(path, document)| lint::lint(path, document))
            .collect();
        wrong.extend(samples.misfits());
        wrong
    }

    fn write(&self, folder: &Path) -> Result<(), String> {
        let inside = folder.join(JSON);
        fs::create_dir_all(&inside)
            .map_err(|e| format!("cannot make {}: {e}", inside.display()))?;
        for name in unknown_files(self, &inside)? {
            let path = inside.join(name);
            fs::remove_file(&path).map_err(|e| format!("cannot remove {}: {e}", path.display()))?;
        }
        for (path, document) in &self.0 {
            workspace::write(&folder.join(path), &text(document))?;
        }
        Ok(())
    }

    /// The files that are out of date.
    fn drift(&self, folder: &Path) -> Result<Vec<String>, String> {
        let mut wrong = Vec::new();
        for (path, document) in &self.0 {
            match workspace::read(&folder.join(path)) {
                Err(error) => wrong.push(error),
                Ok(found) => wrong.extend(
                    workspace::first_difference(&found, &text(document))
                        .map(|difference| format!("{FOLDER}/{path}: {difference}")),
                ),
            }
        }
        let unknown_files = unknown_files(self, &folder.join(JSON))?.into_iter();
        wrong
            .extend(unknown_files.map(|name| format!("{FOLDER}/{JSON}/{name} belongs to no type")));
        Ok(wrong)
    }
}

/// Files whose types no longer exist.
fn unknown_files(files: &Files, inside: &Path) -> Result<Vec<String>, String> {
    let names = workspace::entries(inside)?
        .into_iter()
        .map(|(name, _)| name);
    let is_unknown = |name: &String| !files.0.contains_key(&format!("{JSON}/{name}"));
    Ok(names.filter(is_unknown).collect())
}

/// Serialises a document reproducibly: keys are sorted, whatever features of `serde_json`
/// are enabled. White space in patterns that is not ASCII is escaped, since it is
/// invisible, and some tools treat it as a line break.
fn text(document: &Value) -> String {
    let mut document = document.clone();
    document.sort_all_objects();
    let mut text = String::new();
    for c in format!("{document:#}\n").chars() {
        if c.is_whitespace() && !c.is_ascii() {
            // Writing to a String does not fail.
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> (samples::Samples, Files) {
        let samples = samples::Samples::read(&workspace::root().join("fixtures")).unwrap();
        let files = Files::make(&samples).unwrap();
        (samples, files)
    }

    #[test]
    fn docs_are_up_to_date() {
        let (_, files) = made();
        let wrong = files.drift(&workspace::root().join(FOLDER)).unwrap();
        assert!(wrong.is_empty(), "{FIX}\n{}", wrong.join("\n"));
    }

    #[test]
    fn schemas_pass_the_lint() {
        let (samples, files) = made();
        let wrong = files.lint(&samples);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn changed_missing_and_unknown_files_are_reported() {
        let (_, files) = made();
        let folder = tempfile::tempdir().unwrap();
        files.write(folder.path()).unwrap();
        assert!(files.drift(folder.path()).unwrap().is_empty());

        let at = |path: &str| folder.path().join(path);
        fs::write(at("json/Gone.schema.json"), "{}").unwrap();
        fs::remove_file(at("json/Task.schema.json")).unwrap();
        let text = fs::read_to_string(at(OPENAPI)).unwrap();
        fs::write(at(OPENAPI), text.replace("3.1.1", "3.0.4")).unwrap();
        let wrong = files.drift(folder.path()).unwrap().join("\n");
        assert_eq!(wrong.matches(".json").count(), 3, "{wrong}");
        assert!(wrong.contains("Task.schema.json: "), "{wrong}");
        assert!(wrong.contains("openapi.json: line "), "{wrong}");
        assert!(
            wrong.contains("Gone.schema.json belongs to no type"),
            "{wrong}"
        );

        // Writing repairs it.
        files.write(folder.path()).unwrap();
        assert!(files.drift(folder.path()).unwrap().is_empty());
    }
}
