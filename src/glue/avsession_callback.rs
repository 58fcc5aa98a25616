//! Function pointers of C as receivers of commands.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use crate::glue::callback::UserData;
use crate::glue::enums::CallbackResultValue;
use crate::glue::error::{Error, Result};
use crate::glue::handle;
use crate::native_avsession::OH_AVSession;
use crate::native_avsession_errors::AVSessionCallback_Result;
use avsession::commands::{Command, CommandKind};

/// The function pointer, if there is one.
pub fn present<F>(callback: Option<F>) -> Result<F> {
    callback.ok_or_else(|| Error::invalid("callback", "null"))
}

/// Registers a function, known by its address, for a kind of command. `call` calls it; it is given commands of that kind
/// and no others.
pub fn register(
    session: *mut OH_AVSession,
    kind: CommandKind,
    address: usize,
    user_data: *mut c_void,
    call: impl Fn(*mut OH_AVSession, &Command, *mut c_void) -> Option<CallbackResultValue> + Send + Sync + 'static,
) -> Result<()> {
    let object = handle::av_session(session)?;
    let (token, user_data) = (session.addr(), UserData(user_data));
    let receiver = move |command: &Command| {
        call(ptr::without_provenance_mut(token), command, user_data.pointer())
            .is_none_or(|result| result == AVSessionCallback_Result::AVSESSION_CALLBACK_RESULT_SUCCESS.into())
    };
    object.session.register(kind, address, Arc::new(receiver));
    Ok(())
}

/// Unregisters a function.
pub fn unregister(session: *mut OH_AVSession, kind: CommandKind, address: usize) -> Result<()> {
    handle::av_session(session)?.session.unregister(kind, address);
    Ok(())
}
