/* SPDX-License-Identifier: Apache-2.0 */
/* daybook-tenants - lets days of small tenants pass in a data directory.
 *
 * The server's own parts do the work (HTTP handlers, log, evidence, checkpoints, merges);
 * only the clock is ours: it stands still while requests are made and then goes on by
 * STEP_S.  So a month takes as long as its work does.
 */
#include "base/machine.h"
#include "base/text.h"
#include "crypt/keyring_local.h"
#include "generate/stream.h"
#include "main/compose.h"
#include "meta/meta.h"

#include <ftw.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#define STEP_S 600
#define DAY_S 86400
#define SENDERS 8u
#define BODY_BYTES_MAX (64 * MIB)

static const char how_to[] =
    "usage: daybook-tenants --data DIR [--tenants N] [--a-day N] [--days N] [--every MINUTES]\n"
    "                       [--seed N]\n"
    "\n"
    "DIR was made by `daybook init`.  Adds the tenants and lets days pass in which each sends\n"
    "so many records, in a request each so many minutes.  Prints a line of JSON a day.\n";

struct job {
    const char *data;
    uint64_t tenants, a_day, days, every, seed;
};

/* A clock that others read while it is moved. */
struct moving_clock {
    struct clock clock; /* first */
    atomic_int_fast64_t now_us;
};

struct fleet {
    struct moving_clock clock;
    struct data_dir dir;
    struct io *io;
    struct keyring *keyring;
    struct daybook *daybook;
    struct stream *stream;
    struct guid *ids;      /* of the tenants */
    struct buf *bodies;    /* what each has not sent yet */
    uint32_t *due;         /* tenants that send in this step */
    uint32_t due_count;
    atomic_uint next_due;
    uint64_t records, requests;
    atomic_bool has_failed;
    pthread_t merger;
    bool is_merging;        /* the thread was started and is not joined */
    atomic_bool has_merged; /* it found no more to do */
};

static int64_t unix_us(const struct clock *clock)
{
    return atomic_load(&((const struct moving_clock *)clock)->now_us);
}

static uint64_t monotonic_us(const struct clock *clock)
{
    return (uint64_t)unix_us(clock);
}

static void must(enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    (void)fprintf(stderr, "daybook-tenants: %s\n", err->text);
    exit(EXIT_FAILURE);
}

/* ---- figures ---- */

static struct {
    uint64_t files, bytes;
} tree;

static int count_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)path, (void)at;
    if (type == FTW_F) {
        tree.files++;
        tree.bytes += (uint64_t)st->st_blocks * 512;
    }
    return 0;
}

static double cpu_seconds(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static uint64_t resident_bytes(void)
{
    unsigned long long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (file == NULL || fscanf(file, "%llu %llu", &size, &resident) != 2)
        resident = 0;
    if (file != NULL)
        (void)fclose(file);
    return resident * 4096;
}

/* Of all write calls, also to what is no file (some). */
static uint64_t written_bytes(void)
{
    unsigned long long read = 0, written = 0;
    FILE *file = fopen("/proc/self/io", "re");

    if (file == NULL || fscanf(file, "rchar: %llu wchar: %llu", &read, &written) != 2)
        written = 0;
    if (file != NULL)
        (void)fclose(file);
    return written;
}

static void print_day(const struct fleet *fleet, uint64_t day, double began_s)
{
    tree.files = tree.bytes = 0;
    (void)nftw(fleet->dir.path, count_one, 32, FTW_PHYS);
    (void)printf("{\"day\":%llu,\"records\":%llu,\"requests\":%llu,\"seconds\":%.1f,"
                 "\"cpu_seconds\":%.1f,\"rss_mib\":%llu,\"files\":%llu,\"bytes\":%llu,"
                 "\"written\":%llu}\n",
                 (unsigned long long)day, (unsigned long long)fleet->records,
                 (unsigned long long)fleet->requests,
                 (double)clock_monotonic_us(clock_system()) / 1e6 - began_s, cpu_seconds(),
                 (unsigned long long)(resident_bytes() / MIB), (unsigned long long)tree.files,
                 (unsigned long long)tree.bytes, (unsigned long long)written_bytes());
    (void)fflush(stdout);
}

/* ---- requests ---- */

static void post(struct fleet *fleet, uint32_t tenant, struct arena *arena)
{
    struct principal principal = {.role = ROLE_INGEST, .tenant = fleet->ids[tenant],
                                  .id = fleet->ids[tenant], .name = "fleet"};
    struct http_request request = {.method = HTTP_POST, .path = SLICE("/v1/ingest"),
                                   .body = buf_slice(&fleet->bodies[tenant]),
                                   .principal = &principal, .arena = arena};
    struct http_response response;

    http_response_init(&response);
    http_dispatch(daybook_router(fleet->daybook), &request, &response);
    if (response.status != 200 && !atomic_exchange(&fleet->has_failed, true))
        (void)fprintf(stderr, "daybook-tenants: %u %.*s\n", response.status,
                      SLICE_FMT(buf_slice(&response.body)));
    http_response_release(&response);
    buf_release(&fleet->bodies[tenant]);
    buf_init(&fleet->bodies[tenant], BODY_BYTES_MAX);
}

static void *send_due(void *arg)
{
    struct fleet *fleet = arg;
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES);

    for (;;) {
        uint32_t i = atomic_fetch_add(&fleet->next_due, 1);
        if (arena == NULL || i >= fleet->due_count || atomic_load(&fleet->has_failed))
            break;
        post(fleet, fleet->due[i], arena);
        arena_clear(arena);
    }
    arena_free(arena);
    return NULL;
}

