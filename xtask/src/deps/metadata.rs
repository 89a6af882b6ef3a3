//! The part of `cargo metadata` that the rules read.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::workspace;

/// The workspace: all of its packages, none of anybody else's.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) dependencies: Vec<Dependency>,
    /// Each feature with what it turns on.
    #[serde(default)]
    pub(super) features: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// `dev` or `build`; nothing for a normal dependency.
    pub(super) kind: Option<String>,
    pub(super) uses_default_features: bool,
    #[serde(default)]
    pub(super) features: Vec<String>,
}

impl Metadata {
    pub(super) fn parse(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|e| format!("cannot read cargo's metadata: {e}"))
    }
}

/// The metadata of this workspace. `--no-deps`: the rules are about what our own
/// manifests declare, which needs neither network nor lock file.
pub(super) fn read() -> Result<Metadata, String> {
    let json = workspace::cargo(&["metadata", "--format-version", "1", "--no-deps"])?;
    Metadata::parse(&json)
}
