// SPDX-License-Identifier: Apache-2.0

'use strict';

const {
    CLEARKEY, CLEARPLAY, MediaKeySystem, POLICYPLAY, isSupported, keySystems, loadPlugin, parsePsshBoxes, version,
} = require('./lib/system.js');
const { AVSession } = require('./lib/avsession.js');
const { EventStream } = require('./lib/events.js');
const { LicenseService, LicenseTemplate } = require('./lib/license.js');
const { MediaKeySession } = require('./lib/session.js');
const { AccessUnitInfo, AccessUnitState, SampleInfo } = require('./lib/samples.js');
const enums = require('./lib/enums.js');
const { check, checkAVSession, checkMetadata, failure, ...errors } = require('./lib/errors.js');

module.exports = {
    ...enums, ...errors,
    AVSession, AccessUnitInfo, AccessUnitState, CLEARKEY, CLEARPLAY, EventStream, LicenseService, LicenseTemplate, MediaKeySession,
    MediaKeySystem, POLICYPLAY, SampleInfo, isSupported, keySystems, loadPlugin, parsePsshBoxes, version,
};
