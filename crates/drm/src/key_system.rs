//! What a key system has to provide: wire formats and provisioning. Sessions, keys, policies, storage and events are the
//! same for all.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::events::EventKind;
use crate::key_info::KeyStatus;
use crate::machine::Machine;
use crate::sample::SampleRequest;
use crate::storage::{OfflineStore, StoredKey, StoredStatus};
use crate::terms::{HeldLicense, Terms};
use base::secret::SecretBytes;
use init_data::{key_ids, pssh};
use license::policy::{Device, Reading};

pub use crate::descriptor::{Descriptor, InitDataType, Limits, MimeType};
pub use license::policy::DeviceLevel as ProtectionLevel;
pub use license::protocol::CertificateStatus;

/// Whether a key is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKeyType {
    /// Stored; can be restored without a server.
    Offline,
    /// Lives as long as its session.
    Online,
}

/// What a media key request asks for.
#[derive(Debug)]
pub struct MediaKeyRequestInfo {
    /// Online or offline.
    pub key_type: MediaKeyType,
    /// Init data in the format of `mime_type`.
    pub init_data: Vec<u8>,
    /// MIME type or EME init data type.
    pub mime_type: String,
    /// Options: name, any bytes, and value.
    pub options: Vec<(Vec<u8>, Vec<u8>)>,
}

