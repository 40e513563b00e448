/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"

/* `text` with the cursor at '^'; gives "from-to: item item ...", `+` at the end if there
 * are more. */
static void complete(const char *text, struct arena *arena, struct query_completion *ret)
{
    size_t at = strcspn(text, "^");
    struct query_request request = {.env = &ask_env};
    struct error err;
    struct buf whole;

    buf_init(&whole, MIB);
    buf_add(&whole, text, at);
    buf_add_text(&whole, text + at + (text[at] == '^'));
    request.text = arena_copy(arena, buf_slice(&whole), &err);
    buf_release(&whole);
    ASSERT_OK(query_complete(&request, (uint32_t)at, arena, ret, &err));
}

static bool has(const struct query_completion *c, const char *text)
{
    for (uint32_t i = 0; i < c->count; i++) {
        if (slice_is(c->items[i].text, text))
            return true;
    }
    return false;
}

static void check(const char *text, const char *wanted, const char *unwanted)
{
    struct arena *arena = arena_new(64 * MIB);
    struct query_completion c;

    complete(text, arena, &c);
    if (wanted != NULL && !has(&c, wanted))
        fail_msg("%s: no '%s' among %u", text, wanted, c.count);
    if (unwanted != NULL && has(&c, unwanted))
        fail_msg("%s: '%s' does not belong there", text, unwanted);
    if (wanted == NULL && unwanted == NULL && c.count > 0)
        fail_msg("%s: %u items, first '%.*s'", text, c.count, SLICE_FMT(c.items[0].text));
    arena_free(arena);
}

static void test_operators_stand_behind_a_bar(void **state)
{
    (void)state;
    check("T | ^", "where", "n");
    check("T | su^", "summarize", "where");
    check("T | project-a^", "project-away", "project-keep");
    check("T | where n == 1 | ^ | take 1", "extend", "T");
    check("T | mv-apply d on (^", "summarize", "T");
}

static void test_plugins_stand_behind_evaluate(void **state)
{
    (void)state;
    check("T | evaluate ^", "bag_unpack", "strlen");
    check("T | evaluate fu^", "funnel_sequence", "bag_unpack");
    check("T | evaluate bag_unpack(^", "d", "pivot");
}

static void test_tables_and_lets_stand_first(void **state)
{
    (void)state;
    check("^", "T", "where");
    check("^", "let", NULL);
    check("Em^", "Empty", "T");
    check("let mine = T | take 1; m^", "mine", "T");
    check("let mine = () { let a = 1; T }; m^", "mine", "T");
    check("T | join (^", "Empty", "n");
    check("T | join ^", "Empty", NULL);
    check("T | union E^", "Empty", NULL);
    check("let a = ^", "T", NULL);
}

static void test_stored_functions_and_watchlists_are_offered(void **state)
{
    (void)state;
    check("Tw^", "Twice", NULL);
    check("T | extend x = Tw^", "Twice", NULL);
    check("T | invoke ^", "Only", NULL);
    check("_Get^", "_GetWatchlist", NULL);
    check("T | where pack^", "pack_all", NULL);
    check("T | extend x = ing^", "ingestion_time", NULL);
}

static void test_columns_are_those_at_the_place(void **state)
{
    (void)state;
    check("T | where ^", "n", NULL);
    check("T | extend other = n + 1 | where o^", "other", "n");
    check("T | project s | where ^", "s", "n");
    check("T | summarize c = count() by s | sort by ^", "c", "n");
    check("T | project ['a b'] = n | where ^", "[\"a b\"]", NULL);
    check("let x = T | project k = n; x | where ^", "k", "n");
    check("let x = T | project k = n | where ^", "k", "n");
    check("T | join (T | project q = n | where ^", "q", "s");
    check("T | join kind=inner (Empty) on ^", "n", NULL);
    check("T | join (Empty) on $left.^", "s", "strlen");
    check("T | project-away ^", "s", "strlen");
    check("let f = (x:long) { T | where ^", "s", NULL);
}

static void test_a_wrong_operator_does_not_hide_the_columns(void **state)
{
    (void)state;
    check("T | extend m = 1 | where nosuch == 1 | where ^", "m", NULL);
    check("let broken = nosuch + 1; T | where ^", "n", NULL);
    check("Nosuch | where ^", "strlen", "n");
}

