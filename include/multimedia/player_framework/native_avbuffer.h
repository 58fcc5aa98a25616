/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_avbuffer/; do not edit.
 */

/**
 * @addtogroup Core
 * @{
 */

/**
 * @file native_avbuffer.h
 * @brief OH_AVBuffer: memory for a sample. What needs OH_AVFormat or OH_NativeBuffer is absent.
 */

#ifndef NATIVE_AVBUFFER_H
#define NATIVE_AVBUFFER_H

#include <stdint.h>
#include <stdio.h>
#include "native_avbuffer_info.h"
#include "native_averrors.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Memory for a sample, and what is known about that. A handle: never dereferenced, safe to pass after destruction.
 *
 * @since 11
 */
typedef struct OH_AVBuffer OH_AVBuffer;

/**
 * Creates a buffer: all bytes and attributes zero, no OH_AVCencInfo attached.
 *
 * Any thread.
 *
 * @param capacity bytes that it has room for, 1 to INT32_MAX
 * @return the buffer, to be destroyed with OH_AVBuffer_Destroy(); null if capacity is not positive, there is not enough
 *     memory, or there are 65,536 buffers
 * @since 11
 */
struct OH_AVBuffer *OH_AVBuffer_Create(int32_t capacity);

/**
 * Destroys a buffer. Its address must not be used afterwards; a call that is decrypting it comes to its end first.
 *
 * Any thread.
 *
 * @param buffer the buffer; stale afterwards
 * @return AV_ERR_OK, or AV_ERR_INVALID_VAL if buffer is not an OH_AVBuffer
 * @since 11
 */
OH_AVErrCode OH_AVBuffer_Destroy(struct OH_AVBuffer *buffer);

/**
 * Gets what was set with OH_AVBuffer_SetBufferAttr().
 *
 * Any thread.
 *
 * @param buffer the buffer
 * @param attr receives the attributes
 * @return AV_ERR_OK, or AV_ERR_INVALID_VAL if buffer is not an OH_AVBuffer or attr is null
 * @since 11
 */
OH_AVErrCode OH_AVBuffer_GetBufferAttr(struct OH_AVBuffer *buffer, OH_AVCodecBufferAttr *attr);

/**
 * Sets where the data is in the buffer, its time and its flags.
 *
 * Any thread.
 *
 * @param buffer the buffer
 * @param attr the attributes; offset and size are not negative, and their sum is not greater than the capacity
 * @return AV_ERR_OK, or AV_ERR_INVALID_VAL if buffer is not an OH_AVBuffer, attr is null, or offset or size is out of
 *     range
 * @since 11
 */
OH_AVErrCode OH_AVBuffer_SetBufferAttr(struct OH_AVBuffer *buffer, const OH_AVCodecBufferAttr *attr);

/**
 * Gets the address of a buffer's first byte. It is a multiple of 64, and stays the same.
 *
 * Any thread. The bytes belong to the program: the library touches them in OH_MediaKeySession_DecryptAVBuffer() only.
 *
 * @param buffer the buffer
 * @return the address of as many bytes as OH_AVBuffer_GetCapacity() says, valid until the buffer is destroyed; null if
 *     buffer is not an OH_AVBuffer
 * @since 11
 */
uint8_t *OH_AVBuffer_GetAddr(struct OH_AVBuffer *buffer);

/**
 * Gets a buffer's capacity.
 *
 * Any thread.
 *
 * @param buffer the buffer
 * @return bytes that it has room for; -1 if buffer is not an OH_AVBuffer
 * @since 11
 */
int32_t OH_AVBuffer_GetCapacity(struct OH_AVBuffer *buffer);

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_AVBUFFER_H */
