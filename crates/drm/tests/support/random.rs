//! A small generator for the tests.

use std::time::{SystemTime, UNIX_EPOCH};

/// A small generator; its seed is printed and can be given to repeat a run.
pub struct Random(u64);

impl Random {
    pub fn new() -> Self {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        let seed = std::env::var("NATIVE_DRM_TEST_SEED").ok().map_or_else(now, |seed| seed.parse().unwrap()) | 1;
        println!("NATIVE_DRM_TEST_SEED={seed}");
        Self(seed)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    pub fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize].clone()
    }
}