impl MediaKeyRequestInfo {
    /// The key ids that the init data names. `of_boxes` takes them from pssh boxes: key systems differ in whose boxes they
    /// look at.
    ///
    /// # Errors
    /// [`Unsupported`](crate::error::Error::Unsupported) for a MIME type that the key system does not know;
    /// [`Malformed`](crate::error::Error::Malformed) for init data of another format; those of `of_boxes`.
    pub fn key_ids(
        &self,
        descriptor: &Descriptor,
        of_boxes: impl FnOnce(&[pssh::PsshBox<'_>]) -> init_data::Result<Vec<[u8; 16]>>,
    ) -> Result<Vec<Vec<u8>>> {
        let ids = match descriptor.init_data_type(&self.mime_type)? {
            InitDataType::Cenc => of_boxes(&pssh::parse_all(&self.init_data)?)?,
            InitDataType::WebM => return Ok(vec![key_ids::parse_webm_init_data(&self.init_data)?]),
            InitDataType::KeyIds => return Ok(key_ids::parse_keyids_init_data(&self.init_data)?),
        };
        Ok(ids.into_iter().map(Vec::from).collect())
    }
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestType {
    /// A license.
    Initial,
    /// More time for a license that is there.
    Renewal,
    /// The return of a license.
    Release,
    /// Nothing: the session has what it needs.
    NotNeeded,
    /// Something else about a license that is there.
    Update,
}

/// A message for a server and where to send it.
#[derive(Debug)]
pub struct Request {
    /// What it is for.
    pub request_type: RequestType,
    /// The message.
    pub data: Vec<u8>,
    /// URL, empty if unknown.
    pub default_url: String,
}

impl Request {
    /// Asks for a license (or a certificate), wherever the program wants to.
    pub fn initial(data: Vec<u8>) -> Self {
        Self { request_type: RequestType::Initial, data, default_url: String::new() }
    }
}

/// One key of a license.
#[derive(Debug)]
pub struct LicenseKey {
    /// Key id, any length but 0.
    pub id: Vec<u8>,
    /// Key, any length but 0; none if the key system keeps it and decrypts with it itself ([`SessionModule::decrypt`]).
    pub key: Option<SecretBytes>,
    /// Whether it is to be stored.
    pub persistent: bool,
    /// Whether it may be used, unless the license has terms, which decide then.
    pub status: KeyStatus,
}

impl LicenseKey {
    /// The key's bytes; none if the key system keeps it.
    pub fn content(&self) -> &[u8] {
        self.key.as_deref().unwrap_or_default()
    }

    /// A key; none if it or its id is empty.
    pub fn new(id: Vec<u8>, key: SecretBytes, persistent: bool) -> Option<Self> {
        (!id.is_empty() && !key.is_empty()).then_some(Self {
            id,
            key: Some(key),
            persistent,
            status: KeyStatus::Usable,
        })
    }
}

/// What a key system has to do with a license while that is applied.
pub trait Acceptance: Send + Sync {
    /// Checks whether the license may still be applied, before anything changes. Another thread may have applied it since it was
    /// parsed.
    fn prepare(&self) -> Result<()>;

    /// The license has been applied. Its use has begun: nothing is waited for here.
    fn commit(&self);

    /// Stores what came with the license besides, after [`Acceptance::commit`]; alone, when an offline key was restored. With no
    /// lock of the library held.
    fn conclude(&self) {}
}

/// A license that was parsed and found good.
pub struct License {
    /// The media key id, where it is neither that of the terms nor that of the last key.
    pub id: Option<Vec<u8>>,
    /// The keys, in the answer's order; at least one, unless there is an id.
    pub keys: Vec<LicenseKey>,
    /// What limits the use of the keys; none = nothing does.
    pub terms: Option<Terms>,
    /// What else there is to be done; none = nothing.
    pub acceptance: Option<Box<dyn Acceptance>>,
}

impl fmt::Debug for License {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("License").field("keys", &self.keys).field("terms", &self.terms).finish_non_exhaustive()
    }
}

impl License {
    /// Keys without limits.
    pub fn unlimited(keys: Vec<LicenseKey>) -> Self {
        Self { id: None, keys, terms: None, acceptance: None }
    }

    /// Whether any of its keys is to be stored.
    pub fn is_persistent(&self) -> bool {
        self.keys.iter().any(|key| key.persistent)
    }

    /// The media key id that `OH_MediaKeySession_ProcessMediaKeyResponse` returns: the license's own, or its last key's.
    pub fn media_key_id(&self) -> &[u8] {
        match (&self.id, &self.terms) {
            (Some(id), _) => id,
            (None, Some(terms)) => &terms.license_id,
            (None, None) => self.keys.last().map_or(&[], |key| &key.id),
        }
    }

    /// As [`License::media_key_id`], empty if no key is to be stored: nothing will have to be restored by its id then. A key system
    /// that names an id has its reasons.
    pub fn stored_id(&self) -> &[u8] {
        if self.is_persistent() || self.id.is_some() { self.media_key_id() } else { &[] }
    }
}

/// What becomes of a stored key once its release has been acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// The key system has seen to it.
    Done,
    /// It stays, inactive; restoring makes it usable again.
    Deactivate,
    /// It is deleted.
    Delete,
}

/// What a session knows when its key system makes a request.
#[derive(Debug, Default)]
pub struct RequestContext {
    /// The session's protection level and output.
    pub device: Device,
    /// The licenses with a policy that the session holds, newest first.
    pub held: Vec<HeldLicense>,
}

/// What an instance does for its key system, on any thread.
pub trait SystemHost: Send + Sync {
    /// The store of offline keys: what is in it is what programs see.
    ///
    /// # Errors
    /// [`Error::Storage`] if no directory was named and the user has none; those of
    /// [`FileStore::open`](crate::storage::FileStore::open).
    fn offline_store(&self) -> Result<Arc<dyn OfflineStore>>;

    /// The store of what belongs to the device.
    ///
    /// # Errors
    /// As [`SystemHost::offline_store`].
    fn device_store(&self) -> Result<Arc<dyn OfflineStore>>;

    /// A configuration string that the program has set.
    fn configuration_string(&self, name: &str) -> Option<String>;

    /// A configuration byte array that the program has set.
    fn configuration_bytes(&self, name: &str) -> Option<Vec<u8>>;

