/* SPDX-License-Identifier: Apache-2.0 */
/* All records against the evidence: what is whole, what is a known gap, what is wrong. */
#include "fixture.h"

static struct error err;

static void a_sound_tenant_is_one_line(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 3; i++)
        fixture_put(f);
    ASSERT_OK(fixture_ask(f, share_verify, "alpha", "", &err));
    ASSERT_SAYS(f, "{\"tenant\":\"alpha\",\"ok\":true,\"kind\":\"tenant\",\"leaf\":null,"
                   "\"seq_first\":1,\"seq_last\":13,\"file\":null,\"offset\":null,"
                   "\"text\":\"0 findings, 0 of them gaps; 4 leaves, root "); /* with its record */
    assert_int_equal(strchr(f->answer.data, '\n')[1], '\0');
    ASSERT_STATUS(STATUS_NOT_FOUND, fixture_ask(f, share_verify, "beta", "", &err));
}

static void a_gap_is_named(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 3; i++)
        fixture_put(f);
    fixture_damage_log(f);
    ASSERT_OK(fixture_ask(f, share_verify, "alpha", "", &err));
    ASSERT_SAYS(f, "\"ok\":false,\"kind\":\"gap\",\"leaf\":1,\"seq_first\":5,\"seq_last\":8");
    ASSERT_SAYS(f, "1 findings, 1 of them gaps; 4 leaves");
    ASSERT_OK(fixture_ask(f, share_loss_accept, "",
                          "{\"tenant\":\"alpha\",\"first_seq\":5,\"last_seq\":8}", &err));
    ASSERT_OK(fixture_ask(f, share_verify, "", "", &err)); /* all, and the instance */
    ASSERT_SAYS(f, "\"seq_last\":8,\"file\":null,\"offset\":null,\"text\":\"lost when the log "
                   "was damaged, which was accepted\"");
    ASSERT_SAYS(f, "{\"tenant\":\"instance\",\"ok\":true");
}

/* The evidence is of a record that the store does not have. */
static void records_that_are_missing_are_found(void **state)
{
    struct fixture *f = *state;
    struct leaf_fields fields = {.kind = LEAF_KIND_DATA, .first_seq = 1, .count = 1,
                                 .commit_time_us = 1, .raw_bytes = 7};
    struct leaf_commit commit = {.tenant = f->tenant};
    struct hash256 inner, salt, commitment;

    leaf_salts(commit.seed, 1, &salt);
    leaf_commitment(&salt, SLICE("{\"n\":9}"), &commitment);
    leaf_inner_hash(1, 0, 7, &commitment, &inner);
    merkle_root(&inner, 1, &fields.batch_root);
    leaf_encode(&fields, commit.leaf);
    commit.inner_hashes = &inner;
    ASSERT_OK(evidence_sink(f->evidence)->take(evidence_sink(f->evidence), &commit, &err));
    ASSERT_OK(fixture_ask(f, share_verify, "", "", &err));
    ASSERT_SAYS(f, "\"ok\":false,\"kind\":\"records\",\"leaf\":0,\"seq_first\":1,\"seq_last\":1");
    ASSERT_SAYS(f, "record 1 is missing");
    ASSERT_SAYS(f, "\"ok\":false,\"kind\":\"tenant\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_sound_tenant_is_one_line),
        FIXTURE_TEST(a_gap_is_named),
        FIXTURE_TEST(records_that_are_missing_are_found),
    };

    return RUN_TESTS(tests);
}
