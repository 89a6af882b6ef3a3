//! `kling mock`: the fake service on a socket.

use std::process::ExitCode;

use kling_http::SystemClock;
use kling_mock::{Mock, Profile};
use serde_json::json;

use crate::args::{MockArgs, ProviderName};
use crate::exit::Exit;
use crate::output::{emit, say};
use crate::signals::StopSignals;

pub(crate) async fn run(args: &MockArgs) -> ExitCode {
    if !args.listen.ip().is_loopback() && !args.expose {
        say(&format!(
            "error: {} can be reached from other machines: listen on 127.0.0.1, or add --expose",
            args.listen
        ));
        return Exit::Usage.into();
    }
    let profile = match args.provider {
        ProviderName::Comet => Profile::comet(),
        ProviderName::Kling => Profile::kling(),
    };
    let mock = Mock::builder()
        .profile(profile)
        .seed(args.seed)
        .clock(SystemClock)
        .build();
    let server = match mock.serve(args.listen).await {
        Ok(server) => server,
        Err(error) => {
            say(&format!(
                "error: {} can't be listened on: {error}",
                args.listen
            ));
            return Exit::Usage.into();
        }
    };
    // Before anybody is told that it is ready, and so may stop it.
    let mut signals = StopSignals::listen();
    emit(&json!({ "base_url": server.base_url(), "api_key": mock.api_key() }));
    signals.stop_requested().await;
    server.shutdown().await;
    Exit::Ok.into()
}
