/* SPDX-License-Identifier: Apache-2.0 */
/* push.c - which conjuncts of a predicate the scan below may use.
 *
 * Hints: a filter must never exclude a row that the predicate accepts.  If all
 * conjuncts are filters that say the same as they do (push_is_whole()), the
 * predicate need not be evaluated on what the source decided.
 */
#include "query/op_priv.h"
#include "table/search.h"

#include <math.h>

bool push_column_path(struct query *q, const struct expr *e, uint32_t *ret_column,
                      struct slice *ret_path)
{
    struct error ignored = {0};
    const struct expr *steps[16];
    uint32_t count = 0;

    *ret_path = slice_from(NULL, 0);
    while (e->kind == EXPR_CALL && count < 16) {
        if (slice_is(slice_of(e->function->name), "tostring")) {
            e = e->args[0];
            if (e->type != TYPE_STRING && e->type != TYPE_DYNAMIC)
                return false; /* its text is not how the table keeps it */
            continue;
        }
        if (e->function != &operator_member || e->args[1]->kind != EXPR_CONST)
            return false;
        steps[count++] = e->args[1];
        e = e->args[0];
    }
    if (e->kind != EXPR_COLUMN)
        return false;
    *ret_column = e->column;
    if (count == 0)
        return true;
    struct buf buf;
    buf_init(&buf, 4096);
    for (uint32_t i = count; i > 0; i--) {
        struct slice step = steps[i - 1]->value.bytes;
        if (step.size == 0 || slice_find_byte(step, '.', 0) != SIZE_MAX ||
            slice_find_byte(step, '[', 0) != SIZE_MAX ||
            slice_find_byte(step, '\\', 0) != SIZE_MAX) {
            buf_release(&buf);
            return false;
        }
        if (i < count)
            buf_add_byte(&buf, '.');
        buf_add_slice(&buf, step);
    }
    *ret_path = arena_copy(q->arena, buf_slice(&buf), &ignored);
    buf_release(&buf);
    return ret_path->data != NULL;
}

static bool is_range_type(enum type type)
{
    return type == TYPE_DATETIME || type == TYPE_TIMESPAN || type == TYPE_LONG ||
           type == TYPE_INT;
}

static const char *mirrored(const char *op)
{
    static const char *const pairs[][2] = {{"<", ">"}, {">", "<"}, {"<=", ">="}, {">=", "<="}};

    for (int i = 0; i < 4; i++) {
        if (strcmp(op, pairs[i][0]) == 0)
            return pairs[i][1];
    }
    return op;
}

static bool comparison(struct query *q, const struct expr *e, struct pushed *ret)
{
    const char *op = e->function->name;
    const struct expr *column = e->args[0];
    const struct expr *constant = e->args[1];

    if (operator_compare(slice_of(op)) != e->function)
        return false;
    if (column->kind == EXPR_CONST) {
        column = e->args[1];
        constant = e->args[0];
        op = mirrored(op);
    }
    if (constant->kind != EXPR_CONST || constant->value.is_null ||
        constant->type == TYPE_DYNAMIC || strcmp(op, "!=") == 0 ||
        !push_column_path(q, column, &ret->column, &ret->path))
        return false;
    if (strcmp(op, "==") == 0) {
        ret->kind = FILTER_EQUAL;
        ret->values = &constant->value;
        ret->value_count = 1;
        return true;
    }
    if (!is_range_type(constant->type) || ret->path.size > 0)
        return false;
    int64_t bound = constant->value.integer;
    if (op[1] != '=' && bound == (op[0] == '<' ? INT64_MIN : INT64_MAX))
        return false; /* nothing is beyond */
    ret->kind = FILTER_RANGE;
    ret->low = INT64_MIN;
    ret->high = INT64_MAX;
    if (op[0] == '<')
        ret->high = op[1] == '=' ? bound : bound - 1;
    else
        ret->low = op[1] == '=' ? bound : bound + 1;
    return true;
}

/* Does a text of JSON show it as it is, and in one of its texts?  A line feed is written as
 * two characters, a comma may stand between two texts. */
static bool stands_alone(struct slice words)
{
    for (size_t i = 0; i < words.size; i++) {
        char c = words.data[i];
        if ((unsigned char)c <= ' ' || memchr("\"\\[]{},/", c, 8) != NULL)
            return false;
    }
    return true;
}

/* How much a term tells: numbers are in times, too, so any other tells more. */
static size_t telling(struct slice term)
{
    size_t digits = 0;

    while (digits < term.size && term.data[digits] >= '0' && term.data[digits] <= '9')
        digits++;
    return term.size + (digits < term.size ? QUERY_TEXT_BYTES_MAX : 0);
}

/* Arrays and objects are shown as JSON, whose line feed makes nword of a word: no term that is in
 * them, as they came or as they are meant. */
