/* SPDX-License-Identifier: Apache-2.0 */
/* segment_write.c - a segment file, written once from front to end
 * (docs/format/segment.md). */
#include "base/check.h"
#include "base/hash.h"
#include "store/sealed_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define HEAD_BYTES 32u
#define NAME_DIGITS 16u
#define TAIL_BYTES 32u
#define FORMAT_VERSION 1u
/* Incompatible: sections may be of these forms; their keys are bound to their facts. */
#define FLAG_SECTION_FORM_3 1u
#define FLAG_SECTION_FORM_4 2u
#define FLAG_BOUND_FACTS 4u
#define FLAG_SECTION_FORM_5 8u
#define FLAGS_KNOWN                                                                                \
    (FLAG_SECTION_FORM_3 | FLAG_SECTION_FORM_4 | FLAG_BOUND_FACTS | FLAG_SECTION_FORM_5)
#define HEAD_MAGIC "DAYBKSEG"
#define TAIL_MAGIC "DAYSEGND"
#define MAGIC_BYTES 8u
#define DIRECTORY_BYTES_MAX (64 * MIB)

void segment_path(uint64_t number, const char *suffix, char ret[SEGMENT_PATH_BYTES])
{
    int size = snprintf(ret, SEGMENT_PATH_BYTES, SEGMENT_DIR "/%016llx.%s",
                        (unsigned long long)number, suffix);

    CHECK(size > 0 && size < SEGMENT_PATH_BYTES);
}

