/* SPDX-License-Identifier: Apache-2.0 */
/* content.h - the tables and views that ship: content/tables/ (table_list.h) and
 * content/schemas/.
 *
 * A file of content/schemas/ declares one table: name, time column, columns (name, type).  With
 * `view` the table also shows rows of another one: `filter` chooses them and a
 * column's `from` is a KQL expression over them.  A view becomes KQL text:
 *
 *     union NAME, (OF | where FILTER | project A = EXPR, ...)
 *
 * Immutable after content_load(); any thread.
 */
#ifndef MAIN_CONTENT_H
#define MAIN_CONTENT_H

#include "base/arena.h"
#include "main/function_list.h"
#include "store/store.h"

struct content_file {
    const char *name; /* "schemas/OfficeActivity.yml" */
    const char *data;
    size_t size;
};

/* Made by tools/embed. */
extern const struct content_file content_files[];
extern const size_t content_file_count;

struct content_view {
    struct slice name;
    struct slice text; /* KQL */
};

struct content {
    struct arena *arena;
    struct table_definition *tables;
    uint32_t table_count;
    struct content_view *views;
    uint32_t view_count;
    struct function_text *functions; /* content/functions/ */
    uint32_t function_count;
};

enum status content_load(struct content *ret, struct error *err) MUST_USE;
void content_release(struct content *content);

/* KQL text of the view, "" if there is none with this name. */
struct slice content_view_text(const struct content *content, struct slice name);
/* Text of the function, "" if there is none with this name. */
struct slice content_function(const struct content *content, struct slice name);
/* The declared time column of a table, NULL if it is not declared. */
const char *content_time_column(const struct content *content, struct slice table);

#endif
