//! Peak memory of serialising a request with a picture.

use allocation_counter::measure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kling_types::{EffectRequest, ImageSource, Scene};

use crate::report::{Goal, Report, Row};

const IMAGE: usize = 10_000_000;

/// Base64 is 4/3 of the image: another copy would exceed this.
const MOST: f64 = 1.4;

#[allow(clippy::cast_precision_loss)] // Far below 2^53.
pub(crate) fn run(report: &mut Report) {
    let image = vec![0xa5; IMAGE];
    let request = EffectRequest::single(Scene::PET_LION_PRO, ImageSource::bytes(image.clone()));
    let direct = measure(|| drop(request.to_json()));
    let detour = measure(|| {
        let text = ImageSource::base64(STANDARD.encode(&image));
        let request = EffectRequest::single(Scene::PET_LION_PRO, text);
        drop(serde_json::to_vec(&request));
    });
    let times = |bytes: u64| bytes as f64 / IMAGE as f64;
    report.add(Row {
        what: "types: peak memory of serialising a request, in addition to its picture of 10 MB"
            .into(),
        unit: "x its size",
        ours: times(direct.bytes_max),
        baseline: Some(("with a base64 string between", times(detour.bytes_max))),
        ratio: None,
        goal: Goal::AtMost(MOST),
    });
}
