//! `cargo xtask schema --languages`: generates the types for TypeScript and Python, checks
//! them with the tools of those languages, and tests the OpenAPI document with other
//! tools against the fake service.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::FOLDER;
use super::samples::Samples;
use crate::{Failure, workspace};

mod document;
mod mock;
mod tools;
mod types;

use tools::Tools;
use types::Work;

/// The generated files, in [`FOLDER`].
const TYPESCRIPT: &str = "typescript/kling.d.ts";
const PYTHON: &str = "python/kling_types.py";

const FIX: &str = "update it with `cargo xtask schema --languages`";

pub(super) fn run(samples: &Samples, is_check: bool) -> Result<(), Failure> {
    let tools = Tools::install()?;
    let work = Work::prepare(&tools, samples)?;
    for (path, text) in [(TYPESCRIPT, work.typescript()?), (PYTHON, work.python()?)] {
        keep(path, &text, is_check)?;
    }
    let took = work.compile_typescript()?;
    println!("ok TypeScript: tsc --strict, {took}");
    let took = work.check_python()?;
    println!("ok Python: mypy --strict, {took}");
    for (runner, file) in [("node", "run.mjs"), ("python3", "run.py")] {
        let file = workspace::root().join("fixtures/runners").join(file);
        let told = said(Command::new(runner).arg(file))?;
        println!("ok vectors, {}", told.trim());
    }
    let told = document::run_vectors(&tools)?;
    println!("ok jsonschema of Python: {told}");
    document::lint(&tools)?;
    for (provider, prefix) in [("comet", "/kling"), ("kling", "")] {
        let tested = document::test_against_mock(&tools, provider, prefix)?;
        println!("ok schemathesis: kling mock --provider {provider}: {tested}");
    }
    Ok(())
}

/// Writes a file of types, or checks that it is up to date.
fn keep(path: &str, text: &str, is_check: bool) -> Result<(), Failure> {
    let file = workspace::root().join(FOLDER).join(path);
    if !is_check {
        make_folder_of(&file)?;
        workspace::write(&file, text)?;
        println!("wrote {FOLDER}/{path}");
        return Ok(());
    }
    match workspace::first_difference(&workspace::read(&file)?, text) {
        None => println!("ok {FOLDER}/{path}"),
        Some(difference) => {
            let text = format!("{FOLDER}/{path}: {difference}\n{FIX}");
            return Err(Failure::Failed(text));
        }
    }
    Ok(())
}

fn make_folder_of(file: &Path) -> Result<(), String> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).map_err(|e| format!("cannot make {}: {e}", folder.display()))
}

/// What a command prints; what it complains of if it fails.
fn said(command: &mut Command) -> Result<String, String> {
    workspace::output(command, "")
}
