/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of a table.
 *
 * Declared tables: the declared columns in their order, then the system columns
 * that are not among them.  User tables: a column for each top-level key of the
 * snapshot's rows in order of sight, its type from the values; keys that cannot
 * be columns (too many, a system column's name) go to AdditionalFields.
 */
#include "store/scan_priv.h"

#include "base/limits.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

#define NO_TYPE TYPE_COUNT_ /* nothing but nulls so far */
/* Whole numbers, some of which are no reals: longs, unless there are fractions. */
#define WIDE_LONG ((enum type)(TYPE_COUNT_ + 1))
#define DOUBLE_LONG_MAX (INT64_MAX - 1023) /* below 2^63, the highest that is both */
#define DOUBLE_TEXT_BYTES 312 /* "%.0f" of the lowest, and a null */
#define TYPED_BYTES_MAX 256u /* longer escaped texts are neither times nor GUIDs */

struct system_column {
    const char *name;
    enum column_source source;
    enum type type;
};

static const struct system_column SYSTEM_COLUMNS[] = {
    {"TenantId", COLUMN_TENANT, TYPE_GUID},
    {"TimeGenerated", COLUMN_TIME, TYPE_DATETIME},
    {"_Seq", COLUMN_SEQ, TYPE_LONG},
    {"_ReceivedTime", COLUMN_RECEIVED, TYPE_DATETIME},
    {"Type", COLUMN_TABLE, TYPE_STRING},
    {"AdditionalFields", COLUMN_REST, TYPE_DYNAMIC},
};
/* Where the table's own AdditionalFields is a field of the record. */
static const struct system_column OTHER_REST = {"_AdditionalFields", COLUMN_REST, TYPE_DYNAMIC};
static const struct system_column QUARANTINE_COLUMNS[] = {
    {"TenantId", COLUMN_TENANT, TYPE_GUID},
    {"TimeGenerated", COLUMN_TIME, TYPE_DATETIME},
    {"_Seq", COLUMN_SEQ, TYPE_LONG},
    {"_ReceivedTime", COLUMN_RECEIVED, TYPE_DATETIME},
    {"Table", COLUMN_TABLE, TYPE_STRING},
    {"Reason", COLUMN_REASON, TYPE_STRING},
    {"Raw", COLUMN_RAW, TYPE_STRING},
};

#define SYSTEM_COUNT (sizeof(SYSTEM_COLUMNS) / sizeof(SYSTEM_COLUMNS[0]))
#define QUARANTINE_COUNT (sizeof(QUARANTINE_COLUMNS) / sizeof(QUARANTINE_COLUMNS[0]))
#define FOUND_COLUMNS_MAX (TABLE_COLUMNS_MAX - SYSTEM_COUNT)

/* ---- making columns ---- */

static enum status add_column(struct scan_schema *made, struct slice name,
                              struct source_column column, struct error *err)
{
    /* Room for all columns was made at the start. */
    uint32_t index = made->schema.column_count++;
    struct column *columns = (struct column *)(uintptr_t)made->schema.columns;

    columns[index].name = arena_copy(made->arena, name, err);
    if (columns[index].name.data == NULL)
        return err->status;
    columns[index].type = column.type;
    made->columns[index] = column;
    made->columns[index].path = arena_copy(made->arena, column.path, err);
    if (made->columns[index].path.data == NULL)
        return err->status;
    if (column.source != COLUMN_FIELD || !path_is_top_level(column.path))
        return STATUS_OK;
    return map_put(&made->fields, column.path, NULL, err) == NULL ? err->status : STATUS_OK;
}

static enum status make_room(struct scan_schema *made, uint32_t count, struct error *err)
{
    made->schema.columns = ARENA_ARRAY(made->arena, struct column, count, err);
    if (made->schema.columns == NULL)
        return err->status;
    made->columns = ARENA_ARRAY(made->arena, struct source_column, count, err);
    return made->columns == NULL ? err->status : STATUS_OK;
}

static const struct system_column *find_system(struct slice name)
{
    for (size_t i = 0; i < SYSTEM_COUNT; i++) {
        if (slice_is(name, SYSTEM_COLUMNS[i].name))
            return &SYSTEM_COLUMNS[i];
    }
    return NULL;
}

static enum status add_system(struct scan_schema *made, const struct system_column *from,
                              size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct slice name = slice_of(from[i].name);
        if (schema_find(&made->schema, name) != UINT32_MAX)
            continue;
        struct source_column column = {.source = from[i].source, .type = from[i].type};
        enum status status = add_column(made, name, column, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* A declared column that has a system column's name is that column, if the
 * declared type can hold it.  Tables of Defender have the event time under two
 * names: their own, Timestamp, and TimeGenerated. */
static struct source_column declared_column(const struct table_definition *definition,
                                            const struct column *column, struct slice path)
{
    const struct system_column *system = find_system(column->name);
    struct source_column ret = {COLUMN_FIELD, column->type, path, column->type == TYPE_DYNAMIC};

    if (slice_is(column->name, "Timestamp") && column->type == TYPE_DATETIME &&
        slice_equal(column->name, definition->time_column))
        ret.source = COLUMN_TIME;
    if (system == NULL || system->source == COLUMN_REST)
        return ret;
    if (column->type == system->type ||
        (system->source == COLUMN_TENANT && column->type == TYPE_STRING))
        ret.source = system->source;
    return ret;
}

static enum status make_declared(struct scan_schema *made,
                                 const struct table_definition *definition, struct error *err)
{
    struct buf path;
    buf_init(&path, PART_PATH_BYTES_MAX);
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < definition->schema.column_count && status == STATUS_OK; i++) {
        const struct column *column = &definition->schema.columns[i];
        buf_clear(&path);
        if (definition->paths != NULL && definition->paths[i].size > 0)
            buf_add_slice(&path, definition->paths[i]);
        else
            path_add_key(&path, column->name);
        status = buf_check(&path, err);
        if (status == STATUS_OK)
            status = add_column(made, column->name,
                                declared_column(definition, column, buf_slice(&path)), err);
        if (column->type == TYPE_DATETIME && slice_equal(column->name, definition->time_column))
            made->time_column = i;
    }
    buf_release(&path);
    bool has_rest = schema_find(&made->schema, SLICE("AdditionalFields")) == UINT32_MAX;
    if (status == STATUS_OK)
        status = add_system(made, SYSTEM_COLUMNS, SYSTEM_COUNT, err);
    if (status == STATUS_OK && !has_rest)
        status = add_system(made, &OTHER_REST, 1, err);
    return status;
}

/* ---- user tables ---- */

/* As its value will be: .NET writes the + of a time's offset as \u002B. */
static enum type string_type(struct slice text)
{
    int64_t ticks;
    struct guid guid;
    struct buf scratch;
    enum type type = TYPE_STRING;

    buf_init(&scratch, TYPED_BYTES_MAX);
    struct slice plain = json_plain(text, &scratch);
    if (plain.size >= 10 && plain.data[4] == '-' && time_parse_iso(plain, &ticks))
        type = TYPE_DATETIME;
    else if (plain.size == GUID_TEXT_BYTES && guid_parse(plain, &guid))
        type = TYPE_GUID;
    type = scratch.failed ? TYPE_STRING : type;
    buf_release(&scratch);
    return type;
}

static bool is_double(int64_t number)
{
    return number >= -DOUBLE_LONG_MAX && number <= DOUBLE_LONG_MAX &&
           (int64_t)(double)number == number;
}

/* The same of a whole number that is no long. */
static bool is_double_text(struct slice text)
{
    char shown[DOUBLE_TEXT_BYTES];
    double number;

    if (!text_parse_double(text, &number))
        return false;
    (void)snprintf(shown, sizeof(shown), "%.0f", number);
    return slice_is(text, shown);
}

/* A number of which neither a long nor a real has each digit stays as it is written. */
static enum type number_type(struct slice text)
{
    int64_t number;
    size_t digits = 0;

    if (text_parse_i64(text, &number))
        return is_double(number) ? TYPE_LONG : WIDE_LONG;
    while (digits < text.size &&
           (text.data[digits] == '-' || (text.data[digits] >= '0' && text.data[digits] <= '9')))
        digits++;
    return digits < text.size || is_double_text(text) ? TYPE_REAL : TYPE_DYNAMIC;
}

static enum type leaf_type(struct slice text, uint8_t kind)
{
    switch ((enum json_kind)kind) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        return TYPE_DYNAMIC;
    case JSON_STRING:
        return string_type(text);
    case JSON_NUMBER:
        return number_type(text);
    case JSON_TRUE:
    case JSON_FALSE:
        return TYPE_BOOL;
    case JSON_NULL:
        break;
    }
    return NO_TYPE;
}

static bool is_text_type(enum type type)
{
    return type == TYPE_STRING || type == TYPE_DATETIME || type == TYPE_GUID;
}

/* The type that can hold both: dynamic where the JSON kinds differ, or digits would be lost. */
static enum type merge_types(enum type a, enum type b)
{
    if (a == b || b == NO_TYPE)
        return a;
    if (a == NO_TYPE)
        return b;
    if (is_text_type(a) && is_text_type(b))
        return TYPE_STRING;
    if ((a == TYPE_LONG && b == WIDE_LONG) || (a == WIDE_LONG && b == TYPE_LONG))
        return WIDE_LONG;
    if ((a == TYPE_LONG && b == TYPE_REAL) || (a == TYPE_REAL && b == TYPE_LONG))
        return TYPE_REAL;
    return TYPE_DYNAMIC;
}

static enum type add_value(enum type type, struct slice text, uint8_t kind)
{
    if (type == TYPE_STRING && kind == JSON_STRING)
        return type; /* no other string changes it */
    return merge_types(type, leaf_type(text, kind));
}

static enum type column_type(const struct path_column *path)
{
    enum type type = NO_TYPE;

    for (uint32_t i = 0; i < path->dict_count && type != TYPE_DYNAMIC; i++)
        type = add_value(type, path->dict[i], path->dict_kinds[i]);
    return type;
}

struct finder {
    struct map types;  /* path -> enum type, in order of sight: of the columns */
    struct buf key;    /* the one at hand */
    bool has_rest;     /* keys that are no columns */
    bool has_raw_rows; /* records whose keys are not known */
    bool *raw_units;   /* a unit of the source: has it such records? */
};

/* What all values of a path are, where the form of their texts says it: ids and times are most
 * of a section, and need not be decoded. */
static enum type type_of_form(enum text_form form)
{
    return form == FORM_GUID ? TYPE_GUID : form == FORM_TIME ? TYPE_DATETIME : NO_TYPE;
}

static enum status find_type(struct part_scan *scan, uint32_t path_index, enum type *ret,
                             struct error *err)
{
    struct path_column *path = &scan->part->paths[path_index];
    uint8_t kept;

    *ret = path->is_array || path->is_object ? TYPE_DYNAMIC
                                             : type_of_form(scan_text_form(scan, path_index));
    if (*ret != NO_TYPE)
        return STATUS_OK;
    if (scan->is_view && section_found_type(scan->part, path_index, &kept)) {
        *ret = (enum type)kept;
        return STATUS_OK;
    }
    enum status status = scan_load(scan, path_index, err);
    if (status != STATUS_OK)
        return status;
    *ret = column_type(path);
    if (scan->is_view)
        section_keep_type(scan->part, path_index, (uint8_t)*ret);
    return STATUS_OK;
}

/* Keys that cannot be columns are not kept: senders make up as many as they like. */
static bool can_be_column(struct finder *f, struct slice path)
{
    (void)path_next_key(&path, &f->key);
    struct slice key = buf_slice(&f->key);
    const struct system_column *own = find_system(key);
    bool ret = (own == NULL || own->source == COLUMN_TABLE) && key.size > 0 &&
               key.size <= COLUMN_NAME_BYTES_MAX && f->types.count < FOUND_COLUMNS_MAX;

    f->has_rest |= !ret && !slice_is(key, "TimeGenerated");
    return ret;
}

static enum status see_path(struct finder *f, struct part_scan *scan, uint32_t path_index,
                            struct error *err)
{
    struct slice path = scan->part->paths[path_index].path;
    const struct map_entry *known = map_find(&f->types, path);
    enum type before = known == NULL ? NO_TYPE : (enum type)known->value, type;

    if (!path_is_top_level(path) || before == TYPE_DYNAMIC) /* which nothing changes */
        return STATUS_OK;
    if (known == NULL && !can_be_column(f, path))
        return buf_check(&f->key, err);
    enum status status = find_type(scan, path_index, &type, err);
    if (status != STATUS_OK)
        return status;
    struct map_entry *entry = map_put(&f->types, path, NULL, err);
    if (entry == NULL)
        return err->status;
    entry->value = merge_types(before, type);
    return STATUS_OK;
}

static enum status see_part(struct finder *f, struct part_scan *scan, bool *ret_raw,
                            struct error *err)
{
    const struct part *part = scan->part;
    bool *seen = ARENA_ARRAY(scan->arena, bool, part->path_count, err);
    if (seen == NULL)
        return err->status;
    enum status status = STATUS_OK;

    for (uint32_t s = 0; s < part->root_shape_count && status == STATUS_OK; s++) {
        const struct shape *shape = &part->shapes[s];
        *ret_raw |= shape->is_raw;
        uint32_t slot_count = shape->is_raw ? 0 : shape->slot_count;
        for (uint32_t i = 0; i < slot_count && status == STATUS_OK; i++) {
            uint32_t path = shape->slots[i].path;
            if (!seen[path] && !shape->slots[i].shadowed)
                status = see_path(f, scan, path, err);
            seen[path] |= !shape->slots[i].shadowed;
        }
        for (uint32_t i = 0; i < shape->object_count && status == STATUS_OK; i++) {
            uint32_t path = shape->objects[i].path;
            if (!seen[path])
                status = see_path(f, scan, path, err);
            seen[path] = true;
        }
    }
    return status;
}

/* ---- records that are kept whole ---- */

#define RECORDS_A_LOOK 64u /* parsed between two looks at the time */

/* Their keys make no columns (AdditionalFields has them), but what they have in the columns
 * counts for the types: one that does not fit would be null, and nowhere else either. */
struct whole_rows {
    struct map types; /* path -> enum type, of keys that can be columns */
    bool is_all;      /* else of the first of them, and of all that are columns now */
    struct json_tape tape;
    struct buf path;
};

static enum status see_record(struct finder *f, struct slice raw, struct whole_rows *w,
                              struct error *err)
{
    enum json_result result = json_parse(raw, JSON_DEPTH_MAX, &w->tape);
    const struct json_token *tokens = w->tape.tokens;

    if (result == JSON_NO_MEMORY)
        return ERROR_MEMORY(err);
    if (result != JSON_OK || tokens[0].kind != JSON_OBJECT)
        return STATUS_OK; /* it has no columns then */
    for (uint32_t at = 1; at < tokens[0].next; at = tokens[at + 1].next) {
        struct slice key = json_plain(json_text(raw, &tokens[at]), &f->key);
        if (f->key.failed)
            return ERROR_MEMORY(err);
        if (key.size > COLUMN_NAME_BYTES_MAX)
            continue;
        buf_clear(&w->path);
        path_add_key(&w->path, key);
        if (w->path.failed)
            return ERROR_MEMORY(err);
        struct slice path = buf_slice(&w->path);
        struct map_entry *entry = map_find(&w->types, path);
        if (entry == NULL && w->types.count >= TABLE_COLUMNS_MAX &&
            map_find(&f->types, path) == NULL) {
            w->is_all = false;
            continue;
        }
        if (entry == NULL) {
            entry = map_put(&w->types, path, NULL, err);
            if (entry == NULL)
                return err->status;
            entry->value = NO_TYPE;
        }
        entry->value = add_value((enum type)entry->value, json_text(raw, &tokens[at + 1]),
                                 tokens[at + 1].kind);
    }
    return STATUS_OK;
}

static enum status see_whole_shape(struct finder *f, struct part_scan *scan, uint32_t s,
                                   struct whole_rows *w, struct error *err)
{
    const struct part *part = scan->part;
    const struct shape *shape = &part->shapes[s];
    const struct scan_source *source = scan->source;
    const struct path_column *path = &part->paths[shape->slots[0].path];
    enum status status = scan_load_shape(scan, s, err);

    if (status == STATUS_OK)
        status = scan_load_rows(scan, ROWS_FLAGS, err);
    for (uint32_t i = 0; i < shape->row_count && status == STATUS_OK; i++) {
        uint32_t code = code_at(path->codes, shape->slots[0].first + i);
        if (i % RECORDS_A_LOOK == RECORDS_A_LOOK - 1 && source->check != NULL)
            status = source->check(source->check_context, err);
        if (status == STATUS_OK &&
            (part->row_flags[shape->row_begin + i] & RECORD_QUARANTINED) == 0)
            status = see_record(f, path->dict[code], w, err);
    }
    return status;
}

static void add_whole(struct finder *f, const struct map *types)
{
    for (size_t i = 0; i < types->count; i++) {
        struct map_entry *entry = map_find(&f->types, types->entries[i].key);
        if (entry != NULL)
            entry->value =
                merge_types((enum type)entry->value, (enum type)types->entries[i].value);
    }
}

/* Stands for the keys that were left out; no key has an empty path. */
#define SOME_LACK SLICE("")

/* Of the columns it is known, too, that they are not there. */
static enum status note_lack(const struct finder *f, struct map *types, struct error *err)
{
    bool is_new;
    struct map_entry *entry = map_put(types, SOME_LACK, &is_new, err);

    for (size_t i = 0; i < f->types.count && entry != NULL; i++) {
        entry = map_put(types, f->types.entries[i].key, &is_new, err);
        if (is_new)
            entry->value = NO_TYPE;
    }
    return entry != NULL ? STATUS_OK : err->status;
}

static bool add_kept(void *context, const struct map *types)
{
    struct finder *f = context;
    bool is_all = map_find(types, SOME_LACK) == NULL;

    for (size_t i = 0; i < f->types.count && !is_all; i++) {
        if (map_find(types, f->types.entries[i].key) == NULL)
            return false; /* it has become a column since */
    }
    add_whole(f, types);
    return true;
}

/* When all columns are known. */
static enum status see_whole(struct finder *f, struct part_scan *scan, struct error *err)
{
    struct whole_rows whole = {.is_all = true};
    enum status status = STATUS_OK;

    map_init(&whole.types);
    json_tape_init(&whole.tape);
    buf_init(&whole.path, PART_PATH_BYTES_MAX);
    for (uint32_t s = 0; s < scan->part->root_shape_count && status == STATUS_OK; s++) {
        if (scan->part->shapes[s].is_raw)
            status = see_whole_shape(f, scan, s, &whole, err);
    }
    if (status == STATUS_OK)
        add_whole(f, &whole.types);
    if (status == STATUS_OK && scan->is_view && !whole.is_all)
        status = note_lack(f, &whole.types, err);
    if (status == STATUS_OK && scan->is_view)
        section_keep_whole(scan->part, &whole.types);
    map_release(&whole.types);
    json_tape_release(&whole.tape);
    buf_release(&whole.path);
    return status;
}

/* ---- all rows ---- */

static enum status see_unit(struct finder *f, struct scan_source *source, uint32_t index,
                            bool is_whole, struct arena *arena, struct error *err)
{
    const struct scan_unit *unit = &source->units[index];
    struct part_scan scan = {.source = source, .arena = arena};
    enum status status = STATUS_OK;

    if (is_whole && unit->section != NULL && section_found_whole(unit->section, add_kept, f))
        return STATUS_OK;
    if (unit->section == NULL) {
        status = held_part(unit->held, &scan.part, err);
    } else {
        scan.is_view = true;
        status = section_view(unit->section, &scan.part, err);
    }
    if (status == STATUS_OK)
        status = is_whole ? see_whole(f, &scan, err)
                          : see_part(f, &scan, &f->raw_units[index], err);
    part_unref(scan.part);
    const char *gap = scan_section_gap(status, err);
    if (gap == NULL)
        return status;
    /* A section that cannot be read is a gap of the scan, not the end of the table. */
    source->unread = unit->section;
    source->unread_code = gap;
    *err = (struct error){0};
    return STATUS_OK;
}

/* is_whole: of records that are kept whole, which come last. */
static enum status see_units(struct finder *f, struct scan_source *source, bool is_whole,
                             struct arena *scratch, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < source->unit_count && status == STATUS_OK; i++) {
        if (is_whole && !f->raw_units[i])
            continue;
        if (i > 0 && source->check != NULL)
            status = source->check(source->check_context, err);
        if (status == STATUS_OK)
            status = see_unit(f, source, i, is_whole, scratch, err);
        f->has_raw_rows |= f->raw_units[i];
        arena_clear(scratch);
    }
    return status;
}

