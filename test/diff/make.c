/* SPDX-License-Identifier: Apache-2.0 */
/* make.c - questions by chance, well typed, whose answer is determined: what
 * the language leaves free (ties, which row of many) is not asked for. */
#include "model.h"

#include "base/time.h"

#include <math.h>

struct maker {
    struct dice *dice;
    struct arena *arena;
    struct question *q;
    uint32_t names; /* given out so far */
    uint32_t depth; /* of pipes in pipes */
    bool unique;    /* id is unique and never null in the pipe that is being made */
};

static uint32_t find(const struct shape *shape, struct slice name)
{
    return schema_find(&(struct schema){shape->fields, shape->count}, name);
}

static struct slice new_name(struct maker *m)
{
    return slice_of(take_text(m->arena, "x%u", ++m->names));
}

static struct pipe *make_pipe(struct maker *m, uint32_t steps, struct shape *ret);

/* ---- terms ---- */

static struct value make_long(struct maker *m, char letter)
{
    static const int64_t values[] = {3, 0, 1, -5, 7, 12, 100, 500000, 999999, INT64_MAX};
    static const int64_t sizes[] = {1, 3, 10, 1000};
    struct value v = {.type = TYPE_LONG};

    if (letter == 'K')
        v.integer = roll(m->dice, 6);
    else if (letter == 'M')
        v.integer = sizes[roll(m->dice, 4)];
    else
        v.integer = chance(m->dice, 30) ? (int64_t)roll(m->dice, 200)
                                        : values[roll(m->dice, sizeof(values) / sizeof(values[0]))];
    return v;
}

static struct value make_const(struct maker *m, char letter)
{
    static const double reals[] = {0, 1.5, -3.25, 100, 1e10, NAN, INFINITY, 31.125};
    static const int64_t spans[] = {TICKS_PER_HOUR, TICKS_PER_DAY, 15 * TICKS_PER_MINUTE,
                                    7 * TICKS_PER_MINUTE};
    static const char *const bags[] = {"{\"a\":1,\"c\":[3,4]}", "[1,2]", "{}", "5"};
    struct value v = {.type = type_of_letter(letter)};

    switch (v.type) {
    case TYPE_LONG:
    case TYPE_INT:
        v.integer = make_long(m, letter).integer;
        break;
    case TYPE_REAL:
        v.real = reals[roll(m->dice, sizeof(reals) / sizeof(reals[0]))];
        break;
    case TYPE_STRING:
        v.bytes = words_of(roll(m->dice, word_count()));
        if (letter == 'W' && v.bytes.size == 0) /* an empty one of many is nowhere defined */
            v.bytes = SLICE("mail");
        break;
    case TYPE_DATETIME:
        v.integer = TICKS_UNIX_EPOCH + (INT64_C(20454) + roll(m->dice, 11)) * TICKS_PER_DAY +
                    (chance(m->dice, 30) ? (int64_t)roll(m->dice, 1000000) * 12345 : 0);
        break;
    case TYPE_TIMESPAN:
        v.integer = spans[roll(m->dice, 4)];
        break;
    case TYPE_BOOL:
        v.boolean = roll(m->dice, 2) == 1;
        break;
    case TYPE_GUID:
        v.guid.bytes[0] = 0xab;
        v.guid.bytes[15] = (uint8_t)roll(m->dice, 8);
        break;
    case TYPE_DYNAMIC:
    case TYPE_DECIMAL:
    case TYPE_COUNT_:
        v.bytes = slice_of(bags[roll(m->dice, 4)]);
        break;
    }
    return v;
}

static char letter_of(enum type type)
{
    return "bilr?tpgsd"[type];
}

static struct term *constant(struct maker *m, char letter)
{
    struct term *term = TAKE(m->arena, struct term);

    *term = (struct term){.kind = TERM_CONST, .value = make_const(m, letter)};
    term->type = term->value.type;
    return term;
}

static struct term *column_term(struct maker *m, const struct column *field)
{
    struct term *term = TAKE(m->arena, struct term);

