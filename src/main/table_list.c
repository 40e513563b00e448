/* SPDX-License-Identifier: Apache-2.0 */
#include "main/table_list.h"

#include "base/limits.h"

struct list_reader {
    struct arena *arena;
    struct slice time_column; /* with a NUL behind it */
    struct column common[8], *columns;
    uint32_t common_count, line;
    struct table_definition *table; /* the open one, or NULL */
};

static enum status bad(const struct list_reader *r, const char *what, struct slice word,
                       struct error *err)
{
    (void)ERROR_SET(err, STATUS_INVALID, "%s: '%.*s'", what, SLICE_FMT(slice_head(word, 64)));
    err->line = r->line;
    return err->status;
}

static enum status read_column(const struct list_reader *r, struct slice word, struct column *ret,
                               struct error *err)
{
    struct slice type = word;

    (void)slice_next(&type, ':', &ret->name);
    ret->type = TYPE_STRING;
    if (ret->name.size == 0 || ret->name.size > COLUMN_NAME_BYTES_MAX)
        return bad(r, "not the name of a column", word, err);
    if (type.data != NULL && !type_from_name(type, &ret->type))
        return bad(r, "not a type", word, err);
    return STATUS_OK;
}

static enum status put_column(struct list_reader *r, const struct column *column, struct error *err)
{
    struct schema *schema = &r->table->schema;

    if (schema_find(schema, column->name) != UINT32_MAX)
        return bad(r, "the column stands twice", column->name, err);
    if (schema->column_count == TABLE_COLUMNS_MAX)
        return bad(r, "too many columns", column->name, err);
    r->columns[schema->column_count++] = *column;
    return STATUS_OK;
}

static enum status read_columns(struct list_reader *r, struct slice words, struct error *err)
{
    struct slice word;
    struct column column;

    while (slice_next(&words, ' ', &word)) {
        if (word.size == 0)
            continue;
        enum status status = read_column(r, word, &column, err);
        if (status == STATUS_OK && r->table == NULL)
            status = bad(r, "a column without a table", word, err);
        if (status == STATUS_OK)
            status = put_column(r, &column, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status read_common(struct list_reader *r, struct slice words, struct error *err)
{
    struct slice word;

    r->common_count = 0;
    while (slice_next(&words, ' ', &word)) {
        if (word.size == 0)
            continue;
        if (r->common_count == sizeof(r->common) / sizeof(r->common[0]))
            return bad(r, "too many columns", word, err);
        enum status status = read_column(r, word, &r->common[r->common_count++], err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* The open table gets its array, of the size it needs. */
static enum status close_table(struct list_reader *r, struct error *err)
{
    if (r->table == NULL)
        return STATUS_OK;
    for (uint32_t i = 0; i < r->common_count; i++) {
        enum status status = put_column(r, &r->common[i], err);
        if (status != STATUS_OK)
            return status;
    }
    uint32_t count = r->table->schema.column_count;
    struct column *copy = ARENA_ARRAY(r->arena, struct column, count + 1, err);
    if (copy == NULL)
        return err->status;
    memcpy(copy, r->columns, count * sizeof(*copy));
    r->table->schema.columns = copy;
    r->table = NULL;
    return STATUS_OK;
}

static enum status open_table(struct list_reader *r, struct slice name,
                              struct table_definition *tables, uint32_t *count,
                              struct error *err)
{
    if (name.size > TABLE_NAME_BYTES_MAX || slice_find_byte(name, ' ', 0) != SIZE_MAX)
        return bad(r, "not the name of a table", name, err);
    for (uint32_t i = 0; i < *count; i++) {
        if (slice_equal(tables[i].name, name))
            return bad(r, "the table stands twice", name, err);
    }
    r->table = &tables[(*count)++];
    *r->table = (struct table_definition){
        .name = name,
        .schema = {r->columns, 0},
        .time_column = r->time_column,
        .declared = true,
    };
    return STATUS_OK;
}

static enum status read_line(struct list_reader *r, struct slice line,
                             struct table_definition *tables, uint32_t *count,
                             struct error *err)
{
    struct slice text = slice_trim(line);

    if (text.size == 0 || text.data[0] == '#')
        return STATUS_OK;
    if (line.data[0] == ' ')
        return read_columns(r, text, err);
    enum status status = close_table(r, err);
    if (status != STATUS_OK)
        return status;
    if (text.data[0] == '*')
        return read_common(r, slice_tail(text, 1), err);
    if (slice_starts_with(text, SLICE("time "))) {
        r->time_column = arena_copy(r->arena, slice_trim(slice_tail(text, 5)), err);
        return r->time_column.data == NULL ? err->status : STATUS_OK;
    }
    return open_table(r, text, tables, count, err);
}

uint32_t table_list_count(struct slice text)
{
    uint32_t count = 1;

    for (size_t i = 0; i + 1 < text.size; i++)
        count += text.data[i] == '\n' && text.data[i + 1] != ' ';
    return count;
}

enum status table_list_read(struct slice text, struct arena *arena,
                            struct table_definition *tables, uint32_t *count, struct error *err)
{
    struct list_reader r = {.arena = arena, .time_column = SLICE("TimeGenerated")};
    struct slice line;
    enum status status = STATUS_OK;

    r.columns = ARENA_ARRAY(arena, struct column, TABLE_COLUMNS_MAX, err);
    if (r.columns == NULL)
        return err->status;
    while (status == STATUS_OK && slice_next(&text, '\n', &line)) {
        r.line++;
        if (line.size > 0)
            status = read_line(&r, line, tables, count, err);
    }
    return status == STATUS_OK ? close_table(&r, err) : status;
}
