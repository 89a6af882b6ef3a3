//! Time is the test's: a task of ten minutes, moved along by hand.
//!
//!     cargo run -p kling-mock --example ten_minutes_in_no_time

// It is a program for a terminal.
#![allow(clippy::print_stdout)]

use std::time::Duration;

use kling_http::{EffectRequest, ImageSource, Scene};
use kling_mock::{ManualClock, Mock};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let plan = "after(1m, 9m)".parse()?;
    let mock = Mock::builder().clock(ManualClock::new()).plan(plan).build();
    let image = ImageSource::url("https://example.com/me.jpg");
    let request = EffectRequest::single(Scene::COLOR_MIXING, image);
    let task = mock.client()?.effects().create(request).await?;

    for minutes in [0, 1, 9] {
        mock.advance(Duration::from_secs(60 * minutes)).await?;
        println!("{}", task.fetch().await?.status);
    }
    Ok(())
}
