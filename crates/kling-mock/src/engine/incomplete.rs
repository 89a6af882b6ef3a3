//! Requests whose body was not read completely. They are refused before their
//! credentials are checked, as web servers do (*inferred*), and faults do not count
//! them.

use bytes::Bytes;
use http::{Method, Request};
use kling_types::UnixMillis;

use super::refusal::Refusal;
use super::route::Route;
use super::{Engine, Reply, plain};
use crate::journal::Exchange;
use crate::random::Stream;

/// The maximum size of a body: two pictures of 10 MB in base64, and a margin.
pub(crate) const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// Why a body was not read completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Incomplete {
    /// It has, or announces, more than [`BODY_LIMIT`] bytes.
    TooLarge,
    /// The client stopped sending, or the framing is invalid.
    BrokenOff,
}

impl Engine {
    /// Refuses a request of which only the head was read.
    pub(crate) fn refuse_incomplete(
        &self,
        now: UnixMillis,
        head: &Request<Bytes>,
        why: Incomplete,
    ) -> Reply {
        let (refusal, note) = match why {
            Incomplete::TooLarge => (Refusal::BodyTooLarge, "the body is too large"),
            Incomplete::BrokenOff => (Refusal::MalformedBody, "the body broke off"),
        };
        let number = self.next_request();
        let mut ids = Stream::new(self.seed, "request-id", number);
        let refused = refusal.answer(&self.profile, now, &mut ids);
        let route = Route::of(&self.profile, head);
        let mut answer = match route {
            Route::Asset(_) => plain(refused.status(), note),
            _ => refused,
        };
        if head.method() == Method::HEAD {
            answer.body_mut().clear();
        }
        let exchange = Exchange {
            answer: Some(&answer),
            note,
            ..Exchange::new(now, route.operation(), head)
        };
        self.journal_lock().append(&exchange.draft());
        Reply::whole(answer)
    }

    fn next_request(&self) -> u64 {
        let mut state = self.state();
        let number = state.requests;
        state.requests += 1;
        number
    }
}
