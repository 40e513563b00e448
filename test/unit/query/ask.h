/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h - queries and what they answer.
 *
 * Tables: T (n:long, r:real, s:string, d:dynamic, t:datetime, b:bool, span:timespan) with
 * two rows, Empty (the same columns, and e:string) without, Mapped (those of Empty, over n and s
 * of T); functions, watchlists and pages
 * are below.  It is 1970-01-02. */
#ifndef TEST_QUERY_ASK_H
#define TEST_QUERY_ASK_H

#include "test.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "query/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* wanted: all rows as JSON, "[[1,2],[3,4]]" or "[]"; or "! TEXT" for an error whose message or code
 * has the text, with its place "! LINE:COLUMN TEXT"; or any part of the answer. */
struct ask {
    const char *query, *wanted;
};

struct ask_table {
    struct table_source source; /* first */
    struct schema schema;
};

static const struct schema *ask_schema(struct table_source *source)
{
    return &((struct ask_table *)source)->schema;
}

static enum status ask_scan(struct table_source *source, const struct scan_request *request,
                            struct scan_sink *sink, struct scan_stats *stats, struct error *err)
{
    (void)source;
    (void)request;
    (void)sink;
    (void)err;
    stats->complete = true;
    return STATUS_OK;
}

static const struct table_source_ops ask_ops = {ask_schema, ask_scan, NULL, NULL};

static struct ask_table *ask_empty(void)
{
    static struct column columns[8];
    static struct ask_table table;
    static const struct {
        const char *name;
        enum type type;
    } all[8] = {{"n", TYPE_LONG},    {"r", TYPE_REAL},   {"s", TYPE_STRING},
                {"d", TYPE_DYNAMIC}, {"e", TYPE_STRING}, {"t", TYPE_DATETIME},
                {"b", TYPE_BOOL},    {"span", TYPE_TIMESPAN}};

    for (size_t i = 0; i < 8; i++)
        columns[i] = (struct column){slice_of(all[i].name), all[i].type};
    table = (struct ask_table){{&ask_ops}, {columns, 8}};
    return &table;
}

static enum status ask_find_table(void *context, struct slice name, struct table_source **ret,
                                  struct error *err)
{
    (void)context;
    if (!slice_is(name, "Empty") && !slice_is(name, "Mapped"))
        return ERROR_SET(err, STATUS_NOT_FOUND, "there is no such table");
    *ret = &ask_empty()->source;
    return STATUS_OK;
}

static struct slice ask_find_view(void *context, struct slice name)
{
    (void)context;
    if (slice_is(name, "T"))
        return SLICE("datatable(n:long, r:real, s:string, d:dynamic, t:datetime, b:bool, "
                     "span:timespan)[1, 1.5, 'one', dynamic({\"a\":1}), datetime(2026-01-01), "
                     "true, 1h, 2, 2.5, 'two', dynamic([1, 2]), datetime(2026-01-02), false, 2h]");
    if (slice_is(name, "Mapped"))
        return SLICE("union Mapped, (T | where n > 0 | project n, s, b = true)");
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

static void ask_names(void *context, void (*each)(void *arg, struct slice name), void *arg)
{
    (void)context;
    each(arg, SLICE("T"));
    each(arg, SLICE("Empty"));
}

static void ask_stored(void *context, void (*each)(void *arg, struct slice name), void *arg)
{
    (void)context;
    each(arg, SLICE("T"));
}

static struct slice ask_function(void *context, struct slice name)
{
    static const struct {
        const char *name, *text;
    } functions[] = {
        {"Twice", "(x:long = 1) { x * 2 }"},
        {"Rows", "() { T }"},
        {"Beware", "// warning: it is guessed\n() { 1 }"},
        {"Only", "(rows:(s:string), word:string) { rows | where s == word }"},
        {"Numbers", "() { print 2 }"},
        {"Noted", "() { 7 } // a note"},
        {"Broken", "(x:long) { x + nosuch }"},
        {"NoText", "() { | }"},
        {"NotOne", "T | count"},
        {"Endless", "(x:long) { Endless(x) }"},
        {"Mirror", "() { let a = Mirror(); a }"},
        {"Peeks", "() { hidden }"},
    };

    (void)context;
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (slice_is(name, functions[i].name))
            return slice_of(functions[i].text);
    }
    return (struct slice){"", 0};
}

static void ask_function_names(void *context, void (*each)(void *arg, struct slice name), void *arg)
{
    (void)context;
    each(arg, SLICE("Twice"));
    each(arg, SLICE("Only"));
}

static enum status ask_watchlist(void *context, struct slice alias, struct arena *arena,
                                 struct slice *ret, struct error *err)
{
    (void)context;
    (void)arena;
    /* as a spreadsheet saves it */
    *ret = slice_is(alias, "vips") ? SLICE("\xef\xbb\xbfUser Name,Level\nann,1\nbob\n")
                                   : SLICE("a\n\"b");
    return slice_is(alias, "vips") || slice_is(alias, "broken")
               ? STATUS_OK
               : ERROR_SET(err, STATUS_NOT_FOUND, "none");
}

