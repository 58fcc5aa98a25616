//! The one thread that calls the program's callbacks. It starts with the first job.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;

use crate::log;
use crate::sync::channel::{self, Receiver, Sender};
use crate::sync::{Mutex, catch_unwind, process, statics, thread, thread_local};

/// Why nothing can be queued.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The thread cannot be started: the system has no thread to give.
    #[error("cannot start the event thread: {0}")]
    Start(std::io::Error),
    /// The thread has ended, which it does with the process alone.
    #[error("the event thread is gone")]
    Gone,
}

/// Something to do on the dispatcher thread.
pub type Job = Box<dyn FnOnce() + Send>;

struct Queue {
    sender: Sender<Job>,
    /// A child after fork() has no dispatcher thread and gets its own.
    process: u32,
}

statics! {
    static QUEUE: Mutex<Option<Queue>> = Mutex::new(None);
}

thread_local! {
    static IS_DISPATCHER: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is the dispatcher thread, that is, whether a callback is calling.
pub fn is_current_thread() -> bool {
    IS_DISPATCHER.with(Cell::get)
}

/// Starts the thread if it does not run yet.
///
/// # Errors
/// [`Error::Start`].
pub fn start() -> Result<(), Error> {
    sender().map(drop)
}

/// Queues a job. Jobs run one at a time, in the order in which they were queued.
///
/// # Errors
/// Either [`Error`].
pub fn post(job: Job) -> Result<(), Error> {
    sender()?.send(job).map_err(|_| Error::Gone)
}

fn sender() -> Result<Sender<Job>, Error> {
    let mut queue = QUEUE.lock();
    let process = process::id();
    if let Some(queue) = queue.as_ref().filter(|queue| queue.process == process) {
        return Ok(queue.sender.clone());
    }
    let (sender, receiver) = channel::unbounded();
    thread::Builder::new().name("native_drm".to_owned()).spawn(move || run(&receiver)).map_err(Error::Start)?;
    *queue = Some(Queue { sender: sender.clone(), process });
    Ok(sender)
}

fn run(jobs: &Receiver<Job>) {
    IS_DISPATCHER.with(|is| is.set(true));
    for job in jobs {
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            log::error!("a callback panicked");
        }
    }
}
