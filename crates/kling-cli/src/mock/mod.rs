//! `kling mock`: the fake service on a socket.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use kling_http::{Clock as _, ReqwestTransport, SystemClock};
use kling_mock::{
    Account, CallbacksOn, JournalLimits, ManualClock, Mock, MockBuilder, ScaledClock,
};
use serde_json::json;

use crate::args::{CallbacksOnName, ClockName, MockArgs};
use crate::exit::Exit;
use crate::output::{emit, say};
use crate::signals::StopSignals;

mod settings;

pub(crate) use settings::complete;

pub(crate) async fn run(args: &MockArgs) -> ExitCode {
    if !args.listen.ip().is_loopback() && !args.expose {
        say(&format!(
            "error: {} can be reached from other machines: listen on 127.0.0.1, or add --expose",
            args.listen
        ));
        return Exit::Usage.into();
    }
    // Whoever can reach it could otherwise open accounts and read the journal.
    if args.expose && args.admin_token.is_none() {
        say(
            "error: --expose needs --admin-token, or KLING_MOCK_ADMIN_TOKEN: others could steer it",
        );
        return Exit::Usage.into();
    }
    let mock = match set_up(args) {
        Ok(mock) => mock,
        Err(why) => {
            say(&format!("error: {why}"));
            return Exit::Usage.into();
        }
    };
    let server = match mock.serve(args.listen).await {
        Ok(server) => server,
        Err(error) => {
            let next = if error.kind() == std::io::ErrorKind::AddrInUse {
                ", perhaps by another `kling mock`: stop that one, or leave --listen out to take a \
                 free port"
            } else {
                ""
            };
            say(&format!(
                "error: {} can't be listened on: {error}{next}",
                args.listen
            ));
            return Exit::Usage.into();
        }
    };
    match ReqwestTransport::new() {
        Ok(transport) => drop(tokio::spawn(mock.clone().run_callbacks(transport))),
        Err(error) => say(&format!("warning: callbacks can't be sent: {error}")),
    }
    // Before anybody is told that it is ready, and so may stop it.
    let mut signals = StopSignals::listen();
    let ready = ready_line(&mock, &server.base_url());
    if let Some(path) = &args.ready_file
        && let Err(error) = write_whole(path, &format!("{ready}\n"))
    {
        say(&format!(
            "error: --ready-file {} can't be written: {error}",
            path.display()
        ));
        return Exit::Usage.into();
    }
    emit(&ready);
    signals.stop_requested().await;
    server.shutdown().await;
    Exit::Ok.into()
}

/// Where it is, and every account's key.
fn ready_line(mock: &Mock, base_url: &str) -> String {
    let names = mock.accounts().into_iter().map(|account| account.name);
    let keys = names.filter_map(|name| Some((mock.api_key_of(&name)?, name)));
    let accounts: serde_json::Map<_, _> = keys.map(|(key, name)| (name, json!(key))).collect();
    // In this order, for those who read it with less than a JSON parser.
    format!(
        "{{\"base_url\":{},\"api_key\":{},\"accounts\":{}}}",
        json!(base_url),
        json!(mock.api_key()),
        json!(accounts)
    )
}

fn set_up(args: &MockArgs) -> Result<Mock, String> {
    let mut builder = Mock::builder()
        .profile(args.provider.clone())
        .seed(args.seed)
        .plan(args.plan.clone())
        .auth(args.auth)
        .scenes_as_of(args.scenes_as_of)
        .callback_attempts(args.callback_retries.saturating_add(1))
        .callbacks_on(match args.callbacks_on {
            CallbacksOnName::EveryChange => CallbacksOn::EveryChange,
            CallbacksOnName::End => CallbacksOn::End,
        })
        .video_bytes(args.video_bytes)
        .journal(JournalLimits::default().with_entries(args.journal_max))
        .wall_clock(SystemClock);
    builder = with_clock(builder, args)?;
    if let Some(url) = &args.public_url {
        builder = builder
            .public_url(url)
            .map_err(|why| format!("--public-url: {why}"))?;
    }
    if let Some(token) = &args.admin_token {
        builder = builder
            .admin_token(token)
            .map_err(|why| format!("--admin-token: {why}"))?;
    }
    for account in &args.accounts {
        builder = builder
            .account(read_account(account)?)
            .map_err(|error| error.to_string())?;
    }
    for fault in &args.faults {
        builder = builder.fault(fault.clone());
    }
    for target in &args.callback_allow {
        builder = builder.allow_callbacks_to(target)?;
    }
    Ok(builder.build())
}

fn with_clock(builder: MockBuilder, args: &MockArgs) -> Result<MockBuilder, String> {
    match args.clock {
        #[allow(clippy::float_cmp)] // Given or not, no matter how it was reckoned.
        ClockName::Manual if args.speed != 1.0 => {
            Err("--speed is for a clock that runs: leave it out, or --clock manual".to_owned())
        }
        ClockName::Manual => Ok(builder.clock(ManualClock::new())),
        // From where the machine's clock stands now, but never back with it.
        ClockName::System => {
            let clock = ScaledClock::starting_at(SystemClock.now(), args.speed);
            Ok(builder.clock(clock.map_err(|error| format!("--speed: {error}"))?))
        }
    }
}

/// `NAME`, `NAME:API_KEY` or `NAME:API_KEY:SLOTS`.
fn read_account(text: &str) -> Result<Account, String> {
    let mut parts = text.split(':');
    let mut account = Account::new(parts.next().unwrap_or_default());
    if let Some(key) = parts.next() {
        account = account.api_key(key);
    }
    if let Some(slots) = parts.next() {
        let number = slots
            .parse()
            .map_err(|_| format!("--account: {slots:?} is not a number of slots"))?;
        account = account.slots(number);
    }
    match parts.next() {
        None => Ok(account),
        Some(_) => Err("--account has more than NAME:API_KEY:SLOTS".to_owned()),
    }
}

/// Nobody ever sees half of the file.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let directory = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map(drop).map_err(|error| error.error)
}
