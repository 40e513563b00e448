/* SPDX-License-Identifier: Apache-2.0 */
/* Values against a filter: asked once a dictionary value, not once a row. */
#include "store/filter_priv.h"

#include "table/search.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

static bool is_whole_number(enum type type)
{
    return type == TYPE_INT || type == TYPE_LONG || type == TYPE_DATETIME || type == TYPE_TIMESPAN;
}

/* Can values of the type be compared with the filter's here? */
static bool is_comparable(const struct filter *filter, enum type type)
{
    if (filter->kind == FILTER_RANGE)
        return is_whole_number(type) && filter->path.size == 0;
    for (uint32_t i = 0; i < filter->value_count; i++) {
        enum type value = filter->values[i].type;
        bool is_same = value == type && type != TYPE_DECIMAL && type != TYPE_DYNAMIC;
        bool is_number = is_whole_number(type) && (value == TYPE_INT || value == TYPE_LONG);
        bool is_text = type == TYPE_STRING && value == TYPE_STRING;
        if (!is_same && !is_number && !is_text)
            return false;
    }
    return true;
}

enum type filter_type(const struct filter *filter, enum type column)
{
    enum type type = column == TYPE_DYNAMIC ? TYPE_STRING : column;

    if (filter->kind == FILTER_HAS && type != TYPE_STRING)
        return TYPE_COUNT_;
    return is_comparable(filter, type) ? type : TYPE_COUNT_;
}

bool filter_is_within(const struct filter *filter, struct slice text)
{
    for (uint32_t i = 0; i < filter->value_count; i++) {
        if (search_contains(text, filter->values[i].bytes, false))
            return true;
    }
    return false;
}

bool filter_matches_slice(const struct filter *filter, struct slice text)
{
    for (uint32_t i = 0; i < filter->value_count; i++) {
        struct slice value = filter->values[i].bytes;
        bool is_match = false;
        switch (filter->kind) {
        case FILTER_EQUAL:
            is_match = slice_equal(text, value);
            break;
        case FILTER_EQUAL_NOCASE:
            is_match = search_equal(text, value, false);
            break;
        case FILTER_HAS:
        case FILTER_ANY_HAS:
            is_match = search_has(text, value, false, false, false);
            break;
        case FILTER_RANGE:
        case FILTER_OR:
            break;
        }
        if (is_match)
            return true;
    }
    return false;
}

static bool matches_number(const struct filter *filter, int64_t number)
{
    if (filter->kind == FILTER_RANGE)
        return number >= filter->low && number <= filter->high;
    for (uint32_t i = 0; i < filter->value_count; i++) {
        if (!filter->values[i].is_null && filter->values[i].integer == number)
            return true;
    }
    return false;
}

bool filter_matches_missing(const struct filter *filter)
{
    if (filter->kind == FILTER_RANGE)
        return false;
    for (uint32_t i = 0; i < filter->value_count; i++) {
        const struct value *value = &filter->values[i];
        if (value->is_null || (type_is_bytes(value->type) && value->bytes.size == 0))
            return true;
    }
    return false;
}

static bool matches_element(const struct filter *filter, const struct path_values *values,
                            uint32_t i)
{
    if (values->nulls != NULL && values->nulls[i])
        return filter_matches_missing(filter);
    if (type_is_bytes(values->type))
        return filter_matches_slice(filter, ((const struct slice *)values->data)[i]);
    if (is_whole_number(values->type))
        return matches_number(filter, ((const int64_t *)values->data)[i]);
    for (uint32_t k = 0; k < filter->value_count; k++) {
        const struct value *value = &filter->values[k];
        if (value->is_null)
            continue;
        if (values->type == TYPE_BOOL &&
            value->boolean == (((const uint8_t *)values->data)[i] != 0))
            return true;
        if (values->type == TYPE_REAL && value->real == ((const double *)values->data)[i])
            return true;
        if (values->type == TYPE_GUID &&
            guid_equal(&value->guid, &((const struct guid *)values->data)[i]))
            return true;
    }
    return false;
}

