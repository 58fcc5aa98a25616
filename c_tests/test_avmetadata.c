/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The metadata builder: results, limits, independence of builder and metadata, lyrics.
 */

#include "support/avsession.h"
#include "support/guard.h"

#define CHECK_REFUSED(call) CHECK_CODE(call, AVMETADATA_ERROR_INVALID_PARAM)

typedef AVMetadata_Result (*TextSetter)(OH_AVMetadataBuilder *builder, const char *text);

static const struct {
    TextSetter set;
    size_t limit;
} setters[] = {
    {OH_AVMetadataBuilder_SetAssetId, NATIVE_AVSESSION_MAX_TEXT_LEN},
    {OH_AVMetadataBuilder_SetTitle, NATIVE_AVSESSION_MAX_TEXT_LEN},
    {OH_AVMetadataBuilder_SetArtist, NATIVE_AVSESSION_MAX_TEXT_LEN},
    {OH_AVMetadataBuilder_SetAuthor, NATIVE_AVSESSION_MAX_TEXT_LEN},
    {OH_AVMetadataBuilder_SetAlbum, NATIVE_AVSESSION_MAX_TEXT_LEN},
    {OH_AVMetadataBuilder_SetWriter, NATIVE_AVSESSION_MAX_TEXT_LEN},
    {OH_AVMetadataBuilder_SetComposer, NATIVE_AVSESSION_MAX_TEXT_LEN},
    {OH_AVMetadataBuilder_SetSubtitle, NATIVE_AVSESSION_MAX_TEXT_LEN},
    {OH_AVMetadataBuilder_SetPreviousAssetId, NATIVE_AVSESSION_MAX_TEXT_LEN},
    {OH_AVMetadataBuilder_SetNextAssetId, NATIVE_AVSESSION_MAX_TEXT_LEN},
    {OH_AVMetadataBuilder_SetMediaImageUri, NATIVE_AVSESSION_MAX_LONG_TEXT_LEN},
    {OH_AVMetadataBuilder_SetDescription, NATIVE_AVSESSION_MAX_LONG_TEXT_LEN},
    {OH_AVMetadataBuilder_SetLyric, NATIVE_AVSESSION_MAX_LONG_TEXT_LEN},
};

static void texts(void)
{
    OH_AVMetadataBuilder *builder = create_builder();
    for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
        TextSetter set = setters[i].set;
        size_t limit = setters[i].limit;
        CHECK_OK(set(builder, "text"));
        CHECK_OK(set(builder, ""));
        CHECK_OK(set(builder, "\xe9\x9f\xb3\xe4\xb9\x90 \xf0\x9f\x8e\xb5"));
        CHECK_REFUSED(set(builder, NULL));
        CHECK_REFUSED(set(NULL, "text"));
        CHECK_REFUSED(set((OH_AVMetadataBuilder *)&limit, "text"));
        CHECK_REFUSED(set(builder, "\xff\xfe"));
        CHECK_REFUSED(set(builder, "cut \xe9\x9f"));
        CHECK_REFUSED(set(builder, "\xed\xa0\x80"));
        /* The longest text that is accepted ends directly in front of a page without access; one more byte is refused
         * without reading behind the limit. */
        char *longest = guard_text_without_nul(limit);
        longest[limit - 1] = '\0';
        CHECK_OK(set(builder, longest));
        longest[limit - 1] = 'a';
        CHECK_REFUSED(set(builder, longest));
        guard_free(longest, limit);
    }
    size_t size = 10u << 20;
    char *absurd = malloc(size);
    REQUIRE(absurd != NULL);
    memset(absurd, 'a', size);
    absurd[size - 1] = '\0';
    CHECK_REFUSED(OH_AVMetadataBuilder_SetTitle(builder, absurd));
    CHECK_REFUSED(OH_AVMetadataBuilder_SetLyric(builder, absurd));
    free(absurd);
    CHECK_OK(OH_AVMetadataBuilder_Destroy(builder));
    CHECK_REFUSED(OH_AVMetadataBuilder_SetTitle(builder, "stale"));
}

static void numbers(void)
{
    OH_AVMetadataBuilder *builder = create_builder();
    CHECK_OK(OH_AVMetadataBuilder_SetSkipIntervals(builder, SECONDS_10));
    CHECK_OK(OH_AVMetadataBuilder_SetSkipIntervals(builder, SECONDS_15));
    CHECK_OK(OH_AVMetadataBuilder_SetSkipIntervals(builder, SECONDS_30));
    static const int bad[] = {0, 1, 9, 11, 20, 31, -10, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_REFUSED(OH_AVMetadataBuilder_SetSkipIntervals(builder, (AVMetadata_SkipIntervals)bad[i]));
    }
    CHECK_REFUSED(OH_AVMetadataBuilder_SetSkipIntervals(NULL, SECONDS_10));
    CHECK_OK(OH_AVMetadataBuilder_SetDuration(builder, 23000));
    CHECK_OK(OH_AVMetadataBuilder_SetDuration(builder, -1));
    CHECK_OK(OH_AVMetadataBuilder_SetDuration(builder, INT64_MAX));
    CHECK_REFUSED(OH_AVMetadataBuilder_SetDuration(NULL, 0));
    CHECK_OK(OH_AVMetadataBuilder_SetDisplayTags(builder, AVSESSION_DISPLAYTAG_AUDIO_VIVID));
    CHECK_OK(OH_AVMetadataBuilder_SetDisplayTags(builder, 0));
    CHECK_REFUSED(OH_AVMetadataBuilder_SetDisplayTags(NULL, 0));
    CHECK_OK(OH_AVMetadataBuilder_SetFilter(builder, TYPE_LOCAL));
    CHECK_OK(OH_AVMetadataBuilder_SetFilter(builder, TYPE_CAST_PLUS_STREAM | TYPE_DLNA | TYPE_CAST_PLUS_AUDIO));
    /* Whatever it is, as upstream. */
    CHECK_OK(OH_AVMetadataBuilder_SetFilter(builder, 0));
    CHECK_OK(OH_AVMetadataBuilder_SetFilter(builder, 1));
    CHECK_OK(OH_AVMetadataBuilder_SetFilter(builder, 16));
    CHECK_OK(OH_AVMetadataBuilder_SetFilter(builder, UINT32_MAX));
    CHECK_REFUSED(OH_AVMetadataBuilder_SetFilter(NULL, TYPE_DLNA));
    CHECK_OK(OH_AVMetadataBuilder_Destroy(builder));
}

