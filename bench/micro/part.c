/* SPDX-License-Identifier: Apache-2.0 */
/* part.c - how fast records become parts, parts are joined, rendered, and sealed.
 *
 *     bench_part FILE.ndjson [ROWS_A_BATCH [TIMES_TO_SEAL]]
 *
 * Prints CPU time a record of one thread; parsing is shown apart. */
#include "base/limits.h"
#include "base/text.h"
#include "store/sealed_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RECORDS_MAX 200000u
#define CACHE_BYTES (2 * MIB)

struct input {
    char *text;
    struct record *records;
    struct json_tape *tapes;
    uint32_t count;
};

static double cpu_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void die(const char *what)
{
    (void)fprintf(stderr, "bench_part: %s\n", what);
    exit(1);
}

static void read_input(const char *path, struct input *in)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        die("cannot open the file");
    long size = ftell(file);
    rewind(file);
    in->text = malloc((size_t)size + 1);
    in->records = calloc(RECORDS_MAX, sizeof(*in->records));
    in->tapes = calloc(RECORDS_MAX, sizeof(*in->tapes));
    if (in->text == NULL || in->records == NULL || in->tapes == NULL)
        die("no memory");
    if (fread(in->text, 1, (size_t)size, file) != (size_t)size)
        die("cannot read the file");
    (void)fclose(file);
    struct slice rest = slice_from(in->text, (size_t)size), line;
    while (in->count < RECORDS_MAX && slice_next(&rest, '\n', &line)) {
        if (line.size == 0)
            continue;
        struct record *record = &in->records[in->count];
        record->raw = line;
        record->seq = ++in->count;
        record->event_time = (int64_t)record->seq;
    }
}

static void parse(struct input *in)
{
    size_t bytes = 0;
    double start = cpu_us();

    for (uint32_t i = 0; i < in->count; i++) {
        if (json_parse(in->records[i].raw, JSON_DEPTH_MAX, &in->tapes[i]) != JSON_OK)
            die("a line is not JSON");
        in->records[i].tokens = in->tapes[i].tokens;
        in->records[i].token_count = in->tapes[i].count;
        bytes += in->records[i].raw.size;
    }
    (void)printf("%-10s %8u records of %.0f B   %6.2f us a record\n", "parse", in->count,
                 (double)bytes / in->count, (cpu_us() - start) / in->count);
}

static uint32_t build(const struct input *in, uint32_t batch_rows, struct part **parts)
{
    uint32_t count = 0;
    size_t bytes = 0, shapes = 0;
    double start = cpu_us();

    for (uint32_t at = 0; at < in->count; at += batch_rows, count++) {
        struct record_batch batch = {.table = SLICE("AuditRecords"), .records = in->records + at};
        struct error err;
        batch.record_count = in->count - at < batch_rows ? in->count - at : batch_rows;
        if (part_from_records(&batch, &parts[count], &err) != STATUS_OK)
            die(err.text);
    }
    double us = cpu_us() - start;
    for (uint32_t i = 0; i < count; i++) {
        bytes += part_memory_bytes(parts[i]);
        shapes += parts[i]->shape_count;
    }
    (void)printf("%-10s %8u rows a part       %6.2f us a record   %.0f B a row, %zu shapes\n",
                 "build", batch_rows, us / in->count, (double)bytes / in->count, shapes / count);
    return count;
}

static struct part *join(struct part *const *parts, uint32_t count, uint32_t total)
{
    struct part *joined = NULL;
    struct error err;
    uint32_t rows = 0, inputs = 0;

    while (inputs < count && rows + parts[inputs]->row_count <= PART_ROWS_MAX)
        rows += parts[inputs++]->row_count;
    double start = cpu_us();
    if (part_join(parts, inputs, &joined, &err) != STATUS_OK)
        die(err.text);
    double us = (cpu_us() - start) / rows;
    (void)printf("%-10s %8u parts, %u of %u rows %6.2f us a record   %.0f B a row\n", "join",
                 inputs, rows, total, us, (double)part_memory_bytes(joined) / rows);
    return joined;
}

/* As a flush does, but for the encryption: the least of several times. */
static void seal(const struct part *part, uint32_t times)
{
    const struct section_options options = {FLUSH_ZSTD_LEVEL, false, 1};
    struct cache *cache = cache_new(CACHE_BYTES);
    double encode_us = INFINITY, check_us = INFINITY, rows = (double)part->row_count;
    struct section_info info;
    struct error err;
    struct buf plain;
    buf_init(&plain, SECTION_BYTES_MAX);
    if (cache == NULL)
        die("no memory");

    for (uint32_t i = 0; i < times; i++) {
        double start = cpu_us();
        section_info_from_part(part, &info);
        buf_clear(&plain);
        if (section_encode(part, &options, &plain, &info, &err) != STATUS_OK)
            die(err.text);
        double encoded = cpu_us();
        if (section_check(cache, &info, buf_slice(&plain), part, NULL, &err) != STATUS_OK)
            die(err.text);
        encode_us = fmin(encode_us, encoded - start);
        check_us = fmin(check_us, cpu_us() - encoded);
    }
    (void)printf("%-10s %8u rows              %6.2f us a record   %.1f B a row\n", "encode",
                 part->row_count, encode_us / rows, (double)plain.size / rows);
    (void)printf("%-10s %8u rows              %6.2f us a record\n", "check", part->row_count,
                 check_us / rows);
    buf_release(&plain);
    cache_free(cache);
}

static void render(struct part *const *parts, uint32_t count, const struct input *in)
{
    struct buf raw;
    buf_init(&raw, 64 * MIB);
    double start = cpu_us();

    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t row = 0; row < parts[i]->row_count; row++) {
            buf_clear(&raw);
            part_render(parts[i], row, &raw);
            if (!slice_equal(buf_slice(&raw), in->records[parts[i]->seqs[row] - 1].raw))
                die("a record came back with other bytes");
        }
    }
    (void)printf("%-10s %8u records, compared %6.2f us a record\n", "render", in->count,
                 (cpu_us() - start) / in->count);
    buf_release(&raw);
}

int main(int argc, char **argv)
{
    struct input in = {0};
    int64_t batch_rows = 10000, times = 1;

    if (argc < 2 || (argc > 2 && !text_parse_i64(slice_of(argv[2]), &batch_rows)) ||
        (argc > 3 && !text_parse_i64(slice_of(argv[3]), &times)) || batch_rows < 1 ||
        batch_rows > (int64_t)PART_ROWS_MAX || times < 1 || times > UINT32_MAX)
        die("usage: bench_part FILE.ndjson [ROWS_A_BATCH [TIMES_TO_SEAL]]");
    read_input(argv[1], &in);
    parse(&in);
    struct part **parts = calloc(in.count / (uint32_t)batch_rows + 1, sizeof(struct part *));
    if (parts == NULL)
        die("no memory");
    uint32_t count = build(&in, (uint32_t)batch_rows, parts);
    for (uint32_t i = 0; i < count; i++)
        part_unref(parts[i]);
    /* Again with memory the process has already, as a server that flushes. */
    count = build(&in, (uint32_t)batch_rows, parts);
    struct part *joined = join(parts, count, in.count);
    seal(joined, (uint32_t)times);
    part_unref(joined);
    render(parts, count, &in);
    for (uint32_t i = 0; i < count; i++)
        part_unref(parts[i]);
    for (uint32_t i = 0; i < in.count; i++)
        json_tape_release(&in.tapes[i]);
    free(parts);
    free(in.records);
    free(in.tapes);
    free(in.text);
    return 0;
}
