#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// What a decrypt costs from Node.js more than from C: node bench.js PACKAGE, the package being a directory that has native-drm in its
// node_modules. Prints nanoseconds for samples of several sizes: through the package, through C (bindings/bench_c.c, compiled here and
// linked with the same library), and the difference. The lowest of many rounds counts: what other programs take is not ours.

'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const os = require('node:os');
const path = require('node:path');

const SIZES = [400, 1024, 16 * 1024, 256 * 1024];
const directory = path.resolve(process.argv[2] ?? '.');
// From there: from here the name would be this package's own.
const there = createRequire(path.join(directory, 'bench.js'));
const drm = there('native-drm');
const library = path.join(path.dirname(there.resolve('native-drm')), 'native', 'libnative_drm.so');
const bindings = path.dirname(__dirname);
const include = path.join(bindings, '..', 'include', 'multimedia');

function fromC() {
    const work = fs.mkdtempSync(path.join(os.tmpdir(), 'native-drm-'));
    try {
        fs.symlinkSync(library, path.join(work, 'libnative_drm.so.0'));
        execFileSync('cc', [
            '-O2', '-std=gnu11', `-I${include}/drm_framework`, `-I${include}/player_framework`, path.join(bindings, 'bench_c.c'),
            '-o', path.join(work, 'bench_c'), path.join(work, 'libnative_drm.so.0'), `-Wl,-rpath,${work}`]);
        const lines = execFileSync(path.join(work, 'bench_c'), SIZES.map(String), { encoding: 'utf8' }).trim().split('\n');
        return new Map(lines.map((line) => line.split(' ').map(Number)));
    } finally {
        fs.rmSync(work, { recursive: true });
    }
}

function fromNode() {
    const times = new Map();
    const system = new drm.MediaKeySystem(drm.CLEARKEY);
    const session = system.createSession();
    const license = { keys: [{ kty: 'oct', kid: 'ABEiM0RVZneImaq7zN3u_w', k: 'K34VFiiu0qar9xWICc9PPA' }], type: 'temporary' };
    const keyId = session.processResponse(Buffer.from(JSON.stringify(license)));
    const info = new drm.SampleInfo({ algorithm: drm.CencAlgorithm.AES_CTR, keyId, iv: Buffer.alloc(16) });
    for (const size of SIZES) {
        const sample = Buffer.alloc(size);
        const calls = size < 100_000 ? 200 : 20;
        let best = Infinity;
        for (let round = 0; round < 300; round++) {
            const start = process.hrtime.bigint();
            for (let call = 0; call < calls; call++) {
                session.decrypt(info, sample);
            }
            best = Math.min(best, Number(process.hrtime.bigint() - start) / calls);
        }
        times.set(size, best);
    }
    system.close();
    return times;
}

const c = fromC();
const node = fromNode();
console.log('    sample  Node.js, ns        C, ns     more, ns');
for (const size of SIZES) {
    const row = [node.get(size), c.get(size), node.get(size) - c.get(size)].map((value) => value.toFixed(0).padStart(12));
    console.log(`${String(size).padStart(8)} B ${row.join(' ')}`);
}
console.log(`Node.js ${process.version}, cenc with AES-128, in place`);
