//! `cargo xtask scenes`: generates the catalogue and the constants of kling-types from
//! fixtures/scenes.json, which has everything known about the effect scenes.

mod date;
mod record;
mod render;

use std::path::Path;

use record::Catalogue;

use crate::{Failure, workspace};

const FROM: &str = "fixtures/scenes.json";
const TO: &str = "crates/kling-types/src/scene/catalogue.rs";

pub(crate) fn run(args: &[&str]) -> Result<(), Failure> {
    match args {
        [] => write(),
        ["--check"] => check(),
        _ => Err(Failure::Usage),
    }
}

fn write() -> Result<(), Failure> {
    let (scenes, text) = generate()?;
    workspace::write(&workspace::root().join(TO), &text)?;
    println!("wrote {TO}: {scenes} scenes");
    Ok(())
}

fn check() -> Result<(), Failure> {
    let (scenes, expected) = generate()?;
    let found = workspace::read(&workspace::root().join(TO))?;
    if let Some(difference) = workspace::first_difference(&found, &expected) {
        return Err(Failure::Failed(format!(
            "{TO} is out of date with {FROM}: {difference}\nmend it with `cargo xtask scenes`"
        )));
    }
    println!("ok {TO}: {scenes} scenes");
    Ok(())
}

/// The number of scenes, and the generated file.
fn generate() -> Result<(usize, String), String> {
    let catalogue = load(workspace::root().join(FROM))?;
    let text = workspace::rustfmt(&render::render(&catalogue)?)?;
    Ok((catalogue.len(), text))
}

fn load(path: impl AsRef<Path>) -> Result<Catalogue, String> {
    let path = path.as_ref();
    let json = workspace::read(path)?;
    record::parse(&json).map_err(|e| format!("{}: {e}", path.display()))
}
