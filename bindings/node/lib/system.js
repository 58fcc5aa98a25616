// SPDX-License-Identifier: Apache-2.0
//
// MediaKeySystem: key systems, provisioning, stored keys, virtual clock; init data; version and plugins.

'use strict';

const { promisify } = require('node:util');
const { markAsUntransferable } = require('node:worker_threads');
const { constants } = require('./abi.js');
const { created, growing, millis, octets, pointer, sixteen, text, told, unsigned32, whole } = require('./arguments.js');
const { ContentProtectionLevel, ErrorCode } = require('./enums.js');
const { check, failure } = require('./errors.js');
const { deliver } = require('./events.js');
const { bytesAt, get, getSome, lib, make, readText, register, sizeOf, view } = require('./native.js');
const { Emitter, MediaKeySession, eventOf, signedSize } = require('./session.js');

const CLEARPLAY = 'com.clearplay.drm';
const CLEARKEY = 'org.w3.clearkey';
const POLICYPLAY = 'com.policyplay.drm';

// A search waits this long at a time, so that others get their turn on koffi's threads.
const SLICE = 50;

const uuid = (bytes) => bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');

function keySystems() {
    for (let room = constants.MAX_MEDIA_KEY_SYSTEM_NUM; ;) {
        const size = sizeOf('DRM_MediaKeySystemDescription');
        const array = Buffer.alloc(size * room);
        const count = Buffer.alloc(4);
        count.writeUInt32LE(room);
        const code = lib.OH_MediaKeySystem_GetMediaKeySystems(array, count);
        const found = count.readUInt32LE();
        if (code !== ErrorCode.INVALID_VAL || found <= room) {
            check(code);
            return Array.from({ length: found }, (_, index) => {
                const one = array.subarray(size * index, size * (index + 1));
                return {
                    name: get('DRM_MediaKeySystemDescription', one, 'name'),
                    systemId: uuid(get('DRM_MediaKeySystemDescription', one, 'uuid')),
                };
            });
        }
        room = found;
    }
}

function isSupported(name, mimeType, level) {
    text(name, 'name');
    if (mimeType === undefined) {
        return lib.OH_MediaKeySystem_IsSupported(name);
    }
    text(mimeType, 'mimeType');
    return level === undefined
        ? lib.OH_MediaKeySystem_IsSupported2(name, mimeType)
        : lib.OH_MediaKeySystem_IsSupported3(name, mimeType, unsigned32(level, 'level'));
}

let callback = null;

function listen(handle, number) {
    callback ??= register('OH_MediaKeySystem_UserDataCallback', (_, type, data, length, _extra, id) =>
        deliver(id, eventOf(type, bytesAt(data, length))));
    check(lib.OH_MediaKeySystem_SetCallbackWithUserData(handle, callback, number));
}

class MediaKeySystem extends Emitter {
    #sessions = new Map();
    #heard = false;

    constructor(name, { storagePath, isolated = false } = {}) {
        text(name, 'name');
        const create = isolated ? lib.OH_MediaKeySystem_CreateIsolated : lib.OH_MediaKeySystem_Create;
        super(created((out) => check(create(name, out))), lib.OH_MediaKeySystem_Destroy, listen);
        this.name = name;
        if (storagePath !== undefined) {
            try {
                this.setConfiguration('storagePath', storagePath);
            } catch (error) {
                this.close();
                throw error;
            }
        }
    }

