/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * native_drm.hpp: callbacks that are replaced while events arrive, by several threads, by themselves; that destroy their
 * object or another one. What they capture lives as long as they run, and no longer.
 */

#include "support/wrapper_callbacks.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace {

/** A callback that replaces itself: the one that is running stays alive until it returns. */
void testReplacesItself()
{
    Inbox<std::string> inbox;
    native_drm::MediaKeySystem system("com.clearplay.drm");
    native_drm::MediaKeySession session = system.createSession();
    session.setCallbacks(nullptr, [&, captured = Captured()](const Keys &, bool) {
        session.setCallbacks(nullptr, [&](const Keys &, bool) { inbox.put("second"); });
        CHECK(captured.intact());
        inbox.put("first");
    });
    session.processResponse(ONLINE);
    CHECK(inbox.take() == "first");
    session.clearKeys();
    CHECK(inbox.take() == "second");
    session.setCallbacks(nullptr, nullptr);
    CHECK(Captured::alive == 0);
}

/** Several threads replace the callbacks while two make events and the callbacks replace themselves. */
void testReplacedByThreads()
{
    native_drm::MediaKeySystem system("com.clearplay.drm");
    native_drm::MediaKeySession session = system.createSession();
    std::atomic<int> calls{0};
    const std::function<void(bool)> replace = [&](bool again) {
        session.setCallbacks(
            [&, again, captured = Captured()](DRM_EventType, ConstByteSpan, std::string_view) {
                ++calls;
                if (again) {
                    replace(false);
                }
                CHECK(captured.intact());
            },
            [&, again, captured = Captured()](const Keys &, bool) {
                ++calls;
                if (again) {
                    replace(false);
                }
                CHECK(captured.intact());
            });
    };
    inThreads(5, [&](int thread) {
        // Events until one has been received: the others leave callbacks behind.
        for (int i = repetitions(2000); i > 0 || (thread < 2 && calls == 0); --i) {
            if (thread < 2) {
                makeEvents(session);
            } else if (i % 16 == 0) {
                session.setCallbacks(nullptr, nullptr);
            } else {
                replace(i % 2 == 0);
            }
        }
    });
    // One set of callbacks is left whatever order the threads came in: it receives.
    Inbox<bool> inbox;
    session.setCallbacks(nullptr, [&](const Keys &, bool newKeys) { inbox.put(newKeys); });
    session.processResponse(ONLINE);
    CHECK(inbox.take().has_value());
    session.setCallbacks(nullptr, nullptr);
    CHECK(calls > 0);
    CHECK(Captured::alive == 0);
}

/** When setCallbacks() returns outside of callbacks, the earlier ones have ended and do not start. */
void testReplacedIsOver()
{
    native_drm::MediaKeySystem system("com.clearplay.drm");
    native_drm::MediaKeySession session = system.createSession();
    inThreads(2, [&](int thread) {
        for (int i = repetitions(1000); i > 0; --i) {
            if (thread == 0) {
                makeEvents(session);
                continue;
            }
            std::atomic<bool> over{false};
            const auto callback = [&over](auto &&...) {
                CHECK(!over);
                std::this_thread::yield();
                CHECK(!over);
            };
            session.setCallbacks(callback, callback);
            session.setCallbacks([captured = Captured()](auto &&...) {}, nullptr);
            over = true;
            session.setCallbacks(nullptr, nullptr);
            CHECK(Captured::alive == 0);
        }
    });
}

/** A callback destroys its session while other threads make events of it, through a view. */
void testDestroysItself()
{
    native_drm::MediaKeySystem system("com.clearplay.drm");
    for (int i = repetitions(200); i > 0; --i) {
        Inbox<bool> inbox;
        auto doomed = std::make_unique<native_drm::MediaKeySession>(system.createSession());
        const native_drm::MediaKeySessionView view = *doomed;
        doomed->setCallbacks(nullptr, [&, captured = Captured()](const Keys &, bool) {
            doomed.reset();
            CHECK(captured.intact());
            inbox.put(true);
        });
        inThreads(2, [&](int) {
            for (int event = 0; event < 5; ++event) {
                makeEvents(view);
            }
        });
        CHECK(inbox.take() == true);
        CHECK(doomed == nullptr);
        CHECK(codeOf([&] { view.clearKeys(); }) == DRM_ERR_INVALID_VAL);
    }
    system = native_drm::MediaKeySystem("com.clearplay.drm");
    CHECK(Captured::alive == 0);
}

