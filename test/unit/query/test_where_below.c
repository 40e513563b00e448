/* SPDX-License-Identifier: Apache-2.0 */
/* Which predicates go below a projection, and that answers stay. */
#include "mixed.h"

/* The operators of the plan, the last one first. */
static void has_operators(const char *query, const char *wanted)
{
    struct mixed_answer answer;
    struct mixed all;
    struct buf found;
    struct slice rest, line;

    mixed_open(&all);
    mixed_run(&all, query, "Flat", (struct query_request){.explain = EXPLAIN_PLAN}, &answer);
    if (answer.status != STATUS_OK)
        fail_msg("%s: it failed", query);
    buf_init(&found, KIB);
    rest = buf_slice(&answer.text);
    while (slice_next(&rest, '\n', &line)) {
        struct slice name = slice_tail(line, 1);
        if (line.size == 0)
            continue;
        while (name.size > 0 && name.data[0] == ' ')
            name = slice_tail(name, 1);
        buf_add_text(&found, found.size > 0 ? " " : "");
        buf_add_slice(&found, slice_head(name, slice_find_byte(name, '"', 0)));
    }
    if (!slice_is(buf_slice(&found), wanted))
        fail_msg("%s: %.*s, wanted %s\n%.*s", query, SLICE_FMT(buf_slice(&found)), wanted,
                 SLICE_FMT(buf_slice(&answer.text)));
    buf_release(&found);
    buf_release(&answer.text);
    arena_free(all.arena);
}

static void predicates_go_below(void **state)
{
    static const char below[] = "project where scan", above[] = "where project scan";

    (void)state;
    has_operators("@ | project x = s, y = strcat(s, 'a') | where x == 'a'", below);
    has_operators("@ | project x = iff(n > 1, s, 'a') | where x has 'a' and x != 'b'", below);
    has_operators("@ | extend x = long(null) | where x == 1", below);
    has_operators("@ | project x = trim_end('a', s), y = strcat(s, 'a') | where x == 'a'", below);
    has_operators("@ | project x = s | project y = x | where y == 'a'",
                  "project project where scan");
    has_operators("@ | extend x = replace_regex(s, 'a', 'b') | where x == 'a'", above);
    has_operators("@ | extend x = rand() | where x > 0.5", above);
    has_operators("@ | extend x = replace_regex(s, 'a', 'b') | where x == 'a' and n == 1",
                  "where project where scan");
    has_operators("@ | project x = s, n | where * has 'a'", above);
    has_operators("@ | extend x = n | where x == 1 or rand() > 0.5", above);
}

static void chains_do_not_grow(void **state)
{
    struct buf query;

    (void)state;
    buf_init(&query, MIB);
    buf_add_text(&query, "@ | extend x0 = s");
    for (int i = 1; i < 40; i++)
        buf_add_format(&query, " | extend x%d = iff(x%d == 'a', x%d, tolower(x%d))", i, i - 1,
                       i - 1, i - 1);
    buf_add_text(&query, " | where x39 == 'a' | count");
    buf_add(&query, "", 1);
    mixed_same(query.data);
    buf_release(&query);
}

static const char *const alike[] = {
    "@ | project id, x = iff(n > 1, s, 'a') | where x == 'a' | summarize count(), sum(id)",
    "@ | extend x = coalesce(tostring(d.a), s), y = strcat(s, 'b')"
    " | where x =~ 'x' and y has 'alpha' | summarize count(), sum(id)",
    "@ | extend x = case(b, 'yes', isnull(b), 'none', 'no') | where x == 'none'"
    " | summarize count(), sum(id), make_set(x)",
    "@ | extend x = bool(null) | where x == true or n == 2 | summarize count(), sum(id)",
    "@ | project x = d, id | where tostring(x.a) == 'x' | summarize count(), sum(id)",
    "@ | project n = i, i = n, id | where n > 1 and i < 9 | summarize count(), sum(id)",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

ASK_MAIN(cmocka_unit_test(predicates_go_below),
         cmocka_unit_test(chains_do_not_grow),
         cmocka_unit_test(encodings_do_not_matter))
