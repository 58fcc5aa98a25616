/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * com.example.text: an example of a key system whose keys native_drm decrypts with, in C++. Its licenses are texts that anybody can write,
 * so that it protects nothing:
 *
 *     text license 1
 *     key <32 hexadecimal digits of the key id> <32 of the key>      once or more often
 *     until <milliseconds since 1970>                                at most once
 *     offline                                                       to be stored
 *
 * An offline license is stored as it is, under the id of its last key, in the library's store. To give it back is "give back <id>";
 * "taken <id>" acknowledges that.
 */
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <sstream>
#include <string>
#include <vector>

#include "native_drm_plugin.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

/** A failure that the program is told. */
struct Failure {
    Drm_ErrCode code;
};

void check(Drm_ErrCode code)
{
    if (code != DRM_ERR_OK) {
        throw Failure{code};
    }
}

/** Runs the body of a function that the library calls: no exception may leave it. */
template <typename Body>
Drm_ErrCode guarded(Body &&body) noexcept
{
    try {
        body();
        return DRM_ERR_OK;
    } catch (const Failure &failure) {
        return failure.code;
    } catch (...) {
        return DRM_ERR_SERVICE_DIED;
    }
}

std::string toHex(const std::uint8_t *bytes, std::size_t size)
{
    static const char digits[] = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < size; i++) {
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    return text;
}

