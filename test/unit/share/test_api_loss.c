/* SPDX-License-Identifier: Apache-2.0 */
/* What is lost is listed, accepted by somebody, and stays on record. */
#include "fixture.h"

static struct error err;

static enum status count(void *context, uint64_t seq, struct slice raw, struct error *e)
{
    (void)seq;
    (void)raw;
    (void)e;
    ++*(uint32_t *)context;
    return STATUS_OK;
}

static void a_sound_log_has_no_losses(void **state)
{
    struct fixture *f = *state;

    fixture_put(f);
    ASSERT_OK(fixture_ask(f, share_loss_list, "", "", &err));
    assert_string_equal(f->answer.data, "[]");
    ASSERT_STATUS(STATUS_NOT_FOUND,
                  fixture_ask(f, share_loss_accept, "",
                              "{\"tenant\":\"alpha\",\"first_seq\":1,\"last_seq\":4}", &err));
    ASSERT_STATUS(STATUS_NOT_FOUND, fixture_ask(f, share_loss_list, "beta", "", &err));
}

static void make_loss(struct fixture *f)
{
    for (int i = 0; i < 3; i++)
        fixture_put(f);
    fixture_damage_log(f);
    ASSERT_OK(fixture_ask(f, share_loss_list, "", "", &err));
    ASSERT_SAYS(f, "[{\"tenant\":\"alpha\",\"first_seq\":5,\"last_seq\":8,\"records\":4,"
                   "\"at_most\":false,\"received_after\":\"2");
    ASSERT_SAYS(f, "\"accepted\":null,\"accepted_by\":null}]");
}

static void expect_gap(struct fixture *f, bool is_accepted)
{
    struct store_snapshot *snapshot = NULL;
    struct table_source *source = NULL;
    uint32_t seen = 0;

    ASSERT_STATUS(STATUS_CORRUPT, store_raw(f->store, &f->tenant, 1, 12, count, &seen, &err));
    assert_int_equal(seen, 8);
    assert_int_equal(strstr(err.text, "which was accepted") != NULL, is_accepted);
    ASSERT_OK(store_snapshot(f->store, &snapshot, &err));
    ASSERT_OK(store_snapshot_source(snapshot, SLICE("T_CL"), &f->tenant, 1, &source, &err));
    store_snapshot_free(snapshot);
}

static void an_accepted_loss_is_kept_with_who_and_when(void **state)
{
    static const char *const body = "{\"tenant\":\"alpha\",\"first_seq\":5,\"last_seq\":8}";
    struct fixture *f = *state;
    struct ingest_stats stats;
    uint32_t audited = 0;

    make_loss(f);
    expect_gap(f, false);
    ASSERT_OK(fixture_ask(f, share_loss_accept, "", body, &err));
    ASSERT_SAYS(f, "\"accepted_by\":\"me\"}");
    expect_gap(f, true);
    ASSERT_OK(store_raw(f->store, &f->tenant, 13, 1, count, &audited, &err));
    assert_int_equal(audited, 1); /* the record of it is the tenant's next one */
    fixture_close(f);
    fixture_open(f);
    expect_gap(f, true);
    ASSERT_OK(fixture_ask(f, share_loss_list, "alpha", "", &err));
    ASSERT_SAYS(f, "\"accepted_by\":\"me\"}]");
    ingest_stats(f->ingest, &stats);
    assert_int_equal(stats.lost_ranges, 1);
    assert_int_equal(stats.accepted_ranges, 1);
}

static void what_is_accepted_must_be_what_is_lost(void **state)
{
    static const char *const wrong[] = {
        "{\"tenant\":\"alpha\"}", "{\"tenant\":\"alpha\",\"first_seq\":\"x\",\"last_seq\":8}",
        "{\"tenant\":\"alpha\",\"first_seq\":5,\"last_seq\":8,\"from\":\"yesterday\"}",
        "{\"tenant\":\"alpha\",\"first_seq\":5,\"last_seq\":8,\"from\":\"2100-01-01\"}",
        "{\"tenant\":\"alpha\",\"first_seq\":5,\"last_seq\":8,\"to\":\"2000-01-01\"}", "7"};
    struct fixture *f = *state;

    make_loss(f);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ASSERT_STATUS(STATUS_INVALID, fixture_ask(f, share_loss_accept, "", wrong[i], &err));
    ASSERT_STATUS(STATUS_NOT_FOUND,
                  fixture_ask(f, share_loss_accept, "",
                              "{\"tenant\":\"alpha\",\"first_seq\":5,\"last_seq\":7}", &err));
    expect_gap(f, false);
    /* A wider span than the one that is listed is the operator's to choose. */
    ASSERT_OK(fixture_ask(f, share_loss_accept, "",
                          "{\"tenant\":\"alpha\",\"first_seq\":5,\"last_seq\":8,"
                          "\"from\":\"2020-01-01\",\"to\":\"2100-01-01\"}",
                          &err));
    ASSERT_SAYS(f, "\"from\":\"2020-01-01T00:00:00.0000000Z\",\"to\":\"2100-01-01T");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_sound_log_has_no_losses),
        FIXTURE_TEST(an_accepted_loss_is_kept_with_who_and_when),
        FIXTURE_TEST(what_is_accepted_must_be_what_is_lost),
    };

    return RUN_TESTS(tests);
}
