//! A result into a file: whole, or not at all.

mod doors;
mod fresh;
mod guard;
mod laws;

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

/// Peers begin again at byte 0, or leave a stump under the final name.
#[tokio::test(start_paused = true)]
async fn a_download_goes_on_where_it_broke_off() {
    let file = file(10_000);
    for after in [1, 699, 700, 701, 5_000, 9_999] {
        for end in [End::Broken, End::Clean, End::Silent] {
            let cut = serves(&file, "\"a\"", after, end);
            let outcome = download(vec![cut, whole(&file)]).await;
            outcome.expect_file(&file);
            let rest = format!("bytes={after}-");
            assert_eq!(
                outcome.ranges(),
                [None, Some(rest.as_str())],
                "{after} {end:?}"
            );
            assert_eq!(outcome.asked[1].if_range.as_deref(), Some("\"a\""));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_received_is_nothing_to_resume() {
    let file = file(10_000);
    let outcome = download(vec![cut(&file, 0), whole(&file)]).await;
    outcome.expect_file(&file);
    assert_eq!(outcome.ranges(), [None, None]);
}

/// Each of them brings something new, so there may be any number.
#[tokio::test(start_paused = true)]
async fn many_cuts() {
    let file = file(10_000);
    let outcome = download(vec![cut(&file, 500)]).await;
    outcome.expect_file(&file);
    assert_eq!(outcome.asked.len(), 20);
    assert_eq!(outcome.ranges()[19], Some("bytes=9500-"));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_ignores_ranges_sends_it_all_again() {
    let file = file(10_000);
    let ignores = says(200, &[(&ETAG, "\"a\"")], &file);
    let outcome = download(vec![cut(&file, 4_000), ignores]).await;
    outcome.expect_file(&file);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_changed_is_fetched_anew() {
    let (old, new) = (file(10_000), file(9_000).slice(1_000..));
    let changed = serves(&new, "\"b\"", usize::MAX, End::Clean);
    let outcome = download(vec![cut(&old, 4_000), changed]).await;
    outcome.expect_file(&new);
    assert_eq!(outcome.ranges(), [None, Some("bytes=4000-")]);
}

/// The parts of two files must never end up in one.
#[tokio::test(start_paused = true)]
async fn a_part_that_does_not_fit_is_not_used() {
    let file = file(10_000);
    let rest = file.slice(4_000..);
    for (etag, range) in [
        // Another file's, though `If-Range` asked for this one's.
        ("\"b\"", Some("bytes 4000-9999/10000")),
        // Another length, another place, or none at all.
        ("\"a\"", Some("bytes 4000-9999/12000")),
        ("\"a\"", Some("bytes 3000-9999/10000")),
        ("\"a\"", Some("bytes 4000-9999/*")),
        ("\"a\"", Some("nonsense")),
        ("\"a\"", None),
    ] {
        let mut headers = vec![(&ETAG, etag)];
        headers.extend(range.map(|range| (&CONTENT_RANGE, range)));
        let odd = says(206, &headers, &rest);
        let outcome = download(vec![cut(&file, 4_000), odd, whole(&file)]).await;
        outcome.expect_file(&file);
        assert_eq!(
            outcome.ranges(),
            [None, Some("bytes=4000-"), None],
            "{etag} {range:?}"
        );
    }
    let refuses = status(416);
    let outcome = download(vec![cut(&file, 4_000), refuses, whole(&file)]).await;
    outcome.expect_file(&file);
    assert_eq!(outcome.ranges(), [None, Some("bytes=4000-"), None]);
}

#[tokio::test(start_paused = true)]
async fn a_weak_or_missing_etag_resumes_nothing() {
    let file = file(10_000);
    let outcome = download(vec![
        serves(&file, "W/\"a\"", 4_000, End::Broken),
        whole(&file),
    ])
    .await;
    outcome.expect_file(&file);
    assert_eq!(outcome.ranges(), [None, None]);

    let short = says(200, &[(&CONTENT_LENGTH, "10000")], &file.slice(..4_000));
    let outcome = download(vec![short, whole(&file)]).await;
    outcome.expect_file(&file);
    assert_eq!(outcome.ranges(), [None, None]);
}

/// It would never end otherwise: every try brings something, none anything new.
#[tokio::test(start_paused = true)]
async fn a_host_that_cannot_resume_and_always_breaks_off_is_given_up() {
    let short = says(200, &[(&CONTENT_LENGTH, "10000")], &file(4_000));
    let outcome = download(vec![short]).await;
    outcome.expect_error(
        ErrorKind::Download,
        "the download ended after 4000 of 10000 bytes",
    );
    assert_eq!(outcome.asked.len(), 5);
    let error = outcome.saved.expect_err("given up");
    assert_eq!(error.retryability(), Retryability::Exhausted);
    assert_eq!(error.attempts(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_file_longer_than_told_is_refused() {
    let long = says(200, &[(&CONTENT_LENGTH, "9000")], &file(10_000));
    let text = "the result is longer than the 9000 bytes it may have";
    download(vec![long])
        .await
        .expect_error(ErrorKind::Download, text);
}

#[tokio::test(start_paused = true)]
async fn a_file_of_monstrous_length_is_refused_before_it_comes() {
    let monster = says(200, &[(&CONTENT_LENGTH, "3000000000")], &file(1));
    let text = "the result is longer than the 2147483648 bytes it may have";
    download(vec![monster])
        .await
        .expect_error(ErrorKind::Download, text);
}

#[tokio::test(start_paused = true)]
async fn an_empty_file_is_no_result() {
    let text = "the result is an empty file";
    download(vec![status(200)])
        .await
        .expect_error(ErrorKind::Download, text);
    let told = says(200, &[(&CONTENT_LENGTH, "0")], &Bytes::new());
    download(vec![told])
        .await
        .expect_error(ErrorKind::Download, text);
}

#[tokio::test(start_paused = true)]
async fn a_text_is_no_video() {
    let text = "the result's address leads to a text, not to a video";
    for content_type in [
        "text/html",
        " Text/Plain; charset=utf-8",
        "application/json",
        "application/xml",
        "application/problem+json",
        "application/xhtml+xml; charset=utf-8",
    ] {
        let page = says(200, &[(&CONTENT_TYPE, content_type)], &file(100));
        download(vec![page])
            .await
            .expect_error(ErrorKind::Download, text);
    }
    // Whatever it is called.
    for body in [
        "<Error><Code>AccessDenied</Code></Error>",
        r#"{"error":"x"}"#,
    ] {
        for headers in [vec![], vec![(&CONTENT_TYPE, "video/mp4")]] {
            download(vec![says(
                200,
                &headers,
                &Bytes::from_static(body.as_bytes()),
            )])
            .await
            .expect_error(ErrorKind::Download, text);
        }
    }
    let file = file(100);
    for content_type in [
        "video/mp4",
        "application/octet-stream",
        "binary/octet-stream",
    ] {
        download(vec![says(200, &[(&CONTENT_TYPE, content_type)], &file)])
            .await
            .expect_file(&file);
    }
}

/// `identity` was asked for. Saved as it comes, it would be no video.
#[tokio::test(start_paused = true)]
async fn a_compressed_file_is_refused() {
    let text = "the result's host sends it compressed, which was not asked for";
    let file = file(100);
    let coded = |coding| says(200, &[(&CONTENT_ENCODING, coding)], &file);
    for coding in ["gzip", " BR ", "gzip, identity"] {
        let outcome = download(vec![coded(coding)]).await;
        outcome.expect_error(ErrorKind::Download, text);
    }
    download(vec![coded("Identity")]).await.expect_file(&file);
}

#[tokio::test(start_paused = true)]
async fn an_address_whose_time_is_over_is_its_own_error() {
    for code in [403, 404, 410] {
        let outcome = download(vec![status(code)]).await;
        let text = format!(
            "the result's address is no longer valid (HTTP {code}): query the task for a fresh one"
        );
        outcome.expect_error(ErrorKind::ResultExpired, &text);
        assert_eq!(outcome.asked.len(), 1);
    }
    // Also when it happens on the way.
    let outcome = download(vec![cut(&file(10_000), 4_000), status(403)]).await;
    let error = outcome.saved.as_ref().expect_err("expired");
    assert_eq!(error.kind(), ErrorKind::ResultExpired);
    assert_eq!(names(outcome.directory.path()), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn other_refusals_are_final() {
    for code in [400, 401, 418] {
        let outcome = download(vec![status(code)]).await;
        let text = format!("the result's host answered HTTP {code}");
        outcome.expect_error(ErrorKind::Download, &text);
        assert_eq!(outcome.asked.len(), 1);
    }
    let outcome = download(vec![lost(TransportErrorKind::Request)]).await;
    outcome.expect_error(ErrorKind::Download, "the result's host can't be asked");
    assert_eq!(outcome.asked.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_fails_is_asked_again_with_growing_pauses() {
    let file = file(10_000);
    let script = || {
        vec![
            status(500),
            status(503),
            lost(TransportErrorKind::Connect),
            status(429),
            whole(&file),
        ]
    };
    let outcome = download(script()).await;
    outcome.expect_file(&file);
    let seconds: Vec<_> = outcome.asked.iter().map(|it| it.at.as_secs()).collect();
    assert_eq!(seconds, [0, 1, 3, 7, 15]);

    // And on the way, without losing what is there.
    let script = [cut(&file, 4_000)]
        .into_iter()
        .chain(script().into_iter().skip(2))
        .collect();
    let outcome = download(script).await;
    outcome.expect_file(&file);
    let rest = Some("bytes=4000-");
    assert_eq!(outcome.ranges(), [None, rest, rest, rest]);

    let outcome = download(vec![status(500)]).await;
    outcome.expect_error(
        ErrorKind::Download,
        "the result's host failed with HTTP 500",
    );
    assert_eq!(outcome.asked.len(), 5);
    let outcome = download(vec![lost(TransportErrorKind::Broken)]).await;
    outcome.expect_error(ErrorKind::Download, "the download broke off");
    assert_eq!(outcome.asked.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_silent_host_is_given_a_minute_each_time() {
    let silent = transport_fn(|_| std::future::pending());
    let client = Client::builder(Provider::comet(), Credentials::api_key("sk-1"));
    let client = client.transport(silent).build().expect("a client");
    let begun = Instant::now();
    let error = client.download(&video(URL)).await.expect_err("silence");
    assert_eq!(
        error.to_string(),
        "the result's host did not answer within 60 s"
    );
    assert_eq!(begun.elapsed().as_secs(), 5 * 60 + 1 + 2 + 4 + 8);
}

#[tokio::test(start_paused = true)]
async fn redirects_are_followed() {
    let file = file(10_000);
    let outcome = download(vec![
        redirect("https://other.example.com/a"),
        redirect("/b?c=d"),
        redirect("//third.example.com/e"),
        redirect("f/../g"),
        redirect("https://cdn.example.com/h"),
        whole(&file),
    ])
    .await;
    outcome.expect_file(&file);
    assert_eq!(
        outcome.urls(),
        [
            URL,
            "https://other.example.com/a",
            "https://other.example.com/b?c=d",
            "https://third.example.com/e",
            "https://third.example.com/g",
            "https://cdn.example.com/h",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_resumed_download_begins_at_the_first_address() {
    let file = file(10_000);
    let elsewhere = || redirect("https://other.example.com/a");
    let outcome = download(vec![
        elsewhere(),
        cut(&file, 4_000),
        elsewhere(),
        whole(&file),
    ])
    .await;
    outcome.expect_file(&file);
    let other = "https://other.example.com/a";
    assert_eq!(outcome.urls(), [URL, other, URL, other]);
    assert_eq!(outcome.ranges()[3], Some("bytes=4000-"));
}

#[tokio::test(start_paused = true)]
async fn redirects_have_an_end() {
    let outcome = download(vec![redirect("/again")]).await;
    let text = "the result's address leads from redirect to redirect";
    outcome.expect_error(ErrorKind::Download, text);
    assert_eq!(outcome.asked.len(), 6);
    let nowhere = says(302, &[], &Bytes::new());
    let outcome = download(vec![nowhere]).await;
    outcome.expect_error(ErrorKind::Download, "the result's address \"\" is no URL");
}

/// Nothing is fetched in the clear but from this machine, redirected or not.
#[tokio::test(start_paused = true)]
async fn plain_http_is_refused_also_behind_a_redirect() {
    let text = "the result's address \"http://cdn.example.com/v.mp4\" is not https";
    let outcome = download_from("http://cdn.example.com/v.mp4?sig=signed", vec![status(200)]).await;
    outcome.expect_error(ErrorKind::Download, text);
    assert_eq!(outcome.asked.len(), 0);
    let outcome = download(vec![redirect("http://cdn.example.com/v.mp4?sig=signed")]).await;
    outcome.expect_error(ErrorKind::Download, text);
    assert_eq!(outcome.asked.len(), 1);

    let file = file(100);
    let outcome = download_here("http://127.0.0.1:8080/v.mp4", vec![whole(&file)]).await;
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

#[tokio::test(start_paused = true)]
async fn a_file_in_the_way_is_replaced_by_a_whole_one_only() {
    let in_the_way = || {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("v.mp4"), "old").expect("a file");
        directory
    };
    let file = file(10_000);
    download_into(in_the_way(), URL, client(vec![whole(&file)]))
        .await
        .expect_file(&file);

    let host = client(vec![cut(&file, 4_000), status(400)]);
    let outcome = download_into(in_the_way(), URL, host).await;
    outcome.saved.as_ref().expect_err("refused");
    assert_eq!(
        std::fs::read_to_string(outcome.path()).expect("the old file"),
        "old"
    );
    assert_eq!(names(outcome.directory.path()), ["v.mp4"]);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_cannot_be_written_to_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    std::fs::create_dir(path.join("taken")).expect("a directory");
    for place in [path.join("no/such/directory/v.mp4"), path.join("taken")] {
        let (client, _) = client(vec![whole(&file(100))]);
        let download = client.download(&video(URL)).await.expect("a download");
        let error = download.save_to(&place).await.expect_err("no place");
        assert_eq!(error.kind(), ErrorKind::Download);
        assert_eq!(
            error.to_string(),
            format!("{} can't be written", place.display())
        );
        assert_eq!(names(path), ["taken"]);
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_leaves_nothing_behind() {
    let silent = serves(&file(10_000), "\"a\"", 4_000, End::Silent);
    let (client, _) = client(vec![silent]);
    let directory = tempfile::tempdir().expect("a directory");
    let begun = client.download(&video(URL)).await.expect("a download");
    let saving = begun.save_to(directory.path().join("v.mp4"));
    let dropped = tokio::time::timeout(Duration::from_secs(30), saving).await;
    assert!(dropped.is_err());
    assert_eq!(names(directory.path()), Vec::<String>::new());
}

/// As any new file of the user's, neither private nor open to all.
#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn the_umask_decides_who_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let outcome = download(vec![whole(&file(100))]).await;
    let mode = |path: &Path| {
        std::fs::metadata(path)
            .expect("a file")
            .permissions()
            .mode()
    };
    let usual = outcome.directory.path().join("usual");
    std::fs::write(&usual, "").expect("a file");
    assert_eq!(mode(&outcome.path()), mode(&usual));
}
