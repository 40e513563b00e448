/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "codec/compress.h"

#include <stdlib.h>

static struct error err;

/* Packs, feeds in pieces of `step` bytes, compares. */
static void go_around(enum compression kind, struct slice raw, size_t step)
{
    struct decompressor *d;
    struct buf packed, out;

    buf_init(&packed, 64 * MIB);
    buf_init(&out, 64 * MIB);
    if (kind == COMPRESSION_GZIP)
        ASSERT_OK(gzip_pack(raw, &packed, &err));
    else
        ASSERT_OK(zstd_pack(raw, 3, &packed, &err));
    assert_int_equal(compression_detect(buf_slice(&packed)), kind);
    ASSERT_OK(decompressor_new(kind, &d, &err));
    for (size_t at = 0; at < packed.size; at += step)
        ASSERT_OK(decompressor_feed(d, slice_head(slice_tail(buf_slice(&packed), at), step), &out,
                                    &err));
    ASSERT_OK(decompressor_finish(d, &err));
    assert_true(slice_equal(buf_slice(&out), raw));
    decompressor_free(d);
    buf_release(&packed);
    buf_release(&out);
}

static void any_cut_of_the_input_gives_the_same_output(void **state)
{
    struct buf raw;

    (void)state;
    buf_init(&raw, MIB);
    for (int i = 0; i < 20000; i++)
        buf_add_format(&raw, "%d,", i * 7919);
    go_around(COMPRESSION_GZIP, buf_slice(&raw), 1);
    go_around(COMPRESSION_ZSTD, buf_slice(&raw), 1);
    go_around(COMPRESSION_GZIP, buf_slice(&raw), 4096);
    go_around(COMPRESSION_ZSTD, buf_slice(&raw), SIZE_MAX / 2);
    buf_release(&raw);
}

static void members_in_a_row_are_one_stream(void **state)
{
    struct decompressor *d;
    struct buf packed, out;

    (void)state;
    buf_init(&packed, MIB);
    buf_init(&out, MIB);
    ASSERT_OK(gzip_pack(SLICE("one "), &packed, &err));
    ASSERT_OK(gzip_pack(SLICE("two"), &packed, &err));
    ASSERT_OK(decompressor_new(COMPRESSION_GZIP, &d, &err));
    ASSERT_OK(decompressor_feed(d, buf_slice(&packed), &out, &err));
    ASSERT_OK(decompressor_finish(d, &err));
    ASSERT_SLICE(buf_slice(&out), "one two");
    decompressor_free(d);
    buf_release(&packed);
    buf_release(&out);
}

/* So begin the files of pzstd. */
static void what_a_pipe_gives_first_may_be_too_little_to_tell(void **state)
{
    static const char *const heads[] = {"\x1f\x8b", "\x28\xb5\x2f\xfd", "\x5f\x2a\x4d\x18"};

    (void)state;
    assert_true(compression_is_open(SLICE("")));
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        struct slice head = slice_of(heads[i]);
        for (size_t size = 1; size < head.size; size++)
            assert_true(compression_is_open(slice_head(head, size)));
        assert_false(compression_is_open(head));
    }
    assert_false(compression_is_open(SLICE("{")));
    assert_false(compression_is_open(SLICE("\x1f{")));
    assert_false(compression_is_open(SLICE("{}\n{}\n")));
}

static void a_frame_to_be_skipped_may_come_first(void **state)
{
    static const char skippable[] = "\x50\x2a\x4d\x18\x04\0\0\0\n1\n2";
    struct decompressor *d;
    struct buf packed, out;

    (void)state;
    buf_init(&packed, MIB);
    buf_init(&out, MIB);
    buf_add(&packed, skippable, sizeof(skippable) - 1);
    ASSERT_OK(zstd_pack(SLICE("text"), 1, &packed, &err));
    assert_int_equal(compression_detect(buf_slice(&packed)), COMPRESSION_ZSTD);
    assert_int_equal(compression_detect(SLICE("\x50\x2a\x4d")), COMPRESSION_NONE);
    assert_true(compression_is_open(SLICE("\x50\x2a\x4d")));
    assert_true(compression_is_open(SLICE("[")));
    assert_false(compression_is_open(SLICE("[*N")));
    ASSERT_OK(decompressor_new(COMPRESSION_ZSTD, &d, &err));
    ASSERT_OK(decompressor_feed(d, buf_slice(&packed), &out, &err));
    ASSERT_OK(decompressor_finish(d, &err));
    ASSERT_SLICE(buf_slice(&out), "text");
    decompressor_free(d);
    buf_release(&packed);
    buf_release(&out);
}

/* 32 MiB of zeros in a few KiB: stopped by its ratio, long before the limit. */
static void a_bomb_is_stopped(enum compression kind)
{
    static char zeros[32 << 20];
    struct slice raw = slice_from(zeros, sizeof(zeros));
    struct decompressor *d;
    struct buf packed, out;

    buf_init(&packed, 64 * MIB);
    buf_init(&out, 64 * MIB);
    if (kind == COMPRESSION_GZIP)
        ASSERT_OK(gzip_pack(raw, &packed, &err));
    else
        ASSERT_OK(zstd_pack(raw, 3, &packed, &err));
    ASSERT_OK(decompressor_new(kind, &d, &err));
    ASSERT_STATUS(STATUS_LIMIT, decompressor_feed(d, buf_slice(&packed), &out, &err));
    assert_true(out.size < 16 * MIB);
    decompressor_free(d);
    buf_release(&packed);
    buf_release(&out);
}

