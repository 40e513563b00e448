/* SPDX-License-Identifier: Apache-2.0 */
/* Records of every kind come back from the bytes of a section. */
#include "store/section_priv.h"

#include "store/section_trip.h"

static const char *const NASTY[] = {
    "{}", " { } ", "\xEF\xBB\xBF{\"a\":1}", "{\"a\":[]}", "{\"a\":[ ]}", "{\"a\":{}}",
    "{\"a\":[[],[[]],[[1],[2,3]],[ ]]}", "{\"a\":[1,\"1\",true,null,{},{\"x\":1},[],[1]]}",
    "{\"a\":[1, 2 ,3\t,\n4 ] , \"b\" : \"c\" }", "{\"a\":1.0e+5,\"b\":-0,\"c\":-0.0}",
    "{\"a\":\"\\\"quoted\\\" \\\\ \\u0041\\/\"}", "{\"a\":1,\"a\":2}",
    "{\"a\":[1,2],\"a\":[3],\"a\":{\"x\":[4]}}", "{\"\":1,\"a\":{\"\":{\"\":[{\"\":\"\"}]}}}",
    "{\"x\":{\"y\":{\"z\":[{\"p\":[{\"q\":[1,{\"r\":2}]}]},{\"p\":[]}]}}}", "not json", "[1]", "",
    "{\"a\":\"\xFF\xFE\"}", "{\"n\":9223372036854775807}", "{\"n\":-9223372036854775808}",
    "{\"n\":9223372036854775808}", "{\"n\":007}", "{\"t\":\"2024-02-30T00:00:00\"}",
};

#define NASTY_COUNT (sizeof(NASTY) / sizeof(NASTY[0]))

static void nasty_records_come_back(void **state)
{
    (void)state;
    for (int thorough = 0; thorough < 2; thorough++) {
        struct batch_maker m;
        struct trip t;
        batch_maker_init(&m, "T", 1);
        for (size_t round = 0; round < 5; round++)
            for (size_t i = 0; i < NASTY_COUNT; i++)
                batch_maker_add(&m, slice_of(NASTY[i]), (int64_t)(i % 7));
        trip_init(&t, &m, thorough == 1);
        trip_release(&t);
        batch_maker_release(&m);
    }
}

static uint8_t times_listed(const char *const *lines, uint64_t *ret_first)
{
    struct batch_maker m;
    struct trip t;

    batch_maker_init(&m, "Audit", 1);
    for (int i = 0; lines[i] != NULL; i++)
        batch_maker_add(&m, slice_of(lines[i]),
                        INT64_C(638500000000000000) + i * TICKS_PER_SECOND);
    trip_init(&t, &m, false);
    uint8_t count = t.info.time_count;
    *ret_first = t.info.times[0];
    trip_release(&t);
    batch_maker_release(&m);
    return count;
}

/* Only what is the time of all rows that have it is told of the section. */
static void fields_that_are_the_time_are_listed(void **state)
{
    static const char *const same[] = {
        "{\"CreationTime\":\"2024-04-29T15:06:40\",\"a\":1}",
        "{\"CreationTime\":\"2024-04-29T15:06:41\"}", "{\"b\":1}", "no JSON", NULL};
    static const char *const other[] = {
        "{\"CreationTime\":\"2024-04-29T15:06:40\",\"a\":1}",
        "{\"CreationTime\":\"2025-04-29T15:06:41\"}", NULL};
    uint64_t first;

    (void)state;
    assert_int_equal(times_listed(same, &first), 1);
    assert_int_equal(first, section_time_mark(SLICE("CreationTime")));
    assert_int_equal(times_listed(other, &first), 0);
}

static void a_random_record(struct buf *line, struct rng *rng)
{
    static const char *const VALUES[] = {"1", "22", "\"x\"", "\"yy\"", "null", "true", "[1,2]",
                                         "[{\"k\":1},{\"k\":\"z\"}]", "{\"q\":[]}", "\"\""};
    buf_clear(line);
    buf_add_byte(line, '{');
    for (uint32_t i = 0, n = rng_below(rng, 8); i < n; i++) {
        buf_add_format(line, "%s\"c%u\":", i == 0 ? "" : ",", rng_below(rng, 6));
        buf_add_text(line, VALUES[rng_below(rng, 10)]);
    }
    buf_add_byte(line, '}');
}

static void random_records_come_back(void **state)
{
    (void)state;
    struct rng rng = {7};
    struct buf line;
    buf_init(&line, MIB);
    for (int round = 0; round < 20; round++) {
        struct batch_maker m;
        struct trip t;
        batch_maker_init(&m, "T", 1);
        for (uint32_t i = 0, n = 1 + rng_below(&rng, 300); i < n; i++) {
            a_random_record(&line, &rng);
            batch_maker_add(&m, buf_slice(&line), (int64_t)rng_below(&rng, 1000));
        }
        trip_init(&t, &m, round % 2 == 0);
        trip_release(&t);
        batch_maker_release(&m);
    }
    buf_release(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nasty_records_come_back),
        cmocka_unit_test(fields_that_are_the_time_are_listed),
        cmocka_unit_test(random_records_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
