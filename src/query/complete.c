/* SPDX-License-Identifier: Apache-2.0 */
/* complete.c - query_complete(): the words, names and values that fit a place.
 *
 * Columns come from binding the pipeline before the cursor as a query of its own; an
 * operator or a let that does not bind is left out, and the rest is tried again.
 * Values come from running that pipeline on one thread within VALUES_MS: batches
 * have dictionaries, so counting is a look at their codes.
 */
#include "query/complete_priv.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/text.h"
#include "query/bind_priv.h"
#include "query/op_priv.h"
#include "query/special.h"

#include <stdio.h>
#include <stdlib.h>

#define BIND_TRIES_MAX 6u
#define BIND_MS 25u
#define VALUES_MS 40u
#define VALUES_KEPT_MAX 4096u
#define VALUES_SHOWN_MAX 50u
#define VALUE_BYTES_MAX 200u
#define MEMORY_BYTES (128 * MIB)

const char *query_item_kind_name(enum query_item_kind kind)
{
    static const char *const names[] = {
        [ITEM_OPERATOR] = "operator", [ITEM_KEYWORD] = "keyword",     [ITEM_TABLE] = "table",
        [ITEM_COLUMN] = "column",     [ITEM_FUNCTION] = "function",   [ITEM_LET] = "let",
        [ITEM_VALUE] = "value",       [ITEM_AGGREGATE] = "aggregate",
    };
    return names[kind];
}

struct completer {
    const struct query_request *request;
    struct arena *arena;
    struct complete_context context;
    struct query_item *items; /* QUERY_ITEMS_MAX */
    uint32_t count;
    bool full;
    struct query_completion *ret;
    struct error *err;
};

static bool matches(struct slice text, struct slice word)
{
    return text.size >= word.size && slice_equal_nocase(slice_head(text, word.size), word);
}

/* Keeps what begins with the word; an item that is there already is not added. */
static void add(struct completer *c, const struct query_item *item)
{
    if (c->err->status != STATUS_OK || !matches(item->text, c->context.word))
        return;
    for (uint32_t i = 0; i < c->count; i++) {
        if (slice_equal(c->items[i].text, item->text))
            return;
    }
    if (c->count == QUERY_ITEMS_MAX) {
        c->full = true;
        return;
    }
    c->items[c->count++] = *item;
}

static void add_words(struct completer *c, const struct complete_words *words,
                      enum query_item_kind kind)
{
    for (uint32_t i = 0; i < words->count; i++) {
        const struct complete_word *w = &words->words[i];
        add(c, &(struct query_item){kind, slice_of(w->text), slice_of(w->detail),
                                    slice_of(w->summary)});
    }
}

static void add_text_operators(struct completer *c)
{
    for (uint32_t i = 0; special_text_at(i) != NULL; i++) {
        const struct special *one = special_text_at(i);
        if (!special_text_is_old(i))
            add(c, &(struct query_item){ITEM_KEYWORD, slice_of(one->name),
                                        slice_of(one->signature), slice_of(one->summary)});
    }
}

static void add_aggregate(struct completer *c, const struct aggregate *a)
{
    if (a != NULL)
        add(c, &(struct query_item){ITEM_AGGREGATE, slice_of(a->name), slice_of(a->signature),
                                    slice_of(a->summary)});
}

/* Those that nearly every query uses come first. */
static void add_aggregates(struct completer *c)
{
    static const char *const common[] = {"count",   "dcount",   "countif",   "sum",     "min",
                                         "max",     "avg",      "make_set",  "make_list",
                                         "arg_max", "arg_min",  "take_any"};
    uint32_t family_count;
    const struct function_family *const *families = function_families(&family_count);

    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
        add_aggregate(c, aggregate_find(slice_of(common[i])));
    for (uint32_t f = 0; f < family_count; f++) {
        for (uint32_t i = 0; i < families[f]->aggregate_count; i++)
            add_aggregate(c, &families[f]->aggregates[i]);
    }
}

/* They may give tables or values; which one is known when they are bound. */
static void add_stored_function(void *context, struct slice name)
{
    struct completer *c = context;

    if (!matches(name, c->context.word))
        return;
    name = arena_copy(c->arena, name, c->err);
    if (name.data != NULL)
        add(c, &(struct query_item){ITEM_FUNCTION, name, SLICE("a stored function"), {"", 0}});
}

