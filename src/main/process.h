/* SPDX-License-Identifier: Apache-2.0 */
/* process.h - the three processes of `daybook serve`.
 *
 *   supervisor   holds the lock, starts the others, restarts them, forwards
 *                signals; parses nothing, keeps nothing
 *   keeper       key-encryption key and signing keys; no network
 *   server       everything else
 *
 * keeper and server meet over socket pairs only.  When either dies, both are
 * started anew.  When the supervisor dies, the kernel kills both.
 */
#ifndef MAIN_PROCESS_H
#define MAIN_PROCESS_H

#include "main/config.h"

#define KEEPER_SOCKETS 4

struct server_process {
    const struct data_dir *dir;
    const struct config *config;
    int keeper_sockets[KEEPER_SOCKETS];
    int port_pipe; /* gets the port as text when the server answers */
};

/* Both return an exit code.  The keeper is in main/proc_keeper.h. */
int process_server(const struct server_process *process);
int process_supervise(const struct data_dir *dir, struct config *config);

#endif
