//! A document as its reader goes through it: one shell, from the first block to
//! the last, in a directory that looks like a checkout.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use regex::{Captures, Regex};
use tokio::process::Command;

use super::compare::compare;
use super::markdown::{Block, Document, Kind, Language};

/// Longer than any document takes on a busy machine.
const LONGEST: Duration = Duration::from_secs(180);

/// Stands in for cargo: the program is built already, and what takes long is
/// left to CI, which must have it.
const CARGO: &str = r#"#!/bin/sh
case "$*" in
"build -p kling-cli") exit ;;
"run -p kling-cli -- "*) shift 4; exec kling "$@" ;;
"run -p "*" --example "*) example=$5; shift 5; [ "${1-}" != -- ] || shift; exec "$EXAMPLES/$example" "$@" ;;
esac
grep -qxE "(readme|step) cargo $*( --locked| --debug| --root [^ ]+)*" "$ROOT/.ci/run" && exit
echo "CI does not run: cargo $*" >&2
exit 1
"#;

/// Runs what would cost money: `kling` finds a fake service where it expects the
/// real one.
const BEFORE_LIVE: &str = r#"
cp fixtures/media/portrait.jpg left.jpg
cp fixtures/media/cat.png right.jpg
command kling mock --account me:sk-live --ready-file live.json >live.log &
until [ -s live.json ]; do kill -0 $!; sleep 0.05; done
kling() { KLING_BASE_URL=$(sed 's/.*"base_url":"\([^"]*\).*/\1/' live.json) command kling "$@"; }
"#;
const AFTER_LIVE: &str = "unset -f kling\nrm live.json";

/// What is common to all sessions.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) root: PathBuf,
    pub(crate) kling: PathBuf,
    pub(crate) examples: PathBuf,
}

impl Bench {
    /// Runs a document; the error says where it went wrong, and how.
    pub(crate) async fn run(&self, document: &Document, ports: &Ports) -> Result<(), String> {
        let here = tempfile::tempdir().unwrap();
        let [bin, out, work] = ["bin", "out", "work"].map(|name| here.path().join(name));
        for folder in [&bin, &out, &work] {
            std::fs::create_dir(folder).unwrap();
        }
        for name in ["docs", "examples", "fixtures"] {
            std::os::unix::fs::symlink(self.root.join(name), work.join(name)).unwrap();
        }
        std::os::unix::fs::symlink(&self.kling, bin.join("kling")).unwrap();
        write_program(&bin.join("cargo"), CARGO);
        let script = script(document, &out, ports);
        std::fs::write(out.join("script"), script).unwrap();

        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("bash");
        shell
            .arg(out.join("script"))
            .current_dir(&work)
            .env_clear()
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("HOME", here.path())
            .env("ROOT", &self.root)
            .env("EXAMPLES", &self.examples)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // Whoever wants to leave this machine gets nowhere.
            .env("http_proxy", "http://127.0.0.1:9")
            .env("https_proxy", "http://127.0.0.1:9")
            .env("no_proxy", "127.0.0.1,localhost")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(out.join("shell")).unwrap())
            .kill_on_drop(true);
        let mut shell = shell.spawn().unwrap();
        let ended = tokio::time::timeout(LONGEST, shell.wait()).await;
        let name = document.path.display();
        let read = |file: &str| std::fs::read_to_string(out.join(file)).unwrap_or_default();
        let at: usize = read("at").trim().parse().unwrap_or_default();
        let last = || {
            let line = document.blocks.get(at).map_or(0, |block| block.line);
            let printed = read(&at.to_string());
            format!("{name}:{line}: {}{printed}", read("shell"))
        };
        match ended {
            Err(_) => return Err(format!("{}…\nstill runs after {LONGEST:?}", last())),
            Ok(status) if !status.as_ref().unwrap().success() => {
                return Err(format!("{}\n{}", last(), status.unwrap()));
            }
            Ok(_) => {}
        }
        compare_outputs(document, |block| read(&block.to_string()))
    }
}

