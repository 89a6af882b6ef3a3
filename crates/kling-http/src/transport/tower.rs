//! A tower service as a transport. This is the only file that names tower.

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use ::tower_service::Service;
use bytes::{Buf, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::{Body, Transport, TransportError, TransportErrorKind};

type BoxError = Box<dyn StdError + Send + Sync>;

/// Sends requests through a [tower](https://docs.rs/tower-service) service with any
/// layers, such as hyper-util's client or a router in the same process.
///
/// Each request goes through its own clone of the service, whose `poll_ready` is called
/// first, as tower requires. Layers must not send a request twice: see [`Transport`].
///
/// ```
/// use std::convert::Infallible;
/// use std::future::{Ready, ready};
/// use std::task::{Context, Poll};
///
/// use kling_http::{Body, Client, Credentials, Provider, TowerTransport};
///
/// #[derive(Clone)]
/// struct Teapot;
///
/// impl tower_service::Service<http::Request<Body>> for Teapot {
///     type Response = http::Response<Body>;
///     type Error = Infallible;
///     type Future = Ready<Result<Self::Response, Infallible>>;
///
///     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn call(&mut self, _: http::Request<Body>) -> Self::Future {
///         let mut answer = http::Response::new(Body::empty());
///         *answer.status_mut() = http::StatusCode::IM_A_TEAPOT;
///         ready(Ok(answer))
///     }
/// }
///
/// let client = Client::builder(Provider::comet(), Credentials::api_key("sk-test"))
///     .transport(TowerTransport::new(Teapot))
///     .build()?;
/// # Ok::<(), kling_http::Error>(())
/// ```
pub struct TowerTransport<S> {
    // A mutex because many services are not `Sync`; it is only locked to clone.
    service: Mutex<S>,
    kind_of: fn(&(dyn StdError + 'static)) -> TransportErrorKind,
}

impl<S> TowerTransport<S> {
    /// Sends through clones of this service.
    ///
    /// An error of `poll_ready` means that nothing was sent. An error of `call` counts as
    /// [`TransportErrorKind::Broken`], unless it is a [`TransportError`], which has its
    /// own kind, or [`kind_of`](Self::kind_of) classifies it.
    pub fn new(service: S) -> Self {
        TowerTransport {
            service: Mutex::new(service),
            kind_of: |_| TransportErrorKind::Broken,
        }
    }

    /// How far a request got, told from the service's error. Say
    /// [`Connect`](TransportErrorKind::Connect) only where certainly nothing was
    /// sent: a create is then sent again.
    pub fn kind_of(mut self, kind_of: fn(&(dyn StdError + 'static)) -> TransportErrorKind) -> Self {
        self.kind_of = kind_of;
        self
    }

    fn after_sending(&self, error: BoxError) -> TransportError {
        match error.downcast::<TransportError>() {
            Ok(error) => *error,
            Err(error) => TransportError::new((self.kind_of)(&*error), error),
        }
    }
}

impl<S, B> Transport for TowerTransport<S>
where
    S: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: HttpBody + Send + 'static,
    B::Error: Into<BoxError>,
{
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Body>, TransportError> {
        // `call` must be called on the clone that reported to be ready.
        let mut service = self
            .service
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        poll_fn(|cx| service.poll_ready(cx))
            .await
            .map_err(|error| TransportError::new(TransportErrorKind::Connect, error))?;
        let answer = service.call(request.map(Body::from)).await;
        let answer = answer.map_err(|error| self.after_sending(error.into()))?;
        Ok(answer.map(|body| Body::new(Incoming(Box::pin(body)))))
    }
}

impl<S> fmt::Debug for TowerTransport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TowerTransport")
    }
}

/// Any body, with [`TransportError`] as its error and [`Bytes`] as its data.
struct Incoming<B>(Pin<Box<B>>);

impl<B> HttpBody for Incoming<B>
where
    B: HttpBody,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let frame = ready!(self.0.as_mut().poll_frame(cx));
        Poll::Ready(frame.map(|frame| match frame {
            Ok(frame) => Ok(frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))),
            Err(error) => Err(TransportError::new(TransportErrorKind::Broken, error)),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
