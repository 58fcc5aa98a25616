// SPDX-License-Identifier: Apache-2.0
//
// Every vector that is not disputed gives the recorded clear data through the C API. The vectors are those of the
// directory that NATIVE_DRM_TEST_VECTORS names, else the copies in tests/vectors.
#include <cstdlib>

#include "support/vectors_media.hpp"
#include "support/vectors_text.hpp"

namespace {

using vectors::json;

/// What the complete collection holds; a run with less has lost something.
constexpr size_t kAllVectors = 45;
constexpr size_t kAllTracks = 43;
constexpr size_t kAllSamples = 4730;
/// The copies in tests/vectors.
constexpr size_t kCopiedVectors = 23;

void run_vector(vectors::Run &run, const json &vector, size_t index)
{
    std::string id = vector.at("id");
    std::string container = vector.at("container");
    try {
        if (container == "json") {
            size_t cases = vectors::run_text(vectors::read_json(run.directory / vector["files"][0].get<std::string>()), id);
            vectors::expect_equal(cases, vector.value("count", cases), id, "number of cases");
            run.texts += cases;
        } else if (container == "m3u8") {
            for (const std::string &name : vectors::names(vector, "files")) {
                vectors::check_playlist(run, run.directory / name);
            }
        } else if (container == "mp4") { // Clear: there is nothing to find.
            for (const std::string &name : vectors::names(vector, "files")) {
                vectors::expect(vectors::parse(run, media::read_file((run.directory / name).string()), id).empty(), id,
                                "pssh box in a clear file");
            }
        } else {
            vectors::run_media(run, vector, index);
            for (const std::string &name : vectors::names(vector, "extra_files")) {
                bool text = name.find(".mpd") != std::string::npos || name.find(".m3u8") != std::string::npos ||
                            name.find("_mpd_") != std::string::npos;
                if (text) {
                    vectors::check_playlist(run, run.directory / name);
                }
            }
        }
        run.vectors++;
    } catch (const std::exception &problem) {
        vectors::expect(false, id, problem.what());
    }
}

} // namespace

int main()
{
    vectors::Run run;
    const char *given = std::getenv("NATIVE_DRM_TEST_VECTORS");
    const char *data = std::getenv("NATIVE_DRM_TEST_DATA");
    bool complete = given != nullptr && std::filesystem::is_directory(given);
    if (complete) {
        run.directory = given;
    } else {
        run.directory = std::filesystem::path(data != nullptr ? data : "tests") / "vectors";
    }
    try {
        run.manifest = vectors::read_json(run.directory / "manifest.json");
    } catch (const std::exception &problem) {
        std::cerr << problem.what() << std::endl;
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < run.manifest.size(); i++) {
        run_vector(run, run.manifest[i], i);
    }
    vectors::expect_equal(run.vectors, run.manifest.size(), "manifest.json", "vectors that ran");
    vectors::expect(run.vectors >= kCopiedVectors, run.directory.string(), "fewer vectors ran than there are copies");
    if (complete) {
        vectors::expect(run.vectors >= kAllVectors && run.tracks >= kAllTracks && run.samples >= kAllSamples,
                        run.directory.string(), "fewer vectors ran than the collection holds");
    }
    std::cout << run.directory.string() << ": " << run.vectors << " vectors, " << run.tracks << " tracks, "
              << run.samples << " samples (" << run.encrypted << " encrypted), " << run.texts << " single cases, "
              << run.boxes << " pssh boxes" << std::endl;
    return check_finish("test_vectors");
}
