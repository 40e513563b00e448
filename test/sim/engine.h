/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h - ingest, store, evidence, control plane wired as in src/main/compose.c, on any io.
 *
 * What would end the process (the fail-stop) sets `dead`: from there on only
 * engine_close() may be called. */
#ifndef SIM_ENGINE_H
#define SIM_ENGINE_H

#include "base/clock.h"
#include "base/io.h"
#include "crypt/keyring_local.h"
#include "evidence/evidence.h"
#include "ingest/ingest.h"
#include "meta/meta.h"
#include "store/store.h"

#include <stdatomic.h>

#define ENGINE_TENANTS 3u

struct engine_verifier {
    struct record_verifier verifier; /* first */
    struct evidence *evidence;
};

struct engine {
    struct io *io;
    const char *kek; /* path on the real disk */
    uint64_t log_ahead_bytes;
    struct clock_fixed clock;
    struct guid tenants[ENGINE_TENANTS];
    struct keyring *keyring;
    struct meta *meta;
    struct evidence *evidence;
    struct store *store;
    struct ingest *ingest;
    struct engine_verifier verifier;
    atomic_bool dead;
    struct error why; /* it is dead */
    bool is_evidence_damaged; /* on purpose: rows may not match it */
};

/* The directories and keys of a new data directory. */
enum status engine_make(struct engine *engine, struct error *err) MUST_USE;
/* On failure everything is closed again. */
enum status engine_open(struct engine *engine, struct error *err) MUST_USE;
void engine_close(struct engine *engine);
enum status engine_checkpoint(struct engine *engine, struct error *err) MUST_USE;
enum status engine_compact(struct engine *engine, struct error *err) MUST_USE;

#endif
