/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_drm_plugin/; do not edit.
 */

/**
 * @addtogroup DrmExtension
 * @{
 */

/**
 * @file native_drm_plugin.h
 * @brief Key systems by others. Not part of OpenHarmony's NDK.
 */

#ifndef NATIVE_DRM_PLUGIN_H
#define NATIVE_DRM_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "multimedia/drm_framework/native_drm_common.h"
#include "multimedia/drm_framework/native_drm_err.h"
#include "multimedia/drm_framework/native_drm_extension.h"
#include "multimedia/drm_framework/native_mediadecrypt.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Bytes of a plugin's path with its NUL.
 */
#define NATIVE_DRM_MAX_PLUGIN_PATH_LEN 4096

/**
 * The version of this interface. Every table says for which version it was written; a library knows its own and all earlier ones.
 */
#define NATIVE_DRM_PLUGIN_API_VERSION 1

/**
 * Bytes of a key id at most that a plugin can install.
 */
#define DRM_PLUGIN_MAX_KEY_ID_LEN 64

/**
 * Whether a key may be used.
 *
 * @since native_drm 0.1
 */
typedef enum DRM_PluginKeyStatus {
    /**
     * It decrypts.
     */
    DRM_PLUGIN_KEY_USABLE = 0,
    /**
     * Its time is over.
     */
    DRM_PLUGIN_KEY_EXPIRED = 1,
    /**
     * The output is not protected as it has to be.
     */
    DRM_PLUGIN_KEY_OUTPUT_NOT_ALLOWED = 2,
    /**
     * Not known yet.
     */
    DRM_PLUGIN_KEY_PENDING = 3,
    /**
     * It cannot decrypt.
     */
    DRM_PLUGIN_KEY_INTERNAL_ERROR = 4,
    /**
     * Its time has not begun.
     */
    DRM_PLUGIN_KEY_USABLE_IN_FUTURE = 5,
} DRM_PluginKeyStatus;

/**
 * Parts of a key system's store.
 *
 * @since native_drm 0.1
 */
typedef enum DRM_PluginStore {
    /**
     * Offline media keys: programs see their ids.
     */
    DRM_PLUGIN_STORE_OFFLINE_KEYS = 0,
    /**
     * What belongs to the device, such as a certificate: no program sees it.
     */
    DRM_PLUGIN_STORE_DEVICE = 1,
} DRM_PluginStore;

/**
 * A session of a plugin's key system, as the library knows it. A handle: never dereferenced, safe to pass after the session's
 * destroy function was called (DRM_ERR_INVALID_VAL).
 *
 * @since native_drm 0.1
 */
typedef struct DRM_PluginSession DRM_PluginSession;

/**
 * An instance of a plugin's key system, as the library knows it. A handle: never dereferenced, safe to pass after the instance's
 * destroy function was called (DRM_ERR_INVALID_VAL).
 *
 * @since native_drm 0.1
 */
typedef struct DRM_PluginSystem DRM_PluginSystem;

/**
 * A MIME type or EME init data type that a key system takes.
 *
 * @since native_drm 0.1
 */
typedef struct DRM_PluginMimeType {
    /**
     * Its name without parameters, NUL-terminated, less than MAX_MIMETYPE_LEN bytes. Init data is one key id for "webm",
     * "video/webm" and "audio/webm", a JSON text for "keyids", and pssh boxes for any other.
     */
    const char *name;
    /**
     * The highest protection level of its tracks; CONTENT_PROTECTION_LEVEL_UNKNOWN = the key system's.
     */
    DRM_ContentProtectionLevel maxLevel;
    /**
     * Zero.
     */
    uint32_t reserved;
} DRM_PluginMimeType;

/**
 * A key that a plugin installs.
 *
 * @since native_drm 0.1
 */
