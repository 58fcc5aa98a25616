//! Events of systems and sessions, and who listens to them.

use std::sync::Arc;

use crate::error::Result;
use crate::key_info::KeyInfo;
use base::gate::Gate;
use base::{dispatcher, log};

/// Kinds of event, numbered as OpenHarmony does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A device certificate is needed.
    ProvisionRequired = 201,
    /// A license is needed.
    KeyRequired = 202,
    /// Keys expired or were cleared.
    KeyExpired = 203,
    /// A key system's own.
    VendorDefined = 204,
    /// The expiry changed.
    ExpirationUpdate = 206,
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
    listeners: Gate<Listeners>,
}

type Listeners = [Option<Arc<dyn Listener>>; SLOTS];

impl EventSource {
    /// Sets or removes the listener of a slot. When it returns, the earlier one is not running and will not run, unless
    /// this is called by a listener.
    pub fn set(&self, slot: CallbackSlot, listener: Option<Arc<dyn Listener>>) {
        drop(self.listeners.change(|listeners| std::mem::replace(&mut listeners[slot as usize], listener)));
    }

    /// Ends all listening. When it returns, no listener is running and none will run, unless this is called by a
    /// listener.
    pub fn close(&self) {
        self.listeners.close();
    }

    /// Makes sure that events can be delivered, if anybody listens.
    ///
    /// # Errors
    /// [`Error::Internal`](crate::error::Error::Internal) if there can be no thread for them.
    pub fn prepare(&self) -> Result<()> {
        if self.is_heard() {
            dispatcher::start()?;
        }
        Ok(())
    }

    /// Queues an event.
    pub fn post(self: &Arc<Self>, event: Event) {
        if !self.is_heard() {
            return;
        }
        let source = Arc::clone(self);
        if let Err(error) = dispatcher::post(Box::new(move || source.deliver(&event))) {
            log::error!("an event is lost: {error}");
        }
    }

    /// Queues an [`Event::Occurred`].
    pub fn post_occurred(self: &Arc<Self>, kind: EventKind, info: impl Into<Vec<u8>>) {
        self.post(Event::Occurred { kind, info: info.into(), extra: 0 });
    }

    /// Calls the listeners; on the dispatcher thread only.
    fn deliver(&self, event: &Event) {
        for slot in 0..SLOTS {
            self.listeners.call(|listeners| listeners[slot].clone(), |listener| listener.notify(event));
        }
    }

    /// Whether a listener is running.
    pub fn is_calling(&self) -> bool {
        self.listeners.is_calling()
    }

    fn is_heard(&self) -> bool {
        self.listeners.read(|listeners| listeners.iter().any(Option::is_some))
    }
}