    *term = (struct term){.kind = TERM_COLUMN, .type = field->type, .name = field->name};
    return term;
}

/* A column of the type by chance, or NULL. */
static struct term *some_column(struct maker *m, const struct shape *shape, enum type type)
{
    uint32_t at[FIELDS_MAX], count = 0;

    for (uint32_t i = 0; i < shape->count; i++) {
        if (shape->fields[i].type == type)
            at[count++] = i;
    }
    return count == 0 ? NULL : column_term(m, &shape->fields[at[roll(m->dice, count)]]);
}

static struct term *make_term(struct maker *m, const struct shape *shape, enum type type,
                              uint32_t depth);

/* A pipe of one column of the type, or NULL. */
static struct pipe *column_pipe(struct maker *m, enum type type)
{
    struct shape shape;
    bool unique = m->unique;

    if (m->depth >= 2)
        return NULL;
    struct pipe *pipe = make_pipe(m, roll(m->dice, 2), &shape);
    m->unique = unique;
    struct term *column = some_column(m, &shape, type);
    const struct step *last = pipe_last(pipe);
    if (column == NULL)
        return NULL;
    struct step *step = TAKE(m->arena, struct step);
    *step = (struct step){.kind = STEP_PROJECT, .item_count = 1,
                          .items = {{.name = column->name, .term = column}}};
    struct step **at = &pipe->first;
    while (last != NULL && *at != NULL)
        at = &(*at)->next;
    *at = step;
    return pipe;
}

static struct term *subquery(struct maker *m, const struct shape *shape, enum type type)
{
    struct term *term = TAKE(m->arena, struct term);

    if (type == TYPE_BOOL) {
        enum type key = chance(m->dice, 50) ? TYPE_LONG : TYPE_STRING;
        struct term *left = some_column(m, shape, key);
        *term = (struct term){.kind = TERM_IN, .type = type, .args = {left}, .arg_count = 1,
                              .pipe = left == NULL ? NULL : column_pipe(m, key)};
        return term->pipe == NULL ? NULL : term;
    }
    struct pipe *pipe = type == TYPE_LONG ? column_pipe(m, TYPE_LONG) : NULL;
    if (pipe == NULL)
        return NULL;
    struct step *last = pipe->first;
    while (last->next != NULL)
        last = last->next;
    struct step *step = TAKE(m->arena, struct step);
    *step = (struct step){.kind = STEP_SUMMARIZE, .item_count = 1};
    for (uint32_t i = 0; i < AGGREGATE_COUNT; i++) {
        if (strcmp(AGGREGATES[i].text, "max(@)") == 0 && strcmp(AGGREGATES[i].types, "l=l") == 0)
            step->items[0] = (struct item){.name = new_name(m), .aggregate = &AGGREGATES[i],
                                           .term = last->items[0].term};
    }
    last->next = step;
    *term = (struct term){.kind = TERM_SCALAR, .type = type, .pipe = pipe};
    return term;
}

static struct term *call(struct maker *m, const struct shape *shape, enum type type,
                         uint32_t depth)
{
    uint32_t start = roll(m->dice, RULE_COUNT);
    const struct rule *rule = NULL;

    for (uint32_t i = 0; i < RULE_COUNT && rule == NULL; i++) {
        const struct rule *r = &RULES[(start + i) % RULE_COUNT];
        if (r->types[0] == letter_of(type))
            rule = r;
    }
    if (rule == NULL)
        return NULL;
    struct term *term = TAKE(m->arena, struct term);
    *term = (struct term){.kind = TERM_CALL, .type = type, .rule = rule};
    for (const char *letter = rule->types + 2; *letter != '\0'; letter++) {
        bool is_const = *letter >= 'A' && *letter <= 'Z';
        term->args[term->arg_count++] =
            is_const ? constant(m, *letter)
                     : make_term(m, shape, type_of_letter(*letter), depth - 1);
    }
    return term;
}

