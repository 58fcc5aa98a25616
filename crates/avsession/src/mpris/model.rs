//! What the bus is told about a session, and how calls from the bus get to it.

use std::sync::Arc;

use super::failure::Failure;
use super::names;
use crate::commands::{Command, CommandKind};
use crate::media_keys::{KeyAction, MediaKey};
use crate::metadata::Metadata;
use crate::playback::State;
use crate::session::{Session, Snapshot};

/// What PlaybackStatus says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Playing.
    Playing,
    /// Paused.
    Paused,
    /// Stopped.
    Stopped,
}

impl Status {
    fn of(state: State) -> Self {
        match state {
            running if running.is_running() => Self::Playing,
            State::Paused => Self::Paused,
            _ => Self::Stopped,
        }
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Playing => "Playing",
            Self::Paused => "Paused",
            Self::Stopped => "Stopped",
        }
    }
}

/// A session at one moment.
pub struct Model {
    /// The session.
    pub session: Arc<Session>,
    /// What it shows.
    pub snapshot: Snapshot,
    /// What it plays, whether that is shown or not: commands are about it.
    pub metadata: Option<Arc<Metadata>>,
    /// Object path of what is played.
    pub track: String,
    /// Whether it plays; while buffering, as it was before.
    pub status: Status,
}

impl Model {
    /// The session now.
    pub fn new(session: Arc<Session>) -> Self {
        let snapshot = session.snapshot();
        let metadata = snapshot.metadata.clone();
        let (snapshot, track) = if snapshot.private {
            (snapshot.without_content(), names::PRIVATE_TRACK.to_owned())
        } else {
            let track = names::track_path(metadata.as_ref().map_or("", |metadata| &metadata.asset_id));
            (snapshot, track)
        };
        let status = Status::of(snapshot.playback.settled_state());
        Self { session, snapshot, metadata, track, status }
    }

    /// Milliseconds of what is played, if it has an end.
    pub fn duration(&self) -> Option<i64> {
        self.metadata.as_ref().and_then(|metadata| metadata.shown_duration())
    }

    /// Whether a command has a callback.
    pub fn takes(&self, kind: CommandKind) -> bool {
        self.snapshot.commands.contains(kind)
    }

    /// Whether a command arrives somehow: as it is, or as a key.
    pub fn offers(&self, kind: CommandKind) -> bool {
        self.takes(kind) || self.takes(CommandKind::HandleKeyEvent)
    }

    /// Sends a command.
    pub fn send(&self, command: Command) -> Result<(), Failure> {
        Ok(self.session.send(command)?)
    }

    /// Sends a command that has a key. A player that takes no such command but keys gets the key, pressed and released.
    pub fn send_or_press(&self, command: Command, key: MediaKey) -> Result<(), Failure> {
        if self.takes(command.kind()) || !self.takes(CommandKind::HandleKeyEvent) {
            return self.send(command);
        }
        let time = self.session.clock().unix_millis();
        self.session.media_key(key, KeyAction::Down, time)?;
        Ok(self.session.media_key(key, KeyAction::Up, time)?)
    }
}