bool segment_parse_name(const char *name, uint64_t *ret)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < NAME_DIGITS; i++) {
        char c = name[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        number = number << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *ret = number;
    return slice_is(slice_of(name + NAME_DIGITS), ".seg");
}

bool segment_parse_any(const char *name, uint64_t *ret, bool *ret_aside)
{
    struct slice all = slice_of(name), end = SLICE(".seg" SEGMENT_ASIDE);
    char plain[NAME_DIGITS + sizeof(".seg")] = "";

    *ret_aside = all.size == NAME_DIGITS + end.size && slice_ends_with(all, end);
    if (*ret_aside)
        memcpy(plain, name, sizeof(plain) - 1);
    return segment_parse_name(*ret_aside ? plain : name, ret);
}

static enum status append(struct segment_writer *writer, struct slice bytes, struct error *err)
{
    enum status status = io_write_at(writer->file, writer->offset, bytes.data, bytes.size, err);

    if (status != STATUS_OK)
        return status;
    writer->offset += bytes.size;
    return io_pace(writer->file, writer->offset, err);
}

enum status segment_writer_begin(struct segment_writer *writer, struct io *io, uint64_t number,
                                 struct error *err)
{
    char path[SEGMENT_PATH_BYTES];
    struct buf head;

    *writer = (struct segment_writer){.io = io, .number = number};
    buf_init(&writer->directory, DIRECTORY_BYTES_MAX);
    segment_path(number, "tmp", path);
    enum status status = io_open(io, path, IO_WRITE, &writer->file, err);
    if (status == STATUS_OK)
        status = io_truncate(writer->file, 0, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&head, HEAD_BYTES);
    buf_add(&head, HEAD_MAGIC, MAGIC_BYTES);
    buf_put_u16(&head, FORMAT_VERSION);
    buf_put_u16(&head, 0);
    buf_put_u32(&head, 0);
    buf_put_u32(&head, FLAGS_KNOWN);
    buf_put_u64(&head, number);
    if (!head.failed)
        buf_put_u32(&head, hash_crc32c(0, head.data, head.size));
    status = buf_check(&head, err);
    if (status == STATUS_OK)
        status = append(writer, buf_slice(&head), err);
    buf_release(&head);
    return status;
}

enum status segment_writer_add(struct segment_writer *writer, struct section_info *info,
                               struct slice sealed, struct error *err)
{
    info->offset = writer->offset;
    section_entry_put(&writer->directory, info);
    writer->section_count++;
    return append(writer, sealed, err);
}

enum status segment_writer_end(struct segment_writer *writer, struct error *err)
{
    char from[SEGMENT_PATH_BYTES], to[SEGMENT_PATH_BYTES];
    uint64_t offset = writer->offset;
    struct buf end;

    buf_init(&end, DIRECTORY_BYTES_MAX + TAIL_BYTES);
    buf_put_u32(&end, writer->section_count);
    buf_add_slice(&end, buf_slice(&writer->directory));
    uint32_t size = (uint32_t)end.size;
    uint32_t crc = hash_crc32c(0, end.data, end.size);
    buf_put_u64(&end, offset);
    buf_put_u32(&end, size);
    buf_put_u32(&end, crc);
    buf_put_u64(&end, writer->number);
    buf_add(&end, TAIL_MAGIC, MAGIC_BYTES);
    enum status status = buf_check(&writer->directory, err);
    if (status == STATUS_OK)
        status = buf_check(&end, err);
    if (status == STATUS_OK)
        status = append(writer, buf_slice(&end), err);
    buf_release(&end);
    if (status == STATUS_OK)
        status = io_sync(writer->file, err);
    if (status != STATUS_OK)
        return status;
    segment_path(writer->number, "tmp", from);
    segment_path(writer->number, "seg", to);
    status = io_rename(writer->io, from, to, err);
    writer->is_renamed = status == STATUS_OK;
    return status == STATUS_OK ? io_sync_dir(writer->io, SEGMENT_DIR, err) : status;
}

/* What stays is removed at the next start. */
static void remove_file(struct segment_writer *writer, const char *suffix)
{
    char path[SEGMENT_PATH_BYTES];

    segment_path(writer->number, suffix, path);
    io_unlink_if_possible(writer->io, path);
}

void segment_writer_drop(struct segment_writer *writer)
{
    if (writer->is_renamed)
        remove_file(writer, "seg");
}

void segment_writer_release(struct segment_writer *writer)
{
    if (writer->file != NULL) {
        io_close(writer->file);
        writer->file = NULL;
        if (!writer->is_renamed)
            remove_file(writer, "tmp");
    }
    buf_release(&writer->directory);
}

/* ---- reading it without the catalog ---- */

static enum status corrupt(uint64_t number, struct error *err)
{
    return ERROR_SET(err, STATUS_CORRUPT, "segment file %016llx is damaged",
                     (unsigned long long)number);
}

static enum status read_entries(struct slice bytes, uint64_t number, struct section_info **ret,
                                uint32_t *ret_count, struct error *err)
{
    struct reader r = reader_from(bytes.data, bytes.size);
    uint32_t count = reader_u32(&r);
    enum status status = STATUS_OK;

    if (r.failed || count > SECTIONS_MAX || count > reader_left(&r))
        return corrupt(number, err);
    struct section_info *infos = calloc((size_t)count + 1, sizeof(*infos));
    if (infos == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        status = section_entry_get(&r, &infos[i], err);
    if (status != STATUS_OK) {
        free(infos);
        return status;
    }
    *ret = infos;
    *ret_count = count;
    return STATUS_OK;
}

enum status segment_check_head(struct io_file *file, uint64_t number, struct error *err)
{
    uint8_t head[HEAD_BYTES];
    enum status status = io_read_at(file, 0, head, sizeof(head), err);

    if (status != STATUS_OK)
        return status;
    struct reader r = reader_from(head + MAGIC_BYTES, sizeof(head) - MAGIC_BYTES);
    uint16_t version = reader_u16(&r);
    (void)reader_u16(&r);
    (void)reader_u32(&r); /* compatible flags */
    uint32_t incompatible = reader_u32(&r);
    uint64_t stored = reader_u64(&r);
    if (memcmp(head, HEAD_MAGIC, MAGIC_BYTES) != 0 || stored != number ||
        reader_u32(&r) != hash_crc32c(0, head, HEAD_BYTES - 4))
        return corrupt(number, err);
    if (version > FORMAT_VERSION || (incompatible & ~FLAGS_KNOWN) != 0)
        return ERROR_SET(err, STATUS_INVALID,
                         "segment file %016llx has version %u and flags %x: a newer program "
                         "wrote it",
                         (unsigned long long)number, version, incompatible);
    return STATUS_OK;
}

static enum status read_directory(struct io_file *file, uint64_t number, struct buf *bytes,
                                  struct error *err)
{
    uint8_t tail[TAIL_BYTES];
    uint64_t file_size = 0;
    enum status status = io_size(file, &file_size, err);

    if (status != STATUS_OK)
        return status;
    if (file_size < HEAD_BYTES + TAIL_BYTES)
        return corrupt(number, err);
    status = io_read_at(file, file_size - TAIL_BYTES, tail, sizeof(tail), err);
    if (status != STATUS_OK)
        return status;
    struct reader r = reader_from(tail, sizeof(tail));
    uint64_t offset = reader_u64(&r);
    uint32_t size = reader_u32(&r), crc = reader_u32(&r);
    if (reader_u64(&r) != number || memcmp(r.at, TAIL_MAGIC, MAGIC_BYTES) != 0 ||
        offset > file_size || file_size - offset != (uint64_t)size + TAIL_BYTES)
        return corrupt(number, err);
    void *room = buf_extend(bytes, size);
    if (room == NULL)
        return buf_check(bytes, err);
    status = io_read_at(file, offset, room, size, err);
    if (status == STATUS_OK && hash_crc32c(0, bytes->data, bytes->size) != crc)
        status = corrupt(number, err);
    return status;
}

enum status segment_directory_read(struct io *io, uint64_t number, struct section_info **ret,
                                   uint32_t *ret_count, struct error *err)
{
    char path[SEGMENT_PATH_BYTES];
    struct io_file *file = NULL;
    struct buf bytes;

    buf_init(&bytes, DIRECTORY_BYTES_MAX);
    segment_path(number, "seg", path);
    enum status status = io_open(io, path, IO_READ, &file, err);
    if (status == STATUS_OK)
        status = segment_check_head(file, number, err);
    if (status == STATUS_OK)
        status = read_directory(file, number, &bytes, err);
    if (status == STATUS_OK)
        status = read_entries(buf_slice(&bytes), number, ret, ret_count, err);
    io_close(file);
    buf_release(&bytes);
    return status;
}
