// SPDX-License-Identifier: Apache-2.0
//
// AVSession: a player on the desktop's media controls.

'use strict';

const { created, growingText, safe, signed32, text, unsigned32 } = require('./arguments.js');
const { AVSessionType, ControlCommand } = require('./enums.js');
const { InvalidValueError, checkAVSession, checkMetadata } = require('./errors.js');
const { Closing, EventStream, deliver } = require('./events.js');
const { address, lib, make, register, set, sizeOf } = require('./native.js');

/** The commands: the callback's type, the middle of their functions' names, and what of the callback's arguments they pass on. */
const COMMANDS = {
    fastForward: ['OnFastForward', 'Forward'],
    rewind: ['OnRewind', 'Rewind'],
    seek: ['OnSeek', 'Seek', (time) => Number(time)],
    setLoopMode: ['OnSetLoopMode', 'SetLoopMode'],
    setTargetLoopMode: ['OnSetTargetLoopMode', 'SetTargetLoopMode'],
    toggleFavorite: ['OnToggleFavorite', 'ToggleFavorite'],
    setSpeed: ['OnSetSpeed', 'SetSpeed'],
    setVolume: ['OnSetVolume', 'SetVolume'],
    playFromAssetId: ['OnPlayFromAssetId', 'PlayFromAssetId'],
    skipToQueueItem: ['OnSkipToQueueItem', 'SkipToQueueItem'],
    commonCommand: ['OnCommonCommand', 'CommonCommand', (name, parameters) => ({ name, arguments: parameters })],
    keyEvent: ['OnHandleKeyEvent', 'HandleKeyEvent', (key, action, time) => ({ key, action, time: Number(time) })],
    answer: ['OnCall', 'Answer'],
    hangUp: ['OnCall', 'HangUp'],
    toggleCallMute: ['OnCall', 'ToggleCallMute'],
};

const CONTROLS = {
    play: ControlCommand.PLAY,
    pause: ControlCommand.PAUSE,
    stop: ControlCommand.STOP,
    playNext: ControlCommand.PLAY_NEXT,
    playPrevious: ControlCommand.PLAY_PREVIOUS,
};

const callbacks = new Map();

function callbackOf(kind) {
    if (!callbacks.has(kind)) {
        const [type, , argumentOf = (value) => value ?? null] = COMMANDS[kind] ?? ['OnCommand', , () => null];
        callbacks.set(kind, register(`OH_AVSessionCallback_${type}`, (_session, ...values) => {
            const id = values.pop();
            return deliver(id, { kind, argument: argumentOf(...values) });
        }));
    }
    return callbacks.get(kind);
}

const METADATA = {
    assetId: text, title: text, artist: text, author: text, album: text, writer: text, composer: text, subtitle: text,
    description: text, mediaImageUri: text, lyric: text, previousAssetId: text, nextAssetId: text, duration: safe,
    skipIntervals: signed32, displayTags: signed32, filter: unsigned32,
};

const checkedBuilder = (call) => created((out) => checkMetadata(call(out)));

class AVSession extends Closing {
    #offered = new Set();

    constructor(tag, bundleName, { abilityName = 'main', type = AVSessionType.VIDEO } = {}) {
        super(
            created((out) => checkAVSession(lib.OH_AVSession_Create(
                unsigned32(type, 'type'), text(tag, 'tag'), text(bundleName, 'bundleName'), text(abilityName, 'abilityName'), out))),
            lib.OH_AVSession_Destroy);
        this.on('newListener', (name) => {
            if (name in CONTROLS || name in COMMANDS) {
                this.#offer(name);
            }
        });
    }

    activate() {
        checkAVSession(lib.OH_AVSession_Activate(this.handle));
    }

    deactivate() {
        checkAVSession(lib.OH_AVSession_Deactivate(this.handle));
    }

    setMetadata(metadata) {
        const unknown = Object.keys(metadata).find((name) => !(name in METADATA));
        if (unknown !== undefined) {
            throw new InvalidValueError(`metadata: there is no ${unknown}`);
        }
        const builder = checkedBuilder(lib.OH_AVMetadataBuilder_Create);
        try {
            for (const [name, value] of Object.entries(metadata)) {
                if (value !== undefined && value !== null) {
                    const setter = lib[`OH_AVMetadataBuilder_Set${name[0].toUpperCase()}${name.slice(1)}`];
                    checkMetadata(setter(builder, METADATA[name](value, name)));
                }
            }
            const made = checkedBuilder((out) => lib.OH_AVMetadataBuilder_GenerateAVMetadata(builder, out));
            try {
                checkAVSession(lib.OH_AVSession_SetAVMetadata(this.handle, made));
            } finally {
                lib.OH_AVMetadata_Destroy(made);
            }
        } finally {
            lib.OH_AVMetadataBuilder_Destroy(builder);
        }
    }

