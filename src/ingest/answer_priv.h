/* SPDX-License-Identifier: Apache-2.0 */
/* answer_priv.h - the answer to a request, kept for its idempotency key.
 *
 * Pure functions but answer_sign(), which asks the keyring.
 */
#ifndef INGEST_ANSWER_PRIV_H
#define INGEST_ANSWER_PRIV_H

#include "ingest/ingest.h"
#include "ingest/leaves_priv.h"

#define ANSWER_BYTES_MAX (16 * 1024 * 1024)

struct leaf_receipt {
    struct receipt_fields fields;
    uint8_t seed[SEED_BYTES];
};

struct receipts {
    struct leaf_receipt *items;
    uint32_t count;
};

void receipt_of_leaf(const struct leaf_draft *draft, struct leaf_receipt *ret);

/* All but receipt and seeds, which follow from the receipts. */
void answer_encode(const struct ingest_answer *answer, const struct receipts *receipts,
                   struct buf *ret);
/* Arrays go to the arena.  STATUS_CORRUPT if the bytes are no answer. */
enum status answer_decode(struct slice bytes, struct arena *arena, struct ingest_answer *ret,
                          struct receipts *ret_receipts, struct error *err) MUST_USE;
/* Sets receipt and seeds.  The receipt stays empty when the keyring cannot
 * sign: what is stored is stored. */
enum status answer_sign(struct keyring *keyring, const struct guid *tenant,
                        const struct receipts *receipts, struct arena *arena,
                        struct ingest_answer *answer, struct error *err) MUST_USE;

#endif
