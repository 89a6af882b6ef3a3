//! One line per answer: what it is, what kind of error it becomes, whether the
//! same request can succeed later, whether the service may have acted on it.

mod codes;
mod gateways;
mod headers_and_words;
mod laws;
mod not_the_api;
mod precedence;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use kling_types::ApiCode;
use kling_types::code::{DOCUMENTED, Remedy};
use proptest::prelude::*;
use serde_json::json;

use super::{Answer, classify};
use crate::error::ErrorKind::{
    self, Account, Auth, Config, ContentRejected, Decode, NotFound, RateLimited, Refused, Service,
    Timeout, Transport,
};
use crate::transport::{TransportError, TransportErrorKind as Kind};

/// The service acted on it for sure not (`Not`) or perhaps (`Perhaps`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Acted {
    Not,
    Perhaps,
}
use Acted::{Not, Perhaps};

/// Whether to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    Never,
    Later,
}
use Again::{Later, Never};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Success,
    Refusal,
    Bare,
    NotTheApi,
    Undecodable,
    Lost,
}
use Is::{Bare, NotTheApi, Refusal, Undecodable};

fn what(answer: &Answer) -> Is {
    match answer {
        Answer::Success(_) => Is::Success,
        Answer::Refused { .. } => Refusal,
        Answer::BareStatus { .. } => Bare,
        Answer::NotTheApi { .. } => NotTheApi,
        Answer::Undecodable { .. } => Undecodable,
        Answer::Lost(_) | Answer::BrokeOff { .. } => Is::Lost,
    }
}

fn of(status: u16, body: &str) -> Answer {
    let status = StatusCode::from_u16(status).unwrap();
    classify(status, &HeaderMap::new(), body.as_bytes(), false, now)
}

/// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(784_111_777)
}

/// To a create.
#[track_caller]
fn check(status: u16, body: &str, expected: (Is, ErrorKind, Again, Acted)) {
    check_answer(of(status, body), expected, &format!("HTTP {status} {body}"));
}

#[track_caller]
fn check_answer(answer: Answer, expected: (Is, ErrorKind, Again, Acted), told: &str) {
    let again = if answer.is_temporary() { Later } else { Never };
    let acted = if answer.outcome_unknown() {
        Perhaps
    } else {
        Not
    };
    let is = what(&answer);
    let kind = answer.into_error().kind();
    assert_eq!((is, kind, again, acted), expected, "{told}");
}

/// To a create and to a query alike.
#[track_caller]
fn check_success(status: u16, body: &str) {
    for is_query in [false, true] {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = classify(status, &HeaderMap::new(), body.as_bytes(), is_query, now);
        assert_eq!(what(&answer), Is::Success, "HTTP {status} {body}");
        assert!(!answer.outcome_unknown(), "HTTP {status} {body}");
    }
}

fn sample(name: &str) -> String {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/samples");
    std::fs::read_to_string(format!("{samples}/{name}.json")).unwrap()
}
