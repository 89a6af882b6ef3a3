//! The service's business codes: what each means, who must act, and whether a retry
//! can help.
//!
//! The code is read before the HTTP status: Kling sends four permanent errors
//! with HTTP 429 (*documented*), and gateways may send any status at all.
//!
//! ```
//! use kling_types::code::{ApiCode, ErrorClass, Remedy};
//!
//! let empty = ApiCode::new(1102);
//! assert_eq!(empty.documented().map(|entry| entry.http_status), Some(429));
//! assert_eq!(empty.class(Some(429)), ErrorClass::Account);
//! assert_eq!(empty.class(Some(429)).remedy(), Remedy::SettleAccount);
//! assert!(!empty.class(Some(429)).is_retryable(true));
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

/// A business code: 0 for success, else one of [`DOCUMENTED`] or a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiCode(i64);

/// The class of an error. The classes are ours (*inferred* from the meanings
/// and the retry advice in Kling's table, which are *documented*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The credentials are missing, wrong or not valid at this time.
    Auth,
    /// The token has expired: the same credentials can sign a new one.
    TokenExpired,
    /// The account is abnormal, in arrears, out of units, or not allowed from this IP
    /// address. Kling sends these with HTTP 429; waiting does not help.
    Account,
    /// The account may not use this resource.
    Permission,
    /// The request is wrong.
    Request,
    /// No such path, model or task.
    NotFound,
    /// The content is refused by policy.
    Policy,
    /// Too many requests in a short time.
    RateLimit,
    /// Too many tasks at once: a slot becomes free when one of them ends.
    Capacity,
    /// The service is down for maintenance: nothing was done. Kling's table says
    /// to try again, of creates too (*documented*); the advice never to repeat a
    /// create after a 5xx is *contradictory*, so only its own code 5001 counts.
    Maintenance,
    /// The service failed; whether it did anything is unknown.
    Server,
    /// Nothing is known about it.
    Unknown,
}

/// What can be done about an error, and by whom (*inferred* from Kling's table).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Remedy {
    /// The caller corrects the credentials.
    FixCredentials,
    /// The client signs a new token and retries.
    RenewToken,
    /// The account's owner pays, or asks for the permission.
    SettleAccount,
    /// The caller corrects the request.
    FixRequest,
    /// The caller chooses other content.
    ChangeContent,
    /// The same request may be sent again later: it was refused before
    /// anything was done.
    RetryLater,
    /// A query may be retried; the outcome of a create must be found out first.
    CheckOutcome,
}

impl ErrorClass {
    /// What can be done about it.
    pub const fn remedy(self) -> Remedy {
        match self {
            ErrorClass::Auth => Remedy::FixCredentials,
            ErrorClass::TokenExpired => Remedy::RenewToken,
            ErrorClass::Account | ErrorClass::Permission => Remedy::SettleAccount,
            ErrorClass::Request | ErrorClass::NotFound => Remedy::FixRequest,
            ErrorClass::Policy => Remedy::ChangeContent,
            ErrorClass::RateLimit | ErrorClass::Capacity | ErrorClass::Maintenance => {
                Remedy::RetryLater
            }
            ErrorClass::Server | ErrorClass::Unknown => Remedy::CheckOutcome,
        }
    }

    /// Whether the same request may be retried later. It may if it was refused
    /// before anything was done, or if it is idempotent and nobody knows whether
    /// anything was done. It may not if somebody must act first (even if only to
    /// sign a new token), nor if nothing is known about the error, which may be
    /// permanent.
    pub const fn is_retryable(self, idempotent: bool) -> bool {
        match self.remedy() {
            Remedy::RetryLater => true,
            Remedy::CheckOutcome => idempotent && !matches!(self, ErrorClass::Unknown),
            _ => false,
        }
    }

    /// The class that an HTTP status alone suggests.
    pub const fn of_status(status: u16) -> ErrorClass {
        match status {
            401 => ErrorClass::Auth,
            402 => ErrorClass::Account,
            403 => ErrorClass::Permission,
            404 | 405 => ErrorClass::NotFound,
            429 => ErrorClass::RateLimit,
            // Timed out, or failed on the way: 503 alone, without Kling's code
            // for maintenance, does not say that nothing was done.
            408 | 500..=599 => ErrorClass::Server,
            400..=499 => ErrorClass::Request,
            _ => ErrorClass::Unknown,
        }
    }
}

