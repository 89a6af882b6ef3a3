//! The credentials of all accounts, indexed by key.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use hmac::Mac as _;
use serde_json::Value;

use super::token::{Token, hmac_sha256};
use super::{AccountIndex, AuthRefusal};

/// The prefix of Kling's API keys (*seen live*). Other credentials are treated as
/// tokens.
const API_KEY_PREFIX: &str = "api-key-kling-";

/// The credentials of all accounts.
#[derive(Default)]
pub(crate) struct Keyring {
    api_keys: HashMap<String, AccountIndex>,
    access_keys: HashMap<String, Pair>,
}

/// The entry of an access key.
struct Pair {
    secret_key: String,
    account: AccountIndex,
}

impl Keyring {
    /// Adds an API key of an account.
    pub(crate) fn add_api_key(
        &mut self,
        account: AccountIndex,
        key: impl Into<String>,
    ) -> Result<(), KeyError> {
        add(
            &mut self.api_keys,
            key.into(),
            account,
            "api_key",
            "API key",
        )
    }

    /// Adds an access key of an account, with its secret key.
    pub(crate) fn add_pair(
        &mut self,
        account: AccountIndex,
        access_key: impl Into<String>,
        secret_key: impl Into<String>,
    ) -> Result<(), KeyError> {
        let secret_key = secret_key.into();
        if secret_key.is_empty() {
            return Err(KeyError::invalid(
                "secret_key",
                "a secret key must not be empty",
            ));
        }
        let pair = Pair {
            secret_key,
            account,
        };
        add(
            &mut self.access_keys,
            access_key.into(),
            pair,
            "access_key",
            "access key",
        )
    }

    /// An account's API key.
    pub(crate) fn api_key_of(&self, account: AccountIndex) -> Option<&str> {
        let mut keys = self.api_keys.iter();
        // Each account has one.
        let found = keys.find(|(_, owner)| **owner == account);
        found.map(|(key, _)| key.as_str())
    }

    /// Removes an account's keys.
    pub(crate) fn remove(&mut self, account: AccountIndex) {
        self.api_keys.retain(|_, owner| *owner != account);
        self.access_keys.retain(|_, pair| pair.account != account);
    }

    /// The account that credentials claim, verified or not.
    pub(super) fn named(&self, credentials: &str) -> Option<AccountIndex> {
        if let Some(account) = self.api_keys.get(credentials) {
            return Some(*account);
        }
        let token = Token::read(credentials).ok()?;
        Some(self.access_keys.get(token.issuer()?)?.account)
    }

    /// The account that credentials belong to.
    ///
    /// Keys are looked up by hash, so the time reveals nothing about a partly correct
    /// key; signatures are compared in constant time.
    pub(super) fn verify(
        &self,
        credentials: &str,
        now_seconds: i64,
    ) -> Result<AccountIndex, AuthRefusal> {
        if let Some(account) = self.api_keys.get(credentials) {
            return Ok(*account);
        }
        if credentials.starts_with(API_KEY_PREFIX) {
            return Err(AuthRefusal::UnknownApiKey);
        }
        let token = Token::read(credentials)?;
        // Only HS256 (documented); in particular not "none".
        if token.header.get("alg").and_then(Value::as_str) != Some("HS256") {
            return Err(AuthRefusal::Malformed);
        }
        let issuer = token.issuer().ok_or(AuthRefusal::Malformed)?;
        let pair = self.access_keys.get(issuer);
        let pair = pair.ok_or(AuthRefusal::UnknownAccessKey)?;
        hmac_sha256(pair.secret_key.as_bytes())
            .chain_update(token.signed)
            .verify_slice(&token.signature)
            .map_err(|_| AuthRefusal::Unsigned)?;
        token.check_times(now_seconds)?;
        Ok(pair.account)
    }
}

fn add<T>(
    keys: &mut HashMap<String, T>,
    key: String,
    value: T,
    member: &'static str,
    what: &str,
) -> Result<(), KeyError> {
    if key.is_empty() || key.bytes().any(|byte| !byte.is_ascii_graphic()) {
        let why = "must consist of visible ASCII characters, because it is sent in a header";
        return Err(KeyError::invalid(member, &format!("an {what} {why}")));
    }
    match keys.entry(key) {
        Entry::Occupied(_) => Err(KeyError {
            member: None,
            why: format!("an account already has this {what}"),
        }),
        Entry::Vacant(place) => {
            place.insert(value);
            Ok(())
        }
    }
}

/// Why a key can't be added.
#[derive(Debug)]
pub(crate) struct KeyError {
    /// The setting with the invalid key; `None` if another account has the key.
    pub(crate) member: Option<&'static str>,
    pub(crate) why: String,
}

impl KeyError {
    fn invalid(member: &'static str, why: &str) -> Self {
        KeyError {
            member: Some(member),
            why: why.to_owned(),
        }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("api_keys", &self.api_keys.len())
            .field("access_keys", &self.access_keys.len())
            .finish()
    }
}
