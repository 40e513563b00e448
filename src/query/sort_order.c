/* SPDX-License-Identifier: Apache-2.0 */
/* sort_order.c - see sort_order_priv.h. */
#include "query/sort_order_priv.h"

#include "base/hash.h"
#include "query/run_priv.h"
#include "query/sort_unit_priv.h"

#include <stdlib.h>

#define DIGIT_BITS_MAX 11u       /* the counters of a digit stay in the first cache */
#define DIGIT_BITS_FEW 8u
#define FEW_ROWS 4096u           /* below, counters cost more than passes */
#define INSERTION_ROWS 24u
#define SLOTS_FIRST 256u
#define EIGHTS_MAX 4u            /* of bytes by which texts are sorted before they are compared */

struct entry {
    uint64_t key;
    uint32_t row;
};

struct sorter {
    const struct rowset *set;
    const struct run *run;
    struct arena *arena; /* for the work */
    uint64_t row_count;
    uint64_t *field;   /* a row: what is to be packed next */
    uint64_t **words;  /* most significant first; a row each */
    uint32_t *bits;    /* used of each word */
    uint32_t word_count;
};

static uint32_t bits_of(uint64_t span)
{
    return span == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(span);
}

/* ---- different bytes and their ranks ---- */

struct text {
    struct slice bytes;
    uint64_t rank;
};

/* Bytes by address: a dictionary's value has one.  Equal texts may be there more
 * than once, and get equal ranks. */
struct texts {
    struct text *list;
    uint32_t count, capacity;
    uint32_t *slots; /* UINT32_MAX: free */
    uint32_t slot_count;
    struct entry *spare; /* of a text each, while they are ranked */
    enum type type;
};

static uint32_t slot_of(const struct texts *t, struct slice bytes)
{
    uint64_t hash = hash_u64((uint64_t)(uintptr_t)bytes.data + bytes.size);
    uint32_t at = (uint32_t)hash & (t->slot_count - 1);

    while (t->slots[at] != UINT32_MAX) {
        const struct slice *s = &t->list[t->slots[at]].bytes;
        if (s->data == bytes.data && s->size == bytes.size)
            break;
        at = (at + 1) & (t->slot_count - 1);
    }
    return at;
}

static enum status grow_texts(struct texts *t, struct arena *arena, struct error *err)
{
    uint32_t slots = t->slot_count == 0 ? SLOTS_FIRST : t->slot_count * 2;
    struct text *list = arena_alloc_raw(arena, slots / 2 * sizeof(*list), err);

    t->slots = list == NULL ? NULL : arena_alloc_raw(arena, slots * sizeof(*t->slots), err);
    if (t->slots == NULL)
        return err->status;
    if (t->count > 0)
        memcpy(list, t->list, t->count * sizeof(*list));
    memset(t->slots, 0xff, slots * sizeof(*t->slots));
    t->list = list;
    t->capacity = slots / 2;
    t->slot_count = slots;
    for (uint32_t i = 0; i < t->count; i++)
        t->slots[slot_of(t, list[i].bytes)] = i;
    return STATUS_OK;
}

static enum status add_text(struct texts *t, struct arena *arena, struct slice bytes,
                            uint64_t *ret, struct error *err)
{
    if (t->count == t->capacity) {
        enum status status = grow_texts(t, arena, err);
        if (status != STATUS_OK)
            return status;
    }
    uint32_t at = slot_of(t, bytes);
    if (t->slots[at] == UINT32_MAX) {
        t->list[t->count].bytes = bytes;
        t->slots[at] = t->count++;
    }
    *ret = t->slots[at];
    return STATUS_OK;
}

static int compare_bytes(const struct slice *a, const struct slice *b, enum type type)
{
    struct value x = {.type = type, .bytes = *a};
    struct value y = {.type = type, .bytes = *b};

    return a->data == b->data && a->size == b->size ? 0 : value_compare(&x, &y);
}

