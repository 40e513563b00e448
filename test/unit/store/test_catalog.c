/* SPDX-License-Identifier: Apache-2.0 */
/* A catalog is read back whole or not at all, however it was written. */
#include "store/sealed_priv.h"

#include "ingest/fault_io.h"
#include "store/segment_fixture.h"

#include "base/hash.h"

#include <stdlib.h>

#define FLUSHES 5u
#define ROWS 4u /* of each */

struct scene {
    struct fixture f;
    struct batch_maker m;
    struct buf bytes;  /* the catalog */
};

static void read_catalog(struct scene *s)
{
    buf_clear(&s->bytes);
    assert_int_equal(io_read_all(s->f.io, CATALOG_PATH, &s->bytes, &s->f.err), STATUS_OK);
}

/* ROWS rows of the maker, the i-th time. */
static void flush(struct scene *s, uint32_t i, uint64_t floor)
{
    struct record_batch batch = s->m.batch;
    struct part *part = NULL;

    batch.records = s->m.records + (size_t)i * ROWS;
    batch.record_count = ROWS;
    assert_int_equal(part_from_records(&batch, &part, &s->f.err), STATUS_OK);
    assert_int_equal(fixture_flush(s->f.sealed, &part, 1, floor, NULL, NULL, &s->f.err),
                     STATUS_OK);
    part_unref(part);
}

/* A catalog of FLUSHES changes; *ret_ends gets where it might end, the snapshot's first. */
static void scene_init(struct scene *s, size_t *ret_ends)
{
    fixture_init(&s->f);
    batch_maker_init(&s->m, "T", 1);
    fixture_records(&s->m, (FLUSHES + 1) * ROWS, 1);
    buf_init(&s->bytes, MIB);
    read_catalog(s);
    ret_ends[0] = s->bytes.size;
    for (uint32_t i = 0; i < FLUSHES; i++) {
        flush(s, i, i);
        read_catalog(s);
        ret_ends[i + 1] = s->bytes.size;
    }
}

static void scene_release(struct scene *s)
{
    buf_release(&s->bytes);
    batch_maker_release(&s->m);
    fixture_release(&s->f);
}

static enum status decode(struct scene *s, size_t size, struct catalog *ret)
{
    return catalog_decode(slice_head(buf_slice(&s->bytes), size), ret, &s->f.err);
}

static void every_changed_or_missing_byte_is_found(void **state)
{
    (void)state;
    struct scene s;
    struct catalog catalog;
    size_t ends[FLUSHES + 1];
    unsigned parts = 0;
    scene_init(&s, ends);
    for (size_t at = 0; at < s.bytes.size; at++) {
        s.bytes.data[at] = (char)(s.bytes.data[at] ^ 1);
        assert_int_equal(decode(&s, s.bytes.size, &catalog), STATUS_CORRUPT);
        /* only in the last change may it be what a crash left, or where it may seem so long */
        assert_true(!catalog.is_torn || at >= ends[0]);
        assert_true(catalog.is_torn || at < ends[FLUSHES - 1] + 4 || at >= ends[FLUSHES - 1]);
        s.bytes.data[at] = (char)(s.bytes.data[at] ^ 1);
        if (at == ends[parts]) { /* whole, but for the changes behind it */
            assert_int_equal(decode(&s, at, &catalog), STATUS_OK);
            assert_int_equal(catalog.count, parts);
            assert_int_equal(catalog.generation, parts);
            assert_int_equal(catalog.file.bytes, at);
            catalog_release(&catalog);
            parts++;
            continue;
        }
        assert_int_equal(decode(&s, at, &catalog), STATUS_CORRUPT);
        assert_int_equal(catalog.is_torn, at > ends[0]);
    }
    scene_release(&s);
}

static void what_is_read_is_what_was_committed(void **state)
{
    (void)state;
    struct scene s;
    struct catalog catalog;
    size_t ends[FLUSHES + 1];
    scene_init(&s, ends);
    assert_int_equal(decode(&s, s.bytes.size, &catalog), STATUS_OK);
    assert_int_equal(catalog.count, FLUSHES);
    assert_int_equal(catalog.wal_floor, FLUSHES - 1);
    assert_int_equal(catalog.infos[0].row_count, ROWS);
    assert_int_equal(catalog.file.snapshot_bytes, ends[0]);
    catalog_release(&catalog);
    /* all of them go, one comes */
    assert_int_equal(sealed_compact(s.f.sealed, NULL, NULL, NULL, &s.f.err), STATUS_OK);
    read_catalog(&s);
    assert_true(s.bytes.size > ends[FLUSHES]);
    assert_int_equal(decode(&s, s.bytes.size, &catalog), STATUS_OK);
    assert_int_equal(catalog.count, 1);
    assert_int_equal(catalog.infos[0].row_count, ROWS * FLUSHES);
    assert_int_equal(catalog.wal_floor, FLUSHES - 1);
    assert_int_equal(catalog.generation, FLUSHES + 1);
    catalog_release(&catalog);
    scene_release(&s);
}

