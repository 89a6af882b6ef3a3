//! What is not taken for a result, and who is asked again.

use super::*;

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
        "\r\n <!DOCTYPE html>",
        "\u{feff}\n<html>",
        "\u{feff}[]",
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
