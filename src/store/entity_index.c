/* SPDX-License-Identifier: Apache-2.0 */
/* entity_index.c - which blocks of rows hold an identifier
 * (docs/format/segment.md, "Entity index").
 *
 * Entries are (fingerprint, block), sorted; entries of one fingerprint share
 * it.  A page holds whole fingerprints only, so one page answers a probe. */
#include "base/guid.h"
#include "base/hash.h"
#include "codec/json.h"
#include "store/section_priv.h"

#include <stdlib.h>

#define VALUE_BYTES_MIN 6u
#define VALUE_BYTES_MAX 256u
#define DISTINCT_MIN 64u
#define BLOCK_BITS 6u
#define SPARE_BITS 12u /* one false alarm in 4,096 probes */

_Static_assert(SECTION_BLOCKS_MAX == 1u << BLOCK_BITS, "block numbers have six bits");

bool entity_is_indexed(struct slice value)
{
    return value.size >= VALUE_BYTES_MIN && value.size <= VALUE_BYTES_MAX;
}

uint32_t entity_fingerprint(uint64_t seed, struct slice value)
{
    char folded[VALUE_BYTES_MAX];
    size_t size = value.size < VALUE_BYTES_MAX ? value.size : VALUE_BYTES_MAX;

    for (size_t i = 0; i < size; i++) {
        char c = value.data[i];
        folded[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    return (uint32_t)(hash_xxh3(folded, size, seed) >> 32);
}

/* GUID, e-mail or IP address: indexed even when there are few of them. */
static bool looks_like_identifier(struct slice text)
{
    struct guid guid;
    size_t dots = 0, digits = 0;

    if (text.size < VALUE_BYTES_MIN)
        return false;
    if (guid_parse(text, &guid) || slice_find_byte(text, '@', 1) != SIZE_MAX)
        return true;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        dots += c == '.' || c == ':' ? 1 : 0;
        digits += (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ? 1 : 0;
    }
    return dots >= 2 && dots + digits == text.size;
}

static bool wants_index(const struct path_column *column)
{
    return !column->is_array && !column->is_object && column->dict_count > 0 &&
           (column->dict_count > DISTINCT_MIN || looks_like_identifier(column->dict[0]));
}

struct entries {
    uint64_t *keys; /* fingerprint << BLOCK_BITS | block */
    size_t count, capacity;
};

static enum status add_entry(struct entries *entries, uint64_t key, struct error *err)
{
    if (entries->count == entries->capacity) {
        size_t capacity = entries->capacity == 0 ? 4096 : entries->capacity * 2;
        uint64_t *keys = realloc(entries->keys, capacity * sizeof(*keys));
        if (keys == NULL)
            return ERROR_MEMORY(err);
        entries->keys = keys;
        entries->capacity = capacity;
    }
    entries->keys[entries->count++] = key;
    return STATUS_OK;
}

#define NOT_INDEXED UINT64_MAX

/* The fingerprints of a dictionary; NOT_INDEXED for texts that have none. */
static enum status dict_fingerprints(const struct path_column *column, uint64_t seed,
                                     uint64_t *ret, struct error *err)
{
    struct buf plain;
    enum status status = STATUS_OK;

    buf_init(&plain, RECORD_BYTES_MAX);
    for (uint32_t i = 0; i < column->dict_count && status == STATUS_OK; i++) {
        struct slice text = column->dict[i];
        if (column->has_escapes && text.size <= VALUE_BYTES_MAX * 6 &&
            slice_find_byte(text, '\\', 0) != SIZE_MAX) {
            buf_clear(&plain);
            json_unescape(text, &plain);
            status = buf_check(&plain, err);
            text = buf_slice(&plain);
        }
        ret[i] = entity_is_indexed(text) ? entity_fingerprint(seed, text) : NOT_INDEXED;
    }
    buf_release(&plain);
    return status;
}

static enum status add_column(const struct part *part, const struct path_uses *uses,
                              uint32_t path, uint64_t seed, struct entries *entries,
                              struct error *err)
{
    const struct path_column *column = &part->paths[path];
    uint32_t *rows = malloc((size_t)column->value_count * sizeof(*rows) + 1);
    uint64_t *prints = malloc((size_t)column->dict_count * sizeof(*prints));
    uint8_t *last = malloc((size_t)column->dict_count + 1);
    enum status status = rows == NULL || prints == NULL || last == NULL
                             ? ERROR_MEMORY(err)
                             : part_value_rows(part, uses, path, rows, err);

    if (status == STATUS_OK)
        status = dict_fingerprints(column, seed, prints, err);
    if (status == STATUS_OK)
        memset(last, UINT8_MAX, column->dict_count);
    for (uint32_t v = 0; v < column->value_count && status == STATUS_OK; v++) {
        uint32_t code = column->codes[v], block = rows[v] / INDEX_BLOCK_ROWS;
        if (prints[code] == NOT_INDEXED || last[code] == block)
            continue;
        last[code] = (uint8_t)block;
        status = add_entry(entries, prints[code] << BLOCK_BITS | block, err);
    }
    free(rows);
    free(prints);
    free(last);
    return status;
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* LSD radix sort, 13 bits a pass over the 38 that are used. */
static enum status sort_entries(struct entries *entries, struct error *err)
{
    enum { RADIX_BITS = 13, RADIX = 1 << RADIX_BITS, PASSES = 3 };
    size_t count = entries->count, out = 0;

    if (count < RADIX) {
        qsort(entries->keys, count, sizeof(*entries->keys), compare_keys);
    } else {
        uint64_t *from = entries->keys, *to = malloc(count * sizeof(*to));
        size_t *starts = malloc(RADIX * sizeof(*starts));
        if (to == NULL || starts == NULL) {
            free(to);
            free(starts);
            return ERROR_MEMORY(err);
        }
        for (unsigned shift = 0; shift < PASSES * RADIX_BITS; shift += RADIX_BITS) {
            size_t at = 0;
            memset(starts, 0, RADIX * sizeof(*starts));
            for (size_t i = 0; i < count; i++)
                starts[from[i] >> shift & (RADIX - 1)]++;
            for (size_t b = 0; b < RADIX; b++) {
                size_t n = starts[b];
                starts[b] = at;
                at += n;
            }
            for (size_t i = 0; i < count; i++)
                to[starts[from[i] >> shift & (RADIX - 1)]++] = from[i];
            uint64_t *swap = from;
            from = to;
            to = swap;
        }
        free(to);
        free(starts);
        entries->keys = from;
        entries->capacity = count;
    }
    for (size_t i = 0; i < count; i++)
        if (i == 0 || entries->keys[i] != entries->keys[i - 1])
            entries->keys[out++] = entries->keys[i];
    entries->count = out;
    return STATUS_OK;
}

/* ---- bits, least significant first ---- */

struct bit_writer {
    struct buf *buf;
    uint64_t bits;
    unsigned count;
};

static void put_bits(struct bit_writer *w, uint64_t value, unsigned count)
{
    w->bits |= value << w->count;
    w->count += count;
    for (; w->count >= 8; w->count -= 8, w->bits >>= 8)
        buf_put_u8(w->buf, (uint8_t)w->bits);
}

static void flush_bits(struct bit_writer *w)
{
    if (w->count > 0)
        buf_put_u8(w->buf, (uint8_t)w->bits);
    *w = (struct bit_writer){w->buf, 0, 0};
}

struct bit_reader {
    struct slice bytes;
    uint64_t at, end; /* bits */
    bool failed;
};

#define WINDOW_BITS 57u /* that a window holds wherever it begins in a byte */

/* The next bits, the first one lowest; zeros behind the end. */
static uint64_t window(const struct bit_reader *r)
{
    uint8_t bytes[8] = {0};
    size_t from = r->at >> 3, left = r->bytes.size - from;
    uint64_t value = 0;

    if (left >= sizeof(bytes))
        memcpy(bytes, r->bytes.data + from, sizeof(bytes));
    else
        memcpy(bytes, r->bytes.data + from, left);
    for (unsigned i = 0; i < sizeof(bytes); i++) /* one load where integers are little-endian */
        value |= (uint64_t)bytes[i] << (8 * i);
    return value >> (r->at & 7);
}

/* count < WINDOW_BITS */
static uint64_t get_bits(struct bit_reader *r, unsigned count)
{
    if (r->failed || r->end - r->at < count) {
        r->failed = true;
        return 0;
    }
    if (count == 0)
        return 0;
    uint64_t value = window(r) & ((UINT64_C(1) << count) - 1);
    r->at += count;
    return value;
}

static uint64_t get_unary(struct bit_reader *r)
{
    uint64_t n = 0;

    while (!r->failed && r->at < r->end) {
        uint64_t left = r->end - r->at, take = left < WINDOW_BITS ? left : WINDOW_BITS;
        uint64_t bits = window(r) & ((UINT64_C(1) << take) - 1);
        if (bits != 0) {
            unsigned zeros = (unsigned)__builtin_ctzll(bits);
            r->at += zeros + 1;
            return n + zeros;
        }
        n += take;
        r->at += take;
    }
    r->failed = true;
    return 0;
}

static void put_rice(struct bit_writer *w, uint64_t value, unsigned k)
{
    for (uint64_t q = value >> k; q > 0; q--)
        put_bits(w, 0, 1);
    put_bits(w, 1, 1);
    put_bits(w, value & ((UINT64_C(1) << k) - 1), k);
}

static uint64_t get_rice(struct bit_reader *r, unsigned k)
{
    uint64_t q = get_unary(r);

    return q << k | get_bits(r, k);
}

/* page = varint fingerprints | u8 k | per fingerprint: rice(step, k), block
 * count - 1 in unary, the blocks. */
static size_t put_page(const struct entries *entries, size_t from, unsigned shift,
                       struct buf *pages, uint32_t *ret_first)
{
    size_t end = from, prints = 0;
    uint64_t first = entries->keys[from] >> BLOCK_BITS >> shift, last = first;

    for (uint64_t p = UINT64_MAX; end < entries->count; end++) {
        uint64_t print = entries->keys[end] >> BLOCK_BITS >> shift;
        if (print == p)
            continue;
        if (end - from >= INDEX_PAGE_ENTRIES)
            break;
        p = print;
        last = print;
        prints++;
    }
    uint64_t mean = (last - first) / prints;
    unsigned k = 0;
    while (k < 31 && (UINT64_C(1) << (k + 1)) <= mean)
        k++;
    buf_put_varint(pages, prints);
    buf_put_u8(pages, (uint8_t)k);
    struct bit_writer w = {pages, 0, 0};
    last = first;
    for (size_t i = from; i < end;) {
        uint64_t print = entries->keys[i] >> BLOCK_BITS >> shift;
        uint64_t blocks = 0;
        for (; i < end && entries->keys[i] >> BLOCK_BITS >> shift == print; i++)
            blocks |= UINT64_C(1) << (entries->keys[i] & (SECTION_BLOCKS_MAX - 1));
        put_rice(&w, print - last, k);
        put_rice(&w, (uint64_t)__builtin_popcountll(blocks) - 1, 0);
        for (; blocks != 0; blocks &= blocks - 1)
            put_bits(&w, (uint64_t)__builtin_ctzll(blocks), BLOCK_BITS);
        last = print;
    }
    flush_bits(&w);
    *ret_first = (uint32_t)first;
    return end;
}

enum status entity_index_build(const struct part *part, const struct path_uses *uses,
                               uint64_t seed, struct column_entry *columns,
                               struct entity_index *ret, struct error *err)
{
    struct entries entries = {0};
    enum status status = STATUS_OK;
    unsigned bits = SPARE_BITS;

    ret->page_count = 0;
    for (uint32_t p = 0; p < part->path_count && status == STATUS_OK; p++) {
        if (!wants_index(&part->paths[p]))
            continue;
        columns[p].is_indexed = true;
        /* the same values: the entries are there already */
        if (columns[p].codes != CODES_SAME || !wants_index(&part->paths[columns[p].base]))
            status = add_column(part, uses, p, seed, &entries, err);
    }
    if (status == STATUS_OK && entries.count > 0)
        status = sort_entries(&entries, err);
    while (bits < 32 && (UINT64_C(1) << (bits - SPARE_BITS)) < entries.count)
        bits++;
    buf_put_u8(&ret->directory, (uint8_t)bits);
    for (size_t i = 0; i < entries.count && status == STATUS_OK;) {
        size_t start = ret->pages.size;
        uint32_t first = 0;
        i = put_page(&entries, i, 32 - bits, &ret->pages, &first);
        buf_put_u32(&ret->directory, first);
        buf_put_varint(&ret->directory, ret->pages.size - start);
        ret->page_count++;
        status = buf_check(&ret->pages, err);
    }
    free(entries.keys);
    return status;
}

uint32_t entity_index_page(const struct index_page *pages, uint32_t count, uint32_t fingerprint)
{
    uint32_t low = 0, high = count;

    if (count == 0 || pages[0].first > fingerprint)
        return UINT32_MAX;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (pages[middle].first <= fingerprint)
            low = middle;
        else
            high = middle;
    }
    return low;
}

enum status entity_index_probe(struct slice page, uint32_t first, uint32_t fingerprint,
                               uint64_t *ret_blocks, struct error *err)
{
    struct reader reader = reader_from(page.data, page.size);
    uint64_t prints = reader_varint(&reader), at = first;
    uint8_t k = reader_u8(&reader);
    struct slice bytes = {(const char *)reader.at, reader_left(&reader)};
    struct bit_reader bits = {bytes, 0, (uint64_t)bytes.size * 8, reader.failed || k > 31};

    *ret_blocks = 0;
    for (uint64_t i = 0; i < prints && !bits.failed && at <= fingerprint; i++) {
        uint64_t blocks = 0;
        at += get_rice(&bits, k);
        for (uint64_t n = get_unary(&bits) + 1; n > 0 && !bits.failed; n--)
            blocks |= UINT64_C(1) << get_bits(&bits, BLOCK_BITS);
        if (at == fingerprint)
            *ret_blocks = blocks;
    }
    return bits.failed ? ERROR_SET(err, STATUS_CORRUPT, "a page of the index does not decode")
                       : STATUS_OK;
}
