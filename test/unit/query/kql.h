/* SPDX-License-Identifier: Apache-2.0 */
/* kql.h - queries for the tests of the parser and the binder.
 *
 * A case is a text and either what its answer holds or the error it meets, with its
 * place.  Tables: T (n:long, r:real, s:string, d:dynamic, t:datetime, b:bool,
 * span:timespan) with two rows, Empty (the same columns, and e:string) without. */
#ifndef TEST_QUERY_KQL_H
#define TEST_QUERY_KQL_H

#include "test.h"

#include "base/limits.h"
#include "base/text.h"
#include "query/batch.h"

#include <stdio.h>
#include <string.h>

struct kql_case {
    const char *query;
    const char *says;         /* part of the answer, or of the error's text */
    uint32_t line, column;    /* of the error; 0 = it succeeds */
};

struct kql_table {
    struct table_source source; /* first */
    struct schema schema;
};

static const struct schema *kql_schema(struct table_source *source)
{
    return &((struct kql_table *)source)->schema;
}

static enum status kql_scan(struct table_source *source, const struct scan_request *request,
                            struct scan_sink *sink, struct scan_stats *stats, struct error *err)
{
    (void)source;
    (void)request;
    (void)sink;
    (void)err;
    stats->complete = true;
    return STATUS_OK;
}

static const struct table_source_ops kql_ops = {kql_schema, kql_scan, NULL};

static struct kql_table *kql_empty(void)
{
    static struct column columns[8];
    static struct kql_table table;
    static const struct {
        const char *name;
        enum type type;
    } all[8] = {{"n", TYPE_LONG},    {"r", TYPE_REAL},   {"s", TYPE_STRING},
                {"d", TYPE_DYNAMIC}, {"e", TYPE_STRING}, {"t", TYPE_DATETIME},
                {"b", TYPE_BOOL},    {"span", TYPE_TIMESPAN}};

    for (size_t i = 0; i < 8; i++)
        columns[i] = (struct column){slice_of(all[i].name), all[i].type};
    table = (struct kql_table){{&kql_ops}, {columns, 8}};
    return &table;
}

static enum status kql_find_table(void *context, struct slice name, struct table_source **ret,
                                  struct error *err)
{
    (void)context;
    if (!slice_is(name, "Empty"))
        return ERROR_SET(err, STATUS_NOT_FOUND, "there is no such table");
    *ret = &kql_empty()->source;
    return STATUS_OK;
}

static struct slice kql_find_view(void *context, struct slice name)
{
    (void)context;
    if (slice_is(name, "T"))
        return SLICE("datatable(n:long, r:real, s:string, d:dynamic, t:datetime, b:bool, "
                     "span:timespan)[1, 1.5, 'one', dynamic({\"a\":1}), datetime(2026-01-01), "
                     "true, 1h, 2, 2.5, 'two', dynamic([1, 2]), datetime(2026-01-02), false, 2h]");
    if (slice_is(name, "Loop"))
        return SLICE("union (Loop2)");
    if (slice_is(name, "Loop2"))
        return SLICE("Loop | take 1");
    if (slice_is(name, "Bad"))
        return SLICE("T | where nosuch == 1");
    if (slice_is(name, "Text"))
        return SLICE("T | | take 1");
    return (struct slice){"", 0};
}

static void kql_names(void *context, void (*each)(void *arg, struct slice name), void *arg)
{
    (void)context;
    each(arg, SLICE("T"));
    each(arg, SLICE("Empty"));
}

static void kql_stored(void *context, void (*each)(void *arg, struct slice name), void *arg)
{
    (void)context;
    each(arg, SLICE("T"));
}

static struct slice kql_function(void *context, struct slice name)
{
    static const struct {
        const char *name, *text;
    } functions[] = {
        {"Twice", "(x:long = 1) { x * 2 }"},
        {"Rows", "() { T }"},
        {"Beware", "// warning: it is guessed\n() { 1 }"},
        {"Only", "(rows:(s:string), word:string) { rows | where s == word }"},
        {"Numbers", "() { print 2 }"},
        {"Broken", "(x:long) { x + nosuch }"},
        {"NoText", "() { | }"},
        {"NotOne", "T | count"},
        {"Endless", "(x:long) { Endless(x) }"},
        {"Peeks", "() { hidden }"},
    };

