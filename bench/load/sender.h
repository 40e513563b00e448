/* SPDX-License-Identifier: Apache-2.0 */
/* sender.h - a connection of its own in a thread: takes batches, posts them,
 * tries again until they are acknowledged, and writes down what was promised.
 */
#ifndef LOAD_SENDER_H
#define LOAD_SENDER_H

#include "base/clock.h"
#include "codec/compress.h"
#include "generate/stream.h"
#include "load/batch.h"

#include <stdatomic.h>
#include <stdio.h>

struct load {
    const char *server, *ca_file;
    enum compression encoding;
    uint64_t run; /* makes idempotency keys differ between runs */
    int64_t give_up_us; /* for how long a batch is tried */
    uint64_t rate;      /* records a second, of all connections; 0: as many as it takes */
    uint64_t begin_us;  /* monotonic */
    char **tokens; /* a tenant */
    const struct world *world;
    const struct attack *attack; /* or NULL */
    const struct clock *clock;
    struct queue queue;
    FILE *ledger, *malicious; /* or NULL */
    pthread_mutex_t lock;     /* of the files and of the latencies */
    uint32_t *latencies_us;
    uint32_t latency_count, latency_max;
    char failure[256]; /* the first, once has_failed is set */
    atomic_bool has_failed;
    atomic_uint_fast64_t started; /* records whose batch has its turn */
    atomic_uint_fast64_t records, bytes, sent_bytes, requests, retries, duplicates, quarantined;
};

struct sender {
    pthread_t thread;
    struct load *load;
};

void *sender_run(void *sender);

#endif
