// SPDX-License-Identifier: Apache-2.0
//
// The examples of the README run: README is in the environment variable NATIVE_DRM_README.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const readme = readFileSync(process.env.NATIVE_DRM_README, 'utf8');
const examples = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, text]) => text);

test('there are examples', () => assert.ok(examples.length >= 4));

examples.forEach((text, number) => {
    test(`example ${number + 1}`, () => {
        const done = spawnSync(process.execPath, ['--input-type=module', '-'], { input: text, encoding: 'utf8', timeout: 120_000 });
        assert.equal(done.status, 0, done.stdout + done.stderr);
    });
});