    setPlaybackState(state) {
        checkAVSession(lib.OH_AVSession_SetPlaybackState(this.handle, unsigned32(state, 'state')));
    }

    setPosition(elapsed, updated = 0) {
        const position = make('AVSession_PlaybackPosition');
        set('AVSession_PlaybackPosition', position, 'elapsedTime', safe(elapsed, 'elapsed'));
        set('AVSession_PlaybackPosition', position, 'updateTime', safe(updated, 'updated'));
        checkAVSession(lib.OH_AVSession_SetPlaybackPosition(this.handle, position));
    }

    get position() {
        const out = Buffer.alloc(8);
        checkAVSession(lib.OH_AVSession_GetCurrentPosition(this.handle, out));
        return Number(out.readBigInt64LE());
    }

    setFavorite(favorite) {
        checkAVSession(lib.OH_AVSession_SetFavorite(this.handle, Boolean(favorite)));
    }

    setLoopMode(mode) {
        checkAVSession(lib.OH_AVSession_SetLoopMode(this.handle, unsigned32(mode, 'mode')));
    }

    setSpeed(speed) {
        if (typeof speed !== 'number') {
            throw new TypeError('speed: a number is needed');
        }
        checkAVSession(lib.OH_AVSession_SetPlaybackSpeed(this.handle, speed));
    }

    setVolume(volume) {
        checkAVSession(lib.OH_AVSession_SetPlaybackVolume(this.handle, signed32(volume, 'volume')));
    }

    setBufferedTime(buffered) {
        checkAVSession(lib.OH_AVSession_SetBufferedTime(this.handle, safe(buffered, 'buffered')));
    }

    setExtras(extras) {
        checkAVSession(lib.OH_AVSession_SetExtras(this.handle, JSON.stringify(extras)));
    }

    setPrivate(isPrivate) {
        checkAVSession(lib.OH_AVSession_SetPrivate(this.handle, Boolean(isPrivate)));
    }

    setQueue(items, active) {
        const size = sizeOf('NativeAVSession_QueueItem');
        const list = Array.from(items);
        const array = Buffer.alloc(Math.max(1, list.length) * size);
        const kept = [];
        list.forEach((item, index) => {
            const one = array.subarray(index * size, (index + 1) * size);
            set('NativeAVSession_QueueItem', one, 'itemId', signed32(item.itemId, 'itemId'));
            set('NativeAVSession_QueueItem', one, 'duration', safe(item.duration ?? 0, 'duration'));
            for (const name of ['assetId', 'title', 'subtitle', 'artist', 'mediaImageUri']) {
                const word = Buffer.from(`${text(item[name] ?? '', name)}\0`);
                kept.push(word);
                set('NativeAVSession_QueueItem', one, name, address(word));
            }
        });
        checkAVSession(lib.OH_AVSession_SetAVQueueItems(this.handle, array, list.length));
        // The texts were needed until here.
        kept.length = 0;
        if (active !== undefined) {
            checkAVSession(lib.OH_AVSession_SetActiveItemId(this.handle, signed32(active, 'active')));
        }
    }

    lyricLine() {
        return growingText(4096, (buffer, length) => lib.OH_AVSession_GetCurrentLyricLine(this.handle, buffer, length));
    }

    handleMediaKey(key, action = 1, time = 0) {
        checkAVSession(lib.OH_AVSession_HandleMediaKey(
            this.handle, signed32(key, 'key'), signed32(action, 'action'), safe(time, 'time')));
    }

    /** Commands of these kinds as an async iterator. */
    commands(...kinds) {
        this.handle;
        kinds.forEach((kind) => this.#offer(kind));
        return new EventStream(this, 'command', ({ kind }) => kinds.includes(kind));
    }

    #offer(kind) {
        if (!(kind in CONTROLS) && !(kind in COMMANDS)) {
            throw new InvalidValueError(`there is no command ${kind}`);
        }
        if (this.#offered.has(kind)) {
            return;
        }
        const callback = callbackOf(kind);
        const number = this._listen(() => {});
        checkAVSession(kind in CONTROLS
            ? lib.OH_AVSession_RegisterCommandCallback(this.handle, CONTROLS[kind], callback, number)
            : lib[`OH_AVSession_Register${COMMANDS[kind][1]}Callback`](this.handle, callback, number));
        this.#offered.add(kind);
    }

    _deliver(command) {
        this.emit('command', command);
        if (!this.closed) {
            this.emit(command.kind, command.argument);
        }
    }
}

module.exports = { AVSession };