/// Each output with what the block before it printed.
fn compare_outputs(document: &Document, printed: impl Fn(usize) -> String) -> Result<(), String> {
    for (number, pair) in document.blocks.windows(2).enumerate() {
        let [before, shown] = pair else { continue };
        if matches!(before.kind, Kind::Run(_) | Kind::Live) && shown.kind == Kind::Output {
            compare(&shown.text, &printed(number)).map_err(|difference| {
                let (name, line) = (document.path.display(), shown.line);
                format!("{name}:{line}: {difference}")
            })?;
        }
    }
    Ok(())
}

/// The document as a script that writes what block N prints to the file N.
fn script(document: &Document, out: &Path, ports: &Ports) -> String {
    // What runs in the background ends with the document.
    let mut script = String::from(
        "set -euo pipefail\ntrap 'jobs -p | xargs -r kill 2>/dev/null || true' EXIT\n",
    );
    let out_name = out.display();
    for (number, block) in document.blocks.iter().enumerate() {
        let Block { kind, text, .. } = block;
        let text = ports.put_into(text);
        let mut add = |command: String| writeln!(script, "{command}").unwrap();
        match kind {
            Kind::Run(language) => {
                add(format!("echo {number} >'{out_name}/at'"));
                add(format!("exec >'{out_name}/{number}' 2>&1"));
                match language {
                    Language::Bash => add(text.clone()),
                    Language::Python => {
                        std::fs::write(out.join(format!("{number}.py")), &text).unwrap();
                        add(format!("PYTHONPATH=. python3 '{out_name}/{number}.py'"));
                    }
                    Language::Node => {
                        std::fs::write(out.join(format!("{number}.mjs")), &text).unwrap();
                        add(format!("node '{out_name}/{number}.mjs'"));
                    }
                }
                if text.trim_end().ends_with('&') {
                    // A reader sees that it is ready before going on.
                    add(format!(
                        "for _ in $(seq 600); do [ ! -s '{out_name}/{number}' ] || break; \
                         sleep 0.05; done; [ -s '{out_name}/{number}' ]"
                    ));
                }
            }
            Kind::Save(name) => {
                std::fs::write(out.join(format!("{number}.saved")), &text).unwrap();
                add(format!("cp '{out_name}/{number}.saved' '{name}'"));
            }
            Kind::Live => {
                add(format!("echo {number} >'{out_name}/at'"));
                add(format!("exec >'{out_name}/{number}' 2>&1"));
                add(BEFORE_LIVE.to_owned());
                // What it sets is not for the blocks that follow.
                add(format!("(\n{})", text.replace("sk-…", "sk-live")));
                add(AFTER_LIVE.to_owned());
            }
            Kind::Output | Kind::Quote(_) => {}
        }
    }
    script
}

fn write_program(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn address() -> Regex {
    Regex::new(r"127\.0\.0\.1:([0-9]+)").unwrap()
}

/// A document names ports as people do; when it is run, each is another that is
/// free.
#[derive(Debug)]
pub(crate) struct Ports(BTreeMap<String, u16>);

impl Ports {
    /// Chosen for all documents at once: none gets another's.
    pub(crate) fn choose(documents: &[Document]) -> Vec<Ports> {
        let held = documents.iter().map(|document| {
            let mut held = BTreeMap::new();
            for block in &document.blocks {
                for found in address().captures_iter(&block.text) {
                    let free = || TcpListener::bind("127.0.0.1:0").unwrap();
                    held.entry(found[1].to_owned()).or_insert_with(free);
                }
            }
            held
        });
        let held: Vec<BTreeMap<_, _>> = held.collect();
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let ports = held.iter().map(|held| {
            let ports = held.iter().map(|(named, free)| (named.clone(), port(free)));
            Ports(ports.collect())
        });
        ports.collect()
    }

    fn put_into(&self, text: &str) -> String {
        let other = |found: &Captures<'_>| format!("127.0.0.1:{}", self.0[&found[1]]);
        address().replace_all(text, other).into_owned()
    }
}
