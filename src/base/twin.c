/* SPDX-License-Identifier: Apache-2.0 */
#include "base/twin.h"

#include "base/check.h"

#include <stdio.h>

struct half {
    char path[TWIN_PATH_BYTES];
    struct buf content;
    struct slice bytes; /* of content: what counts */
    enum status status;
    struct error err; /* status not OK */
};

static void name_of(const char *path, const char *suffix, char ret[TWIN_PATH_BYTES])
{
    int size = snprintf(ret, TWIN_PATH_BYTES, "%s%s", path, suffix);

    CHECK(size > 0 && size < TWIN_PATH_BYTES);
}

struct reading {
    struct io *io;
    twin_check *check;
    void *context;
    size_t max_bytes;
};

static void read_half(const struct reading *r, struct half *half)
{
    buf_init(&half->content, r->max_bytes);
    half->status = io_read_all(r->io, half->path, &half->content, &half->err);
    if (half->status == STATUS_IO) { /* once more: it may have passed */
        buf_clear(&half->content);
        half->status = io_read_all(r->io, half->path, &half->content, &half->err);
    }
    half->bytes = buf_slice(&half->content);
    if (half->status == STATUS_OK)
        half->status = r->check(r->context, &half->bytes, &half->err);
}

/* It was cut: the longer one goes on where it ends. */
static bool is_beginning(const struct half *half, const struct half *longer)
{
    return half->status == STATUS_OK && longer->status == STATUS_OK &&
           longer->bytes.size > half->bytes.size &&
           slice_starts_with(longer->bytes, half->bytes);
}

/* What could not be read was set aside and made anew from the other one.  If that had lost its
 * end, whatever is sound lacks it since, and only what is aside is whole: it takes the place of
 * one of them, of which it has every byte. */
static enum status take_back(const struct reading *r, const char *path, struct half *name,
                             struct half *copy, struct error *err)
{
    struct half *cut = copy->status == STATUS_OK ? copy : name;
    struct half aside = {.status = STATUS_OK};
    enum status status = STATUS_OK;

    name_of(path, TWIN_DAMAGED, aside.path);
    if (!io_exists(r->io, aside.path))
        return STATUS_OK;
    read_half(r, &aside);
    if (is_beginning(cut, &aside) && (name->status != STATUS_OK || is_beginning(name, &aside))) {
        struct buf beginning = cut->content;
        status = io_rename(r->io, aside.path, cut->path, err);
        if (status == STATUS_OK) {
            cut->content = aside.content;
            cut->bytes = aside.bytes;
            aside.content = beginning;
        }
    }
    buf_release(&aside.content);
    return status;
}

/* The other one has to do. */
static bool is_unusable(const struct half *half)
{
    return half->status == STATUS_CORRUPT || half->status == STATUS_NOT_FOUND ||
           half->status == STATUS_IO;
}

/* What the disk does not give may be all that is whole: nothing takes its place. */
static bool is_unread(struct io *io, const char *path, size_t max_bytes)
{
    struct error ignored;
    struct buf bytes;

    buf_init(&bytes, max_bytes);
    enum status status = io_read_all(io, path, &bytes, &ignored);
    buf_release(&bytes);
    return status == STATUS_IO;
}

/* Makes the one that is not sound, or is behind, anew.  Without space for that it stays alone
 * what was sound; but one that could not be read, which may be the newer, is out of the way. */
static enum status mend(struct io *io, const struct half *bad, const struct half *good,
                        bool is_kept, bool *ret_single, struct error *err)
{
    char aside[TWIN_PATH_BYTES];
    enum status status = STATUS_OK;

    name_of(bad->path, TWIN_DAMAGED, aside);
    if (is_kept && io_exists(io, bad->path) &&
        !(io_exists(io, aside) && is_unread(io, aside, bad->content.max_bytes))) {
        status = io_rename(io, bad->path, aside, err);
        if (status == STATUS_FULL && bad->status == STATUS_IO)
            return status;
    }
    if (status == STATUS_OK)
        status = io_replace(io, bad->path, good->bytes, err);
    *ret_single = status == STATUS_FULL;
    return *ret_single ? STATUS_OK : status;
}

/* Neither is sound. */
static enum status tell_both(const struct half *name, const struct half *copy, struct error *err)
{
    const struct half *unread = name->status == STATUS_IO ? name : copy;

    *err = name->err;
    if (unread->status == STATUS_IO) {
        *err = unread->err;
        return unread->status;
    }
    return name->status == STATUS_NOT_FOUND && copy->status == STATUS_NOT_FOUND
               ? STATUS_NOT_FOUND
               : ERROR_SET(err, STATUS_CORRUPT, "%s, and '%s' is %s", name->err.text, copy->path,
                           copy->status == STATUS_NOT_FOUND ? "missing" : "damaged too");
}

static enum status settle(struct io *io, const struct half *name, const struct half *copy,
                          enum twin_sound *ret_sound, const struct half **ret, struct error *err)
{
    bool is_cut = is_beginning(name, copy), is_single = false;

    *ret = name->status == STATUS_OK ? name : NULL;
    if (!is_unusable(name) && name->status != STATUS_OK) {
        *err = name->err;
        return name->status;
    }
    if (!is_unusable(copy) && copy->status != STATUS_OK) {
        *err = copy->err;
        return copy->status;
    }
    if (name->status != STATUS_OK && copy->status != STATUS_OK)
        return tell_both(name, copy, err);
    if (name->status == STATUS_OK && copy->status == STATUS_OK &&
        slice_equal(name->bytes, copy->bytes))
        return STATUS_OK;
    if (is_cut || name->status != STATUS_OK) {
        *ret = copy;
        enum status status = mend(io, name, copy, true, &is_single, err);
        *ret_sound = is_single ? TWIN_IN_COPY : TWIN_IN_BOTH;
        return status;
    }
    enum status status = mend(io, copy, name, copy->status == STATUS_IO, &is_single, err);
    *ret_sound = is_single ? TWIN_IN_NAME : TWIN_IN_BOTH;
    return status;
}

enum status twin_load(struct io *io, const char *path, twin_check *check, void *context,
                      struct buf *ret, enum twin_sound *ret_sound, struct error *err)
{
    const struct reading reading = {io, check, context, ret->max_bytes};
    struct half name = {.status = STATUS_OK}, copy = {.status = STATUS_OK};
    const struct half *sound = NULL;

    *ret_sound = TWIN_IN_BOTH;
    name_of(path, "", name.path);
    name_of(path, TWIN_COPY, copy.path);
    read_half(&reading, &name);
    read_half(&reading, &copy);
    enum status status = take_back(&reading, name.path, &name, &copy, err);
    if (status == STATUS_OK)
        status = take_back(&reading, copy.path, &name, &copy, err);
    if (status == STATUS_OK)
        status = settle(io, &name, &copy, ret_sound, &sound, err);
    if (sound != NULL)
        buf_add_slice(ret, sound->bytes);
    if (status == STATUS_OK)
        status = buf_check(ret, err);
    buf_release(&name.content);
    buf_release(&copy.content);
    return status;
}

enum status twin_save(struct io *io, const char *path, struct slice bytes, struct error *err)
{
    char copy[TWIN_PATH_BYTES];
    enum status status = io_replace(io, path, bytes, err);

    name_of(path, TWIN_COPY, copy);
    return status == STATUS_OK ? io_replace(io, copy, bytes, err) : status;
}
