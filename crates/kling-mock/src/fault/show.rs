//! Formats a fault in canonical form.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::{
    Action, AssetFault, CallbackFault, Corruption, Delay, Fault, Loss, Occurrence, ReadFault,
    Selector,
};
use crate::grammar::{Quoted, Time, Value};

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.selector.fmt(f)?;
        if self.phase != self.action.default_phase() {
            write!(f, "@{}", self.phase.as_str())?;
        }
        write!(f, ":{}", self.action)?;
        if let Some(limit) = self.limit {
            write!(f, " x{limit}")?;
        }
        f.write_str(if self.optional { " optional" } else { "" })
    }
}

impl Display for Selector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation.map_or("any", super::Operation::as_str))?;
        match self.occurrence {
            Occurrence::All => {}
            Occurrence::Between(first, last) if first == last => write!(f, "#{first}")?,
            Occurrence::Between(first, last) => write!(f, "#{first}-{last}")?,
            Occurrence::Every(step) => write!(f, "/{step}")?,
        }
        if let Some(p) = self.probability {
            write!(f, " p={p}")?;
        }
        let filters = [
            ("account", &self.account),
            ("ext", &self.external_id),
            ("task", &self.task),
        ];
        for (name, value) in filters {
            if let Some(value) = value {
                write!(f, " [{name}={}]", Value(value))?;
            }
        }
        Ok(())
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Action::Status {
                status,
                code,
                retry_after,
            } => {
                write!(f, "{}", status.as_u16())?;
                if let Some(code) = code {
                    write!(f, "/{code}")?;
                }
                if let Some(seconds) = retry_after {
                    let wait = Duration::from_secs(*seconds);
                    write!(f, "+retry_after={}", Time(wait))?;
                }
                Ok(())
            }
            Action::Raw {
                status,
                content_type,
                body,
            } => {
                let content_type = Value(content_type.to_str().unwrap_or_default());
                write!(
                    f,
                    "raw({}, {content_type}, {})",
                    status.as_u16(),
                    Quoted(body)
                )
            }
            Action::Preset(preset) => f.write_str(preset.as_str()),
            Action::Delay(delay) => write!(f, "delay={delay}"),
            Action::Lose(loss) => f.write_str(match loss {
                Loss::Reset => "reset",
                Loss::Close => "close",
                Loss::Empty => "empty",
                Loss::Hang => "hang",
            }),
            Action::Truncate(bytes) => write!(f, "truncate={bytes}"),
            Action::Slow(bytes) => write!(f, "slow={bytes}"),
            Action::Chunk { bytes, gap } => write!(f, "chunk={bytes},gap={}", Time(*gap)),
            Action::Json(corruption) => write!(f, "json={corruption}"),
            Action::Read(fault) => match fault {
                ReadFault::Stale(reads) => write!(f, "stale={reads}"),
                ReadFault::Lag(reads) => write!(f, "lag={reads}"),
                ReadFault::Regress => f.write_str("regress"),
            },
            Action::Asset(fault) => f.write_str(match fault {
                AssetFault::Expired => "expired",
                AssetFault::WrongType => "wrong_type",
                AssetFault::RangeIgnored => "range_ignored",
            }),
            Action::Callback(fault) => fault.fmt(f),
        }
    }
}

impl Display for Delay {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Delay::Fixed(time) => Time(*time).fmt(f),
            Delay::Uniform(least, most) => write!(f, "uniform({}, {})", Time(*least), Time(*most)),
            Delay::LogNormal { median, sigma, max } => {
                write!(f, "lognormal({}, {sigma}, {})", Time(*median), Time(*max))
            }
        }
    }
}

impl Display for Corruption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Corruption::Cut => f.write_str("cut"),
            Corruption::MissingField(pointer) => write!(f, "missing_field({})", Value(pointer)),
            Corruption::WrongType(pointer) => write!(f, "wrong_type({})", Value(pointer)),
            Corruption::Null(pointer) => write!(f, "null({})", Value(pointer)),
            Corruption::DuplicateKey => f.write_str("dup_key"),
            Corruption::ByteOrderMark => f.write_str("bom"),
            Corruption::UnknownStatus(word) => write!(f, "unknown_status({})", Value(word)),
        }
    }
}

