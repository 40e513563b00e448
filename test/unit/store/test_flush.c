/* SPDX-License-Identifier: Apache-2.0 */
/* A flush makes parts durable in one step, or changes nothing. */
#include "store/segment_fixture.h"

static void what_was_flushed_is_there_after_a_restart(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker a, b;
    fixture_init(&f);
    batch_maker_init(&a, "AuditRecords", 1);
    batch_maker_init(&b, "Other", 2);
    fixture_records(&a, 3000, 1);
    fixture_records(&b, 10, 2);
    f.verifier.makers[0] = &a;
    f.verifier.makers[1] = &b;
    f.verifier.maker_count = 2;
    struct part *parts[2] = {fixture_part(&a), fixture_part(&b)};
    assert_int_equal(fixture_flush(f.sealed, parts, 2, 5, NULL, NULL, &f.err), STATUS_OK);
    assert_int_equal(f.verifier.seen, 64 + 10); /* the others have their tags alone */
    assert_int_equal(sealed_wal_floor(f.sealed), 5);
    assert_int_equal(fixture_check(&f, &a), 3000);
    fixture_reopen(&f);
    assert_int_equal(sealed_wal_floor(f.sealed), 5);
    assert_int_equal(fixture_check(&f, &a), 3000);
    assert_int_equal(fixture_check(&f, &b), 10);
    part_unref(parts[0]);
    part_unref(parts[1]);
    batch_maker_release(&a);
    batch_maker_release(&b);
    fixture_release(&f);
}

static void count(void *context)
{
    (*(int *)context)++;
}

static struct store_stats stats_of(struct fixture *f)
{
    struct store_stats stats = {0};

    sealed_stats(f->sealed, &stats);
    return stats;
}

/* The part is refused once (its columns) or always. */
static void flush_refused(struct fixture *f, struct batch_maker *m, bool always)
{
    int published = 0;
    fixture_init(f);
    batch_maker_init(m, "T", 1);
    fixture_records(m, 20, 1);
    struct part *part = fixture_part(m);
    f->verifier.makers[0] = m;
    f->verifier.maker_count = 1;
    f->verifier.refuse = always;
    f->verifier.refusals = 1;
    assert_int_equal(fixture_flush(f->sealed, &part, 1, 9, count, &published, &f->err), STATUS_OK);
    assert_int_equal(published, 1);
    assert_int_equal(fixture_check(f, m), 20);
    part_unref(part);
}

static void columns_that_do_not_match_are_kept_whole(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker m;
    flush_refused(&f, &m, false);
    assert_int_equal(stats_of(&f).raw_sections, 1);
    assert_int_equal(stats_of(&f).unverified_sections, 0);
    assert_int_equal(stats_of(&f).fallback_records, 20);
    batch_maker_release(&m);
    fixture_release(&f);
}

static void what_never_matches_is_kept_counted_and_stops_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker m;
    flush_refused(&f, &m, true);
    assert_int_equal(stats_of(&f).raw_sections, 0);
    assert_int_equal(stats_of(&f).unverified_sections, 1);
    assert_int_equal(sealed_wal_floor(f.sealed), 9);
    fixture_reopen(&f);
    assert_int_equal(fixture_check(&f, &m), 20);
    batch_maker_release(&m);
    fixture_release(&f);
}

static enum status keep_log(void *context, uint64_t wal_floor, struct error *err)
{
    (void)wal_floor;
    (void)err;
    (*(int *)context)++;
    return STATUS_OK;
}

/* A batch of a tenant whose evidence the disk does not give and one of another tenant;
 * `is_altered`: a tag of the first is wrong.  How often the log was kept. */
