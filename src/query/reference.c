/* SPDX-License-Identifier: Apache-2.0 */
/* reference.c - the reference of the language, from the tables that binder and
 * completion use. */
#include "query/reference_priv.h"

#include "base/buf.h"
#include "query/complete_priv.h"
#include "query/function.h"
#include "query/query.h"
#include "query/special.h"

#include <stdlib.h>

#define ROWS "range x from 1 to 3 step 1 | "

static const struct {
    const char *name, *example;
} examples[] = {
    {"where", ROWS "where x > 1 | summarize count() == 2"},
    {"extend", ROWS "extend y = x * 2 | summarize sum(y) == 12"},
    {"project", ROWS "project y = x + 1 | summarize max(y) == 4"},
    {"project-away", "print a = true, b = 2 | project-away b"},
    {"project-keep", "print ab = true, b = 2 | project-keep a*"},
    {"project-rename", "print a = true | project-rename b = a | project b"},
    {"project-reorder", "print a = 1, b = true | project-reorder b | project-away a"},
    {"project-by-names", "print a = true, b = 2 | project-by-names 'a'"},
    {"summarize", ROWS "summarize sum(x) == 6"},
    {"count", ROWS "count | project Count == 3"},
    {"distinct", ROWS "distinct x > 1 | count | project Count == 2"},
    {"sort", ROWS "sort by x desc | take 1 | project x == 3"},
    {"order", ROWS "order by x asc | take 1 | project x == 1"},
    {"top", ROWS "top 1 by x | project x == 3"},
    {"top-nested", ROWS "top-nested 1 of x by max(x) | project x == 3"},
    {"top-hitters", "print x = dynamic([1, 1, 2]) | mv-expand x to typeof(long) | "
                    "top-hitters 1 of x | project x == 1"},
    {"take", ROWS "take 2 | count | project Count == 2"},
    {"limit", ROWS "limit 2 | count | project Count == 2"},
    {"sample", ROWS "sample 2 | count | project Count == 2"},
    {"sample-distinct", ROWS "sample-distinct 2 of x | count | project Count == 2"},
    {"join", ROWS "join kind=inner (print x = 2) on x | project x == 2"},
    {"lookup", "print x = 2 | lookup (print x = 2, y = true) on x | project y"},
    {"union", "print x = 1 | union (print x = 2) | summarize sum(x) == 3"},
    {"mv-expand", "print a = dynamic([1, 2]) | mv-expand a to typeof(long) | "
                  "summarize sum(a) == 3"},
    {"mv-apply", "print a = dynamic([1, 2]) | mv-apply a to typeof(long) on "
                 "(summarize s = sum(a)) | project s == 3"},
    {"parse", "print t = 'id=7;' | parse t with 'id=' id:long ';' * | project id == 7"},
    {"parse-where", "print t = 'id=7' | parse-where t with 'id=' id:long | project id == 7"},
    {"parse-kv", "print t = 'a=1,b=2' | parse-kv t as (b: long) with (pair_delimiter = ',', "
                 "kv_delimiter = '=') | project b == 2"},
    {"evaluate", "print d = dynamic({'a': true}) | evaluate bag_unpack(d)"},
    {"make-series", ROWS "make-series s = sum(x) on x from 1 to 4 step 1 | "
                         "project array_length(s) == 3"},
    {"serialize", ROWS "serialize n = row_number() | summarize max(n) == 3"},
    {"scan", ROWS "sort by x asc | scan declare (s: long = 0) with "
                  "(step a: true => s = x + a.s;) | summarize max(s) == 6"},
    {"partition", ROWS "partition by x (take 1) | count | project Count == 3"},
    {"search", "print t = 'some text' | search 'text' | count | project Count == 1"},
    {"invoke", "let f = (t: (x: long)) { t | summarize sum(x) == 6 }; " ROWS "invoke f()"},
    {"as", ROWS "as t | summarize sum(x) == 6"},
    {"getschema", ROWS "getschema | project ColumnType == 'long'"},
    {"render", ROWS "summarize sum(x) == 6 | render table"},
    {"reduce", "print t = 'a 1' | reduce by t | project Count == 1"},
    {"facet", ROWS "facet by x | count | project Count == 3"},
    {"fork", ROWS "fork (summarize sum(x) == 6)"},
    {"let", "let a = 1; print a == 1"},
    {"print", "print 1 + 1 == 2"},
    {"range", "range x from 1 to 3 step 1 | count | project Count == 3"},
    {"datatable", "datatable(a: long)[1, 2] | summarize sum(a) == 3"},
    {"materialize", "let T = materialize(print a = 1); T | project a == 1"},
    {"find", "let T = view () { print a = 1 }; find in (T) where a == 1 | count | "
             "project Count == 1"},
    {"declare", "declare query_parameters(a: long = 1); print a == 1"},
    {"set", "set query_now = datetime(2026-01-31); print now() == datetime(2026-01-31)"},
    {"restrict", "let V = view () { print a = 1 }; restrict access to (V); V | project a == 1"},
};

