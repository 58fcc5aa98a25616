/*
 * SPDX-License-Identifier: Apache-2.0
 * Messages, text encodings, files.
 */
#include "util.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <libavutil/base64.h>
#include <libavutil/error.h>

#define PROGRESS_WIDTH 40

static bool progress_visible;

void progress_show(double share)
{
    static int terminal = -1;
    static int shown = -1;

    if (terminal < 0)
        terminal = isatty(STDERR_FILENO);
    if (!terminal)
        return;
    if (share < 0)
        share = 0;
    if (share > 1)
        share = 1;
    int percent = (int)(share * 100);
    if (progress_visible && percent == shown)
        return;
    shown = percent;
    progress_visible = true;
    fputs("\r  [", stderr);
    for (int i = 0; i < PROGRESS_WIDTH; i++)
        fputc(i < percent * PROGRESS_WIDTH / 100 ? '#' : '.', stderr);
    fprintf(stderr, "] %3d %%", percent);
    fflush(stderr);
}

void progress_clear(void)
{
    if (progress_visible)
        fprintf(stderr, "\r%*s\r", PROGRESS_WIDTH + 12, "");
    progress_visible = false;
}

void say(const char *format, ...)
{
    va_list arguments;

    progress_clear();
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

int complain(const char *format, ...)
{
    va_list arguments;

    progress_clear();
    fputs("drmplay: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return -1;
}

int complain_av(int code, const char *format, ...)
{
    char reason[AV_ERROR_MAX_STRING_SIZE];
    va_list arguments;

    progress_clear();
    fputs("drmplay: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    av_strerror(code, reason, sizeof(reason));
    fprintf(stderr, ": %s\n", reason);
    return -1;
}

char *to_hex(char *text, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * size] = '\0';
    return text;
}

char *to_base64(char text[KEY_BASE64_LEN], const uint8_t *bytes, size_t size, bool url)
{
    if (size > KEY_BYTES || !av_base64_encode(text, KEY_BASE64_LEN, bytes, (int)size))
        text[0] = '\0';
    if (url) {
        for (char *c = text; *c; c++) {
            if (*c == '+')
                *c = '-';
            else if (*c == '/')
                *c = '_';
            else if (*c == '=')
                *c = '\0';
        }
    }
    return text;
}

bool key_from_base64(uint8_t bytes[KEY_BYTES], const char *text)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char standard[KEY_BASE64_LEN];
    size_t length = 0;

    for (; text[length] && text[length] != '='; length++) {
        char c = text[length] == '-' ? '+' : text[length] == '_' ? '/' : text[length];
        if (length >= 22 || !strchr(alphabet, c))
            return false;
        standard[length] = c;
    }
    if (length != 22 || (strcmp(text + length, "") != 0 && strcmp(text + length, "==") != 0))
        return false;
    memcpy(standard + length, "==", 3);
    return av_base64_decode(bytes, standard, KEY_BYTES) == KEY_BYTES;
}

void text_add(struct text *text, const char *format, ...)
{
    va_list arguments;

    if (text->failed)
        return;
    va_start(arguments, format);
    int needed = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (needed >= 0 && text->length + (size_t)needed + 1 > text->room) {
        size_t room = 2 * (text->length + (size_t)needed + 1);
        char *chars = realloc(text->chars, room);
        if (chars) {
            text->chars = chars;
            text->room = room;
        }
    }
    if (needed < 0 || text->length + (size_t)needed + 1 > text->room) {
        text->failed = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(text->chars + text->length, text->room - text->length, format, arguments);
    va_end(arguments);
    text->length += (size_t)needed;
}

uint8_t *read_file(const char *path, size_t limit, size_t *size)
{
    struct stat about;
    FILE *file = fopen(path, "rb");

    if (!file) {
        complain("cannot open %s: %s", path, strerror(errno));
        return NULL;
    }
    if (fstat(fileno(file), &about) == 0 && S_ISDIR(about.st_mode)) {
        complain("%s is a directory", path);
        fclose(file);
        return NULL;
    }
    uint8_t *bytes = NULL;
    size_t used = 0;
    size_t room = 0;
    while (used <= limit) {
        if (used + 1 >= room) {
            room = room ? 2 * room : 65536;
            uint8_t *larger = realloc(bytes, room);
            if (!larger) {
                complain("out of memory while reading %s", path);
                goto failed;
            }
            bytes = larger;
        }
        size_t count = fread(bytes + used, 1, room - used - 1, file);
        used += count;
        if (count == 0)
            break;
    }
    if (ferror(file)) {
        complain("cannot read %s: %s", path, strerror(errno));
        goto failed;
    }
    if (used > limit) {
        complain("%s has more than %zu bytes", path, limit);
        goto failed;
    }
    fclose(file);
    bytes[used] = 0;
    *size = used;
    return bytes;

failed:
    free(bytes);
    fclose(file);
    return NULL;
}

uint64_t now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int output_begin(struct output_file *file, const char *path)
{
    struct stat about;

    file->path = path;
    file->temporary = NULL;
    if (strcmp(path, "-") == 0) {
        file->path = "/dev/stdout";
        return 0;
    }
    if (stat(file->path, &about) == 0 && !S_ISREG(about.st_mode)) {
        if (S_ISDIR(about.st_mode))
            return complain("cannot write %s: it is a directory", path);
        return 0;
    }
    size_t room = strlen(path) + sizeof(".part");
    file->temporary = malloc(room);
    if (!file->temporary)
        return complain("out of memory");
    snprintf(file->temporary, room, "%s.part", path);
    return 0;
}

const char *output_name(const struct output_file *file)
{
    return file->temporary ? file->temporary : file->path;
}

int output_end(struct output_file *file, bool keep)
{
    int result = 0;

    if (file->temporary) {
        if (!keep)
            remove(file->temporary);
        else if (rename(file->temporary, file->path) != 0)
            result = complain("cannot write %s: %s", file->path, strerror(errno));
    }
    free(file->temporary);
    file->temporary = NULL;
    return result;
}
