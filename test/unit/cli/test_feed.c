/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "cli/feed.h"
#include "codec/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Records whose strings look like structure. */
static const char *const records[] = {
    "{\"a\":1}",
    "{\"a\":[1,[2,{\"b\":[]}]],\"c\":{}}",
    "{\"s\":\"],[{}\\\"]\",\"t\":\"\\\\\"}",
    "{ \"sp\" : [ 1 , 2 ] , \"u\" : \"\\u005d,\xC3\xA9\" }",
    "{\"e\":\"\\\\\\\"},{\"}",
    "{}",
};

#define RECORD_COUNT (sizeof(records) / sizeof(records[0]))

static struct error err;
static uint64_t seed = 1;

static uint32_t random_below(uint32_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % limit;
}

/* Every record of a body, a NUL behind each. */
static void add_records(struct slice body, bool is_array, struct buf *ret)
{
    struct json_tape tape;

    if (!is_array) {
        for (size_t at = 0; at < body.size;) {
            size_t end = slice_find_byte(body, '\n', at);
            if (end == SIZE_MAX)
                end = body.size;
            struct slice line = slice_trim(slice_from(body.data + at, end - at));
            if (line.size > 0) {
                buf_add_slice(ret, line);
                buf_add_byte(ret, '\0');
            }
            at = end + 1;
        }
        return;
    }
    json_tape_init(&tape);
    assert_int_equal(json_parse(body, JSON_DEPTH_MAX, &tape), JSON_OK);
    assert_int_equal(tape.tokens[0].kind, JSON_ARRAY);
    for (uint32_t i = 1; i < tape.tokens[0].next; i = tape.tokens[i].next) {
        buf_add_slice(ret, json_text(body, &tape.tokens[i]));
        buf_add_byte(ret, '\0');
    }
    json_tape_release(&tape);
}

struct outcome {
    struct buf records;
    unsigned bodies;
    size_t largest;
};

static void take(struct feed *feed, enum feed_part part, struct outcome *out)
{
    struct slice body;

    while (feed_body(feed, part, &body)) {
        out->bodies++;
        out->largest = body.size > out->largest ? body.size : out->largest;
        add_records(body, feed->is_array, &out->records);
        feed_taken(feed);
    }
}

/* Feeds `text` in chunks of 1 to `chunk` bytes. */
static void run(struct slice text, uint32_t chunk, struct outcome *out)
{
    struct feed feed;

    buf_init(&out->records, GIB);
    out->bodies = 0;
    out->largest = 0;
    feed_init(&feed);
    for (size_t at = 0; at < text.size;) {
        size_t size = 1 + random_below(chunk);
        if (size > text.size - at)
            size = text.size - at;
        ASSERT_OK(feed_add(&feed, slice_from(text.data + at, size), &err));
        take(&feed, FEED_FULL, out);
        at += size;
    }
    take(&feed, FEED_ALL, out);
    feed_release(&feed);
}

static void make(bool is_array, unsigned count, struct buf *text, struct buf *wanted)
{
    static const char *const between[] = {",", " , ", ",\n", "\n,\t"};
    static const char *const lines[] = {"\n", "\r\n", "\n\n", " \n"};

    buf_init(text, GIB);
    buf_init(wanted, GIB);
    if (is_array)
        buf_add_text(text, random_below(2) == 0 ? "[" : "\xEF\xBB\xBF \n[ ");
    for (unsigned i = 0; i < count; i++) {
        const char *record = records[random_below(RECORD_COUNT)];
        if (is_array && i > 0)
            buf_add_text(text, between[random_below(4)]);
        buf_add_text(text, record);
        if (!is_array && (i + 1 < count || random_below(2) == 0))
            buf_add_text(text, lines[random_below(4)]);
        buf_add_text(wanted, record);
        buf_add_byte(wanted, '\0');
    }
    if (is_array)
        buf_add_text(text, random_below(2) == 0 ? "]" : " ]\n");
}

static void prove(bool is_array, unsigned count, uint32_t chunk)
{
    struct buf text, wanted;
    struct outcome out;

    make(is_array, count, &text, &wanted);
    run(buf_slice(&text), chunk, &out);
    if (!slice_equal(buf_slice(&out.records), buf_slice(&wanted)))
        fail_msg("%s of %u records in chunks of %u: not the same", is_array ? "array" : "lines",
                 count, chunk);
    buf_release(&text);
    buf_release(&wanted);
    buf_release(&out.records);
}

static void any_cut_of_the_bytes_gives_the_same_records(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        unsigned count = random_below(12);
        prove(true, count, 1 + random_below(20));
        prove(false, count, 1 + random_below(20));
    }
}

static void many_records_come_in_bodies_of_at_most_the_limit(void **state)
{
    (void)state;
    static const unsigned counts[] = {FEED_RECORDS_MAX - 1, FEED_RECORDS_MAX,
                                      FEED_RECORDS_MAX + 1, 2 * FEED_RECORDS_MAX,
                                      3 * FEED_RECORDS_MAX + 17};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        prove(true, counts[i], 1);
        prove(false, counts[i], 1);
        prove(true, counts[i], 1000000);
        prove(false, counts[i], 1000000);
        prove(true, counts[i], 777);
        prove(false, counts[i], 777);
    }
}

