/* SPDX-License-Identifier: Apache-2.0 */
/* parse_hint.c - what to write instead, where a query goes wrong as it does for people who
 * know SQL or another language of searches, or who are in a hurry. */
#include "query/parse_priv.h"

struct hint {
    const char *word, *text;
};

static const char *find(const struct hint *list, size_t count, struct slice word)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal_nocase(word, slice_of(list[i].word)))
            return list[i].text;
    }
    return NULL;
}
#define FIND(LIST, WORD) find((LIST), sizeof(LIST) / sizeof((LIST)[0]), (WORD))

/* What stands where it cannot. */
static const struct hint of_found[] = {
    {"=", "compare with '=='"},
    {"&", "write 'and'"},
    {"=>", "write '>='"},
    {"#", "comments begin with '//'"},
    {"--", "comments begin with '//'"},
    {"as", "a name stands in front: name = expression"},
    {"descending", "write 'desc'"},
    {"ascending", "write 'asc'"},
    {"is", "write isnull(x), isempty(x) or isnotempty(x)"},
    {"not", "write '!in', '!contains', '!has' ..., or not(...)"},
    {"group", "groups are written 'summarize ... by ...'"},
    {"having", "write '| where ...' behind summarize"},
    {"when", "write case(condition, value, ..., otherwise) or iff(condition, value, otherwise)"},
    {"like", "write 'contains', 'startswith', 'endswith' or 'matches regex'"},
    {"regex", "write 'matches regex'"},
    {"matches", "write 'matches regex'"},
    {"rlike", "write 'matches regex'"},
    {"ilike", "write 'contains', 'startswith', 'endswith' or 'matches regex'"},
    {"notin", "write '!in'"},
    {"not_in", "write '!in'"},
    {"equals", "compare with '==', or '=~' if case does not matter"},
    {"eq", "compare with '==', or '=~' if case does not matter"},
    {"ne", "compare with '!='"},
    {"gt", "compare with '>'"},
    {"lt", "compare with '<'"},
    {"but", "write 'and'"},
    {"except", "write '| project-away column' behind it"},
    {"?", "write iff(condition, value, otherwise)"},
    {"??", "write coalesce(value, otherwise)"},
    {"offset", "sort, number the rows with row_number() and keep those behind"},
    {"from", "a query begins with its table: Table | where ... | project ..."},
    {"{", "parameters of a function have types: (x:string) { ... }"},
    {"over", "write serialize and row_number(), prev(), row_cumsum() ..."},
    {"on", "rows of two tables are brought together with join"},
};

/* What stands in front of it. */
static const struct hint of_before[] = {
    {"distinct", "write '| distinct column', or dcount(column) in summarize"},
    {"not", "write not(...)"},
    {"var", "a name is given with 'let x = ...;'"},
    {"matches", "write 'matches regex'"},
    {"between", "write between (low .. high)"},
    {"!between", "write !between (low .. high)"},
    {"select", "a query in brackets begins with its table too: (Table | project column)"},
};

static const struct hint of_type[] = {
    {"integer", "write long, or int"},    {"bigint", "write long"},
    {"number", "write long or real"},     {"float", "write real"},
    {"numeric", "write decimal or real"}, {"varchar", "write string"},
    {"text", "write string"},             {"str", "write string"},
    {"char", "write string"},             {"timestamp", "write datetime"},
    {"interval", "write timespan"},       {"duration", "write timespan"},
    {"json", "write dynamic"},            {"object", "write dynamic"},
    {"array", "write dynamic"},           {"list", "write dynamic"},
    {"table", "a table is written with its columns: (name:string, ...) or (*)"},
};

