// SPDX-License-Identifier: Apache-2.0
//
// A reader of WebM (RFC 9559) with WebM encryption, for the vector test alone. It is independent of the library.
#ifndef TEST_SUPPORT_WEBM_READER_HPP
#define TEST_SUPPORT_WEBM_READER_HPP

#include <algorithm>
#include <functional>
#include <map>

#include "media.hpp"

namespace media {

class WebmReader {
public:
    void read(const Bytes &file)
    {
        walk(Cursor(file, 0, file.size()));
    }

    /// The tracks in the order of the Tracks element.
    const std::vector<Track> &tracks() const { return tracks_; }

private:
    // Element ids with their length marker (RFC 9559 section 5).
    enum : uint64_t {
        kSegment = 0x18538067,
        kTracks = 0x1654ae6b,
        kTrackEntry = 0xae,
        kTrackNumber = 0xd7,
        kContentEncodings = 0x6d80,
        kContentEncoding = 0x6240,
        kContentEncryption = 0x5035,
        kContentEncAlgo = 0x47e1,
        kContentEncKeyId = 0x47e2,
        kAesSettings = 0x47e7,
        kAesCipherMode = 0x47e8,
        kCluster = 0x1f43b675,
        kSimpleBlock = 0xa3,
        kBlockGroup = 0xa0,
        kBlock = 0xa1,
    };

    struct Encryption {
        uint64_t algorithm = 0; // 5 = AES
        uint64_t mode = 0;      // 1 = CTR
        Bytes key_id;
    };

    std::vector<Track> tracks_;
    std::map<uint64_t, Encryption> encryption_;
    uint64_t current_number_ = 0;
    Encryption current_;

    static uint64_t read_id(Cursor &in)
    {
        uint8_t first = in.u8();
        size_t extra = leading_zeros(first);
        uint64_t id = first;
        for (size_t i = 0; i < extra; i++) {
            id = id << 8 | in.u8();
        }
        return id;
    }

    /// A variable-size integer without its marker; all ones (unknown) gives UINT64_MAX.
    static uint64_t read_size(Cursor &in)
    {
        uint8_t first = in.u8();
        size_t extra = leading_zeros(first);
        uint64_t mask = 0x7fU >> extra;
        uint64_t value = first & mask;
        bool unknown = value == mask;
        for (size_t i = 0; i < extra; i++) {
            uint8_t byte = in.u8();
            unknown = unknown && byte == 0xff;
            value = value << 8 | byte;
        }
        return unknown ? UINT64_MAX : value;
    }

    static size_t leading_zeros(uint8_t byte)
    {
        size_t zeros = 0;
        while (zeros < 8 && (byte & (0x80U >> zeros)) == 0) {
            zeros++;
        }
        if (zeros == 8) {
            throw std::runtime_error("bad EBML number");
        }
        return zeros;
    }

    void walk(Cursor in)
    {
        while (!in.done()) {
            uint64_t id = read_id(in);
            uint64_t size = read_size(in);
            if (size == UINT64_MAX) { // Only masters that end with their parent or the next cluster have none.
                size = in.left();
            }
            if (size > in.left()) {
                throw std::runtime_error("EBML element is longer than its parent");
            }
            Cursor body(in.file(), in.at(), in.at() + static_cast<size_t>(size));
            element(id, body);
            in.skip(static_cast<size_t>(size));
        }
    }

    void element(uint64_t id, Cursor body)
    {
        switch (id) {
        case kSegment:
        case kTracks:
        case kContentEncodings:
        case kContentEncoding:
        case kContentEncryption:
        case kAesSettings:
        case kCluster:
        case kBlockGroup:
            walk(body);
            break;
        case kTrackEntry:
            current_ = Encryption();
            walk(body);
            tracks_.emplace_back();
            tracks_.back().id = static_cast<uint32_t>(current_number_);
            tracks_.back().scheme = current_.key_id.empty() ? "" : "webm";
            encryption_[current_number_] = current_;
            break;
        case kTrackNumber:
            current_number_ = body.number(body.left());
            break;
        case kContentEncAlgo:
            current_.algorithm = body.number(body.left());
            break;
        case kContentEncKeyId:
            current_.key_id = body.bytes(body.left());
            break;
        case kAesCipherMode:
            current_.mode = body.number(body.left());
            break;
        case kSimpleBlock:
        case kBlock:
            block(body);
            break;
        default:
            break;
        }
    }

    void block(Cursor in)
    {
        uint64_t number = read_size(in);
        in.skip(2);
        if ((in.u8() & 0x06) != 0) {
            throw std::runtime_error("laced blocks are not expected");
        }
        auto track = std::find_if(tracks_.begin(), tracks_.end(),
                                  [&](const Track &candidate) { return candidate.id == number; });
        if (track == tracks_.end()) {
            throw std::runtime_error("block of an unknown track");
        }
        track->samples.push_back(frame(in, encryption_.at(number)));
    }

    static Sample frame(Cursor in, const Encryption &encryption)
    {
        Sample out;
        if (encryption.key_id.empty()) {
            out.data = in.bytes(in.left());
            return out;
        }
        if (encryption.algorithm != 5 || encryption.mode != 1) {
            throw std::runtime_error("not AES-CTR");
        }
        uint8_t signal = in.u8();
        out.encrypted = (signal & 1) != 0;
        bool partitioned = false;
        std::vector<uint32_t> offsets;
        if (out.encrypted) {
            out.kid = encryption.key_id;
            out.iv = in.bytes(8);
            partitioned = (signal & 2) != 0;
            if (partitioned) {
                offsets.resize(in.u8());
                for (uint32_t &offset : offsets) {
                    offset = in.u32();
                }
            }
        }
        out.data = in.bytes(in.left());
        uint32_t size = static_cast<uint32_t>(out.data.size());
        // Partitions are clear, encrypted, clear, …; each offset is where the next one begins.
        uint32_t at = 0;
        for (size_t i = 0; i < offsets.size(); i += 2) {
            Subsample subsample;
            uint32_t encrypted_end = i + 1 < offsets.size() ? offsets[i + 1] : size;
            if (offsets[i] < at || encrypted_end < offsets[i] || encrypted_end > size) {
                throw std::runtime_error("bad partition offset");
            }
            subsample.clear = offsets[i] - at;
            subsample.encrypted = encrypted_end - offsets[i];
            at = encrypted_end;
            out.subsamples.push_back(subsample);
        }
        // An even number of offsets leaves a clear partition at the end; no offset at all, a clear frame.
        if (partitioned && at < size) {
            Subsample last;
            last.clear = size - at;
            out.subsamples.push_back(last);
        }
        return out;
    }
};

} // namespace media

#endif // TEST_SUPPORT_WEBM_READER_HPP
