//! What goes over a real socket.

use kling_http::{Client, Credentials, ErrorKind, Provider, RetryPolicy};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::host::KEY;
use crate::{request, task_id};

fn client(server: &MockServer) -> Client {
    let provider = Provider::comet().with_base_url(server.uri());
    let client = Client::builder(provider, Credentials::api_key(KEY)).build();
    client.expect("a client")
}

async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn submitted() -> ResponseTemplate {
    ResponseTemplate::new(200)
        .set_body_json(json!({"code": 0, "data": {"task_id": "7", "task_status": "submitted"}}))
}

async fn received(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.expect("a record")
}

#[tokio::test]
async fn a_create_and_a_query() {
    let server = server(submitted()).await;
    let task = client(&server)
        .effects()
        .create(request())
        .await
        .expect("a task");
    let other = client(&server).effects().task(task_id("a b/c"));
    other.fetch().await.expect("a task");

    let [create, query] = &received(&server).await[..] else {
        panic!("two requests")
    };
    assert_eq!(
        (create.method.as_str(), create.url.path()),
        ("POST", "/kling/v1/videos/effects")
    );
    assert_eq!(create.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(create.headers["content-type"], "application/json");
    assert_eq!(create.headers["accept"], "application/json");
    let agent = concat!("kling-http/", env!("CARGO_PKG_VERSION"));
    assert_eq!(create.headers["user-agent"], agent);
    let body: Value = serde_json::from_slice(&create.body).expect("JSON");
    let expected = json!({
        "effect_scene": "color_mixing",
        "input": {"image": "https://example.com/me.jpg", "duration": "5"},
        "external_task_id": task.external_id(),
    });
    assert_eq!(body, expected);

    let path = "/kling/v1/videos/effects/a%20b%2Fc";
    assert_eq!((query.method.as_str(), query.url.path()), ("GET", path));
    assert_eq!(query.headers["authorization"], format!("Bearer {KEY}"));
    assert!(!query.headers.contains_key("content-type"));
    assert!(query.body.is_empty());
}

/// The key must not follow a redirect to whoever is behind it.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = server(submitted()).await;
    let moved = ResponseTemplate::new(307).insert_header("location", other.uri());
    let server = server(moved).await;
    let error = client(&server)
        .effects()
        .create(request())
        .await
        .expect_err("moved");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!error.maybe_sent());
    assert_eq!(received(&server).await.len(), 1);
    assert_eq!(received(&other).await.len(), 0);
}

#[tokio::test]
async fn nobody_there_is_no_connection() {
    // Bound, so that nobody else gets the port, but not listening.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let url = format!("http://{}", socket.local_addr().expect("an address"));
    let client = Client::builder(
        Provider::comet().with_base_url(url.clone()),
        Credentials::api_key(KEY),
    )
    .retry(RetryPolicy::never())
    .build()
    .expect("a client");
    let error = client
        .effects()
        .create(request())
        .await
        .expect_err("nobody there");
    let asked = format!("no connection to the service; asked was comet at {url}");
    assert_eq!(error.to_string(), asked);
    assert!(!error.maybe_sent());
}

/// A connection that ends before the answer: it may have arrived.
#[tokio::test]
async fn a_connection_that_breaks_off_leaves_it_open() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let accepted = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut some = [0; 64];
        tokio::io::AsyncReadExt::read(&mut stream, &mut some)
            .await
            .expect("a request");
    });
    let provider = Provider::comet().with_base_url(url);
    let client = Client::builder(provider, Credentials::api_key(KEY))
        .build()
        .expect("a client");
    let error = client
        .effects()
        .create(request())
        .await
        .expect_err("broken");
    accepted.await.expect("one connection");
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(error.maybe_sent());
    assert_eq!(error.attempts(), 1);
}
