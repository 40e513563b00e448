/* SPDX-License-Identifier: Apache-2.0 */
/* A catalog that is damaged or missing is made anew: the same rows, each once. */
#include "store/sealed_priv.h"

#include "base/hash.h"
#include "ingest/fault_io.h"
#include "store/segment_fixture.h"

struct scene {
    struct fixture f;
    struct batch_maker makers[2]; /* of two tenants, in the same files */
};

static void scene_init(struct scene *s)
{
    fixture_init(&s->f);
    for (uint8_t i = 0; i < 2; i++) {
        batch_maker_init(&s->makers[i], "T", (uint8_t)(i + 1));
    }
}

static void scene_release(struct scene *s)
{
    for (int i = 0; i < 2; i++)
        batch_maker_release(&s->makers[i]);
    fixture_release(&s->f);
}

/* The rows [from, from + count) of a maker as a part. */
static struct part *part_of(const struct batch_maker *m, uint32_t from, uint32_t count)
{
    struct record_batch batch = m->batch;
    struct error err;
    struct part *part = NULL;

    batch.records = m->records + from;
    batch.record_count = count;
    assert_int_equal(part_from_records(&batch, &part, &err), STATUS_OK);
    return part;
}

/* Rows [from, from + count) of both tenants into a file of their own. */
static void flush(struct scene *s, uint32_t from, uint32_t count, uint64_t floor)
{
    struct part *parts[2] = {part_of(&s->makers[0], from, count),
                             part_of(&s->makers[1], from, count)};

    assert_int_equal(fixture_flush(s->f.sealed, parts, 2, floor, NULL, NULL, &s->f.err), STATUS_OK);
    part_unref(parts[0]);
    part_unref(parts[1]);
}

static void check(struct scene *s, uint64_t rows)
{
    assert_int_equal(fixture_check(&s->f, &s->makers[0]), rows);
    assert_int_equal(fixture_check(&s->f, &s->makers[1]), rows);
    for (uint32_t i = 0; i < s->makers[0].batch.record_count; i++)
        assert_int_equal(sealed_has_row(s->f.sealed, &s->makers[0].batch.tenant,
                                        s->makers[0].records[i].seq),
                         !sealed_floor_is_known(s->f.sealed) && i < rows);
}

static void spoil(struct scene *s)
{
    sealed_close(s->f.sealed);
    s->f.sealed = NULL;
    assert_int_equal(io_replace(s->f.io, CATALOG_PATH, SLICE("DAYBKCATnonsense"), &s->f.err),
                     STATUS_OK);
}

static void put_back(struct scene *s, const char *path, const struct buf *bytes)
{
    assert_int_equal(io_replace(s->f.io, path, buf_slice(bytes), &s->f.err), STATUS_OK);
}

static void get(struct scene *s, const char *path, struct buf *ret)
{
    buf_init(ret, 64 * MIB);
    assert_int_equal(io_read_all(s->f.io, path, ret, &s->f.err), STATUS_OK);
}

static void fill(struct scene *s, uint32_t count)
{
    for (int i = 0; i < 2; i++)
        fixture_records(&s->makers[i], count, (uint64_t)i + 5);
}

static void a_damaged_catalog_is_set_aside_and_made_anew(void **state)
{
    struct scene s;
    bool worked = true;

    (void)state;
    scene_init(&s);
    fill(&s, 90);
    flush(&s, 0, 40, 3);
    flush(&s, 40, 20, 5);
    uint64_t generation = s.f.sealed->generation, next = s.f.sealed->next_segment;
    spoil(&s);
    fixture_reopen(&s.f);
    assert_true(io_exists(s.f.io, CATALOG_ASIDE_PATH));
    assert_false(io_exists(s.f.io, CATALOG_PATH));
    assert_false(sealed_floor_is_known(s.f.sealed));
    assert_int_equal(s.f.sealed->generation, generation);
    assert_int_equal(s.f.sealed->next_segment, next);
    check(&s, 60);
    /* nothing is committed before the floor is known; a start cut short does it again */
    assert_int_equal(sealed_merge_step(s.f.sealed, NULL, &worked, &s.f.err), STATUS_OK);
    assert_false(worked);
    assert_int_equal(sealed_compact(s.f.sealed, NULL, NULL, NULL, &s.f.err), STATUS_BUSY);
    fixture_reopen(&s.f);
    check(&s, 60);
    flush(&s, 60, 30, 9);
    assert_true(sealed_floor_is_known(s.f.sealed));
    fixture_reopen(&s.f);
    assert_int_equal(sealed_wal_floor(s.f.sealed), 9);
    assert_true(sealed_floor_is_known(s.f.sealed));
    check(&s, 90);
    scene_release(&s);
}

