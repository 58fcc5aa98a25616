// SPDX-License-Identifier: Apache-2.0
//
// As much of MPEG-TS (ISO/IEC 13818-1) as the tests need: the payloads of the PES packets of the first elementary stream.
#ifndef TEST_SUPPORT_MPEG_TS_HPP
#define TEST_SUPPORT_MPEG_TS_HPP

#include <stdexcept>
#include <vector>

#include "media.hpp"

namespace mpeg_ts {

using media::Bytes;

constexpr size_t kPacket = 188;

inline size_t be16(const uint8_t *bytes)
{
    return static_cast<size_t>(bytes[0]) << 8 | bytes[1];
}

/// The first entry of a section's loop that begins at `from`: a PID of 13 bits at `offset` in it.
inline size_t first_pid(const uint8_t *section, size_t size, size_t from, size_t offset)
{
    if (from + offset + 2 > size) {
        throw std::runtime_error("a section that is too short");
    }
    return be16(section + from + offset) & 0x1fff;
}

inline Bytes payload_of_pes(const Bytes &pes)
{
    if (pes.size() < 9 || pes[0] != 0 || pes[1] != 0 || pes[2] != 1) {
        throw std::runtime_error("no PES packet");
    }
    return Bytes(pes.begin() + 9 + pes[8], pes.end());
}

/// What the PES packets hold, in order: access units of video, some frames of audio.
inline std::vector<Bytes> units(const Bytes &stream)
{
    std::vector<Bytes> found;
    Bytes pes;
    size_t map_pid = 0;
    size_t stream_pid = 0;
    for (size_t at = 0; at + kPacket <= stream.size(); at += kPacket) {
        const uint8_t *packet = &stream[at];
        if (packet[0] != 0x47) {
            throw std::runtime_error("no sync byte");
        }
        size_t pid = be16(packet + 1) & 0x1fff;
        bool starts = (packet[1] & 0x40) != 0;
        size_t header = (packet[3] & 0x20) != 0 ? 5u + packet[4] : 4u;
        if ((packet[3] & 0x10) == 0 || header >= kPacket) {
            continue;
        }
        const uint8_t *payload = packet + header;
        size_t size = kPacket - header;
        if (pid == 0 && starts && map_pid == 0) {
            map_pid = first_pid(payload + 1, size - 1, 8, 2);
        } else if (map_pid != 0 && pid == map_pid && starts && stream_pid == 0) {
            size_t info = be16(payload + 1 + 10) & 0x0fff;
            stream_pid = first_pid(payload + 1, size - 1, 12 + info, 1);
        } else if (stream_pid != 0 && pid == stream_pid) {
            if (starts && !pes.empty()) {
                found.push_back(payload_of_pes(pes));
                pes.clear();
            }
            pes.insert(pes.end(), payload, payload + size);
        }
    }
    if (!pes.empty()) {
        found.push_back(payload_of_pes(pes));
    }
    return found;
}

/// Packed audio (RFC 8216 section 3.4) without the ID3 tag in front.
inline Bytes packed_audio(const Bytes &file)
{
    if (file.size() < 10 || file[0] != 'I' || file[1] != 'D' || file[2] != '3') {
        throw std::runtime_error("no ID3 tag");
    }
    size_t size = static_cast<size_t>(file[6]) << 21 | static_cast<size_t>(file[7]) << 14 |
                  static_cast<size_t>(file[8]) << 7 | file[9];
    return Bytes(file.begin() + static_cast<long>(10 + size), file.end());
}

} // namespace mpeg_ts

#endif // TEST_SUPPORT_MPEG_TS_HPP