static void add_stored_functions(struct completer *c)
{
    const struct query_env *env = c->request->env;

    if (env != NULL && env->functions != NULL)
        env->functions(env->context, add_stored_function, c);
}

static void add_functions(struct completer *c)
{
    uint32_t family_count;
    const struct function_family *const *families = function_families(&family_count);

    for (uint32_t f = 0; f < family_count; f++) {
        for (uint32_t i = 0; i < families[f]->function_count; i++) {
            const struct function *fn = &families[f]->functions[i];
            if ((fn->flags & FUNCTION_DEPRECATED) == 0)
                add(c, &(struct query_item){ITEM_FUNCTION, slice_of(fn->name),
                                            slice_of(fn->signature), slice_of(fn->summary)});
        }
    }
    for (uint32_t i = 0; special_at(i) != NULL; i++) {
        const struct special *s = special_at(i);
        add(c, &(struct query_item){ITEM_FUNCTION, slice_of(s->name), slice_of(s->signature),
                                    slice_of(s->summary)});
    }
    add_words(c, &complete_window_functions, ITEM_FUNCTION);
    add_stored_functions(c);
}

static void add_table(void *context, struct slice name)
{
    struct completer *c = context;

    if (!matches(name, c->context.word))
        return;
    name = arena_copy(c->arena, name, c->err); /* it lives as long as this call */
    if (name.data != NULL)
        add(c, &(struct query_item){ITEM_TABLE, name, {"", 0}, {"", 0}});
}

static void add_tables(struct completer *c)
{
    const struct query_env *env = c->request->env;

    if (env == NULL)
        return;
    if (env->stored != NULL) /* those with rows first */
        env->stored(env->context, add_table, c);
    if (env->names != NULL)
        env->names(env->context, add_table, c);
}

static void add_lets(struct completer *c)
{
    for (uint32_t i = c->context.let_count; i-- > 0;)
        add(c, &(struct query_item){ITEM_LET, c->context.let_names[i], {"", 0}, {"", 0}});
}

/* ---- the pipeline before the cursor, bound ---- */

struct schema_sink {
    struct query_sink sink; /* first */
    struct arena *arena;
    struct schema schema;
};

static enum status keep_schema(struct query_sink *sink, const struct schema *schema,
                               struct error *err)
{
    struct schema_sink *s = (struct schema_sink *)sink;
    struct column *columns = ARENA_ARRAY(s->arena, struct column, schema->column_count + 1, err);

    for (uint32_t i = 0; columns != NULL && i < schema->column_count; i++) {
        columns[i].type = schema->columns[i].type;
        columns[i].name = arena_copy(s->arena, schema->columns[i].name, err);
        if (columns[i].name.data == NULL)
            return err->status;
    }
    s->schema = (struct schema){columns, schema->column_count};
    return columns == NULL ? err->status : STATUS_OK;
}

static enum status no_rows(struct query_sink *sink, const struct batch *batch, struct error *err)
{
    (void)sink;
    (void)batch;
    (void)err;
    return STATUS_OK;
}

/* The parts as a query; *ret_ends has the end of each part in it. */
static enum status join_parts(struct completer *c, struct slice tail, struct buf *ret,
                              size_t *ret_ends)
{
    const struct complete_context *x = &c->context;
    uint32_t part = 0;

    for (uint32_t i = 0; i < x->let_count; i++) {
        buf_add_slice(ret, x->lets[i]);
        buf_add_text(ret, x->lets[i].size > 0 ? "\n;" : "");
        ret_ends[part++] = ret->size;
    }
    for (uint32_t i = 0; i < x->segment_count; i++) {
        buf_add_text(ret, i > 0 && x->segments[i].size > 0 ? "\n|" : "");
        buf_add_slice(ret, x->segments[i]);
        ret_ends[part++] = ret->size;
    }
    buf_add_slice(ret, tail);
    return buf_check(ret, c->err);
}

