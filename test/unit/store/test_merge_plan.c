/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a merge chooses. */
#include "store/sealed_priv.h"

#include "store/segment_fixture.h"

#include <stdlib.h>

#define FILES 12u
#define MONTH_US (INT64_C(31) * 86400 * 1000000)

/* A list of sections that nobody opens: only their facts are read. */
struct scene {
    struct sealed sealed;
    struct clock_fixed clock;
    struct cache *cache;
    struct section_list *list;
    struct segment_file *files[FILES];
    struct error err;
};

static void scene_init(struct scene *s)
{
    *s = (struct scene){0};
    clock_fixed_init(&s->clock, 10 * MONTH_US);
    s->sealed.options.clock = &s->clock.clock;
    s->cache = cache_new(MIB);
    s->list = section_list_new(64, &s->err);
    assert_non_null(s->list);
    for (uint32_t i = 0; i < FILES; i++)
        assert_int_equal(segment_file_new(NULL, i + 1, &s->files[i], &s->err), STATUS_OK);
}

static struct section *add(struct scene *s, uint32_t file, uint32_t rows)
{
    struct section_info info = {.segment = file + 1, .row_count = rows, .level = SECTION_FLUSHED,
                                .received_min = s->clock.now_unix_us, .offset = 32,
                                .size_bytes = 100};
    struct section *section = NULL;
    assert_int_equal(section_new(&info, s->files[file], (struct slice){NULL, 0}, NULL, s->cache,
                                 &section, &s->err),
                     STATUS_OK);
    s->list->sections[s->list->count++] = section;
    return section;
}

static void scene_release(struct scene *s)
{
    section_list_unref(s->list);
    for (uint32_t i = 0; i < FILES; i++)
        segment_file_unref(s->files[i]);
    cache_free(s->cache);
}

static uint32_t chosen(const struct scene *s)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < FILES; i++)
        count += s->files[i]->is_chosen;
    return count;
}

static void eight_files_of_a_size_are_joined(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    for (uint32_t i = 0; i < 7; i++)
        (void)add(&s, i, 100 + i);
    (void)add(&s, 8, 5000);
    assert_int_equal(merge_choose(&s.sealed, s.list), PLAN_NONE);
    assert_int_equal(chosen(&s), 0);
    struct section *last = add(&s, 9, 70);
    assert_int_equal(merge_choose(&s.sealed, s.list), PLAN_JOIN);
    assert_int_equal(chosen(&s), 8);
    assert_true(merge_wants(&s.sealed, last));
    assert_false(s.files[8]->is_chosen);
    scene_release(&s);
}

/* Two days after: rows of the old month may be in memory for a while. */
static void another_month_is_another_plan(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    for (uint32_t i = 0; i < 8; i++) {
        (void)add(&s, i, 100);
        s.clock.now_unix_us += i == 3 ? MONTH_US : 0;
    }
    assert_int_equal(merge_choose(&s.sealed, s.list), PLAN_CLOSE);
    assert_int_equal(chosen(&s), 4);
    assert_true(merge_wants(&s.sealed, s.list->sections[0]));
    assert_false(merge_wants(&s.sealed, s.list->sections[7]));
    scene_release(&s);
}

static void a_plan_lasts_until_it_is_done(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    for (uint32_t i = 0; i < 8; i++)
        (void)add(&s, i, 100);
    assert_int_equal(merge_choose(&s.sealed, s.list), PLAN_JOIN);
    for (uint32_t i = 1; i < 8; i++)
        atomic_store(&s.list->sections[i]->stays, true);
    assert_int_equal(merge_choose(&s.sealed, s.list), PLAN_JOIN);
    atomic_store(&s.list->sections[0]->is_broken, true);
    assert_int_equal(merge_choose(&s.sealed, s.list), PLAN_NONE);
    assert_int_equal(chosen(&s), 0);
    scene_release(&s);
}

