//! Facts about a key system that never change.

use crate::error::{Error, Result};
use license::policy::DeviceLevel as ProtectionLevel;

/// Bytes of a key system's name at most, so that both of its stores have names, too.
pub const MAX_NAME: usize = 64 - DEVICE_STORE.len();

/// What the name of a key system's second store ends with.
pub const DEVICE_STORE: &str = ".device";

/// Instances of one key system, and sessions of one instance, that may exist at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Instances, 1 to 64.
    pub systems: usize,
    /// Sessions of one instance, 1 to 64.
    pub sessions: usize,
}

impl Limits {
    /// As many as there can be.
    pub const MAX: Self = Self { systems: 64, sessions: 64 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::MAX
    }
}

/// A MIME type or EME init data type that a key system takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MimeType {
    /// Its name, in lower case and without parameters.
    pub name: String,
    /// The highest protection level that tracks of this type can have; none = the key system's.
    pub maximum_level: Option<ProtectionLevel>,
}

impl From<&str> for MimeType {
    fn from(name: &str) -> Self {
        Self { name: name.to_ascii_lowercase(), maximum_level: None }
    }
}

/// Facts about a key system that never change.
#[derive(Clone, Debug, Default)]
pub struct Descriptor {
    /// Name, such as "com.clearplay.drm".
    pub name: String,
    /// All system ids whose pssh boxes are this key system's own, the one that it writes first; at least one.
    pub system_ids: Vec<[u8; 16]>,
    /// Configuration string "vendor".
    pub vendor: String,
    /// Configuration string "version".
    pub version: String,
    /// Configuration string "description".
    pub description: String,
    /// Configuration string "algorithms".
    pub algorithms: String,
    /// MIME types and EME init data types that it takes.
    pub mime_types: Vec<MimeType>,
    /// The highest protection level that it can keep; none = the device's. Never more than the device's.
    pub maximum_level: Option<ProtectionLevel>,
    /// How much of it there may be.
    pub limits: Limits,
    /// EVENT_PROVISION_REQUIRED at an instance's first provisioning request, EVENT_KEY_REQUIRED at a session's first
    /// request for some init data. OpenHarmony's ClearPlay does so.
    pub announces_requests: bool,
    /// Whether predefined configuration names can be set, and a value that was set takes their place. OpenHarmony's ClearPlay
    /// has a plain map.
    pub has_settable_defaults: bool,
}

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
    /// The system id of the boxes that it writes.
    ///
    /// # Panics
    /// Without any, which [`Descriptor::check`] refuses.
    pub fn uuid(&self) -> &[u8; 16] {
        &self.system_ids[0]
    }

    /// Checks what somebody else says of a key system.
    ///
    /// # Errors
    /// [`Error::Refused`] for a name that is empty, too long or has other characters than letters, digits, `.`, `-` and `_` in it,
    /// or that a store of another key system has; no system id; limits out of range.
    pub fn check(&self) -> Result<()> {
        let refused = |reason: String| Err(Error::Refused(reason.into()));
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let is_a_store = self.name.starts_with('.') || self.name.ends_with(DEVICE_STORE);
        if self.name.is_empty() || self.name.len() > MAX_NAME || is_a_store || !self.name.bytes().all(is_plain) {
            return refused(format!("a key system cannot be called {:?}", self.name));
        }
        if self.system_ids.is_empty() {
            return refused(format!("{} has no system id", self.name));
        }
        let Limits { systems, sessions } = self.limits;
        let allowed = |limit: usize, most: usize| (1..=most).contains(&limit);
        if !allowed(systems, Limits::MAX.systems) || !allowed(sessions, Limits::MAX.sessions) {
            return refused(format!("{} has limits of {systems} instances, {sessions} sessions", self.name));
        }
        Ok(())
    }

    /// The highest protection level on a device whose own is `device`.
    pub fn level_on(&self, device: ProtectionLevel) -> ProtectionLevel {
        self.maximum_level.map_or(device, |own| own.min(device))
    }

    /// Whether a MIME type (with or without parameters) is supported.
    pub fn supports_mime_type(&self, mime_type: &str) -> bool {
        self.mime_type(mime_type).is_some()
    }

    /// Whether tracks of a MIME type (with or without parameters) can have a protection level on a device whose own is `device`.
    pub fn supports_level(&self, mime_type: &str, level: ProtectionLevel, device: ProtectionLevel) -> bool {
        let highest = |found: &MimeType| found.maximum_level.map_or(device, |own| own.min(device));
        self.mime_type(mime_type).is_some_and(|found| level <= self.level_on(highest(found)))
    }

    fn mime_type(&self, mime_type: &str) -> Option<&MimeType> {
        let wanted = essence(mime_type);
        self.mime_types.iter().find(|found| found.name == wanted)
    }

    /// The supported MIME type in a fixed array that a program has filled: the text before the NUL if that is one, else, as
    /// there are programs that copy it without its NUL, the longest one that the array starts with.
    pub fn mime_type_in(&self, array: &[u8]) -> Option<String> {
        let text = array.split(|&byte| byte == 0).next().and_then(|text| std::str::from_utf8(text).ok());
        if let Some(text) = text.filter(|text| self.supports_mime_type(text)) {
            return Some(text.to_owned());
        }
        let starts =
            |name: &&str| array.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()));
        let names = self.mime_types.iter().map(|mime_type| mime_type.name.as_str());
        names.filter(starts).max_by_key(|name| name.len()).map(str::to_owned)
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