const char *reference_example(const char *name)
{
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        if (slice_is(slice_of(name), examples[i].name))
            return examples[i].example;
    }
    return NULL;
}

/* A cell of a table: bars would end it. */
static void add_cell(struct buf *buf, const char *text, bool is_code)
{
    buf_add_text(buf, is_code && text[0] != '\0' ? "| `" : "| ");
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '|')
            buf_add_byte(buf, '\\');
        buf_add_byte(buf, *c);
    }
    buf_add_text(buf, is_code && text[0] != '\0' ? "` " : " ");
}

static void add_row(struct buf *buf, const char *signature, const char *summary,
                    const char *example)
{
    add_cell(buf, signature, true);
    add_cell(buf, summary, false);
    add_cell(buf, example == NULL ? "" : example, true);
    buf_add_text(buf, "|\n");
}

static void add_heading(struct buf *buf, const char *title, const char *about)
{
    buf_add_format(buf, "\n## %s\n\n%s\n\n| how it is written | what it does | example |\n"
                        "|---|---|---|\n",
                   title, about);
}

struct row {
    const char *name, *signature, *summary, *example;
};

static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;

    return slice_compare(slice_of(x->name), slice_of(y->name));
}

#define ROWS_MAX 1024u

struct rows {
    struct row data[ROWS_MAX];
    uint32_t count;
};

static void put(struct rows *rows, const char *name, const char *signature, const char *summary,
                const char *example)
{
    if (rows->count < ROWS_MAX)
        rows->data[rows->count++] = (struct row){name, signature, summary, example};
}

static void add_sorted(struct rows *rows, struct buf *buf)
{
    qsort(rows->data, rows->count, sizeof(rows->data[0]), compare_rows);
    for (uint32_t i = 0; i < rows->count; i++)
        add_row(buf, rows->data[i].signature, rows->data[i].summary, rows->data[i].example);
    rows->count = 0;
}

static void add_words(const struct complete_words *words, struct buf *buf)
{
    for (uint32_t i = 0; i < words->count; i++) {
        const struct complete_word *word = &words->words[i];
        add_row(buf, word->detail[0] == '\0' ? word->text : word->detail, word->summary,
                reference_example(word->text));
    }
}

static void add_functions(struct rows *rows, bool aggregates)
{
    uint32_t count;
    const struct function_family *const *families = function_families(&count);

    for (uint32_t f = 0; f < count; f++) {
        for (uint32_t i = 0; aggregates && i < families[f]->aggregate_count; i++) {
            const struct aggregate *a = &families[f]->aggregates[i];
            put(rows, a->name, a->signature, a->summary, a->example);
        }
        for (uint32_t i = 0; !aggregates && i < families[f]->function_count; i++) {
            const struct function *fn = &families[f]->functions[i];
            put(rows, fn->name, fn->signature, fn->summary, fn->example);
        }
    }
}

static void add_specials(struct rows *rows, const struct special *(*at)(uint32_t index))
{
    for (uint32_t i = 0; at(i) != NULL; i++)
        put(rows, at(i)->name, at(i)->signature, at(i)->summary, at(i)->example);
}

enum status query_add_reference(struct buf *ret, struct error *err)
{
    struct rows *rows = calloc(1, sizeof(*rows));

    if (rows == NULL)
        return ERROR_SET(err, STATUS_IO, "out of memory");
    buf_add_text(ret, "# The query language\n\nWritten by `tools/kqldoc` from the tables that the "
                      "engine itself uses. Examples of functions and aggregates\nare true "
                      "(aggregates over `x` from 1 to 3); examples of operators are queries whose "
                      "one value is true. All run as tests.\n"
                      "[kql-differences.md](kql-differences.md) says what differs from Kusto.\n");
    add_heading(ret, "Sources and statements", "What a query begins with.");
    add_words(&complete_sources, ret);
    add_heading(ret, "Operators", "Each takes the rows of what stands before the bar.");
    add_words(&complete_operators, ret);
    add_heading(ret, "Functions", "They compute a value of a row.");
    add_functions(rows, false);
    add_specials(rows, special_at);
    add_sorted(rows, ret);
    add_heading(ret, "Functions over rows in an order", "Behind `serialize` or `sort`.");
    add_specials(rows, special_window_at);
    add_sorted(rows, ret);
    add_heading(ret, "Plugins", "Behind `evaluate`: tables made of the whole input.");
    add_specials(rows, special_plugin_at);
    add_sorted(rows, ret);
    add_heading(ret, "Aggregates", "In `summarize` and `make-series`: a value of many rows.");
    add_functions(rows, true);
    add_sorted(rows, ret);
    free(rows);
    return buf_check(ret, err);
}
