//! What `GET /health` says: whether a license could be recorded now.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// For so long a store that has taken a change counts as one that does, if no message has failed since: asking costs it a
/// write to its disk.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// What was found last.
#[derive(Default)]
pub struct Health {
    known: Mutex<Known>,
    /// Held by whoever asks the store: one at a time.
    asking: Mutex<()>,
}

#[derive(Default)]
struct Known {
    /// When the store was last found well; `None` as soon as something has failed.
    good: Option<Instant>,
    /// Messages that failed for the store.
    failures: u64,
}

impl Health {
    /// A message could not be recorded: the store has to be asked anew.
    pub fn failed(&self) {
        let mut known = locked(&self.known);
        (known.good, known.failures) = (None, known.failures.wrapping_add(1));
    }

    /// What `ask` answers, or has just answered. An error is never remembered: a store that is well again is so at once.
    pub fn check<E>(&self, ask: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        if self.is_known_good(Instant::now()) {
            return Ok(());
        }
        let _turn = locked(&self.asking);
        // Whoever has waited has the answer that it waited for.
        if self.is_known_good(Instant::now()) {
            return Ok(());
        }
        let failures = locked(&self.known).failures;
        let answer = ask();
        let mut known = locked(&self.known);
        known.good = (answer.is_ok() && known.failures == failures).then(Instant::now);
        answer
    }

    fn is_known_good(&self, now: Instant) -> bool {
        locked(&self.known).good.is_some_and(|then| now.saturating_duration_since(then) < GOOD_FOR)
    }
}

/// Numbers only, whoever has panicked.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_failure_is_noticed_at_once_and_forgotten_at_once() {
        let (health, asked, answer) = (Health::default(), Cell::new(0), Cell::new(Ok(())));
        let check = || {
            health.check(|| {
                asked.set(asked.get() + 1);
                answer.get()
            })
        };
        for _ in 0..1000 {
            assert_eq!(check(), Ok(()));
        }
        // A thousand calls may take a second, not more than a few.
        assert!((1..100).contains(&asked.get()), "asked {} times", asked.get());
        health.failed();
        answer.set(Err("full"));
        for number in 1..=3 {
            asked.set(0);
            assert_eq!((check(), asked.get()), (Err("full"), 1), "{number}");
        }
        answer.set(Ok(()));
        assert_eq!(check(), Ok(()));
    }

    /// A message fails while the store is asked: the answer says nothing of what comes.
    #[test]
    fn an_answer_from_before_a_failure_is_not_kept() {
        let (health, asked) = (Health::default(), Cell::new(0));
        for _ in 0..3 {
            let ask = || {
                asked.set(asked.get() + 1);
                health.failed();
                Ok::<_, ()>(())
            };
            assert_eq!(health.check(ask), Ok(()));
        }
        assert_eq!(asked.get(), 3);
    }
}