static void bombs_are_stopped(void **state)
{
    (void)state;
    a_bomb_is_stopped(COMPRESSION_GZIP);
    a_bomb_is_stopped(COMPRESSION_ZSTD);
}

/* Decoders are used again: what one went through must not show in the next. */
static void a_decoder_after_a_broken_one_is_sound(void **state)
{
    enum { AT_ONCE = 9 }; /* more than are kept */
    struct decompressor *d[AT_ONCE];
    struct buf packed, out;

    (void)state;
    buf_init(&packed, MIB);
    buf_init(&out, MIB);
    ASSERT_OK(zstd_pack(SLICE("all of it"), 3, &packed, &err));
    struct slice all = buf_slice(&packed);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < AT_ONCE; i++) {
            ASSERT_OK(decompressor_new(COMPRESSION_ZSTD, &d[i], &err));
            buf_clear(&out);
            if (i % 3 == 0) { /* stopped in the middle */
                ASSERT_OK(decompressor_feed(d[i], slice_head(all, all.size / 2), &out, &err));
            } else if (i % 3 == 1) {
                ASSERT_STATUS(STATUS_INVALID,
                              decompressor_feed(d[i], SLICE("no zstd at all"), &out, &err));
            } else {
                ASSERT_OK(decompressor_feed(d[i], all, &out, &err));
                ASSERT_OK(decompressor_finish(d[i], &err));
                ASSERT_SLICE(buf_slice(&out), "all of it");
            }
        }
        for (int i = 0; i < AT_ONCE; i++)
            decompressor_free(d[i]);
    }
    buf_release(&packed);
    buf_release(&out);
}

/* The size that a frame claims is taken as a hint only. */
static void a_frame_that_lies_about_its_size_is_told(void **state)
{
    static const char huge[] = "\x28\xb5\x2f\xfd\xc0\x00\xff\xff\xff\xff\xff\xff\xff\x7f"
                               "\x29\x00\x00wrong";
    static const char more[] = "\x28\xb5\x2f\xfd\xa0\x00\x00\x01\x00\x29\x00\x00wrong";
    struct decompressor *d;
    struct buf out;

    (void)state;
    buf_init(&out, MIB);
    ASSERT_OK(decompressor_new(COMPRESSION_ZSTD, &d, &err));
    ASSERT_STATUS(STATUS_INVALID,
                  decompressor_feed(d, slice_from(huge, sizeof(huge) - 1), &out, &err));
    decompressor_free(d);
    ASSERT_OK(decompressor_new(COMPRESSION_ZSTD, &d, &err));
    ASSERT_STATUS(STATUS_INVALID,
                  decompressor_feed(d, slice_from(more, sizeof(more) - 1), &out, &err));
    decompressor_free(d);
    buf_release(&out);
}

static void broken_and_cut_input_is_told(void **state)
{
    struct decompressor *d;
    struct buf packed, out;

    (void)state;
    buf_init(&packed, MIB);
    buf_init(&out, 6);
    ASSERT_OK(zstd_pack(SLICE("some text"), 1, &packed, &err));
    ASSERT_OK(decompressor_new(COMPRESSION_ZSTD, &d, &err));
    ASSERT_OK(decompressor_feed(d, slice_head(buf_slice(&packed), 6), &out, &err));
    ASSERT_STATUS(STATUS_INVALID, decompressor_finish(d, &err));
    decompressor_free(d);
    ASSERT_OK(decompressor_new(COMPRESSION_GZIP, &d, &err));
    ASSERT_STATUS(STATUS_INVALID, decompressor_feed(d, SLICE("\x1f\x8bxxxxxxxxxxxx"), &out, &err));
    decompressor_free(d);
    ASSERT_OK(decompressor_new(COMPRESSION_NONE, &d, &err));
    buf_clear(&out);
    ASSERT_OK(decompressor_feed(d, SLICE("123456"), &out, &err));
    ASSERT_STATUS(STATUS_LIMIT, decompressor_feed(d, SLICE("7"), &out, &err));
    decompressor_free(d);
    buf_release(&packed);
    buf_release(&out);
}

static void a_stored_block_gives_exactly_its_size(void **state)
{
    struct buf packed;
    char text[16];

    (void)state;
    buf_init(&packed, MIB);
    ASSERT_OK(zstd_pack(SLICE("0123456789"), 1, &packed, &err));
    ASSERT_OK(zstd_unpack(buf_slice(&packed), 10, text, &err));
    assert_memory_equal(text, "0123456789", 10);
    ASSERT_STATUS(STATUS_CORRUPT, zstd_unpack(buf_slice(&packed), 9, text, &err));
    ASSERT_STATUS(STATUS_CORRUPT, zstd_unpack(buf_slice(&packed), 11, text, &err));
    packed.data[0] ^= 1;
    ASSERT_STATUS(STATUS_CORRUPT, zstd_unpack(buf_slice(&packed), 10, text, &err));
    buf_release(&packed);
}

