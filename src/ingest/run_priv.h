/* SPDX-License-Identifier: Apache-2.0 */
/* run_priv.h - immutable, sorted, encrypted files of what ingest remembers
 * (docs/format/ingest.md).
 *
 * A writer and a cursor have one owner; run_find() may be called by any
 * number of threads.
 */
#ifndef INGEST_RUN_PRIV_H
#define INGEST_RUN_PRIV_H

#include "base/clock.h"
#include "base/guid.h"
#include "base/io.h"
#include "crypt/keyring.h"
#include "ingest/run_block_priv.h"

#define RUN_DIR "ingest"
#define RUN_PATH_BYTES 64

enum run_kind { RUN_KIND_RECORD = 1, RUN_KIND_KEY = 2 };

void run_path(uint64_t number, char ret[RUN_PATH_BYTES]);

/* ---- writing: sections in order of tenant and kind, entries in order of key ---- */

struct run_writer;
enum status run_writer_new(struct io *io, uint64_t number, struct run_writer **ret,
                           struct error *err) MUST_USE;
/* At most entry_count_max entries follow; the value of a record has RUN_PRINT_BYTES. */
enum status run_writer_begin(struct run_writer *writer, const struct guid *tenant,
                             enum run_kind kind, const struct key *key, size_t entry_count_max,
                             struct error *err) MUST_USE;
enum status run_writer_add(struct run_writer *writer, const struct run_entry *entry,
                           struct error *err) MUST_USE;
enum status run_writer_end(struct run_writer *writer, struct error *err) MUST_USE;
/* Writes directory and header and syncs file and name. */
enum status run_writer_finish(struct run_writer *writer, struct error *err) MUST_USE;
void run_writer_free(struct run_writer *writer); /* NULL allowed */

/* ---- reading ---- */

struct run;

/* Where the sections' keys come from; STATUS_NOT_FOUND leaves a section out. */
struct run_keys {
    enum status (*get)(void *context, const struct guid *tenant, struct key *ret,
                       struct error *err);
    void *context;
};

enum status run_open(struct io *io, uint64_t number, const struct run_keys *keys, struct run **ret,
                     struct error *err) MUST_USE;
void run_close(struct run *run); /* NULL allowed */
/* Sets a mark that the run is damaged; false if it had it. */
bool run_break(struct run *run);
bool run_is_broken(const struct run *run);
/* The disk did not give something of it since the start, also when asked again.  It may be read
 * another time, so merges leave the file as it is. */
bool run_is_unread(const struct run *run);
/* Stands for a run that could not be opened, as long as its file is to stay. */
enum status run_new_unread(uint64_t number, const struct clock *clock, struct run **ret,
                           struct error *err) MUST_USE;
bool run_is_unopened(const struct run *run);
/* Renames the file of a run to NAME.damaged; OK if there is none. */
enum status run_set_aside(struct io *io, uint64_t number, struct error *err) MUST_USE;
uint64_t run_number(const struct run *run);
uint64_t run_bytes(const struct run *run); /* of its file */
uint64_t run_entry_count(const struct run *run);
uint32_t run_newest_minute(const struct run *run); /* UINT32_MAX: of run_new_unread() */

/* Calls found() for each entry with the key until it returns true.  Where the disk does not give
 * a block this is STATUS_BUSY for a minute, as that mostly passes; then the block is passed by,
 * and tried again now and then. */
struct run_query {
    struct guid tenant;
    enum run_kind kind;
    uint64_t key;
    bool (*found)(void *context, const struct run_entry *entry);
    void *context;
    const struct clock *clock;
};
enum status run_find(struct run *run, const struct run_query *query,
                     struct error *err) MUST_USE;

struct run_section_info {
    struct guid tenant;
    enum run_kind kind;
    uint64_t entry_count;
};
size_t run_section_count(const struct run *run);
struct run_section_info run_section(const struct run *run, size_t section);

/* Walks one section in order. */
struct run_cursor {
    struct run *run;
    size_t section, block;
    struct buf plain;
    struct run_block_reader reader;
    struct run_entry entry; /* the current one, if !done */
    bool done;
};
enum status run_cursor_open(struct run_cursor *cursor, struct run *run, size_t section,
                            struct error *err) MUST_USE;
enum status run_cursor_next(struct run_cursor *cursor, struct error *err) MUST_USE;
void run_cursor_close(struct run_cursor *cursor);

#endif
