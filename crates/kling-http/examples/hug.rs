//! Two pictures in, a video out.
//!
//! At CometAPI it costs money; offline it costs nothing:
//!
//!     kling mock --listen 127.0.0.1:8080 --account me:sk-local
//!     KLING_BASE_URL=http://127.0.0.1:8080 COMETAPI_KEY=sk-local cargo run -p kling-http --example hug

// It is a program for a terminal.
#![allow(clippy::print_stdout)]

use kling_http::{Client, EffectRequest, ImageSource, Scene};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?; // COMETAPI_KEY, KLING_API_KEY …
    let request = EffectRequest::dual(
        Scene::HUG_PRO,
        ImageSource::file("fixtures/media/portrait.jpg")?,
        ImageSource::file("fixtures/media/cat.png")?,
    );
    let task = client.effects().create(request).await?; // paid from here on
    println!("task {}", task.id());
    let done = task.wait().await?;
    let video = done.videos().first().ok_or("the task made no video")?;
    let saved = task.download(video).await?.save_to("hug.mp4").await?;
    println!("saved {} bytes", saved.bytes);
    Ok(())
}
