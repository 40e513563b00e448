/* SPDX-License-Identifier: Apache-2.0 */
/* Invariant: a list of path_values only grows while the part lives; entries
 * are immutable, so readers follow it without a lock.  Two threads may make the
 * same entry; the second to finish drops its own. */
#include "store/values_priv.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/cache_priv.h"
#include "table/dynamic.h"
#include "table/vector.h"

#include <stdlib.h>

struct maker {
    const struct path_column *path;
    struct path_values *values;
    char *data; /* elements */
    uint8_t *nulls;
    struct buf text; /* decoded bytes; slices point into it at the end */
    bool has_parsed; /* some text is the JSON in it */
};

/* ---- one leaf to a value ---- */

static bool parse_bool(struct slice text, bool *ret)
{
    int64_t number;

    if (slice_equal_nocase(text, SLICE("true")) || slice_equal_nocase(text, SLICE("false"))) {
        *ret = text.size == 4;
        return true;
    }
    if (!text_parse_i64(text, &number))
        return false;
    *ret = number != 0;
    return true;
}

static bool parse_long(struct slice text, int64_t *ret)
{
    double real;

    if (text_parse_i64(text, ret))
        return true;
    /* "1.0" and "1e3" are whole numbers too. */
    if (!text_parse_double(text, &real) || !(real >= -9.2e18 && real <= 9.2e18) ||
        real != (double)(int64_t)real)
        return false;
    *ret = (int64_t)real;
    return true;
}

/* "[-][d.]hh:mm:ss[.fffffff]" */
static bool parse_timespan(struct slice text, int64_t *ret)
{
    bool is_negative = text.size > 0 && text.data[0] == '-';
    struct slice rest = slice_tail(text, is_negative ? 1 : 0), part, clock;
    int64_t days = 0, fields[3] = {0}, ticks = 0;
    size_t colon = slice_find_byte(rest, ':', 0), dot = slice_find_byte(rest, '.', 0);

    if (colon == SIZE_MAX)
        return false;
    if (dot < colon) {
        if (!text_parse_i64(slice_head(rest, dot), &days) || days < 0 || days > 10675199)
            return false;
        rest = slice_tail(rest, dot + 1);
        dot = slice_find_byte(rest, '.', 0);
    }
    clock = slice_head(rest, dot);
    if (dot != SIZE_MAX) {
        struct slice fraction = slice_tail(rest, dot + 1);
        if (fraction.size == 0 || fraction.size > 7 || !text_parse_i64(fraction, &ticks) ||
            ticks < 0)
            return false;
        for (size_t i = fraction.size; i < 7; i++)
            ticks *= 10;
    }
    for (int i = 0; i < 3; i++) {
        int64_t bound = i == 0 ? 24 : 60;
        if (!slice_next(&clock, ':', &part) || !text_parse_i64(part, &fields[i]) ||
            fields[i] < 0 || fields[i] >= bound)
            return false;
    }
    if (clock.data != NULL && clock.size > 0)
        return false;
    ticks += days * TICKS_PER_DAY + fields[0] * TICKS_PER_HOUR + fields[1] * TICKS_PER_MINUTE +
             fields[2] * TICKS_PER_SECOND;
    *ret = is_negative ? -ticks : ticks;
    return true;
}

bool leaf_to_fixed(enum type type, struct slice text, void *ret)
{
    int64_t number;
    double real;
    bool boolean;
    bool is_valid = false;

    switch (type) {
    case TYPE_BOOL:
        is_valid = parse_bool(text, &boolean);
        if (is_valid)
            *(uint8_t *)ret = boolean;
        return is_valid;
    case TYPE_INT:
        is_valid = parse_long(text, &number) && number >= INT32_MIN && number <= INT32_MAX;
        break;
    case TYPE_LONG:
        is_valid = parse_long(text, &number);
        break;
    case TYPE_DATETIME:
        is_valid = time_parse_iso(text, &number);
        break;
    case TYPE_TIMESPAN:
        is_valid = parse_timespan(text, &number);
        break;
    case TYPE_REAL:
        is_valid = text_parse_double(text, &real);
        if (is_valid)
            memcpy(ret, &real, sizeof(real));
        return is_valid;
    case TYPE_GUID:
        return guid_parse(text, ret);
    case TYPE_DECIMAL:
    case TYPE_STRING:
    case TYPE_DYNAMIC:
    case TYPE_COUNT_:
        return false;
    }
    if (is_valid)
        memcpy(ret, &number, sizeof(number));
    return is_valid;
}

/* ---- whole dictionaries ---- */

/* The text of a leaf without its JSON clothes. */
static struct slice plain_text(const struct path_column *path, uint32_t code, struct buf *scratch)
{
    struct slice text = path->dict[code];

    if (path->dict_kinds[code] == JSON_NULL)
        return (struct slice){"", 0};
    return path->dict_kinds[code] == JSON_STRING && path->has_escapes ? json_plain(text, scratch)
                                                                      : text;
}

