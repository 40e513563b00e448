/* SPDX-License-Identifier: Apache-2.0 */
/* When a scan is asked for elements instead of rows; that the answer stays, which
 * test/unit/main/test_answers.c shows over the store. */
#include "mixed.h"

/* wanted NULL: rows. */
struct asked {
    const char *query, *wanted;
};

static void is_asked(const struct asked *c)
{
    struct mixed_answer answer;
    struct mixed all;
    char wanted[200];

    mixed_open(&all);
    mixed_run(&all, c->query, "Flat", (struct query_request){.explain = EXPLAIN_PLAN}, &answer);
    if (answer.status != STATUS_OK)
        fail_msg("%s: %s", c->query, answer.err.text);
    (void)snprintf(wanted, sizeof(wanted), "; rows are the elements of %s where",
                   c->wanted == NULL ? "" : c->wanted);
    size_t at = slice_find(buf_slice(&answer.text),
                           slice_of(c->wanted == NULL ? "rows are the elements" : wanted), 0);
    if ((at != SIZE_MAX) != (c->wanted != NULL))
        fail_msg("%s: wanted %s\n%.*s", c->query, c->wanted == NULL ? "rows" : c->wanted,
                 SLICE_FMT(buf_slice(&answer.text)));
    buf_release(&answer.text);
    arena_free(all.arena);
}

#define ASKED_TEST(NAME, CASES)                                                                    \
    static void NAME(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        for (size_t i = 0; i < sizeof(CASES) / sizeof((CASES)[0]); i++)                            \
            is_asked(&(CASES)[i]);                                                                 \
    }

static const struct asked whole[] = {
    {"@ | mv-expand e = d | summarize count_distinct(tostring(e.a)) by s", "d[]"},
    {"@ | mv-expand d | summarize count() by tostring(d.a)", "d[]"},
    {"@ | mv-expand d | summarize count() by tostring(d.a.b)", "d[]"},
    {"@ | mv-expand f = d | mv-expand g = f.x.y | summarize count() by tostring(g.a)",
     "d[].x.y[]"},
    {"@ | mv-expand f = d.k | where isnotempty(f) | summarize count() by tostring(f.a)",
     "d.k[]"},
    {"@ | where n == 5 | mv-expand f = d | where n > 2 and tostring(f.a) has 'x' | distinct "
     "strcat(tostring(f.a), s)",
     "d[]"},
    {"@ | mv-expand f = d | where isnull(f) or isempty(f) | summarize dcount(tostring(f.a))",
     "d[]"},
};
ASKED_TEST(members_alone_are_asked_for, whole)

static const struct asked rows[] = {
    /* the elements or what they stand in are read */
    {"@ | mv-expand e = d | summarize count() by tostring(e)", NULL},
    {"@ | mv-expand e = d | summarize count() by s", NULL},
    {"@ | mv-expand e = d | summarize count() by tostring(e.a), tostring(e.b)", NULL},
    {"@ | mv-expand e = d | summarize count() by tolong(e.a)", NULL},
    {"@ | mv-expand e = d | summarize count() by tostring(e[0].a)", NULL},
    {"@ | mv-expand e = d | summarize count() by tostring(e.a), tostring(d)", NULL},
    {"@ | mv-expand e = d | summarize make_list(e.a) by tostring(e.a)", NULL},
    {"@ | mv-expand f = d | mv-expand g = f.x | summarize count() by tostring(f.a)", NULL},
    {"@ | mv-expand f = d | mv-expand g = d | summarize count() by tostring(g.a)", NULL},
    /* mv-expand does more */
    {"@ | mv-expand e = d limit 5 | summarize count() by tostring(e.a)", NULL},
    {"@ | mv-expand with_itemindex = k e = d | summarize count() by tostring(e.a)", NULL},
    {"@ | mv-expand e = d to typeof(string) | summarize count() by e", NULL},
    {"@ | mv-expand e = d, f = d.a | summarize count() by tostring(e.a)", NULL},
    {"@ | mv-expand e = todynamic(s) | summarize count() by tostring(e.a)", NULL},
    /* something else stands on the way */
    {"@ | where n % 2 == 0 | mv-expand e = d | summarize count() by tostring(e.a)", NULL},
    {"@ | extend x = 1 | mv-expand e = d | summarize count() by tostring(e.a)", NULL},
    {"@ | mv-expand e = d | take 5 | summarize count() by tostring(e.a)", NULL},
    {"@ | mv-expand e = d | project tostring(e.a)", NULL},
};
ASKED_TEST(else_rows_are, rows)

/* A source that knows of no elements answers as ever. */
static const char *const alike[] = {
    "@ | mv-expand e = d | summarize count(), max(id) by tostring(e.c), s | sort by s asc, e_c asc",
    "@ | mv-expand e = d.a | where isnotempty(e) | summarize count() by tostring(e.c) | sort by "
    "e_c asc",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

ASK_MAIN(cmocka_unit_test(members_alone_are_asked_for),
         cmocka_unit_test(else_rows_are),
         cmocka_unit_test(encodings_do_not_matter))
