/* SPDX-License-Identifier: Apache-2.0 */
/* catalog.c - which sections are live, and the floor of the write-ahead log: a
 * snapshot and the changes since (docs/format/catalog.md).
 *
 * A number of a file is never used twice, so what is live is all that was added,
 * without all that was removed, in whatever order. */
#include "base/hash.h"
#include "store/sealed_priv.h"

#include <stdlib.h>

#define MAGIC "DAYBKCAT"
#define MAGIC_BYTES 8u
#define FORMAT_VERSION 1u
#define FLAG_CHANGES 1u /* incompatible: changes may follow the snapshot */
#define CRC_BYTES 4u
#define SIZE_BYTES 4u
#define PIECE_BYTES (64 * KIB) /* of a snapshot, in memory at once */
#define CATALOG_ENTRY_BYTES 192 /* most are somewhat smaller */
#define CHANGES_BYTES_MIN (64 * KIB) /* of changes, before a snapshot is worth writing */

static enum status corrupt(struct error *err)
{
    return ERROR_SET(err, STATUS_CORRUPT, "the catalog '%s' is damaged", CATALOG_PATH);
}

/* ---- reading ---- */

struct place {
    uint64_t segment;
    uint32_t index;
};

struct decoding {
    struct slice bytes; /* the file */
    struct catalog *ret;
    struct buf removed; /* struct place each */
};

static enum status get_added(struct decoding *d, struct reader *r, uint64_t count,
                             struct error *err)
{
    struct catalog *ret = d->ret;

    if (r->failed || count > reader_left(r) || ret->count + count > CATALOG_ENTRIES_MAX)
        return corrupt(err);
    struct section_info *infos =
        realloc(ret->infos, (ret->count + (size_t)count + 1) * sizeof(*infos));
    if (infos == NULL)
        return ERROR_MEMORY(err);
    ret->infos = infos;
    for (uint64_t i = 0; i < count; i++) {
        enum status status = section_entry_get(r, &infos[ret->count], err);
        if (status != STATUS_OK)
            return status;
        if (infos[ret->count++].segment >= ret->next_segment)
            return corrupt(err);
    }
    return STATUS_OK;
}

static enum status get_removed(struct decoding *d, struct reader *r, struct error *err)
{
    uint64_t count = reader_varint(r);
    struct place place = {0};

    if (r->failed || count > reader_left(r))
        return corrupt(err);
    for (uint64_t i = 0; i < count; i++) {
        place.segment += reader_varint(r);
        uint64_t index = reader_varint(r);
        if (r->failed || index > UINT32_MAX)
            return corrupt(err);
        place.index = (uint32_t)index;
        buf_add(&d->removed, &place, sizeof(place));
    }
    return buf_check(&d->removed, err);
}

/* The file up to `end` is followed by the checksum of it: then it counts, with that. */
static bool accept(struct decoding *d, size_t end)
{
    struct catalog_file *file = &d->ret->file;
    const char *at = d->bytes.data + file->bytes;

    if (d->bytes.size - end < CRC_BYTES)
        return false;
    uint32_t crc = hash_crc32c(file->crc, at, end - (size_t)file->bytes);
    struct reader r = reader_from(d->bytes.data + end, CRC_BYTES);
    if (reader_u32(&r) != crc)
        return false;
    file->crc = hash_crc32c(crc, d->bytes.data + end, CRC_BYTES);
    file->bytes = end + CRC_BYTES;
    return true;
}

static enum status get_snapshot(struct decoding *d, bool has_changes, struct error *err)
{
    struct catalog *ret = d->ret;
    struct reader r = reader_from(d->bytes.data + CATALOG_HEAD_BYTES,
                                  d->bytes.size - CATALOG_HEAD_BYTES);

    ret->generation = reader_u64(&r);
    ret->wal_floor = reader_u64(&r);
    ret->next_segment = reader_u64(&r);
    uint32_t count = reader_u32(&r);
    enum status status = count > SECTIONS_MAX ? corrupt(err) : get_added(d, &r, count, err);
    if (status != STATUS_OK)
        return status;
    if (!accept(d, d->bytes.size - reader_left(&r)))
        return corrupt(err);
    ret->file.snapshot_bytes = ret->file.bytes;
    return has_changes || ret->file.bytes == d->bytes.size ? STATUS_OK : corrupt(err);
}

static enum status get_body(struct decoding *d, struct reader *r, struct error *err)
{
    struct catalog *ret = d->ret;
    uint64_t generation = reader_u64(r), wal_floor = reader_u64(r), next = reader_u64(r);

