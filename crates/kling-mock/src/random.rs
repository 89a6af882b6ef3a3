//! Pseudo-random values derived from the seed.

use std::f64::consts::TAU;
use std::time::Duration;

use fastrand::Rng;

/// A time from a log-normal distribution with this median, in whole
/// milliseconds.
pub(crate) fn log_normal(random: &mut Rng, median: Duration, sigma: f64) -> Duration {
    if sigma == 0.0 {
        return median;
    }
    // Box and Muller's way to a normal number; the logarithm of 0 is out of reach.
    let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
    let normal = radius * (TAU * random.f64()).cos();
    let seconds = median.as_secs_f64() * (sigma * normal).exp();
    let time = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// A stream of numbers that belongs to one purpose: another purpose, or
/// another number within it, never shifts it.
pub(crate) struct Stream(Rng);

impl Stream {
    pub(crate) fn new(seed: u64, purpose: &str, number: u64) -> Self {
        // FNV-1a over all three: short, and the same everywhere for ever.
        let bytes = seed
            .to_le_bytes()
            .into_iter()
            .chain(purpose.bytes())
            .chain(number.to_le_bytes());
        let mixed = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Stream(Rng::with_seed(mixed))
    }

    /// The generator itself, for other draws.
    pub(crate) fn into_rng(self) -> Rng {
        self.0
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A time from a log-normal distribution with this median, in whole
    /// milliseconds.
    pub(crate) fn log_normal(&mut self, median: Duration, sigma: f64) -> Duration {
        log_normal(&mut self.0, median, sigma)
    }

    pub(crate) fn letters(mut self, count: usize) -> String {
        (0..count).map(|_| self.0.alphanumeric()).collect()
    }

    pub(crate) fn digits(mut self, count: usize) -> String {
        let first = char::from(b'0' + self.0.u8(1..10));
        std::iter::once(first)
            .chain((1..count).map(|_| self.0.digit(10)))
            .collect()
    }

    /// A UUID of version 4.
    pub(crate) fn uuid(&mut self) -> String {
        kling_types::uuid_v4((u128::from(self.next()) << 64) | u128::from(self.next()))
    }
}
