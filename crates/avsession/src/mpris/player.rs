//! The interfaces of MPRIS: who plays, what is played, and commands.

use zbus::ObjectPath;
use zbus::message::Body;

use super::failure::Failure;
use super::interface::Get::{Boolean, Double, Entries, Int64, Text, Texts};
use super::interface::{Interface, Method, Property, Set, arguments};
use super::metadata;
use super::model::{Model, Status};
use crate::commands::{Command, CommandKind};
use crate::media_keys::MediaKey;
use crate::playback::LoopMode;

/// Speeds that a controller may ask for, if the player takes commands for the speed.
const MINIMUM_RATE: f64 = 0.125;
const MAXIMUM_RATE: f64 = 4.0;

/// `org.mpris.MediaPlayer2`: who plays.
pub static ROOT: Interface = Interface {
    name: "org.mpris.MediaPlayer2",
    methods: &[
        // Without effect where CanRaise and CanQuit are false, as the specification says.
        Method::new("Raise", &[], |_, _| Ok(())),
        Method::new("Quit", &[], |_, _| Ok(())),
    ],
    properties: &[
        Property::new("CanQuit", Boolean(|_| false)).constant(),
        Property::new("CanRaise", Boolean(|_| false)).constant(),
        Property::new("HasTrackList", Boolean(|_| false)).constant(),
        Property::new("Identity", Text(|model| &model.session.identity().tag)).constant(),
        Property::new("DesktopEntry", Text(|model| &model.session.identity().bundle)).constant(),
        Property::new("SupportedUriSchemes", Texts(|_| Vec::new())).constant(),
        Property::new("SupportedMimeTypes", Texts(|_| Vec::new())).constant(),
    ],
    signals: &[],
};

/// `org.mpris.MediaPlayer2.Player`: what is played, and commands.
pub static PLAYER: Interface = Interface {
    name: "org.mpris.MediaPlayer2.Player",
    methods: &[
        Method::new("Next", &[], |model, _| model.send_or_press(Command::PlayNext, MediaKey::Next)),
        Method::new("Previous", &[], |model, _| model.send_or_press(Command::PlayPrevious, MediaKey::Previous)),
        Method::new("Pause", &[], |model, _| model.send_or_press(Command::Pause, MediaKey::Pause)),
        Method::new("PlayPause", &[], |model, _| play_pause(model)),
        Method::new("Stop", &[], |model, _| model.send_or_press(Command::Stop, MediaKey::Stop)),
        Method::new("Play", &[], |model, _| model.send_or_press(Command::Play, MediaKey::Play)),
        Method::new("Seek", &[("x", "Offset")], seek).seeking(),
        Method::new("SetPosition", &[("o", "TrackId"), ("x", "Position")], set_position).seeking(),
        Method::new("OpenUri", &[("s", "Uri")], |_, _| Err(Failure::not_supported("the player opens no URIs"))),
    ],
    properties: &[
        Property::new("PlaybackStatus", Text(|model| model.status.word())),
        Property::new("LoopStatus", Text(|model| loop_status(model.snapshot.playback.loop_mode)))
            .settable_if(takes_loop_modes, Set::Text(set_loop_status)),
        Property::new("Rate", Double(|model| model.snapshot.playback.speed()))
            .settable_if(takes_rates, Set::Double(set_rate)),
        Property::new("Shuffle", Boolean(is_shuffled)).settable_if(takes_loop_modes, Set::Boolean(set_shuffle)),
        Property::new("Metadata", Entries(metadata::current)).compared(metadata::is_same),
        Property::new("Volume", Double(|model| f64::from(model.snapshot.playback.volume) / 100.0))
            .settable_if(|model| model.takes(CommandKind::SetVolume), Set::Double(set_volume)),
        Property::new("Position", Int64(|model| model.session.progress().saturating_mul(1000))).silent(),
        Property::new("MinimumRate", Double(|model| rates(model).0)),
        Property::new("MaximumRate", Double(|model| rates(model).1)),
        Property::new("CanGoNext", Boolean(|model| model.offers(CommandKind::PlayNext))),
        Property::new("CanGoPrevious", Boolean(|model| model.offers(CommandKind::PlayPrevious))),
        Property::new("CanPlay", Boolean(|model| model.offers(CommandKind::Play))),
        Property::new("CanPause", Boolean(|model| model.offers(CommandKind::Pause))),
        Property::new("CanSeek", Boolean(can_seek)),
        Property::new("CanControl", Boolean(|_| true)).silent(),
    ],
    signals: &[("Seeked", "x", "Position")],
};

fn play_pause(model: &Model) -> Result<(), Failure> {
    let command = if model.status == Status::Playing { Command::Pause } else { Command::Play };
    model.send_or_press(command, MediaKey::PlayPause)
}

/// Whether both Seek and SetPosition work, as the specification has it: a player that only skips cannot go to a position.
fn can_seek(model: &Model) -> bool {
    model.takes(CommandKind::Seek)
}

