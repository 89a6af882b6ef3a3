//! The door on a socket, and the only file that names the HTTP server.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::mock::Mock;

/// The largest request: two pictures of 10 MB in base64, and room.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// How long open connections may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// A [`Mock`] on a socket. Dropping it closes the port as soon as the runtime
/// gets to it; [`shutdown`](Self::shutdown) waits until it is closed.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(mock: Mock, address: SocketAddr) -> std::io::Result<Server> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(accept(mock, listener, stopped));
        Ok(Server {
            address,
            stop: Some(stop),
            task,
        })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://` and the address: the base URL for a client.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes the port, lets open requests finish, and returns when all is done.
    pub async fn shutdown(mut self) {
        drop(self.stop.take());
        // It ends by itself now; a panic in it was reported when it happened.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    /// Waits for nothing: the accepting task ends when it sees the dropped
    /// channel.
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

async fn accept(mock: Mock, listener: TcpListener, mut stopped: oneshot::Receiver<()>) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // One connection that failed early, or no descriptor free just
                // now: neither is the end of the service.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
            _ = &mut stopped => break,
        };
        // Small answers, one after another: waiting to fill a packet only delays.
        let _ = stream.set_nodelay(true);
        let mock = mock.clone();
        let service = service_fn(move |request| answer(mock.clone(), request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        let watched = graceful.watch(connection);
        connections.spawn(async move {
            // A client that breaks off is the client's business.
            let _ = watched.await;
        });
    }
    drop(listener);
    // Idle connections end at once; the others get a moment, and no more.
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    connections.shutdown().await;
}

async fn answer(
    mock: Mock,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    // Too long by its own word: nothing of it is read.
    let declared = body.size_hint().lower();
    let body = match usize::try_from(declared) {
        Ok(0..=BODY_LIMIT) => Limited::new(body, BODY_LIMIT).collect().await.ok(),
        _ => None,
    };
    let answer = match body {
        Some(body) => mock.handle(&Request::from_parts(head, body.to_bytes())),
        None => {
            let mut answer = Response::new(Bytes::from_static(
                br#"{"code":1200,"message":"the request body is too large or broke off"}"#,
            ));
            *answer.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            let content_type = http::HeaderValue::from_static("application/json");
            answer
                .headers_mut()
                .insert(http::header::CONTENT_TYPE, content_type);
            answer
        }
    };
    Ok(answer.map(Full::new))
}
