//! Media keys of headsets and keyboards.
//!
//! A player that registers a callback for key events gets the keys as they are, and no commands for them. For all others
//! they become commands.

use crate::commands::CommandKind;
use crate::error::{Error, Property, Result};

/// Media keys, numbered as OpenHarmony's key codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKey {
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

/// What happened to a key, numbered as OpenHarmony's key actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAction {
    /// It was pressed, but does not count.
    Cancel = 0,
    /// It was pressed.
    Down = 1,
    /// It was released.
    Up = 2,
}

const KEYS: [MediaKey; 8] = [
    MediaKey::PlayPause,
    MediaKey::Stop,
    MediaKey::Next,
    MediaKey::Previous,
    MediaKey::Rewind,
    MediaKey::FastForward,
    MediaKey::Play,
    MediaKey::Pause,
];

impl MediaKey {
    /// The key of that code. Fails with [`Error::InvalidValue`] if there is none.
    pub fn from_code(code: i32) -> Result<Self> {
        KEYS.into_iter()
            .find(|key| *key as i32 == code)
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
    /// The action of that number. Fails with [`Error::InvalidValue`] if there is none.
    pub fn from_number(number: i32) -> Result<Self> {
        [Self::Cancel, Self::Down, Self::Up]
            .into_iter()
            .find(|action| *action as i32 == number)
            .ok_or_else(|| Error::invalid(Property::KeyAction, format!("{number} is not a key action")))
    }
}