Bytes fromHex(const std::string &text)
{
    Bytes bytes;
    if (text.size() != 32 || text.find_first_not_of("0123456789abcdef") != std::string::npos) {
        throw Failure{DRM_ERR_UNKNOWN};
    }
    for (std::size_t i = 0; i < text.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

/** A license, read. */
struct License {
    struct Key {
        Bytes id;
        Bytes content;
    };

    std::vector<Key> keys;
    std::int64_t until = 0;
    bool offline = false;

    explicit License(const std::string &text)
    {
        std::istringstream lines(text);
        std::string line;
        if (!std::getline(lines, line) || line != "text license 1") {
            throw Failure{DRM_ERR_UNKNOWN};
        }
        while (std::getline(lines, line)) {
            std::istringstream words(line);
            std::string word, id, content, more;
            words >> word;
            if (word == "key" && words >> id >> content && !(words >> more)) {
                keys.push_back({fromHex(id), fromHex(content)});
            } else if (word == "until" && until == 0 && words >> until && until > 0 && !(words >> more)) {
                continue;
            } else if (word == "offline" && !(words >> more)) {
                offline = true;
            } else {
                throw Failure{DRM_ERR_UNKNOWN};
            }
        }
        if (keys.empty()) {
            throw Failure{DRM_ERR_UNKNOWN};
        }
    }
};

/** An instance. */
struct System {
    const DRM_PluginHost &host;
    DRM_PluginSystem *handle;

    std::string stored(const Bytes &id) const
    {
        std::uint32_t size = 0;
        const Drm_ErrCode first =
            host.storeGet(handle, DRM_PLUGIN_STORE_OFFLINE_KEYS, id.data(), static_cast<std::uint32_t>(id.size()),
                          nullptr, &size, nullptr);
        // Too little room: the size needed is there now.
        if (first != DRM_ERR_OK && first != DRM_ERR_INVALID_VAL) {
            throw Failure{first};
        }
        std::string text(size, '\0');
        check(host.storeGet(handle, DRM_PLUGIN_STORE_OFFLINE_KEYS, id.data(), static_cast<std::uint32_t>(id.size()),
                            reinterpret_cast<std::uint8_t *>(&text[0]), &size, nullptr));
        return text;
    }

    void store(const Bytes &id, const std::string &text) const
    {
        DRM_PluginStoreEntry entry{};
        entry.structSize = sizeof(entry);
        entry.id = id.data();
        entry.idLen = static_cast<std::uint32_t>(id.size());
        entry.value = reinterpret_cast<const std::uint8_t *>(text.data());
        entry.valueLen = static_cast<std::uint32_t>(text.size());
        entry.status = OFFLINE_MEDIA_KEY_STATUS_USABLE;
        check(host.storePut(handle, DRM_PLUGIN_STORE_OFFLINE_KEYS, &entry, 1));
    }
};

/** A session. */
struct Session {
    const System &system;
    DRM_PluginSession *handle;

    void install(const License &license) const
    {
        std::vector<DRM_PluginKey> keys;
        for (const License::Key &key : license.keys) {
            DRM_PluginKey installed{};
            installed.structSize = sizeof(installed);
            installed.keyId = key.id.data();
            installed.keyIdLen = static_cast<std::uint32_t>(key.id.size());
            installed.key = key.content.data();
            installed.keyLen = static_cast<std::uint32_t>(key.content.size());
            keys.push_back(installed);
        }
        check(system.host.installKeys(handle, keys.data(), static_cast<std::uint32_t>(keys.size()), license.until));
    }
};

const Session &sessionOf(void *session)
{
    return *static_cast<const Session *>(session);
}

int addLine(const std::uint8_t *id, std::uint32_t size, void *text) noexcept
{
    try {
        static_cast<std::string *>(text)->append("key " + toHex(id, size) + "\n");
        return 0;
    } catch (...) {
        return 1;
    }
}

extern "C" {

static void destroySession(void *session) noexcept
{
    delete static_cast<Session *>(session);
}

static Drm_ErrCode generateMediaKeyRequest(void *object, const DRM_MediaKeyRequestInfo *info,
                                           DRM_MediaKeyRequest *request) noexcept
{
    return guarded([&] {
        const Session &session = sessionOf(object);
        std::string text = "text request 1\n";
        check(session.system.host.getKeyIds(session.system.handle, info->mimeType, info->initData,
                                            static_cast<std::uint32_t>(info->initDataLen), addLine, &text));
        if (info->type == MEDIA_KEY_TYPE_OFFLINE) {
            text += "offline\n";
        }
        if (text.size() > sizeof(request->data)) {
            throw Failure{DRM_ERR_UNKNOWN};
        }
        request->type = MEDIA_KEY_REQUEST_TYPE_INITIAL;
        request->dataLen = static_cast<std::int32_t>(text.size());
        std::memcpy(request->data, text.data(), text.size());
    });
}

static Drm_ErrCode processMediaKeyResponse(void *object, const std::uint8_t *response, std::uint32_t size,
                                           std::uint8_t *id, std::uint32_t *idSize) noexcept
{
    return guarded([&] {
        const Session &session = sessionOf(object);
        const std::string text(reinterpret_cast<const char *>(response), size);
        const License license(text);
        const Bytes &last = license.keys.back().id;
        session.install(license);
        if (license.offline) {
            session.system.store(last, text);
        }
        std::memcpy(id, last.data(), last.size());
        *idSize = static_cast<std::uint32_t>(last.size());
    });
}

static Drm_ErrCode generateOfflineReleaseRequest(void *object, const std::uint8_t *id, std::uint32_t idSize,
                                                 std::uint8_t *request, std::uint32_t *size) noexcept
{
    return guarded([&] {
        sessionOf(object).system.stored(Bytes(id, id + idSize));
        const std::string text = "give back " + toHex(id, idSize);
        if (text.size() > *size) {
            throw Failure{DRM_ERR_UNKNOWN};
        }
        std::memcpy(request, text.data(), text.size());
        *size = static_cast<std::uint32_t>(text.size());
    });
}

static Drm_ErrCode processOfflineReleaseResponse(void *object, const std::uint8_t *id, std::uint32_t idSize,
                                                 const std::uint8_t *response, std::uint32_t size) noexcept
{
    return guarded([&] {
        const System &system = sessionOf(object).system;
        if (std::string(reinterpret_cast<const char *>(response), size) != "taken " + toHex(id, idSize)) {
            throw Failure{DRM_ERR_UNKNOWN};
        }
        check(system.host.storeDelete(system.handle, DRM_PLUGIN_STORE_OFFLINE_KEYS, id, idSize));
    });
}

static Drm_ErrCode restoreOfflineMediaKeys(void *object, const std::uint8_t *id, std::uint32_t idSize) noexcept
{
    return guarded([&] {
        const Session &session = sessionOf(object);
        session.install(License(session.system.stored(Bytes(id, id + idSize))));
    });
}

static void destroySystem(void *system) noexcept
{
    delete static_cast<System *>(system);
}

static Drm_ErrCode createSession(void *object, DRM_ContentProtectionLevel, DRM_PluginSession *handle,
                                 const DRM_PluginSessionFunctions **functions, void **out) noexcept
{
    return guarded([&] {
        static const DRM_PluginSessionFunctions table = [] {
            DRM_PluginSessionFunctions made{};
            made.structSize = sizeof(made);
            made.apiVersion = NATIVE_DRM_PLUGIN_API_VERSION;
            made.destroy = destroySession;
            made.generateMediaKeyRequest = generateMediaKeyRequest;
            made.processMediaKeyResponse = processMediaKeyResponse;
            made.generateOfflineReleaseRequest = generateOfflineReleaseRequest;
            made.processOfflineReleaseResponse = processOfflineReleaseResponse;
            made.restoreOfflineMediaKeys = restoreOfflineMediaKeys;
            return made;
        }();
        *out = new Session{*static_cast<const System *>(object), handle};
        *functions = &table;
    });
}

static Drm_ErrCode createSystem(void *, const DRM_PluginHost *host, DRM_PluginSystem *handle,
                                const DRM_PluginSystemFunctions **functions, void **out) noexcept
{
    return guarded([&] {
        static const DRM_PluginSystemFunctions table = [] {
            DRM_PluginSystemFunctions made{};
            made.structSize = sizeof(made);
            made.apiVersion = NATIVE_DRM_PLUGIN_API_VERSION;
            made.destroy = destroySystem;
            made.createSession = createSession;
            return made;
        }();
        *out = new System{*host, handle};
        *functions = &table;
    });
}

__attribute__((visibility("default"))) Drm_ErrCode NativeDrm_PluginInit(const DRM_PluginHost *host,
                                                                        const DRM_KeySystemPlugin **plugin) noexcept
{
    static const std::uint8_t systemId[16] = {0x1f, 0x83, 0xe1, 0xe8, 0x6e, 0xe9, 0x4f, 0x0d,
                                              0xba, 0x2f, 0x5e, 0xc4, 0xe3, 0xed, 0x1a, 0x66};
    static const DRM_PluginMimeType types[] = {{"video/mp4", CONTENT_PROTECTION_LEVEL_UNKNOWN, 0},
                                               {"audio/mp4", CONTENT_PROTECTION_LEVEL_UNKNOWN, 0},
                                               {"webm", CONTENT_PROTECTION_LEVEL_UNKNOWN, 0},
                                               {"cenc", CONTENT_PROTECTION_LEVEL_UNKNOWN, 0}};
    static const DRM_KeySystemPlugin table = [] {
        DRM_KeySystemPlugin made{};
        made.structSize = sizeof(made);
        made.apiVersion = NATIVE_DRM_PLUGIN_API_VERSION;
        made.name = "com.example.text";
        made.vendor = "example";
        made.version = "1.0";
        made.description = "Licenses that anybody can write; an example that protects nothing";
        made.algorithms = "AES-128-CTR,AES-128-CBC,SM4-CTR,SM4-CBC";
        made.systemIds = systemId;
        made.systemIdCount = 1;
        made.mimeTypes = types;
        made.mimeTypeCount = sizeof(types) / sizeof(*types);
        made.maxMediaKeyIdLen = 16;
        made.createSystem = createSystem;
        return made;
    }();
    if (host->structSize < sizeof(*host)) {
        return DRM_ERR_UNKNOWN;
    }
    *plugin = &table;
    return DRM_ERR_OK;
}

} // extern "C"

} // namespace