static struct term *make_term(struct maker *m, const struct shape *shape, enum type type,
                              uint32_t depth)
{
    struct term *term = NULL;

    if (depth > 0 && m->depth < 2 && chance(m->dice, 3))
        term = subquery(m, shape, type);
    if (term == NULL && (depth == 0 || chance(m->dice, 25)))
        term = some_column(m, shape, type);
    if (term == NULL && depth > 0)
        term = call(m, shape, type, depth);
    if (term == NULL)
        term = some_column(m, shape, type);
    return term != NULL ? term : constant(m, letter_of(type));
}

/* ---- steps ---- */

static enum type some_type(struct maker *m)
{
    static const enum type types[] = {TYPE_LONG, TYPE_STRING, TYPE_BOOL,    TYPE_REAL,
                                      TYPE_LONG, TYPE_STRING, TYPE_DATETIME, TYPE_TIMESPAN,
                                      TYPE_DYNAMIC, TYPE_INT};

    return types[roll(m->dice, sizeof(types) / sizeof(types[0]))];
}

/* Something to group, sort or distinguish by: no dynamic. */
static struct item make_key(struct maker *m, const struct shape *shape, bool plain)
{
    for (int i = 0; i < 8; i++) {
        const struct column *field = &shape->fields[roll(m->dice, shape->count)];
        if (field->type != TYPE_DYNAMIC)
            return (struct item){.name = field->name, .term = column_term(m, field),
                                 .ascending = chance(m->dice, 50)};
    }
    if (plain)
        return (struct item){0};
    return (struct item){.name = new_name(m), .term = make_term(m, shape, TYPE_LONG, 1)};
}

static bool is_named(const struct item *items, uint32_t count, struct slice name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(items[i].name, name))
            return true;
    }
    return false;
}

static uint32_t make_keys(struct maker *m, const struct shape *shape, struct item *ret,
                          bool plain)
{
    uint32_t count = 0;

    for (uint32_t i = roll(m->dice, 2) + 1; i > 0; i--) {
        struct item item = make_key(m, shape, plain);
        if (item.term != NULL && !is_named(ret, count, item.name))
            ret[count++] = item;
    }
    return count;
}

static void make_by(struct maker *m, const struct shape *shape, struct step *step)
{
    step->by_count = chance(m->dice, 15) ? 0 : make_keys(m, shape, step->by, false);
    if (chance(m->dice, 25)) {
        struct term *term = make_term(m, shape, some_type(m), 2);
        if (term->type != TYPE_DYNAMIC && term->kind == TERM_CALL)
            step->by[step->by_count++] = (struct item){.name = new_name(m), .term = term};
    }
}

static void make_aggregates(struct maker *m, const struct shape *shape, struct step *step)
{
    step->item_count = roll(m->dice, 3) + 1;
    for (uint32_t i = 0; i < step->item_count; i++) {
        const struct aggregate_rule *a = &AGGREGATES[roll(m->dice, AGGREGATE_COUNT)];
        struct item *item = &step->items[i];
        *item = (struct item){.name = new_name(m), .aggregate = a};
        if (a->types[2] != '\0')
            item->term = make_term(m, shape, type_of_letter(a->types[2]),
                                   chance(m->dice, 70) ? 0 : 1);
        if (a->types[2] != '\0' && a->types[3] != '\0')
            item->second = make_term(m, shape, type_of_letter(a->types[3]), 1);
    }
}

static void make_items(struct maker *m, const struct shape *shape, struct step *step)
{
    step->item_count = roll(m->dice, 3) + 1;
    for (uint32_t i = 0; i < step->item_count; i++) {
        struct item *item = &step->items[i];
        const struct column *field = &shape->fields[roll(m->dice, shape->count)];
        bool plain = step->kind == STEP_PROJECT && chance(m->dice, 60);
        *item = (struct item){.name = new_name(m)};
        if (plain && !is_named(step->items, i, field->name))
            *item = (struct item){.name = field->name, .term = column_term(m, field)};
        else
            item->term = make_term(m, shape, some_type(m), 2);
        if (step->kind == STEP_EXTEND && chance(m->dice, 15) &&
            !is_named(step->items, i, field->name))
            item->name = field->name;
        m->unique &= !slice_is(item->name, "id") || plain;
    }
    if (step->kind == STEP_PROJECT)
        m->unique &= is_named(step->items, step->item_count, SLICE("id"));
}

