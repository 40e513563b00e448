/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h - what a life strikes: the server's storage engine (src/main/storage.h) on any io,
 * with the keys that the server has in a process of their own.
 *
 * What would end the process (the fail-stop) sets `dead`: from there on only
 * engine_close() may be called. */
#ifndef SIM_ENGINE_H
#define SIM_ENGINE_H

#include "base/clock.h"
#include "base/io.h"
#include "crypt/keyring_local.h"
#include "main/storage.h"

#include <stdatomic.h>

#define ENGINE_TENANTS 3u /* the last one is the instance, which has a log, and no line in meta */

struct engine {
    struct io *io;
    const char *kek; /* path on the real disk */
    uint64_t log_ahead_bytes, reserve_bytes;
    struct clock_fixed clock;
    struct guid tenants[ENGINE_TENANTS];
    struct keyring *keyring;
    struct storage *storage;
    struct meta *meta; /* this and the next: parts of it, while it is open */
    struct evidence *evidence;
    struct store *store;
    struct ingest *ingest;
    atomic_bool dead;
    struct error why; /* it is dead */
    int64_t unread_us; /* it refused then, the first time, for a run that is not read; 0: never */
    bool is_evidence_damaged; /* on purpose: rows may not match it */
};

/* The directories, keys and tenants of a new data directory. */
enum status engine_make(struct engine *engine, struct error *err) MUST_USE;
/* On failure everything is closed again. */
enum status engine_open(struct engine *engine, struct error *err) MUST_USE;
void engine_close(struct engine *engine);
enum status engine_checkpoint(struct engine *engine, struct error *err) MUST_USE;
enum status engine_compact(struct engine *engine, struct error *err) MUST_USE;

#endif
