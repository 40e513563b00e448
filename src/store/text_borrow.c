/* SPDX-License-Identifier: Apache-2.0 */
/* text_borrow.c - texts that are made of another column's (docs/format/segment.md,
 * "Donors"): sessions that several kinds of records name, addresses that end in a name.
 *
 * A reference is written as a step from the reference before: columns of the same rows
 * have their texts in the same order, so most steps are 1. */
#include "base/guid.h"
#include "base/map.h"
#include "base/term.h"
#include "store/column_priv.h"

#include <stdlib.h>

#define LENT_SHARE 4u /* of the texts' bytes: fronts beyond it are not kept apart */

/* Tokens of the references, behind each other. */
static enum status put_refs(const struct borrowing *b, struct packing how, struct buf *ret,
                            struct error *err)
{
    uint32_t *tokens = malloc((size_t)b->count * sizeof(*tokens) + 1), last = UINT32_MAX;

    if (tokens == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t i = 0; i < b->count; i++) {
        tokens[i] = 0;
        if (b->refs[i] == BORROW_NONE)
            continue;
        tokens[i] = 1 + (uint32_t)zigzag((int64_t)b->refs[i] - (int64_t)(uint32_t)(last + 1));
        last = b->refs[i];
    }
    enum status status = planes_put(ret, tokens, b->count, how, err);
    free(tokens);
    return status;
}

/* How many, their bytes, and the texts. */
static enum status put_own(const struct slice *texts, uint32_t count, bool are_guids,
                           struct packing how, struct buf *ret, uint8_t *ret_encoding,
                           struct error *err)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < count; i++)
        bytes += texts[i].size;
    buf_put_varint(ret, count);
    buf_put_varint(ret, bytes);
    if (count == 0 && are_guids) {
        *ret_encoding = TEXTS_GUID;
        stream_put_plain(ret, SLICE(""));
        return buf_check(ret, err);
    }
    return texts_encode(texts, count, how, true, ret, ret_encoding, err);
}

static enum status put_whole(const struct borrowing *b, bool are_guids, struct packing how,
                             struct buf *ret, uint8_t *ret_encoding, struct error *err)
{
    struct slice *own = malloc((size_t)b->count * sizeof(*own) + 1);
    uint32_t count = 0;

    if (own == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t i = 0; i < b->count; i++)
        if (b->refs[i] == BORROW_NONE)
            own[count++] = b->texts[i];
    enum status status = put_own(own, count, are_guids, how, ret, ret_encoding, err);
    free(own);
    return status;
}

/* What stands in front of the donor's texts: a dictionary of its own. */
static enum status put_fronts(const struct borrowing *b, struct packing how, struct buf *ret,
                              uint8_t *ret_encoding, struct error *err)
{
    uint32_t *tokens = malloc((size_t)b->count * sizeof(*tokens) + 1);
    struct slice *fronts = malloc((size_t)b->count * sizeof(*fronts) + 1);
    uint32_t count = 0;
    struct map map;
    enum status status = tokens == NULL || fronts == NULL ? ERROR_MEMORY(err) : STATUS_OK;

    map_init(&map);
    for (uint32_t i = 0; i < b->count && status == STATUS_OK; i++) {
        size_t end = b->refs[i] == BORROW_NONE ? 0 : b->donor[b->refs[i]].size;
        struct slice front = slice_head(b->texts[i], b->texts[i].size - end);
        bool is_new = false;
        struct map_entry *entry = map_put(&map, front, &is_new, err);
        if (entry == NULL) {
            status = err->status;
        } else if (is_new) {
            entry->value = count;
            fronts[count++] = front;
            tokens[i] = 0;
        } else {
            tokens[i] = 1 + (uint32_t)entry->value;
        }
    }
    if (status == STATUS_OK)
        status = planes_put(ret, tokens, b->count, how, err);
    if (status == STATUS_OK)
        status = put_own(fronts, count, false, how, ret, ret_encoding, err);
    map_release(&map);
    free(tokens);
    free(fronts);
    return status;
}

enum status borrow_encode(const struct borrowing *b, bool are_guids, struct packing how,
                          struct buf *ret, uint8_t *ret_encoding, struct error *err)
{
    buf_put_u8(ret, (uint8_t)b->mode);
    enum status status = put_refs(b, how, ret, err);
    if (status == STATUS_OK)
        status = b->mode == BORROW_WHOLE
                     ? put_whole(b, are_guids, how, ret, ret_encoding, err)
                     : put_fronts(b, how, ret, ret_encoding, err);
    return status == STATUS_OK ? buf_check(ret, err) : status;
}

/* ---- reading ---- */

