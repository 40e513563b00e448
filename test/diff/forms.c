/* SPDX-License-Identifier: Apache-2.0 */
/* forms.c - a call, and the ways to write a query that must give the same for it. */
#include "forms.h"

#include "base/buf.h"

#define SOME_ROWS 3u

/* What is done with the value of the call. */
enum use { USE_ROWS, USE_WHERE, USE_GROUP, USE_SORT, USE_TOP, USE_DISTINCT, USE_SEMI, USES };

struct plan {
    struct teller teller;
    struct call call;
    const char *around; /* what stands around the call, $0 */
    const char *text;   /* the call and what is around it, with marks */
    enum type type;
    enum use use;
    const char *test;   /* of USE_WHERE: $0 is the value */
    const char *filter; /* "" or which rows, as an operator */
    uint32_t rows[SOME_ROWS];
    bool is_some;       /* of these rows only */
    bool is_total;      /* an aggregate of all rows, not by k */
};

static uint32_t dart(struct plan *p, uint32_t below)
{
    return roll(p->teller.dice, below);
}

static const char *fill1(struct plan *p, const char *format, const char *text)
{
    return fill_text(&p->teller, format, (const char *const[]){text});
}

/* ---- where the rows come from; the first is the plain one ---- */

static const char *const SOURCES[] = {
    "Odd$0",
    "let M = materialize(Odd$0); M",
    "union (Odd$0 | where q > 4), (Odd$0 | where not(q > 4)), (Odd$0 | where isnull(q))",
    "Odd | as X9$0",
    "Odd$0 | sort by id desc",
    "Odd | extend pad_ = id * 2$0",
    "Odd$0 | project id | join kind=inner Odd on id",
    "Odd$0 | take 100000",
    "Odd | mv-expand one_ = dynamic([1]) to typeof(long)$0",
    "Odd$0 | summarize take_any(*) by id",
    "range id from 1 to 150 step 1 | lookup kind=inner Odd on id$0",
    "Odd$0 | top 1000 by w asc",
    "Odd | partition by k (where id > 0)$0",
    "Odd | where id > 70$0 | union (Odd$0 | where id <= 70)",
    "Odd$0 | serialize rn_ = row_number()",
    "Odd | extend o_ = id | project-away id | project-rename id = o_$0",
    "let F = (T:(*)) { T$0 }; F(Odd)",
    "Odd$0 | join kind=leftsemi (Odd | project id) on id",
    "Odd$0 | distinct *",
};
#define SOURCE_COUNT ((uint32_t)(sizeof(SOURCES) / sizeof(SOURCES[0])))

/* The rows, written out. */
static const char *as_datatable(struct plan *p)
{
    const struct table *table = forms_table();
    const char *text = "datatable(";

    for (uint32_t c = 0; c < table->shape.count; c++)
        text = fill_text(&p->teller, "$0$1$2:$3",
                         (const char *const[]){text, c > 0 ? ", " : "",
                                               name_text(&p->teller, table->shape.fields[c].name),
                                               type_name(table->shape.fields[c].type)});
    text = fill1(p, "$0)[", text);
    for (uint32_t i = 0; i < SOME_ROWS; i++) {
        for (uint32_t c = 0; c < table->shape.count; c++)
            text = fill_text(&p->teller, "$0$1$2",
                             (const char *const[]){
                                 text, i + c > 0 ? ", " : "",
                                 literal_of(&p->teller, &table_row(table, p->rows[i])[c])});
    }
    return fill1(p, "$0]", text);
}

static const char *some_source(struct plan *p)
{
    uint32_t kind = dart(p, SOURCE_COUNT + (p->is_some ? 2 : 0));

    return kind >= SOURCE_COUNT ? as_datatable(p) : fill1(p, SOURCES[kind], p->filter);
}

const char *forms_rows(struct teller *t, const char *filter, bool is_plain)
{
    return fill_text(t, SOURCES[is_plain ? 0 : roll(t->dice, SOURCE_COUNT)], &filter);
}

/* ---- the value: an expression, and what stands before it ---- */

struct value_text {
    const char *statement; /* before all */
    const char *before;    /* operators */
    const char *text;
    bool may_fail;
};

/* The arguments that differ by row, as columns of their own. */
static void hoist(struct plan *p, struct value_text *ret)
{
    struct call call = p->call;

    for (uint32_t i = 0; i < call.arg_count; i++) {
        struct term_text *arg = &call.args[i];
        if (!arg->is_row || !arg->is_free)
            continue;
        const char *name = take_text(p->teller.arena, "h%u", i);
        ret->before = fill_text(&p->teller, "$0 | extend $1 = $2",
                                (const char *const[]){ret->before, name, arg->text});
        arg->text = name;
    }
    if (dart(p, 2) == 0 && ret->before[0] != '\0' && p->call.callee->kind != CALLEE_WINDOW)
        ret->before = fill1(p, "$0 | as H9", ret->before);
    ret->text = fill1(p, p->around, call_text(&p->teller, &call));
}

