/* SPDX-License-Identifier: Apache-2.0 */
/* Damage of any byte of a segment file is found, or does no harm. */
#include "store/sealed_priv.h"

#include "ingest/fault_io.h"
#include "store/segment_fixture.h"

#define PATH "seg/0000000000000001.seg"
#define STEP 61u /* every so many bytes */

struct scene {
    struct fixture f;
    struct batch_maker m;
    struct buf good; /* the file */
};

static void scene_init(struct scene *s)
{
    fixture_init(&s->f);
    batch_maker_init(&s->m, "T", 1);
    fixture_records(&s->m, 300, 5);
    struct part *part = fixture_part(&s->m);
    assert_int_equal(fixture_flush(s->f.sealed, &part, 1, 7, NULL, NULL, &s->f.err), STATUS_OK);
    buf_init(&s->good, 64 * MIB);
    assert_int_equal(io_read_all(s->f.io, PATH, &s->good, &s->f.err), STATUS_OK);
    part_unref(part);
}

static void scene_release(struct scene *s)
{
    buf_release(&s->good);
    batch_maker_release(&s->m);
    fixture_release(&s->f);
}

static void put_file(struct scene *s, struct slice content)
{
    struct io_file *file = NULL;

    assert_int_equal(io_open(s->f.io, PATH, IO_WRITE, &file, &s->f.err), STATUS_OK);
    assert_int_equal(io_truncate(file, 0, &s->f.err), STATUS_OK);
    assert_int_equal(io_write_at(file, 0, content.data, content.size, &s->f.err), STATUS_OK);
    io_close(file);
}

/* Reads everything: STATUS_CORRUPT, or every byte is right. */
static enum status read_all(struct scene *s)
{
    struct part *view = NULL;
    struct section_list *list = NULL;
    struct fixture_verifier v = {.makers = {&s->m}, .maker_count = 1};
    struct buf raw;
    bool maybe = false;

    fixture_reopen(&s->f);
    list = sealed_pin(s->f.sealed, NULL, NULL);
    assert_int_equal(list->count, 1);
    struct section *section = list->sections[0];
    enum status status = section_view(section, &view, &s->f.err);
    if (status == STATUS_OK)
        status = section_load_all(view, &s->f.err);
    if (status == STATUS_OK)
        status = section_probe(section, SLICE("Id"), SLICE("00000000-0000-0000-0000-000000000000"),
                               &maybe, NULL, &s->f.err);
    buf_init(&raw, MIB);
    for (uint32_t r = 0; status == STATUS_OK && r < view->row_count; r++) {
        const struct record *record = fixture_find(&v, &view->tenant, view->seqs[r]);
        buf_clear(&raw);
        part_render(view, r, &raw);
        assert_non_null(record);
        assert_true(slice_equal(buf_slice(&raw), record->raw));
    }
    if (status != STATUS_OK) {
        assert_int_equal(status, STATUS_CORRUPT);
        assert_false(section_is_usable(section));
        struct store_stats stats = {0};
        sealed_stats(s->f.sealed, &stats);
        assert_int_equal(stats.corrupt_sections, 1);
    }
    buf_release(&raw);
    part_unref(view);
    section_list_unref(list);
    return status;
}

static void every_flipped_byte_of_a_section_is_found(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct section_list *list = sealed_pin(s.f.sealed, NULL, NULL);
    struct section_info info = *section_info(list->sections[0]);
    section_list_unref(list);
    for (size_t at = 0; at < s.good.size; at += STEP) {
        s.good.data[at] = (char)(s.good.data[at] ^ 0x20);
        put_file(&s, buf_slice(&s.good));
        s.good.data[at] = (char)(s.good.data[at] ^ 0x20);
        enum status status = read_all(&s);
        if (at >= info.offset && at < info.offset + info.size_bytes)
            assert_int_equal(status, STATUS_CORRUPT);
    }
    put_file(&s, buf_slice(&s.good));
    assert_int_equal(read_all(&s), STATUS_OK);
    scene_release(&s);
}

static void a_file_cut_anywhere_gives_no_wrong_row(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    for (size_t size = 0; size < s.good.size; size += 211)
        if (size < s.good.size - 400) {
            put_file(&s, slice_head(buf_slice(&s.good), size));
            assert_int_equal(read_all(&s), STATUS_CORRUPT);
        }
    scene_release(&s);
}

