//! `kling webhook`: receives, verifies and prints callbacks.

// Doc comments here are help texts, read in a terminal.
#![allow(clippy::doc_markdown)]

use std::future::ready;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use axum::body::to_bytes;
use axum::response::{IntoResponse as _, Response};
use clap::Subcommand;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use kling_http::webhook::{Delivery, Receiver, Secret, axum_route};
use kling_http::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::connect::{read_private, variable};
use crate::failure::Failure;
use crate::job;
use crate::output::{describe, emit, say, try_emit};
use crate::request::read_bytes;

/// Receive or verify callbacks.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kling webhook listen --listen 127.0.0.1:9000 --secret-env WEBHOOK_SECRET
  kling webhook verify --header \"webhook-id: 1\" --secret-file secret.txt body.json")]
pub(crate) struct WebhookArgs {
    #[command(subcommand)]
    command: WebhookCommand,
}

#[derive(Debug, Subcommand)]
enum WebhookCommand {
    /// Receive callbacks until Ctrl-C, and print each as a line of JSON on stdout. Refused
    /// requests are reported on stderr. A callback that can't be printed is answered with 500
    /// and ends the program
    Listen {
        /// The address to listen on; port 0 chooses a free port
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
        listen: SocketAddr,

        /// Allow an address that other machines can reach
        #[arg(long)]
        expose: bool,

        #[command(flatten)]
        secrets: SecretArgs,
    },
    /// Verify one callback that was saved; exits with 12 if its signature is not valid
    Verify {
        /// The body as it was received, byte for byte; - is stdin
        body: String,

        /// A header as NAME: VALUE; webhook-id, webhook-timestamp and webhook-signature are used
        #[arg(long = "header", value_name = "HEADER")]
        headers: Vec<String>,

        /// When it was received, in seconds since 1970; now by default
        #[arg(long, value_name = "SECONDS")]
        at: Option<u32>,

        #[command(flatten)]
        secrets: SecretArgs,
    },
}

/// The secrets that sign callbacks; without any, `listen` accepts all and marks them.
#[derive(Debug, clap::Args)]
struct SecretArgs {
    /// The variable that holds the secret; repeatable, for a rotation
    #[arg(long, value_name = "NAME")]
    secret_env: Vec<String>,

    /// The file that holds the secret, which others must not be able to read; repeatable
    #[arg(long, value_name = "FILE")]
    secret_file: Vec<PathBuf>,
}

impl SecretArgs {
    fn receiver(&self) -> Result<Receiver, Failure> {
        let parse = |place: String, text: &str| {
            Secret::parse(text).map_err(|error| Failure::Usage(format!("{place}: {error}")))
        };
        let mut secrets = Vec::new();
        for name in &self.secret_env {
            let text = variable(name).ok_or_else(|| {
                Failure::Usage(format!("--secret-env {name}: the variable is not set"))
            })?;
            secrets.push(parse(format!("--secret-env {name}"), &text)?);
        }
        for path in &self.secret_file {
            let text = read_private("--secret-file", path)?;
            secrets.push(parse(format!("--secret-file {}", path.display()), &text)?);
        }
        Ok(Receiver::new(secrets))
    }
}

pub(crate) async fn run(args: &WebhookArgs) -> ExitCode {
    match &args.command {
        WebhookCommand::Listen {
            listen,
            expose,
            secrets,
        } => receive(*listen, *expose, secrets).await,
        WebhookCommand::Verify {
            body,
            headers,
            at,
            secrets,
        } => job::local(true, |_| {
            if secrets.secret_env.is_empty() && secrets.secret_file.is_empty() {
                let text = "nothing can be verified without a secret: add --secret-env or \
                                --secret-file";
                return Err(Failure::Usage(text.to_owned()));
            }
            let receiver = secrets.receiver()?;
            let headers = read_headers(headers)?;
            let body = read_bytes(body)?;
            let now = match at {
                Some(at) => std::time::UNIX_EPOCH + std::time::Duration::from_secs((*at).into()),
                None => SystemClock.now(),
            };
            let delivery = receiver.receive(&headers, &body, now);
            let delivery = delivery.map_err(|error| match error.status() {
                StatusCode::UNAUTHORIZED => Failure::NotVerified(error.to_string()),
                _ => Failure::Usage(describe(&error)),
            })?;
            emit(&shown(&delivery));
            Ok(())
        }),
    }
}

