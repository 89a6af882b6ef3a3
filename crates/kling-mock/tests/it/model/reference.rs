//! What must come of a sequence of calls, as far as a model knows that keeps no
//! more than who ordered what, and when.

use std::time::Duration;

use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use super::Way;
use super::observer::answer_fits;
use crate::door::Answer;

pub(super) const QUEUE: Duration = Duration::from_secs(1);
pub(super) const RUN: Duration = Duration::from_secs(9);

/// The first has slots; the tasks of the second fail.
pub(super) const ACCOUNTS: [&str; 2] = ["first", "second"];

/// A month, after which results are gone.
const MONTH: u64 = 30 * 24 * 60 * 60 * 1_000;

#[derive(Debug, Clone)]
pub(super) struct Model {
    /// Of the first account.
    pub(super) slots: usize,
    /// Milliseconds since the beginning.
    pub(super) now: u64,
    /// In the order of their creation, of both accounts.
    pub(super) tasks: Vec<Ordered>,
    pub(super) armed: Option<FaultKind>,
    /// What the latest step must be answered with.
    pub(super) expected: Option<Expected>,
}

#[derive(Debug, Clone)]
pub(super) struct Ordered {
    pub(super) account: usize,
    pub(super) external: Option<u8>,
    pub(super) created: u64,
    pub(super) callback: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Body {
    Single,
    Dual,
    NoInput,
    WrongArity,
    NoObject,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    Task(usize),
    External(u8),
    Unknown,
}

/// A fault that acts once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum FaultKind {
    CreateRefused,
    CreateLost,
    GetFailed,
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Create {
        account: usize,
        body: Body,
        external: Option<u8>,
        callback: bool,
    },
    Get {
        account: usize,
        which: Which,
    },
    List {
        account: usize,
        page: usize,
        size: usize,
    },
    Asset {
        task: usize,
        signed: bool,
    },
    Advance(u64),
    Arm(FaultKind),
    Disarm,
    Reset,
}

/// How a call is answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expected {
    /// With the model's task of this number.
    Task(usize),
    /// With so many tasks.
    Tasks(usize),
    /// With this status and code.
    Refusal(u16, i64),
    /// With a file's part, or with this status.
    File(u16),
}

impl FaultKind {
    pub(super) fn text(self) -> &'static str {
        match self {
            FaultKind::CreateRefused => "create:429/1302 x1",
            FaultKind::CreateLost => "create@after:500/5000 x1",
            FaultKind::GetFailed => "get:503/5001 x1",
        }
    }
}

impl Ordered {
    /// 0 for submitted, 1 for processing, 2 for its end.
    pub(super) fn rank(&self, now: u64) -> usize {
        self.history()
            .iter()
            .skip(1)
            .filter(|at| **at <= now)
            .count()
    }

    /// When it came to each rank.
    pub(super) fn history(&self) -> [u64; 3] {
        let millis = |time: Duration| u64::try_from(time.as_millis()).expect("a short time");
        let running = self.created + millis(QUEUE);
        [self.created, running, running + millis(RUN)]
    }
}

impl Model {
    /// The tasks of an account, by their numbers, the oldest first.
    pub(super) fn of(&self, account: usize) -> impl DoubleEndedIterator<Item = usize> {
        let tasks = self.tasks.iter().enumerate();
        tasks.filter_map(move |(index, task)| (task.account == account).then_some(index))
    }

    pub(super) fn under_way(&self, account: usize) -> usize {
        let ends = |index: &usize| self.tasks[*index].rank(self.now) < 2;
        self.of(account).filter(ends).count()
    }

    fn named(&self, account: usize, name: u8) -> Option<usize> {
        self.of(account)
            .find(|index| self.tasks[*index].external == Some(name))
    }

    /// Whether this fault is armed; if so, it no longer is.
    fn spend(&mut self, kinds: &[FaultKind]) -> Option<FaultKind> {
        let kind = self.armed.filter(|kind| kinds.contains(kind))?;
        self.armed = None;
        Some(kind)
    }

    fn create(
        &mut self,
        account: usize,
        body: Body,
        external: Option<u8>,
        callback: bool,
    ) -> Expected {
        let fault = self.spend(&[FaultKind::CreateRefused, FaultKind::CreateLost]);
        if fault == Some(FaultKind::CreateRefused) {
            return Expected::Refusal(429, 1302);
        }
        let taken = external.is_some_and(|name| self.named(account, name).is_some());
        let answer = match body {
            Body::NoObject => Expected::Refusal(400, 1200),
            Body::NoInput | Body::WrongArity => Expected::Refusal(400, 1201),
            Body::Single | Body::Dual if taken => Expected::Refusal(400, 1201),
            Body::Single | Body::Dual if account == 0 && self.under_way(0) >= self.slots => {
                Expected::Refusal(429, 1303)
            }
            Body::Single | Body::Dual => {
                self.tasks.push(Ordered {
                    account,
                    external,
                    created: self.now,
                    callback,
                });
                Expected::Task(self.tasks.len() - 1)
            }
        };
        match fault {
            Some(_) => Expected::Refusal(500, 5000),
            None => answer,
        }
    }

    fn get(&mut self, account: usize, which: Which) -> Expected {
        if self.spend(&[FaultKind::GetFailed]).is_some() {
            return Expected::Refusal(503, 5001);
        }
        let found = match which {
            Which::Task(index) => Some(index).filter(|index| self.tasks[*index].account == account),
            Which::External(name) => self.named(account, name),
            Which::Unknown => None,
        };
        found.map_or(Expected::Refusal(400, 1201), Expected::Task)
    }

