/* SPDX-License-Identifier: Apache-2.0 */
/* bind_options.c - what stands as `name = value` behind an operator's name: its kind, hints,
 * properties.  Only what the operator has, and only values that mean something: what is
 * misspelt would else be left out without a word.  Names and values: the language's
 * reference and its public grammar. */
#include "query/bind_priv.h"

#include "base/limits.h"
#include "base/text.h"
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
#define CHARTS "default unstacked stacked stacked100 map"

/* operators and values: words between blanks */
static const struct option {
    const char *operators, *name;
    enum want want;
    const char *values;
} options[] = {
    {" join ", "kind", WANT_WORD,
     "inner innerunique leftouter rightouter fullouter leftanti anti leftantisemi rightanti "
     "rightantisemi leftsemi semi rightsemi"},
    {" lookup ", "kind", WANT_WORD, "inner leftouter"},
    {" union ", "kind", WANT_WORD, "inner outer"},
    {" union ", "isfuzzy", WANT_BOOL, ""},
    {" union ", "best_effort", WANT_BOOL, ""},
    {" union search find ", "withsource", WANT_NAME, ""},
    {" union search find ", "with_source", WANT_NAME, ""},
    {" mv-expand mvexpand mv-apply mvapply ", "kind", WANT_WORD, "array bag"},
    {" mv-expand mvexpand mv-apply mvapply ", "bagexpansion", WANT_WORD, "array bag"},
    {" mv-expand mvexpand mv-apply mvapply ", "with_itemindex", WANT_NAME, ""},
    {" mv-expand mvexpand mv-apply mvapply ", "limit", WANT_ANY, ""},
    {" parse parse-where ", "kind", WANT_WORD, "simple regex relaxed"},
    {" parse parse-where ", "flags", WANT_LETTERS, "i m s U"},
    {" make-series ", "kind", WANT_WORD, "nonempty"},
    {" reduce ", "kind", WANT_WORD, "source"},
    {" search ", "kind", WANT_WORD, "default case_insensitive case_sensitive"},
    {" find search ", "datascope", WANT_WORD, "all hotcache"},
    {" getschema ", "kind", WANT_WORD, "csl"},
    {" consume ", "decodeblocks", WANT_BOOL, ""},
    {" scan ", "kind", WANT_WORD, "match"},
    {" scan ", "with_match_id", WANT_NAME, ""},
    {" parse-kv ", "pair_delimiter", WANT_ANY, ""},
    {" parse-kv ", "kv_delimiter", WANT_ANY, ""},
    {" parse-kv ", "regex", WANT_ANY, ""},
    {" parse-kv ", "quote", WANT_EACH, ""},
    {" parse-kv ", "escape", WANT_EACH, ""},
    {" parse-kv ", "greedy", WANT_ANY, ""},
    {" externaldata external_data ", "format", WANT_ANY, ""},
    {" externaldata external_data ", "ignorefirstrecord", WANT_ANY, ""},
    {" externaldata external_data ", "ingestionmapping", WANT_ANY, ""},
    {" externaldata external_data ", "ingestionmappingtype", WANT_ANY, ""},
    {" externaldata external_data ", "ingestionmappingreference", WANT_ANY, ""},
    {" externaldata external_data ", "zippattern", WANT_ANY, ""},
    {" join summarize distinct partition __partitionby evaluate sort order make-series union ",
     "hint.strategy", WANT_WORD, STRATEGIES},
    {" join summarize distinct make-series partition __partitionby ", "hint.shufflekey",
     WANT_NAMES, ""},
    {" join summarize distinct partition __partitionby ", "hint.num_partitions", WANT_NUMBER, ""},
    {" join evaluate lookup ", "hint.remote", WANT_WORD, "auto left local right"},
    {" evaluate ", "hint.distribution", WANT_WORD, "single per_node per_shard default"},
    {" evaluate ", "hint.pass_filters", WANT_ANY, ""},
    {" evaluate ", "hint.pass_filters_column", WANT_NAMES, ""},
    {" union partition __partitionby ", "hint.concurrency", WANT_NUMBER, "all"},
    {" union partition __partitionby ", "hint.spread", WANT_NUMBER, "all"},
    {" partition __partitionby as ", "hint.materialized", WANT_BOOL, ""},
    {" top sort order ", "hint.progressive_top", WANT_BOOL, ""},
    {" render ", "chart", WANT_WORD,
     "anomalychart areachart barchart card columnchart ladderchart linechart list piechart "
     "pivotchart plotly scatterchart stackedareachart table timechart timeline timepivot treemap "
     "3Dchart"},
    {" render ", "kind", WANT_WORD, CHARTS},
    {" render ", "title", WANT_ANY, ""},
    {" render ", "accumulate", WANT_BOOL, ""},
    {" render ", "xcolumn", WANT_ANY, ""},
    {" render ", "ycolumns", WANT_ANY, ""},
    {" render ", "anomalycolumns", WANT_ANY, ""},
    {" render ", "series", WANT_ANY, ""},
    {" render ", "xtitle", WANT_ANY, ""},
    {" render ", "ytitle", WANT_ANY, ""},
    {" render ", "xaxis", WANT_WORD, "linear log"},
    {" render ", "yaxis", WANT_WORD, "linear log"},
    {" render ", "legend", WANT_WORD, "visible hidden"},
    {" render ", "ysplit", WANT_WORD, "none axes panels"},
    {" render ", "xmin", WANT_ANY, ""},
    {" render ", "xmax", WANT_ANY, ""},
    {" render ", "ymin", WANT_ANY, ""},
    {" render ", "ymax", WANT_ANY, ""},
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

const char *bind_option_words(struct slice op, struct slice name)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (options[i].want == WANT_WORD && bind_has_word(options[i].operators, op) &&
            slice_is(name, options[i].name))
            return options[i].values;
    }
    return "";
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

static bool refuse_word(struct binder *b, const struct node *op, const struct node *param,
                        struct slice word, const char *words)
{
    char what[128];

    (void)snprintf(what, sizeof(what), "a %.*s of %.*s", SLICE_FMT(slice_head(param->name, 48)),
                   SLICE_FMT(slice_head(op->name, 48)));
    return bind_refuse_word(b, param->args->at, what, word, words);
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
        return bind_has_word(option->values, word) ||
               refuse_word(b, op, param, word, option->values);
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
                return refuse_word(b, op, param, slice_from(word.data + i, 1), option->values);
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
