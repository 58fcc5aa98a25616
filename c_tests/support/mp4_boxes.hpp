// SPDX-License-Identifier: Apache-2.0
//
// The MP4 boxes (ISO/IEC 14496-12) of Common Encryption (ISO/IEC 23001-7) and PIFF 1.1 that Mp4Reader needs.
#ifndef TEST_SUPPORT_MP4_BOXES_HPP
#define TEST_SUPPORT_MP4_BOXES_HPP

#include <functional>

#include "media.hpp"

namespace media {

constexpr const char *kPiffTenc = "8974dbce7be74c5184f97148f9882554";
constexpr const char *kPiffSenc = "a2394f525a9b4f14a2446c427c648df4";

struct Box {
    std::string type; // "uuid" is replaced by the hexadecimal extended type.
    size_t start;
    Cursor body;
};

struct SampleEntry {
    std::string scheme;
    Protection protection;
};

struct AuxSizes {
    uint8_t default_size = 0;
    uint32_t count = 0;
    Bytes sizes;
};

inline void each_box(Cursor in, const std::function<void(const Box &)> &visit)
{
    while (!in.done()) {
        size_t start = in.at();
        uint64_t size = in.u32();
        std::string type = in.text(4);
        if (size == 1) {
            size = in.u64();
        } else if (size == 0) {
            size = in.end() - start;
        }
        if (size < in.at() - start || size > in.end() - start) {
            throw std::runtime_error("box " + type + " has a wrong size at offset " + std::to_string(start));
        }
        size_t end = start + static_cast<size_t>(size);
        if (type == "uuid") {
            static const char digits[] = "0123456789abcdef";
            type.clear();
            for (uint8_t byte : in.bytes(16)) {
                type += digits[byte >> 4];
                type += digits[byte & 15];
            }
        }
        visit(Box{type, start, Cursor(in.file(), in.at(), end)});
        in.skip(end - in.at());
    }
}

/// The fields that tenc and seig share: reserved, pattern, isProtected, IV size, key id, constant IV.
inline Protection read_protection(Cursor &in, bool has_pattern)
{
    Protection out;
    in.skip(1);
    uint8_t pattern = in.u8();
    if (has_pattern) {
        out.crypt = pattern >> 4;
        out.skip = pattern & 15;
    }
    out.is_protected = in.u8() == 1;
    out.iv_size = in.u8();
    out.kid = in.bytes(16);
    if (out.is_protected && out.iv_size == 0) {
        out.constant_iv = in.bytes(in.u8());
    }
    return out;
}

inline Protection read_tenc(Cursor in)
{
    bool versioned = in.u8() > 0;
    in.skip(3);
    return read_protection(in, versioned);
}

inline Protection read_piff_tenc(Cursor in, unsigned &algorithm)
{
    Protection out;
    in.skip(4);
    algorithm = static_cast<unsigned>(in.number(3));
    out.is_protected = algorithm != 0;
    out.iv_size = in.u8();
    out.kid = in.bytes(16);
    return out;
}

inline void read_sgpd(Cursor in, std::vector<Protection> &groups)
{
    uint8_t version = in.u8();
    in.skip(3);
    if (in.text(4) != "seig") {
        return;
    }
    uint32_t default_length = version >= 1 ? in.u32() : 0;
    if (version >= 2) {
        in.skip(4);
    }
    uint32_t count = in.u32();
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = default_length;
        if (version >= 1 && default_length == 0) {
            length = in.u32();
        }
        size_t start = in.at();
        groups.push_back(read_protection(in, true));
        if (length > 0) {
            in.skip(start + length - in.at());
        }
    }
}

inline SampleEntry read_entry(const Box &box)
{
    SampleEntry entry;
    Cursor in = box.body;
    if (box.type == "encv") {
        in.skip(78);
    } else if (box.type == "enca") {
        in.skip(8);
        uint16_t version = in.u16();
        in.skip(version == 1 ? 34 : 18);
    } else {
        return entry;
    }
    unsigned piff_algorithm = 0;
    each_box(Cursor(in.file(), in.at(), in.end()), [&](const Box &child) {
        if (child.type != "sinf") {
            return;
        }
        each_box(child.body, [&](const Box &part) {
            if (part.type == "schm") {
                Cursor schm = part.body;
                schm.skip(4);
                entry.scheme = schm.text(4);
            } else if (part.type == "schi") {
                each_box(part.body, [&](const Box &info) {
                    if (info.type == "tenc") {
                        entry.protection = read_tenc(info.body);
                    } else if (info.type == kPiffTenc) {
                        entry.protection = read_piff_tenc(info.body, piff_algorithm);
                    }
                });
            }
        });
    });
    if (entry.scheme == "piff") {
        entry.scheme = piff_algorithm == 2 ? "cbc1" : "cenc";
    }
    return entry;
}

inline AuxSizes read_saiz(Cursor in)
{
    AuxSizes out;
    uint32_t flags = in.u32() & 0xffffff;
    in.skip((flags & 1) != 0 ? 8 : 0);
    out.default_size = in.u8();
    out.count = in.u32();
    if (out.default_size == 0) {
        out.sizes = in.bytes(out.count);
    }
    return out;
}

inline std::vector<uint64_t> read_saio(Cursor in)
{
    uint8_t version = in.u8();
    uint32_t flags = static_cast<uint32_t>(in.number(3));
    in.skip((flags & 1) != 0 ? 8 : 0);
    std::vector<uint64_t> out(in.u32());
    for (uint64_t &offset : out) {
        offset = in.number(version == 0 ? 4 : 8);
    }
    return out;
}

inline void read_sbgp(Cursor in, std::vector<uint32_t> &group_of)
{
    uint8_t version = in.u8();
    in.skip(3);
    if (in.text(4) != "seig") {
        return;
    }
    in.skip(version == 1 ? 4 : 0);
    uint32_t entries = in.u32();
    for (uint32_t i = 0; i < entries; i++) {
        uint32_t count = in.u32();
        uint32_t group = in.u32();
        group_of.insert(group_of.end(), count, group);
    }
}

} // namespace media

#endif // TEST_SUPPORT_MP4_BOXES_HPP
