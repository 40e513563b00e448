/* SPDX-License-Identifier: Apache-2.0 */
/* daybook-generate - audit records of many tenants, with an intrusion in them. */
#include "base/text.h"
#include "base/time.h"
#include "generate/stream.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: daybook-generate [--records N] [--tenants N] [--users N] [--days N] [--end TIME]\n"
    "                        [--seed N] [--attack] [--truth FILE] [--clean] [--out DIR]\n"
    "                        [--list]\n"
    "\n"
    "Writes records as NDJSON to stdout, or with --out a file for each tenant.  With\n"
    "--attack there is an intrusion in them, described in the file of --truth.  --clean\n"
    "leaves out duplicates and broken records.  --list prints the id and name of each tenant\n"
    "instead.  The same options give the same bytes.\n";

struct job {
    struct stream_options options;
    const char *truth, *directory;
    bool list, help;
};

static bool parse_arguments(int argc, char **argv, struct job *job)
{
    static const struct option options[] = {
        {"records", required_argument, NULL, 'n'}, {"tenants", required_argument, NULL, 't'},
        {"users", required_argument, NULL, 'u'},   {"days", required_argument, NULL, 'd'},
        {"end", required_argument, NULL, 'e'},     {"seed", required_argument, NULL, 's'},
        {"attack", no_argument, NULL, 'a'},        {"truth", required_argument, NULL, 'T'},
        {"out", required_argument, NULL, 'o'},     {"list", no_argument, NULL, 'l'},
        {"clean", no_argument, NULL, 'c'},         {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    int option;

    stream_default_options(&job->options);
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        uint64_t number = 0;
        int64_t ticks = 0;
        if (strchr("ntuds", option) != NULL &&
            (!text_parse_u64(slice_of(optarg), &number) || number == 0 ||
             (option != 'n' && option != 's' && number > 10000000)))
            return false;
        switch (option) {
        case 'n': job->options.record_count = number; break;
        case 't': job->options.tenant_count = (uint32_t)number; break;
        case 'u': job->options.user_count = (uint32_t)number; break;
        case 'd': job->options.day_count = (uint32_t)number; break;
        case 's': job->options.seed = number; break;
        case 'a': job->options.has_attack = true; break;
        case 'c': job->options.is_clean = true; break;
        case 'T': job->truth = optarg; break;
        case 'o': job->directory = optarg; break;
        case 'l': job->list = true; break;
        case 'h': job->help = true; break;
        case 'e':
            if (!time_parse_iso(slice_of(optarg), &ticks))
                return false;
            job->options.end_s = time_to_unix_us(ticks) / 1000000;
            break;
        default: return false;
        }
    }
    return optind == argc;
}

static enum status write_truth(const struct stream *stream, const char *path, struct error *err)
{
    const struct attack *attack = stream_attack(stream);
    enum status status = STATUS_OK;
    FILE *file = NULL;

    if (attack == NULL)
        return ERROR_SET(err, STATUS_INVALID, "--truth wants --attack");
    file = fopen(path, "we");
    if (file == NULL)
        return ERROR_SET(err, STATUS_IO, "cannot create '%s'", path);
    status = attack_write_truth(attack, file, err);
    if (fclose(file) != 0 && status == STATUS_OK)
        status = ERROR_SET(err, STATUS_IO, "cannot write '%s'", path);
    return status;
}

static void list_tenants(const struct world *world)
{
    for (uint32_t i = 0; i < world->tenant_count; i++)
        (void)printf("%s %s\n", world->tenants[i].id, world->tenants[i].name);
}

/* A file for each tenant, or NULLs when there is no directory. */
static enum status open_files(const struct world *world, const char *directory, FILE **files,
                              struct error *err)
{
    for (uint32_t i = 0; directory != NULL && i < world->tenant_count; i++) {
        char path[4096];
        (void)snprintf(path, sizeof(path), "%s/%s.ndjson", directory, world->tenants[i].name);
        files[i] = fopen(path, "we");
        if (files[i] == NULL)
            return ERROR_SET(err, STATUS_IO, "cannot create '%s'", path);
    }
    return STATUS_OK;
}

static enum status write_records(struct stream *stream, const char *directory, struct error *err)
{
    const struct world *world = stream_world(stream);
    FILE **files = calloc(world->tenant_count, sizeof(*files));
    struct stream_record record;
    enum status status = STATUS_OK;

    if (files == NULL)
        return ERROR_SET(err, STATUS_IO, "out of memory");
    status = open_files(world, directory, files, err);
    while (status == STATUS_OK && stream_next(stream, &record)) {
        FILE *file = directory == NULL ? stdout : files[record.tenant];
        if (fwrite(record.text.data, 1, record.text.size, file) != record.text.size ||
            putc_unlocked('\n', file) == EOF)
            status = ERROR_SET(err, STATUS_IO, "cannot write the records");
    }
    for (uint32_t i = 0; i < world->tenant_count; i++) {
        if (files[i] != NULL && fclose(files[i]) != 0 && status == STATUS_OK)
            status = ERROR_SET(err, STATUS_IO, "cannot write the records");
    }
    if (fflush(stdout) != 0 && status == STATUS_OK)
        status = ERROR_SET(err, STATUS_IO, "cannot write the records");
    free(files);
    return status;
}

int main(int argc, char **argv)
{
    struct job job = {0};
    struct error err = {0};
    struct stream *stream = NULL;
    enum status status;

    if (!parse_arguments(argc, argv, &job) || job.help) {
        (void)fputs(usage, job.help ? stdout : stderr);
        return job.help ? 0 : 2;
    }
    (void)setvbuf(stdout, NULL, _IOFBF, 1u << 20);
    status = stream_new(&job.options, &stream, &err);
    if (status == STATUS_OK && job.truth != NULL)
        status = write_truth(stream, job.truth, &err);
    if (status == STATUS_OK && job.list)
        list_tenants(stream_world(stream));
    else if (status == STATUS_OK)
        status = write_records(stream, job.directory, &err);
    stream_free(stream);
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "daybook-generate: %s\n", err.text);
        return status == STATUS_INVALID ? 2 : 1;
    }
    return 0;
}
