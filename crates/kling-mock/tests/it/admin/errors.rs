//! What the mock's own interface refuses, and how.

use serde_json::{Value, json};

use super::{ask, manual};
use crate::door::{Answer, Door};

#[track_caller]
pub(super) fn check_error(answer: &Answer, status: u16, code: &str, words: &str) {
    let body = answer.json();
    let found = (answer.status, body["error"]["code"].as_str());
    assert_eq!(found, (status, Some(code)), "{body}");
    let message = body["error"]["message"].as_str().expect("a message");
    assert!(message.contains(words), "{message:?} has no {words:?}");
}

#[tokio::test]
// A table: a row each for what may be wrong.
#[allow(clippy::too_many_lines)]
async fn errors_have_one_format() {
    let mock = manual().build();
    let door = Door::of(&mock);
    let rows = [
        (
            "GET",
            "/nothing",
            "",
            404,
            "unknown_path",
            "there is no /__mock/nothing",
        ),
        (
            "GET",
            "/fault",
            "",
            404,
            "unknown_path",
            "(did you mean /__mock/faults?)",
        ),
        (
            "GET",
            "",
            "",
            404,
            "unknown_path",
            "/__mock/routes lists all",
        ),
        (
            "PUT",
            "/clock",
            "",
            405,
            "method_not_allowed",
            "GET, POST, HEAD",
        ),
        ("POST", "/clock", "{", 400, "bad_json", "line 1 column 1"),
        ("POST", "/clock", "", 400, "bad_json", "line 1 column 0"),
        (
            "POST",
            "/clock",
            r#"{"advance":"1s"} x"#,
            400,
            "bad_json",
            "column 18",
        ),
        (
            "POST",
            "/faults",
            r#" ["get:503"]"#,
            400,
            "bad_body",
            "a JSON object",
        ),
        (
            "POST",
            "/clock",
            r#"{"advnce":"1s"}"#,
            400,
            "bad_body",
            "unknown field `advnce`",
        ),
        (
            "POST",
            "/clock",
            r#"{"advance":"soon"}"#,
            400,
            "bad_body",
            "write it like 250ms",
        ),
        (
            "POST",
            "/clock",
            r#"{"advance":"1s","next":true}"#,
            400,
            "bad_body",
            "give exactly one of",
        ),
        (
            "POST",
            "/clock",
            r#"{"next":false}"#,
            400,
            "bad_body",
            "must be true if given",
        ),
        (
            "POST",
            "/clock",
            r#"{"set":1}"#,
            409,
            "clock_backwards",
            "a clock can't go back",
        ),
        (
            "POST",
            "/clock",
            r#"{"set":"tomorrow"}"#,
            400,
            "bad_body",
            "is not a time such as 2026",
        ),
        (
            "POST",
            "/clock",
            r#"{"advance":"99999999999h"}"#,
            400,
            "clock_range",
            "year 9999",
        ),
        (
            "POST",
            "/accounts/default/clock",
            r#"{"advance":"5000000000000h"}"#,
            400,
            "clock_range",
            "year 9999",
        ),
        (
            "POST",
            "/faults",
            r#"{"fault":"create:rset"}"#,
            400,
            "bad_body",
            "did you mean `reset`?",
        ),
        (
            "POST",
            "/faults",
            r#"{"fault":"raw","x":1}"#,
            400,
            "bad_body",
            "unknown field `x`",
        ),
        (
            "POST",
            "/faults",
            r#"{"fault":"get:raw(502, text/html, @/etc/passwd)"}"#,
            400,
            "bad_body",
            "no files are read here",
        ),
        ("GET", "/faults/9", "", 404, "not_found", "no fault \"9\""),
        (
            "DELETE",
            "/faults/x",
            "",
            404,
            "not_found",
            "no fault \"x\"",
        ),
        (
            "POST",
            "/reset?scope=some",
            "",
            400,
            "bad_query",
            "all, tasks, journal or faults",
        ),
        (
            "POST",
            "/reset?scop=all",
            "",
            400,
            "bad_query",
            "unknown query parameter \"scop\": use scope",
        ),
        (
            "POST",
            "/reset?scope=all&scope=all",
            "",
            400,
            "bad_query",
            "given twice",
        ),
        (
            "GET",
            "/stats?x=1",
            "",
            400,
            "bad_query",
            "takes no query parameters",
        ),
        ("POST", "/reset", "{}", 400, "bad_body", "takes no body"),
        (
            "GET",
            "/journal?limit=many",
            "",
            400,
            "bad_query",
            "not a number from 0 to 10000",
        ),
        ("GET", "/journal?wait=long", "", 400, "bad_query", "wait: "),
        (
            "POST",
            "/verify",
            r#"{"requests":[{"time":1}]}"#,
            400,
            "bad_body",
            "unknown field `time`",
        ),
        (
            "POST",
            "/verify",
            r#"{"charges":1}"#,
            409,
            "not_as_expected",
            "charges: expected 1, got none",
        ),
        (
            "GET",
            "/accounts/nobody",
            "",
            404,
            "not_found",
            "no account \"nobody\"",
        ),
        (
            "PATCH",
            "/accounts/nobody",
            "{}",
            404,
            "not_found",
            "no account \"nobody\"",
        ),
        (
            "DELETE",
            "/accounts/default",
            "",
            409,
            "conflict",
            "the first account can't be closed",
        ),
        (
            "POST",
            "/accounts",
            r#"{"name":"default"}"#,
            409,
            "conflict",
            "of this name already",
        ),
        (
            "POST",
            "/accounts",
            r#"{"name":"a/b"}"#,
            400,
            "bad_body",
            "letters, digits",
        ),
        (
            "POST",
            "/accounts",
            r#"{"name":"a","access_key":"k"}"#,
            400,
            "bad_body",
            "requires secret_key",
        ),
        (
            "POST",
            "/accounts",
            r#"{"name":"a","plan":"fast"}"#,
            400,
            "bad_body",
            "`fast` is not a plan",
        ),
        (
            "POST",
            "/accounts",
            r#"{"name":"a","webhook_secret":"!"}"#,
            400,
            "bad_body",
            "whsec_",
        ),
        (
            "PATCH",
            "/accounts/default",
            r#"{"plan":"fast"}"#,
            400,
            "bad_body",
            "`fast` is not a plan",
        ),
        (
            "PATCH",
            "/accounts/default",
            r#"{"state":"rich"}"#,
            400,
            "bad_body",
            "`rich`",
        ),
        (
            "GET",
            "/callbacks?account=nobody",
            "",
            404,
            "not_found",
            "no account",
        ),
        (
            "POST",
            "/callbacks/0/redeliver",
            "",
            404,
            "not_found",
            "no callback \"0\"",
        ),
        (
            "POST",
            "/accounts/default/secret?mode=soft",
            r#"{"secret":"AAAA"}"#,
            400,
            "bad_query",
            "emergency",
        ),
        (
            "POST",
            "/accounts/default/secret",
            r#"{"secret":"!"}"#,
            400,
            "bad_body",
            "base64",
        ),
    ];
    for (method, path, body, status, code, words) in rows {
        let path = format!("/__mock{path}");
        let answer = door.ask(method, &path, &[], body.as_bytes()).await;
        check_error(&answer, status, code, words);
    }
    let answer = ask(&door, "DELETE", "/clock", &Value::Null).await;
    assert_eq!(answer.header("allow"), "GET, POST, HEAD");
    // Nothing of it was done, and nothing of it is remembered.
    assert_eq!((mock.journal().len(), mock.faults().len()), (0, 0));
    assert_eq!(mock.totals().all(), 0);
}

