//! Counters of the decrypt path: no clock, no lock, no shared read-modify-write among the first threads.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::cenc::kernel::rcu::Pin;

/// Threads with a shard of their own; further threads share the last one.
const OWN_SHARDS: usize = 8;

/// Samples, bytes and failures of one session.
#[derive(Default)]
pub struct DecryptCounters {
    shards: [Shard; OWN_SHARDS + 1],
}

/// One cache line that (apart from the last shard) a single thread writes.
#[derive(Default)]
#[repr(align(64))]
struct Shard {
    samples: AtomicU64,
    bytes: AtomicU64,
    errors: AtomicU64,
    key_hint: AtomicUsize,
}

/// Sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecryptTotals {
    /// Samples decrypted.
    pub samples: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Samples refused.
    pub errors: u64,
}

impl std::ops::AddAssign for DecryptTotals {
    fn add_assign(&mut self, other: Self) {
        self.samples += other.samples;
        self.bytes += other.bytes;
        self.errors += other.errors;
    }
}

impl DecryptCounters {
    /// Counts a sample.
    #[inline(always)]
    pub fn count_sample(&self, pin: &Pin, bytes: usize) {
        let index = pin.thread_index();
        if let Some(shard) = self.shards[..OWN_SHARDS].get(index) {
            add_alone(&shard.samples, 1);
            add_alone(&shard.bytes, bytes as u64);
        } else {
            let shard = &self.shards[OWN_SHARDS];
            shard.samples.fetch_add(1, Ordering::Relaxed);
            shard.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        }
    }

    /// Counts a refusal.
    pub fn count_error(&self, pin: &Pin) {
        let index = pin.thread_index();
        match self.shards[..OWN_SHARDS].get(index) {
            Some(shard) => add_alone(&shard.errors, 1),
            None => {
                self.shards[OWN_SHARDS].errors.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Where this thread found its last key.
    #[inline(always)]
    pub fn key_hint(&self, pin: &Pin) -> &AtomicUsize {
        &self.shards[pin.thread_index().min(OWN_SHARDS)].key_hint
    }

    /// The sums over all threads.
    pub fn totals(&self) -> DecryptTotals {
        let mut totals = DecryptTotals::default();
        for shard in &self.shards {
            totals += DecryptTotals {
                samples: shard.samples.load(Ordering::Relaxed),
                bytes: shard.bytes.load(Ordering::Relaxed),
                errors: shard.errors.load(Ordering::Relaxed),
            };
        }
        totals
    }
}

/// Adds to a counter that no other thread writes.
#[inline(always)]
fn add_alone(counter: &AtomicU64, amount: u64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
}
