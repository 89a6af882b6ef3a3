//! The parser's cursor: reads words, numbers, durations and quoted text.

use std::io;
use std::time::Duration;

use super::SyntaxError;

/// Reads a file that a fault names.
pub(crate) type ReadFile<'a> = dyn FnMut(&str) -> io::Result<Vec<u8>> + 'a;

pub(crate) struct Cursor<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
    pub(crate) files: &'a mut ReadFile<'a>,
}

/// A piece of the text, with its position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) at: usize,
    pub(crate) text: &'a str,
}

type Result<T> = std::result::Result<T, SyntaxError>;

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str, files: &'a mut ReadFile<'a>) -> Self {
        Cursor { text, at: 0, files }
    }

    /// An error at the position of a token, or at [`here`](Self::here).
    pub(crate) fn error(&self, at: usize, message: impl Into<String>) -> SyntaxError {
        let before = self.text.get(..at).unwrap_or(self.text);
        SyntaxError::new(before.chars().count() + 1, message)
    }

    /// The next position that is not white space.
    pub(crate) fn here(&mut self) -> usize {
        self.at = self.text.len() - self.rest().trim_start().len();
        self.at
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(crate) fn peek(&mut self) -> Option<char> {
        self.here();
        self.rest().chars().next()
    }

    /// The text at this position, for an error.
    pub(crate) fn found(&mut self) -> String {
        match self.peek() {
            Some(found) => format!("found `{found}`"),
            None => "found the end".to_owned(),
        }
    }

    pub(crate) fn eat(&mut self, wanted: char) -> bool {
        let eaten = self.peek() == Some(wanted);
        if eaten {
            self.at += wanted.len_utf8();
        }
        eaten
    }

    pub(crate) fn eat_word(&mut self, wanted: &str) -> bool {
        let before = self.at;
        let eaten = self.word().text == wanted;
        if !eaten {
            self.at = before;
        }
        eaten
    }

    /// `after` names what it has to follow.
    pub(crate) fn expect(&mut self, wanted: char, after: &str) -> Result<()> {
        if self.eat(wanted) {
            return Ok(());
        }
        let (at, found) = (self.here(), self.found());
        Err(self.error(at, format!("expected `{wanted}` after {after}, {found}")))
    }

    /// The longest run of matching characters; may be empty.
    fn take(&mut self, fits: impl Fn(char) -> bool) -> Token<'a> {
        let at = self.here();
        let rest = self.rest();
        let length = rest.find(|c| !fits(c)).unwrap_or(rest.len());
        self.at += length;
        Token {
            at,
            text: &rest[..length],
        }
    }

    /// A word or a whole number; may be empty.
    pub(crate) fn word(&mut self) -> Token<'a> {
        self.take(|c| c.is_alphanumeric() || c == '_')
    }

    pub(crate) fn number(&mut self, what: &str) -> Result<u64> {
        let word = self.word();
        if word.text.is_empty() {
            let found = self.found();
            return Err(self.error(word.at, format!("expected {what}, {found}")));
        }
        // `parse` would accept a sign, but a word contains none.
        word.text.parse().map_err(|_| {
            let message = if word.text.bytes().all(|byte| byte.is_ascii_digit()) {
                format!("`{}` is too large for {what}", word.text)
            } else {
                format!("`{}` is not {what}: write digits only", word.text)
            };
            self.error(word.at, message)
        })
    }

    /// A number from 1.
    pub(crate) fn count(&mut self, what: &str) -> Result<u64> {
        let at = self.here();
        match self.number(what)? {
            0 => Err(self.error(at, format!("{what} cannot be 0"))),
            count => Ok(count),
        }
    }

    pub(crate) fn decimal(&mut self, what: &str) -> Result<f64> {
        let token = self.take(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-'));
        if token.text.is_empty() {
            let found = self.found();
            return Err(self.error(token.at, format!("expected {what}, {found}")));
        }
        match token.text.parse::<f64>() {
            // Adding 0 turns -0 into 0.
            Ok(number) if number.is_finite() => Ok(number + 0.0),
            _ => Err(self.error(token.at, format!("`{}` is not {what}", token.text))),
        }
    }

    /// `1m30s`: each unit at most once, the larger first.
    pub(crate) fn duration(&mut self) -> Result<Duration> {
        const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
        let token = self.word();
        if token.text.is_empty() {
            let found = self.found();
            return Err(self.error(token.at, format!("expected a time like 2s, {found}")));
        }
        let no_time = || {
            let message = format!(
                "`{}` is not a time: write it like 250ms, 2s, 1m30s or 2h",
                token.text
            );
            self.error(token.at, message)
        };
        let mut millis = 0_u64;
        let mut units = UNITS.iter();
        let mut rest = token.text;
        while !rest.is_empty() {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit())
                .ok_or_else(no_time)?;
            let (number, after) = rest.split_at(digits);
            let letters = after
                .find(|c: char| c.is_ascii_digit())
                .unwrap_or(after.len());
            let (unit, after) = after.split_at(letters);
            let (_, factor) = units.find(|(name, _)| *name == unit).ok_or_else(no_time)?;
            millis = number
                .parse::<u64>()
                .ok()
                .and_then(|number| number.checked_mul(*factor)?.checked_add(millis))
                .ok_or_else(no_time)?;
            rest = after;
        }
        Ok(Duration::from_millis(millis))
    }

    /// A time that is not 0.
    pub(crate) fn some_time(&mut self) -> Result<Duration> {
        let at = self.here();
        let time = self.duration()?;
        if time.is_zero() {
            return Err(self.error(at, "no time at all is no fault"));
        }
        Ok(time)
    }

    /// Text as it is, up to one of the `ends`.
    fn value(&mut self, what: &str, ends: &[char]) -> Result<Token<'a>> {
        let token = self.take(|c| !ends.contains(&c));
        let text = token.text.trim_end();
        if text.is_empty() {
            let found = self.found();
            return Err(self.error(token.at, format!("expected {what}, {found}")));
        }
        Ok(Token { at: token.at, text })
    }

    /// Text in quotes, or as it is up to one of the `ends`.
    pub(crate) fn string(&mut self, what: &str, ends: &[char]) -> Result<String> {
        let at = self.here();
        if self.peek() != Some('"') {
            return self.value(what, ends).map(|token| token.text.to_owned());
        }
        let string = String::from_utf8(self.quoted()?)
            .map_err(|_| self.error(at, format!("{what} has to be UTF-8")))?;
        if string.is_empty() {
            return Err(self.error(at, format!("{what} cannot be empty")));
        }
        Ok(string)
    }

    /// Text in quotes; the first of them is next.
    pub(crate) fn quoted(&mut self) -> Result<Vec<u8>> {
        let start = self.here();
        self.expect('"', "what came before")?;
        let mut bytes = Vec::new();
        let mut chars = self.rest().char_indices();
        while let Some((offset, char)) = chars.next() {
            match char {
                '"' => {
                    self.at += offset + 1;
                    return Ok(bytes);
                }
                '\\' => match escaped(&mut chars) {
                    Some(byte) => bytes.push(byte),
                    None => {
                        return Err(self.error(
                            self.at + offset,
                            "after `\\` comes one of `\"`, `\\`, n, r, t, or x and two hexadecimal digits",
                        ));
                    }
                },
                _ => bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        Err(self.error(start, "this quote is never closed"))
    }
}

/// The byte of an escape, after the backslash.
fn escaped(chars: &mut std::str::CharIndices<'_>) -> Option<u8> {
    let mut next = || chars.next().map(|(_, char)| char);
    Some(match next()? {
        '"' => b'"',
        '\\' => b'\\',
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'x' => {
            let high = next()?.to_digit(16)?;
            let low = next()?.to_digit(16)?;
            u8::try_from(high * 16 + low).ok()?
        }
        _ => return None,
    })
}
