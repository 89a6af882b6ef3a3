//! What a client refuses to be built with, and why.

use std::time::Duration;

use kling_http::{
    Backoff, Client, ClientBuilder, Credentials, ErrorKind, PollPolicy, PollSchedule, Provider,
    Timeouts,
};

use crate::host::{Host, KEY};

fn builder(provider: Provider, key: &str) -> ClientBuilder {
    let unused = Host::new([]);
    Client::builder(provider, Credentials::api_key(key)).transport(unused.transport())
}

#[track_caller]
fn check(builder: ClientBuilder, expected: Result<(), &str>) {
    match (builder.build(), expected) {
        (Ok(_), Ok(())) => {}
        (Err(error), Err(part)) => {
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(part), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        (Ok(_), Err(part)) => panic!("built, though {part:?}"),
        (Err(error), Ok(())) => panic!("{error}"),
    }
}

#[test]
fn keys() {
    let key = |key: &str, expected| check(builder(Provider::comet(), key), expected);
    key("sk-1", Ok(()));
    // As a file or a careless copy has it.
    key(" sk-1\r\n", Ok(()));
    key("", Err("the API key is empty"));
    key(" \n", Err("the API key is empty"));
    key("sk-secret\nsk-secret", Err("was it copied whole?"));
    key("sk-secret…", Err("was it copied whole?"));
    key("sk-secret and more", Err("was it copied whole?"));
}

#[test]
fn base_urls() {
    let url = |url: &str, expected| {
        check(builder(Provider::comet().with_base_url(url), KEY), expected);
    };
    url("https://proxy.example.com", Ok(()));
    url(" https://proxy.example.com/deep/path/ ", Ok(()));
    url("http://127.0.0.1:8080", Ok(()));
    url("http://localhost:8080", Ok(()));
    url("http://[::1]:8080", Ok(()));
    url(
        "http://proxy.example.com",
        Err("is not https: the key would travel in the clear"),
    );
    url("http://127.0.0.1.example.com", Err("is not https"));
    url("http://10.0.0.1", Err("is not https"));
    url("", Err("is no base URL"));
    url("proxy.example.com", Err("is no base URL"));
    url("ftp://proxy.example.com", Err("is no base URL"));
    url("https://", Err("is no base URL"));
    url(
        "https://proxy.example.com?key=secret",
        Err("\"https://proxy.example.com\" is no base URL"),
    );
    url("https://proxy.example.com/#secret", Err("is no base URL"));
    url(
        "https://user:secret@proxy.example.com",
        Err("\"proxy.example.com\" is no base URL"),
    );
}

#[test]
fn prefixes() {
    let prefix = |prefix: &str, expected| {
        check(
            builder(Provider::comet().with_prefix(prefix), KEY),
            expected,
        );
    };
    prefix("", Ok(()));
    prefix("kling", Ok(()));
    prefix("/kling/", Ok(()));
    prefix("/kling?key=secret", Err("is no base URL"));
    prefix("/kling#secret", Err("is no base URL"));
    prefix("/with space", Err("is no base URL"));
}

#[test]
fn timeouts() {
    let seconds = |attempt, deadline, expected| {
        let timeouts = Timeouts {
            attempt: Duration::from_secs(attempt),
            deadline: Duration::from_secs(deadline),
        };
        check(builder(Provider::comet(), KEY).timeouts(timeouts), expected);
    };
    seconds(60, 300, Ok(()));
    seconds(59, 60, Ok(()));
    seconds(60, 60, Err("must be shorter than the deadline"));
    seconds(61, 60, Err("must be shorter than the deadline"));
    seconds(0, 60, Err("must be longer than zero"));
    seconds(60, u64::MAX, Err("at most a year"));
}

#[test]
fn poll_policies() {
    let policy = |policy: PollPolicy, expected| {
        check(builder(Provider::comet(), KEY).poll(policy), expected);
    };
    let max_wait = |max_wait| PollPolicy {
        max_wait,
        ..PollPolicy::default()
    };
    policy(PollPolicy::default(), Ok(()));
    policy(max_wait(Duration::ZERO), Ok(()));
    policy(max_wait(Duration::MAX), Err("at most a year"));
    let backoff = |change: fn(&mut Backoff), expected| {
        let mut backoff = Backoff {
            initial: Duration::from_secs(1),
            factor: 1.0,
            max_interval: Duration::from_secs(1),
            jitter: 0.0,
        };
        change(&mut backoff);
        let schedule = PollSchedule::Backoff(backoff);
        policy(
            PollPolicy {
                schedule,
                ..PollPolicy::default()
            },
            expected,
        );
    };
    backoff(|_| {}, Ok(()));
    backoff(|it| it.initial = Duration::MAX, Ok(()));
    backoff(|it| it.initial = Duration::ZERO, Err("longer than zero"));
    backoff(
        |it| it.max_interval = Duration::ZERO,
        Err("longer than zero"),
    );
    backoff(|it| it.factor = 0.9, Err("at least 1"));
    backoff(|it| it.factor = f64::NAN, Err("at least 1"));
    backoff(|it| it.factor = f64::INFINITY, Err("at least 1"));
    backoff(|it| it.jitter = -0.1, Err("between 0 and 1"));
    backoff(|it| it.jitter = 1.1, Err("between 0 and 1"));
    backoff(|it| it.jitter = f64::NAN, Err("between 0 and 1"));
}

#[cfg(not(feature = "reqwest"))]
#[test]
fn without_a_transport_the_error_names_both_ways_to_one() {
    let bare = Client::builder(Provider::comet(), Credentials::api_key(KEY));
    check(
        bare,
        Err("turn on the feature `reqwest`, or give one with `transport(..)`"),
    );
}
