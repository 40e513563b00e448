/* SPDX-License-Identifier: Apache-2.0 */
/* Codes are the same whatever the width. */
#include "store/codes_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT 1000u

static void fill(uint32_t *codes, uint32_t dict_count)
{
    for (uint32_t i = 0; i < COUNT; i++)
        codes[i] = (uint32_t)(i * UINT64_C(2654435761) % dict_count);
    codes[COUNT - 1] = dict_count - 1;
}

static void the_width_is_the_least(void **state)
{
    (void)state;
    assert_int_equal(code_width_for(0), CODE_ZERO);
    assert_int_equal(code_width_for(1), CODE_ZERO);
    assert_int_equal(code_width_for(2), CODE_BYTE);
    assert_int_equal(code_width_for(256), CODE_BYTE);
    assert_int_equal(code_width_for(257), CODE_HALF);
    assert_int_equal(code_width_for(65536), CODE_HALF);
    assert_int_equal(code_width_for(65537), CODE_WIDE);
    assert_int_equal(codes_bytes(CODE_ZERO, 7), 0);
    assert_int_equal(codes_bytes(CODE_BYTE, 7), 7);
    assert_int_equal(codes_bytes(CODE_HALF, 7), 14);
    assert_int_equal(codes_bytes(CODE_WIDE, 7), 28);
}

/* Every loop against the wide codes. */
static void check_loops(struct codes codes, const uint32_t *wide, uint32_t dict_count)
{
    enum { FIRST = 17, BASE = 5000 };
    static uint32_t places[COUNT], kept[COUNT], out[COUNT];
    uint32_t place_count = 0;
    struct codes tail = codes_from(codes, FIRST);

    for (uint32_t i = 0; i < COUNT - FIRST; i += 1 + i % 3)
        places[place_count++] = BASE + i;
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(code_at(codes, i), wide[i]);
    codes_copy(tail, COUNT - FIRST, out);
    assert_memory_equal(out, wide + FIRST, (COUNT - FIRST) * sizeof(*out));
    codes_take(tail, places, BASE, place_count, out);
    for (uint32_t i = 0; i < place_count; i++)
        assert_int_equal(out[i], wide[FIRST + places[i] - BASE]);

    uint8_t *marks = calloc(dict_count, 1);
    uint32_t *counts = calloc(dict_count, sizeof(*counts));
    assert_non_null(marks);
    assert_non_null(counts);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t c = 0; c < dict_count; c++)
            marks[c] = c % 2 == round;
        memcpy(kept, places, sizeof(kept));
        uint32_t count = codes_keep(tail, marks, BASE, kept, place_count), next = 0;
        for (uint32_t i = 0; i < place_count; i++) {
            if (wide[FIRST + places[i] - BASE] % 2 == round)
                assert_int_equal(kept[next++], places[i]);
        }
        assert_int_equal(count, next);
        uint8_t found[COUNT] = {0};
        found[1] = 1; /* what was found before stays */
        codes_find(tail, marks, BASE, places, place_count, found);
        for (uint32_t i = 0; i < place_count; i++)
            assert_int_equal(found[i],
                             i == 1 || wide[FIRST + places[i] - BASE] % 2 == round);
    }
    codes_count(tail, COUNT - FIRST, counts);
    for (uint32_t i = FIRST; i < COUNT; i++)
        counts[wide[i]]--;
    for (uint32_t c = 0; c < dict_count; c++)
        assert_int_equal(counts[c], 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t same = 1;
        while (i + same < COUNT && wide[i + same] == wide[i])
            same++;
        assert_true(codes_are_one(codes_from(codes, i), same));
        if (i + same < COUNT)
            assert_false(codes_are_one(codes_from(codes, i), same + 1));
    }
    memset(marks, 0, dict_count);
    codes_mark(tail, COUNT - FIRST, marks);
    for (uint32_t i = FIRST; i < COUNT; i++)
        counts[wide[i]] = 1;
    for (uint32_t c = 0; c < dict_count; c++)
        assert_int_equal(marks[c], counts[c]);
    free(marks);
    free(counts);
}

static void every_width_is_read_alike(void **state)
{
    (void)state;
    static const uint32_t dict_counts[] = {1, 2, 256, 257, 65536, 65537};
    static uint32_t wide[COUNT];

    for (size_t d = 0; d < sizeof(dict_counts) / sizeof(*dict_counts); d++) {
        enum code_width width = code_width_for(dict_counts[d]);
        void *room = malloc(codes_bytes(width, COUNT) + 1);
        assert_non_null(room);
        fill(wide, dict_counts[d]);
        struct codes codes = codes_pack(wide, COUNT, width, room);
        assert_int_equal(codes.width, width);
        check_loops(codes, wide, dict_counts[d]);
        free(room);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_width_is_the_least),
        cmocka_unit_test(every_width_is_read_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
