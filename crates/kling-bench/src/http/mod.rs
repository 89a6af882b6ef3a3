//! The client compared with a bare HTTP library.

pub(crate) mod answer;
pub(crate) mod create;
pub(crate) mod download;
pub(crate) mod get;
pub(crate) mod polling;
pub(crate) mod virtual_time;
pub(crate) mod waiters;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use kling_http::{Client, Credentials, Provider};

/// The answer of the server below.
const ANSWER: &str = r#"{"code":0,"message":"SUCCEED","request_id":"9ab376fc-0000-4000-8000-000000000000","data":{"task_id":"878106242831892487","task_status":"succeed","task_status_msg":"","task_info":{"external_task_id":"order-1"},"task_result":{"videos":[{"id":"878106242900000000","url":"https://example.com/a.mp4?Expires=1&Signature=x","duration":"5"}]},"created_at":1777385361501,"updated_at":1777385363321}}"#;

/// A minimal server that sends the same answer to every request.
#[allow(clippy::expect_used)] // Without a server there is nothing to measure.
fn server() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    address
}

fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let length = ANSWER.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{ANSWER}"
    );
    let mut buffer = vec![0; 1 << 18];
    loop {
        let mut have = 0;
        let head = loop {
            let more = stream.read(buffer.get_mut(have..).unwrap_or_default())?;
            if more == 0 {
                return Ok(());
            }
            have += more;
            let read = buffer.get(..have).unwrap_or_default();
            if let Some(head) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break head + 4;
            }
        };
        let text = String::from_utf8_lossy(buffer.get(..head).unwrap_or_default()).to_lowercase();
        let length = text.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.lines().next()?.trim().parse::<usize>().ok());
        let mut missing = (head + length.unwrap_or(0)).saturating_sub(have);
        while missing > 0 {
            let more = stream.read(&mut buffer)?;
            if more == 0 {
                return Ok(());
            }
            missing = missing.saturating_sub(more);
        }
        stream.write_all(answer.as_bytes())?;
    }
}

#[allow(clippy::expect_used)] // Constants make it.
fn client(address: SocketAddr) -> Client {
    let provider = Provider::kling().with_base_url(format!("http://{address}"));
    let client = Client::builder(provider, Credentials::api_key("key"));
    client.build().expect("a client")
}
