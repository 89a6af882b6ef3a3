//! Every wire document in fixtures/samples: it decodes, means what it says, and
//! is written back as it came.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use kling_types::callback::TaskCallback;
use kling_types::{
    Amount, EffectInput, EffectRequest, ServiceError, Task, TaskEnvelope, TaskListEnvelope,
    WireCode,
};
use serde_json::Value;

use crate::support::{path, sample};

/// What is read from each file, in one line.
const MEANINGS: &[(&str, &str)] = &[
    (
        "callback.cometapi.json",
        "Legacy: string Unknown 1722769557708 +0 ms, video generated-video.mp4 of 5 s, image Some(0)",
    ),
    (
        "callback.kling.legacy.docshape.json",
        r#"Legacy: 930831534075682845 Succeed 1722769557708 +320000 ms, external id my-task-1, video v.mp4 of 5 s, image Some(0), made from "https://example.com/p.mp4", 2 units, 0 of 0"#,
    ),
    (
        "callback.kling.new.docshape.json",
        r#"Flat: 1234567890 Succeed 1781080778802 +15349 ms, external id my-task-1, video v.mp4 / "w.mp4" of 5 s, 2.4 units"#,
    ),
    (
        "callback.kling.test-event.json",
        "Flat: 1234567890 Submitted 1781080778802 +15349 ms",
    ),
    (
        "err.cometapi.400-model-required.live.json",
        "Gateway HTTP 400: model name is required (...)",
    ),
    (
        "err.cometapi.500-invalid-request.live.json",
        "Gateway invalid_request: field messages is required (...)",
    ),
    (
        "err.cometapi.envelope.doc.json",
        "Gateway invalid_request: ...",
    ),
    (
        "err.cometapi.permission-denied.fixture.json",
        "Gateway permission_denied: model access denied",
    ),
    (
        "err.gateway.429-code400.live.json",
        "Kling code 400: Account balance not enough",
    ),
    (
        "err.kling.auth-malformed-legacy.live.json",
        "Kling code 1002: The token was expected to have 3 parts, but got 0 (9984d27b-a408-4073-ae28-17ca6a13622d)",
    ),
    (
        "err.kling.auth-newstandard.live.json",
        "Kling code 1002: Authentication error. The current API does not support AK/SK; please go to the console … to create API key. (9984d27b-a408-4073-ae28-17ca6a13622d)",
    ),
    (
        "err.kling.balance.live.json",
        "Kling code 1102: Account balance not enough",
    ),
    (
        "err.kling.base64.live.json",
        "Kling code 1201: File is not in a valid base64 format",
    ),
    (
        "err.kling.concurrency.doc.json",
        "Kling code 1303: parallel task over resource pack limit (9984d27b-a408-4073-ae28-17ca6a13622d)",
    ),
    (
        "err.kling.duplicate-external-id.live.json",
        "Kling code 1201: External_task_id v6-1789956049929 already exists (9984d27b-a408-4073-ae28-17ca6a13622d)",
    ),
    (
        "err.kling.effect-scene-invalid.inferred.json",
        "Kling code 1201: effect_scene value 'no_such_effect' is invalid (9984d27b-a408-4073-ae28-17ca6a13622d)",
    ),
    (
        "err.kling.image-null.live.json",
        "Kling code 1201: image can not be null",
    ),
    (
        "err.kling.mode-invalid.live.json",
        "Kling code 1201: mode value 'standard' is invalid",
    ),
    (
        "err.kling.model-invalid.live.json",
        "Kling code 1201: model_name value 'kling-v3-0' is invalid",
    ),
    (
        "err.kling.task-not-found.live.json",
        "Kling code 1201: Task not found by id/external id: mf-auth-probe-nonexistent (13fef8e2-f5a0-4ee0-a81f-f40872d96095)",
    ),
    (
        "err.newapi.401.source.json",
        "Gateway HTTP 400: 无效的令牌 (20260205132859798638387SIHCnxzJ)",
    ),
    (
        "err.newapi.task-429.source.json",
        "GatewayTask fail_to_fetch_task: 当前分组上游负载已饱和，请稍后再试",
    ),
    (
        "err.newapi.task-quota.source.json",
        "GatewayTask quota_not_enough: user quota is not enough",
    ),
    (
        "err.newapi.task-upstream.source.json",
        "Kling code 1201: model_name value 'x' is invalid (...)",
    ),
    (
        "req.cometapi.advanced-lip-sync.json",
        r#""" with another input; /effect_scene scene.missing; /input input.missing"#,
    ),
    (
        "req.cometapi.effects.hug.new.json",
        r#""hug" with two images, 5 s; /effect_scene scene.retired"#,
    ),
    (
        "req.cometapi.effects.hug.old.json",
        r#""hug" with two images, 10 s; /effect_scene scene.retired"#,
    ),
    (
        "req.kling.effects.dual.2025-12.json",
        r#""hug" with two images, 5 s; /effect_scene scene.retired"#,
    ),
    (
        "req.kling.effects.dual.2026-09.json",
        r#""hug_pro" with two images"#,
    ),
    (
        "req.kling.effects.single.2025-12.json",
        r#""pet_lion" with one image, 5 s; /effect_scene scene.retired"#,
    ),
    (
        "req.kling.effects.single.2026-09.json",
        r#""pet_lion_pro" with one image"#,
    ),
    (
        "resp.cometapi.effects.create.json",
        "success: 2032273960331935744 Submitted 1773366844624 +0 ms",
    ),
    (
        "resp.cometapi.image2video.create.json",
        "success: 2032273942220931072 Submitted 1773366840306 +0 ms",
    ),
    (
        "resp.cometapi.omni-query.processing.json",
        "success (878106484537192522): 878106484537192522 Processing 1777385419126 +11191 ms",
    ),
    (
        "resp.cometapi.omni-query.wrapped-success.reconstructed.json",
        "success: 878106484537192522 Succeed, video generated-video.mp4 of 5 s",
    ),
    (
        "resp.cometapi.query.processing.json",
        "success (9ab376fc-9059-487f-9e2a-c9c89f1a344f): 878106242831892487 Processing 1777385361501 +1820 ms",
    ),
    (
        "resp.cometapi.text-to-audio.create.json",
        "success: 861254119619698760 Submitted 1773367502225 +0 ms",
    ),
    (
        "resp.kling.effects.create.docshape.json",
        "success (9984d27b-a408-4073-ae28-17ca6a13622d): 930831534075682845 Submitted 1722769557708 +0 ms, external id my-task-1",
    ),
    (
        "resp.kling.effects.list.docshape.json",
        r#"success: 930831534075682845 Succeed 1722769557708 +320000 ms, external id my-task-1, video output.mp4 / "", 2 units, 0 of 0 | 930831534075682900 Processing 1722769557708 +0 ms"#,
    ),
    (
        "resp.kling.effects.query.failed.docshape.json",
        r#"success (9984d27b-a408-4073-ae28-17ca6a13622d): 930831534075682845 Failed 1722769557708 +80000 ms, because "Image pixel is invalid""#,
    ),
    (
        "resp.kling.effects.query.succeed.docshape.json",
        r#"success (9984d27b-a408-4073-ae28-17ca6a13622d): 930831534075682845 Succeed 1722769557708 +320000 ms, external id my-task-1, video output.mp4 / "output_wm.mp4", watermark Some(false), 2 units, 0 of 0"#,
    ),
    (
        "resp.kling.identify-face.docshape.json",
        "success (9984d27b-a408-4073-ae28-17ca6a13622d): no task",
    ),
    (
        "resp.kling.tasks-unified.docshape.json",
        "success: 930831534075682845 Succeed 1781080778802 +15349 ms, video v.mp4 of 3.041 s, 2.4 units",
    ),
    (
        "resp.kling.text2video.create.live.json",
        "success (c0656403-1e6e-4b7e-b8f8-2cdd2595f2b9): 867283741759111202 Submitted 1774805076166 +0 ms, external id text2video_kling_v3_final-1774805076",
    ),
    (
        "resp.kling.text2video.create.live2.json",
        "success (3d67a2e2-cec7-4571-ba0d-556668ff7e82): 866889456698785798 Submitted 1774711071284 +0 ms, external id text_probe_1",
    ),
    (
        "resp.kling.tts.docshape.json",
        "success (9984d27b-a408-4073-ae28-17ca6a13622d): 930801290416885794 Succeed 1722769557708 +0 ms, 0.05 units",
    ),
    (
        "webhook.test-vector.json",
        "Flat: 1234567890 Succeed 1781080778802 +15349 ms",
    ),
];

