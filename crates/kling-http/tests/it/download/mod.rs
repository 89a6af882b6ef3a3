//! A result into a file: whole, or not at all.

mod doors;
mod file;
mod fresh;
mod guard;
mod laws;
mod redirects;
mod refused;
mod resume;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE,
    LOCATION, RANGE,
};
use http::{HeaderName, Request, Response};
use http_body::Frame;
use kling_http::types::Video;
use kling_http::{
    Body, Client, Credentials, Error, ErrorKind, Operation, Provider, Retryability, Saved,
    TransportError, TransportErrorKind, transport_fn,
};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

const URL: &str = "https://cdn.example.com/v.mp4?sig=signed";

type Answer = Result<Response<Body>, TransportError>;

/// What a host does with one request.
type Act = Box<dyn Fn(&Request<Bytes>) -> Answer + Send + Sync>;

fn act(act: impl Fn(&Request<Bytes>) -> Answer + Send + Sync + 'static) -> Act {
    Box::new(act)
}

/// A file of this many bytes, no two pieces of which are alike.
fn file(length: u32) -> Bytes {
    (0..length)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0])
        .collect()
}

/// A body in pieces, and then its end, an error or silence.
struct Pieces {
    pieces: VecDeque<Bytes>,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Clean,
    Broken,
    Silent,
}

impl Pieces {
    fn body(bytes: &Bytes, end: End) -> Body {
        let pieces = bytes
            .chunks(700)
            .map(|piece| bytes.slice_ref(piece))
            .collect();
        Body::new(Pieces { pieces, end })
    }
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        match (self.pieces.pop_front(), self.end) {
            (Some(piece), _) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            (None, End::Clean) => Poll::Ready(None),
            (None, End::Broken) => {
                self.end = End::Clean;
                let error = TransportError::new(TransportErrorKind::Broken, "as the script says");
                Poll::Ready(Some(Err(error)))
            }
            (None, End::Silent) => Poll::Pending,
        }
    }
}

fn header(request: &Request<Bytes>, name: &HeaderName) -> Option<String> {
    let value = request.headers().get(name)?;
    Some(value.to_str().expect("text").to_owned())
}

/// Serves the file as RFC 9110 says, but at most this many bytes of it; then
/// the connection ends so.
fn serves(file: &Bytes, etag: &'static str, at_most: usize, end: End) -> Act {
    let file = file.clone();
    act(move |request| {
        let same = header(request, &IF_RANGE).is_none_or(|tag| tag == etag);
        let from = header(request, &RANGE).filter(|_| same).map(|range| {
            let from = range
                .strip_prefix("bytes=")
                .and_then(|range| range.strip_suffix('-'));
            from.and_then(|from| from.parse::<usize>().ok())
                .expect("a range to the end")
        });
        let rest = file.slice(from.unwrap_or(0)..);
        let mut answer = Response::builder()
            .header(ETAG, etag)
            .header(CONTENT_TYPE, "video/mp4")
            .header(CONTENT_LENGTH, rest.len());
        if let Some(from) = from {
            let range = format!("bytes {from}-{}/{}", file.len() - 1, file.len());
            answer = answer.status(206).header(CONTENT_RANGE, range);
        }
        let sent = rest.slice(..rest.len().min(at_most));
        Ok(answer.body(Pieces::body(&sent, end)).expect("an answer"))
    })
}

fn whole(file: &Bytes) -> Act {
    serves(file, "\"a\"", usize::MAX, End::Clean)
}

fn cut(file: &Bytes, after: usize) -> Act {
    serves(file, "\"a\"", after, End::Broken)
}

/// An answer as it stands, whatever was asked.
fn says(status: u16, headers: &[(&HeaderName, &str)], body: &Bytes) -> Act {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| ((*name).clone(), (*value).to_owned()))
        .collect();
    let body = body.clone();
    act(move |_| {
        let answer = Response::builder().status(status);
        let answer = headers
            .iter()
            .fold(answer, |answer, (name, value)| answer.header(name, value));
        Ok(answer
            .body(Pieces::body(&body, End::Clean))
            .expect("an answer"))
    })
}

fn status(status: u16) -> Act {
    says(status, &[], &Bytes::new())
}

fn lost(kind: TransportErrorKind) -> Act {
    act(move |_| Err(TransportError::new(kind, "as the script says")))
}

fn redirect(to: &str) -> Act {
    says(302, &[(&LOCATION, to)], &Bytes::new())
}

/// One request, as the host saw it.
#[derive(Debug, Clone)]
struct Asked {
    at: Duration,
    url: String,
    range: Option<String>,
    if_range: Option<String>,
}

struct Outcome {
    saved: Result<Saved, Error>,
    asked: Vec<Asked>,
    directory: tempfile::TempDir,
}

impl Outcome {
    fn path(&self) -> PathBuf {
        self.directory.path().join("v.mp4")
    }