/// Goes forward or back. Beyond the end is what comes next; before the start is the start.
fn seek(model: &Model, body: &Body) -> Result<(), Failure> {
    let micros: i64 = arguments(body)?;
    let target = model.session.progress().saturating_mul(1000).saturating_add(micros) / 1000;
    let end = model.duration();
    let distance = u32::try_from(micros.unsigned_abs() / 1000).unwrap_or(u32::MAX);
    let command = if model.takes(CommandKind::Seek) {
        match end {
            Some(end) if target > end && model.takes(CommandKind::PlayNext) => Command::PlayNext,
            Some(end) => seek_to(target.min(end)),
            None => seek_to(target),
        }
    } else if micros < 0 {
        Command::Rewind { millis: distance }
    } else {
        Command::FastForward { millis: distance }
    };
    model.send(command)
}

/// Goes to a position within what is played; everything else is ignored, as the specification says: the controller may
/// not know yet that something else is played.
fn set_position(model: &Model, body: &Body) -> Result<(), Failure> {
    let (track, micros): (ObjectPath<'_>, i64) = arguments(body)?;
    if !model.takes(CommandKind::Seek) {
        return Err(Failure::not_supported("seek is not registered"));
    }
    let end = model.duration();
    if track.as_str() == model.track && micros >= 0 && end.is_none_or(|end| micros <= end.saturating_mul(1000)) {
        model.send(seek_to(micros / 1000))?;
    }
    Ok(())
}

fn seek_to(millis: i64) -> Command {
    Command::Seek { millis: u64::try_from(millis).unwrap_or(0) }
}

fn loop_status(mode: LoopMode) -> &'static str {
    match mode {
        LoopMode::Sequence | LoopMode::Custom => "None",
        LoopMode::Single => "Track",
        // Random order goes on and on as well.
        LoopMode::List | LoopMode::Shuffle => "Playlist",
    }
}

fn is_shuffled(model: &Model) -> bool {
    model.snapshot.playback.loop_mode == LoopMode::Shuffle
}

fn takes_loop_modes(model: &Model) -> bool {
    model.takes(CommandKind::SetTargetLoopMode) || model.takes(CommandKind::SetLoopMode)
}

fn set_loop_status(model: &Model, word: &str) -> Result<(), Failure> {
    let target = match word {
        "None" => LoopMode::Sequence,
        "Track" => LoopMode::Single,
        "Playlist" => LoopMode::List,
        other => return Err(Failure::invalid_arguments(format!("{other:?} is not a loop status"))),
    };
    change_loop_mode(model, target)
}

fn set_shuffle(model: &Model, shuffle: bool) -> Result<(), Failure> {
    let target = match shuffle {
        true => LoopMode::Shuffle,
        false if is_shuffled(model) => LoopMode::List,
        // What it is already; the answer must not depend on that.
        false => model.snapshot.playback.loop_mode,
    };
    change_loop_mode(model, target)
}

/// Asks for a loop mode; a player that does not want to be told which is asked to change it.
pub fn change_loop_mode(model: &Model, target: LoopMode) -> Result<(), Failure> {
    let current = model.snapshot.playback.loop_mode;
    let targeted = model.takes(CommandKind::SetTargetLoopMode);
    if !takes_loop_modes(model) {
        return Err(Failure::not_supported("setLoopMode is not registered"));
    }
    if target == current {
        return Ok(());
    }
    model.send(if targeted { Command::SetTargetLoopMode { target } } else { Command::SetLoopMode { current } })
}

fn rates(model: &Model) -> (f64, f64) {
    if model.takes(CommandKind::SetSpeed) { (MINIMUM_RATE, MAXIMUM_RATE) } else { (1.0, 1.0) }
}

/// A rate of 0 is a pause.
fn takes_rates(model: &Model) -> bool {
    model.takes(CommandKind::SetSpeed) || model.offers(CommandKind::Pause)
}

fn set_rate(model: &Model, rate: f64) -> Result<(), Failure> {
    if rate == 0.0 {
        // As the specification says.
        return model.send_or_press(Command::Pause, MediaKey::Pause);
    }
    set_speed(model, rate)
}

/// Asks for a speed.
pub fn set_speed(model: &Model, speed: f64) -> Result<(), Failure> {
    if !model.takes(CommandKind::SetSpeed) {
        return Err(Failure::not_supported("setSpeed is not registered"));
    }
    if !(MINIMUM_RATE..=MAXIMUM_RATE).contains(&speed) {
        return Err(Failure::invalid_arguments(format!("{speed} is not in {MINIMUM_RATE}..={MAXIMUM_RATE}")));
    }
    model.send(Command::SetSpeed(speed))
}

/// Asks for a volume. Negative ones are 0, as the specification says; louder than all is as loud as can be.
fn set_volume(model: &Model, volume: f64) -> Result<(), Failure> {
    if volume.is_nan() {
        return Err(Failure::invalid_arguments(format!("{volume} is not a volume")));
    }
    #[allow(clippy::cast_possible_truncation)] // within 0..=100
    let percent = (volume.clamp(0.0, 1.0) * 100.0).round() as i32;
    model.send(Command::SetVolume { percent })
}
