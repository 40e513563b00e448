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
    leaf_inner_hashes(1, 0, &(uint32_t){7}, &commitment, 1, &inner);
    merkle_root(&inner, 1, &fields.batch_root);
    leaf_encode(&fields, commit.leaf);
    commit.nodes = &inner;
    ASSERT_OK(evidence_sink(f->evidence)->take(evidence_sink(f->evidence), &commit, &err));
    ASSERT_OK(fixture_ask(f, share_verify, "", "", &err));
    ASSERT_SAYS(f, "\"ok\":false,\"kind\":\"records\",\"leaf\":0,\"seq_first\":1,\"seq_last\":1");
    ASSERT_SAYS(f, "record 1 is missing");
    ASSERT_SAYS(f, "\"ok\":false,\"kind\":\"tenant\"");
}

/* A gap, and evidence of a record that the store does not have, again and again. */
static void put_gaps_and_faults(struct fixture *f, uint64_t count)
{
    const struct ingest_lost lost = {
        .tenant = f->tenant, .first_seq = 1, .last_seq = 2 * count, .accepted_us = 1};
    struct hash256 inner = {.bytes = {1}};

    ASSERT_OK(ingest_accept_lost(f->ingest, &lost, &err));
    for (uint64_t i = 0; i < 2 * count; i++) {
        bool is_gap = i % 2 == 0;
        const struct leaf_fields fields = {.kind = is_gap ? LEAF_KIND_GAP : LEAF_KIND_DATA,
                                           .leaf_index = i,
                                           .first_seq = i + 1,
                                           .count = 1,
                                           .commit_time_us = 1,
                                           .raw_bytes = is_gap ? 0 : 7};
        struct leaf_commit commit = {.tenant = f->tenant, .nodes = is_gap ? NULL : &inner};
        leaf_encode(&fields, commit.leaf);
        ASSERT_OK(evidence_sink(f->evidence)->take(evidence_sink(f->evidence), &commit, &err));
    }
}

