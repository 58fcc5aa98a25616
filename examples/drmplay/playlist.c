/*
 * SPDX-License-Identifier: Apache-2.0
 * HLS playlists (RFC 8216) of fMP4 segments. FFmpeg's demuxer plays no encrypted ones; put together they are an MP4 file.
 */
#include "media.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#define MAX_PLAYLIST_BYTES (16u << 20)

/* What has been read of a playlist. */
struct playlist {
    const char *url;
    struct media *media;
    long long range_size; /* of EXT-X-BYTERANGE, for the next segment; negative: none */
    long long range_offset;
    long long range_end; /* of the latest range, and of which file that was */
    char *range_url;
    char *map; /* the latest EXT-X-MAP */
    bool foreign; /* nothing for us: segments that are encrypted as a whole, or without EXT-X-MAP */
    long best_bandwidth;
    char *best_variant;
    bool variant_follows;
};

/* The value of an attribute, without quotes; to be freed. NULL if there is none. */
static char *attribute(const char *list, const char *name)
{
    size_t length = strlen(name);

    while (*list) {
        const char *value = strchr(list, '=');
        if (!value)
            return NULL;
        bool found = (size_t)(value - list) == length && memcmp(list, name, length) == 0;
        bool quoted = *++value == '"';
        size_t size = strcspn(value + quoted, quoted ? "\"" : ",");
        if (found)
            return strndup(value + quoted, size);
        list = value + quoted + size;
        list += strcspn(list, ",");
        list += strspn(list, ", ");
    }
    return NULL;
}

/* An address relative to that of the playlist; to be freed. */
static char *resolve(const char *base, const char *url)
{
    const char *host = strstr(base, "://");
    const char *end = strrchr(base, '/');
    size_t kept = end ? (size_t)(end - base) + 1 : 0;

    if (strstr(url, "://"))
        kept = 0;
    else if (url[0] == '/')
        kept = host ? (size_t)(host - base) + 3 + strcspn(host + 3, "/") : 0;
    char *absolute = malloc(kept + strlen(url) + 1);
    if (absolute) {
        memcpy(absolute, base, kept);
        strcpy(absolute + kept, url);
    }
    return absolute;
}

/* Reads "size[@offset]". */
static bool read_range(struct playlist *list, const char *text)
{
    char *end;

    list->range_size = strtoll(text, &end, 10);
    list->range_offset = *end == '@' ? strtoll(end + 1, &end, 10) : -1;
    return end != text && list->range_size >= 0 && list->range_offset >= -1;
}

static int add(struct playlist *list, const char *url)
{
    char *absolute = resolve(list->url, url);
    long long offset = 0;

    if (!absolute)
        return complain("out of memory");
    if (list->range_size >= 0) {
        /* Without an offset it follows the range before, of the same file. */
        bool follows = list->range_url && strcmp(list->range_url, absolute) == 0;
        offset = list->range_offset >= 0 ? list->range_offset : follows ? list->range_end : 0;
    }
    int result = media_add_part(list->media, absolute, offset, list->range_size);
    if (result > 0)
        result = complain("nobody says how long %s is", absolute);
    if (list->range_size >= 0)
        list->range_end = offset + list->range_size;
    free(list->range_url);
    list->range_url = absolute;
    list->range_size = -1;
    return result;
}

static int add_map(struct playlist *list, const char *attributes)
{
    /* Said anew, as after an advertisement, it changes nothing if it is the same. */
    if (list->map && strcmp(list->map, attributes) == 0)
        return 0;
    free(list->map);
    list->map = strdup(attributes);
    char *url = attribute(attributes, "URI");
    char *range = attribute(attributes, "BYTERANGE");
    long long segment_size = list->range_size; /* of the segment that follows */
    long long segment_offset = list->range_offset;
    int result = -1;
    list->range_size = -1;
    if (!list->map)
        complain("out of memory");
    else if (!url || (range && !read_range(list, range)))
        complain("%s: EXT-X-MAP has no usable URI or BYTERANGE", list->url);
    else
        result = add(list, url);
    list->range_size = segment_size;
    list->range_offset = segment_offset;
    free(range);
    free(url);
    return result;
}

