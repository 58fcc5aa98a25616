// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong, as exceptions.

'use strict';

const { ErrorCode, AVSessionErrorCode, MetadataResult } = require('./enums.js');
const { lib } = require('./native.js');

const nameOf = (members, value) => Object.keys(members).find((name) => members[name] === value);

class DrmError extends Error {
    constructor(code, reason) {
        super(`DRM_ERR_${nameOf(ErrorCode, code) ?? '?'} (${code}): ${reason}`);
        this.code = code;
        this.reason = reason;
    }

    get name() {
        return this.constructor.name;
    }
}

class InvalidValueError extends DrmError {
    constructor(reason) {
        super(ErrorCode.INVALID_VAL, reason);
    }
}
class ClosedError extends InvalidValueError {}
class OperationError extends DrmError {}
class TooManySystemsError extends DrmError {}
class TooManySessionsError extends DrmError {}
class NotProvisionedError extends DrmError {}
class DeviceTimeError extends DrmError {}
class ServiceDeniedError extends DrmError {}
class NoLicenseError extends DrmError {}
class NoKeyError extends DrmError {}
class ServiceDiedError extends DrmError {}

class LicenseRefusedError extends OperationError {
    constructor(code, reason, refusal) {
        super(code, reason);
        ({ status: this.status, rule: this.rule, pointer: this.pointer, message: this.explanation } = refusal);
        this.suggestion = refusal.suggestion ?? null;
    }
}

class AVSessionError extends Error {
    constructor(code, reason) {
        super(`${nameOf(AVSessionErrorCode, code) ?? '?'} (${code}): ${reason}`);
        this.code = code;
        this.reason = reason;
    }

    get name() {
        return this.constructor.name;
    }
}

const classes = new Map([
    [ErrorCode.UNKNOWN, OperationError],
    [ErrorCode.MAX_SYSTEM_NUM_REACHED, TooManySystemsError],
    [ErrorCode.MAX_SESSION_NUM_REACHED, TooManySessionsError],
    [ErrorCode.NOT_PROVISIONED, NotProvisionedError],
    [ErrorCode.DEVICE_TIME_ERROR, DeviceTimeError],
    [ErrorCode.SERVICE_DENIED, ServiceDeniedError],
    [ErrorCode.NO_LICENSE, NoLicenseError],
    [ErrorCode.NO_KEY, NoKeyError],
    [ErrorCode.SERVICE_DIED, ServiceDiedError],
]);

/** The error of a Drm_ErrCode. The reason is that of this thread's last call, unless another one is given. */
function failure(code, reason = lib.OH_Drm_GetLastErrorMessage()) {
    if (code === ErrorCode.INVALID_VAL) {
        return new InvalidValueError(reason);
    }
    return new (classes.get(code) ?? DrmError)(code, reason);
}

function check(code) {
    if (code !== 0) {
        throw failure(code);
    }
}

function checkAVSession(code) {
    if (code !== 0) {
        throw new AVSessionError(code, lib.OH_Drm_GetLastErrorMessage());
    }
}

function checkMetadata(code) {
    if (code !== 0) {
        const { SERVICE_EXCEPTION, INVALID_PARAMETER } = AVSessionErrorCode;
        checkAVSession(code === MetadataResult.ERROR_NO_MEMORY ? SERVICE_EXCEPTION : INVALID_PARAMETER);
    }
}

module.exports = {
    AVSessionError, ClosedError, DeviceTimeError, DrmError, InvalidValueError, LicenseRefusedError, NoKeyError, NoLicenseError,
    NotProvisionedError, OperationError, ServiceDeniedError, ServiceDiedError, TooManySessionsError, TooManySystemsError,
    check, checkAVSession, checkMetadata, failure,
};
