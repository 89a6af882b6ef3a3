use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use kling_types::{ExternalTaskId, TaskId, UnixMillis};
use serde_json::json;

use super::*;
use crate::journal::{Exchange, JournalLimits, Operation};

/// What happened in a test.
#[derive(Default)]
struct Run {
    journal: Journal,
    ledger: Ledger,
    faults: Vec<FaultHits>,
}

impl Run {
    /// A create at 0 whose answer is lost, its repetition, and two polls a
    /// second apart.
    fn new(limits: JournalLimits) -> Self {
        let mut run = Run {
            journal: Journal::new(limits),
            ..Run::default()
        };
        let body =
            json!({ "effect_scene": "hug", "input": { "images": ["https://h/1", "https://h/2"] } });
        run.request(
            0,
            Operation::Create,
            "POST /v1/videos/effects",
            &body.to_string(),
            0,
        );
        run.request(
            0,
            Operation::Create,
            "POST /v1/videos/effects",
            &body.to_string(),
            400,
        );
        run.request(5_000, Operation::Get, "GET /v1/videos/effects/17", "", 200);
        run.request(6_250, Operation::Get, "GET /v1/videos/effects/17", "", 200);
        let (task, external) = (TaskId::new("17").unwrap(), ExternalTaskId::new("order-1"));
        let (amount, at) = ("1".parse().unwrap(), UnixMillis::new(0));
        run.ledger
            .charge("main", &task, external.as_ref(), "hug", amount, at);
        run
    }

    /// A request with this answer; none if its status is 0.
    fn request(&mut self, at: i64, operation: Operation, line: &str, body: &str, status: u16) {
        let (method, path) = line.split_once(' ').unwrap();
        let request = Request::builder().method(method).uri(path);
        let request = request.body(Bytes::from(body.to_owned())).unwrap();
        let answer = |status| {
            Response::builder()
                .status(status)
                .body(Bytes::new())
                .unwrap()
        };
        let (sent, intended) = (answer(status.max(100)), answer(200));
        let account = Arc::from("main");
        let exchange = Exchange {
            account: Some(&account),
            answer: (status > 0).then_some(&sent),
            intended: (status == 0).then_some(&intended),
            fault: if status == 0 {
                "create#1@after:reset"
            } else {
                ""
            },
            task_id: if operation == Operation::Get {
                "17"
            } else {
                ""
            },
            ..Exchange::new(UnixMillis::new(1_000_000 + at), operation, &request)
        };
        self.journal.append(&exchange.draft());
    }

    fn verify(&self, expectation: &Expectation) -> Result<(), VerifyError> {
        expectation.verify(Evidence {
            journal: &self.journal,
            ledger: &self.ledger,
            faults: &self.faults,
            seed: 5,
        })
    }

    /// The only failure of this expectation; empty if it holds.
    fn failure(&self, expectation: &Expectation) -> String {
        match self.verify(expectation) {
            Ok(()) => String::new(),
            Err(error) => error.failures().join(" AND "),
        }
    }
}

fn run() -> Run {
    Run::new(JournalLimits::default())
}

#[test]
fn a_failure_reads_like_a_report() {
    let mut run = run();
    run.request(7_000, Operation::Unmatched, "PUT /v1/nothing", "", 404);
    run.faults = vec![
        FaultHits::new("create#1@after:reset", 1, false),
        FaultHits::new("get#9:503", 0, false),
        FaultHits::new("asset:403", 0, true),
    ];
    let other = Some("other".to_owned());
    let fault = FaultHits::new("get [account=other]:503", 0, false);
    run.faults.push(FaultHits {
        account: other,
        ..fault
    });
    let expectation = Expectation::new()
            .create()
            .body(json!({ "effect_scene": "hug_pro", "input": { "images": ["https://h/1", "https://h/2"] } }))
            .get("17")
            .at_least_interval(Duration::from_secs(5))
            .no_unmatched()
            .charges(2)
            .charged_once("order-2");
    let expected = r#"verification failed:

1. create, body {"effect_scene":"hug_pro","input":{"images":["https://h/1","https://h/2"]}}: expected at least 1, got none
   nearest is #1:
     ok create
     ✗  body {"effect_scene":"hug_pro","input":{"images":["https://h/1","https://h/2"]}}
          /effect_scene: expected "hug_pro", got "hug"

2. get, task 17: expected at least 5s between requests, but #4 came 1.25s after #3

3. unmatched: expected none, got 1: #5

4. charges: expected 2, got 1:
     task 17, external id order-1: 1 for hug, account main

5. charges for order-2: expected exactly 1, got none; what was charged:
     task 17, external id order-1: 1 for hug, account main

6. faults that never acted: get#9:503, get [account=other]:503 (mark a fault `optional` if it need not act)

requests:
  #1  +0.000s  create POST /v1/videos/effects no answer, fault create#1@after:reset instead of 200
  #2  +0.000s  create POST /v1/videos/effects 400
  #3  +5.000s  get GET /v1/videos/effects/17 200, task 17
  #4  +6.250s  get GET /v1/videos/effects/17 200, task 17
  #5  +7.000s  unmatched PUT /v1/nothing 404

to repeat it: seed 5 (MockBuilder::seed, kling mock --seed 5)"#;
    let error = run.verify(&expectation).unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert_eq!(format!("{error:?}"), expected);
}

