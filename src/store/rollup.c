/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-ups: how many rows of a section have each combination of some columns' values.
 *
 * Questions that count by the same columns, whatever they filter them by, are answered from
 * one roll-up: neither a view of the section nor any of its columns is needed. */
#include "store/filter_priv.h"
#include "store/tally_priv.h"

#include "base/hash.h"
#include "store/sealed_priv.h"

#include <stdlib.h>

#define VALUES_MAX 1024u                /* of a column */
#define TEXT_BYTES_MAX ((size_t)64 * KIB)
#define COMBINATIONS_MAX 65536u

struct rollup_digit {
    enum column_source source;
    enum type type;
    struct slice path;
    int64_t bin, first;  /* as in struct tally_digit */
    uint32_t count, stride;
    struct vector values; /* bin 0: a dictionary */
};

struct rollup {
    bool is_refused; /* there is nothing else then */
    struct cache_memory memory; /* of all that follows */
    struct rollup_digit *digits;
    uint32_t digit_count;
    uint32_t *numbers, *weights; /* rising numbers */
    uint32_t count;
};

static void free_rollup(void *payload)
{
    struct rollup *rollup = payload;

    cache_memory_free(&rollup->memory);
    free(rollup);
}

/* ---- what is asked ---- */

static bool is_rolled(const struct source_column *column, int64_t bin)
{
    if (column->source == COLUMN_TIME)
        return bin > 0;
    return column->source == COLUMN_FIELD && column->type != TYPE_DYNAMIC &&
           (column->type != TYPE_DATETIME || bin > 0);
}

static void add_column(const struct scan_source *source, uint32_t column, int64_t bin,
                       struct rollup_ask *ret)
{
    const struct source_column *c = &source->columns[column];

    ret->is_possible = ret->is_possible && ret->count < ROLLUP_COLUMNS_MAX && is_rolled(c, bin);
    if (!ret->is_possible)
        return;
    ret->columns[ret->count] = column;
    ret->bins[ret->count++] = bin;
    uint64_t hash = hash_xxh3(c->path.data, c->path.size, ret->hash) ^ (uint64_t)bin;
    ret->hash = (uint32_t)hash_u64(hash ^ ((uint64_t)c->source << 8) ^ (uint64_t)c->type);
}

/* Does the filter say which texts of a column satisfy it, for sure? */
static bool is_of_texts(const struct scan_source *source, const struct filter *filter)
{
    if (filter->kind != FILTER_EQUAL || filter->column == SOURCE_COLUMN_ANY ||
        filter->path.size > 0 || source->columns[filter->column].type != TYPE_STRING ||
        filter_type(filter, TYPE_STRING) != TYPE_STRING || filter_matches_missing(filter))
        return false;
    for (uint32_t i = 0; i < filter->value_count; i++) {
        if (filter->values[i].is_null || filter->values[i].bytes.size == 0)
            return false;
    }
    return true;
}

static bool is_filtered(const struct scan_request *request, uint32_t column)
{
    bool is = false;

    for (uint32_t i = 0; i < request->filter_count; i++)
        is = is || request->filters[i].column == column;
    return is;
}

static bool has_column(const struct rollup_ask *ask, uint32_t column)
{
    bool has = false;

    for (uint32_t i = 0; i < ask->count; i++)
        has = has || ask->columns[i] == column;
    return has;
}

void rollup_ask_make(const struct scan_source *source, const struct scan_request *request,
                     struct rollup_ask *ret)
{
    *ret = (struct rollup_ask){
        .is_possible = request->tally && !source->is_quarantine && request->elements == NULL &&
                       request->top == NULL};
    for (uint32_t i = 0; i < request->filter_count && ret->is_possible; i++)
        ret->is_possible = is_of_texts(source, &request->filters[i]);
    for (uint32_t i = 0; i < request->column_count && ret->is_possible; i++) {
        if (!is_filtered(request, request->columns[i]))
            add_column(source, request->columns[i],
                       request->bins == NULL ? 0 : request->bins[i], ret);
    }
    for (uint32_t i = 0; i < request->filter_count && ret->is_possible; i++) {
        if (!has_column(ret, request->filters[i].column))
            add_column(source, request->filters[i].column, 0, ret);
    }
    ret->is_possible = ret->is_possible && ret->count > 0;
}

