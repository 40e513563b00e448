/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/compress.h"

#include "base/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#define FRAME_BYTES_MIN 9 /* magic, two bytes of header, a block's header */
#define OUTPUT_STEP_BYTES (64 * KIB)
#define SPARE_COUNT 4
#define SPARE_BYTES_MAX (4 * MIB) /* one with a larger window is freed */

struct decompressor {
    enum compression kind;
    z_stream gzip;
    ZSTD_DStream *zstd;
    uint64_t in_bytes, out_bytes;
    bool inside; /* a member or frame has begun and not ended */
};

/* Of today's format, or one to be skipped: the library would also read those of before
 * version 0.8, with code that hardly anybody tries. */
static bool is_frame(const char *magic)
{
    struct reader r = reader_from(magic, sizeof(uint32_t));
    uint32_t number = reader_u32(&r);

    return number == ZSTD_MAGICNUMBER ||
           (number & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

enum compression compression_detect(struct slice head)
{
    if (head.size >= 2 && memcmp(head.data, "\x1f\x8b", 2) == 0)
        return COMPRESSION_GZIP;
    if (head.size >= sizeof(uint32_t) && is_frame(head.data)) /* pzstd begins with one to skip */
        return COMPRESSION_ZSTD;
    return COMPRESSION_NONE;
}

bool compression_is_open(struct slice head)
{
    const char frame[] = "\x28\xb5\x2f\xfd";
    char skipped[] = "\x50\x2a\x4d\x18";

    if (head.size == 0 || head.size >= sizeof(uint32_t))
        return head.size == 0;
    if ((head.data[0] & 0xf0) == 0x50)
        skipped[0] = head.data[0];
    return slice_is(head, "\x1f") || memcmp(head.data, frame, head.size) == 0 ||
           memcmp(head.data, skipped, head.size) == 0;
}

bool compression_from_name(struct slice name, enum compression *ret)
{
    if (name.size == 0 || slice_equal_nocase(name, SLICE("identity")))
        *ret = COMPRESSION_NONE;
    else if (slice_equal_nocase(name, SLICE("gzip")) || slice_equal_nocase(name, SLICE("x-gzip")))
        *ret = COMPRESSION_GZIP;
    else if (slice_equal_nocase(name, SLICE("zstd")))
        *ret = COMPRESSION_ZSTD;
    else
        return false;
    return true;
}

/* Decoders that nobody uses, with the memory of their windows: to clear the pages
 * of a new one costs more than to decode a small body. */
static struct {
    pthread_mutex_t lock;
    ZSTD_DStream *streams[SPARE_COUNT];
    int count;
} spare = {.lock = PTHREAD_MUTEX_INITIALIZER};

static ZSTD_DStream *take_stream(void)
{
    ZSTD_DStream *stream = NULL;

    (void)pthread_mutex_lock(&spare.lock);
    if (spare.count > 0)
        stream = spare.streams[--spare.count];
    (void)pthread_mutex_unlock(&spare.lock);
    return stream != NULL ? stream : ZSTD_createDStream();
}

static void give_stream(ZSTD_DStream *stream)
{
    if (stream == NULL)
        return;
    (void)pthread_mutex_lock(&spare.lock);
    if (spare.count < SPARE_COUNT && ZSTD_sizeof_DStream(stream) <= SPARE_BYTES_MAX &&
        !ZSTD_isError(ZSTD_DCtx_reset(stream, ZSTD_reset_session_and_parameters))) {
        spare.streams[spare.count++] = stream;
        stream = NULL;
    }
    (void)pthread_mutex_unlock(&spare.lock);
    (void)ZSTD_freeDStream(stream);
}

enum status decompressor_new(enum compression kind, struct decompressor **ret, struct error *err)
{
    struct decompressor *d = calloc(1, sizeof(*d));

    if (d == NULL)
        return ERROR_MEMORY(err);
    d->kind = kind;
    if (kind == COMPRESSION_GZIP && inflateInit2(&d->gzip, 15 + 16) != Z_OK) {
        free(d);
        return ERROR_MEMORY(err);
    }
    if (kind == COMPRESSION_ZSTD) {
        d->zstd = take_stream();
        if (d->zstd == NULL ||
            ZSTD_isError(ZSTD_DCtx_setParameter(d->zstd, ZSTD_d_windowLogMax,
                                                ZSTD_WINDOW_LOG_MAX))) {
            decompressor_free(d);
            return ERROR_MEMORY(err);
        }
    }
    *ret = d;
    return STATUS_OK;
}

void decompressor_free(struct decompressor *d)
{
    if (d == NULL)
        return;
    if (d->kind == COMPRESSION_GZIP)
        (void)inflateEnd(&d->gzip);
    give_stream(d->zstd);
    free(d);
}

static enum status too_large(const struct buf *ret, struct error *err)
{
    return ERROR_SET(err, STATUS_LIMIT, "the decoded body is larger than %zu bytes",
                     ret->max_bytes);
}

static enum status too_dense(struct error *err)
{
    return ERROR_SET(err, STATUS_LIMIT, "the body is compressed by more than %d to 1",
                     REQUEST_RATIO_MAX);
}

/* Room for the next piece of output. */
static enum status make_room(struct decompressor *d, struct buf *ret, size_t *ret_room,
                             struct error *err)
{
    size_t room = ret->max_bytes - ret->size;

    if (room == 0)
        return too_large(ret, err);
    if (d->out_bytes > MIB && d->out_bytes / REQUEST_RATIO_MAX > d->in_bytes)
        return too_dense(err);
    if (room > OUTPUT_STEP_BYTES)
        room = OUTPUT_STEP_BYTES;
    if (!buf_reserve(ret, room))
        return ERROR_MEMORY(err);
    *ret_room = room;
    return STATUS_OK;
}

static enum status feed_gzip(struct decompressor *d, struct slice input, struct buf *ret,
                             struct error *err)
{
    d->gzip.next_in = (Bytef *)(uintptr_t)input.data;
    d->gzip.avail_in = (uInt)input.size;
    for (;;) {
        if (d->gzip.avail_in == 0 && !(d->inside && d->gzip.avail_out == 0))
            return STATUS_OK;
        if (!d->inside) {
            (void)inflateReset(&d->gzip);
            d->inside = true;
        }
        size_t room;
        enum status status = make_room(d, ret, &room, err);
        if (status != STATUS_OK)
            return status;
        d->gzip.next_out = (Bytef *)ret->data + ret->size;
        d->gzip.avail_out = (uInt)room;
        int result = inflate(&d->gzip, Z_NO_FLUSH);
        size_t made = room - d->gzip.avail_out;
        ret->size += made;
        d->out_bytes += made;
        if (result == Z_STREAM_END)
            d->inside = false;
        else if (result == Z_BUF_ERROR && d->gzip.avail_in == 0)
            return STATUS_OK;
        else if (result != Z_OK)
            return ERROR_SET(err, STATUS_INVALID, "the body is not valid gzip");
    }
}

/* At the beginning of a frame that says how large it is.  Untouched pages of a
 * reservation cost nothing, so a lie costs nothing either. */
static void reserve_frame(const struct decompressor *d, struct slice input, struct buf *ret)
{
    unsigned long long size = ZSTD_getFrameContentSize(input.data, input.size);

    if (d->inside || size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
        return;
    /* make_room() looks one step ahead of the last byte. */
    size_t room = ret->max_bytes - ret->size;
    if (size <= room) /* and a step more: make_room() asks for one behind the last byte */
        (void)buf_reserve(ret, room - size < OUTPUT_STEP_BYTES ? room : size + OUTPUT_STEP_BYTES);
}

static enum status feed_zstd(struct decompressor *d, struct slice input, struct buf *ret,
                             struct error *err)
{
    ZSTD_inBuffer in = {input.data, input.size, 0};
    bool more = false;

    reserve_frame(d, input, ret);
    while (in.pos < in.size || more) {
        size_t room;
        if (!d->inside && in.size - in.pos >= sizeof(uint32_t) &&
            !is_frame(input.data + in.pos))
            return ERROR_SET(err, STATUS_INVALID, "the body is not valid zstd");
        enum status status = make_room(d, ret, &room, err);
        if (status != STATUS_OK)
            return status;
        ZSTD_outBuffer out = {ret->data + ret->size, room, 0};
        size_t left = ZSTD_decompressStream(d->zstd, &out, &in);
        if (ZSTD_isError(left))
            return ERROR_SET(err, STATUS_INVALID, "the body is not valid zstd: %s",
                             ZSTD_getErrorName(left));
        ret->size += out.pos;
        d->out_bytes += out.pos;
        d->inside = left != 0;
        more = out.pos == room && left != 0;
    }
    return STATUS_OK;
}

enum status decompressor_feed(struct decompressor *d, struct slice input, struct buf *ret,
                              struct error *err)
{
    d->in_bytes += input.size;
    switch (d->kind) {
    case COMPRESSION_NONE:
        if (input.size > ret->max_bytes - ret->size)
            return ERROR_SET(err, STATUS_LIMIT, "the body is larger than %zu bytes",
                             ret->max_bytes);
        buf_add_slice(ret, input);
        return ret->failed ? ERROR_MEMORY(err) : STATUS_OK;
    case COMPRESSION_GZIP:
        return feed_gzip(d, input, ret, err);
    case COMPRESSION_ZSTD:
        return feed_zstd(d, input, ret, err);
    }
    return STATUS_OK;
}

enum status decompressor_finish(struct decompressor *d, struct error *err)
{
    if (d->inside)
        return ERROR_SET(err, STATUS_INVALID, "the compressed body stops in the middle");
    return STATUS_OK;
}

struct contexts {
    ZSTD_CCtx *compress;
    ZSTD_DCtx *decompress;
};

static pthread_key_t contexts_key;
static pthread_once_t contexts_once = PTHREAD_ONCE_INIT;

static void free_contexts(void *arg)
{
    struct contexts *contexts = arg;

    (void)ZSTD_freeCCtx(contexts->compress);
    (void)ZSTD_freeDCtx(contexts->decompress);
    free(contexts);
}

static void make_key(void)
{
    (void)pthread_key_create(&contexts_key, free_contexts);
}

/* The calling thread's contexts; NULL without memory. */
static struct contexts *thread_contexts(void)
{
    (void)pthread_once(&contexts_once, make_key);
    struct contexts *contexts = pthread_getspecific(contexts_key);
    if (contexts != NULL)
        return contexts;
    contexts = calloc(1, sizeof(*contexts));
    if (contexts == NULL)
        return NULL;
    contexts->compress = ZSTD_createCCtx();
    contexts->decompress = ZSTD_createDCtx();
    if (contexts->compress == NULL || contexts->decompress == NULL ||
        pthread_setspecific(contexts_key, contexts) != 0) {
        free_contexts(contexts);
        return NULL;
    }
    return contexts;
}

enum status zstd_pack(struct slice raw, int level, struct buf *ret, struct error *err)
{
    struct contexts *contexts = thread_contexts();
    size_t bound = ZSTD_compressBound(raw.size);

    if (contexts == NULL)
        return ERROR_MEMORY(err);
    if (!buf_reserve(ret, bound))
        return buf_check(ret, err);
    size_t size = ZSTD_compressCCtx(contexts->compress, ret->data + ret->size, bound, raw.data,
                                    raw.size, level);
    if (ZSTD_isError(size))
        return ERROR_SET(err, STATUS_LIMIT, "zstd cannot compress: %s", ZSTD_getErrorName(size));
    ret->size += size;
    return STATUS_OK;
}

enum status zstd_unpack(struct slice packed, size_t raw_size, void *ret, struct error *err)
{
    struct contexts *contexts = thread_contexts();

    if (contexts == NULL)
        return ERROR_MEMORY(err);
    size_t size =
        ZSTD_decompressDCtx(contexts->decompress, ret, raw_size, packed.data, packed.size);
    if (ZSTD_isError(size))
        return ERROR_SET(err, STATUS_CORRUPT, "a zstd block does not decompress: %s",
                         ZSTD_getErrorName(size));
    if (size != raw_size)
        return ERROR_SET(err, STATUS_CORRUPT, "a zstd block gives %zu bytes, not %zu", size,
                         raw_size);
    return STATUS_OK;
}

static enum status decode_stream(struct slice packed, struct buf *ret, struct error *err)
{
    struct decompressor *d = NULL;
    enum status status = decompressor_new(COMPRESSION_ZSTD, &d, err);

    if (status == STATUS_OK)
        status = decompressor_feed(d, packed, ret, err);
    if (status == STATUS_OK)
        status = decompressor_finish(d, err);
    decompressor_free(d);
    return status;
}

/* Does the frame at the front (RFC 8878) ask for no more than a decoder gives? */
static bool is_window_allowed(struct slice frame, uint64_t content_size)
{
    const uint64_t most = UINT64_C(1) << ZSTD_WINDOW_LOG_MAX;
    uint8_t descriptor = (uint8_t)frame.data[4], window = (uint8_t)frame.data[5];
    uint64_t base = UINT64_C(1) << (10 + (window >> 3));
    bool is_single_segment = (descriptor & 0x20) != 0;

    return is_single_segment ? content_size <= most : base + base / 8 * (window & 7) <= most;
}

bool zstd_is_frame(struct slice packed, uint64_t *ret_size)
{
    struct reader r = reader_from(packed.data, packed.size);

    if (reader_u32(&r) != ZSTD_MAGICNUMBER || packed.size < FRAME_BYTES_MIN ||
        ZSTD_findFrameCompressedSize(packed.data, packed.size) != packed.size)
        return false;
    unsigned long long size = ZSTD_getFrameContentSize(packed.data, packed.size);
    *ret_size = size;
    return size != ZSTD_CONTENTSIZE_ERROR && size != ZSTD_CONTENTSIZE_UNKNOWN &&
           is_window_allowed(packed, size);
}

enum status zstd_decode(struct slice packed, struct buf *ret, bool *ret_is_frame,
                        struct error *err)
{
    uint64_t size = 0;

    *ret_is_frame = zstd_is_frame(packed, &size);
    if (!*ret_is_frame)
        return decode_stream(packed, ret, err);
    if (size > ret->max_bytes - ret->size)
        return too_large(ret, err);
    if (size > MIB && size / REQUEST_RATIO_MAX > packed.size)
        return too_dense(err);
    if (!buf_reserve(ret, size))
        return ERROR_MEMORY(err);
    ZSTD_DStream *decoder = take_stream(); /* a context is the same type */
    if (decoder == NULL)
        return ERROR_MEMORY(err);
    size_t made = ZSTD_decompressDCtx(decoder, ret->data + ret->size, size, packed.data,
                                      packed.size);
    give_stream(decoder);
    if (made != size) /* an error is a size, too */
        return ERROR_SET(err, STATUS_INVALID, "the body is not valid zstd: %s",
                         ZSTD_getErrorName(made));
    ret->size += size;
    return STATUS_OK;
}

enum status gzip_pack(struct slice raw, struct buf *ret, struct error *err)
{
    z_stream z = {0};

    if (raw.size > UINT32_MAX ||
        deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return ERROR_MEMORY(err);
    size_t bound = deflateBound(&z, raw.size);
    enum status status = STATUS_OK;
    if (!buf_reserve(ret, bound)) {
        status = buf_check(ret, err);
        goto out;
    }
    z.next_in = (Bytef *)(uintptr_t)raw.data;
    z.avail_in = (uInt)raw.size;
    z.next_out = (Bytef *)ret->data + ret->size;
    z.avail_out = (uInt)bound;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        status = ERROR_SET(err, STATUS_LIMIT, "gzip cannot compress");
    else
        ret->size += bound - z.avail_out;
out:
    (void)deflateEnd(&z);
    return status;
}