static size_t offset_of(struct slice text, const struct error *err)
{
    size_t at = 0;

    for (uint32_t line = 1; line < err->line; line++) {
        size_t feed = slice_find_byte(text, '\n', at);
        if (feed == SIZE_MAX)
            break;
        at = feed + 1;
    }
    for (uint32_t column = 1; column < err->column && at < text.size; column++)
        (void)text_next_rune(text, &at);
    return at;
}

/* Leaves out the let or operator that the error is about; false: there is none. */
static bool drop_part(struct completer *c, struct slice text, const size_t *ends,
                      const struct error *err)
{
    struct complete_context *x = &c->context;
    size_t at = offset_of(text, err);

    for (uint32_t i = 0; err->line > 0 && i < x->let_count + x->segment_count; i++) {
        struct slice *part = i < x->let_count ? &x->lets[i] : &x->segments[i - x->let_count];
        if (at >= ends[i])
            continue;
        if (i == x->let_count || part->size == 0)
            return false; /* the source, or nothing */
        *part = slice_from("", 0);
        return true;
    }
    return false;
}

/* The columns behind the pipeline and `tail`; false: they are not known. */
static bool find_columns(struct completer *c, struct slice tail, struct schema *ret)
{
    size_t *ends = ARENA_ARRAY(c->arena, size_t, 2 * COMPLETE_SEGMENTS_MAX + 1, c->err);
    bool found = false;

    if (ends == NULL || c->context.segment_count == 0)
        return false;
    for (uint32_t i = 0; i < BIND_TRIES_MAX && !found; i++) {
        struct schema_sink sink = {.sink = {.begin = keep_schema, .rows = no_rows},
                                   .arena = c->arena};
        struct query_request request = *c->request;
        struct query_stats *stats = ARENA_NEW(c->arena, struct query_stats, c->err);
        struct error err = {0};
        struct buf text;
        buf_init(&text, 2 * QUERY_TEXT_BYTES_MAX);
        bool bound = stats != NULL && join_parts(c, tail, &text, ends) == STATUS_OK;
        request.text = buf_slice(&text);
        request.check_only = true;
        request.memory_bytes = MEMORY_BYTES;
        request.time_ms = BIND_MS;
        bound = bound && query_run(&request, &sink.sink, stats, &err) == STATUS_OK;
        found = bound;
        *ret = sink.schema;
        bool again = !bound && err.status == STATUS_INVALID &&
                     drop_part(c, buf_slice(&text), ends, &err);
        buf_release(&text);
        if (!again)
            break;
    }
    return found;
}

static void add_columns(struct completer *c)
{
    struct schema schema = {0};

    if (!find_columns(c, slice_from("", 0), &schema))
        return;
    for (uint32_t i = 0; i < schema.column_count && c->err->status == STATUS_OK; i++) {
        struct slice name = schema.columns[i].name;
        bool plain = name.size > 0 && lex_is_name_start(name.data[0]);
        struct buf quoted;
        for (size_t k = 0; k < name.size; k++)
            plain = plain && lex_is_name_char(name.data[k]);
        if (!plain) {
            buf_init(&quoted, 4 * KIB);
            buf_add_byte(&quoted, '[');
            text_add_json_string(&quoted, name);
            buf_add_byte(&quoted, ']');
            name = arena_copy(c->arena, buf_slice(&quoted), c->err);
            buf_release(&quoted);
        }
        if (name.data != NULL)
            add(c, &(struct query_item){ITEM_COLUMN, name,
                                        slice_of(type_name(schema.columns[i].type)), {"", 0}});
    }
}

/* Behind `Time > `: what gives a time. */
static void add_times(struct completer *c)
{
    static const char *const names[] = {"ago",        "now",         "startofday", "endofday",
                                        "startofweek", "startofmonth", "todatetime"};
    struct schema schema = {0};
    struct buf tail;

    if (c->context.operand.size == 0)
        return;
    buf_init(&tail, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&tail, "\n| project ");
    buf_add_slice(&tail, c->context.operand);
    bool is_time = find_columns(c, buf_slice(&tail), &schema) && schema.column_count == 1 &&
                   schema.columns[0].type == TYPE_DATETIME;
    buf_release(&tail);
    for (size_t i = 0; is_time && i < sizeof(names) / sizeof(names[0]); i++) {
        const struct function *f = function_find(slice_of(names[i]));
        if (f != NULL)
            add(c, &(struct query_item){ITEM_FUNCTION, slice_of(f->name), slice_of(f->signature),
                                        slice_of(f->summary)});
    }
}