static enum type found_type(uint64_t value)
{
    if (value == NO_TYPE)
        return TYPE_STRING;
    return value == WIDE_LONG ? TYPE_LONG : (enum type)value;
}

static enum status make_found(struct scan_schema *made, struct finder *f, struct error *err)
{
    size_t system = f->has_raw_rows || f->has_rest ? SYSTEM_COUNT : SYSTEM_COUNT - 1;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < f->types.count && status == STATUS_OK; i++) {
        const struct map_entry *entry = &f->types.entries[i];
        struct slice rest = entry->key;
        enum type type = found_type(entry->value);
        (void)path_next_key(&rest, &f->key);
        status = add_column(made, buf_slice(&f->key),
                            (struct source_column){COLUMN_FIELD, type, entry->key, false}, err);
    }
    if (status == STATUS_OK)
        status = buf_check(&f->key, err);
    return status == STATUS_OK ? add_system(made, SYSTEM_COLUMNS, system, err) : status;
}

static enum status make_user(struct scan_source *source, struct scan_schema *made,
                             struct error *err)
{
    struct finder f = {.raw_units = ARENA_ARRAY(source->arena, bool, source->unit_count, err)};
    struct arena *scratch = f.raw_units == NULL ? NULL : arena_share(source->arena);

    if (f.raw_units == NULL)
        return err->status;
    if (scratch == NULL)
        return ERROR_MEMORY(err);
    source->is_found = true;
    map_init(&f.types);
    buf_init(&f.key, RECORD_BYTES_MAX);
    enum status status = see_units(&f, source, false, scratch, err);
    if (status == STATUS_OK && f.has_raw_rows)
        status = see_units(&f, source, true, scratch, err);
    if (status == STATUS_OK)
        status = make_room(made, TABLE_COLUMNS_MAX, err);
    if (status == STATUS_OK)
        status = make_found(made, &f, err);
    map_release(&f.types);
    buf_release(&f.key);
    arena_free(scratch);
    return status;
}

