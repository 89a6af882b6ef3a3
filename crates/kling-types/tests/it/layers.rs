//! The vectors of requests say which of them a parser or a schema must refuse
//! already: somebody with no more than the schema knows what to expect.

use kling_types::schema::documents;
use serde_json::Value;

use crate::support::read;

#[test]
fn each_vector_is_caught_by_the_layer_that_it_names() {
    let documents = documents();
    let document = documents.iter().find(|it| it.name == "EffectRequest");
    let schema = &document.expect("a document of requests").schema;
    let schema = jsonschema::draft202012::new(schema).expect("a usable schema");
    let file: Value = serde_json::from_slice(&read("fixtures/vectors/requests.json")).unwrap();
    let groups = file["groups"].as_array().unwrap();
    let tests = groups
        .iter()
        .flat_map(|group| group["tests"].as_array().unwrap());
    let mut wrong = Vec::new();
    for test in tests.filter(|test| test["result"] != "acceptable") {
        let text = test["raw"].as_str().map(str::to_owned);
        let text = text.unwrap_or_else(|| test["body"].to_string());
        let body = serde_json::from_str::<Value>(&text);
        let layer = match body.map(|body| lengthened(body, &test["fill"])) {
            Err(_) => "parse",
            Ok(body) if !schema.is_valid(&body) => "schema",
            Ok(_) => "rules",
        };
        let told = test["layer"].as_str().unwrap_or("rules");
        if layer != told {
            wrong.push(format!("{}: {layer}, not {told}", test["id"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The body with a text repeated at the end of a member, where a vector says so.
fn lengthened(mut body: Value, fill: &Value) -> Value {
    let pointer = fill["pointer"].as_str().unwrap_or("/none");
    if let Some(Value::String(member)) = body.pointer_mut(pointer) {
        let until = fill["until"].as_u64().expect("a length");
        let until = usize::try_from(until).expect("no enormous length");
        let missing = until - member.chars().count();
        member.push_str(&fill["text"].as_str().expect("a text").repeat(missing));
        member.push_str(fill["then"].as_str().unwrap_or_default());
    }
    body
}
