//! Open sets of words, ids, times and decimals.

use std::time::Duration;

use kling_types::{
    Amount, ClipLength, ExternalTaskId, Mode, ModelName, Scene, Seconds, Task, TaskId, TaskState,
    TaskStatus, UnixMillis, WireCode,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Any text: `as_str`, `FromStr`, `Display` and serde agree, and nothing is lost.
macro_rules! check_word {
    ($type:ty, $text:expr) => {{
        let text: &str = $text;
        let word: $type = text.parse().expect("any text is one");
        let json = Value::from(text);
        assert_eq!(word.as_str(), text);
        assert_eq!(word.to_string(), text);
        assert_eq!(serde_json::to_value(&word).expect("it encodes"), json);
        assert_eq!(
            serde_json::from_value::<$type>(json).expect("it decodes"),
            word
        );
        word
    }};
}

/// A known word has its own variant; any other is kept, and is never known.
macro_rules! check_open_enum {
    ($type:ident, $text:expr) => {{
        let text: &str = $text;
        let word = check_word!($type, text);
        assert_eq!(word.is_known(), $type::KNOWN.contains(&text));
        assert_eq!(word.is_known(), !matches!(word, $type::Unknown(_)));
    }};
}

proptest! {
    #[test]
    fn any_text_is_a_word(text in ".*") {
        check_open_enum!(Mode, &text);
        check_open_enum!(ModelName, &text);
        check_open_enum!(ClipLength, &text);
        check_word!(TaskStatus, &text);
        check_word!(Scene, &text);
    }

    #[test]
    fn a_millisecond_survives(millis in prop_oneof![100_000_000_000..i64::MAX, i64::MIN..=0]) {
        let time = UnixMillis::new(millis);
        let json = serde_json::to_value(time).expect("it encodes");
        prop_assert_eq!(&json, &json!(millis));
        prop_assert_eq!(serde_json::from_value::<UnixMillis>(json).expect("it decodes"), time);
        let text: UnixMillis = serde_json::from_value(json!(millis.to_string())).expect("text too");
        prop_assert_eq!(text, time);
    }

    #[test]
    fn a_decimal_survives(digits in -10_i128.pow(27)..10_i128.pow(27), scale in 0_usize..28) {
        let sign = if digits < 0 { "-" } else { "" };
        let padded = format!("{:0>29}", digits.unsigned_abs());
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            digits => digits,
        };
        let point = if scale == 0 { "" } else { "." };
        let text = format!("{sign}{whole}{point}{fraction}");
        let amount: Amount = text.parse().expect("28 digits fit");
        prop_assert_eq!(amount.to_string(), text.as_str());
        let json = serde_json::to_value(amount).expect("it encodes");
        prop_assert_eq!(&json, &Value::from(text));
        prop_assert_eq!(serde_json::from_value::<Amount>(json).expect("it decodes"), amount);
    }
}

#[test]
fn known_words_are_known() {
    for word in Mode::KNOWN {
        check_open_enum!(Mode, word);
    }
    for word in ModelName::KNOWN {
        check_open_enum!(ModelName, word);
    }
    for word in ClipLength::KNOWN {
        check_open_enum!(ClipLength, word);
    }
    assert_eq!(Mode::KNOWN, ["std", "pro"]);
    assert_eq!(ModelName::KNOWN, ["kling-v1", "kling-v1-5", "kling-v1-6"]);
    assert_eq!(ClipLength::KNOWN, ["5", "10"]);
}

#[test]
fn a_status_has_many_names() {
    let table: &[(TaskState, &[&str])] = &[
        (
            TaskState::Submitted,
            &["submitted", "not_start", "queued", "pending"],
        ),
        (
            TaskState::Processing,
            &["processing", "in_progress", "running"],
        ),
        (
            TaskState::Succeed,
            &["succeed", "succeeded", "success", "completed", "done"],
        ),
        (TaskState::Failed, &["failed", "fail", "failure", "error"]),
        (
            TaskState::Unknown,
            &["", "cancelled", "expired", "UNKNOWN", "succeeding"],
        ),
    ];
    for (state, words) in table {
        for word in *words {
            for spelling in [word.to_string(), word.to_uppercase(), format!(" {word} ")] {
                let status = TaskStatus::from(spelling.as_str());
                assert_eq!(status.state(), *state, "{spelling:?}");
                assert_eq!(status.as_str(), spelling);
                let ends = matches!(state, TaskState::Succeed | TaskState::Failed);
                assert_eq!(status.is_terminal(), ends, "{spelling:?}");
            }
        }
    }
    let ours = [
        TaskStatus::SUBMITTED,
        TaskStatus::PROCESSING,
        TaskStatus::SUCCEED,
        TaskStatus::FAILED,
    ];
    assert_eq!(
        ours.map(|s| s.to_string()),
        ["submitted", "processing", "succeed", "failed"]
    );
}

#[track_caller]
fn check_id(json: Value, expected: Option<&str>) {
    let id: Result<TaskId, _> = serde_json::from_value(json);
    assert_eq!(id.as_ref().ok().map(TaskId::as_str), expected);
}

