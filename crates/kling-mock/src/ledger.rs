//! The ledger: what was billed, to which account, for which task.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write as _};
use std::sync::Arc;

use kling_types::{Amount, ExternalTaskId, TaskId, UnixMillis};
use serde::{Deserialize, Serialize};

/// One task that was billed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Charge {
    /// The account that is charged.
    pub account: String,
    /// The task.
    pub task_id: TaskId,
    /// The external task id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_task_id: Option<ExternalTaskId>,
    /// The effect scene.
    pub scene: String,
    /// The amount, in units.
    pub amount: Amount,
    /// The time of the charge, which is that of the create.
    pub at: UnixMillis,
}

impl fmt::Display for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.task_id)?;
        if let Some(id) = &self.external_task_id {
            write!(f, ", external id {id}")?;
        }
        let Charge {
            account,
            scene,
            amount,
            ..
        } = self;
        write!(f, ": {amount} for {scene}, account {account}")
    }
}

/// The prices of tasks.
///
/// One unit unless a scene has its own price. *Invented*: neither Kling nor
/// CometAPI says what an effect costs in units, nor whether ten seconds cost more
/// than five.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prices {
    each: Amount,
    scenes: BTreeMap<String, Amount>,
}

impl Prices {
    /// The same price for every scene that has none of its own.
    pub fn each(price: Amount) -> Self {
        Prices {
            each: price,
            scenes: BTreeMap::new(),
        }
    }

    /// Sets the price of this scene.
    pub fn with_scene(mut self, scene: impl Into<String>, price: Amount) -> Self {
        self.scenes.insert(scene.into(), price);
        self
    }

    /// The price of this scene.
    pub fn of(&self, scene: &str) -> Amount {
        self.scenes.get(scene).copied().unwrap_or(self.each)
    }
}

impl Default for Prices {
    /// One unit for every scene.
    fn default() -> Self {
        Prices::each("1".parse().unwrap_or_default())
    }
}

/// All charges, in order. Nothing is refunded: a failed task is charged too, as
/// nothing is known of refunds.
///
/// Compact, as there may be a million of them: 48 bytes and the two ids.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    rows: Vec<Row>,
    /// The ids of all rows, one after another.
    ids: String,
    accounts: Names,
    scenes: Names,
    /// What each account paid; by the number of its name.
    paid: Vec<Amount>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    at: UnixMillis,
    amount: Amount,
    /// Where this row's ids end: the task's, then the caller's.
    task_id_end: usize,
    ids_end: usize,
    account: u32,
    scene: u32,
}

impl Ledger {
    /// Bills a task; returns the number of the charge, from 0.
    pub(crate) fn charge(
        &mut self,
        account: &str,
        task_id: &TaskId,
        external_task_id: Option<&ExternalTaskId>,
        scene: &str,
        amount: Amount,
        at: UnixMillis,
    ) -> u32 {
        // There is no memory for more.
        let number = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let account = self.accounts.number(account);
        self.ids.push_str(task_id.as_str());
        let task_id_end = self.ids.len();
        self.ids
            .push_str(external_task_id.map_or("", ExternalTaskId::as_str));
        self.rows.push(Row {
            at,
            amount,
            task_id_end,
            ids_end: self.ids.len(),
            account,
            scene: self.scenes.number(scene),
        });
        self.paid.resize(self.accounts.all.len(), Amount::ZERO);
        let paid = &mut self.paid[account as usize];
        *paid = [*paid, amount].into_iter().sum();
        number
    }

    /// The amount of the charge of this number.
    pub(crate) fn amount(&self, number: u32) -> Option<Amount> {
        self.rows.get(number as usize).map(|row| row.amount)
    }

    /// Clears the ledger.
    pub(crate) fn clear(&mut self) {
        *self = Ledger::default();
    }

    /// How many charges there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing was billed.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All charges.
    pub fn charges(&self) -> impl Iterator<Item = Charge> {
        (0..self.rows.len()).filter_map(|index| self.get(index))
    }

