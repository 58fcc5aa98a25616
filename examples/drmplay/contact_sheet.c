/*
 * SPDX-License-Identifier: Apache-2.0
 * The contact sheet.
 */
#include "contact_sheet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>

#define COLUMNS 4
#define THUMB_WIDTH 320
#define MARGIN 28
#define GAP 14
#define BORDER 4
#define TITLE_HEIGHT 78
#define CAPTION_HEIGHT 34
#define TIME_HEIGHT 32

struct colour {
    uint8_t r, g, b;
};

static const struct colour paper = {20, 22, 28};
static const struct colour panel = {34, 37, 46};
static const struct colour ink = {236, 238, 244};
static const struct colour faint = {142, 148, 164};
static const struct colour red = {226, 84, 78};
static const struct colour green = {88, 194, 122};

struct contact_sheet {
    const AVStream *video;
    int width, height; /* of a thumbnail */
    double times[COLUMNS];
    uint8_t *thumbs[SHEET_ROWS][COLUMNS]; /* RGB24; NULL: no frame yet */
    struct SwsContext *scaler[SHEET_ROWS];
};

/* An RGB24 picture. */
struct canvas {
    uint8_t *pixels;
    int width, height;
};

struct contact_sheet *contact_sheet_open(const AVStream *video, double seconds)
{
    struct contact_sheet *sheet = calloc(1, sizeof(*sheet));
    const AVCodecParameters *parameters = video->codecpar;
    AVRational aspect = video->sample_aspect_ratio.num ? video->sample_aspect_ratio : parameters->sample_aspect_ratio;

    if (!sheet) {
        complain("out of memory");
        return NULL;
    }
    sheet->video = video;
    sheet->width = THUMB_WIDTH;
    double width = parameters->width > 0 ? parameters->width : 16;
    double height = parameters->height > 0 ? parameters->height : 9;
    if (aspect.num > 0 && aspect.den > 0)
        width *= av_q2d(aspect);
    height = THUMB_WIDTH * height / width;
    sheet->height = height < 16 ? 16 : height > 3 * THUMB_WIDTH ? 3 * THUMB_WIDTH : (int)(height + 0.5);
    for (int i = 0; i < COLUMNS; i++)
        sheet->times[i] = seconds * (2 * i + 1) / (2 * COLUMNS);
    return sheet;
}

