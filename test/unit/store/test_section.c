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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flipped_byte_of_a_section_is_found),
        cmocka_unit_test(a_file_cut_anywhere_gives_no_wrong_row),
        cmocka_unit_test(zeroed_pages_give_no_wrong_row),
        cmocka_unit_test(a_missing_file_is_a_gap_not_a_failure),
        cmocka_unit_test(what_the_disk_does_not_give_is_no_damage),
        cmocka_unit_test(a_section_moved_to_another_place_does_not_open),
        cmocka_unit_test(a_probe_finds_what_is_there_and_denies_what_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