/* ---- values ---- */

struct value_sink {
    struct query_sink sink; /* first */
    struct arena *arena;
    struct group_table values;  /* by their text */
    uint64_t *counts;           /* VALUES_KEPT_MAX */
    uint64_t *by_code;
    uint32_t code_capacity;
    enum type type;
    bool full;
};

static enum status count_value(struct value_sink *s, const struct vector *v, uint32_t element,
                               uint64_t rows, struct error *err)
{
    struct value value = vector_element(v, element);
    struct buf text;
    uint32_t group = 0;
    bool is_new = false;
    enum status status = STATUS_OK;

    if (rows == 0 || value.is_null || (type_is_bytes(v->type) && value.bytes.size == 0))
        return STATUS_OK;
    buf_init(&text, MIB);
    query_add_text(&text, &value);
    struct slice key = buf_slice(&text);
    if (key.size <= VALUE_BYTES_MAX) {
        uint64_t hash = hash_slice(key);
        group = group_find(&s->values, key, hash);
        if (group == GROUP_NONE && s->values.count == VALUES_KEPT_MAX) {
            s->full = true;
        } else {
            if (group == GROUP_NONE) {
                key = arena_copy(s->arena, key, err);
                status = key.data == NULL
                             ? err->status
                             : group_add(&s->values, key, hash, &group, &is_new, err);
            }
            if (status == STATUS_OK)
                s->counts[group] += rows;
        }
    }
    buf_release(&text);
    return status;
}

static enum status count_rows(struct query_sink *sink, const struct batch *batch,
                              struct error *err)
{
    struct value_sink *s = (struct value_sink *)sink;
    const struct vector *v = &batch->columns[0];
    uint32_t elements = vector_element_count(v);
    enum status status = STATUS_OK;

    s->type = v->type;
    if (elements > s->code_capacity) {
        s->by_code = ARENA_ARRAY(s->arena, uint64_t, elements, err);
        if (s->by_code == NULL)
            return err->status;
        s->code_capacity = elements;
    }
    memset(s->by_code, 0, elements * sizeof(*s->by_code));
    for (uint32_t r = 0; r < batch->row_count; r++)
        s->by_code[vector_index(v, r)]++;
    for (uint32_t e = 0; status == STATUS_OK && e < elements; e++)
        status = count_value(s, v, e, s->by_code[e], err);
    return status;
}

static void add_value(struct completer *c, const struct value_sink *s, uint32_t group)
{
    struct slice key = s->values.entries[group].key;
    struct query_item item = {.kind = ITEM_VALUE, .summary = {"", 0}};
    char rows[48];
    struct buf literal;

    if (!matches(key, c->context.word))
        return;
    buf_init(&literal, 8 * VALUE_BYTES_MAX);
    if (s->type == TYPE_STRING || s->type == TYPE_GUID || s->type == TYPE_DYNAMIC)
        text_add_json_string(&literal, key);
    else if (s->type == TYPE_DATETIME || s->type == TYPE_TIMESPAN || s->type == TYPE_DECIMAL)
        buf_add_format(&literal, "%s(%.*s)", type_name(s->type), SLICE_FMT(key));
    else
        buf_add_slice(&literal, key);
    (void)snprintf(rows, sizeof(rows), "%llu rows", (unsigned long long)s->counts[group]);
    item.text = arena_copy(c->arena, buf_slice(&literal), c->err);
    item.detail = arena_copy(c->arena, slice_of(rows), c->err);
    if (item.text.data != NULL && item.detail.data != NULL && c->count < QUERY_ITEMS_MAX)
        c->items[c->count++] = item;
    buf_release(&literal);
}