static const struct hint of_operator[] = {
    {"select", "project"},           {"fields", "project"},
    {"columns", "project"},          {"table", "project"},
    {"keep", "project-keep"},        {"drop", "project-away"},
    {"remove", "project-away"},      {"rename", "project-rename"},
    {"group", "summarize ... by"},   {"groupby", "summarize ... by"},
    {"aggregate", "summarize"},      {"stats", "summarize"},
    {"timechart", "summarize ... by bin(time, 1h) | render timechart"},
    {"chart", "render"},             {"having", "where"},
    {"if", "where"},                 {"eval", "extend"},
    {"let", "extend (let stands in front of the query)"},
    {"set", "extend"},               {"add", "extend"},
    {"dedup", "distinct, or summarize arg_max(time, *) by key"},
    {"unique", "distinct"},          {"uniq", "distinct"},
    {"head", "take, or top n by column"},
    {"first", "take, or top n by column"},
    {"tail", "top n by column"},     {"last", "top n by column"},
    {"skip", "sort and where row_number() > n"},
    {"orderby", "order by"},         {"sortby", "sort by"},
    {"left", "join kind=leftouter"}, {"right", "join kind=rightouter"},
    {"inner", "join kind=inner"},    {"outer", "join kind=fullouter"},
    {"full", "join kind=fullouter"}, {"append", "union"},
    {"unionall", "union"},           {"explode", "mv-expand"},
    {"unnest", "mv-expand"},         {"flatten", "mv-expand"},
    {"expand", "mv-expand"},         {"apply", "mv-apply"},
    {"rex", "parse, or extend x = extract(...)"},
    {"grok", "parse, or extend x = extract(...)"},
    {"pivot", "evaluate pivot(...)"}, {"unpivot", "evaluate narrow()"},
    {"grep", "search, or where column contains"},
    {"find", "search"},              {"match", "where column has"},
    {"transaction", "summarize, or scan"},
    {"spath", "extend x = parse_json(column).name"},
    {"makemv", "extend x = split(column, ',')"},
    {"rare", "summarize count() by column | top 10 by count_ asc"},
    {"eventstats", "join with what summarize gives"},
    {"streamstats", "serialize x = row_cumsum(column), or prev(column)"},
    {"inputlookup", "_GetWatchlist('name') | ..."},
    {"bucket", "summarize ... by bin(time, 1h)"},
    {"fillnull", "extend x = coalesce(x, value)"},
    {"replace", "extend x = replace_string(x, 'old', 'new')"},
    {"regex", "where column matches regex 'expression'"},
    {"iplocation", "extend place = geo_info_from_ip_address(column)"},
    {"xyseries", "evaluate pivot(...)"},
    {"untable", "evaluate narrow()"},
    {"multisearch", "union"},
    {"dissect", "parse"},
    {"enrich", "lookup"},
    {"with", "let x = ...; in front of the query"},
    {"minus", "join kind=leftanti"},
    {"except", "join kind=leftanti, or project-away for columns"},
    {"intersect", "join kind=leftsemi"},
    {"offset", "sort and where row_number() > n"},
    {"cross", "join on a column that is the same in all rows"},
    {"merge", "join, or union"},
    {"update", "extend, which changes no record"},
};

static bool is_operator(struct slice word)
{
    static const char *const names[] = {
        "where",  "filter", "extend",   "project",   "summarize", "sort",   "order",     "top",
        "take",   "limit",  "distinct", "join",      "lookup",    "union",  "mv",        "parse",
        "render", "count",  "evaluate", "serialize", "make",      "search", "partition", "invoke"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_equal_nocase(word, slice_of(names[i])))
            return true;
    }
    return false;
}

/* Words of the language that have been written in capitals. */
static bool is_capital(struct slice word)
{
    static const char *const names[] = {
        "and",        "or",        "in",       "by",         "on",       "has",     "asc",
        "desc",       "with",      "between",  "contains",   "has_any",  "has_all", "startswith",
        "endswith",   "hasprefix", "matches",  "hassuffix",  "of",       "to",      "from",
        "containscs", "step",      "nulls"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!slice_is(word, names[i]) && slice_equal_nocase(word, slice_of(names[i])))
            return true;
    }
    return false;
}

static bool is_unit(struct slice word)
{
    static const struct hint units[] = {{"d", ""},    {"day", ""},  {"days", ""},   {"h", ""},
                                        {"hour", ""}, {"hours", ""}, {"m", ""},     {"min", ""},
                                        {"minute", ""}, {"minutes", ""}, {"s", ""}, {"sec", ""},
                                        {"second", ""}, {"seconds", ""}, {"ms", ""},
                                        {"week", ""}, {"weeks", ""}};

    return FIND(units, word) != NULL;
}

