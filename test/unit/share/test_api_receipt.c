/* SPDX-License-Identifier: Apache-2.0 */
/* Does the log keep what its receipts promise? */
#include "fixture.h"

#include "base/text.h"

static struct error err;

static void receipts_are_kept(void **state)
{
    struct fixture *f = *state;
    struct slice first = fixture_put(f), second = fixture_put(f);
    struct buf body;

    buf_init(&body, MIB);
    buf_add_slice(&body, first);
    buf_add_slice(&body, second);
    ASSERT_OK(fixture_ask_receipts(f, buf_slice(&body), &err));
    ASSERT_SAYS(f, "{\"tenant\":\"alpha\",\"ok\":true,\"kind\":\"receipt\",\"leaf\":0,"
                   "\"seq_first\":1,\"seq_last\":4,");
    ASSERT_SAYS(f, "\"ok\":true,\"kind\":\"receipt\",\"leaf\":1,");
    buf_clear(&body);
    for (int i = 0; i < 2; i++) { /* as they stand in answers, with a blank line between */
        buf_add_text(&body, "{\"records\":8,\"receipt\":");
        struct buf notes;
        buf_init(&notes, MIB);
        buf_add_slice(&notes, first);
        buf_add_byte(&notes, '\n');
        buf_add_slice(&notes, second);
        text_add_json_string(&body, buf_slice(&notes));
        buf_add_text(&body, "}\n\n");
        buf_release(&notes);
    }
    ASSERT_OK(fixture_ask_receipts(f, buf_slice(&body), &err));
    int lines = 0;
    for (const char *at = f->answer.data; (at = strstr(at, "\"ok\":true")) != NULL; at++)
        lines++;
    assert_int_equal(lines, 4);
    assert_null(strstr(f->answer.data, "\"ok\":false"));
    buf_release(&body);
}

static void what_is_no_receipt_is_refused_or_found(void **state)
{
    struct fixture *f = *state;
    struct slice note = fixture_put(f);
    char *text = slice_dup(note);

    ASSERT_STATUS(STATUS_INVALID, fixture_ask_receipts(f, SLICE(" \n"), &err));
    ASSERT_STATUS(STATUS_INVALID, fixture_ask_receipts(f, SLICE("{\"receipt\":7}"), &err));
    ASSERT_STATUS(STATUS_INVALID, fixture_ask_receipts(f, SLICE("{\"a\":"), &err));
    ASSERT_OK(fixture_ask_receipts(f, SLICE("audit-receipt/v1\nelsewhere/tlog/00\nleaf 1\n"),
                                   &err));
    ASSERT_SAYS(f, "{\"tenant\":\"\",\"ok\":false,\"kind\":\"receipt\",\"leaf\":null,");
    ASSERT_SAYS(f, "not a receipt of a log that may be read here");
    char *leaf = strstr(text, "leaf 0");
    assert_non_null(leaf);
    leaf[5] = '1';
    ASSERT_OK(fixture_ask_receipts(f, slice_of(text), &err));
    ASSERT_SAYS(f, "\"ok\":false");
    ASSERT_SAYS(f, "receipt signature is wrong");
    free(text);
}

/* No line would look like all is there. */
static void an_answer_without_a_receipt_is_not_passed_over(void **state)
{
    struct fixture *f = *state;
    struct buf body;

    buf_init(&body, MIB);
    ASSERT_OK(fixture_ask_receipts(f, SLICE("{\"count\":4,\"receipt\":\"\"}"), &err));
    ASSERT_SAYS(f, "{\"tenant\":\"\",\"ok\":false,\"kind\":\"unsigned\",\"leaf\":null,");
    ASSERT_SAYS(f, "no receipt came for 4 of the 4 records");
    ASSERT_OK(fixture_ask_receipts(f, SLICE("{\"count\":0,\"receipt\":\"\"}"), &err));
    assert_int_equal(f->answer.size, 1); /* duplicates */
    for (uint32_t count = 4; count <= 9; count += 5) {
        buf_clear(&body);
        buf_add_format(&body, "{\"count\":%u,\"receipt\":", count);
        text_add_json_string(&body, fixture_put(f));
        buf_add_text(&body, "}\n");
        ASSERT_OK(fixture_ask_receipts(f, buf_slice(&body), &err));
        ASSERT_SAYS(f, "\"ok\":true,\"kind\":\"receipt\"");
        assert_int_equal(fixture_says(f, "\"kind\":\"unsigned\""), count > 4);
    }
    ASSERT_SAYS(f, "no receipt came for 5 of the 9 records");
    buf_release(&body);
}

static void each_receipt_has_its_line(void **state)
{
    struct fixture *f = *state;
    struct buf body;
    unsigned lines = 0;

    buf_init(&body, MIB);
    for (unsigned i = 0; i < 1500; i++) /* more than are found of one tenant */
        buf_add_format(&body, "audit-receipt/v1\nelsewhere/tlog/%02x\nleaf 1\n\n", i);
    buf_add_slice(&body, fixture_put(f));
    ASSERT_OK(fixture_ask_receipts(f, buf_slice(&body), &err));
    for (const char *at = f->answer.data; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 1501);
    ASSERT_SAYS(f, "\"tenant\":\"alpha\",\"ok\":true,\"kind\":\"receipt\"");
    buf_release(&body);
}

