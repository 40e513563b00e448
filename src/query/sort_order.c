/* SPDX-License-Identifier: Apache-2.0 */
/* sort_order.c - see sort_order_priv.h.
 *
 * 1. Bounds: what the numbers of each chunk lie between and are multiples of; the ranks of
 *    texts.  2. Layout: how many bits each field has, and in which word it is.  3. Words: the
 *    fields of each chunk.  4. Where all fields and the number of the row fit one word, rows are
 *    divided by its highest bits and the parts sorted.  Chunks and parts are pieces of work.
 */
#include "query/sort_order_priv.h"

#include "query/sort_radix_priv.h"
#include "query/sort_rank_priv.h"
#include "query/sort_unit_priv.h"

#include <stdlib.h>

#define ALONE_ROWS 16384u /* up to so many, threads cost more than they give */
#define PART_BITS 6u
#define PARTS (1u << PART_BITS)
#define FIELDS_MAX 3u     /* of a key: null and the halves of a GUID */

enum field_kind { FIELD_NULL, FIELD_NUMBER, FIELD_RANK };

/* What the numbers of a chunk, or of all, lie between; without nulls. */
struct bounds {
    uint64_t low, high; /* low > high: there are none */
    uint64_t unit;      /* of their distances to the lowest; 0: there is one number only */
    bool has_null;
};

struct field {
    const struct sort_key *key;
    enum field_kind kind;
    uint32_t half;           /* of a GUID */
    struct bounds *chunks;   /* of numbers */
    struct bounds all;       /* of them, of ranks, or of the bit for null */
    struct unit unit;
    struct sort_texts texts; /* of ranks */
    const uint32_t *numbers; /* a row: that of its text; NULL: its code */
    uint32_t bits, word;
};

struct sorter {
    const struct rowset *set;
    struct run *run;
    struct arena *arena; /* for the work */
    uint64_t row_count;
    uint64_t *first;     /* a chunk: the position of its first row */
    struct field *fields;
    uint32_t field_count;
    uint64_t **words;    /* most significant first; a position each */
    uint32_t *bits;      /* used of each word */
    uint32_t word_count;
    uint32_t row_bits;   /* below the fields of the only word; 0: it has no room for them */
    uint32_t part_bits;
    uint32_t (*places)[PARTS]; /* a chunk: how many rows of each part, then where they go */
    uint64_t *spare;     /* a position: numbers of a chunk, then the rows in parts */
    uint32_t *ret;
};

static uint32_t bits_of(uint64_t span)
{
    return span == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(span);
}

/* By all threads, if they pay.  Who sorts on a worker's thread has a run of one. */
static enum status each(struct sorter *s, uint32_t count, run_piece *work, struct error *err)
{
    enum status status = STATUS_OK;
    bool stop = false;

    if (s->run->scan_threads > 1 && s->row_count > ALONE_ROWS)
        return run_pieces(s->run, count, work, s, err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        status = run_check(s->run, err);
        if (status == STATUS_OK)
            status = work(s, NULL, i, &stop, err);
    }
    return status;
}

/* ---- numbers ---- */

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

/* The numbers of a chunk, in the order of their values. */
static void read_numbers(const struct vector *v, const struct field *f, uint32_t count,
                         uint64_t *ret)
{
    if (v->type == TYPE_BOOL) {
        for (uint32_t r = 0; r < count; r++)
            ret[r] = v->booleans[r];
    } else if (v->type == TYPE_REAL) {
        for (uint32_t r = 0; r < count; r++)
            ret[r] = real_bits(v->reals[r], f->key);
    } else if (v->type == TYPE_GUID) {
        for (uint32_t r = 0; r < count; r++)
            ret[r] = guid_half(&v->guids[r], f->half);
    } else {
        for (uint32_t r = 0; r < count; r++)
            ret[r] = (uint64_t)v->integers[r] ^ (UINT64_C(1) << 63);
    }
}

static const struct vector *column_of(const struct sorter *s, const struct field *f,
                                      uint32_t chunk)
{
    return &s->set->chunks[chunk].columns[f->key->column];
}

/* The greatest common divisor of the distances to the lowest; times are often whole seconds,
 * which are ten million ticks, and that saves two of six passes. */
