/*
 * SPDX-License-Identifier: Apache-2.0
 * Decoding.
 */
#include "decoder.h"

int decoder_open(struct decoder *decoder, const AVStream *stream, bool hopeless, frame_receiver receive, void *user)
{
    const AVCodecParameters *parameters = stream->codecpar;
    const AVCodec *codec = NULL;

    *decoder = (struct decoder){.stream = stream, .receive = receive, .user = user};
    if (parameters->codec_type == AVMEDIA_TYPE_VIDEO || parameters->codec_type == AVMEDIA_TYPE_AUDIO)
        codec = avcodec_find_decoder(parameters->codec_id);
    if (!codec)
        return 0;
    decoder->context = avcodec_alloc_context3(codec);
    decoder->frame = av_frame_alloc();
    if (!decoder->context || !decoder->frame)
        return complain("out of memory");
    int result = avcodec_parameters_to_context(decoder->context, parameters);
    if (result >= 0) {
        decoder->context->pkt_timebase = stream->time_base;
        if (hopeless) {
            decoder->context->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
            decoder->context->flags2 |= AV_CODEC_FLAG2_SHOW_ALL;
        } else {
            decoder->context->thread_count = 0;
        }
        result = avcodec_open2(decoder->context, codec, NULL);
    }
    if (result < 0)
        return complain_av(result, "cannot decode track %d", stream->index);
    return 0;
}

int decoder_feed(struct decoder *decoder, const AVPacket *packet)
{
    if (!decoder->context)
        return 0;
    int sent = avcodec_send_packet(decoder->context, packet);
    bool counted = sent < 0 && sent != AVERROR_EOF;
    if (counted)
        decoder->errors++;
    for (;;) {
        int result = avcodec_receive_frame(decoder->context, decoder->frame);
        if (result == AVERROR(EAGAIN) || result == AVERROR_EOF)
            break;
        if (result < 0) {
            if (!counted)
                decoder->errors++;
            counted = true;
            if (packet)
                break;
            continue; /* at the end, more frames may follow a damaged one */
        }
        decoder->frames++;
        if (decoder->frame->decode_error_flags || (decoder->frame->flags & AV_FRAME_FLAG_CORRUPT))
            decoder->errors++;
        result = decoder->receive(decoder->user, decoder->stream, decoder->frame);
        av_frame_unref(decoder->frame);
        if (result < 0)
            return -1;
    }
    return 0;
}

void decoder_close(struct decoder *decoder)
{
    avcodec_free_context(&decoder->context);
    av_frame_free(&decoder->frame);
}
