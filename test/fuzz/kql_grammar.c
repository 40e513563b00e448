/* SPDX-License-Identifier: Apache-2.0 */
/* kql_grammar.c - see kql_grammar.h. */
#include "kql_grammar.h"

#include "query/function.h"
#include "query/lex_priv.h"

#include "base/limits.h"

#define DEPTH_MAX 6u
#define TEXT_MAX (8 * KIB)

/* The first `leaves` forms of a list end it. */
struct rule {
    char symbol;
    uint32_t leaves;
    const char *const *forms;
};

static const char *const longs[] = {
    "l", "i", "0", "1", "(-1)", "$N", "9223372036854775807", "long(null)", "int(3)", "0x1f",
    "($L + $L)", "($L - $L)", "($L * $L)", "($L / $L)", "($L % $L)", "-$L", "strlen($S)",
    "tolong($A)", "toint($A)", "iff($B, $L, $L)", "array_length($D)", "hash($A)",
    "countof($S, $S)", "datetime_diff('day', $T, $T)", "binary_and($L, $L)", "indexof($S, $S)",
    "bin($L, $L)", "case($B, $L, $B, $L, $L)", "toscalar($Q | count)", "coalesce($L, $L)",
    "max_of($L, $L)", "array_index_of($D, $A)", "binary_shift_left($L, $L)", "tolong($D[$L])",
    "bitset_count_ones($L)", "toscalar(T | summarize $a)", NULL};
static const char *const reals[] = {
    "r", "0.5", "real(nan)", "real(+inf)", "real(-inf)", "1e308", "real(null)",
    "($R + $R)", "($R - $L)", "($R * $R)", "($R / $R)", "todouble($A)", "sqrt($R)", "pow($R, $R)",
    "log($R)", "round($R, $L)", "floor($R, $R)", "exp($R)", "abs($R)", "($P / $P)", "rand()",
    "iff($B, $R, $R)", "bin($R, $R)", NULL};
static const char *const strings[] = {
    "s", "s2", "''", "'alice'", "'10.0.0.1'", "'a=1;b=2'", "'x,\"y\"'", "'\\u00e9'", "@'C:\\d'",
    "'https://u:p@h.example:1/p?a=b#c'", "'2026-01-02T03:04:05Z'", "'[a-z]+'", "'1.02:03:04'",
    "'{\"a\":[1,{\"b\":null}]}'", "'$.a[0]'", "'yyyy-MM-dd HH:mm:ss.fffffff'", "'POINT(1 2)'",
    "tostring($A)", "strcat($S, $A)", "substring($S, $L, $L)", "replace_string($S, $S, $S)",
    "extract($S, $L, $S)", "trim($S, $S)", "tolower($S)", "toupper($S)", "reverse($S)",
    "tostring($D.a)", "tostring($D[$A])", "format_datetime($T, $S)", "iff($B, $S, $S)",
    "strcat_array($D, $S)", "strrep($S, $N)", "parse_path($S).Filename", "gettype($A)",
    "base64_encode_tostring($S)", "url_decode($S)", "strcat_delim($S, $A, $A)", "hash_md5($A)",
    "replace_regex($S, $S, $S)", "translate($S, $S, $S)", NULL};
static const char *const bools[] = {
    "b", "true", "false", "bool(null)", "$c == $c",
    "($B and $B)", "($B or $B)", "not($B)", "$L > $L", "$L <= $R", "$S == $S", "$S =~ $S",
    "$S has $S", "$S contains $S", "$S startswith $S", "$S !endswith $S", "$S hasprefix $S",
    "$S matches regex $S", "$S in ($S, $S)", "$S in~ (($Q | project $S))", "$S has_any ($S, $S)",
    "$S has_all ($D)", "$L in ($L, $L)", "$L !in ($L)", "$T between ($T .. $T)",
    "$T between ($T .. $P)", "$L !between ($L .. $L)", "isnull($A)", "isempty($S)",
    "isnotempty($A)", "$D has $S", "$D == $A", "$A != $A", "tobool($A)", "$D.a == $A",
    "ipv4_is_match($S, $S)", "set_has_element($D, $A)", "* has $S", "bag_has_key($D, $S)", NULL};
