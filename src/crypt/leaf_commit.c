/* SPDX-License-Identifier: Apache-2.0 */
/* leaf_commit.c - the commitments of many records, two at a time; see leaf.h.
 *
 * Each of two lanes takes the next record when it is done with one, so that
 * records of different sizes keep both busy.  What a lane hashes is cut into
 * runs of blocks: key and label with the first bytes of the record, the blocks
 * of the record where they lie, its end, then HMAC's outer hash. */
#include "crypt/leaf.h"

#include "crypt/sha_pair_priv.h"

#define LABEL_BYTES 16
#define HEAD_BYTES (SHA_BLOCK_BYTES - LABEL_BYTES) /* of the record beside the label */
#define LENGTH_BYTES 8

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

static void put_key(struct lane *lane, uint8_t pad)
{
    memset(lane->buffer, pad, SHA_BLOCK_BYTES);
    for (size_t i = 0; i < HASH_BYTES; i++)
        lane->buffer[i] ^= lane->salt[i];
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

void leaf_commitments(const struct hash256 *salts, const struct slice *raws, size_t count,
                      struct hash256 *ret)
{
    struct lane memory[2];
    struct lane *lanes[2] = {&memory[0], &memory[1]}; /* the busy ones first */
    unsigned busy = 0;
    size_t next = 0;

    for (; busy < 2 && next < count; busy++, next++)
        lane_begin(lanes[busy], &salts[next], raws[next], &ret[next]);
    while (busy > 0) {
        size_t done = run(lanes, busy);
        for (unsigned i = busy; i-- > 0;) {
            struct lane *lane = lanes[i];
            lane->blocks += done * SHA_BLOCK_BYTES;
            lane->count -= done;
            if (lane->count > 0 || lane_next(lane))
                continue;
            if (next < count) {
                lane_begin(lane, &salts[next], raws[next], &ret[next]);
                next++;
            } else {
                lanes[i] = lanes[--busy];
            }
        }
    }
    explicit_bzero(memory, sizeof(memory)); /* salts are secret */
}

void leaf_commitment(const struct hash256 *salt, struct slice raw, struct hash256 *ret)
{
    leaf_commitments(salt, &raw, 1, ret);
}
