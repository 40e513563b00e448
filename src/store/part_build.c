/* SPDX-License-Identifier: Apache-2.0 */
/* part_from_records(): columns from a batch of records.
 *
 * Two passes.  The first walks each tape once and leaves a list of *instances*
 * (a record, then the elements of its arrays, breadth first), each with its
 * shape and the place of its leaves in the text; a record that passes a bound
 * becomes one raw instance.  Then rows are ordered and columns laid out.  The
 * second pass goes over the instances in the order of the columns and puts the
 * leaves into the dictionaries.
 *
 * Invariants:
 * 1. The elements of an array are consecutive instances.
 * 2. An instance has one entry in `leaves` for each slot of its shape.
 */
#include "base/check.h"
#include "base/limits.h"
#include "store/layout_priv.h"
#include "store/row_tag_priv.h"

#include <stdlib.h>

#define LEAVES_FIRST_MIN 128u
#define LEAVES_FIRST_MAX 262144u

struct leaf {
    uint32_t start; /* in the text; array: the first element's instance */
    uint32_t end;   /* array: number of elements */
};

struct instance {
    uint32_t shape; /* of the shape table */
    uint32_t leaf;  /* first entry in leaves */
};

/* A value that waits to become an instance. */
struct pending {
    uint32_t token;
    uint32_t begin, end; /* of its literals in the text */
    uint32_t group_path;
};

struct row {
    int64_t event_time;
    uint64_t seq;
    uint32_t record;
    uint32_t instance;
};

struct array_ref {
    uint32_t record;
    uint32_t first_instance;
};

struct builder {
    const struct record_batch *batch;
    bool all_raw; /* no record is cut into leaves */
    struct shape_table table;
    struct layout layout;
    struct instance *instances;
    uint32_t instance_count, instance_capacity;
    struct leaf *leaves;
    uint32_t leaf_count, leaf_capacity;
    struct pending *pending; /* parallel to the instances of this record */
    uint32_t pending_count, pending_capacity;
    uint32_t *roots;         /* per record: its instance */
    uint64_t *tags;          /* per record: row_tag() */
    struct row *rows;        /* in row order */
    uint32_t **columns;      /* per path of the part: its codes */
    struct array_ref **refs; /* likewise: who each array value is */
};

/* ---- first pass ---- */

static enum status add_pending(struct builder *b, struct pending value, struct error *err)
{
    if (b->pending_count == b->pending_capacity) {
        uint32_t capacity = b->pending_capacity == 0 ? 64 : b->pending_capacity * 2;
        struct pending *values = realloc(b->pending, capacity * sizeof(*values));
        if (values == NULL)
            return ERROR_MEMORY(err);
        b->pending = values;
        b->pending_capacity = capacity;
    }
    b->pending[b->pending_count++] = value;
    return STATUS_OK;
}

static enum status add_instance(struct builder *b, struct instance instance, struct error *err)
{
    if (b->instance_count == b->instance_capacity) {
        if (b->instance_capacity > UINT32_MAX / 4)
            return ERROR_SET(err, STATUS_LIMIT, "a batch has too many array elements");
        uint32_t capacity = b->instance_capacity == 0 ? 256 : b->instance_capacity * 2;
        struct instance *instances = realloc(b->instances, capacity * sizeof(*instances));
        if (instances == NULL)
            return ERROR_MEMORY(err);
        b->instances = instances;
        b->instance_capacity = capacity;
    }
    b->instances[b->instance_count++] = instance;
    return STATUS_OK;
}

/* About half of the tokens are keys. */
static uint32_t first_capacity(const struct record_batch *batch)
{
    uint64_t tokens = LEAVES_FIRST_MIN;

    for (uint32_t i = 0; i < batch->record_count; i++)
        tokens += batch->records[i].token_count;
    return tokens / 2 < LEAVES_FIRST_MAX ? (uint32_t)(tokens / 2) : LEAVES_FIRST_MAX;
}