static uint64_t find_unit(const uint64_t *numbers, const uint8_t *nulls, uint32_t count,
                          const struct bounds *b)
{
    if (b->low >= b->high)
        return 0;
    struct unit unit = unit_of(b->high - b->low);
    uint64_t ignored;
    for (uint32_t r = 0; r < count && unit.value > 1; r++) {
        uint64_t distance = numbers[r] - b->low;
        if ((nulls == NULL || nulls[r] == 0) && !unit_divide(&unit, distance, &ignored))
            unit = unit_of(unit_divisor(unit.value, distance));
    }
    return unit.value;
}

static struct bounds find_bounds(const struct sorter *s, const struct field *f, uint32_t chunk)
{
    uint64_t *numbers = s->spare + s->first[chunk];
    const struct vector *v = column_of(s, f, chunk);
    uint32_t count = s->set->chunks[chunk].row_count;
    struct bounds b = {.low = UINT64_MAX};

    read_numbers(v, f, count, numbers);
    for (uint32_t r = 0; r < count; r++) {
        if (v->nulls != NULL && v->nulls[r] != 0) {
            b.has_null = true;
            continue;
        }
        b.low = numbers[r] < b.low ? numbers[r] : b.low;
        b.high = numbers[r] > b.high ? numbers[r] : b.high;
    }
    b.unit = find_unit(numbers, v->nulls, count, &b);
    return b;
}

static void join_bounds(struct bounds *all, const struct bounds *b)
{
    all->has_null = all->has_null || b->has_null;
    if (b->low > b->high)
        return;
    if (all->low > all->high) {
        all->low = b->low;
        all->high = b->high;
        all->unit = b->unit;
        return;
    }
    uint64_t apart = b->low > all->low ? b->low - all->low : all->low - b->low;
    all->unit = unit_divisor(unit_divisor(all->unit, b->unit), apart);
    all->low = b->low < all->low ? b->low : all->low;
    all->high = b->high > all->high ? b->high : all->high;
}

/* ---- fields ---- */

/* The texts of rows without codes, numbered. */
static enum status number_texts(struct sorter *s, struct field *f, struct error *err)
{
    uint32_t *numbers =
        arena_alloc_raw(s->arena, ((size_t)s->row_count + 1) * sizeof(*numbers), err);
    enum status status = numbers == NULL ? err->status : STATUS_OK;
    uint64_t at = 0;

    for (uint32_t c = 0; c < s->set->chunk_count && status == STATUS_OK; c++) {
        const struct vector *v = column_of(s, f, c);
        status = run_check(s->run, err);
        for (uint32_t r = 0; r < s->set->chunks[c].row_count && status == STATUS_OK; r++) {
            numbers[at] = 0;
            if (v->nulls == NULL || v->nulls[r] == 0)
                status = sort_texts_add(&f->texts, s->arena, v->slices[vector_index(v, r)],
                                        &numbers[at], err);
            at++;
        }
    }
    f->numbers = numbers;
    return status;
}

static enum status begin_ranks(struct sorter *s, struct field *f, struct error *err)
{
    enum status status = STATUS_OK;

    f->texts.type = s->set->schema.columns[f->key->column].type;
    if (s->row_count > 0 && rowset_is_coded(s->set, f->key->column)) {
        const struct vector *any = column_of(s, f, 0);
        f->texts.list = (struct slice *)(uintptr_t)any->slices; /* which are only read */
        f->texts.count = any->dict_size;
        f->texts.all_differ = true;
    } else {
        status = number_texts(s, f, err);
    }
    if (status == STATUS_OK)
        status = sort_texts_fit(&f->texts, s->arena, err);
    if (status == STATUS_OK)
        sort_texts_divide(&f->texts);
    return status;
}

static bool has_nulls(const struct sorter *s, const struct field *f)
{
    bool has = false;

    for (uint32_t c = 0; s->set->nullable[f->key->column] != 0 && c < s->set->chunk_count; c++) {
        const uint8_t *nulls = column_of(s, f, c)->nulls;
        for (uint32_t r = 0; nulls != NULL && r < s->set->chunks[c].row_count; r++)
            has = has || nulls[r] != 0;
    }
    return has;
}

static enum status add_fields(struct sorter *s, const struct sort_key *key, struct error *err)
{
    enum type type = s->set->schema.columns[key->column].type;
    uint32_t halves = type == TYPE_GUID ? 2 : 1;
    struct field *f = &s->fields[s->field_count++];
    enum status status = STATUS_OK;

