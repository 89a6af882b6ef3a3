//! Pictures of a few bytes, made here.

/// A PNG: signature, IHDR, and chunks before the (empty) data.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    png_with(width, height, &[])
}

/// A PNG with frames: `acTL` stands before the data.
pub(crate) fn apng(width: u32, height: u32) -> Vec<u8> {
    png_with(width, height, &[(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0])])
}

fn png_with(width: u32, height: u32, chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8; 4], data: &[u8]| {
        png.extend(u32::try_from(data.len()).expect("short").to_be_bytes());
        png.extend(kind);
        png.extend(data);
        png.extend([0; 4]);
    };
    let mut header = Vec::from(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    chunk(b"IHDR", &header);
    for (kind, data) in chunks {
        chunk(kind, data);
    }
    chunk(b"IDAT", &[]);
    chunk(b"IEND", &[]);
    png
}

/// A JPEG's parts, in order.
pub(crate) enum Part {
    /// A segment: its marker and its content.
    Segment(u8, Vec<u8>),
    /// Fill bytes, which may stand before any marker.
    Fill(usize),
    /// A marker that stands alone.
    Alone(u8),
}

pub(crate) const BASELINE: u8 = 0xc0;
pub(crate) const PROGRESSIVE: u8 = 0xc2;

/// A frame header: the marker tells baseline from progressive.
pub(crate) fn frame(marker: u8, width: u16, height: u16) -> Part {
    let mut content = vec![8];
    content.extend(height.to_be_bytes());
    content.extend(width.to_be_bytes());
    content.extend([3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
    Part::Segment(marker, content)
}

/// EXIF data that says nothing but how the picture is turned.
pub(crate) fn exif(orientation: u8) -> Part {
    let mut content = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    content.extend([orientation, 0, 0, 0, 0, 0, 0]);
    Part::Segment(0xe1, content)
}

pub(crate) fn jpeg(parts: Vec<Part>) -> Vec<u8> {
    let mut jpeg = vec![0xff, 0xd8];
    for part in parts {
        match part {
            Part::Segment(marker, content) => {
                jpeg.extend([0xff, marker]);
                let length = u16::try_from(content.len() + 2).expect("a segment is short");
                jpeg.extend(length.to_be_bytes());
                jpeg.extend(content);
            }
            Part::Fill(count) => jpeg.resize(jpeg.len() + count, 0xff),
            Part::Alone(marker) => jpeg.extend([0xff, marker]),
        }
    }
    // A scan, and the end.
    jpeg.extend([0xff, 0xda, 0, 2, 0xff, 0xd9]);
    jpeg
}

/// A baseline JPEG and nothing else.
pub(crate) fn plain_jpeg(width: u16, height: u16) -> Vec<u8> {
    jpeg(vec![frame(BASELINE, width, height)])
}

pub(crate) fn gif() -> Vec<u8> {
    b"GIF89a\x80\x02\xab\x01\0\0\0".to_vec()
}

pub(crate) fn webp() -> Vec<u8> {
    b"RIFF\x1a\0\0\0WEBPVP8 ".to_vec()
}
