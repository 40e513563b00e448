/* SPDX-License-Identifier: Apache-2.0 */
/* leaf.c - see leaf.h; the bytes are drawn in docs/format/leaf.md. */
#include "crypt/leaf.h"

#include "base/check.h"
#include "base/limits.h"
#include "crypt/hash.h"
#include "crypt/sha_wide_priv.h"

#define LEAF_FLAGS_KNOWN (LEAF_FLAG_CLOCK_BACK | LEAF_FLAG_COALESCED | LEAF_FLAG_IDEMPOTENCY)
#define HASH_ALGORITHM_SHA256 1
#define INNER_VERSION 1
#define INNER_BYTES 53
#define NODE_BYTES (1 + 2 * HASH_BYTES)

_Static_assert(sizeof(struct hash256) == HASH_BYTES, "arrays of hashes are plain bytes");

static uint64_t get_be(const uint8_t *at, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

static void put_be(uint8_t *at, size_t size, uint64_t value)
{
    for (size_t i = size; i-- > 0; value >>= 8)
        at[i] = (uint8_t)value;
}

void leaf_encode(const struct leaf_fields *fields, uint8_t ret[LEAF_BYTES])
{
    memcpy(ret, "ALC1", 4);
    ret[4] = fields->kind;
    ret[5] = HASH_ALGORITHM_SHA256;
    put_be(ret + 6, 2, fields->flags);
    put_be(ret + 8, 8, fields->leaf_index);
    put_be(ret + 16, 8, fields->first_seq);
    put_be(ret + 24, 4, fields->count);
    put_be(ret + 28, 4, 0);
    put_be(ret + 32, 8, (uint64_t)fields->commit_time_us);
    put_be(ret + 40, 8, fields->raw_bytes);
    memcpy(ret + 48, fields->source_id.bytes, 16);
    memcpy(ret + 64, fields->batch_root.bytes, HASH_BYTES);
    memcpy(ret + 96, fields->aux.bytes, HASH_BYTES);
}

static const char *leaf_fault(const uint8_t leaf[LEAF_BYTES], const struct leaf_fields *fields)
{
    if (memcmp(leaf, "ALC1", 4) != 0)
        return "wrong magic";
    if (fields->kind != LEAF_KIND_DATA && fields->kind != LEAF_KIND_CONTROL &&
        fields->kind != LEAF_KIND_GAP)
        return "unknown kind";
    if (leaf[5] != HASH_ALGORITHM_SHA256)
        return "unknown hash algorithm";
    if ((fields->flags & ~LEAF_FLAGS_KNOWN) != 0)
        return "unknown flags";
    if (fields->kind != LEAF_KIND_GAP &&
        (fields->count == 0 || fields->count > LEAF_RECORDS_MAX))
        return "record count out of range";
    if (fields->kind == LEAF_KIND_CONTROL && fields->count != 1)
        return "control leaf with several records";
    if (fields->first_seq > UINT64_MAX - fields->count)
        return "sequence number out of range";
    if (get_be(leaf + 28, 4) != 0)
        return "reserved bytes are set";
    if (fields->commit_time_us < 0)
        return "negative time";
    return NULL;
}

enum status leaf_decode(const uint8_t leaf[LEAF_BYTES], struct leaf_fields *ret,
                        struct error *err)
{
    struct leaf_fields fields = {
        .kind = leaf[4],
        .flags = (uint16_t)get_be(leaf + 6, 2),
        .leaf_index = get_be(leaf + 8, 8),
        .first_seq = get_be(leaf + 16, 8),
        .count = (uint32_t)get_be(leaf + 24, 4),
        .commit_time_us = (int64_t)get_be(leaf + 32, 8),
        .raw_bytes = get_be(leaf + 40, 8),
    };
    const char *fault = leaf_fault(leaf, &fields);

    if (fault != NULL)
        return ERROR_SET(err, STATUS_CORRUPT, "bad evidence leaf: %s", fault);
    memcpy(fields.source_id.bytes, leaf + 48, 16);
    memcpy(fields.batch_root.bytes, leaf + 64, HASH_BYTES);
    memcpy(fields.aux.bytes, leaf + 96, HASH_BYTES);
    *ret = fields;
    return STATUS_OK;
}

void leaf_hash(const uint8_t leaf[LEAF_BYTES], struct hash256 *ret)
{
    uint8_t message[1 + LEAF_BYTES] = {0x00};

    memcpy(message + 1, leaf, LEAF_BYTES);
    sha256(message, sizeof(message), ret->bytes);
}

static uint32_t salt_depth(uint32_t count)
{
    uint32_t depth = 1;

    while (depth < 32 && ((uint64_t)1 << depth) < count)
        depth++;
    return depth;
}

/* Ends the message of `size` bytes that a block, or two, begin with. */
static void end_message(uint8_t *message, size_t size, size_t block_count)
{
    message[size] = 0x80;
    put_be(message + block_count * SHA_BLOCK_BYTES - 8, 8, size * 8);
}

#define CHILD_BYTES (1 + HASH_BYTES) /* of the one block that is hashed */

/* Both nodes below each, of at most half as many as are hashed at once; ret may be where
 * these are. */
static void hash_children(const struct hash256 *nodes, size_t count, struct hash256 *ret)
{
    uint8_t messages[SHA_WIDE_LANES][SHA_BLOCK_BYTES] = {0};

    for (size_t i = 0; i < 2 * count; i++) {
        messages[i][0] = i % 2 == 0 ? 0x10 : 0x11;
        memcpy(messages[i] + 1, nodes[i / 2].bytes, HASH_BYTES);
        end_message(messages[i], CHILD_BYTES, 1);
    }
    sha_digests(messages[0], 1, 2 * count, ret->bytes);
    explicit_bzero(messages, sizeof(messages));
}

/* A level after the other, in place: the children of node i become 2i and 2i + 1, the
 * last nodes first. */
void leaf_salts(const uint8_t seed[SEED_BYTES], uint32_t count, struct hash256 *ret_salts)
{
    struct hash256 children[SHA_WIDE_LANES];

    CHECK(count >= 1);
    memcpy(ret_salts[0].bytes, seed, SEED_BYTES);
    for (uint32_t left = salt_depth(count); left-- > 0;) {
        uint32_t child_count = (uint32_t)(((uint64_t)count - 1) >> left) + 1;
        for (uint32_t end = child_count; end > 0;) {
            uint32_t from = end <= SHA_WIDE_LANES ? 0 : (end - SHA_WIDE_LANES + 1) & ~1u;
            hash_children(&ret_salts[from / 2], (end - from + 1) / 2, children);
            memcpy(&ret_salts[from], children, (end - from) * sizeof(*children));
            end = from;
        }
    }
    explicit_bzero(children, sizeof(children));
}

void leaf_inner_hashes(uint64_t first_seq, int64_t received_us, const uint32_t *raw_bytes,
                       const struct hash256 *commitments, size_t count, struct hash256 *ret)
{
    uint8_t messages[SHA_WIDE_LANES][SHA_BLOCK_BYTES] = {0};

    for (size_t at = 0, some; at < count; at += some) {
        some = count - at < SHA_WIDE_LANES ? count - at : SHA_WIDE_LANES;
        for (size_t i = 0; i < some; i++) {
            uint8_t *message = messages[i];
            message[1] = INNER_VERSION; /* behind the 0 of a leaf */
            put_be(message + 2, 8, first_seq + at + i);
            put_be(message + 10, 8, (uint64_t)received_us);
            put_be(message + 18, 4, raw_bytes[at + i]);
            memcpy(message + 22, commitments[at + i].bytes, HASH_BYTES);
            end_message(message, 1 + INNER_BYTES, 1);
        }
        sha_digests(messages[0], 1, some, ret[at].bytes);
    }
}

void merkle_frontier_init(struct merkle_frontier *frontier)
{
    frontier->node_count = 0;
    frontier->leaf_count = 0;
}

static void join_last(struct merkle_frontier *frontier)
{
    struct hash256 *left = &frontier->nodes[frontier->node_count - 2];

    sha256_prefixed_pair(0x01, left[0].bytes, left[1].bytes, left[0].bytes);
    frontier->node_count--;
}

/* A binary counter of complete subtrees: joining the last two whenever they
 * have the same size gives exactly the split of RFC 6962, because all but the
 * last subtree are the largest powers of two. */
void merkle_frontier_add(struct merkle_frontier *frontier, const struct hash256 *leaf_hash)
{
    CHECK(frontier->node_count < MERKLE_DEPTH_MAX);
    frontier->nodes[frontier->node_count++] = *leaf_hash;
    frontier->leaf_count++;
    for (uint64_t size = frontier->leaf_count; (size & 1) == 0; size >>= 1)
        join_last(frontier);
}

void merkle_frontier_root(const struct merkle_frontier *frontier, struct hash256 *ret)
{
    if (frontier->node_count == 0) {
        sha256(NULL, 0, ret->bytes);
        return;
    }
    *ret = frontier->nodes[frontier->node_count - 1];
    for (uint32_t i = frontier->node_count - 1; i-- > 0;)
        sha256_prefixed_pair(0x01, frontier->nodes[i].bytes, ret->bytes, ret->bytes);
}

/* The nodes above `count` pairs, which may stand where these do. */
static void join_pairs(const struct hash256 *nodes, size_t count, struct hash256 *ret)
{
    uint8_t messages[SHA_WIDE_LANES][2 * SHA_BLOCK_BYTES] = {0};

    for (size_t at = 0, some; at < count; at += some) {
        some = count - at < SHA_WIDE_LANES ? count - at : SHA_WIDE_LANES;
        for (size_t i = 0; i < some; i++) {
            messages[i][0] = 0x01;
            memcpy(messages[i] + 1, &nodes[2 * (at + i)], 2 * HASH_BYTES);
            end_message(messages[i], NODE_BYTES, 2);
        }
        sha_digests(messages[0], 2, some, ret[at].bytes);
    }
}

/* In place, a level after the other; a node without a neighbour goes up as it is, which
 * gives the split of RFC 6962. */
static void join_all(struct hash256 *nodes, size_t count)
{
    while (count > 1) {
        size_t pairs = count / 2;
        join_pairs(nodes, pairs, nodes);
        if (count % 2 != 0)
            nodes[pairs] = nodes[count - 1];
        count -= pairs;
    }
}

/* The node above the first leaves, MERKLE_NODE_LEAVES at most. */
static void first_node(const struct hash256 *leaf_hashes, size_t count, struct hash256 *ret)
{
    struct hash256 nodes[MERKLE_NODE_LEAVES];
    size_t some = count < MERKLE_NODE_LEAVES ? count : MERKLE_NODE_LEAVES;

    memcpy(nodes, leaf_hashes, some * sizeof(*nodes));
    join_all(nodes, some);
    *ret = nodes[0];
}

/* As many leaves as a power of two, so that the nodes are those of RFC 6962. */
_Static_assert((MERKLE_NODE_LEAVES & (MERKLE_NODE_LEAVES - 1)) == 0, "power of two");

size_t merkle_nodes(const struct hash256 *leaf_hashes, size_t count, struct hash256 *ret)
{
    size_t node_count = 0;

    for (size_t at = 0; at < count; at += MERKLE_NODE_LEAVES)
        first_node(leaf_hashes + at, count - at, &ret[node_count++]);
    return node_count;
}

void merkle_root(const struct hash256 *leaf_hashes, size_t count, struct hash256 *ret)
{
    struct merkle_frontier frontier;
    struct hash256 node;

    CHECK(count >= 1);
    merkle_frontier_init(&frontier);
    for (size_t at = 0; at < count; at += MERKLE_NODE_LEAVES) {
        first_node(leaf_hashes + at, count - at, &node);
        merkle_frontier_add(&frontier, &node);
    }
    merkle_frontier_root(&frontier, ret);
}