static void send_all(struct fleet *fleet)
{
    pthread_t senders[SENDERS];

    atomic_store(&fleet->next_due, 0);
    for (unsigned i = 0; i < SENDERS; i++) {
        if (pthread_create(&senders[i], NULL, send_due, fleet) != 0)
            exit(EXIT_FAILURE);
    }
    for (unsigned i = 0; i < SENDERS; i++)
        (void)pthread_join(senders[i], NULL);
    if (atomic_load(&fleet->has_failed))
        exit(EXIT_FAILURE);
    fleet->requests += fleet->due_count;
}

/* The records up to `end_s`; *record is the first behind. */
static bool collect(struct fleet *fleet, int64_t end_s, struct stream_record *record)
{
    do {
        struct buf *body = &fleet->bodies[record->tenant];
        if (record->time_s >= end_s)
            return true;
        buf_add_slice(body, record->text);
        buf_add_byte(body, '\n');
        fleet->records++;
    } while (stream_next(fleet->stream, record));
    return false;
}

/* ---- background work ---- */

static void *merge_until_idle(void *arg)
{
    struct fleet *fleet = arg;
    struct error err;
    bool worked = true;

    while (worked)
        must(daybook_merge_step(fleet->daybook, &worked, &err), &err);
    atomic_store(&fleet->has_merged, true);
    return NULL;
}

static void join_merger(struct fleet *fleet)
{
    if (fleet->is_merging)
        (void)pthread_join(fleet->merger, NULL);
    fleet->is_merging = false;
}

/* As in life: checkpoints as they fall due, merges beside the requests that follow. */
static void work(struct fleet *fleet)
{
    struct error err;
    bool worked = true;

    while (worked)
        must(daybook_checkpoint_step(fleet->daybook, &worked, &err), &err);
    if (fleet->is_merging && !atomic_load(&fleet->has_merged))
        return;
    join_merger(fleet);
    atomic_store(&fleet->has_merged, false);
    if (pthread_create(&fleet->merger, NULL, merge_until_idle, fleet) != 0)
        exit(EXIT_FAILURE);
    fleet->is_merging = true;
}

static void finish_work(struct fleet *fleet)
{
    join_merger(fleet);
    work(fleet);
    join_merger(fleet);
}

static void let_days_pass(struct fleet *fleet, const struct job *job)
{
    uint64_t step = 0, turns = job->every * 60 / STEP_S;
    uint32_t count = stream_world(fleet->stream)->tenant_count;
    struct stream_record record;
    double began_s = (double)clock_monotonic_us(clock_system()) / 1e6;
    bool more = stream_next(fleet->stream, &record);
    int64_t now_s = record.time_s;

    turns = turns == 0 ? 1 : turns;
    for (; more; step++) {
        now_s += STEP_S;
        more = collect(fleet, now_s, &record);
        atomic_store(&fleet->clock.now_us, now_s * 1000000);
        fleet->due_count = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (fleet->bodies[i].size > 0 && (i % turns == step % turns || !more))
                fleet->due[fleet->due_count++] = i;
        }
        send_all(fleet);
        work(fleet);
        if ((step + 1) % (DAY_S / STEP_S) != 0 && more)
            continue;
        finish_work(fleet);
        print_day(fleet, (step + DAY_S / STEP_S) / (DAY_S / STEP_S), began_s);
    }
}

/* ---- life ---- */

