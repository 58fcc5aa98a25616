//! An instance of a key system: configuration, provisioning, offline keys, sessions.

mod configuration;
mod link;
mod virtual_time;

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::events::{EventKind, EventSource};
use crate::host::{Host, Place};
use crate::key_system::{CertificateStatus, Descriptor, KeySystem, ProtectionLevel, Request, SystemModule};
use crate::platform::Platform;
use crate::session::{MediaKeySession, Owner, SessionLink, Siblings};
use crate::statistics::DecryptTotals;
use crate::storage::StoredStatus;
use base::log;
use base::sync::atomic::{AtomicBool, Ordering};
use base::sync::{Condvar, Instant, Mutex, OnceCell};
pub(crate) use link::SystemLink;

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
    /// Told, too, if another process has to know.
    arrival_listener: OnceCell<Box<dyn Fn() + Send + Sync>>,
    place: Mutex<Option<Place>>,
}

#[derive(Default)]
struct Sessions {
    /// In the order of their creation.
    open: Vec<Arc<MediaKeySession>>,
    /// How many are being opened.
    opening: usize,
    /// Of those that are gone: callbacks destroyed them, which wait for no callback, and one of theirs may be running still.
    leaving: Vec<Arc<EventSource>>,
    /// What sessions that are gone had counted.
    past: DecryptTotals,
    closed: bool,
}

impl MediaKeySystem {
    /// An instance; `place` is freed when it is closed.
    ///
    /// # Errors
    /// [`Error::KeySystemFailed`]; the key system's own.
    pub fn new(key_system: &dyn KeySystem, place: Option<Place>) -> Result<Self> {
        let descriptor = key_system.descriptor();
        let platform = Arc::new(Platform::new(&descriptor.name));
        let host = Host::new(descriptor);
        let events = Arc::<EventSource>::default();
        let link = Arc::new(SystemLink { platform: Arc::clone(&platform), events: Arc::clone(&events) });
        let module = host.run(|| key_system.open(link))?;
        log::info!("{}: instance created", host.name());
        Ok(Self {
            host: Arc::new(host),
            events,
            module,
            platform,
            provisioning_announced: AtomicBool::new(false),
            sessions: Mutex::default(),
            siblings: Arc::default(),
            key_arrival: Condvar::new(),
            arrival_listener: OnceCell::new(),
            place: Mutex::new(place),
        })
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
        match self.module.offline_keys() {
            Some(own) => self.host.run(|| own.ids()),
            None => self.platform.offline_store()?.list(),
        }
    }

    /// Status of a stored key.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a key; [`Error::NotProvisioned`]; [`Error::Malformed`] or [`Error::Refused`] for a license
    /// that this device cannot read.
    pub fn offline_key_status(&self, id: &[u8]) -> Result<StoredStatus> {
        self.host.check()?;
        if let Some(own) = self.module.offline_keys() {
            return self.host.run(|| own.status(id));
        }
        let stored = self.platform.stored_key(id)?;
        self.host.run(|| self.module.stored_status(&stored))
    }

    /// Deletes a stored key.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a key.
    pub fn clear_offline_key(&self, id: &[u8]) -> Result<()> {
        self.host.check()?;
        if let Some(own) = self.module.offline_keys() {
            self.host.run(|| own.remove(id))?;
        } else if !self.platform.offline_store()?.remove(id)? {
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
    /// [`Error::TooManySessions`] beyond the key system's limit; [`Error::SystemDestroyed`]; [`Error::Internal`] without random numbers.
    pub fn create_session(self: &Arc<Self>, level: ProtectionLevel) -> Result<Arc<MediaKeySession>> {
        self.host.check()?;
        let level = level.min(self.maximum_level()?);
        let limit = self.host.descriptor().limits.sessions;
        let mut sessions = self.sessions.lock();
        if sessions.closed {
            return Err(Error::SystemDestroyed);
        }
        if sessions.open.len() + sessions.opening >= limit {
            return Err(Error::TooManySessions { limit });
        }
        sessions.opening += 1;
        drop(sessions);
        // With no lock held: the key system may take its time.
        let link = Arc::new(SessionLink::default());
        let host_of_module = Arc::clone(&link);
        let module = self.host.run(|| self.module.open_session(level, host_of_module));
        let session = module.map(|module| {
            let (host, platform) = (Arc::clone(&self.host), Arc::clone(&self.platform));
            let siblings = Arc::clone(&self.siblings);
            let owner = Arc::downgrade(self);
            MediaKeySession::new(owner, host, module, platform, level, siblings)
        });
        let mut sessions = self.sessions.lock();
        sessions.opening -= 1;
        let session = session?;
        if sessions.closed {
            // The session goes with no lock held, too.
            drop(sessions);
            return Err(Error::SystemDestroyed);
        }
        link.lead_to(&session);
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

    /// Has `tell` called, with no lock held, whenever a session has got keys; once only.
    pub fn on_key_arrival(&self, tell: Box<dyn Fn() + Send + Sync>) {
        let _ = self.arrival_listener.set(tell);
    }

    /// The facts about its key system.
    pub fn descriptor(&self) -> &Descriptor {
        self.host.descriptor()
    }

    fn name(&self) -> &str {
        self.host.name()
    }
}

impl Owner for MediaKeySystem {
    fn provisioning_required(&self) {
        self.announce_provisioning();
    }

    fn keys_arrived(&self) {
        let sessions = self.sessions.lock();
        self.key_arrival.notify_all();
        drop(sessions);
        if let Some(tell) = self.arrival_listener.get() {
            tell();
        }
    }

    fn keeps_own_keys(&self) -> bool {
        self.module.offline_keys().is_some()
    }

    fn key_released(&self, id: &[u8]) {
        self.for_each_session(|session| session.drop_key(id));
    }

    fn licenses_revoked(&self, ids: &[Vec<u8>]) {
        self.for_each_session(|session| session.revoke_licenses(ids));
        self.platform.mark_revoked(ids);
        log::debug!("{}: {} licenses of this device are revoked", self.name(), ids.len());
    }

    fn close_session(&self, session: &Arc<MediaKeySession>) {
        self.close_session(session);
    }
}
