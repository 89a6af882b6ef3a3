//! Changes of an account in a running service.

use serde::{Deserialize, Deserializer};

use super::AccountState;
use crate::plan::Plan;

/// A partial update of an account's settings.
///
/// As JSON: `{"state": "exhausted", "slots": 2, "rate": null, "plan": "stuck"}`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
// The outer option says whether it changes, the inner one to what.
#[allow(clippy::option_option)]
#[must_use]
pub struct AccountChange {
    pub(in crate::engine) state: Option<AccountState>,
    #[serde(deserialize_with = "given")]
    pub(in crate::engine) slots: Option<Option<usize>>,
    #[serde(deserialize_with = "given")]
    pub(in crate::engine) rate: Option<Option<u32>>,
    #[serde(deserialize_with = "given_plan")]
    pub(in crate::engine) plan: Option<Option<Plan>>,
}

impl AccountChange {
    /// A change of nothing yet.
    pub fn new() -> Self {
        AccountChange::default()
    }

    /// Sets whether it may create tasks.
    pub fn state(mut self, state: AccountState) -> Self {
        self.state = Some(state);
        self
    }

    /// Sets the maximum number of unfinished tasks; `None` removes the limit.
    pub fn slots(mut self, slots: Option<usize>) -> Self {
        self.slots = Some(slots);
        self
    }

    /// Sets the maximum number of creates per second; `None` removes the limit.
    pub fn rate(mut self, creates_a_second: Option<u32>) -> Self {
        self.rate = Some(creates_a_second);
        self
    }

    /// Sets the plan of tasks created from now on; `None` means that of the service.
    pub fn plan(mut self, plan: Option<Plan>) -> Self {
        self.plan = Some(plan);
        self
    }
}

/// Distinguishes `null` from a missing member.
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
