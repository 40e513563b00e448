/* SPDX-License-Identifier: Apache-2.0 */
/* shell_text.h - the parts of the interactive mode that are only text. */
#ifndef CLI_SHELL_TEXT_H
#define CLI_SHELL_TEXT_H

#include "base/buf.h"

/* Does the last line end the query: is it blank, or does it end in a `;` that does not
 * end a let, set or declare?  `text` is all lines so far. */
bool shell_is_ended(struct slice text);

/* Appends the line of `text` (from 1), printable, and a caret under its column (from 1,
 * in characters).  Nothing for a place outside of the text. */
void shell_add_caret(struct buf *ret, struct slice text, uint32_t line, uint32_t column);

/* "$XDG_STATE_HOME/daybook/history", or below ~/.local/state; nothing without a home. */
void shell_add_history_path(struct buf *ret);

#endif
