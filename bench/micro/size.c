/* SPDX-License-Identifier: Apache-2.0 */
/* size.c - what a record takes on the disk, by kind of file and by column.
 *
 *     bench_size DIRECTORY [again]
 *
 * DIRECTORY is the data directory of a server that is not running, best after
 * `daybook compact`.  again: every section is encoded once more, as a compaction
 * would, and the result is weighed instead (nothing is written); prints the
 * processor time of that, and of decoding every column. */
#include "base/io.h"
#include "codec/compress.h"
#include "crypt/keyring_local.h"
#include "store/sealed_priv.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define NAME_BYTES 512u
#define WEIGHTS_MAX 1024u
#define CACHE_BYTES (64 * MIB)

struct weight {
    char name[NAME_BYTES];
    uint64_t codes, texts; /* bytes */
    uint64_t values, distinct;
    unsigned codes_seen, texts_seen; /* a bit for each encoding */
};

struct scale {
    struct weight weights[WEIGHTS_MAX];
    uint32_t count;
};

struct weighing {
    struct keyring *keyring;
    struct scale files, columns;
    uint64_t records, sections;
    bool again;
    double encode_us, decode_us;
};

static void die(const char *what)
{
    (void)fprintf(stderr, "bench_size: %s\n", what);
    exit(1);
}

static double cpu_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static struct weight *weight_of(struct scale *scale, struct slice name)
{
    size_t size = name.size < NAME_BYTES - 1 ? name.size : NAME_BYTES - 1;

    for (uint32_t i = 0; i < scale->count; i++) {
        if (slice_equal(slice_of(scale->weights[i].name), slice_head(name, size)))
            return &scale->weights[i];
    }
    if (scale->count == WEIGHTS_MAX)
        die("too many columns");
    struct weight *weight = &scale->weights[scale->count++];
    if (size > 0)
        memcpy(weight->name, name.data, size);
    return weight;
}

/* ---- files ---- */

/* Blocks on the disk of everything below, by the first name below `root`; files of
 * seg/, wal/ and ingest/ by their own kind. */
static void weigh_files(struct scale *scale, const char *directory, const char *below)
{
    DIR *dir = opendir(directory);
    const struct dirent *entry;

    if (dir == NULL)
        die("cannot read the directory");
    while ((entry = readdir(dir)) != NULL) {
        char path[8192], name[NAME_BYTES];
        struct stat stat;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
        if (lstat(path, &stat) != 0)
            continue;
        if (S_ISDIR(stat.st_mode)) {
            (void)snprintf(name, sizeof(name), "%s/", entry->d_name);
            weigh_files(scale, path, below == NULL ? name : below);
            continue;
        }
        const char *dot = strrchr(entry->d_name, '.');
        (void)snprintf(name, sizeof(name), "%s%s", below == NULL ? "" : below,
                       dot == NULL ? entry->d_name : dot);
        weight_of(scale, slice_of(name))->codes += (uint64_t)stat.st_blocks * 512;
    }
    (void)closedir(dir);
}

/* ---- sections ---- */

static unsigned code_streams(uint8_t codes)
{
    return codes == CODES_CONTEXT ? 2 : codes == CODES_PLANES || codes == CODES_RECENT ? 1 : 0;
}

/* The bytes of a blob that are codes. */
static uint64_t bytes_of_codes(const struct column_entry *entry, struct slice blob)
{
    struct reader r = reader_from(blob.data, blob.size);

    for (unsigned i = code_streams(entry->codes); i > 0; i--) {
        if (reader_u8(&r) != 0)
            (void)reader_varint(&r);
        (void)reader_blob(&r);
    }
    return blob.size - reader_left(&r);
}

static void weigh_column(struct scale *scale, struct slice name, bool is_array,
                         const struct column_entry *entry, struct slice blob)
{
    struct weight *weight = weight_of(scale, name);
    uint64_t codes = is_array ? blob.size : bytes_of_codes(entry, blob);

    weight->codes += codes;
    weight->texts += blob.size - codes;
    weight->values += entry->value_count;
    weight->distinct += entry->dict_count;
    weight->codes_seen |= 1u << entry->codes;
    weight->texts_seen |= 1u << entry->texts;
}

/* What is in the header, inline blobs too, counts as the header. */
static void weigh_section(struct weighing *w, const struct section_info *info,
                          const struct section_header *header, struct slice plain)
{
    static const char *const rows[] = {"(seqs)", "(times)", "(received)", "(flags)"};
    uint64_t pages = 0;

    for (uint32_t i = 0; i < ROW_DATA_COUNT_; i++) {
        const struct column_entry *e = &header->rows[i];
        if (!e->is_inline)
            weight_of(&w->columns, slice_of(rows[i]))->codes += e->size;
    }
    for (uint32_t p = 0; p < header->part->path_count; p++) {
        const struct column_entry *e = &header->columns[p];
        const struct path_column *path = &header->part->paths[p];
        struct slice blob =
            slice_head(slice_tail(plain, e->offset), e->is_inline ? 0 : e->size);
        if (!path->is_object)
            weigh_column(&w->columns, path->path, path->is_array, e, blob);
    }
    for (uint32_t i = 0; i < header->page_count; i++)
        pages += header->pages[i].size;
    weight_of(&w->columns, SLICE("(header)"))->codes += info->header_packed;
    weight_of(&w->columns, SLICE("(index)"))->codes += pages;
    weight_of(&w->columns, SLICE("(cipher)"))->codes += chunked_size(plain.size) - plain.size;
}

