//! Threads that the crates start.

use std::cell::Cell;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use loom::thread::JoinHandle;

pub use loom::thread::yield_now;

loom::lazy_static! {
    static ref STARTED: Mutex<Vec<JoinHandle<()>>> = Mutex::default();
    static ref COUNT: AtomicUsize = AtomicUsize::new(0);
    static ref FAILURES: AtomicUsize = AtomicUsize::new(0);
}

loom::thread_local! {
    static NUMBER: Cell<usize> = Cell::new(0);
}

/// As `std::thread::Builder`. What it starts is joined by [`finish`](super::finish).
pub struct Builder(loom::thread::Builder);

impl Builder {
    /// For a thread without a name.
    #[allow(clippy::new_without_default, reason = "as in std")]
    pub fn new() -> Self {
        Self(loom::thread::Builder::new())
    }

    /// Names the thread.
    pub fn name(self, name: String) -> Self {
        Self(self.0.name(name))
    }

    /// Starts the thread, unless [`fail_once`] was called.
    pub fn spawn(self, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
        if FAILURES.load(Relaxed) > 0 {
            FAILURES.fetch_sub(1, Relaxed);
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let number = COUNT.fetch_add(1, Relaxed) + 1;
        let thread = self.0.spawn(move || {
            NUMBER.with(|own| own.set(number));
            run();
        })?;
        STARTED.lock().expect("no panic meanwhile").push(thread);
        Ok(())
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

/// The next thread cannot be started.
pub fn fail_once() {
    FAILURES.store(1, Relaxed);
}

pub(super) fn join_all() {
    let threads = std::mem::take(&mut *STARTED.lock().expect("no panic meanwhile"));
    for thread in threads {
        thread.join().expect("a thread that does not panic");
    }
}
