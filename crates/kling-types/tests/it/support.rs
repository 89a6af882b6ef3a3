//! What several modules need: the fixtures, and JSON from thin air.

use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Number, Value};

/// A file of the repository.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(name)
}

pub(crate) fn read(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A wire document as it came: fixtures/samples.
pub(crate) fn sample(name: &str) -> Value {
    serde_json::from_slice(&read(&format!("fixtures/samples/{name}"))).expect("a sample is JSON")
}

/// Every JSON value: numbers of 64 bits, all finite floats, keys that collide
/// with those of the wire.
pub(crate) fn json(keys: &'static [&'static str]) -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::Array),
            vec((key(keys), inner), 0..6)
                .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

/// Every JSON object.
pub(crate) fn object(keys: &'static [&'static str]) -> impl Strategy<Value = Map<String, Value>> {
    vec((key(keys), json(keys)), 0..8).prop_map(|members| members.into_iter().collect())
}

fn key(keys: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(keys).prop_map(str::to_owned),
        1 => ".{0,12}",
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    let words = &[
        "",
        "5",
        "succeed",
        "FAILURE",
        "success",
        "2.40",
        " 02.40",
        "1722769557708",
        "https://example.com/a.jpg?sig=1",
        "iVBORw0KGgo=",
        "hug_pro",
    ];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |x| Number::from_f64(x).map(Value::Number)),
        prop::sample::select(words.as_slice()).prop_map(Value::from),
        ".{0,16}".prop_map(Value::from),
    ]
}

/// A value's JSON text with its keys in the other order and white space between
/// all tokens.
pub(crate) fn respaced_and_reversed(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .rev()
                .map(|(key, value)| {
                    format!(
                        " {} :\t{}",
                        Value::from(key.as_str()),
                        respaced_and_reversed(value)
                    )
                })
                .collect();
            format!("{{{} \r\n}}", members.join(" ,\n"))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(respaced_and_reversed).collect();
            format!("[ {} ]", items.join(" , "))
        }
        scalar => scalar.to_string(),
    }
}
