/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a checkpoint, and what ends the process. */
#include "storage_place.h"

#include <errno.h>

#define FIRST_LSN_AT 72u /* in the first file of the log */

static struct error err;

/* ---- a disk on which the files of evidence cannot be opened ---- */

static struct io_ops failing_ops;
static enum status (*real_open)(struct io *io, const char *path, enum io_open_mode mode,
                                struct io_file **ret, struct error *err);
static enum status open_says; /* of evidence */
static bool only_reads;       /* fail */

static enum status open_or_fail(struct io *io, const char *path, enum io_open_mode mode,
                                struct io_file **ret, struct error *error)
{
    errno = EIO;
    if (open_says != STATUS_OK && strncmp(path, "t/", 2) == 0 && (!only_reads || mode == IO_READ))
        return ERROR_SET(error, open_says, "cannot open '%s'", path);
    return real_open(io, path, mode, ret, error);
}

static void set_failing_open(struct storage_place *p)
{
    open_says = STATUS_OK;
    only_reads = false;
    failing_ops = *p->io->ops;
    real_open = failing_ops.open;
    failing_ops.open = open_or_fail;
    p->io->ops = &failing_ops;
}

static void a_checkpoint_that_finds_no_descriptor_is_made_later(void **state)
{
    struct storage_place *p = *state;
    struct store_stats stats;

    set_failing_open(p);
    storage_place_ingest(p, "{\"n\":1}\n");
    open_says = STATUS_BUSY;
    ASSERT_STATUS(STATUS_BUSY, storage_checkpoint(p->storage, &err));
    assert_int_equal(p->fatal_calls, 0);
    storage_place_ingest(p, "{\"n\":2}\n"); /* the work goes on */
    open_says = STATUS_OK;
    ASSERT_OK(storage_checkpoint(p->storage, &err));
    store_stats(p->parts->store, &stats);
    assert_int_equal(stats.rows_sealed, 2);
    storage_place_reopen(p);
    storage_place_expect(p, "1:{\"n\":1}\n2:{\"n\":2}\n");
}

static void evidence_that_cannot_be_written_ends_the_process_before_the_log_is_cut(void **state)
{
    struct storage_place *p = *state;

    set_failing_open(p);
    storage_place_ingest(p, "{\"n\":1}\n");
    uint64_t floor = store_wal_floor(p->parts->store);
    open_says = STATUS_IO;
    ASSERT_STATUS(STATUS_IO, storage_checkpoint(p->storage, &err));
    open_says = STATUS_OK;
    assert_int_equal(p->fatal_calls, 1);
    assert_int_equal(store_wal_floor(p->parts->store), floor);
    storage_place_reopen(p);
    storage_place_expect(p, "1:{\"n\":1}\n");
}

static uint64_t section_count(struct storage_place *p, uint64_t *ret_unchecked)
{
    struct store_stats stats;

    store_stats(p->parts->store, &stats);
    *ret_unchecked = stats.unchecked_sections;
    assert_int_equal(stats.unverified_sections, 0);
    return stats.sections;
}

/* All others would wait for one tenant's bad sector: in the log, and in sections that are never
 * joined. */
static void evidence_that_cannot_be_read_stops_no_checkpoint_and_no_merge(void **state)
{
    struct storage_place *p = *state;
    uint64_t unchecked = 0;

    set_failing_open(p);
    only_reads = true;
    for (int i = 0; i < 2; i++) {
        storage_place_ingest(p, i == 0 ? "{\"n\":1}\n" : "{\"n\":2}\n");
        open_says = i == 0 ? STATUS_OK : STATUS_IO;
        ASSERT_OK(storage_checkpoint(p->storage, &err));
    }
    assert_int_equal(section_count(p, &unchecked), 2);
    assert_int_equal(unchecked, 1);
    ASSERT_OK(store_compact(p->parts->store, NULL, NULL, NULL, &err));
    assert_int_equal(section_count(p, &unchecked), 2);
    assert_int_equal(unchecked, 2);
    assert_int_equal(p->fatal_calls, 0);
    open_says = STATUS_OK;
    storage_place_reopen(p);
    storage_place_expect(p, "1:{\"n\":1}\n2:{\"n\":2}\n");
    ASSERT_OK(store_compact(p->parts->store, NULL, NULL, NULL, &err)); /* all is checked */
    assert_int_equal(section_count(p, &unchecked), 1);
    assert_int_equal(unchecked, 0);
    storage_place_expect(p, "1:{\"n\":1}\n2:{\"n\":2}\n");
}

