//! An instance of a key system: configuration, provisioning, offline keys, sessions.

mod configuration;
mod virtual_time;

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::events::{EventKind, EventSource};
use crate::host::{Host, Place};
use crate::key_system::{CertificateStatus, KeySystem, ProtectionLevel, Request, SystemModule};
use crate::platform::Platform;
use crate::session::{MediaKeySession, Owner, Siblings};
use crate::statistics::DecryptTotals;
use crate::storage::StoredStatus;
use base::log;
use base::sync::atomic::{AtomicBool, Ordering};
use base::sync::{Condvar, Instant, Mutex};

/// Sessions that one instance may have at the same time.
pub const MAX_SESSIONS: usize = 64;

/// An instance of a key system.
///
/// Once the key system has panicked, everything that can fail does so with [`Error::KeySystemFailed`]. What reaches the store
/// fails with [`Error::Storage`] or [`Error::StorageDamaged`] if that does.
pub struct MediaKeySystem {
    host: Arc<Host>,
    events: Arc<EventSource>,
    platform: Arc<Platform>,
    module: Box<dyn SystemModule>,
    provisioning_announced: AtomicBool,
    sessions: Mutex<Sessions>,
    siblings: Arc<Siblings>,
    /// Told whenever a session gets keys and when the instance is destroyed.
    key_arrival: Condvar,
    place: Mutex<Option<Place>>,
}

#[derive(Default)]
struct Sessions {
    /// In the order of their creation.
    open: Vec<Arc<MediaKeySession>>,
    /// Of those that are gone: callbacks destroyed them, which wait for no callback, and one of theirs may be running still.
    leaving: Vec<Arc<EventSource>>,
    /// What sessions that are gone had counted.
    past: DecryptTotals,
    closed: bool,
}

impl MediaKeySystem {
    /// An instance; `place` is freed when it is closed.
    pub fn new(key_system: &'static dyn KeySystem, place: Option<Place>) -> Self {
        let descriptor = key_system.descriptor();
        log::info!("{}: instance created", descriptor.name);
        let platform = Arc::new(Platform::new(descriptor.name));
        Self {
            host: Arc::new(Host::new(descriptor)),
            events: Arc::default(),
            module: key_system.open(&platform),
            platform,
            provisioning_announced: AtomicBool::new(false),
            sessions: Mutex::default(),
            siblings: Arc::default(),
            key_arrival: Condvar::new(),
            place: Mutex::new(place),
        }
    }

    /// Its events.
    pub fn events(&self) -> &Arc<EventSource> {
        &self.events
    }

    /// The provisioning request.
    ///
    /// # Errors
    /// [`Error::Internal`] without threads or random numbers.
    pub fn generate_key_system_request(&self) -> Result<Request> {
        self.events.prepare()?;
        self.host.run(|| self.module.key_system_request())
    }

    /// Tells listeners, where the key system does so at the first provisioning request, that provisioning is required.
    pub fn announce_provisioning_request(&self) {
        if self.host.descriptor().announces_requests {
            self.announce_provisioning();
        }
    }

    /// Tells listeners, once until that is done, that provisioning is required.
    fn announce_provisioning(&self) {
        if !self.provisioning_announced.swap(true, Ordering::Relaxed) {
            self.events.post_occurred(EventKind::ProvisionRequired, []);
        }
    }

