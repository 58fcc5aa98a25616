//! An instance of a key system: configuration, provisioning, offline keys, sessions.

mod virtual_time;

use parking_lot::{Condvar, Mutex};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::events::{EventKind, EventSource};
use crate::key_system::{CertificateStatus, Descriptor, KeySystem, ProtectionLevel, Release, Request, SystemModule};
use crate::platform::{OUTPUT_HDCP, Platform, STORAGE_PATH, output_by_word};
use crate::registry::Place;
use crate::session::MediaKeySession;
use crate::statistics::DecryptTotals;
use crate::storage::{OfflineStore, StoredKey, StoredStatus};
use base::error::{Error, Result};
use base::log;
use base::secret::on_clean_stack;

/// Sessions that one instance may have at the same time.
pub const MAX_SESSIONS: usize = 64;

/// Read-only configuration strings.
const PREDEFINED: &[&str] =
    &["vendor", "version", "description", "algorithms", "deviceUniqueId", "maxSessionNum", "currentSessionNum"];

/// Whether an instance's key system still works. A panic inside it ends it, not the process.
pub struct Host {
    descriptor: &'static Descriptor,
    dead: AtomicBool,
}

impl Host {
    /// The key system's facts.
    pub fn descriptor(&self) -> &'static Descriptor {
        self.descriptor
    }

    /// Whether the key system has never panicked.
    #[inline(always)]
    pub fn is_alive(&self) -> bool {
        !self.dead.load(Ordering::Relaxed)
    }

    /// Fails once the key system has panicked.
    pub fn check(&self) -> Result<()> {
        if self.is_alive() { Ok(()) } else { Err(self.death()) }
    }

    /// Lets the key system do something, with secrets among other things.
    pub fn run<T>(&self, action: impl FnOnce() -> Result<T>) -> Result<T> {
        self.check()?;
        on_clean_stack(|| catch_unwind(AssertUnwindSafe(action))).unwrap_or_else(|_| {
            self.dead.store(true, Ordering::Relaxed);
            log::error!("{} panicked", self.descriptor.name);
            Err(self.death())
        })
    }

    #[cold]
    fn death(&self) -> Error {
        Error::Internal(format!("the key system {} has failed", self.descriptor.name).into())
    }
}

/// An instance of a key system.
pub struct MediaKeySystem {
    host: Arc<Host>,
    events: Arc<EventSource>,
    platform: Arc<Platform>,
    module: Box<dyn SystemModule>,
    provisioning_announced: AtomicBool,
    sessions: Mutex<Sessions>,
    /// Told whenever a session gets keys and when the instance is destroyed.
    key_arrival: Condvar,
    place: Mutex<Option<Place>>,
}

#[derive(Default)]
struct Sessions {
    /// In the order of their creation.
    open: Vec<Arc<MediaKeySession>>,
    /// Of one that is gone: it was destroyed by its own callback, which may be running still. There is one at most, because
    /// callbacks run one at a time.
    leaving: Option<Arc<EventSource>>,
    /// What sessions that are gone had counted.
    past: DecryptTotals,
    closed: bool,
}

impl MediaKeySystem {
    /// An instance; `place` is freed when it is closed.
    pub fn new(key_system: &'static dyn KeySystem, place: Option<Place>) -> Self {
        let descriptor = key_system.descriptor();
        log::info!("{}: instance created", descriptor.name);
        let platform = Arc::new(Platform::new(descriptor));
        Self {
            host: Arc::new(Host { descriptor, dead: AtomicBool::new(false) }),
            events: Arc::default(),
            module: key_system.open(&platform),
            platform,
            provisioning_announced: AtomicBool::new(false),
            sessions: Mutex::default(),
            key_arrival: Condvar::new(),
            place: Mutex::new(place),
        }
    }

    /// Its events.
    pub fn events(&self) -> &Arc<EventSource> {
        &self.events
    }

    /// Sets a configuration string.
    pub fn set_configuration_string(&self, name: String, value: String) -> Result<()> {
        self.host.check()?;
        refuse_predefined(&name)?;
        let output = (name == OUTPUT_HDCP).then(|| output_by_word(&value)).transpose()?;
        let stores = (name == STORAGE_PATH).then(|| self.platform.stores_in(Path::new(&value))).transpose()?;
        self.platform.strings.set(name, value)?;
        if let Some(stores) = stores {
            self.platform.use_stores(stores);
        }
        if let Some(output) = output {
            self.platform.set_output(output);
            self.for_each_session(MediaKeySession::output_changed);
        }
        Ok(())
    }

