//! A session of a plugin's key system.

use std::sync::Arc;

use super::calls::{self, c_string, check, garbage, length, length_of, zeroed};
use super::handles::{HostSession, Owned, PluginSessions};
use super::stage::{Batch, Stage};
use super::system::PluginSystem;
use super::system_tables::DRM_PluginSessionFunctions;
use crate::glue::args::Plain;
use crate::glue::callback::UserData;
use crate::glue::handle::Kind;
use crate::glue::translate;
use crate::native_drm_common::{
    ContentProtectionLevelValue, DRM_MediaKeyRequest, DRM_MediaKeyRequestInfo, DRM_MediaKeyStatus,
    MAX_MEDIA_KEY_REQUEST_DATA_LEN,
};
use crate::native_mediadecrypt::describe_request;
use base::log;
use drm::error::{Error, Result};
use drm::key_system::{
    Acceptance, License, MediaKeyRequestInfo, ProtectionLevel, Release, Request, RequestContext, SessionModule,
};
use drm::sample::SampleRequest;
use drm::storage::StoredKey;

// SAFETY: integers only.
unsafe impl Plain for DRM_MediaKeyRequestInfo {}

/// The plugin's part of a session.
pub(super) struct PluginSession {
    functions: DRM_PluginSessionFunctions,
    context: UserData,
    longest_media_key_id: usize,
    /// Stale only once the plugin's session is destroyed.
    handle: Owned<PluginSessions>,
    /// The plugin's instance goes after its sessions.
    system: Arc<PluginSystem>,
}

impl PluginSession {
    /// Takes over what a plugin's createSession has returned.
    pub(super) fn new(
        functions: DRM_PluginSessionFunctions,
        context: UserData,
        longest_media_key_id: usize,
        handle: Owned<PluginSessions>,
        system: Arc<PluginSystem>,
    ) -> Self {
        Self { functions, context, longest_media_key_id, handle, system }
    }

    /// Calls a function during which keys are installed, and makes a license of those.
    fn staged(&self, id: Option<Vec<u8>>, call: impl FnOnce() -> Result<Option<Vec<u8>>>) -> Result<License> {
        let stage = Stage::begin(self.handle.pointer().addr());
        let written = call()?;
        let mut batches = stage.end().into_iter();
        let first = batches.next().unwrap_or(Batch { keys: Vec::new(), expiry: None });
        let mut license = first.into_license(self.system.host())?;
        license.id = written.or(id);
        let rest: Vec<_> = batches.collect();
        if !rest.is_empty() {
            let rest = parking(rest);
            license.acceptance = Some(Box::new(Rest { session: self.handle.pointer().addr(), batches: rest }));
        }
        Ok(license)
    }
}

impl Drop for PluginSession {
    fn drop(&mut self) {
        if let Some(destroy) = self.functions.destroy {
            // SAFETY: the plugin guarantees that its table has functions of these types; this is the last call for its session.
            unsafe { destroy(self.context.pointer()) };
        }
    }
}

fn parking(batches: Vec<Batch>) -> base::sync::Mutex<Vec<Batch>> {
    base::sync::Mutex::new(batches)
}

/// Keys of a license with another expiry than the first ones.
struct Rest {
    session: usize,
    batches: base::sync::Mutex<Vec<Batch>>,
}

impl Acceptance for Rest {
    fn prepare(&self) -> Result<()> {
        Ok(())
    }

    fn commit(&self) {}

    fn conclude(&self) {
        let batches = std::mem::take(&mut *self.batches.lock());
        let handle = std::ptr::without_provenance(self.session);
        for batch in batches {
            let session: Option<Arc<HostSession>> = PluginSessions::get(handle);
            if let Some(Err(error)) = session.map(|session| batch.install(&session)) {
                log::error!("a plugin's keys with a later expiry are not installed: {error}");
            }
        }
    }
}

impl SessionModule for PluginSession {
    fn longest_media_key_id(&self) -> Option<usize> {
        Some(self.longest_media_key_id)
    }

    fn level(&self) -> Result<Option<ProtectionLevel>> {
        const NAME: &str = "getContentProtectionLevel";
        let Some(function) = self.functions.getContentProtectionLevel else { return Ok(None) };
        let mut level = ContentProtectionLevelValue(0);
        // SAFETY: as for `destroy`; the level lives until the call returns.
        check(NAME, unsafe { function(self.context.pointer(), &raw mut level) })?;
        calls::level(NAME, level).map(Some)
    }

    fn requires_secure_decoder(&self, mime_type: &str) -> Result<Option<bool>> {
        const NAME: &str = "requiresSecureDecoderModule";
        let Some(function) = self.functions.requiresSecureDecoderModule else { return Ok(None) };
        let mime_type = c_string(mime_type)?;
        // A plugin in C may write any byte.
        let mut required = 0_u8;
        let out = (&raw mut required).cast::<bool>();
        // SAFETY: as for `destroy`; text and answer live until the call returns.
        check(NAME, unsafe { function(self.context.pointer(), mime_type.as_ptr(), out) })?;
        Ok(Some(required != 0))
    }

