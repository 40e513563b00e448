/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c - do records have the bytes their leaves commit to?
 *
 * A leaf is checked in nodes of NODE_RECORDS records: the nodes kept in its
 * entry give the batch root, and the records give the nodes.  A leaf without
 * nodes is one node, its batch root. */
#include "evidence/evidence_priv.h"

#include "base/limits.h"

#include <stdlib.h>

#define GROUP_BYTES ((size_t)256 * 1024) /* of records copied before they are hashed */

/* Some records of a leaf and the root of their inner hashes. */
struct node {
    int64_t received_us;
    uint32_t from, to;
    const uint8_t *want;
};

struct check {
    struct evidence *evidence;
    struct guid tenant;
    struct block_reader reader;
    struct run memory; /* a leaf that is not stored yet */
    uint64_t first_seq, end_seq;
    enum status (*raw)(void *context, uint64_t seq, struct slice *ret, struct error *err);
    void *context;
    struct hash256 *salts;   /* of the leaf that is looked at; secret */
    uint32_t salt_count;     /* room for so many */
    struct buf neighbour;    /* a record that raw() does not have */
    struct buf raws;         /* copies of records whose commitments are computed together */
};

/* A reader that knows where the newest blocks are: most of what is asked for is new. */
static enum status start_reader(struct check *check, struct error *err)
{
    struct stored stored = {0};
    enum status status = block_reader_init(&check->reader, evidence_io(check->evidence),
                                           evidence_keyring(check->evidence), &check->tenant, err);

    if (status == STATUS_OK)
        status = evidence_stored(check->evidence, &check->tenant, &stored, err);
    check->reader.known_leaf = stored.newest_leaf;
    check->reader.known_offset = stored.newest_offset;
    return status;
}

/* The run that holds the leaf: of the disk or of memory. */
static enum status seek(struct check *check, uint64_t index, const struct run **ret,
                        struct error *err)
{
    enum status status = STATUS_OK;

    if (run_leaf(&check->reader.run, index) != NULL) {
        *ret = &check->reader.run;
        return STATUS_OK;
    }
    run_release(&check->memory);
    status = evidence_memory(check->evidence, &check->tenant, index, &check->memory, err);
    if (status != STATUS_OK)
        return status;
    *ret = check->memory.count > 0 ? &check->memory : &check->reader.run;
    return check->memory.count > 0 ? STATUS_OK
                                   : block_reader_seek(&check->reader, index, err);
}

static int64_t entry_time_us(const uint8_t *entry)
{
    struct reader r = reader_from(entry + SEED_BYTES, 8);

    return (int64_t)reader_u64(&r);
}

static enum status wrong(const struct leaf_fields *fields, uint64_t seq, const char *what,
                         struct error *err)
{
    return ERROR_SET(err, STATUS_CORRUPT, "evidence leaf %llu, record %llu: %s",
                     (unsigned long long)fields->leaf_index, (unsigned long long)seq, what);
}

/* A record of the range, or a neighbour in the same node. */
static enum status get_raw(struct check *check, uint64_t seq, struct slice *ret,
                           struct error *err)
{
    const struct evidence_neighbours *neighbours = evidence_neighbours(check->evidence);
    enum status status = check->raw(check->context, seq, ret, err);
    bool inside = seq >= check->first_seq && seq < check->end_seq;

    if (status != STATUS_NOT_FOUND || inside || neighbours->raw == NULL)
        return status;
    buf_clear(&check->neighbour);
    status = neighbours->raw(neighbours->context, &check->tenant, seq, &check->neighbour, err);
    *ret = buf_slice(&check->neighbour);
    return status == STATUS_OK ? buf_check(&check->neighbour, err) : status;
}

/* Copies records from `from` on, up to `to` or to GROUP_BYTES, behind each other;
 * *ret_end is the first that is left. */
static enum status copy_raws(struct check *check, const struct leaf_fields *fields, uint32_t from,
                             uint32_t to, uint32_t sizes[NODE_RECORDS], uint32_t *ret_end,
                             struct error *err)
{
    uint32_t i = from;

    buf_clear(&check->raws);
    for (; i < to && check->raws.size < GROUP_BYTES; i++) {
        struct slice raw = {NULL, 0};
        enum status status = get_raw(check, fields->first_seq + i, &raw, err);
        if (status != STATUS_OK)
            return status;
        if (raw.size > UINT32_MAX)
            return wrong(fields, fields->first_seq + i, "larger than any record", err);
        sizes[i - from] = (uint32_t)raw.size;
        buf_add_slice(&check->raws, raw);
    }
    *ret_end = i;
    return buf_check(&check->raws, err);
}

