// SPDX-License-Identifier: Apache-2.0
//
// The life of a session through the shared library with koffi: node test_node.mjs LIBRARY.
//
// Clear and encrypted data: NIST SP 800-38A, F.5.1 (CTR) and F.2.1 (CBC).

import assert from 'node:assert/strict';
import process from 'node:process';
import test from 'node:test';
import koffi from 'koffi';
import * as drm from './native_drm.mjs';

if (process.argv.length !== 3) {
    console.error('usage: node test_node.mjs LIBRARY');
    process.exit(2);
}
const lib = drm.load(process.argv[2]);

const hex = (text) => Buffer.from(text, 'hex');
const KEY_ID = hex('00112233445566778899aabbccddeeff');
const OTHER_ID = hex('ffeeddccbbaa99887766554433221100');
const KEY = hex('2b7e151628aed2a6abf7158809cf4f3c');
const CLEAR = hex('6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51'
    + '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710');
const CTR_IV = hex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff');
const CTR_DATA = hex('874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff'
    + '5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee');
const CBC_IV = hex('000102030405060708090a0b0c0d0e0f');
const CBC_DATA = hex('7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2'
    + '73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7');

/** A version 1 pssh box of ClearPlay (ISO/IEC 23001-7, 8.1). */
function pssh(...keyIds) {
    const head = Buffer.from('00000000707373680100000047a10ff0ca3c49c69c12a764ffde091f00000000', 'hex');
    head.writeUInt32BE(head.length + 16 * keyIds.length + 4, 0);
    head.writeUInt32BE(keyIds.length, head.length - 4);
    return Buffer.concat([head, ...keyIds, Buffer.alloc(4)]);
}

/** What a ClearPlay license server answers: its part of the test. */
function answer(request, flag) {
    return Buffer.from(JSON.parse(request).kids.map((kid) => `${flag}${kid}:${KEY.toString('base64')}`).join(','));
}

/** What callbacks receive, to be awaited in order. */
class Inbox {
    #received = [];
    #waiting = null;

    put(item) {
        this.#received.push(item);
        this.#waiting?.();
    }

    async take() {
        if (this.#received.length === 0) {
            // The timer keeps the event loop alive, which koffi's callbacks do not. A failing test must not hang.
            await new Promise((resolve, reject) => {
                const timer = setTimeout(() => reject(new Error('nothing arrived')), 30_000);
                this.#waiting = () => {
                    clearTimeout(timer);
                    resolve();
                };
            });
            this.#waiting = null;
        }
        return this.#received.shift();
    }
}

function ok(code) {
    assert.equal(code, drm.OK, lib.Drm_GetLastErrorMessage());
}

/** A key system, and callbacks that are unregistered after it is destroyed. */
class Player {
    #registered = [];

    constructor() {
        const out = [null];
        ok(lib.MediaKeySystem_Create('com.clearplay.drm', out));
        this.system = out[0];
    }

    async close() {
        ok(await drm.promised(lib.MediaKeySystem_Destroy, this.system));
        this.#registered.forEach((callback) => koffi.unregister(callback));
    }

    register(func, type) {
        const callback = koffi.register(func, koffi.pointer(type));
        this.#registered.push(callback);
        return callback;
    }

    session() {
        const out = [null];
        ok(lib.MediaKeySystem_CreateMediaKeySession(this.system, [drm.LEVEL_SW_CRYPTO], out));
        return out[0];
    }

    async watch(session, onKeyChange = () => null) {
        const inbox = new Inbox();
        const event = this.register((handle, type, info, infoLen, extra) => {
            assert.equal(handle, session);
            const data = infoLen > 0 ? Buffer.from(koffi.decode(info, 'uint8_t', infoLen)).toString('hex') : '';
            inbox.put({ event: type, info: data, extra });
            return 0;
        }, drm.EventCallback);
        const keyChange = this.register((handle, info, newKeys) => {
            assert.equal(handle, session);
            const { keysInfoCount, keyId, statusValue } = koffi.decode(info, drm.KeysInfo);
            const keys = [];
            for (let i = 0; i < keysInfoCount; i++) {
                keys.push([Buffer.from(keyId[i]).toString('hex'), statusValue[i]]);
            }
            inbox.put({ keys, newKeys, result: onKeyChange(handle) });
            return 0;
        }, drm.KeyChangeCallback);
        ok(await drm.promised(lib.MediaKeySession_SetCallback, session, { eventCallback: event, keyChangeCallback: keyChange }));
        return inbox;
    }
}

function request(session, type, keyId) {
    const initData = pssh(keyId);
    const info = {
        type, initDataLen: initData.length, initData: drm.padded(initData, 2048), mimeType: 'video/mp4',
        optionsCount: 0, optionName: Array(16).fill(''), optionData: Array(16).fill(''),
    };
    const out = {};
    ok(lib.MediaKeySession_GenerateMediaKeyRequest(session, info, out));
    return Buffer.from(out.data.slice(0, out.dataLen)).toString();
}

