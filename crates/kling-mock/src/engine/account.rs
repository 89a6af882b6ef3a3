//! Accounts: whose tasks, whose keys, whose limits.

use std::sync::Arc;
use std::time::Duration;

use kling_types::UnixMillis;
use serde::{Deserialize, Deserializer, Serialize};

use super::callbacks::Callbacks;
use super::refusal::Refusal;
use super::store::Store;
use crate::auth::{KeyError, Keyring};
use crate::callback::{Policy, WebhookSecret};
use crate::clock::{ClockError, LATEST};
use crate::plan::Plan;

/// An account to set up. Accounts of one service see nothing of each other.
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

/// What an account may do. All but the first refuse its creates, and nothing
/// else: what it has can be asked after and downloaded. That codes 1100 and 1304
/// do not refuse more is *inferred*; the codes are *documented*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccountState {
    /// Everything.
    #[default]
    Active,
    /// Code 1100: something is wrong with it.
    Abnormal,
    /// Code 1101: it owes money.
    InArrears,
    /// Code 1102: its resource pack is used up.
    Exhausted,
    /// Code 1103: it has no permission for effects.
    Forbidden,
    /// Code 1304: it may not come from this address.
    AddressRefused,
}

impl Account {
    /// An account of this name, with a key that follows from the seed and the
    /// name, and without limits.
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

    /// Its API key.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Its access key and secret key, for tokens.
    pub fn access_keys(
        mut self,
        access_key: impl Into<String>,
        secret_key: impl Into<String>,
    ) -> Self {
        self.access_keys = Some((access_key.into(), secret_key.into()));
        self
    }

    /// How many tasks it may have under way at once; one more create is refused
    /// with code 1303. A task holds its slot until it ends, in failure too
    /// (*documented*).
    pub fn slots(mut self, slots: usize) -> Self {
        self.slots = Some(slots);
        self
    }

    /// How many creates it may send in a second; more are refused with code
    /// 1302. Whether there is such a limit is *contradictory*, so there is none
    /// by default.
    pub fn rate(mut self, creates_a_second: u32) -> Self {
        self.rate = Some(creates_a_second);
        self
    }

    /// What it may do.
    pub fn state(mut self, state: AccountState) -> Self {
        self.state = state;
        self
    }

    /// Its webhook secret, `whsec_` and base64: callbacks are signed with it.
    /// Without one they are not (*documented*).
    pub fn webhook_secret(mut self, secret: &str) -> Result<Self, SetupError> {
        let invalid = |why: String| SetupError::invalid(&self.name, "webhook_secret", &why);
        self.webhook_secret = Some(WebhookSecret::parse(secret).map_err(invalid)?);
        Ok(self)
    }

    /// What becomes of its tasks, in place of the service's own plan.
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = Some(plan);
        self
    }
}

/// An account as it stands. Its keys are not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AccountInfo {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub state: AccountState,
    /// How many tasks it may have under way at once; `None` is any number.
    pub slots: Option<usize>,
    /// How many creates it may send in a second; `None` is any number.
    pub rate: Option<u32>,
    /// How many tasks it has.
    pub tasks: usize,
    /// Whether its callbacks are signed.
    pub signs_callbacks: bool,
}

/// What is to be different about an account; the rest stays as it is.
///
/// As JSON: `{"state": "exhausted", "slots": 2, "rate": null, "plan": "stuck"}`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
// Outside, whether it is to change; inside, to what.
#[allow(clippy::option_option)]
#[must_use]
pub struct AccountChange {
    state: Option<AccountState>,
    #[serde(deserialize_with = "given")]
    slots: Option<Option<usize>>,
    #[serde(deserialize_with = "given")]
    rate: Option<Option<u32>>,
    #[serde(deserialize_with = "given_plan")]
    plan: Option<Option<Plan>>,
}

impl AccountChange {
    /// Changes nothing yet.
    pub fn new() -> Self {
        AccountChange::default()
    }

    /// What it may do from now on.
    pub fn state(mut self, state: AccountState) -> Self {
        self.state = Some(state);
        self
    }

    /// How many tasks it may have under way at once; `None` is any number.
    pub fn slots(mut self, slots: Option<usize>) -> Self {
        self.slots = Some(slots);
        self
    }

    /// How many creates it may send in a second; `None` is any number.
    pub fn rate(mut self, creates_a_second: Option<u32>) -> Self {
        self.rate = Some(creates_a_second);
        self
    }

    /// What becomes of the tasks that it creates from now on; `None` is the
    /// service's own plan.
    pub fn plan(mut self, plan: Option<Plan>) -> Self {
        self.plan = Some(plan);
        self
    }
}

/// Tells `null` from a member that is not there.
#[allow(clippy::option_option)]
fn given<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

#[allow(clippy::option_option)]
fn given_plan<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Plan>>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    let plan = text.map(|text| text.parse()).transpose();
    plan.map(Some).map_err(serde::de::Error::custom)
}

/// An account that a service can't be set up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupError {
    /// The setting that is wrong in itself; none if it is what is there already
    /// that speaks against it.
    member: Option<&'static str>,
    message: String,
}

impl std::fmt::Display for SetupError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SetupError {}

impl SetupError {
    /// What is there speaks against it.
    pub(super) fn about(account: &str, why: &str) -> Self {
        SetupError {
            member: None,
            message: format!("account {account:?}: {why}"),
        }
    }

    /// A setting that would be wrong for any service.
    pub(super) fn invalid(account: &str, member: &'static str, why: &str) -> Self {
        SetupError {
            member: Some(member),
            ..SetupError::about(account, why)
        }
    }

