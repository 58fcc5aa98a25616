/*
 * SPDX-License-Identifier: Apache-2.0
 * drmplay: plays encrypted media through the native DRM API. See print_help().
 */
#include <stdlib.h>
#include <string.h>

#include "native_drm_plugin.h"
#include "player.h"
#include "renditions.h"

#define EXIT_USAGE 2

static int take_frame(void *user, const AVStream *stream, const AVFrame *frame)
{
    struct player *player = user;

    if (player->frame_md5 && frame_md5_add(player->frame_md5, stream, frame) < 0)
        return -1;
    if (stream == player->shown)
        return contact_sheet_add(player->sheet, SHEET_WITH_KEY, frame);
    return 0;
}

static int take_keyless_frame(void *user, const AVStream *stream, const AVFrame *frame)
{
    struct player *player = user;

    (void)stream;
    return contact_sheet_add(player->sheet, SHEET_WITHOUT_KEY, frame);
}

static int open_picture(struct player *player)
{
    int best = av_find_best_stream(player->input, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);

    if (best < 0)
        return complain("there is no video in %s to make a picture of", player->options.file);
    player->shown = player->input->streams[best];
    player->sheet = contact_sheet_open(player->shown, input_measure(&player->media));
    if (!player->sheet)
        return -1;
    return decoder_open(&player->keyless, player->shown, true, take_keyless_frame, player);
}

static int open_outputs(struct player *player)
{
    const struct options *options = &player->options;

    player->count = player->input->nb_streams;
    player->tracks = calloc(player->count + 1, sizeof(*player->tracks));
    player->decoders = calloc(player->count + 1, sizeof(*player->decoders));
    if (!player->tracks || !player->decoders)
        return complain("out of memory");
    for (unsigned i = 0; i < player->count; i++) {
        player->tracks[i].stream = player->input->streams[i];
        const struct media *media = renditions_are(player->input) ? renditions_media(player->input, i) : &player->media;
        player->tracks[i].samples = media->samples;
        if (media->kind == MEDIA_TS || media->kind == MEDIA_AUDIO)
            player->tracks[i].media = media;
        if (webm_find_key_id(&player->tracks[i]) < 0)
            return -1;
        if (!options->no_decode &&
            decoder_open(&player->decoders[i], player->input->streams[i], false, take_frame, player) < 0)
            return -1;
    }
    if (options->packet_md5 && !(player->packet_md5 = packet_md5_open(options->packet_md5)))
        return -1;
    if (options->frame_md5 && !(player->frame_md5 = frame_md5_open(options->frame_md5, player->input)))
        return -1;
    if (options->output && !(player->remux = remux_open(options->output, player->input)))
        return -1;
    return options->picture ? open_picture(player) : 0;
}

static int close_outputs(struct player *player, bool complete)
{
    int result = 0;

    if (packet_md5_close(player->packet_md5, complete) < 0)
        result = -1;
    if (frame_md5_close(player->frame_md5, complete) < 0)
        result = -1;
    if (remux_close(player->remux, complete) < 0)
        result = -1;
    return result;
}

int play_packet(struct player *player, AVPacket *packet)
{
    struct track *track = &player->tracks[packet->stream_index];
    struct sample sample;
    bool playable = track_describe(track, packet, &sample) == 0;
    int fed = 0;

    if (player->shown && packet->stream_index == player->shown->index && playable && sample.encrypted)
        fed = decoder_feed(&player->keyless, packet);
    if (packet->flags & AV_PKT_FLAG_CORRUPT && !player->failed) {
        complain("track %d, packet %llu is cut short: %s is truncated", packet->stream_index,
                 (unsigned long long)track->packets, player->options.file);
        player->failed = true;
    }
    if (playable && sample.encrypted && fed == 0)
        playable = track_decrypt(track, &player->license, packet, &sample) == 0;
    sample_clear(&sample);
    if (fed < 0)
        return -1;
    if (!playable)
        return 0; /* counted; the other tracks go on */
    if (player->packet_md5 && packet_md5_add(player->packet_md5, packet) < 0)
        return -1;
    if (player->remux && remux_add(player->remux, packet) < 0)
        return -1;
    return decoder_feed(&player->decoders[packet->stream_index], packet);
}