static void test_functions_have_signatures(void **state)
{
    struct arena *arena = arena_new(64 * MIB);
    struct query_completion c;

    (void)state;
    complete("T | extend x = substr^", arena, &c);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.items[0].kind, ITEM_FUNCTION);
    assert_true(slice_starts_with(c.items[0].detail, SLICE("substring(")));
    assert_true(c.items[0].summary.size > 0);
    assert_int_equal(c.from, 15);
    arena_free(arena);
    check("T | summarize dco^", "dcount", NULL);
    check("T | where dco^", NULL, "dcount");
}

static void test_words_stand_behind_operands(void **state)
{
    (void)state;
    check("T | where s ^", "has", "n");
    check("T | where s h^", "has_any", "where");
    check("T | where s !h^", "!has", "has");
    check("T | where s !has^", "!has_any", "has_any");
    check("T | where s has^", "has_cs", "hascs"); /* an old spelling is not offered */
    check("T | parse kind=r^", "relaxed", "simple");
    check("T | mv-expand kind=^", "array", "inner");
    check("T | summarize count() ^", "by", NULL);
    check("T | sort by n ^", "desc", "==");
    check("T | join kind=^", "leftanti", "n");
    check("T | union kind=^", "outer", "leftanti");
    check("T | mv-expand kind=^", "bag", "leftanti");
    check("T | parse kind=^", "regex", "inner");
    check("T | search kind=^", "case_sensitive", "inner");
    check("T | getschema kind=^", "csl", "inner");
    check("T | join hint.^", "strategy", "n");
    check("T | mv-expand d to typeof(^", "long", "n");
}

static void test_values_are_those_of_the_rows(void **state)
{
    struct arena *arena = arena_new(64 * MIB);
    struct query_completion c;

    (void)state;
    check("T | where s == ^", "\"one\"", NULL);
    check("T | where s == 'o^", "\"one\"", "\"two\"");
    check("T | where n > 1 | where s == ^", "\"two\"", "\"one\"");
    check("T | where s in ('one', ^", "\"two\"", NULL);
    check("T | where n == ^", "2", NULL);
    check("T | where s has \"^", "\"two\"", NULL);
    check("T | where d.a == ^", "\"1\"", NULL);
    check("Empty | where s == ^", NULL, "\"one\"");
    complete("T | where s == \"o^\"", arena, &c);
    assert_true(c.read_values);
    assert_int_equal(c.from, 15);
    assert_int_equal(c.to, 18);
    ASSERT_SLICE(c.items[0].detail, "1 rows");
    complete("T | where ^", arena, &c);
    assert_false(c.read_values);
    arena_free(arena);
}

static void test_nothing_stands_where_nothing_can(void **state)
{
    (void)state;
    check("T // comm^", NULL, NULL);
    check("T ^", NULL, NULL);
    check("print 'open ^", NULL, NULL);
    check("let ^", NULL, NULL);
    check("T | where ))) ^", NULL, NULL);
}

static void test_a_position_behind_the_end_is_refused(void **state)
{
    struct arena *arena = arena_new(MIB);
    struct query_request request = {.text = SLICE("T")};
    struct query_completion c;
    struct error err;

    (void)state;
    ASSERT_STATUS(STATUS_INVALID, query_complete(&request, 2, arena, &c, &err));
    arena_free(arena);
}

static void test_a_call_in_a_named_expression_is_no_query(void **state)
{
    (void)state;
    check("T | extend x = strcat(^", "s", "Empty");
    check("T | extend x = strcat(s, tolower(^", "s", "Empty");
    check("T | extend x = (n + ^", "n", "Empty");
    check("T | where ((n == 1 or ^", "n", "Empty");
    check("T | summarize count() by bin(^", "t", "where");
    check("T | extend x = iff(s == '^", "\"one\"", NULL);
    /* but these are */
    check("T | join kind=inner (^", "Empty", "n");
    check("T | join hint.strategy=shuffle kind=inner (^", "Empty", "n");
    check("let f = () { T }; let x = (^", "Empty", NULL);
    check("union T, (^", "Empty", NULL);
    check("T | where n in ((^", "Empty", NULL);
    check("T | partition by s (^", "summarize", "Empty");
}

