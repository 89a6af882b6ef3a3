//! Schemas of strings and numbers, and of the open enumerations.
#![expect(dead_code, reason = "mirrors are derived from, never made")]

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

// Patterns keep to what ECMAScript, Python, Java, Go and Rust read alike: no
// look-around, no `\s` (each has its own), no `\p`, no `\u` (Go has none). A `$` is in
// Python and Java also before a line end at the end: so what may not be in a text is
// said of its characters, under `not`.

/// White space and control characters: those of Unicode, spelled out.
const NOT_IN_A_NAME: &str = concat!(
    r"[\x00-\x20\x7F-\xA0",
    "\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}]"
);

/// Control characters.
const NOT_IN_AN_ID: &str = r"[\x00-\x1F\x7F-\x9F]";

/// A text that has such a character: what is no text is not meant.
fn text_with(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

/// Names that are on the list.
pub(super) const SCENES: [&str; 3] = ["hug_pro", "pet_lion_pro", "color_mixing"];

const HTTP_URL: &str = "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]";

/// The name of an effect scene. Names come and go monthly.
#[derive(JsonSchema)]
#[schemars(inline, extend("minLength" = 1, "not" = text_with(NOT_IN_A_NAME), "examples" = SCENES))]
pub(super) struct Scene(String);

/// A public http(s) URL, or the file itself (JPEG or PNG) in standard base64:
/// one line, padded, without a `data:` prefix.
#[derive(JsonSchema)]
#[schemars(inline, extend("minLength" = 1, "examples" = ["https://example.com/photo.jpg"]))]
pub(super) struct ImageSource(String);

/// The length of a clip in seconds: a number, in a string.
#[derive(JsonSchema)]
#[schemars(inline, extend(
    "pattern" = r"^[0-9]+(\.[0-9]+)?$",
    "not" = text_with("[^0-9.]"),
    "examples" = crate::ClipLength::KNOWN,
))]
pub(super) struct ClipLength(String);

/// An absolute http(s) URL.
#[derive(JsonSchema)]
#[schemars(inline, extend("pattern" = HTTP_URL, "examples" = ["https://example.com/kling/callback"]))]
pub(super) struct CallbackUrl(String);

/// The caller's id for a task, as the caller gives it: neither `.` nor `..`, which
/// vanish from a path.
#[derive(JsonSchema)]
#[schemars(inline, extend(
    "minLength" = 1,
    "maxLength" = 256,
    "not" = {"anyOf": [text_with(NOT_IN_AN_ID), {"enum": [".", ".."]}]},
    "examples" = ["order-4711"],
))]
pub(super) struct NewExternalTaskId(String);

/// An id: opaque text, of digits or not. Too long for a number.
#[derive(JsonSchema)]
#[schemars(inline, extend("minLength" = 1, "examples" = ["2032273960331935744"]))]
pub(super) struct Id(String);

/// An exact decimal number in a string.
#[derive(JsonSchema)]
#[schemars(inline, extend(
    "pattern" = r"^-?[0-9]+(\.[0-9]+)?$",
    "not" = text_with("[^0-9.-]"),
    "examples" = ["2.40", "0"],
))]
pub(super) struct Decimal(String);

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(JsonSchema)]
#[schemars(inline, extend("examples" = [1_773_366_844_624_i64]))]
pub(super) struct UnixMillis(i64);

/// A code: a number at Kling, a word or a number in a string at some gateways.
#[derive(JsonSchema)]
#[schemars(inline, extend("type" = ["integer", "string"], "examples" = [0, "success"]))]
pub(super) struct WireCode(Value);

/// A code that is not one of success.
#[derive(JsonSchema)]
#[schemars(inline, extend(
    "type" = ["integer", "string"],
    "not" = {"enum": [0, "0", "success"]},
    "examples" = [1201, "task_not_exist"],
))]
pub(super) struct ErrorCode(Value);

/// Defines a set of words that the service may extend, and beside it the known
/// ones as a type of their own.
macro_rules! open_words {
    ($( #[doc = $doc:literal] $name:ident, $known:ident = $words:expr; )*) => {$(
        pub(super) struct $name;
        struct $known;

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "description": $doc.trim_ascii(),
                    "oneOf": [
                        generator.subschema_for::<$known>(),
                        {"type": "string", "not": {"enum": $words}},
                    ],
                    // Keeps completion of the known words in TypeScript, where
                    // a union with `string` is `string`.
                    "tsType": concat!(stringify!($known), " | (string & {})"),
                })
            }
        }

        impl JsonSchema for $known {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($known).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "description": concat!("The words of ", stringify!($name), " known so far."),
                    "type": "string",
                    "enum": $words,
                })
            }
        }
    )*};
}

open_words! {
    /// The quality of a clip. Old scenes only.
    Mode, ModeKnown = crate::Mode::KNOWN;
    /// The model that makes a clip. Old scenes only.
    ModelName, ModelNameKnown = crate::ModelName::KNOWN;
    /// Where a task stands. `succeed` and `failed` are final. Gateways have other words and other cases for the same.
    TaskStatus, TaskStatusKnown = TASK_STATUSES;
    /// The id of a rule. Ids are never renamed and never used again.
    Rule, RuleKnown = rule_ids();
}

/// Kling's own words.
const TASK_STATUSES: &[crate::TaskStatus] = &[
    crate::TaskStatus::SUBMITTED,
    crate::TaskStatus::PROCESSING,
    crate::TaskStatus::SUCCEED,
    crate::TaskStatus::FAILED,
];

fn rule_ids() -> Vec<&'static str> {
    crate::validate::Rule::ALL
        .iter()
        .map(|rule| rule.id())
        .collect()
}

/// Turns a set of words from the form above into that of OpenAPI.
pub(super) fn extensible_enum(schema: &mut Schema) {
    let Some(words) = schema.pointer("/oneOf/1/not/enum").cloned() else {
        return;
    };
    schema.remove("oneOf");
    schema.remove("tsType");
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("x-extensible-enum".to_owned(), words);
}