/* Asks for a receipt that the log's own key has signed, true or not. */
static enum status ask_signed(struct fixture *f, const struct receipt_fields *fields)
{
    struct buf note;

    buf_init(&note, MIB);
    ASSERT_OK(keyring_sign_receipt(f->keyring, &f->tenant, fields, &note, &err));
    enum status status = fixture_ask_receipts(f, buf_slice(&note), &err);
    buf_release(&note);
    return status;
}

/* Signed by the log's own key, and not true. */
static void a_broken_promise_is_misbehaviour(void **state)
{
    struct fixture *f = *state;
    struct receipt_fields fields = {.leaf_index = 9, .first_seq = 100, .count = 5};

    (void)fixture_put(f);
    fields.time_us = clock_unix_us(clock_system());
    ASSERT_OK(ask_signed(f, &fields));
    ASSERT_SAYS(f, "\"ok\":false,\"kind\":\"pending\",\"leaf\":9,\"seq_first\":100,"
                   "\"seq_last\":104,");
    fields.time_us -= INT64_C(3600000000);
    ASSERT_OK(ask_signed(f, &fields));
    ASSERT_SAYS(f, "\"kind\":\"receipt\",\"leaf\":9");
    ASSERT_SAYS(f, "MISBEHAVIOUR: the log signed for this leaf and does not have it");
    fields.leaf_index = 0;
    ASSERT_OK(ask_signed(f, &fields));
    ASSERT_SAYS(f, "MISBEHAVIOUR: the log signed for another leaf at this place");
}

/* The hash is that of the leaf; the times and numbers beside it are not. */
static void a_receipt_is_of_its_leaf_in_all_it_says(void **state)
{
    const struct { uint64_t first_seq; uint32_t count; int64_t later_us; } lies[] = {
        {1, 4, 1}, {1, 4, -1}, {UINT64_MAX, 2, 0}, {0, 2, 0}, {2, 4, 0}, {5, 1, 0}, {1, 0, 0}};
    struct fixture *f = *state;
    struct leaf_fields there;
    uint8_t leaf[LEAF_BYTES];
    struct hash256 hash;

    (void)fixture_put(f);
    ASSERT_OK(evidence_leaf(f->evidence, &f->tenant, 0, leaf, &err));
    ASSERT_OK(leaf_decode(leaf, &there, &err));
    leaf_hash(leaf, &hash);
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        struct receipt_fields fields = {.first_seq = lies[i].first_seq,
                                        .count = lies[i].count,
                                        .time_us = there.commit_time_us + lies[i].later_us};
        memcpy(fields.leaf_hash, hash.bytes, sizeof(hash.bytes));
        ASSERT_OK(ask_signed(f, &fields));
        ASSERT_SAYS(f, "\"ok\":false,\"kind\":\"receipt\"");
    }
}

/* Who signs ahead of the clock has no more time than others. */
static void a_promise_for_the_year_3000_is_not_waited_for(void **state)
{
    const int64_t times_us[] = {INT64_C(32503680000000000), INT64_MAX - 1};
    struct fixture *f = *state;

    (void)fixture_put(f);
    for (size_t i = 0; i < sizeof(times_us) / sizeof(times_us[0]); i++) {
        const struct receipt_fields fields = {
            .leaf_index = 9, .first_seq = 100, .count = 5, .time_us = times_us[i]};
        ASSERT_OK(ask_signed(f, &fields));
        ASSERT_SAYS(f, "MISBEHAVIOUR: the log signed for this leaf and does not have it");
    }
}

static void a_receipt_of_what_is_lost_names_the_gap(void **state)
{
    struct fixture *f = *state;
    struct slice notes[3];
    char text[3][2048];

    for (int i = 0; i < 3; i++) {
        notes[i] = fixture_put(f);
        (void)snprintf(text[i], sizeof(text[i]), "%.*s", SLICE_FMT(notes[i]));
    }
    fixture_damage_log(f);
    ASSERT_OK(fixture_ask_receipts(f, slice_of(text[1]), &err));
    ASSERT_SAYS(f, "\"ok\":false,\"kind\":\"gap\",\"leaf\":1,\"seq_first\":5,\"seq_last\":8");
    ASSERT_OK(fixture_ask_receipts(f, slice_of(text[2]), &err));
    ASSERT_SAYS(f, "\"ok\":true,\"kind\":\"receipt\",\"leaf\":2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(receipts_are_kept),
        FIXTURE_TEST(what_is_no_receipt_is_refused_or_found),
        FIXTURE_TEST(an_answer_without_a_receipt_is_not_passed_over),
        FIXTURE_TEST(each_receipt_has_its_line),
        FIXTURE_TEST(a_broken_promise_is_misbehaviour),
        FIXTURE_TEST(a_receipt_is_of_its_leaf_in_all_it_says),
        FIXTURE_TEST(a_promise_for_the_year_3000_is_not_waited_for),
        FIXTURE_TEST(a_receipt_of_what_is_lost_names_the_gap),
    };

    return RUN_TESTS(tests);
}
