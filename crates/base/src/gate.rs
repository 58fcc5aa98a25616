//! The gate that callbacks pass through: once a callback was removed, it is not running and will not run.

use crate::dispatcher;
use crate::sync::{Condvar, Mutex, MutexGuard};

/// The callbacks of one object, in a table `T`. They are called by jobs of the [`dispatcher`] and by nobody else.
#[derive(Default)]
pub struct Gate<T> {
    state: Mutex<State<T>>,
    idle: Condvar,
}

#[derive(Default)]
struct State<T> {
    table: T,
    running: bool,
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

    /// Calls a callback that `find` picks from the table; on the dispatcher thread only. No lock is held meanwhile.
    pub fn call<C>(&self, find: impl FnOnce(&T) -> Option<C>, call: impl FnOnce(&C)) {
        let mut state = self.state.lock();
        let Some(callback) = find(&state.table) else { return };
        state.running = true;
        drop(state);
        let finished = Finished(self);
        call(&callback);
        // The callback goes first: whoever waits may then rely on it being gone.
        drop(callback);
        drop(finished);
    }

    /// Whether a callback is running.
    pub fn is_calling(&self) -> bool {
        self.state.lock().running
    }

    fn await_idle(&self, state: &mut MutexGuard<'_, State<T>>) {
        if !dispatcher::is_current_thread() {
            self.idle.wait_while(state, |state| state.running);
        }
    }
}

/// Says that a callback has returned, even if it panicked.
struct Finished<'a, T>(&'a Gate<T>);

impl<T> Drop for Finished<'_, T> {
    fn drop(&mut self) {
        self.0.state.lock().running = false;
        self.0.idle.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, mpsc};

    use super::*;

    type Callback = Arc<dyn Fn() + Send + Sync>;

    fn post(gate: &Arc<Gate<Vec<Callback>>>) {
        let gate = Arc::clone(gate);
        dispatcher::post(Box::new(move || gate.call(|table| table.first().cloned(), |callback| callback()))).unwrap();
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
        post(&gate);
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
        post(&gate);
        post(&gate);
        receiver.recv().unwrap();
        gate.close();
        assert!(receiver.recv().is_err(), "the second call found nothing, and the callback is gone");
        assert!(gate.change(|table| table.len()).is_none());
    }
}
