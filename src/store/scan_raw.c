/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of records that are kept raw because they pass a bound of the part:
 * parsed again for each batch.  They are rare. */
#include "store/scan_priv.h"

#include "base/limits.h"
#include "table/dynamic.h"

#define SPARE_SLOTS 16u /* of a map, for each token of a record */

struct raw_reader {
    const struct part_scan *scan;
    const struct source_column *column;
    struct arena *arena; /* of the batch */
    struct json_tape tape;
    struct buf key, scratch;
    struct map last; /* rest_text(): the last key of each name */
    struct slice raw;
};

static uint32_t find_value(struct raw_reader *r, struct slice path)
{
    uint32_t at = 0;

    while (at != UINT32_MAX && path_next_key(&path, &r->key)) {
        if (r->tape.tokens[at].kind != JSON_OBJECT)
            return UINT32_MAX;
        at = json_member(r->raw, r->tape.tokens, at, buf_slice(&r->key));
    }
    return at;
}

/* The JSON text of a value, quotes included. */
static struct slice value_text(const struct raw_reader *r, uint32_t token)
{
    struct slice text = json_text(r->raw, &r->tape.tokens[token]);

    if (r->tape.tokens[token].kind == JSON_STRING)
        return slice_from(text.data - 1, text.size + 2);
    return text;
}

/* The last key of a name wins.  To look for it among all keys would take the square of their
 * number, and a record can have 100,000. */
static enum status find_last(struct raw_reader *r, struct error *err)
{
    const struct json_token *tokens = r->tape.tokens;

    /* To clear what a record of very many fields left would take longer than a small record. */
    if (r->last.slot_count / SPARE_SLOTS > r->tape.count)
        map_release(&r->last);
    else
        map_clear(&r->last);
    for (uint32_t key = 1; key < tokens[0].next; key = tokens[key + 1].next) {
        buf_clear(&r->key);
        json_unescape(json_text(r->raw, &tokens[key]), &r->key);
        enum status status = buf_check(&r->key, err);
        if (status != STATUS_OK)
            return status;
        struct map_entry *entry = map_put(&r->last, buf_slice(&r->key), NULL, err);
        if (entry == NULL)
            return err->status;
        entry->value = key;
    }
    return STATUS_OK;
}

static bool is_last(struct raw_reader *r, uint32_t key)
{
    const struct map_entry *last = map_find(&r->last, buf_slice(&r->key));

    return last != NULL && last->value == key;
}

static enum status rest_text(struct raw_reader *r, struct slice *ret, struct error *err)
{
    const struct map *fields = r->scan->source->fields;
    struct buf path;
    buf_init(&path, 4 * RECORD_BYTES_MAX);
    buf_clear(&r->scratch);
    const struct json_token *tokens = r->tape.tokens;
    enum status status = find_last(r, err);

    for (uint32_t key = 1; key < tokens[0].next && status == STATUS_OK;
         key = tokens[key + 1].next) {
        buf_clear(&r->key);
        json_unescape(json_text(r->raw, &tokens[key]), &r->key);
        buf_clear(&path);
        path_add_key(&path, buf_slice(&r->key));
        if (!is_last(r, key) || map_find(fields, buf_slice(&path)) != NULL)
            continue;
        buf_add_byte(&r->scratch, r->scratch.size == 0 ? '{' : ',');
        buf_add_slice(&r->scratch, value_text(r, key));
        buf_add_byte(&r->scratch, ':');
        buf_add_slice(&r->scratch, value_text(r, key + 1));
    }
    if (r->scratch.size > 0)
        buf_add_byte(&r->scratch, '}');
    if (status == STATUS_OK)
        status = buf_check(&path, err);
    if (status == STATUS_OK)
        status = buf_check(&r->scratch, err);
    buf_release(&path);
    struct slice compact = SLICE("");
    if (status == STATUS_OK)
        status = dynamic_compact(r->arena, buf_slice(&r->scratch), &compact, err);
    if (status != STATUS_OK)
        return status;
    *ret = arena_copy(r->arena, compact, err);
    return ret->data == NULL ? err->status : STATUS_OK;
}