struct borrowed {
    uint32_t count;        /* of texts */
    uint32_t *refs;        /* count */
    uint32_t *fronts;      /* count; BORROW_ENDS */
    struct column_entry own; /* what there is of own texts */
    struct slice *texts;   /* own.dict_count */
    const struct guid *guids;
    struct cache_memory memory; /* of the own texts */
};

static enum status corrupt(struct error *err)
{
    return ERROR_SET(err, STATUS_CORRUPT, "a column's borrowed texts do not decode");
}

static enum status get_refs(struct reader *reader, uint32_t donor_count, struct arena *scratch,
                            struct borrowed *ret, struct error *err)
{
    uint32_t count = 0, last = UINT32_MAX;
    enum status status = planes_get(reader, scratch, &ret->refs, &count, err);

    if (status != STATUS_OK)
        return status;
    if (count != ret->count)
        return corrupt(err);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t token = ret->refs[i];
        ret->refs[i] = BORROW_NONE;
        if (token == 0)
            continue;
        int64_t ref = (int64_t)(uint32_t)(last + 1) + unzigzag(token - 1);
        if (ref < 0 || ref >= donor_count)
            return corrupt(err);
        ret->refs[i] = last = (uint32_t)ref;
    }
    return STATUS_OK;
}

static enum status get_own(const struct column_entry *entry, struct reader *reader,
                           struct arena *scratch, struct borrowed *ret, struct error *err)
{
    uint64_t count = reader_varint(reader), bytes = reader_varint(reader);

    if (reader->failed || count > ret->count || bytes > entry->text_bytes)
        return corrupt(err);
    ret->own = (struct column_entry){.texts = entry->texts,
                                     .dict_count = (uint32_t)count,
                                     .text_bytes = (uint32_t)bytes};
    if (texts_are_guids(entry->texts))
        return guids_decode(&ret->own, reader, scratch, &ret->memory, &ret->guids, err);
    ret->texts = arena_alloc_raw(scratch, (size_t)count * sizeof(*ret->texts) + 1, err);
    return ret->texts == NULL
               ? err->status
               : texts_decode(&ret->own, reader, scratch, &ret->memory, ret->texts, err);
}

static enum status get_fronts(struct reader *reader, struct arena *scratch, struct borrowed *ret,
                              struct error *err)
{
    uint32_t count = 0, fresh = 0;
    enum status status = planes_get(reader, scratch, &ret->fronts, &count, err);

    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t token = ret->fronts[i];
        if (token > fresh)
            return corrupt(err);
        ret->fronts[i] = token == 0 ? fresh++ : token - 1;
    }
    return count == ret->count ? STATUS_OK : corrupt(err);
}

/* A donor that is the same as a third column has texts only. */
static bool donor_guid(const struct path_column *donor, uint32_t code, struct guid *ret)
{
    if (donor->guids != NULL) {
        *ret = donor->guids[code];
        return true;
    }
    return donor->dict != NULL && donor->dict[code].size == GUID_TEXT_BYTES &&
           guid_parse_lower(donor->dict[code].data, ret);
}

static enum status make_guids(const struct column_entry *entry, const struct borrowed *b,
                              const struct path_column *donor, struct cache_memory *memory,
                              struct path_column *ret, struct error *err)
{
    uint32_t next = 0;

    if (entry->text_bytes != (uint64_t)b->count * GUID_TEXT_BYTES)
        return corrupt(err);
    struct guid *guids = cache_memory_alloc(memory, (size_t)b->count * sizeof(*guids) + 1, err);
    if (guids == NULL)
        return err->status;
    for (uint32_t i = 0; i < b->count; i++) {
        bool is_borrowed = b->refs[i] != BORROW_NONE;
        if (is_borrowed ? !donor_guid(donor, b->refs[i], &guids[i]) : next == b->own.dict_count)
            return corrupt(err);
        if (!is_borrowed)
            guids[i] = b->guids[next++];
    }
    ret->guids = guids;
    return next == b->own.dict_count ? STATUS_OK : corrupt(err);
}

/* The fronts, or own texts, and an empty one. */
static enum status keep_fronts(const struct borrowed *b, struct cache_memory *memory,
                               struct lent_texts *ret, struct error *err)
{
    uint32_t own = b->own.dict_count;
    struct slice *texts = cache_memory_alloc(memory, (own + (size_t)1) * sizeof(*texts), err);
    char *at = cache_memory_alloc(memory, (size_t)b->own.text_bytes + 1, err);
    uint8_t *odd = cache_memory_alloc(memory, own + (size_t)1, err);

