//! A session: requests, licenses, keys, decryption.

mod policy;

use once_cell::sync::OnceCell;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::sync::{Arc, Weak};

use crate::enforcement::Enforcement;
use crate::events::{Event, EventKind, EventSource};
use crate::key_system::{
    License, LicenseKey, MediaKeyRequestInfo, ProtectionLevel, Release, Request, RequestContext, SessionModule,
};
use crate::key_table::{Key, KeyTable};
use crate::platform::Platform;
use crate::statistics::{DecryptCounters, DecryptTotals};
use crate::storage::{StoredKey, StoredStatus};
use crate::system::{Host, MediaKeySystem};
use crate::timer::Alarm;
use base::error::{Error, Result};
use base::log;
use base::rcu::Pin;
use cenc::{Cipher, ContentKey, Pattern, Sample, Scheme, Subsample};
use init_data::pssh;
use license::policy::DeviceLevel;

/// Bytes of a media key request at most.
const MAX_REQUEST: usize = 8192;
/// Bytes of an offline key's id at most.
const MAX_OFFLINE_ID: usize = 64;
/// Needs that are remembered as announced; more of them in one session's life may be announced twice.
const MAX_ANNOUNCED: usize = 4096;

/// How a sample is encrypted and with which key.
pub struct SampleRequest<'a> {
    /// Cipher and scheme; none = the sample is clear.
    pub method: Option<(Cipher, Scheme)>,
    /// Key id.
    pub key_id: &'a [u8; 16],
    /// Initialisation vector, 8 or 16 bytes.
    pub iv: &'a [u8],
    /// Pattern.
    pub pattern: Pattern,
    /// Subsamples; none = the whole sample is protected.
    pub subsamples: &'a [Subsample],
}

/// A sample that was found good, and its key; clear samples have none.
pub struct CheckedSample<'g>(Option<(Sample<'g>, &'g ContentKey)>);

impl CheckedSample<'_> {
    /// Decrypts in place.
    pub fn decrypt(&self, data: &mut [u8]) {
        if let Some((sample, key)) = &self.0 {
            sample.decrypt(key, data);
        }
    }
}

/// A session.
pub struct MediaKeySession {
    /// For the timer.
    me: Weak<Self>,
    system: Weak<MediaKeySystem>,
    host: Arc<Host>,
    module: Box<dyn SessionModule>,
    platform: Arc<Platform>,
    enforcement: Enforcement,
    alarm: Alarm,
    level: ProtectionLevel,
    keys: KeyTable,
    counters: DecryptCounters,
    events: Arc<EventSource>,
    announced: Mutex<HashSet<Vec<u8>>>,
    token: OnceCell<usize>,
}

