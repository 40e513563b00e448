/* SPDX-License-Identifier: Apache-2.0 */
/* callee.c - what can be called, from the engine's tables: the example of a function
 * shows what its arguments are; which other types they can have is tried. */
#include "forms.h"

#include "query/function.h"
#include "query/special.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define CALLEES_MAX 640u
#define SAMPLES_MAX 400u
#define SAMPLE_BYTES_MAX 300u /* of those taken from examples */

static struct callee callees[CALLEES_MAX];
static uint32_t callees_made;
static struct sample samples[TYPE_COUNT_][SAMPLES_MAX];
static uint32_t samples_made[TYPE_COUNT_], edges_made[TYPE_COUNT_];
static struct arena *arena; /* lives as long as the program */

static const char *const EDGES[] = {
    "true", "false", "bool(null)", "int(0)", "int(1)", "int(-1)", "int(7)", "int(2147483647)",
    "int(-2147483648)", "int(null)", "0", "1", "(-1)", "2", "3", "5", "10", "63", "64", "(-64)",
    "100", "255", "4294967296", "9007199254740993", "9223372036854775807",
    "(-9223372036854775807 - 1)", "long(null)", "0.0", "0.1", "1.5", "(-2.5)", "45.0", "100.0",
    "real(1e308)", "real(1e-320)", "real(9.3e18)", "real(nan)", "real(+inf)", "real(-inf)",
    "real(null)", "decimal(0)", "decimal(1.50)", "decimal(-0.001)", "decimal(12345678901234567890)",
    "decimal(9999999999999999999999999999999999)", "decimal(0.0000000000000000000000000001)",
    "decimal(null)", "''", "' '", "'a'", "'abc'", "'Z\xc3\xbcrich'", "'\\t\\n'", "'12'", "'-7.5'",
    "'null'", "'{}'", "'[1,2]'", "'1d'", "'2026-01-03T04:05:06Z'", "'%41%zz'",
    "'\xe6\x97\xa5\xe6\x9c\xac'", "'\xc4\xb0\xc3\x9f'", "'.*'", "'('", "'a,b;c=d'",
    "'\xf0\x9f\x98\x80x'", "'10.0.0.1/8'", "'::1'",
    "datetime(0001-01-01)", "datetime(9999-12-31T23:59:59.9999999Z)", "datetime(1970-01-01)",
    "datetime(2026-01-03T04:05:06.789Z)", "datetime(2024-02-29)", "datetime(null)", "0s", "1tick",
    "(-1d)", "15m", "1h", "7d", "time(10675199.02:48:05.4775807)", "time(null)",
    "guid(00000000-0000-0000-0000-000000000000)", "guid(ab000000-0000-0000-0000-000000000007)",
    "guid(null)", "dynamic(null)", "dynamic([])", "dynamic({})", "dynamic(1)", "dynamic('a')",
    "dynamic(true)", "dynamic(2.5)", "dynamic([null])", "dynamic([3,1,2])", "dynamic([1.5,2,-3])",
    "dynamic([1,2.5,null,'a',[1],{'a':1}])", "dynamic(['a','b','a',''])", "dynamic([[1,2],[3]])",
    "dynamic({'a':{'b':[1,2]},'c':null})", "dynamic([9223372036854775807,1e300])",
    "dynamic([1,2,3,4,1,2,3,4,1,2,3,4,1,2,9,4])", "dynamic([true,false,null])",
    "dynamic({'a':1,'b':'alice'})", "dynamic(['2026-01-03','1d'])",
};

