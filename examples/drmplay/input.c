/*
 * SPDX-License-Identifier: Apache-2.0
 * The demuxer.
 */
#include "input.h"

#include <string.h>

#include <libavutil/avstring.h>

/* For what the file's boxes have shown to be one, whatever its name says. */
static const AVInputFormat *mp4_demuxer(void)
{
    return av_find_input_format("mp4");
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
    int result = avformat_open_input(input, media->path, io ? mp4_demuxer() : NULL, NULL);
    if (result < 0)
        media_close_io(&io);
    /*
     * A parser must not see encrypted packets: it would lose them, join them or find another codec in them. It is set before
     * the first packet is read, for a parser once made stays. The packets of these two containers, the only ones whose
     * encrypted packets FFmpeg hands out, are whole frames; those of others may need a parser.
     */
    if (result >= 0 && (av_match_name("mp4", (*input)->iformat->name) || av_match_name("webm", (*input)->iformat->name)))
        (*input)->flags |= AVFMT_FLAG_NOPARSE;
    return result;
}

void input_close(AVFormatContext **input)
{
    AVIOContext *io = *input && (*input)->flags & AVFMT_FLAG_CUSTOM_IO ? (*input)->pb : NULL;

    avformat_close_input(input);
    media_close_io(&io);
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
    if (result >= 0)
        result = avformat_find_stream_info(format, NULL);
    for (unsigned i = 0; containers_word && i < streams; i++) {
        const AVCodecParameters *word = containers_word[i];
        if (result >= 0 && word && (word->width > 0 || word->sample_rate > 0))
            result = avcodec_parameters_copy(format->streams[i]->codecpar, word);
        avcodec_parameters_free(&containers_word[i]);
    }
    av_freep(&containers_word);
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
        while (av_read_frame(format, packet) >= 0) {
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
