//! A session: requests, licenses, keys, decryption.

mod announced;
mod decrypt;
mod policy;
mod sharing;

use std::collections::HashSet;
use std::sync::{Arc, Weak};

use crate::enforcement::Enforcement;
use crate::error::{Error, Result};
use crate::events::{Event, EventKind, EventSource};
use crate::host::Host;
use crate::key_info::fixed_id;
use crate::key_system::{
    Descriptor, License, LicenseKey, MediaKeyRequestInfo, ProtectionLevel, Release, Request, RequestContext,
    SessionModule,
};
use crate::key_table::{Key, KeyTable};
use crate::platform::Platform;
use crate::statistics::DecryptCounters;
use crate::storage::{MAX_ID_LENGTH, StoredKey, StoredStatus};
use crate::time::Alarm;
use base::log;
use base::sync::{Mutex, OnceCell};

use announced::Announced;

pub(crate) use sharing::Siblings;

/// Bytes of a media key request at most.
const MAX_REQUEST: usize = 8192;

/// What a session needs of the instance that it belongs to.
pub(crate) trait Owner: Send + Sync {
    /// The key system needs a device certificate.
    fn provisioning_required(&self);

    /// A session has got keys.
    fn keys_arrived(&self);

    /// A stored key was released: it leaves all sessions.
    fn key_released(&self, id: &[u8]);

    /// Closes a session and takes it off the instance's list.
    fn close_session(&self, session: &Arc<MediaKeySession>);
}

/// A session.
///
/// Once the key system has panicked, everything that can fail does so with [`Error::KeySystemFailed`]. What reaches the store
/// fails with [`Error::Storage`] or [`Error::StorageDamaged`] if that does.
pub struct MediaKeySession {
    owner: Weak<dyn Owner>,
    host: Arc<Host>,
    module: Box<dyn SessionModule>,
    platform: Arc<Platform>,
    enforcement: Enforcement,
    alarm: Alarm,
    level: ProtectionLevel,
    keys: KeyTable,
    counters: DecryptCounters,
    events: Arc<EventSource>,
    announced: Mutex<Announced>,
    token: OnceCell<usize>,
    siblings: Arc<Siblings>,
}

