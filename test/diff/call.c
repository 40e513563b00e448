/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - calls by chance, with arguments of the types that a function takes:
 * columns, literals of its example, literals at the edge of their type, other calls. */
#include "forms.h"

#include "base/buf.h"

#define MARK '\1' /* and behind it 'A' + column */

const struct table *forms_table(void)
{
    return &tables_all()[TABLES - 1];
}

static const char *taken(struct teller *t, struct buf *buf)
{
    const char *text = "";

    if (buf->size > 0) {
        char *copy = take_bytes(t->arena, buf->size + 1);
        memcpy(copy, buf->data, buf->size);
        copy[buf->size] = '\0';
        text = copy;
    }
    buf_release(buf);
    return text;
}

const char *fill_text(struct teller *t, const char *format, const char *const *texts)
{
    struct buf buf;

    buf_init(&buf, 1u << 20);
    for (; *format != '\0'; format++) {
        if (format[0] == '$' && format[1] >= '0' && format[1] <= '9')
            buf_add_text(&buf, texts[*++format - '0']);
        else
            buf_add_byte(&buf, *format);
    }
    return taken(t, &buf);
}

const char *name_text(struct teller *t, struct slice name)
{
    return take_text(t->arena, "%.*s", SLICE_FMT(name));
}

const char *literal_of(struct teller *t, const struct value *value)
{
    struct buf buf;

    buf_init(&buf, 1u << 20);
    if (value->type == TYPE_STRING && value->is_null)
        buf_add_text(&buf, "''");
    else if (value->type == TYPE_INT && !value->is_null)
        buf_add_format(&buf, "int(%lld)", (long long)value->integer);
    else if (value->type == TYPE_LONG && value->integer == INT64_MIN)
        buf_add_text(&buf, "(-9223372036854775807 - 1)");
    else if (value->type == TYPE_DECIMAL && !value->is_null)
        buf_add_format(&buf, "decimal(%.*s)", SLICE_FMT(value->bytes));
    else
        render_value(value, &buf);
    return taken(t, &buf);
}

static const char *expand(struct teller *t, const char *text, uint32_t row)
{
    const struct table *table = forms_table();
    struct buf buf;

    buf_init(&buf, 1u << 20);
    for (; *text != '\0'; text++) {
        uint32_t column = (uint32_t)(text[1] - 'A');
        if (*text != MARK) {
            buf_add_byte(&buf, *text);
            continue;
        }
        text++;
        if (row == UINT32_MAX)
            buf_add_slice(&buf, table->shape.fields[column].name);
        else
            buf_add_text(&buf, literal_of(t, &table_row(table, row)[column]));
    }
    return taken(t, &buf);
}

const char *with_names(struct teller *t, const char *text)
{
    return expand(t, text, UINT32_MAX);
}

const char *with_values(struct teller *t, const char *text, uint32_t row)
{
    return expand(t, text, row);
}

const char *some_column_mark(struct teller *t, enum type type)
{
    const struct shape *shape = &forms_table()->shape;
    uint32_t at[FIELDS_MAX], count = 0;

    for (uint32_t i = 0; i < shape->count; i++) {
        if (shape->fields[i].type == type)
            at[count++] = i;
    }
    return count == 0 ? NULL
                      : take_text(t->arena, "%c%c", MARK, 'A' + (int)at[roll(t->dice, count)]);
}

static const char *column_mark(struct teller *t, const char *name)
{
    const struct table *table = forms_table();
    uint32_t at = schema_find(&(struct schema){table->shape.fields, table->shape.count},
                              slice_of(name));

    return take_text(t->arena, "%c%c", MARK, 'A' + (int)at);
}

const char *some_literal(struct teller *t, enum type type)
{
    uint32_t count = sample_count(type, chance(t->dice, 55));

    return sample_at(type, roll(t->dice, count))->text;
}

/* ---- arguments ---- */

/* Of the example, or another one that fits. */
static enum type some_type(struct teller *t, struct callee *callee, uint32_t arg)
{
    bool is_known = arg < callee->example_count;
    enum type type = is_known ? callee->types[arg] : TYPE_COUNT_;

    if (is_known && chance(t->dice, 75))
        return type;
    for (int i = 0; i < 6; i++) {
        enum type other = (enum type)roll(t->dice, TYPE_COUNT_);
        if (callee_fits(callee, arg, other, true) || callee_fits(callee, arg, other, false))
            return other;
    }
    return type;
}

static const char *nested(struct teller *t, enum type type, uint32_t depth)
{
    for (int i = 0; i < 40; i++) {
        struct callee *callee = callee_at(roll(t->dice, callee_count()));
        struct call call;
        if (callee->kind > CALLEE_INFIX || callee->result != type || callee->is_impure ||
            callee_gives_columns(callee))
            continue;
        call_make(t, callee, depth - 1, &call);
        const char *text = call_text(t, &call);
        const char *query = fill_text(t, "Odd | project y = $0", &text);
        enum type other;
        if (engine_binds(slice_of(with_names(t, query)), &other) && other == type)
            return text;
    }
    return NULL;
}

