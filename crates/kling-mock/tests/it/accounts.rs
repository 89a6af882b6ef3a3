//! Accounts: isolated, limited, and proven by keys or tokens.

use std::time::Duration;

use http::{Method, Request};
use kling_http::Transport as _;
use kling_mock::{
    Account, AccountChange, AccountState, AuthMode, Mock, NewTask, Plan, Profile, Rotation,
    sign_jwt,
};
use serde_json::{Value, json};

use crate::clock::{ManualClock, START};
use crate::door::Door;
use crate::single;

/// An answer to a request with this `Authorization`.
async fn ask(
    mock: &Mock,
    method: Method,
    path: &str,
    authorization: &str,
    body: &Value,
) -> (u16, Value) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let mut request = Request::builder()
        .method(method)
        .uri(format!("https://mock.test{path}"));
    if !authorization.is_empty() {
        request = request.header("authorization", authorization);
    }
    let request = request.body(body.into()).expect("a request");
    let (head, body) = mock
        .transport()
        .send(request)
        .await
        .expect("an answer")
        .into_parts();
    let body = body.collect(usize::MAX).await.expect("a body");
    (
        head.status.as_u16(),
        serde_json::from_slice(&body).expect("JSON"),
    )
}

const KLING: &str = "/v1/videos/effects";

async fn create(mock: &Mock, authorization: &str, body: &Value) -> (u16, Value) {
    ask(mock, Method::POST, KLING, authorization, body).await
}

fn kling() -> kling_mock::MockBuilder {
    Mock::builder()
        .profile(Profile::kling())
        .clock(ManualClock::new())
}

#[tokio::test]
async fn accounts_are_isolated() {
    let mock = kling()
        .account(Account::new("a").api_key("key-of-a"))
        .and_then(|builder| builder.account(Account::new("b").api_key("key-of-b")))
        .expect("two accounts")
        .build();
    let mut body = single();
    body["external_task_id"] = "mine".into();
    let (status, answer) = create(&mock, "Bearer key-of-a", &body).await;
    assert_eq!(status, 200, "{answer}");
    let id = answer["data"]["task_id"]
        .as_str()
        .expect("an id")
        .to_owned();

    // The same external id is free in the other account.
    for (key, found) in [("Bearer key-of-a", true), ("Bearer key-of-b", false)] {
        for name in [id.as_str(), "mine"] {
            let (status, _) = ask(
                &mock,
                Method::GET,
                &format!("{KLING}/{name}"),
                key,
                &Value::Null,
            )
            .await;
            assert_eq!(status == 200, found, "{name} with {key}");
        }
    }
    assert_eq!(create(&mock, "Bearer key-of-b", &body).await.0, 200);
    assert_eq!(create(&mock, "Bearer key-of-a", &body).await.0, 400);

    let ledger = mock.ledger();
    assert_eq!(ledger.total_of("a").to_string(), "1");
    assert_eq!(ledger.total_of("b").to_string(), "1");
    ledger.assert_charged_once(&id);
}

/// Its name is part of the addresses of its files, where dots lead elsewhere.
#[test]
fn account_names() {
    for (name, fits) in [
        ("a", true),
        ("A.b_c-9", true),
        (".a", true),
        ("...a", true),
        ("", false),
        (".", false),
        ("..", false),
        ("...", false),
        ("a/b", false),
        ("ä", false),
    ] {
        let mock = Mock::new();
        let added = mock.add_account(&Account::new(name)).is_ok();
        assert_eq!(added, fits, "{name:?}");
        let builder = Mock::builder().account(Account::new(name));
        assert_eq!(builder.is_ok(), fits, "{name:?}");
    }
}

#[tokio::test]
async fn account_states_refuse_creates() {
    for (state, http, code) in [
        (AccountState::Abnormal, 429, 1100),
        (AccountState::InArrears, 429, 1101),
        (AccountState::Exhausted, 429, 1102),
        (AccountState::Forbidden, 403, 1103),
        (AccountState::AddressRefused, 429, 1304),
    ] {
        let account = Account::new("a").api_key("a").state(state);
        let mock = kling().account(account).expect("an account").build();
        let (status, answer) = create(&mock, "Bearer a", &single()).await;
        assert_eq!((status, &answer["code"]), (http, &json!(code)), "{answer}");
        assert!(mock.ledger().is_empty());
        let task = mock.add_task(&NewTask::new("hug").plan(Plan::stuck()));
        let id = task.expect("a task").task_id;
        let queried = Door::of(&mock).query("", id.as_str()).await;
        assert_eq!(queried.status, 200, "{state:?}");
    }
}

