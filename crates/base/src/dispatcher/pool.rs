//! What waits, and who may do it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::time::Duration;

use super::worker::Worker;
use super::{Error, Job};
use crate::sync::thread::Bell;
use crate::sync::{Instant, Mutex, MutexGuard, OnceCell, UNDER_MODEL_CHECKER, process, statics, thread};

/// Jobs that run at the same time while none is blocked.
const AT_ONCE: usize = if UNDER_MODEL_CHECKER { 1 } else { 4 };

/// A job that takes longer is blocked.
const PATIENCE: Duration = Duration::from_millis(2);

/// The jobs of a queue that wait.
pub(super) struct Waiting {
    /// With their sizes.
    jobs: VecDeque<(usize, Job)>,
    size: usize,
}

/// What will not be done.
pub(super) type Lost = BTreeMap<u64, Waiting>;

pub(super) struct Pool {
    /// Whose it is.
    pub(super) process: u32,
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

pub(super) fn lock() -> MutexGuard<'static, Pool> {
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
pub(super) struct Turn {
    pub(super) queue: u64,
    pub(super) since: Instant,
    pub(super) job: Job,
    /// Why nobody looks at what else is ready.
    pub(super) alone: Option<io::Error>,
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

    /// Queues a job. With an error comes what is lost, for the caller to drop without the lock.
    pub(super) fn add(&mut self, queue: u64, size: usize, limit: usize, job: Job) -> Result<(), (Error, Lost)> {
        match self.waiting.entry(queue) {
            Entry::Occupied(entry) => {
                let waiting = entry.into_mut();
                if waiting.size > limit {
                    let lost = Waiting { jobs: VecDeque::from([(size, job)]), size };
                    return Err((Error::Full(waiting.size), Lost::from([(queue, lost)])));
                }
                waiting.size += size;
                waiting.jobs.push_back((size, job));
                return Ok(());
            }
            Entry::Vacant(entry) => {
                entry.insert(Waiting { jobs: VecDeque::from([(size, job)]), size });
            }
        }
        self.ready.push_back(queue);
        match self.wake() {
            Err(error) if self.workers == 0 => Err((Error::Start(error), self.give_up())),
            _ => Ok(()),
        }
    }

    /// The bytes that wait in a queue.
    pub(super) fn size_of(&self, queue: u64) -> usize {
        self.waiting.get(&queue).map_or(0, |waiting| waiting.size)
    }

    /// Starts a worker if there is none.
    pub(super) fn start_first(&mut self) -> io::Result<()> {
        if self.workers == 0 { self.start() } else { Ok(()) }
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
        let worker = Worker::new(self.next_worker, self.process);
        thread::spawn_caller(c"native_drm", Box::new(worker))?;
        self.next_worker += 1;
        self.workers += 1;
        Ok(())
    }

    /// The next job, if it may start now.
    pub(super) fn take(&mut self, worker: u64) -> Option<Turn> {
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

    /// A worker finds nothing to do and sleeps: until when at most. None if it ends, having had nothing to do until `idle_until`.
    pub(super) fn sleep(&mut self, worker: u64, bell: &Bell, idle_until: Instant) -> Option<Instant> {
        let now = Instant::now();
        let until = if !self.ready.is_empty() {
            self.next_chance(now).unwrap_or(now)
        } else if now < idle_until {
            idle_until
        } else {
            self.workers -= 1;
            return None;
        };
        self.sleeping.push((worker, bell.clone()));
        Some(until)
    }

    /// It sleeps no more.
    pub(super) fn awake(&mut self, worker: u64) {
        self.sleeping.retain(|(other, _)| *other != worker);
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

    /// Has another worker do the rest of a job whose worker is gone. What is lost for want of a worker is for the caller to drop
    /// without the lock.
    pub(super) fn go_on_without(&mut self, worker: u64, turn: (u64, Instant), rest: Job) -> Option<Lost> {
        let (queue, since) = turn;
        self.calling.remove(&(since, worker));
        self.workers -= 1;
        if let Some(waiting) = self.waiting.get_mut(&queue) {
            waiting.jobs.push_front((0, rest));
        }
        self.ready.push_front(queue);
        let woken = self.wake();
        (woken.is_err() && self.workers == 0).then(|| self.give_up())
    }

    /// Forgets what waits: there is no worker and there will be none.
    fn give_up(&mut self) -> Lost {
        self.ready.clear();
        std::mem::take(&mut self.waiting)
    }

    pub(super) fn finish(&mut self, worker: u64, turn: &(u64, Instant)) {
        let (queue, since) = *turn;
        self.calling.remove(&(since, worker));
        if self.waiting.get(&queue).is_some_and(|waiting| waiting.jobs.is_empty()) {
            self.waiting.remove(&queue);
        } else {
            self.ready.push_back(queue);
        }
    }
}