static bool takes_list(struct slice word)
{
    static const struct hint names[] = {{"in", ""},      {"!in", ""},     {"in~", ""},
                                        {"!in~", ""},    {"has_any", ""}, {"has_all", ""}};

    return FIND(names, word) != NULL;
}

/* Words that begin a query elsewhere. */
static bool is_foreign_start(struct slice word)
{
    static const struct hint words[] = {
        {"select", ""},   {"from", ""},     {"insert", ""}, {"delete", ""}, {"update", ""},
        {"show", ""},     {"describe", ""}, {"explain", ""}, {"use", ""},   {"index", ""},
        {"sourcetype", ""}, {"source", ""}, {"host", ""},   {"with", ""},  {"get", ""}};

    return FIND(words, word) != NULL;
}

static struct slice word_at(const struct parser *p, uint32_t at)
{
    const struct token *t = &p->tokens[at < p->count ? at : p->count - 1];

    return t->kind == TOKEN_NAME || t->kind == TOKEN_SYMBOL ? t->text : slice_from(NULL, 0);
}

/* The token that the statement begins with. */
static uint32_t statement_start(const struct parser *p)
{
    uint32_t at = p->at;

    while (at > 0 && !slice_is(word_at(p, at - 1), ";"))
        at--;
    return at;
}

/* The first operator is not reached: what the query begins with is wrong. */
static const char *hint_of_start(const struct parser *p)
{
    uint32_t start = statement_start(p);
    struct slice first = word_at(p, start);

    for (uint32_t i = start; i < p->at; i++) {
        if (slice_is(word_at(p, i), "|"))
            return NULL;
    }
    if (start > 0 && start == p->at && slice_is(first, "|"))
        return "';' ends the query: take it away";
    bool is_source = slice_is(first, "search") || slice_is(first, "union") ||
                     slice_is(first, "evaluate");
    bool is_other = is_operator(first) || is_foreign_start(first);
    if (slice_is(first, "-") && slice_is(word_at(p, start + 1), "-"))
        return "comments begin with '//'";
    if (slice_is(first, ".") && p->at == start)
        return "a query begins with its table; there are no commands";
    if (slice_is(first, "|") || (p->at > start && is_other && !is_source))
        return "a query begins with its table: Table | where ... | project ...";
    if (p->at == start + 1 && slice_is(word_at(p, p->at), "="))
        return "a name is given with 'let x = ...;'";
    if (slice_is(first, "let") && p->at == start + 2 && slice_is(word_at(p, p->at), "=="))
        return "write '='";
    if (slice_is(first, "let") && (slice_is(word_at(p, p->at), "=>") ||
                                   (p->at == start + 2 && slice_is(word_at(p, p->at), "("))))
        return "a function is written let f = (x:type) { ... }";
    return NULL;
}

static bool takes_text(struct slice word)
{
    static const struct hint names[] = {
        {"has", ""},        {"has_cs", ""},     {"contains", ""},   {"contains_cs", ""},
        {"startswith", ""}, {"endswith", ""},   {"startswith_cs", ""}, {"endswith_cs", ""},
        {"hasprefix", ""},  {"hassuffix", ""},  {"==", ""},         {"=~", ""}};

    return FIND(names, word) != NULL;
}

/* Where an operator's argument could end. */
static bool ends_item(const char *expected)
{
    return slice_starts_with(slice_of(expected), SLICE("an operator, "));
}

/* What the operator around says. */
static const char *hint_of_operator(const struct parser *p, const char *expected)
{
    struct slice name = parse_operator_around(p), found = word_at(p, p->at);
    struct slice before = p->at > 0 ? word_at(p, p->at - 1) : slice_from(NULL, 0);
    struct slice further = p->at > 1 ? word_at(p, p->at - 2) : slice_from(NULL, 0);
    bool is_where = (slice_is(name, "where") || slice_is(name, "filter")) && ends_item(expected);
    bool is_join = slice_is(name, "join") || slice_is(name, "lookup");

    if (is_where && slice_is(found, ","))
        return "conditions are joined with 'and'";
    if (slice_is(found, ",") && (slice_is(name, "take") || slice_is(name, "limit")))
        return "there is one number: sort, number the rows with row_number() to leave some out";
    if (is_join && slice_is(found, "="))
        return "columns of other names are compared so: $left.a == $right.b";
    if (slice_is(name, "search") && slice_is(further, "="))
        return "compare with '=='";
    if (slice_is(name, "render") && slice_is(before, "with"))
        return "write with (name = value, ...)";
    return NULL;
}

