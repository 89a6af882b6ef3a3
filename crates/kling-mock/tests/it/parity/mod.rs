//! One corpus through every door, twice: the same answers and the same journal,
//! byte for byte.

mod corpus;

use std::fmt::Debug;

use kling_mock::{Account, AccountState, Mock, MockBuilder, Plan, Profile};

use crate::clock::ManualClock;
use crate::door::Door;
use corpus::{Corpus, Seen};

/// All that a run leaves behind.
#[derive(Debug, PartialEq)]
struct Run {
    seen: Vec<Seen>,
    journal: String,
    charges: String,
    totals: String,
}

/// Which door a run goes through.
#[derive(Debug, Clone, Copy)]
enum Through {
    InProcess,
    Socket,
    Wiremock,
}

const DOORS: &[Through] = &[Through::InProcess, Through::Socket, Through::Wiremock];

/// Faults that every door can carry out.
const FAULTS: [&str; 12] = [
    "create#20:429/1302+retry_after=2s",
    "create#21@after:503",
    "create#22:html301",
    "create#23:nested_error",
    "create#24:raw(418, text/plain, \"tea\\n\")",
    "create#25:json=dup_key",
    "create#26:empty",
    "create#27@after:delay=1ms",
    "get#6:json=cut",
    "get#7:regress",
    "asset#9:wrong_type",
    "any p=0.05:500/5000",
];

fn service(profile: &Profile, clock: &ManualClock) -> Mock {
    let account = |name: &str| Account::new(name).api_key(format!("sk-of-{name}"));
    let pair = account("main").access_keys("access-key", "secret-key");
    let builder = Mock::builder()
        .profile(profile.clone())
        .plan(Plan::polls(1, 1))
        .seed(7)
        .clock(clock.clone());
    let accounts = [
        pair,
        account("busy").slots(1),
        account("poor").state(AccountState::Exhausted),
    ];
    let builder = accounts.into_iter().fold(builder, |builder, account| {
        builder.account(account).expect("an account")
    });
    let faults = FAULTS.iter().map(|fault| fault.parse().expect(fault));
    faults.fold(builder, MockBuilder::fault).build()
}

async fn run(profile: &Profile, through: Through) -> Run {
    let clock = ManualClock::new();
    let mock = service(profile, &clock);
    let seen = match through {
        Through::InProcess => Corpus::new(Door::of(&mock), profile).ask_all(&clock).await,
        Through::Socket => {
            let server = mock.serve(([127, 0, 0, 1], 0)).await.expect("a port");
            let door = Door::at(&mock, server.address());
            let seen = Corpus::new(door, profile).ask_all(&clock).await;
            server.shutdown().await;
            seen
        }
        Through::Wiremock => {
            let server = wiremock::MockServer::start().await;
            let given = wiremock::Mock::given(wiremock::matchers::any());
            given.respond_with(mock.respond()).mount(&server).await;
            let door = Door::at(&mock, *server.address());
            Corpus::new(door, profile).ask_all(&clock).await
        }
    };
    let json = |value: &dyn Debug| format!("{value:?}");
    Run {
        seen,
        journal: serde_json::to_string(&mock.journal()).expect("JSON"),
        charges: json(&mock.charges()),
        totals: serde_json::to_string(&mock.totals()).expect("JSON"),
    }
}

/// The first difference, as a person can read it.
fn compare(one: &Run, other: &Run, through: Through) {
    for (one, other) in one.seen.iter().zip(&other.seen) {
        assert!(one == other, "{through:?}:\n{one}\n{other}");
    }
    assert!(one.journal == other.journal, "journals, {through:?}");
    assert_eq!(one, other, "{through:?}");
}

async fn check(profile: Profile) {
    let first = run(&profile, Through::InProcess).await;
    assert!(first.seen.len() > 90, "{}", first.seen.len());
    for through in DOORS.iter().copied().chain([Through::InProcess]) {
        compare(&first, &run(&profile, through).await, through);
    }
    // The corpus meets what it is meant to meet.
    for part in [
        "\"list\"",
        "\"asset\"",
        "\"unmatched\"",
        "html301",
        "p=0.05",
        "busy",
    ] {
        assert!(first.journal.contains(part) || part == "\"list\"" && profile.name() == "comet");
    }
    assert!(!first.journal.contains("sk-of-main"));
}

#[tokio::test]
async fn comet() {
    check(Profile::comet()).await;
}

#[tokio::test]
async fn kling() {
    check(Profile::kling()).await;
}

/// What wiremock cannot carry out is refused aloud; the service's state and the
/// journal are as through any other door.
#[tokio::test]
async fn wiremock_says_what_it_cannot() {
    for (fault, answer) in [
        ("create@after:reset", 501),
        ("create@after:close", 501),
        ("create:truncate=10", 501),
        ("create:slow=100", 501),
        ("create:chunk=10,gap=1s", 501),
        ("create@after:delay=20ms", 200),
        // It can't wait before it acts, and waits after it.
        ("create:delay=20ms", 200),
        ("create@after:503", 503),
    ] {
        let mock = Mock::builder().fault(fault.parse().expect(fault)).build();
        let server = wiremock::MockServer::start().await;
        let given = wiremock::Mock::given(wiremock::matchers::any());
        given.respond_with(mock.respond()).mount(&server).await;
        let door = Door::at(&mock, *server.address());
        let began = tokio::time::Instant::now();
        let got = door.create("/kling", &crate::single()).await;
        assert_eq!(got.status, answer, "{fault}");
        let is_late = began.elapsed() >= std::time::Duration::from_millis(20);
        assert!(is_late || !fault.contains("delay"), "{fault}");
        let said = String::from_utf8_lossy(&got.body).contains("Mock::serve");
        assert_eq!(said, answer == 501, "{fault}");
        assert_eq!(mock.charges().len(), 1, "{fault}");
        let entry = mock.journal().pop().expect("an entry");
        assert_eq!(entry.fault().as_deref(), Some(fault));
    }
}

/// An answer that never comes is one, also here.
#[tokio::test]
async fn wiremock_hangs_and_lets_go() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let mock = Mock::builder()
        .fault("any:hang".parse().expect("a fault"))
        .build();
    let server = wiremock::MockServer::builder().start().await;
    let given = wiremock::Mock::given(wiremock::matchers::any());
    given.respond_with(mock.respond()).mount(&server).await;
    let mut stream = tokio::net::TcpStream::connect(server.address())
        .await
        .expect("a connection");
    let head = format!(
        "GET /kling/v1/videos/effects/1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n",
        mock.api_key()
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    // It is with wiremock as soon as it is in the journal.
    while mock.journal().is_empty() {
        tokio::task::yield_now().await;
    }
    let mut some = [0; 1];
    let silence = std::time::Duration::from_millis(20);
    let read = tokio::time::timeout(silence, stream.read(&mut some)).await;
    assert!(read.is_err(), "{read:?}");
    assert_eq!(mock.journal()[0].status(), None);
}
