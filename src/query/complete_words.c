/* SPDX-License-Identifier: Apache-2.0 */
/* complete_words.c - operators and other words of the language, said in a line each. */
#include "query/complete_priv.h"

#define WORDS(list) {list, sizeof(list) / sizeof((list)[0])}

static const struct complete_word operators[] = {
    {"where", "where predicate", "keeps the rows for which the predicate is true"},
    {"extend", "extend name = expression, ...", "adds computed columns"},
    {"project", "project name [= expression], ...", "keeps and computes columns, in this order"},
    {"project-away", "project-away pattern, ...", "drops columns"},
    {"project-keep", "project-keep pattern, ...", "keeps columns, in the order they have"},
    {"project-rename", "project-rename new = old, ...", "gives columns other names"},
    {"project-reorder", "project-reorder pattern [asc|desc|granny-asc|granny-desc], ...",
     "puts columns first"},
    {"project-by-names", "project-by-names names", "keeps the columns that texts or arrays name"},
    {"summarize", "summarize aggregate, ... by key, ...", "one row for each group of rows"},
    {"count", "count", "the number of rows"},
    {"distinct", "distinct column, ...", "each combination of values once"},
    {"sort", "sort by column [asc|desc], ...", "puts rows in an order"},
    {"order", "order by column [asc|desc], ...", "the same as sort"},
    {"top", "top n by column [asc|desc]", "the first n rows of an order"},
    {"top-nested", "top-nested n of column by aggregate, ...", "the greatest groups, in levels"},
    {"top-hitters", "top-hitters n of column", "the most frequent values, roughly"},
    {"take", "take n", "any n rows"},
    {"limit", "limit n", "the same as take"},
    {"sample", "sample n", "n rows by chance"},
    {"sample-distinct", "sample-distinct n of column", "n different values"},
    {"join", "join kind=inner (table) on column, ...", "rows of two tables that belong together"},
    {"lookup", "lookup (table) on column, ...", "adds columns of a small table"},
    {"union", "union table, ...", "the rows of several tables"},
    {"mv-expand", "mv-expand column [to typeof(type)]", "a row for each element of an array"},
    {"mv-apply", "mv-apply column on (operators)", "a query over the elements of each array"},
    {"parse", "parse column with \"text\" name:type ...", "columns out of a text"},
    {"parse-where", "parse-where column with ...", "as parse, without rows that do not match"},
    {"parse-kv", "parse-kv column as (name:type, ...)", "columns out of keys and values"},
    {"evaluate", "evaluate plugin(...)", "runs a plugin, such as bag_unpack or pivot"},
    {"make-series", "make-series aggregate on time step span by key", "arrays over time"},
    {"serialize", "serialize [name = expression]", "fixes the order, for prev() and next()"},
    {"scan", "scan with (step name: condition => ...)", "finds sequences of rows"},
    {"partition", "partition by column (operators)", "a query for each value of a column"},
    {"search", "search \"term\"", "rows with a term in any column"},
    {"invoke", "invoke function(...)", "hands the rows to a function"},
    {"reduce", "reduce by column", "values that are alike, as patterns with their number"},
    {"fork", "fork name = (operators) ...", "several results of the same rows"},
    {"facet", "facet by column, ... with (operators)", "the counts of several columns' values"},
    {"as", "as name", "gives the rows a name"},
    {"getschema", "getschema", "the columns and their types"},
    {"render", "render chart", "how a client may draw it; no effect here"},
};
const struct complete_words complete_operators = WORDS(operators);

static const struct complete_word sources[] = {
    {"let", "let name = expression;", "names a value, a table or a function"},
    {"print", "print name = expression, ...", "one row of values"},
    {"range", "range name from first to last step width", "a column of numbers or times"},
    {"datatable", "datatable(name:type, ...)[value, ...]", "a table written out"},
    {"materialize", "materialize(table)", "a table that is computed once"},
    {"union", "union table, ...", "the rows of several tables"},
    {"search", "search in (table, ...) \"term\"", "rows with a term in any column"},
    {"find", "find in (table, ...) where predicate", "rows of several tables"},
    {"declare", "declare query_parameters(name:type = value)", "parameters of the query"},
    {"set", "set option = value;", "an option of the query, such as query_now"},
    {"restrict", "restrict access to (name, ...);", "hides the tables that are not named"},
};
const struct complete_words complete_sources = WORDS(sources);

static const struct complete_word elsewhere[] = {
    {"externaldata", "externaldata(name:type, ...)[\"https://...\"]", "a file of an allowed host"},
    {"_GetWatchlist", "_GetWatchlist('alias')", "the rows of a watchlist"},
};
const struct complete_words complete_elsewhere = WORDS(elsewhere);