static const char *const dynamics[] = {
    "d", "d2", "dynamic([1,2,3])", "dynamic({'a':1,'b':[true,null]})", "dynamic(null)",
    "dynamic([])", "dynamic('x')", "dynamic([datetime(2026-01-01), 1d, 'z', 2.5])",
    "parse_json($S)", "pack_array($A, $A)", "bag_pack($S, $A)", "pack_all()", "$D.a", "$D[$L]",
    "$D[$S]", "$D.a.b", "array_concat($D, $D)", "array_slice($D, $L, $L)", "set_union($D, $D)",
    "bag_merge($D, $D)", "split($S, $S)", "array_sort_asc($D, $D)", "parse_url($S)",
    "parse_csv($S)", "parse_xml($S)", "extract_all($S, $S)", "todynamic($A)", "range($L, $L, $L)",
    "repeat($A, $N)", "zip($D, $D)", "bag_keys($D)", "bag_remove_keys($D, $D)", "treepath($D)",
    "series_fir($D, $D)", "series_stats_dynamic($D)", "bag_set_key($D, $S, $A)",
    "array_iff($D, $D, $D)", "extract_json($S, $S, typeof(dynamic))", "set_difference($D, $D)",
    "array_rotate_left($D, $L)", "series_fill_linear($D)", "array_split($D, $L)", NULL};
static const char *const times[] = {
    "t", "TimeGenerated", "datetime(2026-01-02)", "datetime(null)", "now()",
    "datetime(9999-12-31T23:59:59.9999999Z)", "datetime(0001-01-01)",
    "($T + $P)", "($T - $P)", "bin($T, $P)", "todatetime($A)", "startofday($T, $L)",
    "endofmonth($T)", "datetime_add('month', $L, $T)", "ago($P)", "make_datetime($L, $L, $L)",
    "datetime_utc_to_local($T, 'Europe/Berlin')", "unixtime_seconds_todatetime($R)",
    "iff($B, $T, $T)", NULL};
static const char *const spans[] = {
    "p", "1d", "2h", "15m", "1tick", "0s", "time(null)", "(-1d)", "time(1.02:03:04.5)",
    "($T - $T)", "($P + $P)", "$P * $L", "$P / $L", "totimespan($A)", "bin($P, $P)",
    "make_timespan($L, $L)", "iff($B, $P, $P)", NULL};
static const char *const guids[] = {"g", "guid(null)", "guid(74be27de-1e4e-49d9-b579-fe0b331d3642)",
                                    "toguid($A)", "new_guid()", NULL};
static const char *const decimals[] = {"m", "decimal(0.1)", "decimal(null)",
                                       "decimal(99999999999999999999999999999999.9)",
                                       "($M + $M)", "($M * $M)", "($M / $M)", "todecimal($A)",
                                       "round($M, $L)", NULL};
static const char *const anything[] = {"$c", "$L", "$S", "$B", "$D", "$T", "$R", "$P", "$G", "$M",
                                       "$F", "$F", "$F", "$F", NULL};
static const char *const aggregates[] = {
    "count()", "$n = count()", "sum($L)", "max($A)", "min($A)", "avg($R)", "dcount($A)",
    "make_list($A)", "make_set($A, $N)", "$n = $F", "countif($B)", "arg_max($A, *)",
    "arg_min($A, $c)", "take_any($c)", "percentile($L, $N)", "make_bag($D)", "stdev($R)",
    "percentiles($R, $N, $N)", "hll($A)", "tdigest($R)", "binary_all_xor($L)", "sumif($L, $B)",
    "variance($R)", "make_list_if($A, $B)", "dcountif($A, $B)", "$n = sum($L) + count()",
    "percentilesw($R, $L, $N)", "make_list_with_nulls($A)", "covariance($R, $R)", NULL};