/* ---- what watches ---- */

struct watcher {
    struct record_sink sink; /* first */
    unsigned seen, replayed;
    enum status says;
};

static enum status watch(struct record_sink *sink, const struct record_batch *batch,
                         struct error *error)
{
    struct watcher *watcher = (struct watcher *)sink;

    watcher->seen += batch->record_count;
    watcher->replayed += batch->replayed ? batch->record_count : 0;
    return watcher->says == STATUS_OK ? STATUS_OK : ERROR_SET(error, watcher->says, "it fails");
}

static void who_watches_sees_all_and_stops_nothing(void **state)
{
    struct storage_place *p = *state;
    struct watcher watcher = {.sink = {watch}, .says = STATUS_LIMIT};

    storage_place_ingest(p, "{\"n\":1}\n{\"n\":2}\n");
    p->watch = &watcher.sink;
    storage_place_reopen(p);
    assert_int_equal(watcher.replayed, 2);
    storage_place_ingest(p, "{\"n\":3}\n");
    assert_int_equal(watcher.seen, 3);
    assert_int_equal(p->fatal_calls, 0);
    storage_place_expect(p, "1:{\"n\":1}\n2:{\"n\":2}\n3:{\"n\":3}\n");
}

static enum status refuse(void *context, struct error *error)
{
    (void)context;
    return ERROR_SET(error, STATUS_BUSY, "hits wait");
}

static void nothing_is_sealed_while_hits_wait(void **state)
{
    struct storage_place *p = *state;

    p->options.drain = refuse;
    storage_place_reopen(p);
    storage_place_ingest(p, "{\"n\":1}\n");
    uint64_t floor = store_wal_floor(p->parts->store);
    ASSERT_STATUS(STATUS_BUSY, storage_checkpoint(p->storage, &err));
    assert_int_equal(store_wal_floor(p->parts->store), floor);
    assert_int_equal(p->fatal_calls, 0);
    storage_place_reopen(p);
    storage_place_expect(p, "1:{\"n\":1}\n");
}

/* As the rules do: the hits of the files that are sealed now. */
static enum status write_hit(void *context, struct error *error)
{
    struct storage_place *p = context;
    struct ingest_request request = {
        .tenant = p->tenant, .body = SLICE("{\"hit\":1}\n"), .internal = true};
    uint64_t seq;

    return storage_place_put(p, request, &seq, error);
}

static void a_hit_that_is_written_in_a_checkpoint_stays_in_the_log(void **state)
{
    struct storage_place *p = *state;
    struct store_stats stats;

    p->options.drain = write_hit;
    storage_place_reopen(p);
    storage_place_ingest(p, "{\"n\":1}\n");
    ASSERT_OK(storage_checkpoint(p->storage, &err));
    store_stats(p->parts->store, &stats);
    assert_int_equal(stats.rows_sealed, 1);
    assert_int_equal(stats.rows_memory, 1);
    storage_place_reopen(p);
    storage_place_expect(p, "1:{\"n\":1}\n2:{\"hit\":1}\n");
}

/* ---- what is lost ---- */

