/* SPDX-License-Identifier: Apache-2.0 */
/* union; materialize. */
#include "mixed.h"

static const struct ask unions_cases[] = {
    {"union (print a = 1, b = 'x'), (print b = 'y', c = 2.5) | sort by b asc",
     "[[1,\"x\",null],[null,\"y\",2.5]]"},
    {"union kind=inner (print a = 1, b = 'x'), (print b = 'y', c = 2.5) | sort by b asc",
     "[[\"x\"],[\"y\"]]"},
    {"union (range x from 1 to 0 step 1), (print x = 1)", "[[1]]"},
    {"union (print x = 1), (print x = 'a') | project-reorder * asc",
     "[[1,\"\"],[null,\"a\"]]"},
    {"range x from 1 to 10 step 1 | union (range x from 1 to 10 step 1) | take 15 | count",
     "[[15]]"},
};
ASK_TEST(unions, unions_cases)

static const struct ask once_cases[] = {
    /* What is materialized is made once: its random numbers are the same. */
    {"let m = materialize(range x from 1 to 100 step 1 | extend r = rand()); m | join kind=inner "
     "m on x | where r != r1 | count",
     "[[0]]"},
    {"let m = materialize(range x from 1 to 9 step 1); union m, (m | where x > 4) | summarize "
     "sum(x)",
     "[[80]]"},
    {"let m = materialize(range x from 1 to 100000000 step 1); union m, m | count",
     "! E_RUNAWAY_QUERY"},
    {"let m = materialize(nosuch); union m, m", "! nosuch"},
};
ASK_TEST(once, once_cases)

static void ask_chain(uint32_t count, const char *wanted)
{
    struct buf text;

    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&text, "let m0 = materialize(print x = 1);");
    for (uint32_t i = 1; i <= count; i++)
        buf_add_format(&text, "let m%u = materialize(m%u);", i, i - 1);
    buf_add_format(&text, "union m%u, m%u", count, count);
    buf_add_byte(&text, '\0');
    ask_all(&(struct ask){text.data, wanted}, 1);
    buf_release(&text);
}

static void chains_of_cells_are_bounded(void **state)
{
    (void)state;
    ask_chain(100, "[[1],[1]]");
    ask_chain(600, "! E_QUERY_TOO_COMPLEX");
}

static const char *const alike[] = {
    "union (@ | where b), (@ | where not(b)), (@ | where isnull(b)) | summarize count(), sum(id) "
    "by s | sort by s asc",
    "union withsource=w (@ | project s, x = n), (@ | project s, x = r) | summarize count(), "
    "sum(x_long), sum(x_real) by s | sort by s asc",
    "union (@), (@ | extend s = strcat(s, id % 2)) | where s == 'alpha1' or n == 10 | summarize "
    "count(), sum(id)",
    "let m = materialize(@ | where id % 5 == 0 | extend x = strcat(s, s)); union (m | where b), "
    "(m | where x has 'alphaalpha') | summarize count(), sum(id), dcount(x)",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "let m = materialize(@ | extend x = strcat(s, id)); union (m | where b), (@ | project x = s), "
    "m | summarize count(), dcount(x)",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

static const char *const stopped[] = {
    "let m = materialize(@); union m, m | count",
    "union @, @ | sort by id asc",
};
MIXED_TEST(they_stop, mixed_stop, stopped)

ASK_MAIN(cmocka_unit_test(unions),
         cmocka_unit_test(once),
         cmocka_unit_test(chains_of_cells_are_bounded),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded),
         cmocka_unit_test(they_stop))