    fn asset(&self, index: usize, signed: bool) -> Expected {
        let task = &self.tasks[index];
        Expected::File(match task.rank(self.now) {
            2 if task.account != 0 => 404,
            2 if signed && self.now < task.history()[2] + MONTH => 206,
            2 => 403,
            _ => 404,
        })
    }
}

impl Expected {
    pub(super) fn check(&self, answer: &Answer, file: bool, way: &Way, step: &Step) {
        if !file {
            answer_fits(answer);
        }
        let body = (!file).then(|| answer.json());
        let code = body.as_ref().and_then(|body| body["code"].as_i64());
        let data = |pointer: &str| body.as_ref().and_then(|body| body.pointer(pointer));
        match *self {
            Expected::Task(index) => {
                assert_eq!((answer.status, code), (200, Some(0)), "{step:?}");
                let id = way.id_of(index).expect("a charge");
                assert_eq!(data("/data/task_id"), Some(&id.into()), "{step:?}");
            }
            Expected::Tasks(count) => {
                assert_eq!((answer.status, code), (200, Some(0)), "{step:?}");
                let tasks = data("/data").and_then(|data| data.as_array());
                assert_eq!(tasks.map(Vec::len), Some(count), "{step:?}");
            }
            Expected::Refusal(status, wanted) => {
                assert_eq!((answer.status, code), (status, Some(wanted)), "{step:?}");
                assert_eq!(data("/data"), None, "{step:?}");
            }
            Expected::File(status) => {
                assert_eq!(answer.status, status, "{step:?}");
                assert_eq!(answer.body.len() == 64, status == 206, "{step:?}");
            }
        }
    }
}

impl ReferenceStateMachine for Model {
    type State = Model;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Model> {
        let model = |slots| Model {
            slots,
            now: 0,
            tasks: Vec::new(),
            armed: None,
            expected: None,
        };
        (1_usize..=3).prop_map(model).boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Step> {
        let account = prop_oneof![3 => Just(0_usize), 1 => Just(1)];
        let body = prop_oneof![
            4 => Just(Body::Single),
            2 => Just(Body::Dual),
            1 => Just(Body::NoInput),
            1 => Just(Body::WrongArity),
            1 => Just(Body::NoObject),
        ];
        let create = (account, body, prop::option::of(0_u8..4), any::<bool>()).prop_map(
            |(account, body, external, callback)| Step::Create {
                account,
                body,
                external,
                callback,
            },
        );
        let count = model.tasks.len();
        let task = move || 0..count.max(1);
        let which = match count {
            0 => prop_oneof![Just(Which::Unknown), (0_u8..4).prop_map(Which::External)].boxed(),
            _ => prop_oneof![
                4 => task().prop_map(Which::Task),
                3 => (0_u8..4).prop_map(Which::External),
                1 => Just(Which::Unknown),
            ]
            .boxed(),
        };
        let get = (0_usize..2, which).prop_map(|(account, which)| Step::Get { account, which });
        let list =
            (0_usize..2, 1_usize..4, 1_usize..4).prop_map(|(account, page, size)| Step::List {
                account,
                page,
                size,
            });
        let advance = prop_oneof![
            Just(1),
            Just(999),
            Just(1_000),
            Just(8_999),
            Just(9_000),
            Just(10_000),
            Just(MONTH - 1),
            0_u64..20_000,
        ];
        let fault = prop::sample::select(vec![
            FaultKind::CreateRefused,
            FaultKind::CreateLost,
            FaultKind::GetFailed,
        ]);
        let arm = match model.armed {
            None => fault.prop_map(Step::Arm).boxed(),
            Some(_) => Just(Step::Disarm).boxed(),
        };
        let asset = (task(), any::<bool>()).prop_map(|(task, signed)| Step::Asset { task, signed });
        prop_oneof![
            10 => create,
            6 => get,
            3 => list,
            6 => advance.prop_map(Step::Advance),
            2 => arm,
            u32::from(count > 0) * 3 => asset,
            1 => prop_oneof![1 => Just(Step::Reset), 4 => Just(Step::Advance(1))],
        ]
        .boxed()
    }

    fn preconditions(model: &Model, step: &Step) -> bool {
        let exists = |index: usize| index < model.tasks.len();
        match step {
            Step::Get {
                which: Which::Task(index),
                ..
            }
            | Step::Asset { task: index, .. } => exists(*index),
            Step::Arm(_) => model.armed.is_none(),
            Step::Disarm => model.armed.is_some(),
            _ => true,
        }
    }

    fn apply(mut model: Model, step: &Step) -> Model {
        model.expected = None;
        match *step {
            Step::Create {
                account,
                body,
                external,
                callback,
            } => model.expected = Some(model.create(account, body, external, callback)),
            Step::Get { account, which } => model.expected = Some(model.get(account, which)),
            Step::List {
                account,
                page,
                size,
            } => {
                let after = model.of(account).count().saturating_sub((page - 1) * size);
                model.expected = Some(Expected::Tasks(after.min(size)));
            }
            Step::Asset { task, signed } => model.expected = Some(model.asset(task, signed)),
            Step::Advance(millis) => model.now += millis,
            Step::Arm(kind) => model.armed = Some(kind),
            Step::Disarm => model.armed = None,
            Step::Reset => {
                model.tasks.clear();
                model.armed = None;
            }
        }
        model
    }
}
