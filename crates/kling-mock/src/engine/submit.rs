//! The checks of a create: what is refused at once, and what makes the task fail later.

use kling_types::scene::{Date, Scene};
use kling_types::validate::{Checks, Rule, Violation, validate_json_with};
use kling_types::{EffectRequest, ExternalTaskId};
use serde_json::Value;

use super::refusal::Refusal;
use crate::callback::CallbackUrl;
use crate::profile::Profile;

/// A create that was accepted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) scene: String,
    pub(super) external_id: Option<ExternalTaskId>,
    pub(super) callback_url: Option<CallbackUrl>,
    pub(super) seconds: u16,
    /// Why the task will fail, if the service can't use its pictures.
    pub(super) failure: Option<&'static str>,
}

/// The parsed body of a create. Parsing happens outside the lock.
#[derive(Debug)]
pub(super) struct Submission {
    /// The external task id as written, for the filters of faults; may be empty.
    pub(super) external_id: String,
    /// A note for the journal; may be empty.
    pub(super) note: String,
    pub(super) order: Result<Order, Refusal>,
}

impl Submission {
    pub(super) fn read(profile: &Profile, as_of: Date, body: &[u8]) -> Self {
        let Ok(body @ Value::Object(_)) = serde_json::from_slice(body) else {
            return Submission {
                external_id: String::new(),
                note: String::new(),
                order: Err(Refusal::MalformedBody),
            };
        };
        let external_id = body.get("external_task_id").and_then(Value::as_str);
        Submission {
            external_id: external_id.unwrap_or_default().to_owned(),
            note: unknown_members(&body),
            order: read(profile, as_of, body),
        }
    }
}

fn read(profile: &Profile, as_of: Date, body: Value) -> Result<Order, Refusal> {
    let checks = Checks::default()
        .with_duration_required(profile.duration_required)
        .as_of(as_of);
    let violations = validate_json_with(&body, &checks);
    if let Some(message) = violations.iter().find_map(|found| refused(found, &body)) {
        return Err(Refusal::Parameter(message));
    }
    let failure = violations.iter().find_map(|found| failed_later(found.rule));

    let request: EffectRequest =
        serde_json::from_value(body).map_err(|_| Refusal::MalformedBody)?;
    let scene = request.effect_scene.as_str().to_owned();
    if !is_offered(profile, as_of, &request.effect_scene) {
        return Err(Refusal::Parameter(invalid("effect_scene", &scene)));
    }
    let seconds = request
        .duration()
        .and_then(|text| text.parse().ok())
        .unwrap_or(5);
    Ok(Order {
        scene,
        external_id: request.external_task_id,
        callback_url: request.callback_url.as_deref().map(CallbackUrl::from),
        seconds,
        failure,
    })
}

/// The members that are or were documented; those of `input` last.
const MEMBERS: [(&str, &[&str]); 2] = [
    (
        "",
        &["callback_url", "effect_scene", "external_task_id", "input"],
    ),
    (
        "/input",
        &["duration", "image", "images", "mode", "model_name"],
    ),
];

/// Lists unknown members of the body. The service accepts them, but a mistyped optional
/// field can be found in the journal.
fn unknown_members(body: &Value) -> String {
    const SHOWN: usize = 8;
    const LONGEST: usize = 40;
    let unknown = MEMBERS.iter().flat_map(|(parent, known)| {
        let members = body.pointer(parent).and_then(Value::as_object);
        let names = members.into_iter().flat_map(|members| members.keys());
        let unknown = names.filter(|name| !known.contains(&name.as_str()));
        unknown.map(move |name| (parent, name))
    });
    let mut note = String::new();
    let mut count = 0_usize;
    for (parent, name) in unknown {
        count += 1;
        if count <= SHOWN {
            note.push_str(if count == 1 {
                "unknown members: "
            } else {
                ", "
            });
            let short: String = name.chars().take(LONGEST).collect();
            let cut = if short.len() < name.len() { "…" } else { "" };
            let short = short.replace('~', "~0").replace('/', "~1");
            for part in [parent, "/", &short, cut] {
                note.push_str(part);
            }
        }
    }
    match count.saturating_sub(SHOWN) {
        0 => note,
        more => format!("{note} and {more} more"),
    }
}

