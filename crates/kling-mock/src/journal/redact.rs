//! Redacts credentials and pictures.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

/// The replacement of a secret.
const HIDDEN: &str = "…";

/// Shorter credentials are not redacted, because they occur by chance in many texts.
const SHORTEST_SECRET: usize = 8;

/// Longer base64 is treated as a picture: hashes, ids and keys are not longer, and no
/// picture has fewer than 49 bytes.
const LONGEST_WORD: usize = 64;

/// Suffixes of the names of parameters with secret values: `Signature`,
/// `X-Amz-Security-Token`, `api_key`.
const SECRET_NAMES: [&str; 6] = ["signature", "sig", "token", "secret", "key", "password"];

/// The known credentials. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<Vec<String>>);

impl Secrets {
    /// Redacts this text everywhere, also in the escaped forms of URLs and JSON.
    pub(super) fn add(&mut self, secret: &str) {
        if secret.len() < SHORTEST_SECRET {
            return;
        }
        let in_url = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        let in_json = serde_json::Value::from(secret).to_string();
        let in_json = in_json[1..in_json.len() - 1].to_owned();
        let known = Arc::make_mut(&mut self.0);
        for spelling in [secret.to_owned(), in_url, in_json] {
            if !known.contains(&spelling) {
                known.push(spelling);
            }
        }
        // The longest first, because one may be a prefix of another.
        known.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    }

    /// The text without secrets: known ones, web tokens, the values of
    /// parameters such as `Signature=`, and the user and password in a URL.
    pub(super) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in self.0.iter() {
            if text.contains(secret) {
                text = Cow::Owned(text.replace(secret, HIDDEN));
            }
        }
        let hide = |_: &str| HIDDEN.to_owned();
        let text = replace(replace(text, next_web_token, hide), next_parameter, hide);
        replace(text, next_user, hide)
    }
}

/// The text with each picture in base64 replaced by its length and hash. Works
/// on any text, as a body may be cut anywhere.
pub(super) fn condense(text: &str) -> Cow<'_, str> {
    replace(Cow::Borrowed(text), next_picture, |found| {
        // `\/` in JSON is the same picture as `/`.
        let is_escaped = found.contains('\\');
        let plain = is_escaped.then(|| serde_json::from_str::<String>(&format!("\"{found}\"")));
        let plain = plain.and_then(Result::ok);
        digest(plain.as_deref().unwrap_or(found).as_bytes())
    })
}

/// The replacement of a text that is too long.
pub(super) fn digest(text: &[u8]) -> String {
    let hash = sha256(text);
    format!("<{} characters, sha256 {}>", text.len(), &hash[..16])
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

/// Replaces what `next` finds from a position on.
fn replace(
    text: Cow<'_, str>,
    next: impl Fn(&str, usize) -> Option<Range<usize>>,
    with: impl Fn(&str) -> String,
) -> Cow<'_, str> {
    let mut replaced = String::new();
    let mut copied = 0;
    while let Some(found) = next(&text, copied) {
        replaced.push_str(&text[copied..found.start]);
        replaced.push_str(&with(&text[found.clone()]));
        copied = found.end;
    }
    if copied == 0 {
        return text;
    }
    replaced.push_str(&text[copied..]);
    Cow::Owned(replaced)
}

/// A JSON Web Token, whole or cut: base64url of `{"…`, and a dot.
fn next_web_token(text: &str, mut from: usize) -> Option<Range<usize>> {
    loop {
        let start = from + text[from..].find("eyJ")?;
        let in_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        let end = start + run(&text.as_bytes()[start..], in_token);
        if text[start..end].contains('.') {
            return Some(start..end);
        }
        from = end;
    }
}

/// The value of a parameter that holds a secret, also where `=` is escaped as
/// in a URL within a URL or as some writers of JSON do.
fn next_parameter(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let begins = |at: usize, word: &str| {
        let here = bytes.get(at..at + word.len());
        here.is_some_and(|here| here.eq_ignore_ascii_case(word.as_bytes()))
    };
    (from..bytes.len()).find_map(|at| {
        let sign = match bytes[at] {
            b'=' => "=",
            b'%' => "%3d",
            b'\\' => "\\u003d",
            _ => return None,
        };
        let is_secret = |name: &&str| at >= name.len() && begins(at - name.len(), name);
        if !begins(at, sign) || !SECRET_NAMES.iter().any(is_secret) {
            return None;
        }
        let start = at + sign.len();
        let in_value = |byte: &u8| *byte > b' ' && !b"&\"\\'<>#".contains(byte);
        let end = start + run(&bytes[start..], in_value);
        (end > start).then_some(start..end)
    })
}

/// User and password before the `@` of a URL, also if its slashes are escaped, as some
/// JSON serialisers do.
fn next_user(text: &str, mut from: usize) -> Option<Range<usize>> {
    loop {
        let colon = from + text[from..].find(':')?;
        let mut signs = ["://", ":\\/\\/"].into_iter();
        let Some(sign) = signs.find(|sign| text[colon..].starts_with(sign)) else {
            from = colon + 1;
            continue;
        };
        let start = colon + sign.len();
        let in_authority = |byte: &u8| *byte > b' ' && !b"/?#\"\\<>".contains(byte);
        let end = start + run(&text.as_bytes()[start..], in_authority);
        if let Some(length) = text[start..end].rfind('@').filter(|length| *length > 0) {
            return Some(start..start + length);
        }
        from = end;
    }
}