static unsigned count_text(const struct fixture *f, const char *text)
{
    unsigned count = 0;

    for (const char *at = f->answer.data; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

/* Who asks goes by the lines: one that is wrong has to be among them. */
static void gaps_take_no_room_of_what_is_wrong(void **state)
{
    struct fixture *f = *state;

    put_gaps_and_faults(f, 600); /* together more than have lines */
    ASSERT_OK(fixture_ask(f, share_verify, "", "", &err));
    assert_int_equal(count_text(f, "\"kind\":\"gap\""), 600);
    assert_int_equal(count_text(f, "\"kind\":\"records\""), 600);
    ASSERT_SAYS(f, "1200 findings, 600 of them gaps; 1200 leaves");
}

/* By a list of the losses for each gap, a tenant with many of both could not be checked. */
static void many_gaps_and_losses_take_little_memory(void **state)
{
    struct fixture *f = *state;
    size_t before = arena_used_bytes(f->arena);

    for (uint64_t i = 1; i <= 20; i++) {
        const struct ingest_lost lost = {
            .tenant = f->tenant, .first_seq = i, .last_seq = i, .accepted_us = 1};
        ASSERT_OK(ingest_accept_lost(f->ingest, &lost, &err));
    }
    put_gaps_and_faults(f, 600);
    ASSERT_OK(fixture_ask(f, share_verify, "", "", &err));
    ASSERT_SAYS(f, "600 of them gaps");
    assert_true(arena_used_bytes(f->arena) - before < MIB); /* 600 lists are 1.6 MB */
}

/* Both count where the start counts rows, so another one may lack. */
static void a_record_that_is_stored_twice_is_found(void **state)
{
    struct fixture *f = *state;
    const struct record record = {.raw = SLICE("{\"n\":1}"), .seq = 2, .event_time = 1,
                                  .flags = RECORD_QUARANTINED, .quarantine_reason = "made up"};
    const struct record_batch batch = {.tenant = f->tenant, .table = SLICE("T_CL"),
                                       .records = &record, .record_count = 1,
                                       .received_us = 1, .wal_file = 1};

    (void)fixture_put(f);
    (void)fixture_put(f);
    ASSERT_OK(record_sink_take(store_sink(f->store), &batch, &err));
    ASSERT_OK(fixture_ask(f, share_verify, "", "", &err));
    ASSERT_SAYS(f, "\"ok\":false,\"kind\":\"records\",\"leaf\":0,\"seq_first\":1,\"seq_last\":4");
    ASSERT_SAYS(f, "record 2 is stored twice");
    ASSERT_SAYS(f, "1 findings, 0 of them gaps");
}

static enum status count_checkpoint(void *context, struct error *ignored)
{
    (void)ignored;
    ++*(unsigned *)context;
    return STATUS_OK;
}

/* A checkpoint costs much, and anybody who reads may ask. */
static void no_checkpoint_is_made_where_the_records_are_there(void **state)
{
    struct fixture *f = *state;
    unsigned checkpoints = 0;

    f->share->services.checkpoint = count_checkpoint;
    f->share->services.context = &checkpoints;
    for (int i = 0; i < 3; i++) {
        fixture_put(f);
        ASSERT_OK(fixture_ask(f, share_verify, "", "", &err));
        ASSERT_OK(fixture_ask(f, share_verify_receipts, "", "x", &err));
    }
    assert_int_equal(checkpoints, 0);
}

/* Everything is in the store, and the log is cut. */
static void checkpoint(struct fixture *f)
{
    uint64_t floor = 0;

    ASSERT_OK(ingest_rotate(f->ingest, &floor, &err));
    ASSERT_OK(evidence_flush(f->evidence, &err));
    ASSERT_OK(store_flush(f->store, floor, &err));
    ASSERT_OK(ingest_save(f->ingest, floor, &err));
    ASSERT_OK(ingest_trim(f->ingest, floor, &err));
}

/* Nothing says that the log lost these: who took the evidence away is not told that they are. */
static void evidence_that_is_gone_is_no_loss(void **state)
{
    static const char said[] =
        "\"ok\":false,\"kind\":\"evidence\",\"leaf\":0,\"seq_first\":1,\"seq_last\":4";
    struct fixture *f = *state;
    struct slice note = fixture_put(f);
    char receipt[2048], path[sizeof(f->root) + 3];

    (void)snprintf(receipt, sizeof(receipt), "%.*s", SLICE_FMT(note));
    checkpoint(f);
    fixture_close(f);
    (void)snprintf(path, sizeof(path), "%s/t", f->root);
    assert_true(tree_remove(path));
    ASSERT_OK(io_make_dir(f->io, "t", &err));
    fixture_open(f);
    (void)fixture_put(f);
    ASSERT_OK(fixture_ask(f, share_verify, "", "", &err));
    ASSERT_SAYS(f, said);
    ASSERT_SAYS(f, "1 findings, 0 of them gaps");
    ASSERT_OK(fixture_ask_receipts(f, slice_of(receipt), &err));
    ASSERT_SAYS(f, said);
}

static void flip_last_byte(struct fixture *f, const char *path)
{
    struct buf bytes;

    buf_init(&bytes, MIB);
    ASSERT_OK(io_read_all(f->io, path, &bytes, &err));
    bytes.data[bytes.size - 1] ^= 1;
    ASSERT_OK(io_replace(f->io, path, buf_slice(&bytes), &err));
    buf_release(&bytes);
}

/* Nothing came since, so what is left of the evidence fits together. */
static void evidence_that_ends_too_early_is_found(void **state)
{
    static const char said[] = "{\"tenant\":\"alpha\",\"ok\":false,\"kind\":\"evidence\","
                               "\"leaf\":0,\"seq_first\":1,\"seq_last\":4";
    struct fixture *f = *state;
    char path[sizeof(f->root) + 3];

    (void)fixture_put(f);
    checkpoint(f);
    fixture_close(f);
    flip_last_byte(f, "t/07000000000000000000000000000000/batch.0");
    fixture_open(f);
    ASSERT_OK(fixture_ask(f, share_verify, "", "", &err));
    ASSERT_SAYS(f, said);
    ASSERT_SAYS(f, "{\"tenant\":\"alpha\",\"ok\":false,\"kind\":\"tenant\"");
    fixture_close(f);
    (void)snprintf(path, sizeof(path), "%s/t", f->root);
    assert_true(tree_remove(path));
    ASSERT_OK(io_make_dir(f->io, "t", &err));
    fixture_open(f);
    ASSERT_OK(fixture_ask(f, share_verify, "", "", &err));
    ASSERT_SAYS(f, said);
}

/* Records that the log lost at its end: a gap stands for them from the start on. */
static void a_loss_at_the_end_is_no_missing_evidence(void **state)
{
    static const char gap[] =
        "{\"tenant\":\"alpha\",\"ok\":false,\"kind\":\"gap\",\"leaf\":1,\"seq_first\":5,";
    struct fixture *f = *state;
    char path[96] = "";

    fixture_put(f);
    checkpoint(f);
    fixture_put(f);
    fixture_close(f);
    ASSERT_OK(io_list(f->io, "wal", fixture_keep_name, path, &err));
    ASSERT_OK(io_unlink(f->io, path, &err));
    fixture_open(f);
    for (int i = 0; i < 3; i++) {
        ASSERT_OK(fixture_ask(f, share_verify, "", "", &err));
        ASSERT_SAYS(f, gap);
        assert_null(strstr(f->answer.data, "\"kind\":\"evidence\""));
        if (i == 1) {
            (void)fixture_put(f);
            continue;
        }
        checkpoint(f);
        fixture_close(f);
        fixture_open(f);
    }
}

/* A few records that the log lost explain nothing of the others. */
static void a_loss_explains_no_evidence_beside_it(void **state)
{
    struct fixture *f = *state;
    char receipts[2][2048], path[sizeof(f->root) + 3];

    for (int i = 0; i < 3; i++) {
        struct slice note = fixture_put(f);
        if (i < 2)
            (void)snprintf(receipts[i], sizeof(receipts[i]), "%.*s", SLICE_FMT(note));
    }
    fixture_damage_log(f); /* loses 5 to 8 */
    checkpoint(f);
    fixture_close(f);
    (void)snprintf(path, sizeof(path), "%s/t", f->root);
    assert_true(tree_remove(path));
    ASSERT_OK(io_make_dir(f->io, "t", &err));
    fixture_open(f);
    (void)fixture_put(f);
    ASSERT_OK(fixture_ask(f, share_verify, "", "", &err));
    ASSERT_SAYS(f, "\"kind\":\"evidence\",\"leaf\":0,\"seq_first\":1,\"seq_last\":4");
    ASSERT_SAYS(f, "\"kind\":\"gap\",\"leaf\":0,\"seq_first\":5,\"seq_last\":8");
    ASSERT_SAYS(f, "\"kind\":\"evidence\",\"leaf\":0,\"seq_first\":9,\"seq_last\":12");
    ASSERT_SAYS(f, "3 findings, 1 of them gaps");
    ASSERT_OK(fixture_ask_receipts(f, slice_of(receipts[0]), &err));
    ASSERT_SAYS(f, "\"kind\":\"evidence\",\"leaf\":0,\"seq_first\":1,\"seq_last\":4");
    ASSERT_OK(fixture_ask_receipts(f, slice_of(receipts[1]), &err));
    ASSERT_SAYS(f, "\"kind\":\"gap\",\"leaf\":1,\"seq_first\":5,\"seq_last\":8");
}

/* Each takes tens of MiB, so they wait for a place as queries do. */
static void one_more_than_may_go_on_is_told_to_come_later(void **state)
{
    struct fixture *f = *state;
    struct gate *gate = &f->share->gate;
    const struct guid tenants[2] = {f->tenant, {{9}}};
    struct slice receipt = fixture_put(f);
    struct guid who = {{1}}; /* another one each time */

    while (gate_enter(gate, &tenants[who.bytes[0] % 2], &who, 0, NULL, &err) == STATUS_OK)
        who.bytes[0]++;
    ASSERT_STATUS(STATUS_BUSY, fixture_ask(f, share_verify, "alpha", "", &err));
    ASSERT_STATUS(STATUS_BUSY, fixture_ask_receipts(f, receipt, &err));
    gate_leave(gate, &f->tenant, &(struct guid){{2}});
    ASSERT_OK(fixture_ask(f, share_verify, "alpha", "", &err));
    ASSERT_OK(fixture_ask(f, share_verify, "alpha", "", &err)); /* it gave its place back */
    while (--who.bytes[0] > 0) {
        if (who.bytes[0] != 2)
            gate_leave(gate, &tenants[who.bytes[0] % 2], &who);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_sound_tenant_is_one_line),
        FIXTURE_TEST(a_gap_is_named),
        FIXTURE_TEST(evidence_that_is_gone_is_no_loss),
        FIXTURE_TEST(evidence_that_ends_too_early_is_found),
        FIXTURE_TEST(a_loss_at_the_end_is_no_missing_evidence),
        FIXTURE_TEST(a_loss_explains_no_evidence_beside_it),
        FIXTURE_TEST(records_that_are_missing_are_found),
        FIXTURE_TEST(a_record_that_is_stored_twice_is_found),
        FIXTURE_TEST(gaps_take_no_room_of_what_is_wrong),
        FIXTURE_TEST(many_gaps_and_losses_take_little_memory),
        FIXTURE_TEST(no_checkpoint_is_made_where_the_records_are_there),
        FIXTURE_TEST(one_more_than_may_go_on_is_told_to_come_later),
    };

    return RUN_TESTS(tests);
}
