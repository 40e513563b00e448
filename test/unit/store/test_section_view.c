/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of a section are loaded when they are wanted, once for all who look. */
#include "store/sealed_priv.h"

#include "store/segment_fixture.h"

static void seal(struct fixture *f, const struct batch_maker *m)
{
    struct part *part = fixture_part(m);

    assert_int_equal(fixture_flush(f->sealed, &part, 1, 7, NULL, NULL, &f->err), STATUS_OK);
    part_unref(part);
}

static void guids_become_texts_for_who_wants_them(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker m;
    fixture_init(&f);
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 300, 5);
    seal(&f, &m);
    struct section_list *list = sealed_pin(f.sealed, NULL, NULL);
    struct part *a = NULL, *b = NULL;
    struct store_stats before = {0}, after = {0};
    assert_int_equal(section_view(list->sections[0], &a, &f.err), STATUS_OK);
    assert_int_equal(section_view(list->sections[0], &b, &f.err), STATUS_OK);
    uint32_t path = part_find_path(a, SLICE("Id"), PATH_VALUE);
    const struct path_column *lean = &a->paths[path], *full = &b->paths[path];
    assert_int_equal(section_load_lean(a, path, &f.err), STATUS_OK);
    assert_non_null(lean->guids);
    assert_null(lean->dict);
    sealed_stats(f.sealed, &before);
    assert_int_equal(section_load(b, path, &f.err), STATUS_OK);
    sealed_stats(f.sealed, &after);
    assert_ptr_equal(lean->guids, full->guids);
    assert_true(after.cache_bytes >= before.cache_bytes + lean->dict_count * GUID_TEXT_BYTES);
    struct buf text;
    buf_init(&text, MIB);
    for (uint32_t c = 0; c < lean->dict_count; c++) {
        buf_clear(&text);
        part_add_text(lean, c, &text);
        assert_true(slice_equal(buf_slice(&text), full->dict[c]));
    }
    buf_release(&text);
    assert_int_equal(section_load(a, path, &f.err), STATUS_OK); /* loaded already, as lean */
    assert_ptr_equal(lean->dict, full->dict);
    part_unref(a);
    part_unref(b);
    section_list_unref(list);
    batch_maker_release(&m);
    fixture_release(&f);
}

static void views_share_what_is_loaded_and_pin_it(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker m;
    fixture_init(&f);
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 300, 5);
    seal(&f, &m);
    f.options.cache_bytes = 1; /* nothing stays but what is in use */
    fixture_reopen(&f);
    struct section_list *list = sealed_pin(f.sealed, NULL, NULL);
    struct part *a = NULL, *b = NULL;
    assert_int_equal(section_view(list->sections[0], &a, &f.err), STATUS_OK);
    assert_int_equal(section_view(list->sections[0], &b, &f.err), STATUS_OK);
    uint32_t path = part_find_path(a, SLICE("UserId"), PATH_VALUE);
    assert_false(a->paths[path].loaded);
    assert_int_equal(section_load(a, path, &f.err), STATUS_OK);
    assert_int_equal(section_load(b, path, &f.err), STATUS_OK);
    assert_true(a->paths[path].loaded);
    assert_ptr_equal(a->paths[path].dict, b->paths[path].dict);
    part_unref(a);
    assert_int_equal(section_load_all(b, &f.err), STATUS_OK);
    part_unref(b);
    struct store_stats stats = {0};
    sealed_stats(f.sealed, &stats);
    assert_int_equal(stats.cache_bytes, 0);
    section_list_unref(list);
    batch_maker_release(&m);
    fixture_release(&f);
}

#define LEVELS 30
#define LEVELS_SECONDS 30u /* of its some milliseconds */

/* The same key four times in each element: a way of 4^30 slots leads down to the last. */
static void repeated_keys_in_arrays_are_loaded_once(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker m;
    struct part *view = NULL;
    struct buf text;
    buf_init(&text, MIB);
    buf_add_text(&text, "{\"d\":");
    for (unsigned i = 0; i < LEVELS; i++)
        buf_add_text(&text, "[{\"a\":");
    buf_add_text(&text, "[]");
    for (unsigned i = 0; i < LEVELS; i++)
        buf_add_text(&text, ",\"a\":[],\"a\":[],\"a\":[]}]");
    buf_add_text(&text, "}");
    fixture_init(&f);
    batch_maker_init(&m, "T", 1);
    batch_maker_add(&m, buf_slice(&text), FIXTURE_TIME);
    assert_int_equal(m.records[0].flags, 0);
    seal(&f, &m);
    struct section_list *list = sealed_pin(f.sealed, NULL, NULL);
    assert_int_equal(section_view(list->sections[0], &view, &f.err), STATUS_OK);
    assert_false(view->shapes[0].is_raw);
    const struct slot_range all = {0, 0, view->shapes[0].slot_count};
    (void)alarm(LEVELS_SECONDS);
    assert_int_equal(section_load_slots(view, &all, &f.err), STATUS_OK);
    assert_int_equal(section_load_shape(view, 0, &f.err), STATUS_OK);
    (void)alarm(0);
    buf_clear(&text);
    part_render(view, 0, &text);
    assert_true(slice_equal(buf_slice(&text), m.records[0].raw));
    part_unref(view);
    section_list_unref(list);
    buf_release(&text);
    batch_maker_release(&m);
    fixture_release(&f);
}

/* A tree that is there lean has its texts once somebody wants them. */
static void lean_trees_become_texts(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker m;
    struct part *view = NULL;
    char line[128];
    fixture_init(&f);
    batch_maker_init(&m, "T", 1);
    for (int i = 0; i < 300; i++) {
        (void)snprintf(line, sizeof(line),
                       "{\"l\":[{\"k\":[{\"g\":\"%08x-1111-4222-8333-%012x\"}]}]}", i * 7919,
                       i * 104729);
        batch_maker_add(&m, slice_of(line), FIXTURE_TIME + i);
    }
    seal(&f, &m);
    struct section_list *list = sealed_pin(f.sealed, NULL, NULL);
    assert_int_equal(section_view(list->sections[0], &view, &f.err), STATUS_OK);
    const struct slot_range all = {0, 0, view->shapes[0].slot_count};
    const struct path_column *column =
        &view->paths[part_find_path(view, SLICE("l[].k[].g"), PATH_VALUE)];
    assert_int_equal(section_load_slots(view, &all, &f.err), STATUS_OK);
    assert_non_null(column->guids);
    assert_null(column->dict);
    assert_int_equal(section_load_shape(view, 0, &f.err), STATUS_OK);
    assert_non_null(column->dict);
    part_unref(view);
    section_list_unref(list);
    batch_maker_release(&m);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guids_become_texts_for_who_wants_them),
        cmocka_unit_test(views_share_what_is_loaded_and_pin_it),
        cmocka_unit_test(repeated_keys_in_arrays_are_loaded_once),
        cmocka_unit_test(lean_trees_become_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
