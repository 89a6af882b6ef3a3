//! What the suite is worth: services that do one thing wrong each, and which
//! checks notice. The fault is put between the suite and the fake service.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use kling_conformance::{Host, Status, all, mock_target, run};
use kling_http::{Body, SharedTransport, Transport, transport_fn};
use serde_json::{Value, json};

use crate::suite::plain_target;
use Host::{Comet as C, Kling as K};

/// An answer on its way to the suite.
struct Answer {
    method: Method,
    path: String,
    /// Whether the account with few slots asks.
    small: bool,
    /// How many requests came before, and how many creates of the small account.
    n: i64,
    small_creates: i64,
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    /// The task, or each of a list.
    fn tasks(&mut self) -> Vec<&mut Value> {
        match self.body.get_mut("data") {
            Some(Value::Array(items)) => items.iter_mut().collect(),
            Some(task @ Value::Object(_)) => vec![task],
            _ => Vec::new(),
        }
    }

    fn is_error(&self) -> bool {
        self.status.as_u16() >= 400 && self.body.is_object()
    }

    fn is(&self, method: &Method) -> bool {
        self.method == *method && self.body["data"].is_object()
    }

    fn refuse(&mut self, status: u16, code: i64) {
        self.status = StatusCode::from_u16(status).unwrap();
        self.body = json!({"code": code, "message": "no", "request_id": "r"});
    }
}

enum Fault {
    /// The request is understood as another one.
    Ask(fn(&mut Request<Bytes>)),
    /// A body is understood as another one.
    Read(fn(&mut Value)),
    /// The answer is another one.
    Tell(fn(&mut Answer)),
    /// The callback is another one, or is not sent.
    Post(fn(&mut HeaderMap, &mut Bytes) -> bool),
}
use Fault::{Ask, Post, Read, Tell};

fn answers(fault: &'static Fault) -> Box<dyn FnOnce(SharedTransport) -> SharedTransport> {
    static SMALL: &str = "Bearer sk-conformance-small";
    Box::new(move |inner| {
        let counts: &'static [AtomicI64; 2] = Box::leak(Box::default());
        SharedTransport::new(transport_fn(move |mut request: Request<Bytes>| {
            let inner = inner.clone();
            async move {
                match fault {
                    Ask(change) => change(&mut request),
                    Read(change) => {
                        if let Ok(mut body) = serde_json::from_slice(request.body()) {
                            change(&mut body);
                            *request.body_mut() = body.to_string().into();
                        }
                    }
                    _ => {}
                }
                let (method, path) = (request.method().clone(), request.uri().path().to_owned());
                let key = request.headers().get(header::AUTHORIZATION);
                let small = key.is_some_and(|key| key == SMALL);
                let n = counts[0].fetch_add(1, Ordering::Relaxed);
                let add = i64::from(small && method == Method::POST);
                let small_creates = counts[1].fetch_add(add, Ordering::Relaxed);
                let (mut head, body) = inner.send(request).await?.into_parts();
                let body = body.collect(usize::MAX).await?;
                let Tell(change) = fault else {
                    return Ok(http::Response::from_parts(head, Body::from(body)));
                };
                let json = serde_json::from_slice::<Value>(&body);
                let is_json = json.is_ok();
                let mut answer = Answer {
                    method,
                    path,
                    small,
                    n,
                    small_creates,
                    status: head.status,
                    headers: head.headers,
                    body: json.unwrap_or_default(),
                };
                change(&mut answer);
                (head.status, head.headers) = (answer.status, answer.headers);
                let body = if is_json || !answer.body.is_null() {
                    answer.body.to_string().into()
                } else {
                    body
                };
                Ok(http::Response::from_parts(head, Body::from(body)))
            }
        }))
    })
}

