/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/place.h"

#include "base/hash.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/session.h"
#include "cli/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK_BYTES 4096u
#define VERSION 1u
#define NUMBER_COUNT 7u

struct place_file {
    struct io *io;       /* of the directory it is in */
    const char *name;    /* in it; borrowed */
    struct slice target; /* borrowed */
    int lock_fd;         /* of the directory's file NAME.lock */
};

struct number {
    const char *name;
    uint64_t *at;
};

static void list_numbers(struct place *place, struct number ret[NUMBER_COUNT])
{
    const struct number numbers[NUMBER_COUNT] = {
        {"device", &place->device}, {"inode", &place->inode},
        {"offset", &place->offset}, {"length", &place->length},
        {"mark", &place->mark},     {"mark_bytes", &place->mark_bytes},
        {"request", &place->request},
    };
    memcpy(ret, numbers, sizeof(numbers));
}

static bool parse_place(struct slice text, const struct json_tape *tape, struct place *ret)
{
    struct number numbers[NUMBER_COUNT];

    list_numbers(ret, numbers);
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        if (!text_parse_u64(answer_member(text, tape, 0, numbers[i].name), numbers[i].at))
            return false;
    }
    return answer_number(text, tape, 0, "version") == VERSION &&
           ret->mark_bytes <= MARK_BYTES && ret->mark_bytes <= ret->offset + ret->length &&
           ret->length <= REQUEST_BODY_BYTES_MAX && ret->offset <= INT64_MAX - ret->length &&
           guid_parse(answer_member(text, tape, 0, "run"), &ret->run);
}

static enum status read_place(const struct place_file *file, struct place *ret,
                              struct error *err)
{
    struct json_tape tape;
    struct buf text, target;
    struct place place;
    enum status status = STATUS_OK;

    buf_init(&text, MIB);
    buf_init(&target, MIB);
    json_tape_init(&tape);
    if (io_exists(file->io, file->name)) {
        status = io_read_all(file->io, file->name, &text, err);
        if (status == STATUS_OK &&
            (json_parse(buf_slice(&text), JSON_DEPTH_MAX, &tape) != JSON_OK ||
             !parse_place(buf_slice(&text), &tape, &place)))
            status = ERROR_SET(err, STATUS_CORRUPT, "'%s' is no state of 'ingest --state'",
                               file->name);
        uint32_t at = status != STATUS_OK ? UINT32_MAX
                                          : json_member(buf_slice(&text), tape.tokens, 0,
                                                        SLICE("target"));
        if (at != UINT32_MAX)
            answer_add_text(buf_slice(&text), &tape, at, &target);
        if (status == STATUS_OK && !slice_equal(buf_slice(&target), file->target))
            status = ERROR_SET(err, STATUS_CONFLICT,
                               "'%s' is of what goes to '%.*s', not to '%.*s'", file->name,
                               SLICE_FMT(buf_slice(&target)), SLICE_FMT(file->target));
        if (status == STATUS_OK)
            *ret = place;
    }
    json_tape_release(&tape);
    buf_release(&target);
    buf_release(&text);
    return status;
}

/* The lock has a file of its own: the state file is another one after each write. */
static enum status lock(struct place_file *file, const char *path, struct error *err)
{
    struct buf name;

    buf_init(&name, 64 * KIB);
    buf_add_text(&name, path);
    buf_add(&name, ".lock", sizeof(".lock"));
    enum status status = buf_check(&name, err);
    if (status == STATUS_OK) {
        file->lock_fd = open(name.data, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (file->lock_fd < 0)
            status = ERROR_SET(err, STATUS_IO, "cannot open '%s'", name.data);
        else if (flock(file->lock_fd, LOCK_EX | LOCK_NB) != 0)
            status = ERROR_SET(err, STATUS_CONFLICT, "another process keeps its state in '%s'",
                               path);
    }
    buf_release(&name);
    return status;
}

enum status place_open(const char *path, struct slice target, struct place *place,
                       struct place_file **ret, struct error *err)
{
    const char *slash = strrchr(path, '/');
    struct place_file *file = calloc(1, sizeof(*file));
    char *directory = source_directory(path);
    enum status status;