static int compare_entries(const void *a, const void *b, void *arg)
{
    const struct texts *t = arg;

    return compare_bytes(&t->list[((const struct entry *)a)->row].bytes,
                         &t->list[((const struct entry *)b)->row].bytes, t->type);
}

/* What all texts begin with says nothing about their order. */
static size_t common_prefix(const struct texts *t)
{
    struct slice first = t->list[0].bytes;
    size_t size = first.size;

    for (uint32_t i = 1; i < t->count; i++) {
        struct slice s = t->list[i].bytes;
        size_t same = 0;
        while (same < size && same < s.size && s.data[same] == first.data[same])
            same++;
        size = same;
    }
    return size;
}

static uint64_t prefix_of(struct slice s, size_t from)
{
    uint64_t bits = 0;

    for (size_t i = from; i < from + 8; i++)
        bits = bits << 8 | (i < s.size ? (uint8_t)s.data[i] : 0);
    return bits;
}

/* One digit's pass: from -> to, by `bits` bits of the key above `shift`. */
static void radix_pass(const struct entry *from, struct entry *to, uint64_t count,
                       uint32_t shift, uint32_t bits)
{
    uint32_t places[1u << DIGIT_BITS_MAX];
    uint32_t size = 1u << bits;
    uint32_t sum = 0;

    memset(places, 0, size * sizeof(*places));
    for (uint64_t i = 0; i < count; i++)
        places[from[i].key >> shift & (size - 1)]++;
    for (uint32_t d = 0; d < size; d++) {
        uint32_t here = places[d];
        places[d] = sum;
        sum += here;
    }
    for (uint64_t i = 0; i < count; i++)
        to[places[from[i].key >> shift & (size - 1)]++] = from[i];
}

/* The same for words that hold key and row. */
static void radix_pass_words(const uint64_t *from, uint64_t *to, uint64_t count, uint32_t shift,
                             uint32_t bits)
{
    uint32_t places[1u << DIGIT_BITS_MAX];
    uint32_t size = 1u << bits;
    uint32_t sum = 0;

    memset(places, 0, size * sizeof(*places));
    for (uint64_t i = 0; i < count; i++)
        places[from[i] >> shift & (size - 1)]++;
    for (uint32_t d = 0; d < size; d++) {
        uint32_t here = places[d];
        places[d] = sum;
        sum += here;
    }
    for (uint64_t i = 0; i < count; i++)
        to[places[from[i] >> shift & (size - 1)]++] = from[i];
}

static void insertion_sort(struct entry *list, uint64_t count)
{
    for (uint64_t i = 1; i < count; i++) {
        struct entry e = list[i];
        uint64_t at = i;
        for (; at > 0 && list[at - 1].key > e.key; at--)
            list[at] = list[at - 1];
        list[at] = e;
    }
}

/* Stable; the lowest `bits` bits of the keys decide, others are 0. */
static enum status sort_entries(const struct sorter *s, struct entry **list,
                                struct entry **spare, uint64_t count, uint32_t bits,
                                struct error *err)
{
    if (count <= INSERTION_ROWS) {
        insertion_sort(*list, count);
        return STATUS_OK;
    }
    uint32_t most = count < FEW_ROWS ? DIGIT_BITS_FEW : DIGIT_BITS_MAX;
    uint32_t passes = (bits + most - 1) / most;
    for (uint32_t p = 0; p < passes; p++) {
        uint32_t shift = bits * p / passes;
        enum status status = run_check(s->run, err);
        if (status != STATUS_OK)
            return status;
        radix_pass(*list, *spare, count, shift, bits * (p + 1) / passes - shift);
        struct entry *swap = *list;
        *list = *spare;
        *spare = swap;
    }
    return STATUS_OK;
}

/* Are equal keys, of bytes before `from` and eight more, equal texts? */
static bool are_equal(const struct texts *t, const struct entry *list, uint32_t count,
                      size_t from)
{
    size_t size = t->list[list[0].row].bytes.size;
    bool are = size <= from + 8;

    for (uint32_t i = 1; i < count && are; i++)
        are = t->list[list[i].row].bytes.size == size;
    return are;
}