static void decode_is(enum status wanted, struct slice packed, bool is_frame)
{
    struct buf out;
    bool found = !is_frame;

    buf_init(&out, 20 * MIB);
    ASSERT_STATUS(wanted, zstd_decode(packed, &out, &found, &err));
    if (wanted == STATUS_OK) {
        assert_int_equal(found, is_frame);
        char *back = malloc(out.size + 1);
        assert_true(!is_frame || zstd_unpack(packed, out.size, back, &err) == STATUS_OK);
        assert_true(!is_frame || slice_equal(slice_from(back, out.size), buf_slice(&out)));
        free(back);
    }
    buf_release(&out);
}

/* What is not a single frame of known size goes the long way; bounds hold on both. */
static void a_body_of_zstd_is_decoded_whole(void **state)
{
    static const char skippable[] = "\x50\x2a\x4d\x18\x03\0\0\0abc";
    static const char old[] = "\x27\xb5\x2f\xfd\x20\x01\x09\0\0x"; /* version 0.7 */
    static const char lie[] = "\x28\xb5\x2f\xfd\xa0\x09\0\0\0\x29\0\0wrong";
    /* a single segment of 9 MiB; a window of 16 MiB */
    static const char segment[] = "\x28\xb5\x2f\xfd\xa0\0\0\x90\0\x01\0\0";
    static const char window[] = "\x28\xb5\x2f\xfd\x80\x70\0\0\x90\0\x01\0\0";
    static const char unknown[] = "\x28\xb5\x2f\xfd\0\x58\x19\0\0abc";
    static char zeros[32 << 20];
    struct buf packed;

    (void)state;
    buf_init(&packed, 64 * MIB);
    ASSERT_OK(zstd_pack(SLICE("some text, some text"), 1, &packed, &err));
    size_t size = packed.size;
    decode_is(STATUS_OK, buf_slice(&packed), true);
    decode_is(STATUS_INVALID, slice_head(buf_slice(&packed), size - 1), true);
    buf_add(&packed, skippable, sizeof(skippable) - 1);
    decode_is(STATUS_OK, buf_slice(&packed), false);
    packed.size = size;
    ASSERT_OK(zstd_pack(SLICE("two"), 1, &packed, &err));
    decode_is(STATUS_OK, buf_slice(&packed), false);
    decode_is(STATUS_OK, slice_from(unknown, sizeof(unknown) - 1), false);
    decode_is(STATUS_OK, SLICE(""), false);
    decode_is(STATUS_INVALID, SLICE("\x28\xb5\x2f\xfd"), false);
    decode_is(STATUS_INVALID, slice_from(old, sizeof(old) - 1), false);
    decode_is(STATUS_INVALID, slice_from(lie, sizeof(lie) - 1), true);
    decode_is(STATUS_INVALID, slice_from(segment, sizeof(segment) - 1), false);
    decode_is(STATUS_INVALID, slice_from(window, sizeof(window) - 1), false);
    buf_clear(&packed);
    ASSERT_OK(zstd_pack(slice_from(zeros, 16 << 20), 3, &packed, &err)); /* a bomb */
    decode_is(STATUS_LIMIT, buf_slice(&packed), true);
    buf_clear(&packed);
    ASSERT_OK(zstd_pack(slice_from(zeros, sizeof(zeros)), 3, &packed, &err)); /* too large */
    decode_is(STATUS_LIMIT, buf_slice(&packed), true);
    buf_release(&packed);
}

static void encodings_have_names(void **state)
{
    enum compression kind;

    (void)state;
    assert_true(compression_from_name(SLICE("GZIP"), &kind) && kind == COMPRESSION_GZIP);
    assert_true(compression_from_name(SLICE("zstd"), &kind) && kind == COMPRESSION_ZSTD);
    assert_true(compression_from_name(SLICE(""), &kind) && kind == COMPRESSION_NONE);
    assert_false(compression_from_name(SLICE("br"), &kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_cut_of_the_input_gives_the_same_output),
        cmocka_unit_test(members_in_a_row_are_one_stream),
        cmocka_unit_test(what_a_pipe_gives_first_may_be_too_little_to_tell),
        cmocka_unit_test(a_frame_to_be_skipped_may_come_first),
        cmocka_unit_test(bombs_are_stopped),
        cmocka_unit_test(a_decoder_after_a_broken_one_is_sound),
        cmocka_unit_test(a_frame_that_lies_about_its_size_is_told),
        cmocka_unit_test(broken_and_cut_input_is_told),
        cmocka_unit_test(a_stored_block_gives_exactly_its_size),
        cmocka_unit_test(a_body_of_zstd_is_decoded_whole),
        cmocka_unit_test(encodings_have_names),
    };

    return RUN_TESTS(tests);
}
