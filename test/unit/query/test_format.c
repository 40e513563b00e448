/* SPDX-License-Identifier: Apache-2.0 */
/* Values as JSON and as text; what an answer covers. */
#include "mixed.h"

#include <math.h>

/* The third row of a column of one value. */
static void is_written_as_cell(const struct value *v, const char *json)
{
    struct arena *arena = arena_new(MIB);
    struct vector column;
    struct error err;
    struct buf buf;

    buf_init(&buf, MIB);
    assert_int_equal(vector_const(arena, v, 5, &column, &err), STATUS_OK);
    query_add_cell(&buf, &column, 2);
    if (!slice_is(buf_slice(&buf), json))
        fail_msg("%.*s, wanted %s", SLICE_FMT(buf_slice(&buf)), json);
    buf_release(&buf);
    arena_free(arena);
}

static void is_written(struct value v, const char *json, const char *text)
{
    struct buf buf;

    buf_init(&buf, MIB);
    query_add_json(&buf, &v);
    if (!slice_is(buf_slice(&buf), json))
        fail_msg("%.*s, wanted %s", SLICE_FMT(buf_slice(&buf)), json);
    is_written_as_cell(&v, json);
    buf_clear(&buf);
    query_add_text(&buf, &v);
    if (!slice_is(buf_slice(&buf), text))
        fail_msg("%.*s, wanted %s", SLICE_FMT(buf_slice(&buf)), text);
    buf_release(&buf);
}

static struct value real(double number)
{
    return (struct value){.type = TYPE_REAL, .real = number};
}

static struct value bytes(enum type type, const char *text)
{
    return (struct value){.type = type, .bytes = slice_of(text)};
}

static void values_are_written(void **state)
{
    (void)state;
    is_written((struct value){.type = TYPE_BOOL, .boolean = true}, "true", "true");
    is_written((struct value){.type = TYPE_LONG, .integer = INT64_MIN}, "-9223372036854775808",
               "-9223372036854775808");
    is_written((struct value){.type = TYPE_INT, .integer = -7}, "-7", "-7");
    is_written((struct value){.type = TYPE_DATETIME, .integer = TICKS_UNIX_EPOCH + 1},
               "\"1970-01-01T00:00:00.0000001Z\"", "1970-01-01T00:00:00.0000001Z");
    is_written((struct value){.type = TYPE_TIMESPAN, .integer = -TICKS_PER_DAY - 1},
               "\"-1.00:00:00.0000001\"", "-1.00:00:00.0000001");
    is_written(mixed_value(TYPE_GUID, 1), "\"11111111-1111-1111-1111-111111111111\"",
               "11111111-1111-1111-1111-111111111111");
    is_written(bytes(TYPE_DECIMAL, "1.50"), "\"1.50\"", "1.50");
    is_written(bytes(TYPE_STRING, "a\"\n\\\x01"), "\"a\\\"\\n\\\\\\u0001\"", "a\"\n\\\x01");
    is_written(bytes(TYPE_DYNAMIC, "{\"a\":1}"), "{\"a\":1}", "{\"a\":1}");
    is_written(bytes(TYPE_DYNAMIC, "null"), "null", "");
}

/* As few digits as say the same number. */
static void reals_are_written_short(void **state)
{
    (void)state;
    is_written(real(1), "1", "1");
    is_written(real(-0.1), "-0.1", "-0.1");
    is_written(real(0.1 + 0.2), "0.30000000000000004", "0.30000000000000004");
    is_written(real(1e300), "1e+300", "1e+300");
    is_written(real(5e-324), "4.94065645841247e-324", "4.94065645841247e-324");
    is_written(real(NAN), "\"NaN\"", "NaN");
    is_written(real(INFINITY), "\"Infinity\"", "Infinity");
    is_written(real(-INFINITY), "\"-Infinity\"", "-Infinity");
}

static void nulls_are_written(void **state)
{
    (void)state;
    for (uint32_t t = 0; t < TYPE_COUNT_; t++)
        is_written((struct value){.type = (enum type)t, .is_null = true},
                   t == TYPE_STRING ? "\"\"" : "null", "");
}

static void covers(const struct query_stats *stats, const char *wanted)
{
    struct buf buf;

    buf_init(&buf, MIB);
    query_add_coverage(&buf, stats);
    if (!slice_is(buf_slice(&buf), wanted))
        fail_msg("%.*s\n  wanted %s", SLICE_FMT(buf_slice(&buf)), wanted);
    buf_release(&buf);
}

static void coverage_is_written(void **state)
{
    struct query_stats stats = {.scan = {.complete = true, .watermark = 3, .rows_scanned = 4,
                                         .parts_scanned = 2, .parts_skipped = 1,
                                         .bytes_read = 77, .time_low = TICKS_UNIX_EPOCH,
                                         .time_high = TICKS_UNIX_EPOCH + TICKS_PER_DAY}};

    (void)state;
    covers(&stats, ",\"complete\":true,\"watermark\":3,\"scanned\":{\"rows\":4,\"parts\":2,"
                   "\"parts_skipped\":1,\"bytes\":77,\"from\":\"1970-01-01T00:00:00.0000000Z\","
                   "\"to\":\"1970-01-02T00:00:00.0000000Z\"}");
    stats.scan.complete = false;
    (void)snprintf(stats.scan.gap, sizeof(stats.scan.gap), "part \"x\" is lost");
    stats.scan.time_low = 1;
    stats.scan.time_high = 0;
    stats.scan.gap_code = SCAN_RECORDS_LOST;
    covers(&stats, ",\"complete\":false,\"gap\":\"part \\\"x\\\" is lost\","
                   "\"gap_code\":\"records_lost\",\"watermark\":3,\"scanned\":{\"rows\":4,"
                   "\"parts\":2,\"parts_skipped\":1,\"bytes\":77}");
}

ASK_MAIN(cmocka_unit_test(values_are_written),
         cmocka_unit_test(reals_are_written_short),
         cmocka_unit_test(nulls_are_written),
         cmocka_unit_test(coverage_is_written))
