//! Requests whose body was not read to its end. They are refused before anybody
//! looks at their credentials, as a web server does (*inferred*), and no fault
//! counts them.

use bytes::Bytes;
use http::{Method, Request};
use kling_types::UnixMillis;

use super::refusal::Refusal;
use super::route::Route;
use super::{Engine, Reply, plain};
use crate::journal::Exchange;
use crate::random::Stream;

/// The largest request: two pictures of 10 MB in base64, and room.
pub(crate) const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It has more than [`BODY_LIMIT`] bytes, or says so.
    TooLarge,
    /// The client stopped in the middle, or its framing makes no sense.
    BrokenOff,
}

impl Engine {
    /// Refuses a request of which there is no more than the head.
    pub(crate) fn refuse_unread(
        &self,
        now: UnixMillis,
        head: &Request<Bytes>,
        why: Unread,
    ) -> Reply {
        let (refusal, note) = match why {
            Unread::TooLarge => (Refusal::BodyTooLarge, "the body is too large"),
            Unread::BrokenOff => (Refusal::MalformedBody, "the body broke off"),
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
        let mut world = self.world();
        let number = world.requests;
        world.requests += 1;
        number
    }
}