fn callbacks(fault: &'static Fault) -> Box<dyn FnOnce(SharedTransport) -> SharedTransport> {
    Box::new(move |inner| {
        SharedTransport::new(transport_fn(move |request: Request<Bytes>| {
            let inner = inner.clone();
            async move {
                let (mut head, mut body) = request.into_parts();
                if let Post(change) = fault
                    && !change(&mut head.headers, &mut body)
                {
                    return Ok(http::Response::new(Body::from(Bytes::new())));
                }
                inner.send(Request::from_parts(head, body)).await
            }
        }))
    })
}

fn each(answer: &mut Answer, change: fn(&mut Value)) {
    answer.tasks().into_iter().for_each(change);
}

fn shift(task: &mut Value, member: &str, by: i64) {
    if let Some(at) = task[member].as_i64() {
        task[member] = json!(at + by);
    }
}

fn in_body(body: &mut Bytes, change: fn(&mut Value)) {
    let mut json: Value = serde_json::from_slice(body).unwrap();
    change(&mut json);
    *body = json.to_string().into();
}

fn uri(request: &mut Request<Bytes>, from: &str, to: &str) {
    *request.uri_mut() = request.uri().to_string().replace(from, to).parse().unwrap();
}

/// Each fault: its name, whose ways it is held to, the check that must notice.
static FAULTS: &[(&str, Host, &str, Fault)] = &[
    (
        "accepts three images",
        K,
        "refusal.three_images",
        Read(|body| {
            if let Some(images) = body["input"]["images"].as_array_mut() {
                images.truncate(2);
            }
        }),
    ),
    (
        "takes one image for two",
        K,
        "refusal.one_of_two",
        Read(|body| {
            if body["effect_scene"] == "hug_pro" && body["input"]["image"].is_string() {
                body["effect_scene"] = json!("color_mixing");
            }
        }),
    ),
    (
        "accepts any scene",
        K,
        "refusal.unknown_scene",
        Read(|body| {
            if body["effect_scene"] == "no_such_effect" {
                body["effect_scene"] = json!("hug_pro");
            }
        }),
    ),
    (
        "needs no scene",
        K,
        "refusal.no_scene",
        Read(|body| {
            if body["effect_scene"].is_null() {
                body["effect_scene"] = json!("hug_pro");
            }
        }),
    ),
    (
        "needs no input",
        K,
        "refusal.no_input",
        Read(|body| {
            if body["input"].is_null() {
                body["input"] = json!({"images": ["https://a.test/1.jpg", "https://a.test/2.jpg"]});
            }
        }),
    ),
    (
        "needs no image",
        K,
        "refusal.no_image",
        Read(|body| {
            if body["effect_scene"] == "color_mixing" && body["input"]["image"].is_null() {
                body["input"]["image"] = json!("https://a.test/1.jpg");
            }
        }),
    ),
    (
        "takes a number for a duration",
        C,
        "refusal.duration_number",
        Read(|body| {
            if body["input"]["duration"].is_number() {
                body["input"]["duration"] = json!("5");
            }
        }),
    ),
    (
        "needs no duration",
        C,
        "refusal.no_duration",
        Read(|body| {
            if body["input"]["duration"].is_null() {
                body["input"]["duration"] = json!("5");
            }
        }),
    ),
    (
        "needs a duration",
        K,
        "create.no_duration",
        Read(|body| {
            if body["input"]["duration"].is_null() {
                body["input"] = json!({});
            }
        }),
    ),
    (
        "makes five seconds only",
        C,
        "create.ten_seconds",
        Read(|body| {
            if body["input"]["duration"] == "10" {
                body["input"] = json!({});
            }
        }),
    ),
    (
        "knows no scene for one",
        C,
        "create.single",
        Read(|body| {
            if body["effect_scene"] == "color_mixing" {
                body["effect_scene"] = json!("none");
            }
        }),
    ),
    (
        "takes a data: prefix",
        K,
        "refusal.data_prefix",
        Read(|body| {
            if body["input"]["image"]
                .as_str()
                .is_some_and(|image| image.starts_with("data:"))
            {
                body["input"]["image"] = json!("https://a.test/1.jpg");
            }
        }),
    ),
    (
        "takes an external id twice",
        K,
        "refusal.duplicate",
        Read(|body| {
            if body["effect_scene"] == "color_mixing" {
                body.as_object_mut().unwrap().remove("external_task_id");
            }
        }),
    ),
    (
        "reads what is no JSON",
        K,
        "refusal.malformed",
        Ask(|request| {
            if request.body().ends_with(b":") {
                *request.body_mut() = Bytes::from_static(b"{}");
            }
        }),
    ),
    (
        "403 for a bad key",
        K,
        "refusal.no_key",
        Tell(|it| {
            if it.status == StatusCode::UNAUTHORIZED {
                it.status = StatusCode::FORBIDDEN;
            }
        }),
    ),
    (
        "403 for a bad key, at a gateway",
        C,
        "refusal.wrong_key",
        Tell(|it| {
            if it.status == StatusCode::UNAUTHORIZED {
                it.status = StatusCode::FORBIDDEN;
            }
        }),
    ),
    (
        "errors have code 0",
        K,
        "query.unknown",
        Tell(|it| {
            if it.is_error() {
                it.body["code"] = json!(0);
            }
        }),
    ),
    (
        "errors are HTTP 200",
        K,
        "refusal.three_images",
        Tell(|it| {
            if it.is_error() {
                it.status = StatusCode::OK;
            }
        }),
    ),
    (
        "errors have data",
        K,
        "refusal.kling_words",
        Tell(|it| {
            if it.is_error() {
                it.body["data"] = json!({});
            }
        }),
    ),
    (
        "a gateway's errors are of another type",
        C,
        "refusal.gateway_words",
        Tell(|it| {
            if it.body["error"].is_object() {
                it.body["error"]["type"] = json!("api_error");
            }
        }),
    ),
    (
        "every path is there",
        K,
        "refusal.wrong_path",
        Tell(|it| {
            if it.path.ends_with("-of-none") {
                it.status = StatusCode::OK;
            }
        }),
    ),
    (
        "405 for a method",
        K,
        "refusal.wrong_method",
        Tell(|it| {
            if it.method == Method::DELETE {
                it.status = StatusCode::METHOD_NOT_ALLOWED;
            }
        }),
    ),
    (
        "404 for an unknown task",
        K,
        "query.unknown",
        Tell(|it| {
            if it.method == Method::GET && it.is_error() && it.status == StatusCode::BAD_REQUEST {
                it.refuse(404, 1203);
            }
        }),
    ),
    (
        "a refused create leaves a task",
        K,
        "refusal.leaves_no_task",
        Ask(|request| {
            if request.method() == Method::POST {
                let bad =
                    String::from_utf8_lossy(request.body()).replace("no_such_effect", "hug_pro");
                *request.body_mut() = bad.into();
            }
        }),
    ),
    (
        "a create is 201",
        K,
        "create.accepted",
        Tell(|it| {
            if it.is(&Method::POST) {
                it.status = StatusCode::CREATED;
            }
        }),
    ),
    (
        "a new task runs at once",
        K,
        "create.submitted",
        Tell(|it| {
            if it.is(&Method::POST) {
                it.body["data"]["task_status"] = json!("processing");
            }
        }),
    ),
    (
        "seconds for milliseconds",
        K,
        "create.times",
        Tell(|it| {
            each(it, |task| {
                for member in ["created_at", "updated_at"] {
                    if let Some(at) = task[member].as_i64() {
                        task[member] = json!(at / 1000);
                    }
                }
            });
        }),
    ),
    (
        "ids are numbers",
        K,
        "create.id_is_text",
        Tell(|it| {
            each(it, |task| {
                if let Some(id) = task["task_id"].as_str() {
                    task["task_id"] = json!(id.parse::<i64>().unwrap());
                }
            });
        }),
    ),
    (
        "says ok",
        K,
        "query.envelope",
        Tell(|it| {
            if it.body["code"] == 0 {
                it.body["message"] = json!("ok");
            }
        }),
    ),
    (
        "says OK at a create",
        C,
        "create.message",
        Tell(|it| {
            if it.is(&Method::POST) {
                it.body["message"] = json!("OK");
            }
        }),
    ),
    (
        "a new task has a null result",
        C,
        "create.members",
        Tell(|it| {
            if it.is(&Method::POST) {
                it.body["data"]["task_result"] = Value::Null;
            }
        }),
    ),
    (
        "a task can't be read at once",
        C,
        "create.readable",
        Tell(|it| {
            if it.is(&Method::GET) && it.body["data"]["task_status"] == "submitted" {
                it.refuse(400, 1201);
            }
        }),
    ),
    (
        "keeps external ids to itself",
        K,
        "create.external_id",
        Tell(|it| {
            each(it, |task| {
                task["task_info"] = json!({});
            });
        }),
    ),
    (
        "task_status is misspelt",
        K,
        "lifecycle.words",
        Tell(|it| {
            each(it, |task| {
                if task["task_status"] == "succeed" {
                    task["task_status"] = json!("succeeded");
                }
            });
        }),
    ),
    (
        "the status goes back",
        K,
        "lifecycle.forward",
        Tell(|it| {
            let word = if it.n % 2 == 1 {
                "processing"
            } else {
                "submitted"
            };
            let status = &it.body["data"]["task_status"];
            let runs = status == "submitted" || status == "processing";
            if it.is(&Method::GET) && runs {
                it.body["data"]["task_status"] = json!(word);
            }
        }),
    ),
    (
        "an end moves on",
        K,
        "lifecycle.ends",
        Tell(|it| {
            let n = it.n;
            if it.is(&Method::GET) && it.body["data"]["task_status"] == "succeed" {
                shift(&mut it.body["data"], "updated_at", n);
            }
        }),
    ),
    (
        "updated_at stands still",
        K,
        "lifecycle.updated_at",
        Tell(|it| {
            each(it, |task| {
                task["updated_at"] = task["created_at"].clone();
            });
        }),
    ),
    (
        "updated_at is now",
        K,
        "lifecycle.updated_at",
        Tell(|it| {
            let n = it.n;
            if it.is(&Method::GET) {
                shift(&mut it.body["data"], "updated_at", n);
            }
        }),
    ),
    (
        "created_at moves",
        K,
        "lifecycle.same_task",
        Tell(|it| {
            let n = it.n;
            if it.is(&Method::GET) {
                shift(&mut it.body["data"], "created_at", n);
            }
        }),
    ),
    (
        "a result before success",
        K,
        "lifecycle.result",
        Tell(|it| {
            each(it, |task| {
                if task["task_status"] == "processing" {
                    task["task_result"] = json!({"videos": []});
                }
            });
        }),
    ),
    (
        "a failure without a reason",
        K,
        "lifecycle.pixels",
        Tell(|it| {
            each(it, |task| {
                if task["task_status"] == "failed" {
                    task.as_object_mut().unwrap().remove("task_status_msg");
                }
            });
        }),
    ),
    (
        "leaves out task_status_msg",
        K,
        "query.members",
        Tell(|it| {
            each(it, |task| {
                task.as_object_mut().unwrap().remove("task_status_msg");
            });
        }),
    ),
    (
        "tells of progress",
        K,
        "query.no_strangers",
        Tell(|it| {
            each(it, |task| {
                task["progress"] = json!(50);
            });
        }),
    ),
    (
        "an empty reason while it runs",
        C,
        "query.running",
        Tell(|it| {
            each(it, |task| {
                if task["task_status"] == "processing" {
                    task["task_status_msg"] = json!("");
                }
            });
        }),
    ),
    (
        "a video without an id",
        K,
        "query.video",
        Tell(|it| {
            each(it, |task| {
                if task["task_result"]["videos"].is_array() {
                    task["task_result"]["videos"][0]["id"] = Value::Null;
                }
            });
        }),
    ),
    (
        "amounts are numbers",
        K,
        "query.deductions",
        Tell(|it| {
            each(it, |task| {
                task["final_unit_deduction"] = json!(1.5);
            });
        }),
    ),
    (
        "watermark_info is a list",
        K,
        "query.watermark",
        Tell(|it| {
            each(it, |task| {
                task["watermark_info"] = json!([]);
            });
        }),
    ),
    (
        "external ids are not looked up",
        K,
        "query.external_id",
        Ask(|request| {
            let last = request.uri().path().rsplit('/').next().unwrap().to_owned();
            if last.len() > 20 && request.method() == Method::GET && !last.ends_with("mp4") {
                uri(request, &last, "unknown");
            }
        }),
    ),
    (
        "a list in an object",
        K,
        "list.shape",
        Tell(|it| {
            if it.body["data"].is_array() {
                it.body["data"] = json!({"items": it.body["data"]});
            }
        }),
    ),
    (
        "a list with the oldest first",
        K,
        "list.newest_first",
        Tell(|it| {
            if let Some(items) = it.body.get_mut("data").and_then(Value::as_array_mut) {
                items.reverse();
            }
        }),
    ),
    (
        "a page is repeated",
        K,
        "list.pages",
        Ask(|request| uri(request, "pageNum=2", "pageNum=1")),
    ),
    (
        "pages have no bounds",
        K,
        "list.bounds",
        Ask(|request| {
            uri(request, "pageSize=501", "pageSize=500");
        }),
    ),
    (
        "a page has 20 by default",
        K,
        "list.default_page",
        Ask(|request| {
            if request.uri().path().ends_with("/effects") && request.uri().query().is_none() {
                uri(request, "/effects", "/effects?pageSize=20");
            }
        }),
    ),
    (
        "a list tells of watermarks",
        K,
        "list.no_watermark",
        Tell(|it| {
            if it.body["data"].is_array() {
                each(it, |task| {
                    task["watermark_info"] = json!({"enabled": false});
                });
            }
        }),
    ),
    (
        "tokens are not taken",
        K,
        "token.accepted",
        Ask(|request| {
            let is_token = |key: &http::HeaderValue| key.as_bytes().starts_with(b"Bearer ey");
            if request
                .headers()
                .get(header::AUTHORIZATION)
                .is_some_and(is_token)
            {
                request.headers_mut().remove(header::AUTHORIZATION);
            }
        }),
    ),
    (
        "tokens are not checked",
        K,
        "token.forged",
        Tell(|it| {
            if it.method == Method::GET && it.status == StatusCode::UNAUTHORIZED {
                it.refuse(400, 1201);
            }
        }),
    ),
    (
        "times of tokens have one code",
        K,
        "token.times",
        Tell(|it| {
            if it.body["code"] == 1004 {
                it.body["code"] = json!(1003);
            }
        }),
    ),
    (
        "too many tasks are a bad request",
        K,
        "slots.refused",
        Tell(|it| {
            if it.status == StatusCode::TOO_MANY_REQUESTS {
                it.refuse(400, 1201);
            }
        }),
    ),
    (
        "queries take slots",
        K,
        "slots.queries",
        Tell(|it| {
            if it.small && it.is(&Method::GET) {
                it.refuse(429, 1303);
            }
        }),
    ),
    (
        "slots are never free again",
        K,
        "slots.freed",
        Tell(|it| {
            if it.small && it.is(&Method::POST) && it.small_creates >= 7 {
                it.refuse(429, 1303);
            }
        }),
    ),
    (
        "a result is application/octet-stream",
        K,
        "asset.whole",
        Tell(|it| {
            if it.path.ends_with("mp4") {
                let plain = header::HeaderValue::from_static("application/octet-stream");
                it.headers.insert(header::CONTENT_TYPE, plain);
            }
        }),
    ),
    (
        "HEAD has no length",
        K,
        "asset.head",
        Tell(|it| {
            if it.method == Method::HEAD {
                it.headers.remove(header::CONTENT_LENGTH);
            }
        }),
    ),
    (
        "ranges are ignored",
        K,
        "asset.range",
        Ask(|request| {
            request.headers_mut().remove(header::RANGE);
        }),
    ),
    (
        "a file has another tag each time",
        K,
        "asset.etag",
        Tell(|it| {
            if it.path.ends_with("mp4") {
                it.headers.insert(header::ETAG, it.n.into());
            }
        }),
    ),
    (
        "an address expires after a week",
        K,
        "asset.expires",
        Tell(|it| {
            each(it, |task| {
                let Some(video) = task.pointer_mut("/task_result/videos/0") else {
                    return;
                };
                if let Some((start, rest)) = video["url"]
                    .as_str()
                    .and_then(|url| url.split_once("Expires="))
                {
                    let (time, end) = rest.split_once('&').unwrap();
                    let time = time.parse::<i64>().unwrap() - 23 * 24 * 60 * 60;
                    video["url"] = json!(format!("{start}Expires={time}&{end}"));
                }
            });
        }),
    ),
    (
        "a file is never deleted",
        K,
        "asset.deleted",
        Tell(|it| {
            if it.path.ends_with("mp4") && it.status == StatusCode::FORBIDDEN {
                it.status = StatusCode::OK;
            }
        }),
    ),
    (
        "only the end is called back",
        K,
        "callback.each_change",
        Post(|_, body| !String::from_utf8_lossy(body).contains("\"processing\"")),
    ),
    (
        "callbacks have an envelope",
        K,
        "callback.shape",
        Post(|_, body| {
            in_body(body, |task| {
                *task = json!({"code": 0, "data": task.clone()});
            });
            true
        }),
    ),
    (
        "callbacks tell seconds",
        K,
        "callback.same_task",
        Post(|_, body| {
            in_body(body, |task| {
                task["created_at"] = json!(task["created_at"].as_i64().unwrap() / 1000);
            });
            true
        }),
    ),
    (
        "signed before the body was written again",
        K,
        "callback.signature",
        Post(|_, body| {
            let json: Value = serde_json::from_slice(body).unwrap();
            *body = serde_json::to_string_pretty(&json).unwrap().into();
            true
        }),
    ),
    (
        "callbacks are signed in milliseconds",
        K,
        "callback.signature",
        Post(|headers, _| {
            let time = headers["webhook-timestamp"].to_str().unwrap().to_owned() + "000";
            headers.insert("webhook-timestamp", time.parse().unwrap());
            true
        }),
    ),
];

