//! The program `kling`: creates Kling's video effects, and runs the fake service and
//! the conformance suite.

mod args;
mod batch;
mod check;
mod conformance;
mod connect;
mod destination;
mod effect;
mod exit;
mod failure;
mod generate;
mod input;
mod job;
mod mock;
mod output;
mod plan;
mod report_page;
mod request;
mod resume;
mod scenes;
mod signals;
mod state;
mod submit;
mod summary;
mod table;
mod tasks;
mod watch;
mod webhook;
mod withdrawal;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};

// One thread is enough for one task, and starts faster than several.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    output::checked(Box::pin(run()).await)
}

async fn run() -> ExitCode {
    let given: Vec<_> = std::env::args_os().collect();
    let parsed = Args::try_parse_from(&given);
    let args = match parsed {
        Ok(Args {
            command: Command::Mock(_),
        }) => match mock::complete(given, |name| std::env::var_os(name)) {
            Ok(args) => args,
            Err(why) => {
                output::say_lines(&format!("error: {why}"));
                return exit::Exit::Usage.into();
            }
        },
        Ok(args) => args,
        Err(error) => {
            // Whoever asked for JSON gets it for wrong arguments too.
            if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
                output::emit(&exit::wrong_arguments(&sentence(&error)));
            }
            return output::shown(&error);
        }
    };
    match args.command {
        Command::Effect(args) => effect::run(&args).await,
        Command::Submit(args) => submit::run(&args).await,
        Command::Resume(args) => resume::run(&args).await,
        Command::Get(args) => tasks::get(&args).await,
        Command::Wait(args) => tasks::wait(&args).await,
        Command::Download(args) => tasks::download(&args).await,
        Command::List(args) => tasks::list(&args).await,
        Command::Scenes(args) => scenes::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Webhook(args) => webhook::run(&args).await,
        Command::Schema(args) => generate::schema(&args),
        Command::Completions(args) => generate::completions(&args),
        Command::Man(args) => generate::man(&args),
        Command::Mock(args) => mock::run(&args).await,
        Command::Conformance(args) => conformance::run(&args).await,
        Command::ExitCodes(args) => exit::run(&args),
    }
}

/// What is wrong with the arguments, without the usage below it.
fn sentence(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().take_while(|line| !line.is_empty());
    let sentence = lines.map(str::trim).collect::<Vec<_>>().join(" ");
    sentence.trim_start_matches("error: ").to_owned()
}