/* ---- what is known ---- */

static bool is_same(const struct scan_source *source, const struct rollup_ask *ask,
                    const struct rollup *rollup)
{
    bool same = ask->count == rollup->digit_count;

    for (uint32_t i = 0; i < ask->count && same; i++) {
        const struct source_column *column = &source->columns[ask->columns[i]];
        const struct rollup_digit *digit = &rollup->digits[i];
        same = digit->source == column->source && digit->type == column->type &&
               digit->bin == ask->bins[i] && slice_equal(digit->path, column->path);
    }
    return same;
}

/* Marks the values of a digit that satisfy its filters. */
static enum status match_values(const struct part_scan *scan, uint32_t column,
                                const struct rollup_digit *digit, uint8_t **ret,
                                struct error *err)
{
    const struct scan_request *request = scan->request;
    uint8_t *matches = NULL;

    *ret = NULL;
    for (uint32_t f = 0; f < request->filter_count; f++) {
        if (request->filters[f].column != column)
            continue;
        if (matches == NULL) {
            matches = arena_alloc_raw(scan->arena, digit->count, err);
            if (matches == NULL)
                return err->status;
            memset(matches, 1, digit->count);
        }
        for (uint32_t i = 0; i < digit->count; i++)
            matches[i] = matches[i] != 0 &&
                         filter_matches_slice(&request->filters[f], digit->values.slices[i]);
    }
    *ret = matches;
    return STATUS_OK;
}

/* The combinations that are left; how many rows have them. */
struct choice {
    uint32_t *numbers, *weights;
    uint32_t count;
    uint64_t rows;
};

/* Those from number `from` to before `end`. */
static void choose_run(const struct rollup *rollup, uint8_t *const *matches, uint32_t from,
                       uint32_t end, struct choice *ret)
{
    uint32_t at = rising_find(rollup->numbers, 0, rollup->count, from);

    for (; at < rollup->count && rollup->numbers[at] < end; at++) {
        uint32_t number = rollup->numbers[at];
        bool holds = true;
        for (uint32_t d = 0; d + 1 < rollup->digit_count && holds; d++)
            holds = matches[d] == NULL || matches[d][number / rollup->digits[d].stride %
                                                     rollup->digits[d].count] != 0;
        if (!holds)
            continue;
        ret->numbers[ret->count] = number;
        ret->weights[ret->count++] = rollup->weights[at];
        ret->rows += rollup->weights[at];
    }
}

static enum status choose(const struct part_scan *scan, const struct rollup_ask *ask,
                          const struct rollup *rollup, struct choice *ret, struct error *err)
{
    uint8_t *matches[ROLLUP_COLUMNS_MAX] = {NULL};
    const struct rollup_digit *last = &rollup->digits[rollup->digit_count - 1];
    enum status status = STATUS_OK;

    *ret = (struct choice){0};
    for (uint32_t i = 0; i < ask->count && status == STATUS_OK; i++)
        status = match_values(scan, ask->columns[i], &rollup->digits[i], &matches[i], err);
    size_t bytes = rollup->count * sizeof(uint32_t) + 1;
    ret->numbers = status == STATUS_OK ? arena_alloc_raw(scan->arena, bytes, err) : NULL;
    ret->weights = status == STATUS_OK ? arena_alloc_raw(scan->arena, bytes, err) : NULL;
    if (ret->numbers == NULL || ret->weights == NULL)
        return err->status;
    const uint8_t *of_last = matches[rollup->digit_count - 1];
    for (uint32_t i = 0; i < last->count; i++) {
        if (of_last == NULL || of_last[i] != 0)
            choose_run(rollup, matches, i * last->stride, (i + 1) * last->stride, ret);
    }
    return status;
}

