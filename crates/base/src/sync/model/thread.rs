//! Threads that the crates start.

use std::cell::Cell;
use std::ffi::CStr;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loom::thread::{Builder, JoinHandle};

pub use loom::thread::yield_now;

use super::time::Instant;
use super::{lock, panic};
use crate::call::RawCall;

loom::lazy_static! {
    static ref STARTED: Mutex<Vec<JoinHandle<()>>> = Mutex::default();
    static ref COUNT: AtomicUsize = AtomicUsize::new(0);
    static ref ENDED: AtomicUsize = AtomicUsize::new(0);
    static ref FAILURES: AtomicUsize = AtomicUsize::new(0);
}

loom::thread_local! {
    static NUMBER: Cell<usize> = Cell::new(0);
}

/// Starts a thread, unless [`fail`] says otherwise. It is joined by [`finish`](super::finish).
pub fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    if FAILURES.load(Relaxed) > 0 {
        FAILURES.fetch_sub(1, Relaxed);
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    let number = COUNT.fetch_add(1, Relaxed) + 1;
    let thread = Builder::new().name(name.to_owned()).spawn(move || {
        NUMBER.with(|own| own.set(number));
        run();
        ENDED.fetch_add(1, Relaxed);
    })?;
    STARTED.lock().expect("no panic meanwhile").push(thread);
    Ok(())
}

/// As in `base::sync::thread`.
pub(crate) trait Caller: Send {
    /// The next call; none to end the thread. Is told what the one before has returned.
    fn next(&mut self, returned: bool) -> Option<RawCall>;
}

/// As in `base::sync::thread`; a call ends its thread by [`panic::end_thread`].
pub(crate) fn spawn_caller(name: &'static CStr, mut caller: Box<dyn Caller>) -> io::Result<()> {
    spawn(&name.to_string_lossy(), move || {
        let mut returned = false;
        while let Some(call) = caller.next(returned) {
            // SAFETY: the caller keeps the call until it is asked for the next one or dropped.
            returned = unsafe { call.make() };
            if panic::thread_ends() {
                break;
            }
        }
    })
}

/// As in `base::sync::thread`.
#[derive(Clone, Default)]
pub struct Bell(Arc<(lock::Mutex<bool>, lock::Condvar)>);

impl Bell {
    /// For the calling thread to sleep at.
    pub fn of_current_thread() -> Self {
        Self::default()
    }

    /// Wakes the thread.
    pub fn ring(&self) {
        *self.0.0.lock() = true;
        self.0.1.notify_all();
    }

    /// Sleeps until it rings or has rung, or until a time.
    pub fn sleep_until(&self, until: Instant) {
        let mut has_rung = self.0.0.lock();
        if !*has_rung {
            self.0.1.wait_until(&mut has_rung, until);
        }
        *has_rung = false;
    }
}

/// Lets others go on: there is no time to pass.
pub fn sleep(_: Duration) {
    yield_now();
}

/// The number of threads that the crates have started.
pub fn started() -> usize {
    COUNT.load(Relaxed)
}

/// Which of them this is: 1 for the first one, 0 if it is none.
pub fn number() -> usize {
    NUMBER.with(Cell::get)
}

/// So many of the next threads cannot be started.
pub fn fail(times: usize) {
    FAILURES.store(times, Relaxed);
}

/// The number of threads that the crates have started and that have not ended.
pub fn running() -> usize {
    started() - ENDED.load(Relaxed)
}

pub(super) fn are_running() -> bool {
    running() > 0
}

pub(super) fn join_all() {
    let threads = std::mem::take(&mut *STARTED.lock().expect("no panic meanwhile"));
    for thread in threads {
        thread.join().expect("a thread that does not panic");
    }
}
