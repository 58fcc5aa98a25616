/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * native_drm.hpp: what has ended when a destructor or setCallbacks() returns, also where the library has nothing to wait for:
 * the handle is stale, the callbacks are refused, somebody else has replaced them.
 */

#include "support/wrapper_callbacks.hpp"

#include <memory>
#include <optional>
#include <thread>

namespace {

/** A callback that is running, held until it may go on. */
class Held {
public:
    /** In the callback. The session must have what it needs until this ends. */
    void operator()(const Captured &captured)
    {
        entered_.put(true);
        CHECK(goOn_.take() == true);
        // Time for a call that does not wait to return.
        for (int i = 0; i < 1000; ++i) {
            std::this_thread::yield();
        }
        CHECK(captured.intact());
        left_ = true;
    }

    bool awaitEntered() { return entered_.take() == true; }
    void goOn() { goOn_.put(true); }
    bool left() const { return left_; }

private:
    Inbox<bool> entered_;
    Inbox<bool> goOn_;
    std::atomic<bool> left_{false};
};

/** How a session's handle becomes stale while its callback runs: in another session's callback. */
enum class Stale { WITH_SYSTEM, BY_C, IN_OWN_CALLBACK };

/** What is called outside of callbacks, then. */
enum class Ending { DESTRUCTOR, ASSIGNMENT, RELEASE, RELEASE_IN_CALLBACK, FAILING_SET };

/** The callbacks of a session whose handle is stale are waited for, too. */
void endsStale(Stale stale, Ending ending)
{
    std::optional<native_drm::MediaKeySystem> system("com.clearplay.drm");
    std::optional<native_drm::MediaKeySystem> others("com.clearplay.drm");
    native_drm::MediaKeySession other = others->createSession();
    auto session = std::make_unique<native_drm::MediaKeySession>(system->createSession());
    const native_drm::MediaKeySessionView view = *session;
    Held held;
    Inbox<bool> done;
    const auto makeStale = [&] {
        if (stale == Stale::BY_C) {
            CHECK(OH_MediaKeySession_Destroy(view.get()) == DRM_ERR_OK);
        } else {
            system.reset();
        }
    };
    session->setCallbacks(nullptr, [&, captured = Captured()](const Keys &, bool) {
        if (stale == Stale::IN_OWN_CALLBACK) {
            makeStale();
        }
        held(captured);
    });
    view.processResponse(ONLINE);
    CHECK(held.awaitEntered());
    other.setCallbacks(nullptr, [&](const Keys &, bool) {
        if (stale != Stale::IN_OWN_CALLBACK) {
            makeStale();
        }
        if (ending == Ending::RELEASE_IN_CALLBACK) {
            CHECK(session->release() == view.get() && !held.left());
        }
        done.put(true);
    });
    other.processResponse(ONLINE);
    CHECK(done.take() == true);
    CHECK(codeOf([&] { view.clearKeys(); }) == DRM_ERR_INVALID_VAL);
    std::thread later([&] { held.goOn(); });
    switch (ending) {
        case Ending::DESTRUCTOR:
        case Ending::RELEASE_IN_CALLBACK:
            session.reset();
            break;
        case Ending::ASSIGNMENT:
            *session = others->createSession();
            break;
        case Ending::RELEASE:
            CHECK(session->release() == view.get());
            break;
        case Ending::FAILING_SET:
            CHECK(codeOf([&] { session->setCallbacks([captured = Captured()](auto &&...) {}, nullptr); }) ==
                  DRM_ERR_INVALID_VAL);
            break;
    }
    CHECK(held.left());
    CHECK(Captured::alive == (ending == Ending::FAILING_SET ? 1 : 0));
    later.join();
}

void testEndsStale()
{
    for (const Stale stale : {Stale::WITH_SYSTEM, Stale::BY_C, Stale::IN_OWN_CALLBACK}) {
        for (const Ending ending : {Ending::DESTRUCTOR, Ending::ASSIGNMENT, Ending::RELEASE, Ending::RELEASE_IN_CALLBACK,
                                    Ending::FAILING_SET}) {
            endsStale(stale, ending);
            awaitNoneAlive();
        }
    }
}

/** In a callback, nothing waits for a callback of a stale session: not even for itself. */
void testStaleInCallback()
{
    native_drm::MediaKeySystem others("com.clearplay.drm");
    for (const bool itself : {true, false}) {
        std::optional<native_drm::MediaKeySystem> system("com.clearplay.drm");
        native_drm::MediaKeySession other = others.createSession();
        auto session = std::make_unique<native_drm::MediaKeySession>(system->createSession());
        Held held;
        Inbox<bool> done;
        const auto end = [&] {
            system.reset();
            CHECK(codeOf([&] { session->setCallbacks([captured = Captured()](auto &&...) {}, nullptr); }) ==
                  DRM_ERR_INVALID_VAL);
            session.reset();
            CHECK(!held.left());
        };
        session->setCallbacks(nullptr, [&, captured = Captured()](const Keys &, bool) {
            if (itself) {
                end();
            }
            held(captured);
        });
        session->processResponse(ONLINE);
        CHECK(held.awaitEntered());
        other.setCallbacks(nullptr, [&](const Keys &, bool) {
            if (!itself) {
                end();
            }
            done.put(true);
        });
        other.processResponse(ONLINE);
        CHECK(done.take() == true);
        held.goOn();
        awaitNoneAlive();
        CHECK(held.left());
    }
}

/** Of several threads that replace the callbacks, each finds gone what its own call replaced, and nothing is left over. */
void testReplacedAreGone()
{
    native_drm::MediaKeySystem system("com.clearplay.drm");
    native_drm::MediaKeySession session = system.createSession();
    for (int i = repetitions(1000); i > 0; --i) {
        inThreads(3, [&](int thread) {
            if (thread == 0) {
                makeEvents(session);
            } else {
                session.setCallbacks(nullptr, [captured = Captured()](const Keys &, bool) { CHECK(captured.intact()); });
            }
        });
        // Those of the last call.
        CHECK(Captured::alive == 1);
    }
    session.setCallbacks(nullptr, nullptr);
    CHECK(Captured::alive == 0);
    // What several threads set in vain is gone, and what was there stays.
    session.setCallbacks(nullptr, [captured = Captured()](const Keys &, bool) {});
    system = native_drm::MediaKeySystem("com.clearplay.drm");
    for (int i = repetitions(1000); i > 0; --i) {
        inThreads(3, [&](int) {
            CHECK(codeOf([&] { session.setCallbacks([captured = Captured()](auto &&...) {}, nullptr); }) ==
                  DRM_ERR_INVALID_VAL);
        });
        CHECK(Captured::alive == 1);
    }
}

/**
 * The second of two calls returns first. What it replaced, the first call's callbacks, is gone then, though the first call
 * is still waiting for a callback before them.
 */
void testSecondReturnsFirst()
{
    using native_drm::detail::CallbackId;
    const CallbackId callbacks;
    const auto callback = [](std::weak_ptr<int> &watch) {
        auto captured = std::make_shared<int>(1);
        watch = captured;
        return native_drm::detail::CallbackFunctions{nullptr, [captured](const Keys &, bool) {}};
    };
    std::weak_ptr<int> first;
    std::weak_ptr<int> second;
    for (const Drm_ErrCode code : {DRM_ERR_OK, DRM_ERR_INVALID_VAL}) {
        CHECK(codeOf([&] {
                  callbacks.replace(callback(first), "first", [&](void *) {
                      callbacks.replace(callback(second), "second", [](void *) { return DRM_ERR_OK; });
                      CHECK(first.expired() && !second.expired());
                      return code;
                  });
              }) == code);
        CHECK(!second.expired());
    }
    // Both fail, in either order: the earlier ones stay.
    std::weak_ptr<int> third;
    CHECK(codeOf([&] {
              callbacks.replace(callback(first), "first", [&](void *) {
                  CHECK(codeOf([&] {
                            callbacks.replace(callback(third), "third", [](void *) { return DRM_ERR_INVALID_VAL; });
                        }) == DRM_ERR_INVALID_VAL);
                  CHECK(!first.expired() && third.expired());
                  return DRM_ERR_INVALID_VAL;
              });
          }) == DRM_ERR_INVALID_VAL);
    CHECK(first.expired() && !second.expired());
    callbacks.stop();
    CHECK(second.expired());
}

/** Callbacks that the library refuses, but that an event which was under way has found: they are waited for and gone. */
void testRefusedButFound()
{
    const native_drm::detail::CallbackId callbacks;
    Held held;
    std::thread event;
    CHECK(codeOf([&] {
              const native_drm::detail::CallbackFunctions functions{
                  [&held, captured = Captured()](auto &&...) { held(captured); }, nullptr};
              callbacks.replace(functions, "set", [&](void *userData) {
                  event = std::thread([userData] {
                      char extra[] = "";
                      native_drm::detail::onEvent<::MediaKeySession>(nullptr, EVENT_KEY_REQUIRED, nullptr, 0, extra, userData);
                  });
                  CHECK(held.awaitEntered());
                  held.goOn();
                  return DRM_ERR_INVALID_VAL;
              });
          }) == DRM_ERR_INVALID_VAL);
    CHECK(held.left() && Captured::alive == 0);
    event.join();
}

/** A key system's callback, after C has destroyed the instance in another one's callback. */
void testSystemStale()
{
    for (const bool destructor : {true, false}) {
        auto system = std::make_unique<native_drm::MediaKeySystem>("com.clearplay.drm");
        ::MediaKeySystem *const handle = system->get();
        native_drm::MediaKeySystem others("com.clearplay.drm");
        native_drm::MediaKeySession other = others.createSession();
        Held held;
        Inbox<bool> done;
        system->setCallback([&, captured = Captured()](auto &&...) { held(captured); });
        (void)system->generateProvisioningRequest();
        CHECK(held.awaitEntered());
        other.setCallbacks(nullptr, [&](const Keys &, bool) { done.put(OH_MediaKeySystem_Destroy(handle) == DRM_ERR_OK); });
        other.processResponse(ONLINE);
        CHECK(done.take() == true);
        std::thread later([&] { held.goOn(); });
        if (destructor) {
            system.reset();
        } else {
            CHECK(system->release() == handle);
        }
        CHECK(held.left() && Captured::alive == 0);
        later.join();
    }
}

} // namespace

int main()
{
    return runTests("test_cpp_callbacks_end", {testEndsStale, testStaleInCallback, testReplacedAreGone, testSecondReturnsFirst,
                                               testRefusedButFound, testSystemStale});
}
