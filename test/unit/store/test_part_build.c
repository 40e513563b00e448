/* SPDX-License-Identifier: Apache-2.0 */
/* Parts give back the exact bytes of their records. */
#include "store/part_maker.h"

#include <zlib.h>

static const char *const NASTY[] = {
    "{}",
    " { } ",
    "\xEF\xBB\xBF{\"a\":1}",
    "{\"a\":[]}",
    "{\"a\":[ ]}",
    "{\"a\":[\n]}",
    "{\"a\":{}}",
    "{\"a\":{ }}",
    "{\"a\":[[],[[]],[[1],[2,3]],[ ]]}",
    "{\"a\":[1,\"1\",true,null,{},{\"x\":1},[],[1]]}",
    "{\"a\":[1, 2 ,3\t,\n4 ] , \"b\" : \"c\" }",
    "{\"a\":1.0e+5,\"b\":-0,\"c\":-0.0,\"d\":1E-7,\"e\":123456789012345678901234567890}",
    "{\"a\":\"\\\"quoted\\\" \\\\ \\u0041\\/\"}",
    "{\"\\u0061\":1,\"a\":2}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":{\"b\":1},\"a\":{\"b\":2,\"c\":3}}",
    "{\"a\":[1,2],\"a\":[3],\"a\":{\"x\":[4]}}",
    "{\"a.b\":1,\"a\":{\"b\":2},\"a[]\":3,\"a\\\\\":4}",
    "{\"\":1,\"a\":{\"\":{\"\":[{\"\":\"\"}]}}}",
    "{\"\xC3\xBC\":\"\xF0\x9F\x98\x80\",\"\xE2\x82\xAC\":{\"\xC3\xA9\":[\"\xC3\xA9\"]}}",
    "{\"x\":{\"y\":{\"z\":[{\"p\":[{\"q\":[1,{\"r\":2}]}]},{\"p\":[]}]}}}",
    "{\"x\":[[[[[[[[[[[[[[[[\"deep\"]]]]]]]]]]]]]]]]}",
    "not json",
    "[1,2,3]",
    "\"text\"",
    "",
    "{\"a\":\"\xFF\xFE\"}",
};

#define NASTY_COUNT (sizeof(NASTY) / sizeof(NASTY[0]))

static void nasty_records_render_exactly(void **state)
{
    (void)state;
    struct batch_maker m;
    batch_maker_init(&m, "T", 1);
    for (size_t i = 0; i < NASTY_COUNT; i++)
        batch_maker_add(&m, slice_of(NASTY[i]), (int64_t)(NASTY_COUNT - i));
    struct part *part = build_part(&m);
    assert_int_equal(part->row_count, NASTY_COUNT);
    check_part(part, &m, 1);
    part_unref(part);
    batch_maker_release(&m);
}

static void each_nasty_record_renders_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < NASTY_COUNT; i++) {
        struct batch_maker m;
        batch_maker_init(&m, "T", 1);
        batch_maker_add(&m, slice_of(NASTY[i]), 7);
        struct part *part = build_part(&m);
        check_part(part, &m, 1);
        part_unref(part);
        batch_maker_release(&m);
    }
}

static void rows_of_a_shape_are_in_order_of_time(void **state)
{
    (void)state;
    struct batch_maker m;
    batch_maker_init(&m, "T", 1);
    for (int i = 0; i < 100; i++)
        batch_maker_add(&m, i % 2 ? SLICE("{\"a\":1}") : SLICE("{\"b\":1}"), (i * 37) % 11);
    struct part *part = build_part(&m);
    assert_int_equal(part->root_shape_count, 2);
    for (uint32_t s = 0; s < 2; s++) {
        const struct shape *shape = &part->shapes[s];
        for (uint32_t i = 1; i < shape->row_count; i++) {
            uint32_t row = shape->row_begin + i;
            assert_true(part->event_times[row - 1] <= part->event_times[row]);
            if (part->event_times[row - 1] == part->event_times[row])
                assert_true(part->seqs[row - 1] < part->seqs[row]);
        }
    }
    part_unref(part);
    batch_maker_release(&m);
}

static void codes_take_the_fewest_bytes(void **state)
{
    static const struct {
        const char *path;
        enum code_width width;
    } cases[] = {{"same", CODE_ZERO}, {"few", CODE_BYTE}, {"all", CODE_HALF}, {"list", CODE_WIDE}};
    struct batch_maker m;

    (void)state;
    batch_maker_init(&m, "T", 1);
    for (int i = 0; i < 300; i++) {
        char text[100];
        (void)snprintf(text, sizeof(text), "{\"same\":1,\"few\":%d,\"all\":%d,\"list\":[%s]}",
                       i % 256, i, i % 2 == 0 ? "1" : "");
        batch_maker_add(&m, slice_of(text), i);
    }
    struct part *part = build_part(&m);
    check_part(part, &m, 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t path = 0;
        while (!slice_is(part->paths[path].path, cases[i].path) ||
               part->paths[path].value_count == 0)
            path++;
        assert_int_equal(part->paths[path].codes.width, cases[i].width);
    }
    part_unref(part);
    batch_maker_release(&m);
}

