/* SPDX-License-Identifier: Apache-2.0 */
/* bind_search.c - search and find. */
#include "query/bind_priv.h"

struct plan *bind_search(struct binder *b, struct plan *input, const struct node *op)
{
    (void)input;
    return bind_fail(b, op->at, "SEM0100", "operator '%.*s' is not supported",
                     SLICE_FMT(slice_head(op->name, 64)));
}
