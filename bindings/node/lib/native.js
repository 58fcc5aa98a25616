// SPDX-License-Identifier: Apache-2.0
//
// The library's functions by name, and the C API's structs as Buffers.
//
// koffi runs callbacks on the JavaScript thread, and the library's thread waits meanwhile. A C function that waits for callbacks that
// are running (those that destroy something or set callbacks) must not be called on the JavaScript thread then: see events.js.

'use strict';

const path = require('node:path');
const koffi = require('koffi');
const { structs, functions, callbacks } = require('./abi.js');

const library = koffi.load(process.env.NATIVE_DRM_LIBRARY || path.join(__dirname, '..', 'native', 'libnative_drm.so'));

/** The functions, looked up when they are used first: a library that was built without some of them lacks these. */
const lib = {};
for (const name of Object.keys(functions)) {
    Object.defineProperty(lib, name, {
        configurable: true,
        enumerable: true,
        get() {
            const [returned, parameters] = functions[name];
            const found = library.func(name, returned, parameters);
            Object.defineProperty(lib, name, { value: found, enumerable: true });
            return found;
        },
    });
}

/** Registers a JavaScript function as a C callback of a type; returns its address. It stays for as long as this thread of JavaScript. */
function register(type, listener) {
    const [returned, parameters] = callbacks[type];
    return koffi.register(listener, koffi.pointer(koffi.proto(returned, parameters)));
}

/** A copy of what C points to. */
function bytesAt(address, length) {
    return length > 0 && address ? Buffer.from(new Uint8Array(koffi.view(address, length))) : Buffer.alloc(0);
}

const SIZES = { char: 1, uint8_t: 1, bool: 1, int32_t: 4, uint32_t: 4, int64_t: 8, uint64_t: 8, size_t: 8, double: 8 };

function readNumber(type, buffer, offset) {
    switch (type) {
        case 'uint8_t': return buffer[offset];
        case 'bool': return buffer[offset] !== 0;
        case 'int32_t': return buffer.readInt32LE(offset);
        case 'uint32_t': return buffer.readUInt32LE(offset);
        case 'int64_t': return buffer.readBigInt64LE(offset);
        case 'double': return buffer.readDoubleLE(offset);
        default: return buffer.readBigUInt64LE(offset);
    }
}

function writeNumber(type, buffer, offset, value) {
    switch (type) {
        case 'uint8_t': return buffer.writeUInt8(value, offset);
        case 'bool': return buffer.writeUInt8(value ? 1 : 0, offset);
        case 'int32_t': return buffer.writeInt32LE(value, offset);
        case 'uint32_t': return buffer.writeUInt32LE(value, offset);
        case 'int64_t': return buffer.writeBigInt64LE(BigInt(value), offset);
        case 'double': return buffer.writeDoubleLE(value, offset);
        default: return buffer.writeBigUInt64LE(BigInt(value), offset);
    }
}

function readText(buffer) {
    const end = buffer.indexOf(0);
    return buffer.toString('utf8', 0, end < 0 ? buffer.length : end);
}

function readField(buffer, offset, type, lengths) {
    if (lengths.length === 0) {
        return readNumber(type, buffer, offset);
    }
    const [count, ...inner] = lengths;
    if (inner.length === 0 && type === 'uint8_t') {
        return Buffer.from(buffer.subarray(offset, offset + count));
    }
    if (inner.length === 0 && type === 'char') {
        return readText(buffer.subarray(offset, offset + count));
    }
    const size = inner.reduce((product, length) => product * length, SIZES[type]);
    return Array.from({ length: count }, (_, index) => readField(buffer, offset + index * size, type, inner));
}

/** An empty struct. */
function make(name) {
    return Buffer.alloc(structs[name].size);
}

/** A field of a struct: a number, text, a Buffer, or an array of these. */
function get(name, buffer, field) {
    const [offset, type, lengths] = structs[name].fields[field];
    return readField(buffer, offset, type, lengths);
}

/** The first entries of a field that is an array of arrays. */
function getSome(name, buffer, field, count) {
    const [offset, type, [, ...inner]] = structs[name].fields[field];
    const size = inner.reduce((product, length) => product * length, SIZES[type]);
    return Array.from({ length: count }, (_, index) => readField(buffer, offset + index * size, type, inner));
}

/** Sets a field that is a number. */
function set(name, buffer, field, value) {
    const [offset, type] = structs[name].fields[field];
    writeNumber(type, buffer, offset, value);
}

/** Puts bytes into a field that is an array, at an index of it where it is an array of arrays. The caller has checked their number. */
function setBytes(name, buffer, field, bytes, index = 0) {
    const [offset, type, lengths] = structs[name].fields[field];
    const size = lengths.slice(1).reduce((product, length) => product * length, SIZES[type]);
    buffer.set(bytes, offset + (lengths.length > 1 ? index * size : 0));
}

module.exports = {
    address: koffi.address, bytesAt, get, getSome, lib, make, readText, register, set, setBytes, sizeOf: (name) => structs[name].size,
    view: koffi.view,
};
