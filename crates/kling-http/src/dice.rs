//! The random source of jitter, which can be seeded.

use std::sync::{Mutex, PoisonError};

/// Where jitter comes from. Nothing that must be unique may: two processes with
/// the same seed would make the same external task ids.
#[derive(Debug)]
pub(crate) struct Dice(Mutex<fastrand::Rng>);

impl Dice {
    /// The same seed gives the same throws.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let rng = seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Dice(Mutex::new(rng))
    }

    /// A number from 0 to 1.
    pub(crate) fn throw(&self) -> f64 {
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rng.f64()
    }
}
