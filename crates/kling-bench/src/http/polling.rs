//! The queries and the delay of polling schedules: the client waits for thousands of tasks
//! with log-normal run times, in virtual time. The results are counts with fixed seeds, so
//! every run is the same.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use fastrand::Rng;
use kling_http::{
    Backoff, Client, Clock as _, Credentials, EffectRequest, ImageSource, PollPolicy, PollSchedule,
    Provider, Scene, TokioClock, transport_fn,
};
use serde_json::json;
use tokio::time::Instant;

use crate::measure::size;
use crate::report::{Goal, Report, Row};

/// The standard deviation of the logarithm of the run times.
const SPREAD: f64 = 0.4;
/// A debug build measures only the schedules that have a goal.
const TASKS: u32 = size(2_000, 200);
const START: u64 = 1_767_225_600;

/// The maximum number of queries, as a share of that with a fixed interval of 5 s, and the
/// maximum average delay until the end is noticed, in seconds.
const MAX_SHARE: f64 = 1.0 / 3.0;
const MAX_DELAY: f64 = 5.0;

pub(crate) fn run(report: &mut Report) {
    fastrand::seed(3); // For the jitter.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    let Ok(runtime) = runtime else { return };
    let every = |seconds| PollPolicy::every(Duration::from_secs(seconds));
    let backoff = PollPolicy {
        schedule: PollSchedule::Backoff(Backoff {
            initial: Duration::from_secs(5),
            factor: 1.3,
            max_interval: Duration::from_secs(60),
            jitter: 0.1,
        }),
        ..PollPolicy::default()
    };
    let adaptive = PollPolicy::default();
    let schedules = [
        ("fixed 10 s", every(10), 0),
        ("backoff from 5 s by 1.3 to 60 s", backoff, 0),
        ("adaptive, without history", adaptive, 0),
        ("adaptive, after 1 task", adaptive, 1),
        ("adaptive, after 5 tasks", adaptive, 5),
        ("adaptive, after 20 tasks", adaptive, 20),
    ];
    for median in [120.0, 200.0, 320.0] {
        let measure = |policy, seen| runtime.block_on(measure(median, policy, seen));
        let fixed = measure(every(5), 0);
        for (name, policy, seen) in schedules {
            let has_goal = name.starts_with("adaptive") && (seen == 0 || seen == 20);
            if cfg!(debug_assertions) && seen != 20 {
                continue;
            }
            let Cost { queries, delay } = measure(policy, seen);
            let share = queries / fixed.queries;
            report.add(Row {
                what: format!("schedule: queries per task, median {median} s, {name}"),
                unit: "queries",
                ours: queries,
                baseline: Some(("fixed 5 s", fixed.queries)),
                ratio: Some((share, 0.0)),
                goal: if has_goal {
                    Goal::RatioAtMost(MAX_SHARE)
                } else {
                    Goal::None
                },
            });
            report.add(Row {
                what: format!(
                    "schedule: delay until the end is noticed, median {median} s, {name}"
                ),
                unit: "s",
                ours: delay,
                baseline: Some(("fixed 5 s", fixed.delay)),
                ratio: None,
                goal: if has_goal {
                    Goal::AtMost(MAX_DELAY)
                } else {
                    Goal::None
                },
            });
        }
    }
}

#[derive(Clone, Copy)]
struct Cost {
    queries: f64,
    delay: f64,
}

/// The mean cost of a task for clients whose history has this many tasks.
async fn measure(median: f64, policy: PollPolicy, seen: u32) -> Cost {
    // Every schedule gets the same tasks.
    let (mut watched, mut before) = (Rng::with_seed(1), Rng::with_seed(2));
    let (mut queries, mut delay) = (0.0, 0.0);
    for _ in 0..TASKS {
        let service = Service::default();
        let Some(client) = service.client(policy) else {
            continue;
        };
        for _ in 0..seen {
            watch(&service, &client, log_normal(&mut before, median)).await;
        }
        service.queries.store(0, Ordering::Relaxed);
        let run_time = log_normal(&mut watched, median);
        let late = watch(&service, &client, run_time).await;
        delay += late.map_or(f64::NAN, |late| late.as_secs_f64());
        #[allow(clippy::cast_precision_loss)] // A few dozen.
        let count = service.queries.load(Ordering::Relaxed) as f64;
        queries += count;
    }
    Cost {
        queries: queries / f64::from(TASKS),
        delay: delay / f64::from(TASKS),
    }
}

/// Creates a task and waits for it; returns the delay until its end is noticed.
async fn watch(service: &Service, client: &Client, run_time: Duration) -> Option<Duration> {
    service.begin(run_time);
    let image = ImageSource::url("https://example.com/me.jpg");
    let request = EffectRequest::single(Scene::COLOR_MIXING, image);
    let begun = Instant::now();
    let task = client.effects().create(request).await.ok()?;
    task.wait().await.ok()?;
    Some(begun.elapsed().saturating_sub(run_time))
}

fn log_normal(rng: &mut Rng, median: f64) -> Duration {
    // The Box-Muller transform.
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    let normal = radius * (std::f64::consts::TAU * rng.f64()).cos();
    Duration::from_secs_f64(median * (SPREAD * normal).exp())
}

/// A service with one task at a time.
#[derive(Clone, Default)]
struct Service {
    /// The start and the run time of the task.
    task: Arc<Mutex<Option<(Instant, Duration)>>>,
    queries: Arc<AtomicU64>,
}

impl Service {
    fn begin(&self, run_time: Duration) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        *task = Some((Instant::now(), run_time));
    }

    fn client(&self, policy: PollPolicy) -> Option<Client> {
        let service = self.clone();
        let clock = TokioClock::starting_at(UNIX_EPOCH + Duration::from_secs(START));
        let transport = transport_fn(move |request: http::Request<Bytes>| {
            if request.method() == http::Method::GET {
                service.queries.fetch_add(1, Ordering::Relaxed);
            }
            let task = *service.task.lock().unwrap_or_else(PoisonError::into_inner);
            let (created, run_time) = task.unwrap_or((Instant::now(), Duration::ZERO));
            let created_at = millis(clock.now() - created.elapsed());
            let ended = created.elapsed() >= run_time;
            let updated_at = millis(clock.now() - created.elapsed() + run_time);
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
            .ok()
    }
}

fn millis(wall: SystemTime) -> u64 {
    let since = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}
