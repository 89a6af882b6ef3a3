//! Text that is stored in place if it is short.

use std::ops::Deref;

/// Immutable text. Up to [`INLINE`] bytes need no allocation, so reading them with the
/// struct that they are in touches no other memory.
#[derive(Debug)]
pub(super) enum Text {
    Inline { len: u8, bytes: [u8; INLINE] },
    Allocated(Box<str>),
}

/// Enough for a UUID, and what fits into 40 bytes with the length and the variant.
const INLINE: usize = 38;

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut bytes = [0; INLINE];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(start), Ok(len)) => {
                start.copy_from_slice(text.as_bytes());
                Text::Inline { len, bytes }
            }
            _ => Text::Allocated(text.into()),
        }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Text::Inline { len, bytes } => {
                let text = bytes.get(..usize::from(*len)).unwrap_or_default();
                // They are the bytes of a string.
                str::from_utf8(text).unwrap_or_default()
            }
            Text::Allocated(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_any_length_is_read_back() {
        for len in 0..100 {
            for text in ["a".repeat(len), "é".repeat(len), "€".repeat(len)] {
                let stored = Text::from(text.as_str());
                assert_eq!(*stored, text);
                let is_inline = matches!(stored, Text::Inline { .. });
                assert_eq!(is_inline, text.len() <= INLINE, "{text}");
            }
        }
        assert_eq!(size_of::<Option<Text>>(), 40);
    }
}
