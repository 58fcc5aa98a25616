/*
 * SPDX-License-Identifier: Apache-2.0
 * Playing one file.
 */
#ifndef DRMPLAY_PLAYER_H
#define DRMPLAY_PLAYER_H

#include "contact_sheet.h"
#include "controls.h"
#include "decoder.h"
#include "input.h"
#include "license.h"
#include "options.h"
#include "outputs.h"
#include "track.h"

/* Why playing a file ended. */
enum play_end {
    END_OF_FILE,
    END_NEXT,
    END_PREVIOUS,
    END_STOP,
};

struct player {
    struct options options;
    struct media media;
    struct media sound; /* of the audio rendition, if that is apart */
    AVFormatContext *input;
    struct license license;
    struct track *tracks;
    struct decoder *decoders;
    unsigned count;
    struct packet_md5 *packet_md5;
    struct frame_md5 *frame_md5;
    struct remux *remux;
    struct contact_sheet *sheet;
    const AVStream *shown; /* the video on the contact sheet */
    struct decoder keyless; /* decodes its packets as the file holds them */
    struct controls *controls; /* with --controls */
    enum play_end end;
    bool failed;
};

/* Decrypts, decodes and writes a packet. Returns -1 after a complaint that ends the play. */
int play_packet(struct player *player, AVPacket *packet);

/*
 * Goes to another place of the file, just before the last packet from which everything at that time can be decoded. Returns -1
 * after a complaint; then the player is where it was. Nothing may be written meanwhile: outputs keep the streams of the start.
 */
int player_go_to(struct player *player, const struct input_index *index, int64_t millis);

/* Plays in real time, over and over, until the license is over. Returns -1 after a complaint. */
int play_policy(struct player *player);

/* Plays all packets in real time, obeying the media controls; sets player->end. Returns -1 after a complaint. */
int play_controlled(struct player *player);

#endif
