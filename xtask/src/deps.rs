//! `cargo xtask deps`: the shape of the workspace, held to its rules.
//!
//! Three kinds of rule: who may depend on whom ([`arrows`]), how many crates a
//! crate may bring along ([`ceilings`]), and which file may name a library
//! ([`confined`]). Each is a pure function over text that this module fetches.

mod arrows;
mod ceilings;
mod confined;

use crate::{Failure, metadata, workspace};

/// What one check has to say.
#[derive(Debug)]
struct Report {
    /// What was looked at, with its figures.
    done: String,
    /// For each breach, what is wrong and what to do.
    breaches: Vec<String>,
}

pub(crate) fn run(args: &[&str]) -> Result<(), Failure> {
    if !args.is_empty() {
        return Err(Failure::Usage);
    }
    let metadata = metadata::read()?;
    let mut reports = vec![arrows::check(&metadata)];
    for ceiling in ceilings::CEILINGS {
        reports.push(ceiling.check(&ceilings::tree(ceiling.package)?));
    }
    let sources = confined::sources(&workspace::root().join("crates"))?;
    for library in confined::LIBRARIES {
        reports.push(library.check(&sources));
    }

    for report in &reports {
        if report.breaches.is_empty() {
            println!("ok {}", report.done);
        }
    }
    let breaches: Vec<&String> = reports.iter().flat_map(|report| &report.breaches).collect();
    for breach in &breaches {
        eprintln!("wrong: {breach}");
    }
    match breaches.len() {
        0 => Ok(()),
        1 => Err(Failure::Failed("1 rule is broken".to_owned())),
        n => Err(Failure::Failed(format!("{n} rules are broken"))),
    }
}
