//! Plans one call of `kling effect`: which pictures make a video together, where each
//! video goes, and what earlier runs left there. All of it is checked before anything
//! is paid for.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use kling_http::{EffectRequest, Provider, Scene};

use crate::args::EffectArgs;
use crate::destination::{self, Destination};
use crate::failure::{Failure, resume_command};
use crate::job::state_of;
use crate::output::say;
use crate::request::{RequestArgs, shown_image};
use crate::state::StateFile;

/// One job of a call.
#[derive(Debug)]
pub(crate) struct Planned {
    /// What to make, of this job's pictures alone.
    pub(crate) args: RequestArgs,
    pub(crate) destination: Destination,
    pub(crate) start: Start,
}

/// Where a job stands before the call.
#[derive(Debug)]
pub(crate) enum Start {
    /// The request is held where there is one job. Those of many are read again
    /// when their turn comes: together they may not fit into memory.
    Create {
        request: Option<Box<EffectRequest>>,
        /// To replace what an earlier run made.
        replace: bool,
    },
    /// An earlier run did not finish it, or its video is gone.
    Continue(Box<StateFile>),
    /// It ended in an earlier run.
    Ended(Box<StateFile>),
}

/// Everything that is wrong, told at once.
#[derive(Debug, Default)]
struct Faults(Vec<String>);

