//! The mock in process, as a `Transport`.

use bytes::Bytes;
use http_body_util::BodyExt as _;
use kling_http::{Body, Transport, TransportError, TransportErrorKind};
use tokio::time::sleep;

use crate::delivery::DeliveredBody;
use crate::fault::Ending;
use crate::mock::Mock;

/// A [`Transport`] that leads directly to a [`Mock`], whatever host a request
/// names. Answers take no time unless a fault delays them.
#[derive(Debug, Clone)]
pub struct MockTransport(Mock);

impl MockTransport {
    pub(crate) fn new(mock: Mock) -> Self {
        MockTransport(mock)
    }
}

impl Transport for MockTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Body>, TransportError> {
        let reply = self.0.answer(request).await;
        let delivery = reply.delivery;
        if !delivery.delay.is_zero() {
            sleep(delivery.delay).await;
        }
        let broken = |text: &str| TransportError::new(TransportErrorKind::Broken, text);
        match delivery.ending {
            Ending::Reset => Err(broken("connection reset by the fake service")),
            Ending::CloseBeforeHead => Err(broken("connection closed by the fake service")),
            Ending::Hang => std::future::pending().await,
            Ending::Whole if delivery.pace.is_none() => Ok(reply.answer.map(Body::from)),
            Ending::Whole | Ending::Truncate(_) => Ok(reply.answer.map(|whole| {
                let body = DeliveredBody::new(whole, &delivery);
                Body::new(
                    body.map_err(|error| TransportError::new(TransportErrorKind::Broken, error)),
                )
            })),
        }
    }
}
