//! Waiting ten virtual minutes.

use std::time::Duration;

use kling_http::{Client, Credentials, EffectRequest, ImageSource, PollPolicy, Scene};
use kling_mock::{Mock, Plan};

use crate::measure::{Stopwatch, median};
use crate::report::{Goal, Report, Row};

pub(crate) fn run(report: &mut Report) {
    let mut runs: Vec<f64> = (0..21).map(|_| once().unwrap_or(f64::NAN)).collect();
    report.add(Row {
        what: "client and mock: CPU of a wait of ten virtual minutes, a query every 5 s".into(),
        unit: "ms",
        ours: median(&mut runs),
        baseline: None,
        ratio: None,
        goal: Goal::AtMost(1.0),
    });
}

fn once() -> Option<f64> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().ok()?;
    runtime.block_on(async {
        let run = Duration::from_secs(595);
        let mock = Mock::builder()
            .plan(Plan::after(Duration::from_secs(5), run))
            .build();
        let provider = mock.provider().with_base_url("https://mock.test");
        let client = Client::builder(provider, Credentials::api_key(mock.api_key()))
            .transport(mock.transport())
            .poll(PollPolicy::every(Duration::from_secs(5)))
            .build()
            .ok()?;
        let image = ImageSource::url("https://example.com/me.jpg");
        let request = EffectRequest::single(Scene::COLOR_MIXING, image);
        let watch = Stopwatch::thread();
        client
            .effects()
            .create(request)
            .await
            .ok()?
            .wait()
            .await
            .ok()?;
        Some(watch.millis())
    })
}
