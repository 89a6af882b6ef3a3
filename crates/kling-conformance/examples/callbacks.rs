//! Callbacks: signed by the fake service, verified, and used to wake a waiting task.
//!
//!     cargo run -p kling-conformance --example callbacks

// An example prints to stdout.
#![allow(clippy::print_stdout)]

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use kling_http::webhook::{Receiver, Secret};
use kling_http::{Body, Clock as _, EffectRequest, ImageSource, Scene, TokioClock, transport_fn};
use kling_mock::{Account, Mock, Profile};

const SECRET: &str = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=";

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let epoch = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let mock = Mock::builder()
        .profile(Profile::kling())
        .plan("after(5s, 2m)".parse()?)
        .clock(TokioClock::starting_at(epoch))
        .account(Account::new("me").webhook_secret(SECRET)?)?
        .build();
    let client = mock.client()?;

    // The handler of a web server would do the same.
    let receiver = Receiver::new([Secret::parse(SECRET)?]);
    let clock = TokioClock::starting_at(epoch);
    let waiting = client.clone();
    let endpoint = transport_fn(move |request: http::Request<Bytes>| {
        let mut answer = http::Response::new(Body::empty());
        match receiver.receive(request.headers(), request.body(), clock.now()) {
            Ok(delivery) => {
                let task = delivery.callback().task();
                println!("{}: {}", delivery.verification(), task.status);
                waiting.effects().notify(delivery.callback());
            }
            Err(error) => *answer.status_mut() = error.status(),
        }
        async move { Ok(answer) }
    });
    tokio::spawn(mock.clone().run_callbacks(endpoint));

    let image = ImageSource::url("https://example.com/me.jpg");
    let mut request = EffectRequest::single(Scene::COLOR_MIXING, image);
    request.callback_url = Some("http://127.0.0.1:9000/kling".to_owned());
    let task = client.effects().create(request).await?;
    let done = task.wait().await?;
    println!("done: {}", done.status);
    Ok(())
}
