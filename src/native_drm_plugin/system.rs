//! An instance of a plugin's key system.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use super::calls::{self, c_string, check, garbage, knows, length, length_of, zeroed};
use super::handles::{HostSession, HostSystem, Owned, PluginSessions, PluginSystems};
use super::host::HOST;
use super::plugin::read_table;
use super::session::{PluginSession, missing, read_request};
use super::system_tables::DRM_PluginSystemFunctions;
use super::tables::{DRM_PluginHost, DRM_PluginSystem};
use crate::glue::callback::UserData;
use crate::glue::error::Error as GlueError;
use crate::glue::translate;
use crate::native_drm_common::{
    CertificateStatusValue, ContentProtectionLevelValue, DRM_MediaKeyRequest, DRM_OfflineMediakeyIdArray,
    DRM_Statistics, OfflineMediaKeyStatusValue,
};
use crate::native_drm_err::ErrCodeValue;
use crate::native_drm_extension::NATIVE_DRM_MAX_CONFIG_VALUE_LEN;
use drm::error::{Error, Result};
use drm::key_system::{
    CertificateStatus, Descriptor, OfflineKeys, ProtectionLevel, Request, SessionHost, SessionModule, SystemHost,
    SystemModule,
};
use drm::storage::StoredStatus;

/// The plugin's part of an instance.
pub(super) struct PluginSystem {
    functions: DRM_PluginSystemFunctions,
    context: UserData,
    longest_media_key_id: usize,
    host: Arc<dyn SystemHost>,
    /// Stale only once the plugin's instance is destroyed.
    _handle: Owned<PluginSystems>,
}

/// The instance's hold of it; sessions have others.
struct Module(Arc<PluginSystem>);

impl PluginSystem {
    /// An instance that `create` makes, the plugin's createSystem.
    pub(super) fn create(
        descriptor: Arc<Descriptor>,
        longest_media_key_id: usize,
        host: Arc<dyn SystemHost>,
        create: impl FnOnce(
            *const DRM_PluginHost,
            *mut DRM_PluginSystem,
            *mut *const DRM_PluginSystemFunctions,
            *mut *mut c_void,
        ) -> ErrCodeValue,
    ) -> Result<Box<dyn SystemModule>> {
        const NAME: &str = "createSystem";
        let handle = Owned::new(HostSystem { descriptor, host: Arc::clone(&host) }).map_err(no_handle)?;
        let (mut functions, mut context) = (ptr::null(), ptr::null_mut());
        check(NAME, create(&raw const HOST, handle.pointer(), &raw mut functions, &raw mut context))?;
        let functions = read_table("functions", functions).map_err(|error| garbage(NAME, error.to_string()))?;
        for (there, name) in
            [(functions.destroy.is_some(), "destroy"), (functions.createSession.is_some(), "createSession")]
        {
            if !there {
                return Err(garbage(NAME, format!("functions without {name}")));
            }
        }
        let context = UserData(context);
        Ok(Box::new(Module(Arc::new(Self { functions, context, longest_media_key_id, host, _handle: handle }))))
    }

    /// What the library does for the instance.
    pub(super) fn host(&self) -> &dyn SystemHost {
        &*self.host
    }
}

