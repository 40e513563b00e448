/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - a directory, a disk that fails, a constant keyring and batches. */
#ifndef TEST_EVIDENCE_FIXTURE_H
#define TEST_EVIDENCE_FIXTURE_H

#include "tree.h"

#include "base/io.h"
#include "base/limits.h"
#include "crypt/keyring.h"
#include "crypt/leaf.h"
#include "evidence/evidence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- a disk whose n-th change is cut in half and fails, as all later ones ---- */

struct failing_io {
    struct io io; /* first */
    struct io_ops ops;
    struct io *real;
    atomic_int changes_left; /* negative: never fails */
    bool full;        /* writes fail for want of space; syncs do not */
};

struct failing_file {
    struct io_file file; /* first */
    struct failing_io *io;
    struct io_file *real;
};

static inline bool failing_now(struct failing_io *io)
{
    return io->changes_left >= 0 && io->changes_left-- <= 0;
}

static inline enum status failing_open(struct io *io, const char *path, enum io_open_mode mode,
                                       struct io_file **ret, struct error *err)
{
    struct failing_io *failing = (struct failing_io *)io;
    struct failing_file *file = calloc(1, sizeof(*file));

    assert_non_null(file);
    enum status status = io_open(failing->real, path, mode, &file->real, err);
    if (status != STATUS_OK) {
        free(file);
        return status;
    }
    file->file.ops = io->ops;
    file->io = failing;
    *ret = &file->file;
    return STATUS_OK;
}

static inline void failing_close(struct io_file *file)
{
    io_close(((struct failing_file *)file)->real);
    free(file);
}

static inline enum status failing_read_at(struct io_file *file, uint64_t offset, void *ret,
                                          size_t size, struct error *err)
{
    return io_read_at(((struct failing_file *)file)->real, offset, ret, size, err);
}

static inline enum status failing_write_at(struct io_file *file, uint64_t offset, const void *data,
                                           size_t size, struct error *err)
{
    struct failing_file *failing = (struct failing_file *)file;

    if (!failing_now(failing->io))
        return io_write_at(failing->real, offset, data, size, err);
    (void)!io_write_at(failing->real, offset, data, size / 2, err);
    failing->io->changes_left = 0;
    return ERROR_SET(err, failing->io->full ? STATUS_FULL : STATUS_IO, "the disk fails");
}

static inline enum status failing_sync(struct io_file *file, struct error *err)
{
    struct failing_file *failing = (struct failing_file *)file;

    if (failing->io->full || !failing_now(failing->io))
        return io_sync(failing->real, err);
    failing->io->changes_left = 0;
    return ERROR_SET(err, STATUS_IO, "the disk fails to sync");
}

static inline enum status failing_size(struct io_file *file, uint64_t *ret, struct error *err)
{
    return io_size(((struct failing_file *)file)->real, ret, err);
}

static inline enum status failing_make_dir(struct io *io, const char *path, struct error *err)
{
    struct failing_io *failing = (struct failing_io *)io;

    if (!failing_now(failing))
        return io_make_dir(failing->real, path, err);
    failing->changes_left = 0;
    return ERROR_SET(err, failing->full ? STATUS_FULL : STATUS_IO, "the disk makes no directory");
}

static inline enum status failing_sync_dir(struct io *io, const char *path, struct error *err)
{
    struct failing_io *failing = (struct failing_io *)io;

    if (failing->full || !failing_now(failing))
        return io_sync_dir(failing->real, path, err);
    failing->changes_left = 0;
    return ERROR_SET(err, STATUS_IO, "the disk syncs no directory");
}

static inline enum status failing_list(struct io *io, const char *path,
                                       enum status (*entry)(void *context, const char *name,
                                                            struct error *err),
                                       void *context, struct error *err)
{
    return io_list(((struct failing_io *)io)->real, path, entry, context, err);
}

/* ---- a keyring with one key ---- */

static inline enum status constant_key(struct keyring *keyring, const struct guid *tenant,
                                       enum key_purpose purpose, struct key *ret,
                                       struct error *err)
{
    (void)keyring;
    (void)err;
    memset(ret, (int)purpose + 1, sizeof(*ret));
    ret->bytes[0] = tenant->bytes[0];
    return STATUS_OK;
}

/* ---- the fixture ---- */

struct fixture {
    char root[64];
    struct io *disk;
    struct failing_io failing;
    struct keyring_ops keyring_ops;
    struct keyring keyring;
    struct guid tenant;
};

