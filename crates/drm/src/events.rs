//! Events of systems and sessions, and who listens to them.

use std::sync::Arc;

use crate::error::Result;
use crate::key_info::KeyInfo;
use base::call::Call;
use base::dispatcher::{self, Next, Outcome, Queue};
use base::gate::Gate;
use base::log;
use base::sync::atomic::{AtomicBool, Ordering};

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

impl Event {
    fn data_size(&self) -> usize {
        match self {
            Self::Occurred { info, .. } => info.len(),
            Self::KeysChanged { keys, .. } => std::mem::size_of_val(&**keys),
        }
    }
}

/// Receives events on workers of the dispatcher.
pub trait Listener: Send + Sync {
    /// The call that tells the program of an event; none if that does not want to know. Asked for once per event of a source, in
    /// order; calls are made one at a time, with no lock of the library held.
    fn call(&self, event: &Event) -> Option<Call>;
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

/// Bytes that the events of a source may take while they wait for a listener. Beyond that the program can cause no more of
/// them; those that come by themselves, such as the end of a license, may take as much again.
pub const MAX_WAITING: usize = 4 << 20;

/// What an event takes besides its data.
const EVENT_SIZE: usize = 256;

/// The events of one system or session.
#[derive(Default)]
pub struct EventSource {
    listeners: Arc<Gate<Listeners>>,
    queue: Queue,
    /// Whether too much waits elsewhere: at the listeners' own queue, in another process.
    full_elsewhere: AtomicBool,
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

    /// As [`EventSource::prepare`], for what the program may do again and again while a listener does not return.
    ///
    /// # Errors
    /// [`Error::Internal`](crate::error::Error::Internal), also if [`MAX_WAITING`] bytes wait.
    pub fn admit(&self) -> Result<()> {
        self.prepare()?;
        if self.has_room() { Ok(()) } else { Err(dispatcher::Error::Full(self.queue.waiting()).into()) }
    }

    /// Whether less than [`MAX_WAITING`] bytes wait.
    pub fn has_room(&self) -> bool {
        self.queue.waiting() <= MAX_WAITING && !self.full_elsewhere.load(Ordering::Relaxed)
    }

    /// Says whether too much waits where events of this source are sent on to.
    pub fn set_full_elsewhere(&self, full: bool) {
        self.full_elsewhere.store(full, Ordering::Relaxed);
    }

    /// Queues an event.
    pub fn post(self: &Arc<Self>, event: Event) {
        if !self.is_heard() {
            return;
        }
        let size = EVENT_SIZE + event.data_size();
        let source = Arc::clone(self);
        if let Err(error) = self.queue.post(size, 2 * MAX_WAITING, Box::new(move || source.deliver(event, 0))) {
            log::error!("an event is lost: {error}");
        }
    }

    /// Queues an [`Event::Occurred`].
    pub fn post_occurred(self: &Arc<Self>, kind: EventKind, info: impl Into<Vec<u8>>) {
        self.post(Event::Occurred { kind, info: info.into(), extra: 0 });
    }

    /// Calls the listeners from that slot on; on a worker only.
    fn deliver(self: Arc<Self>, event: Event, first: usize) -> Next {
        for slot in first..SLOTS {
            let Some(inside) = self.listeners.enter(|listeners| listeners[slot].clone()) else { continue };
            if let Some(call) = inside.callback.call(&event) {
                let then = move |outcome| {
                    if outcome == Outcome::Ended {
                        self.forget(slot, &inside.callback);
                    }
                    drop(inside);
                    self.deliver(event, slot + 1)
                };
                return Next::Call(call, Box::new(then));
            }
        }
        Next::Done
    }

    /// Removes a listener, unless another one has taken its place; on a worker only.
    fn forget(&self, slot: usize, listener: &Arc<dyn Listener>) {
        let removed =
            self.listeners.change(|listeners| listeners[slot].take_if(|present| Arc::ptr_eq(present, listener)));
        drop(removed);
    }

    /// Whether a listener is running.
    pub fn is_calling(&self) -> bool {
        self.listeners.is_calling()
    }

    fn is_heard(&self) -> bool {
        self.listeners.read(|listeners| listeners.iter().any(Option::is_some))
    }
}