    /* a commit that failed has had a generation, too */
    if (generation <= ret->generation || next < ret->next_segment)
        return corrupt(err);
    ret->generation = generation;
    ret->wal_floor = wal_floor;
    ret->next_segment = next;
    enum status status = get_removed(d, r, err);
    if (status == STATUS_OK)
        status = get_added(d, r, reader_varint(r), err);
    return status == STATUS_OK && reader_left(r) > 0 ? corrupt(err) : status;
}

static enum status get_change(struct decoding *d, struct error *err)
{
    size_t begin = (size_t)d->ret->file.bytes, left = d->bytes.size - begin;
    struct reader r = reader_from(d->bytes.data + begin, left);
    uint32_t size = reader_u32(&r);

    /* nothing is behind it: what a crash left, or damage that looks like it */
    d->ret->is_torn = r.failed || size == 0 || left - SIZE_BYTES <= (uint64_t)size + CRC_BYTES;
    if (r.failed || size > reader_left(&r) || !accept(d, begin + SIZE_BYTES + size))
        return corrupt(err);
    d->ret->is_torn = false;
    r = reader_from(d->bytes.data + begin + SIZE_BYTES, size);
    return get_body(d, &r, err);
}

static int by_place(const void *a, const void *b)
{
    const struct section_info *x = a, *y = b;

    if (x->segment != y->segment)
        return x->segment < y->segment ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->segment != y->segment)
        return x->segment < y->segment ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int in_order(const void *a, const void *b)
{
    return section_order(a, b);
}

/* All that was added, without what was removed. */
static enum status settle(struct decoding *d, struct error *err)
{
    struct catalog *ret = d->ret;
    struct place *removed = (void *)d->removed.data;
    size_t removed_count = d->removed.size / sizeof(*removed), next = 0;
    uint32_t kept = 0;

    qsort(ret->infos, ret->count, sizeof(*ret->infos), by_place);
    if (removed_count > 0)
        qsort(removed, removed_count, sizeof(*removed), compare_places);
    for (uint32_t i = 0; i < ret->count; i++) {
        const struct section_info *info = &ret->infos[i];
        if (i > 0 && by_place(info - 1, info) == 0)
            return corrupt(err); /* added twice */
        if (next < removed_count && removed[next].segment == info->segment &&
            removed[next].index == info->index)
            next++;
        else
            ret->infos[kept++] = *info;
    }
    ret->count = kept;
    if (next < removed_count || kept > SECTIONS_MAX)
        return corrupt(err);
    qsort(ret->infos, ret->count, sizeof(*ret->infos), in_order);
    return STATUS_OK;
}

static enum status get_head(struct slice bytes, bool *ret_has_changes, struct error *err)
{
    if (bytes.size < CATALOG_HEAD_BYTES + CRC_BYTES ||
        memcmp(bytes.data, MAGIC, MAGIC_BYTES) != 0)
        return corrupt(err);
    struct reader r = reader_from(bytes.data + MAGIC_BYTES, bytes.size - MAGIC_BYTES);
    uint16_t version = reader_u16(&r);
    (void)reader_u16(&r);
    (void)reader_u32(&r); /* compatible flags */
    uint32_t incompatible = reader_u32(&r);
    *ret_has_changes = (incompatible & FLAG_CHANGES) != 0;
    if (version <= FORMAT_VERSION && (incompatible & ~FLAG_CHANGES) == 0)
        return STATUS_OK;
    size_t size = bytes.size - CRC_BYTES;
    r = reader_from(bytes.data + size, CRC_BYTES);
    if (reader_u32(&r) != hash_crc32c(0, bytes.data, size))
        return corrupt(err);
    return ERROR_SET(err, STATUS_INVALID,
                     "the catalog has version %u and flags %x: a newer program wrote it", version,
                     incompatible);
}

enum status catalog_decode(struct slice bytes, struct catalog *ret, struct error *err)
{
    struct decoding d = {.bytes = bytes, .ret = ret};
    bool has_changes = false;

    *ret = (struct catalog){0};
    buf_init(&d.removed, CATALOG_ENTRIES_MAX * sizeof(struct place));
    enum status status = get_head(bytes, &has_changes, err);
    if (status == STATUS_OK)
        status = get_snapshot(&d, has_changes, err);
    while (status == STATUS_OK && ret->file.bytes < bytes.size)
        status = get_change(&d, err);
    if (status == STATUS_OK && ret->file.bytes > ret->file.snapshot_bytes)
        status = settle(&d, err);
    if (!has_changes)
        ret->file = (struct catalog_file){0}; /* nothing may be appended */
    buf_release(&d.removed);
    if (status != STATUS_OK) {
        bool is_torn = ret->is_torn;
        catalog_release(ret);
        ret->is_torn = is_torn;
    }
    return status;
}

