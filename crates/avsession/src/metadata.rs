//! Metadata of the media that a session plays.

use crate::error::{Error, Result};
use crate::lyrics::Lyrics;
use base::sync::OnceCell;

/// Bytes of a text, such as a title or an id, without the NUL that C puts after it.
pub const MAX_TEXT: usize = 4095;
/// Bytes of a long text: description, lyric, image address, extras.
pub const MAX_LONG_TEXT: usize = (1 << 20) - 1;

/// Checks that a text is a JSON object, or empty. Otherwise says what it is.
pub(crate) fn check_json_object(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let parsed = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text);
    parsed.map(drop).map_err(|error| format!("not a JSON object: {error}"))
}

/// Duration of media that must not show one.
pub const NO_DURATION: i64 = -1;

/// How far forward and rewind go when nobody says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SkipIntervals {
    /// 10 seconds.
    Seconds10 = 10,
    /// 15 seconds.
    #[default]
    Seconds15 = 15,
    /// 30 seconds.
    Seconds30 = 30,
}

impl SkipIntervals {
    /// The interval of so many seconds.
    pub fn from_seconds(seconds: u32) -> Option<Self> {
        [Self::Seconds10, Self::Seconds15, Self::Seconds30].into_iter().find(|interval| *interval as u32 == seconds)
    }

    /// Milliseconds.
    pub const fn millis(self) -> u32 {
        self as u32 * 1000
    }
}

/// A lyric as text, parsed when somebody asks for a line.
#[derive(Clone, Debug, Default)]
pub struct Lyric {
    text: String,
    parsed: OnceCell<Lyrics>,
}

impl Lyric {
    /// A lyric in LRC format.
    pub fn new(text: String) -> Self {
        Self { text, parsed: OnceCell::new() }
    }

    /// The text as it was set.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The lines.
    pub fn lines(&self) -> &Lyrics {
        self.parsed.get_or_init(|| Lyrics::parse(&self.text))
    }
}

impl PartialEq for Lyric {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Lyric {}

/// Metadata. Empty texts are not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The player's id of the media.
    pub asset_id: String,
    /// Title.
    pub title: String,
    /// Artist.
    pub artist: String,
    /// Author.
    pub author: String,
    /// Album.
    pub album: String,
    /// Who wrote the words.
    pub writer: String,
    /// Composer.
    pub composer: String,
    /// Milliseconds; [`NO_DURATION`] = do not show one, 0 = unknown.
    pub duration: i64,
    /// URI of a picture.
    pub media_image_uri: String,
    /// Subtitle.
    pub subtitle: String,
    /// Description.
    pub description: String,
    /// Words with times.
    pub lyric: Lyric,
    /// How far forward and rewind go.
    pub skip_intervals: SkipIntervals,
    /// Bits: 1 = Audio Vivid.
    pub display_tags: i32,
    /// Protocols that the media may be cast with, as bits.
    pub filter: u32,
    /// Id of the media before this one.
    pub previous_asset_id: String,
    /// Id of the media after this one.
    pub next_asset_id: String,
}

impl Default for Metadata {
    fn default() -> Self {
        Self {
            asset_id: String::new(),
            title: String::new(),
            artist: String::new(),
            author: String::new(),
            album: String::new(),
            writer: String::new(),
            composer: String::new(),
            duration: 0,
            media_image_uri: String::new(),
            subtitle: String::new(),
            description: String::new(),
            lyric: Lyric::default(),
            skip_intervals: SkipIntervals::default(),
            display_tags: 0,
            filter: 2,
            previous_asset_id: String::new(),
            next_asset_id: String::new(),
        }
    }
}

impl Metadata {
    /// Checks what only a session refuses: fails with [`Error::ImpossibleTime`] if the duration is less than
    /// [`NO_DURATION`].
    pub fn check(&self) -> Result<()> {
        if self.duration < NO_DURATION {
            return Err(Error::ImpossibleTime(format!("the duration {} is negative and not -1", self.duration).into()));
        }
        Ok(())
    }

    /// Milliseconds, if they are known and may be shown.
    pub fn shown_duration(&self) -> Option<i64> {
        (self.duration > 0).then_some(self.duration)
    }
}

/// An entry of the list of what is to be played.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueItem {
    /// The number that commands name the entry by.
    pub item_id: i32,
    /// The player's id of the media.
    pub asset_id: String,
    /// Title.
    pub title: String,
    /// Subtitle.
    pub subtitle: String,
    /// Artist.
    pub artist: String,
    /// URI of a picture.
    pub media_image_uri: String,
    /// Milliseconds; [`NO_DURATION`] = do not show one, 0 = unknown.
    pub duration: i64,
}