/* ---- sending ---- */

static enum status digit_column(const struct part_scan *scan, const struct rollup_digit *digit,
                                const struct choice *choice, struct vector *ret,
                                struct error *err)
{
    uint32_t *codes = arena_alloc_raw(scan->arena, choice->count * sizeof(*codes) + 1, err);
    enum status status = codes == NULL ? err->status : STATUS_OK;

    for (uint32_t i = 0; i < choice->count && status == STATUS_OK; i++)
        codes[i] = choice->numbers[i] / digit->stride % digit->count;
    if (status == STATUS_OK && digit->bin == 0) {
        *ret = digit->values;
        ret->row_count = choice->count;
        ret->codes = codes;
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = vector_flat(scan->arena, TYPE_DATETIME, choice->count, false, ret, err);
    int64_t *times = status == STATUS_OK ? vector_data(ret) : NULL;
    for (uint32_t i = 0; i < choice->count && status == STATUS_OK; i++)
        times[i] = digit->first + codes[i] * digit->bin;
    return status;
}

static enum status send_part(const struct part_scan *scan, const struct rollup_ask *ask,
                             const struct rollup *rollup, const struct choice *choice,
                             const struct tally_sink *out, bool *stop, struct error *err)
{
    const struct scan_request *request = scan->request;
    struct vector *columns =
        ARENA_ARRAY(scan->arena, struct vector, request->column_count + (size_t)1, err);
    enum status status = columns == NULL ? err->status : STATUS_OK;

    for (uint32_t i = 0; i < request->column_count && status == STATUS_OK; i++) {
        uint32_t d = 0;
        while (ask->columns[d] != request->columns[i])
            d++;
        status = digit_column(scan, &rollup->digits[d], choice, &columns[i], err);
    }
    const struct batch batch = {.row_count = choice->count,
                                .column_count = request->column_count,
                                .columns = columns,
                                .decided = true,
                                .weights = choice->weights};
    return status == STATUS_OK ? out->take(out, &batch, stop, err) : status;
}

static enum status send_choice(const struct part_scan *scan, const struct rollup_ask *ask,
                               const struct rollup *rollup, const struct choice *choice,
                               const struct tally_sink *out, struct error *err)
{
    enum status status = STATUS_OK;
    bool stop = false;

    for (uint32_t at = 0; at < choice->count && status == STATUS_OK && !stop;) {
        uint32_t left = choice->count - at;
        struct choice some = {choice->numbers + at, choice->weights + at,
                              left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX, 0};
        status = send_part(scan, ask, rollup, &some, out, &stop, err);
        at += some.count;
    }
    return status;
}

enum status rollup_send(const struct part_scan *scan, const struct rollup_ask *ask,
                        struct section *section, const struct tally_sink *out,
                        enum rollup_answer *ret, uint64_t *ret_rows, struct error *err)
{
    struct cache_entry *entry = section_rollup_find(section, ask->hash);
    const struct rollup *rollup = entry == NULL ? NULL : entry->payload;
    struct choice choice = {0};
    enum status status = STATUS_OK;

    *ret = rollup == NULL ? ROLLUP_UNKNOWN : ROLLUP_REFUSED;
    if (rollup != NULL && !rollup->is_refused && is_same(scan->source, ask, rollup)) {
        *ret = ROLLUP_SENT;
        status = choose(scan, ask, rollup, &choice, err);
        if (status == STATUS_OK)
            status = send_choice(scan, ask, rollup, &choice, out, err);
    }
    *ret_rows = choice.rows;
    cache_unpin(entry);
    return status;
}

/* ---- making ---- */

static enum status copy_texts(struct rollup *rollup, const struct path_values *from,
                              struct vector *ret, struct error *err)
{
    const struct slice *texts = from->data;
    size_t size = 0;