static void make_names(struct maker *m, const struct shape *shape, struct step *step)
{
    uint32_t wanted = roll(m->dice, 3) + 1;

    for (uint32_t i = 0; i < wanted; i++) {
        const struct column *field = &shape->fields[roll(m->dice, shape->count)];
        struct item item = {.name = field->name, .term = column_term(m, field)};
        if (step->kind == STEP_RENAME)
            item.name = new_name(m);
        bool again = false;
        for (uint32_t k = 0; k < step->item_count; k++)
            again |= slice_equal(step->items[k].term->name, field->name);
        if (!again && (step->kind != STEP_DISTINCT || field->type != TYPE_DYNAMIC))
            step->items[step->item_count++] = item;
        if (slice_is(field->name, "id"))
            m->unique &= step->kind == STEP_KEEP;
    }
    if (step->kind == STEP_KEEP)
        m->unique &= is_named(step->items, step->item_count, SLICE("id"));
    if (step->kind == STEP_DISTINCT)
        m->unique = false;
    for (uint32_t i = 0; i < step->item_count && step->kind != STEP_RENAME &&
                         step->kind != STEP_DISTINCT; i++)
        step->items[i].term = NULL;
}

static void make_join(struct maker *m, const struct shape *shape, struct step *step)
{
    static const char *const kinds[] = {"inner", "leftouter", "rightouter", "fullouter", "leftsemi",
                                        "leftanti", "rightsemi", "rightanti", "inner"};
    struct shape right;
    bool unique = m->unique;

    step->pipe = make_pipe(m, roll(m->dice, 3), &right);
    step->word = kinds[roll(m->dice, sizeof(kinds) / sizeof(kinds[0]))];
    if (step->kind == STEP_LOOKUP)
        step->word = chance(m->dice, 50) ? "leftouter" : "inner";
    for (uint32_t i = 0; i < 12 && step->by_count < 2; i++) {
        const struct column *field = &shape->fields[roll(m->dice, shape->count)];
        struct term *other = some_column(m, &right, field->type);
        if (other == NULL || field->type == TYPE_DYNAMIC || field->type == TYPE_REAL ||
            is_named(step->by, step->by_count, field->name) ||
            is_named(step->items, step->by_count, other->name))
            continue;
        if (find(&right, field->name) != UINT32_MAX && chance(m->dice, 70) &&
            right.fields[find(&right, field->name)].type == field->type)
            other = column_term(m, &right.fields[find(&right, field->name)]);
        if (is_named(step->items, step->by_count, other->name))
            continue;
        step->items[step->by_count] = (struct item){.name = other->name, .term = other};
        step->by[step->by_count++] = (struct item){.name = field->name,
                                                   .term = column_term(m, field)};
        if (chance(m->dice, 60))
            break;
    }
    /* innerunique takes any left row of a key: of one, it is the row */
    if (unique && step->kind == STEP_JOIN && step->by_count == 1 &&
        slice_is(step->by[0].name, "id") && chance(m->dice, 30))
        step->word = chance(m->dice, 50) ? "" : "innerunique";
    bool keeps = strncmp(step->word, "lefts", 5) == 0 || strncmp(step->word, "lefta", 5) == 0;
    m->unique = unique && keeps;
}

