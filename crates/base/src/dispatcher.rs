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

use std::cell::Cell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::log;
use crate::sync::thread::Bell;
use crate::sync::{
    Instant, Mutex, MutexGuard, OnceCell, UNDER_MODEL_CHECKER, catch_unwind, process, statics, thread, thread_local,
};

/// Jobs that run at the same time while none is blocked.
const AT_ONCE: usize = if UNDER_MODEL_CHECKER { 1 } else { 4 };

/// A job that takes longer is blocked.
const PATIENCE: Duration = Duration::from_millis(2);

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
pub type Job = Box<dyn FnOnce() + Send>;

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
        match pool.waiting.entry(self.0) {
            Entry::Occupied(entry) => {
                let waiting = entry.into_mut();
                if waiting.size > limit {
                    let size = waiting.size;
                    drop(pool);
                    return Err(Error::Full(size));
                }
                waiting.size += size;
                waiting.jobs.push_back((size, job));
                return Ok(());
            }
            Entry::Vacant(entry) => {
                entry.insert(Waiting { jobs: VecDeque::from([(size, job)]), size });
            }
        }
        pool.ready.push_back(self.0);
        let woken = pool.wake();
        if let Err(error) = woken
            && pool.workers == 0
        {
            pool.ready.clear();
            let lost = std::mem::take(&mut pool.waiting);
            drop(pool);
            drop(lost);
            return Err(Error::Start(error));
        }
        Ok(())
    }

    /// The bytes that wait.
    pub fn waiting(&self) -> usize {
        lock().waiting.get(&self.0).map_or(0, |waiting| waiting.size)
    }
}

/// Starts a worker if there is none.
///
/// # Errors
/// [`Error::Start`].
pub fn start() -> Result<(), Error> {
    let mut pool = lock();
    if pool.workers == 0 { pool.start().map_err(Error::Start) } else { Ok(()) }
}

statics! {
    static ASIDE: OnceCell<Queue> = OnceCell::new();
}

/// Bytes that wait aside at most.
const MAX_ASIDE: usize = 1 << 20;

/// Has something done by a worker that belongs to no object and that nobody misses, in order with others of its kind. Without
/// threads, and where more than a MiB waits already, it is dropped.
pub fn aside(size: usize, job: Job) {
    let _ = ASIDE.get_or_init(Queue::default).post(size, MAX_ASIDE, job);
}

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is a worker, that is, whether a callback is calling.
pub fn is_current_thread() -> bool {
    IS_WORKER.with(Cell::get)
}

/// The jobs of a queue that wait.
struct Waiting {
    /// With their sizes.
    jobs: VecDeque<(usize, Job)>,
    size: usize,
}

struct Pool {
    /// Whose it is.
    process: u32,
    /// The queues of which a job runs or waits.
    waiting: BTreeMap<u64, Waiting>,
    /// Those of which none runs, in the order of their turns.
    ready: VecDeque<u64>,
    workers: usize,
    next_worker: u64,
    /// The workers that are in a job, and since when.
    calling: BTreeSet<(Instant, u64)>,
    /// The workers that sleep. The last one is woken first, so that those that are too many come to their end.
    sleeping: Vec<(u64, Bell)>,
}

/// The pool of one process. A child after fork() has none of the workers and makes a pool of its own: what the parent's is like at
/// that moment, and who holds its lock or waits for it, does not matter then. What waits in it is the parent's to do.
struct Place {
    process: u32,
    pool: Mutex<Pool>,
    child: OnceCell<Box<Place>>,
}

statics! {
    static FIRST: OnceCell<Place> = OnceCell::new();
}

fn lock() -> MutexGuard<'static, Pool> {
    let process = process::id();
    let new = || Place { process, pool: Mutex::new(Pool::new(process)), child: OnceCell::new() };
    let mut place = FIRST.get_or_init(new);
    while let Some(child) = place.child.get() {
        place = child;
    }
    if place.process != process {
        place = place.child.get_or_init(|| Box::new(new()));
    }
    place.pool.lock()
}

