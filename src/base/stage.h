/* SPDX-License-Identifier: Apache-2.0 */
/* stage.h - processor time of the stages of a record's way, over all threads.
 *
 * A thread keeps a watch and says at the end of each piece of work which stage
 * it was; a look at the thread's clock costs about 0.3 us, so pieces are
 * batches of records.  Sums are in one struct stage_times that any thread may
 * add to and read.
 *
 *     struct stage_watch watch = stage_watch_start(times);
 *     parse();
 *     stage_watch_lap(&watch, STAGE_PARSE);
 */
#ifndef BASE_STAGE_H
#define BASE_STAGE_H

#include <stdatomic.h>
#include <stdint.h>

enum stage {
    STAGE_TRANSPORT, /* TLS and HTTP, in and out */
    STAGE_DECODE,    /* gzip and zstd of bodies */
    STAGE_PARSE,     /* tokens; Id, time and owner of each record */
    STAGE_DEDUPE,    /* fingerprints, looking them up, saving them */
    STAGE_EVIDENCE,  /* commitments, leaves, their files */
    STAGE_LOG,       /* packing, sealing and writing the write-ahead log */
    STAGE_BUILD,     /* columns in memory */
    STAGE_DETECT,    /* rules */
    STAGE_SIGN,      /* the answer and its receipt, without the keeper's part */
    STAGE_FLUSH,     /* columns to segments, checked */
    STAGE_MERGE,     /* segments joined */
    STAGE_COUNT_
};

const char *stage_name(enum stage stage);

struct stage_times {
    _Atomic uint64_t cpu_ns[STAGE_COUNT_];
};

/* Of one thread; it measures what that thread does between two laps. */
struct stage_watch {
    struct stage_times *times; /* NULL: nothing is measured */
    uint64_t since_ns;
};

struct stage_watch stage_watch_start(struct stage_times *times);
/* What was done since the start or the last lap was this stage. */
void stage_watch_lap(struct stage_watch *watch, enum stage stage);
/* It was none. */
void stage_watch_skip(struct stage_watch *watch);

double stage_seconds(const struct stage_times *times, enum stage stage);

#endif
