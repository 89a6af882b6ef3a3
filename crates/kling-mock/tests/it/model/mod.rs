//! Any sequence of calls, against a model that knows less: the service must
//! never contradict it, nor itself, nor its other door.
//!
//! What is proven, and where:
//!
//! | what | where |
//! |---|---|
//! | a status never goes back, and an end is the end | `Observer::follow` |
//! | a result if and only if succeeded, a message if and only if failed | `Observer::look_at` |
//! | `updated_at` changes exactly when the status does, and is never before `created_at` | `Observer::follow`, `look_at` |
//! | both ids find the same task; an id that is taken is refused and changes nothing | `Model::create`, `Twins::apply` |
//! | pages are all tasks, newest first, without gap or repeat, and past the end empty | `Observer::pages` |
//! | as many tasks under way as slots at the most; a refusal leaves no trace | `Model::create`, `Observer::accounts` |
//! | asking changes nothing while the clock stands | `Observer::accounts`, which asks twice |
//! | callbacks tell the history in order, to its end, as a query would have | `Observer::callbacks` |
//! | the same seed, requests and times give the same bytes | `Twins::apply`, `Twins::teardown` |
//! | every answer fits the exported schema | `Observer::fits` |

mod observer;
mod reference;

use kling_mock::{Account, Mock, Plan, Profile, Server};
use proptest::test_runner::Config;
use proptest_state_machine::{StateMachineTest, prop_state_machine};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::clock::ManualClock;
use crate::door::{Answer, Door};
use crate::{dual, single};
use observer::Observer;
use reference::{ACCOUNTS, Body, Model, QUEUE, RUN, Step, Which};

/// The service through one door.
struct Way {
    mock: Mock,
    clock: ManualClock,
    door: Door,
    observer: Observer,
    /// The fault that is armed, and what may have taken its place.
    armed: Option<u64>,
}

/// Two services that differ in nothing but the door.
struct Twins {
    runtime: Runtime,
    ways: [Way; 2],
    server: Option<Server>,
}

impl Way {
    fn new(slots: usize) -> Self {
        let clock = ManualClock::new();
        let builder = Mock::builder()
            .profile(Profile::kling())
            .plan(Plan::after(QUEUE, RUN))
            .clock(clock.clone())
            .seed(3);
        let [first, second] = ACCOUNTS.map(|name| Account::new(name).api_key(key(name)));
        let failing = Plan::after(QUEUE, RUN).failing("no reason");
        let builder = builder.account(first.slots(slots)).expect("an account");
        let builder = builder.account(second.plan(failing)).expect("an account");
        let mock = builder.build();
        Way {
            door: Door::of(&mock),
            mock,
            clock,
            observer: Observer::default(),
            armed: None,
        }
    }

    fn as_account(&self, account: usize) -> Door {
        self.door.with_key(&key(ACCOUNTS[account]))
    }

    async fn take(&mut self, step: &Step, model: &Model) -> Option<Answer> {
        Some(match step {
            Step::Create {
                account,
                body,
                external,
                callback,
            } => {
                let body = create_body(*body, *external, *callback);
                self.as_account(*account).create("", &body).await
            }
            Step::Get { account, which } => {
                let id = match which {
                    Which::Task(index) => self.id_of(*index)?,
                    Which::External(name) => external_id(*name).replace(' ', "%20"),
                    Which::Unknown => "17".to_owned(),
                };
                self.as_account(*account).query("", &id).await
            }
            Step::List {
                account,
                page,
                size,
            } => {
                let path = format!("/v1/videos/effects?pageNum={page}&pageSize={size}");
                self.as_account(*account).call("GET", &path, b"").await
            }
            Step::Asset { task, signed } => {
                let id = self.id_of(*task)?;
                let url = self.observer.url_of(&id).unwrap_or_else(|| {
                    let account = ACCOUNTS[model.tasks[*task].account];
                    format!("/assets/{account}/{id}-0.mp4?Signature=x")
                });
                let path = if *signed {
                    &url[..]
                } else {
                    url.split('?').next()?
                };
                self.door
                    .ask("GET", path, &[("range", "bytes=0-63")], b"")
                    .await
            }
            Step::Advance(millis) => {
                self.clock.advance(*millis);
                return None;
            }
            Step::Arm(fault) => {
                self.armed = Some(self.mock.arm(fault.text().parse().expect("a fault")));
                return None;
            }
            Step::Disarm => {
                let id = self.armed.take().expect("an armed fault");
                assert!(self.mock.disarm(id) && !self.mock.disarm(id));
                return None;
            }
            Step::Reset => {
                self.mock.reset();
                (self.observer, self.armed) = (Observer::default(), None);
                return None;
            }
        })
    }

