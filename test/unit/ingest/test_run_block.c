/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "base/random.h"
#include "ingest/run_block_priv.h"

#include <stdlib.h>

static int rising(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Keys of a kind, in order; some twice. */
static void make_keys(struct rng *rng, unsigned bits, uint64_t *ret, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        ret[i] = bits == 0 ? 7 : rng_next(rng) >> (64 - bits);
    ret[count / 2] = ret[count - 1];
    qsort(ret, count, sizeof(*ret), rising);
}

static void check(const uint64_t *keys, uint32_t count, struct rng *rng, bool is_packed)
{
    struct run_block_writer writer;
    struct run_block_reader reader;
    struct run_entry entry;
    struct buf bytes;
    struct rng again = *rng;

    buf_init(&bytes, MIB);
    run_block_writer_init(&writer, MIB);
    run_block_begin(&writer, is_packed);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t value = rng_next(rng);
        entry = (struct run_entry){keys[i], 1000 + rng_below(rng, 1 + i * 20),
                                   slice_from((const char *)&value, sizeof(value))};
        assert_false(run_block_is_full(&writer));
        run_block_add(&writer, &entry);
    }
    assert_int_equal(run_block_is_full(&writer), is_packed && count == RUN_BLOCK_ENTRIES);
    run_block_end(&writer, &bytes);
    assert_false(bytes.failed);
    assert_int_equal(writer.count, 0);
    run_block_open(&reader, buf_slice(&bytes), is_packed);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(run_block_next(&reader, &entry));
        uint64_t value = rng_next(&again);
        assert_int_equal(entry.key, keys[i]);
        assert_int_equal(entry.minute, 1000 + rng_below(&again, 1 + i * 20));
        assert_int_equal(entry.value.size, sizeof(value));
        assert_memory_equal(entry.value.data, &value, sizeof(value));
    }
    assert_false(run_block_next(&reader, &entry));
    assert_false(reader.failed);
    run_block_writer_release(&writer);
    buf_release(&bytes);
}

static void what_is_added_is_read(void **state)
{
    static uint64_t keys[RUN_BLOCK_ENTRIES];
    struct rng rng = {11};

    (void)state;
    for (unsigned bits = 0; bits <= 64; bits += 4) {
        for (uint32_t count = 1; count <= RUN_BLOCK_ENTRIES; count *= 2) {
            make_keys(&rng, bits, keys, count);
            check(keys, count, &rng, true);
            if (count < 512)
                check(keys, count, &rng, false);
        }
    }
    keys[0] = 0; /* the widest step, beside none */
    for (uint32_t i = 1; i < RUN_BLOCK_ENTRIES; i++)
        keys[i] = UINT64_MAX;
    check(keys, 3, &rng, true);
    check(keys, RUN_BLOCK_ENTRIES, &rng, true);
}

static void random_keys_take_little_more_than_they_must(void **state)
{
    static uint64_t keys[RUN_BLOCK_ENTRIES];
    struct run_block_writer writer;
    struct rng rng = {5};
    struct buf bytes;

    (void)state;
    buf_init(&bytes, MIB);
    run_block_writer_init(&writer, MIB);
    run_block_begin(&writer, true);
    make_keys(&rng, 64, keys, RUN_BLOCK_ENTRIES);
    for (uint32_t i = 0; i < RUN_BLOCK_ENTRIES; i++)
        run_block_add(&writer, &(struct run_entry){keys[i], 5, SLICE("01234567")});
    run_block_end(&writer, &bytes);
    /* 8 bytes, and 64 - 10 bits of a step and less than 2 */
    assert_in_range(bytes.size, 1024 * (8 + 54 / 8), 1024 * (8 + 7));
    run_block_writer_release(&writer);
    buf_release(&bytes);
}

static void a_block_that_is_cut_or_wrong_is_refused(void **state)
{
    static uint64_t keys[100];
    struct run_block_writer writer;
    struct rng rng = {6};
    struct buf bytes;

    (void)state;
    buf_init(&bytes, MIB);
    run_block_writer_init(&writer, MIB);
    run_block_begin(&writer, true);
    make_keys(&rng, 64, keys, 100);
    for (uint32_t i = 0; i < 100; i++)
        run_block_add(&writer, &(struct run_entry){keys[i], i, SLICE("01234567")});
    run_block_end(&writer, &bytes);
    for (size_t size = 1; size < bytes.size; size++) {
        struct run_block_reader reader;
        struct run_entry entry;
        uint32_t count = 0;
        run_block_open(&reader, slice_head(buf_slice(&bytes), size), true);
        while (run_block_next(&reader, &entry))
            count++;
        assert_true(reader.failed);
        assert_true(count < 100);
    }
    for (int i = 0; i < 20000; i++) { /* nothing is read outside: sanitizers look on */
        struct run_block_reader reader;
        struct run_entry entry;
        size_t at = rng_below(&rng, i % 2 == 0 ? 16 : (uint32_t)bytes.size);
        char was = bytes.data[at];
        bytes.data[at] = (char)rng_next(&rng);
        run_block_open(&reader, buf_slice(&bytes), i % 3 != 0);
        for (uint32_t n = 0; run_block_next(&reader, &entry); n++)
            assert_true(n < bytes.size);
        bytes.data[at] = was;
    }
    run_block_writer_release(&writer);
    buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_is_read),
        cmocka_unit_test(random_keys_take_little_more_than_they_must),
        cmocka_unit_test(a_block_that_is_cut_or_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
