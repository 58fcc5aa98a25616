// SPDX-License-Identifier: Apache-2.0
//
// The package as it is installed: copied by scripts/test-bindings.sh into a folder that has it in node_modules.
//
// Clear and encrypted data: NIST SP 800-38A, F.5.1 (CTR) and F.2.1 (CBC).

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as drm from 'native-drm';

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
const jwkSet = (type = 'temporary') => Buffer.from(JSON.stringify(
    { keys: [{ kty: 'oct', kid: 'ABEiM0RVZneImaq7zN3u_w', k: 'K34VFiiu0qar9xWICc9PPA' }], type }));
const { AES_CTR, AES_CBC } = drm.CencAlgorithm;

const storage = mkdtempSync(join(tmpdir(), 'native-drm-'));
after(() => rmSync(storage, { recursive: true }));
let folders = 0;
const folder = () => join(storage, String(++folders));

function opened(name = drm.CLEARKEY) {
    const system = new drm.MediaKeySystem(name, { storagePath: folder() });
    const session = system.createSession();
    return { system, session };
}

function withKey() {
    const both = opened();
    both.session.processResponse(jwkSet());
    return { ...both, ctr: new drm.SampleInfo({ algorithm: AES_CTR, keyId: KEY_ID, iv: CTR_IV }) };
}

test('what there is', () => {
    assert.ok(drm.keySystems().some(({ name, systemId }) =>
        name === drm.CLEARKEY && systemId === '1077efec-c0b2-4d02-ace3-3c1e52e2fb4b'));
    assert.ok(drm.isSupported(drm.CLEARKEY, 'video/mp4', drm.ContentProtectionLevel.SW_CRYPTO));
    assert.ok(!drm.isSupported('com.widevine.alpha', 'video/mp4'));
    assert.equal(drm.version().length, 3);
    const required = createRequire(import.meta.url)('native-drm');
    assert.equal(required.MediaKeySystem, drm.MediaKeySystem);
    assert.deepEqual(Object.keys(required).filter((name) => !(name in drm)), []);
});

test('structs are as large as the recorded facts say', { skip: !process.env.NATIVE_DRM_FACTS }, () => {
    const { structs } = createRequire(createRequire(import.meta.url).resolve('native-drm'))('./lib/abi.js');
    for (const name of ['drm-ndk.json', 'cencinfo.json', 'extension.json']) {
        for (const struct of JSON.parse(readFileSync(join(process.env.NATIVE_DRM_FACTS, name), 'utf8')).structs) {
            if (struct.name in structs) {
                assert.equal(structs[struct.name].size, struct.size);
                struct.fields.forEach((field) => assert.equal(structs[struct.name].fields[field.name][0], field.offset));
            }
        }
    }
});

test('samples are decrypted where they lie', async () => {
    const { system, session, ctr } = withKey();
    const buffer = Buffer.from(CTR_DATA);
    session.decrypt(ctr, buffer);
    assert.deepEqual(buffer, CLEAR);
    const whole = new Uint8Array(Buffer.concat([hex('ff'), CTR_DATA, hex('ff')]));
    session.decrypt(ctr, new DataView(whole.buffer, whole.byteOffset + 1, 64));
    assert.deepEqual(Buffer.from(whole), Buffer.concat([hex('ff'), CLEAR, hex('ff')]));
    const shared = new SharedArrayBuffer(64);
    Buffer.from(shared).set(CTR_DATA);
    session.decrypt(ctr, shared);
    assert.deepEqual(Buffer.from(shared), CLEAR);
    session.decrypt(ctr, Buffer.alloc(0));

    ctr.subsamples = [[3, 20], [5, 44]];
    assert.deepEqual(ctr.subsamples, [[3, 20], [5, 44]]);
    const mixed = (bytes) => Buffer.concat([Buffer.from('abc'), bytes.subarray(0, 20), Buffer.from('defgh'), bytes.subarray(20)]);
    const sample = mixed(CTR_DATA);
    session.decrypt(ctr, sample);
    assert.deepEqual(sample, mixed(CLEAR));

    const cbcs = new drm.SampleInfo(
        { algorithm: AES_CBC, keyId: KEY_ID, iv: CBC_IV, scheme: drm.CencScheme.CBCS, pattern: [1, 9] });
    const block = Buffer.concat([CBC_DATA.subarray(0, 16), CLEAR.subarray(16)]);
    session.decrypt(cbcs, block);
    assert.deepEqual(block, CLEAR);
    await system.close();
});

