/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file core.hpp
 * @brief Errors, bytes, version, pssh boxes.
 */

#ifndef NATIVE_DRM_CORE_HPP
#define NATIVE_DRM_CORE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../multimedia/drm_framework/native_drm_common.h"
#include "../multimedia/drm_framework/native_drm_err.h"
#include "../multimedia/drm_framework/native_drm_extension.h"
#include "../multimedia/drm_framework/native_mediadecrypt.h"

namespace native_drm {

/** A failed call: which function, which code, and the library's message about it. */
class Error : public std::runtime_error {
public:
    /**
     * @param function name of the C function
     * @param code what it returned
     * @param message what it says about it
     */
    Error(const std::string &function, Drm_ErrCode code, const std::string &message)
        : std::runtime_error(function + ": " + message + " (" + std::to_string(static_cast<unsigned>(code)) + ")"),
          code_(code), message_(message)
    {
    }

    /** @return the code, one of Drm_ErrCode */
    Drm_ErrCode code() const noexcept { return code_; }

    /** @return OH_Drm_GetLastErrorMessage() as of the failure */
    const std::string &message() const noexcept { return message_; }

private:
    Drm_ErrCode code_;
    std::string message_;
};

/** Throws Error if code is not DRM_ERR_OK. */
inline void check(Drm_ErrCode code, const char *function)
{
    if (code != DRM_ERR_OK) {
        throw Error(function, code, OH_Drm_GetLastErrorMessage());
    }
}

/** Bytes that belong to somebody else: a pointer and a length. T is std::uint8_t or const std::uint8_t. */
template <typename T> class Span {
public:
    /** No bytes. */
    constexpr Span() noexcept = default;

    /** size bytes from data on. */
    constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}

    /** The bytes of a vector, array, string, span ... */
    template <typename Container,
              typename Element = std::remove_pointer_t<decltype(std::declval<Container &>().data())>,
              typename = std::enable_if_t<sizeof(Element) == 1 && (std::is_const_v<T> || !std::is_const_v<Element>)>>
    Span(Container &&container) : data_(reinterpret_cast<T *>(container.data())), size_(container.size())
    {
    }

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t index) const { return data_[index]; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = Span<std::uint8_t>;
using ConstByteSpan = Span<const std::uint8_t>;
using KeyId = std::array<std::uint8_t, DRM_KEY_ID_SIZE>;
using Uuid = std::array<std::uint8_t, DRM_UUID_LEN>;

/** A name with a value. */
using NamedValue = std::pair<std::string, std::string>;

namespace detail {

/** The C API takes input as pointer to non-const; it does not write through it. */
inline std::uint8_t *input(ConstByteSpan bytes) noexcept
{
    return const_cast<std::uint8_t *>(bytes.data());
}

/** The length as the C API wants it. */
template <typename Integer> Integer length(std::size_t size, const char *function)
{
    if (size > static_cast<std::size_t>(std::numeric_limits<Integer>::max())) {
        throw Error(function, DRM_ERR_INVALID_VAL, std::to_string(size) + " bytes are too many");
    }
    return static_cast<Integer>(size);
}

/** Copies text into a zeroed array, which must have room for a NUL as well. */
template <std::size_t Size> void copyText(char (&array)[Size], std::string_view text, const char *function)
{
    if (text.size() >= Size || text.find('\0') != std::string_view::npos) {
        throw Error(function, DRM_ERR_INVALID_VAL, "text is longer than " + std::to_string(Size - 1) + " bytes or has a NUL");
    }
    std::memcpy(array, text.data(), text.size());
}

/** Text of an array that may be full. */
template <std::size_t Size> std::string text(const char (&array)[Size])
{
    return std::string(array, strnlen(array, Size));
}

/** Calls get(buffer, &length) with the room it asks for. */
template <typename Get> Bytes growing(std::size_t room, const char *function, Get get)
{
    Bytes buffer(room);
    for (;;) {
        auto size = static_cast<std::int32_t>(buffer.size());
        const Drm_ErrCode code = get(buffer.data(), &size);
        if (code == DRM_ERR_INVALID_VAL && size > 0 && static_cast<std::size_t>(size) > buffer.size()) {
            buffer.resize(static_cast<std::size_t>(size));
            continue;
        }
        check(code, function);
        buffer.resize(static_cast<std::size_t>(size));
        return buffer;
    }
}

} // namespace detail

/** @return version of the library that is running: major × 65536 + minor × 256 + patch */
inline std::uint32_t version() noexcept
{
    return OH_Drm_GetVersion();
}

/** A pssh box of a stream. */
struct Pssh {
    Uuid systemId;
    Bytes box;
};

/** Finds the pssh boxes of an MP4 file or segment, of raw boxes, of a DASH MPD or HLS playlist. */
inline std::vector<Pssh> parsePssh(ConstByteSpan data)
{
    const auto info = std::make_unique<DRM_MediaKeySystemInfo>();
    check(OH_Drm_ParseMediaKeySystemInfo(data.data(), data.size(), info.get()), "OH_Drm_ParseMediaKeySystemInfo");
    std::vector<Pssh> boxes(info->psshCount);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        const DRM_PsshInfo &pssh = info->psshInfo[i];
        std::memcpy(boxes[i].systemId.data(), pssh.uuid, sizeof(pssh.uuid));
        boxes[i].box.assign(pssh.data, pssh.data + pssh.dataLen);
    }
    return boxes;
}

} // namespace native_drm

#endif /* NATIVE_DRM_CORE_HPP */
