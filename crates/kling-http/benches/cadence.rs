//! What a cadence costs and brings: `cargo bench -p kling-http --bench cadence`.
//!
//! The real client watches thousands of tasks in virtual time, with log-normal
//! run times. Counts, not times, and seeded: the same on every run. It fails
//! if the learned cadence, after 20 tasks, needs a third of the queries of a
//! fixed 5 s or notices the end more than 5 s late on average.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use fastrand::Rng;
use kling_http::{
    Cadence, Client, Clock as _, Credentials, EffectRequest, Growing, ImageSource, PollPolicy,
    Provider, Scene, TokioClock, transport_fn,
};
use serde_json::json;
use tokio::time::Instant;

const SPREAD: f64 = 0.4;
const TASKS: u32 = 2_000;
const START: u64 = 1_767_225_600;

fn main() -> ExitCode {
    fastrand::seed(3); // What jitter is made of.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(compare())
}

async fn compare() -> ExitCode {
    let every = |seconds| PollPolicy::every(Duration::from_secs(seconds));
    let growing = PollPolicy {
        cadence: Cadence::Growing(Growing {
            initial: Duration::from_secs(5),
            factor: 1.3,
            max_interval: Duration::from_secs(60),
            jitter: 0.1,
        }),
        ..PollPolicy::default()
    };
    println!("| median | cadence | queries a task | of fixed 5 s | mean lateness |");
    println!("|---|---|---|---|---|");
    let mut within = true;
    for median in [120.0, 200.0, 320.0] {
        let fixed = measure(median, every(5), 0).await;
        for (name, policy, seen, judged) in [
            ("fixed 5 s", every(5), 0, false),
            ("fixed 10 s", every(10), 0, false),
            ("growing 5 s x 1.3 to 60 s", growing, 0, false),
            ("learned, cold", PollPolicy::default(), 0, false),
            ("learned, 1 seen", PollPolicy::default(), 1, false),
            ("learned, 5 seen", PollPolicy::default(), 5, false),
            ("learned, 20 seen", PollPolicy::default(), 20, true),
        ] {
            let Cost { queries, lateness } = measure(median, policy, seen).await;
            let share = queries / fixed.queries;
            println!("| {median} s | {name} | {queries:.2} | {share:.3} | {lateness:.2} s |");
            within &= !judged || (share < 1.0 / 3.0 && lateness <= 5.0);
        }
    }
    if within {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

struct Cost {
    queries: f64,
    lateness: f64,
}

/// The mean cost of one task for clients that have seen so many.
async fn measure(median: f64, policy: PollPolicy, seen: u32) -> Cost {
    // Every cadence gets the same tasks to watch.
    let (mut watched, mut before) = (Rng::with_seed(1), Rng::with_seed(2));
    let (mut queries, mut lateness) = (0.0, 0.0);
    for _ in 0..TASKS {
        let service = Service::default();
        let client = service.client(policy);
        for _ in 0..seen {
            watch(&service, &client, log_normal(&mut before, median)).await;
        }
        service.queries.store(0, Ordering::Relaxed);
        let run_time = log_normal(&mut watched, median);
        lateness += watch(&service, &client, run_time).await.as_secs_f64();
        #[allow(clippy::cast_precision_loss)] // A few dozen.
        let asked = service.queries.load(Ordering::Relaxed) as f64;
        queries += asked;
    }
    Cost {
        queries: queries / f64::from(TASKS),
        lateness: lateness / f64::from(TASKS),
    }
}

/// How late the end of a task is noticed.
async fn watch(service: &Service, client: &Client, run_time: Duration) -> Duration {
    *service.run_time.lock().unwrap() = Some((Instant::now(), run_time));
    let image = ImageSource::url("https://example.com/me.jpg");
    let request = EffectRequest::single(Scene::COLOR_MIXING, image);
    let begun = Instant::now();
    let task = client.effects().create(request).await.unwrap();
    task.wait().await.unwrap();
    begun.elapsed().saturating_sub(run_time)
}

fn log_normal(rng: &mut Rng, median: f64) -> Duration {
    // Box and Muller's.
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    let normal = radius * (std::f64::consts::TAU * rng.f64()).cos();
    Duration::from_secs_f64(median * (SPREAD * normal).exp())
}

/// A service with one task at a time.
#[derive(Clone, Default)]
struct Service {
    run_time: Arc<Mutex<Option<(Instant, Duration)>>>,
    queries: Arc<AtomicU64>,
}

impl Service {
    fn client(&self, policy: PollPolicy) -> Client {
        let service = self.clone();
        let clock = TokioClock::starting_at(UNIX_EPOCH + Duration::from_secs(START));
        let transport = transport_fn(move |request: http::Request<Bytes>| {
            if request.method() == http::Method::GET {
                service.queries.fetch_add(1, Ordering::Relaxed);
            }
            let (created, run_time) = service.run_time.lock().unwrap().unwrap();
            let millis = |wall: std::time::SystemTime| {
                u64::try_from(wall.duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
            };
            let created_at = millis(clock.now() - created.elapsed());
            let ended = created.elapsed() >= run_time;
            let updated_at = created_at + u64::try_from(run_time.as_millis()).unwrap();
            let task = if ended {
                json!({
                    "task_id": "7", "task_status": "succeed",
                    "created_at": created_at, "updated_at": updated_at,
                    "task_result": {"videos": [{"id": "8", "url": "https://cdn.example.com/v.mp4"}]},
                })
            } else {
                json!({
                    "task_id": "7", "task_status": "processing",
                    "created_at": created_at, "updated_at": created_at + 2_000,
                })
            };
            let body = json!({"code": 0, "message": "SUCCEED", "data": task}).to_string();
            async move { Ok(http::Response::new(Bytes::from(body).into())) }
        });
        Client::builder(Provider::kling(), Credentials::api_key("k"))
            .transport(transport)
            .clock(clock)
            .poll(policy)
            .build()
            .unwrap()
    }
}
