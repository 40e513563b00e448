/* SPDX-License-Identifier: Apache-2.0 */
/* rowset.c - see rowset_priv.h. */
#include "query/rowset_priv.h"

#include "query/run_priv.h"

#define CHUNK_ROWS_FIRST 64u

struct rowset *rowset_new(struct arena *arena, const struct schema *schema,
                          const uint8_t *needed, struct error *err)
{
    struct rowset *set = ARENA_NEW(arena, struct rowset, err);

    if (set == NULL)
        return NULL;
    set->arena = arena;
    set->schema = *schema;
    set->needed = needed;
    set->home = arena;
    set->dictionaries =
        ARENA_ARRAY(arena, struct rowset_dictionary, schema->column_count + 1, err);
    set->nullable = arena_alloc(arena, (size_t)schema->column_count + 1, err);
    return set->dictionaries == NULL || set->nullable == NULL ? NULL : set;
}

/* The columns of a chunk are ours: writable behind the const of a batch. */
static void *column_data(const struct vector *v)
{
    return (void *)(uintptr_t)v->data;
}

/* Room for more rows in the last chunk.  Its column may be another's, taken as it was. */
static enum status grow_column(struct rowset *set, uint32_t column, uint32_t used,
                               uint32_t capacity, struct error *err)
{
    struct batch *last = &set->chunks[set->chunk_count - 1];
    struct vector *v = (struct vector *)(uintptr_t)&last->columns[column];
    size_t bytes = vector_element_bytes(v->type);
    const struct vector old = *v;
    struct vector grown = {.type = old.type, .row_count = old.row_count};

    if (rowset_is_coded(set, column)) {
        uint32_t *codes = arena_alloc_raw(set->arena, capacity * sizeof(*codes), err);
        if (codes == NULL)
            return err->status;
        if (used > 0)
            memcpy(codes, old.codes, used * sizeof(*codes));
        grown.encoding = VECTOR_DICT;
        grown.codes = codes;
        *v = grown;
        return STATUS_OK;
    }
    char *data = arena_alloc_raw(set->arena, bytes * capacity, err);
    uint8_t *nulls = arena_alloc_raw(set->arena, capacity, err);
    if (data == NULL || nulls == NULL)
        return err->status;
    if (used > 0 && old.encoding == VECTOR_FLAT)
        memcpy(data, old.data, bytes * used);
    for (uint32_t r = 0; r < used && old.encoding == VECTOR_DICT; r++)
        ((struct slice *)(void *)data)[r] = old.slices[old.codes[r]];
    if (used > 0 && old.nulls != NULL)
        memcpy(nulls, old.nulls, used);
    else
        memset(nulls, 0, used);
    grown.encoding = VECTOR_FLAT;
    grown.data = data;
    grown.nulls = nulls;
    grown.home = set->home;
    grown.is_rooted = true;
    *v = grown;
    return STATUS_OK;
}

static enum status add_chunk(struct rowset *set, struct error *err)
{
    if (set->chunk_count == set->chunk_capacity) {
        uint32_t capacity = set->chunk_capacity == 0 ? 8 : set->chunk_capacity * 2;
        struct batch *chunks = ARENA_ARRAY(set->arena, struct batch, capacity, err);
        if (chunks == NULL)
            return err->status;
        if (set->chunk_count > 0)
            memcpy(chunks, set->chunks, set->chunk_count * sizeof(*chunks));
        set->chunks = chunks;
        set->chunk_capacity = capacity;
    }
    struct vector *columns =
        ARENA_ARRAY(set->arena, struct vector, set->schema.column_count + 1, err);
    if (columns == NULL)
        return err->status;
    for (uint32_t c = 0; c < set->schema.column_count; c++)
        columns[c] = run_absent(set->schema.columns[c].type, 0);
    set->chunks[set->chunk_count++] =
        (struct batch){.column_count = set->schema.column_count, .columns = columns};
    set->row_capacity = 0;
    return STATUS_OK;
}

static enum status check_count(const struct rowset *set, struct error *err)
{
    if (set->row_count < QUERY_OPERATOR_ROWS_MAX)
        return STATUS_OK;
    return ERROR_SET(err, STATUS_LIMIT, "an operator keeps more than %u rows",
                     QUERY_OPERATOR_ROWS_MAX);
}

static bool is_full(const struct rowset *set)
{
    return set->chunk_count == 0 ||
           set->chunks[set->chunk_count - 1].row_count == BATCH_ROWS_MAX;
}

/* Room for at least one more row in the last chunk; *ret_room of them. */
static enum status make_room(struct rowset *set, uint32_t wanted, uint32_t *ret_room,
                             struct error *err)
{
    enum status status = check_count(set, err);