static void make_expand(struct maker *m, const struct shape *shape, struct step *step)
{
    static const char *const types[] = {"long", "string", NULL};
    struct term *term = make_term(m, shape, TYPE_DYNAMIC, chance(m->dice, 50) ? 1 : 0);
    bool in_place = term->kind == TERM_COLUMN && step->kind == STEP_EXPAND && chance(m->dice, 50);

    step->item_count = 1;
    step->items[0] = (struct item){.name = in_place ? term->name : new_name(m), .term = term};
    step->word = types[roll(m->dice, 3)];
    m->unique = false;
    if (step->kind != STEP_APPLY || shape->count == FIELDS_MAX)
        return; /* a step without a pipe does not fit and is left out */
    struct shape given = *shape;
    struct step *inner = TAKE(m->arena, struct step);
    step->pipe = TAKE(m->arena, struct pipe);
    *step->pipe = (struct pipe){.is_given = true, .first = inner};
    given.fields[given.count++] = (struct column){
        step->items[0].name, step->word == NULL ? TYPE_DYNAMIC
                             : step->word[0] == 'l' ? TYPE_LONG : TYPE_STRING};
    *inner = (struct step){.kind = chance(m->dice, 50) ? STEP_WHERE : STEP_SUMMARIZE};
    if (inner->kind == STEP_WHERE) {
        inner->item_count = 1;
        inner->items[0].term = make_term(m, &given, TYPE_BOOL, 2);
    } else {
        make_aggregates(m, &given, inner);
    }
}

/* What only the ways of the engine are compared on. */
static const struct {
    const char *text, *columns;
} AS_IS[] = {
    {"make-series c=count(), a=sum(n) default=0 on t from datetime(2026-01-01) to "
     "datetime(2026-01-11) step 1d by s", "n t s"},
    {"make-series a=avg(r) on t step 6h", "r t"},
    {"partition by s (summarize c=count(), a=max(n))", "s n"},
    {"partition hint.strategy=native by s (top 1 by id | extend y=strlen(s))", "s id"},
    {"evaluate pivot(s, count()) | project-reorder * asc", "s"},
    {"evaluate bag_unpack(d) | project-reorder * asc", "d"},
    {"summarize percentiles(n, 5, 25, 75, 99), stdev(n), variance(n) by s", "n s"},
    {"search 'mail'", "s"},
    {"search s:'alice' or n == 3", "s n"},
    {"getschema", "id"},
    {"where * has 'user'", "s"},
    {"parse-kv s as (k:string, n2:long) with (pair_delimiter=' ', kv_delimiter='=')", "s"},
    {"summarize binary_all_or(n), binary_all_xor(n), binary_all_and(n) by b", "n b"},
    {"summarize h=hll(id) by s | summarize c=dcount_hll(hll_merge(h))", "id s"},
    {"summarize arg_min(id, s, n) by b", "id s n b"},
    {"top-nested of b by c=count(), top-nested 30 of s by a=max(id)", "b s id"},
    {"sort by id asc | scan with (step a: n > 2; step b: n < 3;)", "id n"},
    {"sort by id asc | extend w=row_window_session(TimeGenerated, 1d, 1h, id == 1)",
     "id TimeGenerated"},
    {"sort by id asc | extend k=row_rank_dense(n), z=next(s)", "id n s"},
    {"as X | join kind=inner X on id | count", "id"},
    {"extend f=pack_all() | summarize c=dcount(tostring(f))", "id"},
    {"extend a=extract('([a-z]+)', 1, s), q=split(s, ' '), h=hash(s), f=format_datetime("
     "TimeGenerated, 'yyyy-MM-dd')", "s TimeGenerated"},
    {"where s matches regex '[ab]l?i' or s has_any (dynamic(['mail','10'])) | count", "s"},
    {"distinct *", "id"},
    {"summarize take_any(s) by s", "s"},
    {"mv-expand with_itemindex=k c=d.c to typeof(string) limit 3 | summarize count() by c, k", "d"},
    {"project-reorder n, s", "n s"},
    {"summarize count() by bin(TimeGenerated, 1d), s | sort by TimeGenerated asc, s asc",
     "TimeGenerated s"},
    {"where TimeGenerated between (datetime(2026-01-03) .. 2d) and not(s =~ 'alice')",
     "TimeGenerated s"},
    {"where tostring(d.b) == 'alice' or tostring(d.n.y) in ('bob', 'z') | count", "d"},
    {"where d has 'alice' or d.c has 'u'", "d"},
    {"where d.a == 1 or d.b == 'user' | project id", "d id"},
    {"summarize dcountif(s, n > 2), sumif(r, b), maxif(n, b), make_set_if(s, b) | project "
     "dcountif_s, sumif_r, maxif_n", "s n r b"},
};