/* Constants as columns that a table gives. */
static void look_up(struct plan *p, struct value_text *ret)
{
    struct call call = p->call;
    const char *names = "one_:long", *values = "1";

    for (uint32_t i = 0; i < call.arg_count; i++) {
        struct term_text *arg = &call.args[i];
        if (arg->is_row || !arg->is_free)
            continue;
        const char *name = take_text(p->teller.arena, "h%u", i);
        names = fill_text(&p->teller, "$0, $1:$2",
                          (const char *const[]){names, name, type_name(arg->type)});
        values = fill_text(&p->teller, "$0, $1", (const char *const[]){values, arg->text});
        arg->text = name;
        ret->may_fail = true;
    }
    if (ret->may_fail)
        ret->before = fill_text(&p->teller,
                                " | extend one_ = 1 | lookup kind=inner (datatable($0)[$1]) on "
                                "one_",
                                (const char *const[]){names, values});
    ret->text = fill1(p, p->around, call_text(&p->teller, &call));
}

/* The arguments as parameters of a function. */
static void wrap(struct plan *p, struct value_text *ret)
{
    struct call call = p->call;
    const char *names = "", *values = "";

    for (uint32_t i = 0; i < call.arg_count; i++) {
        if (call.args[i].is_row && !call.args[i].is_free) /* names a column: it has to stay */
            return;
    }
    for (uint32_t i = 0; i < call.arg_count; i++) {
        struct term_text *arg = &call.args[i];
        if (arg->type == TYPE_COUNT_ || !arg->is_free)
            continue;
        const char *name = take_text(p->teller.arena, "h%u", i);
        const char *comma = names[0] == '\0' ? "" : ", ";
        names = fill_text(&p->teller, "$0$1$2:$3",
                          (const char *const[]){names, comma, name, type_name(arg->type)});
        values = fill_text(&p->teller, "$0$1$2", (const char *const[]){values, comma, arg->text});
        arg->text = name;
    }
    ret->statement = fill_text(&p->teller, "let F9 = ($0) { $1 }; ",
                               (const char *const[]){names, call_text(&p->teller, &call)});
    ret->text = fill1(p, p->around, fill1(p, "F9($0)", values));
}

static struct value_text some_value(struct plan *p)
{
    struct value_text ret = {.statement = "", .before = "", .text = p->text};
    enum callee_kind kind = p->call.callee->kind;

    switch (dart(p, kind >= CALLEE_AGGREGATE ? 4 : 9)) {
    case 0:
    case 1:
        hoist(p, &ret);
        break;
    case 2:
        look_up(p, &ret);
        break;
    case 4:
        ret.text = fill1(p, "iff(b, $0, $0)", p->text);
        break;
    case 5:
        ret.text = fill1(p, "case(q > 4, $0, k == 2, $0, $0)", p->text);
        break;
    case 6:
        wrap(p, &ret);
        break;
    case 7:
        ret.before = fill1(p, " | mv-apply one_ = dynamic([1]) on (extend y9 = $0)", p->text);
        ret.text = "y9";
        break;
    default:
        break;
    }
    return ret;
}

/* ---- what is done with it ---- */

static const char *some_constant(struct plan *p)
{
    if (dart(p, 2) == 0 && p->call.callee->kind < CALLEE_AGGREGATE)
        return with_values(&p->teller, p->text, dart(p, forms_table()->row_count));
    return some_literal(&p->teller, p->type);
}

static const char *some_test(struct plan *p)
{
    static const char *const all[] = {
        "$0 == $1", "$0 != $1", "isnull($0)", "isnotnull($0)", "$0 in ($1, $2)", "$0 !in ($1)",
        "$0 < $1", "$0 >= $1", "$0 between ($1 .. $2)", "not($0 == $1)", "isempty($0)",
        "$0 == $1 or $0 == $2", "$0 > $1 and isnotnull($0)",
    };
    static const char *const texts[] = {
        "$0 has $1", "$0 contains $1", "$0 startswith $1", "$0 =~ $1", "$0 !has $1",
        "$0 matches regex '[ab]'", "isempty($0)", "$0 has_any ($1, $2)", "strlen($0) > 2",
        "$0 endswith $1", "$0 has_cs $1", "$0 in~ ($1, $2)", "isnotempty($0)",
    };
    static const char *const dynamics[] = {
        "isnull($0)", "tostring($0) == tostring($1)", "array_length($0) > 1", "$0.a == 1",
        "$0[0] == 1", "$0 has 'a'", "isnotempty($0)", "tolong($0[1]) >= 2",
        "tostring($0.b) has 'i'",
    };
    const char *const *tests = all;
    uint32_t count = sizeof(all) / sizeof(all[0]);

    if (p->type == TYPE_BOOL)
        return dart(p, 2) == 0 ? "$0" : "not($0)";
    if (p->type == TYPE_DYNAMIC) {
        tests = dynamics;
        count = sizeof(dynamics) / sizeof(dynamics[0]);
    } else if (p->type == TYPE_STRING && dart(p, 2) == 0) {
        tests = texts;
        count = sizeof(texts) / sizeof(texts[0]);
    } else if (p->type == TYPE_GUID) {
        count = 6;
    }
    return fill_text(&p->teller, tests[dart(p, count)],
                     (const char *const[]){"$0", some_constant(p), some_constant(p)});
}

