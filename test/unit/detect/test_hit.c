/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "detect/hit.h"
#include "record_maker.h"

static struct error err;

static struct hit *make_hit(const char *mailbox, bool alert)
{
    const struct guid tenant = {{9}};
    const struct first_seen_hit found = {
        .kind = FIRST_SEEN_PAIR, .network_new = true, .alert = alert, .score = 60,
        .reasons = REASON_PAIR_NEW | REASON_NETWORK_NEW,
    };
    struct arena *scratch = NULL;
    struct event event;
    struct made made;

    make_access(&made, mailbox, "app", "1.2.3.4", TICKS_UNIX_EPOCH);
    ASSERT_OK(event_from_record(&made.record, &scratch, &event, &err));
    struct hit *hit = hit_new(&tenant, &event, &found, &err);
    made_release(&made); /* the hit has copies */
    arena_free(scratch);
    assert_non_null(hit);
    return hit;
}

static void a_row_is_read_back_as_it_was(void **state)
{
    struct hit *hit = make_hit("a\\\"b@c", true), *another = make_hit("d@e", false);
    struct first_seen_row row;
    struct arena *scratch = NULL;
    struct buf buf;
    struct made made;
    bool ok;

    (void)state;
    buf_init(&buf, MIB);
    hit->event.is_undated = true;
    hit_add_row(hit, &buf);
    buf.data[buf.size - 1] = '\0';
    make_text(&made, buf.data, 0);
    assert_true(made.record.token_count > 0);
    ASSERT_OK(hit_row_from_record(&made.record, &scratch, &row, &ok, &err));
    assert_true(ok);
    ASSERT_SLICE(row.mailbox, "a\"b@c");
    assert_true(row.alerted);
    assert_true(row.undated);
    ASSERT_SLICE(row.network, "1.2.0.0/16");
    assert_true(row.time == TICKS_UNIX_EPOCH);
    assert_true(hit_matches(hit, &hit->tenant, &row));
    assert_false(hit_matches(another, &another->tenant, &row));
    assert_false(hit_matches(hit, &(struct guid){{8}}, &row));
    made_release(&made);
    arena_free(scratch);
    buf_release(&buf);
    hit_free(hit);
    hit_free(another);
}

static void alert_and_webhook_are_json_that_names_the_record(void **state)
{
    struct hit *hit = make_hit("a\\\"\\u0027b@c", true);
    struct json_tape tape;
    struct buf buf;

    (void)state;
    json_tape_init(&tape);
    buf_init(&buf, MIB);
    hit_add_alert(hit, TICKS_UNIX_EPOCH, &buf);
    assert_int_equal(json_parse(buf_slice(&buf), 10, &tape), JSON_OK);
    uint32_t t = json_member(buf_slice(&buf), tape.tokens, 0, SLICE("SystemAlertId"));
    assert_int_equal(tape.tokens[t].end - tape.tokens[t].start, GUID_TEXT_BYTES);
    t = json_member(buf_slice(&buf), tape.tokens, 0, SLICE("Description"));
    ASSERT_SLICE(json_text(buf_slice(&buf), &tape.tokens[t]),
                 "Application app read mailbox a\\\"'b@c from 1.2.3.4 for the first time"
                 " (score 60).");
    t = json_member(buf_slice(&buf), tape.tokens, 0, SLICE("CompromisedEntity"));
    ASSERT_SLICE(json_text(buf_slice(&buf), &tape.tokens[t]), "a\\\"'b@c");
    buf_clear(&buf);
    hit_add_webhook(hit, TICKS_UNIX_EPOCH, &buf);
    assert_int_equal(json_parse(buf_slice(&buf), 10, &tape), JSON_OK);
    t = json_member(buf_slice(&buf), tape.tokens, 0, SLICE("record_id"));
    ASSERT_SLICE(json_text(buf_slice(&buf), &tape.tokens[t]), "r1");
    t = json_member(buf_slice(&buf), tape.tokens, 0, SLICE("why"));
    assert_int_equal(tape.tokens[t].kind, JSON_ARRAY);
    ASSERT_SLICE(json_text(buf_slice(&buf), &tape.tokens[t + 1]),
                 "application app has not accessed mailbox a\\\"'b@c before; seen on 0 of 0 days");
    t = json_member(buf_slice(&buf), tape.tokens, 0, SLICE("mailbox"));
    ASSERT_SLICE(json_text(buf_slice(&buf), &tape.tokens[t]), "a\\\"'b@c");
    t = json_member(buf_slice(&buf), tape.tokens, 0, SLICE("complete"));
    ASSERT_SLICE(json_text(buf_slice(&buf), &tape.tokens[t]), "true");
    json_tape_release(&tape);
    buf_release(&buf);
    hit_free(hit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_read_back_as_it_was),
        cmocka_unit_test(alert_and_webhook_are_json_that_names_the_record),
    };

    return RUN_TESTS(tests);
}