static void a_loss_that_was_accepted_stays_accepted_over_a_start(void **state)
{
    struct storage_place *p = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_lost lost = {.tenant = p->tenant,
                               .first_seq = 1,
                               .last_seq = 2,
                               .accepted_us = STORAGE_PLACE_US,
                               .from_us = 10,
                               .to_us = 20,
                               .accepted_by = "auditor"};
    struct store_gap *gaps = NULL;
    uint32_t count = 0;

    ASSERT_OK(ingest_accept_lost(p->parts->ingest, &lost, &err));
    storage_place_reopen(p);
    ASSERT_OK(store_gaps(p->parts->store, arena, &gaps, &count, &err));
    assert_int_equal(count, 1);
    assert_true(guid_equal(&gaps[0].tenant, &p->tenant));
    assert_int_equal(gaps[0].first_seq, 1);
    assert_int_equal(gaps[0].last_seq, 2);
    assert_true(gaps[0].is_accepted);
    assert_true(gaps[0].time_from == time_from_unix_us(10));
    assert_true(gaps[0].time_to == time_from_unix_us(20));
    arena_free(arena);
}

/* Damages the head of the first frame of the log, so that nobody knows whose it is. */
static void damage_first_frame(struct storage_place *p)
{
    const char *path = "wal/0000000000000001.wal";
    struct io_file *file = NULL;
    uint8_t byte = 0;

    storage_close(p->storage);
    p->storage = NULL;
    ASSERT_OK(io_open(p->io, path, IO_WRITE, &file, &err));
    ASSERT_OK(io_read_at(file, FIRST_LSN_AT, &byte, 1, &err));
    assert_int_equal(byte, 1);
    byte ^= 0x40;
    ASSERT_OK(io_write_at(file, FIRST_LSN_AT, &byte, 1, &err));
    io_close(file);
    storage_place_open(p);
}

static void a_lost_record_of_the_instance_is_told_and_its_number_not_given_again(void **state)
{
    struct storage_place *p = *state;
    struct arena *arena = arena_new(MIB);
    struct ingest_lost *lost = NULL;
    uint32_t count = 0;

    ASSERT_OK(keyring_create_tenant(p->keyring, &(struct guid){{0}}, &err));
    assert_int_equal(storage_place_ingest_own(p, "{\"own\":1}\n"), 1);
    storage_place_ingest(p, "{\"n\":1}\n");
    damage_first_frame(p);
    storage_place_expect(p, "1:{\"n\":1}\n");
    ASSERT_OK(ingest_lost_list(p->parts->ingest, arena, &lost, &count, &err));
    assert_int_equal(count, 1);
    assert_true(guid_is_zero(&lost[0].tenant));
    assert_int_equal(lost[0].first_seq, 1);
    assert_true(storage_place_ingest_own(p, "{\"own\":2}\n") > lost[0].last_seq);
    arena_free(arena);
}

/* It gets them behind the replay of the first start. */
static void damage_to_the_log_of_an_instance_without_keys_stops_no_start(void **state)
{
    struct storage_place *p = *state;

    storage_place_ingest(p, "{\"n\":1}\n");
    storage_place_ingest(p, "{\"n\":2}\n");
    damage_first_frame(p);
    storage_place_ingest(p, "{\"n\":3}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORAGE_TEST(a_checkpoint_that_finds_no_descriptor_is_made_later),
        STORAGE_TEST(evidence_that_cannot_be_written_ends_the_process_before_the_log_is_cut),
        STORAGE_TEST(evidence_that_cannot_be_read_stops_no_checkpoint_and_no_merge),
        STORAGE_TEST(who_watches_sees_all_and_stops_nothing),
        STORAGE_TEST(nothing_is_sealed_while_hits_wait),
        STORAGE_TEST(a_hit_that_is_written_in_a_checkpoint_stays_in_the_log),
        STORAGE_TEST(a_loss_that_was_accepted_stays_accepted_over_a_start),
        STORAGE_TEST(a_lost_record_of_the_instance_is_told_and_its_number_not_given_again),
        STORAGE_TEST(damage_to_the_log_of_an_instance_without_keys_stops_no_start),
    };

    return RUN_TESTS(tests);
}