    for (uint32_t i = 0; i < from->count; i++)
        size += texts[i].size;
    struct slice *copies =
        cache_memory_alloc(&rollup->memory, from->count * sizeof(*copies), err);
    char *bytes = copies == NULL ? NULL : cache_memory_alloc(&rollup->memory, size + 1, err);
    if (bytes == NULL)
        return err->status;
    for (uint32_t i = 0; i < from->count; i++) {
        if (texts[i].size > 0)
            memcpy(bytes, texts[i].data, texts[i].size);
        copies[i] = (struct slice){bytes, texts[i].size};
        bytes += texts[i].size;
    }
    ret->data = copies;
    return STATUS_OK;
}

static enum status copy_values(struct rollup *rollup, const struct path_values *from,
                               struct vector *ret, struct error *err)
{
    enum status status = STATUS_OK;

    *ret = scan_dict_vector(from, NULL, 0);
    ret->dict_id = vector_new_dict_id(); /* it may live longer than the column's own */
    if (type_is_bytes(from->type)) {
        status = copy_texts(rollup, from, ret, err);
    } else {
        size_t bytes = from->count * vector_element_bytes(from->type);
        void *data = cache_memory_alloc(&rollup->memory, bytes + 1, err);
        if (data == NULL)
            return err->status;
        memcpy(data, from->data, bytes);
        ret->data = data;
    }
    if (status != STATUS_OK || from->nulls == NULL)
        return status;
    uint8_t *nulls = cache_memory_alloc(&rollup->memory, from->count, err);
    if (nulls == NULL)
        return err->status;
    memcpy(nulls, from->nulls, from->count);
    ret->nulls = nulls;
    return STATUS_OK;
}

static enum status copy_digit(struct rollup *rollup, const struct tally_digit *from,
                              struct rollup_digit *ret, struct error *err)
{
    const struct source_column *column = from->plan->column;
    char *path = cache_memory_alloc(&rollup->memory, column->path.size + 1, err);

    if (path == NULL)
        return err->status;
    if (column->path.size > 0)
        memcpy(path, column->path.data, column->path.size);
    *ret = (struct rollup_digit){.source = column->source, .type = column->type,
                                 .path = {path, column->path.size}, .bin = from->bin,
                                 .first = from->first, .count = from->count,
                                 .stride = from->stride};
    return from->bin > 0 ? STATUS_OK
                         : copy_values(rollup, from->plan->values, &ret->values, err);
}

static enum status copy_table(struct rollup *rollup, const uint32_t *table, uint32_t size,
                              struct error *err)
{
    uint32_t at = 0;

