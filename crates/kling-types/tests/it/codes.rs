//! The table of codes, and what holds where it ends.

use kling_types::ApiCode;
use kling_types::code::{DOCUMENTED, ErrorClass, Remedy};
use proptest::prelude::*;

/// When the same request may be sent again.
#[derive(Debug, PartialEq, Eq)]
enum Retry {
    Never,
    IfIdempotent,
    Always,
}

fn retry(class: ErrorClass) -> Retry {
    match (class.is_retryable(false), class.is_retryable(true)) {
        (true, true) => Retry::Always,
        (false, true) => Retry::IfIdempotent,
        (false, false) => Retry::Never,
        (true, false) => panic!("{class:?} may be repeated only if that is harmful"),
    }
}

/// Kling's table as its page has it: code, HTTP status; what it means here, who
/// must act, and whether to repeat.
const TABLE: &[(i64, u16, ErrorClass, Remedy, Retry)] = &[
    (
        1000,
        401,
        ErrorClass::Auth,
        Remedy::FixCredentials,
        Retry::Never,
    ),
    (
        1001,
        401,
        ErrorClass::Auth,
        Remedy::FixCredentials,
        Retry::Never,
    ),
    (
        1002,
        401,
        ErrorClass::Auth,
        Remedy::FixCredentials,
        Retry::Never,
    ),
    (
        1003,
        401,
        ErrorClass::Auth,
        Remedy::FixCredentials,
        Retry::Never,
    ),
    (
        1004,
        401,
        ErrorClass::TokenExpired,
        Remedy::RenewToken,
        Retry::Never,
    ),
    (
        1100,
        429,
        ErrorClass::Account,
        Remedy::SettleAccount,
        Retry::Never,
    ),
    (
        1101,
        429,
        ErrorClass::Account,
        Remedy::SettleAccount,
        Retry::Never,
    ),
    (
        1102,
        429,
        ErrorClass::Account,
        Remedy::SettleAccount,
        Retry::Never,
    ),
    (
        1103,
        403,
        ErrorClass::Permission,
        Remedy::SettleAccount,
        Retry::Never,
    ),
    (
        1200,
        400,
        ErrorClass::Request,
        Remedy::FixRequest,
        Retry::Never,
    ),
    (
        1201,
        400,
        ErrorClass::Request,
        Remedy::FixRequest,
        Retry::Never,
    ),
    (
        1202,
        404,
        ErrorClass::NotFound,
        Remedy::FixRequest,
        Retry::Never,
    ),
    (
        1203,
        404,
        ErrorClass::NotFound,
        Remedy::FixRequest,
        Retry::Never,
    ),
    (
        1300,
        400,
        ErrorClass::Policy,
        Remedy::ChangeContent,
        Retry::Never,
    ),
    (
        1301,
        400,
        ErrorClass::Policy,
        Remedy::ChangeContent,
        Retry::Never,
    ),
    (
        1302,
        429,
        ErrorClass::RateLimit,
        Remedy::RetryLater,
        Retry::Always,
    ),
    (
        1303,
        429,
        ErrorClass::Capacity,
        Remedy::RetryLater,
        Retry::Always,
    ),
    (
        1304,
        429,
        ErrorClass::Account,
        Remedy::SettleAccount,
        Retry::Never,
    ),
    (
        5000,
        500,
        ErrorClass::Server,
        Remedy::CheckOutcome,
        Retry::IfIdempotent,
    ),
    (
        5001,
        503,
        ErrorClass::Maintenance,
        Remedy::RetryLater,
        Retry::Always,
    ),
    (
        5002,
        504,
        ErrorClass::Server,
        Remedy::CheckOutcome,
        Retry::IfIdempotent,
    ),
];

#[test]
fn every_code_of_the_page_is_in_the_table() {
    assert_eq!(DOCUMENTED.len(), TABLE.len());
    for (row, (code, status, class, remedy, expected)) in DOCUMENTED.iter().zip(TABLE) {
        assert_eq!(
            (row.code.get(), row.http_status, row.class),
            (*code, *status, *class)
        );
        assert_eq!(row.class.remedy(), *remedy, "{code}");
        assert_eq!(retry(row.class), *expected, "{code}");
        assert!(!row.meaning.is_empty());
        // The code is read before the status, whatever a gateway makes of that.
        for status in [None, Some(200), Some(400), Some(500)] {
            assert_eq!(ApiCode::new(*code).class(status), *class, "{code}");
        }
        assert_eq!(row.code.documented(), Some(row));
    }
    assert_eq!(ApiCode::OK.documented(), None);
}

#[track_caller]
fn check(code: i64, status: Option<u16>, expected: ErrorClass) {
    assert_eq!(
        ApiCode::new(code).class(status),
        expected,
        "{code} with {status:?}"
    );
}

#[test]
fn an_unknown_code_falls_back_to_its_range_then_to_the_status() {
    check(1099, Some(500), ErrorClass::Auth);
    check(1005, None, ErrorClass::Auth);
    check(1199, Some(429), ErrorClass::Account);
    check(1299, Some(429), ErrorClass::Request);
    check(5999, Some(200), ErrorClass::Server);
    // 1302 to 1304 differ too much to guess their neighbours.
    check(1399, Some(429), ErrorClass::RateLimit);
    check(1399, Some(400), ErrorClass::Request);
    check(1399, None, ErrorClass::Unknown);
    // An HTTP status in the code's place.
    check(400, Some(429), ErrorClass::Request);
    check(429, Some(200), ErrorClass::RateLimit);
    check(503, None, ErrorClass::Server);
    check(999, Some(403), ErrorClass::Permission);
    check(6000, Some(404), ErrorClass::NotFound);
    check(-1, Some(401), ErrorClass::Auth);
    check(i64::MAX, Some(302), ErrorClass::Unknown);
    check(0, Some(200), ErrorClass::Unknown);
}

#[test]
fn a_status_alone_suggests_a_class() {
    for (statuses, class) in [
        (vec![401], ErrorClass::Auth),
        (vec![402], ErrorClass::Account),
        (vec![403], ErrorClass::Permission),
        (vec![404, 405], ErrorClass::NotFound),
        (vec![429], ErrorClass::RateLimit),
        (vec![400, 409, 413, 415, 422, 451, 499], ErrorClass::Request),
        (vec![408, 500, 502, 503, 504, 524, 599], ErrorClass::Server),
        (
            vec![0, 100, 200, 204, 301, 399, 600, u16::MAX],
            ErrorClass::Unknown,
        ),
    ] {
        for status in statuses {
            assert_eq!(ErrorClass::of_status(status), class, "{status}");
        }
    }
}

proptest! {
    #[test]
    fn classes_are_total(code: i64, status: Option<u16>) {
        let class = ApiCode::new(code).class(status);
        retry(class);
        // A status that nobody knows adds nothing.
        prop_assert_eq!(ApiCode::new(code).class(Some(600)), ApiCode::new(code).class(None));
    }
}