    /// The machine; none if it cannot be told from others.
    ///
    /// # Errors
    /// [`Storage`](crate::error::Error::Storage) if its id cannot be read now.
    fn machine(&self) -> Result<Option<Machine>>;

    /// Reads the instance's clock, which may be a virtual one.
    fn reading(&self) -> Reading;

    /// Tells the instance's listeners something. Once it is closed, nobody is told.
    ///
    /// # Errors
    /// [`Error::Internal`] without threads, or if too many events wait for a listener.
    fn post(&self, kind: EventKind, info: Vec<u8>, extra: i64) -> Result<()>;
}

/// What a session does for its key system by itself, outside of the answer to a request. On any thread; it fails with
/// [`Error::SessionDestroyed`] before [`SystemModule::open_session`] has returned and after the session has ended.
pub trait SessionHost: Send + Sync {
    /// Adds keys as a license does, and tells the listeners. Keys with the same ids are replaced.
    ///
    /// # Errors
    /// As [`MediaKeySession::apply_license`](crate::session::MediaKeySession::apply_license).
    fn install_keys(&self, license: &License) -> Result<()>;

    /// Removes keys and tells the listeners. They are wiped when this returns. Ids that are not there are passed over.
    ///
    /// # Errors
    /// See the trait.
    fn remove_keys(&self, ids: &[Vec<u8>]) -> Result<()>;

    /// Sets the status of a key. Nobody is told: [`SessionHost::keys_changed`] does that, for several at once.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a key; [`Error::Refused`] for one that does not decrypt, or whose license has terms.
    fn set_key_status(&self, id: &[u8], status: KeyStatus) -> Result<()>;

    /// Tells the listeners the status of all keys.
    ///
    /// # Errors
    /// As [`SystemHost::post`].
    fn keys_changed(&self, new_keys_available: bool) -> Result<()>;

    /// The service has revoked licenses of this device, by their ids: in all sessions of the instance they are over when this
    /// returns, and stored ones are soon marked, so that nobody restores them. Ids that are not there are passed over. May be called
    /// by [`Acceptance::commit`], too.
    ///
    /// # Errors
    /// See the trait.
    fn licenses_revoked(&self, ids: &[Vec<u8>]) -> Result<()>;

    /// Tells the session's listeners something.
    ///
    /// # Errors
    /// As [`SystemHost::post`].
    fn post(&self, kind: EventKind, info: Vec<u8>, extra: i64) -> Result<()>;
}

/// A key system.
pub trait KeySystem: Send + Sync {
    /// The facts; the same at every call.
    fn descriptor(&self) -> Arc<Descriptor>;

    /// The key system's part of a new instance.
    ///
    /// # Errors
    /// Whatever keeps it from working; there is no instance then.
    fn open(&self, host: Arc<dyn SystemHost>) -> Result<Box<dyn SystemModule>>;
}

/// A key system's part of an instance. It takes no locks of the library, and is called with none held. It is dropped after all
/// of its sessions' parts.
pub trait SystemModule: Send + Sync {
    /// The program has set a configuration string, which the instance keeps.
    fn set_configuration_string(&self, _name: &str, _value: &str) -> Result<()> {
        Ok(())
    }

    /// A configuration string of the key system's own, which comes before what the instance knows.
    fn configuration_string(&self, _name: &str) -> Result<Option<String>> {
        Ok(None)
    }

    /// The program has set a configuration byte array, which the instance keeps.
    fn set_configuration_bytes(&self, _name: &str, _value: &[u8]) -> Result<()> {
        Ok(())
    }

    /// A configuration byte array of the key system's own, which comes before what the instance knows.
    fn configuration_bytes(&self, _name: &str) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    /// Names and values of statistics besides those of the instance.
    fn statistics(&self) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    /// The highest protection level now, where it is lower than the descriptor's.
    fn maximum_level(&self) -> Result<Option<ProtectionLevel>> {
        Ok(None)
    }

