/* SPDX-License-Identifier: Apache-2.0 */
#include "main/content.h"

#include "base/limits.h"
#include "codec/yaml.h"
#include "main/table_list.h"

#include <stdio.h>

static enum status bad(const struct content_file *file, const struct yaml_node *node,
                       const char *what, struct error *err)
{
    (void)ERROR_SET(err, STATUS_INVALID, "%s: %s", file->name, what);
    err->line = node == NULL ? 0 : node->line;
    return err->status;
}

static enum status read_columns(struct content *content, const struct content_file *file,
                                const struct yaml_node *list, struct table_definition *table,
                                struct error *err)
{
    struct column *columns;

    if (list == NULL || list->kind != YAML_SEQUENCE)
        return bad(file, list, "wants a list 'columns'", err);
    columns = ARENA_ARRAY(content->arena, struct column, list->count + 1, err);
    if (columns == NULL)
        return err->status;
    for (uint32_t i = 0; i < list->count; i++) {
        columns[i].name = yaml_text(list->items[i], "name", "");
        if (columns[i].name.size == 0 ||
            !type_from_name(yaml_text(list->items[i], "type", ""), &columns[i].type))
            return bad(file, list->items[i], "a column has a name and a type", err);
    }
    table->schema = (struct schema){columns, list->count};
    return STATUS_OK;
}

static const struct table_definition *find_table(const struct content *content,
                                                 struct slice name)
{
    for (uint32_t i = 0; i < content->table_count; i++) {
        if (slice_equal(content->tables[i].name, name))
            return &content->tables[i];
    }
    return NULL;
}

/* `expression` converted to the column's type, unless it is a column that has it. */
static void add_expression(struct buf *text, const struct table_definition *of,
                           const struct column *column, struct slice expression)
{
    uint32_t source = of == NULL ? UINT32_MAX : schema_find(&of->schema, expression);

    if (column->type == TYPE_DYNAMIC ||
        (source != UINT32_MAX && of->schema.columns[source].type == column->type)) {
        buf_add_slice(text, expression);
        return;
    }
    buf_add_format(text, "to%s(", type_name(column->type));
    buf_add_slice(text, expression);
    buf_add_byte(text, ')');
}

static enum status make_view(struct content *content, const struct yaml_node *root,
                             const struct table_definition *table, struct error *err)
{
    const struct yaml_node *view = yaml_get(root, "view"), *list = yaml_get(root, "columns");
    struct slice of_name = yaml_text(view, "of", "AuditRecords");
    const struct table_definition *of = find_table(content, of_name);
    struct buf text;

    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&text, "union ");
    buf_add_slice(&text, table->name);
    buf_add_text(&text, ", (");
    buf_add_slice(&text, of_name);
    buf_add_text(&text, " | where ");
    buf_add_slice(&text, yaml_text(view, "filter", "true"));
    buf_add_text(&text,
                 " | project TenantId, TimeGenerated, _Seq, _ReceivedTime, AdditionalFields,"
                 " Type = '");
    buf_add_slice(&text, table->name);
    buf_add_byte(&text, '\'');
    for (uint32_t i = 0; i < list->count; i++) {
        struct slice from = yaml_text(list->items[i], "from", "");
        if (from.size == 0)
            continue;
        buf_add_text(&text, ", ['");
        buf_add_slice(&text, table->schema.columns[i].name);
        buf_add_text(&text, "'] = ");
        add_expression(&text, of, &table->schema.columns[i], from);
    }
    buf_add_byte(&text, ')');
    struct content_view *out = &content->views[content->view_count++];
    out->name = table->name;
    out->text = arena_copy(content->arena, buf_slice(&text), err);
    enum status status = buf_check(&text, err);
    if (status == STATUS_OK && out->text.data == NULL)
        status = err->status;
    buf_release(&text);
    return status;
}

static bool is_list(const struct content_file *file)
{
    return slice_ends_with(slice_of(file->name), SLICE(".txt"));
}

static bool is_function(const struct content_file *file)
{
    return slice_ends_with(slice_of(file->name), SLICE(".kql"));
}

static enum status read_functions(struct content *content, struct error *err)
{
    enum status status = STATUS_OK;
    uint32_t room = 1;