/* A crash between the rename of a segment and its commit: of 40 rows that were sealed and
 * 20 that come from the log, too. */
static void crash_before_the_commit(struct scene *s, uint64_t oldest_log)
{
    struct buf catalog;

    scene_init(s);
    fill(s, 90);
    flush(s, 0, 40, 3);
    get(s, CATALOG_PATH, &catalog);
    flush(s, 40, 20, 5);
    sealed_close(s->f.sealed);
    s->f.sealed = NULL;
    put_back(s, CATALOG_PATH, &catalog);
    buf_release(&catalog);
    s->f.options.oldest_log = oldest_log;
    fixture_reopen(&s->f);
}

static void a_segment_that_was_not_committed_is_taken_in_without_a_look_at_the_others(void **state)
{
    struct scene s;
    bool worked = true;

    (void)state;
    crash_before_the_commit(&s, 3);
    assert_int_equal(sealed_decoded(s.f.sealed), 4); /* header and numbers, of two sections */
    assert_true(sealed_floor_is_known(s.f.sealed));
    assert_int_equal(sealed_wal_floor(s.f.sealed), 3);
    assert_false(sealed_is_settled(s.f.sealed));
    assert_false(io_exists(s.f.io, CATALOG_ASIDE_PATH));
    for (uint32_t i = 0; i < 90; i++)
        assert_int_equal(sealed_has_row(s.f.sealed, &s.makers[1].batch.tenant,
                                        s.makers[1].records[i].seq),
                         i >= 40 && i < 60);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fixture_check(&s.f, &s.makers[i]), 60);
    assert_int_equal(sealed_merge_step(s.f.sealed, NULL, &worked, &s.f.err), STATUS_OK);
    assert_false(worked);
    flush(&s, 60, 30, 9);
    assert_true(sealed_is_settled(s.f.sealed));
    fixture_reopen(&s.f);
    assert_true(sealed_is_settled(s.f.sealed));
    assert_int_equal(sealed_wal_floor(s.f.sealed), 9);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fixture_check(&s.f, &s.makers[i]), 90);
    scene_release(&s);
}

/* The same of a merge: its rows are in the sections that it was made of, and count once. */
static void a_merge_that_was_not_committed_counts_once(void **state)
{
    struct scene s;
    struct buf catalog, files[2];

    (void)state;
    scene_init(&s);
    fill(&s, 61);
    flush(&s, 0, 40, 3);
    flush(&s, 40, 20, 5);
    get(&s, CATALOG_PATH, &catalog);
    get(&s, "seg/0000000000000001.seg", &files[0]);
    get(&s, "seg/0000000000000002.seg", &files[1]);
    assert_int_equal(sealed_compact(s.f.sealed, NULL, NULL, NULL, &s.f.err), STATUS_OK);
    sealed_close(s.f.sealed);
    s.f.sealed = NULL;
    put_back(&s, CATALOG_PATH, &catalog);
    put_back(&s, "seg/0000000000000001.seg", &files[0]);
    put_back(&s, "seg/0000000000000002.seg", &files[1]);
    s.f.options.oldest_log = 5;
    fixture_reopen(&s.f);
    assert_true(sealed_floor_is_known(s.f.sealed));
    assert_int_equal(s.f.sealed->list->count, 2);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fixture_check(&s.f, &s.makers[i]), 60);
    flush(&s, 60, 1, 7);
    fixture_reopen(&s.f);
    assert_false(io_exists(s.f.io, "seg/0000000000000001.seg"));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fixture_check(&s.f, &s.makers[i]), 61);
        buf_release(&files[i]);
    }
    buf_release(&catalog);
    scene_release(&s);
}

/* The catalog has lost its end: the log was cut since. */
static void a_catalog_behind_its_log_is_made_anew(void **state)
{
    struct scene s;

    (void)state;
    crash_before_the_commit(&s, 4);
    assert_false(sealed_floor_is_known(s.f.sealed));
    check(&s, 60);
    scene_release(&s);
}

static void what_was_merged_away_does_not_come_back(void **state)
{
    static const char FIRST[] = "seg/0000000000000001.seg";
    struct scene s;
    struct buf before;

    (void)state;
    scene_init(&s);
    fill(&s, 61);
    flush(&s, 0, 40, 3);
    flush(&s, 40, 20, 5);
    get(&s, FIRST, &before);
    assert_int_equal(sealed_compact(s.f.sealed, NULL, NULL, NULL, &s.f.err), STATUS_OK);
    assert_false(io_exists(s.f.io, FIRST));
    spoil(&s);
    put_back(&s, FIRST, &before); /* a crash before it was removed */
    fixture_reopen(&s.f);
    check(&s, 60);
    assert_true(io_exists(s.f.io, FIRST));
    flush(&s, 60, 1, 7); /* a commit, so that the next start may clean up */
    fixture_reopen(&s.f);
    assert_false(io_exists(s.f.io, FIRST));
    check(&s, 61);
    buf_release(&before);
    scene_release(&s);
}

