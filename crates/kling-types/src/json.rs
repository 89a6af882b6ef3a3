//! Parsing JSON with broken characters.

use std::borrow::Cow;

use serde_json::Value;

/// Parses the JSON of an answer or a callback, and tolerates broken characters. A byte
/// order mark is skipped. Bytes that are not UTF-8, and unpaired surrogates (`\ud83d`
/// without its other half, as in a text that was cut), are read as U+FFFD: the address
/// of a paid result must not be lost because of an emoji (*inferred*: nobody has seen
/// this yet; browsers and Python read them too).
///
/// ```
/// let cut = b"\xef\xbb\xbf{\"task_status_msg\": \"so sad \\ud83d\"}";
/// let answer = kling_types::read_json(cut)?;
/// assert_eq!(answer["task_status_msg"], "so sad \u{fffd}");
/// assert!(kling_types::read_json(b"{\"task_id\": ").is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn read_json(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    // Parsing a `str` is faster than parsing bytes, where each string is validated.
    let strict = match str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(bytes),
    };
    strict.or_else(|error| {
        let text = String::from_utf8_lossy(bytes);
        let text = with_whole_characters(text.trim_start_matches('\u{feff}'));
        serde_json::from_str(&text).map_err(|_| error)
    })
}

/// The same JSON with `\ufffd` in place of each escape that is an unpaired surrogate.
fn with_whole_characters(text: &str) -> Cow<'_, str> {
    let mut repaired = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        let (kept, written) = match (code_unit(escape), escape.get(6..).and_then(code_unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (12, escape.get(..12)),
            (Some(0xd800..=0xdfff), _) => (6, Some("\\ufffd")),
            // The backslash and the character that it escapes.
            _ => {
                let length = 1 + escape[1..].chars().next().map_or(0, char::len_utf8);
                (length, escape.get(..length))
            }
        };
        repaired.push_str(before);
        repaired.push_str(written.unwrap_or_default());
        rest = &escape[kept..];
    }
    if repaired.is_empty() {
        return Cow::Borrowed(text);
    }
    repaired.push_str(rest);
    Cow::Owned(repaired)
}

/// The UTF-16 code unit at the start of a text, if it is written `\uXXXX`.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}