/* Within the brackets of cast(x as type)? */
static bool is_cast(const struct parser *p)
{
    for (uint32_t at = p->at; at > 1 && p->at - at < 8; at--) {
        if (slice_is(word_at(p, at - 1), "(") &&
            (slice_equal_nocase(word_at(p, at - 2), SLICE("cast")) ||
             slice_equal_nocase(word_at(p, at - 2), SLICE("try_cast"))))
            return true;
    }
    return false;
}

/* What the tokens around say. */
static const char *hint_of_neighbours(const struct parser *p)
{
    struct slice before = p->at > 0 ? word_at(p, p->at - 1) : slice_from(NULL, 0);
    struct slice further = p->at > 1 ? word_at(p, p->at - 2) : slice_from(NULL, 0);
    struct slice found = word_at(p, p->at);
    const struct token *token = parse_peek(p, 0);
    bool ends = token->kind == TOKEN_END || slice_is(found, "|") || slice_is(found, ")");

    if (slice_is(before, "|") && slice_is(found, "|"))
        return "take one '|' away, or write 'or'";
    if (slice_is(before, ",") && (ends || slice_is(found, "by")))
        return "the ',' before it is too many";
    if (slice_is(before, "by") && slice_is(further, ","))
        return "the ',' before 'by' is too many";
    if (slice_is(before, "count") && slice_is(further, "|"))
        return slice_is(found, "by") ? "write '| summarize count() by ...'"
                                     : "the operator is '| count', the aggregate is in summarize";
    if (slice_is(found, ",") && takes_list(further))
        return "a list is written in parentheses: in ('a', 'b')";
    if (slice_is(found, ",") && slice_is(further, "(") && p->at > 2 &&
        takes_text(word_at(p, p->at - 3)))
        return "one of several texts is asked for with has_any ('a', 'b'), or in ('a', 'b')";
    if (slice_is(before, ",") && slice_is(found, ","))
        return "one ',' is too many";
    if (takes_list(before) && (slice_is(found, "[") || slice_is(found, "{")))
        return "a list is written in parentheses: in ('a', 'b')";
    if (slice_is(before, "=") && slice_is(found, "<"))
        return "write '<='";
    if (slice_is(before, "==") && slice_is(found, "="))
        return "compare with '=='";
    if (slice_is(before, "==") && slice_is(found, "~"))
        return "write '=~'";
    if (slice_is(before, ":") && slice_is(found, "="))
        return "write '='";
    if ((slice_is(further, "/") && slice_is(before, "*")) ||
        (slice_is(found, "/") && slice_is(word_at(p, p->at + 1), "*")))
        return "comments begin with '//'";
    if (slice_is(found, "/"))
        return "a regular expression is a text: matches regex 'a.*'";
    if (token->kind == TOKEN_NUMBER && slice_is(before, "."))
        return p->at > 1 && p->tokens[p->at - 2].kind == TOKEN_NUMBER
                   ? "an address or a version is a text: write it in quotes"
                   : "elements are read with [0]";
    if (slice_is(found, "as") && p->at > 2 && is_cast(p))
        return "write tostring(x), tolong(x), todatetime(x) ...";
    if (p->at > 0 && p->tokens[p->at - 1].kind == TOKEN_NUMBER && is_unit(found) &&
        !takes_text(word_at(p, p->at + 1)))
        return "a timespan is written in one: 1d, 12h, 30m, 5s";
    return NULL;
}

static bool is_operand(const struct token *token)
{
    return token->kind == TOKEN_SYMBOL ? slice_is(token->text, ")") : token->kind != TOKEN_END;
}