    *f = (struct field){.key = key, .kind = FIELD_NULL, .all = {.unit = 1}};
    f->all.high = has_nulls(s, f);
    for (uint32_t half = 0; half < halves && status == STATUS_OK; half++) {
        f = &s->fields[s->field_count++];
        *f = (struct field){.key = key, .half = half, .all = {.low = UINT64_MAX}};
        f->kind = type_is_bytes(type) ? FIELD_RANK : FIELD_NUMBER;
        if (f->kind == FIELD_RANK) {
            status = begin_ranks(s, f, err);
            continue;
        }
        f->chunks = ARENA_ARRAY(s->arena, struct bounds, s->set->chunk_count + (size_t)1, err);
        status = f->chunks == NULL ? err->status : STATUS_OK;
    }
    return status;
}

/* A piece sorts a part of the texts of a field; those behind the fields are chunks, whose
 * bounds are found. */
static enum status measure(void *context, struct worker *w, uint32_t piece, bool *stop,
                           struct error *err)
{
    struct sorter *s = context;

    (void)w;
    (void)stop;
    if (piece < s->field_count * SORT_TEXT_PARTS) {
        const struct field *f = &s->fields[piece / SORT_TEXT_PARTS];
        return f->kind == FIELD_RANK
                   ? sort_texts_sort(&f->texts, piece % SORT_TEXT_PARTS, s->run, err)
                   : STATUS_OK;
    }
    uint32_t chunk = piece - s->field_count * SORT_TEXT_PARTS;
    for (uint32_t i = 0; i < s->field_count; i++) {
        struct field *f = &s->fields[i];
        if (f->kind == FIELD_NUMBER)
            f->chunks[chunk] = find_bounds(s, f, chunk);
    }
    return STATUS_OK;
}

/* Gives each field its bits. */
static enum status lay_out(struct sorter *s, struct error *err)
{
    for (uint32_t i = 0; i < s->field_count; i++) {
        struct field *f = &s->fields[i];
        if (f->kind == FIELD_RANK) {
            sort_texts_rank(&f->texts);
            f->all = (struct bounds){.high = f->texts.span, .unit = 1};
        }
        for (uint32_t c = 0; f->kind == FIELD_NUMBER && c < s->set->chunk_count; c++)
            join_bounds(&f->all, &f->chunks[c]);
        if (f->all.low >= f->all.high)
            continue;
        f->unit = unit_of(f->all.unit);
        f->bits = bits_of((f->all.high - f->all.low) / f->all.unit);
        if (s->word_count == 0 || s->bits[s->word_count - 1] + f->bits > 64)
            s->word_count++;
        f->word = s->word_count - 1;
        s->bits[f->word] += f->bits;
    }
    uint32_t row_bits = bits_of((uint64_t)s->set->chunk_count * BATCH_ROWS_MAX);
    if (s->word_count == 1 && s->bits[0] + row_bits <= 64)
        s->row_bits = row_bits;
    for (uint32_t i = 0; i < s->word_count; i++) {
        s->words[i] = arena_alloc_raw(s->arena, (s->row_count + 1) * sizeof(**s->words), err);
        if (s->words[i] == NULL)
            return err->status;
    }
    return STATUS_OK;
}

/* The field in the rows of a chunk.  What stands for a null does not matter as long as it has
 * no more bits: its own comes before. */
static void fill(const struct sorter *s, const struct field *f, uint32_t chunk, uint64_t *ret)
{
    const struct vector *v = column_of(s, f, chunk);
    uint32_t count = s->set->chunks[chunk].row_count;
    const uint32_t *numbers = f->numbers == NULL ? v->codes : f->numbers + s->first[chunk];

    if (f->kind == FIELD_NULL) {
        for (uint32_t r = 0; r < count; r++)
            ret[r] = (v->nulls != NULL && v->nulls[r] != 0) != f->key->nulls_first;
        return;
    }
    if (f->kind == FIELD_RANK) {
        for (uint32_t r = 0; r < count; r++)
            ret[r] = f->texts.ranks[numbers[r]];
    } else {
        read_numbers(v, f, count, ret);
    }
    for (uint32_t r = 0; r < count; r++)
        ret[r] = f->key->descending ? f->all.high - ret[r] : ret[r] - f->all.low;
    for (uint32_t r = 0; f->unit.value > 1 && r < count; r++)
        (void)unit_divide(&f->unit, ret[r], &ret[r]);
    for (uint32_t r = 0; v->nulls != NULL && r < count; r++)
        ret[r] = v->nulls[r] != 0 ? 0 : ret[r];
}

