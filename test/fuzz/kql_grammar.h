/* SPDX-License-Identifier: Apache-2.0 */
/* kql_grammar.h - queries by chance, over the table T of fuzz_kql_tree.c. */
#ifndef FUZZ_KQL_GRAMMAR_H
#define FUZZ_KQL_GRAMMAR_H

#include "base/buf.h"

struct kql_maker {
    uint64_t state; /* of chance */
    uint32_t depth;
    struct buf *out;
};

uint32_t kql_roll(struct kql_maker *m, uint32_t below); /* below >= 1 */
/* Appends a form: text with $X for what is made by chance, $$ for a dollar sign.
 *   $L long  $R real  $S string  $B bool  $D dynamic  $T datetime  $P timespan  $G guid
 *   $M decimal  $A any of them  $F a function's example  $a an aggregate  $c a column
 *   $n a new name  $N a small number  $t a type  $O an operator with its bar  $Q rows
 *   $q a whole query */
void kql_make(struct kql_maker *m, const char *form);

#endif
