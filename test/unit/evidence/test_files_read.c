/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are not there, and those of somebody else, are damage. */
#include "evidence/files_priv.h"

#include "evidence/files_fixture.h"

static void missing_files_are_corruption(void **state)
{
    struct fixture *fixture = *state;
    struct evidence_entry entry;
    struct error err;
    uint64_t count = 0;

    write_three(fixture);
    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    assert_int_equal(evidence_count(evidence, &fixture->tenant, &count, NULL, &err), STATUS_OK);
    assert_int_equal(count, 3);
    assert_int_equal(io_unlink(fixture->disk, BATCH_PATH, &err), STATUS_OK);
    assert_int_equal(evidence_entry(evidence, &fixture->tenant, 0, &entry, &err), STATUS_CORRUPT);
    assert_int_equal(io_unlink(fixture->disk, LEAF_PATH, &err), STATUS_OK);
    assert_int_equal(evidence_leaf(evidence, &fixture->tenant, 0, entry.leaf, &err),
                     STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "missing"));
    evidence_close(evidence);
}

static void blocks_of_another_tenant_do_not_open(void **state)
{
    struct fixture *fixture = *state;
    struct guid other;
    struct buf content;
    struct error err;

    write_three(fixture);
    memset(other.bytes, 0xa1, 16);
    other.bytes[15] = 0xa2; /* the same key in this fixture */
    assert_int_equal(io_make_dir(fixture->disk, "t/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a2", &err),
                     STATUS_OK);
    buf_init(&content, 100000);
    assert_int_equal(io_read_all(fixture->disk, LEAF_PATH, &content, &err), STATUS_OK);
    assert_int_equal(io_replace(fixture->disk, "t/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a2/leaf.0",
                                buf_slice(&content), &err),
                     STATUS_OK);
    buf_clear(&content);
    assert_int_equal(io_read_all(fixture->disk, BATCH_PATH, &content, &err), STATUS_OK);
    assert_int_equal(io_replace(fixture->disk, "t/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a2/batch.0",
                                buf_slice(&content), &err),
                     STATUS_OK);
    buf_release(&content);
    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    assert_int_equal(fixture_verify(evidence, &other, 1, 10, &err), STATUS_CORRUPT);
    evidence_close(evidence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(missing_files_are_corruption),
        FIXTURE_TEST(blocks_of_another_tenant_do_not_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