    /// Takes a provisioning response.
    ///
    /// # Errors
    /// [`Error::Refused`] if no request waits for it, or it is not from a service that this device trusts; [`Error::Denied`] for the
    /// service's refusal.
    pub fn process_key_system_response(&self, response: &[u8]) -> Result<()> {
        self.host.run(|| self.module.process_key_system_response(response))?;
        if !self.host.descriptor().announces_requests {
            self.provisioning_announced.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The state of the device certificate.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a stored certificate that cannot be read.
    pub fn certificate_status(&self) -> Result<CertificateStatus> {
        self.host.run(|| self.module.certificate_status())
    }

    /// Ids of the stored keys.
    ///
    /// # Errors
    /// See the type.
    pub fn offline_key_ids(&self) -> Result<Vec<Vec<u8>>> {
        self.host.check()?;
        self.platform.offline_store()?.list()
    }

    /// Status of a stored key.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a key; [`Error::NotProvisioned`]; [`Error::Malformed`] or [`Error::Refused`] for a license
    /// that this device cannot read.
    pub fn offline_key_status(&self, id: &[u8]) -> Result<StoredStatus> {
        self.host.check()?;
        let stored = self.platform.stored_key(id)?;
        self.host.run(|| self.module.stored_status(&stored))
    }

    /// Deletes a stored key.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a key.
    pub fn clear_offline_key(&self, id: &[u8]) -> Result<()> {
        self.host.check()?;
        if !self.platform.offline_store()?.remove(id)? {
            return Err(Error::no_offline_key(id));
        }
        log::info!("{}: offline key {} deleted", self.name(), hex::encode(id));
        Ok(())
    }

    /// No lock is held meanwhile.
    fn for_each_session(&self, action: impl Fn(&MediaKeySession)) {
        let open = self.sessions.lock().open.clone();
        for session in &open {
            action(session);
        }
    }

    /// A new session at a level, or at the highest there is.
    ///
    /// # Errors
    /// [`Error::TooManySessions`] beyond [`MAX_SESSIONS`]; [`Error::SystemDestroyed`]; [`Error::Internal`] without random numbers.
    pub fn create_session(self: &Arc<Self>, level: ProtectionLevel) -> Result<Arc<MediaKeySession>> {
        self.host.check()?;
        let mut sessions = self.sessions.lock();
        if sessions.closed {
            return Err(Error::SystemDestroyed);
        }
        if sessions.open.len() >= MAX_SESSIONS {
            return Err(Error::TooManySessions { limit: MAX_SESSIONS });
        }
        let module = self.host.run(|| self.module.open_session())?;
        let (host, platform) = (Arc::clone(&self.host), Arc::clone(&self.platform));
        let me = Arc::downgrade(self);
        let session = MediaKeySession::new(
            me,
            host,
            module,
            platform,
            level.min(self.platform.maximum_level()),
            Arc::clone(&self.siblings),
        );
        sessions.open.push(Arc::clone(&session));
        let count = sessions.open.len();
        drop(sessions);
        self.update_siblings();
        log::info!("{}: session created, {count} open", self.name());
        Ok(session)
    }

    /// Closes a session of this instance and takes it off the list.
    pub fn close_session(&self, session: &Arc<MediaKeySession>) {
        // On the list until it is closed: whoever closes the instance meanwhile waits for the same.
        session.close();
        self.platform.linger_at_store();
        let mut sessions = self.sessions.lock();
        let Some(index) = sessions.open.iter().position(|open| Arc::ptr_eq(open, session)) else { return };
        sessions.open.remove(index);
        sessions.past += session.totals();
        sessions.leaving.retain(|events| events.is_calling());
        if session.events().is_calling() {
            sessions.leaving.push(Arc::clone(session.events()));
        }
        drop(sessions);
        self.update_siblings();
        log::info!("{}: session destroyed", self.name());
    }

    /// Closes the instance: no more sessions, no more events, waiting searches end. Returns the sessions that were open.
    pub fn close(&self) -> Vec<Arc<MediaKeySession>> {
        let mut sessions = self.sessions.lock();
        sessions.closed = true;
        let open = std::mem::take(&mut sessions.open);
        let leaving = std::mem::take(&mut sessions.leaving);
        self.key_arrival.notify_all();
        drop(sessions);
        self.update_siblings();
        for session in &open {
            session.close();
        }
        self.platform.linger_at_store();
        for events in leaving {
            events.close();
        }
        self.events.close();
        self.place.lock().take();
        log::info!("{}: instance destroyed, {} sessions with it", self.name(), open.len());
        open
    }

    /// Decrypts look for shared keys in the sessions that are open now.
    fn update_siblings(&self) {
        self.siblings.set(|| self.sessions.lock().open.clone());
    }

    /// Whether [`MediaKeySystem::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.sessions.lock().closed
    }

    /// The newest session that can use a key now; waits for the key, without limit if `timeout` is none.
    ///
    /// # Errors
    /// [`Error::NoKey`] when the time is over; [`Error::SystemDestroyed`], also if that happens while this waits.
    pub fn find_session_by_key_id(&self, id: &[u8; 16], timeout: Option<Duration>) -> Result<Arc<MediaKeySession>> {
        self.host.check()?;
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut sessions = self.sessions.lock();
        loop {
            if sessions.closed {
                return Err(Error::SystemDestroyed);
            }
            if let Some(session) = sessions.open.iter().rev().find(|session| session.has_usable_key(id)) {
                return Ok(Arc::clone(session));
            }
            match deadline {
                None => self.key_arrival.wait(&mut sessions),
                Some(deadline) => {
                    if Instant::now() >= deadline {
                        let reason = "no session has it".into();
                        return Err(Error::NoKey { key_id: hex::encode(id), reason });
                    }
                    self.key_arrival.wait_until(&mut sessions, deadline);
                }
            }
        }
    }

    fn name(&self) -> &'static str {
        self.host.name()
    }
}

impl Owner for MediaKeySystem {
    fn provisioning_required(&self) {
        self.announce_provisioning();
    }

    fn keys_arrived(&self) {
        let _sessions = self.sessions.lock();
        self.key_arrival.notify_all();
    }

    fn key_released(&self, id: &[u8]) {
        self.for_each_session(|session| session.drop_key(id));
    }

    fn close_session(&self, session: &Arc<MediaKeySession>) {
        self.close_session(session);
    }
}