static const char *const columns[] = {"l", "i", "r", "s", "s2", "d", "d2", "t", "TimeGenerated",
                                      "p", "b", "g", "m", "x1", "x2", "x3", NULL};
static const char *const names[] = {"x1", "x2", "x3", "s", "d", "l", "['a b']", NULL};
static const char *const numbers[] = {"1", "2", "3", "5", "12", "40", "0", "99", NULL};
static const char *const types[] = {"long", "int", "real", "string", "bool", "dynamic", "datetime",
                                    "timespan", "guid", "decimal", NULL};
static const char *const operators[] = {
    " | where $B", " | take $N", " | extend $n = $A", " | project $c, $n = $A", " | count",
    " | where $B and $B", " | extend $n = $A, $n = $A", " | summarize $a", " | summarize $a by $c",
    " | summarize $a, $a by $c, $n = $A", " | summarize by $A", " | sort by $c, $A desc nulls last",
    " | top $N by $A asc", " | distinct $c, $c", " | distinct *", " | project-away $c",
    " | project-keep $c, s*", " | project-rename x1 = $c", " | project-reorder t*, * asc",
    " | join kind=inner ($Q) on $c", " | join kind=leftouter ($Q) on $$left.$c == $$right.$c",
    " | join kind=fullouter ($Q) on $c, $c", " | join kind=leftanti ($Q) on $c",
    " | join ($Q) on $c",
    " | join kind=rightsemi ($Q) on $c", " | lookup ($Q) on $c", " | lookup kind=inner ($Q) on $c",
    " | union ($Q)", " | union withsource=x1 kind=inner ($Q), T", " | mv-expand d",
    " | mv-expand $n = $D to typeof($t) limit $N", " | mv-expand with_itemindex=x1 d, d2",
    " | mv-expand kind=array $D", " | mv-apply $n = $D to typeof($t) on (where $B)",
    " | mv-apply $n = $D on (summarize $a)", " | mv-apply d on (top $N by $A)",
    " | parse $S with * $S x1:$t $S x2:$t", " | parse kind=regex s with @'(a|b)' x1 'c' x2",
    " | parse kind=relaxed s with x1:long ' ' *", " | parse-where $S with x1:$t $S *",
    " | parse-kv s as (x1:$t, x2:$t) with (pair_delimiter=$S, kv_delimiter=$S)",
    " | parse-kv s as (x1:$t) with (pair_delimiter=';', kv_delimiter='=', quote='\"')",
    " | parse-kv s as (x1:$t) with (regex=$S)", " | evaluate bag_unpack(d)",
    " | evaluate bag_unpack(d, $S, 'keep_existing')", " | evaluate pivot($c, $a, $c)",
    " | evaluate narrow()", " | evaluate rolling_percentile(l, $N, t, 1d, $N)",
    " | make-series $a default=$L on t from $T to $T step $P by $c",
    " | make-series $n = avg($R) on l from $L to $L step $N", " | make-series $a on t step $P",
    " | serialize $n = $F", " | sort by $c | extend x1 = row_number(), x2 = prev($c, $N)",
    " | sort by $c asc | extend x1 = row_cumsum($L, $B), x2 = next($A)",
    " | sort by t asc | extend x1 = row_window_session(t, $P, $P, $B)",
    " | sort by $c asc | extend x1 = row_rank_dense($c), x2 = row_rank_min($c)",
    " | serialize | scan with_match_id=x3 declare (x1:$t = $A) with (step a output=all: $B => x1 = "
    "$A; step c: $B and a.$c == $A;)",
    " | serialize | scan with (step a: $B; step c output=last: $B;)",
    " | partition by $c ($O2)", " | partition hint.strategy=native by s (take $N | extend $n = $A)",
    " | partition by s { T | where s == $S }", " | search $S", " | search s:$S or l == $L",
    " | search in (T) $S", " | where * has $S", " | as x1 | union x1", " | getschema",
    " | top-nested $N of $c by $a, top-nested of $c by $a", " | top-hitters $N of $c by $L",
    " | top-nested $N of $c with others=$A by $a asc", " | sample $N",
    " | sample-distinct $N of $c",
    " | reduce by s with threshold=0.$N", " | fork (take $N) (where $B)", " | facet by $c, $c",
    " | invoke f($A)", " | invoke g()", " | render timechart with (title=$S)", " | consume",
    " | limit $N", " | project-by-names $D", " | serialize $n = series_decompose($D)",
    " | summarize x1 = make_list($R) | extend (x2, x3) = series_fit_line(x1)",
    " | extend (x1, x2, x3) = series_periods_detect($D, $R, $R, $N)",
    " | extend (x1, x2) = $D", " | evaluate ipv4_lookup(T, s, s2)", NULL};
