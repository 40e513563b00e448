/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/random.h"
#include "store/column_priv.h"

#define COUNT 300u

/* Random bits under a mask, the others the same in all. */
static void make(struct rng *rng, const uint8_t mask[16], struct guid *ret)
{
    for (uint32_t i = 0; i < COUNT; i++)
        for (uint32_t b = 0; b < 16; b++)
            ret[i].bytes[b] = (uint8_t)((rng_next(rng) & mask[b]) | (0xa5 & ~mask[b]));
}

static size_t trip(const struct guid *guids, uint32_t count)
{
    struct guid again[COUNT];
    struct buf buf;

    buf_init(&buf, MIB);
    guid_bits_pack(guids, count, &buf);
    assert_true(guid_bits_unpack(buf_slice(&buf), count, again));
    assert_memory_equal(again, guids, count * sizeof(again[0]));
    size_t size = buf.size;
    if (count > 1 && size > 32) {
        assert_false(guid_bits_unpack(slice_head(buf_slice(&buf), 31), count, again));
        assert_false(guid_bits_unpack(slice_head(buf_slice(&buf), size - 1), count, again));
        assert_false(guid_bits_unpack(buf_slice(&buf), count / 2, again));
    }
    buf_release(&buf);
    return size;
}

static void what_is_packed_comes_back(void **state)
{
    struct guid guids[COUNT];
    struct rng rng = {4};

    (void)state;
    for (int round = 0; round < 50; round++) {
        uint8_t mask[16];
        for (uint32_t b = 0; b < 16; b++)
            mask[b] = (uint8_t)(rng_next(&rng) | (round % 2 == 0 ? rng_next(&rng) : 0x81));
        make(&rng, mask, guids);
        (void)trip(guids, COUNT);
        (void)trip(guids, 1);
    }
    assert_int_equal(trip(guids, 0), 32);
}

static void constant_bits_cost_nothing(void **state)
{
    uint8_t mask[16] = {255, 255, 255, 255, 255, 255, 15,  255,
                        63,  255, 255, 255, 255, 255, 255, 255};
    const uint8_t none[16] = {0}, all = 255;
    struct guid guids[COUNT];
    struct rng rng = {9};

    (void)state;
    make(&rng, mask, guids); /* version and variant */
    assert_int_equal(trip(guids, COUNT), 32 + (COUNT * 122 + 7) / 8);
    memset(mask, all, sizeof(mask));
    make(&rng, mask, guids);
    assert_int_equal(trip(guids, COUNT), 32 + COUNT * 16);
    make(&rng, none, guids);
    assert_int_equal(trip(guids, COUNT), 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_back),
        cmocka_unit_test(constant_bits_cost_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
