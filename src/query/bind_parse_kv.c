/* SPDX-License-Identifier: Apache-2.0 */
/* bind_parse_kv.c - parse-kv: each column is a call that finds its key's value. */
#include "base/limits.h"
#include "query/bind_priv.h"
#include "query/kv_priv.h"
#include "query/regex.h"

#define KV_DELIMITER_BYTES_MAX 256u /* compared at each byte of a text */

static bool text_of(struct binder *b, const struct node *node, const char *name,
                    struct slice *ret)
{
    struct expr *expr = bind_constant(b, node);
    if (expr == NULL)
        return false;
    if (expr->type != TYPE_STRING || expr->value.bytes.size == 0) {
        bind_fail(b, node->at, "SEM0100", "'%s' needs a text that is not empty", name);
        return false;
    }
    *ret = expr->value.bytes;
    return true;
}

static bool text_property(struct binder *b, const struct node *op, const char *name,
                          struct slice *ret)
{
    const struct node *node = bind_param(op, name);
    return node == NULL || text_of(b, node, name, ret);
}

/* Texts of at most `most` bytes; a property may stand any number of times. */
static bool text_properties(struct binder *b, const struct node *op, const char *name, size_t most,
                            const struct slice **ret, uint32_t *ret_count)
{
    uint32_t room = node_count(op->params) + 1;
    struct slice *texts = ARENA_ARRAY(b->q->arena, struct slice, room, b->err);

    if (texts == NULL)
        return false;
    for (const struct node *p = op->params; p != NULL; p = p->next) {
        if (!slice_equal_nocase(p->name, slice_of(name)))
            continue;
        struct slice *text = &texts[(*ret_count)++];
        if (!text_of(b, p->args, name, text))
            return false;
        if (text->size > most) {
            bind_fail(b, p->args->at, "SEM0100", "'%s' has at most %zu characters of ASCII", name,
                      most);
            return false;
        }
    }
    *ret = texts;
    return true;
}

static void free_regex(void *regex)
{
    regex_free(regex);
}

static bool read_regex(struct binder *b, const struct node *op, struct kv_spec *kv)
{
    struct slice pattern = {NULL, 0};
    struct regex *regex = NULL;

    if (!text_property(b, op, "regex", &pattern) || pattern.size == 0)
        return b->err->status == STATUS_OK;
    if (regex_new(pattern, 0, &regex, b->err) != STATUS_OK)
        return false;
    if (arena_on_free(b->q->arena, free_regex, regex, b->err) != STATUS_OK) {
        regex_free(regex);
        return false;
    }
    kv->regex = regex;
    if (regex_group_count(regex) == 2)
        return true;
    bind_fail(b, op->at, "SEM0100", "the pattern needs two groups: the key and the value");
    return false;
}

static bool read_properties(struct binder *b, const struct node *op, struct kv_spec *kv)
{
    const struct node *greedy = bind_param(op, "greedy");
    struct slice *keys = ARENA_ARRAY(b->q->arena, struct slice, node_count(op->by) + 1, b->err);

    if (keys == NULL || !text_property(b, op, "pair_delimiter", &kv->pair) ||
        !text_property(b, op, "kv_delimiter", &kv->separator) ||
        !text_properties(b, op, "quote", 2, &kv->quotes, &kv->quote_count) ||
        !text_properties(b, op, "escape", 1, &kv->escapes, &kv->escape_count) ||
        !read_regex(b, op, kv))
        return false;
    if (kv->pair.size > KV_DELIMITER_BYTES_MAX || kv->separator.size > KV_DELIMITER_BYTES_MAX) {
        bind_fail(b, op->at, "SEM0100", "a delimiter has at most %u bytes",
                  KV_DELIMITER_BYTES_MAX);
        return false;
    }
    for (const struct node *c = op->by; c != NULL; c = c->next)
        keys[kv->key_count++] = c->name;
    kv->keys = keys;
    if (greedy != NULL) {
        struct expr *expr = bind_cast(b, bind_constant(b, greedy), TYPE_BOOL);
        if (expr == NULL)
            return false;
        kv->greedy = !expr->value.is_null && expr->value.boolean;
    }
    bool plain = kv->quote_count > 0 || kv->escape_count > 0;
    if (kv->regex == NULL && kv->separator.size == 0 && op->params != NULL && !plain) {
        bind_fail(b, op->at, "SEM0100", "parse-kv needs 'kv_delimiter' or 'regex'");
        return false;
    }
    if (kv->regex == NULL && kv->separator.size == 0 && kv->pair.size > 0) {
        bind_fail(b, op->at, "SEM0100", "parse-kv with 'pair_delimiter' needs 'kv_delimiter'");
        return false;
    }
    return true;
}

struct plan *bind_parse_kv(struct binder *b, struct plan *input, const struct node *op)
{
    uint32_t width = input->schema.column_count;
    struct kv_spec *kv = ARENA_NEW(b->q->arena, struct kv_spec, b->err);
    struct output *outputs = bind_all(b, &input->schema, node_count(op->by));
    struct expr *text = bind_cast(b, bind_expr(b, op->args), TYPE_STRING);

    if (kv == NULL || outputs == NULL || text == NULL || !read_properties(b, op, kv))
        return NULL;
    for (const struct node *c = op->by; c != NULL; c = c->next) {
        struct value key = {.type = TYPE_STRING, .bytes = c->name};
        struct expr *args[2] = {text, bind_const_expr(b, &key, c->at)};
        struct invocation call = {.at = c->at, .function = &function_kv, .args = args,
                                  .arg_count = 2, .type = TYPE_STRING, .state = kv};
        struct expr *found = args[1] == NULL ? NULL : bind_invoke_with(b, &call);
        uint32_t at = schema_find(&input->schema, c->name);
        if (at == UINT32_MAX)
            at = width++;
        outputs[at].name = c->name;
        outputs[at].expr = bind_cast(b, found, c->value.type);
        if (outputs[at].expr == NULL)
            return NULL;
    }
    return plan_project(b->q, input, outputs, width, b->err);
}
