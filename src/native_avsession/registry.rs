//! The sessions of this process and their handles.

use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::Arc;

use crate::glue::args;
use crate::glue::avsession_text;
use crate::glue::boundary::{self, SessionCode};
use crate::glue::error::{Error, Result};
use crate::glue::handle::{Kind, kind};
use crate::native_avsession_errors::SessionErrValue;
use avsession::registry;
use avsession::session::Session;

/// A player's session. A handle: never dereferenced, safe to pass after destruction.
///
/// @since 13
pub struct OH_AVSession {
    _handle: (),
}

/// What an `OH_AVSession` stands for.
pub(crate) struct AvSession {
    /// The session.
    pub session: Arc<Session>,
    /// Its id as C reads it.
    pub id: CString,
    /// Whose it is: a child after fork() has neither the connection to the bus nor the thread that holds it, which may have
    /// locks of the session at that moment.
    process: u32,
}

kind!(
    /// OH_AVSession handles.
    AvSessions: OH_AVSession => AvSession, 4, "OH_AVSession"
);

/// The session of a handle.
pub(crate) fn find(handle: *const OH_AVSession) -> Result<Arc<AvSession>> {
    let object = AvSessions::find("avsession", handle)?;
    object.check_process()?;
    Ok(object)
}

impl AvSession {
    fn check_process(&self) -> Result<()> {
        if self.process == std::process::id() { Ok(()) } else { Err(Error::invalid("avsession", "the parent's")) }
    }
}

/// Runs the body of a function that does something with a session.
pub(crate) fn with(handle: *const OH_AVSession, body: impl FnOnce(&Arc<Session>) -> Result<()>) -> SessionErrValue {
    boundary::call::<SessionCode>(|| body(&find(handle)?.session))
}

/// Runs the body of a function that does something with a session which cannot fail.
pub(crate) fn set(handle: *const OH_AVSession, body: impl FnOnce(&Session)) -> SessionErrValue {
    with(handle, |session| {
        body(session);
        Ok(())
    })
}

/// Makes a handle for a new session.
pub(super) fn insert(session: &Arc<Session>) -> Result<*mut OH_AVSession> {
    let id = CString::new(session.id()).map_err(|_| Error::Internal("a NUL in a session id".into()))?;
    let object = Arc::new(AvSession { session: Arc::clone(session), id, process: std::process::id() });
    let handle = AvSessions::insert(object).inspect_err(|_| session.close())?;
    let _ = session.token().set(handle.addr());
    Ok(handle)
}

/// Destroys a session.
pub(super) fn destroy(handle: *const OH_AVSession) -> Result<()> {
    find(handle)?;
    AvSessions::take("avsession", handle)?.session.close();
    Ok(())
}

/// The handle of a session that has one.
fn pointer(session: &Session) -> Result<*mut OH_AVSession> {
    let token = session.token().get();
    let token = token.ok_or_else(|| Error::NotFound { what: "session", name: "it has no handle yet".to_owned() })?;
    Ok(ptr::without_provenance_mut(*token))
}

/// Gets the session of this process, if it was created with these names: the same handle that OH_AVSession_Create()
/// returned. Destroying it destroys it for all.
///
/// Any thread.
///
/// @param sessionTag the session's name
/// @param bundleName name of the program
/// @param abilityName name of the part of the program
/// @param avsession receives the session
/// @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if a pointer is null, or a name is empty, not UTF-8 or
///     too long; AV_SESSION_ERR_CODE_SESSION_NOT_EXIST if there is no such session
/// @since 23
///
/// # Safety
/// `sessionTag`, `bundleName` and `abilityName` are strings; `avsession` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_AcquireSession(
    sessionTag: *const c_char,
    bundleName: *const c_char,
    abilityName: *const c_char,
    avsession: *mut *mut OH_AVSession,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let tag = avsession_text::name("sessionTag", sessionTag)?;
        let bundle = avsession_text::name("bundleName", bundleName)?;
        let ability = avsession_text::name("abilityName", abilityName)?;
        let out = args::out("avsession", avsession)?;
        let session = registry::find(&tag, &bundle, &ability)?;
        out.write(pointer(&session)?);
        Ok(())
    })
}
