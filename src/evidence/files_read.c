/* SPDX-License-Identifier: Apache-2.0 */
/* files_read.c - leaves and blocks of the files, one file open at a time. */
#include "evidence/files_priv.h"

#include "evidence/block_priv.h"

/* ---- leaves ---- */

void leaf_reader_init(struct leaf_reader *reader, struct io *io, const struct guid *tenant)
{
    *reader = (struct leaf_reader){.io = io, .tenant = *tenant};
}

void leaf_reader_release(struct leaf_reader *reader)
{
    io_close(reader->file);
    reader->file = NULL;
}

/* Opens the file with leaf `index`, unless it is open. */
static enum status leaf_reader_open(struct leaf_reader *reader, uint64_t index, struct error *err)
{
    uint64_t number = index / FILE_LEAVES;
    char path[PATH_BYTES];

    if (reader->file != NULL && reader->number == number)
        return STATUS_OK;
    leaf_reader_release(reader);
    reader->number = number;
    files_path(&reader->tenant, "leaf", number, path);
    enum status status = io_open(reader->io, path, IO_READ, &reader->file, err);
    /* The caller knows that the leaf is stored: its absence is damage. */
    return status == STATUS_NOT_FOUND
               ? ERROR_SET(err, STATUS_CORRUPT, "evidence file '%s' is missing", path)
               : status;
}

enum status leaf_reader_get(struct leaf_reader *reader, uint64_t index, uint32_t count,
                            uint8_t *ret, struct error *err)
{
    enum status status = leaf_reader_open(reader, index, err);

    return status == STATUS_OK ? io_read_at(reader->file, index % FILE_LEAVES * LEAF_BYTES, ret,
                                            (size_t)count * LEAF_BYTES, err)
                               : status;
}

enum status files_leaf(struct io *io, const struct guid *tenant, uint64_t index,
                       uint8_t ret[LEAF_BYTES], struct error *err)
{
    struct leaf_reader reader;

    leaf_reader_init(&reader, io, tenant);
    enum status status = leaf_reader_get(&reader, index, 1, ret, err);
    leaf_reader_release(&reader);
    return status;
}

/* ---- blocks ---- */

enum status block_reader_init(struct block_reader *reader, struct io *io,
                              struct keyring *keyring, const struct guid *tenant,
                              struct error *err)
{
    *reader = (struct block_reader){.io = io, .tenant = *tenant};
    run_init(&reader->run);
    leaf_reader_init(&reader->leaves, io, tenant);
    return keyring_tenant_key(keyring, tenant, KEY_PURPOSE_TLOG, &reader->key, err);
}

void block_reader_release(struct block_reader *reader)
{
    run_release(&reader->run);
    leaf_reader_release(&reader->leaves);
    io_close(reader->batch);
    explicit_bzero(&reader->key, sizeof(reader->key));
}

/* The entries must be exactly what the counts of the leaves ask for. */
static bool run_is_whole(const struct run *run)
{
    size_t size = 0;

    for (uint32_t i = 0; i < run->count; i++) {
        const uint8_t *leaf = run_leaf(run, run->first_index + i);
        if (leaf_record_count(leaf) > LEAF_RECORDS_MAX)
            return false;
        size += run_entry_bytes(leaf);
    }
    return size == run->entries.size;
}

static enum status read_block(struct block_reader *reader, uint64_t offset,
                              const struct block_header *header, struct error *err)
{
    uint8_t additional[BLOCK_ADDITIONAL_BYTES];
    struct run *run = &reader->run;
    struct buf sealed;

    run_release(run);
    run->first_index = header->first_index;
    buf_init(&sealed, header->size);
    void *leaf_room = buf_extend(&run->leaves, (size_t)header->count * LEAF_BYTES);
    void *sealed_room = buf_extend(&sealed, header->size - BLOCK_HEADER_BYTES);
    enum status status = leaf_room == NULL || sealed_room == NULL
                             ? ERROR_MEMORY(err)
                             : leaf_reader_get(&reader->leaves, header->first_index,
                                               header->count, leaf_room, err);
    if (status == STATUS_OK)
        status = io_read_at(reader->batch, offset + BLOCK_HEADER_BYTES, sealed_room, sealed.size,
                            err);
    if (status == STATUS_OK)
        status = aead_open(&reader->key,
                           block_additional(&reader->tenant, header, buf_slice(&run->leaves),
                                            additional),
                           buf_slice(&sealed), &run->entries, err);
    if (status == STATUS_OK) {
        run->count = header->count;
        if (!run_is_whole(run))
            status = ERROR_SET(err, STATUS_CORRUPT, "its entries do not fit its leaves");
    }
    if (status != STATUS_OK) {
        run_release(run);
        status = error_wrap(err, "evidence block of leaves %llu to %llu",
                            (unsigned long long)header->first_index,
                            (unsigned long long)(header->first_index + header->count - 1));
    }
    reader->next_offset = offset + header->size;
    buf_release(&sealed);
    return status;
}

/* Opens the batch file with that number, unless it is open. */
static enum status open_batch(struct block_reader *reader, uint64_t number, struct error *err)
{
    char path[PATH_BYTES];

    if (reader->batch != NULL && reader->batch_number == number)
        return STATUS_OK;
    io_close(reader->batch);
    reader->batch = NULL;
    reader->batch_number = number;
    files_path(&reader->tenant, "batch", number, path);
    enum status status = io_open(reader->io, path, IO_READ, &reader->batch, err);
    return status == STATUS_NOT_FOUND
               ? ERROR_SET(err, STATUS_CORRUPT, "evidence file '%s' is missing", path)
               : status;
}

enum status block_reader_seek(struct block_reader *reader, uint64_t index, struct error *err)
{
    struct run *run = &reader->run;
    uint64_t number = index / FILE_LEAVES, offset = 0, size = 0;
    struct block_header header;

    if (run_leaf(run, index) != NULL)
        return STATUS_OK;
    if (run->count > 0 && index >= run->first_index && run->first_index / FILE_LEAVES == number)
        offset = reader->next_offset; /* forward in the same file */
    else if (index >= reader->known_leaf && reader->known_leaf / FILE_LEAVES == number)
        offset = reader->known_offset;
    enum status status = open_batch(reader, number, err);
    if (status == STATUS_OK)
        status = io_size(reader->batch, &size, err);
    while (status == STATUS_OK) { /* each round moves offset forward */
        status = block_next(reader->batch, &offset, size, &header, err);
        bool is_found = status == STATUS_OK;
        if (status == STATUS_NOT_FOUND || (is_found && header.first_index > index))
            return ERROR_SET(err, STATUS_CORRUPT, "evidence of leaf %llu is damaged or lost",
                             (unsigned long long)index);
        if (is_found && index - header.first_index < header.count)
            return read_block(reader, offset, &header, err);
        offset += header.size;
    }
    return status;
}