static bool may_be_made(struct slice words, struct slice term)
{
    return term.data == words.data ? push_may_begin_with_escape(term) : term.data[-1] == '\\';
}

/* A source finds what stands alone.  What does not, be it two words or a path, is only where the
 * most telling of its terms is.  False: it has none. */
static bool search_term(struct query *q, struct pushed *search)
{
    const struct slice words = search->values->bytes;
    struct slice best = {NULL, 0}, term;
    struct error ignored = {0};
    size_t at = 0;

    if (stands_alone(words))
        return true;
    while (search_next_term(words, &at, &term)) {
        if (!may_be_made(words, term) && (best.size == 0 || telling(term) > telling(best)))
            best = term;
    }
    struct value *value = ARENA_NEW(q->arena, struct value, &ignored);
    if (best.size == 0 || value == NULL)
        return false;
    *value = (struct value){.type = TYPE_STRING, .bytes = best};
    search->values = value;
    search->is_wider = true;
    return true;
}

/* All of a column of arrays and objects, or its text. */
static bool is_of_containers(const struct expr *e, const struct pushed *search)
{
    while (e->kind == EXPR_CALL)
        e = e->args[0];
    return e->type == TYPE_DYNAMIC && search->path.size == 0;
}

static bool text_search(struct query *q, const struct expr *e, struct pushed *ret)
{
    const struct function *f = e->function;
    bool equal = f == operator_string(SLICE("=~"));
    bool exact_case = f == operator_string(SLICE("has_cs"));
    bool has = f == operator_string(SLICE("has")) || exact_case;

    if ((!equal && !has) || e->args[1]->kind != EXPR_CONST ||
        !push_column_path(q, e->args[0], &ret->column, &ret->path))
        return false;
    ret->kind = equal ? FILTER_EQUAL_NOCASE : FILTER_HAS;
    ret->is_wider = exact_case;
    ret->values = &e->args[1]->value;
    ret->value_count = 1;
    if (e->args[1]->value.bytes.size == 0)
        return false;
    return equal || !is_of_containers(e->args[0], ret) || search_term(q, ret);
}

/* A source compares each of its values with each of these.  More, such as the rows of
 * `in (Table)`, are looked for here: by hash, and with an eye on the time. */
#define PUSHED_VALUES_MAX 256u

/* In a list NaN is equal to NaN; to a source, as to `==`, it is not. */
static bool has_nan(const struct value *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (values[i].type == TYPE_REAL && isnan(values[i].real))
            return true;
    }
    return false;
}

static bool lists(struct query *q, const struct expr *e, struct pushed *ret)
{
    if (e->function == &operator_in) {
        const struct in_set *set = e->call_state;
        ret->value_count = in_set_values(set, &ret->values);
        ret->kind = in_set_is_nocase(set) ? FILTER_EQUAL_NOCASE : FILTER_EQUAL;
        return !in_set_is_negated(set) && ret->value_count > 0 &&
               ret->value_count <= PUSHED_VALUES_MAX &&
               !has_nan(ret->values, ret->value_count) &&
               push_column_path(q, e->args[0], &ret->column, &ret->path);
    }
    if (e->function != &operator_has_list)
        return false;
    const struct has_list *list = e->call_state;
    struct error ignored = {0};
    struct value *values = ARENA_ARRAY(q->arena, struct value, list->count + 1, &ignored);
    if (values == NULL || list->negated || list->all || list->count == 0 ||
        list->count > PUSHED_VALUES_MAX)
        return false;
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->words[i].size == 0) /* is anywhere */
            return false;
        values[i] = (struct value){.type = TYPE_STRING, .bytes = list->words[i]};
    }
    ret->kind = FILTER_HAS;
    ret->values = values;
    ret->value_count = list->count;
    return push_column_path(q, e->args[0], &ret->column, &ret->path);
}

/* `* has "word"` */
static bool any_has(struct query *q, const struct expr *e, struct pushed *ret)
{
    if (!e->is_any)
        return false;
    const struct value *word = &e->args[0]->args[1]->value;
    *ret = (struct pushed){.kind = FILTER_ANY_HAS, .column = SOURCE_COLUMN_ANY, .values = word,
                           .value_count = 1,
                           .is_wider = e->args[0]->function == operator_string(SLICE("has_cs"))};
    return word->bytes.size > 0 && search_term(q, ret);
}

static enum status find_filter(struct query *q, const struct expr *e, struct pushed *ret,
                               bool *ret_found, struct error *err);