static int flush_unread(struct fixture *f, bool is_altered)
{
    struct batch_maker makers[2];
    int kept = 0;
    fixture_init(f);
    f->options.keep_log = keep_log;
    f->options.context = &kept;
    fixture_reopen(f);
    for (uint8_t i = 0; i < 2; i++) {
        batch_maker_init(&makers[i], "T", (uint8_t)(i + 1));
        fixture_records(&makers[i], 20, i + 1u);
        f->verifier.makers[i] = &makers[i];
    }
    f->verifier.maker_count = 2;
    f->verifier.unread = 1;
    struct part *parts[2] = {fixture_part(&makers[0]), fixture_part(&makers[1])};
    parts[0]->tags[3] ^= is_altered;
    assert_int_equal(fixture_flush(f->sealed, parts, 2, 5, NULL, NULL, &f->err), STATUS_OK);
    assert_int_equal(sealed_wal_floor(f->sealed), 5);
    struct section_list *list = sealed_pin(f->sealed, NULL, NULL);
    assert_int_equal(list->count, 2);
    section_list_unref(list);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(fixture_check(f, &makers[i]), 20);
        part_unref(parts[i]);
        batch_maker_release(&makers[i]);
    }
    return kept;
}

/* Their tags say that they are what came. */
static void rows_whose_evidence_cannot_be_read_keep_nobody_in_the_log(void **state)
{
    (void)state;
    struct fixture f;
    assert_int_equal(flush_unread(&f, false), 0);
    assert_int_equal(stats_of(&f).unchecked_sections, 1);
    assert_int_equal(stats_of(&f).raw_sections, 0);
    assert_int_equal(stats_of(&f).unverified_sections, 0);
    assert_int_equal(f.verifier.seen, 20);
    fixture_release(&f);
}

static void rows_that_differ_are_not_taken_for_unread_ones(void **state)
{
    (void)state;
    struct fixture f;
    assert_int_equal(flush_unread(&f, true), 1);
    assert_int_equal(stats_of(&f).unchecked_sections, 0);
    assert_int_equal(stats_of(&f).unverified_sections, 1);
    fixture_release(&f);
}

static void a_flush_without_parts_moves_the_floor(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    assert_int_equal(fixture_flush(f.sealed, NULL, 0, 3, NULL, NULL, &f.err), STATUS_OK);
    fixture_reopen(&f);
    assert_int_equal(sealed_wal_floor(f.sealed), 3);
    fixture_release(&f);
}

/* Each try again would leave a file that nothing lists. */
static void a_store_with_too_many_sections_gets_no_file(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker m;
    fixture_init(&f);
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 20, 1);
    f.verifier.makers[0] = &m;
    f.verifier.maker_count = 1;
    struct part *part = fixture_part(&m);
    f.sealed->list->count = SECTIONS_MAX; /* nobody looks at them */
    assert_int_equal(fixture_flush(f.sealed, &part, 1, 9, NULL, NULL, &f.err), STATUS_LIMIT);
    f.sealed->list->count = 0;
    for (uint64_t number = 0; number < 4; number++) {
        char path[SEGMENT_PATH_BYTES];
        segment_path(number, "seg", path);
        assert_false(io_exists(f.io, path));
        segment_path(number, "tmp", path);
        assert_false(io_exists(f.io, path));
    }
    assert_int_equal(fixture_flush(f.sealed, &part, 1, 9, NULL, NULL, &f.err), STATUS_OK);
    assert_int_equal(fixture_check(&f, &m), 20);
    part_unref(part);
    batch_maker_release(&m);
    fixture_release(&f);
}

static void a_tenant_without_keys_cannot_be_flushed(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker m;
    fixture_init(&f);
    batch_maker_init(&m, "T", 0xee);
    fixture_records(&m, 5, 1);
    struct part *part = fixture_part(&m);
    assert_int_equal(fixture_flush(f.sealed, &part, 1, 1, NULL, NULL, &f.err), STATUS_NOT_FOUND);
    part_unref(part);
    batch_maker_release(&m);
    fixture_release(&f);
}

#define THREADS 4
#define MANY_PARTS 40

/* Parts of four tenants in turn, taken by several threads; the last of no tenant with keys. */
static enum status flush_many(struct fixture *f, struct batch_maker makers[4],
                              uint32_t part_count, bool last_fails)
{
    struct batch_maker keyless;
    struct part *parts[MANY_PARTS + 1];
    fixture_init(f);
    f->options.thread_count = THREADS;
    fixture_reopen(f);
    for (uint8_t i = 0; i < 4; i++) {
        batch_maker_init(&makers[i], "T", (uint8_t)(i + 1));
        fixture_records(&makers[i], 200, i + 1u);
        f->verifier.makers[i] = &makers[i];
    }
    f->verifier.maker_count = 4;
    batch_maker_init(&keyless, "T", 0xee);
    fixture_records(&keyless, 5, 1);
    for (uint32_t i = 0; i < part_count; i++)
        parts[i] = fixture_part(&makers[i % 4]);
    parts[part_count] = fixture_part(&keyless);
    enum status status = fixture_flush(f->sealed, parts, part_count + (last_fails ? 1 : 0), 5,
                                      NULL, NULL, &f->err);
    for (uint32_t i = 0; i <= part_count; i++)
        part_unref(parts[i]);
    batch_maker_release(&keyless);
    return status;
}

