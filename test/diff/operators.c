/* SPDX-License-Identifier: Apache-2.0 */
/* operators.c - every operator, plugin and function that the binder itself knows, with
 * chance in the gaps.  An answer must be determined: no ties, no order unless it is asked.
 *
 * In a text, %s %l %r %d %t %b are columns of a type (text, whole, real, dynamic, time,
 * bool), %k one to group by, the same in a text, %K another one, %S %L literals, %e a call,
 * %B a condition, %a an aggregate.
 * A text that begins with '!' is a whole query; else it stands behind the rows of Odd.
 */
#include "forms.h"

#include "base/buf.h"

static const char *const OPERATORS[] = {
    "where %B | project id",
    "where %B | where %B or b | summarize count(), min(id), max(id)",
    "where * has %S | project id",
    "where * has 'two words' or %d has 'a\":1' | project id",
    "where %d has %S or tostring(%d) has 'b,\"c' | project id",
    "where %s has %S and q > %L | project id",
    "where %s in (%S, %S) or %s startswith %S | project id",
    "where %s has_any (%S, 'mail', 'alice') | project id, w",
    "where %l between (%L .. 20) and not(b) | project id",
    "where %t > datetime(2026-01-04) and %t < datetime(2026-01-09 12:00) | project id",
    "where tostring(%d.a) == '1' or %d has 'alice' | project id",
    "extend x = %e, y = %e | project id, x, y",
    "extend q = %e, w = %e | project id, q, w",
    "project id, k, x = %e | where k > 1 and isnotnull(x) | project id, x",
    "project-away k, w* | getschema",
    "project-keep id, s*, t*, T* | getschema",
    "project-keep id, %s | where id > 100",
    "project-rename aa = k, bb = w | where aa > 2 or bb == 'alice' | project id, aa, bb",
    "project-reorder w, k desc, * asc | project id, w, k",
    "project-reorder f*, id | project id, f",
    "project-by-names dynamic(['id', 'w']), 'k' | where k > 1",
    "summarize x = %a, y = %a by w",
    "summarize x = %a by bin(TimeGenerated, 1d)",
    "summarize x = %a by k, b",
    "summarize x = %a by bin(q, 5), tostring(d.a)",
    "summarize x = %a by bin(%t, 7d), w",
    "summarize c = count(), x = max(id) by %k, %K",
    "summarize c = count() by x = %e, b",
    "summarize c = count(), x = sum(q) by z, w | where c > 1 and z != 'a'",
    "summarize percentiles(f, 5, 50, 95), avg(q), sum(q) by w",
    "summarize arg_max(id, *) by w | project id, k, s, q, w",
    "summarize arg_min(id, q, s) by k",
    "summarize arg_max(f, k) by w | project w, f",
    "summarize argmax(id, w), argmin(id, z) by b",
    "summarize take_any(w) by w",
    "summarize any(k) by k",
    "where %B | count",
    "distinct %k, %K",
    "extend x = %e | distinct k, x",
    "distinct *| count",
    "order by k asc, id desc | extend rn = row_number() | project id, rn",
    "sort by w desc nulls first, f asc nulls last, id asc | extend rn = row_number() | "
    "project id, rn",
    "extend x = %e | order by x desc nulls first, id asc | extend rn = row_number() | "
    "project id, rn",
    "sort by %k asc, %K desc, id asc | extend rn = row_number(), p_ = prev(id) | "
    "project id, rn, p_",
    "top 7 by f desc nulls last | project f",
    "top 9 by id asc | extend x = %e | project id, x",
    "top 4 by %k desc | project %L",
    "top-nested of w by c = count(), top-nested of k by m = max(id)",
    "top-nested 3 of w with others = 'rest' by m = max(id)",
    "top-nested 2 of k by m = max(id), top-nested 2 of b by n_ = min(id)",
    "top-hitters 100 of w | project w, approximate_count_w",
    "top-hitters 100 of %k by q | count",
    "take 5 | count",
    "limit 7 | count",
    "limit 0 | getschema",
    "sample 5 | count",
    "sample 4 | join kind=leftanti Odd on id | count",
    "sample-distinct 4 of w | count",
    "sample-distinct 3 of k | join kind=leftanti (Odd | distinct k) on k | count",
    "join kind=inner (Odd | project %k, j_ = id) on %k | summarize count(), sum(j_), sum(id)",
    "join kind=inner (Odd | where q > %L | project id, x = %e) on id | project id, x",
    "join kind=fullouter (Odd | where b | project j_ = q, x = %e) on $left.q == $right.j_ | "
    "summarize count(), sum(id), c2 = countif(isnull(x))",
    "join hint.strategy=broadcast kind=leftouter (Odd | where %B | project w, j_ = id) on w | "
    "summarize count(), sum(j_)",
    "join kind=leftanti (Odd | where %B | project w) on w | project id",
    "join kind=rightsemi (Odd | where %B) on w, k | project id",
    "join kind=rightouter (Odd | where %B | project k, j_ = id) on k | summarize count(), sum(id)",
    "join kind=innerunique (Odd | where q > %L | project id, x = f) on id | project id, x",
    "join kind=leftsemi (Odd | where %B | project s = z) on s | project id",
    "lookup (Odd | where q > 3 | summarize m = max(id) by w) on w | project id, m",
    "lookup kind=inner (Odd | summarize m = max(id) by %k) on %k | project id, m",
    "union (Odd | where %B) | summarize count(), sum(id)",
    "union kind=inner (Odd | project id, k, zz = 1) | summarize count() by k",
    "union kind=outer (Odd | project id, nn = %e) | summarize count(), countif(isnull(k)), sum(id)",
    "union isfuzzy=true (Odd | where b), NoSuchTable | count",
    "mv-expand x = %d to typeof(long) | project id, x",
    "mv-expand x = %d to typeof(string) | project id, x",
    "mv-expand with_itemindex=i_ x = %d | project id, i_, x",
    "mv-expand kind=array x = d | project id, x",
    "mv-expand bagexpansion=array x = d | project id, x",
    "mv-expand x = e to typeof(real), y = a to typeof(string) | project id, x, y",
    "mv-expand e limit 2 | project id, e",
    "mv-expand d.a | project id, x = d_a",
    "mv-expand x = bag_keys(d) to typeof(string) | where x == 'a' | project id",
    "mv-expand x = e | where x > %L and w != 'bob' | summarize count() by w, tolong(x)",
    "mv-apply x = e to typeof(real) on (where x > %L | summarize y = sum(x), c_ = count()) | "
    "project id, y, c_",
    "mv-apply x = e to typeof(long) on (order by x asc | extend r_ = row_number() | "
    "where r_ <= 2 | project x, r_) | project id, x, r_",
    "mv-apply x = a to typeof(string) on (where isnotempty(x) | extend y = strcat(x, w) | "
    "project y) | project id, y",
    "mv-apply x = e to typeof(real), y = a to typeof(string) on (summarize m = count(), n_ = "
    "max(strcat(x, y))) | project id, m, n_",
    "mv-apply with_itemindex=i_ x = %d on (where i_ < 2 | project x, i_) | project id, x, i_",
    "mv-apply x = e to typeof(long) on (summarize y = %a) | project id, y",
    "mv-apply x = e to typeof(long) on (top 1 by x desc | where x > q) | project id, x",
    "parse s with x1 '-' x2 | project id, x1, x2",
    "parse %s with * '=' x1:long * | project id, x1",
    "parse kind=relaxed z with x1:long '.' x2:real * | project id, x1, x2",
    "parse kind=regex s with 'a+' x1 'b' x2 | project id, x1, x2",
    "parse kind=regex flags=iU w with 'M' x1 'S' | project id, x1",
    "parse-where s with x1 ':' x2 | project id, x1, x2",
    "parse-where kind=regex flags=i w with * 'MAIL' x1 | project id, x1",
    "parse-where %s with x1:long '.' x2:long '.' * | project id, x1, x2",
    "parse-kv s as (a:long, c:string) with (pair_delimiter=';', kv_delimiter='=') | "
    "project id, a, c",
    "parse-kv %s as (k_:string, n_:long) with (pair_delimiter=' ', kv_delimiter='=', "
    "quote='\"') | project id, k_, n_",
    "parse-kv s as (a:string, b_:int) with (regex=@'(\\w+)[=:](\\w+)') | project id, a, b_",
    "project id, d | evaluate bag_unpack(d, 'd_') | project id, x = column_ifexists('d_a', 1)",
    "project id, d | evaluate bag_unpack(d) : (id:long, a:long, b:string) | project id, a, b",
    "project w, k | evaluate pivot(w, count(), k) | project-reorder * asc",
    "project k, w, f | evaluate pivot(w, sum(f)) | project-reorder * asc",
    "project id, k, w | sort by id asc | evaluate narrow() | project Column, Value",
    "evaluate identity() | project id, w",
    "evaluate preview(3) | count",
    "getschema | evaluate schema_merge() | count",
    "sort by id asc | evaluate rows_near(q > 13, 1, 2) | project id",
    "summarize h1 = hll(w), h2 = hll_if(w, b), h3 = hll(z) | evaluate dcount_intersect(h1, h2, h3)",
    "evaluate ipv4_lookup(datatable(net:string, v_:long)['10.0.0.0/8', 1, '0.0.0.0/1', 2], %s, "
    "net, return_unmatched = true) | project id, v_",
    "evaluate ipv6_lookup(datatable(net:string, v_:long)['fe80::/10', 1, '::/8', 2], s, net) | "
    "project id, v_",
    "evaluate geo_polygon_lookup(datatable(p_:dynamic, v_:long)[dynamic({'type':'Polygon',"
    "'coordinates':[[[0,0],[9,0],[9,9],[0,9],[0,0]]]}), 7], p_, %r, f) | project id, v_",
    "evaluate geo_line_lookup(datatable(l_:dynamic, v_:long)[dynamic({'type':'LineString',"
    "'coordinates':[[0,0],[9,9]]}), 7], l_, f, q, 200000) | project id, v_",
    "evaluate active_users_count(w, TimeGenerated, datetime(2026-01-01), datetime(2026-01-11), "
    "7d, 1d, 2, 1d)",
    "evaluate activity_counts_metrics(w, TimeGenerated, datetime(2026-01-01), "
    "datetime(2026-01-11), 1d, b)",
    "evaluate activity_engagement(w, TimeGenerated, datetime(2026-01-01), datetime(2026-01-11), "
    "1d, 3d)",
    "evaluate activity_metrics(w, TimeGenerated, datetime(2026-01-01), datetime(2026-01-11), "
    "1d, b)",
    "evaluate new_activity_metrics(w, TimeGenerated, datetime(2026-01-01), datetime(2026-01-11), "
    "2d)",
    "evaluate funnel_sequence(k, TimeGenerated, datetime(2026-01-01), datetime(2026-01-11), 2d, "
    "5d, w, dynamic(['alice', 'bob']))",
    "evaluate funnel_sequence_completion(k, TimeGenerated, datetime(2026-01-01), "
    "datetime(2026-01-11), 5d, w, dynamic(['alice', 'bob']), dynamic([1d, 4d]))",
    "evaluate rolling_percentile(q, 50, TimeGenerated, 1d, 3, b)",
    "evaluate sequence_detect(TimeGenerated, 2d, 5d, a_ = w == 'alice', b_ = q > 9, k)",
    "evaluate session_count(w, TimeGenerated, datetime(2026-01-01), datetime(2026-01-11), 1d, 12h)",
    "evaluate sliding_window_counts(w, TimeGenerated, datetime(2026-01-01), datetime(2026-01-11), "
    "3d, 1d)",
    "make-series x = %a default=0 on TimeGenerated from datetime(2026-01-01) to "
    "datetime(2026-01-12) step 1d by w | project w, x",
    "make-series kind=nonempty c = count() on TimeGenerated step 12h by b | project b, c",
    "make-series s_ = sum(q), c = count() on q step 5 | project s_, c",
    "make-series x = avg(q) default=real(null) on %t in range(datetime(2026-01-01), "
    "datetime(2026-01-10), 1d) by k | extend y = series_fill_linear(x) | project k, x, y",
    "sort by id asc | serialize rn = row_number(), p_ = prev(w), x = row_cumsum(q, k == 2) | "
    "project id, rn, p_, x",
    "serialize x = %e | project id, x",
    "sort by id asc | extend x = next(%k, 2), y = prev(q, 1, 7) | where x != y or isnull(y) | "
    "project id",
    "sort by id asc | scan with_match_id=m_ declare (c_: long = 0) with (step s1 output=last: "
    "q > 5 => c_ = q; step s2: q < 5 => c_ = s1.c_ + 1;) | project id, m_, c_",
    "sort by id asc | scan with (step a_: %B; step z_: b;) | project id",
    "sort by w asc, id asc | scan partition by w with (step a_: true; step z_: q > a_.q;) | "
    "project id",
    "partition by w (top 2 by id | extend x = %e) | project id, x",
    "partition hint.strategy=native by k (summarize x = %a) | project x",
    "partition hint.strategy=shuffle by w (sort by id asc | extend y = row_number()) | "
    "project id, y",
    "partition hint.strategy=legacy by b (where %B) | project id",
    "search %S | project id",
    "search s: %S or w == 'alice' | project id",
    "search kind=case_sensitive 'Alice' | project id",
    "as X8 | where q > 3 | union (X8 | where b) | summarize count(), sum(id)",
    "as X8 | where id in ((X8 | where %B | project id)) | project id",
    "getschema",
    "summarize c = count() by w | render barchart with (title='x')",
    "consume | count",
    "reduce by w | summarize sum(Count)",
    "facet by w, k",
    "fork (where b | count) (summarize max(id))",
    "extend x = toscalar(Odd | where %B | summarize max(id)) | project id, x",
    "where q > toscalar(Odd | summarize avg(q)) | project id",
    "project id, x = column_ifexists('q', 5), y = columnifexists('nope', w)",
    "project id, x = iscolumnexists('q'), y = iscolumnexists('nope')",
    "project id, k, w, d | extend p_ = pack_all(), o_ = pack_all(true) | project id, p_, o_",
    "project id, x = bag_pack_columns(k, w, %d)",
    "project id, k, w, d, q | project id, r_ = pack_record(d, dynamic(['q'])) | extend x = "
    "tostring(r_.w), y = r_.k, z = parse_json(r_)['q'] | where y != 3 | project id, x, y, z, u = "
    "tostring(r_)",
    "where id % 97 == 0 | summarize x = array_sort_asc(makelist(q)), "
    "y = array_sort_asc(makeset(w)), z = tostring(make_dictionary(bag_pack('k', 1)))",
    "project id, x = column_names_of((Odd | project id, k))",
    "extend x = strcat(current_principal(), current_database(), current_cluster_endpoint(), "
    "tostring(current_principal_details()), current_principal_is_member_of('a'), extent_id(), "
    "extentid(), tostring(extent_tags()), cursor_current(), current_cursor()) | "
    "summarize count() by x",
    "where cursor_after('') and cursor_before_or_at('') == false | count",
    "extend x = isnull(ingestion_time()) | count",
    "!set query_bin_auto_size = 1d; Odd | summarize count() by bin_auto(TimeGenerated)",
    "!find in (Odd) where q > %L project id, w | project id, w",
    "!search in (Odd) %S | project id",
    "!let f_ = (T:(id:long, q:long), m:long) { T | where q > m | project id }; Odd | invoke f_(4)",
    "!print x = %S, y = %L, z = now(), u = ago(1h)",
    "!range x from %L to 20 step 3 | extend y = x * 2 | where y > 8",
    "!range x from datetime(2026-01-01) to datetime(2026-01-05) step 7h | join kind=inner (Odd | "
    "project x = bin(TimeGenerated, 1h), id) on x | project id",
    "!datatable(id:long, x:string)[1, %S, 2, %S, 3, %S] | join kind=inner Odd on id | "
    "project id, x, w",
    "!declare query_parameters(a_: long = 3); Odd | where q > a_ | project id",
    "!restrict access to (Odd); Odd | where q > %L | project id",
    "!union Odd, (Odd | where %B) | summarize count(), sum(id) by w",
    "!let m_ = materialize(Odd | where %B); m_ | join kind=inner m_ on id | count",
    "!let v_ = view () { Odd | where b }; union v_, Odd | count",
};

