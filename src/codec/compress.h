/* SPDX-License-Identifier: Apache-2.0 */
/* compress.h - gzip, deflate and zstd, bounded against bombs. */
#ifndef CODEC_COMPRESS_H
#define CODEC_COMPRESS_H

#include "base/buf.h"
#include "base/error.h"

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };

/* By the magic bytes at the front. */
enum compression compression_detect(struct slice head);
/* Is it too little to tell, as a pipe may give? */
bool compression_is_open(struct slice head);
/* "identity", "gzip", "x-gzip", "zstd"; false for any other. */
bool compression_from_name(struct slice name, enum compression *ret);

/* Streaming decoder: feed encoded bytes in any cut, decoded bytes go to `ret`
 * (whose max_bytes bounds the output).  STATUS_LIMIT when the output passes
 * ret->max_bytes or, after the first MiB, REQUEST_RATIO_MAX times the input;
 * STATUS_INVALID for broken input.  Several members or frames in a row are one
 * stream. */
struct decompressor;
enum status decompressor_new(enum compression kind, struct decompressor **ret,
                             struct error *err) MUST_USE;
enum status decompressor_feed(struct decompressor *d, struct slice input, struct buf *ret,
                              struct error *err) MUST_USE;
/* The input is over: STATUS_INVALID if it stopped inside a member. */
enum status decompressor_finish(struct decompressor *d, struct error *err) MUST_USE;
void decompressor_free(struct decompressor *d);

/* Is it nothing but one frame of today's format, which says what it decodes to? */
bool zstd_is_frame(struct slice packed, uint64_t *ret_size);

/* A whole body of zstd, appended.  One frame that says its size is decoded in one
 * step, and zstd_unpack() makes the same bytes of it at any time (*ret_is_frame); all
 * else goes through a decompressor.  The same bounds and errors either way. */
enum status zstd_decode(struct slice packed, struct buf *ret, bool *ret_is_frame,
                        struct error *err) MUST_USE;

/* Whole-block zstd for stored formats.  Contexts are kept per thread. */
enum status zstd_pack(struct slice raw, int level, struct buf *ret, struct error *err) MUST_USE;
/* raw_size is what the writer recorded; anything else is STATUS_CORRUPT. */
enum status zstd_unpack(struct slice packed, size_t raw_size, void *ret,
                        struct error *err) MUST_USE;
enum status gzip_pack(struct slice raw, struct buf *ret, struct error *err) MUST_USE;

#endif
