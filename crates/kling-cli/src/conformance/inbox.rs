//! The HTTP endpoint to which a server under test posts its callbacks.

use std::net::SocketAddr;

use axum::body::Bytes;
use http::{HeaderMap, StatusCode};
use kling_conformance::Inbox;

/// Listens for as long as the program runs.
pub(super) async fn open(address: SocketAddr, url: Option<&str>) -> Result<Inbox, String> {
    let fault = |error| format!("--callback-listen: {address} can't be listened on: {error}");
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    let own = format!("http://{address}/callback");
    let inbox = Inbox::new(url.unwrap_or(&own));
    let taken = inbox.clone();
    let receive = async move |headers: HeaderMap, body: Bytes| {
        taken.receive(headers, body);
        StatusCode::OK
    };
    let app = axum::Router::new().fallback(receive);
    drop(tokio::spawn(
        async move { axum::serve(listener, app).await },
    ));
    Ok(inbox)
}
