/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_evidence_files.c - the two files of a tenant's evidence with any damage: they load, a leaf
 * that is read is the one that was written, and what can be read at first can still be read after
 * the files are mended and a leaf is appended behind a gap.  Where blocks were moved inside their
 * file, which no disk does, only the first holds.
 *
 *   u8 which file of the tenant | damages: u8 what, u16 where, u8 how much; see damage() */
#include "evidence/files_priv.h"

#include "base/check.h"
#include "base/limits.h"
#include "memory_io.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BLOCKS 6u
#define LEAVES 12u
#define DAMAGES_MAX 16

static const uint32_t block_leaves[BLOCKS] = {1, 2, 3, 1, 4, 1};
static const struct guid tenant = {{0xa1}};

static enum status constant_key(struct keyring *keyring, const struct guid *whose,
                                enum key_purpose purpose, struct key *ret, struct error *err)
{
    (void)keyring;
    (void)err;
    memset(ret, (int)purpose + 1, sizeof(*ret));
    ret->bytes[0] = whose->bytes[0];
    return STATUS_OK;
}

static const struct keyring_ops keyring_ops = {.tenant_key = constant_key};
static struct keyring keyring = {&keyring_ops};

/* What is written, the same for each input. */
static struct pool {
    struct buf batch, leaf;
    struct run all;
    size_t block_at[BLOCKS + 1];
} pools[2];

static void add_leaf(struct run *run, uint64_t index, uint32_t count)
{
    static struct hash256 inner[256];
    struct leaf_commit commit = {.tenant = tenant, .received_us = (int64_t)index + 7,
                                 .nodes = inner};
    struct leaf_fields fields = {.kind = count == 0 ? LEAF_KIND_GAP : LEAF_KIND_DATA,
                                 .leaf_index = index, .first_seq = 1 + 300 * index,
                                 .count = count, .commit_time_us = 9};
    struct error err;

    memset(commit.seed, (int)(index % 200) + 1, sizeof(commit.seed));
    memset(inner, (int)(index % 200) + 1, sizeof(inner));
    leaf_encode(&fields, commit.leaf);
    CHECK(run_add(run, &commit, &fields, &err) == STATUS_OK);
}

static void paths(uint64_t base, char batch[PATH_BYTES], char leaf[PATH_BYTES])
{
    const char *directory = "t/a1000000000000000000000000000000";

    (void)snprintf(batch, PATH_BYTES, "%s/batch.%u", directory, (unsigned)(base / FILE_LEAVES));
    (void)snprintf(leaf, PATH_BYTES, "%s/leaf.%u", directory, (unsigned)(base / FILE_LEAVES));
}

static void append(struct memory_io *memory, const struct run *run, struct stored *stored)
{
    struct append_job job = {.tenant = tenant, .run = run, .stored = *stored};
    struct error err;

    const struct append_means means = {.io = &memory->io, .keyring = &keyring};
    CHECK(files_append(&means, &job, 1, &err) == STATUS_OK);
    *stored = job.stored;
}

static void make_pool(struct pool *pool, uint64_t base)
{
    struct memory_io memory;
    struct stored stored = {.leaf_count = base};
    char batch[PATH_BYTES], leaf[PATH_BYTES];
    uint64_t index = base;

    memory_io_init(&memory);
    run_init(&pool->all);
    for (uint32_t i = 0; i < BLOCKS; i++) {
        struct run run;
        run_init(&run);
        for (uint32_t k = 0; k < block_leaves[i]; k++, index++) {
            uint32_t records = index % 5 == 2 ? 200 : 1 + (uint32_t)index % 3;
            add_leaf(&run, index, records);
            add_leaf(&pool->all, index, records);
        }
        append(&memory, &run, &stored);
        pool->block_at[i + 1] = stored.batch_end;
        run_release(&run);
    }
    CHECK(index == base + LEAVES);
    paths(base, batch, leaf);
    buf_init(&pool->batch, MIB);
    buf_init(&pool->leaf, MIB);
    buf_add_slice(&pool->batch, buf_slice(memory_io_file(&memory, batch)));
    buf_add_slice(&pool->leaf, buf_slice(memory_io_file(&memory, leaf)));
    memory_io_release(&memory);
}

/* True if blocks were moved: a reader that goes forward may find another copy, and a header
 * whose block lies elsewhere hides what is behind it. */
static bool damage(const struct pool *pool, struct buf *batch, struct buf *leaf, struct reader *r)
{
    uint8_t what = reader_u8(r);
    size_t where = reader_u16(r), much = reader_u8(r);
    struct buf *file = what % 2 == 0 ? batch : leaf;
    size_t block = where % BLOCKS, begin = pool->block_at[block], end = pool->block_at[block + 1];

    switch (what / 2 % 5) {
    case 0:
        if (file->size > 0)
            file->data[where % file->size] ^= (char)(much | 1);
        return false;
    case 1:
        file->size = where < file->size ? where : file->size;
        return false;
    case 2:
        for (size_t i = where; i < where + much && i < file->size; i++)
            file->data[i] = 0;
        return false;
    case 3: /* a block once more */
        buf_add(batch, pool->batch.data + begin, end - begin);
        return true;
    default: /* what stood where a block was is gone, the rest moves up */
        if (end <= batch->size) {
            memmove(batch->data + begin, batch->data + end, batch->size - end);
            batch->size -= end - begin;
        }
        return true;
    }
}

