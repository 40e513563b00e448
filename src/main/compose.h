/* SPDX-License-Identifier: Apache-2.0 */
/* compose.h - the whole of Daybook behind one pointer: the wiring. */
#ifndef MAIN_COMPOSE_H
#define MAIN_COMPOSE_H

#include "base/stage.h"
#include "main/content.h"
#include "main/data_dir.h"
#include "share/share.h"

struct daybook;

struct daybook_options {
    const struct data_dir *dir; /* locked */
    struct keyring *keyring;    /* borrowed */
    uint32_t thread_count;      /* of a query; 0 = number of cores */
    size_t cache_bytes;         /* of decoded columns; 0 = BLOCK_CACHE_BYTES */
    uint64_t memory_bytes;      /* a quarter is for queries; 0 = machine_memory_bytes() */
    struct external external;   /* what externaldata may read; texts live as long */
    const struct mmdb *places;  /* where addresses are, borrowed; NULL: not known */
    bool background;            /* checkpoints and merges, by threads */
    const struct clock *clock;  /* NULL = clock_system(); a benchmark lets months pass */
    void (*transport_metrics)(void *context, struct buf *ret);
    int64_t (*certificate_end)(void *context); /* as in share.h; NULL: no server */
    void *context;
};

enum status daybook_open(const struct daybook_options *options, struct daybook **ret,
                         struct error *err) MUST_USE;
/* Stops the background work; with `flush` rows in memory go to segments first. */
void daybook_close(struct daybook *daybook, bool flush);
const struct http_router *daybook_router(const struct daybook *daybook);
void daybook_set_draining(struct daybook *daybook);
/* What the server does, for the log of the instance; what cannot be recorded is logged. */
void daybook_record(struct daybook *daybook, const char *operation, struct slice what);

/* What the stages of ingest have cost since the start. */
struct stage_times *daybook_stages(struct daybook *daybook);

/* One step of the background work, for who has no threads for it: a checkpoint if it is due, a
 * merge if there is one.  They may run beside each other.  *ret_worked: there may be more. */
enum status daybook_checkpoint_step(struct daybook *daybook, bool *ret_worked,
                                    struct error *err) MUST_USE;
enum status daybook_merge_step(struct daybook *daybook, bool *ret_worked,
                               struct error *err) MUST_USE;
/* Seals what is in memory and shortens the write-ahead log. */
enum status daybook_checkpoint(struct daybook *daybook, struct error *err) MUST_USE;

#endif
