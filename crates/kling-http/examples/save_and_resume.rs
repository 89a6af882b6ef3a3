//! A task that one process creates and another finishes: between the two there
//! is a line of JSON.
//!
//! Offline as `hug.rs` says.

// It is a program for a terminal.
#![allow(clippy::print_stdout)]

use kling_http::{Client, EffectRequest, ErrorKind, ImageSource, SavedTask, Scene, TaskEvent};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let line = create().await?;
    println!("{line}");
    finish(&line).await
}

async fn create() -> Result<String, Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let picture = ImageSource::file("fixtures/media/portrait.jpg")?;
    let request = EffectRequest::single(Scene::COLOR_MIXING, picture);
    let task = client
        .effects()
        .create(request)
        .await
        .inspect_err(|error| {
            // The one case in which trying again could pay twice.
            if error.maybe_sent() {
                println!("look for {:?} first", error.external_task_id());
            }
        })?;
    Ok(serde_json::to_string(&task.saved())?)
}

async fn finish(line: &str) -> Result<(), Box<dyn std::error::Error>> {
    let saved: SavedTask = serde_json::from_str(line)?;
    let task = Client::from_env()?.effects().resume(saved)?;
    let mut events = task.events();
    while let Some(event) = events.next().await {
        match event {
            Ok(TaskEvent::Changed(task)) => println!("{}", task.status),
            Ok(TaskEvent::PollFailed { error, .. }) => println!("still trying: {error}"),
            Ok(TaskEvent::Done(task)) => println!("{}: {}", task.id, task.status),
            Err(error) if error.kind() == ErrorKind::WaitTimeout => println!("still running"),
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
    }
    Ok(())
}