int contact_sheet_add(struct contact_sheet *sheet, enum sheet_row row, const AVFrame *frame)
{
    int64_t start = sheet->video->start_time != AV_NOPTS_VALUE ? sheet->video->start_time : 0;

    if (frame->best_effort_timestamp == AV_NOPTS_VALUE)
        return 0;
    double time = (double)(frame->best_effort_timestamp - start) * av_q2d(sheet->video->time_base);
    for (int i = 0; i < COLUMNS; i++) {
        if (sheet->thumbs[row][i] || time + 1e-6 < sheet->times[i] ||
            (i + 1 < COLUMNS && time >= sheet->times[i + 1]))
            continue;
        sheet->scaler[row] = sws_getCachedContext(sheet->scaler[row], frame->width, frame->height, frame->format,
                                                  sheet->width, sheet->height, AV_PIX_FMT_RGB24,
                                                  SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, NULL, NULL, NULL);
        uint8_t *pixels = av_malloc((size_t)sheet->width * (size_t)sheet->height * 3 + 64);
        if (!pixels || !sheet->scaler[row]) {
            av_free(pixels);
            return complain("cannot scale a frame for the picture");
        }
        int stride = sheet->width * 3;
        sws_scale(sheet->scaler[row], (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height, &pixels,
                  &stride);
        sheet->thumbs[row][i] = pixels;
    }
    return 0;
}

static void fill(struct canvas *canvas, int x, int y, int width, int height, struct colour colour)
{
    for (int row = y < 0 ? 0 : y; row < y + height && row < canvas->height; row++) {
        for (int column = x < 0 ? 0 : x; column < x + width && column < canvas->width; column++) {
            uint8_t *pixel = canvas->pixels + ((size_t)row * (size_t)canvas->width + (size_t)column) * 3;
            pixel[0] = colour.r;
            pixel[1] = colour.g;
            pixel[2] = colour.b;
        }
    }
}

static int text_width(const char *text, int scale)
{
    return (int)strlen(text) * 6 * scale;
}

static void write_text(struct canvas *canvas, int x, int y, int scale, struct colour colour, const char *text)
{
    for (; *text && x + 5 * scale <= canvas->width - MARGIN; text++, x += 6 * scale) {
        unsigned char c = (unsigned char)*text;
        const uint8_t *rows = font_rows[(c < 32 || c > 126 ? '?' : c) - 32];
        for (int row = 0; row < 9; row++) {
            for (int column = 0; column < 5; column++) {
                if (rows[row] >> (4 - column) & 1)
                    fill(canvas, x + column * scale, y + row * scale, scale, scale, colour);
            }
        }
    }
}

static void draw_thumb(struct canvas *canvas, const struct contact_sheet *sheet, enum sheet_row row, int column, int x, int y)
{
    const uint8_t *pixels = sheet->thumbs[row][column];

    fill(canvas, x - BORDER, y - BORDER, sheet->width + 2 * BORDER, sheet->height + 2 * BORDER,
         row == SHEET_WITH_KEY ? green : red);
    if (pixels) {
        for (int line = 0; line < sheet->height; line++)
            memcpy(canvas->pixels + ((size_t)(y + line) * (size_t)canvas->width + (size_t)x) * 3,
                   pixels + (size_t)line * (size_t)sheet->width * 3, (size_t)sheet->width * 3);
        return;
    }
    const char *text = "no picture";
    fill(canvas, x, y, sheet->width, sheet->height, panel);
    write_text(canvas, x + (sheet->width - text_width(text, 2)) / 2, y + sheet->height / 2 - 8, 2, faint, text);
}

static void draw_row(struct canvas *canvas, const struct contact_sheet *sheet, enum sheet_row row, int y)
{
    bool with_key = row == SHEET_WITH_KEY;

    fill(canvas, MARGIN - BORDER, y, 6, 18, with_key ? green : red);
    write_text(canvas, MARGIN + 14, y, 2, ink,
               with_key ? "WITH THE KEY: decrypted in place, then decoded" : "WITHOUT THE KEY: as the file holds it");
    y += CAPTION_HEIGHT;
    for (int i = 0; i < COLUMNS; i++) {
        int x = MARGIN + i * (sheet->width + 2 * BORDER + GAP);
        char time[32];
        draw_thumb(canvas, sheet, row, i, x, y);
        snprintf(time, sizeof(time), "%d:%05.2f", (int)sheet->times[i] / 60, sheet->times[i] - 60 * ((int)sheet->times[i] / 60));
        write_text(canvas, x + (sheet->width - text_width(time, 2)) / 2, y + sheet->height + BORDER + 7, 2, faint, time);
    }
}

static int write_png(const struct canvas *canvas, const char *path)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
    AVCodecContext *context = codec ? avcodec_alloc_context3(codec) : NULL;
    AVFrame *frame = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    struct output_file file;
    FILE *out = NULL;
    int result = AVERROR_ENCODER_NOT_FOUND;

    if (output_begin(&file, path) < 0) {
        result = -1;
        goto done;
    }
    if (context && frame && packet) {
        context->width = frame->width = canvas->width;
        context->height = frame->height = canvas->height;
        context->pix_fmt = AV_PIX_FMT_RGB24;
        frame->format = AV_PIX_FMT_RGB24;
        context->time_base = (AVRational){1, 1};
        context->compression_level = 9;
        frame->data[0] = canvas->pixels;
        frame->linesize[0] = canvas->width * 3;
        result = avcodec_open2(context, codec, NULL);
        if (result >= 0)
            result = avcodec_send_frame(context, frame);
        if (result >= 0)
            result = avcodec_receive_packet(context, packet);
    }
    if (result < 0) {
        complain_av(result, "cannot make the picture");
    } else {
        out = fopen(output_name(&file), "wb");
        bool written = out && fwrite(packet->data, 1, (size_t)packet->size, out) == (size_t)packet->size;
        if (out && fclose(out) != 0)
            written = false;
        if (!written)
            result = complain("cannot write %s: %s", path, strerror(errno));
    }
    if (output_end(&file, result >= 0) < 0)
        result = -1;

done:
    avcodec_free_context(&context);
    av_frame_free(&frame);
    av_packet_free(&packet);
    return result < 0 ? -1 : 0;
}

int contact_sheet_write(struct contact_sheet *sheet, const char *path, const char *title, const char *subtitle)
{
    int row_height = CAPTION_HEIGHT + sheet->height + BORDER + TIME_HEIGHT;
    struct canvas canvas = {
        .width = 2 * MARGIN + COLUMNS * sheet->width + (COLUMNS - 1) * (2 * BORDER + GAP),
        .height = MARGIN + TITLE_HEIGHT + SHEET_ROWS * row_height + GAP + MARGIN,
    };

    canvas.pixels = malloc((size_t)canvas.width * (size_t)canvas.height * 3);
    if (!canvas.pixels)
        return complain("out of memory");
    fill(&canvas, 0, 0, canvas.width, canvas.height, paper);
    write_text(&canvas, MARGIN - BORDER, MARGIN, 3, ink, title);
    write_text(&canvas, MARGIN - BORDER, MARGIN + 36, 2, faint, subtitle);
    for (int row = 0; row < SHEET_ROWS; row++)
        draw_row(&canvas, sheet, (enum sheet_row)row, MARGIN + TITLE_HEIGHT + row * (row_height + GAP));
    int result = write_png(&canvas, path);
    free(canvas.pixels);
    return result;
}

void contact_sheet_close(struct contact_sheet *sheet)
{
    if (!sheet)
        return;
    for (int row = 0; row < SHEET_ROWS; row++) {
        for (int i = 0; i < COLUMNS; i++)
            av_free(sheet->thumbs[row][i]);
        sws_freeContext(sheet->scaler[row]);
    }
    free(sheet);
}
