/* SPDX-License-Identifier: Apache-2.0 */
/* Texts come back as they were lent. */
#include "test.h"

#include "base/random.h"
#include "store/column_priv.h"

#include <stdio.h>

#define COUNT 500u

struct lent {
    struct slice texts[COUNT], donor[COUNT];
    uint32_t refs[COUNT];
    char room[2 * COUNT][64];
    uint64_t bytes;
};

static void make_lent(struct lent *lent, enum borrow_mode mode)
{
    struct rng rng = {3};

    lent->bytes = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        int size = snprintf(lent->room[i], sizeof(lent->room[i]), "donor-%u",
                            rng_below(&rng, 1000000));
        lent->donor[i] = slice_from(lent->room[i], (size_t)size);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        char *room = lent->room[COUNT + i];
        bool is_own = rng_below(&rng, 4) == 0;
        lent->refs[i] = is_own ? BORROW_NONE : rng_below(&rng, 8) == 0 ? rng_below(&rng, COUNT) : i;
        struct slice from = is_own ? SLICE("") : lent->donor[lent->refs[i]];
        int size = 0;
        if (is_own || mode == BORROW_ENDS)
            size = snprintf(room, 32, "front-%u/", rng_below(&rng, is_own ? 1000 : 5));
        memcpy(room + size, from.data, from.size);
        lent->texts[i] = slice_from(room, (size_t)size + from.size);
        lent->bytes += lent->texts[i].size;
    }
}

static enum status read_lent(const struct lent *lent, struct slice bytes, uint8_t encoding,
                             struct slice *ret)
{
    struct column_entry entry = {
        .texts = encoding, .dict_count = COUNT, .text_bytes = (uint32_t)lent->bytes, .donor = 1};
    struct path_column donor = {.dict_count = COUNT,
                                .dict = (struct slice *)(uintptr_t)lent->donor};
    struct path_column column = {.dict = ret};
    struct cache_memory memory = {.bytes_max = MIB};
    struct reader reader = reader_from(bytes.data, bytes.size);
    struct arena *arena = arena_new(GIB);
    struct error err;
    enum status status = borrow_decode(&entry, &donor, &reader, arena, &memory, &column, &err);

    for (uint32_t i = 0; i < COUNT && status == STATUS_OK; i++)
        ret[i] = slice_equal(ret[i], lent->texts[i]) ? SLICE("same") : SLICE("other");
    cache_memory_free(&memory);
    arena_free(arena);
    return status;
}

static void texts_come_back_and_damage_stays_inside(void **state)
{
    static struct lent lent;
    struct slice again[COUNT];
    struct rng rng = {5};
    struct error err;
    struct buf buf;

    (void)state;
    buf_init(&buf, MIB);
    for (enum borrow_mode mode = BORROW_WHOLE; mode <= BORROW_ENDS; mode++) {
        uint8_t encoding = 0;
        make_lent(&lent, mode);
        struct borrowing borrowing = {mode, lent.texts, lent.refs, lent.donor, COUNT};
        buf_clear(&buf);
        ASSERT_OK(borrow_encode(&borrowing, false, packing_for(COUNT, 9), &buf, &encoding, &err));
        ASSERT_OK(read_lent(&lent, buf_slice(&buf), encoding, again));
        for (uint32_t i = 0; i < COUNT; i++)
            assert_true(slice_is(again[i], "same"));
        for (size_t size = 0; size < buf.size; size++)
            assert_int_not_equal(
                read_lent(&lent, slice_head(buf_slice(&buf), size), encoding, again), STATUS_OK);
        for (int i = 0; i < 3000; i++) { /* sanitizers look on */
            size_t at = rng_below(&rng, (uint32_t)buf.size);
            char was = buf.data[at];
            buf.data[at] = (char)rng_next(&rng);
            (void)!read_lent(&lent, buf_slice(&buf), encoding, again);
            buf.data[at] = was;
        }
    }
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_come_back_and_damage_stays_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
