// SPDX-License-Identifier: Apache-2.0
//
// A reader of fragmented MP4 (ISO/IEC 14496-12) with Common Encryption (ISO/IEC 23001-7) or PIFF 1.1 boxes, for the
// vector test alone. It is independent of the library.
#ifndef TEST_SUPPORT_MP4_READER_HPP
#define TEST_SUPPORT_MP4_READER_HPP

#include <algorithm>
#include <map>
#include <optional>

#include "mp4_boxes.hpp"

namespace media {

class Mp4Reader {
public:
    /// Reads one file or segment; the initialisation segment comes first.
    void read(const Bytes &file)
    {
        each_box(Cursor(file, 0, file.size()), [&](const Box &box) {
            if (box.type == "moov") {
                read_moov(box.body);
            } else if (box.type == "moof") {
                read_moof(box);
            }
        });
    }

    /// The tracks in the order of the moov box.
    std::vector<Track> tracks() const
    {
        std::vector<Track> out;
        for (uint32_t id : order_) {
            out.push_back(tracks_.at(id).track);
        }
        return out;
    }

private:
    struct TrackState {
        Track track;
        std::vector<SampleEntry> entries;
        std::vector<Protection> groups; // seig groups of the moov box
        uint32_t default_entry = 1;
        uint32_t default_size = 0;
    };

    struct Placed { // A sample of a traf before its protection is known.
        size_t offset;
        uint32_t size;
    };

    std::map<uint32_t, TrackState> tracks_;
    std::vector<uint32_t> order_;

    void read_moov(Cursor moov)
    {
        each_box(moov, [&](const Box &box) {
            if (box.type == "trak") {
                read_trak(box.body);
            }
        });
        each_box(moov, [&](const Box &box) {
            if (box.type == "mvex") {
                each_box(box.body, [&](const Box &trex) {
                    if (trex.type == "trex") {
                        read_trex(trex.body);
                    }
                });
            }
        });
    }

    void read_trex(Cursor in)
    {
        in.skip(4);
        TrackState &state = tracks_.at(in.u32());
        state.default_entry = in.u32();
        in.u32();
        state.default_size = in.u32();
    }

    void read_trak(Cursor trak)
    {
        TrackState state;
        std::function<void(const Box &)> visit = [&](const Box &box) {
            Cursor in = box.body;
            if (box.type == "mdia" || box.type == "minf" || box.type == "stbl") {
                each_box(in, visit);
            } else if (box.type == "tkhd") {
                bool wide = in.u8() == 1;
                in.skip(3 + (wide ? 16 : 8));
                state.track.id = in.u32();
            } else if (box.type == "hdlr") {
                in.skip(8);
                state.track.handler = in.text(4);
            } else if (box.type == "stsd") {
                in.skip(8);
                each_box(in, [&](const Box &entry) { state.entries.push_back(read_entry(entry)); });
            } else if (box.type == "sgpd") {
                read_sgpd(in, state.groups);
            }
        };
        each_box(trak, visit);
        for (const SampleEntry &entry : state.entries) {
            if (state.track.scheme.empty()) {
                state.track.scheme = entry.scheme;
            }
        }
        order_.push_back(state.track.id);
        tracks_[state.track.id] = std::move(state);
    }

    void read_moof(const Box &moof)
    {
        std::optional<size_t> previous_end;
        each_box(moof.body, [&](const Box &box) {
            if (box.type == "traf") {
                read_traf(box.body, moof.start, previous_end);
            }
        });
    }

