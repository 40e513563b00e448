/* SPDX-License-Identifier: Apache-2.0 */
/* Merging and compaction join sections and lose nothing. */
#include "store/sealed_priv.h"

#include "base/limits.h"
#include "store/failing_io.h"
#include "store/segment_fixture.h"

#define BATCHES 10u

struct scene {
    struct fixture f;
    struct batch_maker all; /* every record, for checking */
    struct part *parts[BATCHES];
};

/* The sections in one file, or each in its own. */
static void scene_fill(struct scene *s, bool one_file)
{
    fixture_init(&s->f);
    batch_maker_init(&s->all, "T", 1);
    for (uint32_t i = 0; i < BATCHES; i++) {
        uint32_t before = s->all.batch.record_count;
        fixture_records(&s->all, 50, i + 1);
        struct record_batch batch = s->all.batch;
        struct error err;
        batch.records += before;
        batch.record_count = 50;
        assert_int_equal(part_from_records(&batch, &s->parts[i], &err), STATUS_OK);
    }
    s->f.verifier.makers[0] = &s->all;
    s->f.verifier.maker_count = 1;
    for (uint32_t i = 0; !one_file && i < BATCHES; i++)
        assert_int_equal(fixture_flush(s->f.sealed, &s->parts[i], 1, i, NULL, NULL, &s->f.err),
                         STATUS_OK);
    if (one_file)
        assert_int_equal(fixture_flush(s->f.sealed, s->parts, BATCHES, 9, NULL, NULL, &s->f.err),
                         STATUS_OK);
}

static void scene_init(struct scene *s)
{
    scene_fill(s, false);
}

static void scene_release(struct scene *s)
{
    for (uint32_t i = 0; i < BATCHES; i++)
        part_unref(s->parts[i]);
    batch_maker_release(&s->all);
    fixture_release(&s->f);
}

static struct store_stats stats_of(struct fixture *f)
{
    struct store_stats stats = {0};

    sealed_stats(f->sealed, &stats);
    return stats;
}

static void sections_of_one_size_are_joined(void **state)
{
    (void)state;
    struct scene s;
    bool worked = false;
    scene_init(&s);
    assert_int_equal(stats_of(&s.f).sections, BATCHES);
    assert_int_equal(sealed_merge_step(s.f.sealed, NULL, &worked, &s.f.err), STATUS_OK);
    assert_true(worked);
    assert_int_equal(stats_of(&s.f).sections, 1);
    assert_int_equal(fixture_check(&s.f, &s.all), 50 * BATCHES);
    assert_int_equal(sealed_merge_step(s.f.sealed, NULL, &worked, &s.f.err), STATUS_OK);
    assert_false(worked);
    assert_false(io_exists(s.f.io, "seg/0000000000000001.seg"));
    fixture_reopen(&s.f);
    assert_int_equal(fixture_check(&s.f, &s.all), 50 * BATCHES);
    assert_int_equal(sealed_wal_floor(s.f.sealed), BATCHES - 1);
    scene_release(&s);
}

/* Then the next flush waits for nothing that a merge took, and a merge for the next flush. */
static void without_space_for_it_no_merge_is_begun(void **state)
{
    (void)state;
    struct scene s;
    bool worked = true;
    scene_init(&s);
    struct failing_io disk = failing_io_over(s.f.io);
    struct sealed_options options = s.f.options;
    struct sealed *sealed = NULL;
    options.io = &disk.io;
    assert_int_equal(sealed_open(&options, &sealed, &s.f.err), STATUS_OK);
    disk.change_count = 0;
    for (int i = 0; i < 2; i++) {
        disk.free_bytes = i == 0 ? 1 : UINT64_C(1) << 40;
        assert_int_equal(sealed_merge_step(sealed, NULL, &worked, &s.f.err), STATUS_OK);
        assert_false(worked);
        assert_int_equal(disk.change_count, 0);
    }
    assert_int_equal(fixture_flush(sealed, NULL, 0, BATCHES, NULL, NULL, &s.f.err), STATUS_OK);
    assert_int_equal(sealed_merge_step(sealed, NULL, &worked, &s.f.err), STATUS_OK);
    assert_true(worked);
    sealed_close(sealed);
    fixture_reopen(&s.f);
    assert_int_equal(stats_of(&s.f).sections, 1);
    assert_int_equal(fixture_check(&s.f, &s.all), 50 * BATCHES);
    scene_release(&s);
}

