//! Tests that the README and the guides quote: what they show of Rust tests is
//! what stands here.

use kling_http::{Client, EffectRequest, ErrorKind, ImageSource, Retryability, Scene};
use kling_mock::{Mock, Profile};

/// Stands for a program of yours: it takes the client that it is given.
async fn make_video(client: &Client) -> kling_http::Result<String> {
    let image = ImageSource::url("https://example.com/me.jpg");
    let request = EffectRequest::single(Scene::COLOR_MIXING, image);
    let task = client.effects().create(request).await?;
    let done = task.wait().await?;
    Ok(done.id.to_string())
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_paid_for_once() {
    let fault = "create#1@after:reset".parse().unwrap();
    let mock = Mock::builder()
        .profile(Profile::kling())
        .fault(fault)
        .build();
    let image = ImageSource::url("https://example.com/me.jpg");
    let request = EffectRequest::single(Scene::COLOR_MIXING, image);

    let task = mock
        .client()
        .unwrap()
        .effects()
        .create(request)
        .await
        .unwrap();
    mock.ledger().assert_charged_once(task.id());
}

/// What a careful caller does next.
fn advice(error: &kling_http::Error) -> &'static str {
    if error.maybe_sent() {
        // Perhaps paid: keep error.external_task_id(), and look at the provider.
        return "look before you create again";
    }
    match error.kind() {
        ErrorKind::WaitTimeout => "it keeps running: wait again, with error.task_id()",
        ErrorKind::TaskFailed => "read error.task(): a new create is charged again",
        ErrorKind::Validation => "nothing was sent: see error.violations()",
        _ if error.retryability() == Retryability::Permanent => "change something first",
        _ => "try again later",
    }
}

#[tokio::test(start_paused = true)]
async fn each_error_says_what_to_do_next() {
    for (plan, fault, expected) in [
        (
            "instant",
            "create#1@after:reset",
            "look before you create again",
        ),
        (
            "stuck",
            "list:503 optional",
            "it keeps running: wait again, with error.task_id()",
        ),
        (
            "quick fail(\"no face\")",
            "list:503 optional",
            "read error.task(): a new create is charged again",
        ),
        ("instant", "create:429/1101", "change something first"),
        ("instant", "create:503/5001", "try again later"),
    ] {
        let mock = Mock::builder()
            .plan(plan.parse().unwrap())
            .fault(fault.parse().unwrap())
            .build();
        let error = make_video(&mock.client().unwrap()).await.unwrap_err();
        assert_eq!(advice(&error), expected, "{fault}: {error}");
    }
}

/// What stands between backticks in a guide.
fn codes(guide: &str) -> Vec<String> {
    let path = format!("{}/../../docs/guides/{guide}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let codes = text
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2));
    codes.map(str::to_owned).collect()
}

#[test]
fn every_fault_and_every_plan_that_a_guide_names_is_one() {
    let mut codes = [codes("testing-your-program.md"), codes("webhooks.md")].concat();
    codes.retain(|code| !code.contains(char::is_uppercase));
    let starts = |code: &str, words: &[&str]| words.iter().any(|word| code.starts_with(word));

    let operations = ["create", "get", "asset", "callback"];
    let is_fault = |code: &&String| code.contains(':') && starts(code, &operations);
    let faults: Vec<_> = codes.iter().filter(is_fault).collect();
    assert!(faults.len() >= 11, "{faults:?}");
    for fault in faults {
        assert!(fault.parse::<kling_mock::Fault>().is_ok(), "{fault}");
    }

    let names = ["quick", "instant", "after(", "polls(", "stuck"];
    let plans: Vec<_> = codes.iter().filter(|code| starts(code, &names)).collect();
    assert!(plans.len() >= 5, "{plans:?}");
    for plan in plans {
        assert!(plan.parse::<kling_mock::Plan>().is_ok(), "{plan}");
    }
}
