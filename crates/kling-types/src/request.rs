//! The request that creates an effect task.

use std::fmt;

use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::ids::ExternalTaskId;
use crate::media::ImageSource;
use crate::open_enum::open_enum;
use crate::scene::Scene;
use crate::wire::Extra;

open_enum! {
    /// The quality of a clip. Documented for four old scenes only; since
    /// 2026-03 Kling's page has no such field (*documented*).
    pub enum Mode {
        /// Standard.
        Std = "std",
        /// Professional.
        Pro = "pro",
    }
}

open_enum! {
    /// The model, where an old scene wants one. Since 2026-03 Kling's page has
    /// no such field (*documented*).
    pub enum ModelName {
        /// `kling-v1`
        KlingV1 = "kling-v1",
        /// `kling-v1-5`
        KlingV1_5 = "kling-v1-5",
        /// `kling-v1-6`
        KlingV1_6 = "kling-v1-6",
    }
}

open_enum! {
    /// The length of the clip in seconds: always a string on the wire.
    /// CometAPI requires it, Kling's page dropped it in 2026-03 (*contradictory*).
    pub enum ClipLength {
        /// Five seconds: every scene that ever documented a length has it.
        Five = "5",
        /// Ten seconds: some scenes.
        Ten = "10",
    }
}

/// The body of `POST /v1/videos/effects`.
///
/// Unset fields are omitted when written. Reading keeps everything: a member
/// that is unknown, null or of an unexpected type stays in `extra`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EffectRequest {
    /// Which effect.
    pub effect_scene: Scene,
    /// What it works on.
    pub input: EffectInput,
    /// Where the service posts each change of status: an absolute http(s) URL.
    pub callback_url: Option<String>,
    /// The caller's own id, unique per account: what makes a lost answer
    /// recoverable on Kling.
    pub external_task_id: Option<ExternalTaskId>,
    /// Members without a field here.
    pub extra: Extra,
}

impl EffectRequest {
    /// A request with any input.
    pub fn new(scene: Scene, input: EffectInput) -> Self {
        EffectRequest {
            effect_scene: scene,
            input,
            callback_url: None,
            external_task_id: None,
            extra: Extra::new(),
        }
    }

    /// A request for a scene that takes one image.
    pub fn single(scene: Scene, image: ImageSource) -> Self {
        let options = InputOptions::default();
        Self::new(
            scene,
            EffectInput::Single(SingleImageInput { image, options }),
        )
    }

    /// A request for a scene that takes two images; `left` appears on the left
    /// (*documented*).
    pub fn dual(scene: Scene, left: ImageSource, right: ImageSource) -> Self {
        let (images, options) = ([left, right], InputOptions::default());
        Self::new(scene, EffectInput::Dual(DualImageInput { images, options }))
    }

    /// Sets the length of the clip.
    pub fn with_duration(mut self, duration: impl Into<ClipLength>) -> Self {
        let duration = duration.into();
        match self.input.options_mut() {
            Some(options) => options.duration = Some(duration),
            None => self.input.set_member("duration", duration.as_str()),
        }
        self
    }

    /// Sets the quality.
    pub fn with_mode(mut self, mode: impl Into<Mode>) -> Self {
        let mode = mode.into();
        match self.input.options_mut() {
            Some(options) => options.mode = Some(mode),
            None => self.input.set_member("mode", mode.as_str()),
        }
        self
    }

    /// Sets the model.
    pub fn with_model_name(mut self, model: impl Into<ModelName>) -> Self {
        let model = model.into();
        match self.input.options_mut() {
            Some(options) => options.model_name = Some(model),
            None => self.input.set_member("model_name", model.as_str()),
        }
        self
    }

    /// Sets where the service posts each change of status.
    pub fn with_callback_url(mut self, url: impl Into<String>) -> Self {
        self.callback_url = Some(url.into());
        self
    }

    /// Sets the caller's own id.
    pub fn with_external_task_id(mut self, id: ExternalTaskId) -> Self {
        self.external_task_id = Some(id);
        self
    }

