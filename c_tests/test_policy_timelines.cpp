// SPDX-License-Identifier: Apache-2.0
//
// The conformance suite in tests/policy through the C API: timelines. A license service issues each case's policy to a
// session of com.policyplay.drm on a virtual clock, and the session has to do what the case says, in the millisecond that it
// says.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/policy.h"

using nlohmann::json;

namespace {

// Why a case cannot be carried out by a service and a device: the engine's own tests have it.
std::optional<std::string> beyond_the_c_api(const json &test)
{
    for (const json &key : test.value("keys", json::array())) {
        if (key.value("security_level", 1) > 2) {
            return "the service issues no key to a device that is too weak for it";
        }
    }
    bool restored = false;
    for (const json &step : test["timeline"]) {
        restored = restored || step.value("restore", false);
        if (step.contains("load") && !step["load"].empty()) {
            return "a service signs its own time and begins at its own sequence";
        }
        const json renew = step.value("renew", json::object());
        if (renew.value("answer", "") == "STALE_SEQUENCE") {
            return "a service does not repeat sequences";
        }
        if (renew.value("answer", "") == "EXPIRED" && (restored || renew.contains("issued_at"))) {
            return "what a process has asked for, the next one does not take";
        }
        if (step.contains("device") && step["device"].contains("level")) {
            return "a session keeps its level";
        }
    }
    return std::nullopt;
}

std::string base64(const std::vector<uint8_t> &bytes)
{
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    base64_encode(bytes.data(), bytes.size(), false, text.data());
    return text.c_str();
}

std::vector<uint8_t> unhex(const std::string &text)
{
    std::vector<uint8_t> bytes(text.size() / 2);
    hex_decode(text.c_str(), bytes.data());
    return bytes;
}

class Run {
public:
    Run(const json &test, const std::string &name) : test_(test), name_(name)
    {
        json any = json::array({{{"key_id", std::string(32, '0')}}});
        keys_ = test.value("keys", any);
        for (const json &step : test["timeline"]) {
            persistent_ = persistent_ || step.value("restore", false);
            const double at = step["at"].get<double>();
            const bool shifted = step.value("renew", json::object()).contains("issued_at") || step.contains("set_wall");
            exact_ = exact_ && !step.value("restore", false) && !shifted && at == std::floor(at);
        }
        make_service();
        recorder_init(&recorder_);
        make_process();
        provision(system_, service_);
    }
    Run(const Run &) = delete;
    Run &operator=(const Run &) = delete;

    ~Run()
    {
        CHECK_OK(OH_MediaKeySystem_Destroy(system_));
        CHECK_OK(OH_DrmLicenseService_Destroy(service_));
        recorder_destroy(&recorder_);
    }

    void go()
    {
        for (const json &step : test_["timeline"]) {
            at_ = step["at"].get<double>();
            move_to(std::llround(at_ * 1000), step);
            act(step);
            json expected = step.value("expect", json::object());
            if (step.value("renewal_failed", -1) == 0) {
                expected.erase("explained"); // nobody tells a session of an answer that does not come
            }
            expect(expected);
        }
        expect_events(test_.value("events", json::array()).size());
    }

private:
    void equal(const json &actual, const json &expected, const std::string &what)
    {
        if (!check_result(actual == expected)) {
            std::cerr << name_ << " at " << at_ << ": " << what << ": expected " << expected << ", actual " << actual
                      << std::endl;
        }
    }

    void make_service()
    {
        json policy = test_.value("policy", json::object());
        json content = {{"content_id", "YQ=="}, {"policy", "p"}, {"keys", json::array()}};
        if (persistent_) {
            policy["can_persist"] = true;
        }
        for (const json &key : keys_) {
            json track = {{"key_id", base64(unhex(key["key_id"]))}, {"key", base64(std::vector<uint8_t>(16, 7))}};
            for (const char *member : {"track_type", "security_level", "hdcp"}) {
                if (key.contains(member)) {
                    track[member] = key[member];
                }
            }
            if (!track.contains("track_type")) {
                track["track_type"] = "T" + key["key_id"].get<std::string>();
            }
            content["keys"].push_back(track);
        }
        const std::string text = content.dump(), policy_text = policy.dump();
        REQUIRE_OK(OH_DrmLicenseService_Create(nullptr, DRM_LICENSE_PROFILE_AZURE, &service_));
        REQUIRE_OK(OH_DrmLicenseService_SetTime(service_, START_MILLIS));
        set_policy(service_, policy_text.c_str());
        REQUIRE_OK(OH_DrmLicenseService_AddContent(service_, reinterpret_cast<const uint8_t *>(text.data()),
                                                   static_cast<uint32_t>(text.size())));
    }

