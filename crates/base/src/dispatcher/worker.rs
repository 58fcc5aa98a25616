//! The threads.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;

use super::pool::{Turn, lock};
use super::{Error, IDLE_TIME, Next, Outcome, Then, aside};
use crate::call::{Call, RawCall};
use crate::log;
use crate::sync::thread::{Bell, Caller};
use crate::sync::{Instant, catch_unwind, thread_local};

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is a worker, that is, whether a callback is calling.
pub fn is_current_thread() -> bool {
    IS_WORKER.with(Cell::get)
}

/// A worker.
pub(super) struct Worker {
    number: u64,
    /// In which it is one: a callback that has forked returns in the child, too.
    process: u32,
    /// Where it sleeps while there is nothing to do, and until when at most. None before its first turn.
    resting: Option<(Bell, Instant)>,
    /// The job that it is in, while that calls the program.
    turn: Option<Calling>,
}

struct Calling {
    queue: u64,
    since: Instant,
    call: Call,
    then: Then,
}

impl Caller for Worker {
    fn next(&mut self, returned: bool) -> Option<RawCall> {
        IS_WORKER.with(|is| is.set(true));
        if let Some(Calling { queue, since, call, then }) = self.turn.take() {
            // The arguments go first: whoever waits for the callback may then rely on them being gone.
            drop(call);
            if let Some(call) = self.go_on(queue, since, || then(Outcome::Returned(returned))) {
                return Some(call);
            }
            self.finish(queue, since)?;
        }
        loop {
            let Turn { queue, since, job, alone } = self.take()?;
            let job = || {
                if let Some(error) = alone {
                    log::warn!("events wait until a callback returns: {}", Error::Start(error));
                }
                job()
            };
            if let Some(call) = self.go_on(queue, since, job) {
                return Some(call);
            }
            self.finish(queue, since)?;
        }
    }
}

impl Worker {
    pub(super) fn new(number: u64, process: u32) -> Self {
        Self { number, process, resting: None, turn: None }
    }

    /// Does what comes next of a job: returns the call that it wants to make, if it is not done.
    fn go_on(&mut self, queue: u64, since: Instant, step: impl FnOnce() -> Next) -> Option<RawCall> {
        let _scope = log::Scope::of_thread(aside);
        match catch_unwind(AssertUnwindSafe(step)) {
            Ok(Next::Done) => None,
            Ok(Next::Call(call, then)) => {
                let raw = call.raw();
                self.turn = Some(Calling { queue, since, call, then });
                Some(raw)
            }
            Err(_) => {
                log::error!("a callback panicked");
                None
            }
        }
    }

    /// A job is done. None in a child after fork(), where this thread is no worker.
    fn finish(&mut self, queue: u64, since: Instant) -> Option<()> {
        let mut pool = lock();
        if pool.process != self.process {
            return None;
        }
        pool.finish(self.number, &(queue, since));
        self.resting = None;
        Some(())
    }

    /// Waits for a job. None if there was none for long.
    fn take(&mut self) -> Option<Turn> {
        let (bell, idle_until) =
            self.resting.get_or_insert_with(|| (Bell::of_current_thread(), Instant::now() + IDLE_TIME));
        let mut pool = lock();
        while pool.process == self.process {
            if let Some(turn) = pool.take(self.number) {
                return Some(turn);
            }
            let until = pool.sleep(self.number, bell, *idle_until)?;
            drop(pool);
            bell.sleep_until(until);
            pool = lock();
            pool.awake(self.number);
        }
        None
    }
}

impl Drop for Worker {
    /// A callback has ended the thread if there is a turn: another worker goes on.
    fn drop(&mut self) {
        let Some(Calling { queue, since, call, then }) = self.turn.take() else { return };
        drop(call);
        let rest = Box::new(move || {
            log::warn!("a callback has ended its thread and is not called any more");
            then(Outcome::Ended)
        });
        let mut pool = lock();
        let lost =
            if pool.process == self.process { pool.go_on_without(self.number, (queue, since), rest) } else { None };
        drop(pool);
        drop(lost);
    }
}
