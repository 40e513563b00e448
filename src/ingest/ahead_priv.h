/* SPDX-License-Identifier: Apache-2.0 */
/* ahead_priv.h - files of the log that are there before they are needed.
 *
 * A sync of what is written behind the end of a file writes its size and its blocks, too, and
 * where there is a journal it waits for that and for whatever others have in it.  Over zeros that
 * are on the disk it does not: neither changes.  So while a file of the log is written, the next
 * one is made: zeros, under its own name (docs/format/wal.md).  Without space for it, or when it
 * is not there in time, the log does without.
 */
#ifndef INGEST_AHEAD_PRIV_H
#define INGEST_AHEAD_PRIV_H

#include "base/io.h"

#include <pthread.h>

struct ahead {
    struct io *io;
    uint64_t size_bytes; /* of a file; 0: none is made */
    bool has_thread;     /* else files are made by who wants them */
    pthread_t thread;

    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    uint64_t wanted;  /* number of the file to make; 0: none */
    uint64_t ready;   /* the one that is there; 0: none */
    bool is_naming;   /* it gets its name */
    bool is_closing;
};

struct ahead_options {
    uint64_t size_bytes; /* of a file; 0: none is made */
    uint64_t first;      /* number of a file that is made at once */
    bool in_background;  /* the others are made by a thread */
};

enum status ahead_open(struct ahead *ahead, struct io *io, const struct ahead_options *options,
                       struct error *err) MUST_USE;
/* Removes the file that was not needed. */
void ahead_close(struct ahead *ahead);

/* The file with this number is the next one. */
void ahead_want(struct ahead *ahead, uint64_t number);
bool ahead_is_ready(struct ahead *ahead, uint64_t number);
/* True: the file is there, durably, has size_bytes, and is the caller's.  False: it is not, and
 * will not be made any more. */
bool ahead_take(struct ahead *ahead, uint64_t number);

#endif
