//! The list of tasks, as a host without a mock shows it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_core::Stream;
use kling_http::{Client, Credentials, ErrorKind, Provider, Task, transport_fn};
use serde_json::{Value, json};

use crate::host::{Host, KEY, ok, refusal};

fn page(ids: impl IntoIterator<Item = u64>) -> Value {
    let items = ids
        .into_iter()
        .map(|id| json!({"task_id": id.to_string(), "task_status": "processing"}));
    json!({"code": 0, "message": "SUCCEED", "data": items.collect::<Vec<_>>()})
}

/// The number that a query names.
fn number(request: &http::Request<Bytes>, name: &str) -> usize {
    let query = request.uri().query().unwrap_or_default();
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name));
    value
        .and_then(|value| value.strip_prefix('=')?.parse().ok())
        .expect("a number")
}

/// A service with tasks 1 to `tasks`, newest first; before each page but the
/// first, `grows` more are created.
fn service(tasks: u64, grows: u64) -> Client {
    let newest = AtomicU64::new(tasks - grows);
    let service = transport_fn(move |request| {
        let newest = newest.fetch_add(grows, Ordering::Relaxed) + grows;
        let (number, size) = (number(&request, "pageNum"), number(&request, "pageSize"));
        let skipped = (number - 1) * size;
        let ids = (1..=newest).rev().skip(skipped).take(size);
        let body = Bytes::from(page(ids).to_string());
        async move { Ok(http::Response::new(body.into())) }
    });
    let client = Client::builder(Provider::kling(), Credentials::api_key(KEY)).transport(service);
    client.build().expect("a client")
}

fn id(task: &Task) -> u64 {
    task.id.as_str().parse().expect("a number")
}

/// The ids, in order, without a stream library.
async fn ids(client: &Client, page_size: u16) -> Vec<u64> {
    let mut tasks = client.effects().list().page_size(page_size).tasks();
    let mut ids = Vec::new();
    while let Some(task) = tasks.next().await {
        ids.push(id(&task.expect("a task")));
    }
    assert!(tasks.next().await.is_none(), "after the end");
    ids
}

#[tokio::test(start_paused = true)]
async fn every_task_is_listed_once() {
    for tasks in [1, 99, 100, 101, 1203] {
        let expected: Vec<u64> = (1..=tasks).rev().collect();
        assert_eq!(ids(&service(tasks, 0), 100).await, expected, "{tasks}");
    }
}

/// 1,203 tasks are listed once each while more are being added.
#[tokio::test(start_paused = true)]
async fn nothing_is_skipped_or_shown_twice_while_tasks_are_added() {
    for (grows, page_size) in [(1, 100), (7, 100), (90, 100), (40, 50)] {
        let listed = ids(&service(1203, grows), page_size).await;
        let expected: Vec<u64> = (1..=1203).rev().collect();
        assert_eq!(listed, expected, "{grows} new ones a page of {page_size}");
    }
    // Newer ones that were seen on the way would count, but not twice.
    let listed = ids(&service(1203, 3), 500).await;
    assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len());
}

#[tokio::test(start_paused = true)]
async fn a_short_page_is_the_last() {
    let host = Host::new([ok(&page(1..=3)), ok(&page(4..=5))]);
    let client = host.client(Provider::kling());
    let mut pages = client.effects().list().page_size(3).pages();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.expect("a page").len());
    }
    assert_eq!(sizes, [3, 2]);
    let urls: Vec<String> = host.asked().into_iter().map(|it| it.url).collect();
    let list = "https://api-singapore.klingai.com/v1/videos/effects";
    let expected = [1, 2].map(|number| format!("{list}?pageNum={number}&pageSize=3"));
    assert_eq!(urls, expected);
    let operation = host.asked()[0].operation;
    assert_eq!(
        (operation.name, operation.idempotent),
        ("effects.list", true)
    );
}

#[tokio::test(start_paused = true)]
async fn pages_end_at_the_service_s_last() {
    // A host that shows the same full page for ever.
    let host = Host::new([ok(&page(1..=2))]);
    let client = host.client(Provider::kling());
    let mut tasks = client.effects().list().page_size(2).tasks();
    let mut listed = 0;
    let error = loop {
        match tasks.next().await.expect("no quiet end") {
            Ok(_) => listed += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((listed, host.asked().len()), (2, 1000));
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(tasks.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_list_error_ends_the_stream() {
    let check = async |host: Host, provider: Provider, page_size, kind| {
        let client = host.client(provider);
        let mut pages = client.effects().list().page_size(page_size).pages();
        let error = pages.next().await.expect("an item").expect_err("an error");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(pages.next().await.is_none(), "{error}");
    };
    // Nobody is asked.
    check(
        Host::new([]),
        Provider::comet(),
        100,
        ErrorKind::Unsupported,
    )
    .await;
    check(Host::new([]), Provider::kling(), 0, ErrorKind::Config).await;
    check(Host::new([]), Provider::kling(), 501, ErrorKind::Config).await;
    let refused = Host::new([refusal(401, 1002, "no")]);
    check(refused, Provider::kling(), 100, ErrorKind::Auth).await;
    for odd in [json!({"code": 0, "data": {"task_id": "7"}}), json!([])] {
        check(
            Host::new([ok(&odd)]),
            Provider::kling(),
            100,
            ErrorKind::Decode,
        )
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_left_out_or_null_is_an_empty_page() {
    for nothing in [json!({"code": 0}), json!({"code": 0, "data": null})] {
        let client = Host::new([ok(&nothing)]).client(Provider::kling());
        assert!(ids(&client, 100).await.is_empty());
    }
}

/// Peer trap: an unknown status fails the whole page.
#[tokio::test(start_paused = true)]
async fn an_odd_item_does_not_lose_the_page() {
    let answer = json!({"code": 0, "data": [
        {"task_id": "1", "task_status": "paused"},
        {"id": "2", "status": "succeeded", "outputs": []},
        null,
        {"task_status": "processing"},
        {"task_id": 3, "task_status": "processing"},
    ]});
    let client = Host::new([ok(&answer)]).client(Provider::kling());
    assert_eq!(ids(&client, 100).await, [1, 2, 3]);
}

#[test]
fn both_are_streams_that_may_go_anywhere() {
    fn anywhere<T: Stream + Send + Unpin + std::fmt::Debug + 'static>() {}
    anywhere::<kling_http::Pages>();
    anywhere::<kling_http::Tasks>();
}
