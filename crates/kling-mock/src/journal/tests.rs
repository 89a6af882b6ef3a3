use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use kling_types::UnixMillis;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const SECRET: &str = "sk-mock-0123456789";

fn request(body: impl Into<Bytes>) -> Request<Bytes> {
    let request = Request::post("https://mock.test/v1/videos/effects?Signature=abc")
        .header("host", "mock.test")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {SECRET}"));
    request.body(body.into()).unwrap()
}

fn answer(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    let answer = Response::builder().status(status);
    answer.body(body.into()).unwrap()
}

fn create(journal: &mut Journal, body: &[u8]) {
    let (request, answer) = (request(body.to_vec()), answer(200, ""));
    let exchange = Exchange {
        answer: Some(&answer),
        ..Exchange::new(UnixMillis::new(0), Operation::Create, &request)
    };
    journal.append(&exchange.draft());
}

fn filled(limits: JournalLimits, bodies: &[Vec<u8>]) -> Journal {
    let mut journal = Journal::new(limits);
    for body in bodies {
        create(&mut journal, body);
    }
    journal
}

#[test]
fn an_entry_shows_all_but_secrets_and_pictures() {
    let picture = "A".repeat(100);
    let body = json!({ "effect_scene": "hug", "input": { "image": picture } });
    let request = request(body.to_string());
    let sent = answer(503, "busy");
    let intended = answer(
        200,
        r#"{"url":"https://mock.test/1.mp4?Expires=1&Signature=x"}"#,
    );
    let account = Arc::from("main");
    let exchange = Exchange {
        account: Some(&account),
        answer: Some(&sent),
        intended: Some(&intended),
        fault: "create#1@after:503",
        task_id: "1",
        external_task_id: "order-1",
        note: SECRET,
        ..Exchange::new(UnixMillis::new(5), Operation::Create, &request)
    };
    let mut journal = Journal::default();
    journal.hide(SECRET);
    journal.append(&exchange.draft());
    let entry = journal.entries().next().unwrap();
    let shown = serde_json::to_string(&entry).unwrap();
    let expected = concat!(
        r#"{"seq":1,"at":5,"operation":"create","outcome":"failed","account":"main","#,
        r#""task_id":"1","external_task_id":"order-1","#,
        r#""request":{"method":"POST","path":"/v1/videos/effects?Signature=…","#,
        r#""headers":{"authorization":"Bearer <18 characters>","content-type":"application/json"},"#,
        r#""body":{"bytes":143,"json":{"effect_scene":"hug","#,
        r#""input":{"image":"<100 characters, sha256 d82c6aa133a0fc25>"}}}},"#,
        r#""answer":{"status":503,"body":{"bytes":4,"text":"busy"}},"#,
        r#""intended":{"status":200,"body":{"bytes":55,"#,
        r#""json":{"url":"https://mock.test/1.mp4?Expires=1&Signature=…"}}},"#,
        r#""fault":"create#1@after:503","note":"…"}"#,
    );
    assert_eq!(shown, expected);
    assert_eq!(
        entry.to_string(),
        "create POST /v1/videos/effects?Signature=… 503, task 1, external id order-1, \
         fault create#1@after:503 instead of 200 (…)"
    );
}

#[test]
fn a_long_body_loses_its_pictures_or_becomes_a_hash() {
    let picture = json!({ "effect_scene": "hug", "image": "A".repeat(200_000) }).to_string();
    let words = "many words ".repeat(10_000);
    let bodies = [picture.into_bytes(), words.into_bytes(), vec![0xff; 9]];
    let journal = filled(JournalLimits::default(), &bodies);
    assert!(journal.bytes() < 2_000, "{}", journal.bytes());
    let shown = |index: usize| journal.entries().nth(index).unwrap().request_body();
    assert_eq!(shown(0).json().unwrap()["effect_scene"], "hug");
    assert_eq!(shown(0).bytes(), bodies[0].len() as u64);
    for index in [1, 2] {
        let hash = redact::sha256(&bodies[index]);
        assert_eq!(shown(index).sha256(), Some(&*hash));
        assert_eq!(shown(index).text(), None);
    }
}

#[test]
fn a_file_is_its_length() {
    let request = Request::get("/assets/1-0.mp4").body(Bytes::new()).unwrap();
    let answer = answer(206, vec![0; 1000]);
    let mut journal = Journal::default();
    let exchange = Exchange {
        answer: Some(&answer),
        ..Exchange::new(UnixMillis::new(0), Operation::Asset, &request)
    };
    journal.append(&exchange.draft());
    let entry = journal.entries().next().unwrap();
    let body = serde_json::to_value(entry.answer_body()).unwrap();
    assert_eq!(body, json!({ "bytes": 1000 }));
}

