//! A request as the rules see it: the same for a typed one and for any JSON.

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

/// The images of an input object.
pub(super) enum Images<'a> {
    None,
    One(Given<'a>),
    Several(Vec<Given<'a>>),
    NotAnArray(&'a Value),
    Both,
}

pub(super) struct InputView<'a> {
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
            input: match members.get("input") {
                None => Input::Missing,
                Some(Value::Object(input)) => Input::Object(InputView::of_members(input)),
                Some(other) => Input::NotAnObject(other),
            },
            callback_url: Given::member(members, "callback_url"),
            external_task_id: Given::member(members, "external_task_id"),
        }
    }

    pub(super) fn of_request(request: &'a EffectRequest) -> Self {
        let external_id = request.external_task_id.as_ref().map(AsRef::as_ref);
        RequestView {
            effect_scene: Given::Text(request.effect_scene.as_str()),
            input: Input::Object(InputView::of_input(&request.input)),
            callback_url: Given::field(
                request.callback_url.as_deref(),
                &request.extra,
                "callback_url",
            ),
            external_task_id: Given::field(external_id, &request.extra, "external_task_id"),
        }
    }
}

impl<'a> InputView<'a> {
    fn of_members(members: &'a Map<String, Value>) -> Self {
        let images = match (members.get("image"), members.get("images")) {
            (None, None) => Images::None,
            (Some(image), None) => Images::One(Given::value(image)),
            (None, Some(Value::Array(items))) => {
                Images::Several(items.iter().map(Given::value).collect())
            }
            (None, Some(other)) => Images::NotAnArray(other),
            (Some(_), Some(_)) => Images::Both,
        };
        InputView {
            images,
            model_name: Given::member(members, "model_name"),
            mode: Given::member(members, "mode"),
            duration: Given::member(members, "duration"),
        }
    }

    fn of_input(input: &'a EffectInput) -> Self {
        match input {
            EffectInput::Single(input) => {
                let both = input.options.extra.contains_key("images");
                let one = Images::One(Given::image(&input.image));
                InputView::typed(if both { Images::Both } else { one }, &input.options)
            }
            EffectInput::Dual(input) => {
                let both = input.options.extra.contains_key("image");
                let two = Images::Several(input.images.iter().map(Given::image).collect());
                InputView::typed(if both { Images::Both } else { two }, &input.options)
            }
            EffectInput::Other(members) => InputView::of_members(members),
        }
    }

    fn typed(images: Images<'a>, options: &'a InputOptions) -> Self {
        let extra = &options.extra;
        InputView {
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
