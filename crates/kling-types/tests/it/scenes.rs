//! The scene catalogue against its source and against what Kling printed.

use std::collections::BTreeSet;

use kling_types::Scene;
use kling_types::scene::{self, Arity, Confidence, Date, LATEST_LIST, SceneInfo};
use serde_json::Value;

use crate::support::read;

fn source() -> Vec<Value> {
    serde_json::from_slice(&read("fixtures/scenes.json")).expect("a list")
}

fn totals<'a>(scenes: impl Iterator<Item = &'a SceneInfo>) -> (usize, usize) {
    let scenes: Vec<_> = scenes.collect();
    let dual = scenes
        .iter()
        .filter(|info| info.arity == Arity::Dual)
        .count();
    (scenes.len() - dual, dual)
}

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

#[test]
fn the_catalogue_is_the_source() {
    let source = source();
    assert_eq!((source.len(), scene::all().len()), (333, 333));
    for entry in &source {
        let name = entry["scene"].as_str().expect("a name");
        let info = Scene::from(name)
            .info()
            .unwrap_or_else(|| panic!("{name} is missing"));
        let text = |date: Option<Date>| date.map_or(Value::Null, |d| d.to_string().into());
        assert_eq!(info.name, name);
        assert_eq!(
            info.arity.images(),
            if entry["arity"] == "dual" { 2 } else { 1 },
            "{name}"
        );
        assert_eq!(text(info.introduced), entry["introduced"], "{name}");
        assert_eq!(text(info.announced_end), entry["discontinued"], "{name}");
        assert_eq!(text(info.first_seen), entry["first_seen"], "{name}");
        assert_eq!(text(info.last_seen), entry["last_seen"], "{name}");
        assert_eq!(
            info.listed_global,
            entry["listed_global_2026_09_20"] == true,
            "{name}"
        );
        assert_eq!(
            info.listed_china,
            entry["listed_china_2026_09"] == true,
            "{name}"
        );
        assert_eq!(
            info.listed_comet,
            entry["cometapi_doc_enum"] == true,
            "{name}"
        );
        let confidence = match info.introduced_confidence {
            Confidence::Documented => "documented",
            Confidence::Inferred => "inferred",
            Confidence::Window => "window",
        };
        assert_eq!(confidence, entry["introduced_confidence"], "{name}");
        for (ours, key) in [
            (info.models, "models"),
            (info.modes, "modes"),
            (info.durations, "durations"),
            (info.sources, "sources"),
        ] {
            assert_eq!(Value::from(ours.to_vec()), entry[key], "{name} {key}");
        }
        assert!(!info.sources.is_empty(), "{name} comes from nowhere");
    }
    assert!(scene::all().is_sorted_by(|a, b| a.name < b.name));
}

/// The numbers that Kling's pages print, by date, as single and dual.
#[test]
fn the_totals_are_those_of_the_pages() {
    for (date, expected) in [
        ("2025-03-05", (0, 3)),
        ("2025-12-12", (148, 4)),
        ("2026-03-18", (219, 10)),
        ("2026-04-24", (250, 13)),
        ("2026-09-20", (204, 15)),
    ] {
        assert_eq!(totals(scene::listed_on(day(date))), expected, "{date}");
    }
    // The page has one less, 198: `emoji` was missing on that day only.
    assert_eq!(totals(scene::listed_on(day("2026-01-27"))), (194, 5));
    assert_eq!(
        totals(scene::all().iter().filter(|i| i.listed_china)),
        (191, 15)
    );
    assert_eq!(
        totals(scene::all().iter().filter(|i| i.listed_global)),
        (204, 15)
    );
    assert_eq!(scene::all().iter().filter(|i| i.listed_comet).count(), 6);
    for info in scene::all() {
        assert_eq!(
            info.listed_on(LATEST_LIST),
            Some(info.listed_global),
            "{}",
            info.name
        );
    }
}