    /// The length the request asks for, if it asks.
    pub fn duration(&self) -> Option<&str> {
        match &self.input {
            EffectInput::Single(SingleImageInput { options, .. })
            | EffectInput::Dual(DualImageInput { options, .. }) => {
                options.duration.as_ref().map(ClipLength::as_str)
            }
            EffectInput::Other(members) => members.get("duration")?.as_str(),
        }
    }

    /// Whether the request says anything about a length, in any form.
    pub fn has_duration(&self) -> bool {
        match &self.input {
            EffectInput::Single(SingleImageInput { options, .. })
            | EffectInput::Dual(DualImageInput { options, .. }) => {
                options.duration.is_some() || options.extra.contains_key("duration")
            }
            EffectInput::Other(members) => members.contains_key("duration"),
        }
    }

    /// The body as JSON, in one buffer of the right size: image bytes are
    /// encoded straight into it.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let images = match &self.input {
            EffectInput::Single(input) => input.image.wire_len(),
            EffectInput::Dual(input) => input.images.iter().map(ImageSource::wire_len).sum(),
            EffectInput::Other(_) => 0,
        };
        let mut body = Vec::with_capacity(images.saturating_add(1024));
        serde_json::to_writer(&mut body, self)?;
        Ok(body)
    }

    /// Reads a body that is a JSON object already.
    pub fn from_members(mut members: Extra) -> Result<Self, ReadRequestError> {
        let effect_scene = take_text(&mut members, "effect_scene")
            .map(Scene::from)
            .ok_or(ReadRequestError("effect_scene"))?;
        let input = match members.remove("input") {
            Some(Value::Object(input)) => EffectInput::from_members(input),
            _ => return Err(ReadRequestError("input")),
        };
        let external_task_id = match members.get("external_task_id").and_then(Value::as_str) {
            Some(text) if !text.is_empty() => {
                take_text(&mut members, "external_task_id").and_then(ExternalTaskId::new)
            }
            _ => None,
        };
        Ok(EffectRequest {
            effect_scene,
            input,
            callback_url: take_text(&mut members, "callback_url"),
            external_task_id,
            extra: members,
        })
    }
}

/// What an effect works on.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum EffectInput {
    /// One image.
    Single(SingleImageInput),
    /// Two images.
    Dual(DualImageInput),
    /// Anything else, as it is: a shape this version does not know.
    Other(Extra),
}

/// The input of a scene that takes one image.
#[derive(Debug, Clone, PartialEq)]
pub struct SingleImageInput {
    /// The image.
    pub image: ImageSource,
    /// What may be chosen beside it.
    pub options: InputOptions,
}

/// The input of a scene that takes two images.
#[derive(Debug, Clone, PartialEq)]
pub struct DualImageInput {
    /// Left, then right.
    pub images: [ImageSource; 2],
    /// What may be chosen beside them.
    pub options: InputOptions,
}

/// What may be chosen beside the images; all of it left out by default.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct InputOptions {
    /// The model.
    pub model_name: Option<ModelName>,
    /// The quality.
    pub mode: Option<Mode>,
    /// The length of the clip.
    pub duration: Option<ClipLength>,
    /// Members without a field here.
    pub extra: Extra,
}

impl EffectInput {
    /// Reads an input object. One text in `image` is a single image, exactly
    /// two texts in `images` are two; all else is kept as it is.
    pub fn from_members(mut members: Extra) -> Self {
        let images = match (members.get("image"), members.get("images")) {
            (Some(Value::String(_)), None) => 1,
            (None, Some(Value::Array(items)))
                if items.len() == 2 && items.iter().all(Value::is_string) =>
            {
                2
            }
            _ => return EffectInput::Other(members),
        };
        let mut texts = if images == 1 {
            vec![members.remove("image")]
        } else {
            match members.remove("images") {
                Some(Value::Array(items)) => items.into_iter().map(Some).collect(),
                _ => Vec::new(),
            }
        }
        .into_iter()
        .filter_map(|item| match item {
            Some(Value::String(text)) => Some(ImageSource::from_wire_text(text)),
            _ => None,
        });
        let options = InputOptions::from_members(members);
        match (texts.next(), texts.next()) {
            (Some(left), Some(right)) => EffectInput::Dual(DualImageInput {
                images: [left, right],
                options,
            }),
            (Some(image), None) => EffectInput::Single(SingleImageInput { image, options }),
            (None, _) => EffectInput::Other(options.extra),
        }
    }

