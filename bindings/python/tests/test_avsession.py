# SPDX-License-Identifier: Apache-2.0
"""The media session. No bus is needed: media keys of the program's own become commands."""

import asyncio
import queue

import pytest

import native_drm
from native_drm import (
    AVSession, AVSessionError, AVSessionErrorCode, Command, CommandKind, KeyAction, LoopMode, MediaKey, Metadata,
    PlaybackState, QueueItem, SkipIntervals,
)

PATIENCE = 60


@pytest.fixture
def player():
    with AVSession("My player", "org.example.player") as session:
        session.set_metadata(Metadata(
            asset_id="track-1", title="A title", duration=180_000, skip_intervals=SkipIntervals.SECONDS_15,
            lyric="[00:01.00]First line\n[00:02.50]Second line\n"))
        yield session


def test_publishing(player):
    assert len(player.session_id) == 32
    player.set_playback_state(PlaybackState.PAUSED)
    player.set_position(2600)
    assert player.position == 2600 and player.lyric_line() == "Second line"
    player.set_favorite(True)
    player.set_loop_mode(LoopMode.LIST)
    player.set_speed(1.5)
    player.set_volume(50)
    player.set_buffered_time(10_000)
    player.set_extras('{"a": 1}')
    player.set_private(True)
    player.set_queue([QueueItem(1, "a", "A"), QueueItem(2, "b", "B", duration=5)], active=2)
    for call in (
        lambda: player.set_volume(101), lambda: player.set_speed(0.0), lambda: player.set_extras("no JSON"),
        lambda: player.set_metadata(Metadata(duration=-2)), lambda: player.set_buffered_time(-1),
        lambda: player.set_queue([QueueItem(1, "a" * 5000)]),
        lambda: AVSession("another", "org.example.player"),
    ):
        with pytest.raises(AVSessionError):
            call()


def test_commands(player):
    received: queue.Queue = queue.Queue()
    player.subscribe([CommandKind.PLAY, CommandKind.PAUSE, CommandKind.FAST_FORWARD], received.put)
    with pytest.raises(AVSessionError) as refused:
        player.handle_media_key(MediaKey.PLAY)
    assert refused.value.code == AVSessionErrorCode.CODE_SESSION_INACTIVE
    player.activate()
    player.handle_media_key(MediaKey.PLAY)
    assert received.get(timeout=PATIENCE) == Command(CommandKind.PLAY)
    player.handle_media_key(MediaKey.FAST_FORWARD)
    assert received.get(timeout=PATIENCE) == Command(CommandKind.FAST_FORWARD, 15_000)
    with pytest.raises(AVSessionError):
        player.handle_media_key(MediaKey.NEXT)
    player.withdraw(CommandKind.PLAY)
    with pytest.raises(AVSessionError):
        player.handle_media_key(MediaKey.PLAY)
    player.subscribe(CommandKind.KEY_EVENT, received.put)
    player.handle_media_key(MediaKey.NEXT, KeyAction.UP, 7)
    assert received.get(timeout=PATIENCE) == Command(CommandKind.KEY_EVENT, (MediaKey.NEXT, KeyAction.UP, 7))
    for kind in CommandKind:
        player.subscribe(kind, received.put)
    player.deactivate()


def test_commands_as_async_iterator(player):
    async def run():
        commands = player.commands(CommandKind.PLAY, CommandKind.STOP)
        player.activate()
        player.handle_media_key(MediaKey.PLAY)
        assert await asyncio.wait_for(anext(commands), PATIENCE) == Command(CommandKind.PLAY)
        player.handle_media_key(MediaKey.STOP)
        assert await asyncio.wait_for(anext(commands), PATIENCE) == Command(CommandKind.STOP)
        player.close()
        assert [command async for command in commands] == []

    asyncio.run(run())
    with pytest.raises(native_drm.ClosedError):
        player.activate()
