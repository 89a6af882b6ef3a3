//! Rules for everything except the content of an image.

use http::Uri;
use serde_json::Value;

use super::images;
use super::rule::Rule;
use super::view::{Given, Images, Input, InputView, RequestView, kind_of};
use super::{Checks, Violation};
use crate::redact;
use crate::request::{ClipLength, Mode, ModelName};
use crate::scene::{Arity, Scene};

/// The longest external id, in bytes. Nothing is documented; the ids seen have
/// up to 40.
const MAX_EXTERNAL_ID: usize = 256;

/// Collects violations.
pub(super) struct Found(Vec<Violation>);

impl Found {
    pub(super) fn add(
        &mut self,
        pointer: impl Into<String>,
        rule: Rule,
        message: impl Into<String>,
    ) {
        self.0.push(Violation {
            pointer: pointer.into(),
            rule,
            message: message.into(),
        });
    }
}

pub(super) fn validate(request: &RequestView<'_>, checks: &Checks) -> Vec<Violation> {
    let mut found = Found(Vec::new());
    let arity = check_scene(request.effect_scene, checks, &mut found);
    match &request.input {
        Input::Missing => {
            found.add(
                "/input",
                Rule::InputMissing,
                "is missing: give the image or images in it",
            );
        }
        Input::NotAnObject(value) => {
            found.add(
                "/input",
                Rule::InputType,
                format!("is {}, not an object", kind_of(value)),
            );
        }
        Input::Object(input) => check_input(input, arity, checks, &mut found),
    }
    check_callback(request.callback_url, &mut found);
    check_external_id(request.external_task_id, &mut found);
    found.0
}

/// The scene's arity, where the catalogue has it.
fn check_scene(scene: Given<'_>, checks: &Checks, found: &mut Found) -> Option<Arity> {
    const AT: &str = "/effect_scene";
    let name = match scene {
        Given::Text(name) => name,
        Given::Nothing | Given::Picture(_) => {
            found.add(
                AT,
                Rule::SceneMissing,
                "is missing: name an effect scene, such as \"hug_pro\"",
            );
            return None;
        }
        Given::Other(value) => {
            found.add(AT, Rule::SceneType, not_a_string(value));
            return None;
        }
    };
    if name.is_empty() {
        found.add(
            AT,
            Rule::SceneShape,
            "is empty: name an effect scene, such as \"hug_pro\"",
        );
        return None;
    }
    if name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        found.add(
            AT,
            Rule::SceneShape,
            "has white space or control characters, which no scene has",
        );
        return None;
    }
    let Some(info) = Scene::from(name).info() else {
        let name = redact::text(name);
        let text = format!("{name:?} is not in the catalogue: check its spelling if it is not new");
        found.add(AT, Rule::SceneUnknown, text);
        return None;
    };
    if info.retired_on(checks.as_of) {
        let seen = info
            .last_seen
            .map_or_else(String::new, |day| format!(" (last on {day})"));
        let text = format!("{name:?} is not on Kling's list of {}{seen}", checks.as_of);
        found.add(AT, Rule::SceneRetired, text);
    }
    Some(info.arity)
}

fn check_input(input: &InputView<'_>, arity: Option<Arity>, checks: &Checks, found: &mut Found) {
    if input.has_image() && input.has_images() {
        let text = "has both image and images: a scene takes either one image or two";
        found.add("/input", Rule::ImageBoth, text);
    }
    check_word(
        input.model_name,
        "/input/model_name",
        (Rule::ModelType, Rule::ModelUnknown),
        ModelName::KNOWN,
        found,
    );
    check_word(
        input.mode,
        "/input/mode",
        (Rule::ModeType, Rule::ModeUnknown),
        Mode::KNOWN,
        found,
    );
    check_images(input, arity, checks, found);
    check_duration(input.duration, checks, found);
}

fn check_word(
    given: Given<'_>,
    pointer: &str,
    (type_rule, unknown_rule): (Rule, Rule),
    known: &[&str],
    found: &mut Found,
) {
    match given {
        Given::Nothing | Given::Picture(_) => {}
        Given::Other(value) => found.add(pointer, type_rule, not_an_optional_string(value)),
        Given::Text(word) if known.contains(&word) => {}
        Given::Text(word) => {
            let word = redact::text(word);
            let text = format!("{word:?} is none of the known values {}", known.join(", "));
            found.add(pointer, unknown_rule, text);
        }
    }
}

fn check_images(input: &InputView<'_>, arity: Option<Arity>, checks: &Checks, found: &mut Found) {
    let (has_image, has_images) = (input.has_image(), input.has_images());
    match (input.image, &input.images) {
        (Given::Nothing, Images::Nothing) if arity == Some(Arity::Dual) => {
            let text = "is missing: this scene takes two images";
            found.add("/input/images", Rule::ImageMissing, text);
        }
        (Given::Nothing, Images::Nothing) => {
            let text = "is missing: give input.image, or input.images for a scene that takes two";
            found.add("/input/image", Rule::ImageMissing, text);
        }
        _ => {}
    }

    if has_image && !has_images && arity == Some(Arity::Dual) {
        let text = "this scene takes two images: give both in input.images";
        found.add("/input/image", checks.arity_rule(), text);
    }
    images::check(input.image, "/input/image", checks, found);

    if has_images && !has_image && arity == Some(Arity::Single) {
        let text = "this scene takes one image: give it in input.image";
        found.add("/input/images", checks.arity_rule(), text);
    }
    match &input.images {
        Images::Nothing => {}
        Images::NotAnArray(value) => {
            let text = format!("is {}, not an array of two images", kind_of(value));
            found.add("/input/images", Rule::ImagesType, text);
        }
        Images::Several(items) => {
            if items.len() != 2 {
                let text = format!("takes exactly two items, not {}", items.len());
                found.add("/input/images", Rule::ImagesCount, text);
            }
            for (index, image) in items.iter().enumerate() {
                images::check(*image, &format!("/input/images/{index}"), checks, found);
            }
        }
    }
}

