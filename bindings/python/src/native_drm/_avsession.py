# SPDX-License-Identifier: Apache-2.0
"""AVSession: a player on the desktop's media controls."""

import enum
from collections.abc import Callable, Iterable
from ctypes import byref, c_char_p, c_int64, c_uint32, c_void_p
from dataclasses import dataclass, fields
from typing import Any

from native_drm import c
from native_drm._arguments import growing_text, signed32, signed64, text, unsigned32
from native_drm._enums import (
    AVSessionErrorCode, AVSessionType, CallbackResult, ControlCommand, DisplayTag, KeyAction, LoopMode, MediaKey,
    PlaybackState, ProtocolType, SkipIntervals,
)
from native_drm._errors import AVSessionError, InvalidValueError, check_avsession, check_metadata, last_reason
from native_drm._events import EventStream, Hub, Subscription, hub_of
from native_drm._handles import Closing
from native_drm.c import lib


class CommandKind(enum.Enum):
    """The commands that a player can take, with what ``Command.argument`` is."""

    PLAY = "play"  #: None
    PAUSE = "pause"  #: None
    STOP = "stop"  #: None
    PLAY_NEXT = "play_next"  #: None
    PLAY_PREVIOUS = "play_previous"  #: None
    FAST_FORWARD = "fast_forward"  #: milliseconds
    REWIND = "rewind"  #: milliseconds
    SEEK = "seek"  #: milliseconds from the start
    SET_LOOP_MODE = "set_loop_mode"  #: the LoopMode that was reported last
    SET_TARGET_LOOP_MODE = "set_target_loop_mode"  #: the LoopMode that is wanted
    TOGGLE_FAVORITE = "toggle_favorite"  #: asset id
    SET_SPEED = "set_speed"  #: float, 1 is normal
    SET_VOLUME = "set_volume"  #: 0 to 100
    PLAY_FROM_ASSET_ID = "play_from_asset_id"  #: asset id
    SKIP_TO_QUEUE_ITEM = "skip_to_queue_item"  #: number of the entry
    COMMON_COMMAND = "common_command"  #: (name, arguments as JSON or "")
    KEY_EVENT = "key_event"  #: (MediaKey or int, KeyAction or int, milliseconds)
    ANSWER = "answer"  #: None
    HANG_UP = "hang_up"  #: None
    TOGGLE_CALL_MUTE = "toggle_call_mute"  #: None


@dataclass(frozen=True)
class Command:
    """A command from the media controls or a media key."""

    kind: CommandKind
    argument: Any = None


@dataclass(frozen=True)
class Metadata:
    """What is played. Empty texts, 0 and None: not known."""

    asset_id: str = ""
    title: str = ""
    artist: str = ""
    author: str = ""
    album: str = ""
    writer: str = ""
    composer: str = ""
    subtitle: str = ""
    description: str = ""
    media_image_uri: str = ""
    lyric: str = ""
    previous_asset_id: str = ""
    next_asset_id: str = ""
    #: Milliseconds; -1 = do not show one.
    duration: int = 0
    skip_intervals: SkipIntervals | None = None
    display_tags: DisplayTag | None = None
    filter: ProtocolType | None = None


@dataclass(frozen=True)
class QueueItem:
    """An entry of the list of what is to be played. ``duration``: milliseconds."""

    item_id: int
    asset_id: str = ""
    title: str = ""
    subtitle: str = ""
    artist: str = ""
    media_image_uri: str = ""
    duration: int = 0


def _member(kind: type[enum.IntEnum], value: int) -> int:
    """The enum's member, or the number where it has none."""
    try:
        return kind(value)
    except ValueError:
        return value


def _words(value: bytes | None) -> str:
    return (value or b"").decode(errors="replace")


def _take(number: int | None, kind: CommandKind, argument: Any = None) -> int:
    hub = hub_of(number)
    taken = hub is None or hub.dispatch(Command(kind, argument))
    return CallbackResult.SUCCESS if taken else CallbackResult.FAILURE


