// SPDX-License-Identifier: Apache-2.0
//
// What the readers of the vector test deliver, and a bounds-checked byte cursor for them.
#ifndef TEST_SUPPORT_MEDIA_HPP
#define TEST_SUPPORT_MEDIA_HPP

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace media {

using Bytes = std::vector<uint8_t>;

struct Subsample {
    uint32_t clear = 0;
    uint32_t encrypted = 0;
};

/// Protection of a sample: of its group (`seig`), else of its track (`tenc`).
struct Protection {
    bool is_protected = false;
    uint8_t iv_size = 0;
    uint8_t crypt = 0;
    uint8_t skip = 0;
    Bytes kid;
    Bytes constant_iv;
};

struct Sample {
    Bytes data;
    bool encrypted = false;
    Bytes kid;
    Bytes iv;
    std::vector<Subsample> subsamples;
    uint8_t crypt = 0;
    uint8_t skip = 0;
};

struct Track {
    uint32_t id = 0;
    std::string handler;
    std::string scheme; // Four characters of schm; empty for a track that is not encrypted; "webm" for WebM.
    std::vector<Sample> samples;
};

inline Bytes read_file(const std::string &path)
{
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        throw std::runtime_error("cannot open " + path);
    }
    return Bytes(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

/// A range of a file. Reading past its end throws.
class Cursor {
public:
    Cursor(const Bytes &file, size_t begin, size_t end) : file_(&file), at_(begin), end_(end)
    {
        if (begin > end || end > file.size()) {
            throw std::runtime_error("range outside the file");
        }
    }

    size_t at() const { return at_; }
    size_t end() const { return end_; }
    size_t left() const { return end_ - at_; }
    bool done() const { return at_ == end_; }
    const Bytes &file() const { return *file_; }

    void skip(size_t count)
    {
        need(count);
        at_ += count;
    }

    uint64_t number(size_t bytes)
    {
        need(bytes);
        uint64_t value = 0;
        for (size_t i = 0; i < bytes; i++) {
            value = value << 8 | (*file_)[at_ + i];
        }
        at_ += bytes;
        return value;
    }

    uint8_t u8() { return static_cast<uint8_t>(number(1)); }
    uint16_t u16() { return static_cast<uint16_t>(number(2)); }
    uint32_t u32() { return static_cast<uint32_t>(number(4)); }
    uint64_t u64() { return number(8); }

    Bytes bytes(size_t count)
    {
        need(count);
        Bytes out(file_->begin() + static_cast<std::ptrdiff_t>(at_),
                  file_->begin() + static_cast<std::ptrdiff_t>(at_ + count));
        at_ += count;
        return out;
    }

    std::string text(size_t count)
    {
        Bytes raw = bytes(count);
        return std::string(raw.begin(), raw.end());
    }

private:
    void need(size_t count) const
    {
        if (count > end_ - at_) {
            throw std::runtime_error("box is too short at offset " + std::to_string(at_));
        }
    }

    const Bytes *file_;
    size_t at_;
    size_t end_;
};

} // namespace media

#endif // TEST_SUPPORT_MEDIA_HPP