impl MediaKeySession {
    pub(crate) fn new(
        owner: Weak<dyn Owner>,
        host: Arc<Host>,
        module: Box<dyn SessionModule>,
        platform: Arc<Platform>,
        level: ProtectionLevel,
        siblings: Arc<Siblings>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|me: &Weak<Self>| Self {
            owner,
            host,
            module,
            enforcement: Enforcement::new(Arc::clone(&platform), level),
            alarm: Alarm::new(me.clone()),
            platform,
            level,
            keys: KeyTable::default(),
            counters: DecryptCounters::default(),
            events: Arc::default(),
            announced: Mutex::default(),
            token: OnceCell::new(),
            siblings,
        })
    }

    /// The facts about its key system.
    pub fn descriptor(&self) -> &'static Descriptor {
        self.host.descriptor()
    }

    /// A number that the layer above gives to the session once.
    pub fn token(&self) -> &OnceCell<usize> {
        &self.token
    }

    /// Its events.
    pub fn events(&self) -> &Arc<EventSource> {
        &self.events
    }

    /// The instance that it belongs to.
    fn owner(&self) -> Result<Arc<dyn Owner>> {
        self.owner.upgrade().ok_or(Error::OwnerDestroyed)
    }

    /// Destroys the session: it is closed and leaves its instance. When this returns, its keys are wiped, no listener is
    /// running and none will run, unless this is called by a listener.
    pub fn destroy(self: &Arc<Self>) {
        // An instance that is gone has closed its sessions.
        if let Some(owner) = self.owner.upgrade() {
            owner.close_session(self);
        }
    }

    /// Its protection level.
    ///
    /// # Errors
    /// [`Error::KeySystemFailed`].
    pub fn level(&self) -> Result<ProtectionLevel> {
        self.host.check()?;
        Ok(self.level)
    }

    /// Whether tracks of that type need a secure decoder.
    ///
    /// # Errors
    /// [`Error::KeySystemFailed`].
    pub fn requires_secure_decoder(&self, mime_type: &str) -> Result<bool> {
        Ok(self.level()? == ProtectionLevel::EnhancedHwCrypto && mime_type.to_ascii_lowercase().starts_with("video/"))
    }

    /// The media key request for some init data.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a MIME type that the key system does not know; [`Error::Malformed`] and [`Error::NotFound`] for
    /// init data without key ids that can be read; [`Error::NotProvisioned`] where a device certificate is needed;
    /// [`Error::Refused`] for options that mean nothing, a renewal that no license allows, or a request of more than 8192
    /// bytes; [`Error::Internal`] without threads or random numbers.
    pub fn generate_media_key_request(&self, info: &MediaKeyRequestInfo) -> Result<Request> {
        self.events.admit()?;
        let context = RequestContext { device: self.enforcement.device(), held: self.enforcement.held() };
        let request = self.host.run(|| self.module.media_key_request(info, &context)).inspect_err(|error| {
            if let (Error::NotProvisioned, Some(owner)) = (error, self.owner.upgrade()) {
                owner.provisioning_required();
            }
        })?;
        if request.data.len() > MAX_REQUEST {
            return Err(Error::Refused(format!("a request of {} bytes is too long", request.data.len()).into()));
        }
        log::debug!("{}: media key request of {} bytes", self.name(), request.data.len());
        if self.host.descriptor().announces_requests && self.announced.lock().add(&info.init_data) {
            self.events.post_occurred(EventKind::KeyRequired, info.init_data.clone());
        }
        Ok(request)
    }

    /// Parses a license without applying it.
    ///
    /// # Errors
    /// [`Error::Malformed`] for anything that is no license; [`Error::Denied`] for the service's refusal, which counts as a failed
    /// renewal; [`Error::NotProvisioned`]; [`Error::Refused`] for a license of another device, session or request, and for an
    /// offline key id of more than 64 bytes.
    pub fn parse_media_key_response(&self, response: &[u8]) -> Result<License> {
        let license = self.host.run(|| self.module.parse_license(response)).inspect_err(|error| {
            if let Error::Denied { status, .. } = error
                && self.may_settle()
            {
                self.enforcement.renewal_failed(*status, &self.surroundings());
            }
        })?;
        if let Some(key) = license.keys.iter().find(|key| key.persistent && key.id.len() > MAX_ID_LENGTH) {
            let reason = format!("the offline key id {} has {} bytes", hex::encode(&key.id), key.id.len());
            return Err(Error::Refused(reason.into()));
        }
        Ok(license)
    }

    /// Applies a license: stores its keys if they are to be stored, then makes them usable.
    ///
    /// # Errors
    /// [`Error::Refused`] if the store is full, the license was applied before, or a renewal has no license here;
    /// [`Error::NoLicense`] and [`Error::DeviceTime`] if its policy does not allow its use any more; [`Error::SessionDestroyed`];
    /// [`Error::Internal`] without threads or memory for keys. Nothing is applied then.
    pub fn apply_license(&self, license: &License) -> Result<()> {
        self.events.admit()?;
        let keys = prepare_keys(license)?;
        if let Some(terms) = &license.terms {
            return self.apply_terms(license, terms, keys);
        }
        if license.is_persistent() {
            // The last of several entries with one key id counts.
            let mut seen = HashSet::new();
            let last = |key: &&LicenseKey| seen.insert(key.id.clone());
            let entries: Vec<_> = license
                .keys
                .iter()
                .rev()
                .filter(last)
                .filter(|key| key.persistent)
                .map(|key| (key.id.as_slice(), StoredKey { status: StoredStatus::Usable, payload: key.key.clone() }))
                .collect();
            self.platform.offline_store()?.put_all(&entries)?;
        }
        self.log_license(license);
        self.add_keys(keys, false)
    }

    fn log_license(&self, license: &License) {
        let kind = if license.is_persistent() { "offline" } else { "online" };
        log::info!("{}: {kind} license with {} keys", self.name(), license.keys.len());
    }

    fn add_keys(&self, keys: Vec<Key>, restored: bool) -> Result<()> {
        let ids: Vec<_> = keys.iter().map(|key| key.id().to_vec()).collect();
        let new_keys_available = self.keys.insert(keys)?;
        self.keys.reap();
        if restored {
            // These licenses never expire.
            self.events.post_occurred(EventKind::ExpirationUpdate, *b"0");
        }
        self.post_keys_changed(new_keys_available);
        self.keys_arrived(ids.iter().map(Vec::as_slice));
        Ok(())
    }

    fn keys_arrived<'a>(&self, ids: impl Iterator<Item = &'a [u8]>) {
        self.announced.lock().met(ids);
        if let Some(owner) = self.owner.upgrade() {
            owner.keys_arrived();
        }
    }

    /// Names and values of the session's status rows.
    ///
    /// # Errors
    /// [`Error::KeySystemFailed`].
    pub fn status_rows(&self) -> Result<Vec<(String, String)>> {
        self.host.check()?;
        self.look_at_inherited_licenses();
        let keys = self.keys.list().into_iter().map(|key| (hex::encode(key.id), key.status.word().to_owned()));
        let license = self.enforcement.rows().into_iter().map(|(name, value)| (name.to_owned(), value));
        Ok(keys.chain(license).collect())
    }

    /// Removes and wipes all keys.
    ///
    /// # Errors
    /// [`Error::Internal`] without threads.
    pub fn clear_media_keys(&self) -> Result<()> {
        self.host.check()?;
        self.events.prepare()?;
        let ids = self.enforcement.clear(&self.surroundings(), false);
        if !ids.is_empty() {
            log::info!("{}: {} keys cleared", self.name(), ids.len());
            let info: Vec<u8> = ids.iter().flat_map(|id| fixed_id(id)).collect();
            self.events.post_occurred(EventKind::KeyExpired, info);
            self.post_keys_changed(false);
        }
        self.platform.linger_at_store();
        Ok(())
    }

    /// The message that gives a stored key back.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a key, except in ClearPlay; [`Error::NotProvisioned`]; [`Error::OwnerDestroyed`]; [`Error::Refused`] or
    /// [`Error::Malformed`] for a license that this device cannot read.
    pub fn generate_offline_release_request(&self, id: &[u8]) -> Result<Vec<u8>> {
        self.host.check()?;
        self.owner()?;
        let stored = self.platform.find_stored_key(id)?;
        self.host.run(|| self.module.release_request(id, stored.as_ref()))
    }

    /// Processes the acknowledgement of a release.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a key; [`Error::Malformed`] or [`Error::Refused`] for a response that does not acknowledge
    /// this release; [`Error::Denied`]; [`Error::OwnerDestroyed`]. The key is then stored as it was.
    pub fn process_offline_release_response(&self, id: &[u8], response: &[u8]) -> Result<()> {
        self.host.check()?;
        let owner = self.owner()?;
        self.platform.stored_key(id)?;
        let release = self.host.run(|| self.module.process_release_response(id, response))?;
        // The stored key changes durably, then it leaves all sessions.
        let store = self.platform.offline_store()?;
        let changed = match release {
            Release::Deactivate => store.set_status(id, StoredStatus::Inactive)?,
            Release::Delete => store.remove(id)?,
        };
        if !changed {
            return Err(Error::no_offline_key(id));
        }
        log::info!("{}: offline key {} released", self.name(), hex::encode(id));
        owner.key_released(id);
        Ok(())
    }

    /// Loads a stored key.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a key; [`Error::NotProvisioned`]; [`Error::Malformed`] or [`Error::Refused`] for a license
    /// that this device cannot read; [`Error::OwnerDestroyed`] and [`Error::SessionDestroyed`].
    pub fn restore_offline_key(&self, id: &[u8]) -> Result<()> {
        self.host.check()?;
        self.events.admit()?;
        self.owner()?;
        let stored = self.platform.stored_key(id)?;
        let license = self.host.run(|| self.module.restore(id, &stored))?;
        let keys = prepare_keys(&license)?;
        if let Some(terms) = &license.terms {
            self.apply_terms(&license, terms, keys)?;
        } else {
            if stored.status == StoredStatus::Inactive {
                self.platform.offline_store()?.set_status(id, StoredStatus::Usable)?;
            }
            self.add_keys(keys, true)?;
        }
        log::info!("{}: offline key {} restored", self.name(), hex::encode(id));
        Ok(())
    }

    /// Removes a key or license that was released.
    pub(crate) fn drop_key(&self, id: &[u8]) {
        let license_gone = self.enforcement.forget(id, &self.surroundings());
        let key_gone = self.keys.remove(&[id.to_vec()]);
        self.keys.reap();
        if key_gone || license_gone {
            self.post_keys_changed(false);
        }
    }

    /// Whether a key can be used now.
    pub fn has_usable_key(&self, id: &[u8; 16]) -> bool {
        self.look_at_inherited_licenses();
        self.keys.has_usable(id)
    }

    /// Ends the session: keys are wiped, events end. What becomes of its licenses is stored soon.
    pub(crate) fn close(&self) {
        self.enforcement.clear(&self.surroundings(), true);
        self.alarm.cancel();
        self.events.close();
    }

    fn name(&self) -> &'static str {
        self.host.name()
    }

    fn post_keys_changed(&self, new_keys_available: bool) {
        self.events.post(Event::KeysChanged { keys: self.keys.list(), new_keys_available });
    }
}

fn prepare_keys(license: &License) -> Result<Vec<Key>> {
    license.keys.iter().map(|key| Key::new(key.id.clone(), &key.key)).collect()
}