/* Texts that are equal before `from`: by the next eight bytes, those that are equal in these by
 * the next, and in the end by comparing. */
static enum status sort_eights(const struct sorter *s, struct texts *t, struct entry *list,
                               uint32_t count, size_t from, uint32_t eights, struct error *err)
{
    struct entry *sorted = list;
    struct entry *other = t->spare;

    if (eights == 0) {
        qsort_r(list, count, sizeof(*list), compare_entries, t);
        return STATUS_OK;
    }
    for (uint32_t i = 0; i < count; i++)
        list[i].key = prefix_of(t->list[list[i].row].bytes, from);
    enum status status = sort_entries(s, &sorted, &other, count, 64, err);
    if (sorted != list)
        memcpy(list, sorted, count * sizeof(*list));
    for (uint32_t i = 0, end; i < count && status == STATUS_OK; i = end) {
        for (end = i + 1; end < count && list[end].key == list[i].key;)
            end++;
        if (end - i > 1 && !are_equal(t, list + i, end - i, from))
            status = sort_eights(s, t, list + i, end - i, from + 8, eights - 1, err);
    }
    return status;
}

static bool differ(const struct texts *t, uint32_t a, uint32_t b)
{
    return t->type == TYPE_DECIMAL
               ? compare_bytes(&t->list[a].bytes, &t->list[b].bytes, t->type) != 0
               : !slice_equal(t->list[a].bytes, t->list[b].bytes);
}

static enum status rank_texts(const struct sorter *s, struct texts *t, uint64_t *ret_span,
                              struct error *err)
{
    struct entry *list = arena_alloc_raw(s->arena, (t->count + 1) * sizeof(*list), err);

    t->spare = arena_alloc_raw(s->arena, (t->count + 1) * sizeof(*t->spare), err);
    *ret_span = 0;
    if (list == NULL || t->spare == NULL)
        return err->status;
    if (t->count == 0)
        return STATUS_OK;
    /* Decimals are bytes whose order is not that of their values. */
    bool plain = t->type != TYPE_DECIMAL;
    for (uint32_t i = 0; i < t->count; i++)
        list[i].row = i;
    enum status status = sort_eights(s, t, list, t->count, plain ? common_prefix(t) : 0,
                                     plain ? EIGHTS_MAX : 0, err);
    for (uint32_t i = 0; i < t->count && status == STATUS_OK; i++) {
        *ret_span += i > 0 && differ(t, list[i - 1].row, list[i].row);
        t->list[list[i].row].rank = *ret_span;
    }
    return status;
}

/* ---- fields ---- */

/* Packs the fields of all rows, which are at most `span`. */
static enum status pack(struct sorter *s, uint64_t span, struct error *err)
{
    uint32_t bits = bits_of(span);

    if (bits == 0)
        return STATUS_OK;
    uint32_t at = s->word_count - 1;
    if (s->word_count > 0 && s->bits[at] + bits <= 64) {
        for (uint64_t i = 0; i < s->row_count; i++)
            s->words[at][i] = s->words[at][i] << bits | s->field[i];
        s->bits[at] += bits;
        return STATUS_OK;
    }
    at = s->word_count++;
    s->words[at] = s->field; /* and a new one for what follows */
    s->bits[at] = bits;
    s->field = arena_alloc_raw(s->arena, (s->row_count + 1) * sizeof(*s->field), err);
    return s->field == NULL ? err->status : STATUS_OK;
}

static enum status pack_nulls(struct sorter *s, const struct sort_key *key, struct error *err)
{
    uint64_t at = 0;
    bool any = false;

