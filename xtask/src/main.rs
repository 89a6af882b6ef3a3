//! The project's chores. `cargo xtask help` lists them.
//!
//! Each chore is a row of [`COMMANDS`] and a module; each one that writes a file
//! also has `--check`, which writes nothing and names the command that mends.

// Printing is what a chore is for.
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
    /// The arguments it takes, as the usage line shows them.
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
        summary: "measure speed and size beside what one would use instead",
        run: bench::run,
    },
    Command {
        name: "deps",
        args: "",
        summary: "check who depends on whom, on how much, and who names which library",
        run: deps::run,
    },
    Command {
        name: "fidelity",
        args: "[--check]",
        summary: "write docs/fidelity.md, and fail for a fact that nothing proves",
        run: fidelity::run,
    },
    Command {
        name: "fixtures",
        args: "[--check]",
        summary: "lint vectors, facts and samples, and write fixtures/manifest.json",
        run: fixtures::run,
    },
    Command {
        name: "release",
        args: "[--check]",
        summary: "check that the crates can be published, write docs/api, and tell the order",
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
        summary: "write docs/schemas from the types; with --languages, in TypeScript and Python too",
        run: schema::run,
    },
];

/// What needs more is left to the xtask that is built with it.
#[cfg(not(feature = "whole"))]
mod whole {
    use crate::{Failure, workspace};

    pub(crate) fn run(chore: &str, args: &[&str]) -> Result<(), Failure> {
        let mut whole = workspace::cargo_command();
        whole.args([
            "run",
            "--quiet",
            "--package=xtask",
            "--features=whole",
            "--",
        ]);
        whole.arg(chore).args(args);
        // It has said what is wrong.
        let status = whole
            .status()
            .map_err(|e| format!("cannot run cargo: {e}"))?;
        match status.code() {
            Some(0) => Ok(()),
            Some(code) => std::process::exit(code),
            None => Err(Failure::Failed("was stopped".to_owned())),
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

/// Why a chore stopped.
enum Failure {
    /// It was called with arguments it does not take. Exit code 2.
    Usage,
    /// It could not do its work, or found something wrong. Exit code 1.
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