/* ---- words in a whole dictionary ---- */

/* Three letters of a word: the first, one in the middle, the last.  Two are in many texts, and
 * each time the word has to be compared. */
struct letters {
    size_t places[3];
    char low[3]; /* in lower case */
};

static struct letters letters_of(struct slice word)
{
    struct letters ret = {{0, word.size / 2, word.size - 1}, {0}};

    for (unsigned i = 0; i < 3; i++)
        ret.low[i] = (char)(word.data[ret.places[i]] | 0x20);
    return ret;
}

#ifdef __AVX2__
/* A dictionary is seldom in the caches of the processor, which does not look ahead across pages. */
#define LOOK_AHEAD_BYTES 2048

static inline __m256i letter_at(const char *at, const struct letters *l, unsigned which)
{
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(at + l->places[which]));

    return _mm256_cmpeq_epi8(_mm256_or_si256(bytes, _mm256_set1_epi8(0x20)),
                             _mm256_set1_epi8(l->low[which]));
}

/* Which of 32 places have the letters where the word's would be. */
static inline __m256i letters_at(const char *at, const struct letters *l)
{
    return _mm256_and_si256(_mm256_and_si256(letter_at(at, l, 0), letter_at(at, l, 2)),
                            letter_at(at, l, 1));
}
#endif

static bool has_letters(const char *at, const struct letters *l)
{
    return (char)(at[l->places[0]] | 0x20) == l->low[0] &&
           (char)(at[l->places[1]] | 0x20) == l->low[1] &&
           (char)(at[l->places[2]] | 0x20) == l->low[2];
}

/* The first place in [at, end) where the word's letters are, in any case; the end if there is
 * none.  As many bytes as the word has beyond one may be read behind the end. */
static const char *find_letters(const char *at, const char *end, const struct letters *given)
{
    const struct letters l = *given;

#ifdef __AVX2__
    for (; end - at >= 64; at += 64) { /* most have none */
        __builtin_prefetch(at + LOOK_AHEAD_BYTES);
        __m256i found = _mm256_or_si256(letters_at(at, &l), letters_at(at + 32, &l));
        if (!_mm256_testz_si256(found, found))
            break;
    }
    for (; end - at >= 32; at += 32) {
        unsigned bits = (unsigned)_mm256_movemask_epi8(letters_at(at, &l));
        if (bits != 0)
            return at + __builtin_ctz(bits);
    }
#endif
    while (at < end && !has_letters(at, &l))
        at++;
    return at;
}

static bool is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.data[i] > 127)
            return false;
    }
    return true;
}

/* How many bytes of the word stand there, but for its case and what cannot stand in a word. */
static size_t same_bytes(const char *at, struct slice word)
{
    size_t i = 1;

    while (i < word.size && (at[i] | 0x20) == (word.data[i] | 0x20))
        i++;
    return i;
}

/* Which of the texts, that stand one behind the other, the place is in: the last that begins
 * at it or before.  They are about as long as each other, so the search begins where that says,
 * and few of the texts' places are read. */