    // A process: its monotonic clock starts anew.
    void make_process()
    {
        system_ = make_system(POLICYPLAY);
        CHECK_OK(OH_MediaKeySystem_SetVirtualClock(system_, START_MILLIS + now_ + wall_ahead_));
        set_output(output_);
        session_ = make_session(system_);
        record_session(&recorder_, session_);
    }

    void end_process()
    {
        if (system_ != nullptr) {
            flush(); // what is not delivered yet would be lost
            CHECK_OK(OH_MediaKeySystem_Destroy(system_));
            system_ = nullptr;
        }
    }

    void set_output(const std::string &hdcp)
    {
        output_ = hdcp;
        CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system_, "outputHdcp", hdcp.c_str()));
    }

    void advance(int64_t millis, bool asleep)
    {
        CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(system_, static_cast<uint64_t>(millis), asleep));
        now_ += millis;
    }

    // Time passes until `at`; where license time is true time, each event is seen in its own millisecond.
    void move_to(int64_t at, const json &step)
    {
        const bool asleep = step.value("asleep", false);
        if (asleep && step.value("restore", false)) {
            end_process();
            now_ = at;
        } else if (exact_ && !asleep) {
            for (const json &event : test_.value("events", json::array())) {
                const int64_t time = event[0].get<int64_t>() * 1000;
                if (time <= now_ || time > at) {
                    continue;
                }
                advance(time - 1 - now_, false);
                expect_events(events_until(time - 1));
                advance(1, false);
                // What the step itself brings comes later.
                if (time < at) {
                    expect_events(events_until(time));
                }
            }
        }
        if (at > now_) {
            advance(at - now_, asleep);
        }
        if (step.contains("set_wall")) {
            wall_ahead_ = step["set_wall"].get<int64_t>() * 1000 - at;
            if (system_ != nullptr) {
                CHECK_OK(OH_MediaKeySystem_SetVirtualClock(system_, START_MILLIS + now_ + wall_ahead_));
            }
        }
        REQUIRE_OK(OH_DrmLicenseService_SetTime(service_, START_MILLIS + now_));
    }

    size_t events_until(int64_t millis)
    {
        size_t count = 0;
        for (const json &event : test_.value("events", json::array())) {
            count += event[0].get<int64_t>() * 1000 <= millis;
        }
        return count;
    }

    // All events of the session so far have been delivered: what comes last is a marker, a key that nobody has.
    void flush()
    {
        if (system_ == nullptr) {
            return;
        }
        uint8_t id[16];
        memset(id, 0xfe, sizeof(id));
        memcpy(id, &markers_, sizeof(markers_));
        markers_++;
        CHECK_CODE(decrypt_nist(session_, id), DRM_ERR_NO_KEY);
        for (bool found = false; !found; read_++) {
            REQUIRE(recorder_wait(&recorder_, read_ + 1));
            std::unique_ptr<RecordedCall, decltype(&free)> call(recorder_copy(&recorder_, read_), free);
            uint8_t *end = call->info + call->info_len;
            found = call->kind == RECORDED_EVENT && std::search(&call->info[0], end, id, id + sizeof(id)) != end;
            if (!found) {
                told_.push_back(call->kind == RECORDED_KEY_CHANGE   ? json{"KEY_CHANGE", call->new_keys}
                                : call->event == EVENT_KEY_REQUIRED ? json{"KEY_REQUIRED"}
                                : call->event == EVENT_KEY_EXPIRED  ? json{"KEY_EXPIRED"}
                                                                    : expiration(*call));
            }
        }
    }

    json expected_event(size_t index)
    {
        const json events = test_.value("events", json::array());
        json expected = index < events.size() ? events[index] : json{0, "NOTHING"};
        expected.erase(0);
        if (expected[0] == "KEY_REQUIRED") {
            expected.erase(1); // the number of the attempt is not told
        }
        return expected;
    }

    // A response that was accepted, or a license that was restored: exactly one key change tells of it, which the engine
    // tells only if a status changed.
    template <typename Action> void accept(const Action &action)
    {
        flush();
        const size_t before = told_.size();
        const std::vector<std::string> statuses = all_statuses();
        action();
        flush();
        auto is_change = [](const json &event) { return event[0] == "KEY_CHANGE"; };
        const auto first = told_.begin() + static_cast<std::ptrdiff_t>(before);
        equal(std::count_if(first, told_.end(), is_change), 1, "key changes for a response");
        const auto change = std::find_if(first, told_.end(), is_change);
        if (statuses == all_statuses() && change != told_.end()) {
            equal(*change, json{"KEY_CHANGE", false}, "a key change without a change");
            told_.erase(change);
        }
    }

    std::vector<std::string> all_statuses()
    {
        std::vector<std::string> statuses;
        for (const json &key : keys_) {
            statuses.push_back(status_of(unhex(key["key_id"])));
        }
        return statuses;
    }

    void expect_events(size_t count)
    {
        flush();
        for (; seen_ < told_.size(); seen_++) {
            equal(told_[seen_], expected_event(seen_), "event " + std::to_string(seen_));
        }
        equal(seen_, count, "number of events");
    }

    static json expiration(const RecordedCall &call)
    {
        const std::string text(reinterpret_cast<const char *>(call.info), static_cast<size_t>(call.info_len));
        const int64_t millis = std::stoll(text);
        if (millis == 0) {
            return {"EXPIRATION_UPDATE", nullptr};
        }
        return {"EXPIRATION_UPDATE", millis == INT64_MAX ? json("max") : json((millis - START_MILLIS) / 1000)};
    }

    void act(const json &step)
    {
        if (step.value("restore", false)) {
            end_process();
            make_process();
            accept([&] { CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session_, id_, sizeof(id_))); });
        }
        if (step.contains("load")) {
            load();
        }
        if (step.contains("decrypt")) {
            decrypt(step["decrypt"]);
        }
        if (step.contains("renew")) {
            renew(step["renew"]);
        }
        if (step.value("renewal_failed", 0) != 0) {
            // As a service refuses a renewal: it names the license.
            Message denied;
            denied.size = static_cast<uint32_t>(
                snprintf(reinterpret_cast<char *>(denied.bytes), sizeof(denied.bytes),
                         "{\"status\":%d,\"rule\":\"R\",\"message\":\"no\",\"license_id\":\"%s\"}",
                         step["renewal_failed"].get<int>(), explained()["license_id"].get<std::string>().c_str()));
            CHECK_CODE(process_message(session_, &denied, nullptr), DRM_ERR_SERVICE_DENIED);
        }
        if (step.value("revoked", false)) {
            revoke();
        }
        if (step.contains("device")) {
            set_output(step["device"].value("hdcp", "HDCP_NONE"));
        }
    }

    std::unique_ptr<DRM_MediaKeyRequest> request(Drm_ErrCode *code, bool renewal)
    {
        if (certificate_of(system_) == CERT_STATUS_EXPIRED) {
            provision(system_, service_);
        }
        auto request = std::make_unique<DRM_MediaKeyRequest>();
        json kids = {{"kids", json::array()}};
        std::vector<uint8_t> first = unhex(keys_[0]["key_id"]);
        std::string url(32, '\0');
        base64_encode(first.data(), first.size(), true, url.data());
        kids["kids"].push_back(url.c_str());
        const std::string text = kids.dump();
        DRM_MediaKeyRequestInfo *info = make_request_info("keyids", text.data(), text.size());
        info->type = persistent_ ? MEDIA_KEY_TYPE_OFFLINE : MEDIA_KEY_TYPE_ONLINE;
        if (renewal) {
            info->optionsCount = 1;
            snprintf(info->optionName[0], sizeof(info->optionName[0]), "requestType");
            snprintf(info->optionData[0], sizeof(info->optionData[0]), "renewal");
        }
        *code = OH_MediaKeySession_GenerateMediaKeyRequest(session_, info, request.get());
        free(info);
        return request;
    }

    void load()
    {
        Drm_ErrCode code;
        auto asked = request(&code, false);
        REQUIRE_OK(code);
        Message response = ask_service(service_, asked->data, static_cast<size_t>(asked->dataLen));
        CHECK_INT(response.answer.status, 200);
        accept([&] { CHECK_OK(process_message(session_, &response, id_)); });
        fetch_early();
    }

    // The answer to another session's request brings the news.
    void revoke()
    {
        CHECK_OK(OH_DrmLicenseService_RevokeLicense(service_, id_));
        MediaKeySession *other = make_session(system_);
        std::swap(session_, other);
        Drm_ErrCode code;
        auto asked = request(&code, false);
        REQUIRE_OK(code);
        Message response = ask_service(service_, asked->data, static_cast<size_t>(asked->dataLen));
        CHECK_OK(process_message(session_, &response, nullptr));
        std::swap(session_, other);
        CHECK_OK(OH_MediaKeySession_Destroy(other));
    }

    static bool comes_too_late(const std::string &answer) { return answer == "EXPIRED" || answer == "REVOKED"; }

    // A renewal to come when it is too late to ask for one.
    void fetch_early()
    {
        for (const json &step : test_["timeline"]) {
            if (comes_too_late(step.value("renew", json::object()).value("answer", ""))) {
                Drm_ErrCode code;
                auto asked = request(&code, true);
                REQUIRE_OK(code);
                early_ = ask_service(service_, asked->data, static_cast<size_t>(asked->dataLen));
                return;
            }
        }
    }

    void decrypt(const std::string &answer)
    {
        // The license may allow what the output does not.
        const std::vector<uint8_t> key = usable_key();
        const bool allowed = answer == "ok" && status_of(key) == "USABLE";
        const Drm_ErrCode expected = allowed                    ? DRM_ERR_OK
                                     : answer == "CLOCK_LOCKED" ? DRM_ERR_DEVICE_TIME_ERROR
                                                                : DRM_ERR_NO_LICENSE;
        uint8_t data[16] = {0};
        DRM_SampleInfo info = sample_info(DRM_ALG_CENC_AES_CTR, key.data(), NIST_CTR_IV);
        const Drm_ErrCode code = OH_MediaKeySession_DecryptSample(session_, &info, data, sizeof(data));
        equal(code, expected, "decryption");
    }

    std::string status_of(const std::vector<uint8_t> &key)
    {
        std::vector<char> name(key.size() * 2 + 1);
        return row_of(session_, hex_encode(key.data(), key.size(), name.data()));
    }

    std::vector<uint8_t> usable_key()
    {
        for (const json &key : keys_) {
            if (status_of(unhex(key["key_id"])) == "USABLE") {
                return unhex(key["key_id"]);
            }
        }
        return unhex(keys_[0]["key_id"]);
    }

    void renew(const json &renewal)
    {
        const std::string answer = renewal["answer"];
        if (comes_too_late(answer)) {
            CHECK_CODE(process_message(session_, &early_, nullptr), DRM_ERR_NO_LICENSE);
            return;
        }
        Drm_ErrCode code;
        auto asked = request(&code, true);
        if (answer == "NOT_RENEWABLE") {
            CHECK_CODE(code, DRM_ERR_UNKNOWN);
            return;
        }
        CHECK_OK(code);
        const int64_t issued = renewal.contains("issued_at") ? renewal["issued_at"].get<int64_t>() * 1000 : now_;
        REQUIRE_OK(OH_DrmLicenseService_SetTime(service_, START_MILLIS + issued));
        Message response = ask_service(service_, asked->data, static_cast<size_t>(asked->dataLen));
        equal(response.answer.status, 200, "status of a renewal");
        if (answer == "ok") {
            accept([&] { CHECK_OK(process_message(session_, &response, nullptr)); });
        } else {
            equal(process_message(session_, &response, nullptr), DRM_ERR_NO_LICENSE, "renewal");
        }
        REQUIRE_OK(OH_DrmLicenseService_SetTime(service_, START_MILLIS + now_));
        if (answer == "ok") {
            fetch_early();
        }
    }

    static json relative(const json &time)
    {
        if (time.is_null()) {
            return time;
        }
        return time == INT64_MAX ? json("max") : json(time.get<int64_t>() - START_MILLIS / 1000);
    }

    // What the session says of its license.
    json explained()
    {
        std::vector<char> text(65536);
        uint32_t size = static_cast<uint32_t>(text.size());
        REQUIRE_OK(OH_MediaKeySession_ExplainLicenses(session_, text.data(), &size));
        json all = json::parse(text.data());
        REQUIRE(all.size() == 1);
        return all[0];
    }

    void expect(const json &expected)
    {
        if (expected.empty()) {
            return;
        }
        const json license = explained();
        for (const auto &[name, value] : expected.items()) {
            if (name == "usable" || name == "state") {
                equal(license[name], value, name);
            } else if (name == "expiry") {
                equal(relative(license["expiry"]), value, name);
            } else if (name == "next") {
                equal(license["next_change"].is_null() ? json() : relative(license["next_change"]["at"]), value, name);
            } else if (name == "binding") {
                equal(license["binding_window"], value, name);
            } else if (name == "keys") {
                for (size_t i = 0; i < keys_.size(); i++) {
                    equal(row_of(session_, keys_[i]["key_id"].get<std::string>().c_str()), value[i], "key status");
                }
            } else if (name == "rows") {
                for (const auto &[row, content] : value.items()) {
                    const bool by_force = persistent_ && (row == "PersistAllowed" || row == "LicenseType");
                    equal(row_of(session_, row.c_str()), by_force ? json(row_of(session_, row.c_str())) : content, row);
                }
            } else if (name == "explained") {
                for (const json &part : value) {
                    const std::string words = license["text"];
                    equal(words.find(part.get<std::string>()) != std::string::npos, true, words);
                }
            } else {
                equal(name, "something known", "expectation");
            }
        }
    }

    const json &test_;
    std::string name_;
    json keys_;
    bool persistent_ = false;
    // Whether license time is true time throughout, in whole seconds.
    bool exact_ = true;
    double at_ = 0;
    int64_t now_ = 0;
    int64_t wall_ahead_ = 0;
    std::string output_ = test_.value("device", json::object()).value("hdcp", "HDCP_NONE");
    uint8_t id_[16] = {0};
    size_t seen_ = 0;
    Message early_;
    OH_DrmLicenseService *service_ = nullptr;
    MediaKeySystem *system_ = nullptr;
    MediaKeySession *session_ = nullptr;
    Recorder recorder_;
    std::vector<json> told_; // without markers
    size_t read_ = 0;        // of what was recorded
    uint32_t markers_ = 0;
};

} // namespace

