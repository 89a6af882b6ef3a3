//! Development tasks. `cargo xtask help` lists them.
//!
//! Each command is a row of [`COMMANDS`] and a module. The commands that write files also
//! have `--check`, which compares the files instead and names the command to run.

// A command-line program prints.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

mod bench;
mod deps;
#[cfg(feature = "whole")]
mod fidelity;
mod fixtures;
mod metadata;
#[cfg(feature = "whole")]
mod release;
mod scenes;
#[cfg(feature = "whole")]
mod schema;
mod workspace;

/// One row of the command line.
struct Command {
    name: &'static str,
    /// The arguments, as in the usage line.
    args: &'static str,
    summary: &'static str,
    run: fn(&[&str]) -> Result<(), Failure>,
}

static COMMANDS: &[Command] = &[
    Command {
        name: "help",
        args: "",
        summary: "list the commands",
        run: help,
    },
    Command {
        name: "bench",
        args: "[--gate] [--counted] [--json FILE] [--plot FILE] [--all] [--builds] [NAME ...]",
        summary: "measure speed and size, in comparison with alternatives",
        run: bench::run,
    },
    Command {
        name: "deps",
        args: "",
        summary: "check the dependencies of the crates, their number, and which files use which library",
        run: deps::run,
    },
    Command {
        name: "fidelity",
        args: "[--check]",
        summary: "write docs/fidelity.md, and fail if a fact is not proved",
        run: fidelity::run,
    },
    Command {
        name: "fixtures",
        args: "[--check]",
        summary: "check the vectors, facts and samples, and write fixtures/manifest.json",
        run: fixtures::run,
    },
    Command {
        name: "release",
        args: "[--check]",
        summary: "check that the crates can be published, write docs/api, and print the order",
        run: release::run,
    },
    Command {
        name: "scenes",
        args: "[--check]",
        summary: "write the scene catalogue from fixtures/scenes.json",
        run: scenes::run,
    },
    Command {
        name: "schema",
        args: "[--check] [--languages]",
        summary: "write docs/schemas from the types; with --languages, also for TypeScript and Python",
        run: schema::run,
    },
];

/// Commands with more dependencies are run by an xtask that is built with the feature
/// `whole`.
#[cfg(not(feature = "whole"))]
mod whole {
    use crate::{Failure, workspace};

    pub(crate) fn run(command: &str, args: &[&str]) -> Result<(), Failure> {
        let mut whole = workspace::cargo_command();
        whole.args([
            "run",
            "--quiet",
            "--package=xtask",
            "--features=whole",
            "--",
        ]);
        whole.arg(command).args(args);
        // It has printed the error.
        let status = whole
            .status()
            .map_err(|e| format!("cannot run cargo: {e}"))?;
        match status.code() {
            Some(0) => Ok(()),
            Some(code) => std::process::exit(code),
            None => Err(Failure::Failed("was killed by a signal".to_owned())),
        }
    }
}
#[cfg(not(feature = "whole"))]
mod schema {
    pub(crate) fn run(args: &[&str]) -> Result<(), crate::Failure> {
        crate::whole::run("schema", args)
    }
}
#[cfg(not(feature = "whole"))]
mod fidelity {
    pub(crate) fn run(args: &[&str]) -> Result<(), crate::Failure> {
        crate::whole::run("fidelity", args)
    }
}
#[cfg(not(feature = "whole"))]
mod release {
    pub(crate) fn run(args: &[&str]) -> Result<(), crate::Failure> {
        crate::whole::run("release", args)
    }
}

/// Why a command failed.
enum Failure {
    /// Invalid arguments. Exit code 2.
    Usage,
    /// An error, or a failed check. Exit code 1.
    Failed(String),
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Failed(message)
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (name, rest) = match args.as_slice() {
        [] | ["-h" | "--help", ..] => ("help", [].as_slice()),
        [name, rest @ ..] => (*name, rest),
    };
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprintln!("xtask: no command `{name}`; `cargo xtask help` lists them");
        return ExitCode::from(2);
    };
    match (command.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage) => {
            eprintln!("usage: {}", command.usage());
            ExitCode::from(2)
        }
        Err(Failure::Failed(message)) => {
            eprintln!("xtask {name}: {message}");
            ExitCode::FAILURE
        }
    }
}

impl Command {
    fn usage(&self) -> String {
        let usage = format!("cargo xtask {} {}", self.name, self.args);
        usage.trim_end().to_owned()
    }
}

fn help(args: &[&str]) -> Result<(), Failure> {
    if !args.is_empty() {
        return Err(Failure::Usage);
    }
    for command in COMMANDS {
        println!("{}\n    {}", command.usage(), command.summary);
    }
    Ok(())
}
