//! Schemas of strings and numbers, and of the open enumerations.
#![expect(dead_code, reason = "only used to derive schemas")]

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

// The patterns only use what ECMAScript, Python, Java, Go and Rust have in common: no
// look-around, no `\s` (which differs), no `\p`, no `\u` (which Go lacks). In Python and
// Java, `$` also matches before a final line break, so forbidden characters are excluded
// by a `not`.

/// The white space and control characters of Unicode, spelled out.
const NOT_IN_A_NAME: &str = concat!(
    r"[\x00-\x20\x7F-\xA0",
    "\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}]"
);

/// Control characters.
const NOT_IN_AN_ID: &str = r"[\x00-\x1F\x7F-\x9F]";

/// Matches strings with such a character.
fn text_with(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

/// Example names, which are in the catalogue.
pub(super) const SCENES: [&str; 3] = ["hug_pro", "pet_lion_pro", "color_mixing"];

const HTTP_URL: &str = "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]";

/// The name of an effect scene. The available scenes change every month.
#[derive(JsonSchema)]
#[schemars(inline, extend("minLength" = 1, "not" = text_with(NOT_IN_A_NAME), "examples" = SCENES))]
pub(super) struct Scene(String);

/// A public http(s) URL, or the file itself (JPEG or PNG) as standard base64, padded, on
/// one line and without a `data:` prefix.
#[derive(JsonSchema)]
#[schemars(inline, extend("minLength" = 1, "examples" = ["https://example.com/photo.jpg"]))]
pub(super) struct ImageSource(String);

/// The duration of a video in seconds: a number in a string.
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

/// The caller's id of a new task. It must not be `.` or `..`, which URL normalisation
/// removes from a path.
#[derive(JsonSchema)]
#[schemars(inline, extend(
    "minLength" = 1,
    "maxLength" = 256,
    "not" = {"anyOf": [text_with(NOT_IN_AN_ID), {"enum": [".", ".."]}]},
    "examples" = ["order-4711"],
))]
pub(super) struct NewExternalTaskId(String);

/// An id: an opaque string, usually of digits, too long for a number.
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

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(JsonSchema)]
#[schemars(inline, extend("examples" = [1_773_366_844_624_i64]))]
pub(super) struct UnixMillis(i64);

/// A code: a number from Kling; a word or a number in a string from some gateways.
#[derive(JsonSchema)]
#[schemars(inline, extend("type" = ["integer", "string"], "examples" = [0, "success"]))]
pub(super) struct WireCode(Value);

/// A code other than success.
#[derive(JsonSchema)]
#[schemars(inline, extend(
    "type" = ["integer", "string"],
    "not" = {"enum": [0, "0", "success"]},
    "examples" = [1201, "task_not_exist"],
))]
pub(super) struct ErrorCode(Value);

/// Defines an open enumeration, which the service may extend, and a second type with the
/// known values.
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
                    // Preserves the completion of the known values in TypeScript, where
                    // a union with `string` is just `string`.
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
                    "description": concat!("The known values of ", stringify!($name), "."),
                    "type": "string",
                    "enum": $words,
                })
            }
        }
    )*};
}

open_words! {
    /// The quality of a video. Only for old scenes.
    Mode, ModeKnown = crate::Mode::KNOWN;
    /// The model that generates a video. Only for old scenes.
    ModelName, ModelNameKnown = crate::ModelName::KNOWN;
    /// The status of a task. `succeed` and `failed` are terminal. Gateways may use other words and other letter case.
    TaskStatus, TaskStatusKnown = TASK_STATUSES;
    /// The id of a rule. Ids are never renamed or reused.
    Rule, RuleKnown = rule_ids();
}

/// Kling's own values.
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

/// Converts an open enumeration from the form above to that of OpenAPI.
pub(super) fn extensible_enum(schema: &mut Schema) {
    let Some(words) = schema.pointer("/oneOf/1/not/enum").cloned() else {
        return;
    };
    schema.remove("oneOf");
    schema.remove("tsType");
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("x-extensible-enum".to_owned(), words);
}