/* Room for `count` leaves more. */
static enum status make_room(struct builder *b, uint32_t count, struct error *err)
{
    if (count <= b->leaf_capacity - b->leaf_count)
        return STATUS_OK;
    if (b->leaf_capacity > UINT32_MAX / 4 || count > UINT32_MAX / 4)
        return ERROR_SET(err, STATUS_LIMIT, "a batch has too many values");
    uint32_t capacity = b->leaf_capacity == 0 ? first_capacity(b->batch) : b->leaf_capacity * 2;
    while (capacity - b->leaf_count < count)
        capacity *= 2;
    struct leaf *leaves = realloc(b->leaves, capacity * sizeof(*leaves));
    if (leaves == NULL)
        return ERROR_MEMORY(err);
    b->leaves = leaves;
    b->leaf_capacity = capacity;
    return STATUS_OK;
}

/* Steps of one instance over its leaves. */
struct walk {
    const struct record *record;
    const struct pending *value;
    uint32_t literal_from; /* in the text */
    uint32_t node;         /* NODE_NONE: refused */
};

static enum status step(struct builder *b, struct walk *w, uint32_t token, struct error *err)
{
    const struct json_token *t = &w->record->tokens[token];
    uint32_t kind = shape_slot_kind(t, t->next == token + 1);
    struct slice literal =
        slice_from(w->record->raw.data + w->literal_from, t->start - w->literal_from);
    enum status status = shape_table_step(&b->table, w->node, literal, kind, &w->node, err);

    w->literal_from = t->end;
    if (status != STATUS_OK || w->node == NODE_NONE)
        return status;
    /* An array's entry holds its token until its elements are queued. */
    b->leaves[b->leaf_count++] =
        kind == SLOT_ARRAY ? (struct leaf){token, 0} : (struct leaf){t->start, t->end};
    return STATUS_OK;
}

/* In a tape without its arrays, keys and values alternate whatever the depth:
 * an object is followed by its first key, or by the next key of its parent. */
static enum status walk_leaves(struct builder *b, struct walk *w, struct error *err)
{
    const struct json_token *tokens = w->record->tokens;
    uint32_t token = w->value->token, end = tokens[token].next;
    enum status status = STATUS_OK;
    /* Of an array, an element that is no object: a leaf, as if behind a key. */
    uint32_t at = tokens[token].kind == JSON_OBJECT ? token + 1 : token - 1;

    while (at < end && status == STATUS_OK && w->node != NODE_NONE) {
        uint32_t value = at + 1;
        if (tokens[value].kind == JSON_OBJECT) {
            at = value + 1;
        } else {
            status = step(b, w, value, err);
            at = tokens[value].next;
        }
    }
    return status;
}

static enum status find_shape(struct builder *b, struct walk *w, uint32_t *ret, struct error *err)
{
    *ret = SHAPE_REFUSED;
    if (w->node == NODE_NONE)
        return STATUS_OK;
    struct slice literal =
        slice_from(w->record->raw.data + w->literal_from, w->value->end - w->literal_from);
    enum status status = shape_table_step(&b->table, w->node, literal, EDGE_END, &w->node, err);
    if (status != STATUS_OK || w->node == NODE_NONE)
        return status;
    if (b->table.nodes[w->node].shape == SHAPE_NONE) {
        struct shape_value value = {.text = w->record->raw,
                                    .tokens = w->record->tokens,
                                    .token = w->value->token,
                                    .begin = w->value->begin,
                                    .end = w->value->end,
                                    .group_path = w->value->group_path};
        status = shape_table_make(&b->table, &value, &b->table.nodes[w->node].shape, err);
    }
    *ret = b->table.nodes[w->node].shape;
    return status;
}

/* Queues the elements of the array at `token` and completes its leaf. */
static enum status queue_elements(struct builder *b, const struct record *record, uint32_t first,
                                  struct leaf *leaf, uint32_t path, struct error *err)
{
    const struct json_token *tokens = record->tokens;
    uint32_t array = leaf->start;
    uint32_t begin = tokens[array].start + 1;
    uint32_t count = 0;

    leaf->start = first + b->pending_count;
    for (uint32_t at = array + 1; at < tokens[array].next; at = tokens[at].next) {
        uint32_t end = tokens[at].end + (tokens[at].kind == JSON_STRING);
        while (json_is_blank(record->raw.data[end]))
            end++;
        enum status status = add_pending(b, (struct pending){at, begin, end, path}, err);
        if (status != STATUS_OK)
            return status;
        begin = end + 1;
        count++;
    }
    leaf->end = count;
    return STATUS_OK;
}