#[test]
fn an_id_is_text_or_an_integer() {
    check_id(json!("878106242831892487"), Some("878106242831892487"));
    check_id(
        json!(878_106_242_831_892_487_u64),
        Some("878106242831892487"),
    );
    check_id(json!(u64::MAX), Some("18446744073709551615"));
    check_id(json!(" "), Some(" "));
    check_id(json!(""), None);
    check_id(json!(null), None);
    // It has lost its last digits.
    check_id(json!(2.032_273_960_331_935_7e20), None);
    check_id(json!(["1"]), None);
    assert_eq!(ExternalTaskId::new(""), None);
}

#[track_caller]
fn check_time(json: Value, millis: Option<i64>) {
    let body = json!({"task_id": "1", "created_at": json});
    let task: Task = serde_json::from_value(body.clone()).expect("a task");
    assert_eq!(task.created_at.map(UnixMillis::get), millis);
    assert_eq!(json!(task), body);
}

#[test]
fn a_time_is_in_seconds_or_milliseconds() {
    check_time(json!(1_722_769_557_708_i64), Some(1_722_769_557_708));
    check_time(json!("1722769557708"), Some(1_722_769_557_708));
    check_time(json!(1_760_000_000), Some(1_760_000_000_000));
    check_time(json!("1760000000"), Some(1_760_000_000_000));
    check_time(json!(99_999_999_999_i64), Some(99_999_999_999_000));
    check_time(json!(100_000_000_000_i64), Some(100_000_000_000));
    check_time(json!(0), Some(0));
    // A whole number, as some languages write it.
    check_time(json!(1_773_366_844_624.0), Some(1_773_366_844_624));
    check_time(json!(1e300), None);
    check_time(json!("soon"), None);
    check_time(json!(1.5), None);
    check_time(json!(null), None);
}

#[test]
fn times_differ_without_overflow() {
    let (early, late) = (UnixMillis::new(1_000), UnixMillis::new(4_500));
    assert_eq!(late.saturating_since(early), Duration::from_millis(3_500));
    assert_eq!(early.saturating_since(late), Duration::ZERO);
    assert_eq!(early.saturating_add(Duration::from_millis(3_500)), late);
    assert_eq!(
        late.saturating_add(Duration::MAX),
        UnixMillis::new(i64::MAX)
    );
    let widest = UnixMillis::new(i64::MAX).saturating_since(UnixMillis::new(i64::MIN));
    assert_eq!(widest, Duration::from_millis(i64::MAX.unsigned_abs()));
}

#[track_caller]
fn check_seconds(json: Value, expected: Option<(&str, u64)>) {
    let read: Option<Seconds> = serde_json::from_value(json).ok();
    let read = read.map(|s| (s.to_string(), s.to_duration().map(|d| d.as_millis())));
    let expected = expected.map(|(text, millis)| (text.to_owned(), Some(u128::from(millis))));
    assert_eq!(read, expected);
}

#[test]
fn a_clip_is_so_many_seconds_long() {
    check_seconds(json!("5"), Some(("5", 5_000)));
    check_seconds(json!("5.0"), Some(("5.0", 5_000)));
    check_seconds(json!("05"), Some(("5", 5_000)));
    check_seconds(json!("5.1"), Some(("5.1", 5_100)));
    check_seconds(json!(5), Some(("5", 5_000)));
    check_seconds(json!(5.1), Some(("5.1", 5_100)));
    check_seconds(json!(" 3.041 "), Some(("3.041", 3_041)));
    check_seconds(json!("5s"), None);
    check_seconds(json!(""), None);
    check_seconds(json!("NaN"), None);
    check_seconds(json!("1_000"), None);
    check_seconds(json!("1e3"), None);
    let negative: Seconds = "-1".parse().expect("a decimal");
    assert_eq!(negative.to_duration(), None);
}

#[test]
fn amounts_are_exact() {
    let sum: Amount = ["0.10", "0.20", "2.4"]
        .iter()
        .map(|t| t.parse::<Amount>().unwrap())
        .sum();
    assert_eq!(sum.to_string(), "2.70");
    let most: Amount = "79228162514264337593543950335"
        .parse()
        .expect("the largest");
    let one: Amount = "1".parse().expect("a decimal");
    assert_eq!(most.checked_add(one), None);
    assert_eq!([most, one].into_iter().sum::<Amount>(), most);
    assert_eq!(Amount::ZERO.checked_add(one), Some(one));
    "792281625142643375935439503350"
        .parse::<Amount>()
        .unwrap_err();
}

#[test]
fn a_code_is_a_number_or_a_word() {
    let table = [
        (WireCode::Number(0), Some(0), true),
        (WireCode::Text("0".to_owned()), Some(0), true),
        (WireCode::Text("SUCCESS".to_owned()), None, true),
        (WireCode::Text(" 1201 ".to_owned()), Some(1201), false),
        (WireCode::Text("task_not_exist".to_owned()), None, false),
        (WireCode::Text(String::new()), None, false),
        (WireCode::Number(1303), Some(1303), false),
    ];
    for (code, number, success) in table {
        assert_eq!(code.number(), number, "{code:?}");
        assert_eq!(code.is_success(), success, "{code:?}");
    }
}
