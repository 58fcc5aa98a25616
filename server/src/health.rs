//! What `GET /health` says: whether a license could be recorded now.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Mutex as Turns;
use tokio::time::timeout;

/// For so long a store that has taken a change counts as one that does, if no message has failed since: asking costs it a
/// write to its disk.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// What was found last.
#[derive(Default)]
pub struct Health {
    known: Mutex<Known>,
    /// Held by whoever asks the store: one at a time. The others wait without a thread.
    asking: Arc<Turns<()>>,
}

#[derive(Default)]
struct Known {
    /// When the store was last found well; `None` as soon as something has failed.
    good: Option<Instant>,
    /// Whether the last answer or message failed.
    is_down: bool,
    /// Messages that failed for the store.
    failures: u64,
    /// How often the store was asked, and what was wrong the last time.
    answers: u64,
    fault: Option<String>,
}

impl Health {
    /// A message could not be recorded: the store has to be asked anew.
    pub fn failed(&self) {
        let mut known = locked(&self.known);
        (known.good, known.is_down, known.failures) = (None, true, known.failures.wrapping_add(1));
    }

    /// What `ask` answers, or has just answered. An error is for those who have waited for it and never remembered: a store
    /// that is well again is so at once. `ask` may block.
    pub async fn check<F>(self: &Arc<Self>, ask: F) -> Result<(), String>
    where
        F: FnOnce() -> Result<(), String> + Send + 'static,
    {
        let before = {
            let known = locked(&self.known);
            if known.is_good(Instant::now()) {
                return Ok(());
            }
            known.answers
        };
        let turn = Arc::clone(&self.asking).lock_owned().await;
        {
            // Whoever has waited has the answer that it waited for.
            let known = locked(&self.known);
            if known.is_good(Instant::now()) {
                return Ok(());
            }
            if let Some(fault) = known.fault.as_ref().filter(|_| known.answers != before) {
                return Err(fault.clone());
            }
        }
        let health = Arc::clone(self);
        let asked = tokio::task::spawn_blocking(move || {
            // Held until there is an answer, even if whoever asked has given up: others wait for it.
            let _turn = turn;
            health.ask(ask)
        });
        asked.await.unwrap_or_else(|fault| Err(fault.to_string()))
    }

    /// As [`Health::check`], for whoever may not wait longer than `patience`: what was found last, if the store takes longer.
    pub async fn glance<F>(self: &Arc<Self>, ask: F, patience: Duration) -> bool
    where
        F: FnOnce() -> Result<(), String> + Send + 'static,
    {
        match timeout(patience, self.check(ask)).await {
            Ok(answer) => answer.is_ok(),
            Err(_) => !locked(&self.known).is_down,
        }
    }

    fn ask(&self, ask: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
        let failures = locked(&self.known).failures;
        let answer = ask();
        let mut known = locked(&self.known);
        let is_good = answer.is_ok() && known.failures == failures;
        known.good = is_good.then(Instant::now);
        known.is_down = !is_good;
        known.answers = known.answers.wrapping_add(1);
        known.fault = answer.clone().err();
        answer
    }
}

impl Known {
    fn is_good(&self, now: Instant) -> bool {
        self.good.is_some_and(|then| now.saturating_duration_since(then) < GOOD_FOR)
    }
}

/// Numbers and words only, whoever has panicked.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    /// A store that answers what it is told to, and counts how often it is asked.
    #[derive(Default)]
    struct Store {
        health: Arc<Health>,
        asked: Arc<AtomicUsize>,
    }

    impl Store {
        async fn check(&self, answer: Result<(), &'static str>) -> Result<(), String> {
            self.check_when(answer, || {}).await
        }

        async fn check_when<F>(&self, answer: Result<(), &'static str>, before: F) -> Result<(), String>
        where
            F: FnOnce() + Send + 'static,
        {
            let asked = Arc::clone(&self.asked);
            let ask = move || {
                asked.fetch_add(1, Ordering::Relaxed);
                before();
                answer.map_err(str::to_owned)
            };
            self.health.check(ask).await
        }

        fn asked(&self) -> usize {
            self.asked.swap(0, Ordering::Relaxed)
        }
    }

    fn run(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
    }

    #[test]
    fn a_failure_is_noticed_at_once_and_forgotten_at_once() {
        run(async {
            let store = Store::default();
            for _ in 0..1000 {
                assert_eq!(store.check(Ok(())).await, Ok(()));
            }
            // A thousand calls may take a second, not more than a few.
            let asked = store.asked();
            assert!((1..100).contains(&asked), "asked {asked} times");
            store.health.failed();
            for number in 1..=3 {
                assert_eq!((store.check(Err("full")).await, store.asked()), (Err("full".into()), 1), "{number}");
            }
            assert_eq!(store.check(Ok(())).await, Ok(()));
        });
    }

    /// A message fails while the store is asked: the answer says nothing of what comes.
    #[test]
    fn an_answer_from_before_a_failure_is_not_kept() {
        run(async {
            let store = Store::default();
            for _ in 0..3 {
                let health = Arc::clone(&store.health);
                assert_eq!(store.check_when(Ok(()), move || health.failed()).await, Ok(()));
            }
            assert_eq!(store.asked(), 3);
        });
    }

    /// A store that hangs is asked once, for all who wait; whoever may not wait has what was found last.
    #[test]
    fn an_error_is_for_all_who_have_waited_for_it() {
        run(async {
            let store = Store::default();
            let (answer, answered) = channel::<()>();
            let answered = Arc::new(Mutex::new(answered));
            let hang = |answered: Arc<Mutex<Receiver<()>>>| {
                move || {
                    let _ = locked(&answered).recv();
                }
            };
            let check = || Box::pin(store.check_when(Err("gone"), hang(Arc::clone(&answered))));
            let mut waiting: Vec<_> = (0..8).map(|_| check()).collect();
            for one in &mut waiting {
                assert!(timeout(Duration::ZERO, one).await.is_err(), "it waits");
            }
            assert!(store.health.glance(|| Ok(()), Duration::ZERO).await, "nothing has failed yet");
            store.health.failed();
            assert!(!store.health.glance(|| Ok(()), Duration::ZERO).await);
            drop(answer);
            for one in waiting {
                assert_eq!(one.await, Err("gone".into()));
            }
            assert_eq!(store.asked(), 1);
            // Who comes afterwards asks anew.
            assert_eq!((check().await, store.asked()), (Err("gone".into()), 1));
        });
    }
}
