//! All ways into the service, as one.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use kling_http::Transport as _;
use kling_mock::{Mock, MockTransport, Server};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[derive(Debug, Clone)]
pub(crate) struct Door {
    way: Way,
    key: String,
    /// What paths are added to.
    base: String,
}

#[derive(Debug, Clone)]
enum Way {
    InProcess(MockTransport),
    Socket(SocketAddr),
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self
            .headers
            .get(name)
            .unwrap_or_else(|| panic!("no {name}: {self:?}"));
        value.to_str().expect("text")
    }

    /// The task in it.
    pub(crate) fn task(&self) -> Value {
        let body = self.json();
        assert_eq!(body["code"], 0, "{body}");
        body["data"].clone()
    }

    pub(crate) fn task_id(&self) -> String {
        self.task()["task_id"].as_str().expect("an id").to_owned()
    }
}

impl Door {
    /// Without a socket.
    pub(crate) fn of(mock: &Mock) -> Self {
        Door {
            way: Way::InProcess(mock.transport()),
            key: mock.api_key().to_owned(),
            base: "http://mock.test".to_owned(),
        }
    }

    pub(crate) fn through(mock: &Mock, server: &Server) -> Self {
        Door {
            base: server.base_url(),
            ..Door::at(mock, server.address())
        }
    }

    /// Over a socket, under the same name as without one.
    pub(crate) fn at(mock: &Mock, address: SocketAddr) -> Self {
        Door {
            way: Way::Socket(address),
            ..Door::of(mock)
        }
    }

    /// The same way in with another key.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Door {
            key: key.to_owned(),
            ..self.clone()
        }
    }

    /// Asks with these headers and no others.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let path = path.strip_prefix(&self.base).unwrap_or(path);
        match &self.way {
            Way::InProcess(transport) => {
                let mut request = Request::new(Bytes::copy_from_slice(body));
                *request.method_mut() = Method::from_bytes(method.as_bytes()).expect("a method");
                *request.uri_mut() = format!("{}{path}", self.base).parse().expect("a URL");
                for (name, value) in headers {
                    let name: HeaderName = name.parse().expect("a name");
                    let value = HeaderValue::from_str(value).expect("a value");
                    request.headers_mut().insert(name, value);
                }
                let answer = transport.send(request).await.expect("an answer");
                let (parts, body) = answer.into_parts();
                Answer {
                    status: parts.status.as_u16(),
                    headers: parts.headers,
                    body: body.collect(usize::MAX).await.expect("a body"),
                }
            }
            Way::Socket(address) => {
                let lines = headers.iter();
                let lines: Vec<_> = lines
                    .map(|(name, value)| format!("{name}: {value}\r\n"))
                    .collect();
                let host = self.base.trim_start_matches("http://");
                let head = format!(
                    "{method} {path} HTTP/1.1\r\nhost: {host}\r\n{}content-length: {}\r\n\
                     connection: close\r\n\r\n",
                    lines.concat(),
                    body.len()
                );
                raw(*address, &[head.as_bytes(), body].concat()).await
            }
        }
    }

    /// Asks with the right key.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let bearer = format!("Bearer {}", self.key);
        self.ask(method, path, &[("authorization", &bearer)], body)
            .await
    }

    /// Creates, at the host that the prefix belongs to.
    pub(crate) async fn create(&self, prefix: &str, body: &Value) -> Answer {
        let path = format!("{prefix}/v1/videos/effects");
        self.call("POST", &path, body.to_string().as_bytes()).await
    }

    pub(crate) async fn query(&self, prefix: &str, id: &str) -> Answer {
        let path = format!("{prefix}/v1/videos/effects/{id}");
        self.call("GET", &path, b"").await
    }
}

/// Sends bytes and reads the answer.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(bytes).await.expect("sent");
    read(&mut stream).await
}

/// Reads an answer up to the end of the connection.
pub(crate) async fn read(stream: &mut TcpStream) -> Answer {
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.expect("an answer");
    let end = received
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a head");
    let head = std::str::from_utf8(&received[..end]).expect("text");
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .expect("a status");
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").expect("a header");
        let name: HeaderName = name.parse().expect("a name");
        (name, HeaderValue::from_str(value).expect("a value"))
    });
    Answer {
        status: status.parse().expect("a number"),
        headers: headers.collect(),
        body: Bytes::copy_from_slice(&received[end + 4..]),
    }
}
