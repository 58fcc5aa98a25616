/*
 * SPDX-License-Identifier: Apache-2.0
 * Pictures and sound that are apart: a variant of an HLS playlist and its audio rendition, read as one input.
 */
#ifndef DRMPLAY_RENDITIONS_H
#define DRMPLAY_RENDITIONS_H

#include <libavformat/avformat.h>

#include "media.h"

/*
 * Makes one input of two: the streams of `variant`, which it takes over, and those of `sound`, which it opens. Both media must live
 * longer. Returns -1 after a complaint; then `*input` is as it was.
 */
int renditions_join(AVFormatContext **input, const struct media *variant, const struct media *sound);

/* Whether an input is such a one. */
bool renditions_are(const AVFormatContext *input);

/* The media that a stream of it comes from. */
const struct media *renditions_media(const AVFormatContext *input, unsigned stream);

/* The next packet of either, in the order of their times. Returns an AVERROR code. */
int renditions_read(AVFormatContext *input, AVPacket *packet);
void renditions_close(AVFormatContext **input);

#endif