static enum status make(struct scan_source *source, const struct table_definition *definition,
                        struct scan_schema *made, struct error *err)
{
    if (!source->is_quarantine && (definition == NULL || !definition->declared))
        return make_user(source, made, err);
    uint32_t declared = definition == NULL ? 0 : definition->schema.column_count;
    enum status status = make_room(made, declared + (uint32_t)QUARANTINE_COUNT, err);
    if (status != STATUS_OK)
        return status;
    if (source->is_quarantine)
        return add_system(made, QUARANTINE_COLUMNS, QUARANTINE_COUNT, err);
    return make_declared(made, definition, err);
}

enum status scan_schema_make(struct scan_source *source, const struct table_definition *definition,
                             struct scan_schema **ret, struct error *err)
{
    struct scan_schema *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return ERROR_MEMORY(err);
    map_init(&made->fields);
    made->time_column = UINT32_MAX;
    made->arena = arena_new(QUERY_MEMORY_BYTES);
    enum status status = made->arena == NULL ? ERROR_MEMORY(err)
                                             : make(source, definition, made, err);
    if (status != STATUS_OK) {
        scan_schema_free(made);
        return status;
    }
    *ret = made;
    return STATUS_OK;
}

void scan_schema_free(struct scan_schema *schema)
{
    if (schema == NULL)
        return;
    map_release(&schema->fields);
    arena_free(schema->arena);
    free(schema);
}
