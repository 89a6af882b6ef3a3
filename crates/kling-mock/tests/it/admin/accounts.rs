//! Accounts, opened, changed and closed from outside.

use kling_mock::{Account, Plan};
use serde_json::{Value, json};

use super::errors::check_error;
use super::{ask, get, manual};
use crate::door::Door;
use crate::single;

#[tokio::test]
async fn accounts_come_change_and_go() {
    let mock = manual().plan(Plan::stuck()).build();
    let door = Door::of(&mock);
    let create = async |key: &str| {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str())];
        let body = single().to_string();
        let answer = door
            .ask("POST", "/v1/videos/effects", &headers, body.as_bytes())
            .await;
        (answer.status, answer.json()["code"].clone())
    };
    let opened = ask(
        &door,
        "POST",
        "/accounts",
        &json!({"name": "b", "slots": 1}),
    )
    .await;
    assert_eq!(opened.status, 201);
    let key = opened.json()["api_key"].as_str().expect("a key").to_owned();
    assert_eq!(create(&key).await, (200, json!(0)));
    assert_eq!(create(&key).await, (429, json!(1303)));
    let change = async |change: Value| ask(&door, "PATCH", "/accounts/b", &change).await.json();
    assert_eq!(change(json!({"slots": null})).await["slots"], Value::Null);
    assert_eq!(create(&key).await.0, 200);
    // Those that are under way count, though nobody counted them so far.
    assert_eq!(change(json!({"slots": 2})).await["slots"], 2);
    assert_eq!(create(&key).await, (429, json!(1303)));
    assert_eq!(change(json!({"slots": 9, "rate": 0})).await["rate"], 0);
    assert_eq!(create(&key).await, (429, json!(1302)));
    assert_eq!(
        change(json!({"state": "exhausted", "rate": null})).await["tasks"],
        2
    );
    assert_eq!(create(&key).await, (429, json!(1102)));
    let instant = json!({"state": "active", "plan": "instant", "slots": 3});
    change(instant).await;
    assert_eq!(create(&key).await.0, 200);
    ask(&door, "POST", "/clock", &json!({"advance": "1s"})).await;
    let tasks = get(&door, "/tasks?account=b&skip=1").await;
    assert_eq!(tasks["tasks"].as_array().map(Vec::len), Some(2));

    assert_eq!(
        get(&door, "/accounts").await["accounts"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    let closed = ask(&door, "DELETE", "/accounts/b", &Value::Null).await;
    assert_eq!(closed.status, 204);
    assert_eq!(create(&key).await.0, 401);
    assert_eq!(
        get(&door, "/accounts").await["accounts"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    // What was billed was billed.
    assert_eq!(get(&door, "/ledger?account=b").await["total"], "3");
    // The name is free again, the old tasks are not the new account's.
    let again = ask(&door, "POST", "/accounts", &json!({"name": "b"})).await;
    assert_eq!(again.json()["account"]["tasks"], 0);
    // Its key follows from seed and name, so it is the old one.
    assert_eq!(again.json()["api_key"], key);
}

/// An account that was refused leaves nothing behind.
#[tokio::test]
async fn a_refused_account_leaves_no_key() {
    let mock = manual()
        .account(Account::new("a").access_keys("ak", "sk"))
        .expect("an account")
        .build();
    let order = json!({"name": "b", "api_key": "key-b", "access_key": "ak", "secret_key": "other"});
    let answer = ask(&Door::of(&mock), "POST", "/accounts", &order).await;
    check_error(&answer, 409, "conflict", "already has this access key");
    assert_eq!(mock.accounts().len(), 1);
    assert!(
        mock.add_account(&Account::new("c").api_key("key-b"))
            .is_ok()
    );
}
