//! How `Debug` and messages show text that may be secret or very long.

use std::borrow::Cow;
use std::fmt;

use crate::media::looks_like_url;
use crate::wire::Extra;

/// The most characters shown of one text.
const MAX_CHARS: usize = 200;

/// The most characters of a sentence of the service's: longer than any seen.
const MAX_SENTENCE: usize = 1_000;

/// The most keys shown of one object, and the most characters of one.
const MAX_KEYS: usize = 8;
const MAX_KEY_CHARS: usize = 40;

/// A text, without its end if it is long, and with its addresses as [`url`] shows
/// them.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    if looks_like_url(text) {
        return Cow::Owned(url(text));
    }
    cut_and_safe(text, MAX_CHARS)
}

/// A sentence of somebody else's that may be shown: its addresses have neither user
/// nor query, which may be a password or a signature. What stands around them stays.
///
/// ```
/// let said = "can't fetch https://me:pw@cdn.example.com/a.png?sig=1234, gave up";
/// assert_eq!(
///     kling_types::without_signatures(said),
///     "can't fetch https://cdn.example.com/a.png?… gave up"
/// );
/// ```
pub fn without_signatures(text: &str) -> Cow<'_, str> {
    // In JSON that was cut, slashes may still be escaped.
    let has_address = |text: &str| {
        let is_escaped = || text.contains('\\') && text.replace('\\', "").contains("://");
        text.contains("://") || is_escaped()
    };
    if !has_address(text) {
        return Cow::Borrowed(text);
    }
    let ends_word = |c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>');
    let words = text.split_inclusive(ends_word).map(|piece| {
        let word = piece.trim_end_matches(ends_word);
        if has_address(word) {
            Cow::Owned(url(word) + &piece[word.len()..])
        } else {
            Cow::Borrowed(piece)
        }
    });
    Cow::Owned(words.collect())
}

/// A URL, or what was meant as one, without what may be secret: user and
/// password, query, fragment.
pub(crate) fn url(text: &str) -> String {
    let (scheme, rest) = match text.find("://") {
        Some(at) => text.split_at(at + 3),
        None => ("", text),
    };
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let (shown, hidden) = rest.split_at(end);
    let authority_end = shown.find('/').unwrap_or(shown.len());
    let user_end = shown[..authority_end].rfind('@').map_or(0, |at| at + 1);
    let mut url = format!("{scheme}{}", &shown[user_end..]);
    if let Some(mark) = hidden.chars().next() {
        url.extend([mark, '…']);
    }
    cut(&url, MAX_CHARS).unwrap_or(url)
}

/// A sentence of somebody else's, without its end if it is endless, and without
/// signatures.
pub(crate) fn long(text: &str) -> Cow<'_, str> {
    cut_and_safe(text, MAX_SENTENCE)
}

fn cut_and_safe(text: &str, max_chars: usize) -> Cow<'_, str> {
    match cut(text, max_chars) {
        Some(cut) => Cow::Owned(without_signatures(&cut).into_owned()),
        None => without_signatures(text),
    }
}

fn cut(text: &str, max_chars: usize) -> Option<String> {
    let (end, _) = text.char_indices().nth(max_chars)?;
    Some(format!("{}… ({} bytes)", &text[..end], text.len()))
}

/// The keys of an object: its values may be pictures or secrets.
pub(crate) struct Keys<'a>(pub(crate) &'a Extra);

impl fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut set = f.debug_set();
        for key in self.0.keys().take(MAX_KEYS) {
            set.entry(&cut(key, MAX_KEY_CHARS).as_deref().unwrap_or(key));
        }
        if self.0.len() > MAX_KEYS {
            set.entry(&format_args!("… {} in all", self.0.len()));
        }
        set.finish()
    }
}