#[test]
fn what_happened_passes() {
    let expectation = Expectation::new()
        .create()
        .times(2)
        .create()
        .status(400)
        .times(1)
        .create()
        .body(json!({ "effect_scene": "hug" }))
        .times(2)
        .get("17")
        .at_least_interval(Duration::from_millis(1_250))
        .requests()
        .times(4)
        .list()
        .times(0)
        .charges(1)
        .charged_once("17")
        .charged_once("order-1")
        .no_unmatched();
    run().verify(&expectation).unwrap();
    run().verify(&expectation.account("main")).unwrap();
    run().verify(&Expectation::new()).unwrap();
}

/// Two tests may share a service: another's fault is another's business.
#[test]
fn an_armed_fault_must_act_unless_unfired_faults_are_allowed() {
    let mut run = run();
    let fault = FaultHits::new("get [account=other]:503", 0, false);
    let account = Some("other".to_owned());
    run.faults.push(FaultHits { account, ..fault });
    let new = Expectation::new;
    let failure = "faults that never acted: get [account=other]:503 (mark a fault `optional` \
                       if it need not act)";
    let rows = [
        (new(), failure),
        (new().account("other"), failure),
        (new().account("main"), ""),
        (new().allow_unfired_faults(), ""),
    ];
    for (expectation, failure) in rows {
        assert_eq!(run.failure(&expectation), failure);
    }
    run.faults[0].hits = 1;
    run.verify(&new()).unwrap();
}

#[test]
fn each_failure_says_what_was_found() {
    let new = Expectation::new;
    let rows = [
        (
            new().create().times(1),
            "create: expected exactly 1, got 2: #1, #2",
        ),
        (new().list(), "list: expected at least 1, got none"),
        (
            new().get("18").at_least(1),
            "get, task 18: expected at least 1, got none\n\
                 nearest is #3:\n  ok get\n  ✗  task 18\n       got task 17",
        ),
        (
            new().create().status(200),
            "create, status 200: expected at least 1, got none\n\
                 nearest is #1:\n  ok create\n  ✗  status 200\n       got no answer",
        ),
        (
            new().get("17").body(json!({})),
            "get, task 17, body {}: expected at least 1, got none\n\
                 nearest is #3:\n  ok get\n  ok task 17\n  ✗  body {}\n       the body is not JSON",
        ),
        (
            new().times(1),
            "any request: expected exactly 1, got 4: #1, #2, #3, #4",
        ),
        (
            new().account("other").create(),
            "create: expected at least 1, got none",
        ),
        (
            new().account("other").charges(1),
            "charges: expected 1, got none",
        ),
        (
            new().account("other").charged_once("17"),
            "charges for 17: expected exactly 1, got none; what was charged: nothing",
        ),
    ];
    for (expectation, failure) in rows {
        assert_eq!(run().failure(&expectation), failure);
    }
}

#[test]
fn evicted_entries_make_the_result_unknown() {
    let run = Run::new(JournalLimits::default().with_entries(1));
    let unknown = "unknown, because the journal (at most 1 entries or 16777216 bytes) has evicted";
    let new = Expectation::new;
    let rows = [
        // Of a whole operation, counts are known for ever.
        (new().create().times(2), String::new()),
        (
            new().create().times(3),
            "create: expected exactly 3, got 2".to_owned(),
        ),
        (
            new().create().at_most(1),
            "create: expected at most 1, got 2".to_owned(),
        ),
        (new().no_unmatched(), String::new()),
        (new().get("17").at_least(1), String::new()),
        (
            new().get("17").times(2),
            format!("get, task 17: {unknown} 1 entries that may count"),
        ),
        (
            new().create().status(400),
            format!("create, status 400: {unknown} 2 entries that may count"),
        ),
        (
            new().get("17").at_least_interval(Duration::from_secs(1)),
            format!("get, task 17: {unknown} 1 entries that may count"),
        ),
        // Also those of one account.
        (new().account("main").create().times(2), String::new()),
        (
            new().account("main").create().times(3),
            "create: expected exactly 3, got 2".to_owned(),
        ),
        (new().account("main").requests().at_most(9), String::new()),
        (new().account("other").create().times(0), String::new()),
    ];
    for (expectation, failure) in rows {
        assert_eq!(run.failure(&expectation), failure);
    }
}

#[test]
fn secrets_do_not_come_out_and_pictures_are_compared_by_hash() {
    let mut run = run();
    run.journal.hide("sk-mock-0123456789");
    let picture = "/9j/".repeat(50_000);
    let body = |picture: &str| json!({ "image": picture, "callback_url": "https://h/?key=sk-mock-0123456789" });
    let line = "POST /v1/videos/effects";
    run.request(
        9_000,
        Operation::Create,
        line,
        &body(&picture).to_string(),
        200,
    );
    run.verify(&Expectation::new().create().body(body(&picture)))
        .unwrap();
    let other = body(&picture.replace('9', "8"));
    let error = run
        .verify(&Expectation::new().create().body(other))
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("/image: expected \"<200000 characters, sha256"),
        "{text}"
    );
    assert!(!text.contains("0123456789"), "{text}");
}

#[test]
fn a_long_transcript_is_cut() {
    let mut run = run();
    for second in 0..100 {
        run.request(
            second * 1000,
            Operation::List,
            "GET /v1/videos/effects",
            "",
            200,
        );
    }
    let error = run.verify(&Expectation::new().list().times(0)).unwrap_err();
    assert_eq!(error.transcript().len(), 61);
    assert_eq!(error.transcript()[20], "… 44 more …");
    assert!(
        error.transcript()[60].starts_with("#104 +99.000s"),
        "{error}"
    );
    assert!(
        error.failures()[0].ends_with("#13, #14 and 90 more"),
        "{error}"
    );
}
