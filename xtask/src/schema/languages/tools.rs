//! The tools of other languages, with the versions of `xtask/languages`. They are
//! installed in `target/languages`, and again when a lock file changes.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::said;
use crate::workspace;

const NODE: &str = "node";
const PYTHON: &str = "python";
/// The lock file of the installed tools.
const INSTALLED: &str = "installed";

pub(super) struct Tools {
    pub(super) folder: PathBuf,
}

/// The directory with lock files, settings and programs.
pub(super) fn ours() -> PathBuf {
    workspace::root().join("xtask/languages")
}

impl Tools {
    pub(super) fn install() -> Result<Self, String> {
        let folder = workspace::root().join("target/languages");
        let tools = Tools { folder };
        tools.keep(NODE, "package-lock.json", install_node)?;
        tools.keep(PYTHON, "requirements.txt", install_python)?;
        Ok(tools)
    }

    /// A tool installed by npm.
    pub(super) fn node(&self, name: &str) -> Command {
        Command::new(self.folder.join(NODE).join("node_modules/.bin").join(name))
    }

    /// A tool installed by pip, or the Python interpreter.
    pub(super) fn python(&self, name: &str) -> Command {
        Command::new(self.folder.join(PYTHON).join("bin").join(name))
    }

    /// Installs the tools unless this lock file is installed already.
    fn keep(
        &self,
        part: &str,
        lock: &str,
        install: fn(&Path) -> Result<(), String>,
    ) -> Result<(), String> {
        let folder = self.folder.join(part);
        let lock = workspace::read(&ours().join(lock))?;
        let stamp = folder.join(INSTALLED);
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
            return Ok(());
        }
        println!("installing the tools of xtask/languages: {part}");
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .map_err(|e| format!("cannot remove {}: {e}", folder.display()))?;
        }
        super::make_folder_of(&stamp)?;
        install(&folder)?;
        // Written last, so that an interrupted installation is repeated.
        workspace::write(&stamp, &lock)
    }
}

fn install_node(folder: &Path) -> Result<(), String> {
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        workspace::write(&folder.join(name), &workspace::read(&ours().join(name))?)?;
    }
    said(Command::new("npm").arg("--prefix").arg(folder).arg("ci")).map(drop)
}

fn install_python(folder: &Path) -> Result<(), String> {
    let make = [OsStr::new("-m"), OsStr::new("venv"), folder.as_os_str()];
    said(Command::new("python3").args(make))?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps"]);
    pip.arg("--disable-pip-version-check");
    said(pip.arg("-r").arg(ours().join("requirements.txt"))).map(drop)
}
