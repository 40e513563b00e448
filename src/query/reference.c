/* SPDX-License-Identifier: Apache-2.0 */
/* reference.c - the reference of the language, from the tables that binder and
 * completion use. */
#include "query/reference_priv.h"

#include "base/buf.h"
#include "query/bind_priv.h"
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
    {"==", "print 1 + 1 == 2"},
    {"!=", "print 1 != 2"},
    {"<", "print 1 < 2"},
    {"<=", "print 2 <= 2"},
    {">", "print 2 > 1"},
    {">=", "print 2 >= 2"},
    {"and", "print 1 < 2 and 2 < 3"},
    {"or", "print 1 < 2 or 2 < 1"},
    {"between", "print 2 between (1 .. 3)"},
    {"!between", "print 4 !between (1 .. 3)"},
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

/* ---- properties ---- */

/* Words between blanks, as cells of code; those of the binder's own operators are left out. */
static void add_word_list(struct buf *buf, const char *words)
{
    bool first = true;

    for (const char *at = words; *at != '\0'; at += strcspn(at, " ")) {
        at += strspn(at, " ");
        struct slice word = slice_from(at, strcspn(at, " "));
        if (word.size == 0 || slice_starts_with(word, SLICE("__")))
            continue;
        buf_add_format(buf, "%s`%.*s`", first ? "" : " ", SLICE_FMT(word));
        first = false;
    }
}

static void add_properties(struct buf *buf)
{
    struct bind_option_about about;

    buf_add_text(buf, "\n## Properties of operators\n\nBehind the operator's name, or in its "
                      "`with (...)`, as `name=value`. One that the operator does not have, or a "
                      "value\nthat is none of the words, is an error. Those that begin with "
                      "`hint.` change nothing.\n\n"
                      "| operator | property | values | what it says |\n|---|---|---|---|\n");
    for (uint32_t i = 0; bind_option_at(i, &about); i++) {
        buf_add_text(buf, "| ");
        add_word_list(buf, about.operators);
        buf_add_format(buf, " | `%s` | ", about.name);
        for (uint32_t w = 0; about.words != NULL && w < about.words->count; w++)
            buf_add_format(buf, "%s`%s`", w == 0 ? "" : " ", about.words->words[w].text);
        add_word_list(buf, about.values);
        buf_add_format(buf, " | %s |\n", about.summary);
    }
}

/* A list that several properties share is told once, by the first. */
static bool is_told(uint32_t index, const struct complete_words *words)
{
    struct bind_option_about about;

    for (uint32_t i = 0; i < index && bind_option_at(i, &about); i++) {
        if (about.words == words)
            return true;
    }
    return false;
}

static void add_kinds(struct buf *buf)
{
    struct bind_option_about about;

    buf_add_text(buf, "\n## Values of properties\n\nThe words that a property can have, where "
                      "they have a meaning of their own.\n\n"
                      "| operator | how it is written | what it says |\n|---|---|---|\n");
    for (uint32_t i = 0; bind_option_at(i, &about); i++) {
        if (about.words == NULL || is_told(i, about.words))
            continue;
        for (uint32_t w = 0; w < about.words->count; w++) {
            buf_add_text(buf, "| ");
            add_word_list(buf, about.operators);
            bool is_bare = strcmp(about.name, "chart") == 0; /* the word behind render */
            buf_add_format(buf, " | `%s%s%s` | %s |\n", is_bare ? "" : about.name,
                           is_bare ? "" : "=", about.words->words[w].text,
                           about.words->words[w].summary);
        }
    }
}

static void add_keywords(struct buf *buf)
{
    const struct complete_word *word;
    const char *op;

    buf_add_text(buf, "\n## Words within operators\n\nWhat divides the arguments of an operator, "
                      "in the order in which it is written.\n\n"
                      "| operator | how it is written | what it says |\n|---|---|---|\n");
    for (uint32_t i = 0; (word = complete_keyword_at(i, &op)) != NULL; i++)
        buf_add_format(buf, "| `%s` | `%s` | %s |\n", op,
                       word->detail[0] == '\0' ? word->text : word->detail, word->summary);
}

static void add_idle(struct buf *buf, const char *about, const char *words)
{
    buf_add_format(buf, "\n%s\n\n", about);
    size_t width = 0;
    for (const char *at = words; *at != '\0'; at += strcspn(at, " ")) {
        at += strspn(at, " ");
        size_t size = strcspn(at, " ");
        bool fits = width > 0 && width + size + 3 <= 120;
        buf_add_format(buf, "%s`%.*s`", width == 0 ? "" : fits ? " " : "\n", (int)size, at);
        width = fits ? width + size + 3 : size + 2;
    }
    buf_add_byte(buf, '\n');
}

static void add_options(struct rows *rows, struct buf *buf)
{
    add_heading(buf, "Options of a query",
                "What `set` can say before the query, under the names of Kusto's request "
                "properties. A name that is none gives a warning.");
    add_specials(rows, special_set_at);
    add_sorted(rows, buf);
    add_idle(buf, "These options of Kusto are taken and change nothing, as they have no say about "
                  "what the answer is:", bind_set_idle);
    add_idle(buf, "These are taken, too, and change nothing here, though Kusto's answer may be "
                  "another; a warning says so:", bind_set_missing);
}

enum status query_add_reference(struct buf *ret, struct error *err)
{
    struct rows *rows = calloc(1, sizeof(*rows));

    if (rows == NULL)
        return ERROR_SET(err, STATUS_IO, "out of memory");
    buf_add_text(ret, "# The query language\n\nWritten by `tools/kqldoc` from the tables that the "
                      "engine itself uses. Examples of functions, aggregates\nand "
                      "operators of texts are true (aggregates over `x` from 1 to 3); other "
                      "examples are queries whose one value is true.\nAll run as tests. "
                      "[kql-differences.md](kql-differences.md) says what differs from Kusto.\n");
    add_heading(ret, "Sources and statements", "What a query begins with.");
    add_words(&complete_sources, ret);
    add_heading(ret, "Operators", "Each takes the rows of what stands before the bar.");
    add_words(&complete_operators, ret);
    add_properties(ret);
    add_kinds(ret);
    add_keywords(ret);
    add_options(rows, ret);
    add_heading(ret, "Comparisons", "Between two values.");
    add_words(&complete_infix, ret);
    add_heading(ret, "Operators of texts",
                "Between a text and what stands behind; a word is letters and digits between "
                "other signs.");
    for (uint32_t i = 0; special_text_at(i) != NULL; i++) /* in their order: each beside its not */
        add_row(ret, special_text_at(i)->signature, special_text_at(i)->summary,
                special_text_at(i)->example);
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