    if (status == STATUS_OK && is_full(set))
        status = add_chunk(set, err);
    if (status != STATUS_OK)
        return status;
    struct batch *last = &set->chunks[set->chunk_count - 1];
    uint32_t used = last->row_count;
    if (used + wanted > set->row_capacity && set->row_capacity < BATCH_ROWS_MAX) {
        uint32_t capacity = set->row_capacity == 0 ? CHUNK_ROWS_FIRST : set->row_capacity * 2;
        if (set->chunk_count > 1)
            capacity = BATCH_ROWS_MAX;
        while (capacity < used + wanted)
            capacity *= 2;
        if (capacity > BATCH_ROWS_MAX)
            capacity = BATCH_ROWS_MAX;
        for (uint32_t c = 0; c < last->column_count && status == STATUS_OK; c++) {
            if (set->needed == NULL || set->needed[c] != 0)
                status = grow_column(set, c, used, capacity, err);
        }
        if (status != STATUS_OK)
            return status; /* some columns have no room: the next to add tries anew */
        set->row_capacity = capacity;
    }
    *ret_room = set->row_capacity - used;
    return STATUS_OK;
}

static struct slice *dictionary_of(struct rowset *set, uint32_t column, const struct vector *v,
                                   struct error *err)
{
    struct rowset_dictionary *d = &set->dictionaries[column];

    if (d->dict_id == v->dict_id && d->dict_size == v->dict_size && v->dict_id != 0)
        return d->copies;
    if (d->capacity < v->dict_size) {
        d->copies = arena_alloc_raw(set->arena, v->dict_size * sizeof(*d->copies), err);
        if (d->copies == NULL) {
            *d = (struct rowset_dictionary){0};
            return NULL;
        }
        d->capacity = v->dict_size;
    }
    memset(d->copies, 0, v->dict_size * sizeof(*d->copies));
    d->dict_id = v->dict_id;
    d->dict_size = v->dict_size;
    return d->copies;
}

static bool copy_slice(struct rowset *set, struct slice s, struct slice *ret, struct error *err)
{
    if (s.size == 0) {
        *ret = slice_from("", 0);
        return true;
    }
    char *copy = arena_alloc_raw(set->arena, s.size, err);
    if (copy == NULL)
        return false;
    memcpy(copy, s.data, s.size);
    *ret = slice_from(copy, s.size);
    return true;
}

static inline uint32_t picked_row(const struct picked *picked, uint32_t i)
{
    return picked->rows == NULL ? picked->from + i : picked->rows[picked->from + i];
}

static enum status add_slices(struct rowset *set, uint32_t column, struct slice *to,
                              const struct vector *v, const struct picked *picked,
                              struct error *err)
{
    uint32_t count = picked->count;
    struct slice *copies = NULL;
    struct slice once = {NULL, 0};

    if (v->encoding != VECTOR_CONST && v->home != NULL && v->home == set->home) {
        for (uint32_t i = 0; i < count; i++)
            to[i] = v->slices[vector_index(v, picked_row(picked, i))];
        return STATUS_OK;
    }
    if (v->encoding == VECTOR_DICT && (v->dict_id != 0 || v->dict_size <= v->row_count)) {
        copies = dictionary_of(set, column, v, err);
        if (copies == NULL)
            return err->status;
    }
    if (v->encoding == VECTOR_CONST) {
        if (!copy_slice(set, v->slices[0], &once, err))
            return err->status;
        for (uint32_t i = 0; i < count; i++)
            to[i] = once;
        return STATUS_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = vector_index(v, picked_row(picked, i));
        if (copies == NULL) {
            if (!copy_slice(set, v->slices[at], &to[i], err))
                return err->status;
            continue;
        }
        if (copies[at].data == NULL && !copy_slice(set, v->slices[at], &copies[at], err))
            return err->status;
        to[i] = copies[at];
    }
    return STATUS_OK;
}

/* Elements that are not bytes; the rows as they are, if rows is NULL. */
static void add_elements(void *to, size_t bytes, const struct vector *v,
                         const struct picked *picked)
{
    if (picked->rows == NULL && v->encoding == VECTOR_FLAT) {
        memcpy(to, (const char *)v->data + bytes * picked->from, bytes * picked->count);
        return;
    }
    for (uint32_t i = 0; i < picked->count; i++) {
        uint32_t at = vector_index(v, picked_row(picked, i));
        if (bytes == sizeof(int64_t))
            ((int64_t *)to)[i] = v->integers[at];
        else if (bytes == sizeof(uint8_t))
            ((uint8_t *)to)[i] = v->booleans[at];
        else
            ((struct guid *)to)[i] = v->guids[at];
    }
}

