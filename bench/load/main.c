/* SPDX-License-Identifier: Apache-2.0 */
/* daybook-load - sends generated records to a server and measures it. */
#include "base/text.h"
#include "base/time.h"
#include "load/cut.h"

#include <curl/curl.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/resource.h>

#define CONNECTIONS_MAX 64u
#define LATENCIES_MAX (1u << 22)
#define QUEUE_BATCHES 64u
#define TOKEN_LINE_BYTES 512

static const char usage[] =
    "usage: daybook-load --server URL --tokens FILE [--cacert FILE] [--connections N]\n"
    "                    [--batch N] [--encoding zstd|gzip|identity] [--ledger FILE]\n"
    "                    [--malicious FILE] [--give-up SECONDS] [--records N] [--tenants N]\n"
    "                    [--users N] [--days N] [--end TIME] [--seed N] [--attack] [--in FILE]\n"
    "                    [--rate RECORDS-A-SECOND]\n"
    "\n"
    "Sends the stream of daybook-generate in batches of one tenant.  The file of tokens has\n"
    "lines `TENANT-ID TOKEN`.  The ledger gets a line for each acknowledged request before\n"
    "the next is sent; the file of --malicious when each mailbox's first malicious record\n"
    "was acknowledged (Unix microseconds).  With --in the records come from a file that\n"
    "daybook-generate wrote with the same options; all of it is cut and compressed before\n"
    "the clock starts.  Prints figures as JSON.\n";

struct job {
    struct stream_options options;
    const char *tokens, *ledger, *malicious, *in;
    uint32_t connection_count, batch_records;
};

static bool take_number(struct job *job, int option, uint64_t number)
{
    if (number == 0 || (option != 'n' && option != 's' && number > 10000000))
        return false;
    if (option == 'n')
        job->options.record_count = number;
    else if (option == 's')
        job->options.seed = number;
    else if (option == 't')
        job->options.tenant_count = (uint32_t)number;
    else if (option == 'u')
        job->options.user_count = (uint32_t)number;
    else if (option == 'd')
        job->options.day_count = (uint32_t)number;
    else if (option == 'b')
        job->batch_records = (uint32_t)number;
    else
        job->connection_count = (uint32_t)number;
    return true;
}

static bool take_option(struct job *job, struct load *load, int option)
{
    uint64_t number = 0;
    int64_t ticks = 0;

    if (strchr("ntudscbgr", option) != NULL) {
        if (!text_parse_u64(slice_of(optarg), &number))
            return false;
        if (option != 'g' && option != 'r')
            return take_number(job, option, number);
        if (option == 'r')
            load->rate = number;
        else
            load->give_up_us = (int64_t)number * 1000000;
        return true;
    }
    switch (option) {
    case 'a': job->options.has_attack = true; return true;
    case 'S': load->server = optarg; return true;
    case 'C': load->ca_file = optarg; return true;
    case 'T': job->tokens = optarg; return true;
    case 'L': job->ledger = optarg; return true;
    case 'M': job->malicious = optarg; return true;
    case 'I': job->in = optarg; return true;
    case 'E': return compression_from_name(slice_of(optarg), &load->encoding);
    case 'e':
        if (!time_parse_iso(slice_of(optarg), &ticks))
            return false;
        job->options.end_s = time_to_unix_us(ticks) / 1000000;
        return true;
    default: return false;
    }
}

static bool parse_arguments(int argc, char **argv, struct job *job, struct load *load)
{
    static const struct option options[] = {
        {"records", required_argument, NULL, 'n'},   {"tenants", required_argument, NULL, 't'},
        {"users", required_argument, NULL, 'u'},     {"days", required_argument, NULL, 'd'},
        {"end", required_argument, NULL, 'e'},       {"seed", required_argument, NULL, 's'},
        {"attack", no_argument, NULL, 'a'},          {"server", required_argument, NULL, 'S'},
        {"cacert", required_argument, NULL, 'C'},    {"tokens", required_argument, NULL, 'T'},
        {"connections", required_argument, NULL, 'c'}, {"batch", required_argument, NULL, 'b'},
        {"encoding", required_argument, NULL, 'E'},  {"ledger", required_argument, NULL, 'L'},
        {"malicious", required_argument, NULL, 'M'}, {"give-up", required_argument, NULL, 'g'},
        {"in", required_argument, NULL, 'I'},        {"rate", required_argument, NULL, 'r'},
        {NULL, 0, NULL, 0}};
    int option;

    stream_default_options(&job->options);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!take_option(job, load, option))
            return false;
    }
    return optind == argc && load->server != NULL && job->tokens != NULL &&
           job->connection_count <= CONNECTIONS_MAX;
}

/* Lines `TENANT-ID TOKEN`, in any order. */
static enum status read_tokens(struct load *load, const char *path, struct error *err)
{
    char line[TOKEN_LINE_BYTES];
    uint32_t tenants = load->world->tenant_count;
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return ERROR_SET(err, STATUS_IO, "cannot open '%s'", path);
    while (fgets(line, sizeof(line), file) != NULL) {
        struct slice token = slice_trim(slice_of(line)), id = {NULL, 0};
        if (!slice_next(&token, ' ', &id))
            continue;
        for (uint32_t i = 0; i < tenants; i++) {
            if (slice_is(id, load->world->tenants[i].id) && load->tokens[i] == NULL)
                load->tokens[i] = slice_dup(token);
        }
    }
    (void)fclose(file);
    for (uint32_t i = 0; i < tenants; i++) {
        if (load->tokens[i] == NULL)
            return ERROR_SET(err, STATUS_INVALID, "'%s' has no token for tenant %s", path,
                             load->world->tenants[i].id);
    }
    return STATUS_OK;
}

