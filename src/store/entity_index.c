/* SPDX-License-Identifier: Apache-2.0 */
/* entity_index.c - which blocks of rows hold an identifier or a word, and in which
 * columns (docs/format/segment.md, "Index").
 *
 * Entries are (fingerprint, path, block), sorted; entries of one fingerprint share
 * it.  A page holds whole fingerprints only, so one page answers a probe. */
#include "base/bits.h"
#include "base/check.h"
#include "base/guid.h"
#include "base/hash.h"
#include "codec/json.h"
#include "store/section_priv.h"
#include "store/words_priv.h"

#include <stdlib.h>

#define VALUE_BYTES_MIN 6u
#define VALUE_BYTES_MAX 256u
#define DISTINCT_MIN 64u
#define BLOCK_BITS 6u
#define PATH_BITS 16u
#define PRINT_SHIFT (PATH_BITS + BLOCK_BITS)
#define SPARE_BITS 10u /* of a fingerprint, beyond those that tell the entries apart */
#define LISTED_MAX 7u  /* more blocks of a path are a set of bits */
#define RECENT_COUNT 1024u

_Static_assert(PART_PATHS_MAX * 4 <= 1u << PATH_BITS, "a path number has 16 bits");
_Static_assert(SECTION_BLOCKS_MAX == 1u << BLOCK_BITS, "block numbers have six bits");

bool entity_is_indexed(struct slice value)
{
    return value.size >= VALUE_BYTES_MIN && value.size <= VALUE_BYTES_MAX;
}

/* ASCII upper case to lower, of eight bytes. */
static uint64_t fold_word(uint64_t bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t low = bytes & 127 * ones;
    uint64_t from_a = low + (128 - 'A') * ones, behind_z = low + (127 - 'Z') * ones;
    uint64_t upper = (from_a ^ behind_z) & ~bytes & 128 * ones;

    return bytes | upper >> 2;
}

static void fold_eight(const char *text, char *ret)
{
    uint64_t bytes;

    memcpy(&bytes, text, sizeof(bytes));
    bytes = fold_word(bytes);
    memcpy(ret, &bytes, sizeof(bytes));
}

/* The last eight bytes may overlap those before: no copy of a size that is not known. */
static void fold(const char *text, size_t size, char *ret)
{
    size_t at = 0;

    for (; size - at >= sizeof(uint64_t); at += sizeof(uint64_t))
        fold_eight(text + at, ret + at);
    if (at > 0 && at < size)
        fold_eight(text + size - sizeof(uint64_t), ret + size - sizeof(uint64_t));
    for (; at == 0 && size > 0; size--)
        ret[size - 1] = (char)fold_word((unsigned char)text[size - 1]);
}

/* Of a text without upper case. */
static uint32_t folded_fingerprint(uint64_t seed, struct slice unit)
{
    uint64_t hash = seed;

    for (size_t at = 0; at == 0 || at < unit.size; at += VALUE_BYTES_MAX) {
        size_t left = unit.size - at;
        hash = hash_xxh3(unit.data + at, left < VALUE_BYTES_MAX ? left : VALUE_BYTES_MAX, hash);
    }
    return (uint32_t)(hash >> 32);
}

uint32_t entity_fingerprint(uint64_t seed, struct slice unit)
{
    char folded[VALUE_BYTES_MAX];
    uint64_t hash = seed;

    for (size_t at = 0; at == 0 || at < unit.size; at += sizeof(folded)) {
        size_t left = unit.size - at, size = left < sizeof(folded) ? left : sizeof(folded);
        fold(unit.data + at, size, folded);
        hash = hash_xxh3(folded, size, hash);
    }
    return (uint32_t)(hash >> 32);
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
    uint64_t *keys; /* fingerprint, path, block */
    size_t count, capacity;
    uint64_t recent[RECENT_COUNT]; /* keys that came lately, not to be added again */
    uint64_t seed;
};

static enum status add_entry(struct entries *entries, uint64_t key, struct error *err)
{
    uint64_t *recent = &entries->recent[hash_u64(key) & (RECENT_COUNT - 1)];