/* Behind rows with an id that is known: what may be pushed down before the operator. */
static const char *const TAILS[] = {
    " | where id > 20", " | where id in (3, 17, 99)", " | where id == 40 or id > 120",
    " | top 3 by id asc | project id", " | summarize count() by id", " | count",
    " | join kind=leftsemi (Odd | where q > 4) on id", " | sort by id asc | project id",
    " | distinct id", " | project id, one_ = 1 | where one_ == 1",
};

static const char *some_expression(struct teller *t, enum callee_kind kind)
{
    struct call call;
    struct callee *callee;

    do {
        callee = callee_at(roll(t->dice, callee_count()));
    } while (!((callee->kind == kind || (kind == CALLEE_SCALAR && callee->kind == CALLEE_INFIX)) &&
               !callee->is_impure && !callee_gives_columns(callee)));
    call_make(t, callee, 1, &call);
    const char *text = call_text(t, &call);
    return fill_text(t, call_settled(&call), &text);
}

static const char *some_condition(struct teller *t)
{
    for (int i = 0; i < 8; i++) {
        const char *text = some_expression(t, CALLEE_SCALAR);
        const char *query = fill_text(t, "Odd | project y = $0", &text);
        enum type type;
        if (engine_binds(slice_of(with_names(t, query)), &type) && type == TYPE_BOOL)
            return text;
    }
    return some_column_mark(t, TYPE_BOOL);
}

