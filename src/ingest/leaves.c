/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/leaves_priv.h"

#include "base/limits.h"
#include "base/random.h"

#define COMMIT_RECORDS 256u /* at once */

/* Where the leaf that begins at `first` ends. */
static uint32_t cut(const struct record *records, uint32_t first, uint32_t count)
{
    uint64_t bytes = records[first].raw.size;
    uint32_t end = first + 1;

    while (end < count && end - first < LEAF_RECORDS_MAX &&
           bytes + records[end].raw.size <= LEAF_BYTES_MAX)
        bytes += records[end++].raw.size;
    return end;
}

enum status leaves_cut(const struct record *records, uint32_t count, struct arena *arena,
                       struct leaves *ret, struct error *err)
{
    uint32_t leaf_count = 0;

    for (uint32_t at = 0; at < count; leaf_count++)
        at = cut(records, at, count);
    *ret = (struct leaves){.count = leaf_count};
    ret->items = ARENA_ARRAY(arena, struct leaf_draft, leaf_count, err);
    if (ret->items == NULL)
        return err->status;
    ret->hashes = arena_alloc_raw(arena, count * sizeof(*ret->hashes), err);
    if (ret->hashes == NULL)
        return err->status;
    uint32_t at = 0;
    for (uint32_t i = 0; i < leaf_count; i++) {
        struct leaf_draft *draft = &ret->items[i];
        draft->first = at;
        at = cut(records, at, count);
        draft->count = at - draft->first;
        for (uint32_t j = draft->first; j < at; j++)
            draft->raw_bytes += records[j].raw.size;
        random_bytes(draft->seed, sizeof(draft->seed));
    }
    return STATUS_OK;
}

/* In place: a salt becomes its record's commitment. */
static void commit_all(const uint8_t seed[SEED_BYTES], const struct record *records,
                       uint32_t count, struct hash256 *hashes)
{
    struct slice raws[COMMIT_RECORDS];

    leaf_salts(seed, count, hashes);
    for (uint32_t first = 0; first < count; first += COMMIT_RECORDS) {
        uint32_t some = count - first < COMMIT_RECORDS ? count - first : COMMIT_RECORDS;
        for (uint32_t i = 0; i < some; i++)
            raws[i] = records[first + i].raw;
        leaf_commitments(hashes + first, raws, some, hashes + first);
    }
}

/* In place: the commitments become the nodes of the leaf's tree. */
static void make_nodes(uint64_t first_seq, int64_t received_us, const struct record *records,
                       uint32_t count, struct hash256 *hashes, struct hash256 *ret_root)
{
    uint32_t sizes[COMMIT_RECORDS];

    for (uint32_t first = 0; first < count; first += COMMIT_RECORDS) {
        uint32_t some = count - first < COMMIT_RECORDS ? count - first : COMMIT_RECORDS;
        for (uint32_t i = 0; i < some; i++)
            sizes[i] = (uint32_t)records[first + i].raw.size;
        leaf_inner_hashes(first_seq + first, received_us, sizes, hashes + first, some,
                          hashes + first);
    }
    size_t node_count = merkle_nodes(hashes, count, hashes);
    merkle_root(hashes, node_count, ret_root);
}

void leaves_commit(struct leaves *leaves, const struct record *records)
{
    for (uint32_t i = 0; i < leaves->count; i++) {
        const struct leaf_draft *draft = &leaves->items[i];
        commit_all(draft->seed, records + draft->first, draft->count,
                   leaves->hashes + draft->first);
    }
}

void leaves_finish(struct leaves *leaves, const struct record *records,
                   const struct leaf_fields *fields, int64_t received_us)
{
    struct leaf_fields next = *fields;

    for (uint32_t i = 0; i < leaves->count; i++) {
        struct leaf_draft *draft = &leaves->items[i];
        struct hash256 *hashes = leaves->hashes + draft->first;
        make_nodes(next.first_seq, received_us, records + draft->first, draft->count, hashes,
                   &next.batch_root);
        next.count = draft->count;
        next.raw_bytes = draft->raw_bytes;
        leaf_encode(&next, draft->leaf);
        draft->fields = next;
        next.leaf_index++;
        next.first_seq += draft->count;
        next.commit_time_us++;
        next.flags &= (uint16_t)~LEAF_FLAG_CLOCK_BACK; /* of the first one only */
    }
}

enum status leaves_check(const struct leaf_draft *draft, const struct record *records,
                         int64_t received_us, struct hash256 *ret_hashes, struct error *err)
{
    struct hash256 root;

    commit_all(draft->seed, records, draft->count, ret_hashes);
    make_nodes(draft->fields.first_seq, received_us, records, draft->count, ret_hashes, &root);
    if (memcmp(root.bytes, draft->fields.batch_root.bytes, sizeof(root.bytes)) != 0)
        return ERROR_SET(err, STATUS_CORRUPT, "the records are not those of leaf %llu",
                         (unsigned long long)draft->fields.leaf_index);
    return STATUS_OK;
}
