//! Builds a request from pictures and options, or reads it from a file, and checks it
//! before anything is sent.

// Doc comments here are help texts, read in a terminal.
#![allow(clippy::doc_markdown)]

use std::borrow::Cow;
use std::path::Path;

use kling_http::{EffectRequest, ExternalTaskId, ImageSource, Scene, generate_external_task_id};
use kling_types::image::MAX_BYTES;
use kling_types::validate::{Checks, Rule, Severity, Violation};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::input;
use crate::output::say;
use crate::scenes;

/// What to make.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RequestArgs {
    /// The effect scene, such as hug_pro
    #[arg(required_unless_present = "request")]
    pub(crate) scene: Option<String>,

    /// One picture or two (left, right), as the scene takes: JPEG or PNG files, or http(s) URLs
    #[arg(required_unless_present = "request", value_name = "IMAGE")]
    pub(crate) images: Vec<String>,

    /// A request as JSON, in place of scene and pictures; - is stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scene", "images", "duration", "mode", "key_stdin"])]
    pub(crate) request: Option<String>,

    /// Send the pictures without checking their format and size
    #[arg(long)]
    pub(crate) no_preflight: bool,

    /// The length of the clip in seconds, where the scene offers a choice
    #[arg(long, value_name = "SECONDS")]
    pub(crate) duration: Option<String>,

    /// The quality, where the scene offers a choice: std or pro
    #[arg(long)]
    pub(crate) mode: Option<String>,

    /// Your own id for the task, unique for the account; a random one by default
    #[arg(long, value_name = "ID")]
    pub(crate) external_task_id: Option<String>,
}

/// The longest request that is read: two pictures in base64, and some more.
const LONGEST_REQUEST: u64 = 64 * 1024 * 1024;

impl RequestArgs {
    /// The files that it is made of.
    pub(crate) fn inputs(&self) -> Vec<String> {
        self.request.iter().chain(&self.images).cloned().collect()
    }

    /// The request, or everything that is wrong with it. Nothing is sent yet.
    pub(crate) fn build(&self) -> Result<EffectRequest, Failure> {
        self.build_with(&mut say)
    }

    /// The same, with a say in what becomes of warnings.
    pub(crate) fn build_with(&self, warn: &mut dyn FnMut(&str)) -> Result<EffectRequest, Failure> {
        let request = self.assemble()?;
        self.check(&request, warn)?;
        Ok(request)
    }

    /// The request as it stands: the client checks it again before it sends it.
    pub(crate) fn assemble(&self) -> Result<EffectRequest, Failure> {
        let mut request = match &self.request {
            Some(file) => EffectRequest::from_members(read_request(file)?),
            None => self.of_pictures()?,
        };
        // Made here, so that it is known whatever becomes of the create.
        if let Some(id) = &self.external_task_id {
            let id = ExternalTaskId::new(id)
                .ok_or_else(|| Failure::Usage("--external-task-id is empty".to_owned()))?;
            request = request.with_external_task_id(id);
        } else if request.external_task_id.is_none()
            && !request.extra.contains_key("external_task_id")
        {
            request = request.with_external_task_id(generate_external_task_id());
        }
        Ok(request)
    }

    fn of_pictures(&self) -> Result<EffectRequest, Failure> {
        let scene = Scene::new(self.scene.clone().unwrap_or_default());
        let wanted = scene.info().map(|info| info.arity.images());
        let given = self.images.len();
        let fault = match wanted {
            Some(1) if given != 1 => Some("takes one picture, not {}: give one file"),
            Some(2) if given != 2 => {
                Some("takes two pictures, not {}: give two files, left and right")
            }
            None if Path::new(scene.as_str()).is_file() => {
                let text = format!("{scene} is a file: the scene comes first, then the pictures");
                return Err(Failure::Usage(text));
            }
            None if given > 2 => {
                let text =
                    format!("a scene takes one picture or two, not {given}: give one file or two");
                return Err(Failure::Usage(text));
            }
            _ => None,
        };
        if let Some(words) = fault {
            let words = words.replace("{}", &given.to_string());
            return Err(Failure::Usage(format!("the scene {scene} {words}")));
        }
        let mut images = Vec::new();
        for image in &self.images {
            images.push(read_image(image, self.no_preflight)?);
        }
        let mut images = images.into_iter();
        let mut request = match (images.next(), images.next()) {
            (Some(left), Some(right)) => EffectRequest::dual(scene, left, right),
            (Some(image), None) => EffectRequest::single(scene, image),
            (None, _) => return Err(Failure::Usage("no picture was given".to_owned())),
        };
        if let Some(duration) = &self.duration {
            request = request.with_duration(duration.as_str());
        }
        if let Some(mode) = &self.mode {
            request = request.with_mode(mode.as_str());
        }
        Ok(request)
    }

