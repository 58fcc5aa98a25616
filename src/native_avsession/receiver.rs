//! Function pointers of C as receivers of commands.

use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::Arc;

use super::registry::{self, OH_AVSession};
use crate::glue::boundary::{self, SessionCode};
use crate::glue::callback::UserData;
use crate::glue::error::{Error, Result};
use crate::native_avsession_base::{AVSession_ControlCommand, ControlCommandValue, LoopModeValue};
use crate::native_avsession_errors::{AVSessionCallback_Result, CallbackResultValue, SessionErrValue};
use avsession::commands::{Command, CommandKind};

/// A function that receives commands of some kinds.
pub trait CommandFunction: Copy + Send + Sync + 'static {
    /// Its address, by which it is unregistered.
    fn address(self) -> usize;

    /// Calls it; none if it does not receive commands of this kind.
    ///
    /// # Safety
    /// It is a function of its type.
    unsafe fn call(
        self,
        session: *mut OH_AVSession,
        command: &Command,
        user_data: *mut c_void,
    ) -> Option<CallbackResultValue>;
}

/// One line for each type of function: its arguments between session and user data, the commands that it receives, and what
/// it is given of them.
macro_rules! command_functions {
    ($(($($argument:ty),*): $($command:pat => ($($value:expr),*)),+;)*) => {$(
        impl CommandFunction
            for unsafe extern "C" fn(*mut OH_AVSession, $($argument,)* *mut c_void) -> CallbackResultValue
        {
            fn address(self) -> usize {
                self as usize
            }

            unsafe fn call(
                self,
                session: *mut OH_AVSession,
                command: &Command,
                user_data: *mut c_void,
            ) -> Option<CallbackResultValue> {
                match command {
                    $($command => {
                        // SAFETY: the caller guarantees the function's type; texts live until the call returns.
                        Some(unsafe { self(session, $($value,)* user_data) })
                    })+
                    _ => None,
                }
            }
        }
    )*};
}

command_functions! {
    (ControlCommandValue):
        Command::Play => (AVSession_ControlCommand::CONTROL_CMD_PLAY.into()),
        Command::Pause => (AVSession_ControlCommand::CONTROL_CMD_PAUSE.into()),
        Command::Stop => (AVSession_ControlCommand::CONTROL_CMD_STOP.into()),
        Command::PlayNext => (AVSession_ControlCommand::CONTROL_CMD_PLAY_NEXT.into()),
        Command::PlayPrevious => (AVSession_ControlCommand::CONTROL_CMD_PLAY_PREVIOUS.into());
    (u32): Command::FastForward { millis } | Command::Rewind { millis } => (*millis);
    (u64): Command::Seek { millis } => (*millis);
    (f64): Command::SetSpeed(speed) => (*speed);
    (LoopModeValue):
        Command::SetLoopMode { current: mode } | Command::SetTargetLoopMode { target: mode }
            => (LoopModeValue(*mode as u32));
    (*const c_char):
        Command::ToggleFavorite { asset_id } | Command::PlayFromAssetId { asset_id } => (c_text(asset_id).as_ptr());
    (i32): Command::SkipToQueueItem { item_id: number } | Command::SetVolume { percent: number } => (*number);
    (*const c_char, *const c_char):
        Command::CommonCommand { command, arguments } => (c_text(command).as_ptr(), c_text(arguments).as_ptr());
    (i32, i32, i64): Command::HandleKeyEvent { code, action, time } => (*code, *action, *time);
    (): Command::Answer | Command::HangUp | Command::ToggleCallMute => ();
}

fn c_text(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

/// What names a kind of command.
pub trait CommandName {
    /// The kind.
    fn kind(self) -> Result<CommandKind>;
}

impl CommandName for CommandKind {
    fn kind(self) -> Result<CommandKind> {
        Ok(self)
    }
}

impl CommandName for ControlCommandValue {
    fn kind(self) -> Result<CommandKind> {
        match self.0 {
            0 => Ok(CommandKind::Play),
            1 => Ok(CommandKind::Pause),
            2 => Ok(CommandKind::Stop),
            3 => Ok(CommandKind::PlayNext),
            4 => Ok(CommandKind::PlayPrevious),
            other => {
                let number = other.cast_signed();
                let reason = format!("{number} is not an AVSession_ControlCommand");
                Err(avsession::Error::CommandUnavailable(reason.into()).into())
            }
        }
    }
}

/// Registers a function for a command, one of those that it receives.
pub fn register<F: CommandFunction>(
    session: *mut OH_AVSession,
    command: impl CommandName,
    callback: Option<F>,
    user_data: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = present(callback)?;
        let object = registry::find(session)?;
        let (token, user_data) = (session.addr(), UserData(user_data));
        let receiver = move |command: &Command| {
            let session = ptr::without_provenance_mut(token);
            // SAFETY: the program guarantees that what it registered is a function of that type.
            let result = unsafe { function.call(session, command, user_data.pointer()) };
            result.is_none_or(|result| result == AVSessionCallback_Result::AVSESSION_CALLBACK_RESULT_SUCCESS.into())
        };
        object.session.register(command.kind()?, function.address(), Arc::new(receiver));
        Ok(())
    })
}

/// Unregisters a function.
pub fn unregister<F: CommandFunction>(
    session: *mut OH_AVSession,
    command: impl CommandName,
    callback: Option<F>,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = present(callback)?;
        let object = registry::find(session)?;
        object.session.unregister(command.kind()?, function.address());
        Ok(())
    })
}

/// The function, if there is one.
fn present<F>(callback: Option<F>) -> Result<F> {
    callback.ok_or_else(|| Error::invalid("callback", "null"))
}
