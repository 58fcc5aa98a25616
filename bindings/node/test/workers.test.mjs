// SPDX-License-Identifier: Apache-2.0
//
// Worker threads that end while events are under way. How often: NATIVE_DRM_TEST_ROUNDS.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import * as drm from 'native-drm';

const ROUNDS = Number(process.env.NATIVE_DRM_TEST_ROUNDS ?? 8);
const license = Buffer.from('{"keys":[{"kty":"oct","kid":"ABEiM0RVZneImaq7zN3u_w","k":"K34VFiiu0qar9xWICc9PPA"}],"type":"temporary"}');

// `left`: nothing of what is open listens any more, and the worker ends by itself. `alone`: a process has one media session at a time.
const WORKER = `
    const { parentPort, workerData } = require('node:worker_threads');
    const drm = require('native-drm');
    const system = new drm.MediaKeySystem(drm.CLEARKEY);
    const session = system.createSession();
    const others = [new drm.LicenseService(), new drm.LicenseTemplate()];
    if (workerData.alone) others.push(new drm.AVSession('worker', 'org.example.worker'));
    const license = Buffer.from(workerData.license);
    let events = 0;
    session.on('event', () => {
        if (++events !== 5) return;
        switch (workerData.end) {
            case 'exit': process.exit();
            case 'close': Promise.all([...others, system].map((one) => one.close())).then(() => parentPort.postMessage(events)); break;
            case 'throw': throw new Error('on purpose');
            case 'left': session.unref();
        }
    });
    (function next() {
        if (session.closed || (workerData.end === 'left' && events >= 5)) return;
        session.processResponse(license);
        setImmediate(next);
    })();`;

/** Instances of this process. */
async function instances() {
    const system = new drm.MediaKeySystem(drm.CLEARKEY);
    let number = 1;
    const more = [];
    try {
        for (;;) {
            more.push(new drm.MediaKeySystem(drm.CLEARKEY));
            number += 1;
        }
    } catch (error) {
        assert.ok(error instanceof drm.TooManySystemsError);
    }
    await Promise.all([system, ...more].map((one) => one.close()));
    return number;
}

for (const end of ['close', 'exit', 'throw', 'left']) {
    test(`workers: ${end}`, async () => {
        const before = await instances();
        for (let round = 0; round < ROUNDS; round += 4) {
            await Promise.all(Array.from({ length: 4 }, async (_, index) => {
                const worker = new Worker(WORKER, { eval: true, workerData: { license, end, alone: index === 0 } });
                const message = end === 'close' ? once(worker, 'message') : null;
                const error = end === 'throw' ? new Promise((resolve) => { worker.once('error', resolve); }) : null;
                const [code] = await new Promise((resolve) => { worker.once('exit', (...status) => resolve(status)); });
                assert.equal(code, end === 'throw' ? 1 : 0);
                if (message) {
                    assert.ok((await message)[0] >= 5);
                }
                if (error) {
                    assert.equal((await error).message, 'on purpose');
                }
            }));
        }
        // Nothing that they left open counts any more.
        assert.equal(await instances(), before);
    });
}
