/*
 * SPDX-License-Identifier: Apache-2.0
 * Decoding, and what is made of the frames.
 */
#ifndef DRMPLAY_DECODER_H
#define DRMPLAY_DECODER_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "util.h"

/* Receives a frame. Returns -1 after a complaint, which ends the play. */
typedef int (*frame_receiver)(void *user, const AVStream *stream, const AVFrame *frame);

struct decoder {
    AVCodecContext *context; /* NULL: no decoder for this stream */
    AVFrame *frame;
    const AVStream *stream;
    frame_receiver receive;
    void *user;
    uint64_t frames;
    uint64_t errors; /* packets that were refused and frames with errors in them */
};

/* `hopeless`: the packets are known to be encrypted; everything that comes out is wanted. */
int decoder_open(struct decoder *decoder, const AVStream *stream, bool hopeless, frame_receiver receive, void *user);
/* Feeds a packet; NULL = the end. Returns -1 only if the receiver does. */
int decoder_feed(struct decoder *decoder, const AVPacket *packet);
void decoder_close(struct decoder *decoder);

/* MD5 of each decoded frame, as `ffmpeg -f framemd5` writes it: video as rawvideo, audio as 16-bit PCM. */
struct frame_md5;
struct frame_md5 *frame_md5_open(const char *path, const AVFormatContext *input);
int frame_md5_add(struct frame_md5 *writer, const AVStream *stream, const AVFrame *frame);
int frame_md5_close(struct frame_md5 *writer, bool complete);

#endif