/// Base64 that is too long to be anything but a picture, and not recognisably a part of
/// a URL.
fn next_picture(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        let start = at;
        at += base64_run(&bytes[start..]);
        if at == start {
            at += 1;
            continue;
        }
        at += run(&bytes[at..], |byte| *byte == b'=').min(2);
        let before = start.checked_sub(1).map_or(b'"', |last| bytes[last]);
        let after = bytes.get(at).copied().unwrap_or(b'"');
        let stands_alone =
            b"\"',= \t\r\n".contains(&before) && b"\"',&;<\\ \t\r\n".contains(&after);
        if stands_alone && at - start > LONGEST_WORD {
            return Some(start..at);
        }
    }
    None
}

/// The length of base64, in either alphabet, with escaped characters and line breaks as
/// in JSON.
fn base64_run(bytes: &[u8]) -> usize {
    let mut len = 0;
    while let Some(byte) = bytes.get(len) {
        len += match (byte, bytes.get(len + 1)) {
            (b'\\', Some(b'/' | b'n' | b'r')) => 2,
            (b'\\', Some(b'u')) if bytes.len() >= len + 6 && bytes[len..len + 6].is_ascii() => 6,
            (b'+' | b'/' | b'-' | b'_', _) => 1,
            (byte, _) if byte.is_ascii_alphanumeric() => 1,
            _ => break,
        };
    }
    len
}

fn run(bytes: &[u8], of: impl Fn(&u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| of(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        let mut secrets = Secrets::default();
        for secret in [
            "sk-mock-0123456789",
            "sk-mock-0123456789-longer",
            "whsec_a/b+c\"d",
            "short",
        ] {
            secrets.add(secret);
        }
        secrets
    }

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let rows = [
            ("Bearer sk-mock-0123456789", "Bearer …"),
            ("sk-mock-0123456789-longer", "…"),
            ("a short key", "a short key"),
            (r#"{"secret":"whsec_a/b+c\"d"}"#, r#"{"secret":"…"}"#),
            ("?x=whsec%5Fa%2Fb%2Bc%22d", "?x=…"),
            (
                "Bearer eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhayJ9.c2ln",
                "Bearer …",
            ),
            ("cut: eyJhbGciOiJIUzI1NiJ9.eyJp", "cut: …"),
            ("eyJust a word. Then more", "eyJust a word. Then more"),
            (
                "/a.mp4?Expires=17&Signature=AbC",
                "/a.mp4?Expires=17&Signature=…",
            ),
            ("?Signature=AbC&Expires=17", "?Signature=…&Expires=17"),
            (
                r#"{"url":"https://h/a?x-amz-signature=AbC"}"#,
                r#"{"url":"https://h/a?x-amz-signature=…"}"#,
            ),
            (
                r#"{"url":"https://h/a?X-Amz-Security-Token\u003dAbC\u0026b=1"}"#,
                r#"{"url":"https://h/a?X-Amz-Security-Token\u003d…\u0026b=1"}"#,
            ),
            (
                "?u=https%3A%2F%2Fh%3Fsig%3DAbC",
                "?u=https%3A%2F%2Fh%3Fsig%3D…",
            ),
            ("Signature=", "Signature="),
            (
                r#"{"url":"http://me:pa@ss@127.0.0.1/a@b"}"#,
                r#"{"url":"http://…@127.0.0.1/a@b"}"#,
            ),
            (r#""http:\/\/me@h\/", b@c"#, r#""http:\/\/…@h\/", b@c"#),
            ("http://h/ and http://@h", "http://h/ and http://@h"),
            ("päth=1", "päth=1"),
        ];
        for (text, expected) in rows {
            let redacted = secrets().redact(text).into_owned();
            assert_eq!(redacted, expected, "of {text}");
            assert_eq!(secrets().redact(&redacted), redacted, "twice, of {text}");
        }
    }

    #[test]
    fn pictures_become_their_length_and_hash() {
        let picture = "/9j/".repeat(20);
        let hidden = digest(picture.as_bytes());
        assert_eq!(hidden, "<80 characters, sha256 1bfb1a5cca767281>");
        let escaped = picture.replace('/', "\\/");
        let url = format!("https://localhost/{}", "path/".repeat(30));
        let rows = [
            (
                format!(r#"{{"image":"{picture}"}}"#),
                format!(r#"{{"image":"{hidden}"}}"#),
            ),
            (
                format!(r#"{{"image":"{escaped}"}}"#),
                format!(r#"{{"image":"{hidden}"}}"#),
            ),
            (
                format!("data:image/png;base64,{picture}"),
                format!("data:image/png;base64,{hidden}"),
            ),
            (
                format!("image={picture}&x=1"),
                format!("image={hidden}&x=1"),
            ),
            (
                format!(r#"{{"image":"{picture}"#),
                format!(r#"{{"image":"{hidden}"#),
            ),
            (
                format!(r#"{{"image":"{url}"}}"#),
                format!(r#"{{"image":"{url}"}}"#),
            ),
            (picture[..64].to_owned(), picture[..64].to_owned()),
            ("ä".repeat(100), "ä".repeat(100)),
        ];
        for (text, expected) in rows {
            let condensed = condense(&text).into_owned();
            assert_eq!(condensed, expected, "of {text}");
            assert_eq!(condense(&condensed), condensed, "twice, of {text}");
        }
        let padded = condense(&format!("{}==", "A".repeat(70))).into_owned();
        assert!(padded.starts_with("<72 characters"), "{padded}");
        let dotnet = format!("{}\\u002B{}\\u002B", "A".repeat(40), "B".repeat(40));
        assert!(condense(&dotnet).starts_with("<82 characters"));
    }
}