static enum status add_value(struct builder *b, const struct record *record, uint32_t first,
                             const struct pending *value, bool *ret_fits, struct error *err)
{
    struct walk w = {.record = record, .value = value, .literal_from = value->begin};
    uint32_t leaf = b->leaf_count;
    uint32_t shape;
    enum status status = shape_table_group(&b->table, value->group_path, &w.node, err);

    if (status == STATUS_OK)
        status = walk_leaves(b, &w, err);
    if (status == STATUS_OK)
        status = find_shape(b, &w, &shape, err);
    if (status != STATUS_OK)
        return status;
    *ret_fits = shape != SHAPE_REFUSED;
    if (!*ret_fits)
        return STATUS_OK;
    uint32_t slot_count = b->table.shapes[shape].slot_count;
    CHECK(b->leaf_count - leaf == slot_count); /* invariant 2 */
    for (uint32_t i = 0; i < slot_count && status == STATUS_OK; i++) {
        const struct slot *slot = &b->table.shapes[shape].slots[i];
        if (slot->kind == SLOT_ARRAY)
            status = queue_elements(b, record, first, &b->leaves[leaf + i], slot->path, err);
    }
    if (status == STATUS_OK)
        status = add_instance(b, (struct instance){shape, leaf}, err);
    return status;
}

static enum status add_raw(struct builder *b, const struct record *record, struct error *err)
{
    uint32_t shape;
    uint32_t leaf = b->leaf_count;
    enum status status = shape_table_raw(&b->table, &shape, err);

    if (status == STATUS_OK)
        status = make_room(b, 1, err);
    if (status == STATUS_OK) {
        b->leaves[b->leaf_count++] = (struct leaf){0, (uint32_t)record->raw.size};
        status = add_instance(b, (struct instance){shape, leaf}, err);
    }
    return status;
}

static enum status add_record(struct builder *b, const struct record *record, struct error *err)
{
    uint32_t first = b->instance_count;
    uint32_t first_leaf = b->leaf_count;
    bool fits = !b->all_raw && (record->flags & RECORD_QUARANTINED) == 0 &&
                record->token_count > 0 && record->tokens[0].kind == JSON_OBJECT;
    enum status status = STATUS_OK;

    if (record->raw.size > UINT32_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "a record of %zu bytes", record->raw.size);
    b->pending_count = 0;
    if (fits) /* a leaf is a token of the record, each of them once */
        status = make_room(b, record->token_count, err);
    if (fits && status == STATUS_OK)
        status = add_pending(b, (struct pending){0, 0, (uint32_t)record->raw.size, 0}, err);
    for (uint32_t i = 0; i < b->pending_count && fits && status == STATUS_OK; i++) {
        struct pending value = b->pending[i];
        status = add_value(b, record, first, &value, &fits, err);
    }
    if (status == STATUS_OK && !fits) {
        b->instance_count = first;
        b->leaf_count = first_leaf;
        status = add_raw(b, record, err);
    }
    for (uint32_t i = first; i < b->instance_count; i++)
        b->table.shapes[b->instances[i].shape].row_count++;
    return status;
}

/* ---- order of the rows ---- */

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left, *b = right;

    if (a->event_time != b->event_time)
        return a->event_time < b->event_time ? -1 : 1;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static void sort_run(struct row *rows, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (compare_rows(&rows[i - 1], &rows[i]) > 0) {
            qsort(rows, count, sizeof(*rows), compare_rows);
            return;
        }
    }
}

