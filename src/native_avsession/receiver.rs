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
use base::call::Call;

/// A function that receives commands of some kinds.
pub trait CommandFunction: Copy + Send + Sync + 'static {
    /// What it is given between session and user data.
    type Values: Send + 'static;

    /// Its address, by which it is unregistered.
    fn address(self) -> usize;

    /// What it is given of a command; none if it does not receive commands of this kind.
    fn values(command: &Command) -> Option<Self::Values>;

    /// Calls it, in a plain frame: see [`base::call`].
    ///
    /// # Safety
    /// It is a function of its type.
    unsafe fn call(
        self,
        session: *mut OH_AVSession,
        values: &Self::Values,
        user_data: *mut c_void,
    ) -> CallbackResultValue;
}

/// A value that is kept for a call, and what C gets of it.
pub trait Kept: Send + 'static {
    /// C's.
    type C;
    /// For as long as this lives.
    fn c(&self) -> Self::C;
}

macro_rules! kept_as_it_is {
    ($($value:ty),*) => {$(
        impl Kept for $value {
            type C = $value;
            fn c(&self) -> $value {
                *self
            }
        }
    )*};
}

kept_as_it_is!(ControlCommandValue, LoopModeValue, i32, u32, i64, u64, f64);

impl Kept for CString {
    type C = *const c_char;
    fn c(&self) -> *const c_char {
        self.as_ptr()
    }
}

/// One line for each type of function: what is kept of its arguments between session and user data, the commands that it
/// receives, and what it is given of them.
macro_rules! command_functions {
    ($(($($name:ident: $kept:ty),*): $($command:pat => ($($value:expr),*)),+;)*) => {$(
        impl CommandFunction
            for unsafe extern "C-unwind" fn(
                *mut OH_AVSession,
                $(<$kept as Kept>::C,)*
                *mut c_void,
            ) -> CallbackResultValue
        {
            type Values = ($($kept,)*);

            fn address(self) -> usize {
                self as usize
            }

            fn values(command: &Command) -> Option<Self::Values> {
                match command {
                    $($command => Some(($($value,)*)),)+
                    _ => None,
                }
            }

            unsafe fn call(
                self,
                session: *mut OH_AVSession,
                values: &Self::Values,
                user_data: *mut c_void,
            ) -> CallbackResultValue {
                let ($($name,)*) = values;
                // SAFETY: the caller guarantees the function's type; texts live until the call returns.
                unsafe { self(session, $($name.c(),)* user_data) }
            }
        }
    )*};
}

command_functions! {
    (command: ControlCommandValue):
        Command::Play => (AVSession_ControlCommand::CONTROL_CMD_PLAY.into()),
        Command::Pause => (AVSession_ControlCommand::CONTROL_CMD_PAUSE.into()),
        Command::Stop => (AVSession_ControlCommand::CONTROL_CMD_STOP.into()),
        Command::PlayNext => (AVSession_ControlCommand::CONTROL_CMD_PLAY_NEXT.into()),
        Command::PlayPrevious => (AVSession_ControlCommand::CONTROL_CMD_PLAY_PREVIOUS.into());
    (millis: u32): Command::FastForward { millis } | Command::Rewind { millis } => (*millis);
    (millis: u64): Command::Seek { millis } => (*millis);
    (speed: f64): Command::SetSpeed(speed) => (*speed);
    (mode: LoopModeValue):
        Command::SetLoopMode { current: mode } | Command::SetTargetLoopMode { target: mode }
            => (LoopModeValue(*mode as u32));
    (id: CString): Command::ToggleFavorite { asset_id } | Command::PlayFromAssetId { asset_id } => (c_text(asset_id));
    (number: i32): Command::SkipToQueueItem { item_id: number } | Command::SetVolume { percent: number } => (*number);
    (command: CString, arguments: CString):
        Command::CommonCommand { command, arguments } => (c_text(command), c_text(arguments));
    (code: i32, action: i32, time: i64): Command::HandleKeyEvent { code, action, time } => (*code, *action, *time);
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
        let receiver = move |command: &Command| match F::values(command) {
            // SAFETY: the function of that type of arguments, which only copies pointers.
            Some(values) => unsafe { Call::new(Arguments { function, token, values, user_data }, tell::<F>) },
            None => Call::of(|| true),
        };
        object.session.register(command.kind()?, function.address(), Arc::new(receiver));
        Ok(())
    })
}

/// All that a call needs.
struct Arguments<F: CommandFunction> {
    function: F,
    token: usize,
    values: F::Values,
    user_data: UserData,
}

/// A plain frame.
unsafe extern "C-unwind" fn tell<F: CommandFunction>(arguments: *mut Arguments<F>) -> bool {
    // SAFETY: `Call` gives what it was made with, for this call alone.
    let own = unsafe { &*arguments };
    let session = ptr::without_provenance_mut(own.token);
    // SAFETY: the program guarantees that what it registered is a function of that type.
    let result = unsafe { own.function.call(session, &own.values, own.user_data.pointer()) };
    result == AVSessionCallback_Result::AVSESSION_CALLBACK_RESULT_SUCCESS.into()
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