/* The records [from, to) of the leaf, one node, against `want`. */
static enum status check_node(struct check *check, const struct leaf_fields *fields,
                              const struct node *node, struct error *err)
{
    struct hash256 inner[NODE_RECORDS], root;
    struct slice raws[NODE_RECORDS];
    uint32_t sizes[NODE_RECORDS];

    for (uint32_t i = node->from, end = i; i < node->to; i = end) {
        enum status status = copy_raws(check, fields, i, node->to, sizes, &end, err);
        if (status != STATUS_OK)
            return status;
        struct slice rest = buf_slice(&check->raws);
        struct hash256 *hashes = inner + (i - node->from);
        for (uint32_t k = 0; k < end - i; k++) {
            raws[k] = slice_head(rest, sizes[k]);
            rest = slice_tail(rest, sizes[k]);
        }
        leaf_commitments(&check->salts[i], raws, end - i, hashes);
        leaf_inner_hashes(fields->first_seq + i, node->received_us, sizes, hashes, end - i,
                          hashes);
    }
    merkle_root(inner, node->to - node->from, &root);
    if (memcmp(root.bytes, node->want, HASH_BYTES) != 0)
        return wrong(fields, fields->first_seq + node->from,
                     "it or one of the 63 behind it does not match its commitment", err);
    return STATUS_OK;
}

static enum status check_nodes_root(const struct leaf_fields *fields, const uint8_t *nodes,
                                    uint32_t count, struct error *err)
{
    struct hash256 hashes[LEAF_RECORDS_MAX / NODE_RECORDS + 1], root;

    memcpy(hashes, nodes, (size_t)count * HASH_BYTES);
    merkle_root(hashes, count, &root);
    if (memcmp(&root, &fields->batch_root, HASH_BYTES) != 0)
        return wrong(fields, fields->first_seq, "its nodes do not give the batch root", err);
    return STATUS_OK;
}

static void free_salts(struct check *check)
{
    if (check->salts != NULL)
        explicit_bzero(check->salts, check->salt_count * sizeof(*check->salts));
    free(check->salts);
    check->salts = NULL;
    check->salt_count = 0;
}

static enum status make_salts(struct check *check, const uint8_t *seed, uint32_t count,
                              struct error *err)
{
    if (count > check->salt_count) {
        free_salts(check);
        check->salts = malloc(count * sizeof(*check->salts));
        if (check->salts == NULL)
            return ERROR_MEMORY(err);
        check->salt_count = count;
    }
    leaf_salts(seed, count, check->salts);
    return STATUS_OK;
}

static enum status check_leaf(struct check *check, const struct leaf_fields *fields,
                              const uint8_t *entry, struct error *err)
{
    const uint8_t *nodes = entry + ENTRY_BYTES;
    uint32_t nodes_kept = node_count(fields->count);
    uint32_t from = 0, to = fields->count;
    enum status status = STATUS_OK;

    if (nodes_kept > 0)
        status = check_nodes_root(fields, nodes, nodes_kept, err);
    if (check->first_seq > fields->first_seq)
        from = (uint32_t)(check->first_seq - fields->first_seq);
    if (check->end_seq - fields->first_seq < to)
        to = (uint32_t)(check->end_seq - fields->first_seq);
    if (status == STATUS_OK)
        status = make_salts(check, entry, fields->count, err);
    for (uint32_t node = from / NODE_RECORDS; status == STATUS_OK && node * NODE_RECORDS < to;
         node++) {
        struct node n = {.received_us = entry_time_us(entry),
                         .from = node * NODE_RECORDS,
                         .to = (node + 1) * NODE_RECORDS,
                         .want = nodes + (size_t)node * HASH_BYTES};
        if (n.to > fields->count)
            n.to = fields->count;
        if (nodes_kept == 0)
            n.want = fields->batch_root.bytes;
        status = check_node(check, fields, &n, err);
    }
    return status;
}

static enum status check_range(struct check *check, uint64_t index, struct error *err)
{
    uint64_t seq = check->first_seq;
    enum status status = STATUS_OK;

    for (; status == STATUS_OK && seq < check->end_seq; index++) {
        struct leaf_fields fields;
        const struct run *run = NULL;
        status = seek(check, index, &run, err);
        if (status == STATUS_OK)
            status = leaf_decode(run_leaf(run, index), &fields, err);
        if (status != STATUS_OK)
            return status;
        if (fields.leaf_index != index)
            return wrong(&fields, seq, "the leaf is at the wrong place", err);
        if (seq < fields.first_seq || seq - fields.first_seq >= fields.count)
            return ERROR_SET(err, STATUS_NOT_FOUND, "no evidence covers record %llu",
                             (unsigned long long)seq);
        if (fields.kind == LEAF_KIND_GAP)
            return wrong(&fields, seq, "it was lost when the log was damaged", err);
        status = check_leaf(check, &fields, run_entry(run, index), err);
        seq = fields.first_seq + fields.count;
    }
    return status;
}

