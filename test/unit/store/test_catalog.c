/* SPDX-License-Identifier: Apache-2.0 */
/* A catalog is read back whole or not at all. */
#include "store/sealed_priv.h"

#include "store/segment_fixture.h"

#include "base/hash.h"

#include <stdlib.h>

static void every_changed_or_missing_byte_is_found(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker m;
    struct catalog catalog;
    struct buf bytes;
    fixture_init(&f);
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 10, 1);
    struct part *part = fixture_part(&m);
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(fixture_flush(f.sealed, &part, 1, i, NULL, NULL, &f.err), STATUS_OK);
    buf_init(&bytes, MIB);
    assert_int_equal(io_read_all(f.io, CATALOG_PATH, &bytes, &f.err), STATUS_OK);
    assert_int_equal(catalog_decode(buf_slice(&bytes), &catalog, &f.err), STATUS_OK);
    assert_int_equal(catalog.count, 3);
    assert_int_equal(catalog.wal_floor, 2);
    assert_int_equal(catalog.generation, 3);
    assert_int_equal(catalog.infos[0].row_count, 10);
    catalog_release(&catalog);
    for (size_t at = 0; at < bytes.size; at++) {
        bytes.data[at] = (char)(bytes.data[at] ^ 1);
        assert_int_equal(catalog_decode(buf_slice(&bytes), &catalog, &f.err), STATUS_CORRUPT);
        bytes.data[at] = (char)(bytes.data[at] ^ 1);
        assert_int_equal(catalog_decode(slice_head(buf_slice(&bytes), at), &catalog, &f.err),
                         STATUS_CORRUPT);
    }
    buf_release(&bytes);
    part_unref(part);
    batch_maker_release(&m);
    fixture_release(&f);
}

static void a_newer_version_is_refused_by_name(void **state)
{
    (void)state;
    struct catalog catalog;
    struct error err;
    struct buf bytes;
    buf_init(&bytes, MIB);
    buf_add(&bytes, "DAYBKCAT", 8);
    buf_put_u16(&bytes, 2);
    for (int i = 0; i < 38; i++)
        buf_put_u8(&bytes, 0);
    buf_put_u32(&bytes, hash_crc32c(0, bytes.data, bytes.size));
    assert_int_equal(catalog_decode(buf_slice(&bytes), &catalog, &err), STATUS_INVALID);
    buf_release(&bytes);
}

/* What is written can be read again, or is not written. */
static void too_many_sections_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker m;
    struct catalog catalog = {.next_segment = 2};
    fixture_init(&f);
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 10, 1);
    struct part *part = fixture_part(&m);
    assert_int_equal(fixture_flush(f.sealed, &part, 1, 1, NULL, NULL, &f.err), STATUS_OK);
    struct section **sections = calloc(SECTIONS_MAX + 1, sizeof(*sections));
    assert_non_null(sections);
    struct section_list *list = sealed_pin(f.sealed, NULL, NULL);
    for (uint32_t i = 0; i <= SECTIONS_MAX; i++)
        sections[i] = list->sections[0];
    assert_int_equal(catalog_save(f.io, &catalog, sections, SECTIONS_MAX + 1, &f.err),
                     STATUS_LIMIT);
    section_list_unref(list);
    assert_int_equal(catalog_load(f.io, &catalog, &f.err), STATUS_OK);
    assert_int_equal(catalog.count, 1);
    catalog_release(&catalog);
    free(sections);
    part_unref(part);
    batch_maker_release(&m);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_changed_or_missing_byte_is_found),
        cmocka_unit_test(a_newer_version_is_refused_by_name),
        cmocka_unit_test(too_many_sections_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
