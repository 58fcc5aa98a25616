// SPDX-License-Identifier: Apache-2.0
//
// MediaKeySession: keys, and decryption with them.

'use strict';

const { constants } = require('./abi.js');
const { growing, growingText, octets, pointer, text, told, unsigned32, whole } = require('./arguments.js');
const { EventType, MediaKeyType } = require('./enums.js');
const { InvalidValueError, check, failure } = require('./errors.js');
const { Closing, EventStream, deliver } = require('./events.js');
const { address, bytesAt, get, getSome, lib, make, register, set, setBytes, sizeOf } = require('./native.js');
const { AccessUnitInfo, AccessUnitState, SampleInfo } = require('./samples.js');

/** The names of events, by EventType. */
const NAMES = new Map([
    [EventType.PROVISION_REQUIRED, 'provisionRequired'],
    [EventType.KEY_REQUIRED, 'keyRequired'],
    [EventType.KEY_EXPIRED, 'keyExpired'],
    [EventType.VENDOR_DEFINED, 'vendorDefined'],
    [EventType.EXPIRATION_UPDATE, 'expirationUpdate'],
]);

/** What C passes on with an event, as an object. */
function eventOf(type, data) {
    const event = { type: NAMES.get(type) ?? 'unknown', data };
    if (type === EventType.KEY_REQUIRED) {
        event.initData = data;
    } else if (type === EventType.KEY_EXPIRED) {
        event.keyIds = Array.from({ length: Math.floor(data.length / 16) }, (_, i) => data.subarray(16 * i, 16 * i + 16));
    } else if (type === EventType.EXPIRATION_UPDATE) {
        const time = Number(data.toString());
        event.expiry = time > 0 ? new Date(time) : null;
    }
    return event;
}

const INTERNAL = new Set(['close', 'newListener', 'removeListener', 'error']);

/** An object whose events come from the library, once somebody listens. */
class Emitter extends Closing {
    constructor(handle, destroy, start) {
        super(handle, destroy);
        this.on('newListener', (name) => {
            if (!INTERNAL.has(name)) {
                this._listen(start);
            }
        });
    }

    events() {
        this.handle;
        return new EventStream(this, 'event');
    }

    _deliver(event) {
        this.emit('event', event);
        // A listener may have closed it.
        if (!this.closed) {
            this.emit(event.type, event);
        }
    }
}

let callbacks = null;

/** Makes the library call for a session. */
function listen(handle, number) {
    if (callbacks === null) {
        callbacks = make('OH_MediaKeySession_UserDataCallback');
        const event = register('OH_MediaKeySession_UserDataEventCallback', (_, type, data, length, _extra, id) =>
            deliver(id, eventOf(type, bytesAt(data, length))));
        const keyChange = register('OH_MediaKeySession_UserDataKeyChangeCallback', (_, info, newKeys, id) => {
            const raw = bytesAt(info, sizeOf('DRM_KeysInfo'));
            const count = get('DRM_KeysInfo', raw, 'keysInfoCount');
            const words = getSome('DRM_KeysInfo', raw, 'statusValue', count);
            const keys = getSome('DRM_KeysInfo', raw, 'keyId', count).map((keyId, i) => ({ keyId, status: words[i] }));
            return deliver(id, { type: 'keyChange', keys, newKeys });
        });
        set('OH_MediaKeySession_UserDataCallback', callbacks, 'eventCallback', event);
        set('OH_MediaKeySession_UserDataCallback', callbacks, 'keyChangeCallback', keyChange);
    }
    check(lib.OH_MediaKeySession_SetCallbackWithUserData(handle, callbacks, number));
}

class MediaKeySession extends Emitter {
    /** For MediaKeySystem.createSession(). */
    constructor(system, handle) {
        super(handle, lib.OH_MediaKeySession_Destroy, listen);
        this.system = system;
    }

    // Decryption

    decrypt(info, data) {
        const bytes = octets(data, 'data');
        const code = lib.OH_MediaKeySession_DecryptSample(
            this.handle, SampleInfo.bytesOf(info), pointer(bytes), sized(bytes, 'data'));
        if (code !== 0) {
            throw failure(code);
        }
    }

    decryptBatch(samples) {
        const pairs = Array.from(samples, ({ info, data }, index) =>
            [SampleInfo.bytesOf(info), octets(data, `sample ${index}`)]);
        const size = sizeOf('DRM_Sample');
        const array = Buffer.alloc(size * pairs.length);
        pairs.forEach(([info, bytes], index) => {
            const one = array.subarray(size * index, size * (index + 1));
            set('DRM_Sample', one, 'info', address(info));
            set('DRM_Sample', one, 'data', bytes.length > 0 ? address(bytes) : 0n);
            set('DRM_Sample', one, 'dataLen', sized(bytes, `sample ${index}`));
        });
        const index = Buffer.alloc(4);
        const code = lib.OH_MediaKeySession_DecryptSamples(this.handle, pointer(array), pairs.length, index);
        if (code !== 0) {
            throw Object.assign(failure(code), { sampleIndex: pairs.length > 0 ? index.readUInt32LE() : null });
        }
    }

    decryptAccessUnit(info, state, data) {
        const bytes = octets(data, 'data');
        const length = Buffer.alloc(4);
        length.writeUInt32LE(sized(bytes, 'data'));
        check(lib.OH_MediaKeySession_DecryptAccessUnit(
            this.handle, AccessUnitInfo.bytesOf(info), AccessUnitState.bytesOf(state), pointer(bytes), length));
        return length.readUInt32LE();
    }