    /// Gets a configuration string.
    pub fn configuration_string(&self, name: &str) -> Result<String> {
        self.host.check()?;
        let descriptor = self.host.descriptor();
        Ok(match name {
            "vendor" => descriptor.vendor.to_owned(),
            "version" => env!("CARGO_PKG_VERSION").to_owned(),
            "description" => descriptor.description.to_owned(),
            "algorithms" => descriptor.algorithms.to_owned(),
            "deviceUniqueId" => hex::encode(self.platform.offline_store()?.device_id()?),
            "maxSessionNum" => MAX_SESSIONS.to_string(),
            "currentSessionNum" => self.sessions.lock().open.len().to_string(),
            _ => self.platform.strings.get(name)?,
        })
    }

    /// Sets a configuration byte array.
    pub fn set_configuration_bytes(&self, name: String, value: Vec<u8>) -> Result<()> {
        self.host.check()?;
        refuse_predefined(&name)?;
        self.platform.byte_arrays.set(name, value)
    }

    /// Gets a configuration byte array.
    pub fn configuration_bytes(&self, name: &str) -> Result<Vec<u8>> {
        self.host.check()?;
        if name == "deviceUniqueId" {
            return Ok(self.platform.offline_store()?.device_id()?.to_vec());
        }
        self.platform.byte_arrays.get(name)
    }

    /// Names and values of statistics.
    pub fn statistics(&self) -> Result<Vec<(&'static str, String)>> {
        self.host.check()?;
        let (totals, session_count) = {
            let sessions = self.sessions.lock();
            let mut totals = sessions.past;
            for session in &sessions.open {
                totals += session.totals();
            }
            (totals, sessions.open.len())
        };
        Ok(vec![
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("currentSessionNum", session_count.to_string()),
            ("decryptNumber", totals.samples.to_string()),
            ("errorDecryptNumber", totals.errors.to_string()),
            ("decryptBytes", totals.bytes.to_string()),
        ])
    }

    /// The highest protection level.
    pub fn maximum_level(&self) -> Result<ProtectionLevel> {
        self.host.check()?;
        Ok(maximum_level())
    }

    /// The provisioning request.
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
    pub(crate) fn announce_provisioning(&self) {
        if !self.provisioning_announced.swap(true, Ordering::Relaxed) {
            self.events.post_occurred(EventKind::ProvisionRequired, []);
        }
    }

