//! Handles: opaque pointers that encode kind, generation and index of a slot. They are never dereferenced.
//!
//! Looking a handle up takes no lock. The slot knows its live handle, the next one has another generation, so that a stale
//! handle finds nothing, and an object stays in memory while anybody who found it is pinned (`cenc::kernel::rcu`).

mod media_keys;
mod slots;

use parking_lot::Mutex;
use std::ffi::CString;
use std::ptr;
use std::sync::Arc;

use crate::glue::error::{Error, Result};
use crate::native_avmetadata::{OH_AVMetadata, OH_AVMetadataBuilder};
use crate::native_avplaybackstate::OH_AVSession_AVPlaybackState;
use crate::native_avsession::OH_AVSession;
use crate::native_cencinfo::{CencInfo, OH_AVCencInfo};
use crate::native_drm_common;
use crate::native_drm_license::{LicenseTemplate, OH_DrmLicenseTemplate};
#[cfg(feature = "license-service")]
use crate::native_drm_license_service::{OH_DrmLicenseService, ServiceObject};
use avsession::metadata::Metadata;
use avsession::playback::Playback;
use avsession::session::Session;
use drm::session::MediaKeySession;
use drm::system::MediaKeySystem;

pub(crate) use media_keys::{
    destroy_session, destroy_system, insert_session, insert_system, session, session_pointer, system,
};
pub(crate) use slots::Kind;
use slots::{Free, SLOTS, Slot};

/// MediaKeySystem handles.
pub(crate) enum Systems {}
/// MediaKeySession handles.
pub(crate) enum Sessions {}
/// OH_AVCencInfo handles.
pub(crate) enum CencInfos {}
/// OH_AVSession handles.
pub(crate) enum AvSessions {}
/// OH_AVMetadataBuilder handles.
pub(crate) enum MetadataBuilders {}
/// OH_AVMetadata handles.
pub(crate) enum Metadatas {}
/// OH_AVSession_AVPlaybackState handles.
pub(crate) enum PlaybackStates {}
/// OH_DrmLicenseTemplate handles.
pub(crate) enum LicenseTemplates {}
/// OH_DrmLicenseService handles.
#[cfg(feature = "license-service")]
pub(crate) enum LicenseServices {}

macro_rules! kind {
    ($kind:ident, $opaque:ty, $object:ty, $number:literal, $name:literal) => {
        impl Kind for $kind {
            type Opaque = $opaque;
            type Object = $object;
            const NUMBER: usize = $number;
            const NAME: &'static str = $name;

            fn slots() -> &'static [Slot<$object>; SLOTS] {
                static PLACES: [Slot<$object>; SLOTS] = [const { Slot::empty() }; SLOTS];
                &PLACES
            }

            fn free() -> &'static Mutex<Free> {
                static FREE: Mutex<Free> = Mutex::new(Free::all());
                &FREE
            }
        }
    };
}

kind!(Systems, native_drm_common::MediaKeySystem, MediaKeySystem, 1, "MediaKeySystem");
kind!(Sessions, native_drm_common::MediaKeySession, MediaKeySession, 2, "MediaKeySession");
kind!(CencInfos, OH_AVCencInfo, Mutex<CencInfo>, 3, "OH_AVCencInfo");
kind!(AvSessions, OH_AVSession, AvSession, 4, "OH_AVSession");
kind!(MetadataBuilders, OH_AVMetadataBuilder, Mutex<Metadata>, 5, "OH_AVMetadataBuilder");
kind!(Metadatas, OH_AVMetadata, Metadata, 6, "OH_AVMetadata");
kind!(PlaybackStates, OH_AVSession_AVPlaybackState, Playback, 7, "OH_AVSession_AVPlaybackState");
kind!(LicenseTemplates, OH_DrmLicenseTemplate, Mutex<LicenseTemplate>, 8, "OH_DrmLicenseTemplate");
#[cfg(feature = "license-service")]
kind!(LicenseServices, OH_DrmLicenseService, ServiceObject, 12, "OH_DrmLicenseService");

/// What an OH_AVSession stands for.
pub(crate) struct AvSession {
    /// The session.
    pub session: Arc<Session>,
    /// Its id as C reads it.
    pub id: CString,
}

/// The session of an OH_AVSession.
pub(crate) fn av_session(handle: *const OH_AVSession) -> Result<Arc<AvSession>> {
    AvSessions::get(handle).ok_or_else(|| AvSessions::not_a_handle("avsession"))
}

/// Makes a handle for a new session.
pub(crate) fn insert_av_session(session: &Arc<Session>) -> Result<*mut OH_AVSession> {
    let id = CString::new(session.id()).map_err(|_| Error::Internal("a NUL in a session id".into()))?;
    let object = Arc::new(AvSession { session: Arc::clone(session), id });
    let handle = AvSessions::insert(object).inspect_err(|_| session.close())?;
    let _ = session.token().set(handle.addr());
    Ok(handle)
}

/// The handle of a session that has one.
pub(crate) fn av_session_pointer(session: &Session) -> Result<*mut OH_AVSession> {
    let token = session.token().get();
    let token = token.ok_or_else(|| Error::NotFound { what: "session", name: "it has no handle yet".to_owned() })?;
    Ok(ptr::without_provenance_mut(*token))
}

/// Destroys a session.
pub(crate) fn destroy_av_session(handle: *const OH_AVSession) -> Result<()> {
    let object = AvSessions::remove(handle).ok_or_else(|| AvSessions::not_a_handle("avsession"))?;
    object.session.close();
    Ok(())
}
