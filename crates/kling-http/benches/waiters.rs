//! What a waiting handle costs in memory: `cargo bench -p kling-http --bench waiters`.
//!
//! 100,000 tasks are created and waited for at once, over an in-process
//! transport; counted is every byte that is allocated while all of them sleep.
//! It fails if that is 2 KiB or more for each.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::future::IntoFuture as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use allocation_counter::measure;
use bytes::Bytes;
use kling_http::{
    Client, Credentials, EffectRequest, ImageSource, Provider, Scene, TaskHandle, transport_fn,
};

const HANDLES: u32 = 100_000;
const MOST: f64 = 2048.0;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let client = client();
    let mut waiting = Vec::new();
    let handles = measure(|| {
        waiting = runtime.block_on(create(&client));
    });
    let waits = measure(|| {
        runtime.block_on(async {
            for handle in std::mem::take(&mut waiting) {
                // What a caller does who wants them all: the handle moves in.
                tokio::spawn(handle.into_future());
            }
            // Every one has been asked after once, and sleeps again.
            tokio::time::sleep(Duration::from_secs(110)).await;
        });
    });
    let per = |bytes: i64| {
        #[allow(clippy::cast_precision_loss)] // Far below 2^53.
        let bytes = bytes as f64;
        bytes / f64::from(HANDLES)
    };
    let (handle, wait) = (per(handles.bytes_current), per(waits.bytes_current));
    println!("| {HANDLES} at once | bytes each |");
    println!("|---|---|");
    println!("| the handle, with the create's answer | {handle:.0} |");
    println!("| its wait, with tokio's task | {wait:.0} |");
    println!("| together | {:.0} of {MOST} |", handle + wait);
    // Their memory is no longer of interest.
    std::mem::forget(runtime);
    if handle + wait < MOST {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn create(client: &Client) -> Vec<TaskHandle> {
    let mut handles = Vec::with_capacity(HANDLES as usize);
    for _ in 0..HANDLES {
        let image = ImageSource::url("https://example.com/me.jpg");
        let request = EffectRequest::single(Scene::COLOR_MIXING, image);
        handles.push(client.effects().create(request).await.unwrap());
    }
    handles
}

fn client() -> Client {
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
        .unwrap()
}