static enum status order_rows(struct builder *b, struct error *err)
{
    const struct part *part = b->layout.part;
    uint32_t *next = calloc(part->root_shape_count + (size_t)1, sizeof(*next));
    b->rows = malloc((part->row_count + (size_t)1) * sizeof(*b->rows));
    if (next == NULL || b->rows == NULL) {
        free(next);
        return ERROR_MEMORY(err);
    }
    for (uint32_t i = 0; i < part->root_shape_count; i++)
        next[i] = part->shapes[i].row_begin;
    for (uint32_t i = 0; i < b->batch->record_count; i++) {
        const struct record *record = &b->batch->records[i];
        uint32_t shape = b->layout.shape_map[b->instances[b->roots[i]].shape];
        b->rows[next[shape]++] =
            (struct row){record->event_time, record->seq, i, b->roots[i]};
    }
    free(next);
    for (uint32_t i = 0; i < part->root_shape_count; i++)
        sort_run(b->rows + part->shapes[i].row_begin, part->shapes[i].row_count);
    return STATUS_OK;
}

/* ---- second pass ---- */

static enum json_kind scalar_kind(char first)
{
    switch (first) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

/* The code of a value, or DICTIONARY_NO_CODE; `previous`: of the row before, or NULL. */
static uint32_t put_leaf(struct dictionary *dictionary, struct slice text, enum json_kind kind,
                         const uint32_t *previous)
{
    if (previous != NULL && dictionary->texts[*previous].size == text.size &&
        dictionary->kinds[*previous] == (uint8_t)kind &&
        bytes_equal(dictionary->texts[*previous].data, text.data, text.size))
        return *previous;
    return dictionary_put(dictionary, text, kind);
}

/* Places the leaves of one instance: the `rank`-th of its shape. */
static enum status put_instance(struct builder *b, uint32_t record, struct instance instance,
                                uint32_t rank, struct error *err)
{
    const struct shape *shape = &b->layout.part->shapes[b->layout.shape_map[instance.shape]];
    const char *text = b->batch->records[record].raw.data;
    const struct leaf *leaf = b->leaves + instance.leaf;
    const struct slot *end = shape->slots + shape->slot_count;

    for (const struct slot *slot = shape->slots; slot < end; slot++, leaf++) {
        uint32_t value = slot->first + rank;
        uint32_t *code = b->columns[slot->path] + value;
        if (slot->kind == SLOT_ARRAY) {
            *code = leaf->end;
            b->refs[slot->path][value] = (struct array_ref){record, leaf->start};
            continue;
        }
        enum json_kind kind = slot->kind == SLOT_STRING ? JSON_STRING
                              : shape->is_raw           ? JSON_OBJECT
                                                        : scalar_kind(text[leaf->start]);
        *code = put_leaf(&b->layout.dictionaries[slot->path],
                         slice_from(text + leaf->start, leaf->end - leaf->start), kind,
                         rank > 0 ? code - 1 : NULL);
        if (*code == DICTIONARY_NO_CODE)
            return ERROR_MEMORY(err);
    }
    return STATUS_OK;
}

static enum status put_rows(struct builder *b, struct error *err)
{
    struct part *part = b->layout.part;
    enum status status = STATUS_OK;

    for (uint32_t s = 0; s < part->root_shape_count && status == STATUS_OK; s++) {
        const struct shape *shape = &part->shapes[s];
        for (uint32_t i = 0; i < shape->row_count && status == STATUS_OK; i++) {
            const struct row *row = &b->rows[shape->row_begin + i];
            const struct record *record = &b->batch->records[row->record];
            part->tags[shape->row_begin + i] = b->tags[row->record];
            layout_set_row(&b->layout, shape->row_begin + i, record,
                           record_batch_received_us(b->batch, row->record));
            status = put_instance(b, row->record, b->instances[row->instance], i, err);
        }
    }
    return status;
}

static enum status put_elements(struct builder *b, uint32_t path_index, struct error *err)
{
    struct path_column *path = &b->layout.part->paths[path_index];
    uint32_t element = 0;
    enum status status = layout_open_array(&b->layout, path_index, err);

    for (uint32_t v = 0; v < path->value_count && status == STATUS_OK; v++) {
        struct array_ref ref = b->refs[path_index][v];
        for (uint32_t i = 0; i < path->codes.wide[v] && status == STATUS_OK; i++) {
            struct instance instance = b->instances[ref.first_instance + i];
            uint32_t shape = b->layout.shape_map[instance.shape];
            uint32_t rank = layout_place_element(&b->layout, path_index, element++, shape);
            status = put_instance(b, ref.record, instance, rank, err);
        }
    }
    return status;
}

static enum status fill(struct builder *b, struct error *err)
{
    struct part *part = b->layout.part;
    enum status status = STATUS_OK;

