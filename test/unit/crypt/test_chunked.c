/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/chunked_priv.h"

#include "base/random.h"
#include "crypt/hash.h"
#include "crypt/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

#define BIG (400 * KIB)

struct sealed {
    struct key key;
    struct buf plain, cipher;
    size_t reads; /* of read_at() */
};

static void make(struct sealed *sealed, size_t size)
{
    struct error err;

    *sealed = (struct sealed){0};
    for (int i = 0; i < KEY_BYTES; i++)
        sealed->key.bytes[i] = (uint8_t)i;
    buf_init(&sealed->plain, BIG);
    buf_init(&sealed->cipher, BIG + BIG / 8);
    for (size_t i = 0; i < size; i++)
        buf_put_u8(&sealed->plain, (uint8_t)(i * 7 + i / 256));
    assert_int_equal(chunked_seal(&sealed->key, SLICE("context"), buf_slice(&sealed->plain),
                                  &sealed->cipher, &err),
                     STATUS_OK);
    assert_int_equal(sealed->cipher.size, chunked_size(size));
}

static void release(struct sealed *sealed)
{
    buf_release(&sealed->plain);
    buf_release(&sealed->cipher);
}

static enum status read_at(void *read_context, uint64_t offset, void *ret, size_t size,
                           struct error *err)
{
    struct sealed *sealed = read_context;

    sealed->reads++;
    if (offset > sealed->cipher.size || size > sealed->cipher.size - offset)
        return ERROR_SET(err, STATUS_IO, "read behind the end");
    memcpy(ret, sealed->cipher.data + offset, size);
    return STATUS_OK;
}

static struct chunked_source source_of(struct sealed *sealed)
{
    return (struct chunked_source){&sealed->key, SLICE("context"), sealed->cipher.size, read_at,
                                   sealed};
}

static enum status open_all(struct sealed *sealed, struct slice cipher, struct slice context)
{
    struct buf plain;
    struct error err;

    buf_init(&plain, BIG);
    enum status status = chunked_open(&sealed->key, context, cipher, &plain, &err);
    if (status == STATUS_OK)
        assert_true(slice_equal(buf_slice(&plain), buf_slice(&sealed->plain)));
    else
        assert_int_equal(plain.size, 0);
    buf_release(&plain);
    return status;
}

static void what_the_second_implementation_sealed_opens(void **state)
{
    struct slice cipher = {(const char *)vector_chunked, sizeof(vector_chunked)};
    struct buf plain;
    struct error err;
    struct key key;

    (void)state;
    for (int i = 0; i < KEY_BYTES; i++)
        key.bytes[i] = (uint8_t)i;
    buf_init(&plain, 100);
    assert_int_equal(chunked_open(&key, SLICE("context"), cipher, &plain, &err), STATUS_OK);
    assert_true(slice_is(buf_slice(&plain), "plain text"));
    buf_release(&plain);
}

static void sealing_matches_the_second_implementation(void **state)
{
    static const struct {
        size_t size;
        const uint8_t *digest;
    } cases[] = {{0, vector_chunked_0},
                 {1, vector_chunked_1},
                 {16383, vector_chunked_16383},
                 {16384, vector_chunked_16384},
                 {40000, vector_chunked_40000}};
    uint8_t salt[CHUNKED_SALT_BYTES], digest[32];

    (void)state;
    for (int i = 0; i < CHUNKED_SALT_BYTES; i++)
        salt[i] = (uint8_t)(100 + i);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sealed sealed;
        struct error err;
        make(&sealed, cases[i].size);
        buf_clear(&sealed.cipher);
        assert_int_equal(chunked_seal_salt(&sealed.key, salt, SLICE("context"),
                                           buf_slice(&sealed.plain), &sealed.cipher, &err),
                         STATUS_OK);
        sha256(sealed.cipher.data, sealed.cipher.size, digest);
        assert_memory_equal(digest, cases[i].digest, 32);
        release(&sealed);
    }
}

static void every_size_opens_again_and_has_its_size(void **state)
{
    static const size_t sizes[] = {0,     1,     100,   16383, 16384, 16385,
                                   32767, 32768, 40000, 16384 * 17, 300000};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct sealed sealed;
        uint64_t plain_size = 0;
        make(&sealed, sizes[i]);
        assert_true(chunked_plain_size(sealed.cipher.size, &plain_size));
        assert_int_equal(plain_size, sizes[i]);
        assert_int_equal(open_all(&sealed, buf_slice(&sealed.cipher), SLICE("context")),
                         STATUS_OK);
        release(&sealed);
    }
}

static void impossible_sizes_are_refused(void **state)
{
    uint64_t plain = 0;

    (void)state;
    for (uint64_t size = 0; size < 56 + 16; size++)
        assert_false(chunked_plain_size(size, &plain));
    for (uint64_t size = 56 + 16400; size < 56 + 16400 + 16; size++)
        assert_false(chunked_plain_size(size, &plain));
    assert_true(chunked_plain_size(56 + 16400 + 16, &plain));
    assert_int_equal(plain, 16384);
    assert_false(chunked_plain_size(UINT64_MAX, &plain));
}

