//! Events of systems and sessions, and who listens to them.

use parking_lot::{Condvar, Mutex};
use std::sync::Arc;

use super::dispatcher;
use super::key_table::KeyStatus;
use crate::error::Result;

/// Kinds of event, numbered as OpenHarmony does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A device certificate is needed.
    ProvisionRequired = 201,
    /// A licence is needed.
    KeyRequired = 202,
    /// Keys expired or were cleared.
    KeyExpired = 203,
    /// A key system's own.
    VendorDefined = 204,
    /// The expiry changed.
    ExpirationUpdate = 206,
}

/// A key and its status as a key change reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Key id.
    pub id: Vec<u8>,
    /// Status.
    pub status: KeyStatus,
}

/// What a listener is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something happened.
    Occurred {
        /// What.
        kind: EventKind,
        /// Its data.
        info: Vec<u8>,
        /// A number that goes with it.
        extra: i64,
    },
    /// The status of keys changed.
    KeysChanged {
        /// All keys of the session.
        keys: Vec<KeyInfo>,
        /// Whether a key became usable.
        new_keys_available: bool,
    },
}

/// Receives events on the dispatcher thread.
pub trait Listener: Send + Sync {
    /// Called once per event, in order. No lock of the library is held.
    fn notify(&self, event: &Event);
}

/// Generations of callbacks; each has its own place and all of them are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackSlot {
    /// API level 11: no handle.
    Plain,
    /// API level 12: with the handle.
    WithHandle,
    /// Ours: with the handle and user data.
    WithUserData,
}

const SLOTS: usize = 3;

/// The events of one system or session.
#[derive(Default)]
pub struct EventSource {
    state: Mutex<State>,
    idle: Condvar,
}

#[derive(Default)]
struct State {
    listeners: [Option<Arc<dyn Listener>>; SLOTS],
    running: bool,
    closed: bool,
}

impl EventSource {
    /// Sets or removes the listener of a slot. When it returns, the earlier one is not running and will not run, unless
    /// this is called by a listener.
    pub fn set(&self, slot: CallbackSlot, listener: Option<Arc<dyn Listener>>) {
        let mut state = self.state.lock();
        let earlier =
            if state.closed { listener } else { std::mem::replace(&mut state.listeners[slot as usize], listener) };
        self.await_idle(&mut state);
        drop(state);
        drop(earlier);
    }

    /// Ends all listening. When it returns, no listener is running and none will run, unless this is called by a
    /// listener.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let listeners = std::mem::take(&mut state.listeners);
        self.await_idle(&mut state);
        drop(state);
        drop(listeners);
    }

    /// Makes sure that events can be delivered, if anybody listens.
    pub fn prepare(&self) -> Result<()> {
        if self.is_heard() { dispatcher::start() } else { Ok(()) }
    }

    /// Queues an event.
    pub fn post(self: &Arc<Self>, event: Event) {
        if self.is_heard() {
            dispatcher::post(Arc::clone(self), event);
        }
    }

    /// Queues an [`Event::Occurred`].
    pub fn post_occurred(self: &Arc<Self>, kind: EventKind, info: impl Into<Vec<u8>>) {
        self.post(Event::Occurred { kind, info: info.into(), extra: 0 });
    }

    /// Calls the listeners; on the dispatcher thread only.
    pub(super) fn deliver(&self, event: &Event) {
        for slot in 0..SLOTS {
            let mut state = self.state.lock();
            let Some(listener) = state.listeners[slot].clone() else { continue };
            state.running = true;
            drop(state);
            let finished = Finished(self);
            listener.notify(event);
            // The listener goes first: whoever waits may then rely on it being gone.
            drop(listener);
            drop(finished);
        }
    }

    fn is_heard(&self) -> bool {
        self.state.lock().listeners.iter().any(Option::is_some)
    }

    fn await_idle(&self, state: &mut parking_lot::MutexGuard<'_, State>) {
        if !dispatcher::is_current_thread() {
            self.idle.wait_while(state, |state| state.running);
        }
    }
}

/// Says that a listener has returned, even if it panicked.
struct Finished<'a>(&'a EventSource);

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.0.state.lock().running = false;
        self.0.idle.notify_all();
    }
}
