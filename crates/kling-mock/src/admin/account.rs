//! The request body that creates an account.

use serde::Deserialize;

use super::error::AdminError;
use crate::engine::{Account, AccountState};
use crate::plan::{Plan, PlanError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountRequest {
    name: String,
    #[serde(default)]
    api_key: Option<String>,
    #[serde(default)]
    access_key: Option<String>,
    #[serde(default)]
    secret_key: Option<String>,
    #[serde(default)]
    slots: Option<usize>,
    #[serde(default)]
    rate: Option<u32>,
    #[serde(default)]
    state: AccountState,
    #[serde(default)]
    plan: Option<String>,
    #[serde(default)]
    webhook_secret: Option<String>,
}

impl AccountRequest {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn account(self) -> Result<Account, AdminError> {
        let mut account = Account::new(self.name).state(self.state);
        if let Some(key) = self.api_key {
            account = account.api_key(key);
        }
        account = match (self.access_key, self.secret_key) {
            (Some(access), Some(secret)) => account.access_keys(access, secret),
            (None, None) => account,
            (None, Some(_)) => {
                let why = "secret_key requires access_key";
                return Err(AdminError::bad_body(why, "/secret_key"));
            }
            (Some(_), None) => {
                let why = "access_key requires secret_key";
                return Err(AdminError::bad_body(why, "/access_key"));
            }
        };
        if let Some(slots) = self.slots {
            account = account.slots(slots);
        }
        if let Some(rate) = self.rate {
            account = account.rate(rate);
        }
        if let Some(plan) = self.plan {
            account = account.plan(parse_plan(&plan)?);
        }
        if let Some(secret) = self.webhook_secret {
            account = account.webhook_secret(&secret)?;
        }
        Ok(account)
    }
}

/// The plan in a body's member of that name.
pub(super) fn parse_plan(text: &str) -> Result<Plan, AdminError> {
    let bad = |error: PlanError| AdminError::bad_body(error.to_string(), "/plan");
    text.parse().map_err(bad)
}