static void zeroed_pages_give_no_wrong_row(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    char *copy = malloc(s.good.size);
    assert_non_null(copy);
    for (size_t at = 64; at + 512 < s.good.size - 400; at += 512) {
        memcpy(copy, s.good.data, s.good.size);
        memset(copy + at, 0, 512);
        put_file(&s, slice_from(copy, s.good.size));
        assert_int_equal(read_all(&s), STATUS_CORRUPT);
    }
    free(copy);
    scene_release(&s);
}

static void a_missing_file_is_a_gap_not_a_failure(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    sealed_close(s.f.sealed);
    s.f.sealed = NULL;
    assert_int_equal(io_unlink(s.f.io, PATH, &s.f.err), STATUS_OK);
    assert_int_equal(read_all(&s), STATUS_CORRUPT);
    scene_release(&s);
}

static enum status read_section(struct section *section, struct error *err)
{
    struct part *view = NULL;
    enum status status = section_view(section, &view, err);

    if (status == STATUS_OK)
        status = section_load_all(view, err);
    part_unref(view);
    return status;
}

/* Each read in turn fails once, then all of them for good, then none: nothing is set aside. */
static void what_the_disk_does_not_give_is_no_damage(void **state)
{
    (void)state;
    struct scene s;
    struct fault_io fault;
    uint64_t calls = 0;
    scene_init(&s);
    sealed_close(s.f.sealed);
    s.f.sealed = NULL;
    fault_io_init(&fault, s.f.io);
    struct sealed_options options = s.f.options;
    options.io = &fault.io;
    for (uint64_t n = 0; n <= calls + 1; n++) { /* 0: they are counted; the last one: for good */
        struct sealed *sealed = NULL;
        struct store_stats stats = {0};
        assert_int_equal(sealed_open(&options, &sealed, &s.f.err), STATUS_OK);
        struct section_list *list = sealed_pin(sealed, NULL, NULL);
        fault.calls = 0;
        fault.sticky = n > calls && n > 0;
        fault.fail_at = fault.sticky ? 1 : n;
        enum status status = read_section(list->sections[0], &s.f.err);
        assert_int_equal(status, fault.sticky ? STATUS_IO : STATUS_OK);
        assert_int_equal(section_was_unread(status, &s.f.err), fault.sticky);
        sealed_stats(sealed, &stats);
        assert_int_equal(stats.corrupt_sections, 0);
        assert_int_equal(stats.unreadable_sections, fault.sticky);
        calls = n == 0 ? fault.calls : calls;
        fault.fail_at = 0;
        assert_int_equal(read_section(list->sections[0], &s.f.err), STATUS_OK);
        section_list_unref(list);
        sealed_close(sealed);
    }
    assert_in_range(calls, 4, 100);
    assert_true(fault.sticky);
    fixture_reopen(&s.f);
    scene_release(&s);
}

/* The catalog of one section with the bytes of another: the context differs. */
static void a_section_moved_to_another_place_does_not_open(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct section_list *list = sealed_pin(s.f.sealed, NULL, NULL);
    const struct section_info *good = section_info(list->sections[0]);
    for (int what = 0; what < 4; what++) {
        struct section_info info = *good;
        struct section *section = NULL;
        struct part *view = NULL;
        info.tenant.bytes[0] ^= what == 0;
        info.index += what == 1;
        info.generation += what == 2;
        info.wrapped_key[30] ^= what == 3;
        assert_int_equal(section_new(&info, list->sections[0]->file, (struct slice){NULL, 0},
                                     &s.f.keyring, s.f.sealed->cache, &section, &s.f.err),
                         STATUS_OK);
        assert_int_equal(section_view(section, &view, &s.f.err), STATUS_CORRUPT);
        section_unref(section);
    }
    section_list_unref(list);
    scene_release(&s);
}

static void guids_become_texts_for_who_wants_them(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct section_list *list = sealed_pin(s.f.sealed, NULL, NULL);
    struct part *a = NULL, *b = NULL;
    struct store_stats before = {0}, after = {0};
    assert_int_equal(section_view(list->sections[0], &a, &s.f.err), STATUS_OK);
    assert_int_equal(section_view(list->sections[0], &b, &s.f.err), STATUS_OK);
    uint32_t path = part_find_path(a, SLICE("Id"), PATH_VALUE);
    const struct path_column *lean = &a->paths[path], *full = &b->paths[path];
    assert_int_equal(section_load_lean(a, path, &s.f.err), STATUS_OK);
    assert_non_null(lean->guids);
    assert_null(lean->dict);
    sealed_stats(s.f.sealed, &before);
    assert_int_equal(section_load(b, path, &s.f.err), STATUS_OK);
    sealed_stats(s.f.sealed, &after);
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
    assert_int_equal(section_load(a, path, &s.f.err), STATUS_OK); /* loaded already, as lean */
    assert_ptr_equal(lean->dict, full->dict);
    part_unref(a);
    part_unref(b);
    section_list_unref(list);
    scene_release(&s);
}

