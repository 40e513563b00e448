/* SPDX-License-Identifier: Apache-2.0 */
/* bind_options.c - what stands as `name = value` behind an operator's name: its kind, hints,
 * properties.  Only what the operator has, and only values that mean something: what is
 * misspelt would else be left out without a word.  Names and values: the language's
 * reference and its public grammar. */
#include "query/bind_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "query/complete_priv.h"
#include "query/literal.h"

#include <stdio.h>
#include <string.h>

enum want {
    WANT_WORD,    /* one of the values */
    WANT_NUMBER,  /* a whole number, or one of the values */
    WANT_BOOL,
    WANT_NAME,    /* of a column */
    WANT_NAMES,   /* the same, any number of times */
    WANT_LETTERS, /* a word of letters that each are a value */
    WANT_ANY,     /* looked at by the operator */
    WANT_EACH,    /* the same, any number of times */
};

#define STRATEGIES "shuffle broadcast centralized native legacy"

/* operators and values: words between blanks; words: values that have a meaning of their own */
static const struct option {
    const char *operators, *name;
    enum want want;
    const char *values;
    const struct complete_words *words;
    const char *summary;
} options[] = {
    {" join ", "kind", WANT_WORD, "", &complete_join_kinds, "which rows the result has"},
    {" lookup ", "kind", WANT_WORD, "", &complete_lookup_kinds, "which rows the result has"},
    {" union ", "kind", WANT_WORD, "", &complete_union_kinds, "which columns the result has"},
    {" union ", "isfuzzy", WANT_BOOL, "", NULL, "does without tables that are not there"},
    {" union ", "best_effort", WANT_BOOL, "", NULL, "the same"},
    {" union search find ", "withsource", WANT_NAME, "", NULL,
     "a column with the name of the table"},
    {" union search find ", "with_source", WANT_NAME, "", NULL, "the same"},
    {" mv-expand mvexpand mv-apply mvapply ", "kind", WANT_WORD, "", &complete_expand_kinds,
     "what a bag gives"},
    {" mv-expand mvexpand mv-apply mvapply ", "bagexpansion", WANT_WORD, "",
     &complete_expand_kinds, "the same"},
    {" mv-expand mvexpand mv-apply mvapply ", "with_itemindex", WANT_NAME, "", NULL,
     "a column with the number of the element, from 0"},
    {" mv-expand mvexpand mv-apply mvapply ", "limit", WANT_ANY, "", NULL,
     "the most rows that a row gives"},
    {" parse parse-where ", "kind", WANT_WORD, "", &complete_parse_kinds, "what the pattern means"},
    {" parse parse-where ", "flags", WANT_LETTERS, "i m s U", NULL,
     "of the regular expression, with kind=regex"},
    {" make-series ", "kind", WANT_WORD, "", &complete_series_kinds, "what is made of no rows"},
    {" reduce ", "kind", WANT_WORD, "", &complete_reduce_kinds, "what the result is"},
    {" search ", "kind", WANT_WORD, "", &complete_search_kinds,
     "whether the case of letters counts"},
    {" find search ", "datascope", WANT_WORD, "all hotcache", NULL,
     "which data are read; no effect here"},
    {" getschema ", "kind", WANT_WORD, "", &complete_getschema_kinds, "no effect here"},
    {" consume ", "decodeblocks", WANT_BOOL, "", NULL, "whether rows are decoded; no effect here"},
    {" scan ", "kind", WANT_WORD, "", &complete_scan_kinds, "no effect here"},
    {" scan ", "with_match_id", WANT_NAME, "", NULL, "a column with the number of the match"},
    {" step ", "output", WANT_WORD, "", &complete_step_outputs,
     "of a step of scan: which rows it gives"},
    {" parse-kv ", "pair_delimiter", WANT_ANY, "", NULL, "what stands between pairs"},
    {" parse-kv ", "kv_delimiter", WANT_ANY, "", NULL, "what stands between a key and its value"},
    {" parse-kv ", "regex", WANT_ANY, "", NULL, "an expression that finds a key and its value"},
    {" parse-kv ", "quote", WANT_EACH, "", NULL, "what stands around values: one letter, or two"},
    {" parse-kv ", "escape", WANT_EACH, "", NULL,
     "what stands before a quote that is part of a value"},
    {" parse-kv ", "greedy", WANT_ANY, "", NULL,
     "whether values without quotes go on to the next key"},
    {" externaldata external_data ", "format", WANT_ANY, "", NULL,
     "csv, tsv, psv, txt, json, multijson or raw"},
    {" externaldata external_data ", "ignorefirstrecord", WANT_ANY, "", NULL,
     "whether the first line is left out"},
    {" externaldata external_data ", "ingestionmapping", WANT_ANY, "", NULL,
     "the path of each column"},
    {" externaldata external_data ", "ingestionmappingtype", WANT_ANY, "", NULL,
     "the format that the mapping is for"},
    {" externaldata external_data ", "ingestionmappingreference", WANT_ANY, "", NULL,
     "the name of a mapping"},
    {" externaldata external_data ", "zippattern", WANT_ANY, "", NULL, "which files of an archive"},
    {" join summarize distinct partition __partitionby evaluate sort order make-series union ",
     "hint.strategy", WANT_WORD, STRATEGIES, NULL, "how to spread the work; no effect here"},
    {" join summarize distinct make-series partition __partitionby ", "hint.shufflekey",
     WANT_NAMES, "", NULL, "by which key; no effect here"},
    {" join summarize distinct partition __partitionby ", "hint.num_partitions", WANT_NUMBER, "",
     NULL, "how many parts; no effect here"},
    {" join evaluate lookup ", "hint.remote", WANT_WORD, "auto left local right", NULL,
     "where to join; no effect here"},
    {" evaluate ", "hint.distribution", WANT_WORD, "single per_node per_shard default", NULL,
     "where it runs; no effect here"},
    {" evaluate ", "hint.pass_filters", WANT_ANY, "", NULL,
     "whether filters go below it; no effect here"},
    {" evaluate ", "hint.pass_filters_column", WANT_NAMES, "", NULL,
     "of which columns; no effect here"},
    {" union partition __partitionby ", "hint.concurrency", WANT_NUMBER, "all", NULL,
     "how many at once; no effect here"},
    {" union partition __partitionby ", "hint.spread", WANT_NUMBER, "all", NULL,
     "on how many nodes; no effect here"},
    {" partition __partitionby as ", "hint.materialized", WANT_BOOL, "", NULL,
     "whether the rows are kept; no effect here"},
    {" top sort order ", "hint.progressive_top", WANT_BOOL, "", NULL,
     "whether rows come early; no effect here"},
    {" render ", "chart", WANT_WORD, "", &complete_charts,
     "how a client may draw it: the word behind render"},
    {" render ", "kind", WANT_WORD, "", &complete_chart_kinds, "how bars and areas stand together"},
    {" render ", "title", WANT_ANY, "", NULL, "above the chart"},
    {" render ", "accumulate", WANT_BOOL, "", NULL, "whether each value is added to those before"},
    {" render ", "xcolumn", WANT_ANY, "", NULL, "what is along the x axis"},
    {" render ", "ycolumns", WANT_ANY, "", NULL, "what is along the y axis"},
    {" render ", "anomalycolumns", WANT_ANY, "", NULL, "which columns mark anomalies"},
    {" render ", "series", WANT_ANY, "", NULL, "what makes a line of its own"},
    {" render ", "xtitle", WANT_ANY, "", NULL, "along the x axis"},
    {" render ", "ytitle", WANT_ANY, "", NULL, "along the y axis"},
    {" render ", "xaxis", WANT_WORD, "linear log", NULL, "the scale of the x axis"},
    {" render ", "yaxis", WANT_WORD, "linear log", NULL, "the scale of the y axis"},
    {" render ", "legend", WANT_WORD, "visible hidden", NULL, "whether the lines are explained"},
    {" render ", "ysplit", WANT_WORD, "none axes panels", NULL, "how several y columns are shown"},
    {" render ", "xmin", WANT_ANY, "", NULL, "where the x axis begins"},
    {" render ", "xmax", WANT_ANY, "", NULL, "where it ends"},
    {" render ", "ymin", WANT_ANY, "", NULL, "where the y axis begins"},
    {" render ", "ymax", WANT_ANY, "", NULL, "where it ends"},
};