static uint64_t last_done, last_total;

static void progress(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    last_done = done;
    last_total = total;
}

static void compaction_leaves_one_section_and_tells_how_far(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    uint64_t before = stats_of(&s.f).bytes_sealed;
    assert_int_equal(sealed_compact(s.f.sealed, progress, NULL, NULL, &s.f.err), STATUS_OK);
    assert_int_equal(last_done, 50 * BATCHES);
    assert_int_equal(last_total, 50 * BATCHES);
    assert_int_equal(stats_of(&s.f).sections, 1);
    assert_true(stats_of(&s.f).bytes_sealed < before * 3 / 4);
    assert_int_equal(fixture_check(&s.f, &s.all), 50 * BATCHES);
    uint64_t merges = stats_of(&s.f).merges;
    assert_int_equal(sealed_compact(s.f.sealed, NULL, NULL, NULL, &s.f.err), STATUS_OK);
    assert_int_equal(stats_of(&s.f).merges, merges); /* nothing to do */
    scene_release(&s);
}

/* A merge has all that it joins in memory. */
static void sections_of_much_text_are_not_joined(void **state)
{
    enum { ROWS = SECTION_RAW_BYTES_MAX / 2 / MIB + 1 };
    static char text[MIB];
    struct fixture f;
    struct batch_maker all;

    (void)state;
    fixture_init(&f);
    batch_maker_init(&all, "T", 1);
    (void)snprintf(text, sizeof(text), "{\"a\":\"%*d\"}", (int)sizeof(text) - 9, 7);
    for (uint32_t i = 0; i < 2; i++) {
        struct record_batch batch;
        struct part *part = NULL;
        for (uint32_t k = 0; k < ROWS; k++)
            batch_maker_add(&all, slice_of(text), FIXTURE_TIME);
        batch = all.batch;
        batch.records += i * ROWS;
        batch.record_count = ROWS;
        assert_int_equal(part_from_records(&batch, &part, &f.err), STATUS_OK);
        assert_int_equal(fixture_flush(f.sealed, &part, 1, i, NULL, NULL, &f.err), STATUS_OK);
        part_unref(part);
    }
    f.verifier.makers[0] = &all;
    f.verifier.maker_count = 1;
    assert_int_equal(sealed_compact(f.sealed, NULL, NULL, NULL, &f.err), STATUS_OK);
    assert_int_equal(stats_of(&f).sections, 2);
    assert_int_equal(fixture_check(&f, &all), 2 * ROWS);
    batch_maker_release(&all);
    fixture_release(&f);
}

/* Nor has the raw size of a section to do with what it takes to join its values. */
static void sections_of_many_values_are_not_joined(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker all;
    bool worked = false;
    fixture_init(&f);
    batch_maker_init(&all, "T", 1);
    for (uint32_t i = 0; i < 8; i++) {
        batch_maker_add_zeros(&all, PART_VALUES_MAX / 4, FIXTURE_TIME + i);
        struct batch_maker one = {.batch = all.batch};
        one.batch.records += i;
        one.batch.record_count = 1;
        struct part *part = fixture_part(&one);
        assert_int_equal(fixture_flush(f.sealed, &part, 1, i, NULL, NULL, &f.err), STATUS_OK);
        part_unref(part);
    }
    f.verifier.makers[0] = &all;
    f.verifier.maker_count = 1;
    assert_int_equal(sealed_merge_step(f.sealed, NULL, &worked, &f.err), STATUS_OK);
    assert_true(worked);
    assert_int_equal(stats_of(&f).sections, 3);
    assert_int_equal(stats_of(&f).unjoined_sections, 0);
    assert_int_equal(fixture_check(&f, &all), 8);
    batch_maker_release(&all);
    fixture_release(&f);
}