    fn status_rows(&self) -> Result<Option<Vec<(String, String)>>> {
        const NAME: &str = "checkMediaKeyStatus";
        let Some(function) = self.functions.checkMediaKeyStatus else { return Ok(None) };
        let mut status = zeroed::<DRM_MediaKeyStatus>();
        // SAFETY: as for `destroy`; the struct lives until the call returns.
        check(NAME, unsafe { function(self.context.pointer(), &raw mut *status) })?;
        let names = status.statusName.iter().map(|name| &name[..]);
        let values = status.statusValue.iter().map(|value| &value[..]);
        calls::rows(NAME, status.statusCount, names, values).map(Some)
    }

    fn decrypt(&self, request: &SampleRequest<'_>, data: &mut [u8]) -> Result<()> {
        const NAME: &str = "decrypt";
        let Some(function) = self.functions.decrypt else { return Err(missing(NAME)) };
        let size = length_of(data)?;
        let info = describe_request(request)?;
        // SAFETY: as for `destroy`; description and sample live until the call returns.
        check(NAME, unsafe { function(self.context.pointer(), &raw const info, data.as_mut_ptr(), size) })
    }

    fn clear(&self) -> Result<()> {
        let Some(function) = self.functions.clearMediaKeys else { return Ok(()) };
        // SAFETY: as for `destroy`.
        check("clearMediaKeys", unsafe { function(self.context.pointer()) })
    }

    fn media_key_request(&self, info: &MediaKeyRequestInfo, _: &RequestContext) -> Result<Request> {
        const NAME: &str = "generateMediaKeyRequest";
        let Some(function) = self.functions.generateMediaKeyRequest else { return Err(missing(NAME)) };
        let mut given = zeroed::<DRM_MediaKeyRequestInfo>();
        translate::request_info_value(info, &mut given);
        let mut request = zeroed::<DRM_MediaKeyRequest>();
        // SAFETY: as for `destroy`; both structs live until the call returns.
        check(NAME, unsafe { function(self.context.pointer(), &raw const *given, &raw mut *request) })?;
        let request_type = translate::read_request_type(request.r#type)
            .ok_or_else(|| garbage(NAME, format!("request type {}", request.r#type.0)))?;
        Ok(Request { request_type, ..read_request(NAME, &request)? })
    }

    fn parse_license(&self, response: &[u8]) -> Result<License> {
        const NAME: &str = "processMediaKeyResponse";
        let Some(function) = self.functions.processMediaKeyResponse else { return Err(missing(NAME)) };
        let size = length_of(response)?;
        self.staged(None, || {
            // Room for at least one byte, so that there is a pointer to it.
            let mut id = vec![0; self.longest_media_key_id.max(1)];
            let mut written = u32::try_from(self.longest_media_key_id).unwrap_or(0);
            // SAFETY: as for `destroy`; response, id and length live until the call returns.
            check(NAME, unsafe {
                function(self.context.pointer(), response.as_ptr(), size, id.as_mut_ptr(), &raw mut written)
            })?;
            id.truncate(length(NAME, written, self.longest_media_key_id)?);
            Ok(Some(id))
        })
    }

    fn restore(&self, id: &[u8], _: &StoredKey) -> Result<License> {
        self.restore_own(id)
    }

    fn restore_own(&self, id: &[u8]) -> Result<License> {
        const NAME: &str = "restoreOfflineMediaKeys";
        let Some(function) = self.functions.restoreOfflineMediaKeys else { return Err(missing(NAME)) };
        let size = length_of(id)?;
        self.staged(Some(id.to_vec()), || {
            // SAFETY: as for `destroy`; the id lives until the call returns.
            check(NAME, unsafe { function(self.context.pointer(), id.as_ptr(), size) })?;
            Ok(None)
        })
    }

    fn release_request(&self, id: &[u8], _: Option<&StoredKey>) -> Result<Vec<u8>> {
        const NAME: &str = "generateOfflineReleaseRequest";
        let Some(function) = self.functions.generateOfflineReleaseRequest else { return Err(missing(NAME)) };
        let mut request = vec![0; MAX_MEDIA_KEY_REQUEST_DATA_LEN];
        let mut written = length_of(&request)?;
        let size = length_of(id)?;
        // SAFETY: as for `destroy`; id, request and length live until the call returns.
        check(NAME, unsafe {
            function(self.context.pointer(), id.as_ptr(), size, request.as_mut_ptr(), &raw mut written)
        })?;
        request.truncate(length(NAME, written, request.len())?);
        Ok(request)
    }

    fn process_release_response(&self, id: &[u8], response: &[u8]) -> Result<Release> {
        const NAME: &str = "processOfflineReleaseResponse";
        let Some(function) = self.functions.processOfflineReleaseResponse else { return Err(missing(NAME)) };
        let (id_size, size) = (length_of(id)?, length_of(response)?);
        // SAFETY: as for `destroy`; id and response live until the call returns.
        check(NAME, unsafe { function(self.context.pointer(), id.as_ptr(), id_size, response.as_ptr(), size) })?;
        Ok(Release::Done)
    }
}

/// A function that a plugin leaves out and that nothing stands in for.
pub(super) fn missing(function: &'static str) -> Error {
    Error::Refused(format!("the plugin has no {function}").into())
}

/// A request that a plugin has written.
pub(super) fn read_request(function: &'static str, request: &DRM_MediaKeyRequest) -> Result<Request> {
    let written = u32::try_from(request.dataLen).map_err(|_| garbage(function, "a negative length"))?;
    let data = request.data[..length(function, written, request.data.len())?].to_vec();
    Ok(Request { default_url: calls::text(function, &request.defaultUrl)?, ..Request::initial(data) })
}