bool bind_has_word(const char *words, struct slice word)
{
    for (const char *at = words; *at != '\0'; at += strcspn(at, " ")) {
        at += strspn(at, " ");
        if (slice_equal_nocase(slice_from(at, strcspn(at, " ")), word))
            return true;
    }
    return false;
}

const struct complete_words *bind_option_list(struct slice op, struct slice name)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (options[i].words != NULL && bind_has_word(options[i].operators, op) &&
            slice_is(name, options[i].name))
            return options[i].words;
    }
    return NULL;
}

bool bind_option_at(uint32_t index, struct bind_option_about *ret)
{
    if (index >= sizeof(options) / sizeof(options[0]))
        return false;
    const struct option *option = &options[index];
    *ret = (struct bind_option_about){option->operators, option->name, option->values,
                                      option->summary, option->words};
    return true;
}

static bool is_value(const struct option *option, struct slice word)
{
    for (uint32_t i = 0; option->words != NULL && i < option->words->count; i++) {
        if (slice_equal_nocase(slice_of(option->words->words[i].text), word))
            return true;
    }
    return bind_has_word(option->values, word);
}

struct slice bind_nearest_word(const char *words, struct slice word, size_t *distance)
{
    struct slice best = {NULL, 0};

    for (const char *at = words; *at != '\0'; at += strcspn(at, " ")) {
        at += strspn(at, " ");
        struct slice one = slice_from(at, strcspn(at, " "));
        size_t d = one.size == 0 ? SIZE_MAX : text_distance(one, word);
        if (word.size > 2 && slice_starts_with(one, word))
            d = 0; /* left: leftouter */
        if (d < *distance) {
            *distance = d;
            best = one;
        }
    }
    return best;
}

