/* SPDX-License-Identifier: Apache-2.0 */
/* bind_stored.c - functions that are not in the query: stored by the tenant, or part
 * of what ships.  They see tables and other stored functions, no let of the query. */
#include "query/bind_priv.h"

#include "base/limits.h"

/* "let NAME = TEXT;", parsed. */
static struct node *parse_function(struct binder *b, struct slice name, struct slice text,
                                   struct slice *ret_text)
{
    struct node *statements = NULL;
    struct buf let;

    buf_init(&let, 2 * QUERY_TEXT_BYTES_MAX);
    buf_add_text(&let, "let ['");
    buf_add_slice(&let, name);
    buf_add_text(&let, "'] =\n");
    buf_add_slice(&let, text);
    buf_add_byte(&let, ';');
    *ret_text = arena_copy(b->q->arena, buf_slice(&let), b->err);
    buf_release(&let);
    if (ret_text->data == NULL)
        return NULL;
    if (parse_query(b->q->arena, *ret_text, &statements, b->err) != STATUS_OK) {
        (void)error_wrap(b->err, "function '%.*s'", SLICE_FMT(slice_head(name, 128)));
        return NULL;
    }
    return statements;
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
    struct node *let = binding == NULL ? NULL : parse_function(b, name, text, &text);
    if (let == NULL)
        return NULL;
    if (let->kind != NODE_LET || let->next != NULL || let->args->kind != NODE_FUNCTION)
        return bind_fail(b, 0, "SEM0100", "the stored function '%.*s' is not (...) { ... }",
                         SLICE_FMT(slice_head(name, 128)));
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