/// A row of Kling's table of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DocumentedCode {
    /// The code.
    pub code: ApiCode,
    /// The HTTP status it comes with.
    pub http_status: u16,
    /// What kind of error it is.
    pub class: ErrorClass,
    /// Its meaning, in few words.
    pub meaning: &'static str,
}

const fn row(
    code: i64,
    http_status: u16,
    class: ErrorClass,
    meaning: &'static str,
) -> DocumentedCode {
    DocumentedCode {
        code: ApiCode(code),
        http_status,
        class,
        meaning,
    }
}

/// Every error code of Kling's table (*documented*, 2026-09-20), in order.
pub const DOCUMENTED: &[DocumentedCode] = &[
    row(1000, 401, ErrorClass::Auth, "authentication failed"),
    row(
        1001,
        401,
        ErrorClass::Auth,
        "the Authorization header is empty",
    ),
    row(
        1002,
        401,
        ErrorClass::Auth,
        "the Authorization header is invalid",
    ),
    row(
        1003,
        401,
        ErrorClass::Auth,
        "the token is not valid yet (clock ahead?)",
    ),
    row(1004, 401, ErrorClass::TokenExpired, "the token has expired"),
    row(
        1100,
        429,
        ErrorClass::Account,
        "the account is in an abnormal state",
    ),
    row(1101, 429, ErrorClass::Account, "the account is in arrears"),
    row(
        1102,
        429,
        ErrorClass::Account,
        "the resource pack is used up or expired",
    ),
    row(
        1103,
        403,
        ErrorClass::Permission,
        "no permission for this resource or model",
    ),
    row(1200, 400, ErrorClass::Request, "invalid request parameters"),
    row(1201, 400, ErrorClass::Request, "invalid parameter"),
    row(1202, 404, ErrorClass::NotFound, "no such method"),
    row(1203, 404, ErrorClass::NotFound, "no such resource"),
    row(
        1300,
        400,
        ErrorClass::Policy,
        "refused by the platform's policy",
    ),
    row(
        1301,
        400,
        ErrorClass::Policy,
        "refused by the content security policy",
    ),
    row(1302, 429, ErrorClass::RateLimit, "too many requests"),
    row(
        1303,
        429,
        ErrorClass::Capacity,
        "too many tasks at once for the resource pack",
    ),
    row(
        1304,
        429,
        ErrorClass::Account,
        "this IP address is not on the account's whitelist",
    ),
    row(5000, 500, ErrorClass::Server, "internal error"),
    row(5001, 503, ErrorClass::Maintenance, "under maintenance"),
    row(5002, 504, ErrorClass::Server, "internal timeout"),
];

impl ApiCode {
    /// Success.
    pub const OK: ApiCode = ApiCode(0);

    /// The code with this number.
    pub const fn new(code: i64) -> Self {
        ApiCode(code)
    }

    /// Its number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Its row in Kling's table, if it has one.
    pub fn documented(self) -> Option<&'static DocumentedCode> {
        DOCUMENTED.iter().find(|row| row.code == self)
    }

    /// What kind of error it is. A code that is not in the table falls back to
    /// its range, then to the HTTP status; some gateways put an HTTP status in
    /// the code's place (`429` with `"code":400`, *seen live*), which then
    /// counts before the real one.
    pub fn class(self, http_status: Option<u16>) -> ErrorClass {
        if let Some(row) = self.documented() {
            return row.class;
        }
        match self.0 {
            1000..=1099 => ErrorClass::Auth,
            1100..=1199 => ErrorClass::Account,
            1200..=1299 => ErrorClass::Request,
            5000..=5999 => ErrorClass::Server,
            400..=599 => u16::try_from(self.0).map_or(ErrorClass::Unknown, ErrorClass::of_status),
            _ => http_status.map_or(ErrorClass::Unknown, ErrorClass::of_status),
        }
    }
}

impl fmt::Display for ApiCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