static enum status encode_again(struct weighing *w, struct section *section,
                                struct section_info *info, struct buf *plain, struct error *err)
{
    struct section_options options = {.level = COMPACT_ZSTD_LEVEL, .thorough = true};
    struct part *view = NULL;
    double start = cpu_us();
    enum status status = section_view(section, &view, err);

    if (status == STATUS_OK)
        status = section_load_all(view, err);
    if (status == STATUS_OK)
        status = section_index_seed(w->keyring, &info->tenant, &options.index_seed, err);
    w->decode_us += cpu_us() - start;
    start = cpu_us();
    buf_clear(plain);
    if (status == STATUS_OK)
        status = section_encode(view, &options, plain, info, err);
    w->encode_us += cpu_us() - start;
    part_unref(view);
    return status;
}

static enum status decode_header(const struct section_info *info, struct slice plain,
                                 struct section_header **ret, struct error *err)
{
    char *raw = malloc((size_t)info->header_raw + 1);
    enum status status =
        raw == NULL ? ERROR_MEMORY(err)
                    : zstd_unpack(slice_head(plain, info->header_packed), info->header_raw, raw,
                                  err);

    if (status == STATUS_OK)
        status = section_header_decode(info, slice_from(raw, info->header_raw), ret, err);
    free(raw);
    return status;
}

static enum status weigh(struct weighing *w, struct section *section, struct error *err)
{
    struct section_info info = *section_info(section);
    struct section_header *header = NULL;
    struct cache_entry *opened = NULL;
    struct buf plain;
    enum status status = section_header_get(section, &opened, err);

    buf_init(&plain, SECTION_BYTES_MAX);
    if (status == STATUS_OK) {
        const struct chunked_reader *reader = &((struct section_header *)opened->payload)->reader;
        void *room = buf_extend(&plain, reader->plain_size);
        status = room == NULL ? buf_check(&plain, err)
                              : chunked_reader_read(reader, 0, reader->plain_size, room, err);
    }
    if (status == STATUS_OK && w->again)
        status = encode_again(w, section, &info, &plain, err);
    if (status == STATUS_OK)
        status = decode_header(&info, buf_slice(&plain), &header, err);
    if (status == STATUS_OK) {
        weigh_section(w, &info, header, buf_slice(&plain));
        w->records += info.row_count;
        w->sections++;
    }
    section_header_free(header);
    cache_unpin(opened);
    cache_drop(section->cache, section->id);
    buf_release(&plain);
    return status;
}

/* ---- the table ---- */

static int compare_weights(const void *a, const void *b)
{
    const struct weight *x = a, *y = b;
    uint64_t left = x->codes + x->texts, right = y->codes + y->texts;

    return left < right ? 1 : left > right ? -1 : strcmp(x->name, y->name);
}

/* The encodings by their numbers in docs/format/segment.md. */
static void print_seen(const char *label, unsigned seen)
{
    (void)printf(" %s", label);
    for (unsigned i = 0; i < 32; i++) {
        if ((seen >> i & 1) != 0)
            (void)printf(" %u", i);
    }
}

static void print_scale(struct scale *scale, uint64_t records, bool columns)
{
    uint64_t total = 0;

    qsort(scale->weights, scale->count, sizeof(scale->weights[0]), compare_weights);
    for (uint32_t i = 0; i < scale->count; i++) {
        const struct weight *w = &scale->weights[i];
        uint64_t bytes = w->codes + w->texts;
        total += bytes;
        (void)printf("%8.3f  %-40s", (double)bytes / (double)records, w->name);
        if (columns && w->values > 0) {
            (void)printf(" %7.3f codes %7.3f texts %9llu of %9llu",
                         (double)w->codes / (double)records, (double)w->texts / (double)records,
                         (unsigned long long)w->distinct, (unsigned long long)w->values);
            print_seen("codes", w->codes_seen);
            print_seen("texts", w->texts_seen);
        }
        (void)printf("\n");
    }
    (void)printf("%8.3f  together\n\n", (double)total / (double)records);
}

int main(int argc, char **argv)
{
    static struct weighing w;
    struct sealed_options options = {.cache_bytes = CACHE_BYTES};
    struct sealed *sealed = NULL;
    struct error err = {0};
    char kek[4096];

    if (argc < 2 || (argc > 2 && strcmp(argv[2], "again") != 0))
        die("usage: bench_size DIRECTORY [again]");
    w.again = argc > 2;
    weigh_files(&w.files, argv[1], NULL);
    (void)snprintf(kek, sizeof(kek), "%s/keys/kek", argv[1]);
    if (io_linux_new(argv[1], &options.io, &err) != STATUS_OK ||
        keyring_local_open(options.io, kek, &w.keyring, &err) != STATUS_OK)
        die(err.text);
    options.keyring = w.keyring;
    if (sealed_open(&options, &sealed, &err) != STATUS_OK)
        die(err.text);
    struct section_list *list = sealed_pin(sealed, NULL, NULL);
    for (uint32_t i = 0; i < list->count; i++) {
        if (weigh(&w, list->sections[i], &err) != STATUS_OK)
            die(err.text);
    }
    section_list_unref(list);
    sealed_close(sealed);
    keyring_free(w.keyring);
    (void)printf("%llu records in %llu sections, bytes a record\n\n",
                 (unsigned long long)w.records, (unsigned long long)w.sections);
    if (w.records == 0)
        return 0;
    print_scale(&w.files, w.records, false);
    print_scale(&w.columns, w.records, true);
    if (w.again)
        (void)printf("encode %.2f us a record, decode %.2f\n", w.encode_us / (double)w.records,
                     w.decode_us / (double)w.records);
    return 0;
}
