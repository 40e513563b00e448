/* SPDX-License-Identifier: Apache-2.0 */
/* distinct_priv.h - counting distinct hashes.
 *
 * Exact up to DISTINCT_EXACT_MAX hashes (64 bits: no collision to speak of);
 * then, unless it must stay exact, HyperLogLog with 2^14 registers (Flajolet et
 * al. 2007), read with the improved raw estimator of Ertl (New cardinality estimation
 * algorithms for HyperLogLog sketches, 2017, section 4): no bias at any size, without tables and
 * without another estimator for few; standard error 0.8 %.
 */
#ifndef QUERY_DISTINCT_PRIV_H
#define QUERY_DISTINCT_PRIV_H

#include "base/arena.h"
#include "base/buf.h"
#include "table/type.h"

#define DISTINCT_EXACT_MAX 8192u
#define DISTINCT_BITS 14u
#define DISTINCT_REGISTERS (1u << DISTINCT_BITS)
#define DISTINCT_RANK_MAX (64 - DISTINCT_BITS + 1) /* of a register */
/* No sketch stands for more: those of 2^15 subsets are added and subtracted in 64 bits. */
#define DISTINCT_COUNT_MAX (INT64_C(1) << 47)
#define SKETCHES_SHARED_MAX 16u /* whose common values are counted: all subsets are looked at */

/* Zeroed is empty.  Exactly one of slots and registers is in use. */
struct distinct {
    uint64_t *slots;    /* slot_count hashes, a power of two; 0 = free (a hash of 0 is 1) */
    uint8_t *registers; /* DISTINCT_REGISTERS */
    uint32_t count, slot_count;
};

enum status distinct_add(struct arena *arena, struct distinct *set, uint64_t hash, bool exact,
                         struct error *err) MUST_USE;
enum status distinct_merge(struct arena *arena, struct distinct *into,
                           const struct distinct *from, bool exact, struct error *err) MUST_USE;
int64_t distinct_count(const struct distinct *set);
bool distinct_has(const struct distinct *set, uint64_t hash); /* of an exact set */

/* Registers, made of the hashes where it is exact. */
enum status distinct_to_registers(struct arena *arena, struct distinct *set,
                                  struct error *err) MUST_USE;
/* The greater of each two registers: `ret` stands for both sets. */
void distinct_union(const uint8_t *a, const uint8_t *b, uint8_t *ret);

/* The hash under which a value is counted; the same in each process. */
uint64_t distinct_hash(const struct value *value);

/* As a dynamic: ["hll", "base64 of hashes or registers"]. */
void distinct_add_json(const struct distinct *set, struct buf *buf);
/* False if the text is no such dynamic (err untouched then) or memory is out. */
bool distinct_from_json(struct arena *arena, struct slice json, struct distinct *ret,
                        struct error *err);

#endif
