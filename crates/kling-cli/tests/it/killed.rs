//! Killed without a warning at every step of a job: `kling resume` finishes it,
//! and one video is paid for.

use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::run::{Ran, RunningMock, kling, picture, run};

const STATE: &str = "v.mp4.kling.json";

/// A fake Kling, which finds external ids and refuses doubles.
fn service(faults: &[&str]) -> RunningMock {
    let mut arguments = vec!["--provider", "kling", "--plan", "polls(1, 1)"];
    for fault in faults {
        arguments.extend(["--fault", fault]);
    }
    RunningMock::start(&arguments)
}

pub(crate) fn ask(mock: &RunningMock, path: &str) -> Value {
    let (status, body) = mock.request(&format!("GET /__mock/{path} HTTP/1.1"), "");
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

fn program(mock: &RunningMock, here: &Path) -> std::process::Command {
    let mut command = kling(here);
    command
        .env("KLING_API_KEY", &mock.api_key)
        .env("KLING_POLL_INTERVAL", "0.02");
    command
}

fn effect(mock: &RunningMock, here: &Path) -> std::process::Command {
    let mut command = program(mock, here);
    command
        .args(["effect", "color_mixing", "-o", "v.mp4"])
        .args(["--base-url", &mock.base_url])
        .arg(picture("portrait.jpg"));
    command
}

fn resume(mock: &RunningMock, here: &Path, more: &[&str]) -> std::process::Command {
    let mut command = program(mock, here);
    command.args(["resume", STATE, "--json"]).args(more);
    command
}

/// When to kill it.
#[derive(Clone, Copy)]
pub(crate) enum Moment {
    /// The state file is there.
    Written,
    /// The state file names the task.
    TaskWritten,
    /// So many requests were answered or are being held back.
    Requests(usize),
    /// The video is there.
    Saved,
}

impl Moment {
    pub(crate) fn has_come(self, mock: &RunningMock, here: &Path) -> bool {
        let state = || std::fs::read_to_string(here.join(STATE)).unwrap_or_default();
        match self {
            Moment::Written => !state().is_empty(),
            Moment::TaskWritten => state().contains("\"task_id\""),
            Moment::Requests(wanted) => {
                let journal = ask(mock, "journal");
                journal["entries"].as_array().unwrap().len() >= wanted
            }
            Moment::Saved => here.join("v.mp4").exists(),
        }
    }
}

/// Starts it, waits for the moment, and kills it with a signal that it can't see.
#[track_caller]
pub(crate) fn kill(
    mut command: std::process::Command,
    mock: &RunningMock,
    here: &Path,
    moment: Moment,
) {
    let mut child: Child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !moment.has_come(mock, here) {
        let ended = child.try_wait().unwrap();
        // One that ended left nothing behind, or its moment.
        assert!(
            ended.is_none() || moment.has_come(mock, here) || !here.join(STATE).exists(),
            "it ended before it could be killed: {ended:?}"
        );
        if ended.is_some() {
            return;
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// One charge, and the video of the task that was charged.
#[track_caller]
fn check_paid_once(mock: &RunningMock, here: &Path) {
    let charges = ask(mock, "charges");
    let charges = charges["charges"].as_array().unwrap();
    assert_eq!(charges.len(), 1, "{charges:?}");
    let bytes = std::fs::read(here.join("v.mp4")).unwrap();
    let id = charges[0]["task_id"].as_str().unwrap();
    let head = format!(
        "GET /v1/videos/effects/{id} HTTP/1.1\r\nAuthorization: Bearer {}",
        mock.api_key
    );
    let (_, body) = mock.request(&head, "");
    let task: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(task["data"]["task_status"], json!("succeed"), "{body}");
    let ours = hash(&bytes);
    let url = task["data"]["task_result"]["videos"][0]["url"]
        .as_str()
        .unwrap();
    let path = url.strip_prefix(&mock.base_url).unwrap();
    assert_eq!(ours, hash(&mock.fetch(path)));
    let left: Vec<_> = std::fs::read_dir(here)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect();
    assert_eq!(left, ["v.mp4"]);
}

fn hash(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

/// A job that was killed when its create had arrived and was not yet answered.
#[track_caller]
fn killed_at_create(mock: &RunningMock) -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    let moment = Moment::Requests(1);
    kill(effect(mock, here.path()), mock, here.path(), moment);
    here
}

#[track_caller]
fn check_finished(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.json()["event"], json!("saved"));
}

/// Kills `kling effect` at a moment, finishes the job, and checks the ledger.
#[track_caller]
fn check(faults: &[&str], moment: Moment) {
    let mock = service(faults);
    let here = tempfile::tempdir().unwrap();
    kill(effect(&mock, here.path()), &mock, here.path(), moment);
    ask_for_no_faults(&mock);
    let picture = picture("portrait.jpg");
    let picture = picture.to_str().unwrap();
    // It may have been quicker than the hand that kills it.
    if here.path().join(STATE).exists() {
        check_finished(&run(&mut resume(
            &mock,
            here.path(),
            &["--send-again", picture],
        )));
    }
    check_paid_once(&mock, here.path());
}

pub(crate) fn ask_for_no_faults(mock: &RunningMock) {
    let (status, body) = mock.request("DELETE /__mock/faults HTTP/1.1", "");
    assert!((200..300).contains(&status), "{body}");
}

#[test]
fn before_the_create_arrives() {
    check(&[], Moment::Written);
    check(&["create#1@before:hang"], Moment::Written);
    check(&["create#1@before:hang"], Moment::Requests(1));
}

#[test]
fn after_the_create_was_paid_and_before_its_answer_comes() {
    check(&["create#1@after:hang"], Moment::Requests(1));
    check(&["create#1@after:reset", "get#1:hang"], Moment::Requests(2));
    check(
        &["create#1@mid:truncate=20", "get#1:hang"],
        Moment::Requests(2),
    );
}

#[test]
fn while_the_task_runs() {
    check(&["get#1:hang"], Moment::TaskWritten);
    check(&["get#1:hang"], Moment::Requests(2));
    check(&["get#2:hang"], Moment::Requests(3));
    check(&["get#1:503", "get#2:hang"], Moment::Requests(3));
}

#[test]
fn while_the_video_is_fetched() {
    check(&["asset#1:hang"], Moment::Requests(5));
    check(&["asset#1:slow=100"], Moment::Requests(5));
    check(&[], Moment::Saved);
}

/// Nor does it matter if the one that resumes is killed as well.
#[test]
fn killed_again_and_again() {
    let mock = service(&["create#1@before:hang", "create#2@after:hang", "get#3:hang"]);
    let here = killed_at_create(&mock);
    let picture = picture("portrait.jpg");
    let again = ["--send-again", picture.to_str().unwrap()];
    // Looked up (2), sent again (3), its answer held back.
    kill(
        resume(&mock, here.path(), &again),
        &mock,
        here.path(),
        Moment::Requests(3),
    );
    // Found by its external id (4), then queried (5).
    kill(
        resume(&mock, here.path(), &again),
        &mock,
        here.path(),
        Moment::Requests(5),
    );
    check_finished(&run(&mut resume(&mock, here.path(), &[])));
    check_paid_once(&mock, here.path());
}

/// `CometAPI` can't be asked for an external id: what is unknown is said, and
/// nothing is sent.
#[test]
fn at_cometapi_it_says_what_is_unknown() {
    let mock = RunningMock::start(&["--fault", "create#1@after:hang"]);
    let here = tempfile::tempdir().unwrap();
    let mut command = effect(&mock, here.path());
    command.env("COMETAPI_KEY", &mock.api_key);
    kill(command, &mock, here.path(), Moment::Requests(1));
    let picture = picture("portrait.jpg");
    let mut command = resume(
        &mock,
        here.path(),
        &["--send-again", picture.to_str().unwrap()],
    );
    let ran = run(command.env("COMETAPI_KEY", &mock.api_key));
    assert_eq!(ran.code, Some(9), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("comet can't be asked for it"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.json()["error"]["kind"], json!("maybe_sent"));
    assert_eq!(
        ask(&mock, "journal")["entries"].as_array().unwrap().len(),
        1
    );
    assert!(here.path().join(STATE).exists());
}

/// What a later version adds is no reason to call it something else.
#[test]
fn a_state_file_of_another_version_is_known_as_one() {
    let mock = service(&["create#1@before:hang"]);
    let here = killed_at_create(&mock);
    let path = here.path().join(STATE);
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = |change: fn(&mut Value)| {
        let mut state: Value = serde_json::from_str(&text).unwrap();
        change(&mut state);
        std::fs::write(&path, state.to_string()).unwrap();
        let ran = run(&mut resume(&mock, here.path(), &[]));
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        ran.stderr
    };
    let said = changed(|state| {
        state["kling_state"] = json!(2);
        state["since_2"] = json!(true);
        state.as_object_mut().unwrap().remove("scene");
    });
    let words = "has version 2, and this program supports 1: use a newer kling";
    assert!(said.contains(words), "{said}");
    let said = changed(|state| state["unknown"] = json!(true));
    assert!(
        said.contains("is not a state file: unknown field"),
        "{said}"
    );
    let said = changed(|state| *state = json!({}));
    assert!(
        said.contains("is not a state file: missing field"),
        "{said}"
    );
}

/// Not found, and not told to send: nothing is sent.
#[test]
fn an_unknown_task_is_not_sent_again_unasked_nor_with_other_pictures() {
    let mock = service(&["create#1@before:hang"]);
    let here = killed_at_create(&mock);
    let ran = run(&mut resume(&mock, here.path(), &[]));
    assert_eq!(ran.code, Some(9), "{}", ran.stderr);
    assert!(ran.stderr.contains("add --send-again"), "{}", ran.stderr);
    let other = picture("cat.png");
    let ran = run(&mut resume(
        &mock,
        here.path(),
        &["--send-again", other.to_str().unwrap()],
    ));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("not the request of this job"));
    assert_eq!(ask(&mock, "charges")["charges"], json!([]));
}

/// The state of a job that `kling submit` has begun.
fn submitted(mock: &RunningMock, here: &Path) -> Value {
    let mut submit = program(mock, here);
    submit
        .args(["submit", "color_mixing", "-o", "v.mp4"])
        .args(["--base-url", &mock.base_url])
        .arg(picture("portrait.jpg"));
    assert_eq!(run(&mut submit).code, Some(0));
    serde_json::from_slice(&std::fs::read(here.join(STATE)).unwrap()).unwrap()
}

fn write_state(here: &Path, state: &Value) {
    std::fs::write(here.join(STATE), state.to_string()).unwrap();
}

/// A task that the service has had ten minutes to show, and does not know: the key is of
/// another account, or the file was edited. Nobody waits half an hour to be told so.
#[test]
fn an_old_task_that_the_service_does_not_know_ends_the_wait() {
    let mock = service(&["get#2:html301"]);
    let here = tempfile::tempdir().unwrap();
    let mut state = submitted(&mock, here.path());
    let now = state["created_at"].as_u64().unwrap();
    state["task"]["task_id"] = json!("424242");
    let mut resumed = |created_at: u64| {
        state["created_at"] = json!(created_at);
        write_state(here.path(), &state);
        let ran = run(&mut resume(&mock, here.path(), &[]));
        let asked = ran.stderr.matches("asking again").count();
        (ran, asked)
    };
    // The second answer is not from the service, so the first one does not count.
    let (ran, asked) = resumed(now - 3_600_000);
    assert_eq!((ran.code, asked), (Some(8), 4), "{}", ran.stderr);
    assert_eq!(ran.json()["error"]["kind"], json!("not_found"));
    let why = "the service does not know task 424242 of the state file";
    assert!(ran.stderr.contains(why), "{}", ran.stderr);
    assert!(!ran.stderr.contains("is charged"), "{}", ran.stderr);
    assert!(here.path().join(STATE).exists());
    // One that was just created may not be shown yet.
    let (ran, asked) = resumed(now);
    assert!(asked > 2, "{}", ran.stderr);
}

/// What the service has shown once is there, whatever it says later.
#[test]
fn an_old_task_that_was_seen_is_waited_for() {
    let unknown = r#"{"code": 1201, "message": "Task not found by id/external id: 7"}"#;
    let fault = format!("get#2-5:raw(400, application/json, {unknown:?})");
    let mock = service(&[&fault]);
    let here = tempfile::tempdir().unwrap();
    let mut state = submitted(&mock, here.path());
    state["created_at"] = json!(state["created_at"].as_u64().unwrap() - 3_600_000);
    write_state(here.path(), &state);
    let ran = run(&mut resume(&mock, here.path(), &[]));
    let asked = ran.stderr.matches("asking again").count();
    assert_eq!((ran.code, asked), (Some(0), 4), "{}", ran.stderr);
}

/// What is written down before the create is sent: ids, and no secret.
#[test]
fn the_state_file_is_its_owner_s_and_holds_no_secret() {
    let mock = service(&["create#1@before:hang"]);
    let here = killed_at_create(&mock);
    let path = here.path().join(STATE);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains(&mock.api_key));
    assert!(text.len() < 1000, "{text}");
    let state: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(state["provider"], json!("kling"));
    assert_eq!(state["base_url"], json!(mock.base_url));
    assert_eq!(state["scene"], json!("color_mixing"));
    assert_eq!(state["request_sha256"].as_str().unwrap().len(), 64);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // It is another job's now: nothing is sent over it.
    let ran = run(&mut effect(&mock, here.path()));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("Finish it with: kling resume v.mp4.kling.json")
    );
    // As a shell takes it.
    let state = here.path().join("it's mine.json");
    std::fs::rename(&path, &state).unwrap();
    let ran = run(effect(&mock, here.path()).args(["--state", "it's mine.json"]));
    assert!(
        ran.stderr
            .contains(r"Finish it with: kling resume 'it'\''s mine.json'; or choose"),
        "{}",
        ran.stderr
    );
}
