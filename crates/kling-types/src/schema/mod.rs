//! JSON Schemas (draft 2020-12) of the wire format, for programs in other languages.
//!
//! [`documents`] returns one schema for each body and for each type that is useful by
//! itself; [`bundle`] returns all definitions in one document.
//!
//! ```
//! use kling_types::schema::documents;
//!
//! let documents = documents();
//! let request = documents.iter().find(|d| d.name == "EffectRequest").expect("there is one");
//! assert_eq!(request.schema["title"], "EffectRequest");
//! assert_eq!(request.schema["required"], serde_json::json!(["effect_scene", "input"]));
//! ```
//!
//! # What a schema says
//!
//! - *Requests*: a schema rejects what
//!   [`validate_json`](crate::validate::validate_json) reports as an error, as far as a
//!   schema can express it: types, required members, either one image or exactly two,
//!   the format of names and ids. Unset members are omitted, never null. The content of
//!   an image (URL, base64, picture) and the catalogue of scenes are left to
//!   `validate_json`. Only the start of `callback_url` is checked, and the length of
//!   `external_task_id` is in characters rather than bytes.
//! - *Answers*: a schema describes what the service documents and what it was seen to
//!   send: an optional member may be null, a code may be a word. It excludes forms that
//!   the Rust types accept but that were never seen, above all ids as numbers, which
//!   would lose digits.
//! - Additional members are allowed everywhere.
//!
//! Keys are sorted at every level, so the output of a version is reproducible.

// The schemas are derived with schemars from private mirrors of the public types, so
// that schemars is not part of this crate's API, and the descriptions can be written for
// readers of JSON in any language. Tests keep the mirrors and the types in step.

use schemars::Schema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::RecursiveTransform;
use serde_json::{Map, Value, json};

mod answer;
mod request;
mod words;

/// A self-contained schema.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Document {
    /// The name of the type; also the schema's `title`.
    pub name: &'static str,
    /// The schema, with all definitions that it refers to.
    pub schema: Value,
}

/// The tools for which a schema is intended. It determines the form of open
/// enumerations, for which no form suits every code generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Profile {
    /// `oneOf` the known values or any other string, for generators that read JSON
    /// Schema. json-schema-to-typescript emits the type of the known values only with
    /// `--unreachableDefinitions`.
    #[default]
    JsonSchema,
    /// `type: string` with `x-extensible-enum`, for generators that read OpenAPI 3.1:
    /// some of their decoders ignore `not`, so that a known value would match both
    /// alternatives.
    OpenApi,
}

/// All self-contained schemas, for tools that read JSON Schema.
pub fn documents() -> Vec<Document> {
    documents_in(Profile::default())
}

/// All self-contained schemas.
pub fn documents_in(profile: Profile) -> Vec<Document> {
    ROOTS
        .iter()
        .map(|root| Document {
            name: root.name,
            schema: sorted((root.document)(settings(profile).into_generator()).to_value()),
        })
        .collect()
}

/// All definitions in one document: in `$defs` of a JSON Schema, or in
/// `components.schemas` of an otherwise empty OpenAPI document.
pub fn bundle(profile: Profile) -> Value {
    let path = match profile {
        Profile::JsonSchema => "/$defs",
        Profile::OpenApi => "/components/schemas",
    };
    let mut generator = settings(profile)
        .with(|settings| settings.definitions_path = path.into())
        .into_generator();
    for root in ROOTS {
        (root.define)(&mut generator);
    }
    let meta_schema = generator.settings().meta_schema.clone();
    let definitions = generator.take_definitions(true);
    sorted(match profile {
        Profile::JsonSchema => json!({
            "$schema": meta_schema,
            "title": "KlingEffects",
            "description": "The wire format of Kling's video effects API.",
            "$defs": definitions,
        }),
        Profile::OpenApi => json!({"components": {"schemas": definitions}}),
    })
}

/// A mirror that has its own document.
struct Root {
    name: &'static str,
    document: fn(SchemaGenerator) -> Schema,
    define: fn(&mut SchemaGenerator) -> Schema,
}

