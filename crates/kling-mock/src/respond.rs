//! The mock as a responder of a wiremock server. This is the only file that names
//! wiremock.

use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{StatusCode, Uri};
use wiremock::{Request, Respond, ResponseTemplate};

use crate::engine::Reply;
use crate::fault::Ending;
use crate::mock::Mock;

/// The fake service as a wiremock responder, to be mounted in an existing
/// [`wiremock::MockServer`]. Requires the feature `wiremock`.
///
/// ```
/// use kling_mock::{Mock, Plan};
/// use wiremock::matchers::path_regex;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = wiremock::MockServer::start().await;
/// let mock = Mock::builder().plan(Plan::instant()).build();
/// for paths in ["^/kling/v1/videos/effects", "^/assets/"] {
///     let given = wiremock::Mock::given(path_regex(paths));
///     given.respond_with(mock.respond()).mount(&server).await;
/// }
/// // The client under test gets `server.uri()` and `mock.api_key()`, and:
/// # use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
/// # let body = r#"{"effect_scene":"color_mixing","input":{"image":"https://example.com/me.jpg","duration":"5"}}"#;
/// # let request = format!(
/// #     "POST /kling/v1/videos/effects HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
/// #     mock.api_key(), body.len()
/// # );
/// # let mut stream = tokio::net::TcpStream::connect(server.address()).await?;
/// # stream.write_all(request.as_bytes()).await?;
/// # let mut answer = String::new();
/// # stream.read_to_string(&mut answer).await?;
/// # assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
/// assert_eq!(mock.charges().len(), 1);
/// # Ok(())
/// # }
/// ```
///
/// The service's paths are those of the [profile](crate::Profile): below `/kling`
/// for CometAPI, below `/v1` for Kling; results are below `/assets/`. A path that
/// is not mounted is answered by wiremock.
///
/// # What wiremock cannot
///
/// A fault either acts exactly or is refused. `hang` and delays act, on wiremock's
/// own runtime, whose time can't be paused. Because a responder can't wait, a delay
/// before the service acts becomes one after it. `reset`, `close`, `truncate`,
/// `slow` and `chunk` need the connection, which wiremock does not expose: they are
/// answered with HTTP 501 and a message that says so. Their effect on the service's
/// state still happens, and the journal shows what was to be sent. Use
/// [`Mock::serve`] for these.
///
/// The control interface, `/__mock`, is not available here: call the methods of
/// [`Mock`], or start a [`Mock::serve`] beside it, which leads to the same service.
///
/// wiremock also normalises paths first (`/a/../b` becomes `/b`), reads bodies of
/// any length, and keeps every request in memory.
#[derive(Debug, Clone)]
pub struct MockResponder(Mock);

/// Longer than any test runs.
const FOR_EVER: Duration = Duration::from_secs(u32::MAX as u64);

impl MockResponder {
    pub(crate) fn new(mock: Mock) -> Self {
        MockResponder(mock)
    }
}

impl Respond for MockResponder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let Reply { answer, delivery } = self.0.answer_at_once(&translated(request));
        let (head, body) = answer.into_parts();
        let whole = || {
            ResponseTemplate::new(head.status)
                .append_headers(&head.headers)
                .set_body_bytes(body)
        };
        match delivery.ending {
            Ending::Whole if delivery.pace.is_none() => whole().set_delay(delivery.delay),
            Ending::Hang => whole().set_delay(FOR_EVER),
            Ending::Whole | Ending::Truncate(_) => cannot("send a body in pieces or in part"),
            Ending::Reset | Ending::CloseBeforeHead => cannot("end a connection"),
        }
    }
}

/// The request in the engine's form.
fn translated(request: &Request) -> http::Request<Bytes> {
    let mut translated = http::Request::new(Bytes::copy_from_slice(&request.body));
    *translated.method_mut() = request.method.clone();
    *translated.headers_mut() = request.headers.clone();
    // wiremock makes up a host if the request's line has none: then the header
    // says where links are to lead.
    let url = if request.headers.contains_key(HOST) {
        let query = request.url.query();
        let query = query.map_or_else(String::new, |query| format!("?{query}"));
        format!("{}{query}", request.url.path())
    } else {
        request.url.to_string()
    };
    if let Ok(uri) = url.parse::<Uri>() {
        *translated.uri_mut() = uri;
    }
    translated
}

fn cannot(what: &str) -> ResponseTemplate {
    ResponseTemplate::new(StatusCode::NOT_IMPLEMENTED).set_body_string(format!(
        "kling-mock: the fault that acts here would {what}, which wiremock cannot: \
         reach the fake through Mock::serve in its place"
    ))
}
