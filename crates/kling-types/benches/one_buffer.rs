//! What it costs in memory to write a request: `cargo bench -p kling-types`.
//!
//! Counts, not times, so the numbers are the same on every run. It fails if the
//! peak beyond the image is more than 1.4 times the image: base64 is 4/3 of it.

#![allow(clippy::print_stdout)]

use std::process::ExitCode;

use allocation_counter::measure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kling_types::{EffectRequest, ImageSource, Scene};

fn main() -> ExitCode {
    let mut within = true;
    println!("| image | peak beyond it | allocations | with a base64 String between |");
    println!("|---|---|---|---|");
    for megabytes in [1_u32, 10] {
        let image = vec![0xa5; megabytes as usize * 1_000_000];
        let request = EffectRequest::single(Scene::PET_LION_PRO, ImageSource::bytes(image.clone()));
        let direct = measure(|| drop(request.to_json()));
        let detour = measure(|| {
            let text = ImageSource::base64(STANDARD.encode(&image));
            drop(serde_json::to_vec(&EffectRequest::single(
                Scene::PET_LION_PRO,
                text,
            )));
        });
        let bytes = f64::from(megabytes) * 1e6;
        #[allow(clippy::cast_precision_loss)] // Far below 2^53.
        let ratio = |peak: u64| peak as f64 / bytes;
        println!(
            "| {megabytes} MB | {:.3} x | {} | {:.3} x |",
            ratio(direct.bytes_max),
            direct.count_total,
            ratio(detour.bytes_max)
        );
        within &= ratio(direct.bytes_max) <= 1.4;
    }
    if within {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