    fn check(&self, request: &EffectRequest, warn: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        let checks = Checks::default().with_pictures(!self.no_preflight);
        let mut errors = Vec::new();
        for found in request.validate_with(&checks) {
            let mut line = format!("{} {}", self.name_of(&found.pointer), found.message);
            line += &suggestion(&found, request.effect_scene.as_str());
            match found.severity() {
                Severity::Warning => warn(&format!("warning: {line}")),
                Severity::Error => errors.push(line),
            }
        }
        if errors.is_empty() {
            return Ok(());
        }
        Err(Failure::Usage(errors.join("\nerror: ")))
    }

    /// What a place in the request is called on the command line.
    fn name_of(&self, pointer: &str) -> String {
        if self.request.is_some() {
            return match pointer {
                "" => "the request".to_owned(),
                pointer => pointer.to_owned(),
            };
        }
        match (picture_at(pointer, &self.images), pointer) {
            (Some(image), _) => shown_image(image).into_owned(),
            (None, "/effect_scene") => "the scene".to_owned(),
            (None, "/input/duration") => "--duration".to_owned(),
            (None, "/input/mode") => "--mode".to_owned(),
            (None, "/external_task_id") => "--external-task-id".to_owned(),
            (None, other) => other.to_owned(),
        }
    }
}

/// The picture at a place in a request.
pub(crate) fn picture_at<'a>(pointer: &str, images: &'a [String]) -> Option<&'a String> {
    match pointer {
        "/input/image" | "/input/images/0" => images.first(),
        "/input/images/1" => images.get(1),
        _ => None,
    }
}

/// What is added to a violation where a scene's name looks like a slip.
pub(crate) fn suggestion(found: &Violation, scene: &str) -> String {
    let near = scenes::meant_by(scene).filter(|_| found.rule == Rule::SceneUnknown);
    near.map(|near| format!("; did you mean {near}?"))
        .unwrap_or_default()
}

/// A request from a file, or from stdin: any JSON object.
pub(crate) fn read_request(file: &str) -> Result<Map<String, Value>, Failure> {
    match read_json(file)? {
        Value::Object(members) => Ok(members),
        _ => Err(Failure::Usage(format!(
            "{} is not a JSON object: a request looks like {{\"effect_scene\": …, \"input\": …}}",
            shown(file)
        ))),
    }
}

/// JSON from a file, or from stdin.
pub(crate) fn read_json(file: &str) -> Result<Value, Failure> {
    serde_json::from_slice(input::without_mark(&read_bytes(file)?))
        .map_err(|error| Failure::Usage(format!("{} is not JSON: {error}", shown(file))))
}

/// What is in a file, or comes from stdin.
pub(crate) fn read_bytes(file: &str) -> Result<Vec<u8>, Failure> {
    let read = if file == "-" {
        input::read_up_to(LONGEST_REQUEST, std::io::stdin())
    } else {
        std::fs::File::open(file).and_then(|file| input::read_up_to(LONGEST_REQUEST, file))
    };
    read.map_err(|error| Failure::Usage(format!("{} can't be read: {error}", shown(file))))
}

fn shown(file: &str) -> &str {
    if file == "-" { "stdin" } else { file }
}

/// A picture's name for people: what is signed in a URL is not shown, nor a name and a
/// password before its host.
pub(crate) fn shown_image(image: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = image.split_once("://") else {
        return Cow::Borrowed(image);
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit('@').next().unwrap_or_default();
    Cow::Owned(format!("{scheme}://{host}{path}"))
}

pub(crate) fn read_image(text: &str, unchecked: bool) -> Result<ImageSource, Failure> {
    if text.contains("://") {
        return Ok(ImageSource::url(text));
    }
    if text.is_empty() {
        let text = "an image argument is empty: is a variable not set?";
        return Err(Failure::Usage(text.to_owned()));
    }
    let fault = |why: String| Failure::Usage(format!("{text} {why}"));
    let metadata = std::fs::metadata(text)
        .map_err(|error| fault(format!("can't be read: {error}; check the path")))?;
    if metadata.is_dir() {
        return Err(fault("is a directory: give a picture in it".to_owned()));
    }
    // A pipe or a device may have no end, or never begin.
    if !metadata.is_file() {
        return Err(fault(
            "is not a regular file: save the picture to one".to_owned(),
        ));
    }
    // Before it is read into memory.
    if !unchecked && metadata.len() > MAX_BYTES as u64 {
        let text = format!(
            "has {} bytes: use a picture of at most {MAX_BYTES}",
            metadata.len()
        );
        return Err(fault(text));
    }
    ImageSource::file(text).map_err(|error| fault(format!("can't be read: {error}")))
}

#[cfg(test)]
mod tests {
    use super::shown_image;

    #[test]
    fn a_picture_s_name_has_no_secret_of_its_url() {
        for (image, expected) in [
            ("a@b.png", "a@b.png"),
            (
                "https://example.com/a@b.jpg?sign=x",
                "https://example.com/a@b.jpg",
            ),
            (
                "https://me:secret@example.com:8080/a.jpg#x",
                "https://example.com:8080/a.jpg",
            ),
            ("https://me:se@cret@example.com", "https://example.com"),
            ("https://me:secret@", "https://"),
        ] {
            assert_eq!(shown_image(image), expected);
        }
    }
}
