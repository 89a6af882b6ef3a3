//! Whom a result's address may make this program ask. The hosts here are names,
//! which a transport of one's own resolves as it likes; what `ReqwestTransport`
//! refuses is tested beside it.

use kling_http::{DownloadPolicy, PublicOnly};

use super::*;

const PRIVATE: [&str; 6] = [
    "https://10.0.0.1/v.mp4",
    "https://169.254.169.254/latest/meta-data",
    "https://[fd00:ec2::254]/v.mp4",
    "https://[::ffff:10.0.0.1]/v.mp4",
    "https://2852039166/v.mp4",
    "https://0.0.0.0/v.mp4",
];

#[tokio::test(start_paused = true)]
async fn a_private_host_is_not_asked() {
    // This machine too: the service is elsewhere.
    let here = ["http://127.0.0.1:8080/v.mp4", "https://localhost/v.mp4"];
    for url in PRIVATE.into_iter().chain(here) {
        let outcome = download_from(&format!("{url}?sig=signed"), vec![status(200)]).await;
        let text = format!("the result's address {url:?} is not on a public host");
        outcome.expect_error(ErrorKind::Download, &text);
        assert_eq!(outcome.asked.len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_public_host_can_not_send_us_to_a_private_one() {
    let local = ["http://127.0.0.1:8080/v.mp4", "http://localhost/v.mp4"];
    for url in PRIVATE.into_iter().chain(local) {
        let outcome = download(vec![redirect(&format!("{url}?sig=signed"))]).await;
        let text = format!("the result's address {url:?} is not on a public host");
        outcome.expect_error(ErrorKind::Download, &text);
        assert_eq!(outcome.asked.len(), 1);
        let error = outcome.saved.expect_err("refused");
        assert_eq!(error.retryability(), Retryability::Permanent);
    }
    // Nor by a detour over another name.
    let outcome = download(vec![
        redirect("https://other.example.com/"),
        redirect("https://10.0.0.1/"),
    ])
    .await;
    assert_eq!(outcome.asked.len(), 2);
    outcome.saved.expect_err("refused");
}

#[tokio::test(start_paused = true)]
async fn this_machine_may_send_us_on() {
    let file = file(100);
    for (from, to) in [
        ("http://127.0.0.1:8080/v.mp4", "http://localhost:8081/w.mp4"),
        ("http://[::1]:8080/v.mp4", "https://cdn.example.com/w.mp4"),
    ] {
        let outcome = download_here(from, vec![redirect(to), whole(&file)]).await;
        outcome.expect_file(&file);
        assert_eq!(outcome.urls(), [from, to]);
    }
}

/// What the transport is told, by where the request goes.
async fn told(url: &str, policy: DownloadPolicy) -> bool {
    let told = Arc::new(Mutex::new(None));
    let seen = told.clone();
    let transport = transport_fn(move |request: Request<Bytes>| {
        let marked = request.extensions().get::<PublicOnly>().is_some();
        *seen.lock().expect("no panic before") = Some(marked);
        async { Ok(Response::new(Body::from(file(10)))) }
    });
    // A service on this machine, so that its results may be here too.
    let provider = Provider::comet().with_base_url("http://localhost:8080");
    let client = Client::builder(provider, Credentials::api_key("sk-1"));
    let client = client.transport(transport).downloads(policy).build();
    let download = client.expect("a client").download(&video(url)).await;
    drop(download.expect("a download"));
    let told = told.lock().expect("no panic before").take();
    told.expect("asked")
}

#[tokio::test(start_paused = true)]
async fn the_transport_learns_that_only_the_public_may_be_asked() {
    let public = DownloadPolicy::default();
    let private = DownloadPolicy {
        private_hosts: true,
        ..public
    };
    assert!(told(URL, public).await);
    assert!(!told(URL, private).await);
    assert!(!told("http://127.0.0.1:8080/v.mp4", public).await);
    assert!(!told("https://10.0.0.1/v.mp4", private).await);
}
