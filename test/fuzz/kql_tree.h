/* SPDX-License-Identifier: Apache-2.0 */
/* kql_tree.h - changes queries as trees: by operators, arguments and whole expressions
 * out of a grammar and of the examples of all functions, so that most of what comes out
 * binds and runs.  The outcome depends on the arguments alone. */
#ifndef FUZZ_KQL_TREE_H
#define FUZZ_KQL_TREE_H

#include "base/buf.h"

/* Appends another query like `text`. */
void kql_tree_change(struct slice text, unsigned seed, struct buf *ret);
/* Appends `text` with a piece of `other` in it. */
void kql_tree_cross(struct slice text, struct slice other, unsigned seed, struct buf *ret);

#endif