/* A file has room for the entries of so many, and no more. */
static void compaction_fills_no_file_with_too_many_sections(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker makers[10];
    fixture_init(&f);
    for (uint32_t i = 0; i < 10; i++) {
        char table[] = {'T', (char)('0' + i), '\0'};
        batch_maker_init(&makers[i], table, 1);
        fixture_records(&makers[i], 1, i + 1);
        struct part *part = fixture_part(&makers[i]);
        assert_int_equal(fixture_flush(f.sealed, &part, 1, i, NULL, NULL, &f.err), STATUS_OK);
        part_unref(part);
    }
    f.sealed->merge_sections_max = 4;
    assert_int_equal(sealed_compact(f.sealed, NULL, NULL, NULL, &f.err), STATUS_OK);
    struct store_stats stats = stats_of(&f);
    assert_int_equal(stats.segments, 3);
    assert_int_equal(stats.sections, 10);
    assert_int_equal(stats.merges, 3);
    assert_int_equal(stats.rows_sealed, 10);
    for (uint32_t i = 0; i < 10; i++)
        batch_maker_release(&makers[i]);
    fixture_release(&f);
}

static void a_cancelled_compaction_changes_nothing(void **state)
{
    (void)state;
    struct scene s;
    atomic_bool cancelled = true;
    scene_init(&s);
    assert_int_equal(sealed_compact(s.f.sealed, NULL, NULL, &cancelled, &s.f.err),
                     STATUS_CANCELLED);
    assert_int_equal(stats_of(&s.f).sections, BATCHES);
    assert_int_equal(fixture_check(&s.f, &s.all), 50 * BATCHES);
    scene_release(&s);
}

static void what_does_not_match_when_joined_stays_and_is_not_tried_again(void **state)
{
    (void)state;
    struct scene s;
    bool worked = true;
    scene_init(&s);
    s.f.verifier.refuse = true;
    assert_int_equal(sealed_merge_step(s.f.sealed, NULL, &worked, &s.f.err), STATUS_OK);
    assert_false(worked);
    assert_int_equal(stats_of(&s.f).sections, BATCHES);
    assert_int_equal(stats_of(&s.f).unjoined_sections, BATCHES);
    s.f.verifier.refuse = false;
    uint64_t seen = s.f.verifier.seen;
    assert_int_equal(sealed_merge_step(s.f.sealed, NULL, &worked, &s.f.err), STATUS_OK);
    assert_false(worked);
    assert_int_equal(s.f.verifier.seen, seen);
    assert_int_equal(fixture_check(&s.f, &s.all), 50 * BATCHES);
    scene_release(&s);
}

/* Beside the sections of a scene as many of another tenant, which come behind it. */
static void add_neighbour(struct scene *s, struct batch_maker *other)
{
    batch_maker_init(other, "T", 2);
    for (uint32_t i = 0; i < BATCHES; i++) {
        struct record_batch batch;
        struct part *part = NULL;
        fixture_records(other, 50, i + 1);
        batch = other->batch;
        batch.records += i * 50;
        batch.record_count = 50;
        assert_int_equal(part_from_records(&batch, &part, &s->f.err), STATUS_OK);
        assert_int_equal(fixture_flush(s->f.sealed, &part, 1, BATCHES + i, NULL, NULL, &s->f.err),
                         STATUS_OK);
        part_unref(part);
    }
    s->f.verifier.makers[1] = other;
    s->f.verifier.maker_count = 2;
}

static void merge_until_done(struct sealed *sealed, struct error *err)
{
    bool worked = true;

    for (int i = 0; i < 9 && worked; i++)
        assert_int_equal(sealed_merge_step(sealed, NULL, &worked, err), STATUS_OK);
    assert_false(worked);
}

static void compact(struct sealed *sealed, struct error *err)
{
    assert_int_equal(sealed_compact(sealed, NULL, NULL, NULL, err), STATUS_OK);
}