typedef struct DRM_PluginKey {
    /**
     * sizeof(DRM_PluginKey).
     */
    uint32_t structSize;
    /**
     * Bytes of keyId, 1 to DRM_PLUGIN_MAX_KEY_ID_LEN. Samples name keys whose id has 16.
     */
    uint32_t keyIdLen;
    /**
     * The key id; copied.
     */
    const uint8_t *keyId;
    /**
     * Bytes of key. Only keys of 16 decrypt; 0 with a null key: the plugin keeps the key, and decrypts with it in its function
     * decrypt(). The library sees to status and expiry of such a key, too.
     */
    uint32_t keyLen;
    /**
     * Whether it may be used; DRM_PluginKeyStatus. Without meaning for keys that are installed with an expiry.
     */
    DRM_PluginKeyStatus status;
    /**
     * The key; copied into memory that is wiped and that core dumps leave out. Null for one that the plugin keeps.
     */
    const uint8_t *key;
} DRM_PluginKey;

/**
 * Something for a store.
 *
 * @since native_drm 0.1
 */
typedef struct DRM_PluginStoreEntry {
    /**
     * sizeof(DRM_PluginStoreEntry).
     */
    uint32_t structSize;
    /**
     * Bytes of id, 1 to MAX_OFFLINE_MEDIA_KEY_ID_LEN.
     */
    uint32_t idLen;
    /**
     * Its id.
     */
    const uint8_t *id;
    /**
     * Bytes of value, 0 to 1,048,576.
     */
    uint32_t valueLen;
    /**
     * What OH_MediaKeySystem_GetOfflineMediaKeyStatus() says of it, OFFLINE_MEDIA_KEY_STATUS_USABLE or
     * OFFLINE_MEDIA_KEY_STATUS_INACTIVE; in DRM_PLUGIN_STORE_DEVICE without meaning.
     */
    DRM_OfflineMediaKeyStatus status;
    /**
     * Its value; stored encrypted and authenticated.
     */
    const uint8_t *value;
} DRM_PluginStoreEntry;

/**
 * Receives something of a list, such as an id. Called on the thread that asked for the list, before that returns.
 *
 * @param data the bytes, valid during the call
 * @param dataLen their number
 * @param userData what was passed
 * @return 0 to go on, anything else to stop
 * @since native_drm 0.1
 */
typedef int32_t (*DRM_PluginListCallback)(const uint8_t *data, uint32_t dataLen, void *userData);

/**
 * What the library does for plugins. The table lives as long as the process.
 *
 * Every function may be called on any thread, also inside of the plugin's own functions, and also after an instance or session is
 * gone, which its handle then says (DRM_ERR_INVALID_VAL). OH_Drm_GetLastErrorMessage() has the reason of a failure.
 *
 * @since native_drm 0.1
 */
