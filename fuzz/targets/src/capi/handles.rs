//! The handles that both threads use.

use std::sync::atomic::{AtomicUsize, Ordering};

use native_drm::native_avbuffer::OH_AVBuffer_Destroy;
use native_drm::native_avmetadata::{OH_AVMetadata_Destroy, OH_AVMetadataBuilder_Destroy};
use native_drm::native_avsession::OH_AVSession_Destroy;
use native_drm::native_avsession_extension::OH_AVSession_ReleasePlaybackState;
use native_drm::native_cencinfo::OH_AVCencInfo_Destroy;
use native_drm::native_drm_license::OH_DrmLicenseTemplate_Destroy;
use native_drm::native_drm_license_service::OH_DrmLicenseService_Destroy;
use native_drm::native_mediakeysession::OH_MediaKeySession_Destroy;
use native_drm::native_mediakeysystem::OH_MediaKeySystem_Destroy;

use crate::script::Script;

/// What a handle is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    System,
    Session,
    Cenc,
    Av,
    Builder,
    Metadata,
    Playback,
    Template,
    Service,
    Buffer,
}

const KINDS: usize = 10;
const PLACES: usize = 3;

static LIVE: [[AtomicUsize; PLACES]; KINDS] = [const { [const { AtomicUsize::new(0) }; PLACES] }; KINDS];
/// The last one that was destroyed.
static STALE: [AtomicUsize; KINDS] = [const { AtomicUsize::new(0) }; KINDS];

/// Keeps a new handle. The one that was in its place is destroyed.
pub fn keep(kind: Kind, handle: usize, script: &mut Script<'_>) {
    if handle == 0 {
        return;
    }
    let place = &LIVE[kind as usize][usize::from(script.byte()) % PLACES];
    let old = place.swap(handle, Ordering::Relaxed);
    if old != 0 {
        destroy(kind, old);
    }
}

/// A handle: mostly a live one, otherwise anything.
pub fn any(kind: Kind, script: &mut Script<'_>) -> usize {
    let own = kind as usize;
    let live = |kind: usize, place: u8| LIVE[kind][usize::from(place) % PLACES].load(Ordering::Relaxed);
    match script.byte() {
        0 => 0,
        1 => script.long() as usize,
        2 => live(own, 0) ^ 1 << (script.byte() % 64),
        3 => live(usize::from(script.byte()) % KINDS, script.byte()),
        4..=9 => STALE[own].load(Ordering::Relaxed),
        place => live(own, place),
    }
}

/// A handle that a call is about to destroy: it will be stale.
pub fn doomed(kind: Kind, script: &mut Script<'_>) -> usize {
    let handle = any(kind, script);
    for place in &LIVE[kind as usize] {
        let _ = place.compare_exchange(handle, 0, Ordering::Relaxed, Ordering::Relaxed);
    }
    STALE[kind as usize].store(handle, Ordering::Relaxed);
    handle
}

fn destroy(kind: Kind, handle: usize) -> u32 {
    STALE[kind as usize].store(handle, Ordering::Relaxed);
    macro_rules! destroy {
        ($function:ident) => {
            $function(std::ptr::without_provenance_mut(handle)).0
        };
    }
    match kind {
        Kind::System => destroy!(OH_MediaKeySystem_Destroy),
        Kind::Session => destroy!(OH_MediaKeySession_Destroy),
        Kind::Cenc => destroy!(OH_AVCencInfo_Destroy),
        Kind::Av => destroy!(OH_AVSession_Destroy),
        Kind::Builder => destroy!(OH_AVMetadataBuilder_Destroy),
        Kind::Metadata => destroy!(OH_AVMetadata_Destroy),
        Kind::Playback => destroy!(OH_AVSession_ReleasePlaybackState),
        Kind::Template => destroy!(OH_DrmLicenseTemplate_Destroy),
        Kind::Service => destroy!(OH_DrmLicenseService_Destroy),
        Kind::Buffer => destroy!(OH_AVBuffer_Destroy),
    }
}

/// Destroys what is left. A second time must fail.
pub fn destroy_all() {
    use Kind::{Av, Buffer, Builder, Cenc, Metadata, Playback, Service, Session, System, Template};
    for kind in [Session, System, Cenc, Av, Builder, Metadata, Playback, Template, Service, Buffer] {
        for place in &LIVE[kind as usize] {
            let handle = place.swap(0, Ordering::Relaxed);
            if handle != 0 {
                // It may be stale already: with its system, or by way of a callback.
                destroy(kind, handle);
                assert_ne!(destroy(kind, handle), 0, "{kind:?} was destroyed twice");
            }
        }
    }
}