static void make_as_is(struct maker *m, const struct shape *shape, struct step *step)
{
    uint32_t at = roll(m->dice, sizeof(AS_IS) / sizeof(AS_IS[0]));
    struct slice rest = slice_of(AS_IS[at].columns), name;

    step->word = AS_IS[at].text;
    while (slice_next(&rest, ' ', &name)) {
        uint32_t column = find(shape, name);
        static const char *const types[] = {"id", "n", "t", "TimeGenerated", "s", "r", "d", "b"};
        static const char letters[] = "llttsrdb";
        for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && column != UINT32_MAX; i++) {
            if (slice_is(name, types[i]) && letter_of(shape->fields[column].type) != letters[i])
                column = UINT32_MAX;
        }
        if (column == UINT32_MAX || step->item_count == ITEMS_MAX) {
            *step = (struct step){.kind = STEP_COUNT};
            return;
        }
        step->items[step->item_count++].name = shape->fields[column].name;
    }
    if (is_named(step->items, step->item_count, SLICE("id")) && !m->unique)
        *step = (struct step){.kind = STEP_COUNT};
}

static void make_sorted(struct maker *m, const struct shape *shape, struct step *step)
{
    if (step->kind == STEP_NUMBER) {
        struct term *id = TAKE(m->arena, struct term);
        *id = (struct term){.kind = TERM_COLUMN, .type = TYPE_LONG, .name = SLICE("id")};
        step->by_count = 1;
        step->by[0] = (struct item){.name = id->name, .term = id,
                                    .ascending = chance(m->dice, 50)};
        step->item_count = 3;
        for (int i = 0; i < 3; i++)
            step->items[i].name = new_name(m);
        step->items[1].term = some_column(m, shape, TYPE_LONG);
        return;
    }
    step->by_count = make_keys(m, shape, step->by, true);
    step->number = roll(m->dice, 12) + 1;
    if (step->kind == STEP_TOP)
        step->by_count = step->by_count > 1 ? 1 : step->by_count;
    if (step->by_count == 0)
        step->kind = STEP_TAKE;
}

static enum step_kind some_kind(struct maker *m, bool last)
{
    static const enum step_kind kinds[] = {
        STEP_WHERE, STEP_WHERE, STEP_WHERE, STEP_WHERE, STEP_EXTEND, STEP_EXTEND, STEP_PROJECT,
        STEP_AWAY, STEP_KEEP, STEP_RENAME, STEP_DISTINCT, STEP_SUMMARIZE, STEP_SUMMARIZE,
        STEP_SUMMARIZE, STEP_ARG_MAX, STEP_NUMBER, STEP_JOIN, STEP_JOIN, STEP_LOOKUP, STEP_UNION,
        STEP_EXPAND, STEP_APPLY, STEP_PARSE,
    };
    static const enum step_kind ends[] = {STEP_COUNT, STEP_SORT, STEP_SORT, STEP_TOP, STEP_TAKE,
                                          STEP_AS_IS, STEP_AS_IS, STEP_AS_IS};

    if (last && m->depth == 1 && chance(m->dice, 40))
        return ends[roll(m->dice, sizeof(ends) / sizeof(ends[0]))];
    return kinds[roll(m->dice, sizeof(kinds) / sizeof(kinds[0]))];
}