    pub(super) fn key(account: &str, error: &KeyError) -> Self {
        SetupError {
            member: error.member,
            ..SetupError::about(account, &error.why)
        }
    }

    pub(super) fn unknown(account: &str) -> Self {
        SetupError {
            member: None,
            message: format!("there is no account {account:?}"),
        }
    }

    /// The setting that is wrong in itself, by its name in JSON.
    pub(crate) fn member(&self) -> Option<&'static str> {
        self.member
    }
}

/// Checks a name against those that are taken.
pub(super) fn check_name<'a>(
    name: &str,
    mut taken: impl Iterator<Item = &'a str>,
) -> Result<(), SetupError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    // Points alone mean another folder, and the addresses of files have the name.
    if name.bytes().all(|byte| byte == b'.') || !name.bytes().all(fits) {
        let why =
            "a name has letters, digits, dashes, points and underscores, and not points alone";
        return Err(SetupError::invalid(name, "name", why));
    }
    if taken.any(|other| other == name) {
        let why = "there is one of this name already";
        return Err(SetupError::about(name, why));
    }
    Ok(())
}

/// Checks an account against those that are there.
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
    fn refusal(self) -> Option<Refusal> {
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

/// An account as the engine holds it.
#[derive(Debug)]
pub(super) struct Tenant {
    pub(super) name: Arc<str>,
    pub(super) plan: Arc<Plan>,
    pub(super) tasks: Store,
    pub(super) callbacks: Callbacks,
    state: AccountState,
    slots: Option<usize>,
    rate: Option<u32>,
    /// The second that creates are counted in, and how many came in it.
    second: (i64, u32),
    /// The tasks that may be under way; kept only where slots are counted.
    under_way: Vec<u32>,
    /// How far its own time is ahead of the service's.
    ahead: Duration,
}

impl Tenant {
    pub(super) fn new(account: &Account, plan: &Plan, policy: Policy) -> Self {
        Tenant {
            name: account.name.as_str().into(),
            plan: Arc::new(account.plan.clone().unwrap_or_else(|| plan.clone())),
            tasks: Store::default(),
            callbacks: Callbacks::new(policy, account.webhook_secret.as_ref()),
            state: account.state,
            slots: account.slots,
            rate: account.rate,
            second: (0, 0),
            under_way: Vec::new(),
            ahead: Duration::ZERO,
        }
    }

    /// Whether it was closed: its place stays, as places are what keys stand
    /// for, and has no name.
    pub(super) fn is_closed(&self) -> bool {
        self.name.is_empty()
    }

    /// What time it is for this account.
    pub(super) fn now(&self, now: UnixMillis) -> UnixMillis {
        now.saturating_add(self.ahead)
    }

    /// The service's time at an account's own.
    pub(super) fn service_time(&self, at: UnixMillis) -> UnixMillis {
        let ahead = i64::try_from(self.ahead.as_millis()).unwrap_or(i64::MAX);
        UnixMillis::new(at.get().saturating_sub(ahead))
    }

    /// Lets time pass for this account alone.
    pub(super) fn advance(&mut self, by: Duration, now: UnixMillis) -> Result<(), ClockError> {
        let ahead = self.ahead.saturating_add(by);
        if now.saturating_add(ahead) > LATEST {
            return Err(ClockError::TooFar);
        }
        self.ahead = ahead;
        Ok(())
    }

    /// Whether one more task may be created now, as far as the account goes. It
    /// counts as a create.
    pub(super) fn admit(&mut self, now: UnixMillis) -> Result<(), Refusal> {
        if let Some(refusal) = self.state.refusal() {
            return Err(refusal);
        }
        if let Some(rate) = self.rate {
            let second = now.get().div_euclid(1000);
            if self.second.0 != second {
                self.second = (second, 0);
            }
            self.second.1 = self.second.1.saturating_add(1);
            if self.second.1 > rate {
                return Err(Refusal::code(1302));
            }
        }
        if let Some(slots) = self.slots {
            let tasks = &self.tasks;
            self.under_way
                .retain(|index| tasks.at(*index).is_some_and(|task| !task.has_ended(now)));
            if self.under_way.len() >= slots {
                return Err(Refusal::code(1303));
            }
        }
        Ok(())
    }

    pub(super) fn info(&self) -> AccountInfo {
        AccountInfo {
            name: self.name.to_string(),
            state: self.state,
            slots: self.slots,
            rate: self.rate,
            tasks: self.tasks.len(),
            signs_callbacks: self.callbacks.secrets.current().is_some(),
        }
    }

    /// `plan` is the service's own.
    pub(super) fn change(&mut self, change: &AccountChange, plan: &Plan, now: UnixMillis) {
        self.state = change.state.unwrap_or(self.state);
        self.rate = change.rate.unwrap_or(self.rate);
        if let Some(own) = &change.plan {
            self.plan = Arc::new(own.as_ref().unwrap_or(plan).clone());
        }
        if let Some(slots) = change.slots {
            self.slots = slots;
            // Nobody counted them while any number would do.
            let under_way = (0..).zip(self.tasks.iter());
            self.under_way = under_way
                .filter(|(_, task)| slots.is_some() && !task.has_ended(now))
                .map(|(index, _)| index)
                .collect();
        }
    }

    /// Forgets its tasks.
    pub(super) fn forget(&mut self) {
        self.tasks = Store::default();
        self.callbacks.forget();
        self.under_way.clear();
        self.second = (0, 0);
    }

    /// Notes that a task holds a slot from now on.
    pub(super) fn occupy(&mut self, index: u32) {
        if self.slots.is_some() {
            self.under_way.push(index);
        }
    }
}