/* Each line of a sample file, gzip or plain, as a record. */
static bool check_file(const char *path)
{
    struct batch_maker m;
    gzFile file = gzopen(path, "rb");
    if (file == NULL)
        return false;
    size_t room = 8 * MIB;
    char *line = malloc(room);
    assert_non_null(line);
    batch_maker_init(&m, "T", 1);
    while (m.batch.record_count < 5000 && gzgets(file, line, (int)room) != NULL) {
        size_t size = strlen(line);
        batch_maker_add(&m, slice_from(line, size - (line[size - 1] == '\n')),
                        (int64_t)(m.next_seq * 7919 % 1000));
    }
    assert_int_equal(gzclose(file), Z_OK);
    struct part *part = build_part(&m);
    check_part(part, &m, 1);
    part_unref(part);
    batch_maker_release(&m);
    free(line);
    return true;
}

static void public_samples_render_exactly(void **state)
{
    (void)state;
    static const char *const NAMES[] = {
        "aws_cloudtrail.jsonl.gz",    "edge_cases.jsonl",
        "goldensaml_aad.jsonl.gz",    "goldensaml_defender.jsonl.gz",
        "goldensaml_office.jsonl.gz", "goldensaml_windows.jsonl.gz",
        "panther_tests.jsonl.gz",     "splunk_datasource_examples.jsonl.gz"};
    const char *shared = getenv("DAYBOOK_SHARED");
    char path[512];
    int skipped = 0;

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/data/%s", shared == NULL ? "../shared" : shared,
                       NAMES[i]);
        skipped += !check_file(path);
    }
    if (skipped > 0)
        (void)printf("SKIPPED (%d cases)\n", skipped);
}

/* One record that costs a part as much as it can, by its seed. */
static void add_hostile(struct batch_maker *m, struct rng *rng)
{
    static const char *const PIECES[] = {"[],", "{},", "0,", "[[0],[]],", "{\"a\":[{}]},"};
    uint32_t kind = rng_below(rng, 4), count = rng_below(rng, 400);
    struct buf text;

    buf_init(&text, RECORD_BYTES_MAX);
    buf_add_text(&text, "{");
    for (uint32_t i = 0; i < count && kind == 0; i++) /* each key a path of its own */
        buf_add_format(&text, "\"k%u\":%u,", rng_below(rng, 100000), i);
    if (kind == 1) /* distinct values */
        buf_add_text(&text, "\"d\":[");
    for (uint32_t i = 0; i < count && kind == 1; i++)
        buf_add_format(&text, "%u,", rng_below(rng, UINT32_MAX));
    if (kind == 2) /* many elements of few bytes */
        buf_add_text(&text, "\"e\":[");
    for (uint32_t i = 0; i < count && kind == 2; i++)
        buf_add_text(&text, PIECES[rng_below(rng, (uint32_t)(sizeof(PIECES) / sizeof(PIECES[0])))]);
    if (kind == 3) { /* a shape of its own, with long literals */
        for (uint32_t i = 0; i < count; i++)
            buf_add_byte(&text, rng_below(rng, 2) ? ' ' : '\t');
    }
    buf_add_text(&text, kind == 1 || kind == 2 ? "0]}" : "\"z\":0}");
    batch_maker_add(m, buf_slice(&text), 1);
    buf_release(&text);
}

static size_t raw_rows(const struct part *part)
{
    size_t count = 0;

    for (uint32_t s = 0; s < part->root_shape_count; s++)
        count += part->shapes[s].is_raw ? part->shapes[s].row_count : 0;
    return count;
}

/* Whatever is in a batch, and however little a part may hold: there is a part
 * with the exact bytes as soon as these have room. */
static void a_batch_that_passes_a_bound_is_kept_whole(void **state)
{
    (void)state;
    size_t whole = 0, cut = 0, refused = 0;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        struct rng rng = {seed};
        struct batch_maker m;
        size_t bytes = 0;
        batch_maker_init(&m, "T", 1);
        for (uint32_t n = 1 + rng_below(&rng, 300); n > 0; n--) {
            add_hostile(&m, &rng);
            bytes += m.records[m.batch.record_count - 1].raw.size;
        }
        size_t least = bytes + 150 * (size_t)m.batch.record_count + 8 * ARENA_BLOCK_BYTES;
        for (size_t memory = 1; memory <= 64 * MIB; memory = memory * 2 + memory / 3) {
            struct part *part = NULL;
            struct error err;
            enum status status = part_from_records_within(&m.batch, memory, &part, &err);
            if (status != STATUS_OK) {
                assert_int_equal(status, STATUS_LIMIT);
                if (memory >= least)
                    fail_msg("seed %d: %zu bytes for %zu: %s", (int)seed, memory, bytes, err.text);
                refused++;
                continue;
            }
            check_part(part, &m, 1);
            whole += raw_rows(part) == part->row_count;
            cut += raw_rows(part) < part->row_count;
            part_unref(part);
        }
        batch_maker_release(&m);
    }
    assert_true(whole > 0 && cut > 0 && refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nasty_records_render_exactly),
        cmocka_unit_test(each_nasty_record_renders_alone),
        cmocka_unit_test(rows_of_a_shape_are_in_order_of_time),
        cmocka_unit_test(a_batch_that_passes_a_bound_is_kept_whole),
        cmocka_unit_test(codes_take_the_fewest_bytes),
        cmocka_unit_test(public_samples_render_exactly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