typedef struct DRM_PluginHost {
    /**
     * Bytes of the table that this library has; look before you call what a later version has added.
     */
    uint32_t structSize;
    /**
     * NATIVE_DRM_PLUGIN_API_VERSION of this library.
     */
    uint32_t apiVersion;
    /**
     * Installs keys for the library to decrypt with, or says that the plugin has them. A key with the same id is replaced.
     *
     * Inside of processMediaKeyResponse() and restoreOfflineMediaKeys(), on the thread that called these: the keys come into effect
     * when the function has returned DRM_ERR_OK, and do not if it fails. Otherwise: at once. A key change is fired.
     *
     * With an expiry, the library ends the use of the keys by the instance's clock (EVENT_KEY_EXPIRED and a key change); it also fires
     * EVENT_EXPIRATION_UPDATE. A plugin need not look at the clock itself. Keys of one response with several expiries come into
     * effect one after the other.
     *
     * expiryMillis: milliseconds since 1970, rounded up to seconds; 0 = never. DRM_ERR_INVALID_VAL: the session is none or is
     * being created, a pointer is null, a size, length or status is wrong. DRM_ERR_NO_LICENSE: the expiry is over.
     * DRM_ERR_SERVICE_DIED: no memory or no thread.
     */
    Drm_ErrCode (*installKeys)(struct DRM_PluginSession *session,
                               const struct DRM_PluginKey *keys,
                               uint32_t count,
                               int64_t expiryMillis);
    /**
     * Removes and wipes a key, and fires a key change if it was there.
     */
    Drm_ErrCode (*removeKey)(struct DRM_PluginSession *session, const uint8_t *keyId, uint32_t keyIdLen);
    /**
     * Sets the status of a key that is installed. Fires nothing: keysChanged() does, once for several keys. DRM_ERR_UNKNOWN: there is
     * no such key, or it was installed with an expiry.
     */
    Drm_ErrCode (*setKeyStatus)(struct DRM_PluginSession *session,
                                const uint8_t *keyId,
                                uint32_t keyIdLen,
                                DRM_PluginKeyStatus status);
    /**
     * Fires a key change with all keys of the session.
     */
    Drm_ErrCode (*keysChanged)(struct DRM_PluginSession *session, bool newKeysAvailable);
    /**
     * Fires an event of an instance, of any DRM_EventType. info is copied; at most 1,048,576 bytes; may be null if there are none.
     * DRM_ERR_SERVICE_DIED: 4 MiB of events wait for a callback.
     */
    Drm_ErrCode (*postSystemEvent)(struct DRM_PluginSystem *system,
                                   DRM_EventType eventType,
                                   const uint8_t *info,
                                   uint32_t infoLen,
                                   int64_t extra);
    /**
     * Fires an event of a session. As postSystemEvent().
     */
    Drm_ErrCode (*postSessionEvent)(struct DRM_PluginSession *session,
                                    DRM_EventType eventType,
                                    const uint8_t *info,
                                    uint32_t infoLen,
                                    int64_t extra);
    /**
     * Reads from the key system's store. valueLen: in, bytes that value has room for; out, bytes written or needed. status may be
     * null. DRM_ERR_UNKNOWN: there is nothing under the id. DRM_ERR_SERVICE_DIED: the store cannot be read.
     */
    Drm_ErrCode (*storeGet)(struct DRM_PluginSystem *system,
                            DRM_PluginStore store,
                            const uint8_t *id,
                            uint32_t idLen,
                            uint8_t *value,
                            uint32_t *valueLen,
                            DRM_OfflineMediaKeyStatus *status);
    /**
     * Stores all entries, or none. Durable when it returns. DRM_ERR_UNKNOWN: there would be more than 512 in that store.
     */
    Drm_ErrCode (*storePut)(struct DRM_PluginSystem *system,
                            DRM_PluginStore store,
                            const struct DRM_PluginStoreEntry *entries,
                            uint32_t count);
    /**
     * Deletes from the store. DRM_ERR_UNKNOWN: there is nothing under the id.
     */
    Drm_ErrCode (*storeDelete)(struct DRM_PluginSystem *system, DRM_PluginStore store, const uint8_t *id, uint32_t idLen);
    /**
     * Lists the ids in the store, ascending.
     */
    Drm_ErrCode (*storeList)(struct DRM_PluginSystem *system,
                             DRM_PluginStore store,
                             DRM_PluginListCallback callback,
                             void *userData);
    /**
     * Reads the instance's clock, a virtual one where the program has set it: milliseconds since 1970, and milliseconds of a clock
     * that never goes back. Either may be null.
     */
    Drm_ErrCode (*getTime)(struct DRM_PluginSystem *system, int64_t *unixMillis, uint64_t *monotonicMillis);
    /**
     * Fills memory with random bytes that are fit for keys.
     */
    Drm_ErrCode (*getRandom)(uint8_t *bytes, uint32_t count);
    /**
     * Gets a configuration string that the program has set. valueLen: in, bytes that value has room for; out, bytes written or needed,
     * with the NUL. DRM_ERR_UNKNOWN: none is set.
     */
    Drm_ErrCode (*getConfigurationString)(struct DRM_PluginSystem *system,
                                          const char *name,
                                          char *value,
                                          uint32_t *valueLen);
    /**
     * Gets a configuration byte array that the program has set. As getConfigurationString(), without NUL.
     */
    Drm_ErrCode (*getConfigurationByteArray)(struct DRM_PluginSystem *system,
                                             const char *name,
                                             uint8_t *value,
                                             uint32_t *valueLen);
    /**
     * Finds the key ids that init data names, as the built-in key systems do: in pssh boxes those of the plugin's own boxes, else
     * those of the common system id. DRM_ERR_UNKNOWN: the MIME type is not one of the plugin's, or the init data is malformed or
     * names none.
     */
    Drm_ErrCode (*getKeyIds)(struct DRM_PluginSystem *system,
                             const char *mimeType,
                             const uint8_t *initData,
                             uint32_t initDataLen,
                             DRM_PluginListCallback callback,
                             void *userData);
    /**
     * OH_Drm_ParsePsshBoxes(), for plugins that are not linked to the library.
     */
    Drm_ErrCode (*parsePsshBoxes)(const uint8_t *data, size_t dataLen, OH_Drm_PsshBoxCallback callback, void *userData);
    /**
     * Writes to the library's log (OH_Drm_SetLogCallback(), NATIVE_DRM_LOG), with the key system's name. Never log keys.
     */
    Drm_ErrCode (*log)(struct DRM_PluginSystem *system, NativeDrm_LogLevel level, const char *message);
} DRM_PluginHost;