/// Documented: a task holds its slot from its creation to its end, a failed one
/// too; queries take none.
#[tokio::test]
async fn slots_are_held_until_the_task_ends() {
    let clock = ManualClock::new();
    let plan = Plan::after(Duration::from_secs(1), Duration::from_secs(9));
    let account = Account::new("a")
        .api_key("a")
        .slots(2)
        .plan(plan.failing("no"));
    let mock = Mock::builder()
        .profile(Profile::kling())
        .clock(clock.clone())
        .account(account)
        .expect("an account")
        .build();
    for wanted in [200, 200, 429] {
        let (status, answer) = create(&mock, "Bearer a", &single()).await;
        assert_eq!(status, wanted, "{answer}");
        if status == 429 {
            assert_eq!(answer["code"], 1303);
            assert_eq!(answer["message"], "parallel task over resource pack limit");
        }
    }
    clock.advance(9_999);
    assert_eq!(create(&mock, "Bearer a", &single()).await.0, 429);
    clock.advance(1);
    assert_eq!(create(&mock, "Bearer a", &single()).await.0, 200);
    assert_eq!(mock.charges().len(), 3);
}

#[tokio::test]
async fn creates_per_second_are_limited() {
    let clock = ManualClock::new();
    let account = Account::new("a").api_key("a").rate(2);
    let mock = kling()
        .clock(clock.clone())
        .account(account)
        .expect("an account")
        .build();
    for (advance, wanted) in [(0, 200), (0, 200), (999, 429), (1, 200)] {
        clock.advance(advance);
        let (status, answer) = create(&mock, "Bearer a", &single()).await;
        assert_eq!(status, wanted, "{answer}");
        if status == 429 {
            assert_eq!(answer["code"], 1302);
        }
    }
}

#[tokio::test]
async fn token_times_are_verified() {
    let clock = ManualClock::new();
    let account = Account::new("a").access_keys("access", "secret");
    let mock = kling()
        .clock(clock.clone())
        .account(account)
        .expect("an account")
        .build();
    let now = i64::try_from(START / 1000).expect("a time");
    let token = |at| format!("Bearer {}", sign_jwt("access", "secret", at));
    for (authorization, wanted) in [
        (String::new(), 1001),
        ("Bearer nonsense".to_owned(), 1002),
        (format!("Bearer {}", sign_jwt("access", "other", now)), 1000),
        (token(now + 6), 1003),
        (token(now - 1800), 1004),
    ] {
        let (status, answer) = create(&mock, &authorization, &single()).await;
        assert_eq!(
            (status, &answer["code"]),
            (401, &json!(wanted)),
            "{authorization}: {answer}"
        );
    }
    // Valid five seconds before its making, and to the end of its half hour.
    for at in [now + 5, now, now - 1799] {
        assert_eq!(create(&mock, &token(at), &single()).await.0, 200);
    }
}

#[tokio::test]
async fn credentials_need_not_be_right_if_nobody_looks() {
    let presence = kling().auth(AuthMode::Presence).build();
    assert_eq!(create(&presence, "Bearer any", &single()).await.0, 200);
    assert_eq!(create(&presence, "", &single()).await.0, 401);
    let off = kling().auth(AuthMode::Off).build();
    assert_eq!(create(&off, "", &single()).await.0, 200);
}

#[test]
fn accounts_that_can_not_be_are_refused_by_name() {
    for (account, wanted) in [
        (
            Account::new(""),
            "account \"\": a name consists of letters, digits, `-`, `_` and `.`, and not of dots alone",
        ),
        (
            Account::new("a/b"),
            "account \"a/b\": a name consists of letters, digits, `-`, `_` and `.`, and not of dots alone",
        ),
        (
            Account::new("one"),
            "account \"one\": an account of this name already exists",
        ),
        (
            Account::new("two").api_key("key"),
            "account \"two\": an account already has this API key",
        ),
        (
            Account::new("two").api_key("two words"),
            "account \"two\": an API key must consist of visible ASCII characters, because it is sent in a header",
        ),
    ] {
        let builder = Mock::builder()
            .account(Account::new("one").api_key("key"))
            .expect("one");
        assert_eq!(
            builder.account(account).expect_err("refused").to_string(),
            wanted
        );
    }
}

