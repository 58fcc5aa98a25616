/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file core.hpp
 * @brief Errors, bytes, version.
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

/** A failed call: which function, which code, and the library's message about it. Copies never throw. */
class Error : public std::runtime_error {
public:
    /**
     * @param function name of the C function
     * @param code what it returned
     * @param message what it says about it
     */
    Error(const std::string &function, Drm_ErrCode code, const std::string &message)
        : std::runtime_error(function + ": " + message + " (" + std::to_string(static_cast<unsigned>(code)) + ")"),
          code_(code), texts_(std::make_shared<const Texts>(Texts{function, message}))
    {
    }

    /** @return the code, one of Drm_ErrCode */
    Drm_ErrCode code() const noexcept { return code_; }

    /** @return name of the C function */
    const std::string &function() const noexcept { return texts_->function; }

    /** @return OH_Drm_GetLastErrorMessage() as of the failure */
    const std::string &message() const noexcept { return texts_->message; }

private:
    struct Texts {
        std::string function;
        std::string message;
    };

    Drm_ErrCode code_;
    std::shared_ptr<const Texts> texts_;
};

/** @return the reason of this thread's last failing call in words, valid until its next failing call; never null */
inline const char *lastErrorMessage() noexcept
{
    return OH_Drm_GetLastErrorMessage();
}

namespace detail {

// Functions that throw are apart from those that check, which are then small enough for compilers to inline.

[[noreturn, gnu::cold, gnu::noinline]] inline void fail(Drm_ErrCode code, const char *function)
{
    throw Error(function, code, lastErrorMessage());
}

[[noreturn, gnu::cold, gnu::noinline]] inline void refuseLength(std::size_t size, const char *function)
{
    throw Error(function, DRM_ERR_INVALID_VAL, "a length of " + std::to_string(size) + " is out of range");
}

[[noreturn, gnu::cold, gnu::noinline]] inline void refuseNull(const char *function)
{
    throw Error(function, DRM_ERR_INVALID_VAL, "the data are null");
}

} // namespace detail

/** Throws Error if code is not DRM_ERR_OK. */
inline void check(Drm_ErrCode code, const char *function)
{
    if (code != DRM_ERR_OK) {
        detail::fail(code, function);
    }
}

/**
 * Elements that belong to somebody else: a pointer and a number. As a parameter it takes temporaries, too; a Span that is
 * kept must not outlive what it was made of.
 */
template <typename T> class Span {
    template <typename Element>
    static constexpr bool fits = std::is_convertible_v<Element (*)[], T (*)[]> ||
                                 (std::is_same_v<std::remove_const_t<T>, std::uint8_t> && sizeof(Element) == 1 &&
                                  std::is_trivially_copyable_v<Element> && (std::is_const_v<T> || !std::is_const_v<Element>));

public:
    /** No elements. */
    constexpr Span() noexcept = default;

    /** size elements from data on. */
    constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}

    /** The elements of an array; not of a text literal, whose NUL is seldom wanted. */
    template <typename Element, std::size_t Size,
              typename = std::enable_if_t<std::is_convertible_v<Element (*)[], T (*)[]>>>
    constexpr Span(Element (&array)[Size]) noexcept : data_(array), size_(Size)
    {
    }

    /** The elements of a vector, array, string, span ...; for bytes those of any container whose elements are bytes. */
    template <typename Container,
              typename Element = std::remove_pointer_t<decltype(std::declval<Container &>().data())>,
              typename = std::enable_if_t<std::is_object_v<Element>>,
              typename = std::enable_if_t<fits<Element> && !std::is_same_v<std::decay_t<Container>, Span>>>
    Span(Container &&container) noexcept : data_(reinterpret_cast<T *>(container.data())), size_(container.size())
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

/** @return version of the library that is running: major × 65536 + minor × 256 + patch */
inline std::uint32_t version() noexcept
{
    return OH_Drm_GetVersion();
}

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
        refuseLength(size, function);
    }
    return static_cast<Integer>(size);
}

/** Copies bytes to where there is room for `room`. */
inline void copyBytes(std::uint8_t *to, std::size_t room, ConstByteSpan bytes, const char *function)
{
    if (bytes.size() > room) {
        refuseLength(bytes.size(), function);
    }
    if (bytes.empty()) {
        return;
    }
    if (bytes.data() == nullptr) {
        refuseNull(function);
    }
    std::memcpy(to, bytes.data(), bytes.size());
}

/** Copies an id of 16 bytes; from another number of bytes would be read beyond. */
inline void copyId(std::uint8_t *to, ConstByteSpan bytes, const char *function)
{
    if (bytes.size() != DRM_KEY_ID_SIZE) {
        refuseLength(bytes.size(), function);
    }
    if (bytes.data() == nullptr) {
        refuseNull(function);
    }
    std::memcpy(to, bytes.data(), DRM_KEY_ID_SIZE);
}

/** The 16 bytes of an id. */
inline KeyId sixteen(ConstByteSpan bytes, const char *function)
{
    KeyId id;
    copyId(id.data(), bytes, function);
    return id;
}

/** Copies text into a zeroed array, which it may fill. C would take a NUL for its end. */
template <std::size_t Size> void copyText(char (&array)[Size], std::string_view text, const char *function)
{
    if (text.size() > Size || text.find('\0') != std::string_view::npos) {
        throw Error(function, DRM_ERR_INVALID_VAL, "text is longer than " + std::to_string(Size) + " bytes or has a NUL");
    }
    if (!text.empty()) {
        std::memcpy(array, text.data(), text.size());
    }
}

/** The text for a C function, which would take a NUL for its end. */
inline const char *cString(const std::string &text, const char *function)
{
    if (text.find('\0') != std::string::npos) {
        throw Error(function, DRM_ERR_INVALID_VAL, "text has a NUL");
    }
    return text.c_str();
}

/** Text of an array that may be full. */
template <std::size_t Size> std::string text(const char (&array)[Size])
{
    return std::string(array, strnlen(array, Size));
}

/**
 * Calls get(buffer, &length) with the room it asks for. Container: Bytes or std::string; Length: the C function's type of
 * lengths.
 */
template <typename Container, typename Length, typename Get>
Container growing(std::size_t room, const char *function, Get get)
{
    Container buffer(room, 0);
    for (;;) {
        auto size = static_cast<Length>(buffer.size());
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

/** Like growing(), for text that the C function ends with a NUL. */
template <typename Get> std::string growingText(std::size_t room, const char *function, Get get)
{
    auto result = growing<std::string, std::uint32_t>(room, function, get);
    result.pop_back();
    return result;
}

} // namespace detail

} // namespace native_drm

#endif /* NATIVE_DRM_CORE_HPP */
