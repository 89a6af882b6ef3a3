//! What is told of a picture by its header.

use kling_types::image::{Format, Header, HeaderError, MAX_BYTES};
use proptest::prelude::*;

use crate::pictures::{
    BASELINE, PROGRESSIVE, Part, apng, exif, frame, gif, jpeg, plain_jpeg, png, webp,
};
use crate::support::read;

#[track_caller]
fn check(bytes: &[u8], expected: (Format, u32, u32)) {
    let header = Header::read(bytes).expect("a picture");
    assert_eq!((header.format, header.width, header.height), expected);
    assert_eq!(header.byte_len, bytes.len());
}

#[track_caller]
fn check_error(bytes: &[u8], expected: HeaderError) {
    assert_eq!(Header::read(bytes), Err(expected));
}

#[test]
fn photographs_are_read() {
    check(
        &read("fixtures/media/portrait.jpg"),
        (Format::Jpeg, 512, 512),
    );
    check(&read("fixtures/media/rocket.jpg"), (Format::Jpeg, 640, 427));
    check(&read("fixtures/media/cat.png"), (Format::Png, 451, 300));
    check(
        &read("fixtures/media/too-small-338x191.png"),
        (Format::Png, 338, 191),
    );
}

#[test]
fn every_kind_of_jpeg_is_read() {
    let size = (Format::Jpeg, 640, 427);
    check(&plain_jpeg(640, 427), size);
    check(&jpeg(vec![frame(PROGRESSIVE, 640, 427)]), size);
    for marker in [
        0xc1, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf,
    ] {
        check(&jpeg(vec![frame(marker, 640, 427)]), size);
    }
    // As stored, however it is to be turned.
    for orientation in 1..=8 {
        check(
            &jpeg(vec![exif(orientation), frame(BASELINE, 640, 427)]),
            size,
        );
    }
}

#[test]
fn a_jpegs_frame_may_lie_far_inside() {
    let mut parts: Vec<Part> = Vec::new();
    for _ in 0..40 {
        parts.push(Part::Segment(0xe2, vec![0xc0; 65_533]));
    }
    // A thumbnail inside a segment is not the picture.
    parts.push(Part::Segment(0xe1, plain_jpeg(160, 120)));
    // Huffman tables, arithmetic conditioning: their markers look like frames.
    parts.push(Part::Segment(0xc4, vec![1; 17]));
    parts.push(Part::Segment(0xcc, vec![1; 17]));
    parts.push(Part::Segment(0xc8, vec![1; 17]));
    parts.push(Part::Fill(3));
    parts.push(Part::Alone(0xd0));
    parts.push(Part::Alone(0x01));
    parts.push(frame(PROGRESSIVE, 640, 427));
    check(&jpeg(parts), (Format::Jpeg, 640, 427));
}

#[test]
fn an_animated_png_is_a_png() {
    check(&apng(640, 427), (Format::Png, 640, 427));
}

#[test]
fn sizes_at_the_ends_of_their_range_are_read() {
    check(&png(0, 0), (Format::Png, 0, 0));
    check(&png(u32::MAX, 1), (Format::Png, u32::MAX, 1));
    check(&plain_jpeg(0, 0), (Format::Jpeg, 0, 0));
    check(
        &plain_jpeg(u16::MAX, u16::MAX),
        (Format::Jpeg, 65_535, 65_535),
    );
}

#[test]
fn invalid_pictures_are_reported() {
    check_error(b"", HeaderError::Empty);
    check_error(&gif(), HeaderError::OtherFormat("GIF"));
    check_error(&webp(), HeaderError::OtherFormat("WebP"));
    check_error(
        b"\0\0\0\x18ftypheic\0\0\0\0",
        HeaderError::OtherFormat("HEIC"),
    );
    check_error(
        b"\0\0\0\x18ftypavif\0\0\0\0",
        HeaderError::OtherFormat("AVIF"),
    );
    check_error(b"II*\0\x08\0\0\0", HeaderError::OtherFormat("TIFF"));
    check_error(b"MM\0*\0\0\0\x08", HeaderError::OtherFormat("TIFF"));
    check_error(b"BM\x46\0\0\0", HeaderError::OtherFormat("BMP"));
    check_error(b"\0\0\0\x18ftypmp42", HeaderError::NotAnImage);
    check_error(b"RIFF\x1a\0\0\0WAVE", HeaderError::NotAnImage);
    check_error(
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        HeaderError::NotAnImage,
    );
    check_error(b"\xff\xd9", HeaderError::NotAnImage);
}

