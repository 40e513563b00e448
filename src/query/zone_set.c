/* SPDX-License-Identifier: Apache-2.0 */
/* zone_set.c - the zones of a directory by name.  A name comes from a query: only one that
 * cannot leave the directory is looked for. */
#include "query/zone.h"

#include "base/limits.h"
#include "base/map.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_BYTES_MAX 64u
#define DEPTH_MAX 3 /* America/Argentina/Buenos_Aires */

struct zone_set {
    struct io *io;
    pthread_mutex_t lock;
    struct map zones; /* struct zone * by name */
};

enum status zone_set_new(struct io *io, struct zone_set **ret, struct error *err)
{
    struct zone_set *set = calloc(1, sizeof(*set));

    *ret = NULL;
    if (set == NULL) {
        io_free(io);
        return ERROR_MEMORY(err);
    }
    set->io = io;
    map_init(&set->zones);
    (void)pthread_mutex_init(&set->lock, NULL);
    *ret = set;
    return STATUS_OK;
}

void zone_set_free(struct zone_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->zones.count; i++)
        zone_free((struct zone *)(uintptr_t)set->zones.entries[i].value);
    map_release(&set->zones);
    (void)pthread_mutex_destroy(&set->lock);
    io_free(set->io);
    free(set);
}

static bool is_inner(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           slice_find_byte(SLICE("_-+/"), c, 0) != SIZE_MAX;
}

/* Every part begins with a capital letter, as no other file beside the zones does, and has
 * no full stop. */
static bool is_zone_name(struct slice name)
{
    if (name.size == 0 || name.size > NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool first = i == 0 || name.data[i - 1] == '/';
        if (first ? c < 'A' || c > 'Z' : !is_inner(c))
            return false;
    }
    return name.data[name.size - 1] != '/';
}

static enum status nothing(void *context, const char *name, struct error *err)
{
    (void)context, (void)name, (void)err;
    return STATUS_OK;
}

static bool is_directory(struct io *io, const char *path)
{
    struct error err = {.status = STATUS_OK};

    return io_list(io, path, nothing, NULL, &err) == STATUS_OK;
}

static enum status load(struct io *io, const char *path, struct zone **ret, struct error *err)
{
    struct buf file;

    buf_init(&file, ZONE_BYTES_MAX);
    enum status status = io_read_all(io, path, &file, err);
    if (status == STATUS_OK)
        status = zone_parse(buf_slice(&file), ret, err);
    else if (status != STATUS_NOT_FOUND && is_directory(io, path))
        status = STATUS_NOT_FOUND; /* a continent */
    buf_release(&file);
    return status;
}

static enum status find_locked(struct zone_set *set, struct slice name, const struct zone **ret,
                               struct error *err)
{
    char path[NAME_BYTES_MAX + 1];
    struct zone *zone = map_pointer(&set->zones, name);

    *ret = zone;
    if (zone != NULL)
        return STATUS_OK;
    (void)snprintf(path, sizeof(path), "%.*s", SLICE_FMT(name));
    enum status status = load(set->io, path, &zone, err);
    if (status != STATUS_OK)
        return status;
    struct map_entry *entry = map_put(&set->zones, name, NULL, err);
    if (entry == NULL) {
        zone_free(zone);
        return err->status;
    }
    entry->value = (uintptr_t)zone;
    *ret = zone;
    return STATUS_OK;
}

enum status zone_set_find(struct zone_set *set, struct slice name, const struct zone **ret,
                          struct error *err)
{
    *ret = NULL;
    if (!is_zone_name(name))
        return STATUS_OK;
    (void)pthread_mutex_lock(&set->lock);
    enum status status = find_locked(set, name, ret, err);
    (void)pthread_mutex_unlock(&set->lock);
    if (status != STATUS_NOT_FOUND)
        return status;
    *err = (struct error){.status = STATUS_OK};
    return STATUS_OK;
}

/* ---- all names ---- */

struct listing {
    struct io *io;
    struct buf *ret;
    const char *directory; /* "" or "America" */
    int depth;
};

/* A file that is shorter than the mark is another one. */
static bool is_table(struct io *io, const char *path, enum status *ret_status, struct error *err)
{
    struct io_file *file = NULL;
    char magic[4] = "";
    enum status status = io_open(io, path, IO_READ, &file, err);

    if (status == STATUS_OK)
        status = io_read_at(file, 0, magic, sizeof(magic), err);
    io_close(file);
    if (status == STATUS_CORRUPT) {
        *err = (struct error){.status = STATUS_OK};
        status = STATUS_OK;
    }
    *ret_status = status;
    return memcmp(magic, "TZif", sizeof(magic)) == 0;
}

static enum status add_name(void *context, const char *name, struct error *err)
{
    struct listing *up = context;
    char path[NAME_BYTES_MAX + 1];
    enum status status = STATUS_OK;
    int size = snprintf(path, sizeof(path), "%s%s%s", up->directory,
                        up->directory[0] != '\0' ? "/" : "", name);

    if (size < 0 || size >= (int)sizeof(path) || !is_zone_name(slice_of(path)))
        return STATUS_OK;
    if (is_directory(up->io, path)) {
        struct listing below = {up->io, up->ret, path, up->depth + 1};
        return up->depth < DEPTH_MAX ? io_list(up->io, path, add_name, &below, err) : STATUS_OK;
    }
    if (is_table(up->io, path, &status, err))
        buf_add_format(up->ret, "%s\"%s\"", up->ret->size > 1 ? "," : "", path);
    return status;
}

enum status zone_set_names(struct zone_set *set, struct buf *ret, struct error *err)
{
    struct listing listing = {set->io, ret, "", 1};

    buf_clear(ret);
    buf_add_byte(ret, '[');
    enum status status = io_list(set->io, "", add_name, &listing, err);
    buf_add_byte(ret, ']');
    return status == STATUS_OK ? buf_check(ret, err) : status;
}
