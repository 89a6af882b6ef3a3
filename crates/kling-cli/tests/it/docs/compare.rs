//! Whether what a document shows is what was printed.
//!
//! What is different in each run is made equal first: ids, times, ports. In a
//! document `…` stands for anything within a line, and on a line of its own for
//! any lines.

use regex::Regex;

/// What differs from run to run, and what is put in its place.
const CHANGING: [(&str, &str); 7] = [
    (
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "UUID",
    ),
    (r"\b[0-9]{17,20}\b", "TASK"),
    (r"\b1[5-9][0-9]{8}([0-9]{3})?\b", "TIME"),
    (r"127\.0\.0\.1:[0-9]+", "127.0.0.1:PORT"),
    (r"\[ *[0-9]+\.[0-9] s\]", "[SECONDS]"),
    (r#"("elapsed[a-z_]*":)[0-9.]+"#, "${1}SECONDS"),
    (r"\bin [0-9]+\.[0-9]+ ?m?s\b", "in SECONDS"),
];

fn made_equal(text: &str) -> String {
    let mut text = text.trim_end().to_owned();
    for (pattern, name) in CHANGING {
        text = Regex::new(pattern)
            .unwrap()
            .replace_all(&text, name)
            .into_owned();
    }
    text.push('\n');
    text
}

/// The error shows both.
pub(crate) fn compare(shown: &str, printed: &str) -> Result<(), String> {
    let mut pattern = String::from(r"\A");
    for line in made_equal(shown).lines() {
        if line == "…" {
            pattern.push_str("(?:.*\n)*");
        } else {
            let parts: Vec<_> = line.split('…').map(regex::escape).collect();
            pattern.push_str(&parts.join(".*"));
            pattern.push('\n');
        }
    }
    pattern.push_str(r"\z");
    let printed = made_equal(printed);
    if Regex::new(&pattern).unwrap().is_match(&printed) {
        return Ok(());
    }
    Err(format!("shown:\n{}printed:\n{printed}", made_equal(shown)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(shown: &str, printed: &str, same: bool) {
        let found = compare(shown, printed);
        assert_eq!(found.is_ok(), same, "{found:?}");
    }

    #[test]
    fn only_what_changes_from_run_to_run_may_differ() {
        check("a\nb", "a\nb\n", true);
        check("a\nb", "a\nc\n", false);
        check("a", "a\nb\n", false);
        check("a\n…", "a\nb\nc\n", true);
        check("a\n…\nd", "a\nd\n", true);
        check("a\n…\nd", "a\nb\n", false);
        check("saved a (…)", "saved a (3 bytes)", true);
        check("saved b (…)", "saved a (3 bytes)", false);
        check("[   0.0 s] x", "[  11.3 s] x", true);
        check("task 2006515755626823680", "task 2006515755626823681", true);
        check("task 7", "task 8", false);
        check("http://127.0.0.1:8080/a", "http://127.0.0.1:4711/a", true);
        check("http://127.0.0.1:8080/a", "http://127.0.0.1:4711/b", false);
        check("a.*", "abc", false);
    }
}