static inline int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct error err;

    assert_non_null(fixture);
    (void)snprintf(fixture->root, sizeof(fixture->root), "/tmp/daybook-evidence-XXXXXX");
    assert_non_null(mkdtemp(fixture->root));
    assert_int_equal(io_linux_new(fixture->root, &fixture->disk, &err), STATUS_OK);
    fixture->failing.ops = (struct io_ops){
        .open = failing_open,         .close = failing_close,       .read_at = failing_read_at,
        .write_at = failing_write_at, .sync = failing_sync,         .size = failing_size,
        .make_dir = failing_make_dir, .sync_dir = failing_sync_dir, .list = failing_list,
    };
    fixture->failing.io.ops = &fixture->failing.ops;
    fixture->failing.real = fixture->disk;
    fixture->failing.changes_left = -1;
    fixture->keyring_ops.tenant_key = constant_key;
    fixture->keyring.ops = &fixture->keyring_ops;
    memset(fixture->tenant.bytes, 0xa1, 16);
    *state = fixture;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;

    io_free(fixture->disk);
    (void)tree_remove(fixture->root);
    free(fixture);
    return 0;
}

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

static inline struct evidence *fixture_open(struct fixture *fixture, struct io *io)
{
    struct evidence *evidence = NULL;
    struct error err;

    assert_int_equal(evidence_open(io, &fixture->keyring, &evidence, &err), STATUS_OK);
    return evidence;
}

/* ---- batches: record seq has the text "record <seq>" and some filling ---- */

struct raw_source {
    char text[256];
    uint64_t bad_seq;     /* one byte of it is wrong; 0 = none */
    uint64_t missing_seq; /* raw() fails; 0 = none */
    uint64_t calls;
};

static inline enum status raw_of(void *context, uint64_t seq, struct slice *ret,
                                 struct error *err)
{
    struct raw_source *source = context;

    source->calls++;
    if (seq == source->missing_seq)
        return ERROR_SET(err, STATUS_IO, "record is missing");
    int size = snprintf(source->text, sizeof(source->text), "record %llu %.*s",
                        (unsigned long long)seq, (int)(seq % 100),
                        "0123456789012345678901234567890123456789012345678901234567890123456789"
                        "012345678901234567890123456789");
    if (seq == source->bad_seq)
        source->text[size - 1] ^= 1;
    *ret = slice_from(source->text, (size_t)size);
    return STATUS_OK;
}

/* Makes the leaf and gives it to the sink. */
static inline enum status fixture_take(struct evidence *evidence, const struct guid *tenant,
                                       uint64_t index, uint64_t first_seq, uint32_t count,
                                       bool replayed, struct error *err)
{
    struct hash256 *salts = calloc(count, sizeof(*salts));
    struct hash256 *inner = calloc(count, sizeof(*inner));
    struct leaf_commit commit = {.tenant = *tenant, .received_us = 1000 + (int64_t)index,
                                 .nodes = inner, .replayed = replayed};
    struct leaf_fields fields = {.kind = LEAF_KIND_DATA, .leaf_index = index,
                                 .first_seq = first_seq, .count = count,
                                 .commit_time_us = 2000 + (int64_t)index};
    struct raw_source source = {.bad_seq = 0};

    assert_true(salts != NULL && inner != NULL);
    memset(commit.seed, (int)(index % 251) + 1, SEED_BYTES);
    leaf_salts(commit.seed, count, salts);
    for (uint32_t i = 0; i < count; i++) {
        struct slice raw;
        assert_int_equal(raw_of(&source, first_seq + i, &raw, err), STATUS_OK);
        leaf_commitment(&salts[i], raw, &inner[i]);
        uint32_t size = (uint32_t)raw.size;
        leaf_inner_hashes(first_seq + i, commit.received_us, &size, &inner[i], 1, &inner[i]);
        fields.raw_bytes += raw.size;
    }
    merkle_root(inner, count, &fields.batch_root);
    (void)merkle_nodes(inner, count, inner);
    leaf_encode(&fields, commit.leaf);
    enum status status = evidence_sink(evidence)->take(evidence_sink(evidence), &commit, err);
    free(salts);
    free(inner);
    return status;
}

static inline enum status fixture_verify(struct evidence *evidence, const struct guid *tenant,
                                         uint64_t first_seq, uint32_t count, struct error *err)
{
    struct raw_source source = {.bad_seq = 0};

    return evidence_verify(evidence, tenant, first_seq, count, raw_of, &source, err);
}

#endif