    b->refs = calloc(part->path_count, sizeof(struct array_ref *));
    b->columns = malloc(part->path_count * sizeof(uint32_t *));
    if (b->refs == NULL || b->columns == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t i = 0; i < part->path_count; i++) {
        b->columns[i] = part->paths[i].codes.wide;
        b->layout.dictionaries[i].most = part->paths[i].value_count;
        if (!part->paths[i].is_array)
            continue;
        b->refs[i] = malloc(part->paths[i].value_count * sizeof(struct array_ref) + 1);
        if (b->refs[i] == NULL)
            return ERROR_MEMORY(err);
    }
    for (uint32_t i = 0; i < b->batch->record_count; i++) {
        if (b->batch->records[i].quarantine_reason != NULL && part->reasons == NULL) {
            part->reasons = ARENA_ARRAY(part->arena, const char *, part->row_count, err);
            if (part->reasons == NULL)
                return err->status;
        }
    }
    part->tags = arena_alloc_raw(part->arena, part->row_count * sizeof(uint64_t), err);
    if (part->tags == NULL)
        return err->status;
    status = put_rows(b, err);
    for (uint32_t i = 0; i < part->path_count && status == STATUS_OK; i++) {
        if (part->paths[i].is_array)
            status = put_elements(b, i, err);
    }
    return status;
}

static void release(struct builder *b)
{
    for (uint32_t i = 0; b->refs != NULL && i < b->layout.part->path_count; i++)
        free(b->refs[i]);
    free(b->refs);
    free(b->columns);
    layout_release(&b->layout);
    shape_table_release(&b->table);
    free(b->instances);
    free(b->leaves);
    free(b->pending);
    free(b->roots);
    free(b->tags);
    free(b->rows);
}

static enum status build(const struct record_batch *batch, bool all_raw, size_t memory_bytes,
                         struct part **ret, struct error *err)
{
    struct builder b = {.batch = batch, .all_raw = all_raw};
    struct part *part = NULL;
    enum status status = part_new(&batch->tenant, batch->table, memory_bytes, &part, err);

    if (status == STATUS_OK)
        status = shape_table_init(&b.table, part->arena, err);
    if (status != STATUS_OK)
        goto out;
    part->wal_file_max = batch->wal_file;
    b.roots = malloc(batch->record_count * sizeof(uint32_t));
    b.tags = malloc(batch->record_count * sizeof(uint64_t));
    if (b.roots == NULL || b.tags == NULL)
        status = ERROR_MEMORY(err);
    for (uint32_t i = 0; i < batch->record_count && status == STATUS_OK; i++) {
        b.roots[i] = b.instance_count;
        b.tags[i] = row_tag(batch->records[i].seq, batch->records[i].raw);
        part->raw_bytes += batch->records[i].raw.size;
        status = add_record(&b, &batch->records[i], err);
    }
    if (status == STATUS_OK)
        status = layout_begin(&b.layout, part, &b.table, err);
    if (status == STATUS_OK)
        status = order_rows(&b, err);
    if (status == STATUS_OK)
        status = fill(&b, err);
    if (status == STATUS_OK)
        status = layout_finish(&b.layout, err);
    if (status == STATUS_OK) {
        *ret = part;
        part = NULL; /* given away */
    }
out:
    release(&b);
    part_unref(part);
    return status;
}

enum status part_from_records_within(const struct record_batch *batch, size_t memory_bytes,
                                     struct part **ret, struct error *err)
{
    if (batch->record_count == 0 || batch->record_count > PART_ROWS_MAX)
        return ERROR_SET(err, STATUS_INVALID, "a part of %u records, wanted 1 to %u",
                         batch->record_count, PART_ROWS_MAX);
    enum status status = build(batch, false, memory_bytes, ret, err);
    return status == STATUS_LIMIT ? build(batch, true, memory_bytes, ret, err) : status;
}

enum status part_from_records(const struct record_batch *batch, struct part **ret,
                              struct error *err)
{
    return part_from_records_within(batch, PART_MEMORY_BYTES_MAX, ret, err);
}
