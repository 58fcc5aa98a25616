//! A system: its sessions, its events.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use loom::sync::atomic::{AtomicBool, Ordering};

use super::events::EventSource;
use super::session::MediaKeySession;
use super::stand_ins::{DESCRIPTOR, Descriptor, Module, Place, Platform, ProtectionLevel, SystemModule, maximum_level};
use super::statistics::DecryptTotals;
use base::error::{Error, Result};
use base::log;
use base::secret::on_clean_stack;
use base::sync::catch_unwind;
use base::sync::{Condvar, Mutex};

crate::source!("host.rs");
crate::source!("system.rs");

impl MediaKeySystem {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            host: Arc::new(Host { descriptor: &DESCRIPTOR, dead: AtomicBool::new(false) }),
            events: Arc::default(),
            platform: Arc::new(Platform),
            module: Box::new(Module),
            provisioning_announced: AtomicBool::new(false),
            sessions: Mutex::default(),
            key_arrival: Condvar::new(),
            place: Mutex::new(Some(Place)),
        })
    }

    /// What the sessions counted, those that are gone among them.
    pub fn totals(&self) -> DecryptTotals {
        let sessions = self.sessions.lock();
        let mut totals = sessions.past;
        for session in &sessions.open {
            totals += session.totals();
        }
        totals
    }
}
