/* SPDX-License-Identifier: Apache-2.0 */
/* bind_hint.c - names of functions that other languages have, and what they are here; what
 * else may be meant by what the binder cannot understand. */
#include "base/text.h"
#include "query/bind_priv.h"

struct hint {
    const char *name, *here;
};

static const struct hint hints[] = {
    {"len", "strlen(text) or array_length(array)"},
    {"length", "strlen(text) or array_length(array)"},
    {"size", "strlen(text) or array_length(array)"},
    {"char_length", "strlen(text)"},
    {"concat", "strcat(a, b)"},
    {"concat_ws", "strcat_delim(delimiter, a, b)"},
    {"if", "iff(condition, value, otherwise)"},
    {"ifelse", "iff(condition, value, otherwise)"},
    {"ifnull", "coalesce(a, b)"},
    {"nvl", "coalesce(a, b)"},
    {"isnullorempty", "isempty(x)"},
    {"is_null", "isnull(x) or isempty(x)"},
    {"lower", "tolower(text)"},
    {"lcase", "tolower(text)"},
    {"upper", "toupper(text)"},
    {"ucase", "toupper(text)"},
    {"substr", "substring(text, start, length)"},
    {"left", "substring(text, 0, length)"},
    {"right", "substring(text, -length)"},
    {"instr", "indexof(text, part)"},
    {"charindex", "indexof(text, part)"},
    {"strpos", "indexof(text, part)"},
    {"position", "indexof(text, part)"},
    {"ltrim", "trim_start(@'\\s+', text)"},
    {"rtrim", "trim_end(@'\\s+', text)"},
    {"regexp_replace", "replace_regex(text, expression, with)"},
    {"regexp_extract", "extract(expression, group, text)"},
    {"regexp_like", "text matches regex expression"},
    {"regex", "text matches regex expression"},
    {"regexmatch", "text matches regex expression"},
    {"regex_match", "text matches regex expression"},
    {"rlike", "text matches regex expression"},
    {"match", "text matches regex expression, or text has 'word'"},
    {"exists", "x in (Table | project x), or join kind=leftsemi"},
    {"isin", "an operator: x in ('a', 'b')"},
    {"to_string", "tostring(x)"},
    {"to_lower", "tolower(text)"},
    {"to_upper", "toupper(text)"},
    {"toint32", "toint(x)"},
    {"parseint", "tolong(x)"},
    {"json_parse", "parse_json(text)"},
    {"from_json", "parse_json(text)"},
    {"timestamp", "todatetime(x)"},
    {"unix_timestamp", "datetime_diff('second', time, datetime(1970-01-01))"},
    {"ipmatch", "ipv4_is_match(address, '10.0.0.0/8')"},
    {"cidr_match", "ipv4_is_in_range(address, '10.0.0.0/8')"},
    {"is_private", "ipv4_is_private(address)"},
    {"contains", "an operator: text contains 'part'"},
    {"startswith", "an operator: text startswith 'part'"},
    {"endswith", "an operator: text endswith 'part'"},
    {"has", "an operator: text has 'word'"},
    {"has_any", "an operator: text has_any ('a', 'b')"},
    {"in", "an operator: x in ('a', 'b')"},
    {"like", "an operator: text contains 'part' or matches regex"},
    {"between", "an operator: x between (low .. high)"},
    {"today", "startofday(now())"},
    {"current_date", "startofday(now())"},
    {"getdate", "now()"},
    {"current_timestamp", "now()"},
    {"sysdate", "now()"},
    {"dateadd", "datetime_add('day', 1, time) or time + 1d"},
    {"date_add", "datetime_add('day', 1, time) or time + 1d"},
    {"datediff", "datetime_diff('day', later, earlier) or later - earlier"},
    {"date_diff", "datetime_diff('day', later, earlier) or later - earlier"},
    {"date_trunc", "bin(time, 1h) or startofday(time)"},
    {"date_format", "format_datetime(time, 'yyyy-MM-dd')"},
    {"strftime", "format_datetime(time, 'yyyy-MM-dd')"},
    {"strptime", "todatetime(text)"},
    {"to_date", "todatetime(text)"},
    {"to_timestamp", "todatetime(text)"},
    {"from_unixtime", "unixtime_seconds_todatetime(number)"},
    {"to_char", "tostring(x) or format_datetime(time, 'yyyy-MM-dd')"},
    {"year", "getyear(time)"},
    {"month", "getmonth(time)"},
    {"day", "dayofmonth(time)"},
    {"hour", "hourofday(time)"},
    {"time_bucket", "bin(time, 1h)"},
    {"bucket", "bin(x, size)"},
    {"cast", "tostring(x), tolong(x), todatetime(x) ..."},
    {"convert", "tostring(x), tolong(x), todatetime(x) ..."},
    {"str", "tostring(x)"},
    {"tofloat", "toreal(x)"},
    {"tonumber", "tolong(x) or toreal(x)"},
    {"tojson", "parse_json(text), or tostring(bag)"},
    {"json_value", "parse_json(text).name"},
    {"json_extract", "parse_json(text).name"},
    {"get_json_object", "parse_json(text).name"},
    {"mod", "an operator: x % y"},
    {"power", "pow(x, y)"},
    {"ceil", "ceiling(x)"},
    {"ln", "log(x)"},
    {"random", "rand()"},
    {"uuid", "new_guid()"},
    {"newid", "new_guid()"},
    {"md5", "hash_md5(text)"},
    {"sha1", "hash_sha1(text)"},
    {"sha256", "hash_sha256(text)"},
    {"base64_encode", "base64_encode_tostring(text)"},
    {"base64_decode", "base64_decode_tostring(text)"},
    {"urldecode", "url_decode(text)"},
    {"urlencode", "url_encode(text)"},
    {"average", "avg(x)"},
    {"mean", "avg(x)"},
    {"median", "percentile(x, 50)"},
    {"first", "take_any(x) or arg_min(time, x)"},
    {"last", "arg_max(time, x)"},
    {"first_value", "take_any(x) or arg_min(time, x)"},
    {"last_value", "arg_max(time, x)"},
    {"any_value", "take_any(x)"},
    {"count_if", "countif(condition)"},
    {"sum_if", "sumif(x, condition)"},
    {"distinct_count", "dcount(x)"},
    {"approx_count_distinct", "dcount(x)"},
    {"uniq", "dcount(x)"},
    {"string_agg", "strcat_array(make_list(x), ',')"},
    {"group_concat", "strcat_array(make_list(x), ',')"},
    {"listagg", "strcat_array(make_list(x), ',')"},
    {"array_agg", "make_list(x)"},
    {"collect_list", "make_list(x)"},
    {"collect_set", "make_set(x)"},
    {"values", "make_set(x)"},
    {"stddev", "stdev(x)"},
    {"explode", "an operator: | mv-expand x"},
    {"unnest", "an operator: | mv-expand x"},
    {"lag", "prev(x)"},
    {"lead", "next(x)"},
    {"rank", "row_rank_dense(x)"},
    {"cidrmatch", "ipv4_is_in_range(address, '10.0.0.0/8')"},
    {"union", "an operator: | union Table"},
    {"distinct", "an operator: | distinct x"},
};

