//! What errors and `Debug` say, at a glance.

use std::fmt::Write as _;

use kling_types::callback::TaskCallback;
use kling_types::image::Header;
use kling_types::scene::Date;
use kling_types::{Amount, EffectRequest, ImageSource, Scene, TaskEnvelope, routes};
use proptest::prelude::*;

use crate::pictures::{gif, png};
use crate::support::sample;

#[test]
fn display_of_every_error() {
    let errors: [(&str, Box<dyn std::error::Error>); 9] = [
        ("an amount", Box::new("1,5".parse::<Amount>().unwrap_err())),
        (
            "a date",
            Box::new("2026-02-30".parse::<Date>().unwrap_err()),
        ),
        ("no bytes", Box::new(Header::read(b"").unwrap_err())),
        ("a GIF", Box::new(Header::read(&gif()).unwrap_err())),
        ("a text", Box::new(Header::read(b"hello").unwrap_err())),
        (
            "half a PNG",
            Box::new(Header::read(&png(1, 1)[..20]).unwrap_err()),
        ),
        (
            "a callback",
            Box::new(TaskCallback::from_slice(b"{\"x\":1}").unwrap_err()),
        ),
        (
            "a task",
            Box::new(serde_json::from_str::<kling_types::Task>("{}").unwrap_err()),
        ),
        (
            "an id",
            Box::new(serde_json::from_str::<kling_types::TaskId>("\"\"").unwrap_err()),
        ),
    ];
    let mut text = String::new();
    for (what, error) in errors {
        let _ = writeln!(text, "{what}: {error}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn debug_of_what_is_read_and_built() {
    let request = EffectRequest::dual(
        Scene::HUG_PRO,
        ImageSource::bytes(vec![0; 5000]),
        ImageSource::url("https://me:password@example.com/a.jpg?sig=secret"),
    )
    .with_duration("5")
    .with_callback_url("https://example.com/hook?token=secret");
    let answer: TaskEnvelope = serde_json::from_value(sample(
        "resp.cometapi.omni-query.wrapped-success.reconstructed.json",
    ))
    .expect("an envelope");
    insta::assert_snapshot!(format!("{request:#?}\n{answer:#?}"));
}

#[track_caller]
fn check_path(id: &str, expected: &str) {
    assert_eq!(
        routes::task(routes::EFFECTS, id),
        format!("/v1/videos/effects/{expected}")
    );
}

#[test]
fn an_id_is_one_segment_of_the_path() {
    check_path("930831534075682845", "930831534075682845");
    check_path("CmYgjmbyMToAAAAAADUuvA", "CmYgjmbyMToAAAAAADUuvA");
    check_path("a-b.c_d~e", "a-b.c_d~e");
    check_path("a b/c?d#e%f", "a%20b%2Fc%3Fd%23e%25f");
    check_path("é", "%C3%A9");
}

proptest! {
    /// Whatever the id, the path has one more segment, and the id comes back.
    #[test]
    fn any_id_comes_back(id in ".{1,40}") {
        let path = routes::task(routes::EFFECTS, &id);
        let segment = path.strip_prefix("/v1/videos/effects/").expect("the collection");
        prop_assert!(segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
        let mut bytes = Vec::new();
        let mut rest = segment.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(if byte == b'%' {
                let digits = [rest.next().expect("a digit"), rest.next().expect("a digit")];
                let digits = std::str::from_utf8(&digits).expect("ASCII");
                u8::from_str_radix(digits, 16).expect("hexadecimal")
            } else {
                byte
            });
        }
        prop_assert_eq!(String::from_utf8(bytes).expect("UTF-8"), id);
    }
}

#[test]
fn addresses_in_a_sentence_show_neither_user_nor_query() {
    let check = |text: &str, expected: &str| {
        assert_eq!(kling_types::without_signatures(text), expected);
    };
    for plain in ["", "why?", "what #1: a/b?c=d", "me@example.com: a // b"] {
        check(plain, plain);
    }
    check("https://a.example/b", "https://a.example/b");
    check(
        "no: https://me:pw@a.example/b?c=d and\n\"ftp://e/f#g\".",
        "no: https://a.example/b?… and\n\"ftp://e/f#…\".",
    );
    check("<a href=https://a/?b>c?</a>", "<a href=https://a/?…>c?</a>");
    check(
        r#"{"url":"https:\/\/a\/b?c=d","x":"y?"}"#,
        r#"{"url":"https:\/\/a\/b?…","x":"y?"}"#,
    );
}