static const struct {
    const char *name, *left, *right;
} INFIX[] = {
    {"+", "1", "2"},          {"-", "1", "2"},         {"*", "1", "2"},
    {"/", "1", "2"},          {"%", "1", "2"},         {"==", "1", "2"},
    {"!=", "1", "2"},         {"<", "1", "2"},         {"<=", "1", "2"},
    {">", "1", "2"},          {">=", "1", "2"},        {"and", "true", "false"},
    {"or", "true", "false"},  {"=~", "'a'", "'b'"},    {"!~", "'a'", "'b'"},
    {"has", "'a b'", "'b'"},  {"!has", "'a b'", "'b'"}, {"has_cs", "'a b'", "'b'"},
    {"hasprefix", "'a b'", "'b'"}, {"hassuffix", "'a b'", "'b'"}, {"contains", "'ab'", "'b'"},
    {"!contains", "'ab'", "'b'"}, {"contains_cs", "'ab'", "'b'"}, {"startswith", "'ab'", "'a'"},
    {"endswith", "'ab'", "'b'"}, {"startswith_cs", "'ab'", "'a'"}, {"!endswith_cs", "'ab'", "'b'"},
    {"hascs", "'a b'", "'b'"}, {"hasprefix_cs", "'a b'", "'b'"}, {"hassuffix_cs", "'a b'", "'b'"},
    {"containscs", "'ab'", "'b'"}, {"notcontains", "'ab'", "'b'"}, {"notcontainscs", "'ab'", "'b'"},
    {"matches regex", "'ab'", "'[ab]+'"}, {"in", "'a'", "('a', 'b')"}, {"in", "1", "(1, 2)"},
    {"!in", "'a'", "('a', '')"}, {"in~", "'a'", "('A', 'b')"}, {"!in~", "'a'", "('A', '1')"},
    {"has_any", "'a b'", "('b', 'abc')"}, {"has_all", "'a b'", "('a', 'b')"},
    {"between", "3", "(1 .. 5)"}, {"!between", "3", "(1 .. 5)"},
    {"between", "datetime(2026-01-03)", "(datetime(2026-01-01) .. 5d)"},
};

static const char *text_copy(struct slice s)
{
    return take_text(arena, "%.*s", SLICE_FMT(s));
}

/* The one value of `print v = (text)`, with x from 1 to 9 to count; false if it is none. */
static bool evaluate(const char *text, bool is_aggregate, struct value *ret)
{
    struct answer answer = {.arena = arena};
    const char *query = take_text(arena, is_aggregate
                                             ? "range x from 1 to 9 step 1 | summarize v = (%s)"
                                             : "range x from 1 to 1 step 1 | project v = (%s)",
                                  text);

    engine_answer(slice_of(query), &WAYS[0], &answer);
    if (answer.error[0] != '\0' || answer.row_count != 1 || answer.shape.count != 1)
        return false;
    *ret = answer.cells[0];
    ret->type = answer.shape.fields[0].type;
    return true;
}

/* `text` may be NULL: the value is the result of a call and is written out. */
static void add_sample(const char *text, const struct value *value)
{
    struct teller t = {.arena = arena};
    enum type type = value->type;

    if ((type_is_bytes(type) && value->bytes.size > SAMPLE_BYTES_MAX) ||
        (type == TYPE_DYNAMIC && !value->is_null && value->bytes.size == 0) ||
        samples_made[type] == SAMPLES_MAX)
        return;
    if (text == NULL)
        text = literal_of(&t, value);
    for (uint32_t i = 0; i < samples_made[type]; i++) {
        if (slice_is(slice_of(text), samples[type][i].text))
            return;
    }
    samples[type][samples_made[type]++] = (struct sample){text, *value};
}