    if (*recent == key + 1)
        return STATUS_OK;
    *recent = key + 1;
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

static uint64_t key_of(uint64_t print, uint32_t path, uint64_t block)
{
    return print << PRINT_SHIFT | (uint64_t)path << BLOCK_BITS | block;
}

/* Puts the entries from `start` on, all of one path, in the order of their blocks. */
static enum status order_blocks(struct entries *entries, size_t start, struct error *err)
{
    size_t starts[SECTION_BLOCKS_MAX + 1] = {0}, count = entries->count - start;
    uint64_t *keys = entries->keys + start, last = 0;
    bool is_rising = true;

    for (size_t i = 0; i < count; i++) {
        uint64_t block = keys[i] & (SECTION_BLOCKS_MAX - 1);
        is_rising &= block >= last;
        last = block;
        starts[block + 1]++;
    }
    if (is_rising)
        return STATUS_OK;
    uint64_t *ordered = malloc(count * sizeof(*ordered));
    if (ordered == NULL)
        return ERROR_MEMORY(err);
    for (size_t b = 1; b < SECTION_BLOCKS_MAX; b++)
        starts[b] += starts[b - 1];
    for (size_t i = 0; i < count; i++)
        ordered[starts[keys[i] & (SECTION_BLOCKS_MAX - 1)]++] = keys[i];
    memcpy(keys, ordered, count * sizeof(*ordered));
    free(ordered);
    return STATUS_OK;
}

/* What a column needs, kept for the next one. */
struct prints {
    struct buf buf;    /* fingerprints of its texts, one list behind the other: uint32_t each */
    struct buf folded; /* the text at hand */
    struct buf ends;   /* a text: where its list ends; uint32_t */
    struct buf rows;   /* a value: its row; uint32_t */
    struct buf last;   /* a text: the last block that has it */
};

static void prints_init(struct prints *prints)
{
    buf_init(&prints->buf, GIB);
    buf_init(&prints->folded, RECORD_BYTES_MAX + WORDS_ROOM_BYTES);
    buf_init(&prints->ends, GIB);
    buf_init(&prints->rows, GIB);
    buf_init(&prints->last, GIB);
}

static void prints_release(struct prints *prints)
{
    buf_release(&prints->buf);
    buf_release(&prints->folded);
    buf_release(&prints->ends);
    buf_release(&prints->rows);
    buf_release(&prints->last);
}

/* Room for `size` bytes in place of what is there, and never none. */
static void *room_in(struct buf *buf, size_t size)
{
    buf_clear(buf);
    return buf_extend(buf, size + 1);
}

static void add_print(struct prints *prints, uint32_t print)
{
    if (prints->buf.capacity - prints->buf.size < sizeof(print)) {
        buf_add(&prints->buf, &print, sizeof(print));
        return;
    }
    memcpy(prints->buf.data + prints->buf.size, &print, sizeof(print));
    prints->buf.size += sizeof(print);
}

/* whole: a text without a strong term is a unit itself. */
static void add_units(struct prints *prints, uint64_t seed, struct slice text, bool whole)
{
    size_t room = text.size + WORDS_ROOM_BYTES;
    if (room > prints->folded.capacity && !buf_reserve(&prints->folded, room))
        return; /* the caller asks the buffer */
    fold(text.data, text.size, prints->folded.data);
    struct words words = {.text = slice_from(prints->folded.data, text.size), .has_room = true};
    struct slice unit;
    while (words_next(&words, &unit))
        add_print(prints, folded_fingerprint(seed, unit));
    if (whole && entity_is_indexed(text) && !words.any_strong)
        add_print(prints, folded_fingerprint(seed, words.text));
}

/* The units of a dictionary's texts; whole: texts without a strong term too. */
static enum status dict_prints(const struct path_column *column, uint64_t seed, bool whole,
                               struct prints *ret, struct error *err)
{
    uint32_t *ends = room_in(&ret->ends, column->dict_count * sizeof(*ends));
    struct buf plain;

    if (ends == NULL)
        return ERROR_MEMORY(err);
    buf_clear(&ret->buf);

