//! Why credentials are refused, with the service's code and message.

use kling_types::ApiCode;

/// Why credentials are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuthRefusal {
    /// No credentials were given.
    Missing,
    /// They are not of the form `Bearer <key or token>`.
    NotBearer,
    /// An API key that no account has.
    UnknownApiKey,
    /// Neither an API key nor a token, which has three parts, but this many parts.
    PartCount(&'static str),
    /// Three parts that are not a token as documented.
    Malformed,
    /// A token with an unknown access key.
    UnknownAccessKey,
    /// A token with a wrong signature.
    Unsigned,
    /// A token that is not valid yet.
    NotYetValid,
    /// A token that has expired.
    Expired,
}

impl AuthRefusal {
    /// The service's code for it.
    pub(crate) fn code(self) -> ApiCode {
        ApiCode::new(match self {
            // Inferred from the table's wording; a client quotes it so too.
            AuthRefusal::Unsigned => 1000,
            // Seen live.
            AuthRefusal::Missing => 1001,
            // Seen live for both unknown keys and for no parts; inferred for
            // the rest: the documented meaning is "Authorization is invalid".
            AuthRefusal::NotBearer
            | AuthRefusal::UnknownApiKey
            | AuthRefusal::PartCount(_)
            | AuthRefusal::Malformed
            | AuthRefusal::UnknownAccessKey => 1002,
            // Documented.
            AuthRefusal::NotYetValid => 1003,
            AuthRefusal::Expired => 1004,
        })
    }

    /// The message of the answer.
    pub(crate) fn message(self) -> String {
        let text = match self {
            // Seen live.
            AuthRefusal::Missing => "Authorization is empty",
            AuthRefusal::UnknownApiKey => "api key not found",
            AuthRefusal::UnknownAccessKey => "access key not found",
            // Seen live for 0, which is also the text of the Java library that
            // Kling's own example uses; its other counts are inferred.
            AuthRefusal::PartCount(count) => {
                return format!("The token was expected to have 3 parts, but got {count}");
            }
            // As a client quotes it (inferred).
            AuthRefusal::Unsigned => "signature is invalid",
            // The table's explanations (documented as such, inferred as texts).
            AuthRefusal::NotBearer | AuthRefusal::Malformed => "Authorization is invalid",
            AuthRefusal::NotYetValid => "Authorization is not yet valid",
            AuthRefusal::Expired => "Authorization has expired",
        };
        text.to_owned()
    }
}
