/* SPDX-License-Identifier: Apache-2.0 */
#include "main/data_dir.h"

#include "base/io.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "crypt/keyring_local.h"
#include "meta/meta.h"
#include "wire/http.h"
#include "wire/tls_cert.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FORMAT_BEGIN "daybook "
#define FORMAT_TEXT FORMAT_BEGIN "1\n"
#define ADMIN_TOKEN_DAYS 30
#define LOCK_WAIT_MS 5000u
#define LOCK_STEP_MS 10u

const char *const data_dir_served[] = {"control", "wal", "ingest", "seg", "t", NULL};

void data_dir_path(const struct data_dir *dir, const char *name, char ret[DATA_PATH_BYTES])
{
    (void)snprintf(ret, DATA_PATH_BYTES, "%s/%s", dir->path, name);
}

/* The process named in the lock file is gone: those it left behind end soon. */
static bool holder_is_gone(const char *text)
{
    uint64_t pid;

    return text_parse_u64(slice_of(text), &pid) && pid > 0 && pid <= INT32_MAX &&
           kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

/* Takes the lock.  The children of a killed supervisor hold it until the kernel
 * has ended them: they are waited for, a holder that lives is not. */
static enum status take_lock(const struct data_dir *dir, int fd, struct error *err)
{
    const struct timespec wait = {0, LOCK_STEP_MS * 1000000L};
    char holder[32];

    for (unsigned ms = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; ms += LOCK_STEP_MS) {
        ssize_t got = pread(fd, holder, sizeof(holder) - 1, 0);
        holder[got > 0 ? got : 0] = '\0';
        if (ms >= LOCK_WAIT_MS || !holder_is_gone(holder))
            return ERROR_SET(err, STATUS_BUSY, "'%s' is in use by process %s", dir->path,
                             holder[0] != '\0' ? holder : "(unknown)");
        (void)nanosleep(&wait, NULL);
    }
    return STATUS_OK;
}

static enum status set_path(struct data_dir *dir, const char *path, struct error *err)
{
    size_t size = strlen(path);

    if (size >= sizeof(dir->path))
        return ERROR_SET(err, STATUS_INVALID, "the path of the data directory is too long");
    memcpy(dir->path, path, size + 1);
    return STATUS_OK;
}

static enum status lock(struct data_dir *dir, struct error *err)
{
    char path[DATA_PATH_BYTES], text[32];

    data_dir_path(dir, "LOCK", path);
    dir->lock_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (dir->lock_fd < 0)
        return ERROR_SET(err, STATUS_IO, "cannot open '%s'", path);
    enum status status = take_lock(dir, dir->lock_fd, err);
    if (status != STATUS_OK)
        return status;
    int length = snprintf(text, sizeof(text), "%ld", (long)getpid());
    /* Over the old number, which needs no space: also a full disk is opened.
     * The lock is the lock; the number only tells who has it. */
    if (pwrite(dir->lock_fd, text, (size_t)length, 0) == length &&
        ftruncate(dir->lock_fd, length) != 0)
        return ERROR_SET(err, STATUS_IO, "cannot write '%s'", path);
    return STATUS_OK;
}

/* A whole file below the directory, before there is an io of it. */
static enum status read_file(const struct data_dir *dir, const char *name, struct buf *ret,
                             struct error *err)
{
    struct io *io = NULL;
    enum status status = io_linux_new(dir->path, &io, err);

    if (status == STATUS_OK)
        status = io_read_all(io, name, ret, err);
    else if (status == STATUS_IO && err->os_errno == ENOTDIR)
        status = STATUS_NOT_FOUND;
    io_free(io);
    return status;
}

/* Of this program or of a later one. */
static bool is_format(struct slice text)
{
    uint64_t number;

    return slice_starts_with(text, SLICE(FORMAT_BEGIN)) && slice_ends_with(text, SLICE("\n")) &&
           text_parse_u64(slice_tail(slice_head(text, text.size - 1), sizeof(FORMAT_BEGIN) - 1),
                          &number);
}

static enum status check_format(const struct data_dir *dir, struct error *err)
{
    struct buf text;

    buf_init(&text, 64 * KIB);
    enum status status = read_file(dir, "FORMAT", &text, err);
    if (status == STATUS_NOT_FOUND)
        status = ERROR_SET(err, STATUS_NOT_FOUND,
                           "'%s' is not a data directory; 'daybook init --data %s' makes one",
                           dir->path, dir->path);
    else if (status == STATUS_LIMIT || (status == STATUS_OK && !is_format(buf_slice(&text))))
        status = ERROR_SET(err, STATUS_CORRUPT,
                           "'%s/FORMAT' is damaged: this program writes 'daybook 1' and a line "
                           "feed there", dir->path);
    else if (status == STATUS_OK && !slice_is(buf_slice(&text), FORMAT_TEXT))
        status = ERROR_SET(err, STATUS_CORRUPT,
                           "'%s' has a format that this program does not know; use a newer one",
                           dir->path);
    buf_release(&text);
    return status;
}

/* The names in a directory outlive a power cut when it was synced itself. */
static enum status sync_directory(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum status status = STATUS_OK;

    if (fd < 0 || fsync(fd) != 0)
        status = ERROR_SET(err, STATUS_IO, "cannot sync '%s'", path);
    if (fd >= 0)
        (void)close(fd);
    return status;
}

/* A copy made by hand may lack the empty ones. */
static enum status make_served(const struct data_dir *dir, struct error *err)
{
    char path[DATA_PATH_BYTES];
    bool is_new = false;

    for (size_t i = 0; data_dir_served[i] != NULL; i++) {
        data_dir_path(dir, data_dir_served[i], path);
        if (mkdir(path, 0700) == 0)
            is_new = true;
        else if (errno != EEXIST)
            return ERROR_SET(err, STATUS_IO, "cannot make '%s'", path);
    }
    return is_new ? sync_directory(dir->path, err) : STATUS_OK;
}

/* Whose the files are that root makes there; tried, because on some file systems one user owns
 * all of them, whoever makes them.  What cannot be tried is root's. */
static uid_t find_maker(const struct data_dir *dir)
{
    char path[DATA_PATH_BYTES];
    struct stat st = {0};

    data_dir_path(dir, "LOCK.user", path);
    (void)unlink(path); /* of one that was killed here */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); /* follows no link */
    if (fd < 0)
        return 0;
    (void)!fstat(fd, &st);
    (void)unlink(path);
    (void)close(fd);
    return st.st_uid;
}

