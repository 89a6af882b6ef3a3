//! A create with a picture of 10 MB.

use allocation_counter::measure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kling_http::{Client, EffectRequest, ImageSource, Scene};

use super::{client, server};
use crate::measure::{Stopwatch, compare};
use crate::mock::block_on;
use crate::report::{Goal, Report, Row};

const IMAGE: usize = 10_000_000;

/// A JPEG header of 1000 by 1000 pixels, which preflight requires, followed by noise.
fn image(length: usize) -> Vec<u8> {
    let mut image = Vec::with_capacity(length);
    image.extend([
        0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0x03, 0xe8, 0x03, 0xe8, 3, 1, 0x11, 0, 2, 0x11, 0, 3,
        0x11, 0,
    ]);
    image.resize(length - 2, 0xa5);
    image.extend([0xff, 0xd9]);
    image
}

async fn create(client: &Client, image: Vec<u8>) -> bool {
    let request = EffectRequest::single(Scene::COLOR_MIXING, ImageSource::bytes(image));
    client.effects().create(request).await.is_ok()
}

pub(crate) fn memory(report: &mut Report) {
    report.add(Row {
        what: "client: peak memory of a create with a picture of 10 MB, including the picture"
            .into(),
        unit: "x its size",
        ours: peak_of(IMAGE),
        baseline: None,
        ratio: None,
        goal: Goal::AtMost(2.4),
    });
}

/// The peak memory of a create with a picture of this length, as a multiple of it.
#[allow(clippy::cast_precision_loss)] // Far below 2^53.
pub(crate) fn peak_of(length: usize) -> f64 {
    let address = server();
    let mut created = false;
    let allocated = measure(|| {
        created = block_on(async { create(&client(address), image(length)).await });
    });
    if created {
        allocated.bytes_max as f64 / length as f64
    } else {
        f64::NAN
    }
}

pub(crate) fn time(report: &mut Report) {
    let address = server();
    let ours = || {
        let image = image(IMAGE);
        block_on(async {
            let client = client(address);
            let watch = Stopwatch::wall();
            if create(&client, image).await {
                watch.millis()
            } else {
                f64::NAN
            }
        })
    };
    let bare = || {
        let image = image(IMAGE);
        block_on(async {
            let client = reqwest::Client::builder()
                .no_proxy()
                .build()
                .unwrap_or_default();
            let watch = Stopwatch::wall();
            let body = format!(
                r#"{{"effect_scene":"color_mixing","input":{{"image":"{}"}}}}"#,
                STANDARD.encode(&image)
            );
            let url = format!("http://{address}/v1/videos/effects");
            let post = client.post(url).bearer_auth("key").body(body);
            let Ok(answer) = post.send().await else {
                return f64::NAN;
            };
            match answer.bytes().await {
                Ok(_) => watch.millis(),
                Err(_) => f64::NAN,
            }
        })
    };
    report.add(compare(
        "client: a create with a picture of 10 MB",
        "ms",
        ours,
        ("base64, copy, reqwest", bare),
        Goal::RatioAtMost(1.3),
    ));
}
