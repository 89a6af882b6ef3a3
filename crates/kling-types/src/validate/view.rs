//! The view of a request that the rules check: the same for a typed request and for
//! any JSON value.

use serde_json::{Map, Value};

use crate::media::ImageSource;
use crate::request::{ClipLength, EffectInput, EffectRequest, InputOptions, Mode, ModelName};

/// A member as it was given.
#[derive(Clone, Copy)]
pub(super) enum Given<'a> {
    /// Not there.
    Nothing,
    /// Text.
    Text(&'a str),
    /// The bytes of a picture, which become text when written.
    Picture(&'a [u8]),
    /// A JSON value that is no text.
    Other(&'a Value),
}

impl<'a> Given<'a> {
    fn member(members: &'a Map<String, Value>, key: &str) -> Self {
        members.get(key).map_or(Given::Nothing, Given::value)
    }

    fn value(value: &'a Value) -> Self {
        match value {
            Value::String(text) => Given::Text(text),
            other => Given::Other(other),
        }
    }

    fn image(source: &'a ImageSource) -> Self {
        match source {
            ImageSource::Url(text) | ImageSource::Base64(text) => Given::Text(text),
            ImageSource::Bytes(bytes) => Given::Picture(bytes),
        }
    }

    /// A typed field, or what reading left of it in `extra`.
    fn field(field: Option<&'a str>, extra: &'a Map<String, Value>, key: &str) -> Self {
        field.map_or_else(|| Given::member(extra, key), Given::Text)
    }
}

/// `input.images` as it was given.
pub(super) enum Images<'a> {
    Nothing,
    Several(Vec<Given<'a>>),
    NotAnArray(&'a Value),
}

pub(super) struct InputView<'a> {
    pub(super) image: Given<'a>,
    pub(super) images: Images<'a>,
    pub(super) model_name: Given<'a>,
    pub(super) mode: Given<'a>,
    pub(super) duration: Given<'a>,
}

/// `input` as it was given.
pub(super) enum Input<'a> {
    Missing,
    NotAnObject(&'a Value),
    Object(InputView<'a>),
}

pub(super) struct RequestView<'a> {
    pub(super) effect_scene: Given<'a>,
    pub(super) input: Input<'a>,
    pub(super) callback_url: Given<'a>,
    pub(super) external_task_id: Given<'a>,
}

impl<'a> RequestView<'a> {
    pub(super) fn of_members(members: &'a Map<String, Value>) -> Self {
        RequestView {
            effect_scene: Given::member(members, "effect_scene"),
            input: Input::of_member(members.get("input")),
            callback_url: Given::member(members, "callback_url"),
            external_task_id: Given::member(members, "external_task_id"),
        }
    }

    /// The request as it will be written.
    pub(super) fn of_request(request: &'a EffectRequest) -> Self {
        let extra = &request.extra;
        let external_id = request.external_task_id.as_ref().map(AsRef::as_ref);
        RequestView {
            effect_scene: Given::field(request.scene(), extra, "effect_scene"),
            input: match request.input.given() {
                Some(input) => Input::Object(InputView::of_input(input)),
                None => Input::of_member(extra.get("input")),
            },
            callback_url: Given::field(request.callback_url.as_deref(), extra, "callback_url"),
            external_task_id: Given::field(external_id, extra, "external_task_id"),
        }
    }
}

impl<'a> Input<'a> {
    fn of_member(member: Option<&'a Value>) -> Self {
        match member {
            None => Input::Missing,
            Some(Value::Object(input)) => Input::Object(InputView::of_members(input)),
            Some(other) => Input::NotAnObject(other),
        }
    }
}

impl<'a> Images<'a> {
    fn member(members: &'a Map<String, Value>) -> Self {
        match members.get("images") {
            None => Images::Nothing,
            Some(Value::Array(items)) => Images::Several(items.iter().map(Given::value).collect()),
            Some(other) => Images::NotAnArray(other),
        }
    }
}

impl<'a> InputView<'a> {
    /// Whether there is an image. A null is no choice: it is to be left out.
    pub(super) fn has_image(&self) -> bool {
        !matches!(self.image, Given::Nothing | Given::Other(Value::Null))
    }

    /// Whether there is a list of images.
    pub(super) fn has_images(&self) -> bool {
        !matches!(
            self.images,
            Images::Nothing | Images::NotAnArray(Value::Null)
        )
    }

    fn of_members(members: &'a Map<String, Value>) -> Self {
        InputView {
            image: Given::member(members, "image"),
            images: Images::member(members),
            model_name: Given::member(members, "model_name"),
            mode: Given::member(members, "mode"),
            duration: Given::member(members, "duration"),
        }
    }

    fn of_input(input: &'a EffectInput) -> Self {
        match input {
            EffectInput::Single(input) => {
                let images = Images::member(&input.options.extra);
                InputView::typed(Given::image(&input.image), images, &input.options)
            }
            EffectInput::Dual(input) => {
                let image = Given::member(&input.options.extra, "image");
                let images = Images::Several(input.images.iter().map(Given::image).collect());
                InputView::typed(image, images, &input.options)
            }
            EffectInput::Other(members) => InputView::of_members(members),
        }
    }

    fn typed(image: Given<'a>, images: Images<'a>, options: &'a InputOptions) -> Self {
        let extra = &options.extra;
        InputView {
            image,
            images,
            model_name: Given::field(
                options.model_name.as_ref().map(ModelName::as_str),
                extra,
                "model_name",
            ),
            mode: Given::field(options.mode.as_ref().map(Mode::as_str), extra, "mode"),
            duration: Given::field(
                options.duration.as_ref().map(ClipLength::as_str),
                extra,
                "duration",
            ),
        }
    }
}

/// A JSON value's kind, with its article.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
