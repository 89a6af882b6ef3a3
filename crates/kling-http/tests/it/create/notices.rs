//! What is told on the way of a create.

use std::sync::{Arc, Mutex};

use super::*;

/// What an observer hears while a create follows this script. The waits are drawn, so
/// their seconds are left out.
async fn check(provider: Provider, script: impl IntoIterator<Item = Reply>, expected: &[&str]) {
    let host = Host::new(script);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let client = host.client(provider).with_observer({
        let heard = Arc::clone(&heard);
        move |notice| heard.lock().unwrap().push(notice.to_string())
    });
    let id = ExternalTaskId::new(EXTERNAL_ID).expect("an id");
    let request = request().with_external_task_id(id);
    let _ = client.effects().create(request).await;
    let heard = heard.lock().unwrap();
    let without_seconds = |text: &String| {
        let words = text.split(' ').filter(|word| word.parse::<f64>().is_err());
        words.collect::<Vec<_>>().join(" ")
    };
    let heard: Vec<_> = heard.iter().map(without_seconds).collect();
    assert_eq!(heard, expected);
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_a_free_slot_is_told_with_its_reason() {
    let full = || refusal(429, 1303, "parallel task over resource pack limit");
    check(
        Provider::comet(),
        [full(), shows("submitted")],
        &["effects.create: retrying in s: too many tasks at once: code 1303: parallel task over resource pack limit"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn notices_of_a_lost_create() {
    let kling = Provider::kling;
    let lost_first = "outcome of the create unknown: looking up its task";
    let again = "outcome of the create unknown: looking up its task in s";
    let adopted = "found the task of the create:";
    check(kling(), [lost(), ours("submitted")], &[lost_first, adopted]).await;
    let missed = [not_found(), not_found(), not_found()];
    let script = std::iter::once(lost())
        .chain(missed)
        .chain([shows("submitted")]);
    let sent_again = "the service has no task for the create: sending it again";
    check(kling(), script, &[lost_first, again, again, sent_again]).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_of_a_create_that_went_well_or_is_over() {
    check(Provider::kling(), [shows("submitted")], &[]).await;
    check(Provider::comet(), [lost()], &[]).await;
    check(Provider::kling(), [refusal(400, 1201, "no")], &[]).await;
}

/// It is told when it is done, and once.
#[cfg(feature = "jwt")]
#[tokio::test(start_paused = true)]
async fn a_new_token_is_told_in_place_of_the_failure() {
    let expired = || refusal(401, 1004, "Authorization has expired");
    let host = Host::new([expired(), shows("submitted")]);
    let credentials = Credentials::access_keys("access", "secret");
    let builder = Client::builder(Provider::kling(), credentials);
    let client = builder
        .transport(host.transport())
        .build()
        .expect("a client");
    let heard = Arc::new(Mutex::new(Vec::new()));
    let observed = client.with_observer({
        let heard = Arc::clone(&heard);
        move |notice| heard.lock().unwrap().push(notice.to_string())
    });
    let _ = observed.effects().create(request()).await.expect("a task");
    let heard = heard.lock().unwrap();
    assert_eq!(
        *heard,
        ["the service reports an expired token: signing a new one"]
    );
}

/// As a program that observes each of its jobs would find it.
#[tokio::test(start_paused = true)]
async fn only_the_client_with_the_observer_notifies_it() {
    let host = Host::new([lost(), ours("submitted")]);
    let client = host.client(Provider::kling());
    let heard = Arc::new(Mutex::new(0));
    let observed = client.with_observer({
        let heard = Arc::clone(&heard);
        move |_| *heard.lock().unwrap() += 1
    });
    let id = ExternalTaskId::new(EXTERNAL_ID).expect("an id");
    let request = request().with_external_task_id(id);
    let task = client.effects().create(request).await.expect("a task");
    assert_eq!(*heard.lock().unwrap(), 0);
    // The two share all else: a wake-up by one reaches a waiter of the other.
    let events = task.events();
    assert!(observed.effects().wake(task.id().as_str()));
    drop(events);
}