/* The end of the last change is missing, or nothing but zeros, or whole changes are: no row
 * is lost, none is there twice, and nobody says that a file is damaged. */
static void a_torn_end_costs_nothing(void **state)
{
    (void)state;
    struct scene s;
    size_t ends[FLUSHES + 1];
    scene_init(&s, ends);
    const struct {
        size_t kept, zeros;
    } CASES[] = {{ends[FLUSHES - 1] + 7, 0},
                 {ends[FLUSHES - 1] + 10, ends[FLUSHES] - ends[FLUSHES - 1] - 10},
                 {ends[FLUSHES - 1], 0},
                 {ends[2], 0},
                 {ends[0], 0}};
    for (size_t c = 0; c < sizeof(CASES) / sizeof(CASES[0]); c++) {
        struct buf torn;
        buf_init(&torn, MIB);
        buf_add(&torn, s.bytes.data, CASES[c].kept);
        for (size_t i = 0; i < CASES[c].zeros; i++)
            buf_put_u8(&torn, 0);
        sealed_close(s.f.sealed);
        s.f.sealed = NULL;
        assert_int_equal(io_replace(s.f.io, CATALOG_PATH, buf_slice(&torn), &s.f.err), STATUS_OK);
        fixture_reopen(&s.f);
        assert_false(sealed_floor_is_known(s.f.sealed));
        assert_false(io_exists(s.f.io, CATALOG_ASIDE_PATH));
        assert_int_equal(fixture_check(&s.f, &s.m), ROWS * FLUSHES);
        for (uint32_t i = 0; i < (FLUSHES + 1) * ROWS; i++)
            assert_int_equal(
                sealed_has_row(s.f.sealed, &s.m.batch.tenant, s.m.records[i].seq),
                i < ROWS * FLUSHES);
        buf_release(&torn);
    }
    flush(&s, FLUSHES, 9);
    fixture_reopen(&s.f);
    assert_int_equal(sealed_wal_floor(s.f.sealed), 9);
    assert_int_equal(fixture_check(&s.f, &s.m), ROWS * (FLUSHES + 1));
    scene_release(&s);
}

/* A change with the right checksum behind a catalog with one flush. */
static enum status decode_with(struct scene *s, const struct buf *body)
{
    struct catalog catalog;
    struct buf bytes;

    buf_init(&bytes, MIB);
    buf_add_slice(&bytes, buf_slice(&s->bytes));
    buf_put_u32(&bytes, (uint32_t)body->size);
    buf_add_slice(&bytes, buf_slice(body));
    buf_put_u32(&bytes, hash_crc32c(0, bytes.data, bytes.size));
    enum status status = catalog_decode(buf_slice(&bytes), &catalog, &s->f.err);
    if (status == STATUS_OK)
        catalog_release(&catalog);
    else
        assert_false(catalog.is_torn);
    buf_release(&bytes);
    return status;
}

static void changes_that_contradict_are_damage(void **state)
{
    (void)state;
    struct scene s;
    size_t ends[FLUSHES + 1];
    static const struct {
        uint64_t generation, segment, index;
        enum status expected;
    } CASES[] = {
        {FLUSHES + 1, 2, 0, STATUS_OK},      {FLUSHES + 1, 2, 1, STATUS_CORRUPT},
        {FLUSHES + 1, 99, 0, STATUS_CORRUPT}, {FLUSHES, 2, 0, STATUS_CORRUPT},
        {FLUSHES + 2, 2, 0, STATUS_OK}, /* the commit before failed */
    };
    scene_init(&s, ends);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct buf body;
        buf_init(&body, MIB);
        buf_put_u64(&body, CASES[i].generation);
        buf_put_u64(&body, 9);
        buf_put_u64(&body, 100);
        buf_put_varint(&body, 1);
        buf_put_varint(&body, CASES[i].segment);
        buf_put_varint(&body, CASES[i].index);
        buf_put_varint(&body, 0);
        assert_int_equal(decode_with(&s, &body), CASES[i].expected);
        buf_put_u8(&body, 0); /* more than it says */
        assert_int_equal(decode_with(&s, &body), STATUS_CORRUPT);
        buf_release(&body);
    }
    scene_release(&s);
}

