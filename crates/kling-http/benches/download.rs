//! A large download with its SHA-256, beside `curl -s URL | sha256sum`, on
//! loopback: `cargo bench -p kling-http --bench download`.
//!
//! The rounds of all contestants are interleaved, so that whatever else the
//! machine does meets them alike. Printed are medians, the ratio of the speeds
//! (at least 0.9 is wanted of `write_to`, which does what the pipe does; `save_to`
//! also writes the file to the disk and waits for it), and by how much the
//! process has grown since the first round of ours.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::process::Command;
use std::time::Duration;

use kling_http::types::Video;
use kling_http::{Client, Credentials, Provider};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

const LENGTH: usize = 200 * 1_000_000;
const PIECE: usize = 1_000_000;
const ROUNDS: usize = 9;

fn main() {
    // The host has a thread of its own, as another program would.
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime().block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream));
            }
        });
    });
    let url = format!("http://{}/v.mp4", told.recv().unwrap());
    runtime().block_on(compare(&url));
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

/// Answers each request on a connection with the same bytes.
async fn serve(mut stream: TcpStream) {
    let piece: Vec<u8> = (0..PIECE).map(|n| n.to_le_bytes()[0]).collect();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\netag: \"a\"\r\n\r\n");
    let mut request = [0; 4096];
    while let Ok(1..) = stream.read(&mut request).await {
        if stream.write_all(head.as_bytes()).await.is_err() {
            return;
        }
        for _ in 0..LENGTH / PIECE {
            if stream.write_all(&piece).await.is_err() {
                return;
            }
        }
    }
}

async fn compare(url: &str) {
    let client = Client::builder(Provider::comet(), Credentials::api_key("sk-1"));
    let client = client.build().unwrap();
    let mut video = Video::default();
    video.url = Some(url.to_owned());
    let directory = tempfile::tempdir().unwrap();

    let (mut curl, mut written, mut saved) = (Vec::new(), Vec::new(), Vec::new());
    let mut first_peak = None;
    for round in 0..=ROUNDS {
        let begun = Instant::now();
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!("curl -s {url} | sha256sum"))
            .output()
            .unwrap();
        let by_curl = begun.elapsed();
        let expected = String::from_utf8(output.stdout).unwrap();

        let begun = Instant::now();
        let download = client.download(&video).await.unwrap();
        let received = download.write_to(tokio::io::sink()).await.unwrap();
        let by_write = begun.elapsed();
        assert!(expected.starts_with(&received.sha256), "{expected}");

        let begun = Instant::now();
        let download = client.download(&video).await.unwrap();
        let file = download.save_to(directory.path().join("v.mp4")).await;
        let by_save = begun.elapsed();
        assert_eq!(file.unwrap().sha256, received.sha256);

        // The first round is for warming up.
        if round == 0 {
            first_peak = peak_kib();
            continue;
        }
        curl.push(by_curl);
        written.push(by_write);
        saved.push(by_save);
    }

    let base = median(curl);
    println!("200 MB with SHA-256, medians of {ROUNDS} rounds");
    for (name, time) in [
        ("curl | sha256sum", base),
        ("write_to(sink)", median(written)),
        ("save_to(file), fsync", median(saved)),
    ] {
        let seconds = time.as_secs_f64();
        let megabytes = 200.0 / seconds;
        let ratio = base.as_secs_f64() / seconds;
        println!("{name:<22} {seconds:>7.3} s  {megabytes:>6.0} MB/s  {ratio:>5.2} x curl");
    }
    match (first_peak, peak_kib()) {
        (Some(first), Some(last)) => println!(
            "peak memory {last} KiB, {} KiB more than after the first round",
            last - first
        ),
        _ => println!("peak memory: this system does not tell"),
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The most memory that this process has ever had.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
