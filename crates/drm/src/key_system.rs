//! What a key system has to provide: wire formats and provisioning. Sessions, keys, policies, storage and events are the
//! same for all.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::platform::Platform;
use crate::storage::{StoredKey, StoredStatus};
use crate::terms::{HeldLicense, Terms};
use base::secret::SecretBytes;
use init_data::{key_ids, pssh};
use license::policy::Device;

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

/// Facts about a key system that never change.
#[derive(Debug)]
pub struct Descriptor {
    /// Name, such as "com.clearplay.drm".
    pub name: &'static str,
    /// System id in pssh boxes.
    pub uuid: [u8; 16],
    /// All system ids whose pssh boxes are this key system's own, `uuid` first.
    pub system_ids: &'static [[u8; 16]],
    /// Configuration string "vendor".
    pub vendor: &'static str,
    /// Configuration string "description".
    pub description: &'static str,
    /// Configuration string "algorithms".
    pub algorithms: &'static str,
    /// MIME types and EME init data types that it takes, in lower case and without parameters.
    pub mime_types: &'static [&'static str],
    /// EVENT_PROVISION_REQUIRED at an instance's first provisioning request, EVENT_KEY_REQUIRED at a session's first
    /// request for some init data. OpenHarmony's ClearPlay does so.
    pub announces_requests: bool,
    /// Whether predefined configuration names can be set, and a value that was set takes their place. OpenHarmony's ClearPlay
    /// has a plain map.
    pub has_settable_defaults: bool,
}

/// Where OpenHarmony's ClearPlay sends its requests by default.
pub const DEFAULT_URL: &str = "http://default.com";

/// How a MIME type's init data looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitDataType {
    /// Concatenated pssh boxes.
    Cenc,
    /// One key id of 16 bytes.
    WebM,
    /// JSON text with a list of key ids.
    KeyIds,
}

impl Descriptor {
    /// Whether a MIME type (with or without parameters) is supported.
    pub fn supports_mime_type(&self, mime_type: &str) -> bool {
        self.mime_types.contains(&essence(mime_type).as_str())
    }

    /// The supported MIME type in a fixed array that a program has filled: the text before the NUL if that is one, else, as
    /// there are programs that copy it without its NUL, the longest one that the array starts with.
    pub fn mime_type_in(&self, array: &[u8]) -> Option<String> {
        let text = array.split(|&byte| byte == 0).next().and_then(|text| std::str::from_utf8(text).ok());
        if let Some(text) = text.filter(|text| self.supports_mime_type(text)) {
            return Some(text.to_owned());
        }
        let starts = |mime_type: &&&str| {
            array.get(..mime_type.len()).is_some_and(|start| start.eq_ignore_ascii_case(mime_type.as_bytes()))
        };
        let longest = self.mime_types.iter().filter(starts).max_by_key(|mime_type| mime_type.len());
        longest.map(|&mime_type| mime_type.to_owned())
    }

    /// The init data type that belongs to a MIME type.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a MIME type that is not supported.
    pub fn init_data_type(&self, mime_type: &str) -> Result<InitDataType> {
        if !self.supports_mime_type(mime_type) {
            return Err(Error::Unsupported(format!("MIME type {mime_type:?}").into()));
        }
        Ok(match essence(mime_type).as_str() {
            "webm" | "video/webm" | "audio/webm" => InitDataType::WebM,
            "keyids" => InitDataType::KeyIds,
            _ => InitDataType::Cenc,
        })
    }
}

fn essence(mime_type: &str) -> String {
    mime_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
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
    /// [`Error::Unsupported`] for a MIME type that the key system does not know; [`Error::Malformed`] for init data of
    /// another format; those of `of_boxes`.
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
    /// Key, any length but 0.
    pub key: SecretBytes,
    /// Whether it is to be stored.
    pub persistent: bool,
}

impl LicenseKey {
    /// A key; none if it or its id is empty.
    pub fn new(id: Vec<u8>, key: SecretBytes, persistent: bool) -> Option<Self> {
        (!id.is_empty() && !key.is_empty()).then_some(Self { id, key, persistent })
    }
}