static void test_operators_want_different_things(void **state)
{
    (void)state;
    check("T | render ^", "timechart", "n");
    check("T | take ^", NULL, NULL);
    check("T | as ^", NULL, NULL);
    check("search in (^", "Empty", "strlen");
    check("find in (T, ^", "Empty", "strlen");
    check("let f = (x:^", "string", "T");
    check("T | where s == 'one' ^", "and", "==");
    check("T | where s ^", "==", NULL);
    check("T | summarize count() by ^", "n", "count");
    check("T | make-series count() on ^", "t", "count");
}

/* As people stop to think: what must be offered there, and what must not. */
static const struct place {
    const char *text, *wanted, *unwanted;
} real_places[] = {
    {"T\n| where t > ago(1d)\n| where s has 'one' and ^", "n", "where"},
    {"T | where t > ago(1d) and s ^", "contains", "extend"},
    {"T | where isnotempty(^", "s", "T"},
    {"T | where isnotempty(s) ^", "and", "n"},
    {"T | where not(^", "s", "T"},
    {"T | where s in~ (^", "\"one\"", "where"},
    {"T | where s !in ('one', '^", "\"two\"", NULL},
    {"T | where tolower(s) == ^", "n", "where"},
    {"T | where s startswith '^", "\"one\"", NULL},
    {"T | where n between (^", "n", "T"},
    {"T | where n between (1 .. 2) ^", "and", "n"},
    {"T | where n == 1 or ^", "s", "or"},
    {"T | where s matches ^", "regex", "n"},
    {"T | project n, ^", "s", "T"},
    {"T | project day = bin(t, 1d), ^", "s", "where"},
    {"T | project-rename x = ^", "n", "strlen"},
    {"T | project-reorder ^", "n", "strlen"},
    {"T | project-keep n, ^", "s", "strlen"},
    {"T | extend day = startof^", "startofday", "startswith"},
    {"T | extend x = parse_json(^", "d", "T"},
    {"T | extend x = case(n == 1, 'a', ^", "n", "T"},
    {"T | extend a = 1 | extend b = a + ^", "a", "T"},
    {"T | summarize c = count(), dc^", "dcount", "where"},
    {"T | summarize arg_max(t, ^", "s", "T"},
    {"T | summarize c = countif(^", "n", "T"},
    {"T | summarize count() by bin(t, 1h), ^", "s", "count"},
    {"T | summarize make_set(s) by n | mv-expand ^", "set_s", "s"},
    {"T | summarize count() by s | where count^", "count_", "count"},
    {"T | summarize count() by s | top 10 by ^", "count_", "T"},
    {"T | top 10 ^", "by", "n"},
    {"T | sort by n desc, ^", "s", "desc"},
    {"T | order ^", "by", "n"},
    {"T | distinct n, ^", "s", "T"},
    {"T | join kind=leftouter (T | where n == 1 | project k = n) on $left.n == $right.^", "k",
     "s"},
    {"T | join kind=inner (T | project n, extra = 1) on n | where ^", "extra", NULL},
    {"T | join kind=inner (T | ^", "where", "n"},
    {"T | lookup kind=^", "leftouter", "leftanti"},
    {"T | mv-expand x = d ^", "to typeof(", "n"},
    {"T | mv-apply x = d on (where ^", "d", "T"},
    {"T | mv-apply x = d to typeof(long) on (where ^", "x", "T"},
    {"T | mv-apply x = d on (where n == 1 and isempty(^", "x", "T"},
    {"T | mv-apply x = d on (extend y = 1 | where ^", "y", "T"},
    {"T | mv-apply x = d on (extend y = 1 | summarize take_any(^", "x", "T"},
    {"T | mv-apply x = d on (mv-apply y = d on (where ^", "y", "T"},
    {"T | mv-apply x = d on (where x == 1) | where ^", "x", NULL},
    {"T | mv-apply x = d on (join kind=inner (T | where ^", "n", "x"},
    {"T | parse s ^", "with", "n"},
    {"T | parse s with * 'a' name:^", "string", "n"},
    {"T | parse s with * 'a' name:long | where ^", "name", NULL},
    {"T | make-series c = count() on t ^", "from", "n"},
    {"T | make-series c = count() on t from ago(1d) to now() step 1h by ^", "s", "count"},
    {"T | evaluate pivot(^", "s", "T"},
    {"T | render timechart with (^", "title", "n"},
    {"T | scan declare (x:long = 0) with (step a: ^", "n", "T"},
    {"let since = ago(1d);\nT | where t > si^", "since", "T"},
    {"let names = dynamic(['one']);\nT | where s in (na^", "names", "n"},
    {"let f = (a:string) { T | where s == a };\nf('one') | ^", "where", "n"},
    {"let x = materialize(T | where ^", "n", "T"},
    {"union withsource=Source T, ^", "Empty", "n"},
    {"union kind=outer (T | ^", "where", "n"},
    {"search in (T) '^", NULL, "where"},
    {"T | getschema | where ^", "ColumnName", "n"},
    {"T | serialize r = row_^", "row_number", "n"},
    {"T | sort by t asc | extend p = pre^", "prev", NULL},
    {"T | partition hint.strategy=native by s (top 1 by ^", "n", "T"},
    {"print x = strc^", "strcat", "T"},
    {"range x from 1 to 3 step 1 | extend y = ^", "x", "T"},
    {"datatable(a:^", "string", "T"},
    {"T | count ^", NULL, "n"},
    {"T | invoke ^", NULL, "n"},
};