enum status catalog_load(struct io *io, struct catalog *ret, struct error *err)
{
    struct buf bytes;

    *ret = (struct catalog){.next_segment = 1};
    buf_init(&bytes, CATALOG_BYTES_MAX);
    enum status status = io_read_all(io, CATALOG_PATH, &bytes, err);
    if (status == STATUS_IO) { /* it may have passed */
        buf_clear(&bytes);
        status = io_read_all(io, CATALOG_PATH, &bytes, err);
    }
    if (status == STATUS_OK)
        status = catalog_decode(buf_slice(&bytes), ret, err);
    buf_release(&bytes);
    return status;
}

void catalog_release(struct catalog *catalog)
{
    free(catalog->infos);
    *catalog = (struct catalog){0};
}

enum status catalog_sync(struct io *io, const struct catalog_file *file, struct error *err)
{
    struct io_file *open = NULL;

    if (file->bytes == file->snapshot_bytes)
        return STATUS_OK;
    enum status status = io_open(io, CATALOG_PATH, IO_WRITE, &open, err);
    if (status == STATUS_OK)
        status = io_sync(open, err);
    io_close(open);
    return status;
}

/* ---- writing ---- */

static void put_sections(struct buf *ret, const struct section_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        section_entry_put(ret, &list->sections[i]->info);
}

static void put_head(struct buf *ret, const struct catalog_state *state, uint32_t count)
{
    buf_add(ret, MAGIC, MAGIC_BYTES);
    buf_put_u16(ret, FORMAT_VERSION);
    buf_put_u16(ret, 0);
    buf_put_u32(ret, 0);
    buf_put_u32(ret, FLAG_CHANGES);
    buf_put_u64(ret, state->generation);
    buf_put_u64(ret, state->wal_floor);
    buf_put_u64(ret, state->next_segment);
    buf_put_u32(ret, count);
}

/* Moves what is in the buffer to the file. */
static enum status give_piece(struct io_replacing *replacing, struct buf *piece, uint32_t *crc,
                              struct error *err)
{
    enum status status = buf_check(piece, err);

    if (status == STATUS_OK && replacing->bytes + piece->size > CATALOG_BYTES_MAX)
        status = ERROR_SET(err, STATUS_LIMIT, "the catalog would be larger than %zu MiB",
                           CATALOG_BYTES_MAX / MIB); /* it could not be read again */
    if (status == STATUS_OK)
        status = io_replace_add(replacing, buf_slice(piece), err);
    if (status == STATUS_OK)
        *crc = hash_crc32c(*crc, piece->data, piece->size);
    buf_clear(piece);
    return status;
}

/* Piece by piece: of 10^5 sections all of it has 20 MB, which came on top of what questions
 * take at that moment. */
static enum status give_snapshot(struct io_replacing *replacing,
                                 const struct catalog_state *state,
                                 const struct section_list *all, uint32_t *crc,
                                 struct error *err)
{
    uint32_t count = all == NULL ? 0 : all->count;
    enum status status = STATUS_OK;
    struct buf piece;

    buf_init(&piece, PIECE_BYTES + KIB);
    put_head(&piece, state, count);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        section_entry_put(&piece, &all->sections[i]->info);
        if (piece.size >= PIECE_BYTES)
            status = give_piece(replacing, &piece, crc, err);
    }
    if (status == STATUS_OK)
        status = give_piece(replacing, &piece, crc, err);
    buf_put_u32(&piece, *crc);
    if (status == STATUS_OK)
        status = give_piece(replacing, &piece, crc, err);
    buf_release(&piece);
    return status;
}

static enum status write_snapshot(struct io *io, const struct catalog_state *state,
                                  const struct section_list *all, struct catalog_file *file,
                                  struct error *err)
{
    struct io_replacing replacing;
    uint32_t crc = 0;

    *file = (struct catalog_file){0};
    enum status status = io_replace_begin(io, CATALOG_PATH, &replacing, err);
    if (status == STATUS_OK)
        status = give_snapshot(&replacing, state, all, &crc, err);
    enum status end = io_replace_end(&replacing, status == STATUS_OK, err);
    status = status == STATUS_OK ? end : status;
    if (status == STATUS_OK)
        *file = (struct catalog_file){
            .bytes = replacing.bytes, .snapshot_bytes = replacing.bytes, .crc = crc};
    return status;
}

static int by_section_place(const void *a, const void *b)
{
    return by_place(&(*(struct section *const *)a)->info, &(*(struct section *const *)b)->info);
}

