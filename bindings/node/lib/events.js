// SPDX-License-Identifier: Apache-2.0
//
// What all objects of the library have in common: a handle, closing, and events.
//
// C callbacks are registered with the library, one of each kind for all objects of a thread of JavaScript, with an object's number as user
// data. The library's thread waits in koffi until JavaScript has taken an event; listeners run right after that, when it has gone on.
// Functions that wait for callbacks therefore run on another thread, by koffi's async().

'use strict';

const { EventEmitter } = require('node:events');
const { promisify } = require('node:util');
const { isMainThread } = require('node:worker_threads');
const { ClosedError } = require('./errors.js');
const { lib } = require('./native.js');

// Node.js has these since 18.18 and 20.4.
Symbol.dispose ??= Symbol('Symbol.dispose');
Symbol.asyncDispose ??= Symbol('Symbol.asyncDispose');

/** What listens, by its number. */
const objects = new Map();
/** How to destroy what this thread of JavaScript has open, by its handle. */
const open = new Map();
let numbers = 0;

/** Events of an EventEmitter as an async iterator, kept from its making on; it ends with the event `close`. */
class EventStream {
    #waiting = [];
    #kept = [];
    #ended = false;
    #leave;

    /** @param wanted says of an event whether it belongs here */
    constructor(source, name, wanted = () => true) {
        const put = (event) => {
            if (!wanted(event)) {
                return;
            }
            const waiting = this.#waiting.shift();
            waiting ? waiting({ value: event, done: false }) : this.#kept.push(event);
        };
        const end = () => {
            this.#ended = true;
            this.#leave();
            for (const waiting of this.#waiting.splice(0)) {
                waiting({ value: undefined, done: true });
            }
        };
        this.#leave = () => {
            source.off(name, put);
            source.off('close', end);
        };
        source.on(name, put);
        source.on('close', end);
        this.close = () => {
            this.#kept.length = 0;
            end();
        };
    }

    next() {
        if (this.#kept.length > 0) {
            return Promise.resolve({ value: this.#kept.shift(), done: false });
        }
        if (this.#ended) {
            return Promise.resolve({ value: undefined, done: true });
        }
        return new Promise((resolve) => this.#waiting.push(resolve));
    }

    return() {
        this.close();
        return Promise.resolve({ value: undefined, done: true });
    }

    [Symbol.asyncIterator]() {
        return this;
    }

    [Symbol.dispose]() {
        this.close();
    }
}

/** An object with a handle, that is closed. */
class Closing extends EventEmitter {
    #handle;
    #destroy;
    #closed = null;
    #number = 0;
    #alive = null;

    /** @param destroy the C function that destroys it */
    constructor(handle, destroy) {
        super();
        this.#handle = handle;
        this.#destroy = destroy;
        open.set(handle, destroy);
        forgotten.register(this, { handle, destroy }, this);
    }

    get handle() {
        if (this.#closed) {
            throw new ClosedError(`the ${this.constructor.name} is closed`);
        }
        return this.#handle;
    }

    get closed() {
        return this.#closed !== null;
    }

    /** Registers callbacks, once, by a function that is given the number that they have as user data. */
    _listen(register) {
        if (this.#number !== 0) {
            return this.#number;
        }
        const handle = this.handle;
        const number = ++numbers;
        register(handle, number);
        this.#number = number;
        objects.set(number, this);
        // koffi's callbacks do not keep the program alive: this does until the object is closed.
        this.#alive = setInterval(() => {}, 0x7fff_ffff);
        return number;
    }

    ref() {
        this.#alive?.ref();
        return this;
    }

    unref() {
        this.#alive?.unref();
        return this;
    }

    /** Whether callbacks may be running that destroying waits for. */
    get _listening() {
        return this.#number !== 0;
    }

    /** Gives everything up; nothing can be called any more at once. Resolves when the library has done it. */
    close() {
        if (this.#closed === null) {
            forgotten.unregister(this);
            open.delete(this.#handle);
            objects.delete(this.#number);
            clearInterval(this.#alive);
            if (this._listening) {
                this.#closed = promisify(this.#destroy.async)(this.#handle).then(() => undefined);
            } else {
                this.#closed = Promise.resolve();
                this.#destroy(this.#handle);
            }
            this.emit('close');
        }
        return this.#closed;
    }

    [Symbol.dispose]() {
        this.close();
    }

    async [Symbol.asyncDispose]() {
        await this.close();
    }
}

/** Destroys what was forgotten. Not here: a callback of what it belonged to may be waiting for this thread. */
const forgotten = new FinalizationRegistry(({ handle, destroy }) => {
    open.delete(handle);
    destroy.async(handle, () => {});
});

/** Hands an event over: to the object of a number, when the library's thread has gone on. */
function deliver(number, ...event) {
    const object = objects.get(Number(number));
    if (object) {
        queueMicrotask(() => {
            if (!object.closed) {
                object._deliver(...event);
            }
        });
    }
    return 0;
}

// The end of this thread of JavaScript while something still listens: koffi ends the process by abort() if the library calls a thread
// that is being taken down.
process.on('exit', function last(code) {
    if (!isMainThread) {
        closeAll();
    } else if (objects.size > 0) {
        // The main thread's end need not take it down: process.exit() in this event ends the process. Those who come later hear of it first.
        const listeners = process.listeners('exit');
        listeners.slice(listeners.indexOf(last) + 1).forEach((listener) => listener.call(process, code));
        process.exit();
    }
});

/**
 * Closes what a worker has left open, when its JavaScript is over. Destroying lets no new callback in and then waits for one that is under
 * way, which ends when the worker is taken down: so it is begun on other threads, and seen from here by handles that are gone.
 */
function closeAll() {
    const listened = objects.size > 0;
    const handles = [...open.keys()];
    for (const [handle, destroy] of open) {
        destroy.async(handle, () => {});
    }
    const end = performance.now() + 1000;
    while (handles.some(exists) && performance.now() < end) {
        pause(1);
    }
    if (listened) {
        pause(20); // What was let in just before gets to koffi.
    }
}

const scratch = Buffer.alloc(4);

/** Whether a handle is one of a session, an instance or a media session. */
function exists(handle) {
    return lib.OH_MediaKeySession_GetContentProtectionLevel(handle, scratch) === 0
        || lib.OH_MediaKeySystem_GetMaxContentProtectionLevel(handle, scratch) === 0
        || lib.OH_AVSession_GetSessionType(handle, scratch) === 0;
}

function pause(milliseconds) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

module.exports = { Closing, EventStream, deliver };