/* The same rows, cut in another way, in two files: a flush that was tried again. */
static void a_repeated_flush_counts_once(void **state)
{
    static const char FIRST[] = "seg/0000000000000001.seg";
    struct scene s;
    struct buf before;

    (void)state;
    scene_init(&s);
    fill(&s, 60);
    flush(&s, 0, 40, 3);
    get(&s, FIRST, &before);
    spoil(&s);
    assert_int_equal(io_unlink(s.f.io, FIRST, &s.f.err), STATUS_OK);
    fixture_reopen(&s.f);
    s.f.sealed->next_segment = 2;
    s.f.sealed->generation = 1;
    flush(&s, 0, 60, 4);
    put_back(&s, FIRST, &before);
    spoil(&s);
    fixture_reopen(&s.f);
    check(&s, 60);
    buf_release(&before);
    scene_release(&s);
}

static void a_missing_catalog_is_made_anew_too(void **state)
{
    struct scene s;

    (void)state;
    scene_init(&s);
    fill(&s, 20);
    flush(&s, 0, 20, 3);
    sealed_close(s.f.sealed);
    s.f.sealed = NULL;
    assert_int_equal(io_unlink(s.f.io, CATALOG_PATH, &s.f.err), STATUS_OK);
    fixture_reopen(&s.f);
    assert_false(sealed_floor_is_known(s.f.sealed));
    check(&s, 20);
    scene_release(&s);
}

/* A section that cannot be read stays in the list, so that readers are told. */
static void a_damaged_section_stays_listed(void **state)
{
    struct io_file *file = NULL;
    struct scene s;

    (void)state;
    scene_init(&s);
    fill(&s, 20);
    flush(&s, 0, 20, 3);
    spoil(&s);
    assert_int_equal(io_open(s.f.io, "seg/0000000000000001.seg", IO_WRITE, &file, &s.f.err),
                     STATUS_OK);
    assert_int_equal(io_write_at(file, 40, "damage", 6, &s.f.err), STATUS_OK);
    io_close(file);
    fixture_reopen(&s.f);
    struct section_list *list = sealed_pin(s.f.sealed, NULL, NULL);
    assert_int_equal(list->count, 2);
    section_list_unref(list);
    assert_true(sealed_has_row(s.f.sealed, &s.makers[0].batch.tenant, s.makers[0].records[3].seq));
    scene_release(&s);
}

static void damage_directory(struct scene *s, const char *path)
{
    struct io_file *file = NULL;
    uint64_t size = 0;

    assert_int_equal(io_open(s->f.io, path, IO_WRITE, &file, &s->f.err), STATUS_OK);
    assert_int_equal(io_size(file, &size, &s->f.err), STATUS_OK);
    assert_int_equal(io_write_at(file, size - 40, "damage", 6, &s->f.err), STATUS_OK);
    io_close(file);
}

/* One write that a disk puts in a wrong place is enough for both damages. */
static void a_damaged_segment_beside_a_damaged_catalog_is_set_aside(void **state)
{
    static const char SECOND[] = "seg/0000000000000002.seg";
    struct scene s;

    (void)state;
    scene_init(&s);
    fill(&s, 90);
    flush(&s, 0, 40, 3);
    flush(&s, 40, 20, 5);
    spoil(&s);
    damage_directory(&s, SECOND);
    for (int i = 0; i < 2; i++) { /* the second time after a start that was cut short */
        fixture_reopen(&s.f);
        assert_true(io_exists(s.f.io, CATALOG_ASIDE_PATH));
        assert_false(io_exists(s.f.io, SECOND));
        assert_true(io_exists(s.f.io, "seg/0000000000000002.seg.damaged"));
        assert_int_equal(s.f.sealed->next_segment, 3); /* its number is not used again */
        check(&s, 40);
    }
    flush(&s, 60, 30, 9); /* the rows behind it come from the log, if that has them */
    fixture_reopen(&s.f);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fixture_check(&s.f, &s.makers[i]), 70);
    assert_true(io_exists(s.f.io, "seg/0000000000000002.seg.damaged"));
    scene_release(&s);
}

static void a_damaged_segment_without_a_catalog_is_no_empty_store(void **state)
{
    struct scene s;

    (void)state;
    scene_init(&s);
    fill(&s, 20);
    flush(&s, 0, 20, 3);
    sealed_close(s.f.sealed);
    s.f.sealed = NULL;
    assert_int_equal(io_unlink(s.f.io, CATALOG_PATH, &s.f.err), STATUS_OK);
    damage_directory(&s, "seg/0000000000000001.seg");
    for (int i = 0; i < 2; i++) {
        fixture_reopen(&s.f);
        assert_false(sealed_floor_is_known(s.f.sealed));
        assert_int_equal(s.f.sealed->next_segment, 2);
    }
    scene_release(&s);
}

