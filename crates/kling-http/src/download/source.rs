//! The network side of a download: requests, redirects, retries, and a fresh address
//! from the task when the first one has expired.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, IF_RANGE, LOCATION, RANGE};
use http::{HeaderValue, StatusCode};
use kling_types::Video;
use tokio::time::{Instant, sleep, timeout};

use super::address::{Address, Reach};
use super::answer::{Part, Rest, read_head, temporary};
use super::policy::DownloadPolicy;
use crate::error::{Error, ErrorKind, Result, Retryability};
use crate::task::TaskHandle;
use crate::trace;
use crate::transport::{
    Operation, PublicOnly, SharedTransport, Transport as _, TransportError, TransportErrorKind,
};

/// The maximum number of consecutive attempts without progress.
const FRUITLESS_TRIES: u32 = 5;

/// The wait after the first attempt without progress; it doubles.
const PAUSE: Duration = Duration::from_secs(1);

const MAX_REDIRECTS: u8 = 5;

/// The source of the file, and the state of its retries.
pub(super) struct Source {
    pub(super) transport: SharedTransport,
    pub(super) policy: DownloadPolicy,
    pub(super) address: Address,
    pub(super) reach: Reach,
    /// The end of the whole download.
    pub(super) deadline: Instant,
    /// Where to get a fresh address, once.
    pub(super) fresh: Option<Fresh>,
    /// Whether a fresh address was requested.
    pub(super) renewed: bool,
    /// Requests made, redirects included.
    pub(super) requests: u32,
    /// Consecutive attempts without progress.
    pub(super) fruitless: u32,
    /// The span of the task.
    pub(super) span: trace::Span,
}

/// Where a fresh address of a video comes from.
pub(super) struct Fresh {
    pub(super) task: TaskHandle,
    pub(super) video: Video,
}

impl Fresh {
    /// Queries the task for the current address of the video.
    async fn address(&self, reach: Reach) -> Result<Address> {
        let task = self.task.fetch().await?;
        let mut videos = task.videos().iter();
        let same = match &self.video.id {
            Some(id) => videos.find(|video| video.id.as_ref() == Some(id)),
            // Without an id, it is certainly the same only if it is the only one.
            None => videos.next().filter(|_| task.videos().len() == 1),
        };
        let text = same.and_then(Video::address).ok_or_else(|| {
            let text = "the task's answer has no address of this video any more";
            Error::new(ErrorKind::NoResult, text)
        })?;
        Address::parse(text, reach)
    }
}

impl Source {
    /// Requests the file, or the rest of it, with retries.
    pub(super) async fn open(&mut self, mut rest: Option<Rest>) -> Result<Part> {
        let span = self.span.clone();
        loop {
            let error = match span.run(self.fetch(rest.as_ref())).await {
                Ok(part) => return Ok(part),
                Err(error) => error.with_attempts(self.requests),
            };
            if error.kind() == ErrorKind::ResultExpired {
                self.renew(error).await?;
                continue;
            }
            if error.retryability() != Retryability::Temporary {
                return Err(error);
            }
            // If the host sends a part that does not fit, request the whole file.
            if matches!(
                error.status(),
                Some(StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE)
            ) {
                rest = None;
            }
            self.pause(error).await?;
        }
    }

    /// Waits after a failed attempt. Returns its error if there were too many in a row,
    /// or if the deadline would pass during the wait.
    pub(super) async fn pause(&mut self, error: Error) -> Result<()> {
        self.fruitless += 1;
        let wait = PAUSE * 2_u32.pow(self.fruitless - 1);
        let left = self.deadline.saturating_duration_since(Instant::now());
        if self.fruitless >= FRUITLESS_TRIES || wait >= left {
            let error = error.with_attempts(self.requests);
            return Err(error.with_retryability(Retryability::Exhausted));
        }
        sleep(wait).await;
        Ok(())
    }

    /// Queries the task for a fresh address, once per download.
    async fn renew(&mut self, expired: Error) -> Result<()> {
        let Some(fresh) = self.fresh.take() else {
            return Err(if self.renewed {
                expired.with_note(
                    "that was done, and the address is still refused: results are kept for 30 days",
                )
            } else {
                expired
            });
        };
        self.renewed = true;
        match fresh.address(self.reach).await {
            // The address may not be valid yet.
            Ok(address) if address == self.address => self.pause(expired).await,
            Ok(address) => {
                self.address = address;
                Ok(())
            }
            Err(error) => {
                let note = format!("that was done, and failed: {error}");
                // If the query failed because of an outage, the result still exists.
                let retryability = error.retryability();
                let expired = expired.with_note(&note).with_source(error);
                Err(expired.with_retryability(retryability))
            }
        }
    }

    /// Makes one attempt, and follows redirects.
    async fn fetch(&mut self, rest: Option<&Rest>) -> Result<Part> {
        let idle = self.policy.idle;
        let mut address = self.address.clone();
        for _ in 0..=MAX_REDIRECTS {
            self.requests += 1;
            let operation = Operation {
                name: "download",
                idempotent: true,
                attempt: self.requests,
            };
            let request = self.request(&address, rest, operation)?;
            let span = trace::Span::request(&operation);
            let sent = timeout(idle, self.transport.send(request));
            let Ok(answer) = span.run(sent).await else {
                let text = format!(
                    "the result's host did not answer within {} s",
                    idle.as_secs_f32()
                );
                return Err(temporary(text));
            };
            let (parts, body) = answer.map_err(broke_off)?.into_parts();
            span.answered(parts.status.as_u16(), None, None);
            if !parts.status.is_redirection() {
                let limit = self.policy.size_limit;
                return read_head(parts.status, &parts.headers, body, rest, limit);
            }
            let target = parts
                .headers
                .get(LOCATION)
                .and_then(|value| value.to_str().ok());
            address = address.join(target.unwrap_or_default(), self.reach)?;
        }
        Err(Error::new(
            ErrorKind::Download,
            "the result's address leads from redirect to redirect",
        ))
    }

    fn request(
        &self,
        address: &Address,
        rest: Option<&Rest>,
        operation: Operation,
    ) -> Result<http::Request<Bytes>> {
        let mut request = http::Request::new(Bytes::new());
        *request.uri_mut() = address.uri().clone();
        let headers = request.headers_mut();
        // Lengths and ranges must be those of the file itself.
        headers.insert(
            ACCEPT_ENCODING,
            const { HeaderValue::from_static("identity") },
        );
        if let Some(rest) = rest {
            let range = HeaderValue::from_str(&format!("bytes={}-", rest.from));
            let range = range.map_err(|error| {
                Error::new(ErrorKind::Download, "no such range").with_source(error)
            })?;
            headers.insert(RANGE, range);
            headers.insert(IF_RANGE, rest.validator.clone());
        }
        let extensions = request.extensions_mut();
        extensions.insert(operation);
        // An address on this machine has been allowed explicitly.
        if !self.policy.private_hosts && !address.is_loopback() {
            extensions.insert(PublicOnly);
        }
        Ok(request)
    }
}

pub(super) fn broke_off(error: TransportError) -> Error {
    let (text, retryability) = match error.kind() {
        TransportErrorKind::Request => {
            ("the result's host can't be asked", Retryability::Permanent)
        }
        _ => ("the download broke off", Retryability::Temporary),
    };
    Error::new(ErrorKind::Download, text)
        .with_retryability(retryability)
        .with_source(error)
}
