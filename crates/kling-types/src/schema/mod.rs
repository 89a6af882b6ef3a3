//! JSON Schemas (draft 2020-12) of what is on the wire, for programs in other
//! languages.
//!
//! [`documents`] has one schema for each body and for what is worth checking
//! alone; [`bundle`] has all definitions in one document.
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
//! - *A request* is held to what [`validate_json`](crate::validate::validate_json)
//!   calls an error, as far as a schema can say it: types, what must be there,
//!   either one image or exactly two, the shape of names and ids. Members that
//!   are unset are left out, never null. What is in an image (URL, base64,
//!   picture) and what the catalogue of scenes knows is left to `validate_json`;
//!   of `callback_url` only the beginning is held to a pattern, and of
//!   `external_task_id` the length counts characters, not bytes.
//! - *An answer* is what the service documents and what it was seen to send: a
//!   member may be null where it may be absent, a code may be a word. Spellings
//!   that the Rust types read but nobody was seen to send are not in it, ids as
//!   numbers above all: every id is longer than a number keeps.
//! - Everywhere a member that has no name here is welcome.
//!
//! Keys are sorted at every level, so the same version gives the same bytes.

// The schemas are derived with schemars from private mirrors of the public
// types, not from the types themselves: so no trait of schemars is part of
// this crate's contract, and the descriptions speak of JSON to readers of any
// language, where the types' own docs speak of Rust. Tests hold the two together.

use schemars::Schema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::RecursiveTransform;
use serde_json::{Map, Value, json};

mod answer;
mod request;
mod words;

/// A schema that stands alone.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Document {
    /// What it describes; also the schema's `title`.
    pub name: &'static str,
    /// The schema, with every definition it needs.
    pub schema: Value,
}

/// For which tools a schema is. It decides how a set of words is written that
/// the service may extend: no form suits every generator of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Profile {
    /// `oneOf` the known words or any other string, for generators that read
    /// JSON Schema. json-schema-to-typescript finds the type of the known words
    /// with `--unreachableDefinitions` only.
    #[default]
    JsonSchema,
    /// `type: string` with `x-extensible-enum`, for those that read OpenAPI 3.1:
    /// some of their decoders ignore `not`, and would find a known word to be
    /// both.
    OpenApi,
}

/// Every schema that stands alone, for tools that read JSON Schema.
pub fn documents() -> Vec<Document> {
    documents_in(Profile::default())
}

/// Every schema that stands alone.
pub fn documents_in(profile: Profile) -> Vec<Document> {
    ROOTS
        .iter()
        .map(|root| Document {
            name: root.name,
            schema: sorted((root.document)(settings(profile).into_generator()).to_value()),
        })
        .collect()
}

/// All definitions in one document: under `$defs` of a JSON Schema, or under
/// `components.schemas` of an OpenAPI document that has nothing else.
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
            "description": "Everything on the wire of Kling's video effects, by name.",
            "$defs": definitions,
        }),
        Profile::OpenApi => json!({"components": {"schemas": definitions}}),
    })
}

/// A mirror that gets a document of its own.
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

/// Opens every object to members without a name, and puts each paragraph of a
/// description in one line.
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

/// The arms exclude each other, and `oneOf` says so; schemars writes `anyOf`.
fn one_of(schema: &mut Schema) {
    if let Some(arms) = schema.remove("anyOf") {
        schema.insert("oneOf".to_owned(), arms);
    }
}

/// What is unset in a request is left out, so an optional member is no null;
/// schemars allows it.
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

/// The same value with sorted keys, whether or not a crate has switched on
/// `serde_json/preserve_order`.
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

    /// Whoever copies an example must not be refused.
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
