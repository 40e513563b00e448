/* SPDX-License-Identifier: Apache-2.0 */
/* evidence_priv.h - what verify.c needs of evidence.c. */
#ifndef EVIDENCE_EVIDENCE_PRIV_H
#define EVIDENCE_EVIDENCE_PRIV_H

#include "evidence/evidence.h"
#include "evidence/files_priv.h"

struct io *evidence_io(struct evidence *evidence);
struct keyring *evidence_keyring(struct evidence *evidence);
const struct evidence_neighbours *evidence_neighbours(struct evidence *evidence);

/* What is stored of the tenant now. */
enum status evidence_stored(struct evidence *evidence, const struct guid *tenant,
                            struct stored *ret, struct error *err) MUST_USE;
/* A leaf that is in memory, copied into the empty run *ret; *ret stays empty
 * for a stored one.  STATUS_NOT_FOUND behind the last leaf. */
enum status evidence_memory(struct evidence *evidence, const struct guid *tenant, uint64_t index,
                            struct run *ret, struct error *err) MUST_USE;

#endif
