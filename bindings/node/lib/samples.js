// SPDX-License-Identifier: Apache-2.0
//
// How samples and access units are encrypted.

'use strict';

const { octets, sixteen, unsigned32 } = require('./arguments.js');
const { AccessUnitFlag, CencAlgorithm, CencScheme } = require('./enums.js');
const { InvalidValueError } = require('./errors.js');
const { address, get, make, set, setBytes, sizeOf } = require('./native.js');

class SampleInfo {
    #raw = make('DRM_SampleInfo');
    #subsamples = null;

    constructor({
        algorithm = CencAlgorithm.UNENCRYPTED, keyId = Buffer.alloc(16), iv = Buffer.alloc(16), scheme = CencScheme.AUTO,
        pattern = [0, 0], subsamples = [],
    } = {}) {
        set('DRM_SampleInfo', this.#raw, 'structSize', sizeOf('DRM_SampleInfo'));
        Object.assign(this, { algorithm, keyId, iv, scheme, pattern, subsamples });
    }

    /** The bytes for C, of one that is a SampleInfo. */
    static bytesOf(info) {
        if (typeof info !== 'object' || info === null || !(#raw in info)) {
            throw new TypeError('info: a SampleInfo is needed');
        }
        return info.#raw;
    }

    get algorithm() {
        return get('DRM_SampleInfo', this.#raw, 'algorithm');
    }

    set algorithm(value) {
        set('DRM_SampleInfo', this.#raw, 'algorithm', unsigned32(value, 'algorithm'));
    }

    get scheme() {
        return get('DRM_SampleInfo', this.#raw, 'scheme');
    }

    set scheme(value) {
        set('DRM_SampleInfo', this.#raw, 'scheme', unsigned32(value, 'scheme'));
    }

    get keyId() {
        return get('DRM_SampleInfo', this.#raw, 'keyId');
    }

    set keyId(value) {
        setBytes('DRM_SampleInfo', this.#raw, 'keyId', sixteen(value, 'keyId'));
    }

    get iv() {
        return get('DRM_SampleInfo', this.#raw, 'iv').subarray(0, get('DRM_SampleInfo', this.#raw, 'ivLen'));
    }

    set iv(value) {
        const found = octets(value, 'iv');
        if (found.length !== 8 && found.length !== 16) {
            throw new InvalidValueError(`iv: 8 or 16 bytes are needed, not ${found.length}`);
        }
        setBytes('DRM_SampleInfo', this.#raw, 'iv', Buffer.concat([found, Buffer.alloc(16 - found.length)]));
        set('DRM_SampleInfo', this.#raw, 'ivLen', found.length);
    }

    get pattern() {
        return [get('DRM_SampleInfo', this.#raw, 'cryptByteBlock'), get('DRM_SampleInfo', this.#raw, 'skipByteBlock')];
    }

    set pattern(value) {
        const [crypt, skip] = pair(value, 'pattern');
        set('DRM_SampleInfo', this.#raw, 'cryptByteBlock', crypt);
        set('DRM_SampleInfo', this.#raw, 'skipByteBlock', skip);
    }

    get subsamples() {
        const pairs = [];
        for (let at = 0; at < (this.#subsamples?.length ?? 0); at += 8) {
            pairs.push([this.#subsamples.readUInt32LE(at), this.#subsamples.readUInt32LE(at + 4)]);
        }
        return pairs;
    }

    set subsamples(value) {
        const pairs = Array.from(value, (one) => pair(one, 'subsamples'));
        const packed = Buffer.alloc(8 * pairs.length);
        pairs.forEach(([clear, protectedBytes], index) => {
            packed.writeUInt32LE(clear, 8 * index);
            packed.writeUInt32LE(protectedBytes, 8 * index + 4);
        });
        // The struct has their address, and this object has them.
        this.#subsamples = pairs.length > 0 ? packed : null;
        set('DRM_SampleInfo', this.#raw, 'subsamples', pairs.length > 0 ? address(packed) : 0n);
        set('DRM_SampleInfo', this.#raw, 'subsampleCount', pairs.length);
    }
}

function pair(value, what) {
    if (!Array.isArray(value) || value.length !== 2) {
        throw new TypeError(`${what}: pairs of numbers are needed`);
    }
    return [unsigned32(value[0], what), unsigned32(value[1], what)];
}

class AccessUnitInfo {
    #raw = make('DRM_AccessUnitInfo');

    constructor({ format, nalLengthSize = 0, algorithm = 0, keyId = Buffer.alloc(16), iv = Buffer.alloc(16) }) {
        const numbers = { structSize: sizeOf('DRM_AccessUnitInfo'), format, nalLengthSize, algorithm };
        for (const [name, value] of Object.entries(numbers)) {
            set('DRM_AccessUnitInfo', this.#raw, name, unsigned32(value, name));
        }
        Object.assign(this, { keyId, iv });
    }

    static bytesOf(info) {
        if (typeof info !== 'object' || info === null || !(#raw in info)) {
            throw new TypeError('info: an AccessUnitInfo is needed');
        }
        return info.#raw;
    }

    get format() {
        return get('DRM_AccessUnitInfo', this.#raw, 'format');
    }

    get keyId() {
        return get('DRM_AccessUnitInfo', this.#raw, 'keyId');
    }

    set keyId(value) {
        setBytes('DRM_AccessUnitInfo', this.#raw, 'keyId', sixteen(value, 'keyId'));
    }

    get iv() {
        return get('DRM_AccessUnitInfo', this.#raw, 'iv');
    }

    set iv(value) {
        setBytes('DRM_AccessUnitInfo', this.#raw, 'iv', sixteen(value, 'iv'));
    }
}

class AccessUnitState {
    #raw = make('DRM_AccessUnitState');

    static bytesOf(state) {
        if (typeof state !== 'object' || state === null || !(#raw in state)) {
            throw new TypeError('state: an AccessUnitState is needed');
        }
        return state.#raw;
    }

    get flags() {
        return get('DRM_AccessUnitState', this.#raw, 'flags');
    }

    get algorithm() {
        return get('DRM_AccessUnitState', this.#raw, 'algorithm');
    }

    get keyId() {
        return this.flags & AccessUnitFlag.HAS_CEI ? get('DRM_AccessUnitState', this.#raw, 'keyId') : null;
    }

    get nextKeyId() {
        return this.flags & AccessUnitFlag.HAS_NEXT_KEY_ID ? get('DRM_AccessUnitState', this.#raw, 'nextKeyId') : null;
    }

    get iv() {
        return get('DRM_AccessUnitState', this.#raw, 'iv').subarray(0, get('DRM_AccessUnitState', this.#raw, 'ivLen'));
    }
}

module.exports = { AccessUnitInfo, AccessUnitState, SampleInfo };
