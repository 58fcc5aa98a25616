/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * An exception that leaves a function of a plugin ends the process at once, and does nothing else.
 */
#include <csignal>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include "support/plugin.h"
}

namespace {

const char NAME[] = "test.throws";

Drm_ErrCode throwing_request(void *, const DRM_MediaKeyRequestInfo *, DRM_MediaKeyRequest *)
{
    throw std::runtime_error("out of a plugin");
}

Drm_ErrCode throwing_statistics(void *, DRM_Statistics *)
{
    throw 7;
}

void throwing_destroy(void *)
{
    throw std::runtime_error("out of a plugin");
}

void request()
{
    puppet.session_functions.generateMediaKeyRequest = throwing_request;
    MediaKeySession *session = make_session(make_system(NAME));
    DRM_MediaKeyRequestInfo *info = make_request_info("cenc", "init data", 9);
    static DRM_MediaKeyRequest out;
    OH_MediaKeySession_GenerateMediaKeyRequest(session, info, &out);
}

void statistics()
{
    puppet.system_functions.getStatistics = throwing_statistics;
    static DRM_Statistics out;
    OH_MediaKeySystem_GetStatistics(make_system(NAME), &out);
}

void destroy()
{
    puppet.session_functions.destroy = throwing_destroy;
    OH_MediaKeySession_Destroy(make_session(make_system(NAME)));
}

/** Runs something in a child, which is to end by abort. */
void expect_abort(void (*body)())
{
    std::fflush(nullptr);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        try {
            body();
        } catch (...) {
            _exit(2); // it came through the library
        }
        _exit(1); // it was lost in the library
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK_INT(WTERMSIG(status), SIGABRT);
}

} // namespace

int main()
{
    puppet_reset();
    const DRM_KeySystemPlugin plugin = puppet_plugin(NAME);
    REQUIRE_OK(OH_Drm_RegisterKeySystem(&plugin));
    expect_abort(request);
    expect_abort(statistics);
    expect_abort(destroy);
    return check_finish("plugin_throws");
}