/**
 * The functions of a session. One that is null has the result that it says. All are given what createSession() returned.
 *
 * @since native_drm 0.1
 */
typedef struct DRM_PluginSessionFunctions {
    /**
     * sizeof(DRM_PluginSessionFunctions).
     */
    uint32_t structSize;
    /**
     * NATIVE_DRM_PLUGIN_API_VERSION.
     */
    uint32_t apiVersion;
    /**
     * Destroys the session. The last call for it; no other is under way. Must not be null.
     */
    void (*destroy)(void *session);
    /**
     * Writes the message that asks for keys. The request is zeroed before; its type must be set. DRM_ERR_NOT_PROVISIONED fires
     * EVENT_PROVISION_REQUIRED, once until a provisioning response was accepted. Must not be null.
     */
    Drm_ErrCode (*generateMediaKeyRequest)(void *session,
                                           const DRM_MediaKeyRequestInfo *info,
                                           DRM_MediaKeyRequest *request);
    /**
     * Takes an answer, installs its keys (DRM_PluginHost.installKeys), and writes the media key id that the program gets.
     * mediaKeyIdLen: in, the plugin's maxMediaKeyIdLen; out, bytes written. The program has room for that. Must not be null.
     */
    Drm_ErrCode (*processMediaKeyResponse)(void *session,
                                           const uint8_t *response,
                                           uint32_t responseLen,
                                           uint8_t *mediaKeyId,
                                           uint32_t *mediaKeyIdLen);
    /**
     * Lists names and values for OH_MediaKeySession_CheckMediaKeyStatus(); zeroed before. Null: one row per key.
     */
    Drm_ErrCode (*checkMediaKeyStatus)(void *session, DRM_MediaKeyStatus *status);
    /**
     * The library is about to remove all keys of the session; it does not if this fails. Null: DRM_ERR_OK.
     */
    Drm_ErrCode (*clearMediaKeys)(void *session);
    /**
     * Writes the message that gives an offline key back. requestLen: in, bytes that request has room for; out, bytes written. Null:
     * DRM_ERR_UNKNOWN.
     */
    Drm_ErrCode (*generateOfflineReleaseRequest)(void *session,
                                                 const uint8_t *id,
                                                 uint32_t idLen,
                                                 uint8_t *request,
                                                 uint32_t *requestLen);
    /**
     * Takes the acknowledgement of a release, and deletes the offline key or makes it inactive. The library removes the key with
     * that id from all sessions then. If the library's store has no such key, it is not called, and the program gets DRM_ERR_UNKNOWN
     * (so for the next one), unless getOfflineMediaKeyIds() is there. Null: DRM_ERR_UNKNOWN.
     */
    Drm_ErrCode (*processOfflineReleaseResponse)(void *session,
                                                 const uint8_t *id,
                                                 uint32_t idLen,
                                                 const uint8_t *response,
                                                 uint32_t responseLen);
    /**
     * Installs the keys that are stored under an id. In the library's store, an inactive one becomes usable. Null: DRM_ERR_UNKNOWN.
     */
    Drm_ErrCode (*restoreOfflineMediaKeys)(void *session, const uint8_t *id, uint32_t idLen);
    /**
     * Gets the session's protection level, which cannot be above the one that it was created with. Null: that one.
     */
    Drm_ErrCode (*getContentProtectionLevel)(void *session, DRM_ContentProtectionLevel *level);
    /**
     * Tells whether tracks of a MIME type need a secure decoder. Null: video at the highest level does.
     */
    Drm_ErrCode (*requiresSecureDecoderModule)(void *session, const char *mimeType, bool *required);
    /**
     * Decrypts a sample in place with a key that the plugin keeps. Algorithm, scheme (never DRM_CENC_SCHEME_AUTO), IV and pattern have
     * been checked, the subsamples add up to dataLen, and the key may be used now. If this fails, the sample must be as it was. Null:
     * DRM_ERR_UNKNOWN.
     */
    Drm_ErrCode (*decrypt)(void *session, const DRM_SampleInfo *info, uint8_t *data, uint32_t dataLen);
} DRM_PluginSessionFunctions;

