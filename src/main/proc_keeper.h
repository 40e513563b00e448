/* SPDX-License-Identifier: Apache-2.0 */
/* proc_keeper.h - the process that holds the keys.
 *
 * It opens the keyring, gives up everything else and answers requests until
 * all its clients are gone; SIGINT and SIGTERM do not end it, so that a server
 * can drain.  When a keeper dies its server must be started anew, with new
 * sockets.
 */
#ifndef MAIN_PROC_KEEPER_H
#define MAIN_PROC_KEEPER_H

#include "crypt/keyring.h"

#include <sys/types.h>

struct keeper_options {
    const char *data_dir;
    const char *kek_path;
    uint32_t channel_count; /* 1 .. KEEPER_CHANNELS_MAX: requests at a time */
};

/* Runs the keeper in this process, which must have no other thread.  ready_fd
 * gets its report (see keeper_wait()) and is closed.  Returns an exit code. */
int keeper_run(const struct keeper_options *options, const int *sockets, int ready_fd);

/* Waits for the report of a keeper: its failure, or STATUS_OK.  Closes
 * ready_fd.  ret_landlock is the version of Landlock in force, 0 = none. */
enum status keeper_wait(int ready_fd, int *ret_landlock, struct error *err) MUST_USE;

/* Starts a keeper as a child and gives a keyring that asks it.  To be called
 * before the first thread.  The child ends when the keyring is freed. */
enum status keeper_start(const struct keeper_options *options, struct keyring **ret,
                         pid_t *ret_pid, struct error *err) MUST_USE;

#endif