int main()
{
    const char *data = getenv("NATIVE_DRM_TEST_DATA");
    const char *base = getenv("NATIVE_DRM_STORAGE_DIR");
    REQUIRE(data != nullptr && base != nullptr);
    const std::string places = base;
    std::vector<std::filesystem::path> files;
    for (const auto &entry : std::filesystem::directory_iterator(std::filesystem::path(data) / "policy")) {
        if (entry.path().extension() == ".json") {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    int done = 0;
    std::vector<std::string> left;
    for (const auto &file : files) {
        std::ifstream stream(file);
        const json suite = json::parse(stream);
        for (const json &test : suite["cases"]) {
            if (!test.contains("timeline")) {
                continue;
            }
            const std::string name = file.stem().string() + "/" + test["name"].get<std::string>();
            if (const auto reason = beyond_the_c_api(test)) {
                left.push_back(name + ": " + *reason);
                continue;
            }
            const std::string place = places + "/" + std::to_string(done++);
            REQUIRE(setenv("NATIVE_DRM_STORAGE_DIR", place.c_str(), 1) == 0);
            Run(test, name).go();
        }
    }
    std::cout << done << " timelines; left to the engine's own tests: " << left.size() << std::endl;
    for (const std::string &name : left) {
        std::cout << "  " << name << std::endl;
    }
    CHECK(done >= 70);
    return check_finish("policy_timelines");
}