/** Callbacks of two sessions, each of which destroys the other one. */
void testDestroyEachOther()
{
    for (int i = repetitions(200); i > 0; --i) {
        native_drm::MediaKeySystem system("com.clearplay.drm");
        Inbox<bool> inbox;
        std::mutex mutex;
        std::atomic<int> running{0};
        std::unique_ptr<native_drm::MediaKeySession> sessions[2];
        native_drm::MediaKeySessionView views[2];
        for (int own = 0; own < 2; ++own) {
            sessions[own] = std::make_unique<native_drm::MediaKeySession>(system.createSession());
            views[own] = *sessions[own];
        }
        for (int own = 0; own < 2; ++own) {
            sessions[own]->setCallbacks(nullptr, [&, own, captured = Captured()](const Keys &, bool) {
                ++running;
                std::unique_ptr<native_drm::MediaKeySession> other;
                {
                    const std::lock_guard<std::mutex> lock(mutex);
                    other = std::move(sessions[1 - own]);
                }
                other.reset();
                CHECK(captured.intact());
                inbox.put(true);
                --running;
            });
        }
        inThreads(2, [&](int own) { makeEvents(views[own]); });
        CHECK(inbox.take() == true);
        // No callback runs once the system is destroyed, not even one whose session went before.
        system = native_drm::MediaKeySystem("com.clearplay.drm");
        CHECK(running == 0);
        const std::lock_guard<std::mutex> lock(mutex);
        CHECK(sessions[0] == nullptr || sessions[1] == nullptr);
    }
    CHECK(Captured::alive == 0);
}

/** A callback that owns its session: the session goes with it, in the middle of setCallbacks(). */
void testOwnsItself()
{
    native_drm::MediaKeySystem system("com.clearplay.drm");
    auto session = std::make_shared<native_drm::MediaKeySession>(system.createSession());
    const std::weak_ptr<native_drm::MediaKeySession> watch = session;
    const native_drm::MediaKeySessionView view = *session;
    session->setCallbacks(nullptr, [session, captured = Captured()](const Keys &, bool) { CHECK(captured.intact()); });
    const auto *const raw = session.get();
    session.reset();
    CHECK(!watch.expired());
    raw->setCallbacks(nullptr, nullptr);
    CHECK(watch.expired());
    CHECK(Captured::alive == 0);
    CHECK(codeOf([&] { view.clearKeys(); }) == DRM_ERR_INVALID_VAL);
}

/** What fails leaves the earlier callbacks; nothing keeps the new ones. */
void testFailures()
{
    std::optional<native_drm::MediaKeySystem> system("com.clearplay.drm");
    native_drm::MediaKeySession session = system->createSession();
    session.setCallbacks(nullptr, [captured = Captured()](const Keys &, bool) {});
    system.reset();
    CHECK(codeOf([&] { session.setCallbacks([captured = Captured()](auto &&...) {}, nullptr); }) == DRM_ERR_INVALID_VAL);
    CHECK(Captured::alive == 1);
    native_drm::MediaKeySession moved = std::move(session);
    CHECK(codeOf([&] { session.setCallbacks([captured = Captured()](auto &&...) {}, nullptr); }) == DRM_ERR_INVALID_VAL);
    CHECK(Captured::alive == 1);
    // A moved-from object takes another session and its callbacks.
    system.emplace("com.clearplay.drm");
    session = system->createSession();
    Inbox<bool> inbox;
    session.setCallbacks(nullptr, [&](const Keys &, bool newKeys) { inbox.put(newKeys); });
    session.processResponse(ONLINE);
    CHECK(inbox.take() == true);
    moved = std::move(session);
    CHECK(Captured::alive == 0);
    moved.clearKeys();
    CHECK(inbox.take() == false);
    system.reset();
    CHECK(codeOf([] { native_drm::MediaKeySystem::adopt(nullptr).setCallback(nullptr); }) == DRM_ERR_INVALID_VAL);
}

