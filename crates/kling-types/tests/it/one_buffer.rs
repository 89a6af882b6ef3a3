//! A request with a picture is written in one buffer: counted, not timed.

use allocation_counter::{AllocationInfo, measure};
use kling_types::{EffectRequest, ImageSource, Scene};

const MB: usize = 1_000_000;

fn single(len: usize) -> EffectRequest {
    EffectRequest::single(Scene::PET_LION_PRO, ImageSource::bytes(vec![0xa5; len]))
}

fn writing(request: &EffectRequest) -> (usize, AllocationInfo) {
    let mut len = 0;
    let info = measure(|| len = request.to_json().map_or(0, |body| body.len()));
    (len, info)
}

#[test]
fn the_peak_is_the_body() {
    for request in [
        single(10 * MB),
        single(1),
        EffectRequest::dual(
            Scene::HUG_PRO,
            ImageSource::bytes(vec![1; 5 * MB]),
            ImageSource::bytes(vec![2; 5 * MB]),
        ),
    ] {
        let (len, info) = writing(&request);
        let peak = usize::try_from(info.bytes_max).expect("it fits");
        assert!(len > 0);
        // The body itself, and what the buffer has to spare.
        assert!(peak <= len + 2048, "{peak} bytes for a body of {len}");
    }
}

/// Base64 alone takes 4/3; the limit leaves no room for a second copy.
#[test]
fn ten_megabytes_cost_at_most_fourteen() {
    let (_, info) = writing(&single(10 * MB));
    assert!(info.bytes_max <= 14_000_000, "{} bytes", info.bytes_max);
}

/// Looking into a picture copies none of it.
#[test]
fn validating_a_picture_copies_nothing() {
    let mut photo = crate::pictures::plain_jpeg(640, 427);
    photo.resize(10 * MB, 0);
    let request = EffectRequest::single(Scene::PET_LION_PRO, ImageSource::bytes(photo));
    let info = measure(|| assert_eq!(request.validate(), []));
    assert!(info.bytes_max < 4096, "{} bytes", info.bytes_max);
}
