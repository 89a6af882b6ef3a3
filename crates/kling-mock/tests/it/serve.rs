//! The door on a socket: it opens, it shuts, and nothing sent to it breaks it.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use kling_http::{Clock as _, EffectRequest, ImageSource, Scene, SystemClock};
use kling_mock::{Account, ManualClock, Mock, MockBuilder, Operation, Profile, Server, sign_jwt};
use kling_types::UnixMillis;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::door::{Answer, Door, raw, read};
use crate::single;

async fn serve(mock: &Mock) -> Server {
    mock.serve(([127, 0, 0, 1], 0)).await.expect("a port")
}

/// Whether nobody listens there.
async fn refuses(address: SocketAddr) -> bool {
    let connected = TcpStream::connect(address).await;
    connected.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

#[tokio::test]
async fn it_serves_on_a_free_port() {
    let mock = Mock::new();
    let (one, two) = (serve(&mock).await, serve(&mock).await);
    assert_ne!(one.address(), two.address());
    assert_eq!(one.base_url(), format!("http://{}", one.address()));
    // Both lead to the same service.
    let created = Door::through(&mock, &one).create("/kling", &single()).await;
    let found = Door::through(&mock, &two)
        .query("/kling", &created.task_id())
        .await;
    assert_eq!(found.task_id(), created.task_id());
}

#[tokio::test]
async fn a_taken_port_is_an_error() {
    let server = serve(&Mock::new()).await;
    let error = Mock::new()
        .serve(server.address())
        .await
        .expect_err("taken");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[tokio::test]
async fn shutdown_returns_when_the_port_is_closed() {
    for _ in 0..20 {
        let server = serve(&Mock::new()).await;
        let address = server.address();
        assert!(!refuses(address).await);
        server.shutdown().await;
        assert!(refuses(address).await);
    }
}

/// A connection that is kept alive is closed at once; one in the middle of a
/// request gets a moment, and no more.
#[tokio::test(start_paused = true)]
async fn shutdown_leaves_no_connection() {
    let server = serve(&Mock::new()).await;
    let mut idle = TcpStream::connect(server.address())
        .await
        .expect("a connection");
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .expect("sent");
    let mut some = [0; 16];
    idle.read_exact(&mut some).await.expect("an answer");
    let mut stuck = TcpStream::connect(server.address())
        .await
        .expect("a connection");
    let head = b"POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
    stuck.write_all(head).await.expect("sent");
    // "HTTP/1.1 100 Continue": the service waits for the body.
    stuck.read_exact(&mut some).await.expect("an answer");
    stuck.write_all(b"hal").await.expect("sent");

    server.shutdown().await;
    for mut stream in [idle, stuck] {
        let mut rest = Vec::new();
        // An end or a reset, but no silence.
        let ended = timeout(Duration::from_secs(60), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok());
    }
}

#[tokio::test]
async fn dropping_closes_the_port() {
    let server = serve(&Mock::new()).await;
    let address = server.address();
    drop(server);
    // As soon as the runtime gets to it.
    while !refuses(address).await {
        tokio::task::yield_now().await;
    }
}

/// With one popular mock, more than some 55 never end: its `Drop` waits for
/// locks until the task's budget is used up.
#[tokio::test]
async fn many_servers_can_be_dropped_in_one_poll() {
    let mock = Mock::new();
    let mut servers = Vec::new();
    for _ in 0..200 {
        servers.push(serve(&mock).await);
    }
    let addresses: Vec<_> = servers.iter().map(Server::address).collect();
    drop(servers);
    for address in addresses {
        while !refuses(address).await {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn hostile_bytes_harm_nobody_else() {
    let mock = Mock::new();
    let server = serve(&mock).await;
    let long_line = [b"GET /", &vec![b'x'; 1 << 20][..], b" HTTP/1.1\r\n\r\n"].concat();
    let many_headers = [
        b"GET / HTTP/1.1\r\n".to_vec(),
        b"a: b\r\n".repeat(10_000),
        b"\r\n".to_vec(),
    ]
    .concat();
    for bytes in [
        &b""[..],
        b"\r\n\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0\0\0\0\0\0\0\0",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\ncut",
        b"GET / HTTP/1.1\r\nhost: \xff\xfe\r\n\r\n",
        b"GET /%ff%00 HTTP/1.0\r\n\r\n",
        &long_line,
        &many_headers,
    ] {
        let mut stream = TcpStream::connect(server.address())
            .await
            .expect("a connection");
        // It may answer and close before it has read everything.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let head = String::from_utf8_lossy(&answer[..answer.len().min(16)]).into_owned();
        assert!(
            answer.is_empty() || head.starts_with("HTTP/1.") && !head.contains(" 5"),
            "{head}"
        );
    }
    let created = Door::through(&mock, &server)
        .create("/kling", &single())
        .await;
    assert_eq!(created.status, 200);
    assert_eq!(mock.charges().len(), 1);
}

const LIMIT: usize = 64 * 1024 * 1024;

fn kling() -> Mock {
    Mock::builder().profile(Profile::kling()).build()
}

/// Refused in the host's own form, and written down.
fn check_unread(mock: &Mock, answer: &Answer, status: u16, note: &str) {
    let body = answer.json();
    let said = match mock.provider().name() {
        "kling" => body["code"] == 1200 && body["request_id"].is_string(),
        _ => body["error"]["code"] == "invalid_request",
    };
    assert!(answer.status == status && said, "{answer:?}");
    let entry = mock.journal().pop().expect("an entry");
    assert_eq!(entry.note().as_deref(), Some(note));
    assert_eq!(entry.status().map(|status| status.as_u16()), Some(status));
    assert_eq!(entry.operation(), Operation::Create);
    assert!(mock.charges().is_empty());
}

#[tokio::test]
async fn a_body_that_says_it_is_too_long_is_not_read() {
    for (mock, prefix) in [(Mock::new(), "/kling"), (kling(), "")] {
        let server = serve(&mock).await;
        let head = format!(
            "POST {prefix}/v1/videos/effects HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
            LIMIT + 1
        );
        let answer = timeout(
            Duration::from_secs(30),
            raw(server.address(), head.as_bytes()),
        )
        .await
        .expect("an answer before the body");
        check_unread(&mock, &answer, 413, "the body is too large");
    }
}

#[tokio::test]
async fn a_body_that_turns_out_too_long_is_cut_off() {
    let mock = kling();
    let server = serve(&mock).await;
    let mut stream = TcpStream::connect(server.address())
        .await
        .expect("a connection");
    let head = format!(
        "POST /v1/videos/effects HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n",
        LIMIT + 1
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    let body = vec![b'x'; LIMIT + 1];
    stream.write_all(&body).await.expect("sent");
    let there = read(&mut stream).await;
    check_unread(&mock, &there, 413, "the body is too large");

    // Without a socket it is the same.
    let twin = kling();
    let here = Door::of(&twin)
        .call("POST", "/v1/videos/effects", &body)
        .await;
    check_unread(&twin, &here, 413, "the body is too large");
    assert_eq!(here.body, there.body);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_request() {
    for (mock, prefix) in [(Mock::new(), "/kling"), (kling(), "")] {
        let server = serve(&mock).await;
        let head = format!(
            "POST {prefix}/v1/videos/effects HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\ncut"
        );
        let mut stream = TcpStream::connect(server.address())
            .await
            .expect("a connection");
        stream.write_all(head.as_bytes()).await.expect("sent");
        stream.shutdown().await.expect("half closed");
        let answer = read(&mut stream).await;
        check_unread(&mock, &answer, 400, "the body broke off");
    }
}

/// What is meant for the mock itself is no traffic of the service, whole or not.
#[tokio::test]
async fn incomplete_control_requests_are_refused() {
    let mock = kling();
    let server = serve(&mock).await;
    let head = "POST /__mock/faults HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length:";
    for (rest, status, code) in [
        (format!(" {}\r\n\r\n", LIMIT + 1), 413, "body_too_large"),
        (" 100\r\n\r\n{\"fault\"".to_owned(), 400, "bad_body"),
    ] {
        let mut stream = TcpStream::connect(server.address())
            .await
            .expect("a connection");
        let request = format!("{head}{rest}");
        stream.write_all(request.as_bytes()).await.expect("sent");
        stream.shutdown().await.expect("half closed");
        let answer = read(&mut stream).await;
        let error = &answer.json()["error"];
        assert_eq!((answer.status, &error["code"]), (status, &code.into()));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    // Without a socket it is the same.
    let body = vec![b'x'; LIMIT + 1];
    let answer = Door::of(&mock)
        .ask("POST", "/__mock/faults", &[], &body)
        .await;
    assert_eq!(answer.json()["error"]["code"], "body_too_large");
    assert_eq!((mock.totals().all(), mock.journal().len()), (0, 0));
    // Not even a number was given away.
    let first = async |mock: &Mock| Door::of(mock).query("", "x").await.body;
    assert_eq!(first(&mock).await, first(&kling()).await);
}

#[tokio::test(start_paused = true)]
async fn journal_wait_returns_unreadable_requests() {
    let mock = kling();
    let door = Door::of(&mock);
    let began = tokio::time::Instant::now();
    let (page, _) = tokio::join!(mock.journal_wait(0, 1, Duration::from_secs(30)), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let body = vec![b'x'; LIMIT + 1];
        door.call("POST", "/v1/videos/effects", &body).await
    });
    assert_eq!(page.entries.len(), 1);
    assert_eq!(began.elapsed(), Duration::from_secs(1));
}

/// Links lead back to where the caller came in.
#[tokio::test]
async fn links_name_the_host_that_was_asked() {
    let mock = Mock::builder().plan(kling_mock::Plan::instant()).build();
    let server = serve(&mock).await;
    let id = Door::through(&mock, &server)
        .create("/kling", &single())
        .await
        .task_id();
    let ask = format!(
        "GET /kling/v1/videos/effects/{id} HTTP/1.1\r\nhost: videos.test:81\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
        mock.api_key()
    );
    let task = raw(server.address(), ask.as_bytes()).await.task();
    let url = task["task_result"]["videos"][0]["url"]
        .as_str()
        .expect("an address");
    assert!(url.starts_with("http://videos.test:81/assets/"), "{url}");
}

/// Its clients have the machine's time: tokens, and what is adopted as theirs, go
/// by that. In process, runs repeat.
#[tokio::test]
async fn a_served_mock_lives_in_the_present_unless_it_has_a_clock() {
    let present = || UnixMillis::from(SystemClock.now()).get();
    let began = present();
    let built = |builder: MockBuilder| {
        let account = Account::new("a").access_keys("access", "secret");
        builder.account(account).expect("an account").build()
    };
    let status = async |mock: &Mock, server: &Server, seconds: i64| {
        let token = sign_jwt("access", "secret", seconds);
        let door = Door::at(mock, server.address()).with_key(&token);
        door.create("/kling", &single()).await.status
    };

    let mock = built(Mock::builder());
    let client = mock.client().expect("a client");
    let virtual_epoch = UnixMillis::new(1_767_225_600_000);
    assert!(mock.now().saturating_since(virtual_epoch) < Duration::from_secs(60));
    let server = serve(&mock).await;
    assert!((began..=present()).contains(&mock.now().get()));
    assert_eq!(status(&mock, &server, present() / 1000).await, 200);
    assert_ne!(status(&mock, &server, 1_767_225_600).await, 200);
    // A client of its own goes with it.
    let image = ImageSource::url("https://example.com/me.jpg");
    let request = EffectRequest::single(Scene::COLOR_MIXING, image);
    let task = client.effects().create(request).await.expect("a task");
    let created = mock.task(task.id().as_str()).expect("a task").created_at;
    assert!((began..=present()).contains(&created.get()));

    let mock = built(Mock::builder().clock(ManualClock::new()));
    let server = serve(&mock).await;
    assert_eq!(mock.now(), virtual_epoch);
    assert_eq!(status(&mock, &server, 1_767_225_600).await, 200);
    assert_ne!(status(&mock, &server, present() / 1000).await, 200);
}
