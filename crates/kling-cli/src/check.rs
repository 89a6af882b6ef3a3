//! `kling check`: reports everything wrong with a request before it is paid for.

// Doc comments here are help texts, read in a terminal.
#![allow(clippy::doc_markdown)]

use std::process::ExitCode;

use kling_types::image::MAX_BYTES;
use kling_types::validate::{Checks, Violation, validate_json_with};
use kling_types::{EffectRequest, Scene};
use serde_json::json;

use crate::failure::Failure;
use crate::job::{self, Job};
use crate::output::{one_line, print, say};
use crate::request::{picture_at, read_image, read_json, shown_image, suggestion};

/// Check a request, or pictures for a scene: every violation with its place. Nothing is sent.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exits with 2 if there is an error, and with 0 if there are warnings only. Of a picture
only the header is looked at: its format and size, not whether the rest of it is there.

Examples:
  kling check --request request.json
  kling check --scene hug_pro left.jpg right.png
  kling check --request - --json")]
pub(crate) struct CheckArgs {
    /// The pictures: JPEG or PNG files, or http(s) URLs
    #[arg(required_unless_present = "request", value_name = "IMAGE")]
    images: Vec<String>,

    /// A request as JSON, in place of pictures; - is stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["images", "scene"])]
    request: Option<String>,

    /// The scene that the pictures are for; without it each is checked by itself
    #[arg(long)]
    scene: Option<String>,

    /// Require duration, as CometAPI documents
    #[arg(long)]
    duration_required: bool,

    /// Print each violation as a line of JSON on stdout, then one with the count
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &CheckArgs) -> ExitCode {
    job::local(args.json, |job| check(args, job))
}

fn check(args: &CheckArgs, job: &Job) -> Result<(), Failure> {
    if args.duration_required && args.scene.is_none() && args.request.is_none() {
        let text = "--duration-required applies to requests, not pictures: add --scene, or give \
                    --request";
        return Err(Failure::Usage(text.to_owned()));
    }
    let checks = Checks::default().with_duration_required(args.duration_required);
    let tell = |images: &[String], scene: &str, found: Vec<Violation>| {
        let errors = found
            .iter()
            .filter(|violation| violation.is_error())
            .count();
        for violation in found {
            let input = picture_at(&violation.pointer, images).map(|image| shown_image(image));
            if job.json {
                job.event("violation", json!({"input": input, "violation": violation}));
            } else {
                let input = input.map(|input| format!("{input}: ")).unwrap_or_default();
                let severity = violation.severity().as_str();
                let meant = suggestion(&violation, scene);
                print(&one_line(&format!("{severity}: {input}{violation}{meant}")));
            }
        }
        errors
    };
    let mut errors = 0;
    if let Some(file) = &args.request {
        let request = read_json(file)?;
        let scene = request["effect_scene"].as_str().unwrap_or_default();
        errors += tell(&[], scene, validate_json_with(&request, &checks));
    } else if let Some(scene) = &args.scene {
        let request = of_pictures(Scene::new(scene.clone()), &args.images)?;
        errors += tell(&args.images, scene, request.validate_with(&checks));
    } else {
        for image in &args.images {
            // Any scene that takes one picture: only the picture is looked at.
            let only = std::slice::from_ref(image);
            let request = match of_pictures(Scene::COLOR_MIXING, only) {
                Ok(request) => request,
                // The pictures after it are looked at all the same.
                Err(failure) => {
                    unreadable(&shown_image(image), failure, job);
                    errors += 1;
                    continue;
                }
            };
            let mut found = request.validate_with(&Checks::default());
            found.retain(|violation| violation.pointer == "/input/image");
            errors += tell(only, "", found);
        }
    }
    job.event("checked", json!({ "errors": errors }));
    match errors {
        0 => {
            say("no errors");
            Ok(())
        }
        1 => Err(Failure::Usage("found 1 error".to_owned())),
        n => Err(Failure::Usage(format!("found {n} errors"))),
    }
}

/// Tells of a picture that nothing else can be told of.
fn unreadable(input: &str, failure: Failure, job: &Job) {
    let message = failure.report(job).message;
    if job.json {
        job.event("unreadable", json!({"input": input, "message": message}));
    } else {
        print(&format!("error: {}", one_line(&message)));
    }
}

fn of_pictures(scene: Scene, images: &[String]) -> Result<EffectRequest, Failure> {
    let mut sources = Vec::new();
    for image in images {
        // One that is too large is a violation like others, if memory takes it.
        let unchecked = std::fs::metadata(image).is_ok_and(|it| it.len() < 8 * MAX_BYTES as u64);
        sources.push(read_image(image, unchecked)?);
    }
    let mut sources = sources.into_iter();
    match (sources.next(), sources.next(), sources.next()) {
        (Some(image), None, _) => Ok(EffectRequest::single(scene, image)),
        (Some(left), Some(right), None) => Ok(EffectRequest::dual(scene, left, right)),
        _ => Err(Failure::Usage(format!(
            "a scene takes one picture or two, not {}",
            images.len()
        ))),
    }
}
