//! What an instance tells about itself and lets be set: configuration, statistics, the highest protection level.

use std::path::Path;

use super::MediaKeySystem;
use crate::error::{Error, Result};
use crate::key_system::ProtectionLevel;
use crate::platform::{OUTPUT_HDCP, SESSION_SHARING, STORAGE_PATH, output_by_word};
use crate::session::MediaKeySession;

/// Configuration strings that are there without being set.
const PREDEFINED: &[&str] =
    &["vendor", "version", "description", "algorithms", "deviceUniqueId", "maxSessionNum", "currentSessionNum"];

impl MediaKeySystem {
    /// Sets a configuration string.
    ///
    /// # Errors
    /// [`Error::Refused`] for a predefined name, unless these can be set, a word that means no output protection, or one name more
    /// than there may be; the key system's own;
    /// [`Error::StoreDirectory`] for an empty `storagePath`.
    pub fn set_configuration_string(&self, name: String, value: String) -> Result<()> {
        self.host.check()?;
        self.refuse_predefined(&name)?;
        let output = (name == OUTPUT_HDCP).then(|| output_by_word(&value)).transpose()?;
        let stores = (name == STORAGE_PATH).then(|| self.platform.stores_in(Path::new(&value))).transpose()?;
        let sharing = (name == SESSION_SHARING).then(|| value == "enable");
        self.host.run(|| self.module.set_configuration_string(&name, &value))?;
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
        if let Some(own) = self.host.run(|| self.module.configuration_string(name))? {
            return Ok(own);
        }
        let descriptor = self.host.descriptor();
        // Where predefined names cannot be set, none is found here.
        if let Ok(value) = self.platform.strings.get(name) {
            return Ok(value);
        }
        Ok(match name {
            "vendor" => descriptor.vendor.clone(),
            "version" => descriptor.version.clone(),
            "description" => descriptor.description.clone(),
            "algorithms" => descriptor.algorithms.clone(),
            "deviceUniqueId" => hex::encode(self.platform.offline_store()?.device_id()?),
            "maxSessionNum" => descriptor.limits.sessions.to_string(),
            "currentSessionNum" => self.sessions.lock().open.len().to_string(),
            _ => self.platform.strings.get(name)?,
        })
    }

    /// Sets a configuration byte array.
    ///
    /// # Errors
    /// [`Error::Refused`] for a predefined name, unless these can be set, or one name more than there may be.
    pub fn set_configuration_bytes(&self, name: String, value: Vec<u8>) -> Result<()> {
        self.host.check()?;
        self.refuse_predefined(&name)?;
        self.host.run(|| self.module.set_configuration_bytes(&name, &value))?;
        self.platform.byte_arrays.set(name, value)
    }

    /// Gets a configuration byte array.
    ///
    /// # Errors
    /// As [`MediaKeySystem::configuration_string`].
    pub fn configuration_bytes(&self, name: &str) -> Result<Vec<u8>> {
        if let Some(own) = self.host.run(|| self.module.configuration_bytes(name))? {
            return Ok(own);
        }
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
    pub fn statistics(&self) -> Result<Vec<(String, String)>> {
        let own = self.host.run(|| self.module.statistics())?;
        let (totals, session_count) = {
            let sessions = self.sessions.lock();
            let mut totals = sessions.past;
            for session in &sessions.open {
                totals += session.totals();
            }
            (totals, sessions.open.len())
        };
        let ours = [
            ("version", self.host.descriptor().version.clone()),
            ("currentSessionNum", session_count.to_string()),
            ("decryptNumber", totals.samples.to_string()),
            ("errorDecryptNumber", totals.errors.to_string()),
            ("decryptBytes", totals.bytes.to_string()),
        ];
        Ok(ours.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(own).collect())
    }

    /// The highest protection level.
    ///
    /// # Errors
    /// [`Error::KeySystemFailed`].
    pub fn maximum_level(&self) -> Result<ProtectionLevel> {
        let own = self.host.run(|| self.module.maximum_level())?;
        let highest = self.host.descriptor().level_on(self.platform.maximum_level());
        Ok(own.map_or(highest, |own| own.min(highest)))
    }
}