/* How many rows of the chunk belong to each part. */
static void count_parts(struct sorter *s, uint32_t chunk)
{
    const uint64_t *words = s->words[0] + s->first[chunk];
    uint32_t shift = s->row_bits + s->bits[0] - s->part_bits;

    memset(s->places[chunk], 0, sizeof(s->places[chunk]));
    for (uint32_t r = 0; r < s->set->chunks[chunk].row_count; r++)
        s->places[chunk][words[r] >> shift]++;
}

static enum status fill_words(void *context, struct worker *w, uint32_t chunk, bool *stop,
                              struct error *err)
{
    struct sorter *s = context;
    uint64_t *field = s->spare + s->first[chunk];
    uint32_t count = s->set->chunks[chunk].row_count;

    (void)w;
    (void)stop;
    (void)err;
    for (uint32_t i = 0; i < s->word_count; i++)
        memset(s->words[i] + s->first[chunk], 0, count * sizeof(**s->words));
    for (uint32_t i = 0; i < s->field_count; i++) {
        const struct field *f = &s->fields[i];
        if (f->bits == 0)
            continue;
        uint64_t *words = s->words[f->word] + s->first[chunk];
        fill(s, f, chunk, field);
        if (f->bits == 64) {
            memcpy(words, field, count * sizeof(*words));
            continue;
        }
        for (uint32_t r = 0; r < count; r++)
            words[r] = words[r] << f->bits | field[r];
    }
    if (s->row_bits == 0)
        return STATUS_OK;
    uint64_t *words = s->words[0] + s->first[chunk];
    for (uint32_t r = 0; r < count; r++)
        words[r] = words[r] << s->row_bits | ((uint64_t)chunk * BATCH_ROWS_MAX + r);
    count_parts(s, chunk);
    return STATUS_OK;
}

/* ---- the rows in order ---- */

static enum status divide(void *context, struct worker *w, uint32_t chunk, bool *stop,
                          struct error *err)
{
    struct sorter *s = context;
    const uint64_t *words = s->words[0] + s->first[chunk];
    uint32_t shift = s->row_bits + s->bits[0] - s->part_bits;

    (void)w;
    (void)stop;
    (void)err;
    for (uint32_t r = 0; r < s->set->chunks[chunk].row_count; r++)
        s->spare[s->places[chunk][words[r] >> shift]++] = words[r];
    return STATUS_OK;
}

/* After divide() the places of the last chunk are where the parts end. */
static enum status sort_part(void *context, struct worker *w, uint32_t part, bool *stop,
                             struct error *err)
{
    struct sorter *s = context;
    const uint32_t *ends = s->places[s->set->chunk_count - 1];
    uint32_t from = part == 0 ? 0 : ends[part - 1];
    uint64_t mask = (UINT64_C(1) << s->row_bits) - 1;
    uint64_t *words = s->spare + from, *other = s->words[0] + from;
    enum status status = sort_words(s->run, &words, &other, ends[part] - from, s->row_bits,
                                    s->bits[0] - s->part_bits, err);

    (void)w;
    (void)stop;
    for (uint32_t i = from; i < ends[part] && status == STATUS_OK; i++)
        s->ret[i] = (uint32_t)(words[i - from] & mask);
    return status;
}

/* The keys of all rows fit one word, and leave room for the row: nothing else is moved. */
static enum status sort_packed(struct sorter *s, struct error *err)
{
    uint32_t at = 0;

    for (uint32_t part = 0; part < PARTS; part++) {
        for (uint32_t c = 0; c < s->set->chunk_count; c++) {
            uint32_t count = s->places[c][part];
            s->places[c][part] = at;
            at += count;
        }
    }
    enum status status = each(s, s->set->chunk_count, divide, err);
    return status == STATUS_OK ? each(s, 1u << s->part_bits, sort_part, err) : status;
}

/* By one word after the other, least first. */
static enum status sort_wide(struct sorter *s, struct error *err)
{
    uint64_t count = s->row_count, at = 0;
    struct sort_entry *list = arena_alloc_raw(s->arena, (count + 1) * sizeof(*list), err);
    struct sort_entry *spare = arena_alloc_raw(s->arena, (count + 1) * sizeof(*spare), err);
    enum status status = list == NULL || spare == NULL ? err->status : STATUS_OK;

