/* SPDX-License-Identifier: Apache-2.0 */
/* Members of pack_record() are those that the bag has, and the bag is not made for them. */
#include "mixed.h"

#include <stdio.h>

static void asks(const char *query, struct query_request request, struct mixed_answer *ret)
{
    struct mixed all;

    mixed_open(&all);
    mixed_run(&all, query, "Flat", request, ret);
    if (ret->status != STATUS_OK)
        fail_msg("%s: %s", query, ret->err.text);
    arena_free(all.arena);
}

#define RECORD "@ | project id, r = pack_record(d, dynamic(['id']))"

/* Each column of the record, members of the rest, and what is neither: as the bag has it, which
 * is made where it is merged with another one. */
static void members_are_those_of_the_bag(void **state)
{
    static const char *const names[] = {"s", "n", "i", "r", "b", "t", "g", "id", "a", "none", "d"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char query[800];
        struct mixed_answer answer;
        (void)snprintf(query, sizeof(query),
                       RECORD " | extend x = r.%s, y = bag_merge(r, dynamic({})).%s,"
                       " z = parse_json(tostring(r))['%s'], u = tostring(r.%s)"
                       " | summarize total = count(), differ = countif(tostring(x) != tostring(y) "
                       "or isnull(x) != isnull(y) or gettype(x) != gettype(y) or tostring(z) != "
                       "tostring(y) or u != tostring(y)), some = countif(isnotnull(y)) | where "
                       "total < 2 or differ > 0",
                       names[i], names[i], names[i], names[i]);
        asks(query, (struct query_request){0}, &answer);
        if (answer.text.size > 0)
            fail_msg("%s: %.*s", names[i], SLICE_FMT(buf_slice(&answer.text)));
        buf_release(&answer.text);
    }
}

static void plan_has(const char *query, const char *wanted, const char *unwanted)
{
    struct mixed_answer answer;

    asks(query, (struct query_request){.explain = EXPLAIN_PLAN}, &answer);
    struct slice text = buf_slice(&answer.text);
    if (slice_find(text, slice_of(wanted), 0) == SIZE_MAX ||
        (unwanted != NULL && slice_find(text, slice_of(unwanted), 0) != SIZE_MAX))
        fail_msg("%s: wanted %s, not %s\n%.*s", query, wanted, unwanted == NULL ? "" : unwanted,
                 SLICE_FMT(text));
    buf_release(&answer.text);
}

static void bags_are_not_made(void **state)
{
    (void)state;
    /* the scan is told, and reads the columns that are wanted */
    plan_has(RECORD " | where tostring(r.s) == 'x' | project id", "filters s == ", NULL);
    plan_has(RECORD " | where r.a.b == 'x' | project id", "filters d.a.b == ", NULL);
    plan_has(RECORD " | extend x = tostring(r.s) | where x == 'x' | project id, x",
             "columns id, s; filters s == ", NULL);
    plan_has(RECORD " | extend x = r.n | project x, id", "columns id, n\"", NULL);
    plan_has(RECORD " | extend x = parse_json(r).n, y = r['s'] | project x, y", "columns s, n\"",
             NULL);
    /* it is computed twice in no way */
    plan_has("@ | extend r = pack_record(d, dynamic([])), e = replace_regex(s, 'a', 'b') "
             "| extend x = r.n, y = e, z = e | project x, y, z",
             "project", NULL);
}

static const char *const alike[] = {
    RECORD " | extend x = tostring(r.s), y = r.n | where x has 'alpha' or y > 1"
           " | summarize count(), sum(id), array_sort_asc(make_set(x))",
    RECORD " | where r.n == 1 and tostring(r.s) =~ 'ALPHA' | summarize count(), sum(id)",
    RECORD " | extend q = r | extend x = q.n | summarize count() by k = tostring(x)"
           " | order by k asc",
    RECORD " | project r, x = r.none, y = tostring(r) "
           " | summarize count() by k = tostring(x), y | order by k asc, y asc",
    RECORD " | mv-expand r | summarize count()",
    /* of no column but the rest */
    "@ | project d | extend r = pack_record(d, dynamic([])) | extend x = tostring(r.a)"
    " | summarize count() by x | order by x asc",
    "@ | extend r = pack_record(d, dynamic([])) | project-away s | where isnull(r.none)"
    " | summarize count()",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

ASK_MAIN(cmocka_unit_test(members_are_those_of_the_bag),
         cmocka_unit_test(bags_are_not_made),
         cmocka_unit_test(encodings_do_not_matter))
