//! `org.mpris.MediaPlayer2.Player`: what is played, and commands.

use zbus::message::Body;
use zbus::{ObjectPath, Variant};

use super::failure::Failure;
use super::interface::{Answer, Interface, Method, Property, arguments};
use super::metadata;
use super::model::{Model, Status, text};
use crate::commands::{Command, CommandKind};
use crate::media_keys::MediaKey;
use crate::playback::LoopMode;

/// Speeds that a controller may ask for, if the player takes commands for the speed.
const MINIMUM_RATE: f64 = 0.125;
const MAXIMUM_RATE: f64 = 4.0;

/// The interface.
pub static PLAYER: Interface = Interface {
    name: "org.mpris.MediaPlayer2.Player",
    methods: &[
        Method::new("Next", &[], |model, _| press(model, Command::PlayNext, MediaKey::Next)),
        Method::new("Previous", &[], |model, _| press(model, Command::PlayPrevious, MediaKey::Previous)),
        Method::new("Pause", &[], |model, _| press(model, Command::Pause, MediaKey::Pause)),
        Method::new("PlayPause", &[], |model, _| play_pause(model)),
        Method::new("Stop", &[], |model, _| press(model, Command::Stop, MediaKey::Stop)),
        Method::new("Play", &[], |model, _| press(model, Command::Play, MediaKey::Play)),
        Method::new("Seek", &[("x", "Offset")], seek).seeking(),
        Method::new("SetPosition", &[("o", "TrackId"), ("x", "Position")], set_position).seeking(),
        Method::new("OpenUri", &[("s", "Uri")], |_, _| Err(Failure::not_supported("the player opens no URIs"))),
    ],
    properties: &[
        Property::new("PlaybackStatus", "s", |model| text(model.status.word())),
        Property::new("LoopStatus", "s", |model| text(loop_status(model.snapshot.playback.loop_mode)))
            .settable(set_loop_status),
        Property::new("Rate", "d", |model| Variant::F64(model.snapshot.playback.speed())).settable(set_rate),
        Property::new("Shuffle", "b", |model| Variant::Bool(is_shuffled(model))).settable(set_shuffle),
        Property::new("Metadata", "a{sv}", metadata::current).compared(metadata::is_same),
        Property::new("Volume", "d", |model| Variant::F64(f64::from(model.snapshot.playback.volume) / 100.0))
            .settable(|_, _| Err(Failure::not_supported("the player takes no commands for the volume"))),
        Property::new("Position", "x", |model| Variant::I64(model.session.progress().saturating_mul(1000))).silent(),
        Property::new("MinimumRate", "d", |model| Variant::F64(rates(model).0)),
        Property::new("MaximumRate", "d", |model| Variant::F64(rates(model).1)),
        Property::new("CanGoNext", "b", |model| Variant::Bool(model.offers(CommandKind::PlayNext))),
        Property::new("CanGoPrevious", "b", |model| Variant::Bool(model.offers(CommandKind::PlayPrevious))),
        Property::new("CanPlay", "b", |model| Variant::Bool(model.offers(CommandKind::Play))),
        Property::new("CanPause", "b", |model| Variant::Bool(model.offers(CommandKind::Pause))),
        Property::new("CanSeek", "b", |model| Variant::Bool(can_seek(model))),
        Property::new("CanControl", "b", |_| Variant::Bool(true)).silent(),
    ],
    signals: &[("Seeked", "x", "Position")],
};

fn press(model: &Model, command: Command, key: MediaKey) -> Result<Answer, Failure> {
    model.send_or_press(command, key)?;
    Ok(Answer::Done)
}

fn play_pause(model: &Model) -> Result<Answer, Failure> {
    let command = if model.status == Status::Playing { Command::Pause } else { Command::Play };
    press(model, command, MediaKey::PlayPause)
}

fn can_seek(model: &Model) -> bool {
    model.takes(CommandKind::Seek) || model.takes(CommandKind::FastForward) || model.takes(CommandKind::Rewind)
}

/// Goes forward or back. Beyond the end is what comes next; before the start is the start.
fn seek(model: &Model, body: &Body) -> Result<Answer, Failure> {
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
    model.send(command)?;
    Ok(Answer::Done)
}

/// Goes to a position within what is played; everything else is ignored, as the specification says: the controller may
/// not know yet that something else is played.
fn set_position(model: &Model, body: &Body) -> Result<Answer, Failure> {
    let (track, micros): (ObjectPath<'_>, i64) = arguments(body)?;
    if !model.takes(CommandKind::Seek) {
        return Err(Failure::not_supported("seek is not registered"));
    }
    let end = model.duration();
    if track.as_str() == model.track && micros >= 0 && end.is_none_or(|end| micros <= end.saturating_mul(1000)) {
        model.send(seek_to(micros / 1000))?;
    }
    Ok(Answer::Done)
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

fn set_loop_status(model: &Model, value: &Variant<'_>) -> Result<(), Failure> {
    let target = match value {
        Variant::Str(word) => match word.as_str() {
            "None" => LoopMode::Sequence,
            "Track" => LoopMode::Single,
            "Playlist" => LoopMode::List,
            other => return Err(Failure::invalid_arguments(format!("{other:?} is not a loop status"))),
        },
        _ => return Err(Failure::invalid_arguments("not a string")),
    };
    change_loop_mode(model, target)
}

fn set_shuffle(model: &Model, value: &Variant<'_>) -> Result<(), Failure> {
    match value {
        Variant::Bool(true) => change_loop_mode(model, LoopMode::Shuffle),
        Variant::Bool(false) if is_shuffled(model) => change_loop_mode(model, LoopMode::List),
        // What it is already; the answer must not depend on that.
        Variant::Bool(false) => change_loop_mode(model, model.snapshot.playback.loop_mode),
        _ => Err(Failure::invalid_arguments("not a boolean")),
    }
}

/// Asks for a loop mode; a player that does not want to be told which is asked to change it.
pub fn change_loop_mode(model: &Model, target: LoopMode) -> Result<(), Failure> {
    let current = model.snapshot.playback.loop_mode;
    let targeted = model.takes(CommandKind::SetTargetLoopMode);
    if !targeted && !model.takes(CommandKind::SetLoopMode) {
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

fn set_rate(model: &Model, value: &Variant<'_>) -> Result<(), Failure> {
    let Variant::F64(rate) = *value else { return Err(Failure::invalid_arguments("not a double")) };
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
