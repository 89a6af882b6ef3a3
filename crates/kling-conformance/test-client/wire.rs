//! Sends an HTTP request over a new connection.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A response; [`send`] returns `None` if there was none.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
    /// Whether the body has the length that the header announced.
    pub(crate) is_whole: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The message of an error, from Kling or from the gateway.
    pub(crate) fn message(&self) -> String {
        let json = self.json();
        let own = json["message"].as_str();
        let text = own.or_else(|| json["error"]["message"].as_str());
        text.unwrap_or("no reason was given").to_owned()
    }
}

pub(crate) async fn send(method: &str, url: &str, headers: &str, body: &str) -> Option<Answer> {
    let (host, path) = url.strip_prefix("http://")?.split_once('/')?;
    let mut stream = TcpStream::connect(host).await.ok()?;
    let length = body.len();
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    // A broken connection may still have delivered a part.
    let _ = stream.read_to_end(&mut answer).await;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(answer.get(..end)?.to_vec()).ok()?;
    let body = answer.split_off(end + 4);
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    };
    let promised = header("content-length").and_then(|length| length.parse().ok());
    let retry_after = header("retry-after").and_then(|seconds| seconds.parse().ok());
    Some(Answer {
        status: head.split(' ').nth(1)?.parse().ok()?,
        retry_after: retry_after.map(Duration::from_secs),
        is_whole: promised.is_none_or(|promised: usize| promised == body.len()),
        body,
    })
}
