/* SPDX-License-Identifier: Apache-2.0 */
/* Broken texts are refused: any cut, any count that is not theirs. */
#include "store/column_priv.h"

#include "store/segment_fixture.h"

static void refused(const struct slice *texts, uint32_t count)
{
    struct buf blob;
    struct error err;
    struct column_entry entry = {.dict_count = count};
    struct slice back[64];

    buf_init(&blob, MIB);
    for (uint32_t i = 0; i < count; i++)
        entry.text_bytes += (uint32_t)texts[i].size;
    assert_int_equal(texts_encode(texts, count, packing_for(1000, 3), true, &blob, &entry.texts,
                                  &err),
                     STATUS_OK);
    for (size_t size = 0; size <= blob.size + 1; size++) {
        struct cache_memory memory = {.bytes_max = MIB};
        struct arena *scratch = arena_new(MIB);
        struct column_entry lie = entry;
        size_t cut = size;
        if (size >= blob.size) { /* whole, but another size of the texts */
            lie.text_bytes += size == blob.size ? 1 : UINT32_MAX;
            cut = blob.size;
        }
        struct reader r = reader_from(blob.data, cut);
        const struct guid *guids = NULL;
        enum status status = lie.texts == TEXTS_GUID
                                 ? guids_decode(&lie, &r, scratch, &memory, &guids, &err)
                                 : texts_decode(&lie, &r, scratch, &memory, back, &err);
        assert_int_equal(status, STATUS_CORRUPT);
        arena_free(scratch);
        cache_memory_free(&memory);
    }
    buf_release(&blob);
}

static void cut_texts_are_refused(void **state)
{
    (void)state;
    const struct slice plain[] = {SLICE("some"), SLICE(""), SLICE("text")};
    const struct slice guid = SLICE("01234567-89ab-cdef-0123-456789abcdef");
    const struct slice numbers[] = {SLICE("10"), SLICE("-7")};
    const struct slice times[] = {SLICE("2024-02-29T01:02:03"), SLICE("2023-01-01T00:00:00")};
    refused(plain, 3);
    refused(&guid, 1);
    refused(numbers, 2);
    refused(times, 2);
}

static void cut_groups_are_refused(void **state)
{
    (void)state;
    char lines[40][24];
    struct slice texts[40];
    struct rng rng = {4};
    for (uint32_t i = 0; i < 40; i++) {
        int size = snprintf(lines[i], sizeof(lines[i]), "<%08X%08X@x>", (unsigned)rng_next(&rng),
                            (unsigned)rng_next(&rng));
        texts[i] = slice_from(lines[i], (size_t)size);
    }
    refused(texts, 40);
}

static void an_unknown_method_is_refused(void **state)
{
    (void)state;
    struct arena *scratch = arena_new(MIB);
    struct slice out;
    struct error err;
    struct reader r = reader_from("\x02\x01x", 3);
    assert_int_equal(stream_get(&r, scratch, &out, &err), STATUS_CORRUPT);
    r = reader_from("\x01\xff\xff\xff\xff\xff\x01\x01x", 9); /* a bomb */
    assert_int_equal(stream_get(&r, scratch, &out, &err), STATUS_CORRUPT);
    arena_free(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_texts_are_refused),
        cmocka_unit_test(cut_groups_are_refused),
        cmocka_unit_test(an_unknown_method_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
