//! `kling schema`, `completions` and `man`: generated documents.

// Doc comments here are help texts, read in a terminal.
#![allow(clippy::doc_markdown)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use kling_types::schema::{Profile, bundle, documents};

use crate::args::Args;
use crate::failure::Failure;
use crate::job;
use crate::output::{print, say};

/// Print the JSON Schemas of requests and answers, or write one file for each.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kling schema
  kling schema EffectRequest
  kling schema --openapi
  kling schema --directory schemas")]
pub(crate) struct SchemaArgs {
    /// One schema by its name; all in one document by default
    #[arg(conflicts_with_all = ["openapi", "directory"])]
    name: Option<String>,

    /// As components of an OpenAPI 3.1 document
    #[arg(long, conflicts_with = "directory")]
    openapi: bool,

    /// Write NAME.schema.json for each into this directory
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

/// Print a completion script for a shell.
///
/// To load it: `source <(kling completions bash)` in ~/.bashrc, `source <(kling completions zsh)` in
/// ~/.zshrc after compinit, `kling completions fish | source` in ~/.config/fish/config.fish.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kling completions bash
  kling completions zsh")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Print the manual page, or write the page of each command.
///
/// To read it: `kling man | man -l -`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kling man
  kling man --directory man1")]
pub(crate) struct ManArgs {
    /// Write kling.1, kling-effect.1 and so on into this directory
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

pub(crate) fn schema(args: &SchemaArgs) -> ExitCode {
    job::local(false, |_| {
        if let Some(directory) = &args.directory {
            for document in documents() {
                let name = format!("{}.schema.json", document.name);
                let text = format!("{:#}\n", document.schema);
                write(directory, &name, text.as_bytes())?;
            }
            return Ok(());
        }
        if let Some(name) = &args.name {
            let documents = documents();
            let Some(found) = documents.iter().find(|document| document.name == name) else {
                let names: Vec<_> = documents.iter().map(|document| document.name).collect();
                let names = names.join(", ");
                return Err(Failure::Usage(format!(
                    "no schema {name:?}: there are {names}"
                )));
            };
            print(&format!("{:#}", found.schema));
            return Ok(());
        }
        let profile = if args.openapi {
            Profile::OpenApi
        } else {
            Profile::JsonSchema
        };
        print(&format!("{:#}", bundle(profile)));
        Ok(())
    })
}

pub(crate) fn completions(args: &CompletionsArgs) -> ExitCode {
    job::local(false, |_| {
        let mut text = Vec::new();
        clap_complete::generate(args.shell, &mut Args::command(), "kling", &mut text);
        print(String::from_utf8_lossy(&text).trim_end());
        Ok(())
    })
}

pub(crate) fn man(args: &ManArgs) -> ExitCode {
    job::local(false, |_| {
        let mut command = Args::command();
        command.build();
        let Some(directory) = &args.directory else {
            print(String::from_utf8_lossy(&page(command)?).trim_end());
            return Ok(());
        };
        for (name, command) in with_commands(command, "kling") {
            write(directory, &format!("{name}.1"), &page(command)?)?;
        }
        Ok(())
    })
}

fn page(command: Command) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut text)
        .map_err(|error| Failure::Usage(format!("the manual page can't be generated: {error}")))?;
    Ok(text)
}

/// The program and each of its commands, by the names of their pages.
fn with_commands(command: Command, name: &str) -> Vec<(String, Command)> {
    let mut all = Vec::new();
    for inner in command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
    {
        let name = format!("{name}-{}", inner.get_name());
        all.extend(with_commands(inner.clone(), &name));
    }
    all.push((name.to_owned(), command));
    all
}

fn write(directory: &Path, name: &str, text: &[u8]) -> Result<(), Failure> {
    let path = directory.join(name);
    let written = std::fs::create_dir_all(directory).and_then(|()| std::fs::write(&path, text));
    let shown = path.display();
    written.map_err(|error| Failure::Usage(format!("{shown} can't be written: {error}")))?;
    say(&format!("wrote {shown}"));
    Ok(())
}
