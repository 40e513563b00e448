/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h - queries and their answers as tables, for the tests of one file each. */
#ifndef TEST_QUERY_ASK_H
#define TEST_QUERY_ASK_H

#include "query/batch.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* wanted: the rows as JSON, "[[1,2],[3,4]]"; or "! TEXT" for an error whose message or
 * code has the text. */
struct ask {
    const char *query, *wanted;
};

/* What a query answers, with the time 1970-01-02; the caller releases it. */
static inline void ask_run(const char *query, bool check_only, struct buf *ret)
{
    struct query_request request = {.now = TICKS_UNIX_EPOCH + TICKS_PER_DAY,
                                    .check_only = check_only};
    struct error err = {.status = STATUS_OK};
    struct buf line;

    buf_init(&line, MIB);
    buf_init(ret, 4 * MIB);
    buf_add_text(&line, "{\"id\":\"1\",\"query\":");
    text_add_json_string(&line, slice_of(query));
    buf_add_byte(&line, '}');
    assert_int_equal(query_batch_line(&request, buf_slice(&line), ret, &err), STATUS_OK);
    buf_release(&line);
}

static inline bool ask_fits(struct slice answer, const char *wanted)
{
    bool failed = slice_find(answer, SLICE(",\"error\":"), 0) != SIZE_MAX;
    struct buf rows;

    if (wanted[0] == '!')
        return failed && slice_find(answer, slice_of(wanted + 2), 0) != SIZE_MAX;
    buf_init(&rows, MIB);
    buf_add_text(&rows, ",\"rows\":");
    buf_add_text(&rows, wanted);
    buf_add_text(&rows, ",\"complete\":");
    bool fits = !failed && slice_find(answer, buf_slice(&rows), 0) != SIZE_MAX;
    buf_release(&rows);
    return fits;
}

static inline void ask_all(const struct ask *list, size_t count)
{
    unsigned failures = 0;

    for (size_t i = 0; i < count; i++) {
        struct buf answer;
        ask_run(list[i].query, false, &answer);
        if (!ask_fits(buf_slice(&answer), list[i].wanted)) {
            print_error("%s\n  %.*s  wanted %s\n", list[i].query,
                        SLICE_FMT(buf_slice(&answer)), list[i].wanted);
            failures++;
        }
        buf_release(&answer);
    }
    assert_int_equal(failures, 0);
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
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }

#endif
