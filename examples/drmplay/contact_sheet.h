/*
 * SPDX-License-Identifier: Apache-2.0
 * A picture that shows what the key does: frames decoded without it above the same frames decoded with it.
 */
#ifndef DRMPLAY_CONTACT_SHEET_H
#define DRMPLAY_CONTACT_SHEET_H

#include <libavformat/avformat.h>

#include "util.h"

extern const uint8_t font_rows[95][9];

struct contact_sheet;

enum sheet_row {
    SHEET_WITHOUT_KEY,
    SHEET_WITH_KEY,
    SHEET_ROWS,
};

/* `seconds`: duration of the video. NULL after a complaint. */
struct contact_sheet *contact_sheet_open(const AVStream *video, double seconds);
/* Takes the frame if it is one of those that are shown. */
int contact_sheet_add(struct contact_sheet *sheet, enum sheet_row row, const AVFrame *frame);
/* Draws the sheet and writes it. `title` and `subtitle` are printed on it. */
int contact_sheet_write(struct contact_sheet *sheet, const char *path, const char *title, const char *subtitle);
void contact_sheet_close(struct contact_sheet *sheet);

#endif
