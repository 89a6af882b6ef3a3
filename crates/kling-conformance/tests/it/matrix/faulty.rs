//! Services with one defect, which is injected between the suite and the fake service.

use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use kling_conformance::Host;
use kling_http::{Body, SharedTransport, Transport, transport_fn};
use serde_json::{Value, json};

/// A defect: its name, the host, the check that must detect it, and the change.
pub(super) type Row = (&'static str, Host, &'static str, Fault);

/// An answer of the fake service, to be changed.
pub(super) struct Answer {
    pub(super) method: Method,
    pub(super) path: String,
    /// Whether the request is from the account with two slots.
    pub(super) small: bool,
    /// The number of earlier requests, and of earlier creates of the small account.
    pub(super) n: i64,
    pub(super) small_creates: i64,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
    /// The number of bytes to cut off from the end of a body that is not JSON.
    pub(super) cut: usize,
}

impl Answer {
    /// The task, or each task of a list.
    pub(super) fn tasks(&mut self) -> Vec<&mut Value> {
        match self.body.get_mut("data") {
            Some(Value::Array(items)) => items.iter_mut().collect(),
            Some(task @ Value::Object(_)) => vec![task],
            _ => Vec::new(),
        }
    }

    pub(super) fn is_error(&self) -> bool {
        self.status.as_u16() >= 400 && self.body.is_object()
    }

    pub(super) fn is(&self, method: &Method) -> bool {
        self.method == *method && self.body["data"].is_object()
    }

    pub(super) fn refuse(&mut self, status: u16, code: i64) {
        self.status = StatusCode::from_u16(status).unwrap();
        self.body = json!({"code": code, "message": "no", "request_id": "r"});
    }
}

#[expect(clippy::enum_variant_names, reason = "used without the type")]
pub(super) enum Fault {
    /// Changes the request.
    ChangeRequest(fn(&mut Request<Bytes>)),
    /// Changes the request's JSON.
    ChangeBody(fn(&mut Value)),
    /// Changes the answer.
    ChangeAnswer(fn(&mut Answer)),
    /// Changes the callback, or drops it by returning false.
    ChangeCallback(fn(&mut HeaderMap, &mut Bytes) -> bool),
}
pub(super) use Fault::{ChangeAnswer, ChangeBody, ChangeCallback, ChangeRequest};

pub(super) fn answers(
    fault: &'static Fault,
) -> Box<dyn FnOnce(SharedTransport) -> SharedTransport> {
    static SMALL: &str = "Bearer sk-conformance-small";
    Box::new(move |inner| {
        let counts: &'static [AtomicI64; 2] = Box::leak(Box::default());
        SharedTransport::new(transport_fn(move |mut request: Request<Bytes>| {
            let inner = inner.clone();
            async move {
                match fault {
                    ChangeRequest(change) => change(&mut request),
                    ChangeBody(change) => {
                        if let Ok(mut body) = serde_json::from_slice(request.body()) {
                            change(&mut body);
                            *request.body_mut() = body.to_string().into();
                        }
                    }
                    _ => {}
                }
                let (method, path) = (request.method().clone(), request.uri().path().to_owned());
                let key = request.headers().get(header::AUTHORIZATION);
                let small = key.is_some_and(|key| key == SMALL);
                let n = counts[0].fetch_add(1, Ordering::Relaxed);
                let add = i64::from(small && method == Method::POST);
                let small_creates = counts[1].fetch_add(add, Ordering::Relaxed);
                let (mut head, body) = inner.send(request).await?.into_parts();
                let body = body.collect(usize::MAX).await?;
                let ChangeAnswer(change) = fault else {
                    return Ok(http::Response::from_parts(head, Body::from(body)));
                };
                let json = serde_json::from_slice::<Value>(&body);
                let is_json = json.is_ok();
                let mut answer = Answer {
                    method,
                    path,
                    small,
                    n,
                    small_creates,
                    status: head.status,
                    headers: head.headers,
                    body: json.unwrap_or_default(),
                    cut: 0,
                };
                change(&mut answer);
                (head.status, head.headers) = (answer.status, answer.headers);
                let body = if is_json || !answer.body.is_null() {
                    answer.body.to_string().into()
                } else {
                    body.slice(..body.len().saturating_sub(answer.cut))
                };
                Ok(http::Response::from_parts(head, Body::from(body)))
            }
        }))
    })
}

pub(super) fn callbacks(
    fault: &'static Fault,
) -> Box<dyn FnOnce(SharedTransport) -> SharedTransport> {
    Box::new(move |inner| {
        SharedTransport::new(transport_fn(move |request: Request<Bytes>| {
            let inner = inner.clone();
            async move {
                let (mut head, mut body) = request.into_parts();
                if let ChangeCallback(change) = fault
                    && !change(&mut head.headers, &mut body)
                {
                    return Ok(http::Response::new(Body::from(Bytes::new())));
                }
                inner.send(Request::from_parts(head, body)).await
            }
        }))
    })
}

pub(super) fn each(answer: &mut Answer, change: fn(&mut Value)) {
    answer.tasks().into_iter().for_each(change);
}

pub(super) fn shift(task: &mut Value, member: &str, by: i64) {
    if let Some(at) = task[member].as_i64() {
        task[member] = json!(at + by);
    }
}

pub(super) fn in_body(body: &mut Bytes, change: fn(&mut Value)) {
    let mut json: Value = serde_json::from_slice(body).unwrap();
    change(&mut json);
    *body = json.to_string().into();
}

pub(super) fn uri(request: &mut Request<Bytes>, from: &str, to: &str) {
    *request.uri_mut() = request.uri().to_string().replace(from, to).parse().unwrap();
}