static void ranges_are_the_same_bytes(void **state)
{
    struct sealed sealed;
    struct chunked_reader reader;
    struct rng rng = {1};
    struct error err;
    uint8_t *got = malloc(BIG);

    (void)state;
    assert_non_null(got);
    make(&sealed, 300000);
    struct chunked_source source = source_of(&sealed);
    assert_int_equal(chunked_reader_init(&reader, &source, &err), STATUS_OK);
    assert_int_equal(chunked_reader_check_end(&reader, &err), STATUS_OK);
    for (int i = 0; i < 500; i++) {
        uint32_t offset = rng_below(&rng, 300001), size = rng_below(&rng, 300001 - offset);
        if (i % 2 == 0) /* half of them short or at the seams */
            size = size < 50000 ? size : rng_below(&rng, 50000);
        if (i % 5 == 0)
            offset -= offset % 16384;
        assert_int_equal(chunked_reader_read(&reader, offset, size, got, &err), STATUS_OK);
        assert_memory_equal(got, sealed.plain.data + offset, size);
    }
    assert_int_equal(chunked_reader_read(&reader, 300000, 0, got, &err), STATUS_OK);
    assert_int_equal(chunked_reader_read(&reader, 300000, 1, got, &err), STATUS_INVALID);
    assert_int_equal(chunked_reader_read(&reader, UINT64_MAX, 2, got, &err), STATUS_INVALID);
    sealed.reads = 0;
    assert_int_equal(chunked_open_range(&source, 20000, 10, got, &err), STATUS_OK);
    assert_int_equal(sealed.reads, 2); /* the header, one chunk */
    chunked_reader_release(&reader);
    free(got);
    release(&sealed);
}

static void ten_thousand_mutations_are_refused(void **state)
{
    struct sealed sealed, again;
    struct rng rng = {2};
    struct buf bad;

    (void)state;
    make(&sealed, 70000);
    make(&again, 70000); /* the same key and content, another salt */
    buf_init(&bad, 2 * BIG);
    for (int i = 0; i < 10000; i++) {
        uint32_t size = (uint32_t)sealed.cipher.size;
        uint32_t a = rng_below(&rng, 5), b = (a + 1 + rng_below(&rng, 4)) % 5;
        struct slice context = SLICE("context");
        buf_clear(&bad);
        buf_add_slice(&bad, buf_slice(&sealed.cipher));
        char *at = bad.data;
        switch (i % 6) {
        case 0: /* one bit */
            at[rng_below(&rng, size)] ^= (char)(1 << rng_below(&rng, 8));
            break;
        case 1: /* truncated */
            bad.size = i % 12 == 1 ? rng_below(&rng, size) : 56 + (size_t)a * 16400;
            break;
        case 2: /* extended */
            for (uint32_t k = rng_below(&rng, 20000) + 1; k > 0; k--)
                buf_put_u8(&bad, (uint8_t)(i % 12 == 2 ? 0 : rng_next(&rng)));
            break;
        case 3: /* two whole chunks change places; the last one is short */
            a %= 4;
            b = (a + 1 + b % 3) % 4;
            memcpy(at + 56 + a * 16400, sealed.cipher.data + 56 + b * 16400, 16400);
            memcpy(at + 56 + b * 16400, sealed.cipher.data + 56 + a * 16400, 16400);
            break;
        case 4: /* a chunk of another incarnation */
            memcpy(at + 56 + (a % 4) * 16400, again.cipher.data + 56 + (a % 4) * 16400, 16400);
            break;
        default:
            context = SLICE("contexu");
            break;
        }
        assert_int_equal(open_all(&sealed, buf_slice(&bad), context), STATUS_CORRUPT);
    }
    buf_release(&bad);
    release(&again);
    release(&sealed);
}

static void another_key_does_not_open(void **state)
{
    struct sealed sealed;

    (void)state;
    make(&sealed, 10);
    sealed.key.bytes[0] ^= 1;
    assert_int_equal(open_all(&sealed, buf_slice(&sealed.cipher), SLICE("context")),
                     STATUS_CORRUPT);
    release(&sealed);
}

static void limits_and_read_errors_are_passed_on(void **state)
{
    char context[CHUNKED_CONTEXT_BYTES_MAX + 1] = {0};
    struct sealed sealed;
    struct error err;
    struct buf small;
    uint8_t got[100];

    (void)state;
    make(&sealed, 20000);
    buf_init(&small, 50);
    assert_int_equal(chunked_seal(&sealed.key, SLICE(""), SLICE("x"), &small, &err), STATUS_LIMIT);
    buf_release(&small);
    buf_init(&small, 1000);
    assert_int_equal(chunked_seal(&sealed.key, slice_from(context, sizeof(context)), SLICE("x"),
                                  &small, &err),
                     STATUS_LIMIT);
    assert_int_equal(small.size, 0);
    assert_int_equal(chunked_open(&sealed.key, SLICE("context"), buf_slice(&sealed.cipher), &small,
                                  &err),
                     STATUS_LIMIT);
    struct chunked_source source = source_of(&sealed);
    source.cipher_size += 16400; /* larger than what is there */
    assert_int_equal(chunked_open_range(&source, 20000, 100, got, &err), STATUS_IO);
    sealed.cipher.size = 10;
    assert_int_equal(chunked_open_range(&source, 0, 100, got, &err), STATUS_IO);
    buf_release(&small);
    release(&sealed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_second_implementation_sealed_opens),
        cmocka_unit_test(sealing_matches_the_second_implementation),
        cmocka_unit_test(every_size_opens_again_and_has_its_size),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(ranges_are_the_same_bytes),
        cmocka_unit_test(ten_thousand_mutations_are_refused),
        cmocka_unit_test(another_key_does_not_open),
        cmocka_unit_test(limits_and_read_errors_are_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