impl Drop for PluginSystem {
    fn drop(&mut self) {
        if let Some(destroy) = self.functions.destroy {
            // SAFETY: the plugin guarantees that its table has functions of these types; this is the last call for its instance.
            unsafe { destroy(self.context.pointer()) };
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is for map_err")]
fn no_handle(error: GlueError) -> Error {
    Error::Refused(error.to_string().into())
}

impl SystemModule for Module {
    fn set_configuration_string(&self, name: &str, value: &str) -> Result<()> {
        let Some(function) = self.0.functions.setConfigurationString else { return Ok(()) };
        let (name, value) = (c_string(name)?, c_string(value)?);
        // SAFETY: as for `destroy`; the texts live until the call returns.
        let code = unsafe { function(self.0.context.pointer(), name.as_ptr(), value.as_ptr()) };
        check("setConfigurationString", code)
    }

    fn configuration_string(&self, name: &str) -> Result<Option<String>> {
        const NAME: &str = "getConfigurationString";
        let Some(function) = self.0.functions.getConfigurationString else { return Ok(None) };
        let name = c_string(name)?;
        let mut value = vec![0; NATIVE_DRM_MAX_CONFIG_VALUE_LEN];
        let room = u32::try_from(value.len()).unwrap_or(0);
        // SAFETY: as for `destroy`; name and value live until the call returns.
        let code = unsafe { function(self.0.context.pointer(), name.as_ptr(), value.as_mut_ptr(), room) };
        if knows(NAME, code)? { calls::text(NAME, &value).map(Some) } else { Ok(None) }
    }

    fn set_configuration_bytes(&self, name: &str, value: &[u8]) -> Result<()> {
        let Some(function) = self.0.functions.setConfigurationByteArray else { return Ok(()) };
        let (name, size) = (c_string(name)?, length_of(value)?);
        // SAFETY: as for `destroy`; name and value live until the call returns.
        let code = unsafe { function(self.0.context.pointer(), name.as_ptr(), value.as_ptr(), size) };
        check("setConfigurationByteArray", code)
    }

    fn configuration_bytes(&self, name: &str) -> Result<Option<Vec<u8>>> {
        const NAME: &str = "getConfigurationByteArray";
        let Some(function) = self.0.functions.getConfigurationByteArray else { return Ok(None) };
        let name = c_string(name)?;
        let mut value = vec![0; NATIVE_DRM_MAX_CONFIG_VALUE_LEN];
        let mut written = length_of(&value)?;
        // SAFETY: as for `destroy`; name, value and length live until the call returns.
        let code = unsafe { function(self.0.context.pointer(), name.as_ptr(), value.as_mut_ptr(), &raw mut written) };
        if !knows(NAME, code)? {
            return Ok(None);
        }
        value.truncate(length(NAME, written, value.len())?);
        Ok(Some(value))
    }

    fn statistics(&self) -> Result<Vec<(String, String)>> {
        const NAME: &str = "getStatistics";
        let Some(function) = self.0.functions.getStatistics else { return Ok(Vec::new()) };
        let mut statistics = zeroed::<DRM_Statistics>();
        // SAFETY: as for `destroy`; the struct lives until the call returns.
        check(NAME, unsafe { function(self.0.context.pointer(), &raw mut *statistics) })?;
        let names = statistics.statisticsName.iter().map(|name| &name[..]);
        let values = statistics.statisticsDescription.iter().map(|value| &value[..]);
        calls::rows(NAME, statistics.statisticsCount, names, values)
    }

    fn maximum_level(&self) -> Result<Option<ProtectionLevel>> {
        const NAME: &str = "getMaxContentProtectionLevel";
        let Some(function) = self.0.functions.getMaxContentProtectionLevel else { return Ok(None) };
        let mut level = ContentProtectionLevelValue(0);
        // SAFETY: as for `destroy`; the level lives until the call returns.
        check(NAME, unsafe { function(self.0.context.pointer(), &raw mut level) })?;
        calls::level(NAME, level).map(Some)
    }

    fn offline_keys(&self) -> Option<&dyn OfflineKeys> {
        self.0.functions.getOfflineMediaKeyIds.is_some().then_some(self)
    }

    fn key_system_request(&self) -> Result<Request> {
        const NAME: &str = "generateKeySystemRequest";
        let Some(function) = self.0.functions.generateKeySystemRequest else { return Err(missing(NAME)) };
        let mut request = zeroed::<DRM_MediaKeyRequest>();
        // SAFETY: as for `destroy`; the struct lives until the call returns.
        check(NAME, unsafe { function(self.0.context.pointer(), &raw mut *request) })?;
        read_request(NAME, &request)
    }

    fn process_key_system_response(&self, response: &[u8]) -> Result<()> {
        const NAME: &str = "processKeySystemResponse";
        let Some(function) = self.0.functions.processKeySystemResponse else { return Err(missing(NAME)) };
        let size = length_of(response)?;
        // SAFETY: as for `destroy`; the response lives until the call returns.
        check(NAME, unsafe { function(self.0.context.pointer(), response.as_ptr(), size) })
    }

    fn certificate_status(&self) -> Result<CertificateStatus> {
        const NAME: &str = "getCertificateStatus";
        let Some(function) = self.0.functions.getCertificateStatus else { return Ok(CertificateStatus::Provisioned) };
        let mut status = CertificateStatusValue(u32::MAX);
        // SAFETY: as for `destroy`; the status lives until the call returns.
        check(NAME, unsafe { function(self.0.context.pointer(), &raw mut status) })?;
        translate::read_certificate_status(status)
            .ok_or_else(|| garbage(NAME, format!("certificate status {}", status.0)))
    }

    fn open_session(&self, level: ProtectionLevel, host: Arc<dyn SessionHost>) -> Result<Box<dyn SessionModule>> {
        const NAME: &str = "createSession";
        let system = &self.0;
        let Some(function) = system.functions.createSession else { return Err(missing(NAME)) };
        let handle: Owned<PluginSessions> =
            Owned::new(HostSession { host, system: Arc::clone(&system.host) }).map_err(no_handle)?;
        let (mut functions, mut context) = (ptr::null(), ptr::null_mut());
        let level = translate::level_value(level);
        // SAFETY: as for `destroy`; both results live until the call returns.
        check(NAME, unsafe {
            function(system.context.pointer(), level, handle.pointer(), &raw mut functions, &raw mut context)
        })?;
        let functions = read_table("functions", functions).map_err(|error| garbage(NAME, error.to_string()))?;
        for (there, name) in [
            (functions.destroy.is_some(), "destroy"),
            (functions.generateMediaKeyRequest.is_some(), "generateMediaKeyRequest"),
            (functions.processMediaKeyResponse.is_some(), "processMediaKeyResponse"),
        ] {
            if !there {
                return Err(garbage(NAME, format!("functions without {name}")));
            }
        }
        let longest = system.longest_media_key_id;
        Ok(Box::new(PluginSession::new(functions, UserData(context), longest, handle, Arc::clone(system))))
    }
}

impl OfflineKeys for Module {
    fn ids(&self) -> Result<Vec<Vec<u8>>> {
        const NAME: &str = "getOfflineMediaKeyIds";
        let Some(function) = self.0.functions.getOfflineMediaKeyIds else { return Err(missing(NAME)) };
        let mut ids = zeroed::<DRM_OfflineMediakeyIdArray>();
        // SAFETY: as for `destroy`; the struct lives until the call returns.
        check(NAME, unsafe { function(self.0.context.pointer(), &raw mut *ids) })?;
        let count = length(NAME, ids.idsCount, ids.ids.len())?;
        let one = |(id, &size): (&[u8; _], &i32)| {
            let size = u32::try_from(size).map_err(|_| garbage(NAME, "a negative length"))?;
            Ok(id[..length(NAME, size, id.len())?].to_vec())
        };
        ids.ids.iter().zip(&ids.idsLen).take(count).map(one).collect()
    }

    fn status(&self, id: &[u8]) -> Result<StoredStatus> {
        const NAME: &str = "getOfflineMediaKeyStatus";
        let Some(function) = self.0.functions.getOfflineMediaKeyStatus else { return Err(missing(NAME)) };
        let size = length_of(id)?;
        let mut status = OfflineMediaKeyStatusValue(u32::MAX);
        // SAFETY: as for `destroy`; id and status live until the call returns.
        check(NAME, unsafe { function(self.0.context.pointer(), id.as_ptr(), size, &raw mut status) })?;
        translate::read_stored_status(status)
            .ok_or_else(|| garbage(NAME, format!("offline media key status {}", status.0)))
    }

    fn remove(&self, id: &[u8]) -> Result<()> {
        const NAME: &str = "clearOfflineMediaKeys";
        let Some(function) = self.0.functions.clearOfflineMediaKeys else { return Err(missing(NAME)) };
        let size = length_of(id)?;
        // SAFETY: as for `destroy`; the id lives until the call returns.
        check(NAME, unsafe { function(self.0.context.pointer(), id.as_ptr(), size) })
    }
}
