//! The public interface of the libraries, one line for each item, in `docs/api`:
//! what changes there is seen by whoever reads the change.

use std::fs;
use std::path::{Path, PathBuf};

use crate::metadata::Package;
use crate::workspace;

const FOLDER: &str = "docs/api";
const MEND: &str = "if that is meant, write it with `cargo xtask release`";

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
            return Err(format!("{path}: {difference}\n{MEND}"));
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

/// Has rustdoc write JSON. That is behind a switch for which rustdoc alone takes
/// itself for a nightly: were cargo to hear of it, it would build all anew.
fn document() -> Result<(), String> {
    let rustdoc = target().join("rustdoc-json");
    workspace::write(
        &rustdoc,
        "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n",
    )?;
    make_executable(&rustdoc)?;
    let mut doc = workspace::cargo_command();
    // As CI's other run of it, so that nothing is built twice.
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
        .map_err(|e| format!("cannot make {} a program: {e}", path.display()))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<(), String> {
    Err("the public interface is looked at on Unix only".to_owned())
}

/// One line for each item, without what is derived.
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
