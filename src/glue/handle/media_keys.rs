//! Handles of systems and sessions: made with them, stale with them.

use std::ptr;
use std::sync::Arc;

use super::slots::Kind;
use super::{Sessions, Systems};
use crate::glue::error::{Error, Result};
use crate::native_drm_common;
use drm::session::MediaKeySession;
use drm::system::MediaKeySystem;

/// The MediaKeySystem of a handle.
pub(crate) fn system(
    argument: &'static str,
    handle: *const native_drm_common::MediaKeySystem,
) -> Result<Arc<MediaKeySystem>> {
    Systems::get(handle).ok_or_else(|| Systems::not_a_handle(argument))
}

/// The MediaKeySession of a handle.
pub(crate) fn session(
    argument: &'static str,
    handle: *const native_drm_common::MediaKeySession,
) -> Result<Arc<MediaKeySession>> {
    Sessions::get(handle).ok_or_else(|| Sessions::not_a_handle(argument))
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
pub(crate) fn destroy_session(argument: &'static str, handle: *const native_drm_common::MediaKeySession) -> Result<()> {
    let session = Sessions::remove(handle).ok_or_else(|| Sessions::not_a_handle(argument))?;
    session.destroy();
    Ok(())
}

/// Destroys a system and its sessions.
pub(crate) fn destroy_system(argument: &'static str, handle: *const native_drm_common::MediaKeySystem) -> Result<()> {
    let system = Systems::remove(handle).ok_or_else(|| Systems::not_a_handle(argument))?;
    for session in system.close() {
        if let Some(&token) = session.token().get() {
            Sessions::remove(ptr::without_provenance(token));
        }
    }
    Ok(())
}