_CONTROL = {
    ControlCommand.PLAY: CommandKind.PLAY,
    ControlCommand.PAUSE: CommandKind.PAUSE,
    ControlCommand.STOP: CommandKind.STOP,
    ControlCommand.PLAY_NEXT: CommandKind.PLAY_NEXT,
    ControlCommand.PLAY_PREVIOUS: CommandKind.PLAY_PREVIOUS,
}

_on_command = c.OH_AVSessionCallback_OnCommand(
    lambda session, command, number: _take(number, _CONTROL[ControlCommand(command)])
)

# The other commands: the middle of their functions' names, and the function that is registered.
_OTHERS: dict[CommandKind, tuple[str, Any]] = {
    CommandKind.FAST_FORWARD: (
        "Forward", c.OH_AVSessionCallback_OnFastForward(lambda _, ms, n: _take(n, CommandKind.FAST_FORWARD, ms))),
    CommandKind.REWIND: ("Rewind", c.OH_AVSessionCallback_OnRewind(lambda _, ms, n: _take(n, CommandKind.REWIND, ms))),
    CommandKind.SEEK: ("Seek", c.OH_AVSessionCallback_OnSeek(lambda _, ms, n: _take(n, CommandKind.SEEK, ms))),
    CommandKind.SET_LOOP_MODE: (
        "SetLoopMode", c.OH_AVSessionCallback_OnSetLoopMode(
            lambda _, mode, n: _take(n, CommandKind.SET_LOOP_MODE, _member(LoopMode, mode)))),
    CommandKind.SET_TARGET_LOOP_MODE: (
        "SetTargetLoopMode", c.OH_AVSessionCallback_OnSetTargetLoopMode(
            lambda _, mode, n: _take(n, CommandKind.SET_TARGET_LOOP_MODE, _member(LoopMode, mode)))),
    CommandKind.TOGGLE_FAVORITE: (
        "ToggleFavorite", c.OH_AVSessionCallback_OnToggleFavorite(
            lambda _, asset, n: _take(n, CommandKind.TOGGLE_FAVORITE, _words(asset)))),
    CommandKind.SET_SPEED: (
        "SetSpeed", c.OH_AVSessionCallback_OnSetSpeed(lambda _, speed, n: _take(n, CommandKind.SET_SPEED, speed))),
    CommandKind.SET_VOLUME: (
        "SetVolume", c.OH_AVSessionCallback_OnSetVolume(lambda _, volume, n: _take(n, CommandKind.SET_VOLUME, volume))),
    CommandKind.PLAY_FROM_ASSET_ID: (
        "PlayFromAssetId", c.OH_AVSessionCallback_OnPlayFromAssetId(
            lambda _, asset, n: _take(n, CommandKind.PLAY_FROM_ASSET_ID, _words(asset)))),
    CommandKind.SKIP_TO_QUEUE_ITEM: (
        "SkipToQueueItem", c.OH_AVSessionCallback_OnSkipToQueueItem(
            lambda _, item, n: _take(n, CommandKind.SKIP_TO_QUEUE_ITEM, item))),
    CommandKind.COMMON_COMMAND: (
        "CommonCommand", c.OH_AVSessionCallback_OnCommonCommand(
            lambda _, name, arguments, n: _take(n, CommandKind.COMMON_COMMAND, (_words(name), _words(arguments))))),
    CommandKind.KEY_EVENT: (
        "HandleKeyEvent", c.OH_AVSessionCallback_OnHandleKeyEvent(
            lambda _, key, action, time, n: _take(
                n, CommandKind.KEY_EVENT, (_member(MediaKey, key), _member(KeyAction, action), time)))),
    CommandKind.ANSWER: ("Answer", c.OH_AVSessionCallback_OnCall(lambda _, n: _take(n, CommandKind.ANSWER))),
    CommandKind.HANG_UP: ("HangUp", c.OH_AVSessionCallback_OnCall(lambda _, n: _take(n, CommandKind.HANG_UP))),
    CommandKind.TOGGLE_CALL_MUTE: (
        "ToggleCallMute", c.OH_AVSessionCallback_OnCall(lambda _, n: _take(n, CommandKind.TOGGLE_CALL_MUTE))),
}