static enum status add_column(struct rowset *set, uint32_t column, const struct vector *v,
                              const struct picked *picked, struct error *err)
{
    struct batch *last = &set->chunks[set->chunk_count - 1];
    struct vector *to = (struct vector *)(uintptr_t)&last->columns[column];
    uint32_t used = last->row_count;
    size_t bytes = vector_element_bytes(to->type);

    if (rowset_is_coded(set, column)) {
        enum status status = rowset_add_codes(set, column, v, picked, err);
        if (status != STATUS_OK || rowset_is_coded(set, column))
            return status;
    }
    uint8_t *nulls = (uint8_t *)(uintptr_t)to->nulls + used;
    char *data = (char *)column_data(to) + bytes * used;
    if (v->nulls == NULL)
        memset(nulls, 0, picked->count);
    else
        set->nullable[column] = 1;
    for (uint32_t i = 0; v->nulls != NULL && i < picked->count; i++)
        nulls[i] = vector_is_null(v, picked_row(picked, i));
    if (type_is_bytes(to->type))
        return add_slices(set, column, (struct slice *)(void *)data, v, picked, err);
    add_elements(data, bytes, v, picked);
    return STATUS_OK;
}

/* Can the batch be a chunk as it is? */
static bool is_chunk(const struct rowset *set, const struct batch *batch)
{
    if (!is_full(set) || set->home == NULL || set->texts != NULL)
        return false;
    for (uint32_t c = 0; c < set->schema.column_count; c++) {
        const struct vector *v = &batch->columns[c];
        if (set->needed != NULL && set->needed[c] == 0)
            continue;
        bool is_codes = v->encoding == VECTOR_DICT && v->type == TYPE_STRING;
        if ((v->encoding != VECTOR_FLAT && !is_codes) || !v->is_rooted || v->home != set->home)
            return false;
    }
    return true;
}

/* Nothing is written to its columns: more rows are added to copies of them. */
static enum status add_as_chunk(struct rowset *set, const struct batch *batch,
                                struct error *err)
{
    static const uint8_t none[BATCH_ROWS_MAX];
    enum status status = check_count(set, err);

    if (status == STATUS_OK)
        status = add_chunk(set, err);
    if (status != STATUS_OK)
        return status;
    struct batch *last = &set->chunks[set->chunk_count - 1];
    struct vector *columns = (struct vector *)(uintptr_t)last->columns;
    for (uint32_t c = 0; c < last->column_count; c++) {
        if (set->needed == NULL || set->needed[c] != 0)
            columns[c] = batch->columns[c];
        set->nullable[c] |= columns[c].nulls != NULL;
        if (columns[c].nulls == NULL && columns[c].encoding == VECTOR_FLAT)
            columns[c].nulls = none;
        columns[c].row_count = batch->row_count;
    }
    last->row_count = batch->row_count;
    set->row_capacity = batch->row_count;
    set->row_count += batch->row_count;
    return STATUS_OK;
}

enum status rowset_add(struct rowset *set, const struct batch *batch, const uint32_t *rows,
                       uint32_t row_count, struct error *err)
{
    uint32_t done = 0;

    if (rows == NULL && row_count == batch->row_count && row_count > 0 && is_chunk(set, batch))
        return add_as_chunk(set, batch, err);
    while (done < row_count) {
        uint32_t room;
        enum status status = make_room(set, row_count - done, &room, err);
        if (status != STATUS_OK)
            return status;
        uint32_t count = row_count - done < room ? row_count - done : room;
        const struct picked picked = {rows, done, count};
        for (uint32_t c = 0; c < set->schema.column_count; c++) {
            if (set->needed != NULL && set->needed[c] == 0)
                continue;
            status = add_column(set, c, &batch->columns[c], &picked, err);
            if (status != STATUS_OK)
                return status;
        }
        struct batch *last = &set->chunks[set->chunk_count - 1];
        last->row_count += count;
        struct vector *columns = (struct vector *)(uintptr_t)last->columns;
        for (uint32_t c = 0; c < last->column_count; c++)
            columns[c].row_count = last->row_count;
        set->row_count += count;
        done += count;
    }
    return STATUS_OK;
}

enum status rowset_add_values(struct rowset *set, const struct value *values, struct error *err)
{
    uint32_t count = set->schema.column_count;