/**
 * The functions of an instance. One that is null has the result that it says. All are given what createSystem() returned.
 *
 * @since native_drm 0.1
 */
typedef struct DRM_PluginSystemFunctions {
    /**
     * sizeof(DRM_PluginSystemFunctions).
     */
    uint32_t structSize;
    /**
     * NATIVE_DRM_PLUGIN_API_VERSION.
     */
    uint32_t apiVersion;
    /**
     * Destroys the instance, after all of its sessions. The last call for it; no other is under way. Must not be null.
     */
    void (*destroy)(void *system);
    /**
     * Creates a session at a level, not above the instance's highest. hostSession stands for it in the functions of
     * DRM_PluginHost, most of which work once this has returned. functions: receives the session's functions; copied, with a size
     * as structSize says. session: receives what these are given. Must not be null.
     */
    Drm_ErrCode (*createSession)(void *system,
                                 DRM_ContentProtectionLevel level,
                                 struct DRM_PluginSession *hostSession,
                                 const struct DRM_PluginSessionFunctions **functions,
                                 void **session);
    /**
     * A configuration string is set. The library keeps it unless this fails. Null: DRM_ERR_OK.
     */
    Drm_ErrCode (*setConfigurationString)(void *system, const char *name, const char *value);
    /**
     * Gets a configuration string: NUL-terminated, in valueLen bytes, 4096. DRM_ERR_UNKNOWN leaves the answer to the library, which
     * is what null does, too.
     */
    Drm_ErrCode (*getConfigurationString)(void *system, const char *name, char *value, uint32_t valueLen);
    /**
     * A configuration byte array is set. As setConfigurationString().
     */
    Drm_ErrCode (*setConfigurationByteArray)(void *system, const char *name, const uint8_t *value, uint32_t valueLen);
    /**
     * Gets a configuration byte array. valueLen: in, bytes that value has room for, 4096; out, bytes written. As
     * getConfigurationString() otherwise.
     */
    Drm_ErrCode (*getConfigurationByteArray)(void *system, const char *name, uint8_t *value, uint32_t *valueLen);
    /**
     * Adds statistics to the library's five, at most MAX_STATISTICS_COUNT in all; zeroed before. Null: adds none.
     */
    Drm_ErrCode (*getStatistics)(void *system, DRM_Statistics *statistics);
    /**
     * Gets the highest level now, which cannot be above DRM_KeySystemPlugin.maxLevel. Null: that.
     */
    Drm_ErrCode (*getMaxContentProtectionLevel)(void *system, DRM_ContentProtectionLevel *level);
    /**
     * Writes a provisioning request, zeroed before; its type is ignored. Null: DRM_ERR_UNKNOWN.
     */
    Drm_ErrCode (*generateKeySystemRequest)(void *system, DRM_MediaKeyRequest *request);
    /**
     * Takes a provisioning response. Null: DRM_ERR_UNKNOWN.
     */
    Drm_ErrCode (*processKeySystemResponse)(void *system, const uint8_t *response, uint32_t responseLen);
    /**
     * Gets the state of the device certificate. Null: CERT_STATUS_PROVISIONED.
     */
    Drm_ErrCode (*getCertificateStatus)(void *system, DRM_CertificateStatus *status);
    /**
     * Lists the ids of offline keys; zeroed before. Null: those in DRM_PLUGIN_STORE_OFFLINE_KEYS. The next two are
     * called only if this is not null.
     */
    Drm_ErrCode (*getOfflineMediaKeyIds)(void *system, DRM_OfflineMediakeyIdArray *ids);
    /**
     * Gets the status of an offline key. DRM_ERR_UNKNOWN: there is none. Null: DRM_ERR_UNKNOWN.
     */
    Drm_ErrCode (*getOfflineMediaKeyStatus)(void *system,
                                            const uint8_t *id,
                                            uint32_t idLen,
                                            DRM_OfflineMediaKeyStatus *status);
    /**
     * Deletes an offline key. DRM_ERR_UNKNOWN: there is none. Null: DRM_ERR_UNKNOWN.
     */
    Drm_ErrCode (*clearOfflineMediaKeys)(void *system, const uint8_t *id, uint32_t idLen);
} DRM_PluginSystemFunctions;

