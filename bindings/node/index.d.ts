// SPDX-License-Identifier: Apache-2.0

/// <reference types="node" />

import { EventEmitter } from 'node:events';
import {
    AVSessionType, CertificateStatus, ContentProtectionLevel, DisplayTag, KeyAction, LicenseProfile, LoopMode, MediaKey, MediaKeyRequestType,
    MediaKeyType, OfflineMediaKeyStatus, PlaybackState, ProtocolType, SkipIntervals, AccessUnitFormat, CencAlgorithm, CencScheme,
} from './lib/enums.js';

export * from './lib/enums.js';

/** Bytes where they lie. */
export type Bytes = Buffer | NodeJS.ArrayBufferView | ArrayBuffer | SharedArrayBuffer;
/** JSON as text or UTF-8, or an object to be written as JSON. */
export type Json = string | Buffer | Uint8Array | object;

export declare const CLEARPLAY: 'com.clearplay.drm';
export declare const CLEARKEY: 'org.w3.clearkey';
export declare const POLICYPLAY: 'com.policyplay.drm';

// Errors

/** A call failed, and changed nothing. */
export declare class DrmError extends Error {
    /** What the C function returned, one of ErrorCode. */
    readonly code: number;
    /** Which argument, byte or key id was at fault; never key material. */
    readonly reason: string;
    /** decryptBatch(): the sample that was refused. */
    readonly sampleIndex?: number | null;
}
/** An argument is out of range, too long or contradicts another one (`DRM_ERR_INVALID_VAL`). */
export declare class InvalidValueError extends DrmError {}
/** The object was closed. */
export declare class ClosedError extends InvalidValueError {}
/** Well formed, but it cannot be done (`DRM_ERR_UNKNOWN`). */
export declare class OperationError extends DrmError {}
export declare class TooManySystemsError extends DrmError {}
export declare class TooManySessionsError extends DrmError {}
export declare class NotProvisionedError extends DrmError {}
export declare class DeviceTimeError extends DrmError {}
export declare class ServiceDeniedError extends DrmError {}
export declare class NoLicenseError extends DrmError {}
export declare class NoKeyError extends DrmError {}
export declare class ServiceDiedError extends DrmError {}
/** A license template breaks a rule. */
export declare class LicenseRefusedError extends OperationError {
    /** 400 malformed, 422 invalid. */
    readonly status: number;
    /** The rule's id, such as SPEC_WITHOUT_TRACK_TYPE. */
    readonly rule: string;
    /** JSON pointer to the place. */
    readonly pointer: string;
    /** In words. */
    readonly explanation: string;
    /** What was probably meant. */
    readonly suggestion: string | null;
}
export declare class AVSessionError extends Error {
    /** One of AVSessionErrorCode. */
    readonly code: number;
    readonly reason: string;
}

// Objects

/** An object that is closed, by close(), `using` or `await using`. */
declare class Closing extends EventEmitter {
    /** The handle of the C API. */
    readonly handle: bigint;
    readonly closed: boolean;
    /** Gives everything up: nothing can be called any more at once. Resolves when the library has done it. */
    close(): Promise<void>;
    /** While something listens to it, an open object keeps the program alive: it does so again, or no longer. */
    ref(): this;
    unref(): this;
    [Symbol.dispose](): void;
    [Symbol.asyncDispose](): Promise<void>;
}

/** Events from its making on; it ends when what sends them is closed. */
export declare class EventStream<E> implements AsyncIterableIterator<E> {
    private constructor();
    next(): Promise<IteratorResult<E>>;
    return(): Promise<IteratorResult<E>>;
    close(): void;
    [Symbol.asyncIterator](): this;
    [Symbol.dispose](): void;
}

export interface KeyRequiredEvent { type: 'keyRequired'; data: Buffer; initData: Buffer }
export interface KeyExpiredEvent { type: 'keyExpired'; data: Buffer; keyIds: Buffer[] }
export interface ExpirationUpdateEvent { type: 'expirationUpdate'; data: Buffer; expiry: Date | null }
export interface OtherEvent { type: 'provisionRequired' | 'vendorDefined' | 'unknown'; data: Buffer }
/** All keys of the session. newKeys: a response or a restored key brought usable keys, or a key became usable. */
export interface KeyChangeEvent { type: 'keyChange'; keys: { keyId: Buffer; status: string }[]; newKeys: boolean }
export type SystemEvent = KeyRequiredEvent | KeyExpiredEvent | ExpirationUpdateEvent | OtherEvent;
export type SessionEvent = SystemEvent | KeyChangeEvent;

type Names<E extends { type: string }> = E['type'];
type Named<E extends { type: string }, N> = Extract<E, { type: N }>;

declare class Emitter<E extends { type: string }> extends Closing {
    /** Events from now on as an async iterator. */
    events(): EventStream<E>;
    /** `event`: all of them; or an event by its type; or `close`. */
    on(name: 'event', listener: (event: E) => void): this;
    on<N extends Names<E>>(name: N, listener: (event: Named<E, N>) => void): this;
    on(name: 'close', listener: () => void): this;
    on(name: string | symbol, listener: (...values: any[]) => void): this;
    once(name: 'event', listener: (event: E) => void): this;
    once<N extends Names<E>>(name: N, listener: (event: Named<E, N>) => void): this;
    once(name: 'close', listener: () => void): this;
    once(name: string | symbol, listener: (...values: any[]) => void): this;
}

