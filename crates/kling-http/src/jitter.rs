//! The source of jitter, which can be seeded.

use std::sync::{Mutex, PoisonError};

/// Random numbers for jitter. They must not be used for anything that has to be
/// unique: two processes with the same seed would generate the same external task ids.
#[derive(Debug)]
pub(crate) struct Jitter(Mutex<fastrand::Rng>);

impl Jitter {
    /// The same seed gives the same numbers.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let rng = seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Jitter(Mutex::new(rng))
    }

    /// A number from 0 to 1.
    pub(crate) fn sample(&self) -> f64 {
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rng.f64()
    }
}
