//! `cargo xtask fixtures`: vectors, facts and samples held to their own rules,
//! and the manifest of them.
//!
//! Each rule is a pure function over the texts of the files ([`Folder`]) that
//! says what is wrong.

use crate::{Failure, workspace};

mod facts;
mod folder;
mod manifest;
mod samples;
mod schemas;
mod vectors;

use folder::Folder;

const MANIFEST: &str = "manifest.json";

pub(crate) fn run(args: &[&str]) -> Result<(), Failure> {
    let is_check = match args {
        [] => false,
        ["--check"] => true,
        _ => return Err(Failure::Usage),
    };
    let root = workspace::root();
    let mut folder = Folder::read(&root.join("fixtures"))?;
    let rules = vectors::Rules::parse(&workspace::read(&root.join("docs/rules.md"))?);
    let codes = vectors::codes(&workspace::read(&root.join("docs/codes.md"))?);

    let manifest = manifest::render(&folder)?;
    if !is_check {
        workspace::write(&root.join("fixtures").join(MANIFEST), &manifest)?;
        folder.put(MANIFEST, manifest.clone());
    }
    let mut wrong = schemas::check(&folder)?;
    wrong.extend(facts::check(&folder)?);
    wrong.extend(samples::check(&folder)?);
    wrong.extend(vectors::check(&folder, &rules, &codes)?);
    if folder.text(MANIFEST)? != manifest {
        let text = "fixtures/manifest.json does not tell of these files: mend it with `cargo xtask fixtures`";
        wrong.push(text.to_owned());
    }
    for wrong in &wrong {
        eprintln!("wrong: {wrong}");
    }
    if !wrong.is_empty() {
        let text = format!(
            "{} things are wrong in fixtures/: correct the files, then `cargo xtask fixtures`",
            wrong.len()
        );
        return Err(Failure::Failed(text));
    }
    let (all, proved) = facts::proved(&folder)?;
    println!(
        "{} {}",
        if is_check { "ok" } else { "wrote" },
        manifest::summary(&folder)?
    );
    println!("ok {all} facts, of which vectors prove {proved}");
    Ok(())
}