export interface SampleInfoFields {
    algorithm?: CencAlgorithm;
    /** 16 bytes. */
    keyId?: Bytes;
    /** 8 or 16 bytes. */
    iv?: Bytes;
    scheme?: CencScheme;
    /** Encrypted and clear blocks. */
    pattern?: [number, number];
    /** Clear and protected bytes, which add up to the sample; none: all of it is protected. */
    subsamples?: Iterable<[number, number]>;
}
/** How one sample is encrypted. One object serves many samples: set what differs. */
export declare class SampleInfo {
    constructor(fields?: SampleInfoFields);
    algorithm: CencAlgorithm;
    scheme: CencScheme;
    get keyId(): Buffer;
    set keyId(value: Bytes);
    get iv(): Buffer;
    set iv(value: Bytes);
    pattern: [number, number];
    get subsamples(): [number, number][];
    set subsamples(value: Iterable<[number, number]>);
}
/** What does not stand in the access units of a stream. */
export declare class AccessUnitInfo {
    constructor(fields: { format: AccessUnitFormat; nalLengthSize?: 0 | 1 | 2 | 4; algorithm?: number; keyId?: Bytes; iv?: Bytes });
    readonly format: AccessUnitFormat;
    get keyId(): Buffer;
    set keyId(value: Bytes);
    get iv(): Buffer;
    set iv(value: Bytes);
}
/** What the last CEI of a stream said. A new one at the start of a stream and after a seek. */
export declare class AccessUnitState {
    /** Bits of AccessUnitFlag. */
    readonly flags: number;
    readonly algorithm: number;
    readonly keyId: Buffer | null;
    readonly nextKeyId: Buffer | null;
    readonly iv: Buffer;
}

export interface MediaKeyRequest { type: MediaKeyRequestType; data: Buffer; defaultUrl: string }

/** A session of a key system, made by MediaKeySystem.createSession(). */
export declare class MediaKeySession extends Emitter<SessionEvent> {
    private constructor();
    readonly system: MediaKeySystem;
    /** Decrypts a sample where it lies. If it fails, the sample is as it was. */
    decrypt(info: SampleInfo, data: Bytes): void;
    /** Decrypts several samples where they lie. If one is refused, all are as they were: `sampleIndex` of the error. */
    decryptBatch(samples: Iterable<{ info: SampleInfo; data: Bytes }>): void;
    /** Decrypts an access unit that says itself how it is encrypted, and returns its length now. */
    decryptAccessUnit(info: AccessUnitInfo, state: AccessUnitState, data: Bytes): number;
    /** Generates the message for a license server. initData: pssh boxes; a key id for `webm`; JSON for `keyids`. */
    generateRequest(
        initData: Bytes, mimeType?: string, more?: { keyType?: MediaKeyType; options?: Record<string, string | Bytes> },
    ): MediaKeyRequest;
    /** Processes the license server's answer, and returns the media key id. */
    processResponse(response: Bytes): Buffer;
    /** Status words by key id (hexadecimal), then rows of a license with a policy. */
    checkStatus(): Record<string, string>;
    clearKeys(): void;
    restoreOfflineKeys(mediaKeyId: Bytes): void;
    generateReleaseRequest(mediaKeyId: Bytes): Buffer;
    processReleaseResponse(mediaKeyId: Bytes, response: Bytes): void;
    /** Why licenses with a policy may be used or not, and until when (docs/license-policy.md of the project). */
    explainLicenses(): Record<string, any>[];
    readonly contentProtectionLevel: ContentProtectionLevel;
    requiresSecureDecoder(mimeType: string): boolean;
}

/** An instance of a key system. */
export declare class MediaKeySystem extends Emitter<SystemEvent> {
    /** `isolated`: in a process of its own, which has the keys; once that has ended, calls throw ServiceDiedError. */
    constructor(name: string, options?: { storagePath?: string; isolated?: boolean });
    readonly name: string;
    createSession(level?: ContentProtectionLevel): MediaKeySession;
    /** A session that holds a usable key; waits for it, at most so many milliseconds. */
    findSession(keyId: Bytes, timeout?: number): Promise<MediaKeySession | null>;
    /**
     * Memory for samples, at first with anything in it. An isolated instance shares it with its process, and decrypts there without a
     * copy. It is freed when nothing refers to it any more, also after the instance is closed.
     */
    sampleBuffer(size: number): Buffer;
    /** Sets a configuration string, or byte array. */
    setConfiguration(name: string, value: string | Bytes): void;
    getConfiguration(name: string): string;
    getConfigurationBytes(name: string): Buffer;
    statistics(): Record<string, string>;
    readonly maxContentProtectionLevel: ContentProtectionLevel;
    readonly certificateStatus: CertificateStatus;
    generateProvisioningRequest(): { data: Buffer; defaultUrl: string };
    processProvisioningResponse(response: Bytes): void;
    offlineKeyIds(): Buffer[];
    offlineKeyStatus(mediaKeyId: Bytes): OfflineMediaKeyStatus;
    clearOfflineKeys(mediaKeyId: Bytes): void;
    /** Puts the instance on a clock that stands still until it is moved; a Date, or milliseconds since 1970. */
    setVirtualClock(wallClock: Date | number): void;
    /** Lets milliseconds pass on it. What falls due happens before this returns; events follow. */
    advanceVirtualClock(duration: number, options?: { asleep?: boolean }): void;
}