static enum status fill_fixed(struct maker *m, enum type type, struct error *err)
{
    size_t size = vector_element_bytes(type);
    struct buf scratch;
    buf_init(&scratch, REQUEST_BODY_BYTES_MAX);

    for (uint32_t i = 0; i < m->path->dict_count; i++) {
        struct slice text = plain_text(m->path, i, &scratch);
        m->nulls[i] = !leaf_to_fixed(type, text, m->data + i * size);
    }
    m->nulls[m->path->dict_count] = 1;
    m->values->nulls = m->nulls;
    enum status status = buf_check(&scratch, err);
    buf_release(&scratch);
    return status;
}

/* Of a dynamic value that is no string. */
static struct slice unquoted_text(const struct path_column *path, uint32_t i)
{
    if (path->dict_kinds[i] == JSON_NULL)
        return (struct slice){"", 0};
    return path->dict_kinds[i] == JSON_ARRAY ? SLICE("[]") /* with blanks in it, as it came */
                                             : path->dict[i];
}

/* A string of a dynamic column with its quotes; or the JSON in it. */
static enum status add_string(struct maker *m, uint32_t i, struct buf *scratch, struct error *err)
{
    const struct path_column *path = m->path;
    struct slice json = SLICE("");
    enum status status = STATUS_OK;
    size_t at = m->text.size;

    if (m->values->is_parsed)
        status = dynamic_in_text(plain_text(path, i, scratch), &json, err);
    if (status == STATUS_OK && json.size > 0) {
        m->has_parsed = true;
        buf_add_slice(&m->text, json);
        dynamic_compact_tail(&m->text, at, scratch);
        return STATUS_OK;
    }
    buf_add_byte(&m->text, '"');
    buf_add_slice(&m->text, path->dict[i]);
    buf_add_byte(&m->text, '"');
    if (path->has_escapes)
        dynamic_compact_tail(&m->text, at, scratch);
    return status;
}

/* Strings are decoded; dynamic values are JSON texts, so strings get quotes. */
static enum status fill_slices(struct maker *m, enum type type, struct error *err)
{
    const struct path_column *path = m->path;
    struct slice *out = (struct slice *)(void *)m->data;
    enum status status = STATUS_OK;
    struct buf scratch;
    buf_init(&scratch, REQUEST_BODY_BYTES_MAX);

    for (uint32_t i = 0; i < path->dict_count && status == STATUS_OK; i++) {
        bool is_quoted = type == TYPE_DYNAMIC && path->dict_kinds[i] == JSON_STRING;
        size_t at = m->text.size;
        if (type == TYPE_DYNAMIC)
            out[i] = is_quoted ? path->dict[i] : unquoted_text(path, i);
        else
            out[i] = plain_text(path, i, &scratch);
        if (!is_quoted && out[i].data != scratch.data)
            continue; /* the part's own text */
        if (is_quoted)
            status = add_string(m, i, &scratch, err);
        else
            buf_add_slice(&m->text, out[i]);
        /* The buffer may still move: keep the offset, mark with no pointer. */
        out[i] = (struct slice){NULL, m->text.size - at};
    }
    if (status == STATUS_OK)
        status = buf_check(&m->text, err);
    if (status == STATUS_OK)
        status = buf_check(&scratch, err);
    buf_release(&scratch);
    size_t at = 0;
    for (uint32_t i = 0; i < path->dict_count && status == STATUS_OK; i++) {
        if (out[i].data != NULL)
            continue;
        out[i].data = m->text.data == NULL ? "" : m->text.data + at;
        at += out[i].size;
    }
    out[path->dict_count] = (struct slice){"", 0};
    if (type != TYPE_STRING) {
        for (uint32_t i = 0; i <= path->dict_count; i++)
            m->nulls[i] = out[i].size == 0;
        m->values->nulls = m->nulls;
    }
    return status;
}

/* Are all elements different?  Asked of slices only: the dictionary of fixed
 * values is rarely worth it ("1" and "01"). */
static bool are_unique(const struct path_column *path, const struct slice *slices)
{
    bool is_plain = !path->has_escapes;
    uint32_t empty_count = 1; /* the last element */

    for (uint32_t i = 0; i < path->dict_count && is_plain; i++) {
        is_plain = path->dict_kinds[i] == path->dict_kinds[0] &&
                   path->dict_kinds[i] != JSON_ARRAY; /* "[ ]" and "[  ]" are one value */
        empty_count += slices[i].size == 0;
    }
    return is_plain && empty_count == 1;
}

/* Are the texts of the dictionary the strings, as they stand? */
static bool are_strings(const struct path_column *path, enum type type)
{
    bool are = type == TYPE_STRING && !path->has_escapes && path->dict != NULL;

    for (uint32_t i = 0; i < path->dict_count && are; i++)
        are = path->dict_kinds[i] != JSON_NULL;
    return are;
}

static bool are_run(const struct path_column *path, const struct slice *texts)
{
    bool are = path->dict_count > 0 && texts[0].data != NULL;

    for (uint32_t i = 1; i < path->dict_count && are; i++)
        are = texts[i].data == texts[i - 1].data + texts[i - 1].size;
    return are;
}

