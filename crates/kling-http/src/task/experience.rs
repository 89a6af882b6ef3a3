//! Observed run times per scene, from which forecasts are made.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kling_types::Scene;

use super::forecast::Forecast;

/// The prior for a scene without observed tasks: a median of three minutes (clients of
/// the effects API expect averages of 30 to 320 s). It has the weight of half a task, so
/// the first one observed outweighs it.
const MEDIAN: f64 = 180.0;
const MEDIAN_WEIGHT: f64 = 0.5;

/// The prior for the standard deviation of the logarithms of a scene's run times, with
/// the weight of four tasks.
const SPREAD: f64 = 0.4;
const SPREAD_WEIGHT: f64 = 4.0;

/// The maximum weight of a scene's tasks; beyond it, older ones lose weight.
const TASKS: f64 = 32.0;

/// The maximum number of scenes; the least recently observed one is evicted. The
/// catalogue has 333.
const SCENES: usize = 512;

/// Scenes with a longer name are not recorded, to bound the memory.
const LONGEST_NAME: usize = 128;

/// Run times are clamped to these limits, in seconds: others come from wrong clocks.
const SHORTEST: f64 = 1.0;
const LONGEST: f64 = 24.0 * 60.0 * 60.0;

/// The run times that a client has seen. At most about 100 KiB.
#[derive(Debug, Default)]
pub(crate) struct Experience(Mutex<Scenes>);

#[derive(Debug, Default)]
struct Scenes {
    records: HashMap<Scene, Record>,
    /// Counts the tasks, to find the least recently observed scene.
    tasks: u64,
}

/// Statistics of the logarithms of run times in seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Record {
    weight: f64,
    mean: f64,
    /// The sum of squared distances from the mean.
    squares: f64,
    /// The number of the last task.
    last: u64,
}

impl Experience {
    /// Records the run time of a task, from its creation to its success.
    pub(super) fn learn(&self, scene: &Scene, run_time: Duration) {
        if scene.as_str().len() > LONGEST_NAME {
            return;
        }
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let scenes = &mut *guard;
        scenes.tasks += 1;
        let last = scenes.tasks;
        if scenes.records.len() >= SCENES && !scenes.records.contains_key(scene) {
            let oldest = scenes.records.iter().min_by_key(|(_, record)| record.last);
            if let Some(oldest) = oldest.map(|(scene, _)| scene.clone()) {
                scenes.records.remove(&oldest);
            }
        }
        let record = scenes.records.entry(scene.clone()).or_default();
        record.take(run_time.as_secs_f64().clamp(SHORTEST, LONGEST).ln());
        record.last = last;
    }

    /// The forecast for tasks of this scene; the prior if none was observed.
    pub(super) fn forecast(&self, scene: Option<&Scene>) -> Forecast {
        let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let record = scene.and_then(|scene| guard.records.get(scene));
        record.copied().unwrap_or_default().forecast()
    }
}

impl Record {
    fn take(&mut self, log: f64) {
        if self.weight >= TASKS {
            let fade = (TASKS - 1.0) / self.weight;
            self.weight *= fade;
            self.squares *= fade;
        }
        self.weight += 1.0;
        let off = log - self.mean;
        self.mean += off / self.weight;
        self.squares += off * (log - self.mean);
    }

    /// The normal-inverse-gamma posterior of the logarithms, and from it the
    /// spread of the next one: wide as long as the median is a guess.
    fn forecast(&self) -> Forecast {
        let prior = MEDIAN.ln();
        let weight = MEDIAN_WEIGHT + self.weight;
        let mean = (MEDIAN_WEIGHT * prior + self.weight * self.mean) / weight;
        let surprise = MEDIAN_WEIGHT * self.weight / weight * (self.mean - prior).powi(2);
        let variance = (SPREAD_WEIGHT * SPREAD * SPREAD + self.squares + surprise)
            / (SPREAD_WEIGHT + self.weight);
        Forecast::from_logs(mean, (variance * (1.0 + 1.0 / weight)).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn median(experience: &Experience, scene: &Scene) -> f64 {
        let forecast = experience.forecast(Some(scene));
        forecast.expected(Duration::ZERO).as_secs_f64()
    }

    fn learn(experience: &Experience, scene: &Scene, seconds: u64, times: usize) {
        for _ in 0..times {
            experience.learn(scene, Duration::from_secs(seconds));
        }
    }

    #[test]
    fn each_scene_is_learned_on_its_own() {
        let experience = Experience::default();
        let (fast, slow) = (Scene::HUG_PRO, Scene::KISS_PRO);
        assert!((median(&experience, &fast) - MEDIAN).abs() < 1e-6);
        learn(&experience, &fast, 30, 20);
        learn(&experience, &slow, 320, 20);
        assert!((28.0..35.0).contains(&median(&experience, &fast)));
        assert!((310.0..325.0).contains(&median(&experience, &slow)));
        let unknown = experience.forecast(None);
        assert_eq!(unknown, Experience::default().forecast(None));
    }

    #[test]
    fn one_task_counts_for_more_than_the_prior() {
        let experience = Experience::default();
        learn(&experience, &Scene::HUG_PRO, 30, 1);
        assert!(median(&experience, &Scene::HUG_PRO) < 70.0);
    }

    #[test]
    fn what_was_true_fades() {
        let experience = Experience::default();
        let scene = Scene::HUG_PRO;
        learn(&experience, &scene, 300, 1_000);
        learn(&experience, &scene, 60, 100);
        assert!(median(&experience, &scene) < 75.0);
    }

    #[test]
    fn memory_is_bounded() {
        let experience = Experience::default();
        for number in 0..3 * SCENES {
            learn(&experience, &Scene::new(format!("scene_{number}")), 60, 1);
            // Learned of again and again, so it stays.
            learn(&experience, &Scene::HUG_PRO, 30, 1);
        }
        learn(
            &experience,
            &Scene::new("x".repeat(LONGEST_NAME + 1)),
            60,
            1,
        );
        assert_eq!(experience.0.lock().unwrap().records.len(), SCENES);
        assert!(median(&experience, &Scene::HUG_PRO) < 40.0);
        let first = median(&experience, &Scene::new("scene_0"));
        assert!((first - MEDIAN).abs() < 1e-6);
    }

    #[test]
    fn absurd_run_times_are_cut() {
        let experience = Experience::default();
        for absurd in [Duration::ZERO, Duration::MAX] {
            experience.learn(&Scene::HUG_PRO, absurd);
        }
        let median = median(&experience, &Scene::HUG_PRO);
        assert!((1.0..LONGEST).contains(&median), "{median}");
    }
}
