//! Any HTTP stack: a transport is one function from a request to an answer. This
//! one answers from memory; yours may call whatever client you have.
//!
//!     cargo run -p kling-http --example own_transport

// It is a program for a terminal.
#![allow(clippy::print_stdout)]

use bytes::Bytes;
use kling_http::{Body, Client, Credentials, Provider, TaskId, transport_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let transport = transport_fn(|request: http::Request<Bytes>| async move {
        println!("{} {}", request.method(), request.uri().path());
        let answer = r#"{"code": 0, "data": {"task_id": "7", "task_status": "processing"}}"#;
        Ok(http::Response::new(Body::from(Bytes::from(answer))))
    });
    let client = Client::builder(Provider::comet(), Credentials::api_key("sk-example"))
        .transport(transport)
        .build()?;

    let id = TaskId::new("7").ok_or("an empty id")?;
    let task = client.effects().get(&id).await?;
    println!("task {} is {}", task.id, task.status);
    Ok(())
}