/** release() takes the callbacks away, adopt() starts without. */
void testReleased()
{
    native_drm::MediaKeySystem system("com.clearplay.drm");
    native_drm::MediaKeySession session = system.createSession();
    session.setCallbacks(nullptr, [captured = Captured()](const Keys &, bool) { CHECK(false); });
    ::MediaKeySession *const handle = session.release();
    CHECK(!session && Captured::alive == 0);
    native_drm::MediaKeySessionView(handle).processResponse(ONLINE);
    session = native_drm::MediaKeySession::adopt(handle);
    Inbox<bool> inbox;
    session.setCallbacks(nullptr, [&](const Keys &, bool newKeys) { inbox.put(newKeys); });
    session.clearKeys();
    // Not the key change of the response, which nobody received; the library may also have dropped it.
    auto item = inbox.take();
    CHECK(item.has_value());
    native_drm::MediaKeySystem again = native_drm::MediaKeySystem::adopt(system.release());
    CHECK(!system && system.release() == nullptr);
    CHECK(valueOf(again.statistics(), "currentSessionNum") == "1");
    again = native_drm::MediaKeySystem("com.clearplay.drm");
    CHECK(codeOf([&] { session.clearKeys(); }) == DRM_ERR_INVALID_VAL);
}

/** A key system's callback: replaced by threads, replaces itself, destroys its object. */
void testSystem()
{
    for (int i = repetitions(200); i > 0; --i) {
        Inbox<int> inbox;
        auto system = std::make_unique<native_drm::MediaKeySystem>("com.clearplay.drm");
        auto *const raw = system.get();
        inThreads(3, [&](int thread) {
            if (thread == 0) {
                (void)raw->generateProvisioningRequest();
            } else {
                raw->setCallback([&, thread, captured = Captured()](auto &&...) {
                    // Perhaps the object is being destroyed: its destructor waits for this.
                    (void)codeOf([&] { raw->setCallback([captured](auto &&...) {}); });
                    (void)codeOf([&] { (void)raw->statistics(); });
                    CHECK(captured.intact());
                    inbox.put(thread);
                });
            }
        });
        system.reset();
        CHECK(Captured::alive == 0);
        system = std::make_unique<native_drm::MediaKeySystem>("com.clearplay.drm");
        const native_drm::MediaKeySystemView view = *system;
        system->setCallback([&, captured = Captured()](auto &&...) {
            system.reset();
            CHECK(captured.intact());
            inbox.put(3);
        });
        (void)view.generateProvisioningRequest();
        auto item = inbox.take();
        while (item && *item != 3) {
            item = inbox.take();
        }
        CHECK(item == 3);
        CHECK(system == nullptr);
        awaitNoneAlive();
    }
}

/** The log's callback, replaced by threads while others make the library log. */
void testLog()
{
    std::atomic<int> lines{0};
    inThreads(4, [&](int thread) {
        // Until a line has been received: the others leave a callback behind.
        for (int i = repetitions(500); i > 0 || (thread < 2 && lines == 0); --i) {
            if (thread < 2) {
                native_drm::MediaKeySystem system("com.clearplay.drm");
                (void)system.createSession();
            } else {
                native_drm::setLogCallback(NATIVE_DRM_LOG_DEBUG,
                                           [&, captured = Captured()](NativeDrm_LogLevel level, std::string_view line) {
                                               CHECK(level != NATIVE_DRM_LOG_OFF && !line.empty());
                                               CHECK(captured.intact());
                                               ++lines;
                                           });
            }
        }
    });
    native_drm::setLogCallback(NATIVE_DRM_LOG_OFF, nullptr);
    CHECK(lines > 0);
    // It calls the library and replaces itself.
    Inbox<bool> first;
    Inbox<bool> second;
    native_drm::setLogCallback(NATIVE_DRM_LOG_DEBUG, [&, captured = Captured()](NativeDrm_LogLevel, std::string_view) {
        CHECK(native_drm::MediaKeySystem::list().size() == 3);
        CHECK(codeOf([] { native_drm::setLogCallback(static_cast<NativeDrm_LogLevel>(7), nullptr); }) == DRM_ERR_INVALID_VAL);
        native_drm::setLogCallback(NATIVE_DRM_LOG_DEBUG,
                                   [&, captured](NativeDrm_LogLevel, std::string_view) { second.put(true); });
        CHECK(captured.intact());
        first.put(true);
    });
    (void)native_drm::MediaKeySystem("com.clearplay.drm");
    CHECK(first.take() == true);
    CHECK(second.take() == true);
    native_drm::setLogCallback(NATIVE_DRM_LOG_OFF, nullptr);
    CHECK(codeOf([] { native_drm::setLogCallback(static_cast<NativeDrm_LogLevel>(7), nullptr); }) == DRM_ERR_INVALID_VAL);
    awaitNoneAlive();
}

} // namespace

int main()
{
    return runTests("test_cpp_callbacks",
                    {testReplacesItself, testReplacedByThreads, testReplacedIsOver, testDestroysItself, testDestroyEachOther,
                     testOwnsItself, testFailures, testReleased, testSystem, testLog});
}
