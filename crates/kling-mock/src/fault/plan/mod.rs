//! The armed faults, and the selection of those that apply to a request.

use std::time::Duration;

use fastrand::Rng;

use crate::random::{Stream, log_normal};

use super::{Action, AssetFault, CallbackFault, Delay, Fault, Operation, Phase, ReadFault, rules};

/// The facts about a request by which faults are selected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) operation: Operation,
    pub(crate) account: &'a str,
    pub(crate) external_id: Option<&'a str>,
    pub(crate) task: Option<&'a str>,
}

/// The armed faults, in the order in which they were armed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FaultPlan {
    armed: Vec<Armed>,
    last_id: u64,
    last_serial: u64,
}

/// A fault and its counters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Armed {
    /// Counts from 1 and is never reused, except by a fault that replaces another.
    pub(crate) id: u64,
    /// Unique among all faults of the plan, so that a request in flight while its fault
    /// is replaced is not attributed to the new one.
    serial: u64,
    pub(crate) fault: Fault,
    /// The number of requests that matched its operation and filters.
    pub(crate) matched: u64,
    /// The number of requests that it was applied to.
    pub(crate) hits: u64,
    /// The number of those in which it changed nothing.
    pub(crate) missed: u64,
}

/// The faults selected for one request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Selection {
    /// The ids of the selected faults.
    pub(crate) ids: Vec<u64>,
    /// The delay before the request is handled.
    pub(crate) delay_before: Duration,
    /// The further delay before it is answered.
    pub(crate) delay_after: Duration,
    /// The one fault that is not a delay, if any.
    pub(crate) terminal: Option<Terminal>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Terminal {
    /// The serial number of the fault, for [`FaultPlan::note_missed`].
    pub(crate) serial: u64,
    pub(crate) phase: Phase,
    pub(crate) action: Action,
}

impl FaultPlan {
    /// Arms a fault and returns its id.
    pub(crate) fn add(&mut self, fault: Fault) -> u64 {
        self.last_id += 1;
        let armed = self.made(self.last_id, fault);
        self.armed.push(armed);
        self.last_id
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<Armed> {
        let index = self.armed.iter().position(|armed| armed.id == id)?;
        Some(self.armed.remove(index))
    }

    /// Replaces the fault with this id; the counters start again. Returns whether it
    /// existed.
    pub(crate) fn replace(&mut self, id: u64, fault: Fault) -> bool {
        let Some(index) = self.armed.iter().position(|armed| armed.id == id) else {
            return false;
        };
        self.armed[index] = self.made(id, fault);
        true
    }

    fn made(&mut self, id: u64, fault: Fault) -> Armed {
        self.last_serial += 1;
        Armed {
            id,
            serial: self.last_serial,
            fault,
            matched: 0,
            hits: 0,
            missed: 0,
        }
    }

    /// Removes all faults. Ids are not reused.
    pub(crate) fn clear(&mut self) {
        self.armed.clear();
    }

    pub(crate) fn list(&self) -> &[Armed] {
        &self.armed
    }

    /// The number of past answers of a task that the armed faults need.
    pub(crate) fn reads_needed(&self) -> usize {
        let reads = self.armed.iter().map(|armed| match armed.fault.action {
            Action::Read(ReadFault::Stale(count)) => count,
            _ => 0,
        });
        usize::try_from(reads.max().unwrap_or(0)).unwrap_or(usize::MAX)
    }

    /// Records that a fault changed nothing (see [`Applied::missed`](super::Applied)):
    /// it counts as used, but not as fired. Ignored if it is no longer armed.
    pub(crate) fn note_missed(&mut self, serial: u64) {
        let mut armed = self.armed.iter_mut();
        if let Some(armed) = armed.find(|armed| armed.serial == serial) {
            armed.missed += 1;
        }
    }

    /// Selects the faults of a request. Must be called once for each request, because
    /// it updates the counters.
    pub(crate) fn select(&mut self, facts: &Facts<'_>, seed: u64) -> Selection {
        let mut selection = Selection::default();
        for armed in &mut self.armed {
            if !armed.fault.fits(facts) {
                continue;
            }
            armed.matched += 1;
            let delay = match armed.fault.action {
                Action::Delay(delay) => Some(delay),
                _ if selection.terminal.is_some() => continue,
                _ => None,
            };
            let mut random = stream(seed, armed.id, armed.matched);
            if !armed.is_due(&mut random) {
                continue;
            }
            armed.hits += 1;
            selection.ids.push(armed.id);
            let phase = armed.fault.phase;
            if let Some(delay) = delay {
                let total = match phase {
                    Phase::Before => &mut selection.delay_before,
                    Phase::After | Phase::Mid => &mut selection.delay_after,
                };
                *total = total.saturating_add(delay.draw(&mut random));
            } else {
                selection.terminal = Some(Terminal {
                    serial: armed.serial,
                    phase,
                    action: armed.fault.action.clone(),
                });
            }
        }
        selection
    }
}

impl Armed {
    /// How often it changed something.
    pub(crate) fn fired(&self) -> u64 {
        self.hits.saturating_sub(self.missed)
    }

