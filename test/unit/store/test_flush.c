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
    assert_int_equal(sealed_flush(f.sealed, parts, 2, 5, NULL, NULL, &f.err), STATUS_OK);
    assert_int_equal(f.verifier.seen, 3010);
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
    assert_int_equal(sealed_flush(f->sealed, &part, 1, 9, count, &published, &f->err), STATUS_OK);
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

static void a_flush_without_parts_moves_the_floor(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    assert_int_equal(sealed_flush(f.sealed, NULL, 0, 3, NULL, NULL, &f.err), STATUS_OK);
    fixture_reopen(&f);
    assert_int_equal(sealed_wal_floor(f.sealed), 3);
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
    assert_int_equal(sealed_flush(f.sealed, &part, 1, 1, NULL, NULL, &f.err), STATUS_NOT_FOUND);
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
        cmocka_unit_test(a_flush_without_parts_moves_the_floor),
        cmocka_unit_test(a_tenant_without_keys_cannot_be_flushed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