int player_go_to(struct player *player, const struct input_index *index, int64_t millis)
{
    if (input_reopen_at(&player->input, &player->media, index, millis) < 0)
        return -1;
    for (unsigned i = 0; i < player->count; i++) {
        player->tracks[i].stream = player->input->streams[i];
        player->tracks[i].cei = (DRM_AccessUnitState){0};
        player->decoders[i].stream = player->input->streams[i];
        if (player->decoders[i].context)
            avcodec_flush_buffers(player->decoders[i].context);
    }
    return 0;
}

/* Returns -1 after a complaint. */
static int play_packets(struct player *player)
{
    AVPacket *packet = av_packet_alloc();
    int64_t size = player->input->pb ? avio_size(player->input->pb) : 0;
    int result = packet ? 0 : AVERROR(ENOMEM);

    while (result >= 0) {
        result = input_read(player->input, packet);
        if (result < 0)
            break;
        if ((unsigned)packet->stream_index < player->count && play_packet(player, packet) < 0) {
            av_packet_free(&packet);
            return -1;
        }
        if (size > 0 && packet->pos >= 0)
            progress_show((double)packet->pos / (double)size);
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    if (result != AVERROR_EOF)
        return complain_av(result, "%s cannot be read to its end", player->options.file);
    for (unsigned i = 0; i < player->count; i++) {
        if (decoder_feed(&player->decoders[i], NULL) < 0)
            return -1;
    }
    if (player->keyless.context && decoder_feed(&player->keyless, NULL) < 0)
        return -1;
    progress_clear();
    return 0;
}

static int write_picture(struct player *player)
{
    const struct track *track = &player->tracks[player->shown->index];
    const char *name = strrchr(player->options.file, '/');
    char scheme[24];
    char hex[KEY_HEX_LEN] = "none";
    char title[256];
    char subtitle[256];

    scheme_name(track, scheme, sizeof(scheme));
    if (track->key_ids.count)
        to_hex(hex, track->key_ids.ids[0], KEY_BYTES);
    snprintf(title, sizeof(title), "%.60s", name ? name + 1 : player->options.file);
    snprintf(subtitle, sizeof(subtitle), "%s %s, %dx%d, key system %s, key id %s", scheme,
             avcodec_get_name(player->shown->codecpar->codec_id), player->shown->codecpar->width,
             player->shown->codecpar->height, player->options.system, hex);
    return contact_sheet_write(player->sheet, player->options.picture, title, subtitle);
}

static int play(struct player *player)
{
    if (open_outputs(player) < 0)
        return -1;
    int result = player->options.controls ? play_controlled(player)
                 : player->options.policy ? play_policy(player)
                                          : play_packets(player);
    for (unsigned i = 0; i < player->count; i++) {
        player->tracks[i].frames = player->decoders[i].frames;
        player->tracks[i].undecoded = player->decoders[i].errors;
    }
    if (report_failures(player->tracks, player->count) < 0 || player->failed)
        result = -1;
    if (result == 0 && player->sheet && write_picture(player) < 0)
        result = -1;
    if (!player->options.quiet) {
        bool taken = (player->options.packet_md5 && strcmp(player->options.packet_md5, "-") == 0) ||
                     (player->options.frame_md5 && strcmp(player->options.frame_md5, "-") == 0);
        report_print(taken ? stderr : stdout, player->tracks, player->count, &player->license);
    }
    return result;
}

/* Obtains the keys of a file, or gives them back. Returns -1 after a complaint. */
static int obtain_keys(struct player *player, const AVFormatContext *input, const struct media *media)
{
    struct init_data init_data = {0};
    struct init_data chosen = {0};
    int result = -1;

    if (init_data_find(&init_data, input, media) == 0 &&
        init_data_choose(&init_data, player->options.system, player->license.system_id, &chosen) == 0)
        result = player->options.release ? license_release(&player->license, &chosen)
                                         : license_obtain(&player->license, &chosen);
    init_data_free(&chosen);
    init_data_free(&init_data);
    return result < 0 ? -1 : 0;
}

/* The sound, if it is apart. Where a file is played from other places than its beginning, it is left out. */
static int open_sound(struct player *player)
{
    const struct options *options = &player->options;

    if (!player->media.sound)
        return 0;
    if (options->controls || options->policy) {
        complain("the sound of %s is left out: it is apart, in %s", options->file, player->media.sound);
        return 0;
    }
    if (media_open(&player->sound, player->media.sound, NULL) < 0 ||
        renditions_join(&player->input, &player->media, &player->sound) < 0)
        return -1;
    return obtain_keys(player, player->input, &player->sound);
}

static int run(struct player *player, const struct clearkey_server *server, struct policy_service *policy)
{
    const struct options *options = &player->options;
    int result = -1;

    if (license_open(&player->license, options->system, server, policy,
                     options->offline || options->release) < 0 ||
        media_open(&player->media, options->file, options->rendition) < 0 ||
        input_open(&player->input, &player->media) < 0 || obtain_keys(player, player->input, &player->media) < 0 ||
        open_sound(player) < 0)
        return -1;
    if (options->release)
        return 0;
    result = play(player);
    /* Outputs appear only if everything went well. */
    return close_outputs(player, result == 0) < 0 ? -1 : result;
}

/* Plays the file of the options. */
static int play_file(const struct options *options, const struct clearkey_server *server, struct controls **controls,
                     enum play_end *end)
{
    struct player player = {.options = *options, .controls = *controls};
    struct policy_service *policy = NULL;
    int result = -1;

    if (!options->policy || (policy = policy_service_open(options->policy, server, options->renewals)))
        result = run(&player, server, policy);

    for (unsigned i = 0; i < player.count && player.decoders && player.tracks; i++) {
        decoder_close(&player.decoders[i]);
        key_ids_free(&player.tracks[i].key_ids);
    }
    free(player.decoders);
    free(player.tracks);
    decoder_close(&player.keyless);
    contact_sheet_close(player.sheet);
    license_close(&player.license);
    policy_service_close(policy);
    input_close(&player.input);
    media_close(&player.media);
    media_close(&player.sound);
    *controls = player.controls;
    *end = player.end;
    return result;
}

/* One file after the other, as the media controls want. */
static int play_files(struct options *options, const struct clearkey_server *server)
{
    struct controls *controls = NULL;
    int result = 0;

    for (int number = 0; number < options->file_count && result == 0;) {
        enum play_end end;
        options->number = number;
        options->file = options->files[number];
        result = play_file(options, server, &controls, &end);
        options->paused = false;
        if (end == END_STOP)
            break;
        number += end == END_PREVIOUS && number > 0 ? -1 : 1;
    }
    controls_close(controls);
    return result;
}

static int load_plugins(const struct options *options)
{
    for (int i = 0; i < options->plugin_count; i++) {
        Drm_ErrCode code = OH_Drm_LoadPlugin(options->plugins[i]);
        if (code != DRM_ERR_OK)
            return complain_drm(code, "load the plugin");
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options options;
    struct clearkey_server *server = NULL;
    int result = -1;

    switch (parse_options(&options, argc, argv)) {
    case OPTIONS_HELP: print_help(); return EXIT_SUCCESS;
    case OPTIONS_WRONG: return EXIT_USAGE;
    case OPTIONS_PLAY: break;
    }
    av_log_set_level(AV_LOG_QUIET); /* what matters is said in our own words */
    if (load_plugins(&options) == 0 && (!options.keys || (server = clearkey_server_load(options.keys))))
        result = play_files(&options, server);
    clearkey_server_free(server);
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