    /// The charges of one account.
    pub fn of_account(&self, account: &str) -> impl Iterator<Item = Charge> {
        let number = self.accounts.find(account);
        let rows = self.rows.iter().enumerate();
        rows.filter(move |(_, row)| Some(row.account) == number)
            .filter_map(|(index, _)| self.get(index))
    }

    /// The charges for a task, by its id or its external task id. The latter is
    /// unique within an account only.
    pub fn of_task(&self, id: &str) -> impl Iterator<Item = Charge> {
        let rows = 0..self.rows.len();
        rows.filter(move |index| {
            let (task_id, external_id) = self.ids(*index);
            !id.is_empty() && (task_id == id || external_id == id)
        })
        .filter_map(|index| self.get(index))
    }

    /// The total of all charges.
    pub fn total(&self) -> Amount {
        self.paid.iter().copied().sum()
    }

    /// The total of each account that was billed.
    pub fn totals(&self) -> BTreeMap<&str, Amount> {
        let names = self.accounts.all.iter().map(|name| &**name);
        names.zip(self.paid.iter().copied()).collect()
    }

    /// The total of one account.
    pub fn total_of(&self, account: &str) -> Amount {
        let number = self.accounts.find(account);
        number.map_or(Amount::ZERO, |number| self.paid[number as usize])
    }

    /// Asserts that this task, by its id or its external task id, was charged
    /// exactly once.
    ///
    /// # Panics
    ///
    /// If it was not; the message lists what was billed.
    #[track_caller]
    pub fn assert_charged_once(&self, id: impl AsRef<str>) {
        let id = id.as_ref();
        match self.of_task(id).count() {
            0 => panic!(
                "{id} was never charged; what was:{}",
                listed(self.charges())
            ),
            1 => {}
            count => panic!(
                "{id} was charged {count} times:{}",
                listed(self.of_task(id))
            ),
        }
    }

    /// The ids of a row; the caller's is empty if there is none.
    fn ids(&self, index: usize) -> (&str, &str) {
        let start = index
            .checked_sub(1)
            .map_or(0, |before| self.rows[before].ids_end);
        let row = self.rows[index];
        (
            &self.ids[start..row.task_id_end],
            &self.ids[row.task_id_end..row.ids_end],
        )
    }

    fn get(&self, index: usize) -> Option<Charge> {
        let row = self.rows.get(index)?;
        let (task_id, external_id) = self.ids(index);
        Some(Charge {
            account: self.accounts.all[row.account as usize].to_string(),
            task_id: TaskId::new(task_id)?,
            external_task_id: ExternalTaskId::new(external_id),
            scene: self.scenes.all[row.scene as usize].to_string(),
            amount: row.amount,
            at: row.at,
        })
    }
}

/// The charges as lines for a person; not all of a great many.
pub(crate) fn listed(mut charges: impl Iterator<Item = Charge>) -> String {
    const SHOWN: usize = 20;
    let mut text = String::new();
    for charge in charges.by_ref().take(SHOWN) {
        // Writing into a string does not fail.
        let _ = write!(text, "\n  {charge}");
    }
    match charges.count() {
        0 if text.is_empty() => text.push_str(" nothing"),
        0 => {}
        more => {
            let _ = write!(text, "\n  … and {more} more");
        }
    }
    text
}

