/* SPDX-License-Identifier: Apache-2.0 */
/* special.h - functions that the binder itself knows, for completion and docs:
 * they look at the table, the order of rows or the request. */
#ifndef QUERY_SPECIAL_H
#define QUERY_SPECIAL_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct special {
    const char *name, *signature, *summary;
    const char *example; /* true as an expression of print; "" if it needs more around it */
};

/* The one at index, or NULL behind the last. */
const struct special *special_at(uint32_t index);
/* The same for functions over rows in an order; their examples are whole queries of
 * one value, which is true. */
const struct special *special_window_at(uint32_t index);
/* The same for plugins of evaluate; "" where an example needs more than there is. */
const struct special *special_plugin_at(uint32_t index);
/* The same for options of `set` that are heeded. */
const struct special *special_set_at(uint32_t index);

/* Operators between texts: has, contains, in ...  Their examples are as those of functions. */
const struct special *special_text_at(uint32_t index);
/* A spelling that no completion offers. */
bool special_text_is_old(uint32_t index);
enum text_operand { TEXT_OPERAND_NONE, TEXT_OPERAND_TEXT, TEXT_OPERAND_LIST };
/* What stands behind the operator; NONE: there is none of the name. */
enum text_operand special_text_operand(struct slice name);

#endif
