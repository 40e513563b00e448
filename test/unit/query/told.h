/* SPDX-License-Identifier: Apache-2.0 */
/* told.h - which filters the scan of a query gets, as `explain` has them. */
#ifndef QUERY_TOLD_H
#define QUERY_TOLD_H

#include "mixed.h"

/* wanted NULL: no filter. */
struct told {
    const char *query, *wanted;
};

static inline void is_told(const struct told *c)
{
    struct mixed_answer answer;
    struct mixed all;
    char wanted[400];

    mixed_open(&all);
    mixed_run(&all, c->query, "Flat", (struct query_request){.explain = EXPLAIN_PLAN}, &answer);
    if (answer.status != STATUS_OK)
        fail_msg("%s: it failed", c->query);
    (void)snprintf(wanted, sizeof(wanted), "; filters %s\"\n", c->wanted);
    size_t filters = slice_find(buf_slice(&answer.text), SLICE("; filters "), 0);
    if (c->wanted == NULL ? filters != SIZE_MAX
                          : slice_find(buf_slice(&answer.text), slice_of(wanted), 0) == SIZE_MAX)
        fail_msg("%s: wanted %s\n%.*s", c->query, c->wanted == NULL ? "none" : c->wanted,
                 SLICE_FMT(buf_slice(&answer.text)));
    buf_release(&answer.text);
    arena_free(all.arena);
}

#define TOLD_TEST(NAME, CASES)                                                                     \
    static void NAME(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        for (size_t i = 0; i < sizeof(CASES) / sizeof((CASES)[0]); i++)                            \
            is_told(&(CASES)[i]);                                                                  \
    }

#endif