impl Faults {
    fn take<T>(&mut self, outcome: Result<T, Failure>) -> Result<Option<T>, Failure> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(Failure::Usage(message)) => {
                self.0.push(message);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    fn or<T>(self, value: T) -> Result<T, Failure> {
        if self.0.is_empty() {
            return Ok(value);
        }
        Err(Failure::Usage(self.0.join("\nerror: ")))
    }
}

/// The jobs of a call, in order.
pub(crate) fn jobs(args: &EffectArgs) -> Result<Vec<Planned>, Failure> {
    let groups = groups(&args.request)?;
    let mut faults = Faults::default();
    destination::check_no_dash("--report", args.report.as_deref())?;
    destination::check_no_dash("--state", args.state.as_deref())?;
    if let Some(report) = &args.report {
        let inputs = args.request.inputs();
        faults.take(destination::check_file("--report", report, &inputs))?;
    }
    if groups.len() < 2 && args.output_dir.is_none() {
        single(args, faults)
    } else {
        several(args, groups, faults)
    }
}

/// The single job of a call with one output. It is run each time.
fn single(args: &EffectArgs, mut faults: Faults) -> Result<Vec<Planned>, Failure> {
    if args.again {
        let text = "--again needs several pictures or --output-dir: a single video is made again \
                    each time";
        return Err(Failure::Usage(text.to_owned()));
    }
    let destination = Destination::new(args.output.as_ref());
    let output = destination.file();
    let beside = output.map(state_of);
    let state = args.state.as_deref().or(beside.as_deref());
    destination::check_apart(&[
        ("--report", args.report.as_deref()),
        ("--output", output),
        ("the state file", state),
    ])?;
    // The destination first: stdin is read only once.
    destination.check_with(args.json, &args.request.inputs())?;
    let request = faults.take(args.request.build())?;
    let start = Start::Create {
        request: request.map(Box::new),
        replace: false,
    };
    faults.or(vec![Planned {
        args: args.request.clone(),
        destination,
        start,
    }])
}

/// A job for each group of pictures, which the same command again goes on with.
fn several(
    args: &EffectArgs,
    groups: Vec<Vec<String>>,
    mut faults: Faults,
) -> Result<Vec<Planned>, Failure> {
    if groups.len() > 1 {
        for (given, option) in [
            (args.output.is_some(), "--output names one file"),
            (args.state.is_some(), "--state names one file"),
            (
                args.request.external_task_id.is_some(),
                "--external-task-id names one task",
            ),
        ] {
            if given {
                let text = format!("{option}, and this makes {}", videos(groups.len()));
                let next = "leave it out; --output-dir chooses where they go";
                faults.0.push(format!("{text}: {next}"));
            }
        }
    }
    let directory = args.output_dir.as_deref().unwrap_or(Path::new(""));
    faults.take(match &args.output_dir {
        Some(directory) => destination::check_output_dir(directory),
        None => Destination::Default.check(&[]),
    })?;
    let mut planned = Vec::new();
    let mut warnings = HashSet::new();
    // Of a scene there may be one for each job: once is enough.
    let mut warn = |warning: &str| {
        if warnings.insert(warning.to_owned()) {
            say(warning);
        }
    };
    let mut names = HashSet::new();
    let mut seen = HashSet::new();
    for images in groups {
        let files: Vec<_> = images.iter().map(|image| real(image)).collect();
        if !seen.insert(files) {
            let shown: Vec<_> = images.iter().map(|image| shown_image(image)).collect();
            let text = format!("{} is given twice", shown.join(" with "));
            faults.0.push(format!("{text}: leave one out"));
            continue;
        }
        let args_of_job = RequestArgs {
            images,
            ..args.request.clone()
        };
        let output = directory.join(name(&args_of_job, &mut names));
        faults.take(destination::check_apart(&[
            ("--report", args.report.as_deref()),
            ("a video", Some(&output)),
            ("a state file", Some(&state_of(&output))),
        ]))?;
        let Some(request) = faults.take(args_of_job.build_with(&mut warn))? else {
            continue;
        };
        if let Some(start) = faults.take(start(args, &output, &request))? {
            planned.push(Planned {
                args: args_of_job,
                destination: Destination::File(output),
                start,
            });
        }
    }
    faults.or(planned)
}

/// A picture's file, by whatever name it was given.
fn real(image: &str) -> PathBuf {
    std::fs::canonicalize(image).unwrap_or_else(|_| PathBuf::from(image))
}

pub(crate) fn videos(count: usize) -> String {
    match count {
        1 => "1 video".to_owned(),
        count => format!("{count} videos"),
    }
}

/// Which pictures make a video together: one by one, or in pairs, as the scene
/// takes them.
fn groups(args: &RequestArgs) -> Result<Vec<Vec<String>>, Failure> {
    let scene = Scene::new(args.scene.clone().unwrap_or_default());
    let count = args.images.len();
    let pictures = scene.info().map(|info| info.arity.images());
    let each = match pictures {
        Some(1) => 1,
        Some(2) if count > 2 && count % 2 == 1 => {
            return Err(Failure::Usage(format!(
                "the scene {scene} takes two pictures for each video, left and right: {count} do not \
                 make pairs"
            )));
        }
        Some(2) => 2,
        _ if count > 2 => {
            return Err(Failure::Usage(format!(
                "how many pictures the scene {scene} takes is not known: give one picture or two, \
                 not {count}"
            )));
        }
        _ => 2,
    };
    let groups: Vec<_> = args.images.chunks(each).map(<[String]>::to_vec).collect();
    // A request from a file has its pictures in it.
    Ok(if groups.is_empty() {
        vec![Vec::new()]
    } else {
        groups
    })
}

/// The most of a picture's name that is taken into a video's, in bytes: two of
/// them, the scene and what a state file adds must fit into 255.
const LONGEST_STEM: usize = 80;

/// The video's name, from its pictures' and the scene's: the same in each run of
/// the same command.
fn name(args: &RequestArgs, taken: &mut HashSet<String>) -> String {
    let mut parts: Vec<String> = args.images.iter().map(|image| stem(image)).collect();
    let scene = destination::file_name_part(args.scene.as_deref().unwrap_or_default());
    parts.push(cut(&scene, LONGEST_STEM / 2).to_owned());
    let base = parts.join("-");
    let mut name = format!("{base}.mp4");
    let mut number = 2;
    // Some file systems make no difference between A and a.
    while !taken.insert(name.to_lowercase()) {
        name = format!("{base}-{number}.mp4");
        number += 1;
    }
    name
}

fn stem(image: &str) -> String {
    let name = shown_image(image);
    let stem = Path::new(&*name).file_stem().unwrap_or_default();
    let stem: String = stem
        .to_string_lossy()
        .chars()
        .map(|c| match c {
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '-',
            c if c.is_control() => '-',
            c => c,
        })
        .collect();
    // Neither hidden nor like an option.
    let stem = stem.trim_start_matches(['.', '-', ' ']);
    match cut(stem, LONGEST_STEM) {
        "" => "picture".to_owned(),
        stem => stem.to_owned(),
    }
}

fn cut(text: &str, bytes: usize) -> &str {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| *end <= bytes).last().unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

/// What an earlier run left for this output, and what follows from it. Nothing
/// that belongs to another job is ever written over.
fn start(args: &EffectArgs, output: &Path, request: &EffectRequest) -> Result<Start, Failure> {
    destination::check_file("the video", output, &args.request.inputs())?;
    let path = state_of(output);
    let (shown, is_there) = (output.display(), output.exists());
    if !path.exists() {
        if is_there {
            return Err(Failure::Usage(format!(
                "{shown} already exists and has no state file: move it, or choose another \
                 --output-dir"
            )));
        }
        let (request, replace) = (None, false);
        return Ok(Start::Create { request, replace });
    }
    if args.mock {
        return Err(Failure::Usage(format!(
            "{} belongs to a job that was paid for: choose another --output-dir for --mock",
            path.display()
        )));
    }
    let file = StateFile::read(&path)?;
    let is_same = file.state.is_of_like(request)?;
    match (&file.state.outcome, is_same) {
        (None, false) => Err(Failure::Usage(format!(
            "{} belongs to another job, which may be paid for and is not finished: finish it with: {}",
            path.display(),
            resume_command(&path.to_string_lossy())
        ))),
        (Some(_), false) => Err(Failure::Usage(format!(
            "{shown} was made from other pictures or options: move it with its \
             .kling.json, or choose another --output-dir"
        ))),
        (Some(_), true) if args.again => {
            let (request, replace) = (None, true);
            Ok(Start::Create { request, replace })
        }
        (Some(outcome), true) if is_there || outcome.failure.is_some() => {
            Ok(Start::Ended(Box::new(file)))
        }
        // Not finished, or what it made is gone: its task is paid for.
        (_, true) => Ok(Start::Continue(Box::new(file))),
    }
}

/// Rejects state files that belong to another service: only there they can be resumed.
pub(crate) fn check_service(jobs: &[Planned], provider: &Provider) -> Result<(), Failure> {
    let mut faults = Faults::default();
    for job in jobs {
        let (Start::Continue(file) | Start::Ended(file)) = &job.start else {
            continue;
        };
        if !file.state.is_at(provider) {
            faults.0.push(format!(
                "{} belongs to a job at {} ({}), not at {} ({}): choose another --output-dir",
                file.path.display(),
                file.state.provider,
                file.state.base_url,
                provider.name(),
                provider.base_url()
            ));
        }
    }
    faults.or(())
}

impl Planned {
    pub(crate) fn output(&self) -> Option<PathBuf> {
        self.destination.file().map(Path::to_owned)
    }
}