    for (uint32_t c = 0; c < s->set->chunk_count; c++) {
        const struct batch *chunk = &s->set->chunks[c];
        const uint8_t *nulls = chunk->columns[key->column].nulls;
        for (uint32_t r = 0; r < chunk->row_count; r++) {
            bool null = nulls != NULL && nulls[r] != 0;
            any = any || null;
            s->field[at++] = null != key->nulls_first;
        }
    }
    return any ? pack(s, 1, err) : STATUS_OK;
}

/* NaN is neither low nor high: it stands beside the nulls. */
static bool nan_is_low(const struct sort_key *key)
{
    return key->nulls_first != key->descending;
}

static uint64_t real_bits(double real, const struct sort_key *key)
{
    uint64_t bits;

    if (real != real)
        return nan_is_low(key) ? 0 : UINT64_MAX;
    real = real == 0 ? 0 : real; /* -0 is 0 */
    memcpy(&bits, &real, 8);
    return (bits >> 63) != 0 ? ~bits : bits | (UINT64_C(1) << 63);
}

static uint64_t guid_half(const struct guid *guid, uint32_t half)
{
    uint64_t bits;

    memcpy(&bits, guid->bytes + (size_t)half * 8, 8);
    return __builtin_bswap64(bits);
}

static uint64_t number_at(const struct vector *v, uint32_t row, uint32_t half,
                          const struct sort_key *key)
{
    if (v->type == TYPE_BOOL)
        return v->booleans[row];
    if (v->type == TYPE_REAL)
        return real_bits(v->reals[row], key);
    if (v->type == TYPE_GUID)
        return guid_half(&v->guids[row], half);
    return (uint64_t)v->integers[row] ^ (UINT64_C(1) << 63);
}

/* The fields of numbers, in order but for null, which is 0. */
static enum status fill_numbers(struct sorter *s, const struct sort_key *key, uint32_t half,
                                struct error *err)
{
    uint64_t at = 0;

    for (uint32_t c = 0; c < s->set->chunk_count; c++) {
        const struct batch *chunk = &s->set->chunks[c];
        const struct vector *v = &chunk->columns[key->column];
        enum status status = run_check(s->run, err);
        if (status != STATUS_OK)
            return status;
        for (uint32_t r = 0; r < chunk->row_count; r++)
            s->field[at++] = number_at(v, r, half, key);
    }
    return STATUS_OK;
}

/* The codes of the set and the ranks of its texts. */
static enum status fill_ranks_of_codes(struct sorter *s, uint32_t column, struct error *err)
{
    const struct vector *any = &s->set->chunks[0].columns[column];
    struct texts t = {.type = TYPE_STRING, .count = any->dict_size};
    uint64_t at = 0;
    uint64_t span;

    t.list = arena_alloc_raw(s->arena, ((size_t)t.count + 1) * sizeof(*t.list), err);
    if (t.list == NULL)
        return err->status;
    for (uint32_t i = 0; i < t.count; i++)
        t.list[i].bytes = any->slices[i];
    enum status status = rank_texts(s, &t, &span, err);
    for (uint32_t c = 0; c < s->set->chunk_count && status == STATUS_OK; c++) {
        const uint32_t *codes = s->set->chunks[c].columns[column].codes;
        status = run_check(s->run, err);
        for (uint32_t r = 0; r < s->set->chunks[c].row_count; r++)
            s->field[at++] = t.list[codes[r]].rank;
    }
    return status;
}

static enum status fill_ranks(struct sorter *s, uint32_t column, struct error *err)
{
    if (rowset_is_coded(s->set, column) && s->row_count > 0)
        return fill_ranks_of_codes(s, column, err);
    struct texts t = {.type = s->set->schema.columns[column].type};
    uint64_t at = 0;
    uint64_t span;
    enum status status = STATUS_OK;