    for (uint32_t n = 0; n < size; n++)
        rollup->count += table[n] != 0;
    size_t bytes = rollup->count * sizeof(uint32_t) + 1;
    rollup->numbers = cache_memory_alloc(&rollup->memory, bytes, err);
    rollup->weights =
        rollup->numbers == NULL ? NULL : cache_memory_alloc(&rollup->memory, bytes, err);
    if (rollup->weights == NULL)
        return err->status;
    for (uint32_t n = 0; n < size; n++) {
        if (table[n] == 0)
            continue;
        rollup->numbers[at] = n;
        rollup->weights[at++] = table[n];
    }
    return STATUS_OK;
}

/* Takes little room, and has values where it has no bins. */
static bool is_small(const struct tally_digit *digits, uint32_t count, uint32_t size)
{
    bool small = size <= COMBINATIONS_MAX;

    for (uint32_t i = 0; i < count && small; i++) {
        const struct path_values *values = digits[i].plan->values;
        size_t bytes = 0;
        small = digits[i].bin > 0 || (values != NULL && digits[i].count <= VALUES_MAX);
        if (!small || digits[i].bin > 0 || !type_is_bytes(values->type))
            continue;
        for (uint32_t v = 0; v < digits[i].count; v++)
            bytes += ((const struct slice *)values->data)[v].size;
        small = bytes <= TEXT_BYTES_MAX;
    }
    return small;
}

/* digits NULL: notes that there is none. */
static enum status fill(struct rollup *rollup, const struct part_scan *all,
                        const struct tally_digit *digits, uint32_t size, struct error *err)
{
    rollup->is_refused = digits == NULL;
    if (digits == NULL)
        return STATUS_OK;
    uint32_t *table = ARENA_ARRAY(all->arena, uint32_t, size, err);
    if (table == NULL)
        return err->status;
    rollup->digit_count = all->request->column_count;
    rollup->digits = cache_memory_alloc(
        &rollup->memory, rollup->digit_count * sizeof(*rollup->digits), err);
    enum status status =
        rollup->digits == NULL ? err->status : tally_count(all, digits, table, err);
    for (uint32_t i = 0; i < rollup->digit_count && status == STATUS_OK; i++)
        status = copy_digit(rollup, &digits[i], &rollup->digits[i], err);
    return status == STATUS_OK ? copy_table(rollup, table, size, err) : status;
}

/* All rows of the table.  *ret_plain false: a record is kept raw and not in quarantine, so
 * that nothing is known of its values. */
static enum status plain_rows(struct part_scan *all, bool *ret_plain, struct error *err)
{
    const struct part *part = all->part;
    enum status status = STATUS_OK;

    *ret_plain = true;
    all->rows = arena_alloc_raw(all->arena, (part->row_count + (size_t)1) * sizeof(uint32_t), err);
    if (all->rows == NULL)
        return err->status;
    for (uint32_t s = 0; s < part->root_shape_count && status == STATUS_OK; s++) {
        const struct shape *shape = &part->shapes[s];
        uint32_t end = shape->row_begin + shape->row_count;
        if (shape->is_raw)
            status = scan_load_rows(all, ROWS_FLAGS, err);
        for (uint32_t row = shape->row_begin; row < end && status == STATUS_OK; row++) {
            if (!shape->is_raw)
                all->rows[all->row_count++] = row;
            else
                *ret_plain = *ret_plain && (part->row_flags[row] & RECORD_QUARANTINED) != 0;
        }
    }
    return status;
}

enum status rollup_make(const struct part_scan *scan, const struct rollup_ask *ask,
                        struct section *section, struct error *err)
{
    const struct scan_request request = {.columns = ask->columns, .column_count = ask->count,
                                         .bins = ask->bins, .tally = true,
                                         .time_from = INT64_MIN, .time_to = INT64_MAX,
                                         .arena = scan->request->arena};
    struct part_scan all = {.source = scan->source, .request = &request, .part = scan->part,
                            .is_view = scan->is_view, .arena = scan->arena, .is_decided = true};
    struct tally_digit *digits = ARENA_ARRAY(scan->arena, struct tally_digit, ask->count, err);
    uint32_t size = 0;
    bool is_plain = false;
    enum status status = digits == NULL ? err->status : plain_rows(&all, &is_plain, err);
    if (status == STATUS_OK)
        status = scan_plan_columns(&all, err);
    if (status != STATUS_OK)
        return status;
    bool fits = is_plain && all.row_count > 0 && tally_digits(&all, digits, &size) &&
                is_small(digits, ask->count, size);
    struct rollup *rollup = calloc(1, sizeof(*rollup));
    if (rollup == NULL)
        return ERROR_MEMORY(err);
    status = fill(rollup, &all, fits ? digits : NULL, size, err);
    if (status == STATUS_OK)
        return section_rollup_add(section, ask->hash, rollup, free_rollup,
                                  rollup->memory.bytes + sizeof(*rollup), err);
    free_rollup(rollup);
    return status;
}