    /// The id of the model's task with this number: the ledger knows also those
    /// whose answer was lost.
    fn id_of(&self, index: usize) -> Option<String> {
        let charges = self.mock.charges();
        Some(charges.get(index)?.task_id.to_string())
    }
}

impl StateMachineTest for Twins {
    type SystemUnderTest = Twins;
    type Reference = Model;

    fn init_test(model: &Model) -> Twins {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let mut ways = [Way::new(model.slots), Way::new(model.slots)];
        let over_there = &mut ways[1];
        let server = runtime.block_on(over_there.mock.serve(([127, 0, 0, 1], 0)));
        let server = server.expect("a port");
        over_there.door = Door::at(&over_there.mock, server.address());
        Twins {
            runtime,
            ways,
            server: Some(server),
        }
    }

    fn apply(mut twins: Twins, model: &Model, step: Step) -> Twins {
        let mut answers = Vec::new();
        for way in &mut twins.ways {
            answers.push(twins.runtime.block_on(way.take(&step, model)));
        }
        let bytes = |answer: &Option<Answer>| {
            let answer = answer.as_ref()?;
            Some((answer.status, answer.body.clone()))
        };
        assert_eq!(bytes(&answers[0]), bytes(&answers[1]), "{step:?}");
        if let (Some(answer), Some(expected)) = (&answers[0], &model.expected) {
            let file = matches!(step, Step::Asset { .. });
            expected.check(answer, file, &twins.ways[0], &step);
        }
        twins
    }

    fn check_invariants(twins: &Twins, model: &Model) {
        for way in &twins.ways {
            twins.runtime.block_on(way.observer.observe(way, model));
        }
    }

    fn teardown(mut twins: Twins, _: Model) {
        for way in &twins.ways {
            twins.runtime.block_on(way.observer.pages(way));
        }
        let [here, there] = &twins.ways;
        let journal = |way: &Way| serde_json::to_string(&way.mock.journal()).expect("JSON");
        assert!(journal(here) == journal(there), "the journals differ");
        assert_eq!(here.mock.charges(), there.mock.charges());
        if let Some(server) = twins.server.take() {
            twins.runtime.block_on(server.shutdown());
        }
    }
}

fn key(account: &str) -> String {
    format!("sk-key-of-{account}")
}

fn external_id(name: u8) -> String {
    format!("order {name}")
}

const HOOK: &str = "http://127.0.0.1:9/hook";

fn create_body(body: Body, external: Option<u8>, callback: bool) -> Value {
    let mut json = match body {
        Body::Single => single(),
        Body::Dual => dual(),
        Body::NoInput => json!({"effect_scene": "color_mixing"}),
        Body::WrongArity => {
            let mut json = single();
            json["effect_scene"] = "hug_pro".into();
            json
        }
        Body::NoObject => return json!([1]),
    };
    if let Some(name) = external {
        json["external_task_id"] = external_id(name).into();
    }
    if callback {
        json["callback_url"] = HOOK.into();
    }
    json
}

prop_state_machine! {
    #![proptest_config(Config { cases: 40, max_shrink_iters: 2_000, ..Config::default() })]

    #[test]
    fn no_sequence_of_calls_contradicts_the_model(sequential 1..30 => Twins);
}