/// A license that was parsed and found good.
#[derive(Debug)]
pub struct License {
    /// The keys, in the answer's order; at least one.
    pub keys: Vec<LicenseKey>,
    /// What limits the use of the keys; none = nothing does.
    pub terms: Option<Terms>,
}

impl License {
    /// Keys without limits.
    pub fn unlimited(keys: Vec<LicenseKey>) -> Self {
        Self { keys, terms: None }
    }

    /// Whether any of its keys is to be stored.
    pub fn is_persistent(&self) -> bool {
        self.keys.iter().any(|key| key.persistent)
    }

    /// The media key id that `OH_MediaKeySession_ProcessMediaKeyResponse` returns: the license's own, or its last key's.
    pub fn media_key_id(&self) -> &[u8] {
        match &self.terms {
            Some(terms) => &terms.license_id,
            None => self.keys.last().map_or(&[], |key| &key.id),
        }
    }

    /// As [`License::media_key_id`], empty if no key is to be stored: nothing will have to be restored by its id then.
    pub fn stored_id(&self) -> &[u8] {
        if self.is_persistent() { self.media_key_id() } else { &[] }
    }
}

/// What becomes of a stored key once its release has been acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
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

/// A key system.
pub trait KeySystem: Send + Sync {
    /// The facts.
    fn descriptor(&self) -> &'static Descriptor;

    /// The key system's part of a new instance.
    fn open(&self, platform: &Arc<Platform>) -> Box<dyn SystemModule>;
}

/// A key system's part of an instance. It takes no locks of the library.
pub trait SystemModule: Send + Sync {
    /// The provisioning request.
    fn key_system_request(&self) -> Result<Request> {
        Ok(Request {
            request_type: RequestType::Initial,
            data: br#"{"signedRequest":"KEYREQUESTTYPE_DOWNLOADCERT"}"#.to_vec(),
            default_url: DEFAULT_URL.to_owned(),
        })
    }

    /// Takes a provisioning response (not empty).
    fn process_key_system_response(&self, _response: &[u8]) -> Result<()> {
        Ok(())
    }

    /// The state of the device certificate.
    fn certificate_status(&self) -> Result<CertificateStatus> {
        Ok(CertificateStatus::Provisioned)
    }

    /// Whether a stored key could be used now.
    fn stored_status(&self, stored: &StoredKey) -> Result<StoredStatus> {
        Ok(stored.status)
    }

    /// The key system's part of a new session.
    fn open_session(&self) -> Result<Box<dyn SessionModule>>;
}

/// A key system's part of a session. It takes no locks of the library.
pub trait SessionModule: Send + Sync {
    /// The media key request.
    fn media_key_request(&self, info: &MediaKeyRequestInfo, context: &RequestContext) -> Result<Request>;

    /// Parses a license; checks all of it and changes nothing.
    fn parse_license(&self, response: &[u8]) -> Result<License>;

    /// Whether a parsed license may still be applied.
    fn check_unused(&self, _license: &License) -> Result<()> {
        Ok(())
    }

    /// A license has been applied. Its use has begun: nothing is waited for here.
    fn applied(&self, _license: &License) {}

    /// Stores what came with a license besides, after [`SessionModule::applied`].
    fn remember(&self, _license: &License) {}

    /// Makes a license of a stored key again.
    fn restore(&self, id: &[u8], stored: &StoredKey) -> Result<License> {
        let key = LicenseKey { id: id.to_vec(), key: stored.payload.clone(), persistent: true };
        Ok(License::unlimited(vec![key]))
    }

    /// The message that gives a key back; `stored` is none if it is not in the store.
    fn release_request(&self, id: &[u8], stored: Option<&StoredKey>) -> Result<Vec<u8>>;

    /// Checks the acknowledgement of a release.
    fn process_release_response(&self, id: &[u8], response: &[u8]) -> Result<Release>;
}
