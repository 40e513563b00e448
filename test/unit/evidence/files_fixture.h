/* SPDX-License-Identifier: Apache-2.0 */
/* files_fixture.h - the two files of a tenant that has three leaves, and what is done to them. */
#ifndef TEST_EVIDENCE_FILES_FIXTURE_H
#define TEST_EVIDENCE_FILES_FIXTURE_H

#include "evidence/fixture.h"

#define LEAF_PATH "t/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1/leaf.0"
#define BATCH_PATH "t/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1/batch.0"

static inline void write_three(struct fixture *fixture)
{
    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    struct error err;

    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(fixture_take(evidence, &fixture->tenant, i, 1 + 200 * i, 200, false, &err),
                         STATUS_OK);
        if (i != 1) /* two blocks: leaf 0, leaves 1 and 2 */
            assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
    }
    evidence_close(evidence);
}

static inline void flip(struct fixture *fixture, const char *path, uint64_t offset)
{
    struct io_file *file = NULL;
    struct error err;
    uint8_t byte;

    assert_int_equal(io_open(fixture->disk, path, IO_WRITE, &file, &err), STATUS_OK);
    assert_int_equal(io_read_at(file, offset, &byte, 1, &err), STATUS_OK);
    byte ^= 0x10;
    assert_int_equal(io_write_at(file, offset, &byte, 1, &err), STATUS_OK);
    io_close(file);
}

static inline uint64_t size_of(struct fixture *fixture, const char *path)
{
    struct io_file *file = NULL;
    uint64_t size = 0;
    struct error err;

    assert_int_equal(io_open(fixture->disk, path, IO_READ, &file, &err), STATUS_OK);
    assert_int_equal(io_size(file, &size, &err), STATUS_OK);
    io_close(file);
    return size;
}

#endif