    if (file == NULL || directory == NULL) {
        free(file);
        free(directory);
        return ERROR_MEMORY(err);
    }
    *file = (struct place_file){.name = slash == NULL ? path : slash + 1, .target = target,
                                .lock_fd = -1};
    status = io_linux_new(directory, &file->io, err);
    if (status == STATUS_OK)
        status = lock(file, path, err);
    if (status == STATUS_OK)
        status = read_place(file, place, err);
    free(directory);
    if (status != STATUS_OK) {
        place_close(file);
        return status;
    }
    *ret = file;
    return STATUS_OK;
}

enum status place_save(struct place_file *file, const struct place *place, struct error *err)
{
    struct place copy = *place;
    struct number numbers[NUMBER_COUNT];
    char run[GUID_TEXT_BYTES + 1];
    struct buf text;

    if (file == NULL)
        return STATUS_OK;
    guid_format(&place->run, run);
    list_numbers(&copy, numbers);
    buf_init(&text, MIB);
    buf_add_format(&text, "{\"version\":%u,\"target\":", VERSION);
    text_add_json_string(&text, file->target);
    buf_add_format(&text, ",\"run\":\"%s\"", run);
    for (size_t i = 0; i < NUMBER_COUNT; i++)
        buf_add_format(&text, ",\"%s\":%llu", numbers[i].name,
                       (unsigned long long)*numbers[i].at);
    buf_add_text(&text, "}\n");
    enum status status = buf_check(&text, err);
    if (status == STATUS_OK)
        status = io_replace(file->io, file->name, buf_slice(&text), err);
    buf_release(&text);
    return status;
}

void place_close(struct place_file *file)
{
    if (file == NULL)
        return;
    if (file->lock_fd >= 0)
        (void)close(file->lock_fd);
    io_free(file->io);
    free(file);
}

void place_begin(struct place *place, struct slice body)
{
    struct slice last = body.size > MARK_BYTES ? slice_tail(body, body.size - MARK_BYTES) : body;

    place->length = body.size;
    place->mark = hash_xxh64(last.data, last.size, 0);
    place->mark_bytes = last.size;
}

void place_end(struct place *place)
{
    place->offset += place->length;
    place->length = 0;
    place->request++;
}

enum status place_restart(struct place *place, int fd, struct error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return ERROR_SET(err, STATUS_INVALID, "a place is kept in regular files only");
    place->device = (uint64_t)st.st_dev;
    place->inode = (uint64_t)st.st_ino;
    place->offset = place->mark = place->mark_bytes = 0;
    if (place->length > 0) /* its number stands for bytes that do not come again */
        place->request++;
    place->length = 0;
    return STATUS_OK;
}

static bool is_of(const struct place *place, int fd)
{
    uint64_t end = place->offset + place->length;
    char bytes[MARK_BYTES];
    struct stat st;

    if (fstat(fd, &st) != 0 || (uint64_t)st.st_dev != place->device ||
        (uint64_t)st.st_ino != place->inode || (uint64_t)st.st_size < end)
        return false;
    ssize_t got = pread(fd, bytes, place->mark_bytes, (off_t)(end - place->mark_bytes));
    return got == (ssize_t)place->mark_bytes &&
           (got == 0 || hash_xxh64(bytes, (size_t)got, 0) == place->mark);
}

/* -1 if it is another file. */
static int open_if_of(const struct place *place, int directory_fd, const char *name)
{
    struct stat st;

    /* Not opened before it is looked at: a FIFO would wait. */
    if (fstatat(directory_fd, name, &st, 0) != 0 || (uint64_t)st.st_ino != place->inode ||
        !S_ISREG(st.st_mode))
        return -1;
    int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && !is_of(place, fd)) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

enum status place_find(const struct place *place, const char *path, int *ret, struct error *err)
{
    char *name = source_directory(path);
    DIR *directory;

    if (name == NULL)
        return ERROR_MEMORY(err);
    *ret = open_if_of(place, AT_FDCWD, path);
    if (*ret >= 0) {
        free(name);
        return STATUS_OK;
    }
    directory = opendir(name);
    enum status status = directory == NULL
                             ? ERROR_SET(err, STATUS_IO, "cannot read directory '%s'", name)
                             : STATUS_OK;
    free(name);
    if (directory == NULL)
        return status;
    for (struct dirent *entry; *ret < 0 && (entry = readdir(directory)) != NULL;)
        *ret = open_if_of(place, dirfd(directory), entry->d_name);
    (void)closedir(directory);
    return STATUS_OK;
}