macro_rules! roots {
    ($($module:ident::$name:ident),* $(,)?) => {
        &[$(Root {
            name: stringify!($name),
            document: SchemaGenerator::into_root_schema_for::<$module::$name>,
            define: SchemaGenerator::subschema_for::<$module::$name>,
        }),*]
    };
}

static ROOTS: &[Root] = roots![
    request::EffectRequest,
    request::EffectInput,
    answer::TaskEnvelope,
    answer::TaskListEnvelope,
    answer::Task,
    answer::TaskInfo,
    answer::TaskResult,
    answer::Video,
    answer::Image,
    answer::WatermarkInfo,
    answer::BalanceDeduction,
    answer::TaskCallback,
    answer::ErrorBody,
    answer::Violation,
];

fn settings(profile: Profile) -> SchemaSettings {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(tidy));
    match profile {
        Profile::JsonSchema => settings,
        Profile::OpenApi => settings.with_transform(RecursiveTransform(words::extensible_enum)),
    }
}

/// Allows additional members in every object, and joins the lines of each paragraph of a
/// description.
fn tidy(schema: &mut Schema) {
    if schema.get("properties").is_some() {
        schema.insert("additionalProperties".to_owned(), true.into());
    }
    if let Some(Value::String(text)) = schema.get_mut("description") {
        let lines = |paragraph: &str| paragraph.lines().collect::<Vec<_>>().join(" ");
        *text = text
            .split("\n\n")
            .map(lines)
            .collect::<Vec<_>>()
            .join("\n\n");
    }
}

/// Replaces schemars' `anyOf` by `oneOf`, since the alternatives exclude each other.
fn one_of(schema: &mut Schema) {
    if let Some(arms) = schema.remove("anyOf") {
        schema.insert("oneOf".to_owned(), arms);
    }
}

/// Removes null from the optional members of a request, which must be omitted instead;
/// schemars allows null.
fn no_null(schema: &mut Schema) {
    let Some(Value::Object(members)) = schema.get_mut("properties") else {
        return;
    };
    for member in members.values_mut().filter_map(Value::as_object_mut) {
        if let Some(Value::Array(types)) = member.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                member.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(mut arms)) = member.remove("anyOf") {
            arms.retain(|arm| arm != &json!({"type": "null"}));
            match arms.as_slice() {
                [Value::Object(only)] => member.extend(only.clone()),
                _ => {
                    member.insert("anyOf".to_owned(), arms.into());
                }
            }
        }
    }
}

/// Sorts the keys, since another crate may have enabled `serde_json/preserve_order`.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            let members = members.into_iter().map(|(key, value)| (key, sorted(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Profile, bundle, words};

    /// An example must be a valid request.
    #[test]
    fn example_scenes_are_on_the_list() {
        for name in words::SCENES {
            let info = crate::Scene::new(name).info().expect("a known scene");
            let listed = info.listed_on(crate::scene::LATEST_LIST);
            assert_eq!(listed, Some(true), "{name}");
        }
    }

    /// A field that is added to a type, or renamed, must be in its mirror.
    #[test]
    fn mirrors_have_the_members_of_the_types() {
        let bundle = bundle(Profile::JsonSchema);
        let mirrored: &[(&str, &[&str])] = &[
            ("TaskEnvelope", crate::TaskEnvelope::KEYS),
            ("TaskListEnvelope", crate::TaskListEnvelope::KEYS),
            ("Task", crate::Task::KEYS),
            ("TaskInfo", crate::TaskInfo::KEYS),
            ("TaskResult", crate::TaskResult::KEYS),
            ("Video", crate::Video::KEYS),
            ("Image", crate::Image::KEYS),
            ("WatermarkInfo", crate::WatermarkInfo::KEYS),
            ("BalanceDeduction", crate::BalanceDeduction::KEYS),
        ];
        for (name, keys) in mirrored {
            let properties = bundle["$defs"][name]["properties"]
                .as_object()
                .expect("an object");
            let mut keys = keys.to_vec();
            keys.sort_unstable();
            assert_eq!(properties.keys().collect::<Vec<_>>(), keys, "{name}");
        }
    }
}