/* Every term of an `or` must be a filter. */
static enum status alternatives(struct query *q, const struct expr *e, struct pushed *ret,
                                bool *ret_found, struct error *err)
{
    struct pushed *parts = ARENA_ARRAY(q->arena, struct pushed, e->arg_count, err);
    enum status status = parts == NULL ? err->status : STATUS_OK;

    *ret_found = true;
    *ret = (struct pushed){.kind = FILTER_OR, .column = SOURCE_COLUMN_ANY, .parts = parts,
                           .part_count = e->arg_count};
    for (uint32_t i = 0; i < e->arg_count && status == STATUS_OK && *ret_found; i++) {
        status = find_filter(q, e->args[i], &parts[i], ret_found, err);
        ret->is_wider |= parts[i].is_wider;
    }
    return status;
}

static enum status find_filter(struct query *q, const struct expr *e, struct pushed *ret,
                               bool *ret_found, struct error *err)
{
    *ret = (struct pushed){0};
    *ret_found = false;
    if (e->kind == EXPR_OR) {
        *ret_found = any_has(q, e, ret);
        return *ret_found || e->is_any ? STATUS_OK : alternatives(q, e, ret, ret_found, err);
    }
    if (e->kind == EXPR_CALL && e->arg_count == 2)
        *ret_found = comparison(q, e, ret) || text_search(q, e, ret);
    else if (e->kind == EXPR_CALL && e->arg_count == 1)
        *ret_found = lists(q, e, ret);
    return STATUS_OK;
}

enum status push_predicate(struct query *q, const struct expr *predicate,
                           const struct pushed *list, const struct pushed **ret,
                           struct error *err)
{
    *ret = list;
    if (predicate->kind == EXPR_AND) {
        for (uint32_t i = 0; i < predicate->arg_count; i++) {
            enum status status = push_predicate(q, predicate->args[i], *ret, ret, err);
            if (status != STATUS_OK)
                return status;
        }
        return STATUS_OK;
    }
    struct pushed *one = ARENA_NEW(q->arena, struct pushed, err);
    bool found = false;
    enum status status =
        one == NULL ? err->status : find_filter(q, predicate, one, &found, err);
    if (status != STATUS_OK || !found)
        return status;
    one->next = list;
    *ret = one;
    return STATUS_OK;
}

enum status push_is_whole(struct query *q, const struct expr *predicate, bool *ret,
                          struct error *err)
{
    struct pushed one;
    enum status status = STATUS_OK;

    if (predicate->kind != EXPR_AND) {
        status = find_filter(q, predicate, &one, ret, err);
        *ret = *ret && !one.is_wider;
        return status;
    }
    *ret = true;
    for (uint32_t i = 0; i < predicate->arg_count && *ret && status == STATUS_OK; i++)
        status = push_is_whole(q, predicate->args[i], ret, err);
    return status;
}

/* Does the word come from the input, if it is in any of the outputs? */
static bool any_through(struct query *q, const struct output *outputs, uint32_t count,
                        struct slice word)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!push_word_comes_through(q, outputs[i].expr, word))
            return false;
    }
    return true;
}

/* One filter in terms of the input of a projection; false if it has none there. */
static bool translate(struct query *q, const struct output *outputs, uint32_t count,
                      const struct pushed *from, struct pushed *ret, struct error *err)
{
    uint32_t column = SOURCE_COLUMN_ANY;
    struct slice path;
    bool plain = true;

    *ret = *from;
    if (from->kind == FILTER_OR) {
        struct pushed *parts = ARENA_ARRAY(q->arena, struct pushed, from->part_count, err);
        bool all = parts != NULL;
        for (uint32_t i = 0; i < from->part_count && all; i++)
            all = translate(q, outputs, count, &from->parts[i], &parts[i], err);
        ret->parts = parts;
        return all;
    }
    if (from->column == SOURCE_COLUMN_ANY) {
        if (!any_through(q, outputs, count, from->values[0].bytes))
            return false;
    } else {
        const struct expr *e = outputs[from->column].expr;
        if (!push_column_path(q, e, &column, &path))
            return false;
        plain = e->kind == EXPR_COLUMN;
    }
    if (!plain && (from->kind == FILTER_RANGE || from->path.size > 0))
        return false;
    ret->column = column;
    if (!plain)
        ret->path = path;
    return true;
}

enum status push_through(struct query *q, const struct output *outputs, uint32_t count,
                         const struct pushed *list, const struct pushed **ret,
                         struct error *err)
{
    const struct pushed *below = NULL;

    err->status = STATUS_OK;
    for (; list != NULL; list = list->next) {
        struct pushed *one = ARENA_NEW(q->arena, struct pushed, err);
        if (one == NULL)
            return err->status;
        if (!translate(q, outputs, count, list, one, err)) {
            if (err->status != STATUS_OK)
                return err->status;
            continue;
        }
        one->next = below;
        below = one;
    }
    *ret = below;
    return STATUS_OK;
}
