//! Results are files: whole or in part, signed, and kept for thirty days.

use kling_mock::{Mock, MockBuilder, Plan};

use crate::clock::ManualClock;
use crate::door::{Answer, Door};
use crate::single;

const COMET: &str = "/kling";
const DAY: u64 = 24 * 60 * 60 * 1_000;

struct Finished {
    door: Door,
    clock: ManualClock,
    id: String,
    url: String,
}

async fn finished() -> Finished {
    finished_by(Mock::builder(), &single()).await
}

async fn finished_by(builder: MockBuilder, request: &serde_json::Value) -> Finished {
    let clock = ManualClock::new();
    let mock = builder.clock(clock.clone()).plan(Plan::instant()).build();
    let door = Door::of(&mock);
    let id = door.create(COMET, request).await.task_id();
    let url = address(&door, &id).await;
    Finished {
        door,
        clock,
        id,
        url,
    }
}

/// Where a finished task's video is.
async fn address(door: &Door, id: &str) -> String {
    let task = door.query(COMET, id).await.task();
    let url = task["task_result"]["videos"][0]["url"].as_str();
    url.expect("an address").to_owned()
}

impl Finished {
    async fn get(&self, headers: &[(&str, &str)]) -> Answer {
        self.door.ask("GET", &self.url, headers, b"").await
    }
}

/// An MP4 begins with a box `ftyp`; it needs no key.
#[tokio::test]
async fn the_whole_file() {
    let finished = finished().await;
    let whole = finished.get(&[]).await;
    assert_eq!(whole.status, 200);
    assert_eq!(whole.body[4..8], *b"ftyp");
    assert_eq!(whole.header("content-type"), "video/mp4");
    assert_eq!(whole.header("accept-ranges"), "bytes");
    assert_eq!(whole.header("content-length"), whole.body.len().to_string());
    let tag = whole.header("etag");
    assert!(
        tag.starts_with('"') && tag.ends_with('"'),
        "a strong tag: {tag}"
    );
    assert_eq!(finished.get(&[]).await, whole);
}

#[tokio::test]
async fn head_tells_the_same_without_the_file() {
    let finished = finished().await;
    let whole = finished.get(&[]).await;
    for headers in [&[][..], &[("range", "bytes=5-9")]] {
        let head = finished.door.ask("HEAD", &finished.url, headers, b"").await;
        assert_eq!((head.status, &head.headers), (200, &whole.headers));
        assert_eq!(head.body, "");
    }
}

#[tokio::test]
async fn range_requests() {
    let finished = finished().await;
    let whole = finished.get(&[]).await.body;
    let length = whole.len();
    let last = length - 1;
    let part = async |range: &str, from: usize, to: usize| {
        let answer = finished.get(&[("range", range)]).await;
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.body, whole[from..=to], "{range}");
        assert_eq!(
            answer.header("content-range"),
            format!("bytes {from}-{to}/{length}")
        );
        assert_eq!(answer.header("content-length"), (to + 1 - from).to_string());
    };
    part("bytes=0-0", 0, 0).await;
    part("bytes=5-9", 5, 9).await;
    part("bytes=100-", 100, last).await;
    part("bytes=-100", length - 100, last).await;
    part("bytes=0-99999999", 0, last).await;
    part("Bytes=0-3", 0, 3).await;
    // A number may be larger than anything that counts.
    part(&format!("bytes=0-{}", "9".repeat(30)), 0, last).await;
    // More than all of its end is all of it.
    part(&format!("bytes=-{length}"), 0, last).await;
    part(&format!("bytes=-{}", length + 1), 0, last).await;
    part(&format!("bytes=-{}", "9".repeat(30)), 0, last).await;
    part(&format!("bytes={last}-"), last, last).await;

    // Several at once, and what makes no sense, get the whole.
    for range in [
        "bytes=0-1,5-9",
        "bytes",
        "items=0-1",
        "bytes=a-b",
        "bytes=5-2",
        "bytes=99999999-5",
        "bytes=+1-3",
        "bytes=1",
        "bytes=-",
        "bytes=1-2-3",
        "",
    ] {
        let answer = finished.get(&[("range", range)]).await;
        assert_eq!((answer.status, answer.body.len()), (200, length), "{range}");
    }
    for range in [
        format!("bytes={length}-"),
        format!("bytes={}-", "9".repeat(30)),
        "bytes=99999999-".to_owned(),
        "bytes=-0".to_owned(),
    ] {
        let answer = finished.get(&[("range", &range)]).await;
        assert_eq!((answer.status, answer.body.len()), (416, 0), "{range}");
        assert_eq!(
            answer.header("content-range"),
            format!("bytes */{length}"),
            "{range}"
        );
    }
}