/// By content, not by name.
#[test]
fn a_header_cut_anywhere_is_damaged() {
    let deep = jpeg(vec![exif(6), Part::Fill(2), frame(PROGRESSIVE, 640, 427)]);
    // Up to the last byte of its size.
    let ends = [
        (png(640, 427), 24),
        (apng(640, 427), 24),
        (plain_jpeg(640, 427), 11),
        (deep, 49),
    ];
    for (bytes, whole) in ends {
        for cut in 1..bytes.len() {
            let read = Header::read(&bytes[..cut]);
            if cut < whole {
                assert_eq!(read, Err(HeaderError::Damaged), "cut at {cut}");
            } else {
                assert_eq!(
                    read.map(|h| (h.width, h.height)),
                    Ok((640, 427)),
                    "cut at {cut}"
                );
            }
        }
    }
}

#[test]
fn a_header_that_goes_wrong_is_damaged() {
    // No IHDR first; an IHDR of another length.
    let mut other = png(640, 427);
    other[12..16].copy_from_slice(b"CgBI");
    check_error(&other, HeaderError::Damaged);
    let mut other = png(640, 427);
    other[11] = 12;
    check_error(&other, HeaderError::Damaged);
    // A scan, an end, a second start, no marker, a segment without a length.
    check_error(&jpeg(vec![]), HeaderError::Damaged);
    check_error(
        b"\xff\xd8\xff\xd9\xff\xc0\0\x0b\x08\x01\xab\x02\x80",
        HeaderError::Damaged,
    );
    check_error(
        &jpeg(vec![Part::Alone(0xd8), frame(BASELINE, 640, 427)]),
        HeaderError::Damaged,
    );
    check_error(
        b"\xff\xd8\xff\xe0\0\x02\0\xc0\0\x0b\x08\x01\xab\x02\x80",
        HeaderError::Damaged,
    );
    check_error(
        b"\xff\xd8\xff\xe0\0\x01\xff\xc0\0\x0b\x08\x01\xab\x02\x80",
        HeaderError::Damaged,
    );
}

#[track_caller]
fn check_limits(width: u32, height: u32, pixels: bool, aspect: bool, huge: bool) {
    for (width, height) in [(width, height), (height, width)] {
        let header = Header::read(&png(width, height)).expect("a picture");
        let found = (
            header.pixels_accepted(),
            header.aspect_accepted(),
            header.is_huge(),
        );
        assert_eq!(found, (pixels, aspect, huge), "{width} x {height}");
    }
}

#[test]
fn limits_are_where_the_page_has_them() {
    check_limits(300, 300, true, true, false);
    check_limits(299, 300, false, true, false);
    check_limits(338, 191, false, true, false);
    check_limits(300, 750, true, true, false);
    check_limits(300, 751, true, false, false);
    check_limits(0, 0, false, true, false);
    check_limits(0, 300, false, false, false);
    check_limits(10_000, 10_000, true, true, false);
    check_limits(10_000, 10_001, true, true, true);
    // A decompression bomb: a small file that claims the earth.
    check_limits(u32::MAX, u32::MAX, true, true, true);
}

#[test]
fn ten_megabytes_are_accepted_and_no_more() {
    let mut bytes = plain_jpeg(640, 427);
    bytes.resize(MAX_BYTES, 0);
    assert!(Header::read(&bytes).expect("a picture").bytes_accepted());
    bytes.push(0);
    assert!(!Header::read(&bytes).expect("a picture").bytes_accepted());
}

#[test]
fn aspect_is_width_by_height() {
    let aspect = |w, h| Header::read(&png(w, h)).expect("a picture").aspect();
    assert_eq!(aspect(750, 300), Some(2.5));
    assert_eq!(aspect(300, 750), Some(0.4));
    assert_eq!(aspect(0, 300), None);
    assert_eq!(aspect(300, 0), None);
}

proptest! {
    #[test]
    fn any_size_is_read(width: u32, height: u32, short_width: u16, short_height: u16) {
        check(&png(width, height), (Format::Png, width, height));
        let jpeg = plain_jpeg(short_width, short_height);
        check(&jpeg, (Format::Jpeg, short_width.into(), short_height.into()));
    }

    /// No panic, no endless loop, on anything behind a signature.
    #[test]
    fn any_bytes_are_judged(rest in prop::collection::vec(any::<u8>(), 0..512), jpeg: bool) {
        let mut bytes = if jpeg { vec![0xff, 0xd8, 0xff] } else { b"\x89PNG\r\n\x1a\n".to_vec() };
        bytes.extend(rest);
        if let Ok(header) = Header::read(&bytes) {
            prop_assert_eq!(header.format == Format::Jpeg, jpeg);
        }
    }
}
