//! Every fault of callbacks as it is on the wire: bytes on a socket, between a
//! plain sender and a plain receiver. `callbacks` looks closer at what they do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use kling_http::{Body, TransportError, TransportErrorKind, transport_fn};
use kling_mock::{Account, ManualClock, Mock, Operation, Plan, Profile};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::callbacks::{Got, SECRET, check_signed};
use crate::door::Door;
use crate::single;

/// One request, as its bytes came, up to the length that its head has.
async fn read(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut received = Vec::new();
    loop {
        if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&received[..end]).to_lowercase();
            let length = head.split("content-length: ").nth(1).expect("a length");
            let length = length.lines().next().and_then(|text| text.parse().ok());
            if received.len() == end + 4 + length.unwrap_or(0_usize) {
                return Some(received);
            }
        }
        if stream.read_buf(&mut received).await.expect("bytes") == 0 {
            return None;
        }
    }
}

/// Takes what comes, one connection each, and answers 200.
async fn receive(listener: TcpListener, seen: Arc<Mutex<Vec<Vec<u8>>>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        if let Some(request) = read(&mut stream).await {
            seen.lock().expect("a lock").push(request);
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(answer).await.expect("sent");
        }
    }
}

/// Sends a request as it is, and reads the answer's status.
async fn post(request: http::Request<Bytes>) -> Result<http::Response<Body>, TransportError> {
    let (head, body) = request.into_parts();
    let host = head.uri.authority().expect("a host");
    let target = head.uri.path_and_query().expect("a path");
    let mut bytes = format!("{} {target} HTTP/1.1\r\nhost: {host}\r\n", head.method).into_bytes();
    for (name, value) in &head.headers {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
    bytes.extend(body);
    let exchange = async {
        let mut stream = TcpStream::connect(host.as_str()).await?;
        stream.write_all(&bytes).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    };
    let broken = |error: std::io::Error| TransportError::new(TransportErrorKind::Broken, error);
    let answer = exchange.await.map_err(broken)?;
    let mut answered = http::Response::new(Body::empty());
    let status = answer.split(' ').nth(1).and_then(|text| text.parse().ok());
    *answered.status_mut() = status.expect("a status");
    Ok(answered)
}

/// The bytes as a request.
fn parsed(bytes: &[u8]) -> Got {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.expect("a head");
    let head = std::str::from_utf8(&bytes[..end]).expect("text");
    let (first, lines) = head.split_once("\r\n").expect("headers");
    assert_eq!(first, "POST /hook?token=t HTTP/1.1");
    let mut request = http::Request::post("/");
    for line in lines.lines() {
        let (name, value) = line.split_once(": ").expect("a header");
        request = request.header(name, value);
    }
    let (head, ()) = request.body(()).expect("a request").into_parts();
    let body = Bytes::copy_from_slice(&bytes[end + 4..]);
    Got::new("", head.headers, body)
}

/// What a life of a task under a fault puts on the wire, and the mock behind it.
async fn life(fault: &str) -> (Vec<Got>, Mock) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let seen = Arc::default();
    let receiver = tokio::spawn(receive(listener, Arc::clone(&seen)));
    let account = Account::new("a").webhook_secret(SECRET).expect("a secret");
    let mock = Mock::builder()
        .profile(Profile::kling())
        .clock(ManualClock::new())
        .plan(Plan::after(Duration::from_secs(1), Duration::from_secs(9)))
        .account(account)
        .expect("an account")
        .fault(fault.parse().expect(fault))
        .callbacks_through(transport_fn(post))
        .build();
    let mut body = single();
    body["callback_url"] = format!("http://{address}/hook?token=t").into();
    body["external_task_id"] = "mine".into();
    Door::of(&mock).create("", &body).await.task_id();
    mock.advance(Duration::from_secs(60)).await.expect("moved");
    receiver.abort();
    let seen = seen.lock().expect("a lock");
    (seen.iter().map(|bytes| parsed(bytes)).collect(), mock)
}

fn header<'a>(got: &'a Got, name: &str) -> Option<&'a str> {
    let value = got.headers().get(name)?;
    Some(value.to_str().expect("text"))
}

