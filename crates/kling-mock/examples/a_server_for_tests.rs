//! The fake service on a port, for whatever program speaks HTTP. A real server
//! would stay; this one stops after a question to itself.
//!
//!     cargo run -p kling-mock --example a_server_for_tests

// It is a program for a terminal.
#![allow(clippy::print_stdout)]

use kling_mock::{Account, Mock, Profile};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mock = Mock::builder()
        .profile(Profile::kling())
        .account(Account::new("tests").api_key("sk-tests"))?
        .build();
    let server = mock.serve(([127, 0, 0, 1], 0)).await?;
    println!("KLING_BASE_URL={}", server.base_url());

    let mut stream = tokio::net::TcpStream::connect(server.address()).await?;
    let request = "GET /v1/videos/effects HTTP/1.1\r\nHost: mock\r\n\
                   Authorization: Bearer sk-tests\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    println!("{}", answer.lines().next().unwrap_or_default());

    server.shutdown().await;
    Ok(())
}