    void read_traf(Cursor traf, size_t moof_start, std::optional<size_t> &previous_end)
    {
        TrackState *state = nullptr;
        uint32_t entry_index = 0;
        uint32_t default_size = 0;
        size_t base = 0;
        size_t next = 0;
        std::vector<Placed> placed;
        std::vector<uint32_t> group_of; // per sample, 0 = none, above 0x10000 = of this traf
        std::vector<Protection> local_groups;
        std::optional<Cursor> senc;
        bool piff = false;
        std::optional<AuxSizes> aux_sizes;
        std::vector<uint64_t> aux_offsets;
        each_box(traf, [&](const Box &box) {
            Cursor in = box.body;
            if (box.type == "tfhd") {
                uint32_t flags = in.u32() & 0xffffff;
                state = &tracks_.at(in.u32());
                entry_index = state->default_entry;
                default_size = state->default_size;
                if ((flags & 0x1) != 0) {
                    base = static_cast<size_t>(in.u64());
                } else {
                    base = (flags & 0x20000) != 0 ? moof_start : previous_end.value_or(moof_start);
                }
                if ((flags & 0x2) != 0) {
                    entry_index = in.u32();
                }
                if ((flags & 0x8) != 0) {
                    in.skip(4);
                }
                if ((flags & 0x10) != 0) {
                    default_size = in.u32();
                }
                next = base;
            } else if (box.type == "trun") {
                next = read_trun(in, base, next, default_size, placed);
            } else if (box.type == "senc" || box.type == kPiffSenc) {
                if (!senc || box.type == "senc") {
                    senc = in;
                    piff = box.type == kPiffSenc;
                }
            } else if (box.type == "saiz") {
                aux_sizes = read_saiz(in);
            } else if (box.type == "saio") {
                aux_offsets = read_saio(in);
            } else if (box.type == "sgpd") {
                read_sgpd(in, local_groups);
            } else if (box.type == "sbgp") {
                read_sbgp(in, group_of);
            }
        });
        previous_end = next;
        std::vector<Protection> per_sample = protections(*state, entry_index, placed.size(), group_of, local_groups);
        std::vector<Sample> samples = load(traf.file(), placed, per_sample);
        if (std::any_of(samples.begin(), samples.end(), [](const Sample &sample) { return sample.encrypted; })) {
            bool known = senc && apply_senc(*senc, piff, per_sample, samples);
            if (!known && aux_sizes && !aux_offsets.empty()) {
                known = apply_aux(traf.file(), base, *aux_sizes, aux_offsets, per_sample, samples);
            }
            if (!known && !all_constant(per_sample)) {
                throw std::runtime_error("no usable sample information in a traf");
            }
        }
        std::move(samples.begin(), samples.end(), std::back_inserter(state->track.samples));
    }

    static size_t read_trun(Cursor in, size_t base, size_t next, uint32_t default_size, std::vector<Placed> &placed)
    {
        uint32_t flags = in.u32() & 0xffffff;
        uint32_t count = in.u32();
        if ((flags & 0x1) != 0) {
            next = base + static_cast<size_t>(static_cast<int64_t>(static_cast<int32_t>(in.u32())));
        }
        if ((flags & 0x4) != 0) {
            in.skip(4);
        }
        for (uint32_t i = 0; i < count; i++) {
            in.skip((flags & 0x100) != 0 ? 4 : 0);
            uint32_t size = (flags & 0x200) != 0 ? in.u32() : default_size;
            in.skip(((flags & 0x400) != 0 ? 4 : 0) + ((flags & 0x800) != 0 ? 4 : 0));
            placed.push_back({next, size});
            next += size;
        }
        return next;
    }

    static std::vector<Protection> protections(const TrackState &state, uint32_t entry_index, size_t count,
                                               std::vector<uint32_t> group_of, const std::vector<Protection> &local)
    {
        const SampleEntry &entry = state.entries.at(entry_index - 1);
        std::vector<Protection> out;
        group_of.resize(count, 0);
        for (uint32_t group : group_of) {
            if (group == 0) {
                out.push_back(entry.protection);
            } else if (group > 0x10000) {
                out.push_back(local.at(group - 0x10001));
            } else {
                out.push_back(state.groups.at(group - 1));
            }
        }
        return out;
    }

