//! The command-line arguments.

// Doc comments here are help texts, read in a terminal.
#![allow(clippy::doc_markdown)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;
use kling_mock::{AuthMode, Fault, Plan, Profile};
use kling_types::scene::{Date, LATEST_LIST};

use crate::check::CheckArgs;
use crate::connect::{ConnectArgs, WaitArgs};
use crate::exit::ExitCodesArgs;
use crate::generate::{CompletionsArgs, ManArgs, SchemaArgs};
use crate::request::RequestArgs;
use crate::resume::ResumeArgs;
use crate::scenes::ScenesArgs;
use crate::submit::SubmitArgs;
use crate::tasks::{DownloadArgs, GetArgs, ListArgs, WaitCommand};
use crate::webhook::WebhookArgs;

/// Kling's video effects: photos in, a video out.
#[derive(Debug, Parser)]
#[command(name = "kling", version, arg_required_else_help = true, after_help = crate::exit::help())]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Effect(EffectArgs),
    Submit(SubmitArgs),
    Resume(ResumeArgs),
    Get(GetArgs),
    Wait(WaitCommand),
    Download(DownloadArgs),
    List(ListArgs),
    Scenes(ScenesArgs),
    Check(CheckArgs),
    Webhook(WebhookArgs),
    Schema(SchemaArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
    Mock(MockArgs),
    Conformance(crate::conformance::ConformanceArgs),
    ExitCodes(ExitCodesArgs),
}

/// Make videos: submit the pictures, wait for each task, save its result.
///
/// Every task costs money, except with --mock. The key comes from COMETAPI_KEY, or
/// KLING_API_KEY, or KLING_ACCESS_KEY with KLING_SECRET_KEY. Before anything is sent, a state file
/// is written beside the output (FILE.kling.json): whatever happens, `kling resume` finishes the job
/// without a second charge, or says exactly what is unknown.
///
/// Several pictures make several videos, one after another: one per picture, or one per pair for a
/// scene that takes two. All of them are checked before the first is sent. Their state files are
/// kept: running the same command again finishes the rest, and nothing is charged twice.
#[derive(Debug, Parser)]
#[command(
    mut_arg("images", |images| images.help(IMAGES)),
    after_help = "\
Examples:
  kling effect color_mixing me.jpg --output me.mp4
  kling effect hug_pro left.jpg right.png --output hug.mp4 --json
  kling effect hug_pro left.jpg right.png --mock
  kling effect color_mixing one.jpg two.jpg three.png --output-dir videos --report page.html
  kling effect --request request.json --key-file key.txt --provider kling
  kling effect color_mixing me.jpg --output -"
)]
pub(crate) struct EffectArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,

    /// Where to save the video, - for stdout; SCENE-TASK_ID.mp4 by default. An existing file is
    /// replaced
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Where to save the videos of several pictures, as PICTURE-SCENE.mp4; the current directory by
    /// default. With this option, one picture is handled like several. Files of other jobs are never
    /// replaced
    #[arg(long, value_name = "DIRECTORY", conflicts_with_all = ["request", "output", "state"])]
    pub(crate) output_dir: Option<PathBuf>,

    /// With several pictures: create new tasks for those that an earlier run finished or that failed;
    /// each is charged again
    #[arg(long)]
    pub(crate) again: bool,

    /// Write a page that shows each picture beside its video; it is self-contained and works offline
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// Use a fake service on this machine: nothing is sent elsewhere or charged. Environment
    /// variables and settings are ignored
    #[arg(long, conflicts_with_all = ["base_url", "provider", "key_file", "key_stdin", "state"])]
    pub(crate) mock: bool,

    /// Print each event as a line of JSON on stdout (docs/events.md has them); the last one is saved,
    /// skipped or error; with several jobs, summary
    #[arg(long)]
    pub(crate) json: bool,

    /// Where to keep the state file until the job is done; beside the output by default
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) wait: WaitArgs,

    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
}

/// What several of them mean.
const IMAGES: &str = "\
One picture for each video, or two (left, right), as the scene takes: JPEG or PNG files, or http(s) \
URLs";

/// Run the fake service until Ctrl-C or SIGTERM.
///
/// Prints one line of JSON when it is ready: {"base_url":…,"api_key":…,"accounts":{NAME:KEY,…}}.
/// api_key is the first account's. Its control interface is at /__mock; /__mock/routes lists the
/// routes.
#[derive(Debug, Parser)]
#[command(after_help = "\
Every option except --config can also be set in a file (TOML) or in the environment:
--callback-retries 2 is callback-retries = 2 in the file, and KLING_MOCK_CALLBACK_RETRIES=2. A
repeatable option is a list in the file, and one value per line in the environment. The command line
overrides the file, and the file overrides the environment.

