//! When to try again, and how long to wait before.

use std::time::Duration;

use super::LONGEST;
use super::classify::Answer;

/// How often and how fast a call is repeated. Only calls that do no harm twice
/// are: queries, and creates that certainly were not acted on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// Tries of one call, the first included.
    pub max_attempts: u32,
    /// The longest wait before the second try; it doubles from there. The wait
    /// is drawn evenly between nothing and this ("full jitter").
    pub initial: Duration,
    /// The longest wait of all, also for a `Retry-After` (in seconds; a date is
    /// not read).
    pub max: Duration,
    /// The wait, doubling, where the account has no slot free (code 1303): a
    /// slot is free when a task ends, which takes minutes. Drawn from its upper
    /// half.
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
    /// Tries once.
    pub fn never() -> Self {
        RetryPolicy {
            max_attempts: 1,
            ..RetryPolicy::default()
        }
    }
}

/// What to do after a failed try.
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
    let longest = policy.max.min(LONGEST);
    let drawn = first.saturating_mul(doublings).min(longest).mul_f64(share);
    let asked = failure.retry_after().unwrap_or_default().min(longest);
    Decision::RetryAfter(drawn.max(asked))
}