#[test]
fn pages_go_on_after_eviction_and_clearing() {
    let limits = JournalLimits::default().with_entries(3);
    let mut journal = filled(limits, &vec![Vec::new(); 5]);
    let numbers = |page: &JournalPage| {
        let numbers = page.entries.iter().map(JournalEntry::seq);
        numbers.collect::<Vec<_>>()
    };
    let page = journal.after(0, 2);
    assert_eq!(
        (numbers(&page), page.next, page.evicted),
        (vec![3, 4], 4, 2)
    );
    let page = journal.after(page.next, 2);
    assert_eq!((numbers(&page), page.next), (vec![5], 5));
    assert_eq!(journal.after(5, 2).next, 5);
    let totals = serde_json::to_value(&page.totals).unwrap();
    assert_eq!(totals, json!({ "create": { "success": 5 } }));

    journal.clear();
    assert_eq!((journal.totals().all(), journal.evicted()), (0, 0));
    let request = request("");
    let exchange = Exchange::new(UnixMillis::new(0), Operation::Get, &request);
    assert_eq!(journal.append(&exchange.draft()), 6);
    assert_eq!(numbers(&journal.after(5, 2)), [6]);
    assert_eq!(journal.totals().with(Operation::Get, Outcome::Lost), 1);
}

#[test]
fn a_journal_of_nothing_counts() {
    for limits in [
        JournalLimits::default().with_entries(0),
        JournalLimits::default().with_bytes(100),
    ] {
        let journal = filled(limits, &vec![Vec::new(); 3]);
        let counts = (journal.len(), journal.evicted(), journal.totals().all());
        assert_eq!(counts, (0, 3, 3));
    }
}

proptest! {
    #[test]
    fn limits_hold_and_counts_are_of_all(
        entries in 0_usize..20,
        bytes in 0_usize..20_000,
        words in prop::collection::vec(0_usize..1_000, 0..40),
    ) {
        let limits = JournalLimits::default().with_entries(entries).with_bytes(bytes);
        let mut journal = Journal::new(limits);
        for (before, words) in words.into_iter().enumerate() {
            let body = format!("{words} ").repeat(words);
            create(&mut journal, body.as_bytes());
            prop_assert!(journal.len() <= entries && journal.bytes() <= bytes);
            prop_assert!(journal.records.capacity() <= entries);
            prop_assert!(journal.texts.capacity() <= bytes);
            let sum: usize = journal.records.iter().map(Record::bytes).sum();
            prop_assert_eq!(journal.bytes(), sum);
            for entry in &journal.after(journal.last - 1, 1).entries {
                let shown = entry.request_body();
                prop_assert_eq!(shown.text(), Some(&*body));
            }
            let count = before as u64 + 1;
            prop_assert_eq!(journal.totals().all(), count);
            prop_assert_eq!(journal.len() as u64 + journal.evicted(), count);
        }
    }

    #[test]
    fn a_secret_never_comes_out(
        secret in "[A-Za-z0-9_/+=-]{16,80}",
        before in ".{0,40}",
        after in ".{0,40}",
        cut in 0_usize..60,
    ) {
        let text = format!("{before}{secret}{after}");
        let body = json!({ "a": text, "b": [secret] }).to_string();
        let path = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
        let request = Request::get(format!("/v1/{path}?{path}={path}"))
            .header("authorization", &secret)
            .header("range", &secret)
            .body(Bytes::from(body.clone()))
            .unwrap();
        // What is cut off may be half a secret; the first one stays whole.
        let end = body.len().saturating_sub(cut).max(body.find("\"b\"").unwrap());
        let answer = answer(500, body.as_bytes()[..end].to_vec());
        let account = Arc::from(&*text);
        let exchange = Exchange {
            account: Some(&account),
            answer: Some(&answer),
            intended: Some(&answer),
            fault: &text,
            task_id: &text,
            external_task_id: &text,
            note: &text,
            ..Exchange::new(UnixMillis::new(0), Operation::Get, &request)
        };
        let mut journal = Journal::default();
        journal.hide(&secret);
        journal.append(&exchange.draft());
        let entry = journal.entries().next().unwrap();
        let outputs = [
            entry.to_string(),
            format!("{entry:?}"),
            format!("{journal:?} {:?}", journal.after(0, 1)),
            serde_json::to_string(&journal.after(0, 1)).unwrap(),
            journal.as_shown(&json!(text)).to_string(),
        ];
        for output in outputs {
            prop_assert!(!output.contains(&secret), "{}", output);
        }
    }
}
