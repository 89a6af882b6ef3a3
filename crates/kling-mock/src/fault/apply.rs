//! Applies a fault to an answer.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use kling_types::ApiCode;

use super::json::corrupt;
use super::{Action, Loss, Selection};

/// Writes an error the way the provider does.
pub(crate) type Envelope<'a> = dyn Fn(StatusCode, Option<ApiCode>) -> Response<Bytes> + 'a;

/// An answer, and how it is delivered.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) answer: Response<Bytes>,
    pub(crate) delivery: Delivery,
    /// The serial number of a fault that changed nothing in the answer.
    pub(crate) missed: Option<u64>,
}

/// How an answer is delivered. The head is always that of the whole answer, so
/// `Content-Length` is the length of the whole body unless a fault says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Delivery {
    /// The delay between handling the request and the start of the answer, or its loss.
    pub(crate) delay: Duration,
    pub(crate) ending: Ending,
    pub(crate) pace: Option<Pace>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Ending {
    #[default]
    Whole,
    /// The connection is reset; nothing was sent.
    Reset,
    /// The connection is closed; nothing was sent.
    CloseBeforeHead,
    /// Nothing is ever sent.
    Hang,
    /// The head, this many bytes of the body, fewer than it has, and then the
    /// connection ends.
    Truncate(usize),
}

/// The body in pieces of `chunk` bytes, with `gap` between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) chunk: usize,
    pub(crate) gap: Duration,
}

impl Selection {
    /// Applies the faults to an answer, which is empty if the request was not
    /// [handled](Self::is_handled).
    ///
    /// Faults that the engine applies (reads, downloads, callbacks) change nothing
    /// here.
    pub(crate) fn apply(&self, mut answer: Response<Bytes>, envelope: &Envelope<'_>) -> Applied {
        let mut delivery = Delivery {
            delay: self.delay_after,
            ..Delivery::default()
        };
        let mut missed = false;
        match self.terminal.as_ref().map(|terminal| &terminal.action) {
            Some(Action::Status {
                status,
                code,
                retry_after,
            }) => {
                answer = envelope(*status, *code);
                if let Some(seconds) = retry_after {
                    let seconds = HeaderValue::from(*seconds);
                    answer.headers_mut().insert(RETRY_AFTER, seconds);
                }
            }
            Some(Action::Raw {
                status,
                content_type,
                body,
            }) => {
                answer = Response::new(body.clone());
                *answer.status_mut() = *status;
                answer
                    .headers_mut()
                    .insert(CONTENT_TYPE, content_type.clone());
            }
            Some(Action::Preset(preset)) => answer = preset.answer(),
            Some(Action::Lose(Loss::Reset)) => delivery.ending = Ending::Reset,
            Some(Action::Lose(Loss::Close)) => delivery.ending = Ending::CloseBeforeHead,
            Some(Action::Lose(Loss::Hang)) => delivery.ending = Ending::Hang,
            Some(Action::Lose(Loss::Empty)) => set_body(&mut answer, Bytes::new()),
            Some(Action::Truncate(bytes)) => match answer.body().len().checked_sub(1) {
                Some(most) => delivery.ending = Ending::Truncate(most.min(size(*bytes))),
                None => missed = true,
            },
            Some(Action::Slow(bytes)) => delivery.pace = Some(Pace::of_rate(*bytes)),
            Some(Action::Chunk { bytes, gap }) => {
                delivery.pace = Some(Pace {
                    chunk: size(*bytes),
                    gap: *gap,
                });
            }
            Some(Action::Json(corruption)) => match corrupt(corruption, answer.body()) {
                Some(body) => set_body(&mut answer, body),
                None => missed = true,
            },
            Some(Action::Delay(_) | Action::Read(_) | Action::Asset(_) | Action::Callback(_))
            | None => {}
        }
        let terminal = self.terminal.as_ref().filter(|_| missed);
        Applied {
            answer,
            delivery,
            missed: terminal.map(|terminal| terminal.serial),
        }
    }
}

impl Pace {
    /// Ten pieces a second, or one byte at a time.
    fn of_rate(bytes_a_second: u64) -> Self {
        let chunk = bytes_a_second.div_ceil(10);
        // In nanoseconds no rate except 0 can overflow.
        let nanos = u128::from(chunk) * 1_000_000_000 / u128::from(bytes_a_second.max(1));
        Pace {
            chunk: size(chunk),
            gap: Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)),
        }
    }
}

fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Updates `Content-Length`, if there is one.
fn set_body(answer: &mut Response<Bytes>, body: Bytes) {
    if let Some(length) = answer.headers_mut().get_mut(CONTENT_LENGTH) {
        *length = HeaderValue::from(body.len());
    }
    *answer.body_mut() = body;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Facts, FaultPlan, Operation};

    const BODY: &str = r#"{"code":0,"message":"SUCCEED"}"#;

    /// The first create or, where one is named, another operation.
    fn applied(text: &str) -> Applied {
        let operation = match text.split([':', '@']).next() {
            Some("get") => Operation::Get,
            Some("asset") => Operation::Asset,
            Some("callback") => Operation::Callback,
            _ => Operation::Create,
        };
        let facts = Facts {
            operation,
            account: "a",
            external_id: None,
            task: None,
        };
        let mut plan = FaultPlan::default();
        plan.add(text.parse().unwrap());
        plan.add("any@after:delay=1s".parse().unwrap());
        let mut answer = Response::new(Bytes::from_static(BODY.as_bytes()));
        let length = HeaderValue::from(BODY.len());
        answer.headers_mut().insert(CONTENT_LENGTH, length);
        plan.select(&facts, 1).apply(answer, &|status, code| {
            let mut answer = Response::new(Bytes::from(format!("{code:?}")));
            *answer.status_mut() = status;
            answer
        })
    }

    fn header(applied: &Applied, name: http::HeaderName) -> Option<&str> {
        applied.answer.headers().get(name)?.to_str().ok()
    }

    #[test]
    fn a_status_is_written_by_the_envelope() {
        let applied = applied("create:429/1302+retry_after=1m30s");
        assert_eq!(applied.answer.status(), 429);
        assert_eq!(applied.answer.body(), "Some(ApiCode(1302))");
        assert_eq!(header(&applied, RETRY_AFTER), Some("90"));
        assert_eq!(applied.delivery.ending, Ending::Whole);
        assert_eq!(applied.delivery.delay, Duration::from_secs(1));
        assert_eq!(applied.missed, None);
    }

    #[test]
    fn an_answer_can_be_given_word_for_word() {
        let applied = applied(r#"create@after:raw(502, text/html; charset=utf-8, "<p>\xff")"#);
        assert_eq!(applied.answer.status(), 502);
        assert_eq!(
            header(&applied, CONTENT_TYPE),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(header(&applied, CONTENT_LENGTH), None);
        assert_eq!(applied.answer.body().as_ref(), b"<p>\xff");
    }

    #[test]
    fn a_preset_brings_its_own_answer() {
        for (text, status, content_type) in [
            ("create:html301", 301, "text/html"),
            ("create:html502", 502, "text/html"),
            ("create:nested_error", 400, "application/json"),
            ("create:code400", 429, "application/json"),
            ("create:saturated", 429, "application/json"),
            ("create:quota_not_enough", 403, "application/json"),
            ("create:model_not_found", 503, "application/json"),
            ("create:invalid_request", 500, "application/json"),
        ] {
            let applied = applied(text);
            assert_eq!(applied.answer.status(), status, "{text}");
            assert_eq!(header(&applied, CONTENT_TYPE), Some(content_type), "{text}");
        }
    }

    #[test]
    fn the_delivery_says_how_an_answer_is_lost() {
        let pace = |chunk, millis| {
            Some(Pace {
                chunk,
                gap: Duration::from_millis(millis),
            })
        };
        for (text, ending, expected) in [
            ("create:reset", Ending::Reset, None),
            ("create@after:close", Ending::CloseBeforeHead, None),
            ("create:hang", Ending::Hang, None),
            ("create:truncate=10", Ending::Truncate(10), None),
            ("create:truncate=0", Ending::Truncate(0), None),
            // At least one byte is lost.
            ("create:truncate=30", Ending::Truncate(29), None),
            ("create:slow=1000", Ending::Whole, pace(100, 100)),
            ("create:slow=4", Ending::Whole, pace(1, 250)),
            ("create:slow=15", Ending::Whole, pace(2, 133)),
            ("create:chunk=3,gap=2s", Ending::Whole, pace(3, 2000)),
            ("asset:wrong_type", Ending::Whole, None),
            ("callback:drop", Ending::Whole, None),
            ("get:lag=2", Ending::Whole, None),
        ] {
            let applied = applied(text);
            assert_eq!(applied.delivery.ending, ending, "{text}");
            let whole_millis = applied.delivery.pace.map(|pace| Pace {
                gap: Duration::from_millis(u64::try_from(pace.gap.as_millis()).unwrap()),
                ..pace
            });
            assert_eq!(whole_millis, expected, "{text}");
            // The head is the whole answer's.
            assert_eq!(applied.answer.body(), BODY, "{text}");
            assert_eq!(header(&applied, CONTENT_LENGTH), Some("30"), "{text}");
        }
    }

    #[test]
    fn the_head_fits_a_body_that_changed() {
        for (text, length) in [
            ("create:empty", "0"),
            ("create@after:empty", "0"),
            ("create:json=cut", "15"),
            ("create:json=bom", "33"),
        ] {
            let applied = applied(text);
            assert_eq!(header(&applied, CONTENT_LENGTH), Some(length), "{text}");
            assert_eq!(applied.answer.body().len().to_string(), length, "{text}");
        }
    }

    #[test]
    fn a_fault_that_finds_nothing_is_told() {
        let applied = applied("create:json=null(/data)");
        assert_eq!(applied.missed, Some(1));
        assert_eq!(applied.answer.body(), BODY);

        let mut plan = FaultPlan::default();
        plan.add("get:truncate=5".parse().unwrap());
        let facts = Facts {
            operation: Operation::Get,
            account: "a",
            external_id: None,
            task: None,
        };
        let none = plan
            .select(&facts, 1)
            .apply(Response::default(), &|_, _| Response::default());
        assert_eq!(none.missed, Some(1));
        assert_eq!(none.delivery, Delivery::default());
    }

    #[test]
    fn no_rate_is_too_low_or_too_high() {
        for rate in [1, 9, 10, 11, u64::MAX] {
            let pace = Pace::of_rate(rate);
            assert!(pace.chunk > 0 && pace.gap > Duration::ZERO, "{rate}");
            assert!(pace.gap <= Duration::from_secs(1), "{rate}");
        }
    }
}