    for (size_t i = 0; i < content_file_count; i++) {
        if (is_function(&content_files[i]))
            room += function_list_count(
                slice_from(content_files[i].data, content_files[i].size));
    }
    content->functions = ARENA_ARRAY(content->arena, struct function_text, room, err);
    if (content->functions == NULL)
        return err->status;
    for (size_t i = 0; status == STATUS_OK && i < content_file_count; i++) {
        const struct content_file *file = &content_files[i];
        if (!is_function(file))
            continue;
        status = function_list_read(slice_from(file->data, file->size), content->arena,
                                    content->functions, &content->function_count, err);
        if (status != STATUS_OK)
            status = error_wrap(err, "%s", file->name);
    }
    return status;
}

/* Lists come behind the tables with a file of their own: their names are taken then. */
static enum status read_lists(struct content *content, struct error *err)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; status == STATUS_OK && i < content_file_count; i++) {
        const struct content_file *file = &content_files[i];
        if (!is_list(file))
            continue;
        status = table_list_read(slice_from(file->data, file->size), content->arena,
                                 content->tables, &content->table_count, err);
        if (status != STATUS_OK)
            status = error_wrap(err, "%s", file->name);
    }
    return status;
}

static uint32_t count_tables(void)
{
    uint32_t count = 0;

    for (size_t i = 0; i < content_file_count; i++) {
        const struct content_file *file = &content_files[i];
        count += is_list(file) ? table_list_count(slice_from(file->data, file->size)) : 1;
    }
    return count;
}

static enum status read_file(struct content *content, const struct content_file *file,
                             struct yaml_node **ret_root, struct error *err)
{
    struct yaml_node **documents;
    uint32_t count;
    enum status status = yaml_parse(slice_from(file->data, file->size), content->arena,
                                    &documents, &count, err);

    if (status != STATUS_OK)
        return error_wrap(err, "%s", file->name);
    if (count != 1 || documents[0]->kind != YAML_MAPPING)
        return bad(file, NULL, "wants one mapping", err);
    struct table_definition *table = &content->tables[content->table_count];
    table->name = yaml_text(documents[0], "name", "");
    table->time_column = yaml_text(documents[0], "time", "TimeGenerated");
    table->declared = true;
    if (table->name.size == 0)
        return bad(file, documents[0], "wants a 'name'", err);
    status = read_columns(content, file, yaml_get(documents[0], "columns"), table, err);
    if (status == STATUS_OK)
        content->table_count++;
    *ret_root = documents[0];
    return status;
}

enum status content_load(struct content *ret, struct error *err)
{
    struct content content = {.arena = arena_new(64 * MIB)};
    enum status status = STATUS_OK;

    if (content.arena == NULL)
        return ERROR_MEMORY(err);
    content.tables =
        ARENA_ARRAY(content.arena, struct table_definition, count_tables() + 1, err);
    content.views = ARENA_ARRAY(content.arena, struct content_view, content_file_count + 1, err);
    struct yaml_node **roots =
        ARENA_ARRAY(content.arena, struct yaml_node *, content_file_count + 1, err);
    if (content.tables == NULL || content.views == NULL || roots == NULL)
        status = err->status;
    for (size_t i = 0; status == STATUS_OK && i < content_file_count; i++) {
        if (!is_list(&content_files[i]) && !is_function(&content_files[i]))
            status = read_file(&content, &content_files[i], &roots[content.table_count], err);
    }
    uint32_t file_count = content.table_count;
    if (status == STATUS_OK)
        status = read_lists(&content, err);
    if (status == STATUS_OK)
        status = read_functions(&content, err);
    for (uint32_t i = 0; status == STATUS_OK && i < file_count; i++) {
        if (yaml_get(roots[i], "view") != NULL)
            status = make_view(&content, roots[i], &content.tables[i], err);
    }
    if (status != STATUS_OK) {
        arena_free(content.arena);
        return status;
    }
    *ret = content;
    return STATUS_OK;
}

void content_release(struct content *content)
{
    arena_free(content->arena);
    *content = (struct content){0};
}

struct slice content_view_text(const struct content *content, struct slice name)
{
    for (uint32_t i = 0; i < content->view_count; i++) {
        if (slice_equal(content->views[i].name, name))
            return content->views[i].text;
    }
    return (struct slice){"", 0};
}

struct slice content_function(const struct content *content, struct slice name)
{
    for (uint32_t i = 0; i < content->function_count; i++) {
        if (slice_equal(content->functions[i].name, name))
            return content->functions[i].text;
    }
    return (struct slice){"", 0};
}

const char *content_time_column(const struct content *content, struct slice table)
{
    const struct table_definition *found = find_table(content, table);

    /* Slices of the YAML tree end with a NUL (arena_copy). */
    return found == NULL ? NULL : found->time_column.data;
}
