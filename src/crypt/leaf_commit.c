/* SPDX-License-Identifier: Apache-2.0 */
/* leaf_commit.c - the commitments of many records at a time; see leaf.h.
 *
 * Where the processor has AVX-512, sixteen records of about one size are hashed step by
 * step: a block of each, until the longest is done.  What is left, and all elsewhere, goes
 * through two lanes.  Each takes the next record when it is done with one, so that records
 * of different sizes keep both busy.  What a lane hashes is cut into runs of blocks: key
 * and label with the first bytes of the record, the blocks of the record where they lie,
 * its end, then HMAC's outer hash. */
#include "crypt/leaf.h"

#include "crypt/sha_wide_priv.h"

#define LABEL_BYTES 16
#define HEAD_BYTES (SHA_BLOCK_BYTES - LABEL_BYTES) /* of the record beside the label */
#define LENGTH_BYTES 8
#define GROUP_RECORDS 256u  /* that are put in order of their sizes */
#define BLOCKS_TOLD 255u    /* records of as many blocks and more are not told apart */
#define BLOCKS_SPREAD 6u    /* that the longest of sixteen may have more than the shortest */

static const char label[LABEL_BYTES] = "audit-record/v1"; /* with its NUL */

enum lane_step { LANE_HEAD, LANE_BODY, LANE_END, LANE_OUTER };

struct lane {
    enum lane_step step;     /* what the blocks are */
    const uint8_t *blocks;   /* to be hashed now */
    size_t count;
    uint32_t state[SHA_STATE_WORDS];
    struct slice rest;       /* of the record */
    size_t size;             /* of the record */
    uint8_t salt[HASH_BYTES];
    uint8_t buffer[3 * SHA_BLOCK_BYTES];
    struct hash256 *ret;
};

/* The block of an HMAC's key. */
static void put_pad(const uint8_t salt[HASH_BYTES], uint8_t pad, uint8_t ret[SHA_BLOCK_BYTES])
{
    memset(ret, pad, SHA_BLOCK_BYTES);
    for (size_t i = 0; i < HASH_BYTES; i++)
        ret[i] ^= salt[i];
}

static void put_key(struct lane *lane, uint8_t pad)
{
    put_pad(lane->salt, pad, lane->buffer);
    memcpy(lane->state, sha_start, sizeof(lane->state));
}

/* Ends the message of `size` bytes (the key block included) whose last `used`
 * bytes, less than a block, lie at `at`. */
static size_t put_end(uint8_t *at, size_t used, uint64_t size)
{
    size_t blocks = used + 1 + LENGTH_BYTES <= SHA_BLOCK_BYTES ? 1 : 2;
    uint64_t bits = size * 8;

    memset(at + used, 0, blocks * SHA_BLOCK_BYTES - used);
    at[used] = 0x80;
    for (size_t i = 1; i <= LENGTH_BYTES; i++, bits >>= 8)
        at[blocks * SHA_BLOCK_BYTES - i] = (uint8_t)bits;
    return blocks;
}

static void take(struct lane *lane, size_t size, uint8_t *ret)
{
    if (size > 0)
        memcpy(ret, lane->rest.data, size);
    lane->rest = slice_tail(lane->rest, size);
}

static void lane_begin(struct lane *lane, const struct hash256 *salt, struct slice raw,
                       struct hash256 *ret)
{
    uint8_t *head = lane->buffer + SHA_BLOCK_BYTES;

    lane->rest = raw;
    lane->size = raw.size;
    lane->ret = ret;
    memcpy(lane->salt, salt->bytes, HASH_BYTES);
    put_key(lane, 0x36);
    memcpy(head, label, LABEL_BYTES);
    lane->blocks = lane->buffer;
    lane->count = 2;
    lane->step = LANE_HEAD;
    if (raw.size >= HEAD_BYTES) {
        take(lane, HEAD_BYTES, head + LABEL_BYTES);
        return;
    }
    take(lane, raw.size, head + LABEL_BYTES);
    lane->step = LANE_END;
    lane->count = 1 + put_end(head, LABEL_BYTES + raw.size,
                              SHA_BLOCK_BYTES + LABEL_BYTES + raw.size);
}

static void begin_body(struct lane *lane)
{
    lane->step = LANE_BODY;
    lane->blocks = (const uint8_t *)lane->rest.data;
    lane->count = lane->rest.size / SHA_BLOCK_BYTES;
    lane->rest = slice_tail(lane->rest, lane->count * SHA_BLOCK_BYTES);
}

static void begin_end(struct lane *lane)
{
    size_t left = lane->rest.size;

    take(lane, left, lane->buffer);
    lane->step = LANE_END;
    lane->blocks = lane->buffer;
    lane->count = put_end(lane->buffer, left, SHA_BLOCK_BYTES + LABEL_BYTES + lane->size);
}