static enum status deny_root(const struct data_dir *dir, const struct stat *format,
                             struct error *err)
{
    const struct passwd *owner = getpwuid(format->st_uid);
    char name[64], how[96];

    if (owner != NULL) {
        (void)snprintf(name, sizeof(name), "%s", owner->pw_name);
        (void)snprintf(how, sizeof(how), "sudo -u '%s'", name);
    } else { /* sudo refuses numbers that have no name */
        (void)snprintf(name, sizeof(name), "#%u", (unsigned)format->st_uid);
        (void)snprintf(how, sizeof(how), "setpriv --reuid=%u --regid=%u --clear-groups",
                       (unsigned)format->st_uid, (unsigned)format->st_gid);
    }
    return ERROR_SET(err, STATUS_DENIED,
                     "'%.128s' belongs to the user '%s', who cannot open what root makes in it; "
                     "say: %s daybook ...; or, where root runs the server, too, as in a container, "
                     "make it root's first: chown -R 0:0 DIR",
                     dir->path, name, how);
}

/* Every command makes files.  Those that root makes in the directory of another user would keep
 * that user's server from its start, and that user can put links and pipes in their places: root
 * leaves all as it is.  Who works there is told of first, if there is a lock and `alone`. */
static enum status check_user(const struct data_dir *dir, bool alone, struct error *err)
{
    char path[DATA_PATH_BYTES];
    enum status status = STATUS_OK;
    struct stat format;

    data_dir_path(dir, "FORMAT", path);
    if (geteuid() != 0 || lstat(path, &format) != 0 || format.st_uid == 0)
        return STATUS_OK;
    data_dir_path(dir, "LOCK", path);
    int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC); /* does not wait, even for a pipe */
    if (fd >= 0 && alone)
        status = take_lock(dir, fd, err);
    if (status == STATUS_OK && find_maker(dir) != format.st_uid)
        status = deny_root(dir, &format, err);
    if (fd >= 0)
        (void)close(fd);
    return status;
}

enum status data_dir_open(const char *path, struct data_dir *ret, struct error *err)
{
    *ret = (struct data_dir){.lock_fd = -1};
    enum status status = set_path(ret, path, err);
    if (status == STATUS_OK)
        status = check_format(ret, err);
    if (status == STATUS_OK)
        status = check_user(ret, true, err);
    if (status == STATUS_OK)
        status = lock(ret, err);
    if (status == STATUS_OK)
        status = make_served(ret, err);
    if (status != STATUS_OK)
        data_dir_close(ret);
    return status;
}

