//! The part of `cargo metadata` that the checks use.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::workspace;

/// The packages of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
}

// Only `release` uses all members, and it is not part of every build.
#[derive(Debug, Deserialize)]
#[cfg_attr(not(feature = "whole"), allow(dead_code))]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
    /// Each feature with those that it enables.
    #[serde(default)]
    pub(crate) features: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) manifest_path: PathBuf,
    #[serde(default)]
    pub(crate) version: String,
    pub(crate) description: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) readme: Option<PathBuf>,
    pub(crate) rust_version: Option<String>,
    #[serde(default)]
    pub(crate) keywords: Vec<String>,
    #[serde(default)]
    pub(crate) categories: Vec<String>,
    /// The registries to which it may be published: any if `None`, none if empty.
    pub(crate) publish: Option<Vec<String>>,
    /// The content of `[package.metadata]`.
    #[serde(default)]
    pub(crate) metadata: Value,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(not(feature = "whole"), allow(dead_code))]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// The version requirement.
    #[serde(default)]
    pub(crate) req: String,
    /// `dev` or `build`; `None` for a normal dependency.
    pub(crate) kind: Option<String>,
    pub(crate) uses_default_features: bool,
    #[serde(default)]
    pub(crate) features: Vec<String>,
}

#[cfg(feature = "whole")]
impl Package {
    pub(crate) fn is_published(&self) -> bool {
        self.publish.as_ref().is_none_or(|to| !to.is_empty())
    }
}

impl Metadata {
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|e| format!("cannot read cargo's metadata: {e}"))
    }
}

/// The metadata of this workspace, without its dependencies, for which neither the
/// network nor the lock file is needed.
pub(crate) fn read() -> Result<Metadata, String> {
    let json = workspace::cargo(&["metadata", "--format-version", "1", "--no-deps"])?;
    Metadata::parse(&json)
}
