//! The request that creates an effect task.

use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::ids::ExternalTaskId;
use crate::media::ImageSource;
use crate::open_enum::open_enum;
use crate::redact::{self, Keys};
use crate::scene::Scene;
use crate::wire::Extra;

mod write;

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
/// Unset fields are omitted when written. Any JSON object can be read, and is
/// written back as it was: a member that is unknown, null or of an unexpected type
/// stays in `extra`. [`validate`](Self::validate) tells whether the service would
/// accept it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct EffectRequest {
    /// The effect scene. Empty if the parsed body names none.
    pub effect_scene: Scene,
    /// The input. [`EffectInput::Other`] without members if the parsed body has no
    /// input object.
    pub input: EffectInput,
    /// Where the service posts each change of status: an absolute http(s) URL
    /// (*documented*; third parties say that only the end is told:
    /// *contradictory*).
    pub callback_url: Option<String>,
    /// The external task id, unique per account (*documented*); it makes a lost
    /// answer recoverable on Kling (*seen live*). Validation accepts up to 256
    /// bytes (*inferred*: the ids seen have up to 40).
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

    /// Sets the external task id.
    pub fn with_external_task_id(mut self, id: ExternalTaskId) -> Self {
        self.external_task_id = Some(id);
        self
    }

    /// The requested clip length, if there is one.
    pub fn duration(&self) -> Option<&str> {
        match &self.input {
            EffectInput::Single(SingleImageInput { options, .. })
            | EffectInput::Dual(DualImageInput { options, .. }) => {
                options.duration.as_ref().map(ClipLength::as_str)
            }
            EffectInput::Other(members) => members.get("duration")?.as_str(),
        }
    }

    /// Whether the request has a clip length in any form.
    pub fn has_duration(&self) -> bool {
        match &self.input {
            EffectInput::Single(SingleImageInput { options, .. })
            | EffectInput::Dual(DualImageInput { options, .. }) => {
                options.duration.is_some() || options.extra.contains_key("duration")
            }
            EffectInput::Other(members) => members.contains_key("duration"),
        }
    }

    /// The scene's name, unless it is empty.
    pub(crate) fn scene(&self) -> Option<&str> {
        Some(self.effect_scene.as_str()).filter(|name| !name.is_empty())
    }

    /// The body as JSON, in one buffer of the right size: image bytes are
    /// encoded straight into it.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let images: usize = self.input.images().iter().map(ImageSource::wire_len).sum();
        let mut body = Vec::with_capacity(images.saturating_add(1024));
        serde_json::to_writer(&mut body, self)?;
        Ok(body)
    }

    /// Reads a body that is a JSON object already.
    pub fn from_members(mut members: Extra) -> Self {
        let input = match members.remove("input") {
            Some(Value::Object(input)) if !input.is_empty() => EffectInput::from_members(input),
            Some(other) => {
                members.insert("input".to_owned(), other);
                EffectInput::Other(Extra::new())
            }
            None => EffectInput::Other(Extra::new()),
        };
        EffectRequest {
            effect_scene: Scene::from(take_name(&mut members, "effect_scene").unwrap_or_default()),
            input,
            callback_url: take_text(&mut members, "callback_url"),
            external_task_id: take_name(&mut members, "external_task_id")
                .and_then(ExternalTaskId::new),
            extra: members,
        }
    }
}

/// The input of an effect.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum EffectInput {
    /// One image.
    Single(SingleImageInput),
    /// Two images.
    Dual(DualImageInput),
    /// Anything else, unchanged: a shape that this version does not know.
    Other(Extra),
}

/// The input of a scene that takes one image.
#[derive(Debug, Clone, PartialEq)]
pub struct SingleImageInput {
    /// The image.
    pub image: ImageSource,
    /// Options.
    pub options: InputOptions,
}

/// The input of a scene that takes two images.
#[derive(Debug, Clone, PartialEq)]
pub struct DualImageInput {
    /// Left, then right.
    pub images: [ImageSource; 2],
    /// Options.
    pub options: InputOptions,
}

/// Options of an input; all of them unset by default.
#[derive(Clone, PartialEq, Default)]
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
    /// Reads an input object. A string in `image` is a single image, exactly two
    /// strings in `images` are two; anything else is kept unchanged.
    pub fn from_members(mut members: Extra) -> Self {
        match (members.remove("image"), members.remove("images")) {
            (Some(Value::String(image)), None) => EffectInput::Single(SingleImageInput {
                image: ImageSource::from_wire_text(image),
                options: InputOptions::from_members(members),
            }),
            (None, Some(Value::Array(images))) => match <[Value; 2]>::try_from(images) {
                Ok([Value::String(left), Value::String(right)]) => {
                    EffectInput::Dual(DualImageInput {
                        images: [left, right].map(ImageSource::from_wire_text),
                        options: InputOptions::from_members(members),
                    })
                }
                Ok(images) => EffectInput::other(members, None, Some(images.to_vec().into())),
                Err(images) => EffectInput::other(members, None, Some(images.into())),
            },
            (image, images) => EffectInput::other(members, image, images),
        }
    }

    fn other(mut members: Extra, image: Option<Value>, images: Option<Value>) -> Self {
        members.extend(image.map(|image| ("image".to_owned(), image)));
        members.extend(images.map(|images| ("images".to_owned(), images)));
        EffectInput::Other(members)
    }

    /// The image or images to be written, where they are of a known shape.
    pub fn images(&self) -> &[ImageSource] {
        match self {
            EffectInput::Single(input) => std::slice::from_ref(&input.image),
            EffectInput::Dual(input) => &input.images,
            EffectInput::Other(_) => &[],
        }
    }

    /// The input, unless there is nothing in it.
    pub(crate) fn given(&self) -> Option<&Self> {
        match self {
            EffectInput::Other(members) if members.is_empty() => None,
            input => Some(input),
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
    match members.remove(key)? {
        Value::String(text) => Some(text),
        other => {
            members.insert(key.to_owned(), other);
            None
        }
    }
}

/// Takes a member if it is text and not empty.
fn take_name(members: &mut Extra, key: &str) -> Option<String> {
    if members.get(key).and_then(Value::as_str) == Some("") {
        return None;
    }
    take_text(members, key)
}

impl fmt::Debug for EffectRequest {
    /// Shows neither pictures, nor the query of a URL, nor the values in `extra`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EffectRequest")
            .field("effect_scene", &self.effect_scene)
            .field("input", &self.input)
            // Also one without a scheme may have a secret in it.
            .field(
                "callback_url",
                &self.callback_url.as_deref().map(redact::url),
            )
            .field("external_task_id", &self.external_task_id)
            .field("extra", &Keys(&self.extra))
            .finish()
    }
}

impl fmt::Debug for EffectInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EffectInput::Single(input) => f.debug_tuple("Single").field(input).finish(),
            EffectInput::Dual(input) => f.debug_tuple("Dual").field(input).finish(),
            EffectInput::Other(members) => f.debug_tuple("Other").field(&Keys(members)).finish(),
        }
    }
}

impl fmt::Debug for InputOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputOptions")
            .field("model_name", &self.model_name)
            .field("mode", &self.mode)
            .field("duration", &self.duration)
            .field("extra", &Keys(&self.extra))
            .finish()
    }
}

impl<'de> Deserialize<'de> for EffectInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Extra::deserialize(deserializer).map(EffectInput::from_members)
    }
}

impl<'de> Deserialize<'de> for EffectRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Extra::deserialize(deserializer).map(EffectRequest::from_members)
    }
}
