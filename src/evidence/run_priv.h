/* SPDX-License-Identifier: Apache-2.0 */
/* run_priv.h - consecutive leaves of a tenant in memory, encoded as they will be stored
 * (docs/format/evidence.md).
 *
 * A run has one owner. */
#ifndef EVIDENCE_RUN_PRIV_H
#define EVIDENCE_RUN_PRIV_H

#include "base/buf.h"
#include "base/limits.h"
#include "crypt/leaf.h"

#define NODE_RECORDS MERKLE_NODE_LEAVES
#define ENTRY_BYTES 40u /* seed, receive time; then the inner nodes */
#define RUN_BYTES_MAX (256 * MIB) /* leaves of one tenant between two checkpoints */

struct run {
    struct buf leaves;  /* LEAF_BYTES each */
    struct buf entries; /* ENTRY_BYTES and the nodes each; secret */
    uint64_t first_index;
    uint32_t count;
};

void run_init(struct run *run);
void run_release(struct run *run); /* wipes */
/* STATUS_LIMIT: there is no room; the run is as it was. */
enum status run_add(struct run *run, const struct leaf_commit *commit,
                    const struct leaf_fields *fields, struct error *err) MUST_USE;
const uint8_t *run_leaf(const struct run *run, uint64_t index); /* NULL outside */
/* The entry of a leaf; NULL outside. */
const uint8_t *run_entry(const struct run *run, uint64_t index);
size_t run_entry_bytes(const uint8_t leaf[LEAF_BYTES]); /* with its nodes */

uint32_t node_count(uint32_t record_count);  /* 0 for up to NODE_RECORDS */
uint32_t leaf_record_count(const uint8_t leaf[LEAF_BYTES]); /* with evidence; 0 of a gap */

#endif