    buf_init(&plain, RECORD_BYTES_MAX);
    for (uint32_t i = 0; i < column->dict_count; i++) {
        struct slice text = column->dict[i];
        if (column->has_escapes && slice_find_byte(text, '\\', 0) != SIZE_MAX) {
            add_units(ret, seed, text, false); /* JSON shows it like that */
            buf_clear(&plain);
            json_unescape(text, &plain);
            text = buf_slice(&plain);
        }
        add_units(ret, seed, text, whole);
        ends[i] = (uint32_t)(ret->buf.size / sizeof(uint32_t));
    }
    enum status status = buf_check(&plain, err);
    buf_release(&plain);
    if (status == STATUS_OK)
        status = buf_check(&ret->folded, err);
    return status == STATUS_OK ? buf_check(&ret->buf, err) : status;
}

static enum status add_column(const struct part *part, const struct path_uses *uses,
                              uint32_t path, bool whole, struct prints *prints,
                              struct entries *entries, struct error *err)
{
    const struct path_column *column = &part->paths[path];
    size_t start = entries->count;
    uint32_t *rows = room_in(&prints->rows, (size_t)column->value_count * sizeof(*rows));
    uint8_t *last = room_in(&prints->last, column->dict_count);
    enum status status = rows == NULL || last == NULL
                             ? ERROR_MEMORY(err)
                             : part_value_rows(part, uses, path, rows, err);

    if (status == STATUS_OK)
        status = dict_prints(column, entries->seed, whole, prints, err);
    if (status != STATUS_OK)
        return status;
    memset(last, UINT8_MAX, column->dict_count);
    const uint32_t *units = (const uint32_t *)(const void *)prints->buf.data;
    const uint32_t *ends = (const uint32_t *)(const void *)prints->ends.data;
    for (uint32_t v = 0; v < column->value_count && status == STATUS_OK; v++) {
        uint32_t code = code_at(column->codes, v), block = rows[v] / INDEX_BLOCK_ROWS;
        if (last[code] == block)
            continue;
        last[code] = (uint8_t)block;
        for (uint32_t i = code == 0 ? 0 : ends[code - 1]; i < ends[code] && status == STATUS_OK;
             i++)
            status = add_entry(entries, key_of(units[i], path, block), err);
    }
    return status == STATUS_OK ? order_blocks(entries, start, err) : status;
}

/* The blocks of the elements of one array path, a bit each, by the shape of the element. */
static enum status add_element_blocks(const struct part *part, const struct path_uses *uses,
                                      uint32_t path, uint64_t *blocks, struct error *err)
{
    const struct path_column *array = &part->paths[path];
    const uint32_t *starts = array->value_starts, *shapes = array->element_shapes;
    uint32_t *rows = malloc(((size_t)array->value_count + 1) * sizeof(*rows));
    enum status status =
        rows == NULL ? ERROR_MEMORY(err) : part_value_rows(part, uses, path, rows, err);

    for (uint32_t v = 0; v < array->value_count && status == STATUS_OK; v++) {
        uint64_t block = UINT64_C(1) << (rows[v] / INDEX_BLOCK_ROWS);
        if (shapes == NULL && starts[v] < starts[v + 1])
            blocks[array->only_shape] |= block;
        for (uint32_t e = starts[v]; shapes != NULL && e < starts[v + 1]; e++)
            blocks[shapes[e]] |= block;
    }
    free(rows);
    return status;
}

/* By path: has a shape of its elements words in its literals?  Those of texts and numbers have
 * none, and to find the rows of elements takes a walk over all that are around them. */
static void find_worded(const struct part *part, bool *ret)
{
    for (uint32_t s = part->root_shape_count; s < part->shape_count; s++) {
        struct words words = {.text = part->shapes[s].literals};
        uint32_t path = part->shapes[s].parent_path;
        struct slice unit;
        ret[path] = ret[path] || words_next(&words, &unit);
    }
}

/* The blocks that have a shape, a bit each.  Its literals are entered there and nowhere else: in
 * all blocks, those of elements that one row has would take many times what they took in it. */
static enum status find_shape_blocks(const struct part *part, const struct path_uses *uses,
                                     uint64_t *ret, struct error *err)
{
    bool *worded = calloc((size_t)part->path_count + 1, sizeof(*worded));
    enum status status = STATUS_OK;

    if (worded == NULL)
        return ERROR_MEMORY(err);
    find_worded(part, worded);
    for (uint32_t s = 0; s < part->root_shape_count; s++) {
        const struct shape *shape = &part->shapes[s];
        uint32_t end = shape->row_begin + shape->row_count;
        for (uint32_t row = shape->row_begin; row < end;
             row = (row / INDEX_BLOCK_ROWS + 1) * INDEX_BLOCK_ROWS)
            ret[s] |= UINT64_C(1) << (row / INDEX_BLOCK_ROWS);
    }
    for (uint32_t p = 0; p < part->path_count && status == STATUS_OK; p++) {
        if (worded[p] && part->paths[p].element_count > 0)
            status = add_element_blocks(part, uses, p, ret, err);
    }
    free(worded);
    return status;
}

/* The literals of shapes stand for path 0. */
static enum status add_literals(const struct part *part, const struct path_uses *uses,
                                struct entries *entries, struct error *err)
{
    uint64_t *blocks = calloc((size_t)part->shape_count + 1, sizeof(*blocks));
    enum status status =
        blocks == NULL ? ERROR_MEMORY(err) : find_shape_blocks(part, uses, blocks, err);