#[tokio::test]
async fn errors_point_into_the_body() {
    let mock = manual().build();
    let door = Door::of(&mock);
    let rows = [
        (
            "PUT",
            "/faults",
            json!({"faults": ["get:503", "get:50x"]}),
            "/faults/1",
        ),
        (
            "PUT",
            "/faults",
            json!({"faults": ["get:503", 7]}),
            "/faults/1",
        ),
        (
            "POST",
            "/verify",
            json!({"requests": [{}, {"times": -1}]}),
            "/requests/1/times",
        ),
        (
            "POST",
            "/accounts",
            json!({"name": "a", "slots": "two"}),
            "/slots",
        ),
        (
            "POST",
            "/accounts",
            json!({"name": "a", "secret_key": "s"}),
            "/secret_key",
        ),
        ("POST", "/clock", json!({"advance": 5}), "/advance"),
        (
            "POST",
            "/plans",
            json!({"plan": "stuck", "times": 0}),
            "/times",
        ),
        ("POST", "/callbacks/test", json!({"url": "nope"}), "/url"),
        (
            "POST",
            "/callbacks/test",
            json!({"url": "http://other.example/hook"}),
            "/url",
        ),
        ("POST", "/accounts", json!({"name": "a b"}), "/name"),
        (
            "POST",
            "/accounts",
            json!({"name": "a", "api_key": "a b"}),
            "/api_key",
        ),
        (
            "POST",
            "/accounts",
            json!({"name": "a", "access_key": "", "secret_key": "s"}),
            "/access_key",
        ),
        (
            "POST",
            "/accounts",
            json!({"name": "a", "access_key": "a", "secret_key": ""}),
            "/secret_key",
        ),
        (
            "POST",
            "/accounts",
            json!({"name": "a", "webhook_secret": "!"}),
            "/webhook_secret",
        ),
        (
            "POST",
            "/tasks",
            json!({"scene": "hug", "seconds": 7}),
            "/seconds",
        ),
        (
            "POST",
            "/tasks",
            json!({"scene": "hug", "external_task_id": ""}),
            "/external_task_id",
        ),
    ];
    for (method, path, body, pointer) in rows {
        let answer = ask(&door, method, path, &body).await;
        check_error(&answer, 400, "bad_body", "");
        let answer = answer.json();
        assert_eq!(answer["error"]["pointer"], pointer, "{answer}");
    }
    // All faults, or none.
    assert!(mock.faults().is_empty());
}
