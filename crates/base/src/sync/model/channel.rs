//! `crossbeam-channel`'s unbounded channel over a lock and a condition variable: what was sent is received in that order, by a
//! receiver that ends when all senders are gone and nothing is left. That crossbeam does this without locks is its own
//! business and not the model's. At the end of an execution all channels are closed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::lock::{Condvar, Mutex};

loom::lazy_static! {
    static ref OPEN: std::sync::Mutex<Vec<Arc<dyn Close>>> = std::sync::Mutex::default();
}

/// A channel of any type.
trait Close: Send + Sync {
    /// Waits until nothing is queued and the receiver waits for more, then ends it. One without senders ends by itself.
    fn close(&self);
}

/// Closes all channels, each once its receiver has nothing to do.
pub(super) fn close_all() {
    let open = std::mem::take(&mut *OPEN.lock().expect("no panic meanwhile"));
    open.iter().for_each(|channel| channel.close());
}

struct Channel<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    /// Not loom's: only whether the last one is gone matters, and that is said under the lock.
    senders: AtomicUsize,
}

struct State<T> {
    queue: VecDeque<T>,
    /// The receiver waits: what it received before is done.
    is_waiting: bool,
    has_senders: bool,
    has_receiver: bool,
}

/// As `crossbeam_channel::Sender`.
pub struct Sender<T>(Arc<Channel<T>>);

/// As `crossbeam_channel::Receiver`.
pub struct Receiver<T>(Arc<Channel<T>>);

/// Gives back what nobody receives any more.
#[derive(Debug)]
pub struct SendError<T>(pub T);

/// As `crossbeam_channel::unbounded`.
pub fn unbounded<T: Send + 'static>() -> (Sender<T>, Receiver<T>) {
    let channel = Arc::new(Channel {
        state: Mutex::new(State { queue: VecDeque::new(), is_waiting: false, has_senders: true, has_receiver: true }),
        changed: Condvar::new(),
        senders: AtomicUsize::new(1),
    });
    OPEN.lock().expect("no panic meanwhile").push(channel.clone());
    (Sender(Arc::clone(&channel)), Receiver(channel))
}

impl<T: Send> Close for Channel<T> {
    fn close(&self) {
        if self.senders.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut state = self.state.lock();
        while !(state.queue.is_empty() && state.is_waiting) {
            self.changed.wait(&mut state);
        }
        state.has_senders = false;
        state.has_receiver = false;
        self.changed.notify_all();
    }
}

impl<T> Sender<T> {
    /// Queues an item.
    pub fn send(&self, item: T) -> Result<(), SendError<T>> {
        let mut state = self.0.state.lock();
        if !state.has_receiver {
            drop(state);
            return Err(SendError(item));
        }
        state.queue.push_back(item);
        self.0.changed.notify_all();
        Ok(())
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.senders.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // While a failed run is cleared up there is no loom.
        if self.0.senders.fetch_sub(1, Ordering::Relaxed) == 1 && !std::thread::panicking() {
            self.0.state.lock().has_senders = false;
            self.0.changed.notify_all();
        }
    }
}

impl<T> Iterator for &Receiver<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let mut state = self.0.state.lock();
        loop {
            match state.queue.pop_front() {
                None if state.has_senders => {
                    state.is_waiting = true;
                    self.0.changed.notify_all();
                    self.0.changed.wait(&mut state);
                    state.is_waiting = false;
                }
                item => return item,
            }
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let mut state = self.0.state.lock();
        state.has_receiver = false;
        let left = std::mem::take(&mut state.queue);
        drop(state);
        drop(left);
    }
}