/* A bad sector in the evidence of one tenant is no matter of the others. */
static void where_evidence_cannot_be_read_the_others_are_joined(void **state)
{
    static void (*const JOIN[])(struct sealed *sealed, struct error *err) = {merge_until_done,
                                                                             compact};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scene s;
        struct batch_maker other;
        scene_init(&s);
        add_neighbour(&s, &other);
        s.f.verifier.unread = 1;
        JOIN[i](s.f.sealed, &s.f.err);
        assert_int_equal(stats_of(&s.f).sections, BATCHES + 1);
        assert_int_equal(stats_of(&s.f).unjoined_sections, BATCHES);
        assert_int_equal(stats_of(&s.f).unchecked_sections, 1);
        JOIN[i](s.f.sealed, &s.f.err);
        assert_int_equal(s.f.verifier.unread_calls, 1); /* it is not asked for again */
        assert_int_equal(fixture_check(&s.f, &s.all), 50 * BATCHES);
        assert_int_equal(fixture_check(&s.f, &other), 50 * BATCHES);
        s.f.verifier.unread = 0;
        fixture_reopen(&s.f);
        JOIN[i](s.f.sealed, &s.f.err);
        assert_int_equal(stats_of(&s.f).sections, 2);
        batch_maker_release(&other);
        scene_release(&s);
    }
}

/* This one the others wait for: it is the disk that all are written to. */
static void a_file_that_cannot_be_written_ends_the_step(void **state)
{
    (void)state;
    struct scene s;
    bool worked = true;
    scene_init(&s);
    struct failing_io disk = failing_io_over(s.f.io);
    struct sealed_options options = s.f.options;
    struct sealed *sealed = NULL;
    struct store_stats stats = {0};
    options.io = &disk.io;
    assert_int_equal(sealed_open(&options, &sealed, &s.f.err), STATUS_OK);
    disk.os_errno = EIO;
    disk.fail_at = disk.change_count + 1;
    disk.sticky = true;
    assert_int_equal(sealed_merge_step(sealed, NULL, &worked, &s.f.err), STATUS_IO);
    sealed_stats(sealed, &stats);
    assert_int_equal(stats.unjoined_sections, 0);
    disk.fail_at = 0;
    assert_int_equal(sealed_merge_step(sealed, NULL, &worked, &s.f.err), STATUS_OK);
    assert_true(worked);
    sealed_close(sealed);
    fixture_reopen(&s.f);
    assert_int_equal(stats_of(&s.f).sections, 1);
    assert_int_equal(fixture_check(&s.f, &s.all), 50 * BATCHES);
    scene_release(&s);
}

static void readers_keep_the_old_sections(void **state)
{
    (void)state;
    struct scene s;
    struct part *view = NULL;
    scene_init(&s);
    struct section_list *list = sealed_pin(s.f.sealed, NULL, NULL);
    assert_int_equal(sealed_compact(s.f.sealed, NULL, NULL, NULL, &s.f.err), STATUS_OK);
    assert_true(io_exists(s.f.io, "seg/0000000000000001.seg"));
    assert_int_equal(section_view(list->sections[0], &view, &s.f.err), STATUS_OK);
    assert_int_equal(section_load_all(view, &s.f.err), STATUS_OK);
    part_unref(view);
    section_list_unref(list);
    assert_false(io_exists(s.f.io, "seg/0000000000000001.seg"));
    scene_release(&s);
}

static void a_damaged_section_stays_and_the_rest_is_joined(void **state)
{
    (void)state;
    struct scene s;
    struct io_file *file = NULL;
    char bytes[200];
    bool worked = false;
    scene_init(&s);
    memset(bytes, 0, sizeof(bytes));
    assert_int_equal(io_open(s.f.io, "seg/0000000000000003.seg", IO_WRITE, &file, &s.f.err),
                     STATUS_OK);
    assert_int_equal(io_write_at(file, 100, bytes, sizeof(bytes), &s.f.err), STATUS_OK);
    io_close(file);
    fixture_reopen(&s.f);
    for (int i = 0; i < 2; i++)
        assert_int_equal(sealed_merge_step(s.f.sealed, NULL, &worked, &s.f.err), STATUS_OK);
    assert_true(worked);
    struct store_stats stats = stats_of(&s.f);
    assert_int_equal(stats.sections, 2);
    assert_int_equal(stats.corrupt_sections, 1);
    assert_int_equal(stats.rows_sealed, 50 * BATCHES);
    scene_release(&s);
}

