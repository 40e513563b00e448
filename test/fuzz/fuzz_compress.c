/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_compress.c - any bytes as gzip or zstd (the first byte: which, and how they are cut):
 * whatever the cut, the outcome is the same; what is packed is unpacked as it was. */
#include "codec/compress.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status decode(enum compression kind, struct slice input, size_t cut, struct buf *ret,
                          struct error *err)
{
    struct decompressor *d = NULL;
    enum status status = decompressor_new(kind, &d, err);

    while (status == STATUS_OK && input.size > 0) {
        status = decompressor_feed(d, slice_head(input, cut), ret, err);
        input = slice_tail(input, cut);
    }
    if (status == STATUS_OK)
        status = decompressor_finish(d, err);
    decompressor_free(d);
    return status;
}

static void check_packing(struct slice raw)
{
    char *out = malloc(raw.size + 1);
    struct buf packed, back;
    struct error err;

    CHECK(out != NULL);
    buf_init(&packed, 4 * MIB);
    buf_init(&back, raw.size + 1);
    CHECK(zstd_pack(raw, 1, &packed, &err) == STATUS_OK);
    CHECK(zstd_unpack(buf_slice(&packed), raw.size, out, &err) == STATUS_OK);
    CHECK(raw.size == 0 || memcmp(out, raw.data, raw.size) == 0);
    CHECK(zstd_unpack(buf_slice(&packed), raw.size + 1, out, &err) == STATUS_CORRUPT);
    buf_clear(&packed);
    CHECK(gzip_pack(raw, &packed, &err) == STATUS_OK);
    CHECK(decode(COMPRESSION_GZIP, buf_slice(&packed), packed.size, &back, &err) == STATUS_OK);
    CHECK(slice_equal(buf_slice(&back), raw));
    buf_release(&packed);
    buf_release(&back);
    free(out);
}

/* What goes to the log as it came is read back as it was decoded. */
static void check_whole(struct slice packed)
{
    struct buf out;
    struct error err = {0};
    bool is_frame = false;

    buf_init(&out, 2 * MIB);
    enum status status = zstd_decode(packed, &out, &is_frame, &err);
    CHECK(status == STATUS_OK || err.text[0] != '\0');
    if (status == STATUS_OK && is_frame) {
        char *back = malloc(out.size + 1);
        CHECK(back != NULL && zstd_unpack(packed, out.size, back, &err) == STATUS_OK);
        CHECK(out.size == 0 || memcmp(back, out.data, out.size) == 0);
        free(back);
    }
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole, cut;
    struct error err = {0};

    if (size == 0)
        return 0;
    struct slice input = slice_from((const char *)data + 1, size - 1);
    enum compression kind = data[0] % 2 == 0 ? COMPRESSION_GZIP : COMPRESSION_ZSTD;
    buf_init(&whole, 2 * MIB);
    buf_init(&cut, 2 * MIB);
    enum status status = decode(kind, input, input.size, &whole, &err);
    CHECK(status == STATUS_OK || err.text[0] != '\0');
    CHECK(decode(kind, input, data[0] / 2 + 1u, &cut, &err) == status);
    CHECK(status != STATUS_OK || slice_equal(buf_slice(&whole), buf_slice(&cut)));
    check_packing(input);
    check_whole(input);
    buf_release(&whole);
    buf_release(&cut);
    return 0;
}