static void fill_step(struct maker *m, const struct shape *shape, struct step *step)
{
    switch (step->kind) {
    case STEP_WHERE:
        step->item_count = 1;
        step->items[0].term = make_term(m, shape, TYPE_BOOL, 3);
        break;
    case STEP_EXTEND:
    case STEP_PROJECT:
        make_items(m, shape, step);
        break;
    case STEP_AWAY:
    case STEP_KEEP:
    case STEP_RENAME:
    case STEP_DISTINCT:
        make_names(m, shape, step);
        break;
    case STEP_SUMMARIZE:
        make_aggregates(m, shape, step);
        make_by(m, shape, step);
        m->unique = false;
        break;
    case STEP_ARG_MAX:
        make_by(m, shape, step);
        break;
    case STEP_SORT:
    case STEP_TOP:
    case STEP_TAKE:
    case STEP_NUMBER:
        make_sorted(m, shape, step);
        break;
    case STEP_JOIN:
    case STEP_LOOKUP:
        make_join(m, shape, step);
        break;
    case STEP_UNION: {
        struct shape ignored;
        step->pipe = make_pipe(m, roll(m->dice, 3), &ignored);
        m->unique = false;
        break;
    }
    case STEP_EXPAND:
    case STEP_APPLY:
        make_expand(m, shape, step);
        break;
    case STEP_PARSE:
        step->item_count = 3;
        step->items[0].term = make_term(m, shape, TYPE_STRING, 0);
        step->items[0].name = SLICE("");
        step->items[1].name = new_name(m);
        step->items[2].name = new_name(m);
        break;
    case STEP_AS_IS:
        make_as_is(m, shape, step);
        break;
    case STEP_COUNT:
        break;
    }
}

static bool is_whole(const struct step *step)
{
    enum step_kind kind = step->kind;

    if (kind == STEP_AWAY || kind == STEP_KEEP || kind == STEP_RENAME || kind == STEP_DISTINCT)
        return step->item_count > 0;
    if (kind == STEP_JOIN || kind == STEP_LOOKUP)
        return step->by_count > 0;
    return kind != STEP_PARSE || step->items[0].term->kind == TERM_COLUMN;
}

static struct pipe *make_pipe(struct maker *m, uint32_t steps, struct shape *ret)
{
    struct pipe *pipe = TAKE(m->arena, struct pipe);
    struct step **end = &pipe->first;
    uint32_t source = roll(m->dice, 100);

    m->depth++;
    *pipe = (struct pipe){.table = &tables_all()[source < 45 ? 0 : source < 65 ? 1 : source < 72 ? 2
                                                               : source < 78 ? 3 : 4]};
    if (source >= 96)
        *pipe = (struct pipe){.is_range = true, .number = roll(m->dice, 40)};
    if (m->q->let_count > 0 && chance(m->dice, 40)) {
        uint32_t at = roll(m->dice, m->q->let_count);
        *pipe = (struct pipe){.let = m->q->let_names[at], .let_pipe = m->q->lets[at]};
    }
    (void)pipe_shape(pipe, m->arena, NULL, ret);
    m->unique = pipe->table != NULL;
    for (uint32_t i = 0; i < steps; i++) {
        struct step *step = TAKE(m->arena, struct step);
        struct shape next;
        bool unique = m->unique;
        *step = (struct step){.kind = some_kind(m, i + 1 == steps)};
        if (step->kind == STEP_NUMBER && !m->unique)
            continue;
        fill_step(m, ret, step);
        if ((step->kind == STEP_ARG_MAX && !unique) || !is_whole(step) ||
            !step_shape(step, m->arena, ret, &next)) {
            m->unique = unique;
            continue;
        }
        m->unique &= step->kind != STEP_ARG_MAX;
        *ret = next;
        *end = step;
        end = &step->next;
    }
    m->depth--;
    return pipe;
}

struct question *question_make(struct dice *dice, struct arena *arena)
{
    struct question *q = TAKE(arena, struct question);
    struct maker m = {.dice = dice, .arena = arena, .q = q};
    struct shape shape;

    *q = (struct question){.arena = arena};
    m.depth = 1; /* a let does not end with a sort */
    while (q->let_count < LETS_MAX && chance(dice, 20)) {
        struct pipe *pipe = make_pipe(&m, roll(dice, 3), &shape);
        q->let_names[q->let_count] = slice_of(take_text(arena, "L%u", q->let_count));
        q->lets[q->let_count++] = pipe;
    }
    m.depth = 0;
    q->pipe = make_pipe(&m, roll(dice, 5) + 1, &shape);
    return q;
}
