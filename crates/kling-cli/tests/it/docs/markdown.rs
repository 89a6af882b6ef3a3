//! What a document is made of, as far as a test is concerned: code blocks and
//! links.

use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A code block, and what is to be done with it.
#[derive(Debug)]
pub(crate) struct Block {
    /// Where it begins, from 1.
    pub(crate) line: usize,
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Kind {
    /// Run: by bash, `python3` or `node`.
    Run(Language),
    /// Run by bash, with a fake service in the place of the one that costs money.
    Live,
    /// What the block before printed.
    Output,
    /// Saved under this name, for the blocks that follow.
    Save(String),
    /// Part of a file that something else compiles and runs.
    Quote(String),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Language {
    Bash,
    Python,
    Node,
}

/// Where quotes may come from: what is there is compiled and run by `cargo
/// test`, or by `cargo xtask schema --languages`.
fn is_run_elsewhere(path: &str) -> bool {
    let path = path.strip_prefix("crates/").map_or(path, |inside| {
        inside.split_once('/').map_or("", |(_, path)| path)
    });
    ["examples/", "tests/it/", "xtask/languages/"]
        .iter()
        .any(|folder| path.starts_with(folder))
}

/// A document of the project, by its path from the root.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) path: PathBuf,
    pub(crate) blocks: Vec<Block>,
    pub(crate) links: Vec<String>,
}

impl Document {
    pub(crate) fn read(root: &Path, path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(root.join(path)).unwrap();
        Document::parse(path, &text)
    }

    /// The error names the line.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, String> {
        let mut document = Document {
            path: path.to_owned(),
            blocks: Vec::new(),
            links: Vec::new(),
        };
        let mut open: Option<(usize, Kind, String)> = None;
        for (event, range) in Parser::new_ext(text, Options::all()).into_offset_iter() {
            let line = text[..range.start].matches('\n').count() + 1;
            match event {
                Event::Start(Tag::CodeBlock(fence)) => {
                    let info = match &fence {
                        CodeBlockKind::Fenced(info) => info.as_ref(),
                        CodeBlockKind::Indented => "",
                    };
                    let kind = kind(info).map_err(|why| {
                        format!("{}:{line}: a block ```{info}: {why}", path.display())
                    })?;
                    open = Some((line, kind, String::new()));
                }
                Event::Text(part) => {
                    if let Some((_, _, text)) = &mut open {
                        text.push_str(&part);
                    }
                }
                Event::End(TagEnd::CodeBlock) => {
                    let block = open.take();
                    document
                        .blocks
                        .extend(block.map(|(line, kind, text)| Block { line, kind, text }));
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.links.push(dest_url.into_string());
                }
                _ => {}
            }
        }
        document.check_outputs()?;
        Ok(document)
    }

    /// An output belongs to what was run just before.
    fn check_outputs(&self) -> Result<(), String> {
        let mut before: Option<&Kind> = None;
        for block in &self.blocks {
            let follows = matches!(before, Some(Kind::Run(_) | Kind::Live));
            if block.kind == Kind::Output && !follows {
                let path = self.path.display();
                return Err(format!("{path}:{}: the output of what?", block.line));
            }
            before = Some(&block.kind);
        }
        Ok(())
    }

    /// Links that lead to no file; those into the web are left alone.
    pub(crate) fn broken_links(&self, root: &Path) -> Vec<String> {
        let folder = root.join(&self.path);
        let folder = folder.parent().unwrap();
        let is_ours = |link: &&String| !link.contains("://") && !link.starts_with('#');
        let path = |link: &str| folder.join(link.split('#').next().unwrap_or(link));
        let broken = self.links.iter().filter(is_ours);
        let broken = broken.filter(|link| !path(link).exists());
        broken
            .map(|link| format!("{}: {link} leads nowhere", self.path.display()))
            .collect()
    }
}

fn kind(info: &str) -> Result<Kind, String> {
    let mut words = info.split_whitespace();
    let language = words.next().unwrap_or_default();
    let attribute = words
        .next()
        .map(|word| word.split_once('=').unwrap_or((word, "")));
    if let Some(more) = words.next() {
        return Err(format!("{more} is one attribute too many"));
    }
    match (language, attribute) {
        ("sh", None) => Ok(Kind::Run(Language::Bash)),
        ("python", None) => Ok(Kind::Run(Language::Python)),
        ("js", None) => Ok(Kind::Run(Language::Node)),
        ("text", None) => Ok(Kind::Output),
        ("sh", Some(("live", ""))) => Ok(Kind::Live),
        ("python" | "js" | "json" | "toml", Some(("file", name)))
            if !name.is_empty() && !name.contains('/') =>
        {
            Ok(Kind::Save(name.to_owned()))
        }
        ("rust" | "toml" | "ts" | "python" | "js", Some(("quote", path)))
            if is_run_elsewhere(path) =>
        {
            Ok(Kind::Quote(path.to_owned()))
        }
        ("rust" | "ts", _) => Err("is a quote=PATH of an example or a test".to_owned()),
        ("json" | "toml", _) => Err("is a file=NAME that another block uses".to_owned()),
        _ => Err("nobody knows how to run it".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(info: &str, expected: impl Into<Option<Kind>>) {
        assert_eq!(kind(info).ok(), expected.into(), "{info}");
    }

    #[test]
    fn a_block_of_an_unknown_kind_is_refused() {
        check("sh", Kind::Run(Language::Bash));
        check("python", Kind::Run(Language::Python));
        check("text", Kind::Output);
        check("sh live", Kind::Live);
        check("toml file=a.toml", Kind::Save("a.toml".to_owned()));
        let example = "crates/kling-mock/examples/a.rs";
        check(
            &format!("rust quote={example}"),
            Kind::Quote(example.to_owned()),
        );
        for unknown in [
            "",
            "bash",
            "console",
            "sh skip",
            "sh live twice",
            "python live",
            "rust",
            "rust,no_run",
            "rust quote=crates/kling-http/src/lib.rs",
            "rust quote=docs/examples/a.rs",
            "json",
            "toml file=../a.toml",
            "json file=",
            "ts",
        ] {
            check(unknown, None);
        }
    }

    #[test]
    fn an_output_belongs_to_what_was_run() {
        let parse = |text| Document::parse(Path::new("a.md"), text).map(|it| it.blocks.len());
        assert_eq!(parse("```sh\ntrue\n```\n\n```text\n1\n```\n"), Ok(2));
        let error = "a.md:3: the output of what?";
        assert_eq!(parse("# A\n\n```text\n1\n```\n"), Err(error.to_owned()));
        let error = "a.md:2: a block ```: nobody knows how to run it";
        assert_eq!(parse("\n```\nls\n```\n"), Err(error.to_owned()));
        let error = "a.md:3: a block ```: nobody knows how to run it";
        assert_eq!(parse("Indented:\n\n    ls\n"), Err(error.to_owned()));
    }
}