/* Once it is appended to, a leaf that was lost is a gap. */
static bool is_read(struct block_reader *reader, const struct run *all, uint64_t index,
                    bool has_gaps)
{
    struct error err = {0};
    enum status status = block_reader_seek(reader, index, &err);

    CHECK(status == STATUS_OK || status == STATUS_CORRUPT);
    if (status != STATUS_OK)
        return false;
    if (has_gaps && run_leaf(&reader->run, index)[4] == LEAF_KIND_GAP)
        return false;
    size_t size = ENTRY_BYTES + node_count(leaf_record_count(run_leaf(all, index))) * HASH_BYTES;
    CHECK(memcmp(run_leaf(&reader->run, index), run_leaf(all, index), LEAF_BYTES) == 0);
    CHECK(memcmp(run_entry(&reader->run, index), run_entry(all, index), size) == 0);
    return true;
}

/* A bit for each leaf that is read. */
static uint32_t read_all(struct memory_io *memory, const struct pool *pool, bool agree,
                         bool has_gaps)
{
    struct block_reader forward, fresh;
    struct error err;
    uint32_t read = 0;

    CHECK(block_reader_init(&forward, &memory->io, &keyring, &tenant, &err) == STATUS_OK);
    for (uint32_t i = 0; i < LEAVES; i++) {
        uint64_t index = pool->all.first_index + i;
        CHECK(block_reader_init(&fresh, &memory->io, &keyring, &tenant, &err) == STATUS_OK);
        bool is_found = is_read(&fresh, &pool->all, index, has_gaps);
        bool is_next = is_read(&forward, &pool->all, index, has_gaps);
        CHECK(is_next == is_found || !agree);
        block_reader_release(&fresh);
        read |= is_found ? 1u << i : 0;
    }
    block_reader_release(&forward);
    return read;
}

/* As evidence.c does when a leaf comes that leaves a gap. */
static void append_behind(struct memory_io *memory, const struct pool *pool, uint64_t index,
                          bool is_moved)
{
    struct stored stored, again;
    struct block_reader reader;
    struct run run;
    struct error err;

    CHECK(files_load(&memory->io, &tenant, &stored, &err) == STATUS_OK);
    if (stored.leaf_count == 0)
        stored.leaf_count = pool->all.first_index;
    CHECK(stored.leaf_count >= pool->all.first_index && stored.leaf_count <= index);
    CHECK(files_mend(&memory->io, &tenant, index, &stored, &err) == STATUS_OK);
    CHECK(stored.leaf_count <= index);
    run_init(&run);
    for (uint64_t i = stored.leaf_count; i < index; i++)
        add_leaf(&run, i, 0);
    add_leaf(&run, index, 130);
    append(memory, &run, &stored);
    CHECK(files_load(&memory->io, &tenant, &again, &err) == STATUS_OK);
    CHECK(stored.leaf_count == index + 1);
    CHECK(block_reader_init(&reader, &memory->io, &keyring, &tenant, &err) == STATUS_OK);
    CHECK(is_read(&reader, &run, index, is_moved) || is_moved);
    block_reader_release(&reader);
    CHECK(files_renew(&memory->io, &tenant, pool->all.first_index, index + 1, &err) == STATUS_OK);
    run_release(&run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_from(data, size);
    struct memory_io memory;
    char batch_path[PATH_BYTES], leaf_path[PATH_BYTES];
    uint8_t which = reader_u8(&r);
    struct pool *pool = &pools[which % 2];
    uint64_t base = which % 2 * FILE_LEAVES;
    bool is_moved = false;

    if (pool->all.count == 0)
        make_pool(pool, base);
    memory_io_init(&memory);
    paths(base, batch_path, leaf_path);
    struct buf *batch = memory_io_file(&memory, batch_path);
    struct buf *leaf = memory_io_file(&memory, leaf_path);
    buf_add_slice(batch, buf_slice(&pool->batch));
    buf_add_slice(leaf, buf_slice(&pool->leaf));
    for (int i = 0; i < DAMAGES_MAX && reader_left(&r) >= 4; i++)
        is_moved |= damage(pool, batch, leaf, &r);
    uint32_t before = read_all(&memory, pool, !is_moved, false);
    append_behind(&memory, pool, base + LEAVES + which / 2 % 3, is_moved);
    uint32_t after = read_all(&memory, pool, false, true);
    CHECK(is_moved || (before & ~after) == 0);
    memory_io_release(&memory);
    return 0;
}
