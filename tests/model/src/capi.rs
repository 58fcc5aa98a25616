//! Handles of systems and sessions, and the C functions of the tests: what those of the library do once their arguments are
//! checked.

use std::ptr::without_provenance;
use std::sync::Arc;

use self::handle::{Kind, Sessions, Systems};
use crate::cenc::Sample;
use crate::drm::events::{CallbackSlot, EventKind, Listener};
use crate::drm::session::MediaKeySession;
use crate::drm::stand_ins::ProtectionLevel;
use crate::drm::statistics::DecryptTotals;
use crate::drm::system::MediaKeySystem;
use base::error::Result;
use base::rcu::pin;

/// A handle as C has it.
pub type Handle = usize;

pub fn create_system() -> Result<Handle> {
    Ok(handle::insert_system(&MediaKeySystem::new())?.addr())
}

pub fn destroy_system(system: Handle) -> Result<()> {
    handle::destroy_system("mediaKeySystem", without_provenance(system))
}

pub fn create_session(system: Handle) -> Result<Handle> {
    let system = system_of(system)?;
    let session = system.create_session(ProtectionLevel::SwCrypto)?;
    Ok(handle::insert_session(&system, &session)?.addr())
}

pub fn destroy_session(session: Handle) -> Result<()> {
    handle::destroy_session("mediaKeySession", without_provenance(session))
}

/// A license with one key for a session.
pub fn license(session: Handle, id: [u8; 16], key: u8) -> Result<()> {
    session_of(session)?.license(id, key)
}

pub fn clear_media_keys(session: Handle) -> Result<()> {
    session_of(session)?.clear_media_keys()
}

/// The key that a sample was decrypted with.
pub fn decrypt(session: Handle, id: &[u8; 16]) -> Option<u8> {
    let mut data = [0];
    let pin = pin();
    let session = Sessions::get_pinned(&pin, without_provenance(session))?;
    session.decrypt_at_once(&pin, id, &Sample::default(), &mut data)?;
    Some(data[0])
}

pub fn set_system_callback(system: Handle, listener: Option<Arc<dyn Listener>>) -> Result<()> {
    system_of(system)?.events().set(CallbackSlot::WithHandle, listener);
    Ok(())
}

pub fn set_session_callback(session: Handle, listener: Option<Arc<dyn Listener>>) -> Result<()> {
    session_of(session)?.events().set(CallbackSlot::WithHandle, listener);
    Ok(())
}

/// What makes a key system announce something.
pub fn announce(system: Handle) -> Result<()> {
    let system = system_of(system)?;
    system.events().prepare()?;
    system.events().post_occurred(EventKind::VendorDefined, []);
    Ok(())
}

/// The opaque type of [`objects`].
pub enum Opaque {}

/// Handles of objects with nothing around them.
pub mod objects {
    use super::handle::Objects;
    use super::*;
    use crate::check::Object;

    pub fn insert(object: Arc<Object>) -> Result<Handle> {
        Ok(Objects::insert(object)?.addr())
    }

    /// Uses the object of a handle while pinned.
    pub fn use_pinned(handle: Handle) -> Option<u32> {
        let pin = pin();
        Objects::get_pinned(&pin, without_provenance(handle)).map(Object::use_it)
    }

    pub fn get(handle: Handle) -> Option<Arc<Object>> {
        Objects::get(without_provenance(handle))
    }

    pub fn remove(handle: Handle) -> Option<Arc<Object>> {
        Objects::remove(without_provenance(handle))
    }
}

/// The session that has a key, waiting for it.
pub fn find_session(system: Handle, id: &[u8; 16]) -> Result<Handle> {
    let session = system_of(system)?.find_session_by_key_id(id, None)?;
    Ok(handle::session_pointer(&session)?.addr())
}

pub fn totals(system: Handle) -> Result<DecryptTotals> {
    Ok(system_of(system)?.totals())
}

fn system_of(system: Handle) -> Result<Arc<MediaKeySystem>> {
    handle::system("mediaKeySystem", without_provenance(system))
}

fn session_of(session: Handle) -> Result<Arc<MediaKeySession>> {
    handle::session("mediaKeySession", without_provenance(session))
}

pub mod common {
    //! The opaque types of C.
    pub enum MediaKeySystem {}
    pub enum MediaKeySession {}
}

pub mod handle {
    //! Two slots per kind; generations and kinds as they are.

    use crate::drm::session::MediaKeySession;
    use crate::drm::system::MediaKeySystem;
    use crate::native_drm_common;
    use base::sync::Mutex;

    pub(crate) use media_keys::{
        destroy_session, destroy_system, insert_session, insert_system, session, session_pointer, system,
    };
    pub(crate) use slots::Kind;
    use slots::{Free, SLOTS, Slot};

    mod media_keys {
        crate::source!("media_keys.rs");
    }

    mod slots {
        crate::source!("slots.rs");
    }

    pub(crate) enum Systems {}
    pub(crate) enum Sessions {}
    pub(crate) enum Objects {}

    crate::source!("kinds.rs");
    kind!(Objects, super::Opaque, crate::check::Object, 15, "object");
}