    for (uint32_t c = 0; c < s->set->chunk_count && status == STATUS_OK; c++) {
        for (uint32_t r = 0; r < s->set->chunks[c].row_count; r++)
            list[at++].row = c * BATCH_ROWS_MAX + r;
    }
    for (uint32_t w = s->word_count; w-- > 0 && status == STATUS_OK;) {
        for (uint64_t i = 0; i < count; i++) {
            uint32_t row = list[i].row;
            list[i].key = s->words[w][s->first[row / BATCH_ROWS_MAX] + row % BATCH_ROWS_MAX];
        }
        status = sort_entries(s->run, &list, &spare, count, s->bits[w], err);
    }
    for (uint64_t i = 0; i < count && status == STATUS_OK; i++)
        s->ret[i] = list[i].row;
    return status;
}

static enum status begin(struct sorter *s, uint32_t key_count, struct error *err)
{
    size_t chunks = (size_t)s->set->chunk_count + 1;
    size_t fields = (size_t)key_count * FIELDS_MAX + 1;
    uint64_t at = 0;

    s->first = ARENA_ARRAY(s->arena, uint64_t, chunks, err);
    s->fields = ARENA_ARRAY(s->arena, struct field, fields, err);
    s->words = ARENA_ARRAY(s->arena, uint64_t *, fields, err);
    s->bits = ARENA_ARRAY(s->arena, uint32_t, fields, err);
    s->spare = arena_alloc_raw(s->arena, (s->row_count + 1) * sizeof(*s->spare), err);
    if (s->first == NULL || s->fields == NULL || s->words == NULL || s->bits == NULL ||
        s->spare == NULL)
        return err->status;
    for (uint32_t c = 0; c < s->set->chunk_count; c++) {
        s->first[c] = at;
        at += s->set->chunks[c].row_count;
    }
    return STATUS_OK;
}

static enum status begin_parts(struct sorter *s, struct error *err)
{
    s->part_bits = s->bits[0] < PART_BITS ? s->bits[0] : PART_BITS;
    s->places =
        arena_alloc_raw(s->arena, ((size_t)s->set->chunk_count + 1) * sizeof(*s->places), err);
    return s->places == NULL ? err->status : STATUS_OK;
}

static enum status order_by_bits(const struct rowset *set, const struct sort_key *keys,
                                 uint32_t key_count, struct run *run, struct arena *arena,
                                 uint32_t *ret, struct error *err)
{
    struct sorter s = {.set = set, .run = run, .row_count = set->row_count, .ret = ret};

    s.arena = arena_share(arena);
    if (s.arena == NULL)
        return ERROR_MEMORY(err);
    enum status status = begin(&s, key_count, err);
    for (uint32_t i = 0; i < key_count && status == STATUS_OK; i++)
        status = add_fields(&s, &keys[i], err);
    if (status == STATUS_OK)
        status = each(&s, s.field_count * SORT_TEXT_PARTS + set->chunk_count, measure, err);
    if (status == STATUS_OK)
        status = lay_out(&s, err);
    if (status == STATUS_OK && s.row_bits > 0)
        status = begin_parts(&s, err);
    if (status == STATUS_OK)
        status = each(&s, set->chunk_count, fill_words, err);
    if (status == STATUS_OK)
        status = s.row_bits > 0 ? sort_packed(&s, err) : sort_wide(&s, err);
    arena_free(s.arena);
    return status;
}

/* ---- with little memory ---- */

#define COMPARISON_WORK 65536u /* bytes and keys between looks at the time */

struct comparison {
    const struct rowset *set;
    const struct sort_key *keys;
    uint32_t key_count;
    const struct run *run;
    uint64_t work;      /* since the time was looked at */
    enum status status; /* not OK: it is over, and all rows are equal from now on */
    struct error *err;
};

static void look(struct comparison *c, const struct value *value)
{
    c->work += 1 + (type_is_bytes(value->type) ? value->bytes.size : 0);
    if (c->work < COMPARISON_WORK)
        return;
    c->work = 0;
    c->status = run_check(c->run, c->err);
}

/* Nulls are outermost, then NaN. */
static int outlying(const struct value *value)
{
    return value->is_null ? 2 : value->type == TYPE_REAL && value->real != value->real;
}