size_t bind_near_enough(struct slice word)
{
    return word.size <= 3 ? 2 : 4;
}

/* What the operator has instead. */
static bool refuse_name(struct binder *b, const struct node *op, const struct node *param)
{
    struct slice best = {NULL, 0};
    struct slice name = slice_head(param->name, 64);
    size_t distance = bind_near_enough(name);
    struct buf all;

    buf_init(&all, KIB);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (!bind_has_word(options[i].operators, op->name))
            continue;
        struct slice near = bind_nearest_word(options[i].name, name, &distance);
        best = near.size > 0 ? near : best;
        buf_add_text(&all, all.size > 0 ? ", " : "");
        buf_add_text(&all, options[i].name);
    }
    if (best.size > 0)
        bind_fail(b, param->at, "SEM0100", "'%.*s' has no property '%.*s'; did you mean '%.*s'?",
                  SLICE_FMT(op->name), SLICE_FMT(name), SLICE_FMT(best));
    else
        bind_fail(b, param->at, "SEM0100", "'%.*s' has no property '%.*s'; it has %.*s",
                  SLICE_FMT(op->name), SLICE_FMT(name),
                  all.size == 0 ? 4 : (int)all.size, all.size == 0 ? "none" : all.data);
    buf_release(&all);
    return false;
}

bool bind_refuse_word(struct binder *b, uint32_t at, const char *what, struct slice word,
                      const char *words)
{
    size_t distance = bind_near_enough(word);
    struct slice best = bind_nearest_word(words, word, &distance);
    struct buf all;

    buf_init(&all, KIB);
    for (const char *c = words; *c != '\0'; c++) {
        if (*c == ' ')
            buf_add_text(&all, strchr(c + 1, ' ') == NULL ? " or " : ", ");
        else
            buf_add_byte(&all, *c);
    }
    if (best.size > 0)
        bind_fail(b, at, "SEM0100", "'%.*s' is not %s; did you mean '%.*s'?",
                  SLICE_FMT(slice_head(word, 64)), what, SLICE_FMT(best));
    else
        bind_fail(b, at, "SEM0100", "'%.*s' is not %s; expected %.*s",
                  SLICE_FMT(slice_head(word, 64)), what, (int)all.size, all.data);
    buf_release(&all);
    return false;
}