/// A job that was taken.
struct Turn {
    queue: u64,
    since: Instant,
    job: Job,
    /// Why nobody looks at what else is ready.
    alone: Option<io::Error>,
}

impl Pool {
    fn new(process: u32) -> Self {
        Self {
            process,
            waiting: BTreeMap::new(),
            ready: VecDeque::new(),
            workers: 0,
            next_worker: 0,
            calling: BTreeSet::new(),
            sleeping: Vec::new(),
        }
    }

    /// Makes a worker that is in no job look at what is ready.
    fn wake(&mut self) -> io::Result<()> {
        if let Some((_, bell)) = self.sleeping.pop() {
            bell.ring();
            return Ok(());
        }
        // One that does not sleep and is in no job is on its way to the lock.
        if self.workers > self.calling.len() { Ok(()) } else { self.start() }
    }

    fn start(&mut self) -> io::Result<()> {
        let (worker, process) = (self.next_worker, self.process);
        thread::spawn("native_drm", move || work(worker, process))?;
        self.next_worker += 1;
        self.workers += 1;
        Ok(())
    }

    /// The next job, if it may start now.
    fn take(&mut self, worker: u64) -> Option<Turn> {
        let since = Instant::now();
        if self.ready.is_empty() || self.next_chance(since).is_some() {
            return None;
        }
        let queue = self.ready.pop_front()?;
        let waiting = self.waiting.get_mut(&queue)?;
        let (size, job) = waiting.jobs.pop_front()?;
        waiting.size -= size;
        self.calling.insert((since, worker));
        let alone = if self.ready.is_empty() { None } else { self.wake().err() };
        Some(Turn { queue, since, job, alone })
    }

    /// When the next job may start; none if it may at once.
    fn next_chance(&self, now: Instant) -> Option<Instant> {
        if self.calling.len() < AT_ONCE {
            return None;
        }
        let blocked = self.calling.iter().take_while(|(since, _)| *since + PATIENCE <= now).count();
        if self.calling.len() - blocked < blocked.max(AT_ONCE) {
            return None;
        }
        self.calling.iter().nth(blocked).map(|(since, _)| *since + PATIENCE)
    }

    fn finish(&mut self, worker: u64, turn: &(u64, Instant)) {
        let (queue, since) = *turn;
        self.calling.remove(&(since, worker));
        if self.waiting.get(&queue).is_some_and(|waiting| waiting.jobs.is_empty()) {
            self.waiting.remove(&queue);
        } else {
            self.ready.push_back(queue);
        }
    }
}

fn work(worker: u64, process: u32) {
    IS_WORKER.with(|is| is.set(true));
    let bell = Bell::of_current_thread();
    let mut idle_until = Instant::now() + IDLE_TIME;
    let mut pool = lock();
    // A job that has forked returns in the child, too, where this thread is no worker.
    while pool.process == process {
        if let Some(Turn { queue, since, job, alone }) = pool.take(worker) {
            drop(pool);
            if let Some(error) = alone {
                log::warn!("events wait until a callback returns: {}", Error::Start(error));
            }
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                log::error!("a callback panicked");
            }
            pool = lock();
            if pool.process != process {
                return;
            }
            pool.finish(worker, &(queue, since));
            idle_until = Instant::now() + IDLE_TIME;
            continue;
        }
        let now = Instant::now();
        let until = if pool.ready.is_empty() {
            if now >= idle_until {
                pool.workers -= 1;
                return;
            }
            idle_until
        } else {
            pool.next_chance(now).unwrap_or(now)
        };
        pool.sleeping.push((worker, bell.clone()));
        drop(pool);
        bell.sleep_until(until);
        pool = lock();
        pool.sleeping.retain(|(other, _)| *other != worker);
    }
}
