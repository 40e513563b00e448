/* SPDX-License-Identifier: Apache-2.0 */
/* section_entry.c - the facts of a section as bytes, and its encryption.
 *
 * The context binds the ciphertext and the wrapped key to tenant, segment,
 * index and generation, so that neither opens in another place.  The wrapped key is
 * bound to the facts, too: they decide which questions pass a section by. */
#include "base/hash.h"
#include "base/random.h"
#include "crypt/aead.h"
#include "crypt/chunked.h"
#include "crypt/hash.h"
#include "store/section_priv.h"

#include <openssl/crypto.h>
#include <stdlib.h>

_Static_assert(WRAPPED_KEY_BYTES == KEY_BYTES + AEAD_OVERHEAD_BYTES, "aead.h");

uint64_t section_time_mark(struct slice path)
{
    struct sha256 hash;
    uint8_t sum[SHA256_BYTES];

    sha256_init(&hash);
    sha256_add(&hash, path.data, path.size);
    sha256_end(&hash, sum);
    struct reader r = reader_from(sum, sizeof(uint64_t));
    return reader_u64(&r);
}

void section_info_from_part(const struct part *part, struct section_info *ret)
{
    size_t size = part->table.size < TABLE_NAME_BYTES_MAX ? part->table.size
                                                          : TABLE_NAME_BYTES_MAX;

    *ret = (struct section_info){.tenant = part->tenant,
                                 .row_count = part->row_count,
                                 .seq_min = part->seq_min,
                                 .seq_max = part->seq_max,
                                 .time_min = part->time_min,
                                 .time_max = part->time_max,
                                 .received_min = part->received_min,
                                 .received_max = part->received_max,
                                 .raw_bytes = part->raw_bytes};
    memcpy(ret->table, part->table.data, size);
    for (uint32_t s = 0; s < part->root_shape_count; s++)
        ret->fallback_count += part->shapes[s].is_raw ? part->shapes[s].row_count : 0;
}

/* The fields from the tenant to the raw bytes. */
static void put_rows(struct buf *ret, const struct section_info *info)
{
    buf_add(ret, info->tenant.bytes, sizeof(info->tenant.bytes));
    buf_put_blob(ret, slice_of(info->table));
    buf_put_u8(ret, info->level);
    buf_put_varint(ret, info->row_count);
    buf_put_varint(ret, info->fallback_count);
    buf_put_varint(ret, info->seq_min);
    buf_put_varint(ret, info->seq_max - info->seq_min);
    buf_put_u64(ret, (uint64_t)info->time_min);
    buf_put_u64(ret, (uint64_t)info->time_max);
    buf_put_u64(ret, (uint64_t)info->received_min);
    buf_put_u64(ret, (uint64_t)info->received_max);
    buf_put_varint(ret, info->raw_bytes);
}

static void put_header(struct buf *ret, const struct section_info *info)
{
    buf_put_varint(ret, info->header_packed);
    buf_put_varint(ret, info->header_raw);
    buf_put_varint(ret, info->index_pages);
}

static void put_times(struct buf *ret, const struct section_info *info)
{
    buf_put_u8(ret, info->time_count);
    for (uint32_t i = 0; i < info->time_count; i++)
        buf_put_u64(ret, info->times[i]);
}

void section_entry_put(struct buf *ret, const struct section_info *info)
{
    struct buf entry;

    buf_init(&entry, SECTION_ENTRY_BYTES_MAX);
    buf_put_varint(&entry, info->segment);
    buf_put_varint(&entry, info->index);
    buf_put_varint(&entry, info->generation);
    put_rows(&entry, info);
    buf_put_varint(&entry, info->offset);
    buf_put_varint(&entry, info->size_bytes);
    put_header(&entry, info);
    buf_put_u32(&entry, info->crc);
    buf_add(&entry, info->wrapped_key, sizeof(info->wrapped_key));
    put_times(&entry, info);
    buf_put_blob(ret, buf_slice(&entry));
    if (entry.failed)
        ret->failed = true;
    buf_release(&entry);
}