/// Names that come again and again, each kept once.
#[derive(Debug, Clone, Default)]
struct Names {
    all: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Names {
    fn find(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.find(name) {
            return number;
        }
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let name: Arc<str> = Arc::from(name);
        self.all.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    fn charge(account: &str, task: &str, external: &str, scene: &str, units: &str) -> Charge {
        Charge {
            account: account.to_owned(),
            task_id: TaskId::new(task).unwrap(),
            external_task_id: ExternalTaskId::new(external),
            scene: scene.to_owned(),
            amount: amount(units),
            at: UnixMillis::new(1),
        }
    }

    fn book(ledger: &mut Ledger, charge: &Charge) {
        ledger.charge(
            &charge.account,
            &charge.task_id,
            charge.external_task_id.as_ref(),
            &charge.scene,
            charge.amount,
            charge.at,
        );
    }

    fn ledger() -> Ledger {
        let mut ledger = Ledger::default();
        for charge in [
            charge("main", "1", "order-1", "hug", "1"),
            charge("main", "2", "", "hug_pro", "0.10"),
            charge("other", "3", "order-1", "hug", "0.2"),
        ] {
            book(&mut ledger, &charge);
        }
        ledger
    }

    #[test]
    fn charges_are_found_and_summed() {
        let ledger = ledger();
        let tasks = |charges: &mut dyn Iterator<Item = Charge>| {
            let ids = charges.map(|charge| charge.task_id.into_string());
            ids.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(tasks(&mut ledger.charges()), "1 2 3");
        assert_eq!(tasks(&mut ledger.of_account("main")), "1 2");
        assert_eq!(tasks(&mut ledger.of_account("nobody")), "");
        assert_eq!(tasks(&mut ledger.of_task("2")), "2");
        assert_eq!(tasks(&mut ledger.of_task("order-1")), "1 3");
        assert_eq!(tasks(&mut ledger.of_task("")), "");
        assert_eq!(ledger.total(), amount("1.30"));
        assert_eq!(ledger.total_of("main"), amount("1.10"));
        assert_eq!(ledger.total_of("nobody"), Amount::ZERO);
        let totals = ledger.totals().into_iter();
        let totals: Vec<_> = totals.map(|(name, sum)| format!("{name} {sum}")).collect();
        assert_eq!(totals, ["main 1.10", "other 0.2"]);
    }

    #[test]
    fn a_scene_may_have_its_own_price() {
        let prices = Prices::default().with_scene("hug_pro", amount("2.5"));
        assert_eq!(prices.of("hug"), amount("1"));
        assert_eq!(prices.of("hug_pro"), amount("2.5"));
        let read = |text| serde_json::from_str::<Prices>(text);
        assert_eq!(read(r#"{"scenes":{"hug_pro":"2.5"}}"#).unwrap(), prices);
        assert!(read(r#"{"scene":{}}"#).is_err());
    }

    #[test]
    fn a_task_that_was_charged_once_passes() {
        ledger().assert_charged_once("1");
        ledger().assert_charged_once("2");
    }

    #[test]
    #[should_panic(expected = "order-1 was charged 2 times:\n  \
        task 1, external id order-1: 1 for hug, account main\n  \
        task 3, external id order-1: 0.2 for hug, account other")]
    fn a_second_charge_is_told() {
        ledger().assert_charged_once("order-1");
    }

    #[test]
    #[should_panic(expected = "order-9 was never charged; what was: nothing")]
    fn an_empty_ledger_says_so() {
        Ledger::default().assert_charged_once("order-9");
    }

    #[test]
    fn a_long_list_is_cut() {
        let charges = (0..25).map(|id| charge("main", &format!("t{id}"), "", "hug", "1"));
        let text = listed(charges);
        assert_eq!(text.lines().count(), 22);
        assert!(text.ends_with("\n  … and 5 more"), "{text}");
    }

    #[test]
    #[should_panic(expected = "order-9 was never charged; what was:\n  task 1")]
    fn a_missing_charge_is_told() {
        ledger().assert_charged_once("order-9");
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            rows in prop::collection::vec(("[ab]", "[a-zé€]{1,9}", "[a-zé€]{0,9}", "[a-c]{1,2}", 0..99_u32), 0..30)
        ) {
            let rows = rows.iter().map(|(account, task, external, scene, units)| {
                charge(account, task, external, scene, &units.to_string())
            });
            let rows: Vec<Charge> = rows.collect();
            let mut ledger = Ledger::default();
            for row in &rows {
                book(&mut ledger, row);
            }
            prop_assert_eq!(ledger.charges().collect::<Vec<_>>(), rows.clone());
            let sum: Amount = rows.iter().map(|row| row.amount).sum();
            prop_assert_eq!(ledger.total(), sum);
            prop_assert_eq!(ledger.totals().into_values().sum::<Amount>(), sum);
        }
    }
}
