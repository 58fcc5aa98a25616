/*
 * SPDX-License-Identifier: Apache-2.0
 * The demuxer.
 */
#include "input.h"

#include <string.h>

#include <libavutil/avstring.h>

#include "renditions.h"

/* For what the file's bytes have shown it to be, whatever its name says. */
static const AVInputFormat *demuxer(const struct media *media)
{
    switch (media->kind) {
    case MEDIA_MP4: return av_find_input_format("mp4");
    case MEDIA_TS: return av_find_input_format("mpegts");
    case MEDIA_AUDIO: return av_find_input_format(avcodec_get_name(media->codec));
    default: return NULL;
    }
}

static bool has_units(const struct media *media)
{
    return media->kind == MEDIA_TS || media->kind == MEDIA_AUDIO;
}

static int open_demuxer(AVFormatContext **input, const struct media *media)
{
    AVIOContext *io = NULL;

    *input = avformat_alloc_context();
    if (!*input || (media->part_count && media_open_io(media, &io) < 0)) {
        avformat_close_input(input);
        return AVERROR(ENOMEM);
    }
    (*input)->flags |= AVFMT_FLAG_IGNIDX; /* fragment by fragment, as they come */
    (*input)->pb = io;
    int result = avformat_open_input(input, media->path, demuxer(media), NULL);
    if (result < 0)
        media_close_io(&io);
    if (result >= 0 && has_units(media) && !((*input)->opaque = units_open(media)))
        result = AVERROR(ENOMEM);
    /*
     * A parser must not see encrypted packets: it would lose them, join them or find another codec in them. It is set before
     * the first packet is read, for a parser once made stays. The packets of these two containers are whole frames, those
     * of MPEG-TS and packed audio become so in units_read(); those of others may need a parser.
     */
    if (result >= 0 && (has_units(media) || av_match_name("mp4", (*input)->iformat->name) ||
                        av_match_name("webm", (*input)->iformat->name)))
        (*input)->flags |= AVFMT_FLAG_NOPARSE;
    return result;
}

void input_close(AVFormatContext **input)
{
    if (*input && renditions_are(*input)) {
        renditions_close(input);
        return;
    }
    AVIOContext *io = *input && (*input)->flags & AVFMT_FLAG_CUSTOM_IO ? (*input)->pb : NULL;

    if (*input)
        units_close((*input)->opaque);
    avformat_close_input(input);
    media_close_io(&io);
}

int input_read(AVFormatContext *input, AVPacket *packet)
{
    if (renditions_are(input))
        return renditions_read(input, packet);
    return input->opaque ? units_read(input->opaque, input, packet) : av_read_frame(input, packet);
}

/* Most units that are read to find the first frame of each audio stream. */
#define MAX_PROBED 5000

/* What FFmpeg would learn about sound by decoding it stands in the clear headers of the frames. */
static int learn_audio(AVFormatContext *input, const struct media *media)
{
    AVFormatContext *probe = NULL;
    AVPacket *unit = av_packet_alloc();
    int result = unit ? open_demuxer(&probe, media) : AVERROR(ENOMEM);

    for (int i = 0; i < MAX_PROBED && result >= 0 && units_audio_parameters(probe->opaque, input); i++) {
        result = input_read(probe, unit);
        av_packet_unref(unit);
    }
    input_close(&probe);
    av_packet_free(&unit);
    return result == AVERROR_EOF ? 0 : result;
}

int input_open(AVFormatContext **input, const struct media *media)
{
    AVCodecParameters **containers_word = NULL;
    int result = open_demuxer(input, media);

    if (result < 0)
        return complain_av(result, "cannot play %s", media->path);
    AVFormatContext *format = *input;
    unsigned streams = format->nb_streams;

    /* Needed for frame rates. But what it finds by decoding encrypted packets is nonsense: the container's word counts. */
    containers_word = av_calloc(streams ? streams : 1, sizeof(*containers_word));
    for (unsigned i = 0; containers_word && i < streams; i++) {
        containers_word[i] = avcodec_parameters_alloc();
        if (!containers_word[i] || avcodec_parameters_copy(containers_word[i], format->streams[i]->codecpar) < 0)
            result = AVERROR(ENOMEM);
    }
    if (!containers_word)
        result = AVERROR(ENOMEM);
    if (result >= 0 && media->kind != MEDIA_AUDIO)
        result = avformat_find_stream_info(format, NULL);
    for (unsigned i = 0; containers_word && i < streams; i++) {
        const AVCodecParameters *word = containers_word[i];
        if (result >= 0 && word && (word->width > 0 || word->sample_rate > 0))
            result = avcodec_parameters_copy(format->streams[i]->codecpar, word);
        avcodec_parameters_free(&containers_word[i]);
    }
    av_freep(&containers_word);
    if (result >= 0 && has_units(media))
        result = learn_audio(format, media);
    /* From here on: the probing needs the times that are filled in to find the start of each stream. */
    if (format->flags & AVFMT_FLAG_NOPARSE)
        format->flags |= AVFMT_FLAG_NOFILLIN;
    if (result < 0)
        return complain_av(result, "cannot play %s", media->path);
    return 0;
}

double input_measure(const struct media *media)
{
    AVFormatContext *format = NULL;
    AVPacket *packet = av_packet_alloc();
    double end = 0;

    if (packet && open_demuxer(&format, media) >= 0) {
        format->flags |= AVFMT_FLAG_NOFILLIN;
        while (input_read(format, packet) >= 0) {
            const AVStream *stream = format->streams[packet->stream_index];
            if (stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && packet->pts != AV_NOPTS_VALUE) {
                double time = (double)(packet->pts + packet->duration) * av_q2d(stream->time_base);
                if (time > end)
                    end = time;
            }
            av_packet_unref(packet);
        }
    }
    input_close(&format);
    av_packet_free(&packet);
    return end;
}
