//! Every code block in the documents is run, and what they show is what comes.
//!
//! | block | what is done with it |
//! |---|---|
//! | `sh` | run by bash; the blocks of a document share one shell |
//! | `python`, `js` | run by python3 and node |
//! | `text` | compared with what the block before it printed, see [`compare`] |
//! | `python`, `js`, `json`, `toml` with `file=NAME` | saved for the blocks that follow |
//! | `rust`, `toml`, `ts`, `python`, `js` with `quote=PATH` | must stand in that file, which is compiled and run |
//! | `sh` with `live` | run with a fake service, a key of its own and two pictures in the place of the real ones |
//!
//! Where bash, curl, node or python3 is missing, what needs them is left to CI,
//! which sets `KLING_DOCS_ALL`.

mod compare;
mod markdown;
mod session;

use std::path::{Path, PathBuf};

use markdown::{Document, Kind};
use session::{Bench, Ports};

use crate::examples;

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().unwrap()
}

/// The paths of all documents, from the root.
fn paths() -> Vec<PathBuf> {
    let root = root();
    let mut found = vec!["README.md".into(), "fixtures/README.md".into()];
    let mut folders = vec![root.join("docs"), root.join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let is_crate = folder.ends_with("crates");
            if path.is_dir() && (is_crate || !folder.starts_with(root.join("crates"))) {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "md") {
                found.push(path.strip_prefix(&root).unwrap().to_owned());
            }
        }
    }
    found.sort();
    assert!(found.len() > 10, "{found:?}");
    found
}

fn documents() -> Vec<Document> {
    let read = |path: PathBuf| Document::read(&root(), &path).unwrap_or_else(|why| panic!("{why}"));
    paths().into_iter().map(read).collect()
}

/// Fails with all complaints at once.
#[track_caller]
fn expect_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n\n{}\n", complaints.join("\n\n"));
}

#[test]
fn every_block_runs_and_prints_what_is_shown() {
    let tools = ["bash", "curl", "node", "python3"];
    let missing = tools.iter().find(|tool| !is_there(tool));
    if let Some(tool) = missing.filter(|_| std::env::var_os("KLING_DOCS_ALL").is_none()) {
        eprintln!("not run: there is no {tool}");
        return;
    }
    let bench = Bench {
        root: root(),
        kling: PathBuf::from(env!("CARGO_BIN_EXE_kling")),
        examples: examples::built(),
    };
    let documents = documents();
    let ports = Ports::choose(&documents);
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let complaints: Vec<String> = std::thread::scope(|scope| {
        let run = |(document, ports)| runtime().block_on(bench.run(document, ports)).err();
        let running = documents.iter().zip(&ports);
        let running: Vec<_> = running.map(|it| scope.spawn(move || run(it))).collect();
        let ended = running.into_iter().map(|it| it.join().unwrap());
        ended.flatten().collect()
    });
    expect_none(&complaints);
}

fn is_there(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}

#[test]
fn every_quote_stands_in_its_file() {
    let mut complaints = Vec::new();
    for document in documents() {
        for block in &document.blocks {
            let Kind::Quote(path) = &block.kind else {
                continue;
            };
            let file = std::fs::read_to_string(root().join(path)).unwrap_or_default();
            if !contains(&file, &block.text) {
                let name = document.path.display();
                complaints.push(format!("{name}:{}: not so in {path}", block.line));
            }
        }
    }
    expect_none(&complaints);
}

/// Whether these lines follow each other there, however far indented.
fn contains(file: &str, quote: &str) -> bool {
    let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    let (file, quote) = (lines(file), lines(quote));
    !quote.is_empty()
        && file.windows(quote.len()).any(|window| {
            let depth = window[0].len() - window[0].trim_start().len();
            let moved = window.iter().map(|line| line.get(depth..).unwrap_or(""));
            moved.eq(quote.iter().map(String::as_str))
        })
}

#[test]
fn a_quote_may_be_indented_elsewhere_but_not_changed() {
    let file = "fn a() {\n    let b = 1;\n    if c {\n        d();\n    }\n}\n";
    assert!(contains(file, "let b = 1;\nif c {\n    d();\n}\n"));
    assert!(!contains(file, "let b = 2;\n"));
    assert!(!contains(file, "let b = 1;\n    d();\n"));
    assert!(!contains(file, ""));
}

#[test]
fn every_link_leads_somewhere() {
    let root = root();
    let broken = documents().into_iter();
    let broken: Vec<_> = broken.flat_map(|it| it.broken_links(&root)).collect();
    expect_none(&broken);
}

#[test]
fn the_index_has_every_document() {
    let index = Document::read(&root(), Path::new("docs/README.md")).unwrap();
    let missing = paths().into_iter().filter(|path| {
        let inside = path.strip_prefix("docs").ok().and_then(Path::to_str);
        inside.is_some_and(|it| it != "README.md" && !index.links.iter().any(|link| link == it))
    });
    let missing: Vec<_> = missing
        .map(|path| format!("docs/README.md has no link to {}", path.display()))
        .collect();
    expect_none(&missing);
}