static void a_change_that_cannot_be_written_becomes_a_snapshot(void **state)
{
    (void)state;
    for (uint64_t call = 1; call <= 3; call++) { /* open, write, sync */
        struct scene s;
        struct fault_io faults;
        struct catalog catalog;
        size_t ends[FLUSHES + 1];
        scene_init(&s, ends);
        struct catalog_file file = s.f.sealed->catalog;
        const struct catalog_state next = {FLUSHES + 1, 7, 50};
        const struct catalog_change change = {
            .added = section_list_new(0, &s.f.err), .removed = s.f.sealed->list->sections,
            .removed_count = 1};
        fault_io_init(&faults, s.f.io);
        faults.fail_at = call;
        struct section_list all = {.count = FLUSHES - 1,
                                   .sections = s.f.sealed->list->sections + 1};
        assert_int_equal(catalog_commit(&faults.io, &next, &change, &all, &file, &s.f.err),
                         STATUS_OK);
        assert_true(file.bytes > 0);
        assert_int_equal(file.bytes, file.snapshot_bytes);
        assert_int_equal(catalog_load(s.f.io, &catalog, &s.f.err), STATUS_OK);
        assert_int_equal(catalog.count, FLUSHES - 1);
        assert_int_equal(catalog.wal_floor, 7);
        catalog_release(&catalog);
        /* all fails: the file is as it was, and is not used again */
        faults.sticky = true;
        faults.fail_at = faults.calls + call;
        assert_int_equal(catalog_commit(&faults.io, &next, &change, &all, &file, &s.f.err),
                         STATUS_IO);
        assert_int_equal(file.bytes, 0);
        section_list_unref((struct section_list *)(uintptr_t)change.added);
        scene_release(&s);
    }
}

/* After that nothing of the commit is there, and its files are removed. */
static void only_what_is_not_on_the_disk_found_no_space(void **state)
{
    static const enum status EXPECTED[] = {STATUS_FULL, STATUS_IO}; /* of write, sync */
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scene s;
        struct fault_io faults;
        size_t ends[FLUSHES + 1];
        scene_init(&s, ends);
        struct catalog_file file = s.f.sealed->catalog;
        const struct catalog_state next = {FLUSHES + 1, 7, 50};
        const struct catalog_change change = {.added = section_list_new(0, &s.f.err)};
        fault_io_init(&faults, s.f.io);
        faults.os_errno = ENOSPC;
        faults.bad_path = CATALOG_PATH ".tmp";
        faults.fail_at = (uint64_t)i + 2;
        assert_int_equal(
            catalog_commit(&faults.io, &next, &change, s.f.sealed->list, &file, &s.f.err),
            EXPECTED[i]);
        assert_int_equal(s.f.err.status, EXPECTED[i]);
        section_list_unref((struct section_list *)(uintptr_t)change.added);
        scene_release(&s);
    }
}

static void many_changes_become_a_snapshot(void **state)
{
    (void)state;
    struct scene s;
    struct catalog catalog;
    struct section *many[40];
    size_t ends[FLUSHES + 1];
    uint64_t most = 0, bytes = 0;
    struct catalog_state next = {FLUSHES, 7, 50};
    scene_init(&s, ends);
    struct catalog_file file = s.f.sealed->catalog;
    for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
        many[i] = s.f.sealed->list->sections[0]; /* so that it takes fewer */
    struct section_list added = {.count = sizeof(many) / sizeof(many[0]), .sections = many};
    const struct catalog_change change = {.added = &added};
    do {
        most = file.bytes;
        next.generation++;
        assert_int_equal(catalog_commit(s.f.io, &next, &change, s.f.sealed->list, &file,
                                        &s.f.err),
                         STATUS_OK);
        bytes = file.bytes > most ? file.bytes - most : bytes;
    } while (file.bytes > most);
    assert_in_range(most + bytes, 64 * KIB, 64 * KIB + bytes);
    assert_int_equal(file.bytes, file.snapshot_bytes);
    assert_int_equal(catalog_load(s.f.io, &catalog, &s.f.err), STATUS_OK);
    assert_int_equal(catalog.count, FLUSHES);
    assert_int_equal(catalog.generation, next.generation);
    catalog_release(&catalog);
    scene_release(&s);
}

