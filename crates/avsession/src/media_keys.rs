//! Media keys of headsets and keyboards.
//!
//! A player that registers a callback for key events gets the keys as they are, and no commands for them. For all others
//! they become commands.

use crate::commands::CommandKind;
use crate::error::{Error, Property, Result};

numbered! {
    /// Media keys, numbered as OpenHarmony's key codes.
    MediaKey: i32 {
        /// Play or pause.
        PlayPause = 10,
        /// Stop.
        Stop = 11,
        /// Next.
        Next = 12,
        /// Previous.
        Previous = 13,
        /// Rewind.
        Rewind = 14,
        /// Fast forward.
        FastForward = 15,
        /// Play.
        Play = 2085,
        /// Pause.
        Pause = 2086,
    }
}

numbered! {
    /// What happened to a key, numbered as OpenHarmony's key actions.
    KeyAction: i32 {
        /// It was pressed, but does not count.
        Cancel = 0,
        /// It was pressed.
        Down = 1,
        /// It was released.
        Up = 2,
    }
}

impl MediaKey {
    /// The key of that code. Fails with [`Error::InvalidValue`] if there is none.
    pub fn from_code(code: i32) -> Result<Self> {
        Self::from_number(code)
            .ok_or_else(|| Error::invalid(Property::MediaKey, format!("{code} is not the code of a media key")))
    }

    /// The command that the key stands for; `playing` decides what play/pause means.
    pub fn command(self, playing: bool) -> CommandKind {
        match self {
            Self::PlayPause if playing => CommandKind::Pause,
            Self::Pause => CommandKind::Pause,
            Self::PlayPause | Self::Play => CommandKind::Play,
            Self::Stop => CommandKind::Stop,
            Self::Next => CommandKind::PlayNext,
            Self::Previous => CommandKind::PlayPrevious,
            Self::Rewind => CommandKind::Rewind,
            Self::FastForward => CommandKind::FastForward,
        }
    }
}

impl KeyAction {
    /// The action of that code. Fails with [`Error::InvalidValue`] if there is none.
    pub fn from_code(code: i32) -> Result<Self> {
        Self::from_number(code)
            .ok_or_else(|| Error::invalid(Property::KeyAction, format!("{code} is not a key action")))
    }
}
