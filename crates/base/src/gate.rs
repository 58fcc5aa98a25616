//! The gate that callbacks pass through: once a callback was removed, it is not running and will not run.

use std::sync::Arc;

use crate::dispatcher;
use crate::sync::{Condvar, Mutex, MutexGuard, process};

/// The callbacks of one object, in a table `T`. They are called by jobs of one queue of the [`dispatcher`] and by nobody else:
/// there is one call at a time.
///
/// What waits for a callback does so unless a callback waits: two callbacks that remove each other would wait for ever, and so
/// would one that another callback waits for. A callback that removes another object's therefore only knows that it will not be
/// called again.
#[derive(Default)]
pub struct Gate<T> {
    state: Mutex<State<T>>,
    idle: Condvar,
}

#[derive(Default)]
struct State<T> {
    table: T,
    /// The process in which a callback is running; 0 if none is. After a fork, the parent's threads are not in the child.
    running: u32,
    /// Callbacks that were called.
    calls: u64,
    closed: bool,
}

impl<T: Default> Gate<T> {
    /// Looks at the table.
    pub fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.state.lock().table)
    }

    /// Changes the table, unless the gate is closed. When it returns, nothing that `change` took out of the table is
    /// running, unless a callback called this. What `change` returns is given back then; callbacks that it took out
    /// belong in there, so that they are dropped without a lock held.
    pub fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut state = self.state.lock();
        let result = (!state.closed).then(|| change(&mut state.table));
        self.await_idle(&mut state);
        result
    }

    /// Empties the table for good. When it returns, no callback is running and none will run, unless a callback called
    /// this.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let table = std::mem::take(&mut state.table);
        self.await_idle(&mut state);
        drop(state);
        drop(table);
    }

    /// Picks a callback from the table, to be called by a job of the dispatcher, on whatever worker. It is running until what this
    /// returns is dropped. No lock is held meanwhile.
    pub fn enter<C>(self: &Arc<Self>, find: impl FnOnce(&T) -> Option<C>) -> Option<Inside<T, C>> {
        let mut state = self.state.lock();
        let callback = find(&state.table)?;
        state.running = process::id();
        state.calls += 1;
        drop(state);
        Some(Inside { callback, _running: Running(Arc::clone(self)) })
    }

    /// Whether a callback is running.
    pub fn is_calling(&self) -> bool {
        self.state.lock().running == process::id()
    }

    fn await_idle(&self, state: &mut MutexGuard<'_, State<T>>) {
        if !dispatcher::is_current_thread() {
            // A later call found the table as it is now.
            let (process, calls) = (process::id(), state.calls);
            self.idle.wait_while(state, |state| state.running == process && state.calls == calls);
        }
    }
}

/// A callback that is running.
pub struct Inside<T, C> {
    /// The callback. It goes first: whoever waits may then rely on it being gone.
    pub callback: C,
    _running: Running<T>,
}

/// Says that a callback has returned, even if it has ended its thread.
struct Running<T>(Arc<Gate<T>>);

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.0.state.lock().running = 0;
        self.0.idle.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;
    use crate::dispatcher::{Next, Queue};

    type Callback = Arc<dyn Fn() + Send + Sync>;

    fn post(queue: &Queue, gate: &Arc<Gate<Vec<Callback>>>) {
        let gate = Arc::clone(gate);
        let call = move || {
            if let Some(inside) = gate.enter(|table| table.first().cloned()) {
                (inside.callback)();
            }
            Next::Done
        };
        queue.post(0, 0, Box::new(call)).unwrap();
    }

    #[test]
    fn a_change_waits_for_the_running_callback() {
        let gate = Arc::new(Gate::<Vec<Callback>>::default());
        let (entered_sender, entered) = mpsc::channel();
        let (leave, leave_receiver) = mpsc::channel::<()>();
        let receiver = Mutex::new(leave_receiver);
        let done = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&done);
        let callback: Callback = Arc::new(move || {
            entered_sender.send(()).unwrap();
            receiver.lock().recv().unwrap();
            counter.fetch_add(1, Ordering::SeqCst);
        });
        gate.change(|table| table.push(callback)).unwrap();
        post(&Queue::default(), &gate);
        entered.recv().unwrap();
        std::thread::scope(|scope| {
            let changer = scope.spawn(|| {
                let taken = gate.change(std::mem::take);
                (taken.map(|table| table.len()), done.load(Ordering::SeqCst))
            });
            leave.send(()).unwrap();
            assert_eq!(changer.join().unwrap(), (Some(1), 1), "it had returned before the change did");
        });
    }

    #[test]
    fn a_callback_may_close_its_own_gate() {
        let gate = Arc::new(Gate::<Vec<Callback>>::default());
        let (sender, receiver) = mpsc::channel();
        let own = Arc::downgrade(&gate);
        let callback: Callback = Arc::new(move || {
            own.upgrade().unwrap().close();
            sender.send(()).unwrap();
        });
        gate.change(|table| table.push(callback)).unwrap();
        let queue = Queue::default();
        post(&queue, &gate);
        post(&queue, &gate);
        receiver.recv().unwrap();
        gate.close();
        assert!(receiver.recv().is_err(), "the second call found nothing, and the callback is gone");
        assert!(gate.change(|table| table.len()).is_none());
    }
}