test('batches and access units', async () => {
    const { system, session, ctr } = withKey();
    const samples = Array.from({ length: 50 }, () => Buffer.from(CTR_DATA));
    session.decryptBatch(samples.map((data) => ({ info: ctr, data })));
    samples.forEach((sample) => assert.deepEqual(sample, CLEAR));
    session.decryptBatch([]);
    const unknown = new drm.SampleInfo({ algorithm: AES_CTR, keyId: OTHER_ID, iv: CTR_IV });
    const first = Buffer.from(CTR_DATA);
    assert.throws(
        () => session.decryptBatch([{ info: ctr, data: first }, { info: unknown, data: Buffer.from(CTR_DATA) }]),
        (error) => error instanceof drm.NoKeyError && error.sampleIndex === 1);
    assert.deepEqual(first, CTR_DATA);

    // SAMPLE-AES: 16 bytes behind the ADTS header are clear, then all whole blocks are encrypted.
    const adts = (payload) => {
        const length = 7 + payload.length;
        return Buffer.concat([Buffer.from(
            [0xff, 0xf1, 0x50, 0x80 | length >> 11, length >> 3 & 0xff, (length & 7) << 5 | 0x1f, 0xfc]), payload]);
    };
    const info = new drm.AccessUnitInfo({ format: drm.AccessUnitFormat.SAMPLE_AES_AAC, keyId: KEY_ID, iv: CBC_IV });
    const unit = adts(Buffer.concat([Buffer.alloc(16), CBC_DATA]));
    const state = new drm.AccessUnitState();
    assert.equal(session.decryptAccessUnit(info, state, unit), unit.length);
    assert.deepEqual(unit, adts(Buffer.concat([Buffer.alloc(16), CLEAR])));
    assert.equal(state.keyId, null);
    await system.close();
});

test('wrong use is an exception, and changes nothing', async () => {
    const { system, session, ctr } = withKey();
    const sample = Buffer.from(CTR_DATA);
    for (const data of ['text', 5, null, undefined, {}, [1, 2]]) {
        assert.throws(() => session.decrypt(ctr, data), TypeError);
        assert.throws(() => session.decryptBatch([{ info: ctr, data }]), TypeError);
    }
    for (const info of [null, undefined, 5, {}, new drm.AccessUnitState()]) {
        assert.throws(() => session.decrypt(info, sample), TypeError);
        assert.throws(() => session.decryptAccessUnit(info, new drm.AccessUnitState(), sample), TypeError);
    }
    for (const wrong of [Buffer.alloc(0), Buffer.alloc(15), Buffer.alloc(17)]) {
        assert.throws(() => { ctr.keyId = wrong; }, drm.InvalidValueError);
        assert.throws(() => { ctr.iv = wrong; }, drm.InvalidValueError);
    }
    for (const wrong of [[-1, 0], [0, 2 ** 32], [0.5, 1]]) {
        assert.throws(() => { ctr.subsamples = [wrong]; }, drm.InvalidValueError);
    }
    ctr.subsamples = [[3, 20]];
    assert.throws(() => session.decrypt(ctr, sample),
        (error) => error instanceof drm.InvalidValueError && error.code === 401 && error.reason.length > 0);
    ctr.subsamples = [];
    ctr.keyId = OTHER_ID;
    assert.throws(() => session.decrypt(ctr, sample), { name: 'NoKeyError', message: new RegExp(OTHER_ID.toString('hex')) });
    assert.deepEqual(sample, CTR_DATA);
    assert.throws(() => session.generateRequest(Buffer.alloc(2049)), drm.InvalidValueError);
    assert.throws(() => session.generateRequest(KEY_ID, 'webm'.repeat(20)), drm.InvalidValueError);
    assert.throws(() => session.generateRequest(KEY_ID, 'webm', { options: { n: 'v'.repeat(129) } }), drm.InvalidValueError);
    assert.throws(() => session.processResponse(Buffer.alloc(0)), drm.InvalidValueError);
    assert.throws(() => session.processResponse(Buffer.from('nonsense')), drm.OperationError);
    assert.throws(() => session.processResponse('a string'), TypeError);
    assert.throws(() => system.setConfiguration('name\0', 'value'), drm.InvalidValueError);
    assert.throws(() => system.advanceVirtualClock(-1), drm.InvalidValueError);
    assert.throws(() => new drm.MediaKeySystem('com.widevine.alpha'), drm.OperationError);
    assert.throws(() => drm.parsePsshBoxes(Buffer.from('nothing')), drm.OperationError);

    await session.close();
    await session.close();
    for (const call of [
        () => session.decrypt(ctr, sample), () => session.decryptBatch([]), () => session.clearKeys(), () => session.checkStatus(),
        () => session.processResponse(jwkSet()), () => session.events(), () => session.on('event', () => {}), () => session.handle,
    ]) {
        assert.throws(call, drm.ClosedError);
    }
    const other = system.createSession();
    system[Symbol.dispose]();
    assert.ok(other.closed && system.closed);
    assert.throws(() => system.createSession(), drm.ClosedError);
    await assert.rejects(system.findSession(KEY_ID), drm.ClosedError);
});

