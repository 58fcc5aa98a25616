/*
 * SPDX-License-Identifier: Apache-2.0
 * The table at the end.
 */
#include "track.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

void scheme_name(const struct track *track, char *text, size_t room)
{
    if (track->unit_scheme) {
        snprintf(text, room, "%s", track->unit_scheme);
        return;
    }
    if (!track->scheme) {
        snprintf(text, room, "clear");
        return;
    }
    char name[5] = {0};
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)(track->scheme >> (24 - 8 * i));
        name[i] = isprint(c) ? (char)c : '?';
    }
    if (track->crypt_blocks)
        snprintf(text, room, "%s %u:%u", name, (unsigned)track->crypt_blocks, (unsigned)track->skip_blocks);
    else
        snprintf(text, room, "%s", name);
}

static const char *human_bytes(char text[24], double bytes)
{
    if (bytes >= 1e9)
        snprintf(text, 24, "%.2f GB", bytes / 1e9);
    else if (bytes >= 1e6)
        snprintf(text, 24, "%.1f MB", bytes / 1e6);
    else if (bytes >= 1e3)
        snprintf(text, 24, "%.1f kB", bytes / 1e3);
    else
        snprintf(text, 24, "%.0f B", bytes);
    return text;
}

static const char *human_time(char text[24], uint64_t nanoseconds)
{
    if (nanoseconds >= 1000000000u)
        snprintf(text, 24, "%.2f s", (double)nanoseconds / 1e9);
    else
        snprintf(text, 24, "%.2f ms", (double)nanoseconds / 1e6);
    return text;
}

void report_print(FILE *out, const struct track *tracks, unsigned count, const struct license *license)
{
    bool titled = false;

    progress_clear();
    fprintf(out, "\n  %-5s  %-5s  %-8s %-10s  %7s  %9s  %9s  %7s  %6s  %10s  %11s\n", "track", "kind", "codec", "scheme",
            "samples", "decrypted", "bytes", "frames", "errors", "in decrypt", "speed");
    for (unsigned i = 0; i < count; i++) {
        const struct track *track = &tracks[i];
        const char *kind = av_get_media_type_string(track->stream->codecpar->codec_type);
        char scheme[24];
        char bytes[24];
        char time[24];
        char speed[32] = "-";
        char rate[24];
        scheme_name(track, scheme, sizeof(scheme));
        if (track->nanoseconds && track->bytes)
            snprintf(speed, sizeof(speed), "%s/s", human_bytes(rate, (double)track->bytes * 1e9 / (double)track->nanoseconds));
        fprintf(out, "  %5u  %-5s  %-8s %-10s  %7" PRIu64 "  %9" PRIu64 "  %9s  %7" PRIu64 "  %6" PRIu64 "  %10s  %11s\n", i,
                kind ? kind : "other", avcodec_get_name(track->stream->codecpar->codec_id), scheme, track->packets,
                track->encrypted - track->refused, human_bytes(bytes, (double)track->bytes), track->frames,
                track->refused + track->undecoded, track->encrypted ? human_time(time, track->nanoseconds) : "-", speed);
    }
    for (unsigned i = 0; i < count; i++) {
        for (size_t k = 0; k < tracks[i].key_ids.count; k++) {
            char hex[KEY_HEX_LEN];
            char word[MAX_MEDIA_KEY_STATUS_VALUE_LEN];
            if (!titled)
                fprintf(out, "\n  %-5s  %-32s  status in %s\n", "track", "key id", license->system_name);
            titled = true;
            license_key_status(license, tracks[i].key_ids.ids[k], word);
            fprintf(out, "  %5u  %-32s  %s\n", i, to_hex(hex, tracks[i].key_ids.ids[k], KEY_BYTES), word);
        }
    }
    fputc('\n', out);
    fflush(out);
}

int report_failures(const struct track *tracks, unsigned count)
{
    int result = 0;

    for (unsigned i = 0; i < count; i++) {
        const struct track *track = &tracks[i];
        uint64_t decrypted = track->encrypted - track->refused;
        if (track->refused) {
            complain("track %u: %" PRIu64 " of %" PRIu64 " samples could not be decrypted", i, track->refused, track->encrypted);
            result = -1;
        }
        if (track->undecoded && decrypted && 2 * track->undecoded > decrypted)
            complain("track %u: %" PRIu64 " of %" PRIu64 " decrypted samples do not decode: the key is probably wrong", i,
                     track->undecoded, decrypted);
        else if (track->undecoded)
            complain("track %u: %" PRIu64 " of %" PRIu64 " samples do not decode: the file is damaged, or %s", i,
                     track->undecoded, track->packets,
                     decrypted ? "a key is wrong" : "encrypted in a way that FFmpeg's demuxer does not report");
        if (track->undecoded)
            result = -1;
    }
    return result;
}