/* What a text of the column is when it is read as JSON; else *ret stays. */
static enum status parse_text(struct raw_reader *r, uint32_t token, struct slice *ret,
                              struct error *err)
{
    struct slice json, text = json_plain(json_text(r->raw, &r->tape.tokens[token]), &r->scratch);
    enum status status = buf_check(&r->scratch, err);

    if (status == STATUS_OK)
        status = dynamic_in_text(text, &json, err);
    if (status == STATUS_OK && json.size > 0)
        *ret = json;
    return status;
}

static enum status field_value(struct raw_reader *r, void *ret, bool *ret_null,
                               struct error *err)
{
    const struct source_column *column = r->column;
    uint32_t token = find_value(r, column->path);
    struct slice *slice = ret;

    *ret_null = true;
    if (token == UINT32_MAX || r->tape.tokens[token].kind == JSON_NULL)
        return STATUS_OK;
    enum json_kind kind = r->tape.tokens[token].kind;
    bool is_container = kind == JSON_OBJECT || kind == JSON_ARRAY;
    if (column->type == TYPE_DYNAMIC || (column->type == TYPE_STRING && is_container)) {
        *slice = value_text(r, token);
    } else {
        struct slice text = json_text(r->raw, &r->tape.tokens[token]);
        if (kind == JSON_STRING)
            text = json_plain(text, &r->scratch);
        if (!type_is_bytes(column->type)) {
            *ret_null = is_container || !leaf_to_fixed(column->type, text, ret);
            return buf_check(&r->scratch, err);
        }
        *slice = text;
    }
    *ret_null = false;
    enum status status = STATUS_OK;
    if (column->is_parsed && kind == JSON_STRING)
        status = parse_text(r, token, slice, err);
    if (status == STATUS_OK && column->type == TYPE_DYNAMIC)
        status = dynamic_compact(r->arena, *slice, slice, err);
    if (status == STATUS_OK)
        *slice = arena_copy(r->arena, *slice, err);
    return status != STATUS_OK || slice->data != NULL ? status : err->status;
}

static enum status read_row(struct raw_reader *r, uint32_t row, void *ret, bool *ret_null,
                            struct error *err)
{
    const struct part *part = r->scan->part;
    const struct shape *shape = &part->shapes[part_root_shape(part, row)];
    const struct path_column *path = &part->paths[shape->slots[0].path];

    r->raw = path->dict[code_at(path->codes, shape->slots[0].first + (row - shape->row_begin))];
    *ret_null = true;
    /* Checked when it came; what does not parse now has no columns. */
    if (json_parse(r->raw, JSON_DEPTH_MAX, &r->tape) != JSON_OK ||
        r->tape.tokens[0].kind != JSON_OBJECT)
        return STATUS_OK;
    if (r->column->source == COLUMN_REST) {
        struct slice *slice = ret;
        enum status status = rest_text(r, slice, err);
        *ret_null = status == STATUS_OK && slice->size == 0;
        return status;
    }
    return field_value(r, ret, ret_null, err);
}

enum status scan_make_raw_column(const struct part_scan *scan, const struct column_plan *plan,
                                 const uint32_t *rows, uint32_t count, struct arena *arena,
                                 struct vector *ret, struct error *err)
{
    enum type type = plan->column->type;
    size_t size = vector_element_bytes(type);
    struct raw_reader reader = {.scan = scan, .column = plan->column, .arena = arena};
    enum status status = vector_flat(arena, type, count, type != TYPE_STRING, ret, err);
    char *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);

    json_tape_init(&reader.tape);
    map_init(&reader.last);
    buf_init(&reader.key, RECORD_BYTES_MAX);
    buf_init(&reader.scratch, 4 * RECORD_BYTES_MAX);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        bool is_null = true;
        status = scan_look(scan, err); /* each may have a megabyte to parse */
        if (status == STATUS_OK)
            status = read_row(&reader, rows[i], data + i * size, &is_null, err);
        if (nulls != NULL)
            nulls[i] = is_null;
    }
    json_tape_release(&reader.tape);
    map_release(&reader.last);
    buf_release(&reader.key);
    buf_release(&reader.scratch);
    return status;
}
