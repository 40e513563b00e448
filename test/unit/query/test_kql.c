/* SPDX-License-Identifier: Apache-2.0 */
/* test_kql.c - runs the files of test/kql; their format is in test/kql/README. */
#include "query/query.h"

#include "base/limits.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct table {
    struct query_sink sink; /* first */
    struct buf text;
};

static enum status begin(struct query_sink *sink, const struct schema *schema, struct error *err)
{
    struct table *t = (struct table *)sink;

    for (uint32_t i = 0; i < schema->column_count; i++)
        buf_add_format(&t->text, "%s%.*s:%s", i > 0 ? " | " : "",
                       SLICE_FMT(schema->columns[i].name), type_name(schema->columns[i].type));
    buf_add_byte(&t->text, '\n');
    return buf_check(&t->text, err);
}

static enum status rows(struct query_sink *sink, const struct batch *batch, struct error *err)
{
    struct table *t = (struct table *)sink;

    for (uint32_t r = 0; r < batch->row_count; r++) {
        for (uint32_t c = 0; c < batch->column_count; c++) {
            struct value v = vector_value(&batch->columns[c], r);
            if (c > 0)
                buf_add_text(&t->text, " | ");
            if (v.is_null && v.type != TYPE_STRING)
                buf_add_text(&t->text, "null");
            else
                query_add_text(&t->text, &v);
        }
        buf_add_byte(&t->text, '\n');
    }
    return buf_check(&t->text, err);
}

/* The answer as the file spells it. */
static void answer(struct slice query, uint32_t threads, struct buf *ret)
{
    struct table t = {.sink = {.begin = begin, .rows = rows}};
    struct query_request request = {
        .text = query, .now = TICKS_UNIX_EPOCH, .thread_count = threads};
    struct query_stats stats;
    struct error err = {0};

    buf_init(&t.text, MIB);
    if (query_run(&request, &t.sink, &stats, &err) == STATUS_OK)
        buf_add_slice(ret, buf_slice(&t.text));
    else
        buf_add_format(ret, "! %s %u:%u %s\n",
                       err.code[0] != '\0' ? err.code : status_name(err.status), err.line,
                       err.column, err.text);
    buf_release(&t.text);
}

/* "! CODE line:column text": the text is a part of the message. */
static bool is_failure(struct slice expected, struct slice got)
{
    size_t text = 0;

    for (int word = 0; word < 3 && text < expected.size; word++)
        text = slice_find_byte(expected, ' ', text) + 1;
    return slice_starts_with(got, slice_head(expected, text)) &&
           slice_find(got, slice_tail(expected, text), text) != SIZE_MAX;
}

static bool matches(struct slice expected, struct slice got)
{
    if (expected.size > 0 && expected.data[0] == '!')
        return is_failure(slice_trim(expected), got);
    return slice_equal(slice_trim(expected), slice_trim(got));
}

static unsigned run_case(const char *file, struct slice name, struct slice query,
                         struct slice expected, bool update)
{
    unsigned failures = 0;

    for (uint32_t threads = 1; threads <= 2; threads++) {
        struct buf got;
        buf_init(&got, MIB);
        answer(query, threads, &got);
        if (update && threads == 1)
            printf("#%.*s%.*s---\n%.*s===\n", SLICE_FMT(name), SLICE_FMT(query),
                   SLICE_FMT(buf_slice(&got)));
        if (!update && !matches(expected, buf_slice(&got))) {
            fprintf(stderr, "%s:%.*s (%u threads)\n--- expected\n%.*s--- got\n%.*s", file,
                    SLICE_FMT(name), threads, SLICE_FMT(expected), SLICE_FMT(buf_slice(&got)));
            failures++;
        }
        buf_release(&got);
    }
    return failures;
}

static unsigned run_file(const char *path, unsigned *cases, bool update)
{
    FILE *file = fopen(path, "rb");
    unsigned failures = 0;
    struct buf text;
    char chunk[4096];
    size_t size;

    assert_non_null(file);
    buf_init(&text, MIB);
    while ((size = fread(chunk, 1, sizeof(chunk), file)) > 0)
        buf_add(&text, chunk, size);
    (void)fclose(file);
    struct slice rest = buf_slice(&text);
    for (;;) {
        size_t start = slice_find(rest, SLICE("#"), 0);
        size_t name_end = start == SIZE_MAX ? SIZE_MAX : slice_find(rest, SLICE("\n"), start);
        size_t split =
            name_end == SIZE_MAX ? SIZE_MAX : slice_find(rest, SLICE("\n---\n"), name_end);
        size_t end = split == SIZE_MAX ? SIZE_MAX : slice_find(rest, SLICE("===\n"), split);
        if (end == SIZE_MAX)
            break;
        if (slice_find(slice_head(rest, start), SLICE("===\n"), 0) != SIZE_MAX) {
            fprintf(stderr, "%s: a case has no name behind a '#'\n", path);
            failures++;
        }
        struct slice name = slice_from(rest.data + start + 1, name_end - start);
        struct slice query = slice_from(rest.data + name_end + 1, split - name_end);
        struct slice expected = slice_from(rest.data + split + 5, end - split - 5);
        failures += run_case(path, name, query, expected, update);
        (*cases)++;
        rest = slice_tail(rest, end + 4);
    }
    if (slice_find(rest, SLICE("\n---\n"), 0) != SIZE_MAX) {
        fprintf(stderr, "%s: the last case does not end with '==='\n", path);
        failures++;
    }
    buf_release(&text);
    return failures;
}

static void every_test_file_gives_what_it_says(void **state)
{
    const char *source = getenv("DAYBOOK_SOURCE");
    char path[4096];
    unsigned failures = 0;
    unsigned cases = 0;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/test/kql", source == NULL ? "." : source);
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (struct dirent *e = readdir(directory); e != NULL; e = readdir(directory)) {
        char file[4096 + 300];
        if (!slice_ends_with(slice_of(e->d_name), SLICE(".test")))
            continue;
        (void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
        failures += run_file(file, &cases, false);
    }
    (void)closedir(directory);
    assert_true(cases > 0);
    assert_int_equal(failures, 0);
}

/* With a file as argument: prints it with the answers as they are now. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_test_file_gives_what_it_says)};
    unsigned cases = 0;

    if (argc > 1)
        return (int)run_file(argv[1], &cases, true);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
