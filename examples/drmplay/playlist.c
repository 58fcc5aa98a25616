/*
 * SPDX-License-Identifier: Apache-2.0
 * HLS playlists (RFC 8216) of fMP4 segments, or of TS and packed audio with SAMPLE-AES. FFmpeg's demuxer plays no encrypted fMP4,
 * and wants keys, not licenses, for SAMPLE-AES. Put together, segments are a file.
 */
#include "playlist_key.h"

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
    char *best_audio; /* the group of its sound */
    struct audio {
        char *group, *name, *language, *url; /* url: NULL = it is in the variant */
        bool usual;
    } *audio;
    size_t audio_count;
    struct playlist_key key;
    long long sequence; /* media sequence number of the next segment */
    unsigned discontinuity;
};

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
    if (result == 0)
        list->media->parts[list->media->part_count - 1].discontinuity = list->discontinuity;
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
    char *url = playlist_attribute(attributes, "URI");
    char *range = playlist_attribute(attributes, "BYTERANGE");
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

static int add_audio(struct playlist *list, const char *attributes)
{
    char *type = playlist_attribute(attributes, "TYPE");
    char *usual = playlist_attribute(attributes, "DEFAULT");
    char *url = playlist_attribute(attributes, "URI");
    int result = 0;

    if (type && strcmp(type, "AUDIO") == 0) {
        struct audio *larger = realloc(list->audio, (list->audio_count + 1) * sizeof(*larger));
        if (larger) {
            list->audio = larger;
            larger[list->audio_count++] = (struct audio){
                .group = playlist_attribute(attributes, "GROUP-ID"),
                .name = playlist_attribute(attributes, "NAME"),
                .language = playlist_attribute(attributes, "LANGUAGE"),
                .url = url ? resolve(list->url, url) : NULL,
                .usual = usual && strcmp(usual, "YES") == 0,
            };
        } else {
            result = complain("out of memory");
        }
    }
    free(url);
    free(usual);
    free(type);
    return result;
}

static bool equal(const char *one, const char *other)
{
    return one && other && strcmp(one, other) == 0;
}

/* Finds the playlist of the variant's sound. */
static int choose_audio(struct playlist *list)
{
    const char *wanted = list->media->wanted;
    const struct audio *chosen = NULL;
    int best = -1;

    for (size_t i = 0; i < list->audio_count; i++) {
        const struct audio *audio = &list->audio[i];
        if (!equal(audio->group, list->best_audio))
            continue;
        /* A name counts more than a language, the usual one more than the first. */
        int rank = wanted ? equal(audio->name, wanted) * 2 + equal(audio->language, wanted) : 1 + audio->usual;
        if (rank > 0 && rank > best) {
            chosen = audio;
            best = rank;
        }
    }
    if (wanted && !chosen) {
        complain("%s: there is no audio rendition %s; there are:", list->url, wanted);
        for (size_t i = 0; i < list->audio_count; i++) {
            if (equal(list->audio[i].group, list->best_audio))
                say("    %s", list->audio[i].name ? list->audio[i].name : "(without a name)");
        }
        return -1;
    }
    if (chosen && chosen->url && !(list->media->sound = strdup(chosen->url)))
        return complain("out of memory");
    return 0;
}

static void free_audio(struct playlist *list)
{
    for (size_t i = 0; i < list->audio_count; i++) {
        free(list->audio[i].group);
        free(list->audio[i].name);
        free(list->audio[i].language);
        free(list->audio[i].url);
    }
    free(list->audio);
    free(list->best_audio);
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
        text = playlist_attribute(value, "METHOD");
        list->foreign = list->foreign || (text && strcmp(text, "AES-128") == 0);
        free(text);
        if (list->media->units)
            result = playlist_key_read(&list->key, value);
    } else if (strcmp(name, "#EXT-X-DEFINE") == 0) {
        if (list->media->units)
            result = playlist_key_define(&list->key, value);
    } else if (strcmp(name, "#EXT-X-MEDIA-SEQUENCE") == 0) {
        list->sequence = strtoll(value, NULL, 10);
    } else if (strcmp(name, "#EXT-X-DISCONTINUITY") == 0) {
        list->discontinuity++;
    } else if (strcmp(name, "#EXT-X-STREAM-INF") == 0) {
        text = playlist_attribute(value, "BANDWIDTH");
        long bandwidth = text ? strtol(text, NULL, 10) : 0;
        list->variant_follows = !list->best_variant || bandwidth > list->best_bandwidth;
        if (list->variant_follows) {
            list->best_bandwidth = bandwidth;
            free(list->best_audio);
            list->best_audio = playlist_attribute(value, "AUDIO");
        }
        free(text);
    } else if (strcmp(name, "#EXT-X-MEDIA") == 0) {
        result = add_audio(list, value);
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
    if (!list->map && !list->media->units)
        list->foreign = true;
    if (list->foreign)
        return 0;
    if (add(list, line) < 0)
        return -1;
    playlist_key_apply(&list->key, (uint64_t)list->sequence++, &list->media->parts[list->media->part_count - 1].key);
    return 0;
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
        if (colon)
            *colon = '\0';
        result = read_tag(list, line, colon ? colon + 1 : "");
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
        media->units = playlist_has_sample_aes(text);
        result = read_lines(&list, text);
        if (result == 0 && list.best_variant && depth == 0) {
            result = choose_audio(&list) < 0 ? -1 : read_playlist(media, list.best_variant, 1);
        } else if (result == 0 && !list.foreign) {
            media->playlist = strdup(url);
            result = media->playlist ? 0 : complain("out of memory");
        }
        if (list.foreign)
            media->units = false;
        free(text);
    }
    playlist_key_free(&list.key);
    free(list.map);
    free(list.range_url);
    free(list.best_variant);
    free_audio(&list);
    return result;
}

int playlist_read(struct media *media)
{
    return read_playlist(media, media->path, 0);
}
