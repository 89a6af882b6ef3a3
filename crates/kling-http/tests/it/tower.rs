//! A tower service as a transport.

use std::error::Error as _;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::{Request, Response};
use kling_http::{
    Body, Client, Credentials, ErrorKind, Provider, RetryPolicy, TowerTransport, TransportError,
    TransportErrorKind,
};
use tower_service::Service;

use crate::host::KEY;
use crate::request;

/// What went wrong in the service.
#[derive(Debug)]
struct Wrong(&'static str);

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Wrong {}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A service that is ready when asked for the third time, and only then may be
/// called: as tower's contract has it, the clone that said so.
struct Shy {
    asked: u32,
    calls: Arc<AtomicU32>,
    refuses: Option<fn() -> BoxError>,
    breaks: Option<fn() -> BoxError>,
}

impl Shy {
    fn new() -> Self {
        Shy {
            asked: 0,
            calls: Arc::default(),
            refuses: None,
            breaks: None,
        }
    }
}

impl Clone for Shy {
    /// A clone knows nothing of readiness.
    fn clone(&self) -> Self {
        Shy {
            asked: 0,
            calls: Arc::clone(&self.calls),
            ..*self
        }
    }
}

impl Service<Request<Body>> for Shy {
    type Response = Response<Chunks>;
    type Error = BoxError;
    type Future = Ready<Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if let Some(refuses) = self.refuses {
            return Poll::Ready(Err(refuses()));
        }
        self.asked += 1;
        if self.asked < 3 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        assert!(self.asked >= 3, "called without being ready");
        assert!(
            request
                .extensions()
                .get::<kling_http::Operation>()
                .is_some()
        );
        self.calls.fetch_add(1, Ordering::Relaxed);
        if let Some(breaks) = self.breaks {
            return ready(Err(breaks()));
        }
        let text = r#"{"code":0,"data":{"task_id":"7","task_status":"submitted"}}"#;
        ready(Ok(Response::new(Chunks(text.as_bytes()))))
    }
}

/// A body of another kind than ours, in pieces.
struct Chunks(&'static [u8]);

impl http_body::Body for Chunks {
    type Data = bytes::buf::Chain<Bytes, Bytes>;
    type Error = Wrong;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Self::Data>, Wrong>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let (first, rest) = self.0.split_at(self.0.len().min(10));
        self.0 = rest;
        let (one, two) = first.split_at(first.len() / 2);
        let data = Bytes::from_static(one).chain(Bytes::from_static(two));
        Poll::Ready(Some(Ok(http_body::Frame::data(data))))
    }
}

fn client<S>(transport: TowerTransport<S>) -> Client
where
    TowerTransport<S>: kling_http::Transport,
{
    Client::builder(Provider::comet(), Credentials::api_key(KEY))
        .transport(transport)
        .retry(RetryPolicy::never())
        .build()
        .expect("a client")
}

#[tokio::test(start_paused = true)]
async fn the_clone_that_is_ready_is_the_one_that_is_called() {
    let service = Shy::new();
    let calls = Arc::clone(&service.calls);
    let client = client(TowerTransport::new(service));
    for _ in 0..2 {
        let task = client.effects().create(request()).await.expect("a task");
        assert_eq!(task.id().as_str(), "7");
    }
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

/// One create through it: its error, whether it may have arrived, and the cause.
#[track_caller]
fn check(error: &kling_http::Error, kind: ErrorKind, maybe_sent: bool, cause: &str) {
    assert_eq!(
        (error.kind(), error.maybe_sent()),
        (kind, maybe_sent),
        "{error}"
    );
    let source = error.source().and_then(std::error::Error::source);
    assert_eq!(source.map(ToString::to_string).as_deref(), Some(cause));
}

#[tokio::test(start_paused = true)]
async fn an_error_says_how_far_the_request_got() {
    let create = async |transport: TowerTransport<Shy>| {
        let result = client(transport).effects().create(request()).await;
        result.expect_err("an error")
    };
    let refusing = Shy {
        refuses: Some(|| Wrong("closed").into()),
        ..Shy::new()
    };
    let error = create(TowerTransport::new(refusing)).await;
    check(&error, ErrorKind::Transport, false, "closed");

    let breaking = || Shy {
        breaks: Some(|| Wrong("broken").into()),
        ..Shy::new()
    };
    let error = create(TowerTransport::new(breaking())).await;
    check(&error, ErrorKind::Transport, true, "broken");

    // By the service's own errors.
    let transport = TowerTransport::new(breaking()).kind_of(|error| match error.downcast_ref() {
        Some(Wrong("broken")) => TransportErrorKind::Connect,
        _ => TransportErrorKind::Broken,
    });
    check(
        &create(transport).await,
        ErrorKind::Transport,
        false,
        "broken",
    );

    // One of ours speaks for itself.
    let ours = Shy {
        breaks: Some(|| TransportError::new(TransportErrorKind::Timeout, "late").into()),
        ..Shy::new()
    };
    check(
        &create(TowerTransport::new(ours)).await,
        ErrorKind::Timeout,
        true,
        "late",
    );
}
