//! A large download with its SHA-256, compared with `curl -s URL | sha256sum`, on the
//! loopback interface.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use kling_http::types::Video;

use super::client;
use crate::measure::{Stopwatch, compare, peak, size};
use crate::mock::block_on;
use crate::report::{Goal, Report, Row};

const LENGTH: usize = size(200, 20) * 1_000_000;
const PIECE: usize = 1_000_000;

pub(crate) fn run(report: &mut Report) {
    let Some(address) = serve() else { return };
    let url = format!("http://{address}/v.mp4");
    let mut video = Video::default();
    video.url = Some(url.clone());
    let ours = || {
        let watch = Stopwatch::wall();
        let received = block_on(async {
            let download = client(address).download(&video).await.ok()?;
            download.write_to(tokio::io::sink()).await.ok()
        });
        match received {
            Some(received) if received.bytes == LENGTH as u64 => watch.millis(),
            _ => f64::NAN,
        }
    };
    let curl = || {
        let watch = Stopwatch::wall();
        let pipe = format!("curl -sf {url} | sha256sum");
        match Command::new("sh").args(["-c", &pipe]).output() {
            Ok(output) if output.status.success() => watch.millis(),
            _ => f64::NAN,
        }
    };
    ours();
    let before = peak();
    // 0.9 of the speed is 1/0.9 of the time.
    report.add(compare(
        "client: a download of 200 MB with its SHA-256",
        "ms",
        ours,
        ("curl | sha256sum", curl),
        Goal::RatioAtMost(1.11),
    ));
    let grown = (peak() - before) / f64::from(1 << 20);
    report.add(Row {
        what: "client: growth of the process's peak memory by ten more such downloads".into(),
        unit: "MiB",
        ours: grown,
        baseline: None,
        ratio: None,
        goal: Goal::AtMost(4.0),
    });
}

/// A server on a new thread that answers each request with the same bytes.
fn serve() -> Option<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).ok()?;
    let address = listener.local_addr().ok()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    Some(address)
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let piece: Vec<u8> = (0..PIECE).map(|n| n.to_le_bytes()[0]).collect();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\netag: \"a\"\r\n\r\n");
    let mut request = [0; 4096];
    // A request without a body fits into one read.
    while stream.read(&mut request)? > 0 {
        stream.write_all(head.as_bytes())?;
        for _ in 0..LENGTH / PIECE {
            stream.write_all(&piece)?;
        }
    }
    Ok(())
}