    for (uint32_t s = 0; s < part->shape_count && status == STATUS_OK; s++) {
        struct words words = {.text = part->shapes[s].literals};
        struct slice unit;
        if (part->shapes[s].is_raw || blocks[s] == 0)
            continue;
        while (status == STATUS_OK && words_next(&words, &unit)) {
            uint64_t print = entity_fingerprint(entries->seed, unit);
            for (uint64_t left = blocks[s]; left != 0 && status == STATUS_OK; left &= left - 1) {
                uint64_t block = (uint64_t)__builtin_ctzll(left);
                status = add_entry(entries, key_of(print, 0, block), err);
            }
        }
    }
    free(blocks);
    return status == STATUS_OK ? order_blocks(entries, 0, err) : status;
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* LSD radix sort, 11 bits a pass, over the fingerprints: paths came in order, and the
 * blocks of each are. */
static enum status sort_entries(struct entries *entries, struct error *err)
{
    enum { RADIX_BITS = 11, RADIX = 1 << RADIX_BITS };
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
        for (unsigned shift = PRINT_SHIFT; shift < PRINT_SHIFT + 32; shift += RADIX_BITS) {
            size_t at = 0;
            memset(starts, 0, RADIX * sizeof(*starts));
            for (size_t i = 0; i < count; i++)
                starts[from[i] >> shift & (RADIX - 1)]++;
            if (starts[from[0] >> shift & (RADIX - 1)] == count)
                continue; /* all have the same digit */
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
    for (size_t i = 0; i < count; i++) {
        CHECK_DEBUG(out == 0 || entries->keys[i] >= entries->keys[out - 1]);
        if (out == 0 || entries->keys[i] != entries->keys[out - 1])
            entries->keys[out++] = entries->keys[i];
    }
    entries->count = out;
    return STATUS_OK;
}

static unsigned bits_of_block(uint32_t block_count)
{
    return block_count < 2 ? 0 : 32u - (unsigned)__builtin_clz(block_count - 1);
}

/* Blocks of a path: `all` are those that it has entries in. */
static void put_blocks(struct bit_writer *w, uint64_t blocks, uint64_t all)
{
    uint32_t block_count = (uint32_t)__builtin_popcountll(all);
    unsigned count = (unsigned)__builtin_popcountll(blocks);

    blocks = bits_gather(blocks, all);
    if (count > LISTED_MAX) {
        bits_put_unary(w, LISTED_MAX);
        for (uint32_t i = 0; i < block_count; i += 32)
            bits_put(w, blocks >> i & UINT32_MAX, block_count - i < 32 ? block_count - i : 32);
        return;
    }
    bits_put_unary(w, count - 1);
    for (; blocks != 0; blocks &= blocks - 1)
        bits_put(w, (uint64_t)__builtin_ctzll(blocks), bits_of_block(block_count));
}

static uint64_t get_blocks(struct bit_reader *r, uint32_t block_count)
{
    uint64_t blocks = 0, count = bits_get_unary(r);

    if (count == LISTED_MAX) {
        for (uint32_t i = 0; i < block_count; i += 32)
            blocks |= bits_get(r, block_count - i < 32 ? block_count - i : 32) << i;
        return blocks;
    }
    r->failed = r->failed || count > LISTED_MAX;
    for (uint64_t n = 0; n <= count && !r->failed; n++)
        blocks |= UINT64_C(1) << (bits_get(r, bits_of_block(block_count)) % SECTION_BLOCKS_MAX);
    return blocks;
}

/* What is written: sorted entries, and the ranks of their paths. */
struct paging {
    const struct entries *entries;
    unsigned shift; /* fingerprint bits that are left out */
    const uint32_t *ranks; /* a path */
    const uint64_t *rank_blocks; /* a rank: where its path has entries */
    struct index_hit *hits; /* room for a fingerprint's */
};

static uint64_t print_at(const struct paging *p, size_t i)
{
    return p->entries->keys[i] >> PRINT_SHIFT >> p->shift;
}

/* What one entry says. */
static struct index_hit hit_at(const struct paging *p, size_t i)
{
    uint64_t key = p->entries->keys[i];

