//! Handles of systems and sessions: made with them, stale with them.

use std::ptr;
use std::sync::Arc;

use crate::glue::args;
use crate::glue::error::{Error, Result};
use crate::glue::handle::{Kind, kind};
use crate::native_drm_common::{self, MAX_OFFLINE_MEDIA_KEY_ID_LEN};
use drm::session::MediaKeySession;
use drm::system::MediaKeySystem;

kind!(
    /// MediaKeySystem handles.
    Systems: native_drm_common::MediaKeySystem => MediaKeySystem, 1, "MediaKeySystem"
);
kind!(
    /// MediaKeySession handles.
    Sessions: native_drm_common::MediaKeySession => MediaKeySession, 2, "MediaKeySession"
);

/// The MediaKeySystem of a handle.
pub(crate) fn system(handle: *const native_drm_common::MediaKeySystem) -> Result<Arc<MediaKeySystem>> {
    Systems::find("mediaKeySystem", handle)
}

/// The MediaKeySession of a handle.
pub(crate) fn session(handle: *const native_drm_common::MediaKeySession) -> Result<Arc<MediaKeySession>> {
    Sessions::find("mediaKeySession", handle)
}

/// Makes a handle for a MediaKeySystem.
pub(crate) fn insert_system(system: &Arc<MediaKeySystem>) -> Result<*mut native_drm_common::MediaKeySystem> {
    Systems::insert(Arc::clone(system)).inspect_err(|_| drop(system.close()))
}

/// Makes a handle for a new session of a system.
pub(crate) fn insert_session(
    system: &Arc<MediaKeySystem>,
    session: &Arc<MediaKeySession>,
) -> Result<*mut native_drm_common::MediaKeySession> {
    let handle = Sessions::insert(Arc::clone(session)).inspect_err(|_| system.close_session(session))?;
    let _ = session.token().set(handle.addr());
    // Whoever destroyed the system before the token was set could not make the handle stale.
    if system.is_closed() {
        Sessions::remove(handle);
        return Err(Systems::not_a_handle("mediaKeySystem"));
    }
    Ok(handle)
}

/// The handle of a session that has one.
pub(crate) fn session_pointer(session: &MediaKeySession) -> Result<*mut native_drm_common::MediaKeySession> {
    let token = session.token().get().ok_or_else(|| Error::Internal("the session has no handle yet".into()))?;
    Ok(ptr::without_provenance_mut(*token))
}

/// Destroys a session.
pub(crate) fn destroy_session(handle: *const native_drm_common::MediaKeySession) -> Result<()> {
    Sessions::take("mediaKeySession", handle)?.destroy();
    Ok(())
}

/// Destroys a system and its sessions.
pub(crate) fn destroy_system(handle: *const native_drm_common::MediaKeySystem) -> Result<()> {
    let system = Systems::take("mediaKeySystem", handle)?;
    for session in system.close() {
        if let Some(&token) = session.token().get() {
            Sessions::remove(ptr::without_provenance(token));
        }
    }
    Ok(())
}

/// The id of an offline media key, as several functions take it.
pub(crate) fn offline_id<'a>(id: *const u8, length: i32) -> Result<&'a [u8]> {
    let length = args::length("offlineMediaKeyIdLen", length, 1, MAX_OFFLINE_MEDIA_KEY_ID_LEN)?;
    args::slice("offlineMediaKeyId", id, length)
}
