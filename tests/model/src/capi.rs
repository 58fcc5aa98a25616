//! Handles of systems and sessions, and the C functions of the tests: what those of the library do once their arguments are
//! checked.

use std::fmt::Display;
use std::ptr::without_provenance;
use std::sync::Arc;

use base::base64::Variant::Standard;
use base::rcu::pin;
use drm::events::{CallbackSlot, EventKind, Listener};
use drm::key_system::ProtectionLevel;
use drm::session::MediaKeySession;
use drm::system::MediaKeySystem;
use drm::systems::clearplay::ClearPlay;

use crate::glue::handle::{Kind, kind};
use crate::glue::media_keys::{self, Sessions};
use crate::keys::Block;

/// A handle as C has it.
pub type Handle = usize;

/// A failure in words.
pub type Result<T> = std::result::Result<T, String>;

loom::lazy_static! {
    static ref CREATED: std::sync::Mutex<Vec<Handle>> = std::sync::Mutex::default();
}

/// Destroys the systems that a test has left, while there still are the statics that they use.
pub(crate) fn destroy_the_rest() {
    let created = std::mem::take(&mut *CREATED.lock().unwrap());
    for system in created {
        let _ = destroy_system(system);
    }
}

pub fn create_system() -> Result<Handle> {
    let system = Arc::new(MediaKeySystem::new(&ClearPlay, None).map_err(in_words)?);
    let system = media_keys::insert_system(&system).map_err(in_words)?.addr();
    CREATED.lock().unwrap().push(system);
    Ok(system)
}

pub fn destroy_system(system: Handle) -> Result<()> {
    media_keys::destroy_system(without_provenance(system)).map_err(in_words)
}

pub fn create_session(system: Handle) -> Result<Handle> {
    let system = system_of(system)?;
    let session = system.create_session(ProtectionLevel::SwCrypto).map_err(in_words)?;
    Ok(media_keys::insert_session(&system, &session).map_err(in_words)?.addr())
}

pub fn destroy_session(session: Handle) -> Result<()> {
    media_keys::destroy_session(without_provenance(session)).map_err(in_words)
}

/// A license with one key, which consists of one byte, for a session.
pub fn license(session: Handle, id: [u8; 16], key: u8) -> Result<()> {
    let session = session_of(session)?;
    let response = format!("0{}:{}", Standard.encode(&id), Standard.encode(&[key; 16]));
    let license = session.parse_media_key_response(response.as_bytes()).map_err(in_words)?;
    session.apply_license(&license).map_err(in_words)
}

pub fn clear_media_keys(session: Handle) -> Result<()> {
    session_of(session)?.clear_media_keys().map_err(in_words)
}

/// The key that a sample was decrypted with.
pub fn decrypt(session: Handle, id: &[u8; 16]) -> Option<u8> {
    let mut block = Block::new();
    block.decrypt(|sample, data| {
        let pin = pin();
        let session = Sessions::get_pinned(&pin, without_provenance(session))?;
        session.decrypt_at_once(&pin, id, sample, data)
    })?;
    Some(block.key())
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
    system.events().prepare().map_err(in_words)?;
    system.events().post_occurred(EventKind::VendorDefined, []);
    Ok(())
}

/// The opaque type of [`objects`].
pub enum Opaque {}

/// Handles of objects with nothing around them.
pub mod objects {
    use super::*;
    use crate::check::Object;

    kind!(
        /// What is watched.
        Objects: Opaque => Object, 15, "object"
    );

    pub fn insert(object: Arc<Object>) -> Result<Handle> {
        Ok(Objects::insert(object).map_err(in_words)?.addr())
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
    let session = system_of(system)?.find_session_by_key_id(id, None).map_err(in_words)?;
    Ok(media_keys::session_pointer(&session).map_err(in_words)?.addr())
}

/// The samples that sessions of a system decrypted, those that are gone among them.
pub fn samples_decrypted(system: Handle) -> Result<u64> {
    let statistics = system_of(system)?.statistics().map_err(in_words)?;
    let (_, count) = statistics.iter().find(|(name, _)| *name == "decryptNumber").expect("the row");
    count.parse().map_err(in_words)
}

fn system_of(system: Handle) -> Result<Arc<MediaKeySystem>> {
    media_keys::system(without_provenance(system)).map_err(in_words)
}

fn session_of(session: Handle) -> Result<Arc<MediaKeySession>> {
    media_keys::session(without_provenance(session)).map_err(in_words)
}

fn in_words(error: impl Display) -> String {
    error.to_string()
}