static void views_share_what_is_loaded_and_pin_it(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.f.options.cache_bytes = 1; /* nothing stays but what is in use */
    fixture_reopen(&s.f);
    struct section_list *list = sealed_pin(s.f.sealed, NULL, NULL);
    struct part *a = NULL, *b = NULL;
    assert_int_equal(section_view(list->sections[0], &a, &s.f.err), STATUS_OK);
    assert_int_equal(section_view(list->sections[0], &b, &s.f.err), STATUS_OK);
    uint32_t path = part_find_path(a, SLICE("UserId"), PATH_VALUE);
    assert_false(a->paths[path].loaded);
    assert_int_equal(section_load(a, path, &s.f.err), STATUS_OK);
    assert_int_equal(section_load(b, path, &s.f.err), STATUS_OK);
    assert_true(a->paths[path].loaded);
    assert_ptr_equal(a->paths[path].dict, b->paths[path].dict);
    part_unref(a);
    assert_int_equal(section_load_all(b, &s.f.err), STATUS_OK);
    part_unref(b);
    struct store_stats stats = {0};
    sealed_stats(s.f.sealed, &stats);
    assert_int_equal(stats.cache_bytes, 0);
    section_list_unref(list);
    scene_release(&s);
}

static void a_probe_finds_what_is_there_and_denies_what_is_not(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct section_list *list = sealed_pin(s.f.sealed, NULL, NULL);
    struct section *section = list->sections[0];
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < s.m.batch.record_count; i++) {
        struct slice raw = s.m.records[i].raw;
        struct slice id = slice_from(raw.data + slice_find(raw, SLICE("\"Id\":"), 0) + 6, 36);
        char other[36];
        bool maybe = false;
        uint64_t blocks = 0;
        assert_int_equal(section_probe(section, SLICE("Id"), id, &maybe, &blocks, &s.f.err),
                         STATUS_OK);
        assert_true(maybe);
        assert_int_equal(blocks, 1);
        memcpy(other, id.data, 36);
        other[35] = other[35] == '0' ? '1' : '0';
        assert_int_equal(section_probe(section, SLICE("Id"), slice_from(other, 36), &maybe, NULL,
                                       &s.f.err), STATUS_OK);
        wrong += maybe ? 1 : 0;
    }
    assert_true(wrong < 5);
    bool maybe = true;
    assert_int_equal(section_probe(section, SLICE("Folders[].Items[].Mid"),
                                   SLICE("<nobody@nowhere.example>"), &maybe, NULL, &s.f.err),
                     STATUS_OK);
    assert_false(maybe);
    assert_int_equal(section_probe(section, SLICE("NoSuchField"), SLICE("value"), &maybe, NULL,
                                   &s.f.err), STATUS_OK);
    assert_false(maybe);
    assert_int_equal(section_probe(section, SLICE("UserId"), SLICE("USER3@example.com"), &maybe,
                                   NULL, &s.f.err), STATUS_OK);
    assert_true(maybe);
    section_list_unref(list);
    scene_release(&s);
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
    struct part *part = fixture_part(&m);
    assert_int_equal(fixture_flush(f.sealed, &part, 1, 7, NULL, NULL, &f.err), STATUS_OK);
    part_unref(part);
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
    struct part *part = fixture_part(&m);
    assert_int_equal(fixture_flush(f.sealed, &part, 1, 7, NULL, NULL, &f.err), STATUS_OK);
    part_unref(part);
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
        cmocka_unit_test(every_flipped_byte_of_a_section_is_found),
        cmocka_unit_test(a_file_cut_anywhere_gives_no_wrong_row),
        cmocka_unit_test(zeroed_pages_give_no_wrong_row),
        cmocka_unit_test(a_missing_file_is_a_gap_not_a_failure),
        cmocka_unit_test(what_the_disk_does_not_give_is_no_damage),
        cmocka_unit_test(a_section_moved_to_another_place_does_not_open),
        cmocka_unit_test(guids_become_texts_for_who_wants_them),
        cmocka_unit_test(views_share_what_is_loaded_and_pin_it),
        cmocka_unit_test(repeated_keys_in_arrays_are_loaded_once),
        cmocka_unit_test(lean_trees_become_texts),
        cmocka_unit_test(a_probe_finds_what_is_there_and_denies_what_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
