// SPDX-License-Identifier: Apache-2.0
//
// The media vectors: read by the test's own readers, licensed and decrypted through the C API.
#ifndef TEST_SUPPORT_VECTORS_MEDIA_HPP
#define TEST_SUPPORT_VECTORS_MEDIA_HPP

#include <deque>
#include <memory>

#include "mp4_reader.hpp"
#include "sha256.hpp"
#include "vectors.hpp"
#include "webm_reader.hpp"

namespace vectors {

struct PsshBox {
    Bytes data;
    json summary; // As in the manifest: version, system_id, kids, data_size.
};

/// Reads a complete pssh box (ISO/IEC 23001-7 section 8.1).
inline PsshBox read_pssh(const Bytes &data)
{
    PsshBox out;
    out.data = data;
    media::Cursor in(data, 0, data.size());
    if (in.u32() != data.size() || in.text(4) != "pssh") {
        throw std::runtime_error("not a complete pssh box");
    }
    uint8_t version = in.u8();
    in.skip(3);
    std::string uuid = to_hex(in.bytes(16));
    for (size_t at : {8, 13, 18, 23}) {
        uuid.insert(at, "-");
    }
    json kids = json::array();
    if (version > 0) {
        uint32_t count = in.u32();
        for (uint32_t i = 0; i < count; i++) {
            kids.push_back(to_hex(in.bytes(16)));
        }
    }
    uint32_t data_size = in.u32();
    in.skip(data_size);
    if (!in.done()) {
        throw std::runtime_error("bytes behind the data of a pssh box");
    }
    out.summary = {{"version", version}, {"system_id", uuid}, {"kids", kids}, {"data_size", data_size}};
    return out;
}

/// The boxes that the library finds in a file; none if it says that there is none.
inline std::vector<PsshBox> parse(Run &run, const Bytes &file, const std::string &where)
{
    std::vector<PsshBox> out;
    auto info = std::make_unique<DRM_MediaKeySystemInfo>();
    Guarded guarded(file);
    Drm_ErrCode code = OH_Drm_ParseMediaKeySystemInfo(guarded.data(), guarded.size(), info.get());
    if (code != DRM_ERR_OK) {
        expect_equal(code, DRM_ERR_UNKNOWN, where, "OH_Drm_ParseMediaKeySystemInfo");
        return out;
    }
    expect(info->psshCount > 0 && info->psshCount <= MAX_PSSH_INFO_COUNT, where, "number of pssh boxes");
    for (uint32_t i = 0; i < info->psshCount; i++) {
        const DRM_PsshInfo &pssh = info->psshInfo[i];
        out.push_back(read_pssh(Bytes(pssh.data, pssh.data + pssh.dataLen)));
        expect(std::equal(pssh.uuid, pssh.uuid + DRM_UUID_LEN, out.back().data.begin() + 12), where, "uuid of a box");
        run.boxes++;
    }
    return out;
}

inline void add_new(std::vector<PsshBox> &all, const std::vector<PsshBox> &more)
{
    for (const PsshBox &box : more) {
        bool known = std::any_of(all.begin(), all.end(), [&](const PsshBox &old) { return old.data == box.data; });
        if (!known) {
            all.push_back(box);
        }
    }
}

inline json summaries(const std::vector<PsshBox> &boxes)
{
    json out = json::array();
    for (const PsshBox &box : boxes) {
        out.push_back(box.summary);
    }
    return out;
}

constexpr const char *COMMON_SYSTEM = "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b";

/// Whether there are key ids and all of them are of the vector's keys.
inline bool is_of_keys(const json &vector, const json &kids)
{
    return !kids.empty() && std::all_of(kids.begin(), kids.end(), [&](const json &kid) {
        const json &keys = vector.at("keys");
        return std::any_of(keys.begin(), keys.end(), [&](const json &key) { return key.at("kid") == kid; });
    });
}

/// The boxes of a vector's files, checked against the manifest's list.
inline std::vector<PsshBox> check_pssh(Run &run, const json &vector, const std::vector<Bytes> &files)
{
    std::string id = vector.at("id");
    std::vector<PsshBox> found;
    for (const Bytes &file : files) {
        add_new(found, parse(run, file, id));
    }
    json expected = json::array();
    for (json box : vector.value("pssh", json::array())) {
        box.erase("where");
        if (std::find(expected.begin(), expected.end(), box) == expected.end()) {
            expected.push_back(box);
        }
    }
    // Key ids of tracks that no box of an own system lists get boxes behind those of the file.
    std::vector<PsshBox> own;
    for (const PsshBox &box : found) {
        bool listed = std::find(expected.begin(), expected.end(), box.summary) != expected.end();
        bool made = box.summary.at("system_id") == COMMON_SYSTEM && box.summary.at("data_size") == 0;
        if (!listed && made) {
            expect(is_of_keys(vector, box.summary.at("kids")), id, "key ids of a box made from tracks");
        } else {
            own.push_back(box);
        }
    }
    expect_equal(summaries(own), expected, id, "pssh boxes");
    return own;
}

/// What stands between each `begin` and the next `end` behind it.
inline std::vector<std::string> between(const std::string &text, const std::string &begin, const std::string &end)
{
    std::vector<std::string> out;
    for (size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at)) {
        at += begin.size();
        size_t stop = text.find(end, at);
        if (stop == std::string::npos) {
            break;
        }
        out.push_back(text.substr(at, stop - at));
        at = stop;
    }
    return out;
}