def _command_hub(handle: int, kind: CommandKind) -> Hub[Command]:
    if kind in _OTHERS:
        name, function = _OTHERS[kind]
        register = getattr(lib, f"OH_AVSession_Register{name}Callback")
        unregister = getattr(lib, f"OH_AVSession_Unregister{name}Callback")
        return Hub(
            lambda number: check_avsession(register(handle, function, number)), lambda: unregister(handle, function)
        )
    command = next(command for command, known in _CONTROL.items() if known is kind)
    return Hub(
        lambda number: check_avsession(
            lib.OH_AVSession_RegisterCommandCallback(handle, command, _on_command, number)
        ),
        lambda: lib.OH_AVSession_UnregisterCommandCallback(handle, command, _on_command),
    )


class AVSession(Closing):
    """The media session of this process, which has one at most. Any thread.

    ``tag``: the player's name for media controls. ``bundle_name`` and ``ability_name``: names of program and part. Media controls show
    it while it is active and has metadata and a function for at least one command.
    """

    def __init__(
        self,
        tag: str,
        bundle_name: str,
        ability_name: str = "main",
        *,
        type: AVSessionType = AVSessionType.VIDEO,
    ) -> None:
        created = c_void_p()
        check_avsession(
            lib.OH_AVSession_Create(
                unsigned32(type, "type"), text(tag, "tag"), text(bundle_name, "bundle_name"),
                text(ability_name, "ability_name"), byref(created),
            )
        )
        handle = created.value
        assert handle is not None
        self._handle = handle
        self._hubs = {kind: _command_hub(handle, kind) for kind in CommandKind}

    def _destroy(self, handle: int) -> None:
        lib.OH_AVSession_Destroy(handle)
        for hub in self._hubs.values():
            hub.close()

    @property
    def session_id(self) -> str:
        """32 hexadecimal digits."""
        found = c_char_p()
        check_avsession(lib.OH_AVSession_GetSessionId(self.handle, byref(found)))
        return _words(found.value)

    def activate(self) -> None:
        """From now on commands arrive, and media controls show the session. Works without media controls, too."""
        check_avsession(lib.OH_AVSession_Activate(self.handle))

    def deactivate(self) -> None:
        """No command arrives any more."""
        check_avsession(lib.OH_AVSession_Deactivate(self.handle))

    # What is published

    def set_metadata(self, metadata: Metadata) -> None:
        """Sets what is played, in place of all that was set before."""
        handle = self.handle
        builder, made = c_void_p(), c_void_p()
        check_metadata(lib.OH_AVMetadataBuilder_Create(byref(builder)))
        try:
            for field in fields(metadata):
                value = getattr(metadata, field.name)
                if value is None:
                    continue
                name = "".join(part.capitalize() for part in field.name.split("_"))
                if isinstance(value, str):
                    raw: Any = text(value, field.name)
                else:
                    raw = (signed64 if field.name == "duration" else signed32)(value, field.name)
                check_metadata(getattr(lib, f"OH_AVMetadataBuilder_Set{name}")(builder, raw))
            check_metadata(lib.OH_AVMetadataBuilder_GenerateAVMetadata(builder, byref(made)))
            try:
                check_avsession(lib.OH_AVSession_SetAVMetadata(handle, made))
            finally:
                lib.OH_AVMetadata_Destroy(made)
        finally:
            lib.OH_AVMetadataBuilder_Destroy(builder)

    def set_playback_state(self, state: PlaybackState) -> None:
        check_avsession(lib.OH_AVSession_SetPlaybackState(self.handle, unsigned32(state, "state")))

    def set_position(self, elapsed: int, updated: int = 0) -> None:
        """Reports the position, milliseconds from the start, as it was at ``updated``, milliseconds since 1970; 0 = now."""
        position = c.AVSession_PlaybackPosition(signed64(elapsed, "elapsed"), signed64(updated, "updated"))
        check_avsession(lib.OH_AVSession_SetPlaybackPosition(self.handle, byref(position)))

    @property
    def position(self) -> int:
        """The position now, in milliseconds, by what was reported."""
        found = c_int64()
        check_avsession(lib.OH_AVSession_GetCurrentPosition(self.handle, byref(found)))
        return found.value

    def set_favorite(self, favorite: bool) -> None:
        check_avsession(lib.OH_AVSession_SetFavorite(self.handle, bool(favorite)))

    def set_loop_mode(self, mode: LoopMode) -> None:
        check_avsession(lib.OH_AVSession_SetLoopMode(self.handle, unsigned32(mode, "mode")))

    def set_speed(self, speed: float) -> None:
        """1 is normal."""
        check_avsession(lib.OH_AVSession_SetPlaybackSpeed(self.handle, speed))

    def set_volume(self, volume: int) -> None:
        """0 to 100."""
        check_avsession(lib.OH_AVSession_SetPlaybackVolume(self.handle, signed32(volume, "volume")))

    def set_buffered_time(self, buffered: int) -> None:
        """Up to where the media is buffered, milliseconds."""
        check_avsession(lib.OH_AVSession_SetBufferedTime(self.handle, signed64(buffered, "buffered")))

    def set_extras(self, extras: str) -> None:
        """A JSON object for controllers."""
        check_avsession(lib.OH_AVSession_SetExtras(self.handle, text(extras, "extras")))

    def set_private(self, private: bool) -> None:
        """Controls without content: nobody learns what is played."""
        check_avsession(lib.OH_AVSession_SetPrivate(self.handle, bool(private)))

    def set_queue(self, items: Iterable[QueueItem], active: int | None = None) -> None:
        """Sets the list of what is to be played, and which entry is."""
        entries = [
            c.NativeAVSession_QueueItem(
                signed32(item.item_id, "item_id"), text(item.asset_id, "asset_id"), text(item.title, "title"),
                text(item.subtitle, "subtitle"), text(item.artist, "artist"),
                text(item.media_image_uri, "media_image_uri"), signed64(item.duration, "duration"),
            )
            for item in items
        ]
        array = (c.NativeAVSession_QueueItem * len(entries))(*entries)
        check_avsession(lib.OH_AVSession_SetAVQueueItems(self.handle, array, len(entries)))
        if active is not None:
            check_avsession(lib.OH_AVSession_SetActiveItemId(self.handle, signed32(active, "active")))

    def lyric_line(self) -> str:
        """The line of the lyric that is sung now."""
        handle = self.handle

        def call(buffer: Any, length: Any) -> int:
            code: int = lib.OH_AVSession_GetCurrentLyricLine(handle, buffer, length)
            # As growing_text() knows it: 401 is also INVALID_PARAMETER.
            if code not in (0, AVSessionErrorCode.INVALID_PARAMETER):
                raise AVSessionError(code, last_reason())
            return code

        return growing_text(call, 4096)

    # Commands

    def subscribe(self, kinds: CommandKind | Iterable[CommandKind], listener: Callable[[Command], object]) -> Subscription:
        """Calls a function for commands of these kinds, on a thread of the library, in order. Media controls offer them from now on.

        If it raises, the command has failed.
        """
        self.handle
        chosen = [kinds] if isinstance(kinds, CommandKind) else list(kinds)
        if not chosen:
            raise InvalidValueError(reason="kinds: none")
        parts = [self._hubs[kind].subscribe(listener) for kind in chosen]

        def cancel() -> None:
            for part in parts:
                part.cancel()

        return Subscription(cancel)

    def commands(self, *kinds: CommandKind) -> EventStream[Command]:
        """Commands of these kinds as an async iterator, which ends when the session is closed."""
        self.handle
        if not kinds:
            raise InvalidValueError(reason="kinds: none")
        return EventStream(*(self._hubs[kind] for kind in kinds))

    def withdraw(self, *kinds: CommandKind) -> None:
        """Media controls offer these commands no longer. Waits for functions that are running, except in one of them."""
        for kind in kinds:
            self._hubs[kind].withdraw()

    def handle_media_key(self, key: MediaKey, action: KeyAction = KeyAction.DOWN, time: int = 0) -> None:
        """A media key that the program itself has received. The command follows soon."""
        check_avsession(
            lib.OH_AVSession_HandleMediaKey(
                self.handle, signed32(key, "key"), signed32(action, "action"), signed64(time, "time")
            )
        )