static void ask_watchlists(void *context, void (*each)(void *arg, struct slice name), void *arg)
{
    (void)context;
    each(arg, SLICE("vips"));
}

static enum status ask_fetch(void *context, struct slice url, struct arena *arena,
                             struct slice *ret, struct error *err)
{
    static const struct {
        const char *url, *text;
    } pages[] = {
        {"https://ok/x.csv", "name,number\nx,1\r\ny, 2"},
        {"https://ok/x.txt", "one\ntwo,2"},
        {"https://ok/x", "p\t7\n"},
        {"https://ok/x.psv", "q|\"{\"\"z\"\":1}\"\n"},
        {"https://ok/x.json", "{\"\":\"?\",\"a\":\"x\",\"d\":{\"k\":5},\"n\":1}\n{\"a\":\"y\"}\n"},
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

static const struct query_env ask_env = {
    .table = ask_find_table,
    .view = ask_find_view,
    .names = ask_names,
    .stored = ask_stored,
    .function = ask_function,
    .functions = ask_function_names,
    .watchlist = ask_watchlist,
    .watchlists = ask_watchlists,
    .fetch = ask_fetch,
};

/* The answer as a line of JSON, ended with a NUL; the caller releases it. */
static inline void ask_answer(const char *query, bool check_only, struct buf *ret)
{
    struct query_request request = {
        .env = &ask_env, .now = TICKS_UNIX_EPOCH + TICKS_PER_DAY, .check_only = check_only};
    struct error err = {.status = STATUS_OK};
    struct buf line;

    buf_init(&line, 16 * QUERY_TEXT_BYTES_MAX);
    buf_init(ret, 256 * MIB);
    buf_add_text(&line, "{\"id\":1,\"query\":");
    text_add_json_string(&line, slice_of(query));
    buf_add_byte(&line, '}');
    ASSERT_OK(query_batch_line(&request, buf_slice(&line), ret, &err));
    buf_add_byte(ret, '\0');
    buf_release(&line);
}

/* "LINE:COLUMN TEXT": the text, and the place as the answer has it; without one all of it. */
static inline const char *ask_place(const char *wanted, char *place, size_t size)
{
    unsigned line, column;
    int length = 0;

    place[0] = '\0';
    if (sscanf(wanted, "%u:%u %n", &line, &column, &length) != 2 || length == 0)
        return wanted;
    (void)snprintf(place, size, "\"line\":%u,\"column\":%u}", line, column);
    return wanted + length;
}

static inline bool ask_fits(const char *answer, const char *wanted)
{
    bool failed = strstr(answer, ",\"error\":") != NULL;
    size_t size = strlen(wanted);
    bool all = strcmp(wanted, "[]") == 0 ||
               (size > 4 && memcmp(wanted, "[[", 2) == 0 && strcmp(wanted + size - 2, "]]") == 0);
    char place[64];

    if (wanted[0] == '!') {
        wanted = ask_place(wanted + 2, place, sizeof(place));
        return failed && strstr(answer, wanted) != NULL && strstr(answer, place) != NULL;
    }
    if (!all || failed)
        return !failed && strstr(answer, wanted) != NULL;
    static const char before[] = ",\"rows\":", after[] = ",\"complete\":";
    const char *rows = strstr(answer, before);
    return rows != NULL && strncmp(rows + strlen(before), wanted, size) == 0 &&
           strncmp(rows + strlen(before) + size, after, strlen(after)) == 0;
}

static inline void ask_all(const struct ask *list, size_t count)
{
    unsigned failures = 0;

    for (size_t i = 0; i < count; i++) {
        struct buf answer;
        ask_answer(list[i].query, false, &answer);
        if (!ask_fits(answer.data, list[i].wanted)) {
            print_error("%s\n  %.400s\n  wanted %s\n", list[i].query, answer.data,
                        list[i].wanted);
            failures++;
        }
        buf_release(&answer);
    }
    assert_int_equal(failures, 0);
}

/* The query is `front`, `count` times `open`, `middle`, as many times `close`. */
static inline void ask_nested(const char *front, const char *open, const char *middle,
                              const char *close, uint32_t count, const char *wanted)
{
    struct buf text;

    buf_init(&text, 2 * QUERY_TEXT_BYTES_MAX);
    buf_add_text(&text, front);
    for (uint32_t i = 0; i < count; i++)
        buf_add_text(&text, open);
    buf_add_text(&text, middle);
    for (uint32_t i = 0; i < count; i++)
        buf_add_text(&text, close);
    buf_add_byte(&text, '\0');
    ask_all(&(struct ask){text.data, wanted}, 1);
    buf_release(&text);
}

#define ASK(LIST) ask_all(LIST, sizeof(LIST) / sizeof((LIST)[0]))

/* The whole of a test file that has tables only. */
#define ASK_TEST(NAME, LIST)                                                                       \
    static void NAME(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        ASK(LIST);                                                                                 \
    }
#define ASK_MAIN(...)                                                                              \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
                                                                                                   \
        return RUN_TESTS(tests);                                                                   \
    }

#endif
