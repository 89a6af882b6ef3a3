use crate::fault::Fault;

use super::*;

#[test]
fn every_word_is_listed_once_and_written_back() {
    let examples = [
        "create:503",
        "create:429/1302",
        "create:401/1004",
        "create:500/5000",
        "create:429/1303+retry_after=2s",
        r#"create:raw(502, text/html, "no")"#,
        "any:html301",
        "any:html502",
        "any:nested_error",
        "any:code400",
        "any:saturated",
        "any:quota_not_enough",
        "any:model_not_found",
        "any:invalid_request",
        "any:delay=2s",
        "any:delay=uniform(1s, 2s)",
        "any:delay=lognormal(1s, 0.5, 9s)",
        "any:reset",
        "any:close",
        "any:empty",
        "any:hang",
        "any:truncate=0",
        "any:slow=100",
        "any:chunk=10,gap=1s",
        "any:json=cut",
        "any:json=missing_field(/a)",
        "any:json=wrong_type(/a/0)",
        "any:json=null(/a~1b)",
        "any:json=dup_key",
        "any:json=bom",
        "any:json=unknown_status(paused)",
        "get:stale=2",
        "list:lag=1",
        "get:regress",
        "asset:403",
        "asset:404",
        "asset:expired",
        "asset:wrong_type",
        "asset:range_ignored",
        "callback:drop",
        "callback:dup=2",
        "callback:reorder",
        "callback:late=5s",
        "callback:bad_sig",
        "callback:stale_ts",
        "callback:wrong_secret",
        "callback:no_headers",
    ];
    for text in examples {
        assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
    }
    let words = [ANSWERS, READS, ASSETS, CALLBACKS].into_iter().flatten();
    for (word, _) in words {
        let shown = examples.iter().filter(|text| {
            let action = text.split_once(':').unwrap().1;
            action.split(['=', '(']).next() == Some(*word)
        });
        assert!(shown.count() > 0, "{word}");
    }
}

#[test]
fn a_file_becomes_part_of_the_fault() {
    let text = "any:raw(502, text/html, @pages/502 (old).html)";
    let error = Fault::parse_with_files(text, |_| Ok(Vec::new())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column 41: expected xN, `optional` or the end after the action, found `.`"
    );

    let text = r#"any:raw(502, text/html, @"pages/502 (old).html")"#;
    let mut paths = Vec::new();
    let fault = Fault::parse_with_files(text, |path| {
        paths.push(path.to_owned());
        Ok(b"<p>\xff</p>".to_vec())
    });
    assert_eq!(paths, ["pages/502 (old).html"]);
    assert_eq!(
        fault.unwrap().to_string(),
        r#"any:raw(502, text/html, "<p>\xff</p>")"#
    );
}