static void large_records_are_cut_behind_the_size(void **state)
{
    struct buf text;
    struct outcome out;

    (void)state;
    for (int is_array = 0; is_array < 2; is_array++) {
        buf_init(&text, GIB);
        buf_add_text(&text, is_array != 0 ? "[" : "");
        for (int i = 0; i < 12; i++) {
            buf_add_text(&text, i == 0 ? "" : is_array != 0 ? "," : "\n");
            buf_add_text(&text, "{\"x\":\"");
            for (int k = 0; k < 1000000; k++)
                buf_add_byte(&text, '}');
            buf_add_text(&text, "\"}");
        }
        buf_add_text(&text, is_array != 0 ? "]" : "");
        run(buf_slice(&text), 256 * 1024, &out);
        assert_int_equal(out.bodies, 3);
        assert_true(out.largest < FEED_BODY_BYTES + 2000000);
        assert_int_equal(out.records.size, 12 * (1000000 + 9));
        buf_release(&text);
        buf_release(&out.records);
    }
}

static void nothing_and_blanks_make_no_request(void **state)
{
    static const char *const texts[] = {"", " \n\r\n", "[", " [ "};
    struct outcome out;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        run(slice_of(texts[i]), 1, &out);
        assert_int_equal(out.bodies, 0);
        buf_release(&out.records);
    }
}

static void a_broken_array_is_sent_as_it_is(void **state)
{
    static const char text[] = "[{\"a\":1},{\"b\":";
    struct feed feed;
    struct slice body;

    (void)state;
    feed_init(&feed);
    ASSERT_OK(feed_add(&feed, slice_of(text), &err));
    assert_false(feed_body(&feed, FEED_FULL, &body));
    assert_true(feed_body(&feed, FEED_ALL, &body));
    assert_true(slice_is(body, text));
    feed_taken(&feed);
    assert_false(feed_body(&feed, FEED_ALL, &body));
    assert_true(feed_is_cut(&feed));
    feed_release(&feed);
}

/* It is sent with the end of the array, and told. */
static void what_is_behind_an_array_is_noticed(void **state)
{
    static const char *const texts[] = {"[{\"a\":1}] \n\n", "[{\"a\":1}]\n[{\"a\":2}]", "[1,2]x",
                                        "[]]", "[{\"a\":\"]x\"}]"};
    static const bool has_rest[] = {false, true, true, true, false};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct slice text = slice_of(texts[i]), body;
        for (size_t cut = 1; cut < text.size; cut++) {
            struct feed feed;
            feed_init(&feed);
            ASSERT_OK(feed_add(&feed, slice_head(text, cut), &err));
            assert_false(feed_body(&feed, FEED_FULL, &body));
            ASSERT_OK(feed_add(&feed, slice_tail(text, cut), &err));
            assert_true(feed_body(&feed, FEED_ALL, &body));
            assert_true(slice_equal(body, text));
            feed_taken(&feed);
            assert_int_equal(feed_has_rest(&feed), has_rest[i]);
            feed_release(&feed);
        }
    }
}

/* Who follows a file sends what is whole at each look: the records are the same, and none is
 * sent by halves. */
static void whole_records_can_be_taken_at_any_time(void **state)
{
    static const char *const texts[] = {
        "{\"a\":1}\n{\"b\":2}\n{\"c\":",
        "[{\"a\":1} ,{\"b\":[2,3]}, {\"c\":",
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct outcome out = {0};
        struct slice text = slice_of(texts[i]);
        struct feed feed;
        buf_init(&out.records, MIB);
        feed_init(&feed);
        for (size_t at = 0; at < text.size; at++) {
            ASSERT_OK(feed_add(&feed, slice_from(text.data + at, 1), &err));
            take(&feed, FEED_WHOLE, &out);
        }
        assert_int_equal(out.bodies, 2);
        const struct slice wanted[] = {SLICE("{\"a\":1}\0{\"b\":2}\0"),
                                       SLICE("{\"a\":1}\0{\"b\":[2,3]}\0")};
        assert_true(slice_equal(buf_slice(&out.records), wanted[i]));
        assert_int_not_equal(slice_trim(buf_slice(&feed.body)).size, 0);
        if (i == 1) { /* and the end of an array is the end of its last element */
            ASSERT_OK(feed_add(&feed, SLICE("3}]"), &err));
            take(&feed, FEED_WHOLE, &out);
            assert_int_equal(out.bodies, 3);
            assert_false(feed_is_cut(&feed));
        }
        feed_release(&feed);
        buf_release(&out.records);
    }
}

static void a_record_without_end_is_refused(void **state)
{
    char *chunk = malloc(16 * MIB);
    struct feed feed;
    enum status status = STATUS_OK;

    (void)state;
    assert_non_null(chunk);
    memset(chunk, 'x', 16 * MIB);
    feed_init(&feed);
    for (int i = 0; i < 9 && status == STATUS_OK; i++)
        status = feed_add(&feed, slice_from(chunk, 16 * MIB), &err);
    ASSERT_STATUS(STATUS_LIMIT, status);
    feed_release(&feed);
    free(chunk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_cut_of_the_bytes_gives_the_same_records),
        cmocka_unit_test(many_records_come_in_bodies_of_at_most_the_limit),
        cmocka_unit_test(large_records_are_cut_behind_the_size),
        cmocka_unit_test(nothing_and_blanks_make_no_request),
        cmocka_unit_test(a_broken_array_is_sent_as_it_is),
        cmocka_unit_test(what_is_behind_an_array_is_noticed),
        cmocka_unit_test(whole_records_can_be_taken_at_any_time),
        cmocka_unit_test(a_record_without_end_is_refused),
    };

    return RUN_TESTS(tests);
}