const char *bind_hint(struct slice name)
{
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (slice_equal_nocase(name, slice_of(hints[i].name)))
            return hints[i].here;
    }
    return NULL;
}

/* Fewer letters must differ than in a name that only looks like it. */
static size_t nearest_distance(struct slice name)
{
    size_t bound = name.size / 2 + 1;

    return bound < 4 ? bound : 4;
}

/* The event's time is called so in Sentinel's tables, and so in Defender's. */
static bool is_other_time(struct slice column, struct slice name)
{
    return (slice_is(column, "TimeGenerated") && slice_equal_nocase(name, SLICE("Timestamp"))) ||
           (slice_is(column, "Timestamp") && slice_equal_nocase(name, SLICE("TimeGenerated")));
}

static size_t column_distance(struct slice column, struct slice name)
{
    if (slice_equal_nocase(column, name))
        return 0;
    return is_other_time(column, name) ? 1 : text_distance(column, name);
}

struct slice bind_nearest_column(const struct binder *b, struct slice name)
{
    struct slice best = {NULL, 0};
    size_t distance = nearest_distance(name);
    const struct schema *schemas[2] = {b->scope.columns, b->scope.right};

    for (int s = 0; s < 2; s++) {
        for (uint32_t i = 0; schemas[s] != NULL && i < schemas[s]->column_count; i++) {
            struct slice column = schemas[s]->columns[i].name;
            size_t d = column_distance(column, name);
            if (d < distance) {
                distance = d;
                best = column;
            }
        }
    }
    for (const struct binding *v = b->bindings; v != NULL; v = v->next) {
        size_t d = text_distance(v->name, name);
        if (v->kind == BINDING_SCALAR && d < distance) {
            distance = d;
            best = v->name;
        }
    }
    return best;
}

