//! The public API of the libraries in `docs/api`, one line for each item, so that changes
//! are visible in a review.

use std::fs;
use std::path::{Path, PathBuf};

use crate::metadata::Package;
use crate::workspace;

const FOLDER: &str = "docs/api";
const FIX: &str = "if this is intended, update it with `cargo xtask release`";

pub(super) fn check(packages: &[&Package], is_check: bool) -> Result<(), String> {
    document()?;
    for package in packages.iter().filter(|package| is_library(package)) {
        let name = package.name.replace('-', "_");
        let json = target().join(format!("doc/{name}.json"));
        let path = PathBuf::from(FOLDER).join(format!("{}.txt", package.name));
        let text = items(&json)?;
        let file = workspace::root().join(&path);
        let path = path.display();
        if !is_check {
            fs::create_dir_all(workspace::root().join(FOLDER))
                .map_err(|e| format!("cannot make {FOLDER}: {e}"))?;
            workspace::write(&file, &text)?;
            println!("wrote {path}");
        } else if let Some(difference) =
            workspace::first_difference(&workspace::read(&file)?, &text)
        {
            return Err(format!("{path}: {difference}\n{FIX}"));
        } else {
            println!("ok {path}");
        }
    }
    Ok(())
}

fn is_library(package: &Package) -> bool {
    package.manifest_path.with_file_name("src/lib.rs").exists()
}

fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    workspace::root().join(target)
}

/// Lets rustdoc write JSON, which is unstable. `RUSTC_BOOTSTRAP` is only set for rustdoc,
/// since cargo would rebuild everything with it.
fn document() -> Result<(), String> {
    let rustdoc = target().join("rustdoc-json");
    workspace::write(
        &rustdoc,
        "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n",
    )?;
    make_executable(&rustdoc)?;
    let mut doc = workspace::cargo_command();
    // With the same options as CI's other run, so that nothing is built twice.
    doc.args([
        "doc",
        "--workspace",
        "--no-deps",
        "--all-features",
        "--locked",
    ]);
    doc.env("RUSTDOC", &rustdoc);
    doc.env("RUSTDOCFLAGS", "-Z unstable-options --output-format json");
    workspace::output(&mut doc, "").map(drop)
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .map_err(|e| format!("cannot make {} executable: {e}", path.display()))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<(), String> {
    Err("the public API can be checked on Unix only".to_owned())
}

/// One line for each item, without derived implementations.
fn items(json: &Path) -> Result<String, String> {
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .map_err(|e| {
            format!(
                "{}: {e}\n(each version of public-api reads what some versions of rustdoc write: \
                 see public-api in Cargo.toml)",
                json.display()
            )
        })?;
    let lines: Vec<String> = api.items().map(ToString::to_string).collect();
    Ok(lines.join("\n") + "\n")
}
