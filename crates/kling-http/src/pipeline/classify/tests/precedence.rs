//! What counts first: the body before the status, a task before a code.

use super::*;

#[test]
fn the_body_counts_before_the_status() {
    check(
        200,
        r#"{"code":1201,"message":"no"}"#,
        (Refusal, Refused, Never, Not),
    );
    check(
        200,
        r#"{"code":"1102","message":"no"}"#,
        (Refusal, Account, Never, Not),
    );
    check(
        500,
        r#"{"code":1301,"message":"no"}"#,
        (Refusal, ContentRejected, Never, Not),
    );
    check(
        429,
        r#"{"code":400,"message":"prompt is too long"}"#,
        (Refusal, Refused, Never, Not),
    );
    // A code of tomorrow: nothing is known, so nothing is ruled out.
    check(
        200,
        r#"{"code":7777,"message":"new"}"#,
        (Refusal, Service, Never, Perhaps),
    );

    let task = r#"{"code":0,"data":{"task_id":"1","task_status":"submitted"}}"#;
    for status in [200, 201, 302, 400, 429, 500, 503] {
        check_success(status, task);
    }
    // Only with a task in it: a code alone is not worth a status.
    check(
        500,
        r#"{"code":0,"message":"SUCCEED"}"#,
        (Bare, Service, Later, Perhaps),
    );
    check(500, r#"{"task_id":"1"}"#, (Bare, Service, Later, Perhaps));
}

/// The id of a paid task is never thrown away, nor the answer that shows its end.
#[test]
fn a_task_counts_before_the_code_beside_it() {
    let task = r#""data":{"task_id":"1","task_status":"submitted"}"#;
    check_success(
        200,
        &format!(r#"{{"code":200,"message":"success",{task}}}"#),
    );
    let created = |status, code: i64| what(&of(status, &format!(r#"{{"code":{code},{task}}}"#)));
    assert_eq!(created(504, 5002), Is::Success);
    assert_eq!(created(500, 7777), Is::Success);
    // Whose task that is, the service does not say: it refused ours.
    assert_eq!(created(400, 1201), Refusal);
}

#[test]
fn successes_in_all_their_wrappings() {
    for name in [
        "resp.cometapi.effects.create",
        "resp.cometapi.query.processing",
        "resp.cometapi.omni-query.wrapped-success.reconstructed",
        "resp.kling.effects.create.docshape",
        "resp.kling.effects.query.succeed.docshape",
        // The query was answered; that the task failed is another thing.
        "resp.kling.effects.query.failed.docshape",
    ] {
        check_success(200, &sample(name));
    }
    check_success(200, r#"{"code":"success","data":{}}"#);
    check_success(200, "{}");
    check_success(200, "null");
}
