//! Errors for unknown keywords, with a suggestion.

use super::{Cursor, SyntaxError, Token};

/// Looks up a word in a table; an unknown word is an error that lists the known ones.
pub(crate) fn choose<T: Copy>(
    cursor: &Cursor<'_>,
    word: Token<'_>,
    noun: &str,
    table: &[(&str, T)],
) -> Result<T, SyntaxError> {
    if let Some((_, value)) = table.iter().find(|(known, _)| *known == word.text) {
        return Ok(*value);
    }
    let known: Vec<_> = table.iter().map(|(known, _)| *known).collect();
    Err(cursor.error(word.at, unknown(word.text, noun, &known)))
}

/// An error for an unknown `word`; `noun` names what was expected.
pub(crate) fn unknown(word: &str, noun: &str, known: &[&str]) -> String {
    let list = known.join(", ");
    if word.is_empty() {
        return format!("expected {noun}: {list}");
    }
    let meant =
        nearest(word, known).map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
    format!("`{word}` is not {noun}{meant} (known: {list})")
}

pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = &word.to_lowercase();
    let length = word.chars().count();
    known
        .iter()
        // Skips words whose length differs too much, so that a long text is not
        // compared with everything.
        .filter(|candidate| length.abs_diff(candidate.len()) <= tolerance(candidate))
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= tolerance(candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The number of typing errors up to which a word is suggested.
fn tolerance(word: &str) -> usize {
    1 + word.len() / 4
}

/// The Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_suggested_and_only_a_near_one() {
        for (word, meant) in [
            ("rset", Some("reset")),
            ("rseet", Some("reset")),
            ("RESET", Some("reset")),
            ("clse", Some("close")),
            ("zzz", None),
            ("range_ignred", Some("range_ignored")),
        ] {
            assert_eq!(nearest(word, &["reset", "close", "range_ignored"]), meant);
        }
    }

    #[test]
    fn distance_is_symmetric_and_counts_edits() {
        for (a, b, edits) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("a", "b", 1),
        ] {
            assert_eq!(distance(a, b), edits);
            assert_eq!(distance(b, a), edits);
        }
    }
}
