//! crossbeam-channel's unbounded channel over a lock and a condition variable: what was sent is received in that order, by a
//! receiver that ends when all senders are gone and nothing is left. That crossbeam does this without locks is its own
//! business and not the model's.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::sync::{Condvar, Mutex};

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

pub struct Sender<T>(Arc<Channel<T>>);

pub struct Receiver<T>(Arc<Channel<T>>);

#[derive(Debug)]
pub struct SendError<T>(pub T);

pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    let channel = Arc::new(Channel {
        state: Mutex::new(State { queue: VecDeque::new(), is_waiting: false, has_senders: true, has_receiver: true }),
        changed: Condvar::new(),
        senders: AtomicUsize::new(1),
    });
    (Sender(Arc::clone(&channel)), Receiver(channel))
}

impl<T> Sender<T> {
    pub fn send(&self, item: T) -> Result<(), SendError<T>> {
        let mut state = self.0.state.lock().unwrap();
        if !state.has_receiver {
            drop(state);
            return Err(SendError(item));
        }
        state.queue.push_back(item);
        self.0.changed.notify_all();
        Ok(())
    }

    /// For the model: waits until nothing is queued and the receiver waits for more.
    pub fn wait_until_idle(&self) {
        let mut state = self.0.state.lock().unwrap();
        while !(state.queue.is_empty() && state.is_waiting) {
            state = self.0.changed.wait(state).unwrap();
        }
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
            self.0.state.lock().unwrap().has_senders = false;
            self.0.changed.notify_all();
        }
    }
}

impl<T> Iterator for &Receiver<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let mut state = self.0.state.lock().unwrap();
        loop {
            match state.queue.pop_front() {
                None if state.has_senders => {
                    state.is_waiting = true;
                    self.0.changed.notify_all();
                    state = self.0.changed.wait(state).unwrap();
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
        let mut state = self.0.state.lock().unwrap();
        state.has_receiver = false;
        let left = std::mem::take(&mut state.queue);
        drop(state);
        drop(left);
    }
}