    if (texts == NULL || at == NULL || odd == NULL)
        return err->status;
    for (uint32_t i = 0; i < own; i++) {
        struct slice text = b->texts[i];
        if (text.size > 0)
            memcpy(at, text.data, text.size);
        texts[i] = (struct slice){at, text.size};
        odd[i] = text.size > 0 && (term_has(text, text.size - 1) ||
                                   memchr(text.data, '\\', text.size) != NULL);
        at += text.size;
    }
    texts[own] = (struct slice){at, 0};
    odd[own] = 0;
    ret->front_texts = texts;
    ret->odd_fronts = odd;
    ret->front_count = own + 1;
    return STATUS_OK;
}

/* What the texts are made of stays known. */
static enum status keep_lent(const struct column_entry *entry, const struct borrowed *b,
                             const struct path_column *donor, struct cache_memory *memory,
                             struct path_column *ret, struct error *err)
{
    size_t room = (size_t)b->count * sizeof(uint16_t) + 1;
    uint32_t next = 0;

    if (b->own.text_bytes > entry->text_bytes / LENT_SHARE ||
        donor->dict_count > UINT16_MAX || b->own.dict_count > UINT16_MAX)
        return STATUS_OK;
    struct lent_texts *lent = cache_memory_alloc(memory, sizeof(*lent), err);
    uint16_t *codes = cache_memory_alloc(memory, room, err);
    uint16_t *fronts = cache_memory_alloc(memory, room, err);
    if (lent == NULL || codes == NULL || fronts == NULL)
        return err->status;
    for (uint32_t i = 0; i < b->count; i++) {
        bool is_borrowed = b->refs[i] != BORROW_NONE;
        codes[i] = (uint16_t)(is_borrowed ? b->refs[i] : donor->dict_count);
        fronts[i] = (uint16_t)(b->fronts != NULL ? b->fronts[i]
                               : is_borrowed     ? b->own.dict_count
                                                 : next++);
    }
    *lent = (struct lent_texts){.donor = entry->donor, .codes = codes, .fronts = fronts};
    enum status status = keep_fronts(b, memory, lent, err);
    if (status == STATUS_OK)
        ret->lent = lent;
    return status;
}

/* Fills the block that all texts stand in. */
static enum status make_texts(const struct column_entry *entry, const struct borrowed *b,
                              const struct path_column *donor, struct cache_memory *memory,
                              struct path_column *ret, struct error *err)
{
    char *at = cache_memory_alloc(memory, (size_t)entry->text_bytes + 1, err);
    uint32_t next = 0;

    if (at == NULL)
        return err->status;
    const char *end = at + entry->text_bytes;
    for (uint32_t i = 0; i < b->count; i++) {
        bool is_borrowed = b->refs[i] != BORROW_NONE;
        struct slice parts[2] = {{"", 0}, {"", 0}};
        uint32_t own = b->fronts != NULL ? b->fronts[i] : is_borrowed ? UINT32_MAX : next++;
        if (own != UINT32_MAX && own >= b->own.dict_count)
            return corrupt(err);
        if (own != UINT32_MAX)
            parts[0] = b->texts[own];
        if (is_borrowed)
            parts[1] = donor->dict[b->refs[i]];
        size_t size = parts[0].size + parts[1].size;
        if (size > (size_t)(end - at))
            return corrupt(err);
        memcpy(at, parts[0].data, parts[0].size);
        memcpy(at + parts[0].size, parts[1].data, parts[1].size);
        ret->dict[i] = (struct slice){at, size};
        at += size;
    }
    return at == end ? keep_lent(entry, b, donor, memory, ret, err) : corrupt(err);
}

enum status borrow_decode(const struct column_entry *entry, const struct path_column *donor,
                          struct reader *reader, struct arena *scratch,
                          struct cache_memory *memory, struct path_column *ret,
                          struct error *err)
{
    struct borrowed b = {.count = entry->dict_count,
                         .memory = {.bytes_max = COLUMN_STREAM_BYTES_MAX}};
    bool are_guids = texts_are_guids(entry->texts);
    uint8_t mode = reader_u8(reader);

    if ((mode != BORROW_WHOLE && mode != BORROW_ENDS) || (mode == BORROW_ENDS && are_guids) ||
        (!are_guids && donor->dict == NULL))
        return corrupt(err);
    enum status status = get_refs(reader, donor->dict_count, scratch, &b, err);
    if (status == STATUS_OK && mode == BORROW_ENDS)
        status = get_fronts(reader, scratch, &b, err);
    if (status == STATUS_OK)
        status = get_own(entry, reader, scratch, &b, err);
    if (status == STATUS_OK)
        status = are_guids ? make_guids(entry, &b, donor, memory, ret, err)
                           : make_texts(entry, &b, donor, memory, ret, err);
    cache_memory_free(&b.memory);
    return status;
}