    return (struct index_hit){p->ranks[key >> BLOCK_BITS & ((1u << PATH_BITS) - 1)],
                              UINT64_C(1) << (key & (SECTION_BLOCKS_MAX - 1))};
}

/* The paths of one fingerprint, which begins at `from` and mostly is one entry, by rank; the
 * end of it. */
static size_t gather(const struct paging *p, size_t from, uint32_t *ret_count)
{
    uint64_t print = print_at(p, from);
    size_t i = from + 1;
    uint32_t count = 1;

    p->hits[0] = hit_at(p, from);
    for (; i < p->entries->count && print_at(p, i) == print; i++) {
        struct index_hit hit = hit_at(p, i);
        uint32_t at = count;
        while (at > 0 && p->hits[at - 1].rank >= hit.rank)
            at--;
        if (at == count || p->hits[at].rank != hit.rank) {
            memmove(&p->hits[at + 1], &p->hits[at], (count - at) * sizeof(*p->hits));
            p->hits[at] = (struct index_hit){hit.rank, 0};
            count++;
        }
        p->hits[at].blocks |= hit.blocks;
    }
    *ret_count = count;
    return i;
}

static size_t page_end(const struct paging *p, size_t from, uint64_t *ret_prints,
                       uint64_t *ret_last)
{
    size_t end = from;

    *ret_prints = 0;
    for (uint64_t print = UINT64_MAX; end < p->entries->count; end++) {
        uint64_t next = print_at(p, end);
        if (next == print)
            continue;
        if (end - from >= INDEX_PAGE_ENTRIES)
            break;
        *ret_last = print = next;
        (*ret_prints)++;
    }
    return end;
}

static size_t put_page(const struct paging *p, size_t from, struct buf *pages,
                       uint32_t *ret_first)
{
    uint64_t first = print_at(p, from), last = first, prints = 0;
    size_t end = page_end(p, from, &prints, &last);
    uint64_t mean = (last - first) / prints;
    unsigned k = 0;

    while (k < 31 && (UINT64_C(1) << (k + 1)) <= mean)
        k++;
    buf_put_varint(pages, prints);
    buf_put_u8(pages, (uint8_t)k);
    (void)buf_reserve(pages, (end - from) * 4);
    struct bit_writer w = {pages, 0, 0};
    last = first;
    for (size_t i = from; i < end;) {
        uint64_t print = print_at(p, i);
        uint32_t count = 0, rank = UINT32_MAX; /* the first step is rank + 1 */
        i = gather(p, i, &count);
        bits_put_rice(&w, print - last, k);
        bits_put_unary(&w, count - 1);
        for (uint32_t h = 0; h < count; h++) {
            bits_put_gamma(&w, p->hits[h].rank - rank);
            put_blocks(&w, p->hits[h].blocks, p->rank_blocks[p->hits[h].rank]);
            rank = p->hits[h].rank;
        }
        last = print;
    }
    bits_end(&w);
    *ret_first = (uint32_t)first;
    return end;
}

struct ranked {
    uint64_t count, blocks;
    uint32_t path;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return x->path < y->path ? -1 : 1;
}

/* Paths that have entries, those with most first. */
static enum status rank_paths(const struct entries *entries, uint32_t path_count,
                              uint32_t *ret_ranks, uint64_t *ret_blocks, struct buf *directory,
                              struct error *err)
{
    struct ranked *ranked = calloc((size_t)path_count + 1, sizeof(*ranked));
    uint32_t used = 0;

