//! Chance that follows from a seed.

use std::hash::{BuildHasher, RandomState};

use fastrand::Rng;

/// The seeds of so many runs, for each of which `RIM_STORIES` may name another number: some that are always the
/// same, and a new one. `RIM_SEED` names the only one.
pub fn seeds(count: u64) -> Vec<u64> {
    if let Some(seed) = number("RIM_SEED") {
        return vec![seed];
    }
    let count = number("RIM_STORIES").unwrap_or(count);
    let mut seeds: Vec<u64> = (1..count).collect();
    // Short enough to be typed.
    seeds.push(RandomState::new().hash_one(0) >> 32);
    seeds
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, and not {text}")))
}

pub struct Chance(Rng);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    pub fn next(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A number from 0, below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end)
    }

    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.0.u8(..)).collect()
    }
}
