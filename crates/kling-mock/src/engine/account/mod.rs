//! The settings of an account. Its state in a running service is in
//! [`tenant`](super::tenant).

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use crate::auth::Keyring;
use crate::callback::WebhookSecret;
use crate::plan::Plan;

mod change;
mod error;

pub use change::AccountChange;
pub use error::SetupError;

/// The settings of an account. The accounts of a service are isolated from each other.
///
/// ```
/// use kling_mock::{Account, AccountState, Mock};
///
/// let mock = Mock::builder()
///     .account(Account::new("busy").api_key("sk-busy").slots(2))?
///     .account(Account::new("poor").api_key("sk-poor").state(AccountState::Exhausted))?
///     .build();
/// # Ok::<(), kling_mock::SetupError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Account {
    pub(crate) name: String,
    pub(crate) api_key: Option<String>,
    pub(crate) access_keys: Option<(String, String)>,
    pub(crate) slots: Option<usize>,
    pub(crate) rate: Option<u32>,
    pub(crate) state: AccountState,
    pub(crate) plan: Option<Plan>,
    pub(crate) webhook_secret: Option<WebhookSecret>,
}

/// Whether an account may create tasks. Every state but `Active` refuses its creates;
/// existing tasks can still be queried and their results downloaded. That codes 1100
/// and 1304 refuse nothing else is *inferred*; the codes are *documented*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccountState {
    /// Creates are accepted.
    #[default]
    Active,
    /// Code 1100: the account is abnormal.
    Abnormal,
    /// Code 1101: the account is in arrears.
    InArrears,
    /// Code 1102: the resource pack is used up or expired.
    Exhausted,
    /// Code 1103: the account has no permission for effects.
    Forbidden,
    /// Code 1304: the client's IP address is not on the allow list.
    AddressRefused,
}

/// An account's current settings, without its keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AccountInfo {
    /// Its name.
    pub name: String,
    /// Whether it may create tasks.
    pub state: AccountState,
    /// The maximum number of unfinished tasks; `None` means no limit.
    pub slots: Option<usize>,
    /// The maximum number of creates per second; `None` means no limit.
    pub rate: Option<u32>,
    /// How many tasks it has.
    pub tasks: usize,
    /// Whether its callbacks are signed.
    pub signs_callbacks: bool,
}

impl Account {
    /// An account with this name, without limits. Its API key is derived from the
    /// seed and the name.
    pub fn new(name: impl Into<String>) -> Self {
        Account {
            name: name.into(),
            api_key: None,
            access_keys: None,
            slots: None,
            rate: None,
            state: AccountState::Active,
            plan: None,
            webhook_secret: None,
        }
    }

    /// Sets its API key.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Sets its access key and secret key, with which JWTs are signed.
    pub fn access_keys(
        mut self,
        access_key: impl Into<String>,
        secret_key: impl Into<String>,
    ) -> Self {
        self.access_keys = Some((access_key.into(), secret_key.into()));
        self
    }

    /// Limits the number of unfinished tasks; a create above it is refused with code
    /// 1303. A task holds its slot until it succeeds or fails (*documented*).
    pub fn slots(mut self, slots: usize) -> Self {
        self.slots = Some(slots);
        self
    }

    /// Limits the creates per second; further ones are refused with code 1302. Whether
    /// the service has such a limit is *contradictory*, so there is none by default.
    pub fn rate(mut self, creates_a_second: u32) -> Self {
        self.rate = Some(creates_a_second);
        self
    }

    /// Sets whether it may create tasks.
    pub fn state(mut self, state: AccountState) -> Self {
        self.state = state;
        self
    }

    /// Sets its webhook secret, `whsec_` followed by base64, with which callbacks are
    /// signed. Without one they are not signed (*documented*).
    pub fn webhook_secret(mut self, secret: &str) -> Result<Self, SetupError> {
        let invalid = |why: String| SetupError::invalid(&self.name, "webhook_secret", &why);
        self.webhook_secret = Some(WebhookSecret::parse(secret).map_err(invalid)?);
        Ok(self)
    }

    /// Sets the plan of its tasks, in place of [`MockBuilder::plan`](crate::MockBuilder::plan).
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = Some(plan);
        self
    }
}

/// Checks a name, also against those that are taken.
pub(super) fn check_name<'a>(
    name: &str,
    mut taken: impl Iterator<Item = &'a str>,
) -> Result<(), SetupError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    // The name is a segment of result URLs, where dots alone mean another directory.
    if name.bytes().all(|byte| byte == b'.') || !name.bytes().all(fits) {
        let why = "a name consists of letters, digits, `-`, `_` and `.`, and not of dots alone";
        return Err(SetupError::invalid(name, "name", why));
    }
    if taken.any(|other| other == name) {
        let why = "an account of this name already exists";
        return Err(SetupError::conflict(name, why));
    }
    Ok(())
}

/// Checks an account, also against the existing ones.
pub(crate) fn check(account: &Account, others: &[Account]) -> Result<(), SetupError> {
    let fault = |error| SetupError::key(&account.name, &error);
    check_name(&account.name, others.iter().map(|other| &*other.name))?;
    let mut keys = Keyring::default();
    for (index, account) in others.iter().chain([account]).enumerate() {
        if let Some(key) = &account.api_key {
            keys.add_api_key(index, key).map_err(fault)?;
        }
        if let Some((access_key, secret_key)) = &account.access_keys {
            keys.add_pair(index, access_key, secret_key)
                .map_err(fault)?;
        }
    }
    Ok(())
}

impl std::fmt::Debug for Account {
    /// Leaves out the keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("name", &self.name)
            .field("slots", &self.slots)
            .field("rate", &self.rate)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl AccountState {
    /// The refusal of a create.
    pub(super) fn refusal(self) -> Option<Refusal> {
        let code = match self {
            AccountState::Active => return None,
            AccountState::Abnormal => 1100,
            AccountState::InArrears => 1101,
            AccountState::Exhausted => 1102,
            AccountState::Forbidden => 1103,
            AccountState::AddressRefused => 1304,
        };
        Some(Refusal::code(code))
    }
}