    if (ranked == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t i = 0; i < path_count; i++)
        ranked[i].path = i;
    for (size_t i = 0; i < entries->count; i++) {
        struct ranked *r = &ranked[entries->keys[i] >> BLOCK_BITS & ((1u << PATH_BITS) - 1)];
        r->count++;
        r->blocks |= UINT64_C(1) << (entries->keys[i] & (SECTION_BLOCKS_MAX - 1));
    }
    qsort(ranked, path_count, sizeof(*ranked), compare_ranked);
    while (used < path_count && ranked[used].count > 0)
        used++;
    buf_put_varint(directory, used);
    for (uint32_t i = 0; i < used; i++) {
        ret_ranks[ranked[i].path] = i;
        ret_blocks[i] = ranked[i].blocks;
        buf_put_varint(directory, ranked[i].path);
        buf_put_u64(directory, ranked[i].blocks);
    }
    free(ranked);
    return STATUS_OK;
}

/* Of fingerprints: as many as tell those of the section apart, and some to spare. */
static unsigned bits_of_prints(const struct entries *entries)
{
    uint64_t prints = 0, last = UINT64_MAX;
    unsigned bits = SPARE_BITS;

    for (size_t i = 0; i < entries->count; i++) {
        uint64_t print = entries->keys[i] >> PRINT_SHIFT;
        prints += print != last ? 1 : 0;
        last = print;
    }
    while (bits < 32 && (UINT64_C(1) << (bits - SPARE_BITS)) < prints)
        bits++;
    return bits;
}

static enum status put_pages(const struct part *part, const struct entries *entries,
                             struct entity_index *ret, struct error *err)
{
    uint32_t *ranks = calloc((size_t)part->path_count + 1, sizeof(*ranks));
    struct index_hit *hits = calloc((size_t)part->path_count + 1, sizeof(*hits));
    uint64_t *blocks = calloc((size_t)part->path_count + 1, sizeof(*blocks));
    unsigned bits = bits_of_prints(entries);
    enum status status =
        ranks == NULL || hits == NULL || blocks == NULL ? ERROR_MEMORY(err) : STATUS_OK;

    struct paging p = {entries, 32 - bits, ranks, blocks, hits};
    buf_put_u8(&ret->directory, (uint8_t)bits);
    if (status == STATUS_OK)
        status = rank_paths(entries, part->path_count, ranks, blocks, &ret->directory, err);
    for (size_t i = 0; i < entries->count && status == STATUS_OK;) {
        size_t start = ret->pages.size;
        uint32_t first = 0;
        i = put_page(&p, i, &ret->pages, &first);
        buf_put_u32(&ret->directory, first);
        buf_put_varint(&ret->directory, ret->pages.size - start);
        ret->page_count++;
        status = buf_check(&ret->pages, err);
    }
    free(ranks);
    free(hits);
    free(blocks);
    return status;
}

static bool is_raw_path(const struct part *part, uint32_t path)
{
    for (uint32_t s = 0; s < part->root_shape_count; s++) {
        if (part->shapes[s].is_raw && part->shapes[s].slots[0].path == path)
            return true;
    }
    return false;
}

enum status entity_index_build(const struct part *part, const struct path_uses *uses,
                               uint64_t seed, struct column_entry *columns,
                               struct entity_index *ret, struct error *err)
{
    struct entries *entries = calloc(1, sizeof(*entries));
    struct prints prints;