/**
 * A key system: facts about it, and the function that makes instances.
 *
 * The table and what it points to are copied. Set all of it to zero, then structSize and apiVersion, then the rest.
 *
 * # How functions of a plugin are called
 *
 * On whichever thread a function of the library was called on, several at the same time, also for the same session; with no lock of the
 * library held, so that they may call any function of the library, except those that destroy the session or instance that the call is
 * for. While one does not return, the program's call does not return, and there is no time limit. Texts are UTF-8.
 *
 * A function that fails returns a Drm_ErrCode other than DRM_ERR_OK, and the program's function returns it, too:
 * DRM_ERR_INVALID_VAL as DRM_ERR_UNKNOWN, since the program's arguments have been checked, and one that the library never
 * returns as DRM_ERR_SERVICE_DIED. So does a result that cannot be: a length beyond the room, a level or status that is none, a
 * text without NUL. Nothing is changed then.
 *
 * C++ exceptions, longjmp() and pthread_exit() must not leave a function of a plugin. With an exception or pthread_exit() the process
 * ends (abort). Catch exceptions, and return DRM_ERR_SERVICE_DIED.
 *
 * @since native_drm 0.1
 */
typedef struct DRM_KeySystemPlugin {
    /**
     * sizeof(DRM_KeySystemPlugin). A larger one is of a later version, and what is added is not looked at.
     */
    uint32_t structSize;
    /**
     * NATIVE_DRM_PLUGIN_API_VERSION that the plugin was written for.
     */
    uint32_t apiVersion;
    /**
     * Name, such as "com.example.drm": 1 to 57 letters, digits and ".-_"; a dot does not come first, and ".device" not last.
     */
    const char *name;
    /**
     * Configuration string "vendor"; may be null, as the next three.
     */
    const char *vendor;
    /**
     * Configuration string "version".
     */
    const char *version;
    /**
     * Configuration string "description".
     */
    const char *description;
    /**
     * Configuration string "algorithms".
     */
    const char *algorithms;
    /**
     * System ids of its pssh boxes, 16 bytes each, its own first.
     */
    const uint8_t *systemIds;
    /**
     * Number of system ids, 1 to 16.
     */
    uint32_t systemIdCount;
    /**
     * Number of MIME types, 1 to 256.
     */
    uint32_t mimeTypeCount;
    /**
     * What it takes.
     */
    const struct DRM_PluginMimeType *mimeTypes;
    /**
     * The highest protection level; CONTENT_PROTECTION_LEVEL_UNKNOWN = the device's, beyond which nothing counts.
     */
    DRM_ContentProtectionLevel maxLevel;
    /**
     * Instances at the same time, 1 to 64; 0 = 64.
     */
    uint32_t maxSystems;
    /**
     * Sessions of an instance at the same time, 1 to 64; 0 = 64.
     */
    uint32_t maxSessions;
    /**
     * Bytes of the longest media key id that processMediaKeyResponse() writes, 0 to MAX_OFFLINE_MEDIA_KEY_ID_LEN. A program that
     * has less room gets DRM_ERR_INVALID_VAL and this number, before the plugin uses up the response.
     */
    uint32_t maxMediaKeyIdLen;
    /**
     * Passed to createSystem().
     */
    void *context;
    /**
     * Creates an instance. host: what the library does for plugins. hostSystem stands for the instance in its functions, which work
     * already. functions: receives the instance's functions; copied, with a size as structSize says. system: receives what these
     * are given. Must not be null.
     */
    Drm_ErrCode (*createSystem)(void *context,
                                const struct DRM_PluginHost *host,
                                struct DRM_PluginSystem *hostSystem,
                                const struct DRM_PluginSystemFunctions **functions,
                                void **system);
} DRM_KeySystemPlugin;

