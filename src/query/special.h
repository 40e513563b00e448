/* SPDX-License-Identifier: Apache-2.0 */
/* special.h - functions that the binder itself knows, for completion and docs:
 * they look at the table, the order of rows or the request. */
#ifndef QUERY_SPECIAL_H
#define QUERY_SPECIAL_H

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

#endif
