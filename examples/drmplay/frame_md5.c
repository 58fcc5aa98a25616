/*
 * SPDX-License-Identifier: Apache-2.0
 * MD5 of decoded frames through libavformat's framemd5 muxer, with the conversions that the ffmpeg program makes.
 */
#include "decoder.h"
#include "outputs.h"

#include <stdlib.h>

#include <libavutil/channel_layout.h>
#include <libavutil/imgutils.h>
#include <libswresample/swresample.h>

/* To 16-bit samples, for frames of one kind. */
struct resampler {
    SwrContext *context;
    int format, rate, channels;
};

struct frame_md5 {
    struct output_file file;
    AVFormatContext *muxer;
    AVPacket *packet;
    int64_t start; /* of the input, in microseconds */
    int *outputs;  /* stream of the muxer for each stream of the input, -1 = none */
    struct resampler *resamplers;
    unsigned inputs;
};

static int add_stream(struct frame_md5 *writer, const AVFormatContext *input, unsigned index)
{
    const AVStream *from = input->streams[index];
    const AVCodecParameters *parameters = from->codecpar;
    bool video = parameters->codec_type == AVMEDIA_TYPE_VIDEO;

    writer->outputs[index] = -1;
    if ((!video && parameters->codec_type != AVMEDIA_TYPE_AUDIO) || !avcodec_find_decoder(parameters->codec_id))
        return 0;
    AVStream *to = avformat_new_stream(writer->muxer, NULL);
    if (!to)
        return complain("out of memory");
    writer->outputs[index] = to->index;
    to->codecpar->codec_type = parameters->codec_type;
    if (video) {
        AVRational rate = av_guess_frame_rate(writer->muxer, (AVStream *)from, NULL);
        to->codecpar->codec_id = AV_CODEC_ID_RAWVIDEO;
        to->codecpar->width = parameters->width;
        to->codecpar->height = parameters->height;
        to->codecpar->sample_aspect_ratio = parameters->sample_aspect_ratio;
        to->sample_aspect_ratio = from->sample_aspect_ratio.num ? from->sample_aspect_ratio : parameters->sample_aspect_ratio;
        to->time_base = rate.num ? av_inv_q(rate) : from->time_base;
    } else {
        to->codecpar->codec_id = AV_CODEC_ID_PCM_S16LE;
        to->codecpar->sample_rate = parameters->sample_rate;
        to->time_base = (AVRational){1, parameters->sample_rate ? parameters->sample_rate : 1};
        if (av_channel_layout_copy(&to->codecpar->ch_layout, &parameters->ch_layout) < 0)
            return complain("out of memory");
        if (to->codecpar->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
            av_channel_layout_default(&to->codecpar->ch_layout, parameters->ch_layout.nb_channels);
    }
    return 0;
}

struct frame_md5 *frame_md5_open(const char *path, const AVFormatContext *input)
{
    struct frame_md5 *writer = calloc(1, sizeof(*writer));
    int result = AVERROR(ENOMEM);

    if (!writer) {
        complain("out of memory");
        return NULL;
    }
    writer->inputs = input->nb_streams;
    writer->outputs = calloc(input->nb_streams ? input->nb_streams : 1, sizeof(*writer->outputs));
    writer->resamplers = calloc(input->nb_streams ? input->nb_streams : 1, sizeof(*writer->resamplers));
    writer->packet = av_packet_alloc();
    writer->start = input->start_time != AV_NOPTS_VALUE ? input->start_time : 0;
    if (output_begin(&writer->file, path) < 0)
        goto failed;
    if (writer->outputs && writer->resamplers && writer->packet)
        result = avformat_alloc_output_context2(&writer->muxer, NULL, "framemd5", NULL);
    for (unsigned i = 0; i < input->nb_streams && result >= 0; i++)
        result = add_stream(writer, input, i);
    if (result >= 0)
        result = avio_open(&writer->muxer->pb, output_name(&writer->file), AVIO_FLAG_WRITE);
    if (result >= 0)
        result = avformat_write_header(writer->muxer, NULL);
    if (result >= 0)
        return writer;
    complain_av(result, "cannot write %s", path);

failed:
    frame_md5_close(writer, false);
    return NULL;
}

static int copy_video(AVPacket *packet, const AVFrame *frame)
{
    int size = av_image_get_buffer_size(frame->format, frame->width, frame->height, 1);
    int result = size < 0 ? size : av_new_packet(packet, size);

    if (result >= 0)
        result = av_image_copy_to_buffer(packet->data, size, (const uint8_t *const *)frame->data, frame->linesize,
                                         frame->format, frame->width, frame->height, 1);
    return result < 0 ? result : 0;
}

static int copy_audio(AVPacket *packet, struct resampler *resampler, const AVFrame *frame)
{
    AVChannelLayout layout = frame->ch_layout;
    int channels = layout.nb_channels;
    int result = 0;

    if (!resampler->context || resampler->format != frame->format || resampler->rate != frame->sample_rate ||
        resampler->channels != channels) {
        swr_free(&resampler->context);
        *resampler = (struct resampler){.format = frame->format, .rate = frame->sample_rate, .channels = channels};
        result = swr_alloc_set_opts2(&resampler->context, &layout, AV_SAMPLE_FMT_S16, frame->sample_rate, &layout,
                                     frame->format, frame->sample_rate, 0, NULL);
        if (result >= 0)
            result = swr_init(resampler->context);
        if (result < 0)
            swr_free(&resampler->context);
    }
    if (result >= 0)
        result = av_new_packet(packet, frame->nb_samples * channels * 2);
    if (result >= 0)
        result = swr_convert(resampler->context, &packet->data, frame->nb_samples, (const uint8_t **)frame->extended_data,
                             frame->nb_samples);
    if (result >= 0)
        av_shrink_packet(packet, result * channels * 2);
    return result < 0 ? result : 0;
}

int frame_md5_add(struct frame_md5 *writer, const AVStream *stream, const AVFrame *frame)
{
    bool video = stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;

    if ((unsigned)stream->index >= writer->inputs || writer->outputs[stream->index] < 0)
        return 0;
    const AVStream *to = writer->muxer->streams[writer->outputs[stream->index]];
    int result = video ? copy_video(writer->packet, frame)
                       : copy_audio(writer->packet, &writer->resamplers[stream->index], frame);
    if (result >= 0) {
        int64_t pts = frame->best_effort_timestamp;
        if (pts != AV_NOPTS_VALUE) {
            int64_t start = av_rescale_q(writer->start, AV_TIME_BASE_Q, stream->time_base);
            pts = av_rescale_q_rnd(pts - start, stream->time_base, to->time_base, AV_ROUND_NEAR_INF | AV_ROUND_PASS_MINMAX);
        }
        writer->packet->stream_index = to->index;
        writer->packet->pts = pts;
        writer->packet->dts = pts;
        writer->packet->duration = video ? 1 : frame->nb_samples;
        result = av_interleaved_write_frame(writer->muxer, writer->packet);
    }
    av_packet_unref(writer->packet);
    if (result < 0)
        return complain_av(result, "cannot write %s", writer->file.path);
    return 0;
}

int frame_md5_close(struct frame_md5 *writer, bool complete)
{
    if (!writer)
        return 0;
    int result = muxer_close(writer->muxer, &writer->file, complete);
    av_packet_free(&writer->packet);
    for (unsigned i = 0; writer->resamplers && i < writer->inputs; i++)
        swr_free(&writer->resamplers[i].context);
    free(writer->resamplers);
    free(writer->outputs);
    free(writer);
    return result;
}
