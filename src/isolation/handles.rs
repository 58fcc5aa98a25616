//! Handles of systems and sessions, here or in a host process. `glue::media_keys` has those of this process alone.

use std::ptr;
use std::sync::Arc;

use super::door::{Session, System};
use super::{RemoteSession, RemoteSystem};
use crate::glue::error::{Error, Result};
use crate::glue::handle::{Kind, kind};
use crate::glue::media_keys::{self, Systems};
use crate::native_drm_common;

kind!(
    /// MediaKeySystem handles whose instances a host process runs.
    RemoteSystems: native_drm_common::MediaKeySystem => RemoteSystem, 13, "MediaKeySystem"
);
kind!(
    /// MediaKeySession handles whose sessions a host process has.
    RemoteSessions: native_drm_common::MediaKeySession => RemoteSession, 14, "MediaKeySession"
);

/// The system of a handle.
pub(crate) fn system(handle: *const native_drm_common::MediaKeySystem) -> Result<System> {
    match RemoteSystems::get(handle) {
        Some(system) => Ok(System::Apart(system)),
        None => media_keys::system(handle).map(System::Here),
    }
}

/// The session of a handle.
pub(crate) fn session(handle: *const native_drm_common::MediaKeySession) -> Result<Session> {
    match RemoteSessions::get(handle) {
        Some(session) => Ok(Session::Apart(session)),
        None => media_keys::session(handle).map(Session::Here),
    }
}

/// The session of a handle, if a host process has it.
pub(crate) fn session_apart(handle: *const native_drm_common::MediaKeySession) -> Option<Arc<RemoteSession>> {
    RemoteSessions::get(handle)
}

/// A handle for a system in a host process.
pub(crate) fn insert_remote_system(system: &Arc<RemoteSystem>) -> Result<*mut native_drm_common::MediaKeySystem> {
    RemoteSystems::insert(Arc::clone(system)).inspect_err(|_| drop(system.close()))
}

/// A handle for a new session of a system.
pub(crate) fn insert_any_session(
    system: &System,
    session: &Session,
) -> Result<*mut native_drm_common::MediaKeySession> {
    match (system, session) {
        (System::Here(system), Session::Here(session)) => media_keys::insert_session(system, session),
        (System::Apart(system), Session::Apart(session)) => {
            let handle = RemoteSessions::insert(Arc::clone(session)).inspect_err(|_| system.close_session(session))?;
            let _ = session.token().set(handle.addr());
            // As in `insert_session`.
            if system.is_closed() {
                RemoteSessions::remove(handle);
                return Err(Systems::not_a_handle("mediaKeySystem"));
            }
            Ok(handle)
        }
        _ => Err(Error::Internal("a session of another process".into())),
    }
}

/// The handle of a session, wherever that is.
pub(crate) fn any_session_pointer(session: &Session) -> Result<*mut native_drm_common::MediaKeySession> {
    match session {
        Session::Here(session) => media_keys::session_pointer(session),
        Session::Apart(session) => {
            let token = session.token().get();
            let token = token.ok_or_else(|| Error::Internal("the session has no handle yet".into()))?;
            Ok(ptr::without_provenance_mut(*token))
        }
    }
}

/// Destroys a session, wherever it is; its handle becomes stale.
pub(crate) fn destroy_session(handle: *const native_drm_common::MediaKeySession) -> Result<()> {
    match RemoteSessions::remove(handle) {
        Some(session) => {
            session.destroy();
            Ok(())
        }
        None => media_keys::destroy_session(handle),
    }
}

/// Destroys a system with its sessions, wherever it is; their handles become stale.
pub(crate) fn destroy_system(handle: *const native_drm_common::MediaKeySystem) -> Result<()> {
    let Some(system) = RemoteSystems::remove(handle) else { return media_keys::destroy_system(handle) };
    for session in system.close() {
        if let Some(&token) = session.token().get() {
            RemoteSessions::remove(ptr::without_provenance(token));
        }
    }
    Ok(())
}
