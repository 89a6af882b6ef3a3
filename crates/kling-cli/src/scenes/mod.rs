//! `kling scenes`: prints what is known of the effect scenes.

// Doc comments here are help texts, read in a terminal.
#![allow(clippy::doc_markdown)]

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Subcommand;
use kling_types::scene::{self, Arity, Confidence, Date, LATEST_LIST, Scene, SceneInfo};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::job;
use crate::output::{emit, print};

mod diff;

/// List, search, show and compare effect scenes; nothing is sent.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kling scenes list --two
  kling scenes search hug
  kling scenes show hug_pro --json
  kling scenes diff before.json after.json")]
pub(crate) struct ScenesArgs {
    #[command(subcommand)]
    command: ScenesCommand,

    /// Print JSON lines
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum ScenesCommand {
    /// The scenes on Kling's list on a given day
    List {
        /// The day
        #[arg(long, value_name = "DATE", default_value_t = LATEST_LIST)]
        on: Date,
        /// Every scene ever seen
        #[arg(long, conflicts_with = "on")]
        all: bool,
        /// Only those that take two pictures
        #[arg(long)]
        two: bool,
    },
    /// Scenes whose name contains or resembles a text
    Search {
        /// A part of the name
        text: String,
    },
    /// All that is known of one scene
    Show {
        /// Its name
        scene: String,
    },
    /// What differs between two catalogues, JSON files like fixtures/scenes.json: each place as a
    /// JSON Pointer into the scene
    Diff {
        /// The older one
        before: String,
        /// The newer one; - is stdin
        after: String,
    },
}

pub(crate) fn run(args: &ScenesArgs) -> ExitCode {
    job::local(args.json, |_| match &args.command {
        ScenesCommand::List { on, all, two } => {
            let shown = |info: &&SceneInfo| {
                (*all || info.listed_on(*on) == Some(true)) && (!two || info.arity == Arity::Dual)
            };
            scene::all()
                .iter()
                .filter(shown)
                .for_each(|info| show(info, *on, args.json));
            Ok(())
        }
        ScenesCommand::Search { text } => search(text, args.json),
        ScenesCommand::Show { scene } => {
            let info = Scene::new(scene.clone()).info();
            let info = info.ok_or_else(|| unknown(scene))?;
            if args.json {
                emit(&to_json(info, LATEST_LIST));
            } else {
                print(&in_words(info));
            }
            Ok(())
        }
        ScenesCommand::Diff { before, after } => diff::run(before, after, args.json),
    })
}

fn show(info: &SceneInfo, on: Date, json: bool) {
    if json {
        emit(&to_json(info, on));
    } else {
        print(&format!("{}\t{}", info.name, pictures(info)));
    }
}

fn pictures(info: &SceneInfo) -> &'static str {
    match info.arity {
        Arity::Single => "one picture",
        Arity::Dual => "two pictures",
    }
}

/// How like a name must be to what was asked for, from 0 to 1.
const LIKE: f64 = 0.8;

fn search(text: &str, json: bool) -> Result<(), Failure> {
    let text = text.to_lowercase();
    let has = |info: &&SceneInfo| info.name.contains(&text);
    let is_like = |info: &&SceneInfo| strsim::jaro_winkler(info.name, &text) >= LIKE;
    let mut found: Vec<_> = scene::all().iter().filter(has).collect();
    if found.is_empty() {
        found = scene::all().iter().filter(is_like).collect();
    }
    if found.is_empty() {
        return Err(unknown(&text));
    }
    for info in found {
        show(info, LATEST_LIST, json);
    }
    Ok(())
}

/// How like the name of a scene an unknown one must be to be called a slip.
const A_SLIP: f64 = 0.9;

/// The scene that somebody meant who gave this name, if it is likely.
pub(crate) fn meant_by(name: &str) -> Option<&'static str> {
    let (near, likeness) = nearest(name);
    (likeness >= A_SLIP).then_some(near)
}

/// The scene whose name is most like this one, and how like it is, from 0 to 1.
fn nearest(name: &str) -> (&'static str, f64) {
    // As all of them are written.
    let name = name.to_lowercase().replace(['-', ' '], "_");
    let names = scene::all().iter().map(|info| info.name);
    let rated = names.map(|other| (other, strsim::jaro_winkler(other, &name)));
    rated.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default()
}

fn unknown(name: &str) -> Failure {
    let (near, _) = nearest(name);
    Failure::Usage(format!(
        "no scene {name:?} is known up to {LATEST_LIST}; the nearest name is {near}"
    ))
}

fn to_json(info: &SceneInfo, on: Date) -> Value {
    let day = |day: Option<Date>| day.map(|day| day.to_string());
    let days = |days: Option<(Date, Date)>| days.map(|(a, b)| [a.to_string(), b.to_string()]);
    json!({
        "event": "scene",
        "scene": info.name,
        "images": info.arity.images(),
        "listed": info.listed_on(on),
        "listed_china": info.listed_china,
        "listed_comet": info.listed_comet,
        "introduced": day(info.introduced),
        "introduced_between": days(info.introduced_between),
        "introduced_confidence": match info.introduced_confidence {
            Confidence::Documented => "documented",
            Confidence::Inferred => "inferred",
            Confidence::Window => "window",
        },
        "announced_end": day(info.announced_end),
        "first_seen": day(info.first_seen),
        "last_seen": day(info.last_seen),
        "removed_between": days(info.removed_between),
        "durations": info.durations,
        "modes": info.modes,
        "models": info.models,
        "notes": info.notes,
        "sources": info.sources,
    })
}

/// Line by line, what is known only.
fn in_words(info: &SceneInfo) -> String {
    let mut text = format!("{}\n  takes {}", info.name, pictures(info));
    let mut line = |what: &str, value: Option<String>| {
        if let Some(value) = value {
            // Writing to a string can't fail.
            let _ = write!(text, "\n  {what} {value}");
        }
    };
    let day = |day: Option<Date>| day.map(|day| day.to_string());
    let days = |days: Option<(Date, Date)>| days.map(|(a, b)| format!("{a} and {b}"));
    let words = |words: &[&str]| (!words.is_empty()).then(|| words.join(", "));
    line("introduced", day(info.introduced));
    line("appeared between", days(info.introduced_between));
    line("last on Kling's list on", day(info.last_seen));
    line("announced to end on", day(info.announced_end));
    line("went away between", days(info.removed_between));
    line("durations", words(info.durations));
    line("modes", words(info.modes));
    line("models", words(info.models));
    line("note:", info.notes.map(str::to_owned));
    text
}
