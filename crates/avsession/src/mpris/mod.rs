//! Shows a session on the session bus: MPRIS 2.2 for media controls, and `org.ohos.AVSession1` for what MPRIS lacks.
//!
//! One thread per session talks to the bus, from the first activation on. It alone waits for the bus: whoever changes the
//! session only wakes it. It sees the session as it is when it looks, so that what changes faster than the bus can be told
//! takes no memory.

mod address;
mod bus;
mod extension;
mod failure;
mod interface;
mod introspection;
mod link;
mod metadata;
mod model;
mod names;
mod pace;
mod player;
mod progress;
mod service;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use crate::session::{Controller, Session};
use base::log;
use base::sync::thread;
use link::Link;

/// Makes controllers that show a session at the bus of that address; if there is none, at the session bus that the
/// environment names when the session is activated.
pub fn factory(address: Option<String>) -> impl FnOnce(Weak<Session>) -> Option<Arc<dyn Controller>> {
    |session| Some(Arc::new(Mpris { session, address, link: Arc::default(), has_thread: AtomicBool::new(false) }))
}

struct Mpris {
    session: Weak<Session>,
    address: Option<String>,
    link: Arc<Link>,
    has_thread: AtomicBool,
}

impl Mpris {
    /// Starts the thread at the bus, unless it was started already.
    fn start(&self) {
        if self.link.is_closed() || self.has_thread.swap(true, Ordering::Relaxed) {
            return;
        }
        let (link, session) = (Arc::clone(&self.link), Weak::clone(&self.session));
        if let Err(error) = thread::spawn("native_drm_bus", move || bus::run(&link, &session)) {
            self.has_thread.store(false, Ordering::Relaxed);
            log::warn!("no media controls until the session is activated again: no thread: {error}");
        }
    }
}

impl Controller for Mpris {
    fn connect(&self) {
        // Here, not on the thread at the bus: the environment is the program's.
        self.link.connect(self.address.clone().unwrap_or_else(address::session_bus));
        self.start();
    }

    fn changed(&self) {
        self.link.changed();
    }

    fn close(&self) {
        self.link.close();
    }
}