/// Key ids that stand in the text itself: `cenc:default_KID` of an MPD, `KEYID` of a playlist.
inline json key_ids_in_text(const std::string &text)
{
    json out = json::array();
    std::vector<std::string> found = between(text, "default_KID=\"", "\"");
    for (const std::string &kid : between(text, "KEYID=0x", ",")) {
        found.push_back(kid);
    }
    for (std::string kid : found) {
        kid.erase(std::remove(kid.begin(), kid.end(), '-'), kid.end());
        kid = to_hex(from_hex(kid));
        if (kid != std::string(32, '0') && std::find(out.begin(), out.end(), json(kid)) == out.end()) {
            out.push_back(kid);
        }
    }
    return out;
}

/// The boxes that the text of a manifest or playlist holds in base64, against those that the library finds in it. Key
/// ids of the text that none of them lists for an own system follow in a box of the common system id.
inline void check_playlist(Run &run, const std::filesystem::path &path)
{
    Bytes file = media::read_file(path.string());
    std::string text(file.begin(), file.end());
    std::vector<std::string> encoded;
    if (path.extension() == ".m3u8") {
        for (const std::string &uri : between(text, "URI=\"data:", "\"")) {
            size_t marker = uri.find(";base64,");
            if (marker != std::string::npos) {
                encoded.push_back(uri.substr(marker + 8));
            }
        }
    } else {
        encoded = between(text, "<cenc:pssh>", "</cenc:pssh>");
    }
    std::vector<PsshBox> boxes;
    for (const std::string &one : encoded) {
        Bytes data = from_base64(one);
        if (data.size() > 8 && std::memcmp(data.data() + 4, "pssh", 4) == 0) {
            add_new(boxes, {read_pssh(data)});
        }
    }
    json expected = summaries(boxes);
    json named = key_ids_in_text(text);
    json left = json::array();
    for (const json &kid : named) {
        bool listed = std::any_of(expected.begin(), expected.end(), [&](const json &box) {
            const json &kids = box.at("kids");
            return box.at("system_id") == COMMON_SYSTEM && std::find(kids.begin(), kids.end(), kid) != kids.end();
        });
        if (!listed) {
            left.push_back(kid);
        }
    }
    if (!left.empty()) {
        expected.push_back({{"version", 1}, {"system_id", COMMON_SYSTEM}, {"kids", left}, {"data_size", 0}});
    }
    expect_equal(summaries(parse(run, file, path.string())), expected, path.string(), "pssh boxes");
}

