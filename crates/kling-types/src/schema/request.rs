//! The schema mirror of [`crate::EffectRequest`].
#![expect(dead_code, reason = "mirrors are derived from, never made")]

use schemars::JsonSchema;

use super::words::{
    CallbackUrl, ClipLength, ImageSource, Mode, ModelName, NewExternalTaskId, Scene,
};
use super::{no_null, one_of};

/// The body of `POST /v1/videos/effects`: creates a task. What is not set is
/// left out, never null.
#[derive(JsonSchema)]
#[schemars(transform = no_null)]
pub(super) struct EffectRequest {
    /// Which effect. Whether it takes one image or two depends on the scene.
    effect_scene: Scene,
    /// What it works on.
    input: EffectInput,
    /// Where the service posts each change of status: an absolute http(s) URL.
    callback_url: Option<CallbackUrl>,
    /// The caller's own id, unique per account. On Kling a second create with
    /// the same id is refused without a charge, and a query by it finds the
    /// task.
    external_task_id: Option<NewExternalTaskId>,
}

/// What an effect works on: one image or two.
#[derive(JsonSchema)]
#[schemars(untagged, transform = one_of)]
pub(super) enum EffectInput {
    Single(SingleImageInput),
    Dual(DualImageInput),
}

// Each arm refuses the other's key: of all the ways to write "either", this is
// the one that validators judge rightly and generators of types understand.

/// The input of a scene that takes one image.
#[derive(JsonSchema)]
#[schemars(transform = no_null, extend("not" = {"required": ["images"]}))]
pub(super) struct SingleImageInput {
    /// The image: a public http(s) URL, or the file itself (JPEG or PNG) in
    /// standard base64: one line, padded, without a `data:` prefix.
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

/// What may be chosen beside the images.
#[derive(JsonSchema)]
struct InputOptions {
    /// The model, where an old scene wants one.
    model_name: Option<ModelName>,
    /// The quality, where an old scene wants one.
    mode: Option<Mode>,
    /// The length of the clip in seconds, as a string. CometAPI requires it;
    /// Kling documents none since 2026-03.
    duration: Option<ClipLength>,
}
