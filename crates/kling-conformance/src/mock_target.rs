//! The fake service as a target, with every option that the checks use.

use kling_http::{SharedTransport, SystemClock};
use kling_mock::{Account, Mock, Profile, SetupError};

use crate::inbox::Inbox;
use crate::report::Report;
use crate::suite::{Selection, run_selected};
use crate::target::{Host, Target};
use crate::vectors::block_on_paused_clock;

/// Wraps a transport, for example to inject a defect.
pub type Wrap = Box<dyn FnOnce(SharedTransport) -> SharedTransport>;

/// A fake service that imitates this host, as a target with an inbox for callbacks.
///
/// Must be called on a paused tokio clock. `answers` wraps the transport of the API, and
/// `callbacks` that of the callbacks, so that tests can inject defects.
pub fn mock_target(host: Host, answers: Wrap, callbacks: Wrap) -> Result<Target, SetupError> {
    const SECRET: &str = "whsec_Y29uZm9ybWFuY2Utc3VpdGUtc2VjcmV0IQ==";
    let profile = match host {
        Host::Comet => Profile::comet(),
        Host::Kling => Profile::kling(),
    };
    let account = Account::new("default")
        .access_keys("conformance-access", "conformance-secret")
        .webhook_secret(SECRET)?;
    let small = Account::new("small")
        .api_key("sk-conformance-small")
        .slots(2);
    let mock = Mock::builder()
        .profile(profile)
        .wall_clock(SystemClock)
        .account(account)?
        .account(small)?
        .build();
    let inbox = Inbox::new("http://127.0.0.1:9/callback").with_secret(SECRET);
    let post = callbacks(inbox.transport());
    drop(tokio::spawn(mock.clone().run_callbacks(post)));
    let transport = answers(SharedTransport::new(mock.transport()));
    let mut target = Target::new(host, "https://mock.test", mock.api_key(), transport)
        .with_inbox(inbox)
        .with_slots("sk-conformance-small", 2)
        .with_virtual_time();
    if host == Host::Kling {
        target = target.with_access_keys("conformance-access", "conformance-secret");
    }
    Ok(target)
}

/// Runs the selected checks against the fake service, in virtual time. Blocks for some
/// seconds, and may be called from anywhere.
pub fn run_against_mock(host: Host, selection: &Selection) -> Result<Report, String> {
    let all = async {
        let target = mock_target(host, Box::new(|it| it), Box::new(|it| it));
        let target = target.map_err(|error| error.to_string())?;
        Ok(Report::new(host, run_selected(&target, selection).await))
    };
    // On a new thread, since the caller may be on a runtime whose clock is not paused.
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| block_on_paused_clock(all));
        let ended = thread.join();
        ended.map_err(|_| "the suite panicked".to_owned())??
    })
}