static const struct complete_word join_kinds[] = {
    {"inner", "", "every pair that belongs together"},
    {"innerunique", "", "the same, with one row of the left for each key (the default)"},
    {"leftouter", "", "also rows of the left without a partner"},
    {"rightouter", "", "also rows of the right without a partner"},
    {"fullouter", "", "also rows of both without a partner"},
    {"leftanti", "", "rows of the left without a partner"},
    {"rightanti", "", "rows of the right without a partner"},
    {"leftsemi", "", "rows of the left with a partner"},
    {"rightsemi", "", "rows of the right with a partner"},
    {"anti", "", "the same as leftanti"},
    {"leftantisemi", "", "the same as leftanti"},
    {"rightantisemi", "", "the same as rightanti"},
    {"semi", "", "the same as leftsemi"},
};
const struct complete_words complete_join_kinds = WORDS(join_kinds);

static const struct complete_word lookup_kinds[] = {
    {"inner", "", "only rows with a partner"},
    {"leftouter", "", "also rows without a partner (the default)"},
};
const struct complete_words complete_lookup_kinds = WORDS(lookup_kinds);

static const struct complete_word union_kinds[] = {
    {"inner", "", "the columns that all tables have"},
    {"outer", "", "all columns (the default)"},
};
const struct complete_words complete_union_kinds = WORDS(union_kinds);

static const struct complete_word expand_kinds[] = {
    {"bag", "", "a bag gives a bag of one member for each of its members (the default)"},
    {"array", "", "a bag gives an array [key, value] for each of its members"},
};
const struct complete_words complete_expand_kinds = WORDS(expand_kinds);

static const struct complete_word parse_kinds[] = {
    {"simple", "", "texts of the pattern mean themselves; a value must fit its type (the default)"},
    {"regex", "", "texts of the pattern are regular expressions"},
    {"relaxed", "", "as simple, but a value that does not fit its type is null"},
};
const struct complete_words complete_parse_kinds = WORDS(parse_kinds);

static const struct complete_word search_kinds[] = {
    {"default", "", "terms are found whatever the case (the default)"},
    {"case_insensitive", "", "the same"},
    {"case_sensitive", "", "terms are found as they are written"},
};
const struct complete_words complete_search_kinds = WORDS(search_kinds);

static const struct complete_word series_kinds[] = {
    {"nonempty", "", "without rows one series of the default instead of none"},
};
const struct complete_words complete_series_kinds = WORDS(series_kinds);

static const struct complete_word reduce_kinds[] = {
    {"source", "", "each row with its pattern, instead of a row for each pattern"},
};
const struct complete_words complete_reduce_kinds = WORDS(reduce_kinds);

static const struct complete_word getschema_kinds[] = {
    {"csl", "", "the same as without it"},
};
const struct complete_words complete_getschema_kinds = WORDS(getschema_kinds);

static const struct complete_word scan_kinds[] = {
    {"match", "", "the same as without it"},
};
const struct complete_words complete_scan_kinds = WORDS(scan_kinds);

static const struct complete_word step_outputs[] = {
    {"all", "", "every row that matches the step (the default)"},
    {"last", "", "the last such row before the next step"},
    {"none", "", "no row"},
};
const struct complete_words complete_step_outputs = WORDS(step_outputs);

static const struct complete_word chart_kinds[] = {
    {"default", "", "as the client likes"},
    {"unstacked", "", "beside or behind each other"},
    {"stacked", "", "on top of each other"},
    {"stacked100", "", "on top of each other, as shares of a whole"},
    {"map", "", "on a map"},
};
const struct complete_words complete_chart_kinds = WORDS(chart_kinds);

static const struct complete_word hints[] = {
    {"strategy", "strategy=shuffle", "how to spread the work; no effect here"},
    {"shufflekey", "shufflekey=column", "by which key; no effect here"},
    {"remote", "remote=auto", "where to join; no effect here"},
    {"num_partitions", "num_partitions=n", "how many parts; no effect here"},
    {"concurrency", "concurrency=n", "how many at once; no effect here"},
};
const struct complete_words complete_hints = WORDS(hints);

static const struct complete_word infix[] = {
    {"==", "", "equal"},
    {"!=", "", "not equal"},
    {"<", "", "less"},
    {"<=", "", "less or equal"},
    {">", "", "greater"},
    {">=", "", "greater or equal"},
    {"and", "", "both"},
    {"or", "", "at least one"},
    {"between", "between (low .. high)", "in a range, both ends included"},
    {"!between", "!between (low .. high)", "not in a range"},
};
const struct complete_words complete_infix = WORDS(infix);

static const struct complete_word logic[] = {{"and", "", "both"}, {"or", "", "one or both"}};
const struct complete_words complete_logic = WORDS(logic);

static const struct complete_word charts[] = {
    {"timechart", "", "lines over time"},
    {"barchart", "", "bars, lying"},
    {"columnchart", "", "bars, standing"},
    {"piechart", "", "shares of a whole"},
    {"linechart", "", "lines"},
    {"areachart", "", "filled lines"},
    {"stackedareachart", "", "filled lines on top of each other"},
    {"scatterchart", "", "points"},
    {"anomalychart", "", "lines with anomalies marked"},
    {"card", "", "one value, large"},
    {"table", "", "rows"},
    {"ladderchart", "", "bars from one time to another"},
    {"list", "", "rows, as a list"},
    {"pivotchart", "", "a table to turn"},
    {"plotly", "", "what a program for Plotly says"},
    {"timeline", "", "events along the time"},
    {"timepivot", "", "events along the time, to turn"},
    {"treemap", "", "rectangles in rectangles"},
    {"3Dchart", "", "points in space"},
};
const struct complete_words complete_charts = WORDS(charts);

