//! Commands that a controller sends to a player.

use crate::playback::LoopMode;

/// A command and its arguments.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Play.
    Play,
    /// Pause.
    Pause,
    /// Stop.
    Stop,
    /// Play what comes after.
    PlayNext,
    /// Play what came before.
    PlayPrevious,
    /// Go forward.
    FastForward {
        /// How far.
        millis: u32,
    },
    /// Go back.
    Rewind {
        /// How far.
        millis: u32,
    },
    /// Go to a position.
    Seek {
        /// Milliseconds from the start.
        millis: u64,
    },
    /// Play at another speed.
    SetSpeed(f64),
    /// Play at another volume.
    SetVolume {
        /// Percent, 0 to 100.
        percent: i32,
    },
    /// Change the loop mode; the player decides to which.
    SetLoopMode {
        /// The mode that was reported last.
        current: LoopMode,
    },
    /// Change the loop mode to a given one.
    SetTargetLoopMode {
        /// The mode that is wanted.
        target: LoopMode,
    },
    /// Like it, or like it no longer.
    ToggleFavorite {
        /// Id of the media.
        asset_id: String,
    },
    /// Play other media.
    PlayFromAssetId {
        /// Its id.
        asset_id: String,
    },
    /// Play an entry of the queue.
    SkipToQueueItem {
        /// Its number.
        item_id: i32,
    },
    /// Whatever controller and player agreed on.
    CommonCommand {
        /// Name.
        command: String,
        /// Arguments, a JSON object.
        arguments: String,
    },
    /// A key was pressed or released.
    HandleKeyEvent {
        /// OpenHarmony's key code.
        code: i32,
        /// OpenHarmony's key action.
        action: i32,
        /// Milliseconds.
        time: i64,
    },
    /// Take the call.
    Answer,
    /// End the call.
    HangUp,
    /// Mute the call, or no longer.
    ToggleCallMute,
}

macro_rules! kinds {
    ($($kind:ident $name:literal $pattern:pat,)*) => {
        /// Commands without arguments: what callbacks are registered for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum CommandKind {
            $(#[doc = $name] $kind,)*
        }

        impl CommandKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The name in OpenHarmony's ArkTS interface, or ours.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }

        impl Command {
            /// Its kind.
            pub fn kind(&self) -> CommandKind {
                match self {
                    $($pattern => CommandKind::$kind,)*
                }
            }
        }
    };
}

kinds! {
    Play "play" Self::Play,
    Pause "pause" Self::Pause,
    Stop "stop" Self::Stop,
    PlayNext "playNext" Self::PlayNext,
    PlayPrevious "playPrevious" Self::PlayPrevious,
    FastForward "fastForward" Self::FastForward { .. },
    Rewind "rewind" Self::Rewind { .. },
    Seek "seek" Self::Seek { .. },
    SetSpeed "setSpeed" Self::SetSpeed(_),
    SetVolume "setVolume" Self::SetVolume { .. },
    SetLoopMode "setLoopMode" Self::SetLoopMode { .. },
    SetTargetLoopMode "setTargetLoopMode" Self::SetTargetLoopMode { .. },
    ToggleFavorite "toggleFavorite" Self::ToggleFavorite { .. },
    PlayFromAssetId "playFromAssetId" Self::PlayFromAssetId { .. },
    SkipToQueueItem "skipToQueueItem" Self::SkipToQueueItem { .. },
    CommonCommand "commonCommand" Self::CommonCommand { .. },
    HandleKeyEvent "handleKeyEvent" Self::HandleKeyEvent { .. },
    Answer "answer" Self::Answer,
    HangUp "hangUp" Self::HangUp,
    ToggleCallMute "toggleCallMute" Self::ToggleCallMute,
}

/// Number of kinds.
pub const KINDS: usize = CommandKind::ALL.len();

impl Command {
    /// Bytes that the command takes while it waits.
    pub fn size(&self) -> usize {
        let text = match self {
            Self::ToggleFavorite { asset_id } | Self::PlayFromAssetId { asset_id } => asset_id.len(),
            Self::CommonCommand { command, arguments } => command.len() + arguments.len(),
            _ => 0,
        };
        size_of::<Self>() + text
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommandSet(u32);

impl CommandSet {
    /// Adds a kind.
    pub fn insert(&mut self, kind: CommandKind) {
        self.0 |= 1 << kind as u32;
    }

    /// Whether a kind is in the set.
    pub fn contains(self, kind: CommandKind) -> bool {
        self.0 & 1 << kind as u32 != 0
    }

    /// Whether no kind is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds, in a fixed order.
    pub fn iter(self) -> impl Iterator<Item = CommandKind> {
        CommandKind::ALL.iter().copied().filter(move |&kind| self.contains(kind))
    }
}