static const char *const sources[] = {
    "T", "T", "T", "print $n = $A, $n = $A", "range x1 from $L to $N step 1",
    "datatable(x1:$t, x2:string)[$A, 'k', $A, 'a']", "T | take $N", "T$O", "T$O", "T$O$O",
    "range t from datetime(2026-01-01) to datetime(2026-01-09) step $P", "union T, ($Q)",
    "find in (T) where $B project $c, s", "union kind=outer withsource=x2 T, ($Q), (T$O)",
    "search in (T) $S", "materialize($Q)", "(T | as x1)$O", NULL};
static const char *const queries[] = {
    "$Q", "$Q$O", "$Q$O$O", "$Q$O$O$O", "let x1 = $A; $Q$O$O", "let x1 = materialize($Q); x1$O",
    "let f = (T:(*), x1:$t) { T$O }; T$O | invoke f($A)",
    "let g = (x2:$t, x3:long = $L) { $F }; T | extend x1 = g($A)$O",
    "let g = (T:(l:long, s:string)) { T$O }; T | invoke g()",
    "let x1 = view () { $Q }; union x*, T$O", "set query_now = $T; $Q$O", "$Q$O$O$O$O",
    "declare query_parameters(x1:$t = $A); $Q$O", "let x2 = toscalar($Q | summarize $a); T$O",
    "declare pattern p = (x1:string)[x2:string] { ('a').['b'] = { $Q }; }; p('a').b$O",
    "alias database x = cluster('c').database('d'); $Q", NULL};
static const char *const pieces[] = {"take $N", "where $B", "summarize $a", "top $N by $c", NULL};

static const struct rule rules[] = {
    {'L', 10, longs}, {'R', 7, reals}, {'S', 17, strings}, {'B', 5, bools}, {'D', 8, dynamics},
    {'T', 7, times}, {'P', 9, spans}, {'G', 3, guids}, {'M', 4, decimals}, {'A', 1, anything},
    {'a', 2, aggregates}, {'c', 1, columns}, {'n', 1, names}, {'N', 1, numbers}, {'t', 1, types},
    {'O', 5, operators}, {'Q', 3, sources}, {'q', 1, queries}, {'2', 1, pieces},
};

uint32_t kql_roll(struct kql_maker *m, uint32_t below)
{
    m->state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    uint64_t z = m->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) % below);
}

/* The form by which a token of an example is replaced; NULL: by none. */
static const char *form_of(struct kql_maker *m, const struct token *token)
{
    static const char *const literals[] = {
        [TYPE_BOOL] = "$B", [TYPE_INT] = "$L", [TYPE_LONG] = "$L", [TYPE_REAL] = "$R",
        [TYPE_DECIMAL] = "$M", [TYPE_DATETIME] = "$T", [TYPE_TIMESPAN] = "$P",
        [TYPE_GUID] = "$G", [TYPE_STRING] = "$S", [TYPE_DYNAMIC] = "$D"};

    if (kql_roll(m, 100) < 4)
        return "$A";
    switch (token->kind) {
    case TOKEN_STRING:
        return "$S";
    case TOKEN_NUMBER:
        return slice_find_byte(token->text, '.', 0) == SIZE_MAX ? "$L" : "$R";
    case TOKEN_SPAN:
        return "$P";
    case TOKEN_LITERAL:
        return literals[token->type];
    case TOKEN_NAME:
        return slice_is(token->text, "x") ? "$L" : NULL;
    case TOKEN_END:
    case TOKEN_QUOTED:
    case TOKEN_SYMBOL:
        return NULL;
    }
    return NULL;
}