Examples:
  kling mock --listen 127.0.0.1:8080
  kling mock --clock manual    (then: POST /__mock/clock with {\"advance\":\"5m\"})
  kling mock --provider kling --plan \"after(2s, 30s)\" --fault create#1@after:reset
  curl http://127.0.0.1:8080/kling/v1/videos/effects -H \"Authorization: Bearer $API_KEY\" …")]
pub(crate) struct MockArgs {
    /// The address to listen on; port 0 chooses a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,

    /// The provider to imitate: `comet` or `kling`, optionally followed by switches, as in
    /// `comet list=on wrapped=omni` (listed in docs/mock-limits.md)
    #[arg(long, value_name = "PROVIDER", default_value = "comet")]
    pub(crate) provider: Profile,

    /// The seed of keys, request ids and videos. Give each server a different one, so that a request
    /// to the wrong server is refused
    #[arg(long, default_value = "0")]
    pub(crate) seed: u64,

    /// The clock of the service: the system clock, or one that moves only when /__mock/clock is told
    /// to. Tokens and signatures always use the system clock
    #[arg(long, value_enum, default_value = "system")]
    pub(crate) clock: ClockName,

    /// How many times faster than real time the system clock runs
    #[arg(long, value_name = "FACTOR", default_value = "1")]
    pub(crate) speed: f64,

    /// How tasks progress: quick, instant, stuck, held, realistic, after(5s, 2m), polls(1, 2) or
    /// lognormal(2m, 0.4), optionally followed by fail("message")
    #[arg(long, default_value = "quick")]
    pub(crate) plan: Plan,

    /// A fault to inject, such as create#1@after:reset; repeatable
    #[arg(long = "fault", value_name = "FAULT", value_parser = fault)]
    pub(crate) faults: Vec<Fault>,

    /// How to check credentials: off, presence or verify
    #[arg(long, value_name = "MODE", default_value = "verify")]
    pub(crate) auth: AuthMode,

    /// An account: NAME, NAME:API_KEY or NAME:API_KEY:SLOTS; repeatable. Without this
    /// option there is one account, named default
    #[arg(long = "account", value_name = "ACCOUNT")]
    pub(crate) accounts: Vec<String>,

    /// The date of the scene list that the service uses
    #[arg(long, value_name = "DATE", default_value_t = LATEST_LIST)]
    pub(crate) scenes_as_of: Date,

    /// How many times a failed callback is retried
    #[arg(long, value_name = "TIMES", default_value = "0")]
    pub(crate) callback_retries: u32,

    /// Which status changes send a callback
    #[arg(long, value_enum, default_value = "every-change")]
    pub(crate) callbacks_on: CallbacksOnName,

    /// A host, address or network that callbacks may be sent to, besides this machine; repeatable
    #[arg(long = "callback-allow", value_name = "TARGET")]
    pub(crate) callback_allow: Vec<String>,

    /// Pad video files to this size, at most 2 GiB, for tests of large downloads; players skip the
    /// padding
    #[arg(
        long,
        value_name = "BYTES",
        default_value = "0",
        value_parser = clap::value_parser!(u64).range(..=LARGEST_VIDEO)
    )]
    pub(crate) video_bytes: u64,

    /// The base URL of links to results, for a service behind a proxy; by default the address that the
    /// request was sent to
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,

    /// How many requests the journal keeps
    #[arg(long, value_name = "ENTRIES", default_value = "10000")]
    pub(crate) journal_max: usize,

    /// Require this token at /__mock. Prefer KLING_MOCK_ADMIN_TOKEN: other users of this machine can
    /// see arguments. Required with --expose
    #[arg(long, value_name = "TOKEN")]
    pub(crate) admin_token: Option<String>,

    /// Read settings from this file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Write the ready line to this file too, atomically
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,

    /// Allow an address that other machines can reach
    #[arg(long)]
    pub(crate) expose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClockName {
    /// The system clock, accelerated by --speed
    System,
    /// Set by /__mock/clock; starts at 2026-01-01
    Manual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CallbacksOnName {
    /// Every status, including `submitted`
    EveryChange,
    /// Only the final status
    End,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ProviderName {
    /// CometAPI, the gateway
    Comet,
    /// Kling itself
    Kling,
}

/// As `MockBuilder::video_bytes` has it.
const LARGEST_VIDEO: u64 = i32::MAX as u64;

/// No shorter: nobody may flood the service by a slip of the finger.
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const TIME: &str = "give a time from 0.01 s to a year, such as 90 (seconds) or 1h 30m: the units \
                    are h, m, s and ms";

fn fault(text: &str) -> Result<Fault, String> {
    Fault::parse_with_files(text, |path| std::fs::read(path)).map_err(|error| error.to_string())
}

/// A number of seconds, or a time with its units: `90`, `1.5m`, `1h 30m`.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let seconds = text.trim().parse().ok();
    let duration = match seconds.map(Duration::try_from_secs_f64) {
        Some(duration) => duration.ok(),
        None => text
            .parse()
            .ok()
            .and_then(|time: SignedDuration| time.try_into().ok()),
    };
    duration
        .filter(|duration| (SHORTEST..=LONGEST).contains(duration))
        .ok_or_else(|| TIME.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(
                time(text).ok(),
                expected.map(Duration::from_millis),
                "{text:?}"
            );
        };
        for (text, millis) in [
            ("90", 90_000),
            (" 0.5 ", 500),
            ("1e2", 100_000),
            ("10m", 600_000),
            ("1.5m", 90_000),
            ("1h 30m", 5_400_000),
            ("250ms", 250),
            ("31536000", 31_536_000_000),
        ] {
            check(text, Some(millis));
        }
        for text in [
            "", "x", "-1", "-5m", "0", "0.001", "1ns", "NaN", "inf", "1e300", "31536001", "2y",
            "10 m 5", "5 mo",
        ] {
            check(text, None);
        }
    }
}