/**
 * The function that a shared library with a key system exports, under the name NativeDrm_PluginInit. It is called once when the
 * library is loaded. It may call functions of native_drm, but must not wait for another thread that does.
 *
 * @param host what native_drm does for plugins
 * @param plugin receives the key system; read before any other function of the plugin is called
 * @return DRM_ERR_OK; anything else leaves the plugin out
 * @since native_drm 0.1
 */
typedef Drm_ErrCode (*NativeDrm_PluginInitFunction)(const struct DRM_PluginHost *host,
                                                    const struct DRM_KeySystemPlugin **plugin);

/**
 * Adds a key system that the program itself has, for as long as the process lives. From now on
 * OH_MediaKeySystem_IsSupported(), OH_MediaKeySystem_GetMediaKeySystems() and OH_MediaKeySystem_Create() know it.
 *
 * Any thread.
 *
 * @param plugin the key system; copied with everything that it points to, except its functions
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if plugin is null, or a size, version, text, count, level or limit in it is wrong;
 *     DRM_ERR_UNKNOWN if there is a key system with that name, the name is not one that DRM_KeySystemPlugin
 *     allows, or there are 64 key systems
 * @since native_drm 0.1
 */
Drm_ErrCode OH_Drm_RegisterKeySystem(const struct DRM_KeySystemPlugin *plugin);

/**
 * Loads a shared library and adds the key system that its function NativeDrm_PluginInit() names (NativeDrm_PluginInitFunction). It
 * is never unloaded.
 *
 * A program need not call this for plugins in the folders that the environment variable NATIVE_DRM_PLUGIN_PATH lists, separated by
 * colons, or, if it is not set, in native_drm/plugins in the folder of libnative_drm.so: all files there whose name ends in ".so"
 * are loaded, in alphabetical order, by the first function that asks for key systems or creates one. What is wrong with one of them
 * is in the log, and the others are loaded. A program with set-user-ID rights does not look at the variable.
 *
 * The file and all folders above it must belong to root or the user, and nobody else may be able to write to them; links are
 * followed first. A folder with the sticky bit, such as /tmp, may be above.
 *
 * Any thread.
 *
 * @param path the file, NUL-terminated, less than NATIVE_DRM_MAX_PLUGIN_PATH_LEN bytes
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if path is null, empty or too long; DRM_ERR_UNKNOWN if there is no such file, others can
 *     write to it or to a folder above it, it cannot be loaded or has no NativeDrm_PluginInit(), that fails or names a key system
 *     that OH_Drm_RegisterKeySystem() refuses. OH_Drm_GetLastErrorMessage() has the reason
 * @since native_drm 0.1
 */
Drm_ErrCode OH_Drm_LoadPlugin(const char *path);

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_DRM_PLUGIN_H */
