//! Faults on a socket: the bytes that a client receives.

use std::io::ErrorKind;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::faults::{KLING, mock_with};
use crate::single;

/// Everything that the client of one create receives.
async fn wire(fault: &str) -> std::io::Result<String> {
    let mock = mock_with(&[fault]);
    let server = mock.serve(([127, 0, 0, 1], 0)).await?;
    let mut stream = TcpStream::connect(server.address()).await?;
    let body = single().to_string();
    let request = format!(
        "POST {KLING} HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        mock.api_key(),
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await?;
    Ok(String::from_utf8_lossy(&received).into_owned())
}

/// The length of the body according to its header, and as received.
fn lengths(answer: &str) -> (usize, usize) {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let declared = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    (
        declared.expect("a length").parse().expect("a number"),
        body.len(),
    )
}

#[tokio::test]
async fn faults_on_the_wire() {
    for fault in ["create:reset", "create@after:reset"] {
        let error = wire(fault).await.expect_err("a reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{fault}");
    }
    for fault in ["create:close", "create@after:close"] {
        assert_eq!(wire(fault).await.expect("an end"), "", "{fault}");
    }
    let whole = wire("create:delay=1ms").await.expect("an answer");
    let (declared, came) = lengths(&whole);
    assert_eq!(declared, came);

    let cut = wire("create:truncate=7").await.expect("an answer");
    assert_eq!(lengths(&cut), (declared, 7));
    assert!(cut.starts_with("HTTP/1.1 200 OK\r\n"), "{cut}");

    let empty = wire("create:empty").await.expect("an answer");
    assert_eq!(lengths(&empty), (0, 0));
    let paced = wire("create:chunk=50,gap=1ms").await.expect("an answer");
    assert_eq!(lengths(&paced), (declared, declared));
    let slow = wire("create:slow=1000000").await.expect("an answer");
    assert_eq!(lengths(&slow), (declared, declared));

    let bom = wire("create:json=bom").await.expect("an answer");
    assert_eq!(lengths(&bom), (declared + 3, declared + 3));
    let half = wire("create:json=cut").await.expect("an answer");
    assert_eq!(lengths(&half), (declared / 2, declared / 2));

    let refused = wire("create:429/1303+retry_after=2s")
        .await
        .expect("an answer");
    assert!(
        refused.starts_with("HTTP/1.1 429 ") && refused.contains("\r\nretry-after: 2\r\n"),
        "{refused}"
    );
    let page = wire("create:html301").await.expect("an answer");
    assert!(
        page.starts_with("HTTP/1.1 301 ") && page.contains("\r\ncontent-type: text/html"),
        "{page}"
    );
    let raw = wire("create:raw(502, text/plain, \"no\\n\")")
        .await
        .expect("an answer");
    assert!(
        raw.starts_with("HTTP/1.1 502 ") && raw.ends_with("\r\n\r\nno\n"),
        "{raw}"
    );
}

/// A hanging request does not prevent the server from shutting down.
#[tokio::test]
async fn a_hang_ends_when_the_server_shuts_down() {
    let mock = mock_with(&["any:hang"]);
    let server = mock.serve(([127, 0, 0, 1], 0)).await.expect("a server");
    let mut stream = TcpStream::connect(server.address())
        .await
        .expect("a connection");
    let head = format!(
        "GET {KLING} HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {}\r\n\r\n",
        mock.api_key()
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    // The engine has the request once it is in the journal.
    while mock.journal().is_empty() {
        tokio::task::yield_now().await;
    }
    server.shutdown().await;
    let mut received = Vec::new();
    // Closed or reset, without an answer.
    let _ = stream.read_to_end(&mut received).await;
    assert_eq!(received, b"");
}