    fn options_mut(&mut self) -> Option<&mut InputOptions> {
        match self {
            EffectInput::Single(input) => Some(&mut input.options),
            EffectInput::Dual(input) => Some(&mut input.options),
            EffectInput::Other(_) => None,
        }
    }

    fn set_member(&mut self, key: &str, word: &str) {
        if let EffectInput::Other(members) = self {
            members.insert(key.to_owned(), word.into());
        }
    }
}

impl InputOptions {
    fn from_members(mut members: Extra) -> Self {
        InputOptions {
            model_name: take_text(&mut members, "model_name").map(ModelName::from),
            mode: take_text(&mut members, "mode").map(Mode::from),
            duration: take_text(&mut members, "duration").map(ClipLength::from),
            extra: members,
        }
    }
}

/// Takes a member if it is text; anything else stays where it is.
fn take_text(members: &mut Extra, key: &str) -> Option<String> {
    if !members.get(key).is_some_and(Value::is_string) {
        return None;
    }
    match members.remove(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// Writes the fields that are set, then what `extra` has beside them.
fn serialize_members<M: SerializeMap>(
    map: &mut M,
    fields: &[(&'static str, Option<&str>)],
    extra: &Extra,
) -> Result<(), M::Error> {
    for (key, value) in fields {
        if let Some(value) = value {
            map.serialize_entry(key, value)?;
        }
    }
    let is_set = |key: &str| {
        fields
            .iter()
            .any(|(name, value)| *name == key && value.is_some())
    };
    for (key, value) in extra {
        if !is_set(key) {
            map.serialize_entry(key, value)?;
        }
    }
    Ok(())
}

impl InputOptions {
    fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let fields = [
            (
                "model_name",
                self.model_name.as_ref().map(ModelName::as_str),
            ),
            ("mode", self.mode.as_ref().map(Mode::as_str)),
            ("duration", self.duration.as_ref().map(ClipLength::as_str)),
        ];
        serialize_members(map, &fields, &self.extra)
    }
}

impl Serialize for EffectInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            EffectInput::Single(input) => {
                map.serialize_entry("image", &input.image)?;
                input.options.serialize_into(&mut map)?;
            }
            EffectInput::Dual(input) => {
                map.serialize_entry("images", &input.images)?;
                input.options.serialize_into(&mut map)?;
            }
            EffectInput::Other(members) => serialize_members(&mut map, &[], members)?,
        }
        map.end()
    }
}

impl Serialize for EffectRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("effect_scene", &self.effect_scene)?;
        map.serialize_entry("input", &self.input)?;
        let fields = [
            ("callback_url", self.callback_url.as_deref()),
            (
                "external_task_id",
                self.external_task_id.as_ref().map(ExternalTaskId::as_str),
            ),
        ];
        serialize_members(&mut map, &fields, &self.extra)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for EffectInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Extra::deserialize(deserializer).map(EffectInput::from_members)
    }
}

impl<'de> Deserialize<'de> for EffectRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Extra::deserialize(deserializer)?;
        EffectRequest::from_members(members).map_err(D::Error::custom)
    }
}

/// The body lacks what makes it an effect request, or has it in another type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRequestError(&'static str);

impl ReadRequestError {
    /// A JSON Pointer to the member.
    pub fn pointer(&self) -> String {
        format!("/{}", self.0)
    }
}

impl fmt::Display for ReadRequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.0 == "input" {
            "an object"
        } else {
            "a string"
        };
        write!(f, "`{}` is missing or not {kind}", self.0)
    }
}

impl std::error::Error for ReadRequestError {}