static void what_is_done_does_not_count(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    for (uint32_t i = 0; i < 8; i++)
        (void)add(&s, i, PART_ROWS_MAX / 2 + 1);
    assert_int_equal(merge_choose(&s.sealed, s.list), PLAN_NONE);
    for (uint32_t i = 0; i < 8; i++)
        add(&s, i, 10)->info.raw_bytes = SECTION_RAW_BYTES_MAX / 2 + 1;
    assert_int_equal(merge_choose(&s.sealed, s.list), PLAN_NONE);
    for (uint32_t i = 0; i < 8; i++)
        add(&s, i, 10)->info.level = SECTION_COMPACTED;
    assert_int_equal(merge_choose(&s.sealed, s.list), PLAN_NONE);
    scene_release(&s);
}

static void too_many_rows_are_not_joined(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    for (uint32_t i = 0; i < 8; i++) {
        for (uint32_t k = 0; k < 8; k++)
            add(&s, i, PART_ROWS_MAX / 2);
    }
    assert_int_equal(merge_choose(&s.sealed, s.list), PLAN_JOIN); /* 2,097,152 rows */
    section_list_unref(s.list);
    s.list = section_list_new(1024, &s.err);
    s.sealed.plan = PLAN_NONE;
    for (uint32_t i = 0; i < 8; i++) {
        for (uint32_t k = 0; k < 33; k++)
            add(&s, i, PART_ROWS_MAX / 2);
    }
    assert_int_equal(merge_choose(&s.sealed, s.list), PLAN_NONE); /* more than 8,388,608 */
    scene_release(&s);
}

/* What is written again has a directory, which has a limit. */
static void files_of_very_many_sections_are_joined_in_part(void **state)
{
    enum { EACH = 100000 };
    (void)state;
    struct scene s;
    scene_init(&s);
    struct section **sections = calloc(8 * EACH, sizeof(*sections));
    assert_non_null(sections);
    for (uint32_t i = 0; i < 4; i++) { /* of one size, then each of its own */
        struct section *equal = add(&s, i, 1), *own = add(&s, 4 + i, 1u << (3 * i));
        for (uint32_t k = 0; k < EACH; k++) {
            sections[i * EACH + k] = equal;
            sections[(4 + i) * EACH + k] = own;
        }
    }
    const struct section_list equals = {.count = 4 * EACH, .sections = sections};
    assert_int_equal(merge_choose(&s.sealed, &equals), PLAN_JOIN);
    assert_int_equal(chosen(&s), 2);
    const struct section_list others = {.count = 4 * EACH, .sections = sections + 4 * EACH};
    for (uint32_t i = 0; i < FILES; i++)
        s.files[i]->is_chosen = false;
    s.sealed.plan = PLAN_NONE;
    s.clock.now_unix_us += 3 * MONTH_US;
    assert_int_equal(merge_choose(&s.sealed, &others), PLAN_CLOSE);
    assert_int_equal(chosen(&s), 2);
    free(sections);
    scene_release(&s);
}

static void a_file_that_is_mostly_dead_is_renewed(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct section *section = add(&s, 0, 10);
    section->info.level = SECTION_COMPACTED;
    section->info.offset = 200000;
    section->info.size_bytes = 150000;
    assert_int_equal(merge_choose(&s.sealed, s.list), PLAN_RENEW);
    assert_true(merge_wants(&s.sealed, section));
    s.sealed.plan = PLAN_NONE;
    section->info.offset = 100000;
    assert_int_equal(merge_choose(&s.sealed, s.list), PLAN_NONE);
    scene_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_files_of_a_size_are_joined),
        cmocka_unit_test(another_month_is_another_plan),
        cmocka_unit_test(a_plan_lasts_until_it_is_done),
        cmocka_unit_test(what_is_done_does_not_count),
        cmocka_unit_test(too_many_rows_are_not_joined),
        cmocka_unit_test(files_of_very_many_sections_are_joined_in_part),
        cmocka_unit_test(a_file_that_is_mostly_dead_is_renewed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