void data_dir_close(struct data_dir *dir)
{
    if (dir->lock_fd >= 0)
        (void)close(dir->lock_fd);
    dir->lock_fd = -1;
}

enum status data_dir_kek(const struct data_dir *dir, char ret[DATA_PATH_BYTES],
                         struct error *err)
{
    struct buf text;

    buf_init(&text, DATA_PATH_BYTES - 1);
    data_dir_path(dir, "keys/kek", ret);
    enum status status = read_file(dir, "keys/kek.path", &text, err);
    if (status == STATUS_OK && text.size == 0)
        status = ERROR_SET(err, STATUS_CORRUPT, "'keys/kek.path' of '%s' is empty", dir->path);
    if (status == STATUS_OK) {
        memcpy(ret, text.data, text.size);
        ret[text.size] = '\0';
    }
    buf_release(&text);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status make_certificate(struct io *io, const char *host, struct error *err)
{
    struct buf certificate, key;

    buf_init(&certificate, MIB);
    buf_init(&key, MIB);
    enum status status = tls_cert_make(
        slice_of(host), clock_unix_us(clock_system()) / 1000000, &certificate, &key, err);
    if (status == STATUS_OK)
        status = io_make_dir(io, "tls", err);
    if (status == STATUS_OK)
        status = io_replace(io, "tls/cert.pem", buf_slice(&certificate), err);
    if (status == STATUS_OK)
        status = io_replace(io, "tls/key.pem", buf_slice(&key), err);
    if (key.data != NULL)
        explicit_bzero(key.data, key.size);
    buf_release(&certificate);
    buf_release(&key);
    return status;
}

/* The path from the root, as the directory may be opened from anywhere. */
static enum status make_absolute(const char *path, char ret[DATA_PATH_BYTES], struct error *err)
{
    char cwd[DATA_PATH_BYTES] = "";

    if (path[0] != '/' && getcwd(cwd, sizeof(cwd)) == NULL)
        return ERROR_SET(err, STATUS_IO, "cannot tell the current directory");
    int size = snprintf(ret, DATA_PATH_BYTES, "%s%s%s", cwd, path[0] == '/' ? "" : "/", path);
    return size >= 0 && size < DATA_PATH_BYTES
               ? STATUS_OK
               : ERROR_SET(err, STATUS_INVALID, "the path of the key file is too long");
}

static enum status make_keys(struct io *io, const struct data_dir *dir,
                             const struct data_init *init, struct error *err)
{
    char kek[DATA_PATH_BYTES];
    enum status status = io_make_dir(io, "keys", err);

    if (status == STATUS_OK && init->kek_path != NULL) {
        status = make_absolute(init->kek_path, kek, err);
        if (status == STATUS_OK)
            status = io_replace(io, "keys/kek.path", slice_of(kek), err);
    } else if (status == STATUS_OK) {
        io_unlink_if_possible(io, "keys/kek.path"); /* of an attempt that failed */
    }
    if (status == STATUS_OK)
        status = data_dir_kek(dir, kek, err);
    if (status == STATUS_OK)
        status = keyring_local_create(io, kek, slice_of(init->host), err);
    return status;
}

static enum status make_token(struct io *io, struct data_init *init, struct error *err)
{
    const struct meta_options options = {
        .io = io, .path = "control/db", .clock = clock_system(), .create = true};
    struct meta *meta = NULL;
    struct guid id;
    struct meta_token token = {
        .role = ROLE_ADMIN,
        .name = SLICE("init"),
        .table = SLICE(""),
        .expires_us = clock_unix_us(clock_system()) + US_PER_DAY * ADMIN_TOKEN_DAYS,
    };

    enum status status = meta_open(&options, &meta, err);
    if (status == STATUS_OK)
        status = meta_token_add(meta, &token, init->admin_token, &id, err);
    meta_close(meta);
    return status;
}

/* The name of the directory itself, in the one above it. */
static enum status sync_name(const char *path, struct error *err)
{
    char above[DATA_PATH_BYTES];
    size_t size = strlen(path);

