//! `parking_lot`'s locks, which do not poison as std's do.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use super::time::{self, Instant};

const POISONED: &str = "a panic in an execution that has failed";

/// As `parking_lot::Mutex`.
#[derive(Debug, Default)]
pub struct Mutex<T>(loom::sync::Mutex<T>);

/// As `parking_lot::MutexGuard`. Empty only while its thread waits.
pub struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

/// As `parking_lot::Condvar`.
#[derive(Default)]
pub struct Condvar(Arc<loom::sync::Condvar>);

impl<T> Mutex<T> {
    /// An unlocked one.
    pub fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    /// Waits until nobody else has it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard(Some(self.0.lock().expect(POISONED)))
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("locked")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("locked")
    }
}

impl Condvar {
    /// One that nobody waits for.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until it is told.
    pub fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let locked = guard.0.take().expect("locked");
        guard.0 = Some(self.0.wait(locked).expect(POISONED));
    }

    /// Waits until a condition is over.
    pub fn wait_while<T>(&self, guard: &mut MutexGuard<'_, T>, mut condition: impl FnMut(&mut T) -> bool) {
        while condition(&mut *guard) {
            self.wait(guard);
        }
    }

    /// Waits until it is told, or a time has come. Only one thread may do that at a time.
    pub fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, until: Instant) {
        if Instant::now() < until {
            let _waiting = time::wait(until, &self.0);
            self.wait(guard);
        }
    }

    /// Not to be called.
    pub fn wait_for<T>(&self, _: &mut MutexGuard<'_, T>, _: Duration) {
        unimplemented!("waits that end by time");
    }

    /// Tells all that wait.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}
