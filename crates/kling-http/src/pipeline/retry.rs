//! Decides whether to retry, and how long to wait before.

use std::time::Duration;

use super::LONGEST;
use super::classify::Answer;

/// How often and how fast a call is retried. Only calls that are safe to repeat are
/// retried: queries, and creates that certainly had no effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// The maximum number of attempts of one call, including the first, and including
    /// one with a new token after the old one has expired.
    pub max_attempts: u32,
    /// The longest wait before the second attempt; it doubles with each further one.
    /// The wait is drawn uniformly between zero and this ("full jitter").
    pub initial: Duration,
    /// The longest wait. It also caps a `Retry-After`, between the queries of a watch
    /// too. The time budget of a call is [`Timeouts::deadline`](crate::Timeouts).
    pub max: Duration,
    /// The first wait, doubling, if the account has no free slot (code 1303). A slot
    /// becomes free when a task ends, which takes minutes. The wait is drawn from the
    /// upper half.
    pub capacity: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            max_attempts: 5,
            initial: Duration::from_secs(1),
            max: Duration::from_secs(60),
            capacity: Duration::from_secs(20),
        }
    }
}

impl RetryPolicy {
    /// Makes one attempt and never retries.
    pub fn never() -> Self {
        RetryPolicy {
            max_attempts: 1,
            ..RetryPolicy::default()
        }
    }

    /// The longest wait, capped at [`LONGEST`].
    pub(crate) fn longest_wait(&self) -> Duration {
        self.max.min(LONGEST)
    }
}

/// What to do after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    RetryAfter(Duration),
    Stop,
}

