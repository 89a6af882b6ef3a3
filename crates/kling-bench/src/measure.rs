//! Measures two sides alternately. On a shared, noisy machine, the ratios of adjacent
//! measurements are meaningful, and CPU time rather than wall time.

use std::ops::RangeInclusive;
use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::report::{Goal, Row};

/// The first size in a release build, the second in a debug build. A debug build checks
/// that every benchmark runs: its timings mean nothing, so it should finish quickly.
pub(crate) const fn size<T: Copy>(release: T, debug: T) -> T {
    if cfg!(debug_assertions) {
        debug
    } else {
        release
    }
}

/// The number of rounds: fewer only if they take long. Shorter rounds make adjacent
/// measurements more comparable.
const ROUNDS: RangeInclusive<usize> = size(9, 1)..=size(61, 1);
const ENOUGH: Duration = Duration::from_secs(10);

fn read(clock: ClockId) -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(clock);
    Duration::new(
        u64::try_from(tv_sec).unwrap_or_default(),
        u32::try_from(tv_nsec).unwrap_or_default(),
    )
}

/// The time since its creation, on one clock.
pub(crate) struct Stopwatch {
    clock: ClockId,
    began: Duration,
}

impl Stopwatch {
    fn new(clock: ClockId) -> Self {
        let began = read(clock);
        Stopwatch { clock, began }
    }

    /// CPU time of the whole process.
    pub(crate) fn process() -> Self {
        Stopwatch::new(ClockId::ProcessCPUTime)
    }

    /// CPU time of this thread.
    pub(crate) fn thread() -> Self {
        Stopwatch::new(ClockId::ThreadCPUTime)
    }

    /// Wall time.
    pub(crate) fn wall() -> Self {
        Stopwatch::new(ClockId::Monotonic)
    }

    pub(crate) fn spent(&self) -> Duration {
        read(self.clock).saturating_sub(self.began)
    }

    pub(crate) fn millis(&self) -> f64 {
        self.spent().as_secs_f64() * 1e3
    }

    /// Microseconds per item.
    pub(crate) fn micros(&self, pieces: usize) -> f64 {
        micros(self.spent(), pieces)
    }
}

/// The resident memory of the process, in bytes; NaN if it cannot be read.
pub(crate) fn resident() -> f64 {
    pages(&std::fs::read_to_string("/proc/self/statm").unwrap_or_default()) * 4096.0
}

fn pages(statm: &str) -> f64 {
    number(statm.split(' ').nth(1))
}

/// The peak resident memory of the process, in bytes; NaN if it cannot be read.
pub(crate) fn peak() -> f64 {
    kib(&std::fs::read_to_string("/proc/self/status").unwrap_or_default()) * 1024.0
}

fn kib(status: &str) -> f64 {
    number(
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")),
    )
}

/// NaN without a number, which meets no goal.
fn number(text: Option<&str>) -> f64 {
    text.and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

/// The mean CPU time of this thread per repetition, in microseconds; NaN if one of them
/// fails.
pub(crate) fn repeated(times: usize, mut done: impl FnMut() -> bool) -> f64 {
    let watch = Stopwatch::thread();
    let succeeded = (0..times).filter(|_| done()).count();
    let spent = watch.micros(times);
    if succeeded == times { spent } else { f64::NAN }
}

/// Runs a closure, and all threads that it starts, on one core: otherwise the placement of
/// communicating threads on cores would affect the result more than the code does.
#[cfg(target_os = "linux")]
pub(crate) fn on_one_core<T>(run: impl FnOnce() -> T) -> T {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    let Ok(all) = sched_getaffinity(None) else {
        return run();
    };
    let mut one = CpuSet::new();
    if let Some(core) = (0..CpuSet::MAX_CPU).find(|core| all.is_set(*core)) {
        one.set(core);
        let _ = sched_setaffinity(None, &one);
    }
    let done = run();
    let _ = sched_setaffinity(None, &all);
    done
}

/// On other systems, the scheduler chooses the cores.
#[cfg(not(target_os = "linux"))]
pub(crate) fn on_one_core<T>(run: impl FnOnce() -> T) -> T {
    run()
}

/// Measures both sides alternately, several times.
pub(crate) fn compare(
    what: impl Into<String>,
    unit: &'static str,
    mut ours: impl FnMut() -> f64,
    baseline: (&'static str, impl FnMut() -> f64),
    goal: Goal,
) -> Row {
    let (name, mut baseline) = baseline;
    // A warm-up, which is not measured.
    ours();
    baseline();
    let watch = Stopwatch::wall();
    let mut rounds = Vec::new();
    while rounds.len() < *ROUNDS.start() || (rounds.len() < *ROUNDS.end() && watch.spent() < ENOUGH)
    {
        rounds.push((ours(), baseline()));
    }
    let mut ratios: Vec<_> = rounds
        .iter()
        .map(|(ours, baseline)| ours / baseline)
        .collect();
    let ratio = median(&mut ratios);
    Row {
        what: what.into(),
        unit,
        ours: median(&mut rounds.iter().map(|(ours, _)| *ours).collect::<Vec<_>>()),
        baseline: Some((
            name,
            median(
                &mut rounds
                    .iter()
                    .map(|(_, baseline)| *baseline)
                    .collect::<Vec<_>>(),
            ),
        )),
        ratio: Some((ratio, spread(&ratios))),
        goal,
    }
}

/// The median.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Half of the interquartile range of sorted values.
fn spread(sorted: &[f64]) -> f64 {
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    (at(sorted.len() * 3 / 4) - at(sorted.len() / 4)) / 2.0
}

/// Microseconds per item.
#[allow(clippy::cast_precision_loss)] // Far below 2^53.
pub(crate) fn micros(time: Duration, pieces: usize) -> f64 {
    time.as_secs_f64() * 1e6 / pieces as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A figure of 0 would meet every goal.
    #[test]
    fn memory_that_cannot_be_read_is_not_zero() {
        assert!(pages("").is_nan() && kib("").is_nan());
        assert!(pages("9 x 1").is_nan() && kib("VmHWM: 7 MB\n").is_nan());
        assert_eq!((pages("9 5 1"), kib("a\nVmHWM:\t   7 kB\n")), (5.0, 7.0));
        assert!(resident() > 0.0 && peak() > 0.0);
    }
}