#[tokio::test]
async fn a_part_only_of_the_file_that_is_meant() {
    let finished = finished().await;
    let whole = finished.get(&[]).await;
    let tag = whole.header("etag");
    for (if_range, status) in [
        (tag, 206),
        ("\"other\"", 200),
        ("Sun, 20 Sep 2026 00:00:00 GMT", 200),
    ] {
        let headers = [("range", "bytes=5-9"), ("if-range", if_range)];
        assert_eq!(finished.get(&headers).await.status, status, "{if_range}");
    }
    // Without a range there is nothing to make conditional.
    assert_eq!(finished.get(&[("if-range", "\"other\"")]).await.status, 200);
}

#[tokio::test]
async fn the_signature_counts() {
    let finished = finished().await;
    let (path, _) = finished.url.split_once('?').expect("a query");
    let status = async |url: &str| finished.door.ask("GET", url, &[], b"").await.status;
    assert_eq!(status(&finished.url).await, 200);
    assert_eq!(status(path).await, 403);
    assert_eq!(status(&format!("{path}?Signature=wrong")).await, 403);
    assert_eq!(status(&format!("{path}?Signature")).await, 403);
    assert_eq!(status(&format!("{}x", finished.url)).await, 403);
    // Nobody makes it last longer.
    let longer = finished.url.replace("Expires=", "Expires=9");
    assert_eq!(status(&longer).await, 403);
    assert_eq!(
        status(&finished.url.replace("Expires=", "Expired=")).await,
        403
    );
    assert_eq!(status(&finished.url.replace("-0.mp4", "-1.mp4")).await, 404);
    assert_eq!(status("/assets/").await, 404);
    assert_eq!(
        finished
            .door
            .ask("POST", &finished.url, &[], b"")
            .await
            .status,
        405
    );
    // One task's signature does not open another's.
    let other = finished.door.create(COMET, &single()).await.task_id();
    assert_eq!(
        status(&finished.url.replace(&finished.id, &other)).await,
        403
    );
}

#[tokio::test]
async fn results_are_kept_for_30_days() {
    let finished = finished().await;
    // The plan's two moments after the creation.
    let end = crate::clock::START + 2;
    let expires = format!("Expires={}", (end + 30 * DAY) / 1_000);
    assert!(finished.url.contains(&expires), "{}", finished.url);
    finished.clock.advance(2 + 30 * DAY - 1);
    assert_eq!(finished.get(&[]).await.status, 200);
    finished.clock.advance(1);
    assert_eq!(finished.get(&[]).await.status, 403);
    let head = finished.door.ask("HEAD", &finished.url, &[], b"").await;
    assert_eq!((head.status, head.body.len()), (403, 0));
}

#[tokio::test]
async fn there_is_nothing_before_the_success() {
    for plan in [Plan::stuck(), Plan::instant().failing("why")] {
        let mock = Mock::builder().clock(ManualClock::new()).plan(plan).build();
        let door = Door::of(&mock);
        let id = door.create(COMET, &single()).await.task_id();
        let answer = door
            .ask("GET", &format!("/assets/{id}-0.mp4?Signature=x"), &[], b"")
            .await;
        assert_eq!(answer.status, 404);
    }
}

#[tokio::test]
async fn every_task_has_a_video_of_its_own_that_the_seed_decides() {
    let first = finished().await;
    let video = first.get(&[]).await.body;
    let second = first.door.create(COMET, &single()).await.task_id();
    let url = address(&first.door, &second).await;
    assert_ne!(first.door.ask("GET", &url, &[], b"").await.body, video);

    let again = finished().await;
    assert_eq!(again.url, first.url);
    assert_eq!(again.get(&[]).await.body, video);
    let other = finished_by(Mock::builder().seed(1), &single()).await;
    assert_ne!(other.get(&[]).await.body, video);
}

/// The movie header's time scale and duration (ISO/IEC 14496-12, 8.2.2).
#[tokio::test]
async fn a_video_has_the_requested_duration() {
    for seconds in ["5", "10"] {
        let mut request = single();
        request["input"]["duration"] = seconds.into();
        let file = finished_by(Mock::builder(), &request)
            .await
            .get(&[])
            .await
            .body;
        let header = file
            .windows(4)
            .position(|four| four == b"mvhd")
            .expect("a movie header");
        let word = |index: usize| {
            let at = header + 4 + 4 * index;
            u32::from_be_bytes(file[at..at + 4].try_into().expect("four bytes"))
        };
        assert_eq!((word(4) / word(3)).to_string(), seconds);
    }
}

/// For tests of large downloads; players skip the rest.
#[tokio::test]
async fn a_video_is_as_large_as_was_asked_for() {
    let mock = Mock::builder()
        .plan(Plan::instant())
        .video_bytes(3_000_000)
        .build();
    let door = Door::of(&mock);
    let id = door.create("/kling", &single()).await.task_id();
    let task = door.query("/kling", &id).await.task();
    let url = task["task_result"]["videos"][0]["url"]
        .as_str()
        .expect("an address");
    let file = door.ask("GET", url, &[], b"").await;
    assert!(file.status == 200 || file.status == 404, "{}", file.status);
    assert!(file.body.len() >= 3_000_000, "{}", file.body.len());
    assert_eq!(&file.body[4..8], b"ftyp");
}
