// SPDX-License-Identifier: Apache-2.0
//
// Arguments and results on their way to C and back.

'use strict';

const { ErrorCode } = require('./enums.js');
const { InvalidValueError, check } = require('./errors.js');
const { readText } = require('./native.js');

/** A text as C has it. */
function text(value, what) {
    if (typeof value !== 'string') {
        throw new TypeError(`${what}: a string is needed, not ${typeof value}`);
    }
    if (value.includes('\0')) {
        throw new InvalidValueError(`${what}: a NUL inside`);
    }
    return value;
}

/** Bytes of a Buffer, another typed array, a DataView or an ArrayBuffer, where they lie. */
function octets(value, what) {
    if (Buffer.isBuffer(value)) {
        return value;
    }
    if (ArrayBuffer.isView(value)) {
        return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
        return Buffer.from(value);
    }
    throw new TypeError(`${what}: a Buffer, typed array or ArrayBuffer is needed, not ${value === null ? 'null' : typeof value}`);
}

/** What C takes for bytes: null if there are none, since a Buffer without bytes may have no address. */
const pointer = (buffer) => (buffer.length > 0 ? buffer : null);

function sixteen(value, what) {
    const found = octets(value, what);
    if (found.length !== 16) {
        throw new InvalidValueError(`${what}: 16 bytes are needed, not ${found.length}`);
    }
    return found;
}

/** JSON: text or UTF-8 as it is, anything else is written as JSON. */
function json(value, what) {
    if (typeof value === 'string') {
        return Buffer.from(value);
    }
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
        return octets(value, what);
    }
    if (typeof value !== 'object' || value === null) {
        throw new TypeError(`${what}: JSON, or an object to write as JSON, is needed`);
    }
    return Buffer.from(JSON.stringify(value));
}

/** A whole number that fits into its C type. */
function whole(value, lowest, highest, what) {
    if (typeof value !== 'number') {
        throw new TypeError(`${what}: a number is needed, not ${typeof value}`);
    }
    if (!Number.isInteger(value) || value < lowest || value > highest) {
        throw new InvalidValueError(`${what}: ${value} is no whole number within ${lowest} to ${highest}`);
    }
    return value;
}

const unsigned32 = (value, what) => whole(value, 0, 0xffff_ffff, what);
const signed32 = (value, what) => whole(value, -0x8000_0000, 0x7fff_ffff, what);
const safe = (value, what) => whole(value, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, what);

/** A Date or milliseconds. */
const millis = (value, what) => safe(value instanceof Date ? value.getTime() : value, what);

/** What a function writes that takes a buffer and its length, and says what it needs where the room is too small. */
function growing(room, call) {
    for (;;) {
        const buffer = Buffer.alloc(room);
        const length = Buffer.alloc(4);
        length.writeUInt32LE(room);
        const code = call(buffer, length);
        const used = length.readUInt32LE();
        if (code !== ErrorCode.INVALID_VAL || used <= room) {
            check(code);
            return buffer.subarray(0, used);
        }
        room = used;
    }
}

const growingText = (room, call) => readText(growing(room, call));

/** A handle that a function writes. */
function created(call) {
    const out = Buffer.alloc(8);
    call(out);
    return out.readBigUInt64LE();
}

/** A number that a function writes. */
function told(call) {
    const out = Buffer.alloc(4);
    check(call(out));
    return out.readUInt32LE();
}

module.exports = {
    created, growing, growingText, json, millis, octets, pointer, safe, signed32, sixteen, text, told, unsigned32, whole,
};