static void add_tenants(struct fleet *fleet)
{
    const struct world *world = stream_world(fleet->stream);
    struct arena *arena = arena_new(GIB);
    const struct meta_options options = {
        .io = fleet->io, .path = "control/db", .clock = clock_system()};
    struct meta *meta = NULL;
    struct error err;

    if (arena == NULL)
        exit(EXIT_FAILURE);
    must(meta_open(&options, &meta, &err), &err);
    for (uint32_t i = 0; i < world->tenant_count; i++) {
        struct meta_tenant tenant;
        if (!guid_parse(slice_of(world->tenants[i].id), &fleet->ids[i]))
            exit(EXIT_FAILURE);
        must(keyring_create_tenant(fleet->keyring, &fleet->ids[i], &err), &err);
        must(meta_tenant_add(meta, slice_of(world->tenants[i].name), &fleet->ids[i], &tenant,
                             arena, &err), &err);
        arena_clear(arena);
    }
    meta_close(meta);
    arena_free(arena);
}

static void open_fleet(struct fleet *fleet, const struct job *job)
{
    struct stream_options options;
    char kek[DATA_PATH_BYTES];
    struct error err;

    stream_default_options(&options);
    options.tenant_count = (uint32_t)job->tenants;
    options.user_count = (uint32_t)job->tenants * 4;
    options.day_count = (uint32_t)job->days;
    options.record_count = job->tenants * job->a_day * job->days;
    options.seed = job->seed;
    options.is_clean = true;
    must(stream_new(&options, &fleet->stream, &err), &err);
    fleet->ids = calloc(job->tenants, sizeof(*fleet->ids));
    fleet->bodies = calloc(job->tenants, sizeof(*fleet->bodies));
    fleet->due = calloc(job->tenants, sizeof(*fleet->due));
    if (fleet->ids == NULL || fleet->bodies == NULL || fleet->due == NULL)
        exit(EXIT_FAILURE);
    for (uint64_t i = 0; i < job->tenants; i++)
        buf_init(&fleet->bodies[i], BODY_BYTES_MAX);
    must(data_dir_open(job->data, &fleet->dir, &err), &err);
    must(io_linux_new(job->data, &fleet->io, &err), &err);
    must(data_dir_kek(&fleet->dir, kek, &err), &err);
    must(keyring_local_open(fleet->io, kek, &fleet->keyring, &err), &err);
    add_tenants(fleet);
    fleet->clock.clock = (struct clock){unix_us, monotonic_us};
    atomic_init(&fleet->clock.now_us, (options.end_s - options.day_count * DAY_S) * 1000000);
    const struct daybook_options daybook = {.dir = &fleet->dir, .keyring = fleet->keyring,
                                            .clock = &fleet->clock.clock};
    must(daybook_open(&daybook, &fleet->daybook, &err), &err);
}

static void close_fleet(struct fleet *fleet, uint64_t tenants)
{
    daybook_close(fleet->daybook, true);
    keyring_free(fleet->keyring);
    io_free(fleet->io);
    data_dir_close(&fleet->dir);
    stream_free(fleet->stream);
    for (uint64_t i = 0; i < tenants; i++)
        buf_release(&fleet->bodies[i]);
    free(fleet->bodies);
    free(fleet->ids);
    free(fleet->due);
}

static bool parse_arguments(int argc, char **argv, struct job *job)
{
    static const struct option options[] = {
        {"data", required_argument, NULL, 'D'},  {"tenants", required_argument, NULL, 't'},
        {"a-day", required_argument, NULL, 'a'}, {"days", required_argument, NULL, 'd'},
        {"every", required_argument, NULL, 'e'}, {"seed", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        uint64_t number = 0;
        if (option == 'D') {
            job->data = optarg;
            continue;
        }
        if (option == '?' || !text_parse_u64(slice_of(optarg), &number) || number == 0 ||
            number > 1000000)
            return false;
        switch (option) {
        case 't': job->tenants = number; break;
        case 'a': job->a_day = number; break;
        case 'd': job->days = number; break;
        case 'e': job->every = number; break;
        default: job->seed = number; break;
        }
    }
    return optind == argc && job->data != NULL;
}

int main(int argc, char **argv)
{
    struct job job = {.tenants = 10000, .a_day = 100, .days = 60, .every = 60, .seed = 1};
    struct fleet fleet = {.dir = {.lock_fd = -1}};

    if (!parse_arguments(argc, argv, &job)) {
        (void)fputs(how_to, stderr);
        return 2;
    }
    machine_set_heap(); /* as the server's */
    open_fleet(&fleet, &job);
    let_days_pass(&fleet, &job);
    close_fleet(&fleet, job.tenants);
    return 0;
}
