//! Everything that is wrong with a request, before anybody pays for it.
//!
//!     cargo run -p kling-types --example check_before_paying

// It is a program for a terminal.
#![allow(clippy::print_stdout)]

use kling_types::{EffectRequest, ImageSource, Scene};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let picture = ImageSource::file("fixtures/media/too-small-338x191.png")?;
    let request = EffectRequest::single(Scene::HUG_PRO, picture);
    for violation in request.validate() {
        println!("{violation}"); // before anybody pays
    }
    let body: Vec<u8> = request.to_json()?; // one buffer, however large the picture
    println!("{} bytes", body.len());
    Ok(())
}
