/* SPDX-License-Identifier: Apache-2.0 */
#include "query/ast_priv.h"

static bool value_same(const struct value *a, const struct value *b)
{
    if (a->type != b->type || a->is_null != b->is_null)
        return false;
    if (type_is_bytes(a->type))
        return slice_equal(a->bytes, b->bytes);
    if (a->type == TYPE_BOOL)
        return a->boolean == b->boolean;
    return a->type == TYPE_GUID ? guid_equal(&a->guid, &b->guid) : a->integer == b->integer;
}

bool ast_same(const struct node *a, const struct node *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        if (a->kind != b->kind || a->flags != b->flags || !slice_equal(a->name, b->name) ||
            !value_same(&a->value, &b->value) || !ast_same(a->args, b->args) ||
            !ast_same(a->by, b->by) || !ast_same(a->params, b->params) ||
            !ast_same(a->body, b->body))
            return false;
    }
    return a == NULL && b == NULL;
}

const struct node *ast_below(const struct node *list, uint32_t levels)
{
    for (const struct node *node = list; node != NULL; node = node->next) {
        const struct node *const below[] = {node->args, node->by, node->params, node->body};
        if (levels == 0)
            return node;
        for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
            const struct node *found = ast_below(below[i], levels - 1);
            if (found != NULL)
                return found;
        }
    }
    return NULL;
}
