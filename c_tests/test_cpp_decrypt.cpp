/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * native_drm.hpp: decrypting samples. Descriptions that are reused, copied, moved, chained; batches; OH_AVCencInfo. That a
 * decrypt allocates nothing, and that an allocation that fails leaves nothing behind.
 */

#include "support/wrapper.hpp"

#include <algorithm>
#include <new>
#include <type_traits>

namespace {

/** Allocations of this thread. */
thread_local long allocations = 0;
/** Allocations of this thread until one fails; none fails below 0. */
thread_local long untilFailure = -1;

} // namespace

// Sized and array forms of the standard library come down to these. Not inlined: where only one of a pair is, GCC takes
// malloc() and free() for a mismatch.
[[gnu::noinline]] void *operator new(std::size_t size)
{
    ++allocations;
    if (untilFailure >= 0 && untilFailure-- == 0) {
        throw std::bad_alloc();
    }
    void *const memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}

[[gnu::noinline]] void operator delete(void *memory) noexcept
{
    std::free(memory);
}

[[gnu::noinline]] void operator delete(void *memory, std::size_t) noexcept
{
    std::free(memory);
}

namespace {

using native_drm::SampleInfo;
using Subsamples = std::vector<DrmSubsample>;

/** A system with a session that has the key. */
struct Player {
    native_drm::MediaKeySystem system{"com.clearplay.drm"};
    native_drm::MediaKeySession session = system.createSession();

    Player() { session.processResponse(ONLINE); }

