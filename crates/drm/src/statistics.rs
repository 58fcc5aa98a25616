//! Counters of the decrypt path: no clock and no lock; the first threads have counters of their own.

use base::rcu::Pin;
use base::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

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

/// A session's counters as one thread sees them.
#[derive(Clone, Copy)]
pub struct ThreadCounters<'a> {
    shard: &'a Shard,
    /// No other thread writes to the shard.
    alone: bool,
}

impl DecryptCounters {
    /// This thread's counters.
    #[inline(always)]
    pub fn of_thread(&self, pin: &Pin) -> ThreadCounters<'_> {
        let index = pin.thread_index();
        ThreadCounters { shard: &self.shards[index.min(OWN_SHARDS)], alone: index < OWN_SHARDS }
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

impl<'a> ThreadCounters<'a> {
    /// Counts a sample.
    #[inline(always)]
    pub fn count_sample(self, bytes: usize) {
        self.count_samples(1, bytes as u64);
    }

    /// Counts samples and their bytes.
    #[inline(always)]
    pub fn count_samples(self, samples: u64, bytes: u64) {
        self.add(&self.shard.samples, samples);
        self.add(&self.shard.bytes, bytes);
    }

    /// Counts a refusal.
    pub fn count_error(self) {
        self.add(&self.shard.errors, 1);
    }

    /// Where this thread found its last key.
    #[inline(always)]
    pub fn key_hint(self) -> &'a AtomicUsize {
        &self.shard.key_hint
    }

    #[inline(always)]
    fn add(self, counter: &AtomicU64, amount: u64) {
        if self.alone {
            add_alone(counter, amount);
        } else {
            counter.fetch_add(amount, Ordering::Relaxed);
        }
    }
}

/// Adds to a counter that no other thread writes.
#[inline(always)]
fn add_alone(counter: &AtomicU64, amount: u64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
}
