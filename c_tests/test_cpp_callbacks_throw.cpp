/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Exceptions that leave callbacks: on a thread of the library they end the program as they do on any thread, by
 * std::terminate, where they are thrown; out of a function of the library that calls one, with a line that says so. And
 * callbacks of the wrapper that end their thread.
 */

#include "support/wrapper_callbacks.hpp"

#include <csignal>
#include <cstring>
#include <pthread.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace {

[[noreturn]] void terminated()
{
    // Nothing was unwound: whoever looks at the core dump finds what has thrown.
    static const char text[] = "terminated in the callback\n";
    const ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);
    static_cast<void>(written);
    std::abort();
}

Drm_ErrCode throwsInC(MediaKeySession *, DRM_KeysInfo *, bool, void *)
{
    throw std::runtime_error("of a callback");
}

void giveKeyAndWait(native_drm::MediaKeySession &session)
{
    session.processResponse(ONLINE);
    for (;;) {
        pause();
    }
}

void inCallbackOfC()
{
    native_drm::MediaKeySystem system("com.clearplay.drm");
    native_drm::MediaKeySession session = system.createSession();
    OH_MediaKeySession_UserDataCallback callback = {nullptr, throwsInC};
    CHECK(OH_MediaKeySession_SetCallbackWithUserData(session.get(), &callback, nullptr) == DRM_ERR_OK);
    giveKeyAndWait(session);
}

void inCallbackOfTheWrapper()
{
    native_drm::MediaKeySystem system("com.clearplay.drm");
    native_drm::MediaKeySession session = system.createSession();
    session.setCallbacks(nullptr, [](const Keys &, bool) { throw std::runtime_error("of a callback"); });
    giveKeyAndWait(session);
}

void inCallbackOfAParser()
{
    const auto callback = [](const std::uint8_t *, const std::uint8_t *, std::size_t, void *) -> std::int32_t {
        throw std::runtime_error("of a callback");
    };
    try {
        OH_Drm_ParsePsshBoxes(PSSH.data(), PSSH.size(), callback, nullptr);
    } catch (const std::exception &) {
        std::fprintf(stderr, "it got through\n");
    }
}

void inLog()
{
    native_drm::setLogCallback(NATIVE_DRM_LOG_DEBUG, [](auto, auto) { throw std::runtime_error("of the log"); });
    try {
        native_drm::MediaKeySystem system("com.clearplay.drm");
    } catch (const std::exception &) {
        std::fprintf(stderr, "it got through\n");
    }
}

/** Runs it in a child that has to end by SIGABRT; returns what that has said. */
std::string lastWords(void (*run)())
{
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], STDERR_FILENO);
        close(pipes[0]);
        close(pipes[1]);
        std::set_terminate(terminated);
        run();
        _exit(0);
    }
    close(pipes[1]);
    std::string said;
    char buffer[256];
    for (ssize_t size = 0; (size = read(pipes[0], buffer, sizeof(buffer))) > 0;) {
        said.append(buffer, static_cast<std::size_t>(size));
    }
    close(pipes[0]);
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    return said;
}

void expect(const char *words, void (*run)())
{
    const std::string said = lastWords(run);
    if (said.find(words) == std::string::npos || said.find("got through") != std::string::npos) {
        ++failures;
        std::fprintf(stderr, "expected \"%s\", got \"%s\"\n", words, said.c_str());
    }
}

/** What a callback has captured goes although it ends its thread, and nobody waits for it. */
void testEndsItsThread()
{
    Inbox<int> inbox;
    native_drm::MediaKeySystem system("com.clearplay.drm");
    native_drm::MediaKeySession session = system.createSession();
    for (int i = repetitions(20); i > 0; --i) {
        session.setCallbacks(nullptr, [&inbox, captured = Captured()](const Keys &, bool) {
            const Captured own;
            inbox.put(1);
            pthread_exit(nullptr);
        });
        session.processResponse(ONLINE);
        CHECK(inbox.take() == 1);
    }
    session.setCallbacks(nullptr, nullptr);
    CHECK(Captured::alive == 0);
}

/** First: the children have no threads of their parent's. */
void testExceptions()
{
    expect("terminated in the callback", inCallbackOfC);
    expect("terminated in the callback", inCallbackOfTheWrapper);
    expect("native_drm: an exception left a callback", inCallbackOfAParser);
    expect("native_drm: an exception left a callback", inLog);
}

} // namespace

int main()
{
    return runTests("test_cpp_callbacks_throw", {testExceptions, testEndsItsThread});
}