bool bind_refuse_value(struct binder *b, uint32_t at, const char *what, struct slice word,
                       const struct complete_words *list)
{
    struct buf values;

    buf_init(&values, KIB);
    for (uint32_t i = 0; i < list->count; i++)
        buf_add_format(&values, "%s%s", i == 0 ? "" : " ", list->words[i].text);
    buf_add_byte(&values, '\0');
    (void)bind_refuse_word(b, at, what, word, values.failed ? "" : values.data);
    buf_release(&values);
    return false;
}

static bool refuse_word(struct binder *b, const struct node *op, const struct node *param,
                        struct slice word, const struct option *option)
{
    char what[128];

    (void)snprintf(what, sizeof(what), "a %.*s of %.*s", SLICE_FMT(slice_head(param->name, 48)),
                   SLICE_FMT(slice_head(op->name, 48)));
    return option->words != NULL
               ? bind_refuse_value(b, param->args->at, what, word, option->words)
               : bind_refuse_word(b, param->args->at, what, word, option->values);
}

static bool refuse_kind(struct binder *b, const struct node *op, const struct node *param,
                        const char *wanted)
{
    bind_fail(b, param->args->at, "SEM0100", "'%.*s' of '%.*s' needs %s",
              SLICE_FMT(slice_head(param->name, 64)), SLICE_FMT(op->name), wanted);
    return false;
}

/* A word as it is written; literals of words (true, 3d) included. */
static struct slice word_of(const struct node *value)
{
    return value->kind == NODE_NAME ? value->name : (struct slice){NULL, 0};
}

static bool is_bool(const struct node *value)
{
    bool literal = value->kind == NODE_LITERAL &&
                   (value->value.type == TYPE_BOOL || value->value.type == TYPE_LONG);
    bool ignored;

    return literal || (value->kind == NODE_NAME && literal_bool(value->name, &ignored));
}

static bool check_value(struct binder *b, const struct node *op, const struct node *param,
                        const struct option *option)
{
    const struct node *value = param->args;
    struct slice word = word_of(value);

    switch (option->want) {
    case WANT_WORD:
        if (word.size == 0)
            return refuse_kind(b, op, param, "a word");
        return is_value(option, word) || refuse_word(b, op, param, word, option);
    case WANT_NUMBER:
        if (word.size > 0)
            return bind_has_word(option->values, word) ||
                   refuse_kind(b, op, param, "a whole number");
        return (value->kind == NODE_LITERAL && value->value.type == TYPE_LONG) ||
               refuse_kind(b, op, param, "a whole number");
    case WANT_BOOL:
        return is_bool(value) || refuse_kind(b, op, param, "true or false");
    case WANT_NAME:
    case WANT_NAMES:
        return word.size > 0 || refuse_kind(b, op, param, "the name of a column");
    case WANT_LETTERS:
        if (word.size == 0)
            return refuse_kind(b, op, param, "a word");
        for (size_t i = 0; i < word.size; i++) {
            if (strchr(option->values, word.data[i]) == NULL)
                return refuse_word(b, op, param, slice_from(word.data + i, 1), option);
        }
        return true;
    case WANT_ANY:
    case WANT_EACH:
        return true;
    }
    return true;
}

static const struct option *find(const struct node *op, const struct node *param)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (bind_has_word(options[i].operators, op->name) &&
            slice_equal_nocase(param->name, slice_of(options[i].name)))
            return &options[i];
    }
    return NULL;
}

bool bind_check_options(struct binder *b, const struct node *op)
{
    for (const struct node *param = op->params; param != NULL; param = param->next) {
        const struct option *option = find(op, param);
        if (option == NULL)
            return refuse_name(b, op, param);
        for (const struct node *other = op->params; other != param; other = other->next) {
            bool twice = slice_equal(other->name, param->name);
            if (twice && option->want != WANT_EACH && option->want != WANT_NAMES) {
                bind_fail(b, param->at, "SEM0100", "'%.*s' stands twice",
                          SLICE_FMT(slice_head(param->name, 64)));
                return false;
            }
        }
        if (!check_value(b, op, param, option))
            return false;
    }
    return true;
}
