//! Handles: opaque pointers that encode kind, generation and index of a slot. They are never dereferenced.
//!
//! Looking a handle up takes no lock. The slot knows its live handle, the next one has another generation, so that a stale
//! handle finds nothing, and an object stays in memory while anybody who found it is pinned (`cenc::kernel::rcu`).

use parking_lot::Mutex;
use std::ffi::CString;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::avmetadata::{OH_AVMetadata, OH_AVMetadataBuilder};
use super::avplaybackstate::OH_AVSession_AVPlaybackState;
use super::avsession::OH_AVSession;
use super::cencinfo::{CencInfo, OH_AVCencInfo};
use super::common;
use super::drm_license::{LicenseTemplate, OH_DrmLicenseTemplate};
#[cfg(feature = "license-service")]
use super::drm_license_service::{OH_DrmLicenseService, ServiceObject};
use crate::avsession::metadata::Metadata;
use crate::avsession::playback::Playback;
use crate::avsession::session::Session;
use crate::cenc::kernel::rcu::{Pin, RcuSlot};
use crate::drm::session::MediaKeySession;
use crate::drm::system::MediaKeySystem;
use crate::error::{Error, Result};

/// The top byte of every handle: no address that a process can have.
const MAGIC: usize = 0x5D;
const MAGIC_SHIFT: u32 = 56;
const KIND_SHIFT: u32 = 52;
const GENERATION_SHIFT: u32 = 20;
const GENERATION_MASK: usize = 0xFFFF_FFFF;
const INDEX_MASK: usize = SLOTS - 1;

/// Handles of a kind that may exist at the same time.
const SLOTS: usize = 65_536;

const _: () = assert!(usize::BITS == 64, "handles need 64-bit pointers");
const _: () = assert!(SLOTS.is_power_of_two() && SLOTS <= 1 << GENERATION_SHIFT);

/// A kind of handle: what C sees, what it stands for, and the table of all that exist.
pub(crate) trait Kind: 'static {
    /// The opaque C type.
    type Opaque;
    /// The object.
    type Object: Send + Sync;
    /// Number of the kind in handles.
    const NUMBER: usize;
    /// Name for messages.
    const NAME: &'static str;

    /// The slots of this kind. On their own they are all zeros, and so cost no space in the library's file.
    fn slots() -> &'static [Slot<Self::Object>; SLOTS];

    /// Which of them are free.
    fn free() -> &'static Mutex<Free>;

    /// Makes a handle.
    fn insert(object: Arc<Self::Object>) -> Result<*mut Self::Opaque> {
        let index = Self::take_index()?;
        let slot = &Self::slots()[index];
        drop(slot.object.replace(Some(object)));
        let last = !slot.handle.load(Ordering::Relaxed);
        let generation = (last >> GENERATION_SHIFT).wrapping_add(1) & GENERATION_MASK;
        let handle = MAGIC << MAGIC_SHIFT | Self::NUMBER << KIND_SHIFT | generation << GENERATION_SHIFT | index;
        slot.handle.store(handle, Ordering::Release);
        Ok(ptr::without_provenance_mut(handle))
    }

    /// The object of a handle, valid while pinned.
    #[inline(always)]
    fn get_pinned(pin: &Pin, handle: *const Self::Opaque) -> Option<&Self::Object> {
        let slot = Self::slot(handle);
        // The object is read before the slot's handle: another object in the slot comes with another handle.
        let object = slot.object.read(pin)?;
        (slot.handle.load(Ordering::Acquire) == handle.addr()).then_some(object)
    }

    /// The object of a handle.
    fn get(handle: *const Self::Opaque) -> Option<Arc<Self::Object>> {
        let slot = Self::slot(handle);
        // In this order, for the same reason.
        let object = slot.object.get()?;
        (slot.handle.load(Ordering::Acquire) == handle.addr()).then_some(object)
    }

    /// Makes a handle stale and returns its object. When it returns, nobody who is pinned uses the object.
    fn remove(handle: *const Self::Opaque) -> Option<Arc<Self::Object>> {
        let slot = Self::slot(handle);
        let handle = handle.addr();
        if handle >> MAGIC_SHIFT != MAGIC {
            return None;
        }
        slot.handle.compare_exchange(handle, !handle, Ordering::AcqRel, Ordering::Relaxed).ok()?;
        let object = slot.object.replace(None);
        Self::free().lock().indexes.push(handle & INDEX_MASK);
        object
    }

    fn take_index() -> Result<usize> {
        let mut free = Self::free().lock();
        if let Some(index) = free.indexes.pop() {
            return Ok(index);
        }
        if free.used == SLOTS {
            return Err(Error::Refused(format!("{SLOTS} {} handles exist already", Self::NAME).into()));
        }
        free.used += 1;
        Ok(free.used - 1)
    }

    /// The slot that a handle belongs to if it is one of this kind.
    #[inline(always)]
    fn slot(handle: *const Self::Opaque) -> &'static Slot<Self::Object> {
        &Self::slots()[handle.addr() & INDEX_MASK]
    }

    /// The error for a handle that is none.
    fn not_a_handle(argument: &'static str) -> Error {
        Error::invalid(argument, format!("not a live {} handle", Self::NAME))
    }
}

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
                static FREE: Mutex<Free> = Mutex::new(Free { indexes: Vec::new(), used: 0 });
                &FREE
            }
        }
    };
}