    for (uint32_t c = 0; c < s->set->chunk_count && status == STATUS_OK; c++) {
        const struct batch *chunk = &s->set->chunks[c];
        const struct vector *v = &chunk->columns[column];
        status = run_check(s->run, err);
        for (uint32_t r = 0; r < chunk->row_count && status == STATUS_OK; r++, at++) {
            s->field[at] = 0;
            if (v->nulls == NULL || v->nulls[r] == 0)
                status = add_text(&t, s->arena, v->slices[vector_index(v, r)], &s->field[at],
                                  err);
        }
    }
    if (status == STATUS_OK)
        status = rank_texts(s, &t, &span, err);
    for (uint64_t i = 0; t.count > 0 && i < s->row_count && status == STATUS_OK; i++)
        s->field[i] = t.list[s->field[i]].rank;
    return status;
}

/* The lowest and the highest field of what is not null; false: nothing is. */
static bool find_bounds(const struct sorter *s, const struct sort_key *key, uint64_t *ret_low,
                        uint64_t *ret_high)
{
    uint64_t low = UINT64_MAX;
    uint64_t high = 0;
    uint64_t at = 0;
    bool any = false;

    for (uint32_t c = 0; c < s->set->chunk_count; c++) {
        const struct batch *chunk = &s->set->chunks[c];
        const uint8_t *nulls = chunk->columns[key->column].nulls;
        for (uint32_t r = 0; r < chunk->row_count; r++, at++) {
            uint64_t f = s->field[at];
            if (nulls != NULL && nulls[r] != 0)
                continue;
            low = f < low ? f : low;
            high = f > high ? f : high;
            any = true;
        }
    }
    *ret_low = low;
    *ret_high = high;
    return any;
}

/* What all fields are multiples of: times are often whole seconds, which are ten million
 * ticks, and that saves two of six passes. */
static struct unit find_unit(const struct sorter *s, const struct sort_key *key, uint64_t low,
                             uint64_t high)
{
    struct unit unit = unit_of(high - low);
    uint64_t at = 0;
    uint64_t ignored;

    for (uint32_t c = 0; c < s->set->chunk_count && unit.value > 1; c++) {
        const struct batch *chunk = &s->set->chunks[c];
        const uint8_t *nulls = chunk->columns[key->column].nulls;
        for (uint32_t r = 0; r < chunk->row_count && unit.value > 1; r++) {
            uint64_t f = s->field[at + r];
            if ((nulls == NULL || nulls[r] == 0) && !unit_divide(&unit, f - low, &ignored))
                unit = unit_of(unit_divisor(unit.value, f - low));
        }
        at += chunk->row_count;
    }
    return unit;
}

/* Makes the fields small, turns them, and packs them.  What stands for a null does not
 * matter: its own bit comes before. */
static enum status pack_values(struct sorter *s, const struct sort_key *key, struct error *err)
{
    uint64_t low, high;
    uint64_t at = 0;

    if (!find_bounds(s, key, &low, &high) || low == high)
        return STATUS_OK;
    struct unit unit = find_unit(s, key, low, high);
    for (uint32_t c = 0; c < s->set->chunk_count; c++) {
        const struct batch *chunk = &s->set->chunks[c];
        const uint8_t *nulls = chunk->columns[key->column].nulls;
        for (uint32_t r = 0; r < chunk->row_count; r++, at++) {
            uint64_t f = s->field[at];
            uint64_t distance = key->descending ? high - f : f - low;
            if (nulls != NULL && nulls[r] != 0)
                s->field[at] = 0;
            else
                (void)unit_divide(&unit, distance, &s->field[at]);
        }
    }
    return pack(s, (high - low) / unit.value, err);
}

static enum status add_key(struct sorter *s, const struct sort_key *key, struct error *err)
{
    enum type type = s->set->schema.columns[key->column].type;
    uint32_t halves = type == TYPE_GUID ? 2 : 1;
    enum status status = pack_nulls(s, key, err);

    for (uint32_t half = 0; half < halves && status == STATUS_OK; half++) {
        status = type_is_bytes(type) ? fill_ranks(s, key->column, err)
                                     : fill_numbers(s, key, half, err);
        if (status == STATUS_OK)
            status = pack_values(s, key, err);
    }
    return status;
}