async fn receive(listen: SocketAddr, expose: bool, secrets: &SecretArgs) -> ExitCode {
    let serving = async || {
        if !listen.ip().is_loopback() && !expose {
            return Err(Failure::Usage(format!(
                "{listen} can be reached from other machines: listen on 127.0.0.1, or add --expose"
            )));
        }
        let receiver = secrets.receiver()?;
        let fault = |error| Failure::Usage(format!("{listen} can't be listened on: {error}"));
        let listener = tokio::net::TcpListener::bind(listen).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        // Whether a line could not be printed, so that nobody has that callback.
        let (lost, mut is_lost) = watch::channel(false);
        let printed = lost.subscribe();
        let route = axum_route(receiver, SystemClock, move |delivery: Delivery| {
            if try_emit(&shown(&delivery)).is_err() {
                lost.send_replace(true);
            }
            ready(())
        });
        let answer = move |response: Response| {
            let is_lost = *printed.borrow();
            async move {
                // The sender keeps it, and sends it again.
                if is_lost {
                    return StatusCode::INTERNAL_SERVER_ERROR.into_response();
                }
                tell_refused(response).await
            }
        };
        // Any path: a token of the caller's own may stand in it.
        let app = axum::Router::new().fallback_service(route);
        let app = app.layer(axum::middleware::map_response(answer));
        if try_emit(&json!({"event": "listening", "url": format!("http://{address}")})).is_err() {
            return Ok(());
        }
        let is_lost = async move {
            // An error would say that there is no route any more.
            let _ = is_lost.wait_for(|lost| *lost).await;
        };
        let serving = axum::serve(listener, app).with_graceful_shutdown(is_lost);
        serving.await.map_err(fault)
    };
    let mut signals = crate::signals::StopSignals::listen();
    let outcome = tokio::select! {
        outcome = serving() => outcome,
        () = signals.stop_requested() => Ok(()),
    };
    if outcome.is_ok() {
        say("stopped");
    }
    job::report_outcome(&job::Job::new(true), outcome).into()
}

/// Says why a delivery was refused, as the sender is told; nothing of what it sent.
async fn tell_refused(response: Response) -> Response {
    let status = response.status();
    if status.is_success() {
        return response;
    }
    let (parts, reason) = response.into_parts();
    // Our own sentence: it is short.
    let reason = to_bytes(reason, LONGEST_REASON).await.unwrap_or_default();
    let words = String::from_utf8_lossy(&reason);
    let words = match status {
        StatusCode::METHOD_NOT_ALLOWED => "a callback is a POST",
        _ => words.as_ref(),
    };
    say(&format!(
        "refused a delivery with {}: {words}",
        status.as_u16()
    ));
    Response::from_parts(parts, reason.into())
}

/// The most bytes that are said of a refused delivery.
const LONGEST_REASON: usize = 1024;

fn shown(delivery: &Delivery) -> Value {
    json!({
        "event": "callback",
        "verification": delivery.verification().to_string(),
        "webhook_id": delivery.id(),
        "task_id": delivery.callback().task().id,
        "status": delivery.callback().task().status,
        "body": delivery.callback(),
    })
}

fn read_headers(lines: &[String]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for line in lines {
        let parsed = line.split_once(':').and_then(|(name, value)| {
            let name = HeaderName::try_from(name.trim()).ok()?;
            Some((name, HeaderValue::try_from(value.trim()).ok()?))
        });
        let (name, value) =
            parsed.ok_or_else(|| Failure::Usage("--header is not NAME: VALUE".to_owned()))?;
        headers.append(name, value);
    }
    Ok(headers)
}