/* The most frequent ones first. */
static void add_counted(struct completer *c, struct value_sink *s)
{
    for (uint32_t n = 0; n < VALUES_SHOWN_MAX; n++) {
        uint32_t best = GROUP_NONE;
        for (uint32_t g = 0; g < s->values.count; g++) {
            if (s->counts[g] > 0 && matches(s->values.entries[g].key, c->context.word) &&
                (best == GROUP_NONE || s->counts[g] > s->counts[best]))
                best = g;
        }
        if (best == GROUP_NONE)
            return;
        add_value(c, s, best);
        s->counts[best] = 0;
    }
    c->full = true;
}

/* " | project v = operand", as text where the operand is dynamic. */
static enum status value_tail(struct completer *c, bool as_text, struct slice *ret)
{
    struct buf tail;

    buf_init(&tail, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&tail, as_text ? "\n| project __v = tostring(" : "\n| project __v = (");
    buf_add_slice(&tail, c->context.operand);
    buf_add_text(&tail, "\n)");
    *ret = arena_copy(c->arena, buf_slice(&tail), c->err);
    buf_release(&tail);
    return ret->data == NULL ? c->err->status : STATUS_OK;
}

static void add_values(struct completer *c)
{
    struct value_sink sink = {.sink = {.rows = count_rows}, .arena = c->arena};
    struct query_request request = *c->request;
    size_t *ends = ARENA_ARRAY(c->arena, size_t, 2 * COMPLETE_SEGMENTS_MAX + 1, c->err);
    struct query_stats *stats = ARENA_NEW(c->arena, struct query_stats, c->err);
    struct schema schema = {0};
    struct error err = {0};
    struct slice tail;
    struct buf text;

    sink.counts = ARENA_ARRAY(c->arena, uint64_t, VALUES_KEPT_MAX, c->err);
    if (ends == NULL || stats == NULL || sink.counts == NULL ||
        group_init(&sink.values, c->arena, c->err) != STATUS_OK ||
        value_tail(c, false, &tail) != STATUS_OK || !find_columns(c, tail, &schema))
        return;
    if (schema.columns[0].type == TYPE_DYNAMIC && value_tail(c, true, &tail) != STATUS_OK)
        return;
    buf_init(&text, 2 * QUERY_TEXT_BYTES_MAX);
    if (join_parts(c, tail, &text, ends) == STATUS_OK) {
        request.text = buf_slice(&text);
        request.memory_bytes = MEMORY_BYTES;
        request.time_ms = VALUES_MS;
        request.rows_max = UINT64_MAX;
        request.thread_count = 1;
        c->ret->read_values = true;
        c->full = query_run(&request, &sink.sink, stats, &err) != STATUS_OK ||
                  !stats->scan.complete || sink.full;
        add_counted(c, &sink);
    }
    buf_release(&text);
}

/* ---- by place ---- */

/* Directly behind a word. */
static bool is_behind(const struct completer *c, const char *word)
{
    struct slice before = slice_trim(slice_head(c->request->text, c->context.from));

    return slice_ends_with(before, slice_of(word));
}

static void add_plugins(struct completer *c)
{
    for (uint32_t i = 0; special_plugin_at(i) != NULL; i++) {
        const struct special *p = special_plugin_at(i);
        add(c, &(struct query_item){ITEM_FUNCTION, slice_of(p->name), slice_of(p->signature),
                                    slice_of(p->summary)});
    }
}

static void add_operands(struct completer *c)
{
    bool aggregates = !c->context.is_behind_by && (slice_is(c->context.op_name, "summarize") ||
                                                   slice_is(c->context.op_name, "make-series"));

    if (aggregates && !c->context.is_in_call)
        add_aggregates(c);
    add_times(c);
    add_columns(c);
    add_lets(c);
    if (aggregates)
        add_aggregates(c);
    add_functions(c);
}

static void add_expression(struct completer *c)
{
    static const struct complete_word regex[] = {{"regex", "", "a pattern of RE2"}};
    const struct complete_words of_matches = {regex, 1};
    bool is_invoke = slice_is(c->context.op_name, "invoke") && !c->context.is_in_call;

    if (slice_is(c->context.op_name, "evaluate") && is_behind(c, "evaluate"))
        add_plugins(c);
    else if (is_behind(c, "matches"))
        add_words(c, &of_matches, ITEM_KEYWORD);
    else if (is_invoke) {
        add_lets(c);
        add_stored_functions(c);
    } else
        add_operands(c);
}