static void release_many(struct fixture *f, struct batch_maker makers[4])
{
    for (uint32_t i = 0; i < 4; i++)
        batch_maker_release(&makers[i]);
    fixture_release(f);
}

static void several_threads_make_the_sections_of_one_file(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker makers[4];
    assert_int_equal(flush_many(&f, makers, MANY_PARTS, false), STATUS_OK);
    assert_int_equal(f.verifier.seen, MANY_PARTS * 64);
    for (int opened = 0; opened < 2; opened++) {
        struct section_list *list = sealed_pin(f.sealed, NULL, NULL);
        assert_int_equal(list->count, MANY_PARTS);
        section_list_unref(list);
        for (uint32_t i = 0; i < 4; i++) /* each record in ten sections */
            assert_int_equal(fixture_check(&f, &makers[i]), MANY_PARTS / 4 * 200);
        fixture_reopen(&f);
    }
    release_many(&f, makers);
}

static void fewer_parts_than_threads_are_flushed(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker makers[4];
    assert_int_equal(flush_many(&f, makers, 2, false), STATUS_OK);
    assert_int_equal(fixture_check(&f, &makers[1]), 200);
    release_many(&f, makers);
}

static void one_thread_that_fails_fails_the_flush(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker makers[4];
    assert_int_equal(flush_many(&f, makers, MANY_PARTS, true), STATUS_NOT_FOUND);
    assert_non_null(strstr(f.err.text, "no keys"));
    assert_int_equal(fixture_check(&f, &makers[0]), 0);
    assert_int_equal(sealed_wal_floor(f.sealed), 0);
    release_many(&f, makers);
}

/* Twenty records from the maker's n-th batch. */
static struct part *make_batch(const struct batch_maker *m, uint32_t n)
{
    struct batch_maker one = {.batch = m->batch};
    one.batch.records += (size_t)n * 20;
    one.batch.record_count = 20;
    return fixture_part(&one);
}

/* Two batches of a tenant, one of another tenant, one of the first again. */
static void flush_batches(struct fixture *f, uint32_t refusals, uint32_t section_count)
{
    struct batch_maker makers[2];
    fixture_init(f);
    for (uint8_t i = 0; i < 2; i++) {
        batch_maker_init(&makers[i], "T", (uint8_t)(i + 1));
        fixture_records(&makers[i], i == 0 ? 60 : 20, i + 1u);
        f->verifier.makers[i] = &makers[i];
    }
    f->verifier.maker_count = 2;
    f->verifier.refusals = refusals;
    struct part *parts[4] = {make_batch(&makers[0], 0), make_batch(&makers[0], 1),
                             make_batch(&makers[1], 0), make_batch(&makers[0], 2)};
    assert_int_equal(fixture_flush(f->sealed, parts, 4, 5, NULL, NULL, &f->err), STATUS_OK);
    struct section_list *list = sealed_pin(f->sealed, NULL, NULL);
    assert_int_equal(list->count, section_count);
    section_list_unref(list);
    assert_int_equal(fixture_check(f, &makers[0]), 60);
    assert_int_equal(fixture_check(f, &makers[1]), 20);
    for (uint32_t i = 0; i < 4; i++)
        part_unref(parts[i]);
    batch_maker_release(&makers[0]);
    batch_maker_release(&makers[1]);
}

static void small_parts_of_one_table_become_one_section(void **state)
{
    (void)state;
    struct fixture f;
    flush_batches(&f, 0, 3);
    fixture_release(&f);
}