    while (size > 1 && path[size - 1] == '/')
        size--;
    while (size > 0 && path[size - 1] != '/')
        size--;
    (void)snprintf(above, sizeof(above), "%.*s", (int)size, path);
    enum status status = sync_directory(size == 0 ? "." : above, err);
    /* One that may be passed through but not read cannot be synced either. */
    return status == STATUS_IO && err->os_errno == EACCES ? STATUS_OK : status;
}

/* Before anything takes the place of something: what lacks may be FORMAT alone. */
static enum status check_empty(struct io *io, const char *path, struct error *err)
{
    static const char *const names[] = {"keys/keyring", "keys/keyring.copy", "control/db",
                                        "seg/catalog"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (io_exists(io, names[i]))
            return ERROR_SET(err, STATUS_CONFLICT,
                             "'%.200s' has '%s' and no FORMAT: put that back from a backup, or, "
                             "if an init was cut off there, remove all that is in it first",
                             path, names[i]);
    }
    return STATUS_OK;
}

enum status data_dir_init(const char *path, struct data_init *init, struct error *err)
{
    struct data_dir dir = {.lock_fd = -1};
    struct io *io = NULL;

    enum status status = set_path(&dir, path, err);
    if (status != STATUS_OK)
        return status;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return ERROR_SET(err, STATUS_IO, "cannot make '%s'", path);
    status = io_linux_new(path, &io, err);
    if (status == STATUS_OK && io_exists(io, "FORMAT"))
        status = ERROR_SET(err, STATUS_CONFLICT, "'%s' is a data directory already", path);
    if (status == STATUS_OK)
        status = lock(&dir, err);
    if (status == STATUS_OK)
        status = check_empty(io, path, err);
    if (status == STATUS_OK)
        status = make_served(&dir, err);
    if (status == STATUS_OK)
        status = make_certificate(io, init->host, err);
    if (status == STATUS_OK)
        status = make_keys(io, &dir, init, err);
    if (status == STATUS_OK)
        status = make_token(io, init, err);
    if (status == STATUS_OK)
        status = sync_name(path, err);
    if (status == STATUS_OK) /* last: without it the directory does not count */
        status = io_replace(io, "FORMAT", SLICE(FORMAT_TEXT), err);
    data_dir_close(&dir);
    io_free(io);
    return status;
}

static enum status renew_in(struct io *io, int64_t *ret_end_unix_s, struct error *err)
{
    struct buf old, key, made;
    int64_t now = clock_unix_us(clock_system()) / 1000000;

    buf_init(&old, MIB);
    buf_init(&key, MIB);
    buf_init(&made, MIB);
    enum status status = io_read_all(io, "tls/cert.pem", &old, err);
    if (status == STATUS_OK)
        status = io_read_all(io, "tls/key.pem", &key, err);
    if (status == STATUS_OK)
        status = tls_cert_renew(buf_slice(&old), buf_slice(&key), now, &made, err);
    if (status == STATUS_OK)
        status = tls_cert_end(buf_slice(&made), ret_end_unix_s, err);
    if (status == STATUS_OK)
        status = io_replace(io, "tls/cert.pem", buf_slice(&made), err);
    if (key.data != NULL)
        explicit_bzero(key.data, key.size);
    buf_release(&old);
    buf_release(&key);
    buf_release(&made);
    return status;
}

enum status data_dir_renew(const char *path, int64_t *ret_end_unix_s, struct error *err)
{
    struct data_dir dir = {.lock_fd = -1};
    struct io *io = NULL;
    enum status status = set_path(&dir, path, err);

    if (status == STATUS_OK)
        status = check_format(&dir, err);
    if (status == STATUS_OK)
        status = check_user(&dir, false, err);
    if (status == STATUS_OK)
        status = io_linux_new(path, &io, err);
    if (status == STATUS_OK)
        status = renew_in(io, ret_end_unix_s, err);
    io_free(io);
    return status;
}

bool data_dir_is_of_another(const char *path, uid_t *ret_user, gid_t *ret_group)
{
    struct data_dir dir;
    struct stat st, format;
    char name[DATA_PATH_BYTES];
    struct error err;

    if (set_path(&dir, path, &err) != STATUS_OK)
        return false;
    data_dir_path(&dir, "FORMAT", name);
    if (geteuid() != 0 || stat(path, &st) != 0 || stat(name, &format) != 0)
        return false;
    *ret_user = st.st_uid;
    *ret_group = st.st_gid;
    return st.st_uid != format.st_uid;
}
