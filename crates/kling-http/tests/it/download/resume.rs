//! Interrupted downloads: which are resumed, and which start again.

use super::*;

/// Peer trap: a download that restarts at byte 0 after a cut.
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
async fn a_file_that_changed_is_fetched_from_the_start() {
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
