//! A create whose answer is lost: at Kling the client finds its task again, at
//! CometAPI it says that it can't know. Either way one charge.
//!
//!     cargo run -p kling-mock --example lost_answer

// It is a program for a terminal.
#![allow(clippy::print_stdout)]

use kling_http::{EffectRequest, ImageSource, Scene};
use kling_mock::{Mock, Profile};

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    for profile in [Profile::kling(), Profile::comet()] {
        // Carried out and billed; then the connection breaks.
        let fault = "create#1@after:reset".parse()?;
        let mock = Mock::builder().profile(profile).fault(fault).build();
        let image = ImageSource::url("https://example.com/me.jpg");
        let request = EffectRequest::single(Scene::COLOR_MIXING, image);

        let name = mock.profile_name();
        match mock.client()?.effects().create(request).await {
            Ok(task) => println!("{name}: the task is {}", task.id()),
            Err(error) => println!("{name}: maybe sent: {}", error.maybe_sent()),
        }
        println!("{name}: {} charge", mock.ledger().len());
    }
    Ok(())
}