const REFUSED: &[(&str, &str)] = &[
    (
        "create:",
        "column 8: expected an action: an HTTP status, raw, html301, html502, nested_error, code400, saturated, quota_not_enough, model_not_found, invalid_request, delay, reset, close, empty, hang, truncate, slow, chunk, json",
    ),
    (
        "create:rset",
        "column 8: `rset` is not an action; did you mean `reset`? (known: an HTTP status, raw, html301, html502, nested_error, code400, saturated, quota_not_enough, model_not_found, invalid_request, delay, reset, close, empty, hang, truncate, slow, chunk, json)",
    ),
    (
        "create:199",
        "column 8: `199` is not an HTTP status from 200 to 599",
    ),
    (
        "create:600",
        "column 8: `600` is not an HTTP status from 200 to 599",
    ),
    (
        "create:200",
        "column 8: 200 alone is not a fault: add a business code, such as 200/5000",
    ),
    (
        "create:204/5000",
        "column 8: HTTP 204 has no body, so it can't contain an error",
    ),
    (
        "create:5o3",
        "column 8: `5o3` is not an HTTP status from 200 to 599",
    ),
    (
        "create:429/1305",
        "column 12: `1305` is not a documented business code; did you mean `1300`? (known: 1000, 1001, 1002, 1003, 1004, 1100, 1101, 1102, 1103, 1200, 1201, 1202, 1203, 1300, 1301, 1302, 1303, 1304, 5000, 5001, 5002)",
    ),
    (
        "create:429/",
        "column 12: expected a documented business code: 1000, 1001, 1002, 1003, 1004, 1100, 1101, 1102, 1103, 1200, 1201, 1202, 1203, 1300, 1301, 1302, 1303, 1304, 5000, 5001, 5002",
    ),
    (
        "create:429+retry=2s",
        "column 12: `retry` is not what can be added to a status (known: retry_after)",
    ),
    (
        "create:429+retry_after=1500ms",
        "column 24: Retry-After must be a whole number of seconds",
    ),
    (
        "create:429+retry_after=soon",
        "column 24: `soon` is not a time: write it like 250ms, 2s, 1m30s or 2h",
    ),
    (
        "create:delay",
        "column 13: expected `=` after `delay`, found the end",
    ),
    (
        "create:delay=",
        "column 14: expected a time like 2s or a spread of times: fixed, uniform, lognormal",
    ),
    ("create:delay=0s", "column 14: no time at all is no fault"),
    (
        "create:delay=2",
        "column 14: `2` is not a time: write it like 250ms, 2s, 1m30s or 2h",
    ),
    (
        "create:delay=2x",
        "column 14: `2x` is not a time: write it like 250ms, 2s, 1m30s or 2h",
    ),
    (
        "create:delay=30s1m",
        "column 14: `30s1m` is not a time: write it like 250ms, 2s, 1m30s or 2h",
    ),
    (
        "create:delay=99999999999999999h",
        "column 14: `99999999999999999h` is not a time: write it like 250ms, 2s, 1m30s or 2h",
    ),
    (
        "create:delay=unifrm(1s,2s)",
        "column 14: `unifrm` is not a time like 2s or a spread of times; did you mean `uniform`? (known: fixed, uniform, lognormal)",
    ),
    (
        "create:delay=uniform(2s,1s)",
        "column 22: the range is reversed: write the shorter time first",
    ),
    (
        "create:delay=lognormal(1s,11,2s)",
        "column 27: sigma must be from 0 to 10, not 11",
    ),
    (
        "create:delay=lognormal(1s,1,500ms)",
        "column 29: the maximum is shorter than the median",
    ),
    (
        "create:raw",
        "column 11: expected `(` after `raw`, found the end",
    ),
    (
        r#"create:raw(502, html, "x")"#,
        "column 17: `html` is not a content type, like text/html; charset=utf-8",
    ),
    (
        "create:raw(502, text/html, x)",
        "column 28: expected the body: text in quotes, or @ and the path of a file",
    ),
    (
        r#"create:raw(502, text/html, "x""#,
        "column 31: expected `)` after the body, found the end",
    ),
    (
        "create:raw(502, text/html, @a.html)",
        "column 28: cannot read `a.html`: no files are read here, give the text in quotes",
    ),
    (
        "get:truncate=-1",
        "column 14: expected a number of bytes, found `-`",
    ),
    (
        "get:truncate",
        "column 13: expected `=` after `truncate`, found the end",
    ),
    (
        "get:slow=0",
        "column 10: the number of bytes a second cannot be 0",
    ),
    (
        "get:chunk=1",
        "column 12: expected `,` after the number of bytes, found the end",
    ),
    (
        "get:chunk=1,pause=2s",
        "column 13: `pause` is not what `chunk` needs next (known: gap)",
    ),
    (
        "get:json=cutt",
        "column 10: `cutt` is not a way to break JSON; did you mean `cut`? (known: cut, missing_field, wrong_type, null, dup_key, bom, unknown_status)",
    ),
    (
        "get:json=null(data)",
        "column 15: `data` is not a JSON Pointer like /data/task_id",
    ),
    (
        "get:json=null(/a~2)",
        "column 15: `/a~2` is not a JSON Pointer like /data/task_id",
    ),
    (
        "get:json=null",
        "column 14: expected `(` after what breaks, found the end",
    ),
    (
        "get:json=unknown_status(Succeed)",
        "column 25: `Succeed` is a known status: use another word",
    ),
    (
        "get:json=unknown_status()",
        "column 25: expected a word, found `)`",
    ),
    ("get:stale=0", "column 11: the number of reads cannot be 0"),
    (
        "callback:dup=1",
        "column 14: dup=1 would not duplicate anything: write dup=2 or more",
    ),
    ("callback:late=0s", "column 15: no time at all is no fault"),
    (
        "callback:503x",
        "column 10: `503x` is not an HTTP status from 200 to 599",
    ),
    (
        "create:503é",
        "column 8: `503é` is not an HTTP status from 200 to 599",
    ),
];

#[test]
fn an_error_says_what_where_and_what_instead() {
    for (text, message) in REFUSED {
        let error = text.parse::<Fault>().unwrap_err();
        assert_eq!(error.to_string(), *message, "{text}");
    }
}