static void handles(void)
{
    OH_AVMetadata *metadata = NULL;
    CHECK_REFUSED(OH_AVMetadataBuilder_Create(NULL));
    CHECK_REFUSED(OH_AVMetadataBuilder_Destroy(NULL));
    CHECK_REFUSED(OH_AVMetadata_Destroy(NULL));
    CHECK_REFUSED(OH_AVMetadataBuilder_GenerateAVMetadata(NULL, &metadata));
    CHECK(metadata == NULL);
    OH_AVMetadataBuilder *builder = create_builder();
    CHECK_REFUSED(OH_AVMetadataBuilder_GenerateAVMetadata(builder, NULL));
    REQUIRE_OK(OH_AVMetadataBuilder_GenerateAVMetadata(builder, &metadata));
    /* One kind of handle is not another. */
    CHECK_REFUSED(OH_AVMetadataBuilder_Destroy((OH_AVMetadataBuilder *)metadata));
    CHECK_REFUSED(OH_AVMetadata_Destroy((OH_AVMetadata *)builder));
    CHECK_OK(OH_AVMetadataBuilder_Destroy(builder));
    CHECK_REFUSED(OH_AVMetadataBuilder_Destroy(builder));
    CHECK_REFUSED(OH_AVMetadataBuilder_GenerateAVMetadata(builder, &metadata));
    CHECK_OK(OH_AVMetadata_Destroy(metadata));
    CHECK_REFUSED(OH_AVMetadata_Destroy(metadata));
}

static void expect_line(OH_AVMetadata *metadata, int64_t position, const char *expected)
{
    char line[64];
    uint32_t length = sizeof(line);
    CHECK_OK(OH_AVMetadata_GetLyricLine(metadata, position, line, &length));
    CHECK_STR(line, expected);
    CHECK_INT(length, strlen(expected) + 1);
}

static void lyrics(void)
{
    OH_AVMetadataBuilder *builder = create_builder();
    char lyric[] = "[ti:Song]\r\n[00:25.44]first\r\n[00:26.44]second\r\n";
    CHECK_OK(OH_AVMetadataBuilder_SetLyric(builder, lyric));
    memset(lyric, 'x', sizeof(lyric) - 1);
    OH_AVMetadata *metadata = NULL;
    OH_AVMetadata *without = NULL;
    REQUIRE_OK(OH_AVMetadataBuilder_GenerateAVMetadata(builder, &metadata));
    /* What was made does not follow the builder. */
    CHECK_OK(OH_AVMetadataBuilder_SetLyric(builder, ""));
    REQUIRE_OK(OH_AVMetadataBuilder_GenerateAVMetadata(builder, &without));
    CHECK_OK(OH_AVMetadataBuilder_Destroy(builder));
    expect_line(metadata, 0, "");
    expect_line(metadata, 25440, "first");
    expect_line(metadata, 26439, "first");
    expect_line(metadata, INT64_MAX, "second");
    expect_line(metadata, -1, "");
    expect_line(without, 30000, "");

    char line[6];
    uint32_t length = sizeof(line) - 1;
    memset(line, '#', sizeof(line));
    CHECK_CODE(OH_AVMetadata_GetLyricLine(metadata, 26000, line, &length), AV_SESSION_ERR_INVALID_PARAMETER);
    CHECK_INT(length, 6);
    CHECK_FILLED(line, '#', sizeof(line));
    CHECK_OK(OH_AVMetadata_GetLyricLine(metadata, 26000, line, &length));
    CHECK_STR(line, "first");
    CHECK_CODE(OH_AVMetadata_GetLyricLine(metadata, 0, NULL, &length), AV_SESSION_ERR_INVALID_PARAMETER);
    CHECK_CODE(OH_AVMetadata_GetLyricLine(metadata, 0, line, NULL), AV_SESSION_ERR_INVALID_PARAMETER);
    CHECK_CODE(OH_AVMetadata_GetLyricLine(NULL, 0, line, &length), AV_SESSION_ERR_INVALID_PARAMETER);
    CHECK_OK(OH_AVMetadata_Destroy(metadata));
    CHECK_OK(OH_AVMetadata_Destroy(without));
}

int main(void)
{
    RUN(texts);
    RUN(numbers);
    RUN(handles);
    RUN(lyrics);
    return check_finish("avmetadata");
}
