/* SPDX-License-Identifier: Apache-2.0 */
/* query_priv.h - asking one query, by the command and by the interactive mode. */
#ifndef CLI_QUERY_PRIV_H
#define CLI_QUERY_PRIV_H

#include "cli/command_priv.h"

/* Appends {"query":...,"tenant":...,...} of the command's options. */
enum status query_body(const struct command_context *context, struct slice text,
                       struct buf *ret, struct error *err) MUST_USE;

/* Asks and prints the answer.  An error of the query has its line and column.  *ret_complete is
 * left alone after a failure. */
enum status query_ask(const struct command_context *context, struct session *session,
                      struct slice text, bool *ret_complete, struct error *err) MUST_USE;

#endif
