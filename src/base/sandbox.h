/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.h - a process gives up its powers, for good.
 *
 * No new privileges, no core dump, no debugger, files only below named paths
 * (Landlock), and no system call that the process does not need (seccomp).
 * What is already open stays usable.  Refused calls fail with EPERM or EACCES.
 *
 * Call it before the first thread is started: threads started later inherit
 * everything, those that run already would keep their file access.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include "base/error.h"

#include <stdbool.h>

enum sandbox_profile {
    SANDBOX_PROFILE_KEEPER, /* an allow-list: open files, sockets, memory, threads */
    SANDBOX_PROFILE_SERVER, /* a deny-list: no programs, debugging, mounts, modules ... */
};

struct sandbox_rules {
    enum sandbox_profile profile;
    const char *const *writable_paths; /* read and written, with all below; NULL ends it */
    const char *const *readable_paths; /* NULL ends it */
    const char *const *listed_paths;   /* names below, but no file; NULL ends it */
};

struct sandbox_level {
    int landlock_version; /* 0: this kernel has none, file access is not limited */
    bool seccomp;
};

/* No core dump and no debugger, for this process and those it forks: keys and records are in
 * its memory. */
enum status sandbox_hide_memory(struct error *err) MUST_USE;
/* STATUS_IO if anything that the kernel has could not be put in force; the
 * process should end then.  A listed path that does not exist is an error. */
enum status sandbox_enter(const struct sandbox_rules *rules, struct sandbox_level *ret,
                          struct error *err) MUST_USE;

#endif