/// Which come, in which order, and what the attempts are remembered with. The
/// task itself goes its way.
#[tokio::test]
async fn lost_doubled_and_out_of_order() {
    let (told, ran, ended) = ("submitted", "processing", "succeed");
    for (fault, wanted, outcomes) in [
        ("callback#2:drop", &[told, ended][..], "200 dropped 200"),
        (
            "callback#1:dup=3",
            &[told, ran, told, told, ended],
            "200 200 200 200 200",
        ),
        ("callback#1:reorder", &[ran, told, ended], "200 200 200"),
        ("callback#1:late=5s", &[ran, told, ended], "200 200 200"),
        ("callback#3:late=1h", &[told, ran], "200 200"),
    ] {
        let (got, mock) = life(fault).await;
        let mut statuses: Vec<_> = got.iter().map(Got::status).collect();
        // A copy may come before or after what is due at another time.
        if fault.contains("dup") {
            statuses.sort();
            let mut wanted = wanted.to_vec();
            wanted.sort_unstable();
            assert_eq!(statuses, wanted, "{fault}");
            let id = |got: &Got| header(got, "webhook-id").map(str::to_owned);
            let copies = got.iter().filter(|one| one.status() == told);
            let ids: Vec<_> = copies.map(id).collect();
            assert!(ids.iter().all(|one| *one == ids[0]), "{ids:?}");
        } else {
            assert_eq!(statuses, wanted, "{fault}");
        }
        let attempts = mock.callback_attempts("a");
        let remembered: Vec<_> = attempts
            .iter()
            .filter_map(|attempt| attempt.outcome.as_deref())
            .collect();
        assert_eq!(remembered.join(" "), outcomes, "{fault}");
        let task = mock.task("mine").expect("a task");
        assert_eq!(task.status.as_str(), ended, "{fault}");
        assert!(mock.faults()[0].hits > 0, "{fault}");
        // What was put off comes when its time has.
        mock.advance(Duration::from_secs(3_600))
            .await
            .expect("moved");
        let outstanding = 3 - remembered.len().min(3);
        let more = mock.callback_attempts("a").len() - attempts.len();
        assert_eq!(more, outstanding, "{fault}");
    }
}

#[tokio::test]
async fn late_ones_are_late() {
    let (_, mock) = life("callback#1:late=500ms").await;
    let began = mock.task("mine").expect("a task").created_at.get();
    let attempts = mock.callback_attempts("a");
    let at = attempts.iter().map(|attempt| attempt.at.get() - began);
    assert_eq!(at.collect::<Vec<_>>(), [500, 1_000, 10_000]);
    let journal = mock.journal();
    let told = journal
        .iter()
        .filter(|entry| entry.operation() == Operation::Callback);
    assert_eq!(told.count(), 3);
}

/// What is wrong with a signature, and with none but the one that is meant.
#[tokio::test]
async fn signatures() {
    for (fault, is_signed, is_right, is_old) in [
        ("callback#1:bad_sig", true, false, false),
        ("callback#1:wrong_secret", true, false, false),
        ("callback#1:stale_ts", true, true, true),
        ("callback#1:no_headers", false, false, false),
    ] {
        let (got, mock) = life(fault).await;
        assert_eq!(got.len(), 3, "{fault}");
        let now = mock.now().get() / 1_000;
        for (index, one) in got.iter().enumerate() {
            let meant = index == 0;
            let of_webhook = ["webhook-id", "webhook-timestamp", "webhook-signature"];
            for name in of_webhook {
                let there = header(one, name).is_some();
                assert_eq!(there, is_signed || !meant, "{fault}: {name}");
            }
            let Some(timestamp) = header(one, "webhook-timestamp") else {
                continue;
            };
            check_signed(one, SECRET, is_right || !meant);
            let age = now - timestamp.parse::<i64>().expect("seconds");
            assert_eq!(age > 300, is_old && meant, "{fault}: {age} s");
        }
        assert_eq!(mock.faults()[0].hits, 1, "{fault}");
    }
}
