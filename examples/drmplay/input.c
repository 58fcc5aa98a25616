/*
 * SPDX-License-Identifier: Apache-2.0
 * The demuxer.
 */
#include "input.h"

#include <string.h>

#include <libavutil/avstring.h>
#include <libavutil/intreadwrite.h>

#include "mp4_samples.h"

/*
 * A file that ends inside a box has been cut off. FFmpeg would play what is left and call it a day. Files that are not made
 * of boxes (ISO/IEC 14496-12 section 4.2) pass.
 */
static int check_boxes(const char *path)
{
    AVIOContext *io = NULL;
    uint8_t header[16];
    int result = avio_open(&io, path, AVIO_FLAG_READ);

    if (result < 0)
        return complain_av(result, "cannot open %s", path);
    int64_t size = avio_size(io);
    for (int64_t at = 0; size > 0 && at < size;) {
        if (avio_seek(io, at, SEEK_SET) != at)
            break;
        int count = avio_read(io, header, sizeof(header));
        if (at == 0 && (count < 8 || (memcmp(header + 4, "ftyp", 4) && memcmp(header + 4, "styp", 4) &&
                                      memcmp(header + 4, "moov", 4))))
            break;
        uint64_t box = count >= 8 ? AV_RB32(header) : 8;
        if (box == 0)
            break; /* to the end of the file */
        if (box == 1)
            box = count >= 16 ? AV_RB64(header + 8) : 16;
        if (box < 8)
            break; /* the demuxer will have its say */
        if (count < 8 || box > (uint64_t)(size - at)) {
            for (int i = 4; i < 8; i++)
                header[i] = header[i] >= 0x20 && header[i] < 0x7f ? header[i] : '?';
            if (count >= 8)
                complain("%s is truncated or damaged: the box '%.4s' at byte %lld should have %llu bytes, but the file ends "
                         "after %lld", path, (const char *)header + 4, (long long)at, (unsigned long long)box,
                         (long long)(size - at));
            else
                complain("%s is truncated: it ends inside the header of a box at byte %lld", path, (long long)at);
            result = -1;
            break;
        }
        at += (int64_t)box;
    }
    avio_closep(&io);
    return result < 0 ? -1 : 0;
}

static int open_demuxer(AVFormatContext **input, const char *path)
{
    *input = avformat_alloc_context();
    if (!*input)
        return AVERROR(ENOMEM);
    /* Fragment by fragment: reading all moof boxes in advance, FFmpeg 5.1 would give packets the encryption information of
     * other fragments. */
    (*input)->flags |= AVFMT_FLAG_IGNIDX;
    int result = avformat_open_input(input, path, NULL, NULL);
    /*
     * A parser must not see encrypted packets: it would lose them, join them or find another codec in them. It is set before
     * the first packet is read, for a parser once made stays. The packets of these two containers, the only ones whose
     * encrypted packets FFmpeg hands out, are whole frames; those of others may need a parser.
     */
    if (result >= 0 && (av_match_name("mp4", (*input)->iformat->name) || av_match_name("webm", (*input)->iformat->name)))
        (*input)->flags |= AVFMT_FLAG_NOPARSE;
    return result;
}

int input_open(AVFormatContext **input, const char *path)
{
    AVCodecParameters **containers_word = NULL;

    if (check_boxes(path) < 0)
        return -1;
    int result = open_demuxer(input, path);
    if (result < 0)
        return complain_av(result, "cannot play %s", path);
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
        return complain_av(result, "cannot play %s", path);
    return 0;
}

int input_read_samples(struct mp4_samples **samples, const char *path)
{
    AVIOContext *io = NULL;
    int result = avio_open(&io, path, AVIO_FLAG_READ);

    if (result < 0)
        return complain_av(result, "cannot open %s", path);
    result = mp4_samples_read(samples, io);
    avio_closep(&io);
    return result;
}

double input_measure(const char *path)
{
    AVFormatContext *format = NULL;
    AVPacket *packet = av_packet_alloc();
    double end = 0;

    if (packet && open_demuxer(&format, path) >= 0) {
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
    avformat_close_input(&format);
    av_packet_free(&packet);
    return end;
}
