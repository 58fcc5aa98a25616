//! A session: requests, licenses, keys, decryption.

mod access_unit;
mod announced;
mod batch;
mod decrypt;
mod kept;
mod link;
mod offline;
mod policy;
mod sharing;

use std::collections::HashSet;
use std::sync::{Arc, Weak};

use crate::enforcement::Enforcement;
use crate::error::{Error, Result};
use crate::events::{Event, EventKind, EventSource};
use crate::host::Host;
use crate::key_info::{KeyState, KeyStatus, fixed_id};
use crate::key_system::{
    Descriptor, License, LicenseKey, MediaKeyRequestInfo, ProtectionLevel, Request, RequestContext, SessionModule,
};
use crate::key_table::{Key, KeyTable};
use crate::platform::Platform;
use crate::statistics::DecryptCounters;
use crate::storage::{MAX_ID_LENGTH, StoredKey, StoredStatus};
use crate::time::Alarm;
use base::log;
use base::sync::{Mutex, OnceCell};

use announced::Announced;

pub use batch::BatchKeys;
pub(crate) use link::SessionLink;
pub(crate) use sharing::Siblings;

/// Bytes of a media key request at most.
const MAX_REQUEST: usize = 8192;

/// What a session needs of the instance that it belongs to.
pub(crate) trait Owner: Send + Sync {
    /// The key system needs a device certificate.
    fn provisioning_required(&self);

    /// A session has got keys.
    fn keys_arrived(&self);

    /// Whether the key system keeps its offline keys outside of the instance's store.
    fn keeps_own_keys(&self) -> bool;

    /// A stored key was released: it leaves all sessions.
    fn key_released(&self, id: &[u8]);

    /// The service has revoked licenses: they are over in all sessions, and in the store.
    fn licenses_revoked(&self, ids: &[Vec<u8>]);

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
    pub fn descriptor(&self) -> &Descriptor {
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
        let own = self.host.run(|| self.module.level())?;
        Ok(own.map_or(self.level, |own| own.min(self.level)))
    }

    /// See [`SessionModule::longest_media_key_id`].
    pub fn longest_media_key_id(&self) -> Option<usize> {
        self.module.longest_media_key_id()
    }

    /// Whether tracks of that type need a secure decoder.
    ///
    /// # Errors
    /// [`Error::KeySystemFailed`].
    pub fn requires_secure_decoder(&self, mime_type: &str) -> Result<bool> {
        if let Some(answer) = self.host.run(|| self.module.requires_secure_decoder(mime_type))? {
            return Ok(answer);
        }
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
    /// renewal, and ends the recovery window of the license that it is about; [`Error::NotProvisioned`]; [`Error::Refused`] for a license of another device, session or request, and for an
    /// offline key id of more than 64 bytes.
    pub fn parse_media_key_response(&self, response: &[u8]) -> Result<License> {
        let license = self.host.run(|| self.module.parse_license(response)).inspect_err(|error| {
            if let Error::Denied { status, license_id, .. } = error
                && self.may_settle()
            {
                self.enforcement.renewal_failed(*status, license_id.as_deref(), &self.surroundings());
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
        self.prepare(license)?;
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
                .filter_map(|key| {
                    let payload = key.key.clone()?;
                    Some((key.id.as_slice(), StoredKey { status: StoredStatus::Usable, payload }))
                })
                .collect();
            self.platform.offline_store()?.put_all(&entries)?;
        }
        self.log_license(license);
        self.add_keys(keys, false)?;
        self.commit(license);
        self.conclude(license);
        Ok(())
    }

    fn prepare(&self, license: &License) -> Result<()> {
        license.acceptance.as_ref().map_or(Ok(()), |acceptance| self.host.run(|| acceptance.prepare()))
    }

    fn commit(&self, license: &License) {
        if let Some(acceptance) = &license.acceptance {
            self.host.tell(|| acceptance.commit());
        }
    }

    fn conclude(&self, license: &License) {
        if let Some(acceptance) = &license.acceptance {
            self.host.tell(|| acceptance.conclude());
        }
    }

    fn log_license(&self, license: &License) {
        let kind = if license.is_persistent() { "offline" } else { "online" };
        log::info!("{}: {kind} license with {} keys", self.name(), license.keys.len());
    }

    fn add_keys(&self, keys: Vec<Key>, restored: bool) -> Result<()> {
        let ids: Vec<_> = keys.iter().map(|key| key.id().to_vec()).collect();
        self.enforcement.disown(ids.iter().map(Vec::as_slice));
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
        if let Some(rows) = self.host.run(|| self.module.status_rows())? {
            return Ok(rows);
        }
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
        self.events.prepare()?;
        self.host.run(|| self.module.clear())?;
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

    /// Whether a key can be used now.
    pub fn has_usable_key(&self, id: &[u8; 16]) -> bool {
        if self.keys.is_unknown(id) {
            self.tick();
        }
        self.keys.has_usable(id)
    }

    /// Ends the session: keys are wiped, events end. What becomes of its licenses is stored soon.
    pub(crate) fn close(&self) {
        self.enforcement.clear(&self.surroundings(), true);
        self.alarm.cancel();
        self.events.close();
    }

    fn name(&self) -> &str {
        self.host.name()
    }

    fn post_keys_changed(&self, new_keys_available: bool) {
        self.events.post(Event::KeysChanged { keys: self.keys.list(), new_keys_available });
    }
}

fn prepare_keys(license: &License) -> Result<Vec<Key>> {
    let prepared = |key: &LicenseKey| {
        let prepared = match &key.key {
            Some(content) => Key::new(key.id.clone(), content)?,
            None => Key::kept(key.id.clone())?,
        };
        if key.status != KeyStatus::Usable {
            prepared.set_state(KeyState::Settled(key.status));
        }
        Ok(prepared)
    };
    license.keys.iter().map(prepared).collect()
}
