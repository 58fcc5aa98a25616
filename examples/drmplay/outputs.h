/*
 * SPDX-License-Identifier: Apache-2.0
 * What is made of the decrypted packets.
 */
#ifndef DRMPLAY_OUTPUTS_H
#define DRMPLAY_OUTPUTS_H

#include <libavformat/avformat.h>

#include "util.h"

/* One line per packet: stream, pts, size, MD5. */
struct packet_md5;
struct packet_md5 *packet_md5_open(const char *path);
int packet_md5_add(struct packet_md5 *writer, const AVPacket *packet);
int packet_md5_close(struct packet_md5 *writer, bool complete);

/* A clear file of the format that its name ends in; MP4 if that says nothing. */
struct remux;
struct remux *remux_open(const char *path, const AVFormatContext *input);
int remux_add(struct remux *writer, const AVPacket *packet);
int remux_close(struct remux *writer, bool complete);

/* Ends a muxer's file and frees the muxer, which may be NULL; the file is kept if it is complete. Returns -1 after a complaint. */
int muxer_close(AVFormatContext *muxer, struct output_file *file, bool complete);

#endif