static void test_sixty_places_of_real_questions(void **state)
{
    unsigned failures = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(real_places) / sizeof(real_places[0]); i++) {
        const struct place *p = &real_places[i];
        struct arena *arena = arena_new(64 * MIB);
        struct query_completion c;
        complete(p->text, arena, &c);
        bool lacks = p->wanted != NULL && !has(&c, p->wanted);
        bool spare = p->unwanted != NULL && has(&c, p->unwanted);
        if (lacks || spare) {
            print_error("%s: %s '%s' among %u\n", p->text, lacks ? "no" : "there is",
                        lacks ? p->wanted : p->unwanted, c.count);
            failures++;
        }
        arena_free(arena);
    }
    assert_int_equal(failures, 0);
}

static const char *first(const char *text)
{
    static char name[64];
    struct arena *arena = arena_new(64 * MIB);
    struct query_completion c;

    complete(text, arena, &c);
    assert_true(c.count > 0);
    (void)snprintf(name, sizeof(name), "%.*s", SLICE_FMT(c.items[0].text));
    arena_free(arena);
    return name;
}

static void test_the_likely_comes_first(void **state)
{
    (void)state;
    assert_string_equal(first("T | summarize ^"), "count");
    assert_string_equal(first("T | summarize make_set(^"), "n");
    assert_string_equal(first("T | where t > ^"), "ago");
    assert_string_equal(first("T | where t between (ago(1d) .. ^"), "ago");
    assert_string_equal(first("T | where n > ^"), "n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_in_a_named_expression_is_no_query),
        cmocka_unit_test(test_operators_want_different_things),
        cmocka_unit_test(test_sixty_places_of_real_questions),
        cmocka_unit_test(test_the_likely_comes_first),
        cmocka_unit_test(test_operators_stand_behind_a_bar),
        cmocka_unit_test(test_plugins_stand_behind_evaluate),
        cmocka_unit_test(test_tables_and_lets_stand_first),
        cmocka_unit_test(test_stored_functions_and_watchlists_are_offered),
        cmocka_unit_test(test_columns_are_those_at_the_place),
        cmocka_unit_test(test_a_wrong_operator_does_not_hide_the_columns),
        cmocka_unit_test(test_functions_have_signatures),
        cmocka_unit_test(test_words_stand_behind_operands),
        cmocka_unit_test(test_values_are_those_of_the_rows),
        cmocka_unit_test(test_nothing_stands_where_nothing_can),
        cmocka_unit_test(test_a_position_behind_the_end_is_refused),
    };
    return RUN_TESTS(tests);
}
