//! A program of yours, as small as it can be: it takes the client that it is
//! given, so that a test can give it another.

use std::error::Error;
use std::path::Path;

use kling_http::{Client, EffectRequest, ImageSource, Scene, TaskId};

/// Makes a video of a picture, and saves it. The task's id, for your books.
pub async fn make_video(
    client: &Client,
    picture: &Path,
    video: &Path,
) -> Result<TaskId, Box<dyn Error>> {
    let image = ImageSource::file(picture)?;
    let request = EffectRequest::single(Scene::COLOR_MIXING, image);
    let task = client.effects().create(request).await?; // paid from here on
    let done = task.wait().await?;
    let made = done.videos().first().ok_or("the task made no video")?;
    task.download(made).await?.save_to(video).await?;
    Ok(done.id)
}