/// Whether the scene is on Kling's list of that day or, at CometAPI, on the gateway's
/// own page.
fn is_offered(profile: &Profile, as_of: Date, scene: &Scene) -> bool {
    scene.info().is_some_and(|info| {
        info.listed_on(as_of) != Some(false) || (profile.comet_scenes && info.listed_comet)
    })
}

/// The message of a violation that is refused at once; the forms are those of
/// live messages (`image can not be null`, `mode value 'standard' is invalid`,
/// `File is not in a valid base64 format`), applied to fields for which no
/// message was seen (*inferred*).
fn refused(found: &Violation, body: &Value) -> Option<String> {
    let field = found
        .pointer
        .split('/')
        .find(|part| !matches!(*part, "" | "input"));
    let field = field.unwrap_or("input");
    Some(match found.rule {
        // Decided by the service's own list of scenes; local URLs are accepted because
        // nothing is fetched.
        Rule::SceneUnknown | Rule::SceneRetired | Rule::ImageUrlLocal | Rule::ImageHuge => {
            return None;
        }
        rule if failed_later(rule).is_some() => return None,
        Rule::SceneMissing
        | Rule::InputMissing
        | Rule::ImageMissing
        | Rule::ImageEmpty
        | Rule::DurationMissing => format!("{field} can not be null"),
        Rule::SceneArity | Rule::SceneArityDated => {
            // The field that the scene requires is missing (seen live: a single-image
            // scene given `images`).
            let wanted = if field == "image" { "images" } else { "image" };
            format!("{wanted} can not be null")
        }
        Rule::ImagesCount => "images size must be 2".to_owned(),
        Rule::ImageBoth => "image and images can not be set at the same time".to_owned(),
        Rule::ImageUrl
        | Rule::ImageUrlScheme
        | Rule::ImageDataPrefix
        | Rule::ImageWhitespace
        | Rule::ImageUrlSafe
        | Rule::ImageNotBase64
        | Rule::ImagePadding => "File is not in a valid base64 format".to_owned(),
        _ => match body.pointer(&found.pointer) {
            Some(Value::Null) | None => format!("{field} can not be null"),
            Some(Value::String(text)) => invalid(field, text),
            Some(other) => invalid(field, &other.to_string()),
        },
    })
}

pub(super) fn invalid(field: &str, value: &str) -> String {
    let value: String = value.chars().take(100).collect();
    format!("{field} value '{value}' is invalid")
}

/// The message with which the task fails: the service examines pictures only after the
/// create.
fn failed_later(rule: Rule) -> Option<&'static str> {
    match rule {
        // Seen live.
        Rule::ImagePixels => Some("Image pixel is invalid"),
        // *Inferred* for effects: documented as a message of another endpoint.
        Rule::ImageAspect | Rule::ImageBytes | Rule::ImageFormat | Rule::ImageDamaged => {
            Some("Unsupported image. Please check the image format, size and dimensions.")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schema is derived from the request types.
    #[test]
    fn the_known_members_are_those_of_the_schema() {
        let schema = include_str!("../../../../docs/schemas/json/EffectRequest.schema.json");
        let schema: Value = serde_json::from_str(schema).unwrap();
        let names = |pointer: &str| {
            let members = schema.pointer(pointer).and_then(Value::as_object);
            members.unwrap().keys().map(String::as_str)
        };
        let input = names("/$defs/SingleImageInput/properties");
        let mut input: Vec<_> = input
            .chain(names("/$defs/DualImageInput/properties"))
            .collect();
        input.sort_unstable();
        input.dedup();
        let whole: Vec<_> = names("/properties").collect();
        assert_eq!(MEMBERS.map(|(_, names)| names), [&whole[..], &input]);
    }
}