enum status evidence_verify(struct evidence *evidence, const struct guid *tenant,
                            uint64_t first_seq, uint32_t count,
                            enum status (*raw)(void *context, uint64_t seq, struct slice *ret,
                                               struct error *err),
                            void *context, struct error *err)
{
    struct check check = {.evidence = evidence, .tenant = *tenant, .first_seq = first_seq,
                          .end_seq = first_seq + count, .raw = raw, .context = context};
    uint64_t index = 0;

    if (count == 0)
        return STATUS_OK;
    if (first_seq > UINT64_MAX - count)
        return ERROR_SET(err, STATUS_INVALID, "record numbers out of range");
    run_init(&check.memory);
    buf_init(&check.neighbour, REQUEST_BODY_BYTES_MAX);
    buf_init(&check.raws, GROUP_BYTES + REQUEST_BODY_BYTES_MAX);
    enum status status = start_reader(&check, err);
    if (status == STATUS_OK)
        status = evidence_leaf_of_seq(evidence, tenant, first_seq, &index, err);
    if (status == STATUS_OK)
        status = check_range(&check, index, err);
    free_salts(&check);
    buf_release(&check.neighbour);
    buf_release(&check.raws);
    run_release(&check.memory);
    block_reader_release(&check.reader);
    return status;
}

static enum status check_link(const struct leaf_fields *fields, uint64_t index,
                              const struct evidence_summary *before, int64_t time_us,
                              struct error *err)
{
    if (fields->leaf_index != index)
        return wrong(fields, fields->first_seq, "the leaf is at the wrong place", err);
    if (index > 0 && fields->first_seq != before->next_seq)
        return wrong(fields, fields->first_seq, "it does not follow the leaf before", err);
    if (fields->kind != LEAF_KIND_GAP && fields->commit_time_us < time_us)
        return wrong(fields, fields->first_seq, "the leaf is older than the one before", err);
    return STATUS_OK;
}

static enum status check_log(struct check *check, uint64_t leaf_count,
                             struct evidence_summary *ret, struct error *err)
{
    struct merkle_frontier frontier;
    int64_t time_us = 0;

    merkle_frontier_init(&frontier);
    for (uint64_t index = 0; index < leaf_count; index++) {
        const struct run *run = NULL;
        struct leaf_fields fields;
        struct hash256 hash;
        enum status status = seek(check, index, &run, err);
        if (status == STATUS_OK)
            status = leaf_decode(run_leaf(run, index), &fields, err);
        if (status == STATUS_OK)
            status = check_link(&fields, index, ret, time_us, err);
        if (status == STATUS_OK && fields.kind != LEAF_KIND_GAP && node_count(fields.count) > 0)
            status = check_nodes_root(&fields, run_entry(run, index) + ENTRY_BYTES,
                                      node_count(fields.count), err);
        if (status != STATUS_OK)
            return status;
        leaf_hash(run_leaf(run, index), &hash);
        merkle_frontier_add(&frontier, &hash);
        ret->next_seq = fields.first_seq + fields.count;
        if (fields.kind == LEAF_KIND_GAP) {
            ret->lost_leaf_count++;
            ret->lost_record_count += fields.count;
        } else {
            ret->record_count += fields.count;
            time_us = fields.commit_time_us;
        }
    }
    ret->leaf_count = leaf_count;
    merkle_frontier_root(&frontier, &ret->root);
    return STATUS_OK;
}

enum status evidence_check(struct evidence *evidence, const struct guid *tenant,
                           struct evidence_summary *ret, struct error *err)
{
    struct check check = {.evidence = evidence, .tenant = *tenant};
    uint64_t leaf_count = 0;

    *ret = (struct evidence_summary){0};
    run_init(&check.memory);
    enum status status = start_reader(&check, err);
    if (status == STATUS_OK)
        status = evidence_count(evidence, tenant, &leaf_count, NULL, err);
    if (status == STATUS_OK)
        status = check_log(&check, leaf_count, ret, err);
    run_release(&check.memory);
    block_reader_release(&check.reader);
    return status;
}

enum status evidence_entry(struct evidence *evidence, const struct guid *tenant, uint64_t index,
                           struct evidence_entry *ret, struct error *err)
{
    struct check check = {.evidence = evidence, .tenant = *tenant};
    const struct run *run = NULL;

    run_init(&check.memory);
    enum status status = start_reader(&check, err);
    if (status == STATUS_OK)
        status = seek(&check, index, &run, err);
    if (status == STATUS_OK)
        status = leaf_decode(run_leaf(run, index), &ret->fields, err);
    if (status == STATUS_OK) {
        const uint8_t *entry = run_entry(run, index);
        memcpy(ret->leaf, run_leaf(run, index), LEAF_BYTES);
        memcpy(ret->seed, entry, SEED_BYTES);
        ret->received_us = entry_time_us(entry);
    }
    run_release(&check.memory);
    block_reader_release(&check.reader);
    return status;
}