/* Behind a quoted text or a bracket; `at` is where it begins. */
static size_t skip(struct slice s, size_t at)
{
    char open = s.data[at];
    uint32_t depth = 0;

    if (open == '\'' || open == '"') {
        bool is_verbatim = at > 0 && s.data[at - 1] == '@';
        for (at++; at < s.size && s.data[at] != open; at++)
            at += s.data[at] == '\\' && !is_verbatim;
        return at < s.size ? at + 1 : at;
    }
    while (at < s.size) {
        char c = s.data[at];
        if (c == '\'' || c == '"') {
            at = skip(s, at);
            continue;
        }
        depth += c == '(' || c == '[' || c == '{';
        depth -= c == ')' || c == ']' || c == '}';
        at++;
        if (depth == 0)
            break;
    }
    return at;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Where `name(` begins as a word of its own, at its bracket; SIZE_MAX: nowhere. */
static size_t find_call(struct slice example, const char *name)
{
    struct slice word = slice_of(name);

    for (size_t at = slice_find(example, word, 0); at != SIZE_MAX && at < example.size;
         at = slice_find(example, word, at + 1)) {
        size_t end = at + word.size;
        if (end < example.size && example.data[end] == '(' &&
            (at == 0 || !is_word(example.data[at - 1])))
            return end;
    }
    return SIZE_MAX;
}

static void add_argument(struct callee *callee, struct slice text)
{
    struct value value, again;
    uint32_t i = callee->example_count;
    const char *copy = text_copy(slice_trim(text));

    if (i == CALL_ARGS_MAX || copy[0] == '\0')
        return;
    callee->example[i] = copy;
    callee->types[i] = TYPE_COUNT_;
    callee->example_count++;
    if (!evaluate(copy, false, &value))
        return;
    callee->types[i] = value.type;
    if (!evaluate(copy, false, &again) || value_order(&value, &again) != 0) {
        struct teller t = {.arena = arena}; /* another one each time: one of them will do */
        callee->example[i] = copy = literal_of(&t, &value);
    }
    if (strcmp(copy, "x") != 0)
        add_sample(copy, &value);
}

static void add_example(struct callee *callee, const char *example)
{
    struct slice s = slice_of(example);
    size_t open = find_call(s, callee->name);

    if (open == SIZE_MAX)
        return;
    size_t end = skip(s, open), from = open + 1;
    for (size_t at = from; at < end;) {
        char c = s.data[at];
        if (c == ',' || at == end - 1) {
            add_argument(callee, slice_from(s.data + from, at - from));
            from = ++at;
        } else {
            at = c == '\'' || c == '"' || c == '(' || c == '[' || c == '{' ? skip(s, at) : at + 1;
        }
    }
    const char *call = take_text(arena, "%s%.*s", callee->name,
                                 SLICE_FMT(slice_from(s.data + open, end - open)));
    struct value value = {.type = TYPE_COUNT_};
    callee->result = TYPE_COUNT_;
    if (!callee->is_impure && evaluate(call, callee->kind == CALLEE_AGGREGATE, &value)) {
        callee->result = value.type;
        add_sample(NULL, &value);
    }
}

static struct callee *add_callee(const char *name, enum callee_kind kind)
{
    if (callees_made == CALLEES_MAX)
        abort();
    struct callee *callee = &callees[callees_made++];
    *callee = (struct callee){.name = name, .kind = kind, .result = TYPE_COUNT_};
    return callee;
}

/* The old names keep so many values without being told. */
static bool keeps_some(const char *name)
{
    return strcmp(name, "makelist") == 0 || strcmp(name, "makeset") == 0 ||
           strcmp(name, "make_dictionary") == 0;
}

static void add_family(const struct function_family *family)
{
    for (uint32_t i = 0; i < family->function_count; i++) {
        const struct function *f = &family->functions[i];
        struct callee *callee = add_callee(f->name, CALLEE_SCALAR);
        callee->is_impure = (f->flags & FUNCTION_IMPURE) != 0;
        callee->args_min = f->args_min;
        callee->args_max = f->args_max;
        add_example(callee, f->example);
    }
    for (uint32_t i = 0; i < family->aggregate_count; i++) {
        const struct aggregate *a = &family->aggregates[i];
        /* any row of several, 128 of the values: asked for in operators.c */
        if (a->is_row_picker || keeps_some(a->name))
            continue;
        struct callee *callee = add_callee(a->name, CALLEE_AGGREGATE);
        callee->args_min = a->args_min;
        callee->args_max = a->args_max;
        callee->is_sized = strstr(a->signature, "max_size") != NULL;
        add_example(callee, a->example);
    }
}

void callees_open(void)
{
    uint32_t count;
    const struct function_family *const *families = function_families(&count);

    arena = arena_new(64u << 20);
    if (arena == NULL)
        abort();
    for (size_t i = 0; i < sizeof(EDGES) / sizeof(EDGES[0]); i++) {
        struct value value;
        if (!evaluate(EDGES[i], false, &value)) {
            fprintf(stderr, "diff: the literal %s is none\n", EDGES[i]);
            exit(2);
        }
        add_sample(EDGES[i], &value);
    }
    for (int type = 0; type < TYPE_COUNT_; type++)
        edges_made[type] = samples_made[type];
    for (uint32_t f = 0; f < count; f++)
        add_family(families[f]);
    for (size_t i = 0; i < sizeof(INFIX) / sizeof(INFIX[0]); i++) {
        struct callee *callee = add_callee(INFIX[i].name, CALLEE_INFIX);
        callee->args_min = callee->args_max = 2;
        add_argument(callee, slice_of(INFIX[i].left));
        add_argument(callee, slice_of(INFIX[i].right));
        callee->result = i < 5 ? TYPE_LONG : TYPE_BOOL;
    }
    for (uint32_t i = 0; special_window_at(i) != NULL; i++) {
        struct callee *callee = add_callee(special_window_at(i)->name, CALLEE_WINDOW);
        callee->args_max = 3;
        add_example(callee, special_window_at(i)->example);
    }
}

uint32_t callee_count(void)
{
    return callees_made;
}

struct callee *callee_at(uint32_t index)
{
    return &callees[index];
}

uint32_t sample_count(enum type type, bool edges_only)
{
    return edges_only ? edges_made[type] : samples_made[type];
}

const struct sample *sample_at(enum type type, uint32_t index)
{
    return &samples[type][index];
}

/* ---- which types an argument can have ---- */

/* A call that gives several columns is made one that gives an array. */
bool callee_gives_columns(struct callee *callee)
{
    struct teller t = {.arena = arena_new(1u << 20)};
    struct answer answer = {.arena = t.arena};
    struct call call = {.callee = callee, .arg_count = callee->example_count};

    if (callee->gives_columns != 0 || callee->kind != CALLEE_SCALAR || t.arena == NULL) {
        arena_free(t.arena);
        return callee->gives_columns == 1;
    }
    for (uint32_t i = 0; i < call.arg_count; i++)
        call.args[i].text = callee->example[i];
    const char *text = take_text(t.arena, "print %s | getschema | count", call_text(&t, &call));
    engine_answer(slice_of(text), &WAYS[0], &answer);
    callee->gives_columns = answer.row_count == 1 && answer.cells[0].integer > 1 ? 1 : 2;
    arena_free(t.arena);
    return callee->gives_columns == 1;
}

static const char *column_of(enum type type)
{
    const struct table *table = forms_table();

    for (uint32_t i = 0; i < table->shape.count; i++) {
        if (table->shape.fields[i].type == type)
            return text_copy(table->shape.fields[i].name);
    }
    return NULL;
}

/* `x` of an example of an aggregate is a column. */
static const char *stand_in(const char *text)
{
    return strcmp(text, "x") == 0 ? "q" : text;
}

static bool binds(struct callee *callee, uint32_t arg, const char *text)
{
    struct arena *scratch = arena_new(1u << 20);
    struct buf buf;

    if (scratch == NULL)
        abort();
    buf_init(&buf, 64u << 10);
    buf_add_format(&buf, "%s | ", forms_table()->name);
    buf_add_text(&buf, callee->kind == CALLEE_AGGREGATE ? "summarize y = "
                       : callee->kind == CALLEE_WINDOW  ? "sort by id asc | extend y = "
                                                        : "project y = ");
    struct teller t = {.arena = scratch};
    struct call call = {.callee = callee, .arg_count = callee->example_count};
    if (arg >= call.arg_count)
        call.arg_count = arg + 1;
    for (uint32_t i = 0; i < call.arg_count; i++) {
        const char *other = i < callee->example_count ? callee->example[i] : "1";
        call.args[i].text = i == arg ? text : stand_in(other);
        call.args[i].type = i < callee->example_count ? callee->types[i] : TYPE_LONG;
    }
    buf_add_text(&buf, call_text(&t, &call));
    bool ok = engine_binds(buf_slice(&buf), NULL);
    buf_release(&buf);
    arena_free(scratch);
    return ok;
}

bool callee_fits(struct callee *callee, uint32_t arg, enum type type, bool is_column)
{
    uint8_t *fits = &callee->fits[arg][type][is_column];

    if (*fits == 0) {
        const char *text = is_column ? column_of(type) : samples[type][1].text;
        if (!is_column && arg < callee->example_count && callee->types[arg] == type)
            text = stand_in(callee->example[arg]);
        *fits = text != NULL && binds(callee, arg, text) ? 1 : 2;
    }
    return *fits == 1;
}
