// SPDX-License-Identifier: Apache-2.0
//
// License templates, and the license service in the program itself.

'use strict';

const { created, growing, growingText, json, millis, octets, pointer, safe, sixteen, text, unsigned32, whole } = require('./arguments.js');
const { ErrorCode, LicenseProfile } = require('./enums.js');
const { LicenseRefusedError, check } = require('./errors.js');
const { Closing } = require('./events.js');
const { get, lib, make } = require('./native.js');

class LicenseTemplate extends Closing {
    constructor(template, { profile = LicenseProfile.STRICT } = {}) {
        super(
            created((out) => check(lib.OH_DrmLicenseTemplate_Create(unsigned32(profile, 'profile'), out))),
            lib.OH_DrmLicenseTemplate_Destroy);
        if (template !== undefined) {
            try {
                this.parse(template);
            } catch (error) {
                this.close();
                throw error;
            }
        }
    }

    #check(code) {
        if (code === ErrorCode.UNKNOWN) {
            const reason = lib.OH_Drm_GetLastErrorMessage();
            const refusal = growingText(1024, (buffer, length) => lib.OH_DrmLicenseTemplate_GetRefusal(this.handle, buffer, length));
            throw new LicenseRefusedError(code, reason, JSON.parse(refusal));
        }
        check(code);
        return code;
    }

    #told(call) {
        return JSON.parse(growingText(4096, (buffer, length) => {
            const code = call(buffer, length);
            return code === ErrorCode.UNKNOWN ? this.#check(code) : code;
        }));
    }

    parse(template) {
        const data = json(template, 'template');
        this.#check(lib.OH_DrmLicenseTemplate_Parse(this.handle, pointer(data), unsigned32(data.length, 'template')));
    }

    set(place, value) {
        text(place, 'pointer');
        if (typeof value === 'boolean') {
            this.#check(lib.OH_DrmLicenseTemplate_SetBool(this.handle, place, value));
        } else if (typeof value === 'number') {
            this.#check(lib.OH_DrmLicenseTemplate_SetInt(this.handle, place, safe(value, 'value')));
        } else {
            const word = typeof value === 'string' ? text(value, 'value') : octets(value, 'value').toString('base64');
            this.#check(lib.OH_DrmLicenseTemplate_SetString(this.handle, place, word));
        }
    }

    validate() {
        this.#check(lib.OH_DrmLicenseTemplate_Validate(this.handle));
    }

    toJSON() {
        return this.#told((buffer, length) => lib.OH_DrmLicenseTemplate_Serialize(this.handle, buffer, length));
    }

    effectivePolicy(storedPolicy) {
        const stored = storedText(storedPolicy);
        return this.#told((buffer, length) => lib.OH_DrmLicenseTemplate_GetEffectivePolicy(this.handle, stored, buffer, length));
    }

    warnings(storedPolicy) {
        const stored = storedText(storedPolicy);
        return this.#told((buffer, length) => lib.OH_DrmLicenseTemplate_GetWarnings(this.handle, stored, buffer, length));
    }
}

function storedText(policy) {
    return policy === undefined ? null : text(json(policy, 'storedPolicy').toString(), 'storedPolicy');
}

class LicenseService extends Closing {
    constructor(directory, { profile = LicenseProfile.STRICT } = {}) {
        const path = directory === undefined || directory === null ? null : text(directory, 'directory');
        super(
            created((out) => check(lib.OH_DrmLicenseService_Create(path, unsigned32(profile, 'profile'), out))),
            lib.OH_DrmLicenseService_Destroy);
    }

    addContent(content) {
        const data = json(content, 'content');
        check(lib.OH_DrmLicenseService_AddContent(this.handle, pointer(data), unsigned32(data.length, 'content')));
    }

    addPolicy(name, policy) {
        const data = json(policy, 'policy');
        check(lib.OH_DrmLicenseService_AddPolicy(
            this.handle, text(name, 'name'), pointer(data), unsigned32(data.length, 'policy')));
    }

    addProvider(name, token) {
        check(lib.OH_DrmLicenseService_AddProvider(
            this.handle, text(name, 'name'), token === undefined || token === null ? null : text(token, 'token')));
    }

    addCatalog(catalog) {
        const data = json(catalog, 'catalog');
        check(lib.OH_DrmLicenseService_AddCatalog(this.handle, pointer(data), unsigned32(data.length, 'catalog')));
    }

    contentKey(contentId, trackType) {
        const id = octets(contentId, 'contentId');
        const keyId = Buffer.alloc(16);
        const key = Buffer.alloc(16);
        check(lib.OH_DrmLicenseService_GetContentKey(
            this.handle, pointer(id), unsigned32(id.length, 'contentId'), text(trackType, 'trackType'), keyId, key));
        return { keyId, key };
    }

    handleMessage(message) {
        const data = typeof message === 'string' ? Buffer.from(message) : octets(message, 'message');
        const answer = make('OH_DrmLicenseService_Answer');
        const response = growing(65536, (buffer, length) =>
            lib.OH_DrmLicenseService_HandleMessage(
                this.handle, pointer(data), unsigned32(data.length, 'message'), buffer, length, answer));
        const licenseId = get('OH_DrmLicenseService_Answer', answer, 'licenseId');
        return {
            response,
            status: get('OH_DrmLicenseService_Answer', answer, 'status'),
            licenseId: licenseId.some((byte) => byte !== 0) ? licenseId : null,
            sequence: Number(get('OH_DrmLicenseService_Answer', answer, 'sequence')),
        };
    }

    revokeLicense(licenseId) {
        check(lib.OH_DrmLicenseService_RevokeLicense(this.handle, sixteen(licenseId, 'licenseId')));
    }

    authority() {
        return growing(4096, (buffer, length) => lib.OH_DrmLicenseService_GetAuthority(this.handle, buffer, length));
    }

    setTime(wallClock) {
        const time = wallClock === null ? -1 : whole(millis(wallClock, 'wallClock'), 0, Number.MAX_SAFE_INTEGER, 'wallClock');
        check(lib.OH_DrmLicenseService_SetTime(this.handle, time));
    }
}

module.exports = { LicenseService, LicenseTemplate };