/* Behind the key: not there in entries of earlier programs, which told less. */
static void get_times(struct reader *r, struct section_info *ret)
{
    uint32_t count = reader_left(r) > 0 ? reader_u8(r) : 0;

    r->failed = r->failed || count > SECTION_TIMES_MAX;
    for (uint32_t i = 0; i < count && !r->failed; i++)
        ret->times[i] = reader_u64(r);
    ret->time_count = (uint8_t)count;
}

static bool entry_is_sound(const struct section_info *info)
{
    return info->row_count > 0 && info->row_count <= PART_ROWS_MAX &&
           info->fallback_count <= info->row_count && info->level <= SECTION_COMPACTED &&
           info->seq_max >= info->seq_min && info->seq_max - info->seq_min + 1 >= info->row_count &&
           info->time_max >= info->time_min && info->received_max >= info->received_min &&
           info->size_bytes <= SECTION_BYTES_MAX &&
           info->header_packed <= info->size_bytes && info->header_raw <= SECTION_HEADER_BYTES_MAX;
}

enum status section_entry_get(struct reader *reader, struct section_info *ret, struct error *err)
{
    struct slice entry = reader_blob(reader);
    struct reader r = reader_from(entry.data, entry.size);

    *ret = (struct section_info){0};
    ret->segment = reader_varint(&r);
    uint64_t index = reader_varint(&r);
    ret->generation = reader_varint(&r);
    struct slice tenant = reader_bytes(&r, sizeof(ret->tenant.bytes));
    struct slice table = reader_blob(&r);
    ret->level = reader_u8(&r);
    uint64_t rows = reader_varint(&r), fallback = reader_varint(&r);
    ret->seq_min = reader_varint(&r);
    ret->seq_max = ret->seq_min + reader_varint(&r);
    ret->time_min = (int64_t)reader_u64(&r);
    ret->time_max = (int64_t)reader_u64(&r);
    ret->received_min = (int64_t)reader_u64(&r);
    ret->received_max = (int64_t)reader_u64(&r);
    ret->raw_bytes = reader_varint(&r);
    ret->offset = reader_varint(&r);
    ret->size_bytes = reader_varint(&r);
    uint64_t packed = reader_varint(&r), raw = reader_varint(&r), pages = reader_varint(&r);
    ret->crc = reader_u32(&r);
    struct slice key = reader_bytes(&r, sizeof(ret->wrapped_key));
    get_times(&r, ret);
    if (reader->failed || r.failed || table.size == 0 || table.size > TABLE_NAME_BYTES_MAX ||
        (index | rows | fallback | packed | raw | pages) > UINT32_MAX)
        return ERROR_SET(err, STATUS_CORRUPT, "a section entry is cut short or out of range");
    memcpy(ret->tenant.bytes, tenant.data, tenant.size);
    memcpy(ret->table, table.data, table.size);
    memcpy(ret->wrapped_key, key.data, key.size);
    ret->index = (uint32_t)index;
    ret->row_count = (uint32_t)rows;
    ret->fallback_count = (uint32_t)fallback;
    ret->header_packed = (uint32_t)packed;
    ret->header_raw = (uint32_t)raw;
    ret->index_pages = (uint32_t)pages;
    return entry_is_sound(ret)
               ? STATUS_OK
               : ERROR_SET(err, STATUS_CORRUPT, "a section entry contradicts itself");
}

struct slice section_context(const struct section_info *info, const char *label,
                             uint8_t ret[SECTION_CONTEXT_BYTES_MAX])
{
    size_t size = strlen(label) + 1;

    memcpy(ret, label, size);
    memcpy(ret + size, info->tenant.bytes, sizeof(info->tenant.bytes));
    size += sizeof(info->tenant.bytes);
    for (unsigned i = 0; i < 8; i++) {
        ret[size + i] = (uint8_t)(info->segment >> (8 * i));
        ret[size + 12 + i] = (uint8_t)(info->generation >> (8 * i));
    }
    for (unsigned i = 0; i < 4; i++)
        ret[size + 8 + i] = (uint8_t)(info->index >> (8 * i));
    return (struct slice){(const char *)ret, size + 20};
}