kind!(Systems, common::MediaKeySystem, MediaKeySystem, 1, "MediaKeySystem");
kind!(Sessions, common::MediaKeySession, MediaKeySession, 2, "MediaKeySession");
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

/// A place for an object and its handle's generation.
pub(crate) struct Slot<T> {
    /// The live handle; without one, the complement of the last one, which belongs to another slot as a handle would, or 0.
    handle: AtomicUsize,
    object: RcuSlot<T>,
}

impl<T: Send + Sync> Slot<T> {
    const fn empty() -> Self {
        Self { handle: AtomicUsize::new(0), object: RcuSlot::new() }
    }
}

/// Slots that have no handle.
pub(crate) struct Free {
    /// Those that had one.
    indexes: Vec<usize>,
    /// Number of those that have or had one.
    used: usize,
}

/// The MediaKeySystem of a handle.
pub(crate) fn system(argument: &'static str, handle: *const common::MediaKeySystem) -> Result<Arc<MediaKeySystem>> {
    Systems::get(handle).ok_or_else(|| Systems::not_a_handle(argument))
}

/// The MediaKeySession of a handle.
pub(crate) fn session(argument: &'static str, handle: *const common::MediaKeySession) -> Result<Arc<MediaKeySession>> {
    Sessions::get(handle).ok_or_else(|| Sessions::not_a_handle(argument))
}

/// Makes a handle for a MediaKeySystem.
pub(crate) fn insert_system(system: &Arc<MediaKeySystem>) -> Result<*mut common::MediaKeySystem> {
    Systems::insert(Arc::clone(system)).inspect_err(|_| drop(system.close()))
}

/// Makes a handle for a new session of a system.
pub(crate) fn insert_session(
    system: &Arc<MediaKeySystem>,
    session: &Arc<MediaKeySession>,
) -> Result<*mut common::MediaKeySession> {
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
pub(crate) fn session_pointer(session: &MediaKeySession) -> Result<*mut common::MediaKeySession> {
    let token = session.token().get().ok_or_else(|| Error::Internal("the session has no handle yet".into()))?;
    Ok(ptr::without_provenance_mut(*token))
}

/// Destroys a session.
pub(crate) fn destroy_session(argument: &'static str, handle: *const common::MediaKeySession) -> Result<()> {
    let session = Sessions::remove(handle).ok_or_else(|| Sessions::not_a_handle(argument))?;
    // A system that is gone has closed its sessions.
    if let Ok(system) = session.system() {
        system.close_session(&session);
    }
    Ok(())
}

/// Destroys a system and its sessions.
pub(crate) fn destroy_system(argument: &'static str, handle: *const common::MediaKeySystem) -> Result<()> {
    let system = Systems::remove(handle).ok_or_else(|| Systems::not_a_handle(argument))?;
    for session in system.close() {
        if let Some(&token) = session.token().get() {
            Sessions::remove(ptr::without_provenance(token));
        }
    }
    Ok(())
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
