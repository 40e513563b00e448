/* SPDX-License-Identifier: Apache-2.0 */
#include "load/cut.h"

#include <stdlib.h>

struct cut {
    struct load *load;
    struct batch **open; /* a tenant: its batch that is not full yet, or NULL */
    uint64_t number;
    uint32_t batch_records;
    bool is_ahead; /* pack before queueing */
};

static enum status cut_init(struct cut *cut, struct load *load, uint32_t batch_records,
                            struct error *err)
{
    *cut = (struct cut){.load = load, .batch_records = batch_records};
    cut->open = calloc(load->world->tenant_count, sizeof(*cut->open));
    return cut->open != NULL ? STATUS_OK : ERROR_SET(err, STATUS_IO, "out of memory");
}

/* On to the queue with the batch of a tenant. */
static enum status close_batch(struct cut *cut, uint32_t tenant, struct error *err)
{
    struct batch *batch = cut->open[tenant];
    enum status status = STATUS_OK;

    cut->open[tenant] = NULL;
    if (batch == NULL)
        return STATUS_OK;
    if (cut->is_ahead)
        status = batch_pack(batch, cut->load->encoding, err);
    if (status == STATUS_OK)
        queue_put(&cut->load->queue, batch);
    else
        batch_free(batch);
    return status;
}

/* The batch that the record went to is *ret until it is closed. */
static enum status cut_add(struct cut *cut, uint32_t tenant, struct slice text,
                           struct batch **ret, struct error *err)
{
    struct batch **at = &cut->open[tenant];

    if (*at != NULL && (*at)->record_count >= cut->batch_records) {
        enum status status = close_batch(cut, tenant, err);
        if (status != STATUS_OK)
            return status;
    }
    if (*at == NULL && (*at = batch_new(tenant, cut->number++, err)) == NULL)
        return err->status;
    buf_add_slice(&(*at)->body, text);
    buf_add_byte(&(*at)->body, '\n');
    (*at)->record_count++;
    if (cut->load->ledger != NULL) {
        uint8_t digest[SHA256_BYTES];
        sha256(text.data, text.size, digest);
        buf_add(&(*at)->hashes, digest, sizeof(digest));
    }
    *ret = *at;
    return STATUS_OK;
}

static enum status cut_finish(struct cut *cut, enum status status, struct error *err)
{
    for (uint32_t i = 0; i < cut->load->world->tenant_count; i++) {
        if (status == STATUS_OK)
            status = close_batch(cut, i, err);
        batch_free(cut->open[i]);
    }
    free(cut->open);
    return status;
}

enum status cut_stream(struct load *load, struct stream *stream, uint32_t batch_records,
                       struct error *err)
{
    struct stream_record record;
    struct batch *batch = NULL;
    struct cut cut;
    uint64_t seen = 0;
    enum status status = cut_init(&cut, load, batch_records, err);

    if (status != STATUS_OK)
        return status;
    while (status == STATUS_OK && !load->has_failed && stream_next(stream, &record)) {
        status = cut_add(&cut, record.tenant, record.text, &batch, err);
        if (status == STATUS_OK && record.victim < ATTACK_MAILBOXES &&
            (seen >> record.victim & 1) == 0) {
            batch->first_of |= UINT64_C(1) << record.victim;
            seen |= UINT64_C(1) << record.victim;
        }
    }
    return cut_finish(&cut, status, err);
}

static enum status find_tenant(const struct world *world, struct slice line, uint32_t *ret,
                               struct error *err)
{
    struct slice key = SLICE("\"OrganizationId\":\"");
    size_t at = slice_find(line, key, 0);

    for (uint32_t i = 0; at != SIZE_MAX && i < world->tenant_count; i++) {
        struct slice id = slice_of(world->tenants[i].id);
        if (slice_starts_with(slice_tail(line, at + key.size), id)) {
            *ret = i;
            return STATUS_OK;
        }
    }
    return ERROR_SET(err, STATUS_INVALID, "a record is of no tenant of these options: %.*s",
                     (int)(line.size > 80 ? 80 : line.size), line.data);
}

enum status cut_file(struct load *load, const char *path, uint32_t batch_records,
                     struct error *err)
{
    FILE *file = fopen(path, "re");
    struct cut cut;
    struct batch *batch = NULL;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    enum status status;

    if (file == NULL)
        return ERROR_SET(err, STATUS_IO, "cannot open '%s'", path);
    status = cut_init(&cut, load, batch_records, err);
    cut.is_ahead = true;
    while (status == STATUS_OK && (size = getline(&line, &capacity, file)) > 0) {
        struct slice text = slice_trim(slice_from(line, (size_t)size));
        uint32_t tenant = 0;
        status = find_tenant(load->world, text, &tenant, err);
        if (status == STATUS_OK)
            status = cut_add(&cut, tenant, text, &batch, err);
    }
    free(line);
    (void)fclose(file);
    return cut.open == NULL ? status : cut_finish(&cut, status, err);
}