static const struct complete_word properties[] = {
    {"title", "title=\"text\"", "above the chart"},
    {"xcolumn", "xcolumn=column", "what is along the x axis"},
    {"ycolumns", "ycolumns=column, ...", "what is along the y axis"},
    {"series", "series=column, ...", "what makes a line of its own"},
    {"xtitle", "xtitle=\"text\"", "along the x axis"},
    {"ytitle", "ytitle=\"text\"", "along the y axis"},
    {"kind", "kind=stacked", "how bars and areas stand together"},
    {"legend", "legend=visible", "whether the lines are explained"},
};
const struct complete_words complete_properties = WORDS(properties);

/* A list for each operator, in the order in which they are written. */
static const struct {
    const char *op;
    struct complete_word word;
} keywords[] = {
    {"summarize", {"by", "", "the columns that make a group"}},
    {"make-series", {"default = ", "default = value", "what stands where there are no rows"}},
    {"make-series", {"on", "", "the column of the axis"}},
    {"make-series", {"from", "", "where the axis begins"}},
    {"make-series", {"to", "", "where the axis ends"}},
    {"make-series", {"step", "", "how far it is from one point to the next"}},
    {"make-series", {"by", "", "the columns that make a series"}},
    {"sort", {"by", "", "the columns that make the order"}},
    {"order", {"by", "", "the columns that make the order"}},
    {"top", {"by", "", "the columns that make the order"}},
    {"top-nested", {"of", "", "the column of the level"}},
    {"top-nested", {"with others = ", "with others = value", "a row for all other groups"}},
    {"top-nested", {"by", "", "what makes a group great"}},
    {"top-hitters", {"of", "", "the column whose values are counted"}},
    {"sample-distinct", {"of", "", "the column whose values are taken"}},
    {"join", {"on", "", "the columns that must be equal"}},
    {"lookup", {"on", "", "the columns that must be equal"}},
    {"mv-expand", {"to typeof(", "to typeof(type)", "the type that elements get"}},
    {"mv-expand", {"limit", "limit n", "the most rows that a row gives"}},
    {"mv-apply", {"to typeof(", "to typeof(type)", "the type that elements get"}},
    {"mv-apply", {"on", "on (operators)", "what is done with the elements"}},
    {"parse", {"with", "", "the pattern"}},
    {"parse-where", {"with", "", "the pattern"}},
    {"parse-kv", {"as", "as (name:type, ...)", "the keys that become columns"}},
    {"partition", {"by", "", "the column whose values make the parts"}},
    {"reduce", {"by", "", "the column with the texts"}},
    {"render", {"with (", "with (name = value, ...)", "how it is drawn"}},
};

const struct complete_word *complete_keyword(struct slice op_name, uint32_t n)
{
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (slice_is(op_name, keywords[i].op) && n-- == 0)
            return &keywords[i].word;
    }
    return NULL;
}

const struct complete_word *complete_keyword_at(uint32_t index, const char **ret_op)
{
    if (index >= sizeof(keywords) / sizeof(keywords[0]))
        return NULL;
    *ret_op = keywords[index].op;
    return &keywords[index].word;
}

static const struct complete_word order[] = {
    {"asc", "", "least first"},
    {"desc", "", "greatest first (the default)"},
    {"nulls first", "", "rows without a value first"},
    {"nulls last", "", "rows without a value last"},
};
const struct complete_words complete_order = WORDS(order);

static const struct complete_word types[] = {
    {"bool", "", "true or false"},          {"int", "", "32 bits"},
    {"long", "", "64 bits"},                {"real", "", "floating point"},
    {"decimal", "", "decimal number"},      {"string", "", "text"},
    {"datetime", "", "instant"},            {"timespan", "", "length of time"},
    {"guid", "", "128-bit identifier"},     {"dynamic", "", "array, bag or value of JSON"},
};
const struct complete_words complete_types = WORDS(types);

static const struct complete_word window_functions[] = {
    {"prev", "prev(column [, offset [, default]])", "the value of an earlier row"},
    {"next", "next(column [, offset [, default]])", "the value of a later row"},
    {"row_number", "row_number([start [, restart]])", "the number of the row"},
    {"row_cumsum", "row_cumsum(term [, restart])", "the sum up to this row"},
    {"row_rank_min", "row_rank_min(term)", "the rank, equal ones share the least"},
    {"row_rank_dense", "row_rank_dense(term)", "the rank without gaps"},
    {"row_window_session", "row_window_session(time, longest, gap)", "the start of the session"},
    {"toscalar", "toscalar(table)", "the first value of a query"},
};
const struct complete_words complete_window_functions = WORDS(window_functions);
