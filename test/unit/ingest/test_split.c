/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/split_priv.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

struct fixture {
    struct arena *arena;
    struct split split;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->arena = arena_new(512 * MIB);
    split_init(&f->split, f->arena);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    split_release(&f->split);
    arena_free(f->arena);
    free(f);
    return 0;
}

/* `some` records at a time. */
static enum status cut_all(struct fixture *f, struct slice body, enum ingest_format format,
                           uint32_t some, struct error *err)
{
    enum status status = STATUS_OK;

    f->split.count = 0;
    split_begin(&f->split, body, format);
    while (status == STATUS_OK && f->split.state != SPLIT_DONE) {
        uint32_t count = f->split.count;
        status = split_some(&f->split, some, err);
        if (status == STATUS_OK && f->split.state != SPLIT_DONE)
            assert_int_equal(f->split.count, count + some);
    }
    return status;
}

static void cut(struct fixture *f, struct slice body, enum ingest_format format)
{
    struct error err;

    if (cut_all(f, body, format, 2, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

/* "" = a good record. */
static void expect(struct fixture *f, uint32_t index, const char *raw, enum quarantine reason)
{
    assert_in_range(index, 0, f->split.count - 1);
    const struct record *r = &f->split.records[index];
    if (!slice_is(r->raw, raw))
        fail_msg("record %u is '%.*s', not '%s'", index, SLICE_FMT(r->raw), raw);
    assert_ptr_equal(r->quarantine_reason, quarantine_text(reason));
    assert_int_equal(r->flags, reason == QUARANTINE_NONE ? 0 : RECORD_QUARANTINED);
    assert_int_equal(r->tokens != NULL, reason == QUARANTINE_NONE);
}

static void lines_lose_their_ends_and_blank_ones_are_skipped(void **state)
{
    struct fixture *f = *state;

    cut(f, SLICE("{\"a\":1}\r\n\n \t\r\n {\"b\":2} \n{}"), INGEST_FORMAT_AUTO);
    assert_int_equal(f->split.count, 3);
    expect(f, 0, "{\"a\":1}", QUARANTINE_NONE);
    expect(f, 1, " {\"b\":2} ", QUARANTINE_NONE);
    expect(f, 2, "{}", QUARANTINE_NONE);
}

static void a_bom_is_kept_in_raw_and_skipped_by_the_parser(void **state)
{
    struct fixture *f = *state;

    cut(f, SLICE("\xEF\xBB\xBF{\"a\":1}\n\xEF\xBB\xBF\n"), INGEST_FORMAT_AUTO);
    assert_int_equal(f->split.count, 1);
    expect(f, 0, "\xEF\xBB\xBF{\"a\":1}", QUARANTINE_NONE);
    cut(f, SLICE("\xEF\xBB\xBF [{\"a\":1}]"), INGEST_FORMAT_AUTO);
    assert_int_equal(f->split.count, 1);
    expect(f, 0, "{\"a\":1}", QUARANTINE_NONE);
}

static void what_is_no_object_is_quarantined(void **state)
{
    struct fixture *f = *state;

    cut(f, SLICE("null\n\"t\"\n123\n[]\n{\n{}x\n{\"a\":NaN}\n\xff{}\n"), INGEST_FORMAT_NDJSON);
    assert_int_equal(f->split.count, 8);
    expect(f, 0, "null", QUARANTINE_NOT_OBJECT);
    expect(f, 1, "\"t\"", QUARANTINE_NOT_OBJECT);
    expect(f, 2, "123", QUARANTINE_NOT_OBJECT);
    expect(f, 3, "[]", QUARANTINE_NOT_OBJECT);
    expect(f, 4, "{", QUARANTINE_NOT_JSON);
    expect(f, 5, "{}x", QUARANTINE_TRAILING);
    expect(f, 6, "{\"a\":NaN}", QUARANTINE_NOT_JSON);
    expect(f, 7, "\xff{}", QUARANTINE_NOT_UTF8);
}

static void an_element_is_its_value_from_first_to_last_byte(void **state)
{
    struct fixture *f = *state;

    cut(f, SLICE(" [ {\"a\" : [1,{}]} ,\n{\"b\":\"],}\"}\t, 7,\"x\" ] \n"), INGEST_FORMAT_AUTO);
    assert_int_equal(f->split.count, 4);
    expect(f, 0, "{\"a\" : [1,{}]}", QUARANTINE_NONE);
    expect(f, 1, "{\"b\":\"],}\"}", QUARANTINE_NONE);
    expect(f, 2, "7", QUARANTINE_NOT_OBJECT);
    expect(f, 3, "\"x\"", QUARANTINE_NOT_OBJECT);
    cut(f, SLICE("[]"), INGEST_FORMAT_AUTO);
    assert_int_equal(f->split.count, 0);
}

static void a_broken_array_keeps_what_is_before_the_break(void **state)
{
    static const struct {
        const char *body, *rest;
    } cases[] = {
        {"[{\"a\":1},{\"b\":NaN},{\"c\":1}]", "{\"b\":NaN},{\"c\":1}]"},
        {"[{\"a\":1},{\"b\":", "{\"b\":"},
        {"[{\"a\":1},{\"b\":1} {\"c\":1}]", "{\"b\":1} {\"c\":1}]"},
        {"[{\"a\":1},]", "]"},
        {"[{\"a\":1} , ", ","},
        {"[{\"a\":1}] trailing ", "trailing"},
        {"[{\"a\":1},{\"b\":\"\x01\"}]", "{\"b\":\"\x01\"}]"},
        {"[{\"a\":1},\xEF\xBB\xBF{\"b\":1}]", "\xEF\xBB\xBF{\"b\":1}]"},
        {"[{\"a\":1},{\"b\":1", "{\"b\":1"},
        {"[{\"a\":1},x,\"\xff\"]", "x,\"\xff\"]"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cut(f, slice_of(cases[i].body), INGEST_FORMAT_AUTO);
        assert_int_equal(f->split.count, 2);
        expect(f, 0, "{\"a\":1}", QUARANTINE_NONE);
        expect(f, 1, cases[i].rest, QUARANTINE_ARRAY_REST);
    }
    cut(f, SLICE("[{\"a\":1}"), INGEST_FORMAT_AUTO); /* nothing is left to keep */
    assert_int_equal(f->split.count, 1);
    cut(f, SLICE("{\"a\":1}"), INGEST_FORMAT_ARRAY);
    assert_int_equal(f->split.count, 1);
    expect(f, 0, "{\"a\":1}", QUARANTINE_ARRAY_REST);
    cut(f, SLICE(" [ \n"), INGEST_FORMAT_AUTO);
    assert_int_equal(f->split.count, 1);
    expect(f, 0, "[", QUARANTINE_ARRAY_REST);
}

static void a_bad_element_does_not_break_the_array(void **state)
{
    struct fixture *f = *state;
    char deep[256] = "[{\"a\":\"\xff\"},";
    size_t at = strlen(deep);

    memset(deep + at, '[', 65);
    memset(deep + at + 65, ']', 65);
    memcpy(deep + at + 130, ",{\"c\":1}]", 10);
    cut(f, slice_of(deep), INGEST_FORMAT_AUTO);
    assert_int_equal(f->split.count, 3);
    expect(f, 0, "{\"a\":\"\xff\"}", QUARANTINE_NOT_UTF8);
    assert_int_equal(f->split.records[1].raw.size, 130);
    assert_ptr_equal(f->split.records[1].quarantine_reason, quarantine_text(QUARANTINE_TOO_DEEP));
    expect(f, 2, "{\"c\":1}", QUARANTINE_NONE);
}

static char *make_large(size_t size, const char *before, const char *after)
{
    size_t before_size = strlen(before), after_size = strlen(after);
    char *body = malloc(before_size + size + after_size + 1);

    memcpy(body, before, before_size);
    memset(body + before_size, 'x', size);
    memcpy(body + before_size, "{\"v\":\"", 6);
    memcpy(body + before_size + size - 2, "\"}", 2);
    memcpy(body + before_size + size, after, after_size + 1);
    return body;
}

static void records_up_to_a_mebibyte_pass(void **state)
{
    struct fixture *f = *state;

    for (size_t more = 0; more < 2; more++) {
        enum quarantine reason = more == 0 ? QUARANTINE_NONE : QUARANTINE_TOO_LARGE;
        char *lines = make_large(RECORD_BYTES_MAX + more, "{}\n", "\n{}");
        cut(f, slice_of(lines), INGEST_FORMAT_AUTO);
        assert_int_equal(f->split.count, 3);
        assert_int_equal(f->split.records[1].raw.size, RECORD_BYTES_MAX + more);
        assert_ptr_equal(f->split.records[1].quarantine_reason, quarantine_text(reason));
        free(lines);
        char *array = make_large(RECORD_BYTES_MAX + more, "[{},", ",{}]");
        cut(f, slice_of(array), INGEST_FORMAT_AUTO);
        assert_int_equal(f->split.count, 3);
        assert_int_equal(f->split.records[1].raw.size, RECORD_BYTES_MAX + more);
        assert_ptr_equal(f->split.records[1].quarantine_reason, quarantine_text(reason));
        expect(f, 2, "{}", QUARANTINE_NONE);
        free(array);
    }
}

static void depth_64_passes_and_65_does_not(void **state)
{
    struct fixture *f = *state;
    char line[256];

    for (size_t depth = 63; depth <= 64; depth++) {
        (void)snprintf(line, sizeof(line), "{\"a\":");
        memset(line + 5, '[', depth);
        memset(line + 5 + depth, ']', depth);
        memcpy(line + 5 + 2 * depth, "}", 2);
        cut(f, slice_of(line), INGEST_FORMAT_NDJSON);
        expect(f, 0, line, depth == 63 ? QUARANTINE_NONE : QUARANTINE_TOO_DEEP);
    }
}

static void too_many_records_are_refused(void **state)
{
    struct fixture *f = *state;
    size_t size = ((size_t)REQUEST_RECORDS_MAX + 1) * 3;
    char *body = malloc(size);
    struct error err;

    for (size_t i = 0; i < size; i += 3)
        memcpy(body + i, "{}\n", 3);
    cut(f, slice_from(body, size - 3), INGEST_FORMAT_AUTO);
    assert_int_equal(f->split.count, REQUEST_RECORDS_MAX);
    assert_int_equal(cut_all(f, slice_from(body, size), INGEST_FORMAT_AUTO, 32, &err),
                     STATUS_LIMIT);
    free(body);
}

static void tokens_beyond_the_bound_are_not_kept(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct json_tape tape;

    struct slice body = SLICE("{}\n{\"a\":1}");

    f->split.token_bytes = split_token_bytes_max(body.size) - sizeof(struct json_token);
    cut(f, body, INGEST_FORMAT_AUTO);
    assert_non_null(f->split.records[0].tokens);
    assert_null(f->split.records[1].tokens);
    assert_int_equal(f->split.records[1].token_count, 3);
    json_tape_init(&tape);
    assert_int_equal(split_parse(&f->split.records[1], &tape, f->arena, &err), STATUS_OK);
    assert_int_equal(f->split.records[1].tokens[2].kind, JSON_NUMBER);
    struct record bad = {.raw = SLICE("[]")};
    assert_int_equal(split_parse(&bad, &tape, f->arena, &err), STATUS_CORRUPT);
    json_tape_release(&tape);
    assert_int_equal(split_token_bytes_max(REQUEST_BODY_BYTES_MAX), REQUEST_TOKEN_BYTES_MAX);
}

/* Of the shortest values they would take eight times the body, for as long as the log takes. */
static void tokens_are_bounded_by_the_body(void **state)
{
    enum { RECORDS = 16, VALUES = 32 * 1024 };
    struct fixture *f = *state;
    struct buf body;
    size_t kept = 0;

    buf_init(&body, 2 * MIB);
    for (int r = 0; r < RECORDS; r++) {
        buf_add_text(&body, "{\"a\":[0");
        for (int v = 1; v < VALUES; v++)
            buf_add_text(&body, ",0");
        buf_add_text(&body, "]}\n");
    }
    cut(f, buf_slice(&body), INGEST_FORMAT_AUTO);
    assert_int_equal(f->split.count, RECORDS);
    for (uint32_t r = 0; r < RECORDS; r++) {
        assert_true(f->split.records[r].token_count > VALUES);
        if (f->split.records[r].tokens != NULL)
            kept += f->split.records[r].token_count * sizeof(struct json_token);
    }
    assert_in_range(kept, 3 * body.size, 5 * body.size);
    buf_release(&body);
}

static void reasons_have_stable_numbers(void **state)
{
    (void)state;
    assert_null(quarantine_text(QUARANTINE_NONE));
    for (int i = 1; i < QUARANTINE_COUNT_; i++)
        assert_int_equal(quarantine_from_text(quarantine_text((enum quarantine)i)), i);
    assert_int_equal(QUARANTINE_TOO_LARGE, 1);
    assert_int_equal(QUARANTINE_ARRAY_REST, 7);
}

/* Each sample of malformed_lines.json, as a line. */
static void the_malformed_samples_are_judged(void **state)
{
    static const enum quarantine expected[] = {
        QUARANTINE_COUNT_, /* blank: skipped */
        QUARANTINE_NOT_JSON, QUARANTINE_NOT_OBJECT, QUARANTINE_NOT_OBJECT, QUARANTINE_NOT_OBJECT,
        QUARANTINE_NOT_OBJECT, QUARANTINE_TRAILING, QUARANTINE_NONE, QUARANTINE_NOT_JSON,
        QUARANTINE_NONE, QUARANTINE_NONE, QUARANTINE_TOO_DEEP};
    const char *shared = getenv("DAYBOOK_SHARED");
    struct fixture *f = *state;
    struct json_tape tape;
    struct buf line, body;
    char path[512];
    uint32_t index = 0;

    (void)snprintf(path, sizeof(path), "%s/data/malformed_lines.json",
                   shared == NULL ? "../shared" : shared);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        printf("SKIPPED (12 cases)\n");
        skip();
    }
    buf_init(&body, MIB);
    buf_init(&line, MIB);
    char *at = buf_extend(&body, 64 * KIB);
    body.size = fread(at, 1, 64 * KIB, file);
    (void)fclose(file);
    json_tape_init(&tape);
    assert_int_equal(json_parse(buf_slice(&body), 4, &tape), JSON_OK);
    for (uint32_t i = 1; i < tape.tokens[0].next; i = tape.tokens[i].next, index++) {
        buf_clear(&line);
        json_unescape(json_text(buf_slice(&body), &tape.tokens[i]), &line);
        assert_in_range(index, 0, 11);
        cut(f, buf_slice(&line), INGEST_FORMAT_NDJSON);
        assert_int_equal(f->split.count, expected[index] == QUARANTINE_COUNT_ ? 0 : 1);
        if (f->split.count == 1)
            assert_ptr_equal(f->split.records[0].quarantine_reason,
                             quarantine_text(expected[index]));
    }
    assert_int_equal(index, 12);
    json_tape_release(&tape);
    buf_release(&body);
    buf_release(&line);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(lines_lose_their_ends_and_blank_ones_are_skipped),
        TEST(a_bom_is_kept_in_raw_and_skipped_by_the_parser),
        TEST(what_is_no_object_is_quarantined),
        TEST(an_element_is_its_value_from_first_to_last_byte),
        TEST(a_broken_array_keeps_what_is_before_the_break),
        TEST(a_bad_element_does_not_break_the_array),
        TEST(records_up_to_a_mebibyte_pass),
        TEST(depth_64_passes_and_65_does_not),
        TEST(too_many_records_are_refused),
        TEST(tokens_beyond_the_bound_are_not_kept),
        TEST(tokens_are_bounded_by_the_body),
        TEST(reasons_have_stable_numbers),
        TEST(the_malformed_samples_are_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
