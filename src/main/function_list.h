/* SPDX-License-Identifier: Apache-2.0 */
/* function_list.h - the KQL functions that ship: content/functions/.
 *
 *   // comment
 *   // warning: said where the function is used
 *   NAME(parameters) {
 *       body
 *   }
 *   OTHER = NAME
 *
 * A definition starts at the first column and ends with a brace there.
 */
#ifndef MAIN_FUNCTION_LIST_H
#define MAIN_FUNCTION_LIST_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

struct function_text {
    struct slice name;
    struct slice text; /* "(parameters) { body }", perhaps behind "// warning: ..." */
};

/* An upper bound of the functions in the text. */
uint32_t function_list_count(struct slice text);
/* Appends the functions to functions[*count]; `text` must live as long.
 * STATUS_INVALID with the line. */
enum status function_list_read(struct slice text, struct arena *arena,
                               struct function_text *functions, uint32_t *count,
                               struct error *err) MUST_USE;

#endif
