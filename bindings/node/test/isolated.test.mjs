// SPDX-License-Identifier: Apache-2.0
//
// Instances in a process of their own, and the memory that is shared with it.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as drm from 'native-drm';

const hex = (text) => Buffer.from(text, 'hex');
const KEY_ID = hex('00112233445566778899aabbccddeeff');
const license = Buffer.from('{"keys":[{"kty":"oct","kid":"ABEiM0RVZneImaq7zN3u_w","k":"K34VFiiu0qar9xWICc9PPA"}],"type":"temporary"}');
// NIST SP 800-38A, F.5.1.
const CLEAR = hex('6bc1bee22e409f96e93d7e117393172a');
const DATA = hex('874d6191b620e3261bef6864990db6ce');
const info = new drm.SampleInfo(
    { algorithm: drm.CencAlgorithm.AES_CTR, keyId: KEY_ID, iv: hex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff') });

function opened() {
    const system = new drm.MediaKeySystem(drm.CLEARKEY, { isolated: true });
    const session = system.createSession();
    session.processResponse(license);
    return { system, session };
}

/** The host processes of this one. */
function hosts() {
    return readdirSync('/proc/self/task')
        .flatMap((task) => readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean))
        .filter((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('native-drm-host'));
}

test("decrypts, with the package's own host program", async () => {
    const { system, session } = opened();
    assert.equal(hosts().length, 1);
    const elsewhere = Buffer.from(DATA);
    session.decrypt(info, elsewhere);
    assert.deepEqual(elsewhere, CLEAR);
    const shared = system.sampleBuffer(32);
    shared.set(DATA, 0);
    shared.set(DATA, 16);
    session.decryptBatch([{ info, data: shared.subarray(0, 16) }, { info, data: shared.subarray(16) }]);
    assert.deepEqual(shared, Buffer.concat([CLEAR, CLEAR]));
    await system.close();
});

test('the end of the process', async () => {
    const { system, session } = opened();
    const shared = system.sampleBuffer(16);
    shared.set(DATA);
    process.kill(Number(hosts()[0]), 'SIGKILL');
    assert.throws(() => session.decrypt(info, shared), drm.ServiceDiedError);
    assert.throws(() => system.createSession(), drm.ServiceDiedError);
    await system.close();
    assert.deepEqual(shared, DATA);
    const another = opened();
    another.session.decrypt(info, Buffer.from(DATA));
    await another.system.close();
});

test('memory is freed when nothing refers to it any more, and not before', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc');
    const { system } = opened();
    // 512 MiB are shared: of 12 times 100 MiB only what somebody still holds can be there.
    let last = null;
    for (let round = 0; round < 12; round += 1) {
        last = system.sampleBuffer(100 << 20).subarray(0, 16);
        last.set(DATA);
        collect();
        await new Promise((resolve) => { setImmediate(resolve); });
    }
    await system.close();
    assert.deepEqual(last, DATA);
    assert.throws(() => last.buffer.transfer(), TypeError);
    try {
        structuredClone(last, { transfer: [last.buffer] });
    } catch (error) {
        assert.equal(error.name, 'DataCloneError');
    }
    assert.deepEqual(last, DATA);
    assert.throws(() => system.sampleBuffer(1), drm.ClosedError);
});

test('wrong use', async () => {
    const system = new drm.MediaKeySystem(drm.CLEARKEY);
    for (const size of [0, -1, 1.5, 268435457]) {
        assert.throws(() => system.sampleBuffer(size), drm.InvalidValueError);
    }
    assert.throws(() => system.sampleBuffer('1'), TypeError);
    const ordinary = system.sampleBuffer(4);
    await system.close();
    ordinary.fill(7);
    assert.deepEqual([...ordinary], [7, 7, 7, 7]);
    assert.throws(() => new drm.MediaKeySystem('com.example.none', { isolated: true }), drm.OperationError);
});