static int read_tag(struct playlist *list, const char *name, const char *value)
{
    char *text;
    int result = 0;

    if (strcmp(name, "#EXT-X-MAP") == 0) {
        result = add_map(list, value);
    } else if (strcmp(name, "#EXT-X-BYTERANGE") == 0) {
        if (!read_range(list, value))
            result = complain("%s: EXT-X-BYTERANGE:%s is no range", list->url, value);
    } else if (strcmp(name, "#EXT-X-KEY") == 0) {
        text = attribute(value, "METHOD");
        list->foreign = list->foreign || (text && strcmp(text, "AES-128") == 0);
        free(text);
    } else if (strcmp(name, "#EXT-X-STREAM-INF") == 0) {
        text = attribute(value, "BANDWIDTH");
        long bandwidth = text ? strtol(text, NULL, 10) : 0;
        list->variant_follows = !list->best_variant || bandwidth > list->best_bandwidth;
        if (list->variant_follows)
            list->best_bandwidth = bandwidth;
        free(text);
    }
    return result;
}

static int read_address(struct playlist *list, const char *line)
{
    if (list->best_variant || list->variant_follows) {
        if (list->variant_follows) {
            free(list->best_variant);
            list->best_variant = resolve(list->url, line);
            list->variant_follows = false;
            return list->best_variant ? 0 : complain("out of memory");
        }
        return 0;
    }
    if (!list->map)
        list->foreign = true;
    return list->foreign ? 0 : add(list, line);
}

static int read_lines(struct playlist *list, char *text)
{
    int result = 0;

    for (char *line = strtok(text, "\r\n"); line && result == 0; line = strtok(NULL, "\r\n")) {
        if (line[0] != '#') {
            result = read_address(list, line);
            continue;
        }
        char *colon = strchr(line, ':');
        if (colon) {
            *colon = '\0';
            result = read_tag(list, line, colon + 1);
        }
    }
    return result;
}

/* The text of a playlist, to be freed; NULL if it is none. */
static char *read_text(const char *url, bool *failed)
{
    AVIOContext *io = NULL;
    char *text = NULL;
    int result = avio_open(&io, url, AVIO_FLAG_READ);

    if (result < 0) {
        complain_av(result, "cannot open %s", url);
        *failed = true;
        return NULL;
    }
    uint8_t mark[7];
    int64_t size = avio_size(io);
    if (avio_read(io, mark, sizeof(mark)) == sizeof(mark) && memcmp(mark, "#EXTM3U", sizeof(mark)) == 0 &&
        size <= MAX_PLAYLIST_BYTES && avio_seek(io, 0, SEEK_SET) == 0) {
        text = calloc(1, MAX_PLAYLIST_BYTES + 1);
        if (text && avio_read(io, (unsigned char *)text, MAX_PLAYLIST_BYTES) < 0)
            text[0] = '\0';
    }
    avio_closep(&io);
    return text;
}

static int read_playlist(struct media *media, const char *url, int depth)
{
    struct playlist list = {.url = url, .media = media, .range_size = -1};
    bool failed = false;
    char *text = read_text(url, &failed);
    int result = failed ? -1 : 0;

    if (text) {
        result = read_lines(&list, text);
        if (result == 0 && list.best_variant && depth == 0) {
            result = read_playlist(media, list.best_variant, 1);
        } else if (result == 0 && !list.foreign) {
            media->playlist = strdup(url);
            result = media->playlist ? 0 : complain("out of memory");
        }
        free(text);
    }
    free(list.map);
    free(list.range_url);
    free(list.best_variant);
    return result;
}

int playlist_read(struct media *media)
{
    return read_playlist(media, media->path, 0);
}
