//! Memory per waiting handle.

use std::future::IntoFuture as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use allocation_counter::measure;
use bytes::Bytes;
use kling_http::{
    Client, Credentials, EffectRequest, ImageSource, Provider, Scene, TaskHandle, transport_fn,
};

use crate::measure::size;
use crate::report::{Goal, Report, Row};

/// A debug build uses fewer, since the memory per handle is the same.
const HANDLES: u32 = size(100_000, 25_000);

pub(crate) fn run(report: &mut Report) {
    report.add(Row {
        what: format!(
            "client: memory per waiting handle, with {HANDLES} of them, tokio's task included"
        ),
        unit: "bytes",
        ours: bytes_each(HANDLES).unwrap_or(f64::NAN),
        baseline: None,
        ratio: None,
        goal: Goal::AtMost(2048.0),
    });
}

/// Creates this many tasks and waits for them concurrently, over an in-process transport.
/// Returns the bytes that are allocated while all of them sleep.
#[allow(clippy::cast_precision_loss)] // Far below 2^53.
pub(crate) fn bytes_each(handles: u32) -> Option<f64> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().ok()?;
    let client = client()?;
    let mut waiting = None;
    let created = measure(|| {
        waiting = runtime.block_on(create(&client, handles));
    });
    let mut waiting = waiting?;
    let waits = measure(|| {
        runtime.block_on(async {
            for handle in std::mem::take(&mut waiting) {
                // Like a caller, the task owns its handle.
                tokio::spawn(handle.into_future());
            }
            // Each was queried once, and sleeps again.
            tokio::time::sleep(Duration::from_secs(110)).await;
        });
    });
    let bytes = created.bytes_current + waits.bytes_current;
    Some(bytes as f64 / f64::from(handles))
}

async fn create(client: &Client, count: u32) -> Option<Vec<TaskHandle>> {
    let mut handles = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let image = ImageSource::url("https://example.com/me.jpg");
        let request = EffectRequest::single(Scene::COLOR_MIXING, image);
        handles.push(client.effects().create(request).await.ok()?);
    }
    Some(handles)
}

fn client() -> Option<Client> {
    let ids = AtomicU64::new(878_106_242_831_892_487);
    let transport = transport_fn(move |request: http::Request<Bytes>| {
        let path = request.uri().path().to_owned();
        let (id, status) = match path.strip_prefix("/v1/videos/effects/") {
            Some(id) => (id.to_owned(), "processing"),
            None => (ids.fetch_add(1, Ordering::Relaxed).to_string(), "submitted"),
        };
        let body = format!(
            r#"{{"code":0,"message":"SUCCEED","request_id":"9ab376fc-0000-4000-8000-000000000000",
            "data":{{"task_id":"{id}","task_status":"{status}","task_info":{{}},
            "task_result":{{}},"created_at":1777385361501,"updated_at":1777385363321}}}}"#
        );
        async move { Ok(http::Response::new(Bytes::from(body).into())) }
    });
    Client::builder(Provider::kling(), Credentials::api_key("k"))
        .transport(transport)
        .build()
        .ok()
}