    ret->page_count = 0;
    if (entries == NULL)
        return ERROR_MEMORY(err);
    entries->seed = seed;
    prints_init(&prints);
    enum status status = add_literals(part, uses, entries, err);
    for (uint32_t p = 0; p < part->path_count && status == STATUS_OK; p++) {
        const struct path_column *column = &part->paths[p];
        if (column->is_array || column->is_object || column->dict_count == 0 ||
            columns[p].codes == CODES_EVENT || is_raw_path(part, p))
            continue;
        columns[p].is_indexed = wants_index(column);
        if (columns[p].codes != CODES_SAME)
            status = add_column(part, uses, p, columns[p].is_indexed, &prints, entries, err);
    }
    if (status == STATUS_OK && entries->count > 0)
        status = sort_entries(entries, err);
    if (status == STATUS_OK)
        status = put_pages(part, entries, ret, err);
    prints_release(&prints);
    free(entries->keys);
    free(entries);
    return status;
}

uint32_t entity_block_count(uint32_t row_count)
{
    return (row_count + INDEX_BLOCK_ROWS - 1) / INDEX_BLOCK_ROWS;
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

/* A page while it is read. */
struct walk {
    struct bit_reader bits;
    uint64_t left; /* fingerprints */
    uint64_t at;   /* the last one that was read */
    uint8_t k;
};

static struct walk walk_from(struct slice page, uint32_t first)
{
    struct reader reader = reader_from(page.data, page.size);
    uint64_t prints = reader_varint(&reader);
    uint8_t k = reader_u8(&reader);
    struct walk walk = {.left = prints, .at = first, .k = k};

    walk.bits = bit_reader_from((struct slice){(const char *)reader.at, reader_left(&reader)});
    walk.bits.failed = reader.failed || k > 31;
    return walk;
}

static bool walk_next(struct walk *w)
{
    if (w->left == 0 || w->bits.failed)
        return false;
    w->left--;
    w->at += bits_get_rice(&w->bits, w->k);
    return true;
}

/* The hits of the fingerprint that walk_next() read; ret NULL: steps over them. */
static uint32_t walk_hits(struct walk *w, const struct index_probe *probe, struct index_hit *ret)
{
    uint64_t rank = UINT64_MAX;
    uint32_t count = 0;

    for (uint64_t n = bits_get_unary(&w->bits) + 1; n > 0 && !w->bits.failed; n--) {
        rank += bits_get_gamma(&w->bits, PATH_BITS);
        if (rank >= probe->rank_count) {
            w->bits.failed = true;
            break;
        }
        uint64_t all = probe->rank_blocks[rank];
        uint64_t blocks = get_blocks(&w->bits, (uint32_t)__builtin_popcountll(all));
        if (ret != NULL)
            ret[count++] = (struct index_hit){(uint32_t)rank, bits_scatter(blocks, all)};
    }
    return count;
}

static enum status walk_check(const struct walk *w, struct error *err)
{
    return w->bits.failed ? ERROR_SET(err, STATUS_CORRUPT, "a page of the index does not decode")
                          : STATUS_OK;
}

enum status entity_index_steps(struct slice page, const struct index_probe *probe,
                               struct buf *ret, struct error *err)
{
    struct walk w = walk_from(page, probe->first);

    for (uint32_t n = 1; walk_next(&w); n++) {
        (void)walk_hits(&w, probe, NULL);
        if (n % INDEX_STEP_PRINTS == 0 && w.at <= UINT32_MAX) {
            const struct index_step step = {(uint32_t)w.at, (uint32_t)w.bits.at};
            buf_add(ret, &step, sizeof(step));
        }
    }
    enum status status = walk_check(&w, err);
    return status == STATUS_OK ? buf_check(ret, err) : status;
}

/* Goes to the last step before the fingerprint. */
static void walk_step(struct walk *w, const struct index_probe *probe)
{
    uint32_t low = 0, high = probe->step_count; /* steps below `low` are before it */

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (probe->steps[middle].print < probe->fingerprint)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return;
    w->at = probe->steps[low - 1].print;
    w->bits.at = probe->steps[low - 1].bit;
    w->left -= (uint64_t)low * INDEX_STEP_PRINTS;
}

enum status entity_index_probe(struct slice page, const struct index_probe *probe,
                               struct index_hit *ret, uint32_t *ret_count, struct error *err)
{
    struct walk w = walk_from(page, probe->first);

    *ret_count = 0;
    walk_step(&w, probe);
    while (walk_next(&w) && w.at <= probe->fingerprint) {
        bool is_it = w.at == probe->fingerprint;
        uint32_t count = walk_hits(&w, probe, is_it ? ret : NULL);
        if (is_it && !w.bits.failed) {
            *ret_count = count;
            break;
        }
    }
    return walk_check(&w, err);
}