/* What programs before wrote is read, and replaced by the next commit. */
static void a_catalog_without_changes_is_not_appended_to(void **state)
{
    (void)state;
    struct scene s;
    struct buf old;
    size_t ends[FLUSHES + 1];
    uint32_t crc = 0;
    scene_init(&s, ends);
    buf_init(&old, MIB);
    s.f.sealed->catalog = (struct catalog_file){0}; /* the next is a snapshot */
    flush(&s, FLUSHES, FLUSHES);
    uint32_t count = s.f.sealed->list->count;
    assert_int_equal(io_read_all(s.f.io, CATALOG_PATH, &old, &s.f.err), STATUS_OK);
    sealed_close(s.f.sealed);
    s.f.sealed = NULL;
    old.data[16] = 0; /* the incompatible flags */
    old.size -= sizeof(crc);
    buf_put_u32(&old, hash_crc32c(0, old.data, old.size));
    assert_int_equal(io_replace(s.f.io, CATALOG_PATH, buf_slice(&old), &s.f.err), STATUS_OK);
    fixture_reopen(&s.f);
    assert_int_equal(s.f.sealed->list->count, count);
    assert_int_equal(s.f.sealed->catalog.bytes, 0);
    flush(&s, FLUSHES, FLUSHES);
    read_catalog(&s);
    assert_int_equal(s.bytes.data[16], 1);
    assert_int_equal(s.f.sealed->catalog.snapshot_bytes, s.bytes.size);
    /* nothing may be behind one */
    buf_put_u8(&old, 0);
    buf_clear(&s.bytes);
    buf_add_slice(&s.bytes, buf_slice(&old));
    struct catalog catalog;
    assert_int_equal(decode(&s, old.size, &catalog), STATUS_CORRUPT);
    assert_false(catalog.is_torn);
    buf_release(&old);
    scene_release(&s);
}

static void a_newer_version_is_refused_by_name(void **state)
{
    (void)state;
    struct catalog catalog;
    struct error err;
    struct buf bytes;
    for (int newer = 0; newer < 3; newer++) {
        buf_init(&bytes, MIB);
        buf_add(&bytes, "DAYBKCAT", 8);
        buf_put_u16(&bytes, newer == 0 ? 2 : 1);
        for (int i = 0; i < 38; i++)
            buf_put_u8(&bytes, newer == 1 && i == 6 ? 2 : 0);
        buf_put_u32(&bytes, hash_crc32c(0, bytes.data, bytes.size));
        assert_int_equal(catalog_decode(buf_slice(&bytes), &catalog, &err),
                         newer < 2 ? STATUS_INVALID : STATUS_OK);
        catalog_release(&catalog);
        bytes.data[20] = 9; /* damage counts first */
        assert_int_equal(catalog_decode(buf_slice(&bytes), &catalog, &err), STATUS_CORRUPT);
        buf_release(&bytes);
    }
}

/* What is written can be read again, or is not written. */
static void too_many_sections_are_refused(void **state)
{
    (void)state;
    struct scene s;
    struct catalog catalog;
    size_t ends[FLUSHES + 1];
    scene_init(&s, ends);
    struct catalog_file file = s.f.sealed->catalog;
    struct section **sections = calloc(SECTIONS_MAX + 1, sizeof(*sections));
    assert_non_null(sections);
    for (uint32_t i = 0; i <= SECTIONS_MAX; i++)
        sections[i] = s.f.sealed->list->sections[0];
    const struct section_list all = {.count = SECTIONS_MAX + 1, .sections = sections};
    const struct section_list none = {.count = 0, .sections = sections};
    const struct catalog_state next = {FLUSHES + 1, 7, 50};
    const struct catalog_change change = {.added = &none};
    assert_int_equal(catalog_commit(s.f.io, &next, &change, &all, &file, &s.f.err), STATUS_LIMIT);
    assert_int_equal(catalog_commit(s.f.io, &next, NULL, &all, &file, &s.f.err), STATUS_LIMIT);
    assert_int_equal(catalog_load(s.f.io, &catalog, &s.f.err), STATUS_OK);
    assert_int_equal(catalog.count, FLUSHES);
    catalog_release(&catalog);
    free(sections);
    scene_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_changed_or_missing_byte_is_found),
        cmocka_unit_test(what_is_read_is_what_was_committed),
        cmocka_unit_test(a_torn_end_costs_nothing),
        cmocka_unit_test(changes_that_contradict_are_damage),
        cmocka_unit_test(a_change_that_cannot_be_written_becomes_a_snapshot),
        cmocka_unit_test(only_what_is_not_on_the_disk_found_no_space),
        cmocka_unit_test(many_changes_become_a_snapshot),
        cmocka_unit_test(a_catalog_without_changes_is_not_appended_to),
        cmocka_unit_test(a_newer_version_is_refused_by_name),
        cmocka_unit_test(too_many_sections_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
