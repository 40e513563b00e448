/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - see run_priv.h. */
#include "evidence/run_priv.h"

#include "base/check.h"
#include "base/limits.h"

void run_init(struct run *run)
{
    *run = (struct run){0};
    buf_init(&run->leaves, RUN_BYTES_MAX);
    buf_init(&run->entries, RUN_BYTES_MAX);
}

void run_release(struct run *run)
{
    if (run->entries.data != NULL)
        explicit_bzero(run->entries.data, run->entries.size);
    buf_release(&run->leaves);
    buf_release(&run->entries);
    run->count = 0;
}

uint32_t node_count(uint32_t record_count)
{
    return record_count <= NODE_RECORDS ? 0 : (record_count + NODE_RECORDS - 1) / NODE_RECORDS;
}

uint32_t leaf_record_count(const uint8_t leaf[LEAF_BYTES])
{
    if (leaf[4] == LEAF_KIND_GAP)
        return 0;
    return (uint32_t)leaf[24] << 24 | (uint32_t)leaf[25] << 16 | (uint32_t)leaf[26] << 8 | leaf[27];
}

enum status run_add(struct run *run, const struct leaf_commit *commit,
                    const struct leaf_fields *fields, struct error *err)
{
    size_t leaves_size = run->leaves.size, entries_size = run->entries.size;

    if (run->count == 0)
        run->first_index = fields->leaf_index;
    CHECK(fields->leaf_index == run->first_index + run->count);
    buf_add(&run->leaves, commit->leaf, LEAF_BYTES);
    buf_add(&run->entries, commit->seed, SEED_BYTES);
    buf_put_u64(&run->entries, (uint64_t)commit->received_us);
    uint32_t nodes = node_count(leaf_record_count(commit->leaf));
    if (nodes > 0)
        buf_add(&run->entries, commit->nodes, nodes * sizeof(*commit->nodes));
    if (run->leaves.failed || run->entries.failed) {
        run->leaves.size = leaves_size;
        run->entries.size = entries_size;
        run->leaves.failed = run->entries.failed = false;
        return ERROR_SET(err, STATUS_LIMIT, "no memory for more leaves before a checkpoint");
    }
    run->count++;
    return STATUS_OK;
}

const uint8_t *run_leaf(const struct run *run, uint64_t index)
{
    if (run->count == 0 || index < run->first_index || index - run->first_index >= run->count)
        return NULL;
    return (const uint8_t *)run->leaves.data + (index - run->first_index) * LEAF_BYTES;
}

size_t run_entry_bytes(const uint8_t leaf[LEAF_BYTES])
{
    return ENTRY_BYTES + (size_t)node_count(leaf_record_count(leaf)) * HASH_BYTES;
}

const uint8_t *run_entry(const struct run *run, uint64_t index)
{
    size_t at = 0;

    if (run_leaf(run, index) == NULL)
        return NULL;
    if (run->entries.size == (size_t)run->count * ENTRY_BYTES) /* none has nodes */
        return (const uint8_t *)run->entries.data + (index - run->first_index) * ENTRY_BYTES;
    for (uint64_t i = run->first_index; i < index; i++)
        at += run_entry_bytes(run_leaf(run, i));
    return (const uint8_t *)run->entries.data + at;
}