static const char *gap(struct teller *t, char letter)
{
    static const char *const keys[] = {"w", "k", "b", "q", "f", "s", "z", "n", "i", "t", "p", "g",
                                       "c", "r"};

    switch (letter) {
    case 'S':
        return some_literal(t, TYPE_STRING);
    case 'L':
        return take_text(t->arena, "%u", roll(t->dice, 12));
    case 'k':
        return keys[roll(t->dice, sizeof(keys) / sizeof(keys[0]))];
    case 'e':
        return some_expression(t, CALLEE_SCALAR);
    case 'a':
        return some_expression(t, CALLEE_AGGREGATE);
    case 'B':
        return some_condition(t);
    default:
        return some_column_mark(t, type_of_letter(letter));
    }
}

static const char *fill_gaps(struct teller *t, const char *text)
{
    const char *key = gap(t, 'k');
    struct buf buf;

    buf_init(&buf, 1u << 20);
    for (; *text != '\0'; text++) {
        if (text[0] != '%' || text[1] == ' ')
            buf_add_byte(&buf, *text);
        else if (*++text == 'k')
            buf_add_text(&buf, key);
        else
            buf_add_text(&buf, gap(t, *text == 'K' ? 'k' : *text));
    }
    const char *ret = take_text(t->arena, "%.*s", SLICE_FMT(buf_slice(&buf)));
    buf_release(&buf);
    return ret;
}

