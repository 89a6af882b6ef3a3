//! Looks at everything after each step.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use kling_http::{Body, TransportError, transport_fn};
use kling_types::schema::documents;
use serde_json::Value;

use super::Way;
use super::reference::{ACCOUNTS, Model, Ordered};
use crate::clock::START;
use crate::door::Answer;

const RANKS: [&str; 2] = ["submitted", "processing"];

#[derive(Default)]
pub(super) struct Observer {
    /// Each task as it was seen last, by its id.
    seen: RefCell<BTreeMap<String, Value>>,
    /// What callbacks have told of each.
    told: RefCell<BTreeMap<String, Vec<Value>>>,
    /// Up to where the journal has been read.
    read: Cell<u64>,
}

impl Observer {
    pub(super) async fn observe(&self, way: &Way, model: &Model) {
        self.callbacks(way).await;
        for account in 0..ACCOUNTS.len() {
            let shown = list(way, account, 1, 500).await;
            let again = list(way, account, 1, 500).await;
            assert_eq!(shown, again, "asking changed something");
            let ordered: Vec<usize> = model.of(account).rev().collect();
            assert_eq!(shown.len(), ordered.len(), "tasks of {account}");
            for (shown, index) in shown.iter().zip(ordered) {
                assert_eq!(shown["task_id"], way.id_of(index).expect("a charge"));
                self.look_at(shown, &model.tasks[index], model.now);
                self.follow(shown);
            }
            let ends = |shown: &&Value| rank(shown) < 2;
            let under_way = shown.iter().filter(ends).count();
            assert_eq!(under_way, model.under_way(account));
            assert!(account != 0 || under_way <= model.slots);
        }
        assert_eq!(way.mock.charges().len(), model.tasks.len(), "charges");
        self.nothing_failed_by_itself(way);
    }

    /// One task, as it must be at this time.
    fn look_at(&self, shown: &Value, ordered: &Ordered, now: u64) {
        let rank = ordered.rank(now);
        let history = ordered.history();
        assert_eq!(shown["task_status"], status(ordered, rank), "{shown}");
        assert_eq!(shown["created_at"], START + history[0], "{shown}");
        assert_eq!(shown["updated_at"], START + history[rank], "{shown}");
        let videos = shown["task_result"]["videos"].as_array();
        let message = shown["task_status_msg"].as_str().unwrap_or_default();
        let fails = ordered.account != 0;
        assert_eq!(
            videos.is_some_and(|videos| videos.len() == 1),
            rank == 2 && !fails
        );
        assert_eq!(message == "no reason", rank == 2 && fails, "{shown}");
        let named = shown["task_info"]["external_task_id"].as_str();
        assert_eq!(
            named.map(str::to_owned),
            ordered.external.map(super::external_id)
        );
        if rank == 2 {
            let told = self.told.borrow();
            let told = told.get(shown["task_id"].as_str().expect("an id"));
            let told = told.map_or(&[][..], Vec::as_slice);
            let statuses: Vec<_> = told
                .iter()
                .map(|body| body["task_status"].clone())
                .collect();
            let all = (0..3).map(|rank| Value::from(status(ordered, rank)));
            let all: Vec<_> = all.filter(|_| ordered.callback).collect();
            assert_eq!(statuses, all, "callbacks of {shown}");
            assert!(
                told.last().is_none_or(|last| last == shown),
                "{told:?}\n{shown}"
            );
        }
    }

    /// One task, and what it was before.
    fn follow(&self, shown: &Value) {
        let id = shown["task_id"].as_str().expect("an id").to_owned();
        let Some(before) = self.seen.borrow_mut().insert(id, shown.clone()) else {
            return;
        };
        assert!(rank(&before) <= rank(shown), "{before}\n{shown}");
        let same = |name: &str| before[name] == shown[name];
        assert_eq!(same("task_status"), same("updated_at"), "{before}\n{shown}");
        assert!(before["updated_at"].as_u64() <= shown["updated_at"].as_u64());
        if rank(&before) == 2 {
            assert_eq!(&before, shown, "an end changed");
        }
    }

    /// Takes in what is due.
    async fn callbacks(&self, way: &Way) {
        let got = Arc::new(Mutex::new(Vec::new()));
        let inbox = Arc::clone(&got);
        let transport = transport_fn(move |request: http::Request<bytes::Bytes>| {
            let body = serde_json::from_slice::<Value>(request.body()).expect("JSON");
            inbox.lock().expect("a lock").push(body);
            async { Ok::<_, TransportError>(http::Response::new(Body::empty())) }
        });
        way.mock.deliver_callbacks(&transport).await;
        let mut told = self.told.borrow_mut();
        for body in got.lock().expect("a lock").drain(..) {
            fits("TaskCallback", &body);
            let id = body["task_id"].as_str().expect("an id").to_owned();
            told.entry(id).or_default().push(body);
        }
    }

    /// A 5xx is a fault's, and so written down.
    fn nothing_failed_by_itself(&self, way: &Way) {
        let page = way.mock.journal_after(self.read.get(), usize::MAX);
        self.read.set(page.next);
        for entry in page.entries {
            let status = entry.status().expect("an answer").as_u16();
            assert!(status < 500 || entry.fault().is_some(), "{entry}");
        }
    }

    /// Pages of every size add up to all tasks, and nothing is past the end.
    pub(super) async fn pages(&self, way: &Way) {
        for account in 0..ACCOUNTS.len() {
            let all = list(way, account, 1, 500).await;
            for size in 1..=all.len() + 1 {
                let mut found = Vec::new();
                for page in 1..=all.len() + 2 {
                    found.extend(list(way, account, page, size).await);
                }
                assert_eq!(found, all, "pages of {size}");
            }
        }
    }

    /// Where the task's result was said to be.
    pub(super) fn url_of(&self, id: &str) -> Option<String> {
        let seen = self.seen.borrow();
        let url = seen.get(id)?.pointer("/task_result/videos/0/url")?;
        Some(url.as_str()?.to_owned())
    }
}

async fn list(way: &Way, account: usize, page: usize, size: usize) -> Vec<Value> {
    let path = format!("/v1/videos/effects?pageNum={page}&pageSize={size}");
    let answer = way.as_account(account).call("GET", &path, b"").await;
    answer_fits(&answer);
    answer.json()["data"].as_array().expect("tasks").clone()
}

fn rank(shown: &Value) -> usize {
    let status = shown["task_status"].as_str().expect("a status");
    RANKS.iter().position(|rank| *rank == status).unwrap_or(2)
}

fn status(ordered: &Ordered, rank: usize) -> &'static str {
    let end = ["succeed", "failed"][ordered.account];
    RANKS.get(rank).copied().unwrap_or(end)
}

/// Any answer but a file fits the schema of its kind.
pub(super) fn answer_fits(answer: &Answer) {
    let body = answer.json();
    fits(
        match &body["data"] {
            Value::Array(_) => "TaskListEnvelope",
            Value::Object(_) => "TaskEnvelope",
            _ => "ErrorBody",
        },
        &body,
    );
}

fn fits(name: &str, value: &Value) {
    static VALIDATORS: LazyLock<BTreeMap<&str, Validator>> = LazyLock::new(|| {
        let validator =
            |schema: &Value| jsonschema::draft202012::new(schema).expect("a usable schema");
        let all = documents().into_iter();
        all.map(|document| (document.name, validator(&document.schema)))
            .collect()
    });
    if let Err(error) = VALIDATORS[name].validate(value) {
        panic!("no {name}: {error}: {value}");
    }
}
