//! Reads provider, base URL and credentials from environment variables.

use crate::credentials::{self, Credentials};
use crate::error::{Error, ErrorKind, Result};
use crate::provider::Provider;
use crate::task::PollPolicy;

const COMET: &str = "COMETAPI_KEY";
const KLING: &str = "KLING_API_KEY";
const ACCESS: &str = "KLING_ACCESS_KEY";
const SECRET: &str = "KLING_SECRET_KEY";
const BASE_URL: &str = "KLING_BASE_URL";

/// The first of the documented variables that is not empty decides.
pub(crate) fn from_variables(
    read: impl Fn(&str) -> Option<String>,
) -> Result<(Provider, Credentials)> {
    let read = |name| read(name).filter(|value| !value.trim().is_empty());
    if let Some(key) = read(COMET) {
        return Ok((Provider::comet(), api_key(COMET, key)?));
    }
    if let Some(key) = read(KLING) {
        return Ok((Provider::kling(), api_key(KLING, key)?));
    }
    let text = match (read(ACCESS), read(SECRET)) {
        (Some(access), Some(secret)) => return Ok((Provider::kling(), pair(access, secret)?)),
        (Some(_), None) => missing_half(ACCESS, SECRET),
        (None, Some(_)) => missing_half(SECRET, ACCESS),
        (None, None) => format!(
            "no key in the environment: set {COMET} for CometAPI, or {KLING} or both {ACCESS} \
             and {SECRET} for Kling"
        ),
    };
    Err(Error::new(ErrorKind::Config, text))
}

/// The provider at the host that the environment names, and the polling policy for it:
/// another host may be a fake service, with different run times.
pub(crate) fn host(
    provider: Provider,
    read: impl Fn(&str) -> Option<String>,
) -> (Provider, PollPolicy) {
    let url = read(BASE_URL).filter(|url| !url.trim().is_empty());
    let there = url.map(|url| provider.clone().with_base_url(url));
    match there.filter(|there| *there != provider) {
        Some(there) => (there, PollPolicy::exponential()),
        None => (provider, PollPolicy::default()),
    }
}

fn missing_half(there: &str, missing: &str) -> String {
    format!("{there} is set, but {missing} is not: Kling's access key needs its secret key")
}

/// The error names the variable.
fn api_key(name: &str, key: String) -> Result<Credentials> {
    credentials::check(name, &key)?;
    Ok(Credentials::api_key(key))
}

#[cfg(feature = "jwt")]
fn pair(access: String, secret: String) -> Result<Credentials> {
    credentials::check(ACCESS, &access)?;
    credentials::check(SECRET, &secret)?;
    Ok(Credentials::access_keys(access, secret))
}

#[cfg(not(feature = "jwt"))]
fn pair(_: String, _: String) -> Result<Credentials> {
    let text =
        format!("{ACCESS} and {SECRET} need the feature `jwt` of kling-http; {KLING} does without");
    Err(Error::new(ErrorKind::Config, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives the variables these values; expects a provider's name or an error.
    #[track_caller]
    fn check(variables: &[(&str, &str)], expected: std::result::Result<&str, &str>) {
        let found = from_variables(|name| {
            let found = variables.iter().find(|(given, _)| *given == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        let found = found
            .map(|(provider, _)| provider.name().to_owned())
            .map_err(|error| error.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expected);
    }

    const NONE: &str = "no key in the environment: set COMETAPI_KEY for CometAPI, \
                        or KLING_API_KEY or both KLING_ACCESS_KEY and KLING_SECRET_KEY for Kling";

    #[test]
    fn the_environment_names_the_provider() {
        check(&[(COMET, "sk-1")], Ok("comet"));
        check(&[(KLING, "k")], Ok("kling"));
        check(&[(KLING, "k"), (COMET, "sk-1")], Ok("comet"));
    }

    #[cfg(feature = "jwt")]
    #[test]
    fn a_pair_is_kling_s() {
        check(&[(ACCESS, "a"), (SECRET, "s")], Ok("kling"));
    }

    #[cfg(not(feature = "jwt"))]
    #[test]
    fn without_the_feature_a_pair_says_what_is_missing() {
        let text = "KLING_ACCESS_KEY and KLING_SECRET_KEY need the feature `jwt` of kling-http; \
                    KLING_API_KEY does without";
        check(&[(ACCESS, "a"), (SECRET, "s")], Err(text));
    }

    #[test]
    fn half_a_pair_says_which_half_is_missing() {
        let no_secret = "KLING_ACCESS_KEY is set, but KLING_SECRET_KEY is not: \
                         Kling's access key needs its secret key";
        check(&[(ACCESS, "a")], Err(no_secret));
        check(&[(ACCESS, "a"), (SECRET, " ")], Err(no_secret));
        let no_access = "KLING_SECRET_KEY is set, but KLING_ACCESS_KEY is not: \
                         Kling's access key needs its secret key";
        check(&[(SECRET, "s")], Err(no_access));
        // Another key is enough.
        check(&[(SECRET, "s"), (KLING, "k")], Ok("kling"));
    }

    /// A real key with a variable that is overlooked would pay at the real service.
    #[test]
    fn the_environment_names_the_host() {
        let host = |url: Option<&str>| {
            let read = |name: &str| url.filter(|_| name == "KLING_BASE_URL").map(str::to_owned);
            let (provider, poll) = host(Provider::comet(), read);
            (provider.base_url().to_owned(), poll)
        };
        let usual = (
            Provider::comet().base_url().to_owned(),
            PollPolicy::default(),
        );
        assert_eq!(host(None), usual);
        assert_eq!(host(Some(" ")), usual);
        assert_eq!(host(Some(&format!("{}/", usual.0))), usual);
        let mock = "http://127.0.0.1:8080";
        assert_eq!(
            host(Some(mock)),
            (mock.to_owned(), PollPolicy::exponential())
        );
    }

    #[test]
    fn a_malformed_key_is_named_by_its_variable() {
        let text = "COMETAPI_KEY has characters that no key has: was it copied whole?";
        check(&[(COMET, "sk 1")], Err(text));
        check(&[(KLING, "schlüssel")], Err(&text.replace(COMET, KLING)));
        check(&[(KLING, " k\n")], Ok("kling"));
        #[cfg(feature = "jwt")]
        for (access, secret, bad) in [("a", "s s", SECRET), ("a a", "s", ACCESS)] {
            check(
                &[(ACCESS, access), (SECRET, secret)],
                Err(&text.replace(COMET, bad)),
            );
        }
    }

    #[test]
    fn an_empty_variable_is_none() {
        check(&[], Err(NONE));
        check(&[(COMET, " \n")], Err(NONE));
        check(&[(COMET, ""), (KLING, "k")], Ok("kling"));
        check(&[("SOME_KEY", "x")], Err(NONE));
    }
}