test('requests, stored keys, configuration', async () => {
    const { system, session } = opened();
    const request = session.generateRequest(KEY_ID, 'webm', { keyType: drm.MediaKeyType.OFFLINE, options: { hint: 'any' } });
    assert.deepEqual(JSON.parse(request.data), { kids: ['ABEiM0RVZneImaq7zN3u_w'], type: 'persistent-license' });
    const waiting = system.findSession(KEY_ID, 60_000);
    const id = session.processResponse(jwkSet('persistent-license'));
    assert.equal(await waiting, session);
    assert.equal(await system.findSession(OTHER_ID, 1), null);
    assert.deepEqual(session.checkStatus(), { [KEY_ID.toString('hex')]: 'USABLE' });
    assert.deepEqual(system.offlineKeyIds(), [id]);
    assert.equal(system.offlineKeyStatus(id), drm.OfflineMediaKeyStatus.USABLE);
    await session.close();
    const restored = system.createSession();
    restored.restoreOfflineKeys(id);
    restored.processReleaseResponse(id, restored.generateReleaseRequest(id));
    assert.deepEqual(system.offlineKeyIds(), []);
    system.setConfiguration('colour', 'grün');
    assert.equal(system.getConfiguration('colour'), 'grün');
    system.setConfiguration('blob', hex('000102'));
    assert.deepEqual(system.getConfigurationBytes('blob'), hex('000102'));
    assert.equal(system.statistics().currentSessionNum, '1');
    assert.equal(system.certificateStatus, drm.CertificateStatus.PROVISIONED);
    await system.close();
});

test('events', async () => {
    const { system, session } = opened();
    const received = [];
    const events = session.events();
    const left = session.events();
    session.on('keyChange', ({ newKeys }) => received.push(newKeys));
    session.on('keyExpired', ({ keyIds }) => received.push(keyIds));
    session.processResponse(jwkSet());
    session.clearKeys();
    const types = [];
    for await (const event of events) {
        types.push(event.type);
        if (event.type === 'keyChange' && !event.newKeys) {
            break;
        }
    }
    assert.deepEqual(types, ['keyChange', 'keyExpired', 'keyChange']);
    assert.deepEqual(received, [true, [KEY_ID], false]);
    const closed = once(session, 'close');
    await session.close();
    await closed;
    const rest = [];
    for await (const event of left) {
        rest.push(event.type);
    }
    assert.deepEqual(rest, types);
    await system.close();
});

test('a listener may close everything', async () => {
    const { system, session } = opened();
    const done = new Promise((resolve, reject) => {
        session.on('event', () => system.close().then(resolve, reject));
    });
    session.processResponse(jwkSet());
    session.clearKeys();
    await done;
    assert.ok(session.closed);
});

test('licenses with a policy', async () => {
    const now = new Date();
    const service = new drm.LicenseService();
    const system = new drm.MediaKeySystem(drm.POLICYPLAY, { storagePath: folder() });
    service.setTime(now);
    system.setVirtualClock(now);
    service.addPolicy('rental', { can_play: true, license_duration_seconds: 48 * 3600 });
    service.addContent({ content_id: 'YQ==', policy: 'rental', keys: [
        { key_id: KEY_ID.toString('base64'), key: KEY.toString('base64'), track_type: 'SD' }] });
    assert.deepEqual(service.contentKey(Buffer.from('a'), 'SD'), { keyId: KEY_ID, key: KEY });
    system.setConfiguration('licenseAuthority', service.authority());
    system.processProvisioningResponse(service.handleMessage(system.generateProvisioningRequest().data).response);
    const session = system.createSession();
    const answer = service.handleMessage(session.generateRequest(KEY_ID, 'webm').data);
    assert.equal(answer.status, 200);
    assert.deepEqual(session.processResponse(answer.response), answer.licenseId);
    const info = new drm.SampleInfo({ algorithm: AES_CTR, keyId: KEY_ID, iv: CTR_IV });
    const sample = Buffer.from(CTR_DATA);
    session.decrypt(info, sample);
    assert.deepEqual(sample, CLEAR);
    const expired = once(session, 'keyExpired');
    system.advanceVirtualClock(48 * 3_600_000 + 1000, { asleep: true });
    assert.throws(() => session.decrypt(info, Buffer.from(CTR_DATA)), drm.NoLicenseError);
    assert.deepEqual((await expired)[0].keyIds, [KEY_ID]);
    assert.equal(session.explainLicenses()[0].usable, false);
    const refusal = service.handleMessage('nonsense');
    assert.ok(refusal.status >= 400 && refusal.licenseId === null);
    assert.throws(() => session.processResponse(refusal.response), drm.ServiceDeniedError);
    assert.throws(() => service.setTime(-1), drm.InvalidValueError);
    service.revokeLicense(answer.licenseId);
    await Promise.all([system.close(), service.close()]);
});

