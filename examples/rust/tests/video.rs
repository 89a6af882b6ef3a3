//! The program against the fake service: without a socket, and over one.

use std::path::Path;
use std::time::Duration;

use kling_http::{Client, Credentials, PollPolicy};
use kling_mock::{Expectation, Mock};
use my_videos::make_video;

const PICTURE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../fixtures/media/portrait.jpg"
);

#[tokio::test(start_paused = true)]
async fn ten_minutes_and_a_failed_query() {
    let mock = Mock::builder()
        .plan("after(1m, 9m)".parse().unwrap())
        .fault("get#3:503".parse().unwrap())
        .build();
    let video = std::env::temp_dir().join(format!("{}-a.mp4", std::process::id()));

    let client = mock.client().unwrap();
    let id = make_video(&client, Path::new(PICTURE), &video)
        .await
        .unwrap();

    mock.ledger().assert_charged_once(id.as_str());
    mock.verify(&Expectation::new().create().times(1)).unwrap();
    std::fs::remove_file(video).unwrap();
}

#[tokio::test]
async fn over_a_socket() {
    let mock = Mock::builder().plan("instant".parse().unwrap()).build();
    let server = mock.serve(([127, 0, 0, 1], 0)).await.unwrap();
    let video = std::env::temp_dir().join(format!("{}-b.mp4", std::process::id()));

    let provider = mock.provider().with_base_url(server.base_url());
    let client = Client::builder(provider, Credentials::api_key(mock.api_key()))
        .poll(PollPolicy::every(Duration::from_millis(10)))
        .build()
        .unwrap();
    let id = make_video(&client, Path::new(PICTURE), &video)
        .await
        .unwrap();

    mock.ledger().assert_charged_once(id.as_str());
    server.shutdown().await;
    std::fs::remove_file(video).unwrap();
}