static bool has_mark(const char *text)
{
    return strchr(text, MARK) != NULL;
}

static const char *literal_for(struct teller *t, const struct callee *callee, uint32_t arg,
                               enum type type)
{
    bool own = arg < callee->example_count && callee->types[arg] == type &&
               strcmp(callee->example[arg], "x") != 0;

    return own && chance(t->dice, 55) ? callee->example[arg] : some_literal(t, type);
}

static struct term_text make_arg(struct teller *t, struct callee *callee, uint32_t arg,
                                 uint32_t depth)
{
    enum type type = some_type(t, callee, arg);
    struct term_text ret = {.type = type};
    uint32_t dart = roll(t->dice, 100);

    if (strstr(callee->name, "covariance") != NULL && arg < 2) { /* ill of numbers at the edge */
        ret = (struct term_text){column_mark(t, chance(t->dice, 50) ? "q" : "k"), TYPE_LONG, true,
                                 true};
        return ret;
    }
    if (type == TYPE_COUNT_) { /* no value alone: as in the example */
        ret.text = arg < callee->example_count ? callee->example[arg] : "1";
        return ret;
    }
    ret.is_free = callee_fits(callee, arg, type, true);
    bool is_const = callee_fits(callee, arg, type, false);
    if (ret.is_free && (dart < 50 || !is_const))
        ret.text = some_column_mark(t, type);
    else if (ret.is_free && dart < 60 && some_column_mark(t, type) != NULL)
        ret.text = fill_text(t, "iff($0, $1, $2)",
                             (const char *const[]){some_column_mark(t, TYPE_BOOL),
                                                   some_column_mark(t, type),
                                                   literal_for(t, callee, arg, type)});
    else if (ret.is_free && dart < 72 && depth > 0)
        ret.text = nested(t, type, depth);
    if (ret.text == NULL)
        ret.text = literal_for(t, callee, arg, type);
    ret.is_row = has_mark(ret.text);
    return ret;
}

/* The right side of `in` and `between`: values of the type of the left. */
static struct term_text make_list(struct teller *t, const struct callee *callee, enum type type)
{
    const char *items[2];

    for (int i = 0; i < 2; i++) {
        const char *column = chance(t->dice, 25) ? some_column_mark(t, type) : NULL;
        items[i] = column != NULL ? column : some_literal(t, type);
    }
    const char *text = fill_text(t, strstr(callee->name, "between") != NULL ? "($0 .. $1)"
                                                                            : "($0, $1)", items);
    return (struct term_text){.text = text, .type = TYPE_COUNT_, .is_row = has_mark(text)};
}

void call_make(struct teller *t, struct callee *callee, uint32_t depth, struct call *ret)
{
    uint32_t count = callee->example_count, most = count + 2;

    *ret = (struct call){.callee = callee};
    if (callee->args_max < most)
        most = callee->args_max;
    if (most > CALL_ARGS_MAX)
        most = CALL_ARGS_MAX;
    if (most > callee->args_min && chance(t->dice, 30))
        count = callee->args_min + roll(t->dice, most - callee->args_min + 1);
    if (callee->is_sized && count > 1) /* which values are kept is free */
        count = callee->example_count;
    bool is_list = callee->kind == CALLEE_INFIX && callee->example[1][0] == '(';
    for (uint32_t i = 0; i < count; i++) {
        ret->args[i] = is_list && i == 1 && chance(t->dice, 80)
                           ? make_list(t, callee, ret->args[0].type)
                           : is_list && i == 1 ? (struct term_text){callee->example[1],
                                                                    TYPE_COUNT_, false, false}
                                               : make_arg(t, callee, i, depth);
        ret->arg_count++;
    }
}

const char *call_text(struct teller *t, const struct call *call)
{
    struct buf buf;
    const struct callee *callee = call->callee;

    buf_init(&buf, 1u << 20);
    if (callee->kind == CALLEE_INFIX) {
        bool is_list = call->args[1].type == TYPE_COUNT_;
        buf_add_format(&buf, "((%s) %s ", call->args[0].text, callee->name);
        buf_add_text(&buf, is_list ? "" : "(");
        buf_add_text(&buf, call->args[1].text);
        buf_add_text(&buf, is_list ? "" : ")");
    } else {
        buf_add_format(&buf, "%s(", callee->name);
        for (uint32_t i = 0; i < call->arg_count; i++) {
            buf_add_text(&buf, i > 0 ? ", " : "");
            buf_add_text(&buf, call->args[i].text);
        }
    }
    buf_add_byte(&buf, ')');
    return taken(t, &buf);
}

const char *call_settled(const struct call *call)
{
    static const struct {
        const char *name, *text;
    } all[] = {
        {"hll", "dcount_hll($0)"},
        {"tdigest", "percentile_tdigest($0, 50)"},
        {"buildschema", "strlen(tostring($0))"}, /* the order of keys is free */
    };
    const char *name = call->callee->name;

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (call->callee->kind == CALLEE_AGGREGATE && strstr(name, all[i].name) != NULL)
            return all[i].text;
    }
    return call->callee->is_impure ? "isnull($0)" : "$0";
}