async fn statuses(host: Host, fault: Option<&'static Fault>) -> BTreeMap<&'static str, Status> {
    let target = match fault {
        None => plain_target(host),
        Some(fault) => mock_target(host, answers(fault), callbacks(fault)).unwrap(),
    };
    let results = run(&target).await;
    results
        .into_iter()
        .map(|result| (result.check, result.status))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn every_fault_is_noticed_and_every_check_notices_one() {
    let (comet, kling) = (statuses(C, None).await, statuses(K, None).await);
    let mut matrix = String::new();
    let mut blind: BTreeSet<&str> = all().iter().map(|check| check.id).collect();
    let mut missed = Vec::new();
    for (name, host, intended, fault) in FAULTS {
        let usual = if *host == K { &kling } else { &comet };
        let found = statuses(*host, Some(fault)).await;
        let noticed = found
            .iter()
            .filter(|(check, status)| usual[*check] != **status);
        let noticed: Vec<&str> = noticed.map(|(check, _)| *check).collect();
        if !noticed.contains(intended) {
            missed.push(format!(
                "{name}: {intended} does not notice, only {noticed:?}"
            ));
        }
        blind.remove(intended);
        // What hides the story from all who look at it is told in short.
        let shown = if noticed.len() > 12 {
            format!("{intended}, and {} more", noticed.len() - 1)
        } else {
            noticed.join(", ")
        };
        let _ = writeln!(matrix, "{name}\n    {shown}");
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(blind.is_empty(), "no fault is meant for: {blind:?}");
    insta::assert_snapshot!(matrix);
}
