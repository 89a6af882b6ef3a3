//! A client for `kling conformance client` that uses kling-http.
//!
//! ```text
//! kling conformance client --command target/debug/examples/client
//! ```

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use kling_http::{
    Client, Credentials, EffectRequest, ImageSource, PollPolicy, Provider, Scene,
    generate_external_task_id,
};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Generated before the create is sent, so that it can always be reported.
    let external_task_id = generate_external_task_id();
    let mut result = json!({ "external_task_id": external_task_id });
    let ended = run(external_task_id, &mut result).await;
    if let Err(error) = &ended {
        result["error"] = json!(error.to_string());
    }
    // The reader may have closed the pipe.
    let _ = writeln!(std::io::stdout(), "{result}");
    ExitCode::from(u8::from(ended.is_err()))
}

async fn run(id: kling_http::ExternalTaskId, result: &mut Value) -> Result<(), Failure> {
    let (provider, key) = match variable("KLING_PROVIDER")?.as_str() {
        "kling" => (Provider::kling(), variable("KLING_API_KEY")?),
        _ => (Provider::comet(), variable("COMETAPI_KEY")?),
    };
    let provider = provider.with_base_url(variable("KLING_BASE_URL")?);
    let poll = PollPolicy {
        max_wait: seconds("KLING_TIMEOUT")?,
        ..PollPolicy::every(seconds("KLING_POLL_INTERVAL")?)
    };
    let client = Client::builder(provider, Credentials::api_key(key))
        .poll(poll)
        .build()?;

    let scene = Scene::new(variable("KLING_SCENE")?);
    let images = variable("KLING_IMAGES")?;
    let mut images = images.split(' ').map(|image| {
        if image.contains("://") {
            Ok(ImageSource::url(image))
        } else {
            ImageSource::file(image)
        }
    });
    let first = images.next().ok_or("KLING_IMAGES is empty")??;
    let request = match images.next() {
        Some(second) => EffectRequest::dual(scene, first, second?),
        None => EffectRequest::single(scene, first),
    };

    let task = client
        .effects()
        .create(request.with_external_task_id(id))
        .await?;
    result["task_id"] = json!(task.id());
    let done = task.wait().await?;
    let video = done.videos().iter().find(|it| it.address().is_some());
    let video = video.ok_or("the task succeeded, but made no video")?;
    task.download(video)
        .await?
        .save_to(variable("KLING_OUTPUT")?)
        .await?;
    Ok(())
}

fn variable(name: &str) -> Result<String, Failure> {
    std::env::var(name).map_err(|_| format!("{name} is not set").into())
}

fn seconds(name: &str) -> Result<Duration, Failure> {
    Ok(Duration::try_from_secs_f64(variable(name)?.parse()?)?)
}
