/* SPDX-License-Identifier: Apache-2.0 */
/* stand_in.h - a data directory, "there", whose answers a test makes up. */
#ifndef CLI_STAND_IN_H
#define CLI_STAND_IN_H

#include "cli/cli.h"

#include <string.h>

static const struct http_router *stand_in_router;

static inline enum status stand_in_open(const char *data_dir, struct cli_local *ret,
                                        struct error *err)
{
    if (strcmp(data_dir, "there") != 0)
        return ERROR_SET(err, STATUS_NOT_FOUND, "no such directory");
    *ret = (struct cli_local){.router = stand_in_router, .principal = {.role = ROLE_OPERATOR}};
    return STATUS_OK;
}

static inline void stand_in_close(struct cli_local *local)
{
    (void)local;
}

#endif