    (void)context;
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (slice_is(name, functions[i].name))
            return slice_of(functions[i].text);
    }
    return (struct slice){"", 0};
}

static enum status kql_watchlist(void *context, struct slice alias, struct arena *arena,
                                 struct slice *ret, struct error *err)
{
    (void)context;
    (void)arena;
    *ret = slice_is(alias, "vips") ? SLICE("User Name,Level\nann,1\nbob\n") : SLICE("a\n\"b");
    return slice_is(alias, "vips") || slice_is(alias, "broken")
               ? STATUS_OK
               : ERROR_SET(err, STATUS_NOT_FOUND, "none");
}

static void kql_watchlists(void *context, void (*each)(void *arg, struct slice name), void *arg)
{
    (void)context;
    each(arg, SLICE("vips"));
}

static enum status kql_fetch(void *context, struct slice url, struct arena *arena,
                             struct slice *ret, struct error *err)
{
    static const struct {
        const char *url, *text;
    } pages[] = {
        {"https://ok/x.csv", "name,number\nx,1\r\ny, 2"},
        {"https://ok/x.txt", "one\ntwo,2"},
        {"https://ok/x", "p\t7\n"},
        {"https://ok/x.psv", "q|\"{\"\"z\"\":1}\"\n"},
        {"https://ok/x.json", "{\"a\":\"x\",\"d\":{\"k\":5},\"n\":1}\n{\"a\":\"y\"}\n"},
        {"https://ok/array", "[{\"a\":\"x\"},{\"a\":\"y\"}]"},
    };

    (void)context;
    (void)arena;
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (slice_is(url, pages[i].url)) {
            *ret = slice_of(pages[i].text);
            return STATUS_OK;
        }
    }
    return ERROR_SET(err, STATUS_DENIED, "the host is not allowed");
}

static const struct query_env kql_env = {
    .table = kql_find_table,
    .view = kql_find_view,
    .names = kql_names,
    .stored = kql_stored,
    .function = kql_function,
    .watchlist = kql_watchlist,
    .watchlists = kql_watchlists,
    .fetch = kql_fetch,
};

static inline void kql_answer(const char *query, bool check_only, struct buf *ret)
{
    struct query_request request = {.env = &kql_env, .check_only = check_only};
    struct error err = {0};
    struct buf line;

    buf_init(&line, 16 * QUERY_TEXT_BYTES_MAX);
    buf_add_text(&line, "{\"id\":1,\"query\":");
    text_add_json_string(&line, slice_of(query));
    buf_add_byte(&line, '}');
    ASSERT_OK(query_batch_line(&request, buf_slice(&line), ret, &err));
    buf_add_byte(ret, '\0');
    buf_release(&line);
}

static inline void kql_check(const struct kql_case *c)
{
    struct buf answer;
    char place[64];

    buf_init(&answer, 256 * MIB);
    kql_answer(c->query, false, &answer);
    bool failed = strstr(answer.data, "\"error\":") != NULL;
    if (failed != (c->line > 0))
        fail_msg("%s\n  %.400s", c->query, answer.data);
    if (strstr(answer.data, c->says) == NULL)
        fail_msg("%s\n  should say %s\n  %.400s", c->query, c->says, answer.data);
    (void)snprintf(place, sizeof(place), "\"line\":%u,\"column\":%u}", c->line, c->column);
    if (failed && strstr(answer.data, place) == NULL)
        fail_msg("%s\n  should be at %u:%u\n  %.400s", c->query, c->line, c->column, answer.data);
    buf_release(&answer);
}

#define KQL_CHECK(cases)                                                                           \
    do {                                                                                           \
        for (size_t i_ = 0; i_ < sizeof(cases) / sizeof((cases)[0]); i_++)                         \
            kql_check(&(cases)[i_]);                                                               \
    } while (0)

#endif