#[test]
fn the_name_does_not_tell_the_arity() {
    for name in [
        "thumbs_up_pro",
        "tiger_hug_pro",
        "pet_lion_pro",
        "dollar_rain_pro",
        "pet_bee_pro",
        "heart_gesture_dance",
        "heart_gesture_1",
        "hug_from_past",
        "polar_bear_hug",
    ] {
        assert_eq!(
            Scene::from(name).info().map(|i| i.arity),
            Some(Arity::Single),
            "{name}"
        );
    }
    let dual: BTreeSet<&str> = scene::all()
        .iter()
        .filter(|i| i.arity == Arity::Dual)
        .map(|i| i.name)
        .collect();
    let expected = [
        "pet_skateboard",
        "daily_ootd",
        "toss_run",
        "switch_to_silk",
        "studio_look",
        "french_elegance",
        "finger_swipe",
        "smooth_transition",
        "kiss_pro",
        "snow_night_kiss",
        "eternal_kiss",
        "cheers_2026",
        "fight_pro",
        "hug_pro",
        "heart_gesture_pro",
        "hug",
        "kiss",
        "heart_gesture",
        "fight",
    ];
    assert_eq!(dual, expected.into_iter().collect());
}

#[track_caller]
fn check_listed(name: &str, dates: &[(&str, Option<bool>)]) {
    let info = Scene::from(name).info().expect("it is known");
    for (date, expected) in dates {
        assert_eq!(info.listed_on(day(date)), *expected, "{name} on {date}");
        let retired =
            *expected == Some(false) && info.first_seen.is_some_and(|first| day(date) >= first);
        assert_eq!(info.retired_on(day(date)), retired, "{name} on {date}");
    }
}

#[test]
fn scenes_come_and_go() {
    let (yes, no) = (Some(true), Some(false));
    check_listed(
        "hug",
        &[
            ("2025-03-04", no),
            ("2025-03-05", yes),
            ("2025-12-12", yes),
            ("2026-01-15", None),
            ("2026-01-30", no),
            ("2030-01-01", no),
        ],
    );
    check_listed(
        "girlfriend",
        &[
            ("2026-01-27", yes),
            ("2026-02-10", None),
            ("2026-03-18", no),
        ],
    );
    check_listed(
        "squish",
        &[
            ("2026-05-13", yes),
            ("2026-06-01", None),
            ("2026-09-20", no),
        ],
    );
    // Announced to end on 2026-07-03, and there all the same.
    check_listed(
        "magic_match_tree",
        &[
            ("2025-12-12", no),
            ("2026-01-01", None),
            ("2026-07-04", yes),
            ("2026-09-20", yes),
            ("2030-01-01", yes),
        ],
    );
    // Announced, never listed.
    check_listed("puff_cheeks", &[("2025-01-01", no), ("2026-09-20", no)]);
    // Listed first, introduced by then.
    check_listed(
        "net_the_fish",
        &[("2026-09-03", no), ("2026-09-04", yes), ("2026-09-20", yes)],
    );
}

#[test]
fn names_are_found_by_any_spelling_seen() {
    assert_eq!(
        Scene::from("let\u{2019}s_ride").info(),
        Scene::from("let's_ride").info()
    );
    assert!(Scene::from("let's_ride").info().is_some());
    assert_eq!(
        Scene::HUG_PRO.info().map(SceneInfo::scene),
        Some(Scene::from("hug_pro"))
    );
    assert_eq!(Scene::SCENE_3D_CARTOON_2.as_str(), "3d_cartoon_2");
    for name in ["", "hug_pr", "HUG_PRO", "hug_pro ", "zzz", "\u{2019}"] {
        assert_eq!(Scene::from(name).info(), None, "{name:?}");
    }
}

#[test]
fn a_date_is_a_day_of_the_calendar() {
    for good in ["2024-02-29", "2000-02-29", "2026-12-31", "0001-01-01"] {
        assert_eq!(day(good).to_string(), good);
    }
    for bad in [
        "2026-02-29",
        "1900-02-29",
        "2026-13-01",
        "2026-00-01",
        "2026-01-00",
        "2026-04-31",
        "26-01-01",
        "2026-1-1",
        "2026-01-01-",
        "2026-01",
        "+026-01-01",
        "2026/01/01",
        "",
        "2026-01-1a",
        "２026-01-01",
    ] {
        assert!(bad.parse::<Date>().is_err(), "{bad}");
    }
    assert!(day("2025-12-31") < day("2026-01-01"));
    assert_eq!(Date::new(2026, 9, 20), LATEST_LIST);
}