    static std::vector<Sample> load(const Bytes &file, const std::vector<Placed> &placed,
                                    const std::vector<Protection> &per_sample)
    {
        std::vector<Sample> out(placed.size());
        for (size_t i = 0; i < placed.size(); i++) {
            const Protection &protection = per_sample[i];
            Sample &sample = out[i];
            if (placed[i].size > file.size() || placed[i].offset > file.size() - placed[i].size) {
                throw std::runtime_error("sample outside the file");
            }
            sample.data = Cursor(file, placed[i].offset, placed[i].offset + placed[i].size).bytes(placed[i].size);
            sample.encrypted = protection.is_protected;
            if (sample.encrypted) {
                sample.kid = protection.kid;
                sample.iv = protection.constant_iv;
                sample.crypt = protection.crypt;
                sample.skip = protection.skip;
            }
        }
        return out;
    }

    static bool all_constant(const std::vector<Protection> &per_sample)
    {
        return std::all_of(per_sample.begin(), per_sample.end(), [](const Protection &protection) {
            return !protection.is_protected || !protection.constant_iv.empty();
        });
    }

    /// IV and subsamples of one sample; false if they do not fit the sample.
    static bool apply_one(Cursor &in, const Protection &protection, bool with_subsamples, Sample &sample)
    {
        if (protection.iv_size > 0) {
            sample.iv = in.bytes(protection.iv_size);
        }
        sample.subsamples.clear();
        if (!with_subsamples) {
            return true;
        }
        uint64_t total = 0;
        uint16_t count = in.u16();
        for (uint16_t i = 0; i < count; i++) {
            Subsample subsample;
            subsample.clear = in.u16();
            subsample.encrypted = in.u32();
            total += static_cast<uint64_t>(subsample.clear) + subsample.encrypted;
            sample.subsamples.push_back(subsample);
        }
        return total == sample.data.size();
    }

    static bool apply_senc(Cursor in, bool piff, std::vector<Protection> &per_sample, std::vector<Sample> &samples)
    {
        std::vector<Sample> filled = samples;
        try {
            uint32_t flags = in.u32() & 0xffffff;
            if (piff && (flags & 1) != 0) { // PIFF 1.1 section 5.3.2.1: overrides of the track's defaults.
                in.skip(3);
                uint8_t iv_size = in.u8();
                Bytes kid = in.bytes(16);
                for (size_t i = 0; i < per_sample.size(); i++) {
                    per_sample[i].iv_size = iv_size;
                    filled[i].kid = kid;
                }
            }
            if (in.u32() != samples.size()) {
                return false;
            }
            for (size_t i = 0; i < samples.size(); i++) {
                if (filled[i].encrypted && !apply_one(in, per_sample[i], (flags & 2) != 0, filled[i])) {
                    return false;
                }
            }
        } catch (const std::runtime_error &) {
            return false;
        }
        samples = filled;
        return true;
    }

    static bool apply_aux(const Bytes &file, size_t base, const AuxSizes &aux, const std::vector<uint64_t> &offsets,
                          const std::vector<Protection> &per_sample, std::vector<Sample> &samples)
    {
        // One offset: all samples in one run. The vectors have no traf with one offset per trun.
        if (aux.count != samples.size() || offsets.size() != 1) {
            return false;
        }
        std::vector<Sample> filled = samples;
        try {
            size_t at = base + static_cast<size_t>(offsets[0]);
            for (size_t i = 0; i < samples.size(); i++) {
                size_t size = aux.default_size != 0 ? aux.default_size : aux.sizes[i];
                Cursor in(file, at, at + size);
                at += size;
                if (filled[i].encrypted && size > 0 &&
                    (!apply_one(in, per_sample[i], size > per_sample[i].iv_size, filled[i]) || !in.done())) {
                    return false;
                }
            }
        } catch (const std::runtime_error &) {
            return false;
        }
        samples = filled;
        return true;
    }
};

} // namespace media

#endif // TEST_SUPPORT_MP4_READER_HPP