function respond(session, response) {
    const id = Buffer.alloc(64);
    const length = [id.length];
    ok(lib.MediaKeySession_ProcessMediaKeyResponse(session, response, response.length, id, length));
    return id.subarray(0, length[0]);
}

function decrypt(session, algorithm, iv, data, { keyId = KEY_ID, subsamples = [] } = {}) {
    const info = {
        structSize: koffi.sizeof(drm.SampleInfo), algorithm, scheme: 0, ivLen: iv.length,
        keyId: drm.padded(keyId, 16), iv: drm.padded(iv, 16), cryptByteBlock: 0, skipByteBlock: 0,
        subsampleCount: subsamples.length, reserved: 0, subsamples: subsamples.length > 0 ? subsamples : null,
    };
    const sample = Buffer.from(data);
    return [lib.MediaKeySession_DecryptSample(session, info, sample, sample.length), sample.toString('hex')];
}

function offlineIds(system) {
    const ids = {};
    ok(lib.MediaKeySystem_GetOfflineMediaKeyIds(system, ids));
    return Array.from({ length: ids.idsCount }, (_, i) => Buffer.from(ids.ids[i].slice(0, ids.idsLen[i])).toString('hex'));
}

function offlineStatus(system, id) {
    const status = [99];
    ok(lib.MediaKeySystem_GetOfflineMediaKeyStatus(system, id, id.length, status));
    return status[0];
}

test('struct sizes', () => {
    assert.equal(koffi.sizeof(drm.MediaKeyRequestInfo), 5196);
    assert.equal(koffi.sizeof(drm.MediaKeyRequest), 10248);
    assert.equal(koffi.sizeof(drm.OfflineMediakeyIdArray), 34820);
    assert.equal(koffi.sizeof(drm.KeysInfo), 9220);
    assert.equal(koffi.sizeof(drm.MediaKeyStatus), 20484);
});

test('support and configuration', async () => {
    assert.equal(lib.MediaKeySystem_IsSupported2('com.clearplay.drm', 'video/mp4'), true);
    assert.equal(lib.MediaKeySystem_IsSupported2('com.widevine.alpha', 'video/mp4'), false);
    const player = new Player();
    ok(lib.MediaKeySystem_SetConfigurationString(player.system, 'colour', 'grün'));
    const value = Buffer.alloc(64);
    ok(lib.MediaKeySystem_GetConfigurationString(player.system, 'colour', value, value.length));
    assert.equal(value.toString('utf8', 0, value.indexOf(0)), 'grün');
    assert.equal(lib.MediaKeySystem_GetConfigurationString(player.system, 'none', value, value.length), drm.UNKNOWN);
    assert.match(lib.Drm_GetLastErrorMessage(), /none/);
    await player.close();
});

test('provisioning, from inside the callback', async () => {
    const player = new Player();
    const inbox = new Inbox();
    const generate = (system) => {
        const data = Buffer.alloc(8192);
        const length = [data.length];
        const url = Buffer.alloc(2048);
        const code = lib.MediaKeySystem_GenerateKeySystemRequest(system, data, length, url, url.length);
        return [code, data.toString('utf8', 0, length[0])];
    };
    const callback = player.register((system, type) => {
        inbox.put([system, type, generate(system)]);
        return 0;
    }, drm.SystemCallback);
    ok(await drm.promised(lib.MediaKeySystem_SetCallback, player.system, callback));
    const [code, message] = generate(player.system);
    ok(code);
    assert.equal(typeof JSON.parse(message), 'object');
    assert.deepEqual(await inbox.take(), [player.system, drm.EVENT_PROVISION_REQUIRED, [drm.OK, message]]);
    await player.close();
});

