//! What goes over a real socket.

use kling_http::{Client, Credentials, ErrorKind, Provider, RetryPolicy, TaskHandle};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
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

/// A create at a host that says this, whatever it is asked, and hangs up.
async fn create_at_one_that_hangs_up_after(said: String) -> kling_http::Result<TaskHandle> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let accepted = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            let read = stream.read_buf(&mut request).await.expect("a request");
            assert_ne!(read, 0, "a whole request");
        }
        stream.write_all(said.as_bytes()).await.expect("an answer");
    });
    let provider = Provider::comet().with_base_url(url);
    let client = Client::builder(provider, Credentials::api_key(KEY)).build();
    let created = client.expect("a client").effects().create(request()).await;
    accepted.await.expect("one connection");
    created
}

/// A connection that ends before the answer: it may have arrived.
#[tokio::test]
async fn a_connection_that_breaks_off_leaves_it_open() {
    for (said, quoted) in [
        ("", ""),
        ("HTTP/1.1 200 OK\r\nContent-Le", ""),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"data\":{\"task_id\":\"7",
            r#"no more than "{\"data\":{\"task_id\":\"7";"#,
        ),
    ] {
        let error = create_at_one_that_hangs_up_after(said.to_owned()).await;
        let error = error.expect_err("broken");
        assert_eq!(error.kind(), ErrorKind::Transport);
        assert!(error.maybe_sent());
        assert_eq!(error.attempts(), 1);
        assert!(error.to_string().contains(quoted), "{error}");
    }
}

/// One that ends behind all that the answer says takes nothing of it away.
#[tokio::test]
async fn a_connection_that_breaks_off_after_the_task_loses_no_task() {
    let body = r#"{"code":0,"data":{"task_id":"7","task_status":"submitted"}}"#;
    for head in [
        format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len()),
        format!("Content-Length: {}\r\n\r\n", body.len() + 2),
    ] {
        let said = format!("HTTP/1.1 200 OK\r\n{head}{body}");
        let task = create_at_one_that_hangs_up_after(said).await;
        assert_eq!(task.expect("a task").id(), &task_id("7"), "{head}");
    }
}