static const char *use_text(struct plan *p, const char *value, bool is_column)
{
    static const char *const uses[USES] = {
        [USE_ROWS] = " | project id, y = $0",
        [USE_WHERE] = " | where $2 | project id",
        [USE_GROUP] = " | summarize c = count(), a = min(id), z = max(id) by y = $0",
        [USE_SORT] = " | sort by $0 asc, id asc | extend rn = row_number() | project id, rn",
        [USE_TOP] = " | top 5 by $0 desc | project y = $0",
        [USE_DISTINCT] = " | project y = $0 | distinct y",
        [USE_SEMI] = " | where $0 in (Odd | where q > 4 | project $1) | project id",
    };
    const char *test = p->use == USE_WHERE ? fill1(p, p->test, value) : "";

    return fill_text(&p->teller, is_column && p->use == USE_GROUP
                                     ? " | summarize c = count(), a = min(id), z = max(id) by $0"
                                     : uses[p->use],
                     (const char *const[]){value, p->text, test});
}

static const char *finish(struct plan *p, const struct value_text *value, const char *rows,
                          const char *use)
{
    const char *text = fill_text(&p->teller, "$0$1$2$3",
                                 (const char *const[]){value->statement, rows, value->before, use});

    return with_names(&p->teller, text);
}

/* ---- scalar functions, and functions over rows in an order ---- */

static const char *plain_form(struct plan *p)
{
    struct value_text value = {.statement = "", .before = "", .text = p->text};
    const char *rows = fill1(p, SOURCES[0], p->filter);

    if (p->call.callee->kind == CALLEE_WINDOW)
        rows = fill1(p, "$0 | sort by id asc", rows);
    return finish(p, &value, rows,
                  fill_text(&p->teller, " | extend y = $0 | as B9$1",
                            (const char *const[]){p->text, use_text(p, "y", true)}));
}

static const char *other_form(struct plan *p, bool *ret_may_fail)
{
    static const char *const barriers[] = {
        "", " | as B9", " | sort by id asc", " | serialize", " | take 100000", " | where id > 0",
    };
    struct value_text value = some_value(p);
    const char *rows = some_source(p);
    bool is_window = p->call.callee->kind == CALLEE_WINDOW;
    bool is_inline = !is_window && dart(p, 2) == 0;

    *ret_may_fail = value.may_fail;
    if (is_window)
        rows = fill1(p, "$0 | sort by id asc", rows);
    if (is_inline)
        return finish(p, &value, rows, use_text(p, value.text, false));
    return finish(p, &value, rows,
                  fill_text(&p->teller, " | extend y = $0$1$2",
                            (const char *const[]){value.text, barriers[dart(p, 6)],
                                                  use_text(p, "y", true)}));
}

/* Each row as a query of its own. */
static const char *print_form(struct plan *p)
{
    const char *text = "union ";

    for (uint32_t i = 0; i < SOME_ROWS; i++) {
        const struct value *id = &table_row(forms_table(), p->rows[i])[0];
        text = fill_text(&p->teller, "$0$1(print id = $2, y = $3)",
                         (const char *const[]){text, i > 0 ? ", " : "",
                                               literal_of(&p->teller, id),
                                               with_values(&p->teller, p->text, p->rows[i])});
    }
    return text;
}

static void make_rows(struct plan *p)
{
    static const char *const filters[] = {"", "", "", " | where k == 2", " | where q > 4",
                                          " | where isnotempty(w)", " | where b"};
    uint32_t rows = forms_table()->row_count;

    p->is_some = dart(p, 100) < 35 && p->call.callee->kind < CALLEE_AGGREGATE;
    p->filter = filters[dart(p, 7)];
    if (!p->is_some)
        return;
    p->rows[0] = dart(p, rows / 3);
    p->rows[1] = p->rows[0] + 1 + dart(p, rows / 3);
    p->rows[2] = p->rows[1] + 1 + dart(p, rows / 4);
    p->filter = take_text(p->teller.arena, " | where id in (%u, %u, %u)", p->rows[0] + 1,
                          p->rows[1] + 1, p->rows[2] + 1);
}

