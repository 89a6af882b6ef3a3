//! What can be told of a picture before anybody pays for it: its header only,
//! never its pixels.
//!
//! ```
//! use kling_types::image::{Format, Header};
//!
//! // The first bytes of a PNG of 640 x 427.
//! let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xab\x08\x02\0\0\0";
//! let header = Header::read(png)?;
//! assert_eq!((header.format, header.width, header.height), (Format::Png, 640, 427));
//! assert!(header.pixels_accepted() && header.aspect_accepted());
//! # Ok::<(), kling_types::image::HeaderError>(())
//! ```

use std::fmt;

use imagesize::ImageType;

/// The fewest pixels on each side (*documented*; smaller pictures are accepted
/// and then fail by the task, *seen live*).
pub const MIN_SIDE: u32 = 300;

/// The most bytes of a file. Documented as 10 MB; whether that is 10^6 or 2^20
/// times ten is not said, so the smaller one.
pub const MAX_BYTES: usize = 10_000_000;

/// The longer side is at most this many tenths of the shorter one, in either
/// direction: 1:2.5 to 2.5:1 (*documented*; for two images only since 2026-09).
pub const MAX_ASPECT_TENTHS: u32 = 25;

/// The formats that the service takes (*documented*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JPEG, baseline or progressive.
    Jpeg,
    /// PNG, animated or not.
    Png,
}

/// What a picture's header says.
///
/// A JPEG that is turned by its EXIF data is reported as it is stored; every
/// rule here is the same for a picture on its side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// By content, not by name.
    pub format: Format,
    /// Columns of pixels.
    pub width: u32,
    /// Rows of pixels.
    pub height: u32,
}

/// Why a picture's header tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// Nothing there.
    Empty,
    /// A picture, but neither JPEG nor PNG; here is what it is.
    OtherFormat(&'static str),
    /// No picture that is known here.
    NotAnImage,
    /// It begins as a JPEG or PNG, and ends or goes wrong before its size.
    Damaged,
}

impl Header {
    /// Reads the header of a file's bytes.
    pub fn read(bytes: &[u8]) -> Result<Header, HeaderError> {
        if bytes.is_empty() {
            return Err(HeaderError::Empty);
        }
        let format = match imagesize::image_type(bytes) {
            Ok(ImageType::Jpeg) => Format::Jpeg,
            Ok(ImageType::Png) => Format::Png,
            Ok(ImageType::Gif) => return Err(HeaderError::OtherFormat("GIF")),
            Ok(ImageType::Webp) => return Err(HeaderError::OtherFormat("WebP")),
            _ if is_start_of_known_format(bytes) => return Err(HeaderError::Damaged),
            _ => return Err(HeaderError::NotAnImage),
        };
        let size = imagesize::blob_size(bytes).map_err(|_| HeaderError::Damaged)?;
        match (u32::try_from(size.width), u32::try_from(size.height)) {
            (Ok(width), Ok(height)) => Ok(Header {
                format,
                width,
                height,
            }),
            _ => Err(HeaderError::Damaged),
        }
    }

    /// Whether both sides have [`MIN_SIDE`] pixels.
    pub fn pixels_accepted(&self) -> bool {
        self.width >= MIN_SIDE && self.height >= MIN_SIDE
    }

    /// Whether neither side is too long for the other.
    pub fn aspect_accepted(&self) -> bool {
        let (width, height) = (u64::from(self.width), u64::from(self.height));
        let (long, short) = (width.max(height), width.min(height));
        long * 10 <= short * u64::from(MAX_ASPECT_TENTHS)
    }
}

/// A file cut inside its signature is a damaged picture, not some other file.
fn is_start_of_known_format(bytes: &[u8]) -> bool {
    [b"\x89PNG\r\n\x1a\n".as_slice(), b"\xff\xd8\xff"]
        .iter()
        .any(|signature| {
            bytes.starts_with(signature) || (bytes.len() > 1 && signature.starts_with(bytes))
        })
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeaderError::Empty => f.write_str("it is empty"),
            HeaderError::OtherFormat(name) => {
                write!(f, "it is a {name} picture; the service takes JPEG and PNG")
            }
            HeaderError::NotAnImage => f.write_str("it is neither a JPEG nor a PNG picture"),
            HeaderError::Damaged => {
                f.write_str("it begins as a picture but its header is cut short or damaged")
            }
        }
    }
}

impl std::error::Error for HeaderError {}
