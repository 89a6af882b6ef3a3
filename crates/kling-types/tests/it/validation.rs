//! Each rule, broken and just kept: see `validation_cases`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kling_types::validate::{Checks, Rule, Severity, validate_json, validate_json_with};
use kling_types::{EffectRequest, ImageSource, Scene, Violation};
use serde_json::json;

use crate::pictures::{BASELINE, Part, frame, gif, jpeg, plain_jpeg, png};
use crate::support::sample;
use crate::validation_cases::{cases, dual, image, single};

/// The JSON, and the typed request that reads from it, break the same rules.
#[test]
fn rules_are_broken_where_expected() {
    let mut broken = BTreeSet::new();
    for (checks, (body, expected)) in cases() {
        let found = validate_json_with(&body, &checks);
        let places: Vec<String> = found.iter().map(place).collect();
        assert_eq!(places.join("; "), expected, "{body}");
        broken.extend(found.iter().map(|v| v.rule));
        if let Ok(request) = serde_json::from_value::<EffectRequest>(body.clone()) {
            assert_eq!(request.validate_with(&checks), found, "{body}");
        }
    }
    broken.insert(Rule::ImageBytes); // Ten megabytes: see below.
    let all: BTreeSet<Rule> = Rule::ALL.iter().copied().collect();
    assert_eq!(broken, all, "a rule that no case breaks");
}

fn place(violation: &Violation) -> String {
    match violation.pointer.as_str() {
        "" => format!("(body) {}", violation.rule),
        pointer => format!("{pointer} {}", violation.rule),
    }
}

#[test]
fn pictures_are_judged_as_bytes_and_as_base64() {
    let mut heavy = plain_jpeg(640, 427);
    heavy.resize(10_000_001, 0);
    let mut full = plain_jpeg(640, 427);
    full.resize(10_000_000, 0);
    // Its frame lies behind more than is decoded at first.
    let deep = {
        let mut parts: Vec<Part> = (0..3)
            .map(|_| Part::Segment(0xe2, vec![0; 60_000]))
            .collect();
        parts.push(frame(BASELINE, 640, 100));
        jpeg(parts)
    };
    for (bytes, expected) in [
        (heavy, vec![Rule::ImageBytes]),
        (full, vec![]),
        (deep, vec![Rule::ImagePixels, Rule::ImageAspect]),
        (png(640, 427), vec![]),
        (gif(), vec![Rule::ImageFormat]),
        (vec![], vec![Rule::ImageEmpty]),
    ] {
        let text = STANDARD.encode(&bytes);
        for source in [ImageSource::bytes(bytes), ImageSource::base64(text)] {
            let found = EffectRequest::single(Scene::PET_LION_PRO, source).validate();
            assert_eq!(found.iter().map(|v| v.rule).collect::<Vec<_>>(), expected);
        }
    }
}

/// Whether the last digit's unused bits are zero is no concern of anybody.
#[test]
fn loose_bits_at_the_end_are_taken() {
    let text = STANDARD.encode(&png(640, 427)[..55]);
    let loose = text.strip_suffix("A==").map(|start| format!("{start}B=="));
    let loose = loose.expect("it ends in zero bits");
    assert_eq!(validate_json(&image(loose)), []);
}

#[test]
fn the_documented_requests_break_no_rule() {
    for name in [
        "req.cometapi.effects.hug.new",
        "req.cometapi.effects.hug.old",
        "req.kling.effects.dual.2025-12",
        "req.kling.effects.dual.2026-09",
        "req.kling.effects.single.2025-12",
        "req.kling.effects.single.2026-09",
    ] {
        let body = sample(&format!("{name}.json"));
        let checks = Checks::default().with_duration_required(name.contains("cometapi"));
        let errors: Vec<_> = validate_json_with(&body, &checks)
            .into_iter()
            .filter(Violation::is_error)
            .collect();
        assert_eq!(errors, [], "{name}");
    }
}

#[test]
fn messages_of_each_case() {
    let mut text = String::new();
    for (checks, (body, _)) in cases() {
        let found = validate_json_with(&body, &checks);
        if found.is_empty() {
            continue;
        }
        let mut shown = body.to_string();
        if let Some((cut, _)) = shown.char_indices().nth(160) {
            shown.truncate(cut);
            shown.push('…');
        }
        let _ = writeln!(text, "{shown}");
        for violation in found {
            let _ = writeln!(text, "    {} {violation}", violation.severity());
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn no_message_repeats_a_secret() {
    let body = json!({
        "effect_scene": "pet_lion_pro",
        "input": {"image": "https://me:S3cr3t@/a.jpg?sig=S3cr3t"},
        "callback_url": "example.com/hook?token=S3cr3t",
    });
    let found = validate_json(&body);
    assert_eq!(found.len(), 2);
    for violation in found {
        assert!(!violation.to_string().contains("S3cr3t"), "{violation}");
    }
    let long = image("x".repeat(100_000) + "!");
    assert!(validate_json(&long)[0].message.len() < 200);
    let long = single(json!({"effect_scene": "x".repeat(100_000)}));
    assert!(validate_json(&long)[0].message.len() < 400);
}

#[test]
fn a_violation_is_json_for_other_programs() {
    let found = validate_json(&dual(json!({"effect_scene": "hug"})));
    assert_eq!(
        serde_json::to_value(&found[0]).unwrap(),
        json!({
            "pointer": "/effect_scene",
            "rule": "scene.retired",
            "severity": "warning",
            "message": "\"hug\" is not on Kling's list of 2026-09-20 (last on 2025-12-12)",
        })
    );
    assert!(!found[0].is_error());
    assert!(Severity::Warning < Severity::Error);
}

#[test]
fn rule_ids_are_words_and_never_twice() {
    let ids: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    assert_eq!(ids.len(), Rule::ALL.len());
    for id in ids {
        let (area, fault) = id.split_once('.').expect("an area and a fault");
        for word in [area, fault] {
            assert!(
                !word.is_empty()
                    && word
                        .bytes()
                        .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')),
                "{id}"
            );
        }
    }
}
