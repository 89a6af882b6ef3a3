//! The adaptive schedule and the progress, through the client.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use kling_http::{
    Client, Credentials, EffectRequest, ImageSource, Provider, Scene, TaskEvent, TaskHandle,
    TokioClock, transport_fn,
};
use serde_json::json;
use std::sync::{Arc, Mutex};
use tokio::time::{Instant, sleep};

use crate::{request, task_id};

const START: u64 = 1_767_225_600;

/// A service whose tasks all take `run_time`, counted from its beginning or the
/// last create; it may keep its times to itself.
#[derive(Clone)]
struct Service {
    created: Arc<Mutex<Instant>>,
    queries: Arc<Mutex<Vec<f64>>>,
    run_time: Duration,
    shows_times: bool,
    /// What it says to be the time of creation, beside the truth.
    clock_ahead: i64,
}

impl Service {
    fn new(run_time: u64) -> Self {
        Service {
            created: Arc::new(Mutex::new(Instant::now())),
            queries: Arc::default(),
            run_time: Duration::from_secs(run_time),
            shows_times: true,
            clock_ahead: 0,
        }
    }

    fn client(&self) -> Client {
        let service = self.clone();
        let begun = Instant::now();
        let clock = TokioClock::starting_at(UNIX_EPOCH + Duration::from_secs(START));
        let transport = transport_fn(move |request: http::Request<Bytes>| {
            let mut created = service.created.lock().unwrap();
            if request.method() == http::Method::POST {
                *created = Instant::now();
            } else {
                let age = created.elapsed().as_secs_f64();
                service.queries.lock().unwrap().push(age);
            }
            let at = i64::try_from(created.duration_since(begun).as_millis()).unwrap();
            let at = at + i64::try_from(START).unwrap() * 1000 + service.clock_ahead;
            let ended = created.elapsed() >= service.run_time;
            let mut task = json!({"task_id": "7", "task_status": "processing"});
            if service.shows_times {
                let took = i64::try_from(service.run_time.as_millis()).unwrap();
                task["created_at"] = json!(at);
                task["updated_at"] = json!(at + if ended { took } else { 0 });
            }
            if ended {
                task["task_status"] = json!("succeed");
                task["task_result"] = json!({"videos": [{"url": "https://cdn.example.com/v.mp4"}]});
            }
            let body = json!({"code": 0, "data": task}).to_string();
            async move { Ok(http::Response::new(Bytes::from(body).into())) }
        });
        let builder = Client::builder(Provider::kling(), Credentials::api_key("k"));
        let builder = builder.transport(transport).clock(clock);
        builder.build().expect("a client")
    }

    /// The ages at which it was asked since the last look.
    fn asked(&self) -> Vec<f64> {
        std::mem::take(&mut *self.queries.lock().unwrap())
    }
}

async fn create(client: &Client) -> TaskHandle {
    client.effects().create(request()).await.expect("a task")
}

async fn run(service: &Service, client: &Client) -> Vec<f64> {
    create(client).await.wait().await.expect("done");
    service.asked()
}

/// What a scene's tasks taught, all clones of the client know; others not.
#[tokio::test(start_paused = true)]
async fn clones_share_what_they_learn() {
    let service = Service::new(300);
    let client = service.client();
    let cold = run(&service, &client).await;
    for _ in 0..10 {
        run(&service, &client.clone()).await;
    }
    let warm = run(&service, &client.clone()).await;
    assert!(cold[0] < 100.0, "{cold:?}");
    assert!(warm[0] > 150.0 && warm.len() < cold.len() / 2, "{warm:?}");

    let other = EffectRequest::single(Scene::PET_LION_PRO, ImageSource::url("https://e.com/a.png"));
    let task = client.effects().create(other).await.expect("a task");
    task.wait().await.expect("done");
    assert!(
        service.asked()[0] < 100.0,
        "another scene is another matter"
    );
}

/// Without the service's times, the middle of the last gap has to do.
#[tokio::test(start_paused = true)]
async fn the_history_works_without_the_times_of_the_service() {
    for shows_times in [false, true] {
        let service = Service {
            shows_times,
            ..Service::new(300)
        };
        let client = service.client();
        for _ in 0..20 {
            run(&service, &client).await;
        }
        let warm = run(&service, &client).await;
        assert!((180.0..300.0).contains(&warm[0]), "{shows_times}: {warm:?}");
    }
}

