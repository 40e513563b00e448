/* SPDX-License-Identifier: Apache-2.0 */
/* bind_evaluate.c - plugins. */
#include "query/bind_priv.h"

struct plan *bind_evaluate(struct binder *b, struct plan *input, const struct node *op)
{
    (void)input;
    return bind_fail(b, op->args->at, "SEM0100", "plugin '%.*s' is not supported",
                     SLICE_FMT(slice_head(op->args->name, 64)));
}
