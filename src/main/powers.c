/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of certificate and key are readable, not only the files: whoever
 * renews them puts new files in their place, or in that of what a link leads to.
 * Of /etc only what libraries ask for is, because key-encryption keys are put there. */
#include "main/powers.h"

#include "base/log.h"
#include "base/sandbox.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const system_paths[] = {
    "/usr/lib", "/usr/share", "/usr/local/share/ca-certificates", "/lib", "/lib64",
    "/run/systemd/resolve", "/etc/ssl", "/etc/ca-certificates", "/etc/pki", "/etc/gnutls",
    "/etc/crypto-policies", "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf",
    "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", "/etc/localtime",
    "/etc/ld.so.cache", "/dev/urandom",
};

#define SYSTEM_PATHS (sizeof(system_paths) / sizeof(system_paths[0]))
#define SERVED_MAX 8u
#define CERTIFICATE_PATHS 4u

struct paths {
    char served[SERVED_MAX][DATA_PATH_BYTES];
    char certificates[CERTIFICATE_PATHS][DATA_PATH_BYTES]; /* directories */
    const char *writable[SERVED_MAX + 1], *listed[2];
    const char *readable[SYSTEM_PATHS + CERTIFICATE_PATHS + 1];
};

static void directory_of(const char *file, char ret[DATA_PATH_BYTES])
{
    const char *slash = strrchr(file, '/');

    if (slash == NULL)
        (void)snprintf(ret, DATA_PATH_BYTES, ".");
    else
        (void)snprintf(ret, DATA_PATH_BYTES, "%.*s", slash == file ? 1 : (int)(slash - file),
                       file);
}

/* Of the file that a link leads to; one that is not there is told of when it is read. */
static void directory_behind(const char *file, char ret[DATA_PATH_BYTES])
{
    char *real = realpath(file, NULL);

    directory_of(real == NULL ? file : real, ret);
    free(real);
}

static void list_paths(const struct data_dir *dir, const struct config *config,
                       struct paths *ret)
{
    size_t count = 0;

    for (size_t i = 0; data_dir_served[i] != NULL && i < SERVED_MAX; i++) {
        data_dir_path(dir, data_dir_served[i], ret->served[i]);
        ret->writable[i] = ret->served[i];
    }
    directory_of(config->certificate, ret->certificates[0]);
    directory_of(config->key, ret->certificates[1]);
    directory_behind(config->certificate, ret->certificates[2]);
    directory_behind(config->key, ret->certificates[3]);
    for (size_t i = 0; i < CERTIFICATE_PATHS; i++)
        ret->readable[count++] = ret->certificates[i];
    for (size_t i = 0; i < SYSTEM_PATHS; i++) {
        if (access(system_paths[i], R_OK) == 0)
            ret->readable[count++] = system_paths[i];
    }
    ret->listed[0] = dir->path;
}

/* The proof, instead of a rule about paths and links. */
static enum status check_key(const char *kek, struct error *err)
{
    int fd = open(kek, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return STATUS_OK;
    (void)close(fd);
    return ERROR_SET(err, STATUS_DENIED,
                     "the server could read the key-encryption key '%s'; put it into a directory "
                     "of its own, away from the certificate",
                     kek);
}

enum status powers_drop(const struct data_dir *dir, const struct config *config,
                        struct error *err)
{
    struct paths paths = {0};
    struct sandbox_level level;
    char kek[DATA_PATH_BYTES];
    enum status status = data_dir_kek(dir, kek, err);

    if (status != STATUS_OK)
        return status;
    list_paths(dir, config, &paths);
    const struct sandbox_rules rules = {SANDBOX_PROFILE_SERVER, paths.writable, paths.readable,
                                        paths.listed};
    status = sandbox_enter(&rules, &level, err);
    if (status != STATUS_OK)
        return status;
    if (level.landlock_version > 0)
        return check_key(kek, err);
    log_line(LOG_LEVEL_WARNING, "this kernel has no Landlock: files are not fenced off");
    return STATUS_OK;
}