    if (set->row == NULL)
        set->row = ARENA_ARRAY(set->arena, struct vector, (size_t)count + 1, err);
    if (set->row == NULL)
        return err->status;
    for (uint32_t c = 0; c < count; c++)
        set->row[c] = run_one_value(&values[c]);
    struct batch batch = {.row_count = 1, .column_count = count, .columns = set->row};
    return rowset_add(set, &batch, NULL, 1, err);
}

struct value rowset_value(const struct rowset *set, uint32_t row, uint32_t column)
{
    return vector_value(rowset_column(set, row, column), row % BATCH_ROWS_MAX);
}

enum status rowset_push(const struct rowset *set, struct run *run, struct stage *out,
                        struct error *err)
{
    struct worker *w = &run->workers[0];
    bool stop = false;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < set->chunk_count && !stop && status == STATUS_OK; i++) {
        status = run_check(run, err);
        if (status == STATUS_OK)
            status = stage_push(out, w, &set->chunks[i], &stop, err);
        arena_clear(w->batch_arena);
    }
    return status;
}

static inline uint32_t place(uint32_t row)
{
    return row % BATCH_ROWS_MAX;
}

/* One loop a type: rows are at random, so each is a miss that should not wait for another.
 * data: of the column in each chunk. */
#define TAKE(ctype)                                                                                \
    for (uint32_t i = 0; i < count; i++)                                                           \
    ((ctype *)to)[i] = ((const ctype *)data[rows[i] / BATCH_ROWS_MAX])[place(rows[i])]

static void take_elements(const void *const *data, const uint32_t *rows, uint32_t count,
                          size_t bytes, void *to)
{
    if (bytes == sizeof(uint8_t))
        TAKE(uint8_t);
    else if (bytes == sizeof(uint32_t))
        TAKE(uint32_t);
    else if (bytes == sizeof(int64_t))
        TAKE(int64_t);
    else
        TAKE(struct guid);
}

/* Texts of chunks that may have codes. */
static void take_slices(const struct rowset *set, const uint32_t *rows, uint32_t count,
                        uint32_t column, struct slice *to)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct vector *v = rowset_column(set, rows[i], column);
        to[i] = v->slices[vector_index(v, place(rows[i]))];
    }
}

static enum status take_codes(const struct rowset *set, struct arena *arena,
                              const uint32_t *rows, uint32_t count, uint32_t column,
                              struct vector *ret, struct error *err)
{
    const void **data =
        arena_alloc_raw(arena, ((size_t)set->chunk_count + 1) * sizeof(*data), err);
    uint32_t *codes = arena_alloc_raw(arena, ((size_t)count + 1) * sizeof(*codes), err);

    if (data == NULL || codes == NULL)
        return err->status;
    for (uint32_t c = 0; c < set->chunk_count; c++)
        data[c] = set->chunks[c].columns[column].codes;
    take_elements(data, rows, count, sizeof(*codes), codes);
    *ret = set->chunks[0].columns[column];
    ret->row_count = count;
    ret->codes = codes;
    ret->home = set->home;
    ret->is_rooted = set->home == arena;
    return STATUS_OK;
}

static void take_nulls(const struct rowset *set, const uint32_t *rows, uint32_t count,
                       uint32_t column, struct vector *ret)
{
    uint8_t any = 0;

    for (uint32_t i = 0; set->nullable[column] != 0 && i < count; i++) {
        const uint8_t *nulls = rowset_column(set, rows[i], column)->nulls;
        uint8_t null = nulls == NULL ? 0 : nulls[place(rows[i])];
        vector_nulls(ret)[i] = null;
        any |= null;
    }
    if (any == 0)
        ret->nulls = NULL;
}

static enum status take_column(const struct rowset *set, struct arena *arena,
                               const uint32_t *rows, uint32_t count, uint32_t column,
                               struct vector *ret, struct error *err)
{
    enum type type = set->schema.columns[column].type;

    if (rowset_is_coded(set, column) && count > 0)
        return take_codes(set, arena, rows, count, column, ret, err);
    const void **data =
        arena_alloc_raw(arena, ((size_t)set->chunk_count + 1) * sizeof(*data), err);
    enum status status =
        data == NULL ? err->status : vector_raw(arena, type, count, ret, err);
    if (status != STATUS_OK)
        return status;
    ret->home = set->home;
    ret->is_rooted = set->home == arena;
    for (uint32_t c = 0; c < set->chunk_count; c++)
        data[c] = set->chunks[c].columns[column].data;
    if (type_is_bytes(type))
        take_slices(set, rows, count, column, vector_data(ret));
    else
        take_elements(data, rows, count, vector_element_bytes(type), vector_data(ret));
    take_nulls(set, rows, count, column, ret);
    return STATUS_OK;
}