/* Whether the row of `left` goes before that of `right` or is its equal. */
static bool in_order(struct comparison *c, const struct sort_entry *left,
                     const struct sort_entry *right)
{
    if (left->key != right->key)
        return left->key < right->key;
    for (uint32_t i = 0; i < c->key_count && c->status == STATUS_OK; i++) {
        const struct sort_key *key = &c->keys[i];
        struct value x = rowset_value(c->set, left->row, key->column);
        struct value y = rowset_value(c->set, right->row, key->column);
        int left_out = outlying(&x), right_out = outlying(&y);
        int result;
        if (left_out > 0 || right_out > 0)
            result = (right_out - left_out) * (key->nulls_first ? 1 : -1);
        else
            result = value_compare(&x, &y) * (key->descending ? -1 : 1);
        look(c, &x);
        if (result != 0)
            return result < 0;
    }
    return left->row < right->row;
}

/* By merging halves, `spare` has room for one.  qsort_r() could not be ended, and may not be
 * given an order that changes its mind. */
static void merge_sort(struct comparison *c, struct sort_entry *list, uint64_t count,
                       struct sort_entry *spare)
{
    uint64_t half = count / 2, left = 0, right = half, at = 0;

    if (count < 2 || c->status != STATUS_OK)
        return;
    merge_sort(c, list, half, spare);
    merge_sort(c, list + half, count - half, spare);
    if (in_order(c, &list[half - 1], &list[half]))
        return;
    memcpy(spare, list, half * sizeof(*list));
    while (left < half && right < count)
        list[at++] = in_order(c, &spare[left], &list[right]) ? spare[left++] : list[right++];
    memcpy(list + at, spare + left, (half - left) * sizeof(*list));
}

/* The number of one row, as read_numbers() would give it. */
static uint64_t number_at(const struct vector *v, uint32_t row, const struct sort_key *key)
{
    const struct field f = {.key = key};
    struct vector one = *v;
    uint64_t number;

    one.data = (const char *)v->data + vector_element_bytes(v->type) * row;
    read_numbers(&one, &f, 1, &number);
    return number;
}

/* What decides most comparisons by a key; equal where it does not. */
static uint64_t prefix_at(const struct vector *v, uint32_t row, const struct sort_key *key)
{
    uint64_t prefix = 0;

    if (v->nulls != NULL && v->nulls[row] != 0)
        return key->nulls_first ? 0 : UINT64_MAX;
    if (!type_is_bytes(v->type))
        prefix = number_at(v, row, key);
    else if (v->type != TYPE_DECIMAL)
        prefix = sort_text_prefix(v->slices[vector_index(v, row)], 0);
    return key->descending ? ~prefix : prefix;
}

static enum status order_by_comparing(const struct rowset *set, const struct sort_key *keys,
                                      uint32_t key_count, const struct run *run,
                                      struct arena *arena, uint32_t *ret, struct error *err)
{
    struct comparison comparison = {.set = set, .keys = keys, .key_count = key_count,
                                    .run = run, .status = STATUS_OK, .err = err};
    struct arena *own = arena_share(arena);
    uint64_t count = 0;

    if (own == NULL)
        return ERROR_MEMORY(err);
    struct sort_entry *list =
        arena_alloc_raw(own, ((size_t)set->row_count + 1) * sizeof(*list), err);
    struct sort_entry *spare =
        list == NULL ? NULL
                     : arena_alloc_raw(own, ((size_t)set->row_count / 2 + 1) * sizeof(*list), err);
    for (uint32_t c = 0; spare != NULL && c < set->chunk_count; c++) {
        const struct vector *v = &set->chunks[c].columns[keys[0].column];
        for (uint32_t r = 0; r < set->chunks[c].row_count; r++)
            list[count++] = (struct sort_entry){.key = prefix_at(v, r, &keys[0]),
                                                .row = c * BATCH_ROWS_MAX + r};
    }
    merge_sort(&comparison, list, count, spare);
    for (uint64_t i = 0; i < count; i++)
        ret[i] = list[i].row;
    arena_free(own);
    return spare == NULL ? err->status : comparison.status;
}

enum status sort_order(const struct rowset *set, const struct sort_key *keys,
                       uint32_t key_count, struct run *run, struct arena *arena,
                       uint32_t **ret, struct error *err)
{
    *ret = arena_alloc_raw(arena, ((size_t)set->row_count + 1) * sizeof(**ret), err);
    if (*ret == NULL)
        return err->status;
    enum status status = order_by_bits(set, keys, key_count, run, arena, *ret, err);
    if (status == STATUS_LIMIT && err->code[0] == '\0') { /* of memory, not of time */
        *err = (struct error){0};
        status = order_by_comparing(set, keys, key_count, run, arena, *ret, err);
    }
    return status;
}