static void make_scalar_forms(struct plan *p, struct forms *ret)
{
    p->use = (enum use)dart(p, USES);
    if (dart(p, 3) == 0 || (p->type == TYPE_DYNAMIC && p->use > USE_WHERE))
        p->use = USE_ROWS;
    if (p->call.callee->kind == CALLEE_WINDOW && p->use == USE_SEMI)
        p->use = USE_ROWS;
    if (p->use == USE_WHERE)
        p->test = some_test(p);
    make_rows(p);
    ret->texts[ret->count++] = plain_form(p);
    if (p->is_some && p->use == USE_ROWS) {
        ret->may_fail[ret->count] = true;
        ret->texts[ret->count++] = print_form(p);
    }
    while (ret->count < 3) {
        ret->texts[ret->count] = other_form(p, &ret->may_fail[ret->count]);
        ret->count++;
    }
}

/* ---- aggregates ---- */

static const char *aggregate_form(struct plan *p, bool is_plain, bool *ret_may_fail)
{
    static const char *const groups[] = {
        " | summarize y = $0 by k | project k, y",
        " | summarize c_ = count(), y = $0, d_ = dcount(w), m_ = max(n) by k | project k, y",
        " | summarize y = $0 by k, one_ = 1 | project k, y",
        (" | as G9 | where isnotnull(k) | summarize y = $0 by k | union (G9 | where isnull(k) | "
         "summarize y = $0 by k) | project k, y"),
        " | sort by n desc | summarize y = $0 by k | project k, y",
        " | summarize y = $0 by k | where isnull(k) or k > -5 | project k, y",
        " | extend kk = tostring(k) | summarize y = $0, k = take_any(k) by kk | project k, y",
        " | summarize y = $0 by k = k + 0 | project k, y",
        " | summarize y = $0 by kk = strcat('k', k) | project k = tolong(substring(kk, 1)), y",
    };
    static const char *const totals[] = {
        " | summarize y = $0 | project y",
        " | summarize y = $0 by one_ = 1 | project y",
        " | summarize c_ = count(), y = $0, d_ = dcount(w) | project y",
        " | as G9 | sort by n desc | summarize y = $0 | project y",
    };
    struct value_text value = {.statement = "", .before = "", .text = p->text};
    const char *const *forms = p->is_total ? totals : groups;
    uint32_t count = p->is_total ? 4 : 9;

    if (is_plain)
        return finish(p, &value, fill1(p, SOURCES[0], p->filter), fill1(p, forms[0], p->text));
    value = some_value(p);
    *ret_may_fail = value.may_fail;
    return finish(p, &value, some_source(p), fill1(p, forms[dart(p, count)], value.text));
}

/* ---- a question ---- */

static bool call_binds(struct plan *p)
{
    static const char *const around[] = {
        [CALLEE_SCALAR] = "Odd | project y = $0",
        [CALLEE_INFIX] = "Odd | project y = $0",
        [CALLEE_AGGREGATE] = "Odd | summarize y = $0",
        [CALLEE_WINDOW] = "Odd | sort by id asc | extend y = $0",
    };
    const char *text = fill1(p, around[p->call.callee->kind], p->text);

    return engine_binds(slice_of(with_names(&p->teller, text)), &p->type);
}

void forms_make(struct dice *dice, struct arena *arena, uint64_t seed, struct forms *ret)
{
    struct plan p = {.teller = {dice, arena}, .around = "$0"};
    /* Seven on in each round, as what is made of a question goes by its number as well. */
    const uint64_t round = seed / callee_count();
    struct callee *callee = callee_at((uint32_t)((seed + 7 * round) % callee_count()));
    bool binds = false;

    p.call.callee = callee;
    *ret = (struct forms){.is_loose = callee->kind == CALLEE_AGGREGATE};
    for (int i = 0; i < 5 && !binds; i++) {
        call_make(&p.teller, callee, 1, &p.call);
        p.around = call_settled(&p.call);
        p.text = fill1(&p, p.around, call_text(&p.teller, &p.call));
        binds = call_binds(&p);
    }
    if (callee_gives_columns(callee)) { /* made one that gives an array */
        p.around = "iff(id > 0, $0, $0)";
        p.text = fill1(&p, p.around, p.text);
    }
    if (!binds) /* it is asked all the same: it must be refused in every form */
        p.type = TYPE_STRING;
    if (callee->kind != CALLEE_AGGREGATE) {
        make_scalar_forms(&p, ret);
        return;
    }
    p.is_total = roll(dice, 4) == 0;
    make_rows(&p);
    for (ret->count = 0; ret->count < 3; ret->count++)
        ret->texts[ret->count] =
            aggregate_form(&p, ret->count == 0, &ret->may_fail[ret->count]);
}
