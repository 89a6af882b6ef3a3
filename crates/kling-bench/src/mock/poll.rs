//! CPU time of the server for a query over TCP.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use super::{EFFECTS, answer, block_on, create, still, task_id};
use crate::baseline;
use crate::measure::{Stopwatch, compare, micros, on_one_core, size};
use crate::report::{Goal, Report};

const CONNECTIONS: usize = 16;
const ROUNDS: usize = size(300, 3);

/// Queries a server in this process; returns the CPU time per query of all threads but
/// this one.
fn poll(address: SocketAddr, key: &str, id: &str) -> std::io::Result<f64> {
    let (process, own) = (Stopwatch::process(), Stopwatch::thread());
    let asked = ask(address, &format!("{EFFECTS}/{id}"), key, ROUNDS)?;
    Ok(micros(process.spent().saturating_sub(own.spent()), asked))
}

/// Sends queries on several connections, for this many rounds; returns their number.
pub(crate) fn ask(
    address: SocketAddr,
    path: &str,
    key: &str,
    rounds: usize,
) -> std::io::Result<usize> {
    let mut streams = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let question =
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\r\n");
    let mut buffer = vec![0; 1 << 16];
    for _ in 0..rounds {
        for stream in &mut streams {
            stream.write_all(question.as_bytes())?;
        }
        for stream in &mut streams {
            let mut have = 0;
            while !is_whole(&buffer[..have]) {
                have += match stream.read(&mut buffer[have..])? {
                    0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                    more => more,
                };
            }
        }
    }
    Ok(rounds * CONNECTIONS)
}

/// Whether an answer is complete, by its `content-length`.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let length = text.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.lines().next()?.trim().parse::<usize>().ok());
    bytes.len() >= head + 4 + length.unwrap_or(0)
}

pub(crate) fn run(report: &mut Report) {
    on_one_core(|| compared(report));
}

fn compared(report: &mut Report) {
    let mock = still().build();
    let key = mock.api_key().to_owned();
    let id = block_on(async { task_id(&answer(&mock.transport(), create(&key, None)).await) });
    let ours = baseline::on_thread({
        let mock = mock.clone();
        async move |ready| {
            if let Ok(server) = mock.serve(([127, 0, 0, 1], 0)).await {
                ready(server.address());
                std::future::pending::<()>().await;
            }
        }
    });
    let (bare, bare_id) = baseline::axum_server("KEY");
    let wiremock = baseline::wiremock_server(&format!("{EFFECTS}/{id}"));
    let httpmock = baseline::httpmock_server(&format!("{EFFECTS}/{id}"));
    let poll = |address, key: &str, id: &str| poll(address, key, id).unwrap_or(f64::NAN);
    report.add(compare(
        "mock: CPU of the server for a query over TCP",
        "µs",
        || poll(ours, &key, &id),
        ("axum, a bare map", || poll(bare, "KEY", &bare_id)),
        Goal::RatioAtMost(1.15),
    ));
    report.add(compare(
        "mock: CPU of the server for a query over TCP",
        "µs",
        || poll(ours, &key, &id),
        ("wiremock", || poll(wiremock, "KEY", &id)),
        Goal::RatioAtMost(0.8),
    ));
    report.add(compare(
        "mock: CPU of the server for a query over TCP",
        "µs",
        || poll(ours, &key, &id),
        ("httpmock", || poll(httpmock, "KEY", &id)),
        Goal::None,
    ));
}
