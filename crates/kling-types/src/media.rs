//! The pictures of a request.

use std::fmt;
use std::path::Path;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Serialize, Serializer};

use crate::redact;

/// An image for a request: a URL that the service can fetch, or the picture
/// itself.
///
/// On the wire each is a string: the URL, or standard base64 without a `data:`
/// prefix (*documented*; with the prefix Kling answers `File is not in a valid
/// base64 format`, *seen live*). Bytes are encoded while the request is
/// written, straight into its buffer.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageSource {
    /// An address that the service fetches; it must be public.
    Url(String),
    /// The file's bytes: JPEG or PNG.
    Bytes(Bytes),
    /// Base64 text, sent as it is.
    Base64(String),
}

impl ImageSource {
    /// An image that the service fetches from `url`.
    pub fn url(url: impl Into<String>) -> Self {
        ImageSource::Url(url.into())
    }

    /// An image given as a file's bytes.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        ImageSource::Bytes(bytes.into())
    }

    /// An image given as base64 text, sent as it is.
    pub fn base64(text: impl Into<String>) -> Self {
        ImageSource::Base64(text.into())
    }

    /// Reads a file whole. Nothing is checked: see
    /// [`EffectRequest::validate`](crate::EffectRequest::validate).
    pub fn file(path: impl AsRef<Path>) -> std::io::Result<Self> {
        std::fs::read(path).map(Self::bytes)
    }

    /// What a string on the wire stands for: a URL if it begins like one, else
    /// base64.
    pub fn from_wire_text(text: impl Into<String>) -> Self {
        let text = text.into();
        if looks_like_url(&text) {
            ImageSource::Url(text)
        } else {
            ImageSource::Base64(text)
        }
    }

    /// The length of the string it becomes on the wire, in bytes.
    pub fn wire_len(&self) -> usize {
        match self {
            ImageSource::Url(text) | ImageSource::Base64(text) => text.len(),
            ImageSource::Bytes(bytes) => bytes.len().div_ceil(3).saturating_mul(4),
        }
    }
}

/// Whether a string on the wire begins as a URL does: a scheme and `://`.
pub(crate) fn looks_like_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    })
}

impl Serialize for ImageSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            ImageSource::Url(text) | ImageSource::Base64(text) => serializer.serialize_str(text),
            // Encodes chunk by chunk into the serializer's own buffer.
            ImageSource::Bytes(bytes) => {
                serializer.collect_str(&Base64Display::new(bytes, &STANDARD))
            }
        }
    }
}

impl fmt::Debug for ImageSource {
    /// Never shows a picture, nor the query of a URL, which may be a signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImageSource::Url(url) => f.debug_tuple("Url").field(&redact::text(url)).finish(),
            ImageSource::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            ImageSource::Base64(text) => write!(f, "Base64({} characters)", text.len()),
        }
    }
}