static int by_size(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static double percentile_ms(const struct load *load, double share)
{
    uint32_t n = load->latency_count;

    return n == 0 ? 0 : load->latencies_us[(uint32_t)(share * (n - 1))] / 1000.0;
}

static double cpu_seconds(void)
{
    struct rusage used = {0};

    (void)getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void report(struct load *load, double seconds, double sender_cpu_seconds)
{
    qsort(load->latencies_us, load->latency_count, sizeof(uint32_t), by_size);
    (void)printf("{\"records\":%llu,\"bytes\":%llu,\"sent_bytes\":%llu,\"seconds\":%.3f,"
                 "\"sender_cpu_seconds\":%.2f,"
                 "\"records_per_second\":%.0f,\"requests\":%llu,\"retries\":%llu,",
                 (unsigned long long)load->records, (unsigned long long)load->bytes,
                 (unsigned long long)load->sent_bytes, seconds, sender_cpu_seconds,
                 (double)load->records / seconds,
                 (unsigned long long)load->requests, (unsigned long long)load->retries);
    (void)printf("\"duplicates\":%llu,\"quarantined\":%llu,\"latency_ms\":{\"p50\":%.1f,"
                 "\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f}}\n",
                 (unsigned long long)load->duplicates, (unsigned long long)load->quarantined,
                 percentile_ms(load, 0.5), percentile_ms(load, 0.9), percentile_ms(load, 0.99),
                 percentile_ms(load, 1));
}

static enum status open_file(const char *path, FILE **ret, struct error *err)
{
    if (path == NULL)
        return STATUS_OK;
    *ret = fopen(path, "ae");
    return *ret != NULL ? STATUS_OK : ERROR_SET(err, STATUS_IO, "cannot open '%s'", path);
}

static enum status run(struct load *load, const struct job *job, struct stream *stream,
                       struct error *err)
{
    struct sender senders[CONNECTIONS_MAX];
    uint32_t started = 0;
    enum status status = STATUS_OK;
    double begin_cpu;

    if (job->in != NULL)
        status = cut_file(load, job->in, job->batch_records, err);
    if (status != STATUS_OK)
        return status;
    load->begin_us = clock_monotonic_us(load->clock);
    begin_cpu = cpu_seconds();
    for (; started < job->connection_count; started++) {
        senders[started] = (struct sender){.load = load};
        if (pthread_create(&senders[started].thread, NULL, sender_run, &senders[started]) != 0)
            break;
    }
    if (started == 0)
        status = ERROR_SET(err, STATUS_IO, "cannot start a thread");
    else if (job->in == NULL)
        status = cut_stream(load, stream, job->batch_records, err);
    queue_close(&load->queue);
    for (uint32_t i = 0; i < started; i++)
        (void)pthread_join(senders[i].thread, NULL);
    if (status == STATUS_OK && load->has_failed)
        status = ERROR_SET(err, STATUS_IO, "%s", load->failure);
    report(load, (double)(clock_monotonic_us(load->clock) - load->begin_us) / 1e6,
           cpu_seconds() - begin_cpu);
    return status;
}

static void release(struct load *load, struct stream *stream)
{
    for (uint32_t i = 0; load->tokens != NULL && i < load->world->tenant_count; i++)
        free(load->tokens[i]);
    free(load->tokens);
    free(load->latencies_us);
    queue_release(&load->queue);
    if (load->ledger != NULL)
        (void)fclose(load->ledger);
    if (load->malicious != NULL)
        (void)fclose(load->malicious);
    stream_free(stream);
}

int main(int argc, char **argv)
{
    struct job job = {.connection_count = 4, .batch_records = 1500};
    struct load load = {.encoding = COMPRESSION_ZSTD,
                        .run = random_u64(),
                        .give_up_us = 60000000,
                        .clock = clock_system(),
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .latency_max = LATENCIES_MAX};
    struct error err = {0};
    struct stream *stream = NULL;
    enum status status;

    if (!parse_arguments(argc, argv, &job, &load)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    status = stream_new(&job.options, &stream, &err);
    if (status == STATUS_OK) {
        load.world = stream_world(stream);
        load.attack = stream_attack(stream);
        load.tokens = calloc(load.world->tenant_count, sizeof(char *));
        load.latencies_us = calloc(LATENCIES_MAX, sizeof(uint32_t));
        if (load.tokens == NULL || load.latencies_us == NULL)
            status = ERROR_SET(&err, STATUS_IO, "out of memory");
    }
    if (status == STATUS_OK)
        status = queue_init(&load.queue, load.world->tenant_count,
                            job.in != NULL ? UINT32_MAX : QUEUE_BATCHES, &err);
    if (status == STATUS_OK)
        status = read_tokens(&load, job.tokens, &err);
    if (status == STATUS_OK)
        status = open_file(job.ledger, &load.ledger, &err);
    if (status == STATUS_OK)
        status = open_file(job.malicious, &load.malicious, &err);
    if (status == STATUS_OK)
        status = run(&load, &job, stream, &err);
    release(&load, stream);
    curl_global_cleanup();
    if (status != STATUS_OK)
        (void)fprintf(stderr, "daybook-load: %s\n", err.text);
    return status == STATUS_OK ? 0 : status == STATUS_INVALID ? 2 : 1;
}
