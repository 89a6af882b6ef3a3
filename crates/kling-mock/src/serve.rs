//! The mock on a socket. This is the only file that names the HTTP server library.

use std::io::IoSlice;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Collected, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::delivery::{BrokenOff, DeliveredBody};
use crate::engine::{BODY_LIMIT, Incomplete, Reply};
use crate::fault::Ending;
use crate::mock::Mock;

/// How long open connections may take to finish.
const GRACE: Duration = Duration::from_secs(2);

/// A [`Mock`] on a socket. Dropping it closes the port as soon as the runtime runs
/// the task; [`shutdown`](Self::shutdown) waits until it is closed.
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
        mock.go_outside();
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

    /// Closes the port, lets open requests finish, and returns when they have.
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
                // A connection that failed early, or too many open files: the service
                // continues.
                Err(_) => {
                    sleep(Duration::from_millis(10)).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
            _ = &mut stopped => break,
        };
        // Small answers, one after another: waiting to fill a packet only delays.
        let _ = stream.set_nodelay(true);
        let mock = mock.clone();
        let resets = Arc::new(AtomicBool::new(false));
        let io = Connection {
            stream,
            resets: Arc::clone(&resets),
        };
        let service = service_fn(move |request| answer(mock.clone(), Arc::clone(&resets), request));
        // Without an idle timeout: it would cost a timer per request.
        let connection = http1::Builder::new().serve_connection(TokioIo::new(io), service);
        let watched = graceful.watch(connection);
        connections.spawn(async move {
            // A client that closes the connection is not an error.
            let _ = watched.await;
        });
    }
    drop(listener);
    // Idle connections are closed at once; others get a grace period.
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    connections.shutdown().await;
}

/// A connection that a fault may end with a reset.
struct Connection {
    stream: TcpStream,
    resets: Arc<AtomicBool>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.resets.load(Ordering::Relaxed) {
            // Without lingering, closing sends RST in place of FIN.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buffer)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if self.resets.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Answers a request; an error ends the connection without an answer.
async fn answer(
    mock: Mock,
    resets: Arc<AtomicBool>,
    request: Request<Incoming>,
) -> Result<Response<DeliveredBody>, BrokenOff> {
    let (head, body) = request.into_parts();
    let read = match usize::try_from(body.size_hint().lower()) {
        _ if body.is_end_stream() => Ok(Bytes::new()),
        Ok(0..=BODY_LIMIT) => {
            let read = Limited::new(body, BODY_LIMIT).collect().await;
            read.map(Collected::to_bytes).map_err(|error| {
                if error.is::<LengthLimitError>() {
                    Incomplete::TooLarge
                } else {
                    Incomplete::BrokenOff
                }
            })
        }
        // It announces too much: nothing of it is read.
        _ => Err(Incomplete::TooLarge),
    };
    let Reply {
        mut answer,
        delivery,
    } = match read {
        Ok(body) => mock.answer(Request::from_parts(head, body)).await,
        Err(why) => mock.refuse_incomplete(&Request::from_parts(head, Bytes::new()), why),
    };
    if !delivery.delay.is_zero() {
        sleep(delivery.delay).await;
    }
    match delivery.ending {
        Ending::Whole => {}
        Ending::Truncate(_) => {
            // The head announces the whole body, also in answer to `HEAD`.
            let length = HeaderValue::from(answer.body().len());
            let headers = answer.headers_mut();
            headers.entry(CONTENT_LENGTH).or_insert(length);
        }
        Ending::Reset => {
            resets.store(true, Ordering::Relaxed);
            return Err(BrokenOff);
        }
        Ending::CloseBeforeHead => return Err(BrokenOff),
        Ending::Hang => std::future::pending().await,
    }
    Ok(answer.map(|whole| DeliveredBody::new(whole, &delivery)))
}
