/*
 * SPDX-License-Identifier: Apache-2.0
 * What is made of the decrypted packets.
 */
#include "outputs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/md5.h>

#include "track.h"

struct packet_md5 {
    struct output_file file;
    FILE *out;
};

struct packet_md5 *packet_md5_open(const char *path)
{
    struct packet_md5 *writer = calloc(1, sizeof(*writer));

    if (!writer) {
        complain("out of memory");
        return NULL;
    }
    if (output_begin(&writer->file, path) == 0) {
        writer->out = fopen(output_name(&writer->file), "w");
        if (writer->out) {
            fputs("#stream#, pts, size, hash\n", writer->out);
            return writer;
        }
        complain("cannot write %s: %s", path, strerror(errno));
    }
    packet_md5_close(writer, false);
    return NULL;
}

int packet_md5_add(struct packet_md5 *writer, const AVPacket *packet)
{
    uint8_t digest[16];
    char hex[33];

    av_md5_sum(digest, packet->data, (size_t)packet->size);
    if (fprintf(writer->out, "%d, %10" PRId64 ", %8d, %s\n", packet->stream_index, packet->pts, packet->size,
                to_hex(hex, digest, sizeof(digest))) < 0)
        return complain("cannot write %s: %s", writer->file.path, strerror(errno));
    return 0;
}

int packet_md5_close(struct packet_md5 *writer, bool complete)
{
    int result = 0;

    if (!writer)
        return 0;
    if (writer->out && fclose(writer->out) != 0)
        result = complain("cannot write %s: %s", writer->file.path, strerror(errno));
    if (output_end(&writer->file, complete && result == 0) < 0)
        result = -1;
    free(writer);
    return result;
}

struct remux {
    struct output_file file;
    const AVFormatContext *input;
    AVFormatContext *muxer;
    AVPacket *packet;
    int *outputs; /* stream of the muxer for each stream of the input, -1 = left out */
    int64_t *dts; /* of each stream's latest packet, AV_NOPTS_VALUE before the first */
};

static int add_stream(struct remux *writer, unsigned index)
{
    const AVStream *from = writer->input->streams[index];
    const AVOutputFormat *format = writer->muxer->oformat;
    enum AVMediaType type = from->codecpar->codec_type;

    writer->outputs[index] = -1;
    writer->dts[index] = AV_NOPTS_VALUE;
    if ((type != AVMEDIA_TYPE_VIDEO && type != AVMEDIA_TYPE_AUDIO && type != AVMEDIA_TYPE_SUBTITLE) ||
        avformat_query_codec(format, from->codecpar->codec_id, FF_COMPLIANCE_EXPERIMENTAL) != 1) {
        say("track %u (%s) is left out of %s: %s files cannot hold it", index,
            avcodec_get_name(from->codecpar->codec_id), writer->file.path, format->name);
        return 0;
    }
    AVStream *to = avformat_new_stream(writer->muxer, NULL);
    if (!to || avcodec_parameters_copy(to->codecpar, from->codecpar) < 0)
        return AVERROR(ENOMEM);
    writer->outputs[index] = to->index;
    to->time_base = from->time_base;
    to->disposition = from->disposition;
    to->avg_frame_rate = from->avg_frame_rate;
    to->sample_aspect_ratio = from->sample_aspect_ratio;
    /* The sample entry's type: the input's, unless that says "encrypted". */
    uint32_t tag = from->codecpar->codec_tag;
    if (tag == MKTAG('e', 'n', 'c', 'v') || tag == MKTAG('e', 'n', 'c', 'a') ||
        av_codec_get_id(format->codec_tag, tag) != from->codecpar->codec_id)
        to->codecpar->codec_tag = 0;
    /* But for what would say that the output is encrypted. */
    if (av_dict_copy(&to->metadata, from->metadata, 0) < 0 || av_dict_set(&to->metadata, WEBM_KEY_ID_TAG, NULL, 0) < 0)
        return AVERROR(ENOMEM);
    return 0;
}

struct remux *remux_open(const char *path, const AVFormatContext *input)
{
    struct remux *writer = calloc(1, sizeof(*writer));
    const AVOutputFormat *format = av_guess_format(NULL, path, NULL);
    int result = AVERROR(ENOMEM);

