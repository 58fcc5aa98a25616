// SPDX-License-Identifier: Apache-2.0
//
// Compiled, not run: what TypeScript takes, and what it does not.

import {
    AVSession, CLEARKEY, CencAlgorithm, EventType, LicenseService, MediaKeySystem, NoKeyError, SampleInfo, parsePsshBoxes,
} from 'native-drm';

const system = new MediaKeySystem(CLEARKEY, { storagePath: '/tmp/x' });
const session = system.createSession();
const info = new SampleInfo({ algorithm: CencAlgorithm.AES_CTR, keyId: new Uint8Array(16), iv: Buffer.alloc(8), subsamples: [[1, 2]] });
info.iv = new Uint8Array(16);
session.decrypt(info, new Uint8Array(16));
session.decrypt(info, new MediaKeySystem(CLEARKEY, { isolated: true }).sampleBuffer(16));
session.on('keyChange', (event) => event.keys.map(({ keyId, status }) => `${keyId.toString('hex')} ${status}`));
session.on('expirationUpdate', ({ expiry }) => expiry?.getTime());
const kind: EventType = EventType.KEY_REQUIRED;

export async function play(): Promise<string[]> {
    const types: string[] = [];
    for await (const event of session.events()) {
        if (event.type === 'keyExpired') {
            types.push(...event.keyIds.map((id) => id.toString('hex')));
        }
    }
    for (const { data, systemId } of parsePsshBoxes(Buffer.alloc(8))) {
        types.push(systemId, session.generateRequest(data).defaultUrl);
    }
    try {
        session.decryptBatch([{ info, data: Buffer.alloc(1) }]);
    } catch (error) {
        if (error instanceof NoKeyError) {
            types.push(error.reason, String(error.sampleIndex), String(kind));
        }
    }
    const player = new AVSession('a', 'b');
    player.on('seek', (time) => player.setPosition(time));
    const service = new LicenseService(null);
    service.addPolicy('p', { can_play: true });
    await system.close();
    return types;
}

// @ts-expect-error: no number is a name
new MediaKeySystem(5);
// @ts-expect-error: there is no such event
session.on('keyChange', (event) => event.initData);
// @ts-expect-error: no text is a sample
session.decrypt(info, 'text');