    Bytes decrypt(const SampleInfo &info, Bytes sample) const
    {
        session.decrypt(info, sample);
        return sample;
    }
};

/** The allocations that an action makes. */
template <typename Action> long allocationsOf(Action action)
{
    const long before = allocations;
    action();
    return allocations - before;
}

/** False under checkers that have an operator new of their own, such as valgrind. */
bool allocationsAreCounted()
{
    return allocationsOf([] { ::operator delete(::operator new(1)); }) != 0;
}

bool sameSubsamples(const SampleInfo &info, const Subsamples &expected)
{
    const DRM_SampleInfo &raw = info.get();
    return raw.subsampleCount == expected.size() &&
           std::equal(expected.begin(), expected.end(), raw.subsamples, [](const auto &left, const auto &right) {
               return left.clearHeaderLen == right.clearHeaderLen && left.payLoadLen == right.payLoadLen;
           });
}

void testDecryptAllocatesNothing()
{
    const Player player;
    const native_drm::MediaKeySessionView view = player.session;
    Bytes sample = CTR_DATA;
    const DrmSubsample ranges[] = {{3, 13}, {0, 48}};
    SampleInfo reused = ctr();
    reused.subsamples(ranges);
    native_drm::CencInfo cenc;
    cenc.setAlgorithm(DRM_ALG_CENC_AES_CTR);
    const SampleInfo borrowing = ctr().borrowSubsamples(ranges);
    const DRM_SampleInfo raw = borrowing.get();
    const auto times = [](auto action) {
        return allocationsOf([&] {
            for (int i = 0; i < 100; ++i) {
                action();
            }
        });
    };
    CHECK(times([&] { player.session.decrypt(SampleInfo(DRM_ALG_CENC_AES_CTR, KEY_ID, CTR_IV), sample); }) == 0);
    CHECK(times([&] { view.decrypt(reused.keyId(KEY_ID).iv(CTR_IV).subsamples(ranges), sample); }) == 0);
    CHECK(times([&] { view.decrypt(ctr().borrowSubsamples(ranges).pattern(1, 9), sample); }) == 0);
    CHECK(times([&] { view.decrypt(raw, sample); }) == 0);
    CHECK(times([&] { CHECK(view.tryDecrypt(raw, sample) == DRM_ERR_OK); }) == 0);
    CHECK(times([&] { CHECK(view.tryDecrypt(ctr(OTHER_ID), sample) == DRM_ERR_NO_KEY); }) == 0);
    CHECK(times([&] { CHECK(view.tryDecrypt(ctr().iv(ConstByteSpan()), sample) == DRM_ERR_INVALID_VAL); }) == 0);
    CHECK(times([&] { cenc.setKeyIdAndIv(KEY_ID, CTR_IV); }) == 0);
    CHECK(times([&] { cenc.setSubsamples(0, 0, ranges); }) == 0);
    CHECK(times([&] { view.decrypt(cenc, sample); }) == 0);
    CHECK(times([&] {
              const DRM_Sample batch[] = {native_drm::makeSample(reused, sample), native_drm::makeSample(raw, sample)};
              view.decryptAll(native_drm::Span<const DRM_Sample>(batch, 1));
              CHECK(view.tryDecryptAll(native_drm::Span<const DRM_Sample>(batch, 1)) == DRM_ERR_OK);
          }) == 0);
}

void testSetters()
{
    const Player player;
    // One object, several samples.
    SampleInfo info;
    CHECK(info.get().structSize == sizeof(DRM_SampleInfo) && info.get().algorithm == DRM_ALG_CENC_UNENCRYPTED);
    CHECK(player.decrypt(info, CTR_DATA) == CTR_DATA);
    CHECK(player.decrypt(info.algorithm(DRM_ALG_CENC_AES_CTR).keyId(KEY_ID).iv(CTR_IV), CTR_DATA) == CLEAR);
    CHECK(player.decrypt(info.algorithm(DRM_ALG_CENC_AES_CBC).iv(CBC_IV), CBC_DATA) == CLEAR);
    const Bytes half = Bytes(CBC_DATA.begin(), CBC_DATA.begin() + 16) + Bytes(CLEAR.begin() + 16, CLEAR.end());
    CHECK(player.decrypt(info.scheme(DRM_CENC_SCHEME_CBCS).pattern(1, 9), half) == CLEAR);
    info.scheme(DRM_CENC_SCHEME_AUTO).pattern(0, 0).algorithm(DRM_ALG_CENC_AES_CTR).iv(CTR_IV);
    CHECK(player.decrypt(info.subsamples({{3, 40}, {0, 24}}), hex("010203") + CTR_DATA) == hex("010203") + CLEAR);
    CHECK(player.decrypt(info.subsamples({}), CTR_DATA) == CLEAR);
    // An IV of 8 bytes is followed by zeros, not by what an earlier one left.
    info.iv(CTR_IV).iv(hex("0102030405060708"));
    CHECK(info.get().ivLen == 8 && std::all_of(info.get().iv + 8, info.get().iv + 16, [](auto byte) { return byte == 0; }));
    // Arrays of C, KeyId, strings.
    const std::uint8_t array[16] = {1};
    const native_drm::KeyId id{1};
    info.keyId(array);
    CHECK(std::equal(id.begin(), id.end(), info.keyId(id).get().keyId));

    // What is refused changes nothing.
    const DRM_SampleInfo before = info.get();
    CHECK(codeOf([&] { info.keyId(Bytes(15)); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { info.keyId(Bytes(17)); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { info.keyId(ConstByteSpan(nullptr, 16)); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { info.iv(Bytes(17)); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { info.iv(ConstByteSpan(nullptr, 8)); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { SampleInfo(DRM_ALG_CENC_AES_CTR, ConstByteSpan(), CTR_IV); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { info.subsamples(native_drm::SubsampleSpan(nullptr, 1)); }) == DRM_ERR_INVALID_VAL);
    CHECK(std::memcmp(&before, &info.get(), sizeof(before)) == 0);
}

void testChains()
{
    static_assert(std::is_same_v<decltype(std::declval<SampleInfo &>().pattern(1, 9)), SampleInfo &>);
    static_assert(std::is_same_v<decltype(SampleInfo().pattern(1, 9)), SampleInfo>);
    static_assert(std::is_same_v<decltype(SampleInfo().scheme(0)), SampleInfo>);
    static_assert(std::is_same_v<decltype(SampleInfo().algorithm(DRM_ALG_CENC_AES_CTR)), SampleInfo>);
    static_assert(std::is_same_v<decltype(SampleInfo().keyId(KEY_ID)), SampleInfo>);
    static_assert(std::is_same_v<decltype(SampleInfo().iv(CTR_IV)), SampleInfo>);
    static_assert(std::is_same_v<decltype(SampleInfo().subsamples({})), SampleInfo>);
    static_assert(std::is_same_v<decltype(SampleInfo().subsamples(Subsamples())), SampleInfo>);
    static_assert(std::is_same_v<decltype(SampleInfo().borrowSubsamples({})), SampleInfo>);

    const Player player;
    const SampleInfo &kept = SampleInfo(DRM_ALG_CENC_AES_CBC, KEY_ID, CBC_IV).scheme(DRM_CENC_SCHEME_CBCS).pattern(1, 0);
    CHECK(kept.get().cryptByteBlock == 1);
    CHECK(player.decrypt(kept, CBC_DATA) == CLEAR);
    // The subsamples go with the chain.
    const SampleInfo &split = ctr().subsamples({{0, 10}, {0, 54}}).scheme(DRM_CENC_SCHEME_CENC).iv(CTR_IV);
    CHECK(sameSubsamples(split, {{0, 10}, {0, 54}}));
    CHECK(player.decrypt(split, CTR_DATA) == CLEAR);
}

/** get() of a temporary and entries that refer to one would be dangling. */
template <typename Info, typename = void> struct HasSample : std::false_type {};
template <typename Info>
struct HasSample<Info, std::void_t<decltype(native_drm::makeSample(std::declval<Info>(), native_drm::ByteSpan()))>>
    : std::true_type {};
template <typename Info, typename = void> struct HasGet : std::false_type {};
template <typename Info> struct HasGet<Info, std::void_t<decltype(std::declval<Info>().get())>> : std::true_type {};

void testOwnership()
{
    static_assert(HasGet<SampleInfo &>::value && HasGet<const SampleInfo &>::value && !HasGet<SampleInfo>::value);
    static_assert(HasSample<const SampleInfo &>::value && !HasSample<SampleInfo>::value && !HasSample<const SampleInfo>::value);
    static_assert(HasSample<DRM_SampleInfo &>::value && !HasSample<DRM_SampleInfo>::value);
    static_assert(std::is_nothrow_move_constructible_v<SampleInfo> && std::is_nothrow_move_assignable_v<SampleInfo>);

    const Subsamples ranges = {{1, 15}, {0, 48}};
    // A copy has its own subsamples.
    auto original = std::make_unique<SampleInfo>(ctr().subsamples(ranges));
    SampleInfo copy = *original;
    CHECK(copy.get().subsamples != original->get().subsamples);
    SampleInfo assigned;
    assigned.subsamples({{9, 9}});
    assigned = *original;
    CHECK(assigned.get().subsamples != original->get().subsamples);
    original.reset();
    CHECK(sameSubsamples(copy, ranges) && sameSubsamples(assigned, ranges));
    // Copies into room that is there allocate nothing.
    CHECK(allocationsOf([&] { assigned = copy; }) == 0);
    // A moved-from object has no subsamples.
    const SampleInfo moved = std::move(copy);
    CHECK(sameSubsamples(moved, ranges) && sameSubsamples(copy, {}));
    copy = moved;
    assigned = std::move(copy);
    CHECK(sameSubsamples(assigned, ranges) && sameSubsamples(copy, {}));
    SampleInfo &self = assigned;
    assigned = self;
    CHECK(sameSubsamples(assigned, ranges));
    assigned = std::move(self);
    CHECK(sameSubsamples(assigned, ranges));
    // Taken over: not copied.
    Subsamples own = ranges;
    const DrmSubsample *const address = own.data();
    assigned.subsamples(std::move(own));
    CHECK(assigned.get().subsamples == address);
    // Borrowed: those of the caller, in copies too.
    assigned.borrowSubsamples(ranges);
    copy = assigned;
    CHECK(assigned.get().subsamples == ranges.data() && copy.get().subsamples == ranges.data());
    const SampleInfo borrowing = std::move(copy);
    CHECK(borrowing.get().subsamples == ranges.data() && sameSubsamples(copy, {}));
    // A part of its own.
    assigned.subsamples(ranges);
    assigned.subsamples(native_drm::SubsampleSpan(assigned.get().subsamples + 1, 1));
    CHECK(sameSubsamples(assigned, {{0, 48}}));
    assigned.subsamples(ranges);
    assigned.borrowSubsamples(native_drm::SubsampleSpan(assigned.get().subsamples + 1, 1));
    CHECK(sameSubsamples(assigned, {{0, 48}}));
    // Assigned from one that borrows from it: all, a part, the end, nothing; copied and moved.
    const Subsamples three = {{1, 2}, {3, 4}, {5, 6}};
    for (std::size_t first = 0; first < three.size(); ++first) {
        for (std::size_t count = 0; first + count <= three.size(); ++count) {
            const auto part = three.begin() + static_cast<std::ptrdiff_t>(first);
            const Subsamples expected(part, part + static_cast<std::ptrdiff_t>(count));
            for (const bool moves : {false, true}) {
                auto target = std::make_unique<SampleInfo>(ctr(OTHER_ID).subsamples(three));
                auto borrower = std::make_unique<SampleInfo>(ctr().pattern(1, 9));
                borrower->borrowSubsamples({target->get().subsamples + first, count});
                CHECK(allocationsOf([&] {
                          if (moves) {
                              *target = std::move(*borrower);
                          } else {
                              *target = *borrower;
                          }
                      }) == 0);
                CHECK(!moves || sameSubsamples(*borrower, {}));
                borrower.reset();
                CHECK(sameSubsamples(*target, expected) && target->get().skipByteBlock == 9);
                CHECK(std::equal(KEY_ID.begin(), KEY_ID.end(), target->get().keyId));
                // They are its own: they outlive where they were.
                const SampleInfo kept = *target;
                target.reset();
                CHECK(sameSubsamples(kept, expected));
            }
        }
    }
    assigned.subsamples(three);
    assigned = ctr().borrowSubsamples({assigned.get().subsamples, assigned.get().subsampleCount});
    CHECK(sameSubsamples(assigned, three));
    // Null for C to refuse.
    assigned.borrowSubsamples({nullptr, 1});
    const Player player;
    CHECK(codeOf([&] { (void)player.decrypt(assigned, CTR_DATA); }) == DRM_ERR_INVALID_VAL);
    CHECK(sameSubsamples(assigned.subsamples(native_drm::SubsampleSpan()), {}));
    CHECK(assigned.get().subsamples == nullptr);
}

void testBatches()
{
    const Player player;
    const auto &session = player.session;
    Bytes first = CTR_DATA;
    Bytes second = CBC_DATA;
    Bytes empty;
    const SampleInfo ctrInfo = ctr();
    const SampleInfo cbcInfo(DRM_ALG_CENC_AES_CBC, KEY_ID, CBC_IV);
    const SampleInfo unknown = ctr(OTHER_ID);
    std::vector<DRM_Sample> batch = {native_drm::makeSample(ctrInfo, first), native_drm::makeSample(cbcInfo, second),
                                     native_drm::makeSample(ctrInfo, empty)};
    session.decryptAll(batch);
    CHECK(first == CLEAR && second == CLEAR);
    session.decryptAll({});
    CHECK(session.tryDecryptAll({}) == DRM_ERR_OK);

    // One that is refused: which one, and all as they were.
    first = CTR_DATA;
    second = CTR_DATA;
    batch = {native_drm::makeSample(ctrInfo, first), native_drm::makeSample(unknown, second)};
    std::uint32_t failed = 7;
    CHECK(session.tryDecryptAll(batch, &failed) == DRM_ERR_NO_KEY && failed == 1);
    CHECK(session.tryDecryptAll(batch) == DRM_ERR_NO_KEY);
    try {
        session.decryptAll(batch);
        CHECK(false);
    } catch (const native_drm::SampleError &error) {
        CHECK(error.index() == 1 && error.code() == DRM_ERR_NO_KEY && !error.message().empty());
    }
    CHECK(first == CTR_DATA && second == CTR_DATA);
    CHECK(codeOf([&] { session.decryptAll(native_drm::Span<const DRM_Sample>(nullptr, 1)); }) == DRM_ERR_INVALID_VAL);
}

void testCencInfo()
{
    static_assert(std::is_nothrow_move_constructible_v<native_drm::CencInfo>);
    static_assert(!std::is_copy_constructible_v<native_drm::CencInfo>);
    static_assert(!std::is_constructible_v<native_drm::CencInfo, ::OH_AVCencInfo *>);
    const Player player;
    native_drm::CencInfo info;
    Bytes sample = CTR_DATA;
    player.session.decrypt(info, sample);
    CHECK(sample == CTR_DATA);
    info.setAlgorithm(DRM_ALG_CENC_AES_CTR);
    info.setKeyIdAndIv(KEY_ID, CTR_IV);
    player.session.decrypt(info, sample);
    CHECK(sample == CLEAR);
    sample = hex("01020304") + CTR_DATA;
    info.setSubsamples(0, 0, Subsamples{{3, 64}}, 1);
    player.session.decrypt(info.get(), sample);
    CHECK(sample == hex("01020304") + CLEAR);
    sample = CTR_DATA;
    info.setSubsamples(0, 0, {});
    player.session.decrypt(info, sample);
    CHECK(sample == CLEAR);
    // A short IV is padded: as long as a whole one whose end is zero.
    const Bytes shortIv = hex("f0f1f2f3f4f5f6f7");
    Bytes other = CTR_DATA;
    sample = CTR_DATA;
    info.setKeyIdAndIv(KEY_ID, shortIv);
    player.session.decrypt(info, sample);
    player.session.decrypt(ctr().iv(shortIv), other);
    CHECK(sample == other && sample != CLEAR);
    info.setMode(DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET);
    CHECK(codeOf([&] { player.session.decrypt(info, sample); }) == DRM_ERR_INVALID_VAL);

    CHECK(codeOf([&] { info.setAlgorithm(static_cast<DrmCencAlgorithm>(7)); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { info.setKeyIdAndIv(Bytes(15), CTR_IV); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { info.setKeyIdAndIv(KEY_ID, Bytes(17)); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { info.setSubsamples(0, 0, Subsamples(DRM_KEY_MAX_SUB_SAMPLE_NUM + 1)); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { info.setSubsamples(0, 0, {nullptr, 1}); }) == DRM_ERR_INVALID_VAL);

    // Ownership: handed out, taken back, moved.
    ::OH_AVCencInfo *const handle = info.release();
    CHECK(info.get() == nullptr);
    CHECK(codeOf([&] { info.setMode(DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET); }) == DRM_ERR_INVALID_VAL);
    info = native_drm::CencInfo::adopt(handle);
    native_drm::CencInfo moved = std::move(info);
    moved.setMode(DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET);
    info = native_drm::CencInfo();
    moved = std::move(info);
    CHECK(OH_AVCencInfo_SetMode(handle, DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET) == AV_ERR_INVALID_VAL);
}

/** Each allocation of an action fails in turn: bad_alloc comes out, and the action can be done afterwards. */
template <typename Action> void failEachAllocation(Action action)
{
    for (long i = 0;; ++i) {
        untilFailure = i;
        bool done = false;
        try {
            action();
            done = true;
        } catch (const std::bad_alloc &) {
            // What was expected.
        }
        const bool failed = untilFailure < 0;
        untilFailure = -1;
        if (!failed) {
            CHECK(done && i > 0);
            return;
        }
        CHECK(!done);
    }
}

void testNoMemory()
{
    const Player player;
    const auto sessions = [&] { return valueOf(player.system.statistics(), "currentSessionNum"); };
    failEachAllocation([&] { (void)player.system.createSession(); });
    CHECK(sessions() == "1");
    failEachAllocation([] { (void)native_drm::MediaKeySystem("com.clearplay.drm"); });
    failEachAllocation([] { CHECK(native_drm::parsePssh(PSSH + OTHER_ID).size() == 1); });
    failEachAllocation([] { CHECK(native_drm::MediaKeySystem::list().size() == 3); });
    failEachAllocation([&] { (void)player.system.generateProvisioningRequest(); });
    failEachAllocation([&] { (void)player.session.generateRequest(MEDIA_KEY_TYPE_ONLINE, PSSH, "video/mp4", {{"a", "b"}}); });
    failEachAllocation([&] { CHECK(player.session.checkStatus().size() == 1); });
    failEachAllocation([&] { (void)codeOf([&] { player.session.decrypt(ctr(OTHER_ID), native_drm::ByteSpan()); }); });
    // Callbacks that could not be replaced are still there.
    Inbox<int> inbox;
    const std::string captured(100, 'x');
    player.session.setCallbacks(nullptr, [&](auto &&...) { inbox.put(1); });
    untilFailure = 0;
    bool failed = false;
    try {
        player.session.setCallbacks(nullptr, [&, captured](auto &&...) { inbox.put(2); });
    } catch (const std::bad_alloc &) {
        failed = true;
    }
    untilFailure = -1;
    CHECK(failed);
    player.session.clearKeys();
    CHECK(inbox.take() == 1);
    failEachAllocation([&] { player.session.setCallbacks(nullptr, [&, captured](auto &&...) {}); });
    // A handle that could not be taken over stays the caller's.
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    ::MediaKeySession *handle = nullptr;
    CHECK(OH_MediaKeySystem_CreateMediaKeySession(player.system.get(), &level, &handle) == DRM_ERR_OK);
    untilFailure = 0;
    failed = false;
    try {
        (void)native_drm::MediaKeySession::adopt(handle);
    } catch (const std::bad_alloc &) {
        failed = true;
    }
    untilFailure = -1;
    CHECK(failed && sessions() == "2");
    CHECK(OH_MediaKeySession_Destroy(handle) == DRM_ERR_OK);
}

} // namespace

int main()
{
    if (!allocationsAreCounted()) {
        std::puts("test_cpp_decrypt: allocations are not counted here");
        return runTests("test_cpp_decrypt", {testSetters, testChains, testOwnership, testBatches, testCencInfo});
    }
    return runTests("test_cpp_decrypt", {testDecryptAllocatesNothing, testSetters, testChains, testOwnership, testBatches,
                                         testCencInfo, testNoMemory});
}