static uint32_t text_at(const struct slice *texts, uint32_t count, size_t bytes, const char *at)
{
    uint32_t guess = (uint32_t)((uint64_t)(at - texts[0].data) * count / bytes);
    uint32_t low = guess < count ? guess : count - 1, high = low + 1, step = 1;

    for (; texts[low].data > at; step *= 2) {
        high = low;
        low = low > step ? low - step : 0;
    }
    for (; high < count && texts[high].data <= at; step *= 2) {
        low = high;
        high = count - high > step ? high + step : count;
    }
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (texts[middle].data <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Bytes compared in vain, for each that is searched: more, and the texts repeat themselves as
 * the word does. */
#define PATIENCE 4u

/* Texts that stand one behind the other, as decoded dictionaries do: the block is searched
 * as one text, and only what has the word is looked at, once. */
static void match_word(struct slice word, const struct slice *texts, uint32_t count,
                       uint8_t *matches)
{
    const char *at = texts[0].data;
    const char *text_end = texts[count - 1].data + texts[count - 1].size;

    if ((size_t)(text_end - at) < word.size)
        return;
    const char *end = text_end - word.size + 1;
    const struct letters letters = letters_of(word);
    size_t bytes = (size_t)(text_end - at), spent = 0;
    while ((at = find_letters(at, end, &letters)) < end) {
        size_t same = same_bytes(at, word);
        spent += same < word.size ? same : 0;
        if (same < word.size && spent <= PATIENCE * bytes) {
            at++;
            continue;
        }
        uint32_t i = text_at(texts, count, bytes, at);
        matches[i] = matches[i] != 0 || search_has(texts[i], word, false, false, false);
        at = texts[i].data + texts[i].size;
    }
}

void filter_match_run(const struct filter *filter, const struct slice *texts, uint32_t count,
                      uint8_t *matches)
{
    for (uint32_t k = 0; k < filter->value_count && count > 0; k++)
        match_word(filter->values[k].bytes, texts, count, matches);
}

/* So many texts that nobody wants are searched with those around them. */
#define PASSED_OVER_MIN 4u

/* The end of the texts from `from` on that are searched at once: they stand one behind the
 * other, and most of them are wanted. */
static uint32_t run_end(const struct path_values *values, const uint8_t *wanted, uint32_t from,
                        uint32_t count)
{
    const struct slice *texts = values->data;
    uint32_t end = from + 1;

    if (values->is_run && wanted == NULL)
        return count;
    for (uint32_t next = end; next < count; next++) {
        if (!values->is_run && (texts[next - 1].data == NULL ||
                                texts[next].data != texts[next - 1].data + texts[next - 1].size))
            return end;
        if (wanted == NULL || wanted[next] != 0)
            end = next + 1;
        else if (next - end >= PASSED_OVER_MIN)
            return end;
    }
    return end;
}

/* A word of ASCII: few of many texts have one. */
static void match_in_runs(struct slice word, const struct path_values *values,
                          const uint8_t *wanted, uint32_t count, uint8_t *matches)
{
    const struct slice *texts = values->data;

    for (uint32_t from = 0, end; from < count; from = end) {
        const uint8_t *next = wanted == NULL ? NULL : memchr(wanted + from, 1, count - from);
        if (wanted != NULL && next == NULL)
            break;
        from = wanted == NULL ? from : (uint32_t)(next - wanted);
        end = run_end(values, wanted, from, count);
        if (texts[from].data != NULL)
            match_word(word, texts + from, end - from, matches + from);
    }
}

static void match_each(const struct filter *filter, const struct path_values *values,
                       const uint8_t *wanted, uint32_t count, uint8_t *matches)
{
    for (uint32_t i = 0; i < count; i++)
        matches[i] = matches[i] != 0 || ((wanted == NULL || wanted[i] != 0) &&
                                         matches_element(filter, values, i));
}

#define VALUES_A_LOOK 16u /* that each value of a dictionary is compared with */

/* Sets matches[i] of the values that match.  A question may have many words, each of which is
 * looked for in all texts, and values: the time is looked at between them. */
static enum status match_values(struct part_scan *scan, const struct filter *filter,
                                const struct path_values *values,
                                const struct wanted_values *wanted, uint8_t *matches,
                                struct error *err)
{
    bool is_search = filter->kind == FILTER_HAS || filter->kind == FILTER_ANY_HAS;
    uint32_t count = scan->part->paths[wanted->path].dict_count;
    uint32_t step = is_search ? 1 : VALUES_A_LOOK, at = 0;
    enum status status = STATUS_OK;

    memset(matches, 0, count);
    do {
        struct filter some = *filter;
        some.value_count = filter->value_count - at < step ? filter->value_count - at : step;
        if (at > 0) {
            some.values += at;
            status = scan_look(scan, err);
        }
        struct slice word = is_search ? some.values[0].bytes : SLICE("");
        if (status == STATUS_OK && word.size > 0 && is_ascii(word) && values->nulls == NULL)
            match_in_runs(word, values, wanted->codes, count, matches);
        else if (status == STATUS_OK)
            match_each(&some, values, wanted->codes, count, matches);
        at += some.value_count;
    } while (at < filter->value_count && status == STATUS_OK);
    return status;
}

/* ---- which values are asked ---- */

#define FEW_CODES 256u /* that may all be asked */
#define FEW_SHARE 4u   /* of a dictionary: to pick more is slower than to take all */

/* Marks the codes of a slot in the blocks (marks NULL: none); how many rows that is. */
static uint32_t mark_blocks(const struct part *part, const struct shape *shape,
                            const struct slot *slot, uint64_t blocks, uint8_t *marks)
{
    uint32_t shape_end = shape->row_begin + shape->row_count, count = 0;

    for (; blocks != 0; blocks &= blocks - 1) {
        uint32_t begin = (uint32_t)__builtin_ctzll(blocks) * INDEX_BLOCK_ROWS;
        uint32_t end = begin + INDEX_BLOCK_ROWS;
        begin = begin < shape->row_begin ? shape->row_begin : begin;
        end = end > shape_end ? shape_end : end;
        if (begin >= end)
            continue;
        count += end - begin;
        if (marks != NULL)
            codes_mark(codes_from(part->paths[slot->path].codes,
                                  slot->first + (begin - shape->row_begin)),
                       end - begin, marks);
    }
    return count;
}

/* The same of all slots of a path. */
static uint32_t mark_path_blocks(const struct part *part, uint32_t path, uint64_t blocks,
                                 uint8_t *marks)
{
    uint32_t count = 0;

    for (uint32_t s = 0; s < part->root_shape_count; s++) {
        const struct shape *shape = &part->shapes[s];
        for (uint32_t i = 0; i < shape->slot_count; i++) {
            if (shape->slots[i].path == path)
                count += mark_blocks(part, shape, &shape->slots[i], blocks, marks);
        }
    }
    return count;
}

enum status filter_codes_in(struct part_scan *scan, uint32_t path, uint64_t blocks,
                            uint8_t **ret, struct error *err)
{
    const struct part *part = scan->part;
    const struct path_column *column = &part->paths[path];

    *ret = NULL;
    blocks &= scan->blocks == NULL ? UINT64_MAX : *scan->blocks;
    if (blocks == UINT64_MAX || column->dict_count <= FEW_CODES ||
        slice_find_byte(column->path, '[', 0) != SIZE_MAX ||
        mark_path_blocks(part, path, blocks, NULL) > column->value_count / FEW_SHARE)
        return STATUS_OK;
    uint8_t *marks = ARENA_ARRAY(scan->arena, uint8_t, column->dict_count, err);
    if (marks == NULL)
        return err->status;
    (void)mark_path_blocks(part, path, blocks, marks);
    uint32_t wanted = 0;
    for (uint32_t i = 0; i < column->dict_count; i++)
        wanted += marks[i];
    *ret = wanted < column->dict_count / FEW_SHARE ? marks : NULL;
    return STATUS_OK;
}

enum status filter_match_path(struct part_scan *scan, const struct filter *filter,
                              const struct wanted_values *wanted, uint8_t **ret,
                              struct error *err)
{
    const struct path_values *values;
    uint32_t count = scan->part->paths[wanted->path].dict_count;
    enum status status = path_values_get(scan->part, wanted->path, wanted->type, &values, err);

    *ret = NULL;
    if (status != STATUS_OK)
        return status;
    uint8_t *matches = arena_alloc_raw(scan->arena, count + (size_t)1, err);
    if (matches == NULL)
        return err->status;
    status = match_values(scan, filter, values, wanted, matches, err);
    if (status != STATUS_OK)
        return status;
    *ret = memchr(matches, 1, count) != NULL ? matches : NULL;
    return STATUS_OK;
}