/* A column that the same operator makes: its other items do not see it. */
static bool is_sibling(const struct binder *b, struct slice name)
{
    for (const struct node *item = b->items; item != NULL; item = item->next) {
        for (const struct node *by = item->by; item->kind == NODE_NAMED && by != NULL;
             by = by->next) {
            if (slice_equal(by->name, name))
                return true;
        }
    }
    return false;
}

/* x == 1 among what extend and project make. */
static bool is_made(const struct binder *b, const struct node *name)
{
    for (const struct node *item = b->items; item != NULL; item = item->next) {
        if (item->kind == NODE_BINARY && slice_is(item->name, "==") && item->args == name)
            return true;
    }
    return false;
}

struct expr *bind_unknown_column(struct binder *b, const struct node *node)
{
    struct slice name = slice_head(node->name, 128);
    struct slice nearest = bind_nearest_column(b, node->name);
    bool is_function = aggregate_find(node->name) != NULL || function_find(node->name) != NULL;

    if (slice_equal_nocase(name, SLICE("null")) || slice_equal_nocase(name, SLICE("none")))
        return bind_fail(b, node->at, "SEM0100",
                         "column '%.*s' is not known; write isnull(x), or isempty(x) of a text",
                         SLICE_FMT(name));
    if (b->scope.right != NULL && schema_find(b->scope.right, node->name) != UINT32_MAX)
        return bind_fail(b, node->at, "SEM0100",
                         "column '%.*s' is not in both tables; write $left.x == $right.%.*s",
                         SLICE_FMT(name), SLICE_FMT(name));
    if (is_sibling(b, node->name))
        return bind_fail(b, node->at, "SEM0100",
                         "column '%.*s' is not known: the same operator makes it, so it is there "
                         "behind the next '|'",
                         SLICE_FMT(name));
    if (is_function && !slice_starts_with(nearest, node->name))
        return bind_fail(b, node->at, "SEM0100",
                         "column '%.*s' is not known; a function is written %.*s(...)",
                         SLICE_FMT(name), SLICE_FMT(name));
    if (nearest.size == 0 && is_made(b, node))
        return bind_fail(b, node->at, "SEM0100",
                         "column '%.*s' is not known; a new one is made by %.*s = ...",
                         SLICE_FMT(name), SLICE_FMT(name));
    if (nearest.size == 0 && b->beside_text == node)
        return bind_fail(b, node->at, "SEM0100",
                         "column '%.*s' is not known; a text stands in quotes: '%.*s'",
                         SLICE_FMT(name), SLICE_FMT(name));
    return bind_unknown(b, node->at, "SEM0100", "column", node->name, nearest);
}

static bool one_is(const struct expr *left, const struct expr *right, enum type type)
{
    return left->type == type || right->type == type;
}

struct expr *bind_hint_compare(struct binder *b, uint32_t at, const struct expr *left,
                               const struct expr *right)
{
    const struct expr *text = left->type == TYPE_STRING ? left : right;
    const char *other = type_name(left->type == TYPE_STRING ? right->type : left->type);
    bool with_number = type_is_number(left->type) || type_is_number(right->type);
    const char *hint = "convert one of them";

    if (text->type == TYPE_STRING && text->kind == EXPR_CONST && text->value.bytes.size > 0)
        return bind_fail(b, at, "SEM0064", "cannot compare %s with %s; write %s(%.*s)",
                         type_phrase(left->type), type_phrase(right->type), other,
                         SLICE_FMT(slice_head(text->value.bytes, 64)));
    if (with_number && one_is(left, right, TYPE_DATETIME))
        hint = "a time is written datetime(2026-01-31)";
    else if (with_number && one_is(left, right, TYPE_TIMESPAN))
        hint = "a timespan is written 1d, 12h, 30m, 5s";
    return bind_fail(b, at, "SEM0064", "cannot compare %s with %s; %s", type_phrase(left->type),
                     type_phrase(right->type), hint);
}
