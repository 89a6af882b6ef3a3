//! Two sides, measured in turn. The machine is shared and noisy: what counts is
//! the ratio of neighbours in time, and CPU time where wall time lies.

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

/// How often each side is measured: seldom only if that takes long. Neighbours in
/// time are the more alike the shorter their turns are.
const ROUNDS: RangeInclusive<usize> = size(9, 1)..=size(61, 1);
const ENOUGH: Duration = Duration::from_secs(10);

fn read(clock: ClockId) -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(clock);
    Duration::new(
        u64::try_from(tv_sec).unwrap_or_default(),
        u32::try_from(tv_nsec).unwrap_or_default(),
    )
}

/// The time since it was made, on one clock.
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

    /// Time on the wall.
    pub(crate) fn wall() -> Self {
        Stopwatch::new(ClockId::Monotonic)
    }

    pub(crate) fn spent(&self) -> Duration {
        read(self.clock).saturating_sub(self.began)
    }

    pub(crate) fn millis(&self) -> f64 {
        self.spent().as_secs_f64() * 1e3
    }

    /// Microseconds per piece.
    pub(crate) fn micros(&self, pieces: usize) -> f64 {
        micros(self.spent(), pieces)
    }
}

/// The memory that the process holds, in bytes; none where it can't be read.
pub(crate) fn resident() -> f64 {
    pages(&std::fs::read_to_string("/proc/self/statm").unwrap_or_default()) * 4096.0
}

fn pages(statm: &str) -> f64 {
    number(statm.split(' ').nth(1))
}

/// The most memory that the process has ever held, in bytes; none where it can't be
/// read.
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

/// Nothing is no number, which meets no goal.
fn number(text: Option<&str>) -> f64 {
    text.and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

/// Microseconds of this thread's CPU for something that is done so often; none if
/// it fails but once.
pub(crate) fn repeated(times: usize, mut done: impl FnMut() -> bool) -> f64 {
    let watch = Stopwatch::thread();
    let succeeded = (0..times).filter(|_| done()).count();
    let spent = watch.micros(times);
    if succeeded == times { spent } else { f64::NAN }
}

/// Runs it, and all threads that it starts, on one core: whether two threads that
/// talk share a core, and what it costs to wake the other one, is luck that differs
/// more than the sides do.
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

/// Elsewhere on whichever core the system chooses.
#[cfg(not(target_os = "linux"))]
pub(crate) fn on_one_core<T>(run: impl FnOnce() -> T) -> T {
    run()
}

/// A figure of each side, in turn, several times.
pub(crate) fn compare(
    what: impl Into<String>,
    unit: &'static str,
    mut ours: impl FnMut() -> f64,
    rival: (&'static str, impl FnMut() -> f64),
    goal: Goal,
) -> Row {
    let (name, mut rival) = rival;
    // Once each, unmeasured: caches, and pages that are touched first.
    ours();
    rival();
    let watch = Stopwatch::wall();
    let mut rounds = Vec::new();
    while rounds.len() < *ROUNDS.start() || (rounds.len() < *ROUNDS.end() && watch.spent() < ENOUGH)
    {
        rounds.push((ours(), rival()));
    }
    let mut ratios: Vec<_> = rounds.iter().map(|(ours, rival)| ours / rival).collect();
    let ratio = median(&mut ratios);
    Row {
        what: what.into(),
        unit,
        ours: median(&mut rounds.iter().map(|(ours, _)| *ours).collect::<Vec<_>>()),
        rival: Some((
            name,
            median(&mut rounds.iter().map(|(_, rival)| *rival).collect::<Vec<_>>()),
        )),
        ratio: Some((ratio, spread(&ratios))),
        goal,
    }
}

/// The middle one.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Half of the range in which the middle half of sorted values lies.
fn spread(sorted: &[f64]) -> f64 {
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    (at(sorted.len() * 3 / 4) - at(sorted.len() / 4)) / 2.0
}

/// Microseconds per piece.
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
