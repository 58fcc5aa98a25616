//! `org.ohos.AVSession1`: what MPRIS has no place for.

use zbus::message::Body;

use super::failure::Failure;
use super::interface::Get::{Boolean, Int32, Int64, List, Text, Texts};
use super::interface::{Interface, Method, Property, arguments};
use super::metadata;
use super::model::Model;
use super::player;
use crate::commands::{Command, CommandKind};
use crate::media_keys::{KeyAction, MediaKey};
use crate::metadata::{MAX_LONG_TEXT, MAX_TEXT, SkipIntervals, check_json_object};
use crate::playback::LoopMode;

/// The interface.
pub static EXTENSION: Interface = Interface {
    name: "org.ohos.AVSession1",
    methods: &[
        Method::new("FastForward", &[("u", "millis")], |model, body| skip(model, body, CommandKind::FastForward)),
        Method::new("Rewind", &[("u", "millis")], |model, body| skip(model, body, CommandKind::Rewind)),
        Method::new("SetSpeed", &[("d", "speed")], |model, body| player::set_speed(model, arguments(body)?)),
        Method::new("ChangeLoopMode", &[], |model, _| {
            model.send(Command::SetLoopMode { current: model.snapshot.playback.loop_mode })
        }),
        Method::new("SetLoopMode", &[("i", "mode")], |model, body| {
            let number: i32 = arguments(body)?;
            let mode = u32::try_from(number).ok().and_then(LoopMode::from_number);
            let mode = mode.ok_or_else(|| Failure::invalid_arguments(format!("{number} is not a loop mode")))?;
            player::change_loop_mode(model, mode)
        }),
        Method::new("ToggleFavorite", &[("s", "assetId")], |model, body| {
            let mut asset_id = short_text(arguments(body)?)?;
            if let (true, Some(metadata)) = (asset_id.is_empty(), &model.metadata) {
                asset_id.clone_from(&metadata.asset_id);
            }
            model.send(Command::ToggleFavorite { asset_id })
        }),
        Method::new("PlayFromAssetId", &[("s", "assetId")], |model, body| {
            model.send(Command::PlayFromAssetId { asset_id: short_text(arguments(body)?)? })
        }),
        Method::new("SkipToQueueItem", &[("i", "itemId")], |model, body| {
            model.send(Command::SkipToQueueItem { item_id: arguments(body)? })
        }),
        Method::new("CommonCommand", &[("s", "command"), ("s", "arguments")], common_command),
        Method::new("SendMediaKey", &[("i", "keyCode"), ("i", "keyAction"), ("x", "time")], |model, body| {
            let (code, action, time): (i32, i32, i64) = arguments(body)?;
            Ok(model.session.media_key(MediaKey::from_code(code)?, KeyAction::from_code(action)?, time)?)
        }),
        Method::new("Answer", &[], |model, _| model.send(Command::Answer)),
        Method::new("HangUp", &[], |model, _| model.send(Command::HangUp)),
        Method::new("ToggleCallMute", &[], |model, _| model.send(Command::ToggleCallMute)),
        Method::asking("GetLyricLine", &[("x", "millis")], "line", |model, body| {
            Ok(lyric_line(model, arguments(body)?).to_owned())
        }),
    ],
    properties: &[
        Property::new("SessionId", Text(|model| model.session.id())).constant(),
        Property::new("SessionType", Text(|model| model.session.identity().kind.name())).constant(),
        Property::new("SessionTag", Text(|model| &model.session.identity().tag)).constant(),
        Property::new("BundleName", Text(|model| &model.session.identity().bundle)).constant(),
        Property::new("AbilityName", Text(|model| &model.session.identity().ability)).constant(),
        Property::new(
            "Commands",
            Texts(|model| model.snapshot.commands.iter().map(|kind| kind.name().to_owned()).collect()),
        ),
        Property::new("PlaybackState", Int32(|model| model.snapshot.playback.state() as i32)),
        Property::new("LoopMode", Int32(|model| model.snapshot.playback.loop_mode as i32)),
        Property::new("IsFavorite", Boolean(|model| model.snapshot.playback.favorite)),
        Property::new("BufferedTime", Int64(|model| model.snapshot.playback.buffered_time)).paced(),
        Property::new("ActiveItemId", Int32(|model| model.snapshot.playback.active_item_id)),
        Property::new("Extras", Text(|model| &model.snapshot.playback.extras))
            .compared(|left, right| left.snapshot.playback.extras == right.snapshot.playback.extras)
            .paced(),
        Property::new("QueueItems", List(metadata::queue))
            .compared(|left, right| left.snapshot.queue == right.snapshot.queue),
        Property::new("RemoteCastEnabled", Boolean(|model| model.snapshot.remote_cast)),
        Property::new("IsPrivate", Boolean(|model| model.snapshot.private)),
        Property::new("LyricLine", Text(|model| lyric_line(model, model.session.progress()))).silent(),
    ],
    signals: &[],
};

/// The line of the lyrics at a position in milliseconds; empty if there is none.
fn lyric_line(model: &Model, millis: i64) -> &str {
    let metadata = model.snapshot.metadata.as_ref();
    metadata.and_then(|metadata| metadata.lyric.lines().line_at(millis)).unwrap_or_default()
}

/// Forward or back by milliseconds, or by the interval that the player set if they are 0.
fn skip(model: &Model, body: &Body, kind: CommandKind) -> Result<(), Failure> {
    let interval =
        model.snapshot.metadata.as_ref().map_or(SkipIntervals::default(), |metadata| metadata.skip_intervals);
    let millis = match arguments(body)? {
        0 => interval.millis(),
        millis => millis,
    };
    model.send(if kind == CommandKind::Rewind { Command::Rewind { millis } } else { Command::FastForward { millis } })
}

fn short_text(text: String) -> Result<String, Failure> {
    if text.len() > MAX_TEXT {
        return Err(Failure::invalid_arguments(format!("an id of {} bytes", text.len())));
    }
    Ok(text)
}

fn common_command(model: &Model, body: &Body) -> Result<(), Failure> {
    let (command, json): (String, String) = arguments(body)?;
    if command.is_empty() || command.len() > MAX_TEXT || json.len() > MAX_LONG_TEXT {
        return Err(Failure::invalid_arguments("the command has no name, or name or arguments are too long"));
    }
    check_json_object(&json).map_err(|reason| Failure::invalid_arguments(format!("the arguments are {reason}")))?;
    model.send(Command::CommonCommand { command, arguments: json })
}
