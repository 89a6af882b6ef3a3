//! Settings of `kling mock` from a file and from the environment.
//!
//! There is one grammar: each setting becomes the argument that it stands for,
//! and what can't be one is refused with the place that it came from. The
//! command line goes before the file, the file before the environment.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, CommandFactory as _, Parser as _};
use toml::{Table, Value};

use crate::args::{Args, Command, MockArgs};
use crate::connect::LONGEST_SETTINGS;
use crate::input;

/// What names in the environment begin with.
const PREFIX: &str = "KLING_MOCK_";

/// A setting, as arguments, and where it came from.
struct Setting {
    /// The long name of its option.
    name: String,
    arguments: Vec<OsString>,
    place: String,
}

/// The arguments that were `given`, with what a file and the environment add to
/// them.
pub(crate) fn complete(
    given: Vec<OsString>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Args, String> {
    let command = MockArgs::command();
    let known: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| is_setting(arg))
        .collect();
    let taken = given_on_the_command_line(&given)?;

    let mut settings = Vec::new();
    let config = taken.file.clone().map(OsString::from);
    let config = config.or_else(|| environment(&format!("{PREFIX}CONFIG")));
    if let Some(path) = config.filter(|path| !path.is_empty()) {
        settings.extend(from_file(Path::new(&path), &known)?);
    }
    for arg in &known {
        let name = arg.get_long().unwrap_or_default();
        if settings.iter().any(|setting| setting.name == name) {
            continue;
        }
        let variable = format!("{PREFIX}{}", name.to_uppercase().replace('-', "_"));
        if let Some(value) = environment(&variable).filter(|value| !value.is_empty()) {
            settings.push(from_variable(arg, &variable, &value)?);
        }
    }
    settings.retain(|setting| !taken.names.contains(&setting.name));

    let mut all = given;
    for setting in settings {
        // Alone, so that what is wrong with it is told of its place.
        let alone = ["kling", "mock"].map(OsString::from).into_iter();
        let parsed = Args::try_parse_from(alone.chain(setting.arguments.iter().cloned()));
        let checked = parsed
            .map_err(|error| cause(&error))
            .and_then(|args| match args.command {
                Command::Mock(args) => super::set_up(&args).map(drop),
                _ => Ok(()),
            });
        checked.map_err(|why| format!("{}: {why}", setting.place))?;
        all.extend(setting.arguments);
    }
    Args::try_parse_from(all).map_err(|error| error.to_string())
}

/// All but what says where settings are, and help.
fn is_setting(arg: &Arg) -> bool {
    !matches!(arg.get_long(), None | Some("config" | "help" | "version"))
}

/// What the command line says itself.
struct Taken {
    names: Vec<String>,
    file: Option<std::path::PathBuf>,
}

fn given_on_the_command_line(given: &[OsString]) -> Result<Taken, String> {
    let matches = Args::command()
        .try_get_matches_from(given)
        .map_err(|error| error.to_string())?;
    let file = match Args::try_parse_from(given).map(|args| args.command) {
        Ok(Command::Mock(args)) => args.config,
        _ => None,
    };
    let command = MockArgs::command();
    let mock = matches.subcommand_matches("mock");
    let is_given = |arg: &&Arg| {
        let source = mock.and_then(|mock| mock.value_source(arg.get_id().as_str()));
        source == Some(ValueSource::CommandLine)
    };
    let given = command.get_arguments().filter(is_given);
    Ok(Taken {
        names: given
            .filter_map(|arg| Some(arg.get_long()?.to_owned()))
            .collect(),
        file,
    })
}

fn from_file(path: &Path, known: &[&Arg]) -> Result<Vec<Setting>, String> {
    let shown = path.display();
    let text = input::text_up_to(LONGEST_SETTINGS, path)
        .map_err(|error| format!("--config {shown} can't be read: {error}"))?;
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| format!("{shown}: {}", error.to_string().trim_end()))?;
    let settings = table.into_iter().map(|(name, value)| {
        let place = format!("{shown}: {name}");
        let Some(arg) = known
            .iter()
            .find(|arg| arg.get_long() == Some(name.as_str()))
        else {
            return Err(format!("{place}: {}", unknown(&name, known)));
        };
        let values = match value {
            Value::Array(values) if takes_many(arg) => values,
            value => vec![value],
        };
        let mut arguments = Vec::new();
        for value in values {
            let text = match value {
                Value::String(text) => text,
                Value::Integer(number) => number.to_string(),
                Value::Float(number) => number.to_string(),
                Value::Datetime(time) => time.to_string(),
                Value::Boolean(value) if is_switch(arg) => {
                    arguments.extend(value.then(|| format!("--{name}").into()));
                    continue;
                }
                Value::Boolean(_) | Value::Array(_) | Value::Table(_) => {
                    let kind = value.type_str();
                    return Err(format!("{place}: {}, not {kind}", expected(arg)));
                }
            };
            if is_switch(arg) {
                return Err(format!("{place}: {}", expected(arg)));
            }
            arguments.push(format!("--{name}={text}").into());
        }
        Ok(Setting {
            name,
            arguments,
            place,
        })
    });
    settings.collect()
}

fn from_variable(arg: &Arg, variable: &str, value: &OsStr) -> Result<Setting, String> {
    let name = arg.get_long().unwrap_or_default().to_owned();
    let place = variable.to_owned();
    let Some(text) = value.to_str() else {
        return Err(format!("{place}: this is not valid UTF-8"));
    };
    let arguments = if is_switch(arg) {
        match text {
            "1" | "true" => vec![format!("--{name}").into()],
            "0" | "false" => Vec::new(),
            _ => return Err(format!("{place}: {}", expected(arg))),
        }
    } else if takes_many(arg) {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines
            .map(|line| format!("--{name}={line}").into())
            .collect()
    } else {
        vec![format!("--{name}={text}").into()]
    };
    Ok(Setting {
        name,
        arguments,
        place,
    })
}

fn is_switch(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue)
}

fn takes_many(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

fn expected(arg: &Arg) -> &'static str {
    if is_switch(arg) {
        "expected true or false"
    } else if takes_many(arg) {
        "expected a text or a list of texts"
    } else {
        "expected a text or a number"
    }
}

fn unknown(name: &str, known: &[&Arg]) -> String {
    let names = known.iter().filter_map(|arg| arg.get_long());
    let near = names
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(nearness, _)| *nearness > 0.7)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match near {
        Some((_, known)) => format!("unknown setting; did you mean {known}?"),
        None => "there is no such setting; `kling mock --help` has all".to_owned(),
    }
}

/// What is wrong, without the argument that stands for the setting: nobody wrote
/// that, and its value may be a secret.
fn cause(error: &clap::Error) -> String {
    let text = error.to_string();
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    // "error: invalid value 'x' for '--name <NAME>': why", or a list below.
    match first.split_once(">': ") {
        Some((_, why)) => why.to_owned(),
        None => lines
            .map(str::trim)
            .find(|line| line.starts_with('['))
            .map_or("this is not allowed here".to_owned(), |list| {
                list.trim_matches(['[', ']']).to_owned()
            }),
    }
}