/* Lists the codes whose text is another than the dictionary's. */
static enum status list_rewritten(const struct path_column *path, struct path_values *values,
                                  struct error *err)
{
    const struct slice *texts = values->data;
    uint32_t count = 0;

    for (uint32_t i = 0; i < path->dict_count; i++)
        count += texts[i].data != path->dict[i].data;
    if (count == 0)
        return STATUS_OK;
    values->rewritten = malloc(count * sizeof(*values->rewritten));
    if (values->rewritten == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t i = 0; i < path->dict_count; i++) {
        if (texts[i].data != path->dict[i].data &&
            slice_find_byte(path->dict[i], '\\', 0) != SIZE_MAX)
            values->rewritten[values->rewritten_count++] = i;
    }
    return STATUS_OK;
}

static size_t rounded(size_t size)
{
    return (size + 15) & ~(size_t)15;
}

struct wanted {
    enum type type;
    bool is_parsed;
};

static enum status make_values(const struct part *part, uint32_t path_index,
                               const struct wanted *wanted, struct path_values **ret,
                               struct error *err)
{
    enum type type = wanted->type;
    const struct path_column *path = &part->paths[path_index];
    size_t count = path->dict_count + (size_t)1;
    bool is_shared = are_strings(path, type);
    size_t data_bytes = is_shared ? 0 : rounded(count * vector_element_bytes(type));
    size_t bytes = rounded(sizeof(struct path_values)) + data_bytes + (is_shared ? 0 : count);
    struct path_values *values = calloc(1, bytes);
    struct maker m = {.path = path, .values = values};

    if (values == NULL)
        return ERROR_MEMORY(err);
    m.data = (char *)values + rounded(sizeof(*values));
    m.nulls = (uint8_t *)m.data + data_bytes;
    buf_init(&m.text, PART_MEMORY_BYTES_MAX);
    values->type = type;
    values->is_parsed = wanted->is_parsed;
    values->count = (uint32_t)count;
    values->data = is_shared ? (const void *)path->dict : m.data;
    values->id =
        hash_u64(part->id + ((uint64_t)path_index << 8) + 2 * type + wanted->is_parsed) | 1;
    enum status status = is_shared              ? STATUS_OK
                         : type_is_bytes(type) ? fill_slices(&m, type, err)
                                               : fill_fixed(&m, type, err);
    if (status == STATUS_OK && type == TYPE_STRING && path->has_escapes)
        status = list_rewritten(path, values, err);
    if (status != STATUS_OK) {
        buf_release(&m.text);
        free(values);
        return status;
    }
    values->unique =
        type_is_bytes(type) && !m.has_parsed && are_unique(path, values->data);
    values->is_run = type == TYPE_STRING && are_run(path, values->data);
    values->bytes = bytes + m.text.capacity + values->rewritten_count * sizeof(uint32_t);
    values->text = m.text.data;
    *ret = values;
    return STATUS_OK;
}

static const struct path_values *find(const struct path_values *list, const struct wanted *wanted)
{
    while (list != NULL && (list->type != wanted->type || list->is_parsed != wanted->is_parsed))
        list = list->next;
    return list;
}

static enum status get(const struct part *part, uint32_t path_index, const struct wanted *wanted,
                       const struct path_values **ret, struct error *err)
{
    struct path_column *path = &part->paths[path_index];
    struct path_column *home = path->home != NULL ? path->home : path;
    struct path_values *head = atomic_load_explicit(&home->values, memory_order_acquire);
    struct path_values *mine = NULL;

    CHECK(path->loaded && !path->is_array && !path->is_object);
    *ret = find(head, wanted);
    if (*ret != NULL)
        return STATUS_OK;
    enum status status = make_values(part, path_index, wanted, &mine, err);
    if (status != STATUS_OK)
        return status;
    do {
        *ret = find(head, wanted);
        if (*ret != NULL) {
            mine->next = NULL;
            path_values_free(mine);
            return STATUS_OK;
        }
        mine->next = head;
    } while (!atomic_compare_exchange_weak(&home->values, &head, mine));
    if (path->home_entry != NULL)
        cache_charge(path->home_entry, mine->bytes);
    *ret = mine;
    return STATUS_OK;
}

enum status path_values_get(const struct part *part, uint32_t path_index, enum type type,
                            const struct path_values **ret, struct error *err)
{
    return get(part, path_index, &(struct wanted){type, false}, ret, err);
}

enum status path_values_parsed(const struct part *part, uint32_t path_index,
                               const struct path_values **ret, struct error *err)
{
    return get(part, path_index, &(struct wanted){TYPE_DYNAMIC, true}, ret, err);
}

void path_values_free(struct path_values *values)
{
    while (values != NULL) {
        struct path_values *next = values->next;
        free(values->text);
        free(values->rewritten);
        free(atomic_load(&values->tally));
        free(values);
        values = next;
    }
}

size_t path_values_bytes(const struct path_values *values)
{
    size_t bytes = 0;

    for (; values != NULL; values = values->next)
        bytes += values->bytes;
    return bytes;
}
