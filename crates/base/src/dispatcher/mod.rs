//! The threads that call the program's callbacks.
//!
//! Whatever has callbacks has a [`Queue`]. The jobs of one queue run one at a time, in their order; different queues do not
//! wait for each other, even if a job of one blocks. All queues share the threads, which are called workers:
//!
//! - A worker starts when a queue has something to do and every worker is in a job.
//! - `AT_ONCE` jobs run at the same time. A job that takes longer than `PATIENCE` is blocked and does not count, and as many
//!   others as are blocked may run: few threads while callbacks are quick, and twice as many every few milliseconds while they
//!   block.
//! - A worker without anything to do ends after [`IDLE_TIME`].
//!
//! So that no job is forgotten, one thing holds whenever the pool's lock is free: if a queue waits for a worker, there is one
//! that is in no job and either comes to the lock or looks again when the next job will be blocked. The exception is a
//! system that has no further thread to give: then the workers that return from their jobs do the rest.

mod pool;
mod worker;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::call::Call;
use crate::sync::{OnceCell, statics};
use pool::lock;

pub use worker::is_current_thread;

/// A worker that has had nothing to do for so long ends.
pub const IDLE_TIME: Duration = Duration::from_secs(1);

/// Why nothing can be queued.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no worker, and the system has no thread to give.
    #[error("cannot start an event thread: {0}")]
    Start(io::Error),
    /// Too much waits in the queue already.
    #[error("{0} bytes wait for a callback")]
    Full(usize),
}

/// Something to do on a worker.
pub type Job = Box<dyn FnOnce() -> Next + Send>;

/// What is to be done after a call.
pub type Then = Box<dyn FnOnce(Outcome) -> Next + Send>;

/// How a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has returned whether it could do what it was asked for.
    Returned(bool),
    /// It has ended its thread, and another worker goes on. Whoever does that wants no further call: Python before 3.14, while it
    /// exits, soon does not bear another one.
    Ended,
}

/// How a job goes on: functions of the program are called by the worker's first frame alone (see [`crate::call`]).
pub enum Next {
    /// It is done.
    Done,
    /// It calls the program and goes on when that has returned.
    Call(Call, Then),
}

/// Jobs that run one at a time, in the order in which they were posted.
#[derive(Debug)]
pub struct Queue(u64);

impl Default for Queue {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Queue {
    /// Queues a job that takes `size` bytes while it waits.
    ///
    /// # Errors
    /// [`Error::Full`] if more than `limit` bytes wait already; [`Error::Start`]. The job is dropped then, and will not run.
    pub fn post(&self, size: usize, limit: usize, job: Job) -> Result<(), Error> {
        let mut pool = lock();
        let refused = pool.add(self.0, size, limit, job);
        drop(pool);
        // What is lost is dropped without the lock.
        refused.map_err(|(error, _lost)| error)
    }

    /// The bytes that wait.
    pub fn waiting(&self) -> usize {
        lock().size_of(self.0)
    }
}

/// Starts a worker if there is none.
///
/// # Errors
/// [`Error::Start`].
pub fn start() -> Result<(), Error> {
    lock().start_first().map_err(Error::Start)
}

statics! {
    static ASIDE: OnceCell<Queue> = OnceCell::new();
}

/// Bytes that wait aside at most.
const MAX_ASIDE: usize = 1 << 20;

/// Has something done by a worker that belongs to no object and that nobody misses, in order with others of its kind. Without
/// threads, and where more than a MiB waits already, it is dropped, and this returns false.
pub fn aside(size: usize, job: Job) -> bool {
    ASIDE.get_or_init(Queue::default).post(size, MAX_ASIDE, job).is_ok()
}
