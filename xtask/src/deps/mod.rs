//! `cargo xtask deps`: checks the structure of the workspace.
//!
//! There are three kinds of rules: which crate may depend on which ([`dependencies`]), how
//! many crates a crate may pull in ([`crate_counts`]), and which file may use a library
//! ([`confined`]). Each is a pure function of text that this module reads.

mod confined;
mod crate_counts;
mod dependencies;

use crate::{Failure, metadata, workspace};

/// The result of a check.
#[derive(Debug)]
struct Report {
    /// What was checked, with figures.
    done: String,
    /// For each violation, what is wrong and what to do.
    breaches: Vec<String>,
}

pub(crate) fn run(args: &[&str]) -> Result<(), Failure> {
    if !args.is_empty() {
        return Err(Failure::Usage);
    }
    let metadata = metadata::read()?;
    let mut reports = vec![dependencies::check(&metadata)];
    for ceiling in crate_counts::LIMITS {
        reports.push(ceiling.check(&crate_counts::tree(ceiling.package)?));
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
        eprintln!("error: {breach}");
    }
    match breaches.len() {
        0 => Ok(()),
        1 => Err(Failure::Failed("1 rule is violated".to_owned())),
        n => Err(Failure::Failed(format!("{n} rules are violated"))),
    }
}