static void begin_outer(struct lane *lane)
{
    uint8_t digest[HASH_BYTES];

    sha_put_state(lane->state, digest);
    put_key(lane, 0x5c);
    memcpy(lane->buffer + SHA_BLOCK_BYTES, digest, HASH_BYTES);
    lane->step = LANE_OUTER;
    lane->blocks = lane->buffer;
    lane->count = 1 + put_end(lane->buffer + SHA_BLOCK_BYTES, HASH_BYTES,
                              SHA_BLOCK_BYTES + HASH_BYTES);
}

/* The blocks are hashed: what comes next.  False when the commitment is there. */
static bool lane_next(struct lane *lane)
{
    switch (lane->step) {
    case LANE_HEAD:
        begin_body(lane);
        if (lane->count == 0)
            begin_end(lane);
        return true;
    case LANE_BODY:
        begin_end(lane);
        return true;
    case LANE_END:
        begin_outer(lane);
        return true;
    case LANE_OUTER:
        sha_put_state(lane->state, lane->ret->bytes);
        break;
    }
    return false;
}

/* Hashes as many blocks as each of the lanes has; returns how many. */
static size_t run(struct lane *const *lanes, unsigned lane_count)
{
    size_t count = lanes[0]->count;

    if (lane_count == 1) {
        sha_blocks(lanes[0]->state, lanes[0]->blocks, count);
        return count;
    }
    count = count < lanes[1]->count ? count : lanes[1]->count;
    sha_blocks_pair((struct sha_lane){lanes[0]->state, lanes[0]->blocks},
                    (struct sha_lane){lanes[1]->state, lanes[1]->blocks}, count);
    return count;
}

/* Those of the records that `order` names. */
static void commit_in_pairs(const struct hash256 *salts, const struct slice *raws,
                            const uint16_t *order, size_t count, struct hash256 *ret)
{
    struct lane memory[2];
    struct lane *lanes[2] = {&memory[0], &memory[1]}; /* the busy ones first */
    unsigned busy = 0;
    size_t next = 0;

    for (; busy < 2 && next < count; busy++, next++)
        lane_begin(lanes[busy], &salts[order[next]], raws[order[next]], &ret[order[next]]);
    while (busy > 0) {
        size_t done = run(lanes, busy);
        for (unsigned i = busy; i-- > 0;) {
            struct lane *lane = lanes[i];
            lane->blocks += done * SHA_BLOCK_BYTES;
            lane->count -= done;
            if (lane->count > 0 || lane_next(lane))
                continue;
            if (next < count) {
                lane_begin(lane, &salts[order[next]], raws[order[next]], &ret[order[next]]);
                next++;
            } else {
                lanes[i] = lanes[--busy];
            }
        }
    }
    explicit_bzero(memory, sizeof(memory)); /* salts are secret */
}

/* ---- sixteen at a time ---- */

/* A record of at least HEAD_BYTES on its way. */
struct wide_lane {
    uint8_t key[SHA_BLOCK_BYTES];
    uint8_t head[SHA_BLOCK_BYTES];
    const uint8_t *body; /* body_blocks of them */
    size_t body_blocks;
    uint8_t end[2 * SHA_BLOCK_BYTES];
    size_t block_count;  /* of all */
};

static void wide_begin(struct wide_lane *lane, const struct hash256 *salt, struct slice raw)
{
    struct slice rest = slice_tail(raw, HEAD_BYTES);
    size_t left = rest.size % SHA_BLOCK_BYTES;

    put_pad(salt->bytes, 0x36, lane->key);
    memcpy(lane->head, label, LABEL_BYTES);
    memcpy(lane->head + LABEL_BYTES, raw.data, HEAD_BYTES);
    lane->body = (const uint8_t *)rest.data;
    lane->body_blocks = rest.size / SHA_BLOCK_BYTES;
    if (left > 0)
        memcpy(lane->end, rest.data + rest.size - left, left);
    lane->block_count = 2 + lane->body_blocks +
                        put_end(lane->end, left, SHA_BLOCK_BYTES + LABEL_BYTES + raw.size);
}

static const uint8_t *wide_block(const struct wide_lane *lane, size_t number)
{
    if (number == 0)
        return lane->key;
    if (number == 1)
        return lane->head;
    if (number - 2 < lane->body_blocks)
        return lane->body + (number - 2) * SHA_BLOCK_BYTES;
    return lane->end + (number - 2 - lane->body_blocks) * SHA_BLOCK_BYTES;
}