static void add_behind(struct completer *c)
{
    struct slice name = c->context.op_name;
    const struct complete_word *word;

    for (uint32_t n = 0; (word = complete_keyword(name, n)) != NULL; n++) {
        bool is_first = slice_is(name, "sort") || slice_is(name, "order");
        if (c->context.is_bare || !is_first)
            add_words(c, &(struct complete_words){word, 1}, ITEM_KEYWORD);
    }
    if (c->context.is_bare || slice_is(name, "render"))
        return;
    if (slice_is(name, "sort") || slice_is(name, "order") || slice_is(name, "top"))
        add_words(c, &complete_order, ITEM_KEYWORD);
    else if (c->context.is_compared)
        add_words(c, &complete_logic, ITEM_KEYWORD);
    else {
        add_words(c, &complete_infix, ITEM_KEYWORD);
        add_text_operators(c);
    }
}

static void add_kinds(struct completer *c)
{
    const struct complete_words *kinds = bind_option_list(c->context.op_name, SLICE("kind"));

    if (kinds != NULL)
        add_words(c, kinds, ITEM_KEYWORD);
}

static void add_items(struct completer *c)
{
    switch (c->context.place) {
    case PLACE_NOTHING:
        break;
    case PLACE_SOURCE:
        add_lets(c);
        add_tables(c);
        if (c->context.op_name.size == 0)
            add_words(c, &complete_sources, ITEM_KEYWORD);
        add_words(c, &complete_elsewhere, ITEM_KEYWORD);
        add_stored_functions(c);
        break;
    case PLACE_OPERATOR:
        add_words(c, &complete_operators, ITEM_OPERATOR);
        break;
    case PLACE_EXPRESSION:
        add_expression(c);
        break;
    case PLACE_COLUMN:
        add_columns(c);
        break;
    case PLACE_BEHIND:
        add_behind(c);
        break;
    case PLACE_VALUE:
        add_values(c);
        if (!c->context.is_quoted)
            add_lets(c);
        break;
    case PLACE_KIND:
        add_kinds(c);
        break;
    case PLACE_HINT:
        add_words(c, &complete_hints, ITEM_KEYWORD);
        break;
    case PLACE_CHART:
        add_words(c, &complete_charts, ITEM_KEYWORD);
        break;
    case PLACE_PROPERTY:
        add_words(c, &complete_properties, ITEM_KEYWORD);
        break;
    case PLACE_TYPE:
        add_words(c, &complete_types, ITEM_KEYWORD);
        break;
    }
}

/* The end of the word or of the string that the cursor stands in. */
static uint32_t word_end(struct slice text, uint32_t at, bool quoted, uint32_t from)
{
    uint32_t end = at;

    if (quoted) {
        char quote = text.data[text.data[from] == '@' ? from + 1 : from];
        return end < text.size && text.data[end] == quote ? end + 1 : end;
    }
    while (end < text.size && lex_is_name_char(text.data[end]))
        end++;
    return end;
}

enum status query_complete(const struct query_request *request, uint32_t at, struct arena *arena,
                           struct query_completion *ret, struct error *err)
{
    struct completer *c = ARENA_NEW(arena, struct completer, err);

    *ret = (struct query_completion){.from = at, .to = at, .complete = true};
    if (c == NULL)
        return err->status;
    if (request->text.size > QUERY_TEXT_BYTES_MAX || at > request->text.size)
        return ERROR_SET(err, STATUS_INVALID, "the position is behind the end of the text");
    *err = (struct error){0};
    c->request = request;
    c->arena = arena;
    c->ret = ret;
    c->err = err;
    c->items = ARENA_ARRAY(arena, struct query_item, QUERY_ITEMS_MAX, err);
    if (c->items == NULL ||
        complete_context(arena, request->text, at, &c->context, err) != STATUS_OK)
        return err->status;
    add_items(c);
    if (c->context.place != PLACE_NOTHING) {
        ret->from = c->context.from;
        ret->to = word_end(request->text, at, c->context.is_quoted, c->context.from);
    }
    ret->items = c->items;
    ret->count = c->count;
    ret->complete = !c->full;
    return err->status;
}
