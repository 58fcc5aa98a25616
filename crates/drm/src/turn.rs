//! Turns: what only one thread does at a time, and what is not waited for without limit.

use std::time::Duration;

use base::sync::{Condvar, Instant, Mutex};

/// A turn that threads take one after another.
#[derive(Default)]
pub struct Turn {
    taken: Mutex<bool>,
    free: Condvar,
}

/// A turn that has been taken; it is given back when this is dropped.
pub struct Taken<'a>(&'a Turn);

impl Turn {
    /// Takes the turn, or none if others have it for too long.
    pub fn take(&self, patience: Duration) -> Option<Taken<'_>> {
        let mut taken = self.taken.lock();
        // No clock is read where nobody else is.
        if *taken {
            let deadline = Instant::now() + patience;
            while *taken {
                if Instant::now() >= deadline {
                    return None;
                }
                self.free.wait_until(&mut taken, deadline);
            }
        }
        *taken = true;
        Some(Taken(self))
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.0.taken.lock() = false;
        self.0.free.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn one_thread_at_a_time_and_none_waits_for_ever() {
        let turn = Turn::default();
        let taken = turn.take(Duration::ZERO).unwrap();
        assert!(turn.take(Duration::from_millis(5)).is_none());
        thread::scope(|scope| {
            let waiting = scope.spawn(|| turn.take(Duration::from_secs(3600)).is_some());
            drop(taken);
            assert!(waiting.join().unwrap());
        });
        assert!(turn.take(Duration::ZERO).is_some());
    }
}