/// `chance` is between 0 and 1.
pub(super) fn decide(
    failure: &Answer,
    idempotent: bool,
    attempt: u32,
    policy: &RetryPolicy,
    chance: f64,
) -> Decision {
    let harmless = idempotent || !failure.outcome_unknown();
    if !harmless || !failure.is_temporary() || attempt >= policy.max_attempts {
        return Decision::Stop;
    }
    let doublings = 2_u32.saturating_pow(attempt.saturating_sub(1));
    let (first, share) = if failure.is_capacity() {
        (policy.capacity, 0.5 + chance / 2.0)
    } else {
        (policy.initial, chance)
    };
    let longest = policy.longest_wait();
    let drawn = first.saturating_mul(doublings).min(longest).mul_f64(share);
    let asked = failure.retry_after().unwrap_or_default().min(longest);
    Decision::RetryAfter(drawn.max(asked))
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use kling_types::ServiceError;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::transport::{TransportError, TransportErrorKind};

    const POLICY: RetryPolicy = RetryPolicy {
        max_attempts: 5,
        initial: Duration::from_secs(1),
        max: Duration::from_secs(60),
        capacity: Duration::from_secs(20),
    };

    fn refused(code: i64, retry_after: Option<u64>) -> Answer {
        let body = json!({ "code": code });
        Answer::Refused {
            error: ServiceError::parse(429, &body).unwrap(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    fn lost(kind: TransportErrorKind) -> Answer {
        Answer::Lost(TransportError::new(kind, "why"))
    }

    /// The shortest and the longest wait in seconds, or none.
    #[track_caller]
    fn check(failure: &Answer, attempt: u32, expected: Option<(f64, f64)>) {
        let wait = |chance| match decide(failure, true, attempt, &POLICY, chance) {
            Decision::RetryAfter(wait) => Some(wait.as_secs_f64()),
            Decision::Stop => None,
        };
        assert_eq!(
            wait(0.0).zip(wait(1.0)),
            expected,
            "attempt {attempt} of {failure:?}"
        );
    }

    #[test]
    fn waits_double_and_are_drawn_from_nothing_up() {
        let failure = refused(1302, None);
        for (attempt, longest) in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0)] {
            check(&failure, attempt, Some((0.0, longest)));
        }
        check(&failure, 5, None);
        check(&failure, u32::MAX, None);
    }

    #[test]
    fn a_full_account_is_given_more_time() {
        let failure = refused(1303, None);
        for (attempt, bounds) in [(1, (10.0, 20.0)), (2, (20.0, 40.0)), (3, (30.0, 60.0))] {
            check(&failure, attempt, Some(bounds));
        }
    }

    /// Peer trap: a `Retry-After` that was computed as NaN, so that six requests went
    /// out at once.
    #[test]
    fn retry_after_is_the_least_wait_up_to_the_policy_s_longest() {
        check(&refused(1302, Some(30)), 1, Some((30.0, 30.0)));
        check(&refused(1302, Some(3)), 4, Some((3.0, 8.0)));
        check(&refused(1302, Some(u64::MAX)), 1, Some((60.0, 60.0)));
        check(&refused(1303, Some(0)), 1, Some((10.0, 20.0)));
    }

    #[test]
    fn the_permanent_errors_of_http_429_are_not_tried_again() {
        for code in [1100, 1101, 1102, 1304] {
            check(&refused(code, Some(1)), 1, None);
        }
    }

    #[test]
    fn a_create_is_repeated_only_if_it_certainly_was_not_acted_on() {
        let repeats = |failure: &Answer, idempotent| {
            decide(failure, idempotent, 1, &POLICY, 0.0) != Decision::Stop
        };
        let bare = |status| Answer::BareStatus {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: None,
            snippet: String::new(),
        };
        for (failure, query, create) in [
            (refused(1302, None), true, true),
            (refused(1303, None), true, true),
            (refused(5001, None), true, true),
            (bare(429), true, true),
            (lost(TransportErrorKind::Connect), true, true),
            (refused(5000, None), true, false),
            (refused(5002, None), true, false),
            (bare(500), true, false),
            (bare(503), true, false),
            (lost(TransportErrorKind::Timeout), true, false),
            (lost(TransportErrorKind::Broken), true, false),
            (refused(1201, None), false, false),
            (lost(TransportErrorKind::Request), false, false),
        ] {
            assert_eq!(repeats(&failure, true), query, "query: {failure:?}");
            assert_eq!(repeats(&failure, false), create, "create: {failure:?}");
        }
    }

    #[test]
    fn no_policy_overflows() {
        let endless = RetryPolicy {
            max_attempts: u32::MAX,
            initial: Duration::MAX,
            max: Duration::MAX,
            capacity: Duration::MAX,
        };
        for failure in [refused(1302, Some(u64::MAX)), refused(1303, None)] {
            let decision = decide(&failure, true, 1_000, &endless, 1.0);
            assert_eq!(decision, Decision::RetryAfter(LONGEST));
        }
        let never = RetryPolicy {
            max_attempts: 0,
            ..RetryPolicy::never()
        };
        assert_eq!(
            decide(&refused(1302, None), true, 1, &never, 0.0),
            Decision::Stop
        );
    }

    proptest! {
        /// Never longer than the longest, never shorter than the service asks
        /// (up to that), and the same for the same random number.
        #[test]
        fn every_wait_keeps_to_the_policy(
            initial in 0..10_000_u64,
            max in 1..100_000_u64,
            capacity in 0..100_000_u64,
            attempt in 1..20_u32,
            chance in 0.0..=1.0_f64,
            asked in proptest::option::of(0..200_u64),
            code in proptest::sample::select(&[1302, 1303][..]),
        ) {
            let policy = RetryPolicy {
                max_attempts: 20,
                initial: Duration::from_millis(initial),
                max: Duration::from_millis(max),
                capacity: Duration::from_millis(capacity),
            };
            let failure = refused(code, asked);
            let decision = decide(&failure, false, attempt, &policy, chance);
            let Decision::RetryAfter(wait) = decision else {
                return Err(TestCaseError::fail("no wait"));
            };
            prop_assert!(wait <= policy.max);
            prop_assert!(wait >= Duration::from_secs(asked.unwrap_or(0)).min(policy.max));
            prop_assert_eq!(decide(&failure, false, attempt, &policy, chance), decision);
        }
    }
}
