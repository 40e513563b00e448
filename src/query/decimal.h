/* SPDX-License-Identifier: Apache-2.0 */
/* decimal.h - arithmetic of decimals, which are carried as their text. */
#ifndef QUERY_DECIMAL_H
#define QUERY_DECIMAL_H

#include "base/arena.h"
#include "table/type.h"

int decimal_compare(const struct value *a, const struct value *b);
/* op: + - * / %.  Division by zero gives null. */
enum status decimal_arithmetic(struct arena *arena, char op, const struct value *a,
                               const struct value *b, struct value *ret,
                               struct error *err) MUST_USE;

#endif