    /// Whether it applies to the request that it matched last.
    fn is_due(&self, random: &mut Rng) -> bool {
        let selector = &self.fault.selector;
        selector.occurrence.covers(self.matched)
            && self.fault.limit.is_none_or(|limit| self.hits < limit)
            && selector.probability.is_none_or(|p| random.f64() < p)
    }
}

impl Fault {
    /// Whether it matches a request like this one.
    fn fits(&self, facts: &Facts<'_>) -> bool {
        let selector = &self.selector;
        let operation = match selector.operation {
            Some(operation) => operation == facts.operation,
            None => rules::misfit(&self.action, facts.operation).is_none(),
        };
        let passes = |filter: &Option<String>, fact: Option<&str>| {
            filter.is_none() || filter.as_deref() == fact
        };
        operation
            && passes(&selector.account, Some(facts.account))
            && passes(&selector.external_id, facts.external_id)
            && passes(&selector.task, facts.task)
    }
}

impl Selection {
    /// The fault of a query's view, if any.
    pub(crate) fn read_fault(&self) -> Option<ReadFault> {
        match self.terminal.as_ref()?.action {
            Action::Read(fault) => Some(fault),
            _ => None,
        }
    }

    /// The fault of a callback, if any.
    pub(crate) fn callback_fault(&self) -> Option<CallbackFault> {
        match self.terminal.as_ref()?.action {
            Action::Callback(fault) => Some(fault),
            _ => None,
        }
    }

    /// The fault of a download, if any.
    pub(crate) fn asset_fault(&self) -> Option<AssetFault> {
        match self.terminal.as_ref()?.action {
            Action::Asset(fault) => Some(fault),
            _ => None,
        }
    }

    /// Whether the request is handled at all.
    pub(crate) fn is_handled(&self) -> bool {
        !self.terminal.as_ref().is_some_and(|terminal| {
            let answers = matches!(
                terminal.action,
                Action::Status { .. } | Action::Raw { .. } | Action::Preset(_) | Action::Lose(_)
            );
            answers && terminal.phase == Phase::Before
        })
    }
}

impl Delay {
    /// In whole milliseconds.
    fn draw(self, random: &mut Rng) -> Duration {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        match self {
            Delay::Fixed(time) => time,
            Delay::Uniform(least, most) => {
                Duration::from_millis(random.u64(millis(least)..=millis(most)))
            }
            Delay::LogNormal { median, sigma, max } => log_normal(random, median, sigma).min(max),
        }
    }
}

/// The random numbers of one fault for one request, independent of other faults and
/// requests.
fn stream(seed: u64, id: u64, ordinal: u64) -> Rng {
    Stream::new(seed, &format!("fault {id}"), ordinal).into_rng()
}

#[cfg(test)]
mod tests;