/* A newer program has its reasons: nothing is moved. */
static void a_segment_of_a_newer_program_refuses_the_start(void **state)
{
    static const char FIRST[] = "seg/0000000000000001.seg";
    struct scene s;
    struct buf bytes;

    (void)state;
    scene_init(&s);
    fill(&s, 20);
    flush(&s, 0, 20, 3);
    get(&s, FIRST, &bytes);
    spoil(&s);
    bytes.data[8] = 99; /* version */
    uint32_t crc = hash_crc32c(0, bytes.data, 28);
    for (unsigned i = 0; i < 4; i++)
        bytes.data[28 + i] = (char)(crc >> (8 * i));
    put_back(&s, FIRST, &bytes);
    assert_int_equal(sealed_open(&s.f.options, &s.f.sealed, &s.f.err), STATUS_INVALID);
    assert_non_null(strstr(s.f.err.text, "a newer program"));
    assert_true(io_exists(s.f.io, FIRST));
    assert_true(io_exists(s.f.io, CATALOG_PATH));
    buf_release(&bytes);
    scene_release(&s);
}

/* One that cannot be looked for is not a new one, whose segments would be removed. */
static void a_missing_catalog_is_missing_through_read_errors(void **state)
{
    struct scene s;
    struct fault_io faults;
    bool was_opened = false;

    (void)state;
    scene_init(&s);
    fill(&s, 60);
    flush(&s, 0, 60, 3);
    sealed_close(s.f.sealed);
    s.f.sealed = NULL;
    assert_int_equal(io_unlink(s.f.io, CATALOG_PATH, &s.f.err), STATUS_OK);
    for (uint64_t n = 1; !was_opened; n++) {
        struct sealed_options options = s.f.options;
        struct sealed *sealed = NULL;
        fault_io_init(&faults, s.f.io);
        faults.fail_at = n;
        options.io = &faults.io;
        was_opened = sealed_open(&options, &sealed, &s.f.err) == STATUS_OK;
        was_opened = was_opened && faults.calls < n;
        sealed_close(sealed);
        fixture_reopen(&s.f);
        check(&s, 60);
        sealed_close(s.f.sealed);
        s.f.sealed = NULL;
    }
    scene_release(&s);
}

/* A bad sector: the segments have all that it says. */
static void a_catalog_that_cannot_be_read_is_made_anew(void **state)
{
    struct scene s;
    struct fault_io fault;

    (void)state;
    scene_init(&s);
    fill(&s, 60);
    flush(&s, 0, 60, 3);
    sealed_close(s.f.sealed);
    fault_io_init(&fault, s.f.io);
    struct sealed_options options = s.f.options;
    options.io = &fault.io;
    for (uint64_t n = 1; n <= 3; n++) { /* open, size, bytes: once */
        fault.calls = 0;
        fault.fail_at = 1 + n; /* behind that its directory is made */
        assert_int_equal(sealed_open(&options, &s.f.sealed, &s.f.err), STATUS_OK);
        assert_false(io_exists(s.f.io, CATALOG_ASIDE_PATH));
        sealed_close(s.f.sealed);
    }
    fault.fail_at = 0;
    fault.bad_path = CATALOG_PATH;
    assert_int_equal(sealed_open(&options, &s.f.sealed, &s.f.err), STATUS_OK);
    check(&s, 60);
    assert_true(io_exists(s.f.io, CATALOG_ASIDE_PATH));
    fixture_reopen(&s.f);
    check(&s, 60);
    scene_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damaged_catalog_is_set_aside_and_made_anew),
        cmocka_unit_test(a_segment_that_was_not_committed_is_taken_in_without_a_look_at_the_others),
        cmocka_unit_test(a_merge_that_was_not_committed_counts_once),
        cmocka_unit_test(a_catalog_behind_its_log_is_made_anew),
        cmocka_unit_test(what_was_merged_away_does_not_come_back),
        cmocka_unit_test(a_repeated_flush_counts_once),
        cmocka_unit_test(a_missing_catalog_is_made_anew_too),
        cmocka_unit_test(a_missing_catalog_is_missing_through_read_errors),
        cmocka_unit_test(a_catalog_that_cannot_be_read_is_made_anew),
        cmocka_unit_test(a_damaged_section_stays_listed),
        cmocka_unit_test(a_damaged_segment_beside_a_damaged_catalog_is_set_aside),
        cmocka_unit_test(a_damaged_segment_without_a_catalog_is_no_empty_store),
        cmocka_unit_test(a_segment_of_a_newer_program_refuses_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
