//! Vectors of redaction in debug output, error messages and the journal.

use std::error::Error as _;
use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use kling_http::{Credentials, RetryPolicy, Transport as _};
use kling_mock::Mock;
use kling_types::callback::TaskCallback;
use kling_types::{EffectRequest, ExternalTaskId, ImageSource, Scene, TaskEnvelope};
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::block_on_paused_clock;
use super::script::{Host, provider};

pub(super) fn run(test: &Value) -> Result<Value, String> {
    let shown = show(&test["show"])?;
    let mut result = words(test, &shown);
    result["result"] = "valid".into();
    result["shown"] = shown.into();
    Ok(result)
}

/// The secrets that are hidden, and the words that are kept.
pub(super) fn words(test: &Value, shown: &str) -> Value {
    let words = |key: &str, are_there: bool| -> Vec<&Value> {
        let words = test[key].as_array().into_iter().flatten();
        words
            .filter(|word| {
                word.as_str()
                    .is_some_and(|word| shown.contains(word) == are_there)
            })
            .collect()
    };
    json!({"secrets": words("secrets", false), "keeps": words("keeps", true)})
}

fn show(of: &Value) -> Result<String, String> {
    let (kind, what) = of
        .as_object()
        .and_then(|members| members.iter().next())
        .ok_or("`show` is not an object with one member")?;
    let read = |error: serde_json::Error| error.to_string();
    match kind.as_str() {
        "request" => {
            let request = EffectRequest::deserialize(what).map_err(read)?;
            let mut shown = format!("{request:?} {request:#?}");
            for violation in request.validate() {
                let _ = write!(shown, " {violation} {violation:?}");
            }
            Ok(shown)
        }
        "answer" => {
            let answer = TaskEnvelope::deserialize(what).map_err(read)?;
            Ok(format!("{answer:?} {answer:#?}"))
        }
        "callback" => {
            let callback = TaskCallback::deserialize(what).map_err(read)?;
            Ok(format!("{callback:?} {callback:#?}"))
        }
        "exchange" => exchange(what),
        "journal" => journal(what),
        other => Err(format!("unknown kind of output {other:?}")),
    }
}

/// The debug output of a client with a key, and of its error after a create.
fn exchange(of: &Value) -> Result<String, String> {
    let key = of["key"].as_str().ok_or("`key` is not a string")?;
    let host = Host::new([&of["answer"]])?;
    let client = kling_http::Client::builder(provider("comet"), Credentials::api_key(key))
        .transport(host.transport())
        .retry(RetryPolicy::never())
        .build()
        .map_err(|error| error.to_string())?;
    let image = ImageSource::url("https://example.com/me.jpg");
    let id = ExternalTaskId::new("order-7").ok_or("an id")?;
    let request = EffectRequest::single(Scene::COLOR_MIXING, image).with_external_task_id(id);
    let answer = block_on_paused_clock(async { client.effects().create(request).await })?;
    let error = answer.err().ok_or("the create succeeds")?;
    let mut shown = format!("{client:?} {error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(shown, " {cause} {cause:?}");
        source = cause.source();
    }
    Ok(shown)
}

/// The fake service's journal after one create.
fn journal(of: &Value) -> Result<String, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in of["headers"].as_object().into_iter().flatten() {
        let name = HeaderName::try_from(name.as_str()).map_err(|error| error.to_string())?;
        let value = HeaderValue::try_from(value.as_str().unwrap_or_default());
        headers.insert(name, value.map_err(|error| error.to_string())?);
    }
    let mut request = Request::new(Bytes::from(of["body"].to_string()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = http::Uri::from_static("https://mock.test/kling/v1/videos/effects");
    *request.headers_mut() = headers;
    block_on_paused_clock(async {
        let mock = Mock::new();
        let answer = mock.transport().send(request).await;
        answer.map_err(|error| error.to_string())?;
        let mut shown = String::new();
        for entry in mock.journal() {
            let body = entry.request_body();
            let (path, headers) = (entry.path(), entry.headers());
            let _ = write!(
                shown,
                "{entry:?} {path} {headers:?} {body:?} {:?}",
                body.text()
            );
        }
        Ok(shown)
    })?
}
