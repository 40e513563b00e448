/* SPDX-License-Identifier: Apache-2.0 */
/* ingest.c - what ingest costs a record, with sinks that discard.
 * usage: bench_ingest NDJSON [KIB_PER_REQUEST [THREADS]]   (data under /tmp or $TMPDIR) */
#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypt/keyring_local.h"
#include "ingest/ingest.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64

struct bench {
    char path[256];
    struct io *io;
    struct keyring *keyring;
    struct guid tenant;
    struct record_sink records;
    struct leaf_sink leaves;
    struct ingest *ingest;
    struct buf body;
    size_t request_bytes;
    pthread_mutex_t lock;
    size_t at; /* next byte to send */
    struct stage_times stages;
};

static void must(enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(EXIT_FAILURE);
}

static enum status take(struct record_sink *sink, const struct record_batch *batch,
                        struct error *err)
{
    (void)sink, (void)batch, (void)err;
    return STATUS_OK;
}

static enum status take_leaf(struct leaf_sink *sink, const struct leaf_commit *commit,
                             struct error *err)
{
    (void)sink, (void)commit, (void)err;
    return STATUS_OK;
}

static struct slice next_part(struct bench *b)
{
    (void)pthread_mutex_lock(&b->lock);
    size_t end = b->body.size;
    if (b->at + b->request_bytes < end) {
        size_t line = slice_find_byte(buf_slice(&b->body), '\n', b->at + b->request_bytes);
        end = line == SIZE_MAX ? end : line + 1;
    }
    struct slice part = slice_from(b->body.data + b->at, end - b->at);
    b->at = end;
    (void)pthread_mutex_unlock(&b->lock);
    return part;
}

static void *send_parts(void *arg)
{
    struct bench *b = arg;
    struct arena *arena = arena_new(256 * MIB);

    for (struct slice part = next_part(b); part.size > 0; part = next_part(b)) {
        struct ingest_request request = {.tenant = b->tenant, .body = part};
        struct ingest_answer answer;
        struct error err;
        must(ingest_put(b->ingest, &request, arena, &answer, &err), &err);
        arena_clear(arena);
    }
    arena_free(arena);
    return NULL;
}

static double cpu_seconds(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void open_ingest(struct bench *b)
{
    struct ingest_options options = {.io = b->io,
                                     .keyring = b->keyring,
                                     .clock = clock_system(),
                                     .records = &b->records,
                                     .leaves = &b->leaves,
                                     .stages = &b->stages};
    struct error err;

    must(ingest_open(&options, &b->ingest, &err), &err);
}

static void set_up(struct bench *b)
{
    const char *root = getenv("TMPDIR");
    char kek[300];
    struct error err;

    (void)snprintf(b->path, sizeof(b->path), "%s/bench-ingest-XXXXXX",
                   root == NULL ? "/tmp" : root);
    if (mkdtemp(b->path) == NULL)
        exit(EXIT_FAILURE);
    must(io_linux_new(b->path, &b->io, &err), &err);
    must(io_make_dir(b->io, "keys", &err), &err);
    (void)snprintf(kek, sizeof(kek), "%s/kek", b->path);
    must(keyring_local_create(b->io, kek, SLICE("bench"), &err), &err);
    must(keyring_local_open(b->io, kek, &b->keyring, &err), &err);
    b->tenant = guid_new();
    must(keyring_create_tenant(b->keyring, &b->tenant, &err), &err);
    b->records.take = take;
    b->leaves.take = take_leaf;
    (void)pthread_mutex_init(&b->lock, NULL);
    open_ingest(b);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void print_memory(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) == 0)
        printf("peak memory %ld MiB\n", usage.ru_maxrss / 1024);
}

static void measure_put(struct bench *b, unsigned thread_count)
{
    pthread_t threads[THREADS_MAX];
    struct ingest_stats stats;
    double cpu = cpu_seconds();
    uint64_t wall = clock_monotonic_us(clock_system());

    for (unsigned i = 0; i < thread_count; i++)
        (void)pthread_create(&threads[i], NULL, send_parts, b);
    for (unsigned i = 0; i < thread_count; i++)
        (void)pthread_join(threads[i], NULL);
    wall = clock_monotonic_us(clock_system()) - wall;
    cpu = cpu_seconds() - cpu;
    ingest_stats(b->ingest, &stats);
    double n = (double)stats.acked_records;
    printf("put     %8.0f records/s  %5.2f us CPU a record  %llu fsyncs of %llu us  log %5.1f B "
           "a record\n",
           n * 1e6 / (double)wall, cpu * 1e6 / n, (unsigned long long)stats.fsyncs,
           (unsigned long long)(stats.fsync_us_total / (stats.fsyncs + 1)),
           (double)stats.wal_bytes / n);
    for (unsigned i = 0; i < STAGE_COUNT_; i++)
        printf("  %s %.3f", stage_name((enum stage)i),
               stage_seconds(&b->stages, (enum stage)i) * 1e6 / n);
    printf(" us\n");
}

static void measure_replay(struct bench *b)
{
    struct ingest_stats stats;

    ingest_close(b->ingest);
    double cpu = cpu_seconds();
    uint64_t wall = clock_monotonic_us(clock_system());
    open_ingest(b);
    wall = clock_monotonic_us(clock_system()) - wall;
    cpu = cpu_seconds() - cpu;
    ingest_stats(b->ingest, &stats);
    double n = (double)stats.replayed_records;
    printf("replay  %8.0f records/s  %5.2f us CPU a record\n", n * 1e6 / (double)wall,
           cpu * 1e6 / n);
}

static void measure_save(struct bench *b)
{
    struct error err;
    uint64_t floor, start = clock_monotonic_us(clock_system());

    must(ingest_rotate(b->ingest, &floor, &err), &err);
    must(ingest_save(b->ingest, floor, &err), &err);
    printf("save    %8.1f ms\n", (double)(clock_monotonic_us(clock_system()) - start) / 1e3);
}

int main(int argc, char **argv)
{
    struct bench b = {.request_bytes = 1024 * KIB};
    uint64_t threads = 1, kib = 1024;
    struct error err;
    struct io *here = NULL;

    if (argc < 2 || (argc > 2 && !text_parse_u64(slice_of(argv[2]), &kib)) ||
        (argc > 3 && !text_parse_u64(slice_of(argv[3]), &threads)) || threads > THREADS_MAX) {
        fprintf(stderr, "usage: bench_ingest NDJSON [KIB_PER_REQUEST [THREADS]]\n");
        return EXIT_FAILURE;
    }
    b.request_bytes = kib * KIB;
    buf_init(&b.body, GIB);
    must(io_linux_new("/", &here, &err), &err);
    must(io_read_all(here, argv[1] + 1, &b.body, &err), &err);
    set_up(&b);
    measure_put(&b, (unsigned)threads);
    print_memory();
    measure_replay(&b);
    measure_save(&b);
    b.at = 0;
    ingest_close(b.ingest);
    open_ingest(&b);
    double cpu = cpu_seconds();
    (void)send_parts(&b);
    printf("again   %5.2f s CPU (all duplicates)\n", cpu_seconds() - cpu);
    print_memory();
    ingest_close(b.ingest);
    keyring_free(b.keyring);
    io_free(b.io);
    io_free(here);
    buf_release(&b.body);
    return nftw(b.path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