    close() {
        if (this.closed) {
            return super.close();
        }
        // An instance is destroyed with its sessions, which are closed here so that they know.
        const sessions = [...this.#sessions.values()].map((known) => known.deref()).filter((session) => session);
        this.#heard ||= sessions.some((session) => session._listening);
        const closing = sessions.map((session) => session.close());
        return Promise.all([...closing, super.close()]).then(() => undefined);
    }

    /** Callbacks of sessions that were closed may be running, too. */
    get _listening() {
        return super._listening || this.#heard;
    }

    createSession(level = ContentProtectionLevel.SW_CRYPTO) {
        const wanted = Buffer.alloc(4);
        wanted.writeUInt32LE(unsigned32(level, 'level'));
        const handle = created((out) => check(lib.OH_MediaKeySystem_CreateMediaKeySession(this.handle, wanted, out)));
        const session = new MediaKeySession(this, handle);
        this.#sessions.set(handle, new WeakRef(session));
        session.once('close', () => {
            this.#heard ||= session._listening;
            this.#sessions.delete(handle);
        });
        return session;
    }

    async findSession(keyId, timeout = 0) {
        const wanted = Buffer.from(sixteen(keyId, 'keyId'));
        const end = performance.now() + timeout;
        const search = promisify(lib.OH_MediaKeySystem_FindSessionByKeyId.async);
        const out = Buffer.alloc(8);
        for (;;) {
            const left = Math.max(0, Math.min(SLICE, Math.round(end - performance.now())));
            const code = await search(this.handle, wanted, left, out);
            if (code === 0) {
                return this.#sessions.get(out.readBigUInt64LE())?.deref() ?? null;
            }
            if (code !== ErrorCode.NO_KEY) {
                this.handle;
                throw failure(code, 'the search failed');
            }
            if (performance.now() >= end) {
                return null;
            }
        }
    }

    sampleBuffer(size) {
        whole(size, 1, constants.NATIVE_DRM_MAX_SAMPLE_BUFFER_LEN, 'size');
        const address = created((out) => check(lib.OH_Drm_AllocateSampleBuffer(this.handle, size, out)));
        const memory = view(address, size);
        // The memory is freed with this object, so it must stay the only one.
        markAsUntransferable(memory);
        for (const name of ['transfer', 'transferToFixedLength']) {
            Object.defineProperty(memory, name, { value: refuseTransfer });
        }
        unused.register(memory, address);
        return Buffer.from(memory);
    }

    setConfiguration(name, value) {
        text(name, 'name');
        if (typeof value === 'string') {
            check(lib.OH_MediaKeySystem_SetConfigurationString(this.handle, name, text(value, 'value')));
        } else {
            const data = octets(value, 'value');
            check(lib.OH_MediaKeySystem_SetConfigurationByteArray(this.handle, name, pointer(data), signedSize(data, 'value')));
        }
    }

    getConfiguration(name) {
        const value = Buffer.alloc(constants.NATIVE_DRM_MAX_CONFIG_VALUE_LEN);
        check(lib.OH_MediaKeySystem_GetConfigurationString(this.handle, text(name, 'name'), value, value.length));
        return readText(value);
    }

    getConfigurationBytes(name) {
        text(name, 'name');
        return growing(constants.NATIVE_DRM_MAX_CONFIG_VALUE_LEN, (buffer, length) =>
            lib.OH_MediaKeySystem_GetConfigurationByteArray(this.handle, name, buffer, length));
    }

    statistics() {
        const rows = make('DRM_Statistics');
        check(lib.OH_MediaKeySystem_GetStatistics(this.handle, rows));
        const count = get('DRM_Statistics', rows, 'statisticsCount');
        const values = getSome('DRM_Statistics', rows, 'statisticsDescription', count);
        return Object.fromEntries(getSome('DRM_Statistics', rows, 'statisticsName', count).map((name, i) => [name, values[i]]));
    }

    get maxContentProtectionLevel() {
        return told((out) => lib.OH_MediaKeySystem_GetMaxContentProtectionLevel(this.handle, out));
    }

    get certificateStatus() {
        return told((out) => lib.OH_MediaKeySystem_GetCertificateStatus(this.handle, out));
    }

    generateProvisioningRequest() {
        const url = Buffer.alloc(constants.MAX_DEFAULT_URL_LEN);
        const data = growing(constants.MAX_MEDIA_KEY_REQUEST_DATA_LEN, (buffer, length) =>
            lib.OH_MediaKeySystem_GenerateKeySystemRequest(this.handle, buffer, length, url, url.length));
        return { data, defaultUrl: readText(url) };
    }

    processProvisioningResponse(response) {
        const data = octets(response, 'response');
        check(lib.OH_MediaKeySystem_ProcessKeySystemResponse(this.handle, pointer(data), signedSize(data, 'response')));
    }

    offlineKeyIds() {
        const ids = make('DRM_OfflineMediakeyIdArray');
        check(lib.OH_MediaKeySystem_GetOfflineMediaKeyIds(this.handle, ids));
        const count = get('DRM_OfflineMediakeyIdArray', ids, 'idsCount');
        const lengths = getSome('DRM_OfflineMediakeyIdArray', ids, 'idsLen', count);
        return getSome('DRM_OfflineMediakeyIdArray', ids, 'ids', count).map((id, index) => id.subarray(0, lengths[index]));
    }

    offlineKeyStatus(mediaKeyId) {
        const id = octets(mediaKeyId, 'mediaKeyId');
        return told((out) =>
            lib.OH_MediaKeySystem_GetOfflineMediaKeyStatus(this.handle, pointer(id), signedSize(id, 'mediaKeyId'), out));
    }

    clearOfflineKeys(mediaKeyId) {
        const id = octets(mediaKeyId, 'mediaKeyId');
        check(lib.OH_MediaKeySystem_ClearOfflineMediaKeys(this.handle, pointer(id), signedSize(id, 'mediaKeyId')));
    }

    setVirtualClock(wallClock) {
        check(lib.OH_MediaKeySystem_SetVirtualClock(this.handle, millis(wallClock, 'wallClock')));
    }

    advanceVirtualClock(duration, { asleep = false } = {}) {
        const passed = whole(duration, 0, Number.MAX_SAFE_INTEGER, 'duration');
        check(lib.OH_MediaKeySystem_AdvanceVirtualClock(this.handle, passed, Boolean(asleep)));
    }
}

function refuseTransfer() {
    throw new TypeError('the memory of a sample buffer cannot be transferred');
}

/** Sample buffers that nobody holds any more. */
const unused = new FinalizationRegistry((address) => lib.OH_Drm_FreeSampleBuffer(address));

let found = null;
let collect = null;

function parsePsshBoxes(data) {
    const bytes = octets(data, 'data');
    collect ??= register('OH_Drm_PsshBoxCallback', (systemId, box, length) => {
        found.push({ systemId: uuid(bytesAt(systemId, 16)), data: bytesAt(box, Number(length)) });
        return 0;
    });
    found = [];
    try {
        check(lib.OH_Drm_ParsePsshBoxes(pointer(bytes), bytes.length, collect, 0));
        return found;
    } finally {
        found = null;
    }
}

function version() {
    const number = lib.OH_Drm_GetVersion();
    return [number >>> 16, (number >>> 8) & 0xff, number & 0xff];
}

function loadPlugin(path) {
    check(lib.OH_Drm_LoadPlugin(text(path, 'path')));
}

module.exports = { CLEARKEY, CLEARPLAY, MediaKeySystem, POLICYPLAY, isSupported, keySystems, loadPlugin, parsePsshBoxes, version };