/// Asks for the keys, checks which ones are asked for, and processes the license.
inline void obtain_license(Player &player, const json &vector, const std::vector<PsshBox> &boxes, bool jwk)
{
    std::string id = vector.at("id");
    bool webm = vector.at("container") == "webm";
    Drm_ErrCode code = DRM_ERR_OK;
    if (webm) {
        for (const json &key : vector.at("keys")) {
            auto kids = player.request("webm", from_hex(key.at("kid")), code);
            expect(code == DRM_ERR_OK && json(kids) == json::array({key.at("kid")}), id, "request from WebM init data");
        }
    }
    // Every file's boxes are init data of their own; here each box, and all of them together.
    Bytes all;
    json first = json::array();
    json system;
    json in_data = json::array();
    for (const PsshBox &box : boxes) {
        json expected = box.summary.at("kids");
        auto kids = player.request("cenc", box.data, code);
        // ClearPlay takes ids from the data of Widevine's and PlayReady's boxes where no box lists any.
        if (expected.empty() && player.is_clearplay() && code == DRM_ERR_OK) {
            bool all_there = std::all_of(kids.begin(), kids.end(), [&](const std::string &kid) {
                Bytes bytes = from_hex(kid);
                return std::search(box.data.begin(), box.data.end(), bytes.begin(), bytes.end()) != box.data.end();
            });
            // The PlayReady header of this one names an id that is none of its tracks'.
            bool foreign = id == "mp4ff/cbcs-avc-cea608" && json(kids) == json{"00000000168300bb6330202020202020"};
            expect(all_there || foreign || is_of_keys(vector, kids), id, "key ids in another system's data");
            in_data = in_data.empty() ? json(kids) : in_data;
            all.insert(all.end(), box.data.begin(), box.data.end());
            continue;
        }
        expect_equal(code, expected.empty() ? DRM_ERR_UNKNOWN : DRM_ERR_OK, id, "request from one box");
        expect_equal(json(kids), expected, id, "key ids of one box");
        all.insert(all.end(), box.data.begin(), box.data.end());
        // All boxes of the first one's system count, each id once.
        if (first.empty()) {
            system = box.summary.at("system_id");
        }
        if (box.summary.at("system_id") == system) {
            for (const json &kid : expected) {
                if (std::find(first.begin(), first.end(), kid) == first.end()) {
                    first.push_back(kid);
                }
            }
        }
    }
    first = first.empty() ? in_data : first;
    if (!boxes.empty()) {
        auto kids = player.request(player.is_clearplay() ? "video/mp4" : "cenc", all, code);
        expect_equal(code, first.empty() ? DRM_ERR_UNKNOWN : DRM_ERR_OK, id, "request");
        expect_equal(json(kids), first, id, "key ids of the request");
    }
    json kids_text = json::array();
    json kids_hex = json::array();
    std::string license;
    for (const json &key : vector.at("keys")) {
        Bytes kid = from_hex(key.at("kid"));
        kids_hex.push_back(key.at("kid"));
        kids_text.push_back(to_base64(kid, true));
        license += (license.empty() ? "0" : ",") + to_base64(kid, false) + ":" +
                   to_base64(from_hex(key.at("key")), false);
    }
    std::string key_ids = json{{"kids", kids_text}}.dump();
    auto kids = player.request("keyids", Bytes(key_ids.begin(), key_ids.end()), code);
    expect_equal(json(kids), kids_hex, id, "key ids of the request from JSON");
    std::string answer = jwk ? vector.at("clearkey_license").get<std::string>() : license;
    expect_equal(process_response(player.session(), answer.c_str()), DRM_ERR_OK, id, "ProcessMediaKeyResponse");
    expect_equal(json(player.usable_keys()), kids_hex, id, "keys of the session");
}

/// The reader's view of a sample against samples.json, so that its mistakes are not taken for the library's.
inline void check_reader(const media::Sample &sample, const json &row, const std::string &where)
{
    json subsamples = nullptr;
    json pattern = nullptr;
    for (const media::Subsample &subsample : sample.subsamples) {
        subsamples.push_back({subsample.clear, subsample.encrypted});
    }
    expect_equal(json(sample.data.size()), row[0], where, "size");
    expect_equal(sample.encrypted ? json(to_hex(sample.kid)) : json(), row[1], where, "key id");
    expect_equal(sample.encrypted ? json(to_hex(sample.iv)) : json(), row[2], where, "IV");
    expect_equal(subsamples, row[3].empty() ? json() : row[3], where, "subsamples");
    if (!row[4].is_null()) {
        pattern = {sample.crypt, sample.skip};
        expect_equal(pattern, row[4], where, "pattern");
    }
}

struct TrackSums {
    Sha256 single;
    Sha256 described;
    Sha256 buffered;
    Sha256 together;
};

