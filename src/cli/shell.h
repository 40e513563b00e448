/* SPDX-License-Identifier: Apache-2.0 */
/* shell.h - `daybook query` without a query, on a terminal.
 *
 * Lines are edited by libedit and gathered until the query ends (shell_text.h).  Tab
 * asks the server what can stand at the cursor.  Ctrl-C gives up the lines so far, or
 * the query that runs, on the server too, since it closes the connection; Ctrl-D
 * leaves.  What was typed is kept in the user's state directory, readable by the user
 * alone.
 */
#ifndef CLI_SHELL_H
#define CLI_SHELL_H

#include "cli/command_priv.h"

/* Runs until the end of the input; gives an exit code. */
int shell_run(const struct command_context *context);

#endif
