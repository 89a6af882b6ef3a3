//! The rules and their names.

use std::fmt;

/// Whether a violation stops a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The service may well accept it.
    Warning,
    /// The service refuses it, or takes it and the task fails.
    Error,
}

impl Severity {
    /// `warning` or `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

macro_rules! rules {
    ($( $(#[doc = $doc:literal])+ $name:ident = $id:literal, $severity:ident, $source:literal; )*) => {
        /// A validation rule. Its id is stable: never renamed, never reused.
        /// `docs/rules.md` in the repository lists all of them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Rule {
            $( $(#[doc = $doc])+ $name, )*
        }

        impl Rule {
            /// Every rule, in the order in which requests are read.
            pub const ALL: &'static [Rule] = &[$(Rule::$name),*];

            /// The stable id, such as `images.count`.
            pub const fn id(self) -> &'static str {
                match self { $( Rule::$name => $id, )* }
            }

            /// Whether breaking it stops a request.
            pub const fn severity(self) -> Severity {
                match self { $( Rule::$name => Severity::$severity, )* }
            }

            /// What it requires.
            pub const fn summary(self) -> &'static str {
                match self { $( Rule::$name => concat!($($doc),+).trim_ascii(), )* }
            }

            /// The evidence for it.
            pub const fn source(self) -> &'static str {
                match self { $( Rule::$name => $source, )* }
            }
        }
    };
}

rules! {
    /// The body is a JSON object.
    RequestType = "request.type", Error, "documented";
    /// `effect_scene` is there.
    SceneMissing = "scene.missing", Error, "documented";
    /// `effect_scene` is a string.
    SceneType = "scene.type", Error, "documented";
    /// `effect_scene` is a name: not empty, no white space, no control characters.
    SceneShape = "scene.shape", Error, "inferred from every name seen";
    /// `effect_scene` is in the catalogue.
    SceneUnknown = "scene.unknown", Warning, "the service decides; names appear monthly";
    /// `effect_scene` is on the list of the day.
    SceneRetired = "scene.retired", Warning, "contradictory: CometAPI still names scenes that Kling has ended";
    /// `input` is there.
    InputMissing = "input.missing", Error, "documented";
    /// `input` is a JSON object.
    InputType = "input.type", Error, "documented";
    /// Not both of `input.image` and `input.images` are there.
    ImageBoth = "image.both", Error, "documented: each scene takes one of them";
    /// `input.model_name` is a string.
    ModelType = "model.type", Error, "documented until 2026-03";
    /// `input.model_name` is a model that effects ever documented.
    ModelUnknown = "model.unknown", Warning, "documented until 2026-03";
    /// `input.mode` is a string.
    ModeType = "mode.type", Error, "documented until 2026-03";
    /// `input.mode` is `std` or `pro`.
    ModeUnknown = "mode.unknown", Warning, "seen live: mode value 'standard' is invalid";
    /// Either `input.image` or `input.images` is there.
    ImageMissing = "image.missing", Error, "seen live: image can not be null";
    /// The scene takes as many images as are given.
    SceneArity = "scene.arity", Error, "documented per scene";
    /// The scene took as many images as are given when the catalogue was made.
    SceneArityDated = "scene.arity_dated", Warning, "documented per scene, on a list older than the day asked about";
    /// `input.images` is an array.
    ImagesType = "images.type", Error, "documented";
    /// `input.images` has exactly two items.
    ImagesCount = "images.count", Error, "documented: length must be 2";
    /// An image is a string.
    ImageType = "image.type", Error, "documented";
    /// An image is not empty.
    ImageEmpty = "image.empty", Error, "seen live: image can not be null";
    /// An image's URL is well formed and has a host.
    ImageUrl = "image.url", Error, "documented: must be publicly fetchable";
    /// An image's URL is http or https.
    ImageUrlScheme = "image.url_scheme", Error, "documented: must be publicly fetchable";
    /// An image's URL does not name a local host.
    ImageUrlLocal = "image.url_local", Warning, "documented: must be publicly fetchable";
    /// Base64 has no `data:` prefix.
    ImageDataPrefix = "image.data_prefix", Error, "documented and seen live";
    /// Base64 has no white space.
    ImageWhitespace = "image.whitespace", Error, "inferred from: File is not in a valid base64 format";
    /// Base64 has the standard alphabet, not the URL-safe one.
    ImageUrlSafe = "image.url_safe_alphabet", Error, "inferred from: File is not in a valid base64 format";
    /// Base64 has no other characters.
    ImageNotBase64 = "image.not_base64", Error, "seen live: File is not in a valid base64 format";
    /// Base64 has the right padding.
    ImagePadding = "image.padding", Error, "inferred from: File is not in a valid base64 format";
    /// A picture is JPEG or PNG, by content.
    ImageFormat = "image.format", Error, "documented";
    /// A picture's header is whole.
    ImageDamaged = "image.damaged", Error, "inferred: its size can't be read";
    /// A picture has at least 300 pixels on each side.
    ImagePixels = "image.pixels", Error, "documented; seen live: Image pixel is invalid";
    /// A picture has at most 100 million pixels.
    ImageHuge = "image.huge", Warning, "inferred: no limit is documented, but decoders refuse such pictures as bombs";
    /// A picture's sides are between 1:2.5 and 2.5:1.
    ImageAspect = "image.aspect", Error, "documented; for two images only since 2026-09";
    /// A picture has at most 10,000,000 bytes.
    ImageBytes = "image.bytes", Error, "documented as 10 MB";
    /// `input.duration` is there, where the provider requires it.
    DurationMissing = "duration.missing", Error, "contradictory: required by CometAPI, gone at Kling";
    /// `input.duration` is a string, not a number.
    DurationType = "duration.type", Error, "documented";
    /// `input.duration` is a number of seconds such as `5`.
    DurationShape = "duration.shape", Error, "documented";
    /// `input.duration` is `5` or `10`.
    DurationUnknown = "duration.unknown", Warning, "documented until 2026-03";
    /// `callback_url` is a string.
    CallbackType = "callback.type", Error, "documented";
    /// `callback_url` is an absolute http(s) URL.
    CallbackUrl = "callback.url", Error, "documented";
    /// `external_task_id` is a string.
    ExternalIdType = "external_id.type", Error, "documented";
    /// `external_task_id` is not empty.
    ExternalIdEmpty = "external_id.empty", Error, "inferred: it is a segment of the query's path";
    /// `external_task_id` has at most 256 bytes.
    ExternalIdLength = "external_id.length", Error, "inferred: it is a segment of the query's path";
    /// `external_task_id` has no control characters.
    ExternalIdControl = "external_id.control", Error, "inferred: it is a segment of the query's path";
    /// `external_task_id` is neither `.` nor `..`.
    ExternalIdDots = "external_id.dots", Error, "inferred: URLs drop such a segment of a path";
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}
