//! The schema mirror of [`crate::EffectRequest`].
#![expect(dead_code, reason = "only used to derive schemas")]

use schemars::JsonSchema;

use super::words::{
    CallbackUrl, ClipLength, ImageSource, Mode, ModelName, NewExternalTaskId, Scene,
};
use super::{no_null, one_of};

/// The body of `POST /v1/videos/effects`, which creates a task. Unset members are
/// omitted, never null.
#[derive(JsonSchema)]
#[schemars(transform = no_null)]
pub(super) struct EffectRequest {
    /// The effect. The scene determines whether it takes one image or two.
    effect_scene: Scene,
    /// The input of the effect.
    input: EffectInput,
    /// The absolute http(s) URL to which the service posts each status change.
    callback_url: Option<CallbackUrl>,
    /// The caller's id of the task, unique per account. On Kling, a second create with
    /// the same id is refused without a charge, and the task can be queried by it.
    external_task_id: Option<NewExternalTaskId>,
}

/// The input of an effect: one image or two.
#[derive(JsonSchema)]
#[schemars(untagged, transform = one_of)]
pub(super) enum EffectInput {
    Single(SingleImageInput),
    Dual(DualImageInput),
}

// Each alternative forbids the key of the other one: of all the ways to express this,
// validators and code generators support this one best.

/// The input of a scene that takes one image.
#[derive(JsonSchema)]
#[schemars(transform = no_null, extend("not" = {"required": ["images"]}))]
pub(super) struct SingleImageInput {
    /// The image: a public http(s) URL, or the file itself (JPEG or PNG) as standard
    /// base64, padded, on one line and without a `data:` prefix.
    image: ImageSource,
    #[schemars(flatten)]
    options: InputOptions,
}

/// The input of a scene that takes two images.
#[derive(JsonSchema)]
#[schemars(transform = no_null, extend("not" = {"required": ["image"]}))]
pub(super) struct DualImageInput {
    /// The images: the first appears on the left, the second on the right.
    images: [ImageSource; 2],
    #[schemars(flatten)]
    options: InputOptions,
}

/// The options besides the images.
#[derive(JsonSchema)]
struct InputOptions {
    /// The model, for old scenes that require one.
    model_name: Option<ModelName>,
    /// The quality, for old scenes that require one.
    mode: Option<Mode>,
    /// The duration of the video in seconds, as a string. CometAPI requires it; Kling has
    /// not documented it since 2026-03.
    duration: Option<ClipLength>,
}
