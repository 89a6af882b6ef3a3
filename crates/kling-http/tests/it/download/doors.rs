//! The three ways to receive a file, what they have in common and what not.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use kling_http::{Client, DownloadPolicy, DownloadProgress};
use tokio::io::AsyncWrite;

use super::*;

/// Where the bytes go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Door {
    File,
    Writer,
    Stream,
}

pub(super) const DOORS: [Door; 3] = [Door::File, Door::Writer, Door::Stream];

/// What went through a door, and how it ended: with a length and a hash, or an
/// error. A file counts only under its final name; under no other may there be
/// anything.
pub(super) async fn through(
    door: Door,
    client: &Client,
) -> (Vec<u8>, Result<(u64, String), Error>) {
    let download = match client.download(&video(URL)).await {
        Ok(download) => download,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let mut bytes = Vec::new();
    match door {
        Door::File => {
            let directory = tempfile::tempdir().expect("a directory");
            let path = directory.path().join("v.mp4");
            let saved = download.save_to(&path).await;
            if let Ok(found) = std::fs::read(&path) {
                bytes = found;
                std::fs::remove_file(&path).expect("removed");
            }
            assert_eq!(names(directory.path()), Vec::<String>::new());
            (bytes, saved.map(|saved| (saved.bytes, saved.sha256)))
        }
        Door::Writer => {
            let received = download.write_to(&mut bytes).await;
            (bytes, received.map(|it| (it.bytes, it.sha256)))
        }
        Door::Stream => {
            let mut stream = download.into_stream();
            while let Some(piece) = stream.next().await {
                match piece {
                    Ok(piece) => bytes.extend_from_slice(&piece),
                    Err(error) => {
                        assert!(stream.next().await.is_none() && stream.received().is_none());
                        return (bytes, Err(error));
                    }
                }
            }
            let received = stream.received().expect("whole").clone();
            (bytes, Ok((received.bytes, received.sha256)))
        }
    }
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// All doors bring this file.
async fn check(file: &Bytes, script: fn(&Bytes) -> Vec<Act>) {
    for door in DOORS {
        let (client, _) = client(script(file));
        let (bytes, ended) = through(door, &client).await;
        let (length, hash) = ended.expect("a file");
        assert!(bytes == *file, "{door:?}");
        assert_eq!(
            (length, hash),
            (file.len() as u64, sha256(file)),
            "{door:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn all_doors_bring_the_same_file() {
    for length in [1, 700, 10_000] {
        check(&file(length), |file| vec![whole(file)]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn all_doors_go_on_where_the_download_broke_off() {
    check(&file(10_000), |file| vec![cut(file, 3_000)]).await;
}

/// With the same `ETag`, with another for the same bytes (another machine of a
/// CDN), with a weak one, with none: the bytes decide.
#[tokio::test(start_paused = true)]
async fn a_file_sent_again_from_the_start_is_handed_on_once() {
    check(&file(10_000), |file| {
        vec![cut(file, 4_000), says(200, &[(&ETAG, "\"a\"")], file)]
    })
    .await;
    check(&file(10_000), |file| {
        vec![cut(file, 4_000), says(200, &[(&ETAG, "\"b\"")], file)]
    })
    .await;
    check(&file(10_000), |file| {
        let weak = |at_most, end| serves(file, "W/\"a\"", at_most, end);
        vec![weak(4_000, End::Broken), weak(usize::MAX, End::Clean)]
    })
    .await;
    check(&file(10_000), |file| {
        let short = says(200, &[(&CONTENT_LENGTH, "10000")], &file.slice(..4_000));
        vec![short, says(200, &[], file)]
    })
    .await;
}

/// After the comparison it can be resumed again, by the new `ETag`.
#[tokio::test(start_paused = true)]
async fn a_download_is_resumed_with_the_new_etag_after_a_comparison() {
    let file = file(10_000);
    let moved = serves(&file, "\"b\"", 7_000, End::Broken);
    let rest = serves(&file, "\"b\"", usize::MAX, End::Clean);
    let (client, asked) = client(vec![cut(&file, 4_000), moved, rest]);
    let (bytes, ended) = through(Door::Writer, &client).await;
    ended.expect("a file");
    assert!(bytes == file);
    let asked = asked.lock().expect("no panic before");
    assert_eq!(asked[1].if_range.as_deref(), Some("\"a\""));
    assert_eq!(asked[2].range.as_deref(), Some("bytes=7000-"));
    assert_eq!(asked[2].if_range.as_deref(), Some("\"b\""));
}

/// Cut while it is compared: nothing is known of the new file yet.
#[tokio::test(start_paused = true)]
async fn a_cut_within_the_comparison_restarts_it() {
    let file = file(10_000);
    let moved = |at_most, end| serves(&file, "\"b\"", at_most, end);
    let script = vec![
        cut(&file, 4_000),
        moved(3_000, End::Broken),
        moved(usize::MAX, End::Clean),
    ];
    let (client, asked) = client(script);
    let (bytes, ended) = through(Door::Stream, &client).await;
    ended.expect("a file");
    assert!(bytes == file);
    let asked = asked.lock().expect("no panic before");
    assert_eq!(asked[2].range.as_deref(), Some("bytes=4000-"));
    assert_eq!(asked[2].if_range.as_deref(), Some("\"a\""));
}

/// The bytes that are out can't be taken back.
#[tokio::test(start_paused = true)]
async fn a_file_that_changed_after_a_part_was_handed_on_is_told() {
    let old = file(10_000);
    // Another beginning; the same beginning, but shorter than what is out.
    for new in [file(9_000).slice(1_000..), old.slice(..3_000)] {
        for door in [Door::Writer, Door::Stream] {
            let changed = serves(&new, "\"b\"", usize::MAX, End::Clean);
            let (client, _) = client(vec![cut(&old, 4_000), changed]);
            let (bytes, ended) = through(door, &client).await;
            assert!(bytes == old[..4_000], "{door:?}");
            let error = ended.expect_err("another file");
            assert_eq!(error.kind(), ErrorKind::ResultChanged);
            assert_eq!(
                error.to_string(),
                "the result's host has another file than the one of which 4000 bytes were \
                 handed on: download it again from the start"
            );
            assert_eq!(error.attempts(), 2);
        }
    }
}

/// Takes so much and no more.
struct Full(usize);

impl AsyncWrite for Full {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        let full = || io::Error::new(io::ErrorKind::StorageFull, "no room");
        Poll::Ready(if taken == 0 { Err(full()) } else { Ok(taken) })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        unreachable!("it belongs to the caller")
    }
}

/// Pieces of a file that count how many of them are in memory.
struct Counted {
    left: usize,
    in_memory: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

struct CountedPiece(Arc<AtomicUsize>, [u8; 1024]);

impl AsRef<[u8]> for CountedPiece {
    fn as_ref(&self) -> &[u8] {
        &self.1
    }
}

impl Drop for CountedPiece {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let Some(left) = self.left.checked_sub(1) else {
            return Poll::Ready(None);
        };
        self.left = left;
        let in_memory = self.in_memory.fetch_add(1, Relaxed) + 1;
        self.most.fetch_max(in_memory, Relaxed);
        let piece = CountedPiece(self.in_memory.clone(), [7; 1024]);
        let frame = Frame::data(Bytes::from_owner(piece));
        Poll::Ready(Some(Ok(frame)))
    }
}

/// Peer trap: the whole file in memory before any of it is written.
#[tokio::test(start_paused = true)]
async fn a_piece_is_handed_on_before_the_next_is_read() {
    const PIECES: usize = 4_000;
    for door in DOORS {
        let most = Arc::new(AtomicUsize::new(0));
        let seen = most.clone();
        let host = act(move |_| {
            Ok(Response::new(Body::new(Counted {
                left: PIECES,
                in_memory: Arc::default(),
                most: seen.clone(),
            })))
        });
        let (client, _) = client(vec![host]);
        let (bytes, ended) = through(door, &client).await;
        assert!(ended.is_ok() && bytes.len() == PIECES * 1024, "{door:?}");
        assert!(most.load(Relaxed) <= 2, "{door:?}: {most:?} pieces at once");
    }
}

#[tokio::test(start_paused = true)]
async fn the_writers_own_error_is_the_source() {
    let (client, asked) = client(vec![whole(&file(10_000))]);
    let download = client.download(&video(URL)).await.expect("a download");
    let error = download.write_to(Full(5_000)).await.expect_err("full");
    assert_eq!(error.to_string(), "the result can't be written");
    let source = std::error::Error::source(&error).expect("a source");
    let source = source.downcast_ref::<io::Error>().expect("the writer's");
    assert_eq!(source.kind(), io::ErrorKind::StorageFull);
    assert_eq!(asked.lock().expect("no panic before").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn progress_counts_up_to_the_whole() {
    let file = file(10_000);
    let told = Arc::new(Mutex::new(Vec::<DownloadProgress>::new()));
    let tell = |told: &Arc<Mutex<Vec<DownloadProgress>>>| {
        let told = told.clone();
        move |progress| told.lock().expect("no panic before").push(progress)
    };
    let (client, _) = client(vec![cut(&file, 4_000), whole(&file)]);
    let download = client.download(&video(URL)).await.expect("a download");
    let download = download.on_progress(tell(&told));
    download.write_to(tokio::io::sink()).await.expect("whole");
    let told = std::mem::take(&mut *told.lock().expect("no panic before"));
    let bytes: Vec<_> = told.iter().map(|it| it.bytes).collect();
    assert!(
        bytes.is_sorted() && bytes.last() == Some(&10_000),
        "{bytes:?}"
    );
    assert!(bytes.contains(&4_000));
    assert!(told.iter().all(|it| it.total == Some(10_000)));
}

#[tokio::test(start_paused = true)]
async fn progress_restarts_at_zero_with_the_file() {
    let (old, new) = (file(10_000), file(9_000).slice(1_000..));
    let told = Arc::new(Mutex::new(Vec::<DownloadProgress>::new()));
    let changed = serves(&new, "\"b\"", usize::MAX, End::Clean);
    let (client, _) = client(vec![cut(&old, 4_000), changed]);
    let download = client.download(&video(URL)).await.expect("a download");
    let seen = told.clone();
    let download =
        download.on_progress(move |progress| seen.lock().expect("no panic before").push(progress));
    let directory = tempfile::tempdir().expect("a directory");
    let saved = download.save_to(directory.path().join("v.mp4")).await;
    saved.expect("the new file");
    let told = told.lock().expect("no panic before");
    let restart = told.iter().position(|it| it.bytes == 0).expect("a restart");
    assert_eq!(told[restart - 1].bytes, 4_000);
    assert_eq!(told[restart].total, Some(8_000));
    assert_eq!(told.last().expect("progress").bytes, 8_000);
}

fn impatient(transport: impl kling_http::Transport, policy: DownloadPolicy) -> Client {
    let client = Client::builder(Provider::comet(), Credentials::api_key("sk-1"));
    let client = client.transport(transport).downloads(policy);
    client.build().expect("a client")
}

/// A host that sends a byte now and then is never silent for long.
#[tokio::test(start_paused = true)]
async fn a_download_ends_at_its_deadline_whatever_the_host_does() {
    struct Drip(tokio::time::Interval);
    impl http_body::Body for Drip {
        type Data = Bytes;
        type Error = TransportError;
        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
            let tick = self.0.poll_tick(cx);
            tick.map(|_| Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }
    let policy = DownloadPolicy {
        deadline: Duration::from_secs(600),
        ..DownloadPolicy::default()
    };
    for door in DOORS {
        let transport = transport_fn(|_| async {
            let drip = Drip(tokio::time::interval(Duration::from_secs(30)));
            Ok(Response::new(Body::new(drip)))
        });
        let client = impatient(transport, policy);
        let begun = Instant::now();
        let (_, ended) = through(door, &client).await;
        let error = ended.expect_err("too slow");
        assert_eq!(error.to_string(), "the download did not end within 600 s");
        assert_eq!(error.retryability(), Retryability::Temporary);
        assert_eq!(begun.elapsed().as_secs(), 600, "{door:?}");
    }
}

/// Rather the true reason now than the deadline later.
#[tokio::test(start_paused = true)]
async fn no_pause_begins_that_would_outlast_the_deadline() {
    let policy = DownloadPolicy {
        deadline: Duration::from_secs(3),
        ..DownloadPolicy::default()
    };
    let fails = transport_fn(|_| async {
        let answer = Response::builder().status(500).body(Body::empty());
        Ok(answer.expect("an answer"))
    });
    let begun = Instant::now();
    let error = impatient(fails, policy).download(&video(URL)).await;
    let error = error.expect_err("given up");
    assert_eq!(error.to_string(), "the result's host failed with HTTP 500");
    assert_eq!((error.attempts(), begun.elapsed().as_secs()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn silence_and_size_are_bounded_as_the_policy_says() {
    let policy = DownloadPolicy {
        idle: Duration::from_secs(2),
        size_limit: 9_999,
        ..DownloadPolicy::default()
    };
    let silent = transport_fn(|_| std::future::pending());
    let begun = Instant::now();
    let error = impatient(silent, policy).download(&video(URL)).await;
    let text = "the result's host did not answer within 2 s";
    assert_eq!(error.expect_err("silence").to_string(), text);
    assert_eq!(begun.elapsed().as_secs(), 5 * 2 + 1 + 2 + 4 + 8);

    let text = "the result is longer than the 9999 bytes it may have";
    let file = file(10_000);
    for told in [true, false] {
        let file = file.clone();
        let long = transport_fn(move |_| {
            let mut answer = Response::new(Pieces::body(&file, End::Clean));
            if told {
                answer.headers_mut().insert(CONTENT_LENGTH, 10_000.into());
            }
            async { Ok(answer) }
        });
        let (bytes, ended) = through(Door::Writer, &impatient(long, policy)).await;
        assert_eq!(ended.expect_err("too long").to_string(), text);
        assert!(bytes.len() <= 9_999 && bytes.is_empty() == told);
    }
}

#[test]
fn a_policy_without_an_end_is_refused() {
    let check = |change: fn(&mut DownloadPolicy), expected: &str| {
        let mut policy = DownloadPolicy::default();
        change(&mut policy);
        let client = Client::builder(Provider::comet(), Credentials::api_key("sk-1"));
        let error = client.downloads(policy).build().expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.to_string(), format!("download policy: {expected}"));
    };
    let nothing = "its times must be longer than zero";
    check(|it| it.idle = Duration::ZERO, nothing);
    check(|it| it.deadline = Duration::ZERO, nothing);
    let forever = "the deadline must be at most a year";
    check(|it| it.deadline = Duration::MAX, forever);
    let empty = "the size limit must be at least one byte";
    check(|it| it.size_limit = 0, empty);
}