    /// Takes a provisioning response.
    pub fn process_key_system_response(&self, response: &[u8]) -> Result<()> {
        self.host.run(|| self.module.process_key_system_response(response))?;
        if !self.host.descriptor().announces_requests {
            self.provisioning_announced.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The state of the device certificate.
    pub fn certificate_status(&self) -> Result<CertificateStatus> {
        self.host.run(|| self.module.certificate_status())
    }

    /// Ids of the stored keys.
    pub fn offline_key_ids(&self) -> Result<Vec<Vec<u8>>> {
        self.host.check()?;
        self.platform.offline_store()?.list()
    }

    /// Status of a stored key.
    pub fn offline_key_status(&self, id: &[u8]) -> Result<StoredStatus> {
        self.host.check()?;
        let (_, stored) = self.stored_key(id)?;
        self.host.run(|| self.module.stored_status(&stored))
    }

    /// Deletes a stored key.
    pub fn clear_offline_key(&self, id: &[u8]) -> Result<()> {
        self.host.check()?;
        if !self.platform.offline_store()?.remove(id)? {
            return Err(no_offline_key(id));
        }
        log::info!("{}: offline key {} deleted", self.name(), hex::encode(id));
        Ok(())
    }

    /// A stored key and its store.
    pub(crate) fn stored_key(&self, id: &[u8]) -> Result<(Arc<dyn OfflineStore>, StoredKey)> {
        let store = self.platform.offline_store()?;
        let key = store.get(id)?.ok_or_else(|| no_offline_key(id))?;
        Ok((store, key))
    }

    /// Carries out an acknowledged release: the stored key changes durably, then leaves all sessions.
    pub(crate) fn release(&self, id: &[u8], release: Release) -> Result<()> {
        let store = self.platform.offline_store()?;
        let changed = match release {
            Release::Deactivate => store.set_status(id, StoredStatus::Inactive)?,
            Release::Delete => store.remove(id)?,
        };
        if !changed {
            return Err(no_offline_key(id));
        }
        log::info!("{}: offline key {} released", self.name(), hex::encode(id));
        self.for_each_session(|session| session.drop_key(id));
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
    pub fn create_session(self: &Arc<Self>, level: ProtectionLevel) -> Result<Arc<MediaKeySession>> {
        self.host.check()?;
        let mut sessions = self.sessions.lock();
        if sessions.closed {
            return Err(Self::destroyed());
        }
        if sessions.open.len() >= MAX_SESSIONS {
            return Err(Error::TooManySessions { limit: MAX_SESSIONS });
        }
        let module = self.host.run(|| self.module.open_session())?;
        let (host, platform) = (Arc::clone(&self.host), Arc::clone(&self.platform));
        let session = MediaKeySession::new(self, host, module, platform, level.min(maximum_level()));
        sessions.open.push(Arc::clone(&session));
        let count = sessions.open.len();
        drop(sessions);
        log::info!("{}: session created, {count} open", self.name());
        Ok(session)
    }

    /// Closes a session of this instance and takes it off the list.
    pub fn close_session(&self, session: &Arc<MediaKeySession>) {
        // On the list until it is closed: whoever closes the instance meanwhile waits for the same.
        session.close();
        let mut sessions = self.sessions.lock();
        let Some(index) = sessions.open.iter().position(|open| Arc::ptr_eq(open, session)) else { return };
        sessions.open.remove(index);
        sessions.past += session.totals();
        if session.events().is_calling() {
            sessions.leaving = Some(Arc::clone(session.events()));
        }
        drop(sessions);
        log::info!("{}: session destroyed", self.name());
    }

    /// Closes the instance: no more sessions, no more events, waiting searches end. Returns the sessions that were open.
    pub fn close(&self) -> Vec<Arc<MediaKeySession>> {
        let mut sessions = self.sessions.lock();
        sessions.closed = true;
        let open = std::mem::take(&mut sessions.open);
        let leaving = sessions.leaving.take();
        self.key_arrival.notify_all();
        drop(sessions);
        for session in &open {
            session.close();
        }
        if let Some(events) = leaving {
            events.close();
        }
        self.events.close();
        self.place.lock().take();
        log::info!("{}: instance destroyed, {} sessions with it", self.name(), open.len());
        open
    }

    /// Whether [`MediaKeySystem::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.sessions.lock().closed
    }

    /// The newest session that can use a key now; waits for the key, without limit if `timeout` is none.
    pub fn find_session_by_key_id(&self, id: &[u8; 16], timeout: Option<Duration>) -> Result<Arc<MediaKeySession>> {
        self.host.check()?;
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut sessions = self.sessions.lock();
        loop {
            if sessions.closed {
                return Err(Self::destroyed());
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

    /// Wakes waiting searches.
    pub(crate) fn key_arrived(&self) {
        let _sessions = self.sessions.lock();
        self.key_arrival.notify_all();
    }

    fn name(&self) -> &'static str {
        self.host.descriptor().name
    }

    fn destroyed() -> Error {
        Error::invalid("mediaKeySystem", "it was destroyed meanwhile")
    }
}

fn refuse_predefined(name: &str) -> Result<()> {
    if PREDEFINED.contains(&name) {
        return Err(Error::Refused(format!("the configuration {name} is read-only").into()));
    }
    Ok(())
}

fn no_offline_key(id: &[u8]) -> Error {
    Error::NotFound { what: "offline media key", name: hex::encode(id) }
}

/// The highest protection level, unless NATIVE_DRM_EMULATE_LEVEL asks for a higher one. Nothing gets more secure by that.
pub fn maximum_level() -> ProtectionLevel {
    static SAID: AtomicBool = AtomicBool::new(false);
    let level = match std::env::var("NATIVE_DRM_EMULATE_LEVEL").as_deref() {
        Ok("HW_CRYPTO") => ProtectionLevel::HwCrypto,
        Ok("ENHANCED_HW_CRYPTO") => ProtectionLevel::EnhancedHwCrypto,
        _ => return ProtectionLevel::SwCrypto,
    };
    if !SAID.swap(true, Ordering::Relaxed) {
        log::warn!("protection level {level:?} is emulated: nothing gets more secure by it");
    }
    level
}