/* Whether it sees all columns, which stand in another order in other forms of the rows. */
static bool sees_all(const char *text)
{
    static const char *const signs[] = {"*", "search", "getschema", "project-", "limit 0"};

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (strstr(text, signs[i]) != NULL)
            return true;
    }
    return false;
}

static const char *some_text(struct teller *t, uint32_t at)
{
    const char *text = fill_gaps(t, OPERATORS[at]);

    for (int i = 0; i < 4; i++) {
        const char *query = text[0] == '!' ? text + 1 : fill_text(t, "Odd | $0", &text);
        if (engine_binds(slice_of(with_names(t, query)), NULL))
            break;
        text = fill_gaps(t, OPERATORS[at]);
    }
    if (text[0] != '!' && strstr(text, "project id") != NULL && chance(t->dice, 40))
        text = take_text(t->arena, "%s%s", text,
                         TAILS[roll(t->dice, sizeof(TAILS) / sizeof(TAILS[0]))]);
    return text;
}

void operators_make(struct dice *dice, struct arena *arena, uint64_t seed, struct forms *ret)
{
    static const char *const filters[] = {"", "", "", " | where k == 2", " | where q > 4",
                                          " | where isnotempty(w)", " | where b"};
    struct teller t = {dice, arena};
    const char *text = some_text(&t, (uint32_t)(seed % (sizeof(OPERATORS) / sizeof(OPERATORS[0]))));
    const char *filter = filters[roll(dice, 7)];
    const char *columns = "";

    *ret = (struct forms){.is_loose = true};
    if (text[0] != '!' && (sees_all(text) || chance(dice, 40)))
        columns = " | project id, k, w, s, z, i, n, q, r, f, c, b, t, TimeGenerated, p, g, d, e, a";
    for (ret->count = 0; ret->count < 3; ret->count++) {
        const char *rows = forms_rows(&t, filter, ret->count == 0);
        const char *query = text[0] == '!' ? text + 1
                                           : fill_text(&t, "$0$1 | $2",
                                                       (const char *const[]){rows, columns, text});
        ret->texts[ret->count] = with_names(&t, query);
        ret->may_fail[ret->count] = true; /* which rows are looked at before a filter is free */
    }
}