    // Keys

    generateRequest(initData, mimeType = 'cenc', { keyType = MediaKeyType.ONLINE, options = {} } = {}) {
        const data = octets(initData, 'initData');
        const mime = Buffer.from(text(mimeType, 'mimeType'));
        const entries = Object.entries(options);
        limit(data.length, constants.MAX_INIT_DATA_LEN, 'initData: bytes');
        limit(mime.length, constants.MAX_MIMETYPE_LEN - 1, 'mimeType: bytes');
        limit(entries.length, constants.MAX_MEDIA_KEY_REQUEST_OPTION_COUNT, 'options');
        const info = make('DRM_MediaKeyRequestInfo');
        set('DRM_MediaKeyRequestInfo', info, 'type', whole(keyType, 0, 1, 'keyType'));
        set('DRM_MediaKeyRequestInfo', info, 'initDataLen', data.length);
        setBytes('DRM_MediaKeyRequestInfo', info, 'initData', data);
        setBytes('DRM_MediaKeyRequestInfo', info, 'mimeType', mime);
        set('DRM_MediaKeyRequestInfo', info, 'optionsCount', entries.length);
        entries.forEach(([name, value], index) => {
            const rawName = Buffer.from(text(name, 'options'));
            const rawValue = typeof value === 'string' ? Buffer.from(text(value, name)) : octets(value, name);
            limit(rawName.length, constants.MAX_MEDIA_KEY_REQUEST_OPTION_NAME_LEN - 1, `options: bytes of the name ${name}`);
            limit(rawValue.length, constants.MAX_MEDIA_KEY_REQUEST_OPTION_DATA_LEN, `options: bytes of the value of ${name}`);
            setBytes('DRM_MediaKeyRequestInfo', info, 'optionName', rawName, index);
            setBytes('DRM_MediaKeyRequestInfo', info, 'optionData', rawValue, index);
        });
        const request = make('DRM_MediaKeyRequest');
        check(lib.OH_MediaKeySession_GenerateMediaKeyRequest(this.handle, info, request));
        return {
            type: get('DRM_MediaKeyRequest', request, 'type'),
            data: get('DRM_MediaKeyRequest', request, 'data').subarray(0, get('DRM_MediaKeyRequest', request, 'dataLen')),
            defaultUrl: get('DRM_MediaKeyRequest', request, 'defaultUrl'),
        };
    }

    processResponse(response) {
        const data = octets(response, 'response');
        const size = signedSize(data, 'response');
        return growing(constants.MAX_OFFLINE_MEDIA_KEY_ID_LEN, (buffer, length) =>
            lib.OH_MediaKeySession_ProcessMediaKeyResponse(this.handle, pointer(data), size, buffer, length));
    }

    checkStatus() {
        const status = make('DRM_MediaKeyStatus');
        check(lib.OH_MediaKeySession_CheckMediaKeyStatus(this.handle, status));
        const count = get('DRM_MediaKeyStatus', status, 'statusCount');
        const values = getSome('DRM_MediaKeyStatus', status, 'statusValue', count);
        return Object.fromEntries(getSome('DRM_MediaKeyStatus', status, 'statusName', count).map((name, i) => [name, values[i]]));
    }

    clearKeys() {
        check(lib.OH_MediaKeySession_ClearMediaKeys(this.handle));
    }

    restoreOfflineKeys(mediaKeyId) {
        const id = octets(mediaKeyId, 'mediaKeyId');
        check(lib.OH_MediaKeySession_RestoreOfflineMediaKeys(this.handle, pointer(id), signedSize(id, 'mediaKeyId')));
    }

    generateReleaseRequest(mediaKeyId) {
        const id = octets(mediaKeyId, 'mediaKeyId');
        return growing(constants.MAX_MEDIA_KEY_REQUEST_DATA_LEN, (buffer, length) =>
            lib.OH_MediaKeySession_GenerateOfflineReleaseRequest(
                this.handle, pointer(id), signedSize(id, 'mediaKeyId'), buffer, length));
    }

    processReleaseResponse(mediaKeyId, response) {
        const id = octets(mediaKeyId, 'mediaKeyId');
        const data = octets(response, 'response');
        check(lib.OH_MediaKeySession_ProcessOfflineReleaseResponse(
            this.handle, pointer(id), signedSize(id, 'mediaKeyId'), pointer(data), signedSize(data, 'response')));
    }

    explainLicenses() {
        return JSON.parse(growingText(4096, (buffer, length) =>
            lib.OH_MediaKeySession_ExplainLicenses(this.handle, buffer, length)));
    }

    get contentProtectionLevel() {
        return told((out) => lib.OH_MediaKeySession_GetContentProtectionLevel(this.handle, out));
    }

    requiresSecureDecoder(mimeType) {
        const mime = text(mimeType, 'mimeType');
        return told((out) => lib.OH_MediaKeySession_RequireSecureDecoderModule(this.handle, mime, out)) !== 0;
    }
}

function sized(bytes, what) {
    return unsigned32(bytes.length, what);
}

function signedSize(bytes, what) {
    return whole(bytes.length, 0, 0x7fff_ffff, what);
}

function limit(found, highest, what) {
    if (found > highest) {
        throw new InvalidValueError(`${what}: ${found} are more than ${highest}`);
    }
}

module.exports = { Emitter, MediaKeySession, eventOf, signedSize };