/* What the wrapped key is bound to: its place, and the facts by their SHA-256. */
static enum status bind_facts(const struct section_info *info,
                              uint8_t ret[SECTION_CONTEXT_BYTES_MAX + SHA256_BYTES],
                              struct slice *ret_slice, struct error *err)
{
    struct buf facts;

    *ret_slice = section_context(info, "daybook/segkey/v2", ret);
    buf_init(&facts, SECTION_ENTRY_BYTES_MAX);
    put_rows(&facts, info);
    put_header(&facts, info);
    put_times(&facts, info);
    enum status status = buf_check(&facts, err);
    if (status == STATUS_OK)
        sha256(facts.data, facts.size, ret + ret_slice->size);
    ret_slice->size += SHA256_BYTES;
    buf_release(&facts);
    return status;
}

enum status section_seal(struct keyring *keyring, struct section_info *info, struct slice plain,
                         struct buf *ret, struct error *err)
{
    uint8_t context[SECTION_CONTEXT_BYTES_MAX + SHA256_BYTES];
    struct key tenant_key, file_key;
    struct slice bound;
    size_t start = ret->size;
    enum status status = keyring_tenant_key(keyring, &info->tenant, KEY_PURPOSE_SEG, &tenant_key,
                                            err);

    if (status != STATUS_OK)
        return status;
    random_bytes(file_key.bytes, sizeof(file_key.bytes));
    struct slice key_bytes = {(const char *)file_key.bytes, sizeof(file_key.bytes)};
    status = bind_facts(info, context, &bound, err);
    if (status == STATUS_OK)
        status = aead_seal_to(&tenant_key, bound, key_bytes, info->wrapped_key, err);
    if (status == STATUS_OK)
        status = chunked_seal(&file_key, section_context(info, "daybook/seg/v1", context), plain,
                              ret, err);
    if (status == STATUS_OK) {
        info->size_bytes = ret->size - start;
        info->crc = hash_crc32c(0, ret->data + start, ret->size - start);
    }
    OPENSSL_cleanse(&tenant_key, sizeof(tenant_key));
    OPENSSL_cleanse(&file_key, sizeof(file_key));
    return status;
}

enum status section_unwrap(struct keyring *keyring, const struct section_info *info,
                           struct key *ret, struct error *err)
{
    uint8_t context[SECTION_CONTEXT_BYTES_MAX + SHA256_BYTES];
    struct key tenant_key;
    struct slice sealed = {(const char *)info->wrapped_key, sizeof(info->wrapped_key)}, bound;
    enum status status = keyring_tenant_key(keyring, &info->tenant, KEY_PURPOSE_SEG, &tenant_key,
                                            err);

    if (status == STATUS_OK)
        status = bind_facts(info, context, &bound, err);
    if (status == STATUS_OK)
        status = aead_open_to(&tenant_key, bound, sealed, ret->bytes, err);
    if (status == STATUS_CORRUPT) /* wrapped by a program before, to its place alone */
        status = aead_open_to(&tenant_key, section_context(info, "daybook/segkey/v1", context),
                              sealed, ret->bytes, err);
    OPENSSL_cleanse(&tenant_key, sizeof(tenant_key));
    return status;
}

enum status section_index_seed(struct keyring *keyring, const struct guid *tenant, uint64_t *ret,
                               struct error *err)
{
    struct key key;
    enum status status = keyring_tenant_key(keyring, tenant, KEY_PURPOSE_INDEX, &key, err);

    if (status == STATUS_OK)
        hkdf_expand_sha256(key.bytes, slice_of(INDEX_SEED_LABEL), ret, sizeof(*ret));
    OPENSSL_cleanse(&key, sizeof(key));
    return status;
}