test('license templates', async () => {
    const template = new drm.LicenseTemplate({ policy_overrides: { can_play: true } });
    template.set('/policy_overrides/license_duration_seconds', 3600);
    template.set('/content_id', Buffer.from('a'));
    template.validate();
    assert.deepEqual(template.toJSON(), { content_id: 'YQ==', policy_overrides: { can_play: true, license_duration_seconds: 3600 } });
    assert.equal(template.effectivePolicy({ rental_duration_seconds: 60 }).rental_duration_seconds, 60);
    assert.deepEqual(template.warnings(), []);
    assert.throws(() => template.parse({ policy_overrides: { can_plai: true } }),
        { name: 'LicenseRefusedError', status: 422, rule: 'UNKNOWN_FIELD', pointer: '/policy_overrides/can_plai' });
    assert.throws(() => new drm.LicenseTemplate('{'), drm.LicenseRefusedError);
    await template.close();
});

test('media session', async () => {
    const player = new drm.AVSession('My player', 'org.example.player');
    player.setMetadata({ title: 'A title', duration: 180_000, skipIntervals: drm.SkipIntervals.SECONDS_15,
        lyric: '[00:01.00]First line\n[00:02.50]Second line\n' });
    player.setPlaybackState(drm.PlaybackState.PAUSED);
    player.setPosition(2600);
    assert.equal(player.position, 2600);
    assert.equal(player.lyricLine(), 'Second line');
    player.setQueue([{ itemId: 1, title: 'A' }, { itemId: 2, title: 'B' }], 2);
    player.setExtras({ a: 1 });
    assert.throws(() => player.setVolume(101), drm.AVSessionError);
    assert.throws(() => player.setMetadata({ titel: '' }), drm.InvalidValueError);
    assert.throws(() => new drm.AVSession('another', 'org.example.player'), drm.AVSessionError);
    const commands = player.commands('play', 'fastForward');
    assert.throws(() => player.handleMediaKey(drm.MediaKey.PLAY), drm.AVSessionError);
    player.activate();
    player.handleMediaKey(drm.MediaKey.PLAY);
    player.handleMediaKey(drm.MediaKey.FAST_FORWARD);
    assert.deepEqual((await commands.next()).value, { kind: 'play', argument: null });
    assert.deepEqual((await commands.next()).value, { kind: 'fastForward', argument: 15_000 });
    const key = once(player, 'keyEvent');
    player.handleMediaKey(drm.MediaKey.NEXT, drm.KeyAction.UP, 7);
    assert.deepEqual(await key, [{ key: drm.MediaKey.NEXT, action: drm.KeyAction.UP, time: 7 }]);
    await player.close();
    assert.equal((await commands.next()).done, true);
});

const PROGRAM = `
    const drm = require('native-drm');
    const system = new drm.MediaKeySystem(drm.CLEARKEY);
    const sessions = [system.createSession(), system.createSession()];
    const license = Buffer.from(${JSON.stringify(jwkSet().toString())});
    const mode = process.argv[1];
    let events = 0;
    for (const session of sessions) {
        session.on('event', () => {
            if (++events === 5) {
                if (mode === 'exit') process.exit();
                if (mode === 'close') system.close();
                if (mode === 'unref') sessions.forEach((one) => one.unref());
            }
        });
    }
    process.on('exit', () => process.stdout.write('end'));
    (function next() {
        if (system.closed || (mode === 'unref' && events >= 5)) return;
        sessions.forEach((session) => session.processResponse(license));
        setImmediate(next);
    })();`;

for (const mode of ['close', 'exit', 'unref']) {
    test(`the program ends while events arrive: ${mode}, twenty of twenty`, async () => {
        for (let round = 0; round < 20; round += 2) {
            await Promise.all([0, 1].map(async () => {
                const child = spawn(process.execPath, ['-e', PROGRAM, mode], { stdio: ['ignore', 'pipe', 'pipe'] });
                let output = '';
                child.stdout.on('data', (data) => { output += data; });
                child.stderr.on('data', (data) => { output += data; });
                assert.deepEqual(await once(child, 'close'), [0, null], output);
                assert.equal(output, 'end');
            }));
        }
    });
}