/// Kling: newest first, a bare array, by page (documented).
#[tokio::test]
async fn tasks_are_listed_by_page() {
    let mock = kling()
        .account(Account::new("a").api_key("a"))
        .expect("an account")
        .build();
    let mut ids = Vec::new();
    for _ in 0..5 {
        let (_, answer) = create(&mock, "Bearer a", &single()).await;
        ids.insert(0, answer["data"]["task_id"].clone());
    }
    for (query, wanted) in [
        ("", &ids[..]),
        ("?pageNum=1&pageSize=2", &ids[..2]),
        ("?pageNum=3&pageSize=2", &ids[4..]),
        ("?pageNum=4&pageSize=2", &[]),
    ] {
        let path = format!("{KLING}{query}");
        let (status, answer) = ask(&mock, Method::GET, &path, "Bearer a", &Value::Null).await;
        assert_eq!(status, 200);
        let listed = answer["data"].as_array().cloned().unwrap_or_default();
        let listed: Vec<_> = listed.iter().map(|task| task["task_id"].clone()).collect();
        assert_eq!(listed, wanted, "{query}");
    }
    for query in [
        "pageNum=0",
        "pageNum=1001",
        "pageSize=501",
        "pageSize=x",
        "pageNum=-1",
    ] {
        let path = format!("{KLING}?{query}");
        let (status, answer) = ask(&mock, Method::GET, &path, "Bearer a", &Value::Null).await;
        assert_eq!((status, &answer["code"]), (400, &json!(1201)), "{query}");
    }
}

/// Its place stays, but nobody finds it, also not by no name.
#[tokio::test]
async fn a_closed_account_is_nobody_s() {
    let mock = kling().build();
    let key = mock.add_account(&Account::new("second")).expect("opened");
    let bearer = format!("Bearer {key}");
    assert_eq!(create(&mock, &bearer, &single()).await.0, 200);
    mock.remove_account("second").expect("closed");
    for name in ["second", ""] {
        let unknown = format!("there is no account {name:?}");
        assert_eq!(
            mock.test_callback(name, "http://127.0.0.1:9/"),
            Err(unknown.clone())
        );
        assert_eq!(mock.redeliver(name, 0), Err(unknown.clone()));
        let secret = "whsec_b3RoZXJzZWNyZXRvdGhlcnNlY3JldG90aGVyc2VjcmU=";
        let rotated = mock.rotate_webhook_secret(name, secret, Rotation::Standard);
        assert_eq!(rotated, Err(unknown.clone()));
        assert_eq!(mock.webhook_secret(name), None);
        assert_eq!(mock.callback_attempts(name), []);
        assert_eq!(mock.tasks(name, 0, 9), []);
        assert_eq!(
            mock.advance_account(name, Duration::from_secs(1)),
            Ok(false)
        );
        for refused in [
            mock.remove_account(name),
            mock.change_account(name, &AccountChange::new()),
            mock.add_task(&NewTask::new("hug").account(name)).map(drop),
        ] {
            assert_eq!(refused.expect_err("unknown").to_string(), unknown);
        }
    }
    let file = Door::of(&mock).call("GET", "/assets//1-0.mp4", b"").await;
    assert_eq!(file.status, 404);
    assert_eq!(mock.journal().pop().expect("an entry").account(), None);
}

#[test]
fn the_key_of_each_account_can_be_had() {
    let builder = Mock::builder().account(Account::new("given").api_key("sk-given"));
    let builder = builder.and_then(|it| it.account(Account::new("made")));
    let mock = builder.expect("accounts").build();
    let later = mock.add_account(&Account::new("later")).expect("opened");
    assert_eq!(mock.api_key_of("given").as_deref(), Some(mock.api_key()));
    assert_eq!(mock.api_key_of("later"), Some(later));
    let made = mock.api_key_of("made").expect("a key");
    assert!(made.starts_with("sk-mock-"), "{made}");
    mock.remove_account("later").expect("closed");
    for name in ["later", "", "nobody"] {
        assert_eq!(mock.api_key_of(name), None);
    }
}
