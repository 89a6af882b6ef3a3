//! The fake service compared with alternatives.

pub(crate) mod lifecycle;
pub(crate) mod memory;
pub(crate) mod poll;
pub(crate) mod start;
pub(crate) mod tasks;

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use kling_http::{Clock, Transport};
use kling_mock::{Mock, MockBuilder, MockTransport, Plan};

/// The body of a create with an image URL.
const BODY: &str = r#"{"effect_scene":"color_mixing","input":{"image":"https://example.com/me.jpg","duration":"5"}}"#;
const EFFECTS: &str = "/kling/v1/videos/effects";

/// A fixed clock, since reading the clock is not to be measured.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> std::time::SystemTime {
        std::time::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
    }
}

fn still() -> MockBuilder {
    Mock::builder().clock(Still).plan(Plan::polls(1, 1))
}

/// Blocks on a future with a single-threaded runtime.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    #[allow(clippy::expect_used)] // Without a runtime there is nothing to measure.
    let runtime = builder.enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

fn create(key: &str, external_id: Option<usize>) -> Request<Bytes> {
    let body = match external_id {
        None => Bytes::from_static(BODY.as_bytes()),
        Some(number) => {
            let body = BODY.trim_end_matches('}');
            format!("{body}}},\"external_task_id\":\"order-{number:030}\"}}").into()
        }
    };
    request("POST", EFFECTS, key, body)
}

fn query(key: &str, id: &str) -> Request<Bytes> {
    request("GET", &format!("{EFFECTS}/{id}"), key, Bytes::new())
}

#[allow(clippy::expect_used)] // Constants make it.
fn request(method: &str, path: &str, key: &str, body: Bytes) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(format!("http://mock.test{path}"))
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .body(body)
        .expect("a request")
}

/// The complete body of an answer.
async fn answer(door: &MockTransport, request: Request<Bytes>) -> Bytes {
    match door.send(request).await {
        Ok(answer) => answer
            .into_body()
            .collect(usize::MAX)
            .await
            .unwrap_or_default(),
        Err(_) => Bytes::new(),
    }
}

/// The id in the answer to a create.
fn task_id(body: &[u8]) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let id = body.pointer("/data/task_id").and_then(|id| id.as_str());
    id.unwrap_or_default().to_owned()
}