static void parts_that_do_not_match_together_are_flushed_one_by_one(void **state)
{
    (void)state;
    struct fixture f;
    flush_batches(&f, 1, 4);
    assert_int_equal(stats_of(&f).raw_sections, 0);
    assert_int_equal(stats_of(&f).unverified_sections, 0);
    fixture_release(&f);
}

static void large_parts_are_sections_of_their_own(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker m;
    fixture_init(&f);
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, SMALL_TENANT_ROWS + 1, 1);
    struct part *part = fixture_part(&m);
    struct part *parts[2] = {part, part};
    assert_int_equal(fixture_flush(f.sealed, parts, 2, 5, NULL, NULL, &f.err), STATUS_OK);
    struct section_list *list = sealed_pin(f.sealed, NULL, NULL);
    assert_int_equal(list->count, 2);
    section_list_unref(list);
    part_unref(part);
    batch_maker_release(&m);
    fixture_release(&f);
}

static void parts_of_many_values_are_not_joined(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker m;
    fixture_init(&f);
    batch_maker_init(&m, "T", 1);
    batch_maker_add_zeros(&m, PART_VALUES_MAX / 4, FIXTURE_TIME);
    struct part *part = fixture_part(&m), *parts[5] = {part, part, part, part, part};
    assert_int_equal(fixture_flush(f.sealed, parts, 5, 5, NULL, NULL, &f.err), STATUS_OK);
    assert_int_equal(stats_of(&f).sections, 2);
    assert_int_equal(stats_of(&f).raw_sections, 0);
    assert_int_equal(fixture_check(&f, &m), 5);
    part_unref(part);
    batch_maker_release(&m);
    fixture_release(&f);
}

/* Each record has a shape of its own, of a megabyte: together they pass what the header of a
 * section may have, and whole they are too much for one section, too. */
static void what_no_section_has_room_for_becomes_several_of_whole_records(void **state)
{
    enum { ROWS = SECTION_HEADER_BYTES_MAX / MIB + 2 };
    static char text[MIB];
    struct fixture f;
    struct batch_maker m;

    (void)state;
    fixture_init(&f);
    batch_maker_init(&m, "T", 1);
    for (uint32_t i = 0; i < ROWS; i++) {
        int size = snprintf(text, sizeof(text), "{\"a\":%*u}", (int)sizeof(text) - 7 - (int)i, 7);
        batch_maker_add(&m, slice_from(text, (size_t)size), FIXTURE_TIME);
    }
    f.verifier.makers[0] = &m;
    f.verifier.maker_count = 1;
    struct part *part = fixture_part(&m);
    assert_int_equal(fixture_flush(f.sealed, &part, 1, 9, NULL, NULL, &f.err), STATUS_OK);
    assert_int_equal(stats_of(&f).raw_sections, (ROWS + 15) / 16);
    assert_int_equal(stats_of(&f).fallback_records, ROWS);
    assert_int_equal(fixture_check(&f, &m), ROWS);
    part_unref(part);
    batch_maker_release(&m);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_flushed_is_there_after_a_restart),
        cmocka_unit_test(columns_that_do_not_match_are_kept_whole),
        cmocka_unit_test(what_never_matches_is_kept_counted_and_stops_nothing),
        cmocka_unit_test(rows_whose_evidence_cannot_be_read_keep_nobody_in_the_log),
        cmocka_unit_test(rows_that_differ_are_not_taken_for_unread_ones),
        cmocka_unit_test(a_flush_without_parts_moves_the_floor),
        cmocka_unit_test(a_store_with_too_many_sections_gets_no_file),
        cmocka_unit_test(a_tenant_without_keys_cannot_be_flushed),
        cmocka_unit_test(several_threads_make_the_sections_of_one_file),
        cmocka_unit_test(fewer_parts_than_threads_are_flushed),
        cmocka_unit_test(one_thread_that_fails_fails_the_flush),
        cmocka_unit_test(small_parts_of_one_table_become_one_section),
        cmocka_unit_test(parts_that_do_not_match_together_are_flushed_one_by_one),
        cmocka_unit_test(large_parts_are_sections_of_their_own),
        cmocka_unit_test(parts_of_many_values_are_not_joined),
        cmocka_unit_test(what_no_section_has_room_for_becomes_several_of_whole_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