#[test]
fn every_sample_keeps_its_meaning() {
    for (name, meaning) in MEANINGS {
        assert_eq!(read(name, &sample(name)), *meaning, "{name}");
    }
}

#[test]
fn no_sample_is_forgotten() {
    let folder = std::fs::read_dir(path("fixtures/samples")).expect("the samples");
    let files: BTreeSet<String> = folder
        .map(|file| {
            file.expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let told: BTreeSet<String> = MEANINGS
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(files, told);
}

/// Reads a sample as what its name says, checks that it is written back as it
/// came, and tells what was read.
fn read(name: &str, body: &Value) -> String {
    let kind = name.split('.').next().unwrap_or_default();
    match kind {
        "req" => request(body),
        "callback" => callback(body),
        "err" => error(body),
        "resp" if body["data"].is_array() => list(body),
        "resp" => envelope(body),
        // The body that the vector's signature is over.
        "webhook" => {
            let raw = body["raw_body"].as_str().expect("a raw body");
            callback(&serde_json::from_str(raw).expect("it is JSON"))
        }
        _ => panic!("{name}: of what kind is it?"),
    }
}

#[track_caller]
fn decode<T: serde::de::DeserializeOwned + serde::Serialize>(body: &Value) -> T {
    let value: T = serde_json::from_value(body.clone()).expect("it decodes");
    assert_eq!(&serde_json::to_value(&value).expect("it encodes"), body);
    value
}

fn request(body: &Value) -> String {
    let request: EffectRequest = decode(body);
    let shape = match &request.input {
        EffectInput::Single(_) => "one image",
        EffectInput::Dual(_) => "two images",
        _ => "another input",
    };
    let mut text = format!("{:?} with {shape}", request.effect_scene.as_str());
    if let Some(duration) = request.duration() {
        let _ = write!(text, ", {duration} s");
    }
    for violation in request.validate() {
        let _ = write!(text, "; {} {}", violation.pointer, violation.rule);
    }
    text
}

fn callback(body: &Value) -> String {
    let callback: TaskCallback = decode(body);
    format!("{:?}: {}", callback.shape(), task(callback.task()))
}

fn error(body: &Value) -> String {
    // Whatever it is, an envelope keeps it.
    let envelope: TaskEnvelope = decode(body);
    assert!(envelope.data.is_none());
    let error = ServiceError::parse(400, body).expect("an error");
    let mut text = format!("{:?} {error}", error.shape);
    if let Some(id) = &error.request_id {
        let _ = write!(text, " ({id})");
    }
    text
}

fn list(body: &Value) -> String {
    let list: TaskListEnvelope = decode(body);
    let tasks: Vec<String> = list.data.iter().map(task).collect();
    format!("{}: {}", code(list.code.as_ref()), tasks.join(" | "))
}

fn envelope(body: &Value) -> String {
    let envelope: TaskEnvelope = decode(body);
    let mut text = code(envelope.code.as_ref());
    if let Some(id) = &envelope.request_id {
        let _ = write!(text, " ({id})");
    }
    match &envelope.data {
        Some(found) => format!("{text}: {}", task(found)),
        None => format!("{text}: no task"),
    }
}

fn code(code: Option<&WireCode>) -> String {
    match code {
        Some(code) if code.is_success() => "success".to_owned(),
        other => format!("{other:?}"),
    }
}

fn task(task: &Task) -> String {
    let mut text = format!("{} {:?}", task.id, task.state());
    if let (Some(created), Some(updated)) = (task.created_at, task.updated_at) {
        let _ = write!(text, " {created} +{} ms", updated.get() - created.get());
    }
    if let Some(id) = task.external_id() {
        let _ = write!(text, ", external id {id}");
    }
    if let Some(reason) = task.failure_reason() {
        let _ = write!(text, ", because {reason:?}");
    }
    for video in task.videos() {
        let url = video.url.as_deref().unwrap_or_default();
        let _ = write!(
            text,
            ", video {}",
            url.rsplit('/').next().unwrap_or_default()
        );
        if let Some(url) = &video.watermark_url {
            let _ = write!(text, " / {:?}", url.rsplit('/').next().unwrap_or_default());
        }
        if let Some(duration) = video.duration {
            let _ = write!(text, " of {duration} s");
        }
    }
    if let Some(result) = &task.result {
        for image in &result.images {
            let _ = write!(text, ", image {:?}", image.index);
        }
    }
    if let Some(parent) = task
        .info
        .as_ref()
        .and_then(|info| info.parent_video.as_ref())
    {
        let _ = write!(
            text,
            ", made from {:?}",
            parent.url.as_deref().unwrap_or_default()
        );
    }
    if let Some(watermark) = &task.watermark_info {
        let _ = write!(text, ", watermark {:?}", watermark.enabled);
    }
    if let Some(units) = task.unit_deduction {
        let _ = write!(text, ", {units} units");
    }
    if let Some(money) = &task.balance_deduction {
        let show = |amount: Option<Amount>| amount.map_or("?".to_owned(), |a| a.to_string());
        let _ = write!(
            text,
            ", {} of {}",
            show(money.quota),
            show(money.list_price)
        );
    }
    text
}