test('online keys', async () => {
    const player = new Player();
    const session = player.session();
    const inbox = await player.watch(session, (handle) => {
        const status = {};
        const code = lib.MediaKeySession_CheckMediaKeyStatus(handle, status);
        return [code, status.statusCount, status.statusName?.[0], status.statusValue?.[0]];
    });
    const message = request(session, drm.TYPE_ONLINE, KEY_ID);
    assert.deepEqual(JSON.parse(message), { kids: [KEY_ID.toString('base64')], type: 'temporary' });
    assert.deepEqual(await inbox.take(), { event: drm.EVENT_KEY_REQUIRED, info: pssh(KEY_ID).toString('hex'), extra: '0' });

    assert.deepEqual(respond(session, answer(message, 0)), KEY_ID);
    assert.deepEqual(await inbox.take(), {
        keys: [[KEY_ID.toString('hex'), 'USABLE']], newKeys: true,
        result: [drm.OK, 1, KEY_ID.toString('hex'), 'USABLE'],
    });

    const clear = CLEAR.toString('hex');
    assert.deepEqual(decrypt(session, drm.ALG_AES_CTR, CTR_IV, CTR_DATA), [drm.OK, clear]);
    assert.deepEqual(decrypt(session, drm.ALG_AES_CBC, CBC_IV, CBC_DATA), [drm.OK, clear]);
    const gap = Buffer.from('defgh');
    assert.deepEqual(
        decrypt(session, drm.ALG_AES_CTR, CTR_IV, Buffer.concat([gap, CTR_DATA.subarray(0, 20), gap, CTR_DATA.subarray(20)]), {
            subsamples: [{ clearHeaderLen: 5, payLoadLen: 20 }, { clearHeaderLen: 5, payLoadLen: 44 }],
        }),
        [drm.OK, Buffer.concat([gap, CLEAR.subarray(0, 20), gap, CLEAR.subarray(20)]).toString('hex')]);

    // Refused: nothing changes.
    assert.deepEqual(decrypt(session, drm.ALG_AES_CTR, CTR_IV, CTR_DATA, { subsamples: [{ clearHeaderLen: 3, payLoadLen: 20 }] }),
        [drm.INVALID_VAL, CTR_DATA.toString('hex')]);
    assert.deepEqual(decrypt(session, drm.ALG_AES_CTR, CTR_IV, CTR_DATA, { keyId: OTHER_ID }),
        [drm.NO_KEY, CTR_DATA.toString('hex')]);
    const required = await inbox.take();
    assert.equal(required.event, drm.EVENT_KEY_REQUIRED);
    assert.ok(required.info.includes(OTHER_ID.toString('hex')));

    ok(lib.MediaKeySession_ClearMediaKeys(session));
    assert.deepEqual(await inbox.take(), { event: drm.EVENT_KEY_EXPIRED, info: KEY_ID.toString('hex'), extra: '0' });
    const change = await inbox.take();
    assert.deepEqual([change.keys, change.newKeys], [[], false]);
    assert.equal(decrypt(session, drm.ALG_AES_CTR, CTR_IV, CTR_DATA)[0], drm.NO_KEY);
    ok(await drm.promised(lib.MediaKeySession_Destroy, session));
    assert.equal(lib.MediaKeySession_ClearMediaKeys(session), drm.INVALID_VAL);
    await player.close();
});

test('offline keys', async () => {
    const player = new Player();
    const first = player.session();
    const message = request(first, drm.TYPE_OFFLINE, KEY_ID);
    assert.equal(JSON.parse(message).type, 'persistent-license');
    const id = respond(first, answer(message, 1));
    ok(await drm.promised(lib.MediaKeySession_Destroy, first));
    assert.deepEqual(offlineIds(player.system), [id.toString('hex')]);
    assert.equal(offlineStatus(player.system, id), drm.OFFLINE_USABLE);

    const session = player.session();
    const inbox = await player.watch(session);
    ok(lib.MediaKeySession_RestoreOfflineMediaKeys(session, id, id.length));
    const update = await inbox.take();
    assert.deepEqual([update.event, hex(update.info).toString()], [drm.EVENT_EXPIRATION_UPDATE, '0']);
    const change = await inbox.take();
    assert.deepEqual([change.keys, change.newKeys], [[[KEY_ID.toString('hex'), 'USABLE']], true]);
    assert.deepEqual(decrypt(session, drm.ALG_AES_CTR, CTR_IV, CTR_DATA), [drm.OK, CLEAR.toString('hex')]);

    const release = Buffer.alloc(8192);
    const length = [release.length];
    ok(lib.MediaKeySession_GenerateOfflineReleaseRequest(session, id, id.length, release, length));
    assert.ok('kids' in JSON.parse(release.toString('utf8', 0, length[0])));
    const released = Buffer.from('released');
    ok(lib.MediaKeySession_ProcessOfflineReleaseResponse(session, id, id.length, released, released.length));
    assert.equal(offlineStatus(player.system, id), drm.OFFLINE_INACTIVE);
    ok(lib.MediaKeySystem_ClearOfflineMediaKeys(player.system, id, id.length));
    assert.deepEqual(offlineIds(player.system), []);
    await player.close();
});

test('user data, and destroy from inside a callback', async () => {
    const player = new Player();
    const session = player.session();
    const inbox = new Inbox();
    const userData = koffi.alloc('int', 1);
    const callback = player.register((handle, info, newKeys, data) => {
        inbox.put([handle, newKeys, data, drm.promised(lib.MediaKeySession_Destroy, handle)]);
        return 0;
    }, drm.UserDataKeyChangeCallback);
    ok(await drm.promised(lib.MediaKeySession_SetCallbackWithUserData, session,
        { eventCallback: null, keyChangeCallback: callback }, userData));
    respond(session, answer(`{"kids":["${KEY_ID.toString('base64')}"]}`, 0));
    const [handle, newKeys, data, destroyed] = await inbox.take();
    assert.deepEqual([handle, newKeys, data], [session, true, userData]);
    ok(await destroyed);
    assert.equal(lib.MediaKeySession_ClearMediaKeys(session), drm.INVALID_VAL);
    await player.close();
    koffi.free(userData);
});
