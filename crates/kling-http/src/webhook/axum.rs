//! The axum handler. This is the only file of this crate that names axum.

use std::future::Future;
use std::sync::Arc;

use ::axum::body::to_bytes;
use ::axum::extract::Request;
use ::axum::routing::{MethodRouter, post};
use http::StatusCode;

use super::{Delivery, Receiver, WebhookError};
use crate::clock::Clock;

/// A route that receives deliveries by `POST` and hands each accepted one over.
/// It answers 200 as soon as `deliver` has returned, to duplicates as well, and
/// otherwise what [`WebhookError::status`] says, with the reason as text.
///
/// ```
/// use kling_http::webhook::{Receiver, axum_route};
/// use kling_http::{Client, SystemClock};
///
/// fn app(client: Client, receiver: Receiver) -> axum::Router {
///     let route = axum_route(receiver, SystemClock, move |delivery| {
///         client.effects().notify(delivery.callback());
///         async {}
///     });
///     axum::Router::new().route("/callbacks/a-token-of-yours", route)
/// }
/// ```
pub fn axum_route<S, F, Fut>(receiver: Receiver, clock: impl Clock, deliver: F) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
    F: Fn(Delivery) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    let shared = Arc::new((receiver, clock));
    post(move |request: Request| async move {
        let (receiver, clock) = &*shared;
        let (parts, body) = request.into_parts();
        let delivery = match to_bytes(body, receiver.body_limit()).await {
            Ok(body) => receiver.receive(&parts.headers, &body, clock.now()),
            Err(error) => Err(unread(&error, receiver.body_limit())),
        };
        match delivery {
            Ok(delivery) => {
                deliver(delivery).await;
                (StatusCode::OK, String::new())
            }
            Err(error) => (error.status(), error.to_string()),
        }
    })
}

/// A body that was too long, or broke off.
fn unread(error: &::axum::Error, limit: usize) -> WebhookError {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return WebhookError::TooLarge { limit };
        }
        cause = error.source();
    }
    WebhookError::Broken
}