fn check_duration(duration: Given<'_>, checks: &Checks, found: &mut Found) {
    const AT: &str = "/input/duration";
    match duration {
        Given::Nothing | Given::Picture(_) => {
            if checks.duration_required {
                found.add(
                    AT,
                    Rule::DurationMissing,
                    "is missing: this provider requires it, such as \"5\"",
                );
            }
        }
        Given::Other(value @ Value::Number(number)) => {
            let text = format!(
                "{}: write it as a string, \"{number}\"",
                not_an_optional_string(value)
            );
            found.add(AT, Rule::DurationType, text);
        }
        Given::Other(value) => found.add(AT, Rule::DurationType, not_an_optional_string(value)),
        Given::Text(text) if ClipLength::KNOWN.contains(&text) => {}
        Given::Text(text) if is_decimal(text) => {
            let text = redact::text(text);
            let message = format!(
                "{text:?} is none of the known lengths {}",
                ClipLength::KNOWN.join(", ")
            );
            found.add(AT, Rule::DurationUnknown, message);
        }
        Given::Text(text) => {
            let text = redact::text(text);
            let message = format!("{text:?} is not a number of seconds such as \"5\"");
            found.add(AT, Rule::DurationShape, message);
        }
    }
}

/// Digits, or digits, a point and digits.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

fn check_callback(callback: Given<'_>, found: &mut Found) {
    const AT: &str = "/callback_url";
    match callback {
        Given::Nothing | Given::Picture(_) => {}
        Given::Other(value) => found.add(AT, Rule::CallbackType, not_an_optional_string(value)),
        Given::Text(text) => match http_host(text) {
            Ok(_) => {}
            Err(fault) => found.add(AT, Rule::CallbackUrl, fault.sentence(text, "hook")),
        },
    }
}

fn check_external_id(id: Given<'_>, found: &mut Found) {
    const AT: &str = "/external_task_id";
    let text = match id {
        Given::Nothing | Given::Picture(_) => return,
        Given::Other(value) => {
            return found.add(AT, Rule::ExternalIdType, not_an_optional_string(value));
        }
        Given::Text(text) => text,
    };
    if text.is_empty() {
        found.add(
            AT,
            Rule::ExternalIdEmpty,
            "is empty: leave it out, or give an id of your own",
        );
    }
    if text.len() > MAX_EXTERNAL_ID {
        let message = format!(
            "has {} bytes: at most {MAX_EXTERNAL_ID} are sensible",
            text.len()
        );
        found.add(AT, Rule::ExternalIdLength, message);
    }
    if text.chars().any(char::is_control) {
        found.add(AT, Rule::ExternalIdControl, "has control characters");
    }
    if text == "." || text == ".." {
        let message = "would vanish from the path of a query: URLs drop such a segment";
        found.add(AT, Rule::ExternalIdDots, message);
    }
}

/// Why a text is not a URL that can be fetched.
pub(super) enum UrlFault {
    /// Not a URL with a host.
    Malformed,
    /// A URL whose host is written in other letters than DNS has.
    Host,
    /// A URL, but neither http nor https.
    Scheme,
}

impl UrlFault {
    /// What is wrong with `text`; the example ends a URL that is right.
    pub(super) fn sentence(&self, text: &str, example: &str) -> String {
        let shown = redact::url(text);
        match self {
            UrlFault::Malformed => {
                format!(
                    "{shown:?} is not an absolute URL such as \"https://example.com/{example}\""
                )
            }
            UrlFault::Host => {
                format!("{shown:?} has a host that is not ASCII: write it as its \"xn--…\" name")
            }
            UrlFault::Scheme => format!("{shown:?} is neither an http nor an https URL"),
        }
    }
}

/// The host of an absolute http(s) URL.
pub(super) fn http_host(text: &str) -> Result<String, UrlFault> {
    let (scheme, rest) = text.split_once("://").ok_or(UrlFault::Malformed)?;
    if scheme.starts_with(char::is_whitespace) {
        return Err(UrlFault::Malformed);
    }
    if !["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return Err(UrlFault::Scheme);
    }
    let host = rest.split(['/', '?', '#']).next();
    if host.is_some_and(|host| !host.is_ascii()) {
        return Err(UrlFault::Host);
    }
    let uri: Uri = text.parse().map_err(|_| UrlFault::Malformed)?;
    let authority = uri.authority().ok_or(UrlFault::Malformed)?;
    let after_user = authority.as_str().rsplit('@').next().unwrap_or_default();
    let port = after_user.get(authority.host().len()..).unwrap_or_default();
    if authority.host().is_empty() || (!port.is_empty() && authority.port_u16().is_none()) {
        return Err(UrlFault::Malformed);
    }
    Ok(authority.host().to_ascii_lowercase())
}

pub(super) fn not_a_string(value: &Value) -> String {
    format!("is {}, not a string", kind_of(value))
}

/// The same for what may be left out.
fn not_an_optional_string(value: &Value) -> String {
    match value {
        Value::Null => "is null: leave it out instead".to_owned(),
        other => not_a_string(other),
    }
}