    /// The file is there, whole, as told, and nothing else is.
    #[track_caller]
    fn expect_file(&self, file: &Bytes) {
        let saved = self.saved.as_ref().expect("a file");
        assert_eq!(saved.path, self.path());
        assert_eq!(saved.bytes, file.len() as u64);
        let digits = saved.sha256.as_bytes().chunks(2).map(|two| {
            let two = std::str::from_utf8(two).expect("text");
            u8::from_str_radix(two, 16).expect("hexadecimal")
        });
        assert_eq!(digits.collect::<Vec<u8>>(), Sha256::digest(file).to_vec());
        assert!(
            std::fs::read(self.path()).expect("the file") == *file,
            "another file"
        );
        assert_eq!(names(self.directory.path()), ["v.mp4"]);
    }

    /// There is an error and not a trace of a file.
    #[track_caller]
    fn expect_error(&self, kind: ErrorKind, text: &str) {
        let error = self.saved.as_ref().expect_err("an error");
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, text));
        assert_eq!(names(self.directory.path()), Vec::<String>::new());
    }

    fn ranges(&self) -> Vec<Option<&str>> {
        self.asked.iter().map(|it| it.range.as_deref()).collect()
    }

    fn urls(&self) -> Vec<&str> {
        self.asked.iter().map(|it| it.url.as_str()).collect()
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("the directory");
    entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect()
}

fn video(url: &str) -> Video {
    let mut video = Video::default();
    video.url = Some(url.to_owned());
    video
}

/// A client whose host follows the script; the last act is repeated.
fn client(script: Vec<Act>) -> (Client, Arc<Mutex<Vec<Asked>>>) {
    client_of(Provider::comet(), script)
}

fn client_of(provider: Provider, script: Vec<Act>) -> (Client, Arc<Mutex<Vec<Asked>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    let begun = Instant::now();
    let transport = transport_fn(move |request| {
        assert!(
            !request.headers().contains_key(AUTHORIZATION),
            "the key went to a result's host"
        );
        let operation = request
            .extensions()
            .get::<Operation>()
            .expect("an operation");
        let mut seen = seen.lock().expect("no panic before");
        assert!(seen.len() < 1_000, "this would go on for ever");
        seen.push(Asked {
            at: begun.elapsed(),
            url: request.uri().to_string(),
            range: header(&request, &RANGE),
            if_range: header(&request, &IF_RANGE),
        });
        assert_eq!((operation.name, operation.idempotent), ("download", true));
        assert_eq!(operation.attempt as usize, seen.len());
        let answer = script[(seen.len() - 1).min(script.len() - 1)](&request);
        async { answer }
    });
    let client = Client::builder(provider, Credentials::api_key("sk-1"));
    (
        client.transport(transport).build().expect("a client"),
        asked,
    )
}

async fn download(script: Vec<Act>) -> Outcome {
    download_from(URL, script).await
}

async fn download_from(url: &str, script: Vec<Act>) -> Outcome {
    let directory = tempfile::tempdir().expect("a directory");
    download_into(directory, url, client(script)).await
}

/// A result of a service on this machine.
async fn download_here(url: &str, script: Vec<Act>) -> Outcome {
    let provider = Provider::comet().with_base_url("http://localhost:8080");
    let directory = tempfile::tempdir().expect("a directory");
    download_into(directory, url, client_of(provider, script)).await
}

async fn download_into(
    directory: tempfile::TempDir,
    url: &str,
    (client, asked): (Client, Arc<Mutex<Vec<Asked>>>),
) -> Outcome {
    let saved = match client.download(&video(url)).await {
        Ok(download) => download.save_to(directory.path().join("v.mp4")).await,
        Err(error) => Err(error),
    };
    let asked = asked.lock().expect("no panic before").clone();
    Outcome {
        saved,
        asked,
        directory,
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_file() {
    for length in [1, 700, 10_000] {
        let file = file(length);
        let outcome = download(vec![whole(&file)]).await;
        outcome.expect_file(&file);
        assert_eq!(outcome.urls(), [URL]);
    }
}

#[tokio::test(start_paused = true)]
async fn its_length_is_known_beforehand_if_the_host_says() {
    for (act, length) in [
        (whole(&file(5_000)), Some(5_000)),
        (says(200, &[], &file(5_000)), None),
    ] {
        let (client, _) = client(vec![act]);
        let download = client.download(&video(URL)).await.expect("a download");
        assert_eq!(download.content_length(), length);
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_of_unknown_length_ends_with_the_answer() {
    let file = file(10_000);
    let outcome = download(vec![says(200, &[], &file)]).await;
    outcome.expect_file(&file);
}

#[tokio::test(start_paused = true)]
async fn a_video_without_an_address_is_no_result() {
    let (client, _) = client(vec![status(200)]);
    for video in [Video::default(), video(""), video(" ")] {
        let error = client.download(&video).await.expect_err("no address");
        assert_eq!(error.kind(), ErrorKind::NoResult);
    }
}