impl MediaKeySession {
    pub(crate) fn new(
        system: &Arc<MediaKeySystem>,
        host: Arc<Host>,
        module: Box<dyn SessionModule>,
        platform: Arc<Platform>,
        level: ProtectionLevel,
    ) -> Arc<Self> {
        let device_level = match level {
            ProtectionLevel::SwCrypto => DeviceLevel::SwCrypto,
            ProtectionLevel::HwCrypto => DeviceLevel::HwCrypto,
            ProtectionLevel::EnhancedHwCrypto => DeviceLevel::EnhancedHwCrypto,
        };
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            system: Arc::downgrade(system),
            host,
            module,
            enforcement: Enforcement::new(Arc::clone(&platform), device_level),
            alarm: Alarm::new(),
            platform,
            level,
            keys: KeyTable::default(),
            counters: DecryptCounters::default(),
            events: Arc::default(),
            announced: Mutex::default(),
            token: OnceCell::new(),
        })
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
    pub fn system(&self) -> Result<Arc<MediaKeySystem>> {
        self.system.upgrade().ok_or_else(|| Error::invalid("mediaKeySession", "its MediaKeySystem was destroyed"))
    }

    /// Its protection level.
    pub fn level(&self) -> Result<ProtectionLevel> {
        self.host.check()?;
        Ok(self.level)
    }

    /// Whether tracks of that type need a secure decoder.
    pub fn requires_secure_decoder(&self, mime_type: &str) -> Result<bool> {
        Ok(self.level()? == ProtectionLevel::EnhancedHwCrypto && mime_type.to_ascii_lowercase().starts_with("video/"))
    }

    /// The media key request for some init data.
    pub fn generate_media_key_request(&self, info: &MediaKeyRequestInfo) -> Result<Request> {
        self.events.prepare()?;
        let context = RequestContext { device: self.enforcement.device(), held: self.enforcement.held() };
        let request = self.host.run(|| self.module.media_key_request(info, &context)).inspect_err(|error| {
            if let (Error::NotProvisioned, Some(system)) = (error, self.system.upgrade()) {
                system.announce_provisioning();
            }
        })?;
        if request.data.len() > MAX_REQUEST {
            return Err(Error::Refused(format!("a request of {} bytes is too long", request.data.len()).into()));
        }
        log::debug!("{}: media key request of {} bytes", self.name(), request.data.len());
        if self.host.descriptor().announces_requests && self.announce(&info.init_data) {
            self.events.post_occurred(EventKind::KeyRequired, info.init_data.clone());
        }
        Ok(request)
    }

    /// Parses a license without applying it.
    pub fn parse_media_key_response(&self, response: &[u8]) -> Result<License> {
        let license = self.host.run(|| self.module.parse_license(response)).inspect_err(|error| {
            if let Error::Denied { status, .. } = error {
                self.enforcement.renewal_failed(*status, &self.surroundings());
            }
        })?;
        if license.persistent
            && let Some(key) = license.keys.iter().find(|key| key.id.len() > MAX_OFFLINE_ID)
        {
            let reason = format!("the offline key id {} has {} bytes", hex::encode(&key.id), key.id.len());
            return Err(Error::Refused(reason.into()));
        }
        Ok(license)
    }

    /// Applies a license: stores its keys if they are to be stored, then makes them usable.
    pub fn apply_license(&self, license: &License) -> Result<()> {
        self.events.prepare()?;
        let keys = license.keys.iter().map(|key| Key::new(key.id.clone(), &key.key)).collect::<Result<Vec<_>>>()?;
        if let Some(terms) = &license.terms {
            return self.apply_terms(license, terms, keys);
        }
        if license.persistent {
            // The last of several entries with one key id counts.
            let mut seen = HashSet::new();
            let last = |key: &&LicenseKey| seen.insert(key.id.clone());
            let entries: Vec<_> = license
                .keys
                .iter()
                .rev()
                .filter(last)
                .map(|key| (key.id.as_slice(), StoredKey { status: StoredStatus::Usable, payload: key.key.clone() }))
                .collect();
            self.platform.offline_store()?.put_all(&entries)?;
        }
        self.log_license(license);
        self.add_keys(keys, false)
    }

    fn log_license(&self, license: &License) {
        let kind = if license.persistent { "offline" } else { "online" };
        log::info!("{}: {kind} license with {} keys", self.name(), license.keys.len());
    }

    fn add_keys(&self, keys: Vec<Key>, restored: bool) -> Result<()> {
        let ids: Vec<_> = keys.iter().map(|key| key.id().to_vec()).collect();
        let new_keys_available = self.keys.insert(keys)?;
        if restored {
            // These licenses never expire.
            self.events.post_occurred(EventKind::ExpirationUpdate, *b"0");
        }
        self.post_keys_changed(new_keys_available);
        self.keys_arrived(ids.iter().map(Vec::as_slice));
        Ok(())
    }

    fn keys_arrived<'a>(&self, ids: impl Iterator<Item = &'a [u8]>) {
        let mut announced = self.announced.lock();
        for id in ids {
            announced.remove(id);
        }
        if announced.is_empty() {
            announced.shrink_to_fit();
        }
        drop(announced);
        if let Some(system) = self.system.upgrade() {
            system.key_arrived();
        }
    }

    /// Names and values of the session's status rows.
    pub fn status_rows(&self) -> Result<Vec<(String, String)>> {
        self.host.check()?;
        let keys = self.keys.list().into_iter().map(|key| (hex::encode(key.id), key.status.word().to_owned()));
        let license = self.enforcement.rows().into_iter().map(|(name, value)| (name.to_owned(), value));
        Ok(keys.chain(license).collect())
    }

    /// Removes and wipes all keys.
    pub fn clear_media_keys(&self) -> Result<()> {
        self.host.check()?;
        self.events.prepare()?;
        self.enforcement.clear();
        let ids = self.keys.clear();
        if !ids.is_empty() {
            log::info!("{}: {} keys cleared", self.name(), ids.len());
            let info: Vec<u8> = ids.iter().flat_map(|id| fixed_id(id)).collect();
            self.events.post_occurred(EventKind::KeyExpired, info);
            self.post_keys_changed(false);
        }
        Ok(())
    }

    /// The message that gives a stored key back.
    pub fn generate_offline_release_request(&self, id: &[u8]) -> Result<Vec<u8>> {
        self.host.check()?;
        let (_, stored) = self.system()?.stored_key(id)?;
        self.host.run(|| self.module.release_request(id, &stored))
    }

    /// Processes the acknowledgement of a release.
    pub fn process_offline_release_response(&self, id: &[u8], response: &[u8]) -> Result<()> {
        self.host.check()?;
        let system = self.system()?;
        system.stored_key(id)?;
        let release: Release = self.host.run(|| self.module.process_release_response(id, response))?;
        system.release(id, release)
    }

    /// Loads a stored key.
    pub fn restore_offline_key(&self, id: &[u8]) -> Result<()> {
        self.host.check()?;
        self.events.prepare()?;
        let (store, stored) = self.system()?.stored_key(id)?;
        let license = self.host.run(|| self.module.restore(id, &stored))?;
        let keys = license.keys.iter().map(|key| Key::new(key.id.clone(), &key.key)).collect::<Result<Vec<_>>>()?;
        if let Some(terms) = &license.terms {
            self.apply_terms(&license, terms, keys)?;
        } else {
            if stored.status == StoredStatus::Inactive {
                store.set_status(id, StoredStatus::Usable)?;
            }
            self.add_keys(keys, true)?;
        }
        log::info!("{}: offline key {} restored", self.name(), hex::encode(id));
        Ok(())
    }

    /// Removes a key or license that was released.
    pub(crate) fn drop_key(&self, id: &[u8]) {
        let license_gone = self.enforcement.forget(id, &self.surroundings());
        if self.keys.remove(id) || license_gone {
            self.post_keys_changed(false);
        }
    }

    /// Decrypts a sample in place and counts it. If there is anything unusual about it or its key, nothing happens, and
    /// [`MediaKeySession::decrypt_sample`] has to look into it: not having to carry a reason makes small samples cheaper.
    #[inline(always)]
    pub fn decrypt_at_once(&self, pin: &Pin, id: &[u8; 16], sample: &Sample<'_>, data: &mut [u8]) -> Option<()> {
        let counters = self.counters.of_thread(pin);
        let key = self.keys.find(pin, id, counters.key_hint())?.usable()?;
        self.host.is_alive().then_some(())?;
        counters.count_sample(data.len());
        sample.decrypt(key, data);
        Some(())
    }

    /// Decrypts a sample in place and counts it, or changes nothing.
    pub fn decrypt_sample(&self, pin: &Pin, request: &SampleRequest<'_>, data: &mut [u8]) -> Result<()> {
        self.check_sample(pin, request, data.len())?.decrypt(data);
        self.count_sample(pin, data.len());
        Ok(())
    }

    /// Checks a sample and finds its key; nothing is changed yet.
    pub fn check_sample<'g>(
        &'g self,
        pin: &'g Pin,
        request: &SampleRequest<'g>,
        length: usize,
    ) -> Result<CheckedSample<'g>> {
        self.host.check()?;
        let Some((cipher, scheme)) = request.method else {
            return Ok(CheckedSample(None));
        };
        let sample = Sample::new(cipher, scheme, request.iv, request.pattern, request.subsamples, length)?;
        Ok(CheckedSample(Some((sample, self.find_key(pin, request.key_id)?))))
    }

    fn find_key<'g>(&'g self, pin: &'g Pin, id: &[u8; 16]) -> Result<&'g ContentKey> {
        let hint = self.counters.of_thread(pin).key_hint();
        self.keys.find(pin, id, hint).ok_or_else(|| self.missing(pin, id))?.usable_or_reason()
    }

    #[cold]
    fn missing(&self, pin: &Pin, id: &[u8; 16]) -> Error {
        if self.keys.is_closed(pin) {
            return Error::invalid("mediaKeySession", "it was destroyed meanwhile");
        }
        Error::NoKey { key_id: hex::encode(id), reason: "the session does not have it".into() }
    }

    /// Counts a sample that was refused.
    pub fn count_error(&self, pin: &Pin) {
        self.counters.of_thread(pin).count_error();
    }

    /// Counts a sample that was decrypted.
    pub fn count_sample(&self, pin: &Pin, length: usize) {
        self.counters.of_thread(pin).count_sample(length);
    }

    /// Tells listeners, once per key id until it arrives, that a key is missing. Not to be called while pinned.
    pub fn announce_missing_key(&self, id: &[u8; 16]) {
        if !self.keys.contains(id) && self.announce(id) {
            let init_data = pssh::build(&self.host.descriptor().uuid, &[*id], &[]);
            // The request that follows uses this init data and must not announce the same need again.
            self.announce(&init_data);
            self.events.post_occurred(EventKind::KeyRequired, init_data);
        }
    }

    /// Whether a key can be used now.
    pub fn has_usable_key(&self, id: &[u8; 16]) -> bool {
        self.keys.has_usable(id)
    }

    /// What was counted.
    pub fn totals(&self) -> DecryptTotals {
        self.counters.totals()
    }

    /// Ends the session: keys are wiped, events end.
    pub(crate) fn close(&self) {
        self.enforcement.clear();
        self.alarm.set(|| None, &self.me);
        self.keys.close();
        self.events.close();
    }

    fn name(&self) -> &'static str {
        self.host.descriptor().name
    }

    /// Whether a need was not announced before.
    fn announce(&self, need: &[u8]) -> bool {
        let mut announced = self.announced.lock();
        !announced.contains(need) && {
            if announced.len() < MAX_ANNOUNCED {
                announced.insert(need.to_vec());
            }
            true
        }
    }

    fn post_keys_changed(&self, new_keys_available: bool) {
        self.events.post(Event::KeysChanged { keys: self.keys.list(), new_keys_available });
    }
}

/// A key id as events carry it: 16 bytes, padded with zeros or cut.
pub fn fixed_id(id: &[u8]) -> [u8; 16] {
    let mut fixed = [0; 16];
    let length = id.len().min(fixed.len());
    fixed[..length].copy_from_slice(&id[..length]);
    fixed
}