    /// Its offline keys, if they are not in the instance's store.
    fn offline_keys(&self) -> Option<&dyn OfflineKeys> {
        None
    }

    /// The provisioning request.
    fn key_system_request(&self) -> Result<Request>;

    /// Takes a provisioning response (not empty).
    fn process_key_system_response(&self, response: &[u8]) -> Result<()>;

    /// The state of the device certificate.
    fn certificate_status(&self) -> Result<CertificateStatus> {
        Ok(CertificateStatus::Provisioned)
    }

    /// Whether a stored key could be used now.
    fn stored_status(&self, stored: &StoredKey) -> Result<StoredStatus> {
        Ok(stored.status)
    }

    /// The key system's part of a new session at a protection level.
    fn open_session(&self, level: ProtectionLevel, host: Arc<dyn SessionHost>) -> Result<Box<dyn SessionModule>>;
}

/// Offline keys that a key system keeps itself.
pub trait OfflineKeys {
    /// Their ids.
    fn ids(&self) -> Result<Vec<Vec<u8>>>;

    /// Whether one could be used now.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a key.
    fn status(&self, id: &[u8]) -> Result<StoredStatus>;

    /// Deletes one.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a key.
    fn remove(&self, id: &[u8]) -> Result<()>;
}

/// A key system's part of a session. It takes no locks of the library, and is called with none held, except an [`Acceptance`].
pub trait SessionModule: Send + Sync {
    /// The most bytes that a media key id of [`SessionModule::parse_license`] can have, where a response is used up when it is
    /// parsed: there has to be room for it before. None = parsing changes nothing.
    fn longest_media_key_id(&self) -> Option<usize> {
        None
    }

    /// Its protection level now, where it is lower than the session's.
    fn level(&self) -> Result<Option<ProtectionLevel>> {
        Ok(None)
    }

    /// Whether tracks of a type need a secure decoder; none = as for any key system at the session's level.
    fn requires_secure_decoder(&self, _mime_type: &str) -> Result<Option<bool>> {
        Ok(None)
    }

    /// Names and values of status rows in place of the session's own; none = those.
    fn status_rows(&self) -> Result<Option<Vec<(String, String)>>> {
        Ok(None)
    }

    /// Decrypts a sample in place with a key that the key system keeps. The sample has been checked: its subsamples add up to it,
    /// and IV and pattern fit the scheme. The key may be used now.
    ///
    /// # Errors
    /// The key system's own; it then has left the sample as it was.
    fn decrypt(&self, _request: &SampleRequest<'_>, _data: &mut [u8]) -> Result<()> {
        Err(Error::Unsupported("keys that the key system keeps".into()))
    }

    /// The program has the session's keys removed.
    fn clear(&self) -> Result<()> {
        Ok(())
    }

    /// The media key request.
    fn media_key_request(&self, info: &MediaKeyRequestInfo, context: &RequestContext) -> Result<Request>;

    /// Parses a license; checks all of it and changes nothing.
    fn parse_license(&self, response: &[u8]) -> Result<License>;

    /// Makes a license of a stored key again.
    fn restore(&self, id: &[u8], stored: &StoredKey) -> Result<License> {
        let key = LicenseKey {
            id: id.to_vec(),
            key: Some(stored.payload.clone()),
            persistent: true,
            status: KeyStatus::Usable,
        };
        Ok(License::unlimited(vec![key]))
    }

    /// Makes a license of an offline key that the key system keeps itself.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a key.
    fn restore_own(&self, id: &[u8]) -> Result<License> {
        Err(Error::no_offline_key(id))
    }

    /// The message that gives a key back; `stored` is none if it is not in the store.
    fn release_request(&self, id: &[u8], stored: Option<&StoredKey>) -> Result<Vec<u8>>;

    /// Checks the acknowledgement of a release.
    fn process_release_response(&self, id: &[u8], response: &[u8]) -> Result<Release>;
}
