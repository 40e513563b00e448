/* SPDX-License-Identifier: Apache-2.0 */
/* segment_file.c - a segment file while sections of it are read: opened when the first of them
 * is, and removed, if no catalog lists it any more, with the last. */
#include "store/sealed_priv.h"

#include <stdlib.h>

enum status segment_file_new(struct io *io, uint64_t number, struct segment_file **ret,
                             struct error *err)
{
    struct segment_file *file = calloc(1, sizeof(*file));

    if (file == NULL)
        return ERROR_MEMORY(err);
    atomic_init(&file->references, 1);
    atomic_init(&file->is_dead, false);
    file->io = io;
    file->number = number;
    (void)pthread_mutex_init(&file->lock, NULL);
    *ret = file;
    return STATUS_OK;
}

void segment_file_unref(struct segment_file *file)
{
    if (file == NULL || atomic_fetch_sub(&file->references, 1) != 1)
        return;
    io_close(file->file);
    if (atomic_load(&file->is_dead)) {
        char path[SEGMENT_PATH_BYTES];
        segment_path(file->number, "seg", path);
        io_unlink_if_possible(file->io, path); /* what stays is removed at the next start */
    }
    (void)pthread_mutex_destroy(&file->lock);
    free(file);
}

/* Damage to the head alone harms no section: each has its own checks. */
static enum status check_head(struct segment_file *file, struct error *err)
{
    enum status status = segment_check_head(file->file, file->number, err);

    if (status == STATUS_OK)
        return STATUS_OK;
    if (status == STATUS_CORRUPT) {
        *err = (struct error){0};
        return STATUS_OK;
    }
    io_close(file->file);
    file->file = NULL;
    return status;
}

enum status segment_file_open(struct segment_file *file, struct error *err)
{
    char path[SEGMENT_PATH_BYTES];
    enum status status = STATUS_OK;

    (void)pthread_mutex_lock(&file->lock);
    if (file->file == NULL) {
        segment_path(file->number, "seg", path);
        status = io_open(file->io, path, IO_READ, &file->file, err);
        if (status == STATUS_OK)
            status = check_head(file, err);
    }
    (void)pthread_mutex_unlock(&file->lock);
    return status;
}