export declare function keySystems(): { name: string; systemId: string }[];
export declare function isSupported(name: string, mimeType?: string, level?: ContentProtectionLevel): boolean;
/** All pssh boxes of media or a manifest. */
export declare function parsePsshBoxes(data: Bytes): { systemId: string; data: Buffer }[];
export declare function version(): [number, number, number];
/** Loads key systems from a shared library. */
export declare function loadPlugin(path: string): void;

/** A license template (docs/license-policy.md of the project). */
export declare class LicenseTemplate extends Closing {
    constructor(template?: Json, options?: { profile?: LicenseProfile });
    parse(template: Json): void;
    /** Sets a field, such as /policy_overrides/can_play; bytes become base64. */
    set(pointer: string, value: boolean | number | string | Bytes): void;
    validate(): void;
    toJSON(): Record<string, any>;
    effectivePolicy(storedPolicy?: Json): Record<string, any>;
    warnings(storedPolicy?: Json): { rule: string; pointer: string; message: string }[];
}

export interface ServiceAnswer { response: Buffer; status: number; licenseId: Buffer | null; sequence: number }

/** The license service for com.policyplay.drm, in a directory or in memory. */
export declare class LicenseService extends Closing {
    constructor(directory?: string | null, options?: { profile?: LicenseProfile });
    addContent(content: Json): void;
    addPolicy(name: string, policy: Json): void;
    addProvider(name: string, token?: string | null): void;
    addCatalog(catalog: Json): void;
    contentKey(contentId: Bytes, trackType: string): { keyId: Buffer; key: Buffer };
    /** Answers a device's message, or a license template around it. A refusal is an answer, too. */
    handleMessage(message: string | Bytes): ServiceAnswer;
    revokeLicense(licenseId: Bytes): void;
    authority(): Buffer;
    /** Sets its clock, which then stands still; null returns to the machine's. */
    setTime(wallClock: Date | number | null): void;
}

export interface Metadata {
    assetId?: string; title?: string; artist?: string; author?: string; album?: string; writer?: string; composer?: string;
    subtitle?: string; description?: string; mediaImageUri?: string; lyric?: string; previousAssetId?: string; nextAssetId?: string;
    /** Milliseconds; -1: do not show one. */
    duration?: number;
    skipIntervals?: SkipIntervals; displayTags?: DisplayTag; filter?: ProtocolType | number;
}
export interface QueueItem {
    itemId: number; assetId?: string; title?: string; subtitle?: string; artist?: string; mediaImageUri?: string; duration?: number;
}
/** The commands with their arguments. Times are milliseconds. */
export interface Commands {
    play: null; pause: null; stop: null; playNext: null; playPrevious: null; fastForward: number; rewind: number; seek: number;
    setLoopMode: LoopMode; setTargetLoopMode: LoopMode; toggleFavorite: string; setSpeed: number; setVolume: number;
    playFromAssetId: string; skipToQueueItem: number; commonCommand: { name: string; arguments: string };
    keyEvent: { key: MediaKey; action: KeyAction; time: number }; answer: null; hangUp: null; toggleCallMute: null;
}
export type Command = { [K in keyof Commands]: { kind: K; argument: Commands[K] } }[keyof Commands];

/** The media session of this process. Commands that somebody listens to are offered. */
export declare class AVSession extends Closing {
    constructor(tag: string, bundleName: string, options?: { abilityName?: string; type?: AVSessionType });
    activate(): void;
    deactivate(): void;
    setMetadata(metadata: Metadata): void;
    setPlaybackState(state: PlaybackState): void;
    setPosition(elapsed: number, updated?: number): void;
    readonly position: number;
    setFavorite(favorite: boolean): void;
    setLoopMode(mode: LoopMode): void;
    setSpeed(speed: number): void;
    setVolume(volume: number): void;
    setBufferedTime(buffered: number): void;
    setExtras(extras: object): void;
    setPrivate(isPrivate: boolean): void;
    setQueue(items: Iterable<QueueItem>, active?: number): void;
    lyricLine(): string;
    handleMediaKey(key: MediaKey, action?: KeyAction, time?: number): void;
    /** Commands of these kinds as an async iterator. */
    commands(...kinds: (keyof Commands)[]): EventStream<Command>;
    on<K extends keyof Commands>(kind: K, listener: (argument: Commands[K]) => void): this;
    on(name: 'command', listener: (command: Command) => void): this;
    on(name: 'close', listener: () => void): this;
    on(name: string | symbol, listener: (...values: any[]) => void): this;
}