/* The inner hashes of all lanes; the first ones are `count` records. */
static void hash_lanes(const struct wide_lane *lanes, unsigned count, struct sha_wide *wide)
{
    const uint8_t *blocks[SHA_WIDE_LANES];
    unsigned busy = UINT16_MAX;

    sha_wide_start(wide);
    for (unsigned i = 0; i < SHA_WIDE_LANES; i++)
        blocks[i] = lanes[0].key;
    for (size_t number = 0;; number++) {
        busy = 0;
        for (unsigned i = 0; i < count; i++) {
            if (number >= lanes[i].block_count)
                continue;
            busy |= 1u << i;
            blocks[i] = wide_block(&lanes[i], number);
        }
        if (busy == 0)
            return;
        sha_wide_block(wide, blocks, busy);
    }
}

/* At most SHA_WIDE_LANES records. */
static void commit_wide(const struct hash256 *salts, const struct slice *raws,
                        const uint16_t *order, unsigned count, struct hash256 *ret)
{
    struct wide_lane lanes[SHA_WIDE_LANES];
    uint8_t outer[SHA_WIDE_LANES][2 * SHA_BLOCK_BYTES] = {0};
    uint8_t digests[SHA_WIDE_LANES][HASH_BYTES];
    struct sha_wide wide;

    for (unsigned i = 0; i < count; i++)
        wide_begin(&lanes[i], &salts[order[i]], raws[order[i]]);
    hash_lanes(lanes, count, &wide);
    for (unsigned i = 0; i < count; i++) {
        put_pad(salts[order[i]].bytes, 0x5c, outer[i]);
        sha_wide_digest(&wide, i, outer[i] + SHA_BLOCK_BYTES);
        (void)put_end(outer[i] + SHA_BLOCK_BYTES, HASH_BYTES, SHA_BLOCK_BYTES + HASH_BYTES);
    }
    sha_digests(outer[0], 2, count, digests[0]);
    for (unsigned i = 0; i < count; i++)
        memcpy(ret[order[i]].bytes, digests[i], HASH_BYTES);
    explicit_bzero(lanes, sizeof(lanes));
    explicit_bzero(outer, sizeof(outer));
    explicit_bzero(&wide, sizeof(wide));
}

/* 0: of less than HEAD_BYTES. */
static size_t blocks_of(struct slice raw)
{
    size_t blocks = (raw.size + SHA_BLOCK_BYTES - HEAD_BYTES) / SHA_BLOCK_BYTES;

    return blocks < BLOCKS_TOLD ? blocks : BLOCKS_TOLD;
}

/* The longest first. */
static void order_by_blocks(const struct slice *raws, size_t count, uint16_t *ret)
{
    uint16_t starts[BLOCKS_TOLD + 1] = {0}, at = 0;

    for (size_t i = 0; i < count; i++)
        starts[blocks_of(raws[i])]++;
    for (size_t b = BLOCKS_TOLD + 1; b-- > 0;) {
        uint16_t some = starts[b];
        starts[b] = at;
        at = (uint16_t)(at + some);
    }
    for (size_t i = 0; i < count; i++)
        ret[starts[blocks_of(raws[i])]++] = (uint16_t)i;
}

/* May the records, the longest first, be hashed side by side? */
static bool fit_together(const struct slice *raws, const uint16_t *order, size_t count)
{
    size_t longest = blocks_of(raws[order[0]]), shortest = blocks_of(raws[order[count - 1]]);

    return shortest > 0 && longest < BLOCKS_TOLD && longest - shortest <= BLOCKS_SPREAD;
}

/* At most GROUP_RECORDS. */
static void commit_group(const struct hash256 *salts, const struct slice *raws, size_t count,
                         struct hash256 *ret)
{
    uint16_t order[GROUP_RECORDS], rest[GROUP_RECORDS];
    size_t rest_count = 0, at = 0;

    order_by_blocks(raws, count, order);
    while (sha_wide_is_there() && count - at >= SHA_WIDE_LANES_MIN) {
        unsigned some = count - at < SHA_WIDE_LANES ? (unsigned)(count - at) : SHA_WIDE_LANES;
        if (fit_together(raws, order + at, some)) {
            commit_wide(salts, raws, order + at, some, ret);
            at += some;
        } else {
            rest[rest_count++] = order[at++];
        }
    }
    while (at < count)
        rest[rest_count++] = order[at++];
    commit_in_pairs(salts, raws, rest, rest_count, ret);
}

void leaf_commitments(const struct hash256 *salts, const struct slice *raws, size_t count,
                      struct hash256 *ret)
{
    for (size_t at = 0, some; at < count; at += some) {
        some = count - at < GROUP_RECORDS ? count - at : GROUP_RECORDS;
        commit_group(salts + at, raws + at, some, ret + at);
    }
}

void leaf_commitment(const struct hash256 *salt, struct slice raw, struct hash256 *ret)
{
    leaf_commitments(salt, &raw, 1, ret);
}