/* The keys of all rows fit one word, and leave room for the row: nothing else is moved. */
static enum status sort_packed(struct sorter *s, uint32_t row_bits, uint32_t *ret,
                               struct error *err)
{
    uint64_t count = s->row_count;
    uint64_t *list = s->words[0], *spare = s->field;
    uint32_t bits = s->bits[0];
    uint32_t passes = (bits + DIGIT_BITS_MAX - 1) / DIGIT_BITS_MAX;

    for (uint64_t i = 0; i < count; i++)
        list[i] = list[i] << row_bits | i;
    for (uint32_t p = 0; p < passes; p++) {
        uint32_t shift = bits * p / passes;
        enum status status = run_check(s->run, err);
        if (status != STATUS_OK)
            return status;
        radix_pass_words(list, spare, count, row_bits + shift, bits * (p + 1) / passes - shift);
        uint64_t *swap = list;
        list = spare;
        spare = swap;
    }
    for (uint64_t i = 0; i < count; i++)
        ret[i] = (uint32_t)(list[i] & ((UINT64_C(1) << row_bits) - 1));
    s->field = spare; /* number_rows() needs one of the two */
    return STATUS_OK;
}

/* ret[i]: the position of the row that comes i-th. */
static enum status sort_words(struct sorter *s, uint32_t *ret, struct error *err)
{
    uint64_t count = s->row_count;
    uint32_t row_bits = bits_of(count);

    if (count >= FEW_ROWS && s->word_count == 1 && s->bits[0] + row_bits <= 64)
        return sort_packed(s, row_bits, ret, err);
    struct entry *list = arena_alloc_raw(s->arena, (count + 1) * sizeof(*list), err);
    struct entry *spare = arena_alloc_raw(s->arena, (count + 1) * sizeof(*spare), err);
    enum status status = list == NULL || spare == NULL ? err->status : STATUS_OK;

    for (uint64_t i = 0; i < count && status == STATUS_OK; i++)
        list[i].row = (uint32_t)i;
    for (uint32_t w = s->word_count; w-- > 0 && status == STATUS_OK;) {
        for (uint64_t i = 0; i < count; i++)
            list[i].key = s->words[w][list[i].row];
        status = sort_entries(s, &list, &spare, count, s->bits[w], err);
    }
    for (uint64_t i = 0; i < count && status == STATUS_OK; i++)
        ret[i] = list[i].row;
    return status;
}

/* Positions become numbers: chunks may not be full. */
static void number_rows(const struct sorter *s, uint32_t *rows)
{
    uint64_t at = 0;

    for (uint32_t c = 0; c < s->set->chunk_count; c++) {
        for (uint32_t r = 0; r < s->set->chunks[c].row_count; r++)
            s->field[at++] = c * BATCH_ROWS_MAX + r;
    }
    for (uint64_t i = 0; i < s->row_count; i++)
        rows[i] = (uint32_t)s->field[rows[i]];
}

static enum status order_by_bits(const struct rowset *set, const struct sort_key *keys,
                                 uint32_t key_count, const struct run *run,
                                 struct arena *arena, uint32_t *ret, struct error *err)
{
    struct sorter s = {.set = set, .run = run, .row_count = set->row_count};
    size_t rows = (size_t)set->row_count + 1;

    s.arena = arena_share(arena);
    if (s.arena == NULL)
        return ERROR_MEMORY(err);
    /* A key has three fields at most: null and the halves of a GUID. */
    s.words = ARENA_ARRAY(s.arena, uint64_t *, (size_t)key_count * 3 + 1, err);
    s.bits = ARENA_ARRAY(s.arena, uint32_t, (size_t)key_count * 3 + 1, err);
    s.field = arena_alloc_raw(s.arena, rows * sizeof(*s.field), err);
    enum status status =
        s.words == NULL || s.bits == NULL || s.field == NULL ? err->status : STATUS_OK;
    for (uint32_t i = 0; i < key_count && status == STATUS_OK; i++)
        status = add_key(&s, &keys[i], err);
    if (status == STATUS_OK)
        status = sort_words(&s, ret, err);
    if (status == STATUS_OK)
        number_rows(&s, ret);
    arena_free(s.arena);
    return status;
}