static enum status put_removed(struct buf *ret, const struct catalog_change *change,
                               struct error *err)
{
    size_t bytes = change->removed_count * sizeof(struct section *);
    struct section **removed = malloc(bytes + 1);
    uint64_t last = 0;

    if (removed == NULL)
        return ERROR_MEMORY(err);
    if (change->removed_count > 0) {
        memcpy(removed, change->removed, bytes);
        qsort(removed, change->removed_count, sizeof(*removed), by_section_place);
    }
    buf_put_varint(ret, change->removed_count);
    for (uint32_t i = 0; i < change->removed_count; i++) {
        buf_put_varint(ret, removed[i]->info.segment - last);
        buf_put_varint(ret, removed[i]->info.index);
        last = removed[i]->info.segment;
    }
    free(removed);
    return STATUS_OK;
}

/* Size, body, checksum. */
static enum status put_change(struct buf *ret, const struct catalog_state *state,
                              const struct catalog_change *change, uint32_t crc,
                              struct error *err)
{
    (void)buf_reserve(ret, (size_t)change->added->count * CATALOG_ENTRY_BYTES);
    buf_put_u32(ret, 0); /* the size, below */
    buf_put_u64(ret, state->generation);
    buf_put_u64(ret, state->wal_floor);
    buf_put_u64(ret, state->next_segment);
    enum status status = put_removed(ret, change, err);
    if (status != STATUS_OK)
        return status;
    buf_put_varint(ret, change->added->count);
    put_sections(ret, change->added);
    if (!ret->failed) {
        uint32_t size = (uint32_t)(ret->size - SIZE_BYTES);
        for (unsigned i = 0; i < SIZE_BYTES; i++)
            ret->data[i] = (char)(size >> (8 * i));
        buf_put_u32(ret, hash_crc32c(crc, ret->data, ret->size));
    }
    return buf_check(ret, err);
}

static bool has_room(const struct catalog_file *file, size_t more)
{
    uint64_t changes = file->bytes - file->snapshot_bytes + more;

    return file->bytes > 0 && file->bytes + more <= CATALOG_BYTES_MAX &&
           (changes <= CHANGES_BYTES_MIN || changes <= file->snapshot_bytes);
}

/* What cannot be written whole is cut off.  A full disk may have room later; after any other
 * failure nothing more is written to this file. */
static enum status append(struct io *io, struct catalog_file *file, struct slice change,
                          struct error *err)
{
    struct io_file *open = NULL;
    struct error ignored;
    enum status status = io_open(io, CATALOG_PATH, IO_WRITE, &open, err);

    if (status == STATUS_OK)
        status = io_write_at(open, file->bytes, change.data, change.size, err);
    if (status == STATUS_OK)
        status = io_sync(open, err);
    bool is_cut = status != STATUS_OK && open != NULL &&
                  io_truncate(open, file->bytes, &ignored) == STATUS_OK;
    io_close(open);
    if (status == STATUS_OK) {
        file->bytes += change.size;
        file->crc = hash_crc32c(file->crc, change.data, change.size);
    } else if (status != STATUS_FULL || !is_cut) {
        *file = (struct catalog_file){0};
    }
    return status;
}

enum status catalog_check_count(uint64_t count, struct error *err)
{
    if (count <= SECTIONS_MAX)
        return STATUS_OK;
    return ERROR_SET(err, STATUS_LIMIT,
                     "the store would have %llu sections, the limit is %u; merges make them fewer",
                     (unsigned long long)count, SECTIONS_MAX);
}

enum status catalog_commit(struct io *io, const struct catalog_state *state,
                           const struct catalog_change *change, const struct section_list *all,
                           struct catalog_file *file, struct error *err)
{
    struct buf bytes;
    struct error append_err;
    enum status appended = STATUS_LIMIT;

    if (all != NULL && catalog_check_count(all->count, err) != STATUS_OK)
        return err->status;
    buf_init(&bytes, CATALOG_BYTES_MAX);
    if (change != NULL && file->bytes > 0 &&
        put_change(&bytes, state, change, file->crc, err) == STATUS_OK &&
        has_room(file, bytes.size))
        appended = append(io, file, buf_slice(&bytes), &append_err);
    buf_release(&bytes);
    if (appended == STATUS_OK)
        return STATUS_OK;
    if (appended == STATUS_FULL && file->bytes > 0) {
        *err = append_err;
        return appended;
    }
    enum status status = write_snapshot(io, state, all, file, err);
    if (status == STATUS_FULL && appended == STATUS_IO) { /* the change may be on the disk */
        *err = append_err;
        return appended;
    }
    return status;
}
