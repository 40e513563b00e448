/* SPDX-License-Identifier: Apache-2.0 */
/* completion.h - scripts that complete commands, options and their values in a shell.
 *
 * They are made from the table of commands, so that they cannot lag behind it.
 */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "cli/command_priv.h"

struct completion {
    const struct command *commands;
    size_t command_count;
    const struct option *common; /* of commands without COMMAND_HOST; the last one is -o */
    size_t common_count;
};

/* False: there is no such shell here. */
bool completion_add(const struct completion *completion, const char *shell, struct buf *ret);

#endif