/* The example with some of its literals made anew; often without its comparison. */
static void make_example(struct kql_maker *m, const char *example)
{
    struct slice text = slice_of(example);
    struct arena *arena = arena_new(4 * MIB);
    struct token *tokens;
    uint32_t count, depth = 0;
    struct error err;
    bool whole = kql_roll(m, 3) == 0, stop = false;

    if (arena == NULL || lex(arena, text, &tokens, &count, &err) != STATUS_OK) {
        arena_free(arena);
        buf_add_text(m->out, example);
        return;
    }
    buf_add_byte(m->out, '(');
    for (uint32_t i = 0; i + 1 < count && !stop; i++) {
        const char *form = kql_roll(m, 100) < 40 ? form_of(m, &tokens[i]) : NULL;
        depth += slice_is(tokens[i].text, "(") || slice_is(tokens[i].text, "[");
        depth -= depth > 0 && (slice_is(tokens[i].text, ")") || slice_is(tokens[i].text, "]"));
        stop = !whole && depth == 0 && slice_is(tokens[i].text, "==");
        if (stop)
            break;
        buf_add_byte(m->out, ' ');
        if (form != NULL && tokens[i].kind != TOKEN_SYMBOL)
            kql_make(m, form);
        else
            buf_add(m->out, text.data + tokens[i].at, tokens[i].end - tokens[i].at);
    }
    buf_add_byte(m->out, ')');
    arena_free(arena);
}

/* One in eight: an aggregate, which stands rightly in few places. */
static void make_function(struct kql_maker *m)
{
    bool is_aggregate = kql_roll(m, 8) == 0;
    uint32_t families, total = 0;
    const struct function_family *const *all = function_families(&families);

    for (uint32_t i = 0; i < families; i++)
        total += is_aggregate ? all[i]->aggregate_count : all[i]->function_count;
    uint32_t at = kql_roll(m, total);
    for (uint32_t i = 0; i < families; i++) {
        uint32_t count = is_aggregate ? all[i]->aggregate_count : all[i]->function_count;
        if (at < count) {
            const char *example = is_aggregate ? all[i]->aggregates[at].example
                                               : all[i]->functions[at].example;
            make_example(m, example == NULL ? "1" : example);
            return;
        }
        at -= count;
    }
}

static void make_symbol(struct kql_maker *m, char symbol)
{
    bool is_deep = m->depth >= DEPTH_MAX || m->out->size > TEXT_MAX;

    if (symbol == 'F' && !is_deep) {
        m->depth++;
        make_function(m);
        m->depth--;
        return;
    }
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const struct rule *rule = &rules[i];
        uint32_t count = 0;
        if (rule->symbol != (symbol == 'F' ? 'c' : symbol))
            continue;
        while (rule->forms[count] != NULL)
            count++;
        bool is_leaf = is_deep || (m->depth > 1 && kql_roll(m, 100) < 25 * m->depth);
        m->depth++;
        kql_make(m, rule->forms[kql_roll(m, is_leaf && strchr("cnNt", symbol) == NULL
                                                ? rule->leaves : count)]);
        m->depth--;
        return;
    }
}

void kql_make(struct kql_maker *m, const char *form)
{
    for (; *form != '\0'; form++) {
        if (*form != '$') {
            buf_add_byte(m->out, *form);
            continue;
        }
        form++;
        if (*form == '$') {
            buf_add_byte(m->out, '$');
        } else if (form[0] == 'O' && form[1] == '2') {
            make_symbol(m, '2');
            form++;
        } else {
            make_symbol(m, *form);
        }
    }
}