/* ---- with little memory ---- */

struct comparison {
    const struct rowset *set;
    const struct sort_key *keys;
    uint32_t key_count;
};

/* Nulls are outermost, then NaN. */
static int outlying(const struct value *value)
{
    return value->is_null ? 2 : value->type == TYPE_REAL && value->real != value->real;
}

static int compare_rows(const void *left, const void *right, void *arg)
{
    const struct comparison *c = arg;
    uint64_t prefix = ((const struct entry *)left)->key;
    uint64_t other = ((const struct entry *)right)->key;
    uint32_t a = ((const struct entry *)left)->row;
    uint32_t b = ((const struct entry *)right)->row;

    if (prefix != other)
        return prefix < other ? -1 : 1;
    for (uint32_t i = 0; i < c->key_count; i++) {
        const struct sort_key *key = &c->keys[i];
        struct value x = rowset_value(c->set, a, key->column);
        struct value y = rowset_value(c->set, b, key->column);
        int left_out = outlying(&x), right_out = outlying(&y);
        int result;
        if (left_out > 0 || right_out > 0)
            result = (right_out - left_out) * (key->nulls_first ? 1 : -1);
        else
            result = value_compare(&x, &y) * (key->descending ? -1 : 1);
        if (result != 0)
            return result;
    }
    return a < b ? -1 : a > b;
}

/* What decides most comparisons by a key; equal where it does not. */
static uint64_t prefix_at(const struct vector *v, uint32_t row, const struct sort_key *key)
{
    uint64_t prefix = 0;

    if (v->nulls != NULL && v->nulls[row] != 0)
        return key->nulls_first ? 0 : UINT64_MAX;
    if (!type_is_bytes(v->type))
        prefix = number_at(v, row, 0, key);
    else if (v->type != TYPE_DECIMAL)
        prefix = prefix_of(v->slices[vector_index(v, row)], 0);
    return key->descending ? ~prefix : prefix;
}

static enum status order_by_comparing(const struct rowset *set, const struct sort_key *keys,
                                      uint32_t key_count, struct arena *arena, uint32_t *ret,
                                      struct error *err)
{
    struct comparison comparison = {set, keys, key_count};
    struct arena *own = arena_share(arena);
    uint64_t count = 0;

    if (own == NULL)
        return ERROR_MEMORY(err);
    struct entry *list =
        arena_alloc_raw(own, ((size_t)set->row_count + 1) * sizeof(*list), err);
    for (uint32_t c = 0; list != NULL && c < set->chunk_count; c++) {
        const struct vector *v = &set->chunks[c].columns[keys[0].column];
        for (uint32_t r = 0; r < set->chunks[c].row_count; r++)
            list[count++] = (struct entry){prefix_at(v, r, &keys[0]), c * BATCH_ROWS_MAX + r};
    }
    if (list != NULL)
        qsort_r(list, count, sizeof(*list), compare_rows, &comparison);
    for (uint64_t i = 0; i < count; i++)
        ret[i] = list[i].row;
    arena_free(own);
    return list == NULL ? err->status : STATUS_OK;
}

enum status sort_order(const struct rowset *set, const struct sort_key *keys,
                       uint32_t key_count, const struct run *run, struct arena *arena,
                       uint32_t **ret, struct error *err)
{
    *ret = arena_alloc_raw(arena, ((size_t)set->row_count + 1) * sizeof(**ret), err);
    if (*ret == NULL)
        return err->status;
    enum status status = order_by_bits(set, keys, key_count, run, arena, *ret, err);
    if (status == STATUS_LIMIT && err->code[0] == '\0') { /* of memory, not of time */
        *err = (struct error){0};
        status = order_by_comparing(set, keys, key_count, arena, *ret, err);
    }
    return status;
}