/* Two things stand side by side, on one line or on two. */
static const char *hint_of_gap(const struct parser *p)
{
    if (p->at == 0)
        return NULL;
    const struct token *before = &p->tokens[p->at - 1];
    const struct token *token = parse_peek(p, 0);
    struct slice gap = slice_from(p->text.data + before->end, token->at - before->end);
    bool is_line = slice_find_byte(gap, '\n', 0) < gap.size;

    struct slice name = parse_operator_around(p), found = word_at(p, p->at);
    bool is_query = slice_is(found, "print") || slice_is(found, "range");

    if (!is_operand(before) || token->kind == TOKEN_END || token->kind == TOKEN_SYMBOL)
        return NULL;
    if ((is_line || is_query) && slice_is(word_at(p, statement_start(p)), "let"))
        return "a let statement ends in ';'";
    if (is_line)
        return "an operator begins with '|'";
    if (slice_ends_with(found, SLICE("_any")) || slice_ends_with(found, SLICE("_all")))
        return "there are has_any and has_all, and 'or' between other conditions";
    if (slice_is(name, "where") || slice_is(name, "filter"))
        return "something is missing before it, such as 'and', 'or' or a comparison";
    if (!slice_is(name, "summarize") && !slice_is(name, "make-series"))
        return "something is missing before it, such as ',' or '|'";
    return token->kind == TOKEN_SPAN ? "intervals are written bin(column, 1h)"
                                     : "something is missing before it, such as ',' or 'by'";
}

/* What is expected says how it goes on. */
static const char *hint_of_expected(const struct parser *p, const char *expected,
                                    char room[PARSE_HINT_BYTES])
{
    static const char *const usage[] = {"'by'", "'on'", "'with'", "'of'", "'('", "'as'",
                                        "the operator's arguments", "a plugin call"};
    bool is_end = parse_peek(p, 0)->kind == TOKEN_END;
    bool closes = strchr(expected, ')') != NULL || strchr(expected, ']') != NULL;
    struct slice before = p->at > 0 ? word_at(p, p->at - 1) : slice_from(NULL, 0);

    if (slice_starts_with(slice_of(expected), SLICE("a type")))
        return FIND(of_type, word_at(p, p->at));
    if (slice_is(slice_of(expected), "'..'"))
        return "write between (low .. high)";
    if (ends_item(expected) && slice_is(word_at(p, p->at), ")"))
        return "no '(' belongs to it";
    if (is_end && closes && slice_starts_with(slice_of(expected), SLICE("'")))
        return parse_unclosed(p, room);
    if (closes && p->at > 2 && is_operator(before) && slice_is(word_at(p, p->at - 2), "(")) {
        struct parser outside = *p; /* mv-apply x (take 1) */
        outside.at = p->at - 2;
        return parse_usage(&outside, room);
    }
    bool is_open = is_end && (slice_is(before, "by") || slice_is(before, "on") ||
                              slice_is(before, "of") || slice_is(before, "with"));
    if (is_open)
        return parse_usage(p, room);
    for (size_t i = 0; i < sizeof(usage) / sizeof(usage[0]); i++) {
        if (slice_is(slice_of(expected), usage[i]))
            return parse_usage(p, room);
    }
    return NULL;
}

const char *parse_hint(const struct parser *p, const char *expected, char room[PARSE_HINT_BYTES])
{
    const struct token *token = parse_peek(p, 0);
    struct slice found = word_at(p, p->at);
    const char *text = hint_of_start(p);

    if (text == NULL)
        text = hint_of_neighbours(p);
    if (text == NULL)
        text = hint_of_operator(p, expected);
    if (text == NULL && found.size > 0)
        text = FIND(of_found, found);
    if (text == NULL && p->at > 0)
        text = FIND(of_before, word_at(p, p->at - 1));
    if (text == NULL)
        text = hint_of_expected(p, expected, room);
    if (text != NULL)
        return text;
    if (token->kind == TOKEN_NAME && is_capital(found))
        return "words of the language are written in lower case";
    if (token->kind == TOKEN_NAME && is_operator(found))
        return "put '|' before an operator";
    /* Where one thing is wanted, that says enough. */
    return ends_item(expected) ? hint_of_gap(p) : NULL;
}

const char *parse_hint_operator(struct slice name)
{
    return FIND(of_operator, name);
}
