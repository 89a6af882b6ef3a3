//! The alternatives that the project is compared with.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use wiremock::matchers::{self, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A minimal service: a map with the number of queries of each task.
#[derive(Clone)]
struct Bare {
    key: &'static str,
    tasks: Arc<Mutex<HashMap<String, u32>>>,
}

pub(crate) fn router(key: &'static str) -> Router {
    let state = Bare {
        key,
        tasks: Arc::default(),
    };
    routes(state)
}

fn routes(state: Bare) -> Router {
    Router::new()
        .route("/kling/v1/videos/effects", post(create))
        .route("/kling/v1/videos/effects/{id}", get(query))
        .with_state(state)
}

impl Bare {
    fn knows(&self, headers: &HeaderMap) -> bool {
        let given = headers.get("authorization").and_then(|it| it.to_str().ok());
        given.and_then(|it| it.strip_prefix("Bearer ")) == Some(self.key)
    }
}

fn task(id: &str, status: &str, result: &Value) -> Response {
    let task = json!({
        "task_id": id,
        "task_status": status,
        "task_info": {},
        "task_result": result,
        "created_at": 1_767_225_600_000_u64,
        "updated_at": 1_767_225_600_000_u64,
    });
    let body = json!({"code": 0, "message": "SUCCEED", "request_id": "0", "data": task});
    axum::Json(body).into_response()
}

async fn create(State(bare): State<Bare>, headers: HeaderMap, body: axum::Json<Value>) -> Response {
    if !bare.knows(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if body.get("effect_scene").is_none() || body.pointer("/input/image").is_none() {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let mut tasks = bare.tasks.lock().unwrap_or_else(PoisonError::into_inner);
    let id = (2_006_655_600_000_000_000 + tasks.len()).to_string();
    tasks.insert(id.clone(), 0);
    task(&id, "submitted", &json!({}))
}

async fn query(State(bare): State<Bare>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if !bare.knows(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mut tasks = bare.tasks.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(reads) = tasks.get_mut(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    *reads = reads.saturating_add(1);
    match *reads {
        1 => task(&id, "submitted", &json!({})),
        2 => task(&id, "processing", &json!({})),
        _ => {
            let video = json!({"id": "1", "url": "http://mock.test/a.mp4", "duration": "5"});
            task(&id, "succeed", &json!({"videos": [video]}))
        }
    }
}

/// Runs a server on a new thread until the process exits; returns its address.
pub(crate) fn on_thread<S>(serve: S) -> SocketAddr
where
    S: AsyncFnOnce(Box<dyn FnOnce(SocketAddr)>) + Send + 'static,
{
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        crate::mock::block_on(serve(Box::new(move |address| {
            let _ = tell.send(address);
        })));
    });
    #[allow(clippy::expect_used)] // Without a server there is nothing to measure.
    told.recv().expect("a server")
}

/// The minimal service on a socket, and the id of a task that has ended.
pub(crate) fn axum_server(key: &'static str) -> (SocketAddr, String) {
    let id = "2006655600000000000".to_owned();
    let bare = Bare {
        key,
        tasks: Arc::new(Mutex::new(HashMap::from([(id.clone(), 3)]))),
    };
    let address = on_thread(async move |ready| {
        let router = routes(bare);
        if let Ok(listener) = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await
            && let Ok(address) = listener.local_addr()
        {
            ready(address);
            let _ = axum::serve(listener, router).await;
        }
    });
    (address, id)
}

/// A wiremock server with this answer.
pub(crate) fn wiremock_server(at: &str) -> SocketAddr {
    let at = at.to_owned();
    on_thread(async move |ready| {
        let server = wiremock_with(&at).await;
        ready(*server.address());
        std::future::pending::<()>().await;
    })
}

/// The lifecycle of a task as wiremock mocks: a create, two intermediate states and the
/// terminal one, each of which requires the key.
async fn wiremock_with(at: &str) -> MockServer {
    let server = MockServer::start().await;
    let created = at.rsplit_once('/').map_or(at, |(path, _)| path);
    for (verb, path, status, times) in [
        ("POST", created, "submitted", None),
        ("GET", at, "submitted", Some(1)),
        ("GET", at, "processing", Some(1)),
        ("GET", at, "succeed", None),
    ] {
        let mut answer = ended();
        answer["data"]["task_status"] = json!(status);
        let mock = Mock::given(method(verb))
            .and(matchers::path(path))
            .and(matchers::header("authorization", "Bearer KEY"))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer));
        match times {
            Some(times) => mock.up_to_n_times(times).mount(&server).await,
            None => mock.mount(&server).await,
        }
    }
    server
}

/// An httpmock server with a task that has ended, which requires the key.
pub(crate) fn httpmock_server(at: &str) -> SocketAddr {
    let at = at.to_owned();
    on_thread(async move |ready| {
        let server = httpmock::MockServer::start_async().await;
        let ended = server.mock_async(|when, then| {
            when.method(httpmock::Method::GET)
                .path(at)
                .header("authorization", "Bearer KEY");
            then.status(200).json_body(ended());
        });
        ended.await;
        ready(*server.address());
        std::future::pending::<()>().await;
    })
}

/// The answer for a succeeded task.
fn ended() -> Value {
    let video = json!({"id": "1", "url": "http://mock.test/a.mp4", "duration": "5"});
    json!({
        "code": 0, "message": "SUCCEED", "request_id": "0",
        "data": {
            "task_id": "2006655600000000000", "task_status": "succeed", "task_info": {},
            "task_result": {"videos": [video]},
            "created_at": 1_767_225_600_000_u64, "updated_at": 1_767_225_600_000_u64,
        },
    })
}

/// The bytes that wiremock retains per request.
#[allow(clippy::cast_precision_loss)] // Far below 2^53.
pub(crate) fn wiremock_memory(requests: usize) -> f64 {
    use std::io::{Read as _, Write as _};
    let address = wiremock_server("/x/1");
    let ask = |times: usize| -> std::io::Result<()> {
        let mut stream = std::net::TcpStream::connect(address)?;
        let mut buffer = [0; 4096];
        for _ in 0..times {
            stream.write_all(
                format!(
                    "GET /x/1 HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer KEY\r\n\r\n"
                )
                .as_bytes(),
            )?;
            // Answers are short, so that one read usually returns the whole answer.
            let _ = stream.read(&mut buffer)?;
        }
        Ok(())
    };
    let _ = ask(100);
    let before = crate::measure::resident();
    let _ = ask(requests);
    (crate::measure::resident() - before) / requests as f64
}