    if (!writer) {
        complain("out of memory");
        return NULL;
    }
    if (!format)
        format = av_guess_format("mp4", NULL, NULL);
    writer->input = input;
    writer->packet = av_packet_alloc();
    writer->outputs = calloc(input->nb_streams ? input->nb_streams : 1, sizeof(*writer->outputs));
    writer->dts = calloc(input->nb_streams ? input->nb_streams : 1, sizeof(*writer->dts));
    if (output_begin(&writer->file, path) < 0)
        goto failed;
    if (writer->packet && writer->outputs && writer->dts)
        result = avformat_alloc_output_context2(&writer->muxer, format, NULL, NULL);
    /* FLAC in MP4 is an experiment only in the eyes of FFmpeg: xiph.org's specification of it is finished. */
    if (result >= 0)
        writer->muxer->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
    for (unsigned i = 0; i < input->nb_streams && result >= 0; i++)
        result = add_stream(writer, i);
    if (result >= 0 && writer->muxer->nb_streams == 0)
        result = AVERROR_STREAM_NOT_FOUND;
    if (result >= 0)
        result = avio_open(&writer->muxer->pb, output_name(&writer->file), AVIO_FLAG_WRITE);
    if (result >= 0)
        result = avformat_write_header(writer->muxer, NULL);
    if (result >= 0)
        return writer;
    complain_av(result, "cannot write %s", path);

failed:
    remux_close(writer, false);
    return NULL;
}

/*
 * Decodes a track's first packet to learn what only the frames tell: the pixel format, without which the muxer would leave the
 * configuration box of VP9 empty. It writes that box at the end.
 */
static void learn_format(AVCodecParameters *parameters, const AVPacket *packet)
{
    const AVCodec *codec = avcodec_find_decoder(parameters->codec_id);
    AVCodecContext *context = codec ? avcodec_alloc_context3(codec) : NULL;
    AVFrame *frame = av_frame_alloc();

    if (context && frame && avcodec_parameters_to_context(context, parameters) >= 0 &&
        avcodec_open2(context, codec, NULL) >= 0 && avcodec_send_packet(context, packet) >= 0 &&
        avcodec_send_packet(context, NULL) >= 0 && avcodec_receive_frame(context, frame) >= 0) {
        parameters->format = frame->format;
        if (parameters->profile == FF_PROFILE_UNKNOWN)
            parameters->profile = context->profile;
        if (parameters->color_range == AVCOL_RANGE_UNSPECIFIED)
            parameters->color_range = frame->color_range;
    }
    av_frame_free(&frame);
    avcodec_free_context(&context);
}

/* Gives `to` the times that the container left out. */
static void complete_times(AVPacket *to, int64_t *latest_dts)
{
    /* WebM does not tell when a frame is decoded; its codecs decode frames in the order in which they are shown. */
    if (to->dts == AV_NOPTS_VALUE)
        to->dts = to->pts;
    /* A track's last packet would get lost if it had no duration: then it lasts as long as the one before. */
    if (to->duration == 0 && *latest_dts != AV_NOPTS_VALUE && to->dts > *latest_dts)
        to->duration = to->dts - *latest_dts;
    *latest_dts = to->dts;
}

int remux_add(struct remux *writer, const AVPacket *packet)
{
    int output = writer->outputs[packet->stream_index];

    if (output < 0)
        return 0;
    AVCodecParameters *parameters = writer->muxer->streams[output]->codecpar;
    if (parameters->codec_type == AVMEDIA_TYPE_VIDEO && parameters->format < 0 &&
        writer->dts[packet->stream_index] == AV_NOPTS_VALUE)
        learn_format(parameters, packet);
    int result = av_packet_ref(writer->packet, packet);
    if (result >= 0) {
        complete_times(writer->packet, &writer->dts[packet->stream_index]);
        av_packet_rescale_ts(writer->packet, writer->input->streams[packet->stream_index]->time_base,
                             writer->muxer->streams[output]->time_base);
        writer->packet->stream_index = output;
        writer->packet->pos = -1;
        result = av_interleaved_write_frame(writer->muxer, writer->packet);
    }
    if (result < 0)
        return complain_av(result, "cannot write %s", writer->file.path);
    return 0;
}

int muxer_close(AVFormatContext *muxer, struct output_file *file, bool complete)
{
    int result = 0;

    if (muxer && muxer->pb) {
        if (complete)
            result = av_write_trailer(muxer);
        int closed = avio_closep(&muxer->pb);
        if (result >= 0)
            result = closed;
        if (result < 0)
            complain_av(result, "cannot write %s", file->path);
    }
    if (output_end(file, complete && result >= 0) < 0)
        result = -1;
    avformat_free_context(muxer);
    return result < 0 ? -1 : 0;
}

int remux_close(struct remux *writer, bool complete)
{
    if (!writer)
        return 0;
    int result = muxer_close(writer->muxer, &writer->file, complete);
    av_packet_free(&writer->packet);
    free(writer->dts);
    free(writer->outputs);
    free(writer);
    return result;
}
