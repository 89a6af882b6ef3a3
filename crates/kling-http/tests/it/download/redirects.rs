//! Where a result's host may send the client.

use super::*;

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

/// Peer trap: credentials for every address that starts with the API's base URL, and
/// so for a look-alike host. Here no result gets them, wherever it is.
#[tokio::test(start_paused = true)]
async fn no_host_gets_the_key_however_much_it_looks_like_the_api() {
    let file = file(10_000);
    for host in [
        "api.cometapi.com.example.net",
        "api.cometapi.com",
        "cdn.example.com",
    ] {
        // `client` fails the test if a request has an `Authorization` header.
        let here = format!("https://{host}/kling/v1/videos/effects/v.mp4");
        let outcome = download_from(&here, vec![whole(&file)]).await;
        outcome.expect_file(&file);
        let outcome = download(vec![redirect(&here), whole(&file)]).await;
        outcome.expect_file(&file);
        assert_eq!(outcome.urls(), [URL, &here]);
    }
    // The host is what follows the `@`; nothing is sent there.
    let outcome = download_from("https://api.cometapi.com@example.net/v.mp4", vec![]).await;
    assert!(outcome.saved.is_err() && outcome.asked.is_empty());
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
