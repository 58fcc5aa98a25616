//! What an instance tells about itself and lets be set: configuration, statistics, the highest protection level.

use std::path::Path;

use super::{MAX_SESSIONS, MediaKeySystem};
use crate::error::{Error, Result};
use crate::key_system::ProtectionLevel;
use crate::platform::{
    LICENSE_URL, MAX_URL, OUTPUT_HDCP, PROVISIONING_URL, SESSION_SHARING, STORAGE_PATH, output_by_word,
};
use crate::session::MediaKeySession;

/// Configuration strings that are there without being set.
const PREDEFINED: &[&str] =
    &["vendor", "version", "description", "algorithms", "deviceUniqueId", "maxSessionNum", "currentSessionNum"];

impl MediaKeySystem {
    /// Sets a configuration string.
    ///
    /// # Errors
    /// [`Error::Refused`] for a predefined name, except in ClearPlay, a word that means no output protection, a URL of more
    /// than 2047 bytes, or one name more than there may be;
    /// [`Error::StoreDirectory`] for an empty `storagePath`.
    pub fn set_configuration_string(&self, name: String, value: String) -> Result<()> {
        self.host.check()?;
        self.refuse_predefined(&name)?;
        if [PROVISIONING_URL, LICENSE_URL].contains(&name.as_str()) && value.len() > MAX_URL {
            return Err(Error::Refused(format!("a URL of {} bytes is too long", value.len()).into()));
        }
        let output = (name == OUTPUT_HDCP).then(|| output_by_word(&value)).transpose()?;
        let stores = (name == STORAGE_PATH).then(|| self.platform.stores_in(Path::new(&value))).transpose()?;
        let sharing = (name == SESSION_SHARING).then(|| value == "enable");
        self.platform.strings.set(name, value)?;
        if let Some(sharing) = sharing {
            self.siblings.share(sharing);
        }
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
    ///
    /// # Errors
    /// [`Error::NotFound`] if nothing was set under that name; `deviceUniqueId` as [`OfflineStore::device_id`](crate::storage::OfflineStore::device_id).
    pub fn configuration_string(&self, name: &str) -> Result<String> {
        self.host.check()?;
        let descriptor = self.host.descriptor();
        // Where predefined names cannot be set, none is found here.
        if let Ok(value) = self.platform.strings.get(name) {
            return Ok(value);
        }
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
    ///
    /// # Errors
    /// [`Error::Refused`] for a predefined name, except in ClearPlay, or one name more than there may be.
    pub fn set_configuration_bytes(&self, name: String, value: Vec<u8>) -> Result<()> {
        self.host.check()?;
        self.refuse_predefined(&name)?;
        self.platform.byte_arrays.set(name, value)
    }

    /// Gets a configuration byte array.
    ///
    /// # Errors
    /// As [`MediaKeySystem::configuration_string`].
    pub fn configuration_bytes(&self, name: &str) -> Result<Vec<u8>> {
        self.host.check()?;
        match self.platform.byte_arrays.get(name) {
            Err(Error::NotFound { .. }) if name == "deviceUniqueId" => {
                Ok(self.platform.offline_store()?.device_id()?.to_vec())
            }
            result => result,
        }
    }

    fn refuse_predefined(&self, name: &str) -> Result<()> {
        if !self.host.descriptor().has_settable_defaults && PREDEFINED.contains(&name) {
            return Err(Error::Refused(format!("the configuration {name} is read-only").into()));
        }
        Ok(())
    }

    /// Names and values of statistics.
    ///
    /// # Errors
    /// [`Error::KeySystemFailed`].
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
    ///
    /// # Errors
    /// [`Error::KeySystemFailed`].
    pub fn maximum_level(&self) -> Result<ProtectionLevel> {
        self.host.check()?;
        Ok(self.platform.maximum_level())
    }
}
