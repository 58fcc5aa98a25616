//! Running a model, and objects that loom watches.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use loom::cell::UnsafeCell;

use base::sync::model::finish;

use crate::capi::destroy_the_rest;

/// Something that must not be used while, or after, it is wiped: a key, or what a program gave a callback. loom fails the
/// run if the two are not ordered.
pub struct Object(UnsafeCell<u32>);

// SAFETY: `use_it` and `wipe` must not happen at the same time; loom fails the run when they do.
unsafe impl Sync for Object {}

impl Object {
    pub fn new(value: u32) -> Arc<Self> {
        Arc::new(Self::plain(value))
    }

    pub fn plain(value: u32) -> Self {
        assert_ne!(value, 0, "0 is what is left of it");
        Self(UnsafeCell::new(value))
    }

    /// # Panics
    /// If it was wiped.
    pub fn use_it(&self) -> u32 {
        // SAFETY: loom checks that nobody writes.
        let value = self.0.with(|value| unsafe { *value });
        assert_ne!(value, 0, "used after it was wiped");
        value
    }

    pub fn add(&self, amount: u32) {
        // SAFETY: loom checks that nobody else reads or writes.
        self.0.with_mut(|value| unsafe { *value += amount });
    }

    pub fn wipe(&self) {
        // SAFETY: loom checks that nobody reads.
        self.0.with_mut(|value| unsafe { *value = 0 });
    }
}

/// One number, or a higher one in `scripts/ci/interleavings.sh`, which has minutes for each model.
pub fn preemptions(usual: usize, deep: usize) -> usize {
    if std::env::var_os("NATIVE_DRM_MODEL_DEEP").is_some() { deep } else { usual }
}

/// Runs every interleaving of a model with at most that many preemptions, and every value that a read may see under C11's
/// memory model. At the end, what the dispatcher has to do is done, and its threads end.
///
/// A run that fails may abort while it is cleared up; what counts is the first message, best without a backtrace: loom's
/// threads have small stacks.
pub fn check(name: &str, preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let count = Arc::new(AtomicUsize::new(0));
    let runs = Arc::clone(&count);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 10_000;
    builder.check(move || {
        runs.fetch_add(1, Relaxed);
        model();
        finish();
        destroy_the_rest();
        finish();
    });
    println!("{name}: {} executions", count.load(Relaxed));
    assert!(count.load(Relaxed) > 1);
}
