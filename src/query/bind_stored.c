/* SPDX-License-Identifier: Apache-2.0 */
/* bind_stored.c - functions that are not in the query: stored by the tenant, or part
 * of what ships.  They see tables and other stored functions, no let of the query. */
#include "query/bind_priv.h"

#include "base/limits.h"
#include "query/query.h"

/* "let NAME = TEXT;", parsed: one statement, a function.  The text may end in a comment. */
static enum status parse_function(struct arena *arena, struct slice name, struct slice text,
                                  struct slice *ret_text, struct node **ret, struct error *err)
{
    struct buf let;

    buf_init(&let, 2 * QUERY_TEXT_BYTES_MAX);
    buf_add_text(&let, "let ['");
    buf_add_slice(&let, name);
    buf_add_text(&let, "'] =\n");
    buf_add_slice(&let, text);
    buf_add_text(&let, "\n;");
    enum status status = buf_check(&let, err);
    if (status == STATUS_OK) {
        *ret_text = arena_copy(arena, buf_slice(&let), err);
        status = ret_text->data == NULL ? err->status : STATUS_OK;
    }
    buf_release(&let);
    if (status == STATUS_OK)
        status = parse_query(arena, *ret_text, ret, err);
    if (status != STATUS_OK)
        return status;
    if ((*ret)->kind == NODE_LET && (*ret)->next == NULL && (*ret)->args->kind == NODE_FUNCTION)
        return STATUS_OK;
    (void)ERROR_SET(err, STATUS_INVALID, "it is not (parameters) { body } alone");
    err->line = err->column = 1;
    return error_code(err, "SEM0100");
}

enum status query_check_function(struct slice name, struct slice text, struct error *err)
{
    struct arena *arena = arena_new(QUERY_MEMORY_BYTES);
    struct node *let = NULL;
    struct slice whole;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    enum status status = text.size > QUERY_TEXT_BYTES_MAX
                             ? ERROR_SET(err, STATUS_LIMIT, "a function has at most %zu bytes",
                                         QUERY_TEXT_BYTES_MAX)
                             : parse_function(arena, name, text, &whole, &let, err);
    if (status != STATUS_OK && err->line > 1)
        err->line--; /* of the line in front */
    arena_free(arena);
    return status;
}

/* "// warning: ..." in front is said where the function is used. */
static struct slice take_warning(struct slice *text)
{
    static const char mark[] = "// warning: ";
    struct slice line, rest = *text;

    if (!slice_starts_with(rest, slice_of(mark)) || !slice_next(&rest, '\n', &line) ||
        rest.data == NULL)
        return (struct slice){NULL, 0};
    *text = rest;
    return slice_tail(line, sizeof(mark) - 1);
}

const struct binding *bind_stored(struct binder *b, struct slice name)
{
    const struct query_env *env = b->q->request->env;

    if (!bind_is_seen(b, name))
        return NULL;
    for (const struct binding *v = b->q->stored; v != NULL; v = v->next) {
        if (slice_equal(v->name, name))
            return v;
    }
    if (env == NULL || env->function == NULL || b->err->status != STATUS_OK)
        return NULL;
    struct slice text = env->function(env->context, name);
    if (text.size == 0)
        return NULL;
    struct slice warning = take_warning(&text);
    struct binding *binding = ARENA_NEW(b->q->arena, struct binding, b->err);
    struct node *let = NULL;
    if (binding == NULL)
        return NULL;
    if (parse_function(b->q->arena, name, text, &text, &let, b->err) != STATUS_OK) {
        (void)error_wrap(b->err, "function '%.*s'", SLICE_FMT(slice_head(name, 128)));
        return NULL;
    }
    *binding = (struct binding){.name = let->name,
                                .kind = BINDING_FUNCTION,
                                .node = let->args,
                                .text = text,
                                .warning = warning,
                                .is_stored = true,
                                .next = b->q->stored};
    b->q->stored = binding;
    return binding;
}

const struct binding *bind_find_function(struct binder *b, struct slice name)
{
    const struct binding *found = bind_find(b, name);

    return found != NULL ? found : bind_stored(b, name);
}