static void merge_twice(struct sealed *sealed, struct error *err)
{
    bool worked = false;

    for (int i = 0; i < 2; i++)
        assert_int_equal(sealed_merge_step(sealed, NULL, &worked, err), STATUS_OK);
    assert_true(worked);
}

static void compact_twice(struct sealed *sealed, struct error *err)
{
    for (int i = 0; i < 2; i++)
        assert_int_equal(sealed_compact(sealed, NULL, NULL, NULL, err), STATUS_OK);
}

/* It is not damaged: a later process may read it. */
static void a_section_that_cannot_be_read_stays_and_the_rest_is_joined(void **state)
{
    static void (*const JOIN[])(struct sealed *sealed, struct error *err) = {merge_twice,
                                                                             compact_twice};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scene s;
        scene_init(&s);
        struct failing_io disk = failing_io_over(s.f.io);
        struct sealed_options options = s.f.options;
        struct sealed *sealed = NULL;
        struct store_stats stats = {0};
        options.io = &disk.io;
        assert_int_equal(sealed_open(&options, &sealed, &s.f.err), STATUS_OK);
        disk.unreadable = "seg/0000000000000003.seg";
        JOIN[i](sealed, &s.f.err);
        sealed_stats(sealed, &stats);
        assert_int_equal(stats.sections, 2);
        assert_int_equal(stats.unjoined_sections, 1);
        assert_int_equal(stats.corrupt_sections, 0);
        sealed_close(sealed);
        fixture_reopen(&s.f);
        assert_int_equal(fixture_check(&s.f, &s.all), 50 * BATCHES);
        scene_release(&s);
    }
}

static void a_merge_on_a_failing_disk_loses_and_doubles_nothing(void **state)
{
    (void)state;
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        struct scene s;
        bool worked = false;
        scene_fill(&s, true);
        struct failing_io disk = failing_io_over(s.f.io);
        struct sealed_options options = s.f.options;
        struct sealed *sealed = NULL;
        options.io = &disk.io;
        assert_int_equal(sealed_open(&options, &sealed, &s.f.err), STATUS_OK);
        disk.fail_at = disk.change_count + n;
        disk.sticky = n % 2 == 0;
        done = sealed_merge_step(sealed, NULL, &worked, &s.f.err) == STATUS_OK &&
               disk.change_count < disk.fail_at;
        sealed_close(sealed);
        fixture_reopen(&s.f);
        assert_int_equal(fixture_check(&s.f, &s.all), 50 * BATCHES);
        scene_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_of_one_size_are_joined),
        cmocka_unit_test(without_space_for_it_no_merge_is_begun),
        cmocka_unit_test(compaction_leaves_one_section_and_tells_how_far),
        cmocka_unit_test(sections_of_much_text_are_not_joined),
        cmocka_unit_test(sections_of_many_values_are_not_joined),
        cmocka_unit_test(compaction_fills_no_file_with_too_many_sections),
        cmocka_unit_test(a_cancelled_compaction_changes_nothing),
        cmocka_unit_test(what_does_not_match_when_joined_stays_and_is_not_tried_again),
        cmocka_unit_test(where_evidence_cannot_be_read_the_others_are_joined),
        cmocka_unit_test(a_file_that_cannot_be_written_ends_the_step),
        cmocka_unit_test(readers_keep_the_old_sections),
        cmocka_unit_test(a_damaged_section_stays_and_the_rest_is_joined),
        cmocka_unit_test(a_section_that_cannot_be_read_stays_and_the_rest_is_joined),
        cmocka_unit_test(a_merge_on_a_failing_disk_loses_and_doubles_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