inline void run_track(Run &run, Player &player, const media::Track &track, const json &expected, const json *rows,
                      const std::string &where)
{
    TrackSums sums;
    Sha256 before;
    OH_AVCencInfo *cenc_info = OH_AVCencInfo_Create();
    std::deque<SampleCall> together;
    std::vector<DRM_Sample> samples;
    for (size_t i = 0; i < track.samples.size(); i++) {
        const media::Sample &sample = track.samples[i];
        std::string here = where + " sample " + std::to_string(i);
        if (rows != nullptr) {
            check_reader(sample, (*rows)[i], here);
        }
        before.add(sample.data.data(), sample.data.size());
        bool automatic = i % 2 == 1 && SampleCall::can_be_automatic(sample, track.scheme);
        SampleCall single(sample, track.scheme, false, automatic);
        expect_equal(single.decrypt(player.session()), DRM_ERR_OK, here, "DecryptSample");
        sums.single.add(single.data().data(), single.data().size());
        if (rows != nullptr) {
            Sha256 one;
            one.add(single.data().data(), single.data().size());
            expect_equal(one.finish().substr(0, 32), (*rows)[i][5].get<std::string>(), here, "SHA-256 of the clear data");
        }
        for (bool in_buffer : {false, true}) {
            SampleCall call(sample, track.scheme, false, false);
            auto way = in_buffer    ? &SampleCall::decrypt_in_buffer
                       : i % 3 == 2 ? &SampleCall::decrypt_as_regained
                                    : &SampleCall::decrypt_with_cenc_info;
            Drm_ErrCode code = call.fits_cenc_info() ? (call.*way)(player.session(), cenc_info, i % 2 == 1)
                                                     : call.decrypt(player.session());
            expect_equal(code, DRM_ERR_OK, here, "decryption by an OH_AVCencInfo");
            (in_buffer ? sums.buffered : sums.described).add(call.data().data(), call.data().size());
        }
        together.emplace_back(sample, track.scheme, false, false);
        samples.push_back({together.back().info(), together.back().data().data(), together.back().data().size(), 0});
        run.samples++;
        run.encrypted += sample.encrypted ? 1 : 0;
    }
    uint32_t failed = 0;
    expect_equal(OH_MediaKeySession_DecryptSamples(player.session(), samples.data(),
                                                   static_cast<uint32_t>(samples.size()), &failed),
                 DRM_ERR_OK, where, "DecryptSamples");
    for (SampleCall &call : together) {
        sums.together.add(call.data().data(), call.data().size());
    }
    CHECK_INT(OH_AVCencInfo_Destroy(cenc_info), AV_ERR_OK);
    std::string clear = expected.at("clear_sha256");
    if (expected.contains("encrypted_sha256")) {
        expect_equal(before.finish(), expected["encrypted_sha256"].get<std::string>(), where, "encrypted track");
    }
    expect_equal(sums.single.finish(), clear, where, "track through DecryptSample");
    expect_equal(sums.described.finish(), clear, where, "track through OH_AVCencInfo");
    expect_equal(sums.buffered.finish(), clear, where, "track through OH_AVBuffer");
    expect_equal(sums.together.finish(), clear, where, "track through DecryptSamples");
    run.tracks++;
}

/// Key system and license format change from vector to vector.
inline void run_media(Run &run, const json &vector, size_t index)
{
    std::string id = vector.at("id");
    std::vector<Bytes> files;
    media::Mp4Reader mp4;
    media::WebmReader webm;
    bool is_webm = vector.at("container") == "webm";
    for (const std::string &name : names(vector, "files")) {
        files.push_back(media::read_file((run.directory / name).string()));
        is_webm ? webm.read(files.back()) : mp4.read(files.back());
    }
    std::vector<media::Track> tracks = is_webm ? webm.tracks() : mp4.tracks();
    std::vector<PsshBox> boxes = check_pssh(run, vector, files);
    Player player(index % 3 == 1 ? W3C_CLEARKEY : CLEARPLAY);
    obtain_license(player, vector, boxes, index % 3 != 0);
    json samples = is_webm ? json() : read_json(run.directory / vector.at("samples_file").get<std::string>());
    expect_equal(tracks.size(), vector.at("tracks").size(), id, "number of tracks");
    for (size_t i = 0; i < vector.at("tracks").size(); i++) {
        const json &expected = vector["tracks"][i];
        uint32_t track_id = expected.at("id");
        if (vector.contains("verified_tracks")) {
            const json &verified = vector["verified_tracks"];
            if (std::find(verified.begin(), verified.end(), json(track_id)) == verified.end()) {
                continue;
            }
        }
        auto track = std::find_if(tracks.begin(), tracks.end(),
                                  [&](const media::Track &candidate) { return candidate.id == track_id; });
        std::string where = id + " track " + std::to_string(track_id);
        if (!expect(track != tracks.end(), where, "not found by the reader")) {
            continue;
        }
        const json *rows = nullptr;
        size_t count = is_webm ? expected.at("n").get<size_t>() : expected.at("samples").get<size_t>();
        if (!is_webm) {
            for (const json &candidate : samples.at("tracks")) {
                rows = candidate.at("track") == track_id ? &candidate.at("samples") : rows;
            }
        }
        if (expect_equal(track->samples.size(), count, where, "number of samples") &&
            expect(is_webm || (rows != nullptr && rows->size() == count), where, "rows of samples.json")) {
            run_track(run, player, *track, expected, rows, where);
        }
    }
}

} // namespace vectors

#endif // TEST_SUPPORT_VECTORS_MEDIA_HPP