enum status rowset_take(const struct rowset *set, struct arena *arena, const uint32_t *rows,
                        uint32_t row_count, struct vector *ret_columns, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t c = 0; c < set->schema.column_count && status == STATUS_OK; c++) {
        if (set->needed != NULL && set->needed[c] == 0)
            ret_columns[c] = run_absent(set->schema.columns[c].type, row_count);
        else
            status = take_column(set, arena, rows, row_count, c, &ret_columns[c], err);
    }
    return status;
}

/* Rows that are gathered for a stage, batch by batch. */
struct gather {
    const struct rowset *set;
    const uint32_t *rows;
    uint64_t row_count;
    struct batch *batches;
};

static enum status gather_batch(void *context, struct worker *w, uint32_t index, bool *stop,
                                struct error *err)
{
    struct gather *g = context;
    uint64_t from = (uint64_t)index * BATCH_ROWS_MAX;
    uint64_t left = g->row_count - from;
    uint32_t count = (uint32_t)(left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX);
    uint32_t width = g->set->schema.column_count;
    struct vector *columns = ARENA_ARRAY(w->home, struct vector, width + (size_t)1, err);

    (void)stop;
    if (columns == NULL)
        return err->status;
    enum status status = rowset_take(g->set, w->home, g->rows + from, count, columns, err);
    for (uint32_t c = 0; c < width; c++)
        columns[c].is_rooted = columns[c].home != NULL; /* in a home of ours */
    g->batches[index] =
        (struct batch){.row_count = count, .column_count = width, .columns = columns};
    return status;
}

/* The stage keeps what is gathered as it is: that is done by all threads. */
static enum status push_kept(const struct rowset *set, const uint32_t *rows, uint64_t row_count,
                             struct run *run, struct stage *out, struct error *err)
{
    uint32_t count = (uint32_t)((row_count + BATCH_ROWS_MAX - 1) / BATCH_ROWS_MAX);
    struct gather g = {set, rows, row_count,
                       ARENA_ARRAY(run->arena, struct batch, (size_t)count + 1, err)};
    bool stop = false;
    enum status status =
        g.batches == NULL ? err->status : run_pieces(run, count, gather_batch, &g, err);

    for (uint32_t i = 0; i < count && !stop && status == STATUS_OK; i++)
        status = stage_push(out, &run->workers[0], &g.batches[i], &stop, err);
    return status;
}

enum status rowset_push_rows(const struct rowset *set, const uint32_t *rows, uint64_t row_count,
                             struct run *run, struct stage *out, struct error *err)
{
    struct worker *w = &run->workers[0];
    bool stop = false;
    enum status status = STATUS_OK;

    if (out == run->keeper && set->home == run->arena)
        return push_kept(set, rows, row_count, run, out, err);
    for (uint64_t i = 0; i < row_count && !stop && status == STATUS_OK; i += BATCH_ROWS_MAX) {
        uint32_t count =
            (uint32_t)(row_count - i < BATCH_ROWS_MAX ? row_count - i : BATCH_ROWS_MAX);
        struct vector *columns = ARENA_ARRAY(w->batch_arena, struct vector,
                                             set->schema.column_count + 1, err);
        status = columns == NULL ? err->status : run_check(run, err);
        if (status == STATUS_OK)
            status = rowset_take(set, w->batch_arena, rows + i, count, columns, err);
        struct batch batch = {.row_count = count,
                              .column_count = set->schema.column_count,
                              .columns = columns};
        if (status == STATUS_OK)
            status = stage_push(out, w, &batch, &stop, err);
        arena_clear(w->batch_arena);
    }
    return status;
}

enum status rowset_adopt(struct rowset *into, struct rowset *from, struct error *err)
{
    enum status status = rowset_adopt_codes(into, from, err);
    uint32_t count = into->chunk_count + from->chunk_count;
    struct batch *chunks = ARENA_ARRAY(into->arena, struct batch, count + 1, err);

    if (status != STATUS_OK || chunks == NULL)
        return err->status;
    if (into->chunk_count > 0)
        memcpy(chunks, into->chunks, into->chunk_count * sizeof(*chunks));
    if (from->chunk_count > 0)
        memcpy(chunks + into->chunk_count, from->chunks, from->chunk_count * sizeof(*chunks));
    for (uint32_t c = 0; c < into->schema.column_count; c++)
        into->nullable[c] |= from->nullable[c];
    into->chunks = chunks;
    into->chunk_count = count;
    into->chunk_capacity = count + 1;
    into->row_count += from->row_count;
    return STATUS_OK;
}
