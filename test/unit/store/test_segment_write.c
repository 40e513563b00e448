/* SPDX-License-Identifier: Apache-2.0 */
/* A finished file lists its sections; a file of version 1 is read for ever. */
#include "store/sealed_priv.h"

#include "store/segment_fixture.h"

#define GOLDEN "/test/format/segment-1"

static void a_finished_file_lists_its_sections(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker m, other;
    struct section_info *infos = NULL;
    uint32_t count = 0;
    struct buf bytes;
    fixture_init(&f);
    batch_maker_init(&m, "T", 1);
    batch_maker_init(&other, "U", 1);
    fixture_records(&m, 10, 1);
    fixture_records(&other, 10, 2);
    struct part *parts[2] = {fixture_part(&m), fixture_part(&other)};
    assert_int_equal(fixture_flush(f.sealed, parts, 2, 1, NULL, NULL, &f.err), STATUS_OK);
    assert_int_equal(segment_directory_read(f.io, 1, &infos, &count, &f.err), STATUS_OK);
    assert_int_equal(count, 2);
    assert_int_equal(infos[1].index, 1);
    assert_int_equal(infos[1].row_count, 10);
    assert_int_equal(infos[1].offset, infos[0].offset + infos[0].size_bytes);
    free(infos);
    buf_init(&bytes, MIB);
    assert_int_equal(io_read_all(f.io, "seg/0000000000000001.seg", &bytes, &f.err), STATUS_OK);
    size_t end = (size_t)(bytes.size - 32);
    for (size_t at = 0; at < bytes.size; at++) {
        if (at >= 32 && at + 500 < end) /* ciphertext: test_section.c */
            continue;
        bytes.data[at] = (char)(bytes.data[at] ^ 4);
        assert_int_equal(io_replace(f.io, "seg/0000000000000002.seg", buf_slice(&bytes), &f.err),
                         STATUS_OK);
        bytes.data[at] = (char)(bytes.data[at] ^ 4);
        assert_int_not_equal(segment_directory_read(f.io, 2, &infos, &count, &f.err), STATUS_OK);
    }
    buf_release(&bytes);
    part_unref(parts[0]);
    part_unref(parts[1]);
    batch_maker_release(&m);
    batch_maker_release(&other);
    fixture_release(&f);
}

/* DAYBOOK_GOLDEN names a directory to write the golden files to. */
static void write_golden(const char *to)
{
    struct fixture f;
    struct batch_maker m;
    struct buf bytes;
    struct io *out = NULL;
    static const char *const PATHS[] = {"seg/catalog", "seg/0000000000000001.seg",
                                        "seg/0000000000000002.seg"};
    fixture_init(&f);
    batch_maker_init(&m, "AuditRecords", 1);
    fixture_records(&m, 200, 77);
    struct part *part = fixture_part(&m);
    assert_int_equal(fixture_flush(f.sealed, &part, 1, 5, NULL, NULL, &f.err), STATUS_OK);
    assert_int_equal(sealed_compact(f.sealed, NULL, NULL, NULL, &f.err), STATUS_OK);
    m.batch.tenant.bytes[15] = 2;
    struct part *other = fixture_part(&m);
    assert_int_equal(fixture_flush(f.sealed, &other, 1, 6, NULL, NULL, &f.err), STATUS_OK);
    assert_int_equal(io_linux_new(to, &out, &f.err), STATUS_OK);
    assert_int_equal(io_make_dir(out, "seg", &f.err), STATUS_OK);
    buf_init(&bytes, MIB);
    for (size_t i = 0; i < 3; i++) {
        buf_clear(&bytes);
        if (io_read_all(f.io, PATHS[i], &bytes, &f.err) == STATUS_OK)
            assert_int_equal(io_replace(out, PATHS[i], buf_slice(&bytes), &f.err), STATUS_OK);
    }
    char path[SEGMENT_PATH_BYTES];
    segment_path(3, "seg", path);
    buf_clear(&bytes);
    assert_int_equal(io_read_all(f.io, path, &bytes, &f.err), STATUS_OK);
    assert_int_equal(io_replace(out, path, buf_slice(&bytes), &f.err), STATUS_OK);
    io_free(out);
    buf_release(&bytes);
    part_unref(part);
    part_unref(other);
    batch_maker_release(&m);
    fixture_release(&f);
}

static void the_golden_files_of_version_1_are_read(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker m;
    struct buf bytes;
    struct io *in = NULL;
    char root[512];
    static const char *const PATHS[] = {"seg/catalog", "seg/0000000000000002.seg",
                                        "seg/0000000000000003.seg"};
    const char *source = getenv("DAYBOOK_SOURCE");
    if (getenv("DAYBOOK_GOLDEN") != NULL)
        write_golden(getenv("DAYBOOK_GOLDEN"));
    (void)snprintf(root, sizeof(root), "%s%s", source == NULL ? "." : source, GOLDEN);
    fixture_init(&f);
    assert_int_equal(io_linux_new(root, &in, &f.err), STATUS_OK);
    buf_init(&bytes, MIB);
    for (size_t i = 0; i < 3; i++) {
        buf_clear(&bytes);
        assert_int_equal(io_read_all(in, PATHS[i], &bytes, &f.err), STATUS_OK);
        assert_int_equal(io_replace(f.io, PATHS[i], buf_slice(&bytes), &f.err), STATUS_OK);
    }
    fixture_reopen(&f);
    batch_maker_init(&m, "AuditRecords", 1);
    fixture_records(&m, 200, 77);
    assert_int_equal(fixture_check(&f, &m), 200);
    m.batch.tenant.bytes[15] = 2;
    assert_int_equal(fixture_check(&f, &m), 200);
    assert_int_equal(sealed_wal_floor(f.sealed), 6);
    io_free(in);
    buf_release(&bytes);
    batch_maker_release(&m);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finished_file_lists_its_sections),
        cmocka_unit_test(the_golden_files_of_version_1_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