impl Display for CallbackFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CallbackFault::Drop => "drop",
            CallbackFault::Duplicate(count) => return write!(f, "dup={count}"),
            CallbackFault::Reorder => "reorder",
            CallbackFault::Late(time) => return write!(f, "late={}", Time(*time)),
            CallbackFault::BadSignature => "bad_sig",
            CallbackFault::StaleTimestamp => "stale_ts",
            CallbackFault::WrongSecret => "wrong_secret",
            CallbackFault::NoHeaders => "no_headers",
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderValue, StatusCode};
    use kling_types::code::DOCUMENTED;
    use kling_types::{TaskState, TaskStatus};
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::fault::{Operation, Phase, Preset, check, rules};

    fn time() -> impl Strategy<Value = Duration> {
        prop_oneof![1..5_000_u64, 1..=u64::MAX].prop_map(Duration::from_millis)
    }

    fn two_times() -> impl Strategy<Value = (Duration, Duration)> {
        (time(), time()).prop_map(|(a, b)| (a.min(b), a.max(b)))
    }

    fn status() -> impl Strategy<Value = StatusCode> {
        (200..600_u16)
            .prop_filter("has a body", |status| ![204, 205, 304].contains(status))
            .prop_map(|status| StatusCode::from_u16(status).unwrap())
    }

    fn pointer() -> impl Strategy<Value = String> {
        proptest::collection::vec("([^~]|~0|~1){0,4}", 1..4)
            .prop_map(|tokens| format!("/{}", tokens.join("/")))
    }

    fn answers() -> impl Strategy<Value = Action> {
        let code = proptest::option::of(select(DOCUMENTED).prop_map(|row| row.code));
        let retry_after = proptest::option::of(0..=u64::MAX / 1000);
        prop_oneof![
            (status(), code, retry_after)
                .prop_filter("is a fault", |(status, code, _)| {
                    code.is_some() || !status.is_success()
                })
                .prop_map(|(status, code, retry_after)| Action::Status {
                    status,
                    code,
                    retry_after,
                }),
            (
                status(),
                "[ -~]{0,6}/[ -~]{0,6}",
                any::<Vec<u8>>().prop_map(Bytes::from)
            )
                .prop_map(|(status, content_type, body)| Action::Raw {
                    status,
                    content_type: HeaderValue::from_str(&content_type).unwrap(),
                    body,
                }),
            select(vec![
                Preset::Html301,
                Preset::Html502,
                Preset::NestedError,
                Preset::Code400,
                Preset::Saturated,
                Preset::QuotaNotEnough,
                Preset::ModelNotFound,
                Preset::InvalidRequest,
            ])
            .prop_map(Action::Preset),
            time().prop_map(|time| Action::Delay(Delay::Fixed(time))),
            two_times().prop_map(|(a, b)| Action::Delay(Delay::Uniform(a, b))),
            (two_times(), 0.0..10.0).prop_map(|((median, max), sigma)| {
                Action::Delay(Delay::LogNormal { median, sigma, max })
            }),
            select(vec![Loss::Reset, Loss::Close, Loss::Empty, Loss::Hang]).prop_map(Action::Lose),
        ]
    }

    fn breaks() -> impl Strategy<Value = Action> {
        prop_oneof![
            any::<u64>().prop_map(Action::Truncate),
            (1..=u64::MAX).prop_map(Action::Slow),
            (1..=u64::MAX, time()).prop_map(|(bytes, gap)| Action::Chunk { bytes, gap }),
            prop_oneof![
                Just(Corruption::Cut),
                pointer().prop_map(Corruption::MissingField),
                pointer().prop_map(Corruption::WrongType),
                pointer().prop_map(Corruption::Null),
                Just(Corruption::DuplicateKey),
                Just(Corruption::ByteOrderMark),
                any::<String>()
                    .prop_filter("is unknown", |word| {
                        let state = TaskStatus::from(word.as_str()).state();
                        !word.is_empty() && state == TaskState::Unknown
                    })
                    .prop_map(Corruption::UnknownStatus),
            ]
            .prop_map(Action::Json),
        ]
    }

    fn of_one_operation() -> impl Strategy<Value = Action> {
        prop_oneof![
            (1..=u64::MAX).prop_map(|reads| Action::Read(ReadFault::Stale(reads))),
            (1..=u64::MAX).prop_map(|reads| Action::Read(ReadFault::Lag(reads))),
            Just(Action::Read(ReadFault::Regress)),
            select(vec![
                AssetFault::Expired,
                AssetFault::WrongType,
                AssetFault::RangeIgnored
            ])
            .prop_map(Action::Asset),
            (2..=u64::MAX).prop_map(|count| Action::Callback(CallbackFault::Duplicate(count))),
            time().prop_map(|time| Action::Callback(CallbackFault::Late(time))),
            select(vec![
                CallbackFault::Drop,
                CallbackFault::Reorder,
                CallbackFault::BadSignature,
                CallbackFault::StaleTimestamp,
                CallbackFault::WrongSecret,
                CallbackFault::NoHeaders,
            ])
            .prop_map(Action::Callback),
        ]
    }

    fn selectors() -> impl Strategy<Value = Selector> {
        let operation = select(vec![
            None,
            Some(Operation::Create),
            Some(Operation::Get),
            Some(Operation::List),
            Some(Operation::Asset),
            Some(Operation::Callback),
        ]);
        let number = || prop_oneof![1..9_u64, 1..=u64::MAX];
        let occurrence = prop_oneof![
            Just(Occurrence::All),
            (number(), number()).prop_map(|(a, b)| Occurrence::Between(a.min(b), a.max(b))),
            number().prop_map(Occurrence::Every),
        ];
        let value = || proptest::option::weighted(0.3, any::<String>());
        let probability = proptest::option::of(prop_oneof![Just(0.0), Just(1.0), 0.0..1.0]);
        (
            operation,
            occurrence,
            probability,
            value(),
            value(),
            value(),
        )
            .prop_map(|(operation, occurrence, probability, a, b, c)| {
                let given = |value: Option<String>| value.filter(|value| !value.is_empty());
                Selector {
                    operation,
                    occurrence,
                    probability,
                    account: given(a),
                    external_id: given(b),
                    task: given(c),
                }
            })
    }

    /// Every fault that makes sense.
    fn faults() -> impl Strategy<Value = Fault> {
        let phase = proptest::option::of(select(vec![Phase::Before, Phase::After, Phase::Mid]));
        let action = prop_oneof![answers(), breaks(), of_one_operation()];
        let limit = proptest::option::of(prop_oneof![1..9_u64, 1..=u64::MAX]);
        (selectors(), phase, action, limit, any::<bool>())
            .prop_map(|(selector, phase, action, limit, optional)| Fault {
                phase: phase.unwrap_or_else(|| action.default_phase()),
                selector,
                action,
                limit,
                optional,
            })
            .prop_filter("makes sense", |fault| rules::broken(fault, "").is_none())
    }

    proptest! {
        #[test]
        fn the_canonical_form_means_the_same(fault in faults()) {
            let text = fault.to_string();
            prop_assert_eq!(text.parse::<Fault>(), Ok(fault), "{}", text);
        }

        #[test]
        fn nothing_panics(text in "\\PC*") {
            check(text.as_bytes());
        }

        #[test]
        fn nothing_panics_on_what_looks_like_a_fault(
            pieces in proptest::collection::vec(select(vec![
                "create", "get", "any", "callback", "#1", "-", "/2", " p=", "0.5", "[ext=", "a", "]",
                "@after", "@mid", ":", "503", "/", "1302", "raw(", "502", ",", "text/html", "\"", "\\",
                "x", "n", ")", "(", "json=", "null", "/a", "~", "delay=", "2s", "uniform", "truncate=",
                " x2", " optional", "é", "\u{a0}", "+retry_after=", "dup=", "reset", "9",
            ]), 0..14)
        ) {
            check(pieces.concat().as_bytes());
        }

        #[test]
        fn a_mistyped_fault_points_into_its_text(
            fault in faults(),
            at in any::<proptest::sample::Index>(),
            char in any::<char>(),
        ) {
            let mut chars: Vec<char> = fault.to_string().chars().collect();
            let at = at.index(chars.len());
            chars[at] = char;
            let text: String = chars.iter().collect();
            check(text.as_bytes());
            if let Err(error) = text.parse::<Fault>() {
                prop_assert!((1..=chars.len() + 1).contains(&error.column()));
            }
        }
    }
}
