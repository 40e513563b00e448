/* SPDX-License-Identifier: Apache-2.0 */
/* elements.c - mv-expand that the scan can do itself.
 *
 *     T | where ... | mv-expand f = Folders | mv-expand i = f.FolderItems | where isnotempty(i)
 *       | summarize count_distinct(tostring(i.InternetMessageId)) by ...
 *
 * Who reads the elements asks whether there is one and for one member of it: a source
 * that keeps members in columns has both without the text of the arrays.  A batch of
 * elements passes the operators between the scan and the last mv-expand by; so only
 * predicates may stand there that the source decides, and the columns on the way are
 * not read above.
 */
#include "query/op_priv.h"

#include <string.h>

#define READERS_MAX 64u
#define EXPANDS_MAX 8u

struct asking {
    struct query *q;
    struct expr *readers[READERS_MAX];
    uint32_t reader_count;
    const struct expand_column *expands[EXPANDS_MAX]; /* the last operator first */
    uint32_t expand_count;
    struct plan *last; /* the last mv-expand */
    uint32_t element;  /* its column */
    uint32_t hidden[EXPANDS_MAX + 1]; /* columns that are not there in a batch of elements */
    uint32_t hidden_count;
    struct slice member; /* of the element; data NULL: none was asked for */
};

/* A member of a member ... of a column, or the column. */
static bool is_member_chain(const struct expr *e)
{
    while (e->kind == EXPR_CALL && e->function == &operator_member)
        e = e->args[0];
    return e->kind == EXPR_COLUMN && e->type == TYPE_DYNAMIC;
}

static bool is_call_of(const struct expr *e, const char *name)
{
    return e->kind == EXPR_CALL && e->arg_count == 1 && strcmp(e->function->name, name) == 0;
}

/* tostring(element.member): the same member wherever there is one. */
static bool is_text_of_member(struct asking *a, const struct expr *e)
{
    uint32_t column;
    struct slice path;

    if (!is_call_of(e, "tostring") || !is_member_chain(e->args[0]) ||
        e->args[0]->kind != EXPR_CALL || !push_column_path(a->q, e->args[0], &column, &path) ||
        column != a->element || (a->member.data != NULL && !slice_equal(a->member, path)))
        return false;
    a->member = path;
    return true;
}

static bool is_test_of_element(const struct asking *a, const struct expr *e)
{
    static const char *const tests[] = {"isempty", "isnotempty", "notempty",
                                        "isnull",  "isnotnull",  "notnull"};

    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        if (is_call_of(e, tests[i]))
            return e->args[0]->kind == EXPR_COLUMN && e->args[0]->column == a->element;
    }
    return false;
}

static bool is_readable(struct asking *a, const struct expr *e)
{
    if (is_text_of_member(a, e) || is_test_of_element(a, e))
        return true;
    for (uint32_t i = 0; e->kind == EXPR_COLUMN && i < a->hidden_count; i++) {
        if (e->column == a->hidden[i])
            return false;
    }
    for (uint32_t i = 0; i < e->arg_count; i++) {
        if (!is_readable(a, e->args[i]))
            return false;
    }
    return true;
}

static void mark_members(struct asking *a, struct expr *e)
{
    if (is_text_of_member(a, e)) {
        e->is_member = true;
        return;
    }
    for (uint32_t i = 0; i < e->arg_count; i++)
        mark_members(a, e->args[i]);
}

/* From the consumer down to the scan; false if something else stands there. */
static bool find_operators(struct asking *a, struct plan *plan, struct plan **ret_scan)
{
    for (; op_where_predicate(plan) != NULL; plan = plan->inputs[0]) {
        if (a->reader_count == READERS_MAX)
            return false;
        a->readers[a->reader_count++] = op_where_predicate(plan);
    }
    a->last = plan;
    for (; op_expand_column(plan) != NULL; plan = plan->inputs[0]) {
        if (a->expand_count == EXPANDS_MAX)
            return false;
        a->expands[a->expand_count++] = op_expand_column(plan);
    }
    for (; op_where_predicate(plan) != NULL; plan = plan->inputs[0]) {
        if (!plan->filters_scan)
            return false;
    }
    *ret_scan = plan;
    return a->expand_count > 0;
}

/* The path of the elements, from the column of the scan on. */
static bool find_path(struct asking *a, uint32_t *ret_column, struct buf *ret)
{
    for (uint32_t i = a->expand_count; i > 0; i--) {
        const struct expr *e = a->expands[i - 1]->expr;
        uint32_t column;
        struct slice path;
        if (!is_member_chain(e) || !push_column_path(a->q, e, &column, &path))
            return false;
        if (i == a->expand_count)
            *ret_column = column;
        else if (column != a->expands[i]->target)
            return false; /* it expands something else than the elements before */
        a->hidden[a->hidden_count++] = column;
        if (path.size > 0 && ret->size > 0)
            buf_add_byte(ret, '.');
        buf_add_slice(ret, path);
        buf_add_text(ret, "[]");
    }
    a->element = a->expands[0]->target;
    a->hidden[a->hidden_count++] = a->element;
    return true;
}

static enum status ask(struct asking *a, struct plan *scan, uint32_t column, struct slice path,
                       struct error *err)
{
    struct scan_elements *elements = ARENA_NEW(a->q->arena, struct scan_elements, err);

    if (elements == NULL)
        return err->status;
    *elements = (struct scan_elements){column, arena_copy(a->q->arena, path, err), a->member};
    if (elements->path.data == NULL)
        return err->status;
    if (!op_scan_elements(scan, elements))
        return STATUS_OK;
    op_expand_elements(a->last, scan);
    for (uint32_t i = 0; i < a->reader_count; i++)
        mark_members(a, a->readers[i]);
    return STATUS_OK;
}

enum status plan_ask_elements(struct plan *plan, struct expr *const *exprs, uint32_t count,
                              struct query *q, struct error *err)
{
    struct asking a = {.q = q, .member = slice_from(NULL, 0)};
    struct plan *scan = NULL;
    uint32_t column = 0;
    struct buf path;
    enum status status = STATUS_OK;

    if (count > READERS_MAX)
        return STATUS_OK;
    memcpy(a.readers, exprs, count * sizeof(*exprs));
    a.reader_count = count;
    buf_init(&path, COLUMN_NAME_BYTES_MAX * 16);
    bool fits = find_operators(&a, plan, &scan) && find_path(&a, &column, &path);
    for (uint32_t i = 0; i < a.reader_count && fits; i++)
        fits = is_readable(&a, a.readers[i]);
    if (fits && a.member.data != NULL && !path.failed)
        status = ask(&a, scan, column, buf_slice(&path), err);
    buf_release(&path);
    return status;
}