/// A resumed task is queried immediately, then according to its age.
#[tokio::test(start_paused = true)]
async fn a_resumed_task_is_placed_by_its_age() {
    for by_id_alone in [false, true] {
        let service = Service::new(230);
        let client = service.client();
        let saved = create(&client).await.saved();
        sleep(Duration::from_secs(200)).await;
        let task = if by_id_alone {
            client.effects().task(task_id("7"))
        } else {
            client.effects().resume(saved).expect("ours")
        };
        task.wait().await.expect("done");
        let asked = service.asked();
        assert!((200.0..200.1).contains(&asked[0]), "at once: {asked:?}");
        assert!(asked[1] < 220.0, "not as if it were new: {asked:?}");
    }
}

/// A task whose creation lies in the future, by a clock that goes wrong.
#[tokio::test(start_paused = true)]
async fn clocks_that_differ_do_no_harm() {
    for clock_ahead in [-86_400_000, -60_000, 60_000, 86_400_000] {
        let service = Service {
            clock_ahead,
            ..Service::new(60)
        };
        let client = service.client();
        let saved = create(&client).await.saved();
        let task = client.effects().resume(saved).expect("ours");
        task.wait().await.expect("done");
        let ended = *service.asked().last().expect("a query");
        assert!(ended < 240.0, "{clock_ahead}: {ended}");
    }
}

/// A host that says 0 for "not known", or has no idea of the time: a task that is as
/// old as that would be watched at its slowest.
#[tokio::test(start_paused = true)]
async fn an_age_that_no_task_has_is_none() {
    let since_1970 = -i64::try_from(START).unwrap() * 1000;
    for clock_ahead in [since_1970, since_1970 - 1, -32 * 86_400_000] {
        let service = Service {
            clock_ahead,
            ..Service::new(60)
        };
        let client = service.client();
        let saved = create(&client).await.saved();
        let named = client.effects().task(task_id("7"));
        for task in [client.effects().resume(saved).expect("ours"), named] {
            *service.created.lock().unwrap() = Instant::now();
            task.wait().await.expect("done");
            let ended = *service.asked().last().expect("a query");
            assert!(ended < 110.0, "{clock_ahead}: {ended}");
        }
    }
}

/// Nobody polls for an hour what was done before it was waited for.
#[tokio::test(start_paused = true)]
async fn a_late_wait_asks_at_once_and_learns_no_nonsense() {
    let service = Service {
        shows_times: false,
        ..Service::new(60)
    };
    let client = service.client();
    for _ in 0..10 {
        let task = create(&client).await;
        sleep(Duration::from_secs(3600)).await;
        task.wait().await.expect("done");
        let asked = service.asked();
        assert!(
            asked.len() == 1 && (asked[0] - 3600.0).abs() < 0.1,
            "{asked:?}"
        );
    }
    let first = run(&service, &client).await[0];
    assert!(first < 100.0, "{first}");
}

#[tokio::test(start_paused = true)]
async fn progress_never_falls_and_is_whole_at_the_end_only() {
    for (run_time, resumed) in [(20, false), (200, false), (1_500, false), (900, true)] {
        let service = Service::new(run_time);
        let client = service.client();
        let mut task = create(&client).await;
        if resumed {
            sleep(Duration::from_secs(100)).await;
            task = client.effects().task(task_id("7"));
        }
        let mut events = task.events();
        let mut last = 0.0;
        loop {
            let event = tokio::select! {
                event = events.next() => Some(event.expect("not over").expect("no error")),
                () = sleep(Duration::from_secs(3)) => None,
            };
            let progress = events.progress();
            let fraction = progress.fraction;
            assert!(fraction >= last, "{fraction} after {last}");
            last = fraction;
            if let Some(TaskEvent::Done(_)) = event {
                assert_eq!((fraction, progress.elapsed), (1.0, progress.expected));
                assert!(events.next().await.is_none());
                sleep(Duration::from_secs(60)).await;
                assert_eq!(events.progress(), progress, "it stays as it was at the end");
                break;
            }
            assert!(fraction < 1.0 && progress.elapsed < progress.expected);
        }
    }
}
