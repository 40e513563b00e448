/* SPDX-License-Identifier: Apache-2.0 */
/* The store without a disk: an empty list of sections; a flush says that it
 * cannot.  Stands in until the segment files are in the build. */
#include "store/segment_priv.h"

#include <stdlib.h>

struct sealed {
    uint64_t wal_floor;
};

enum status sealed_open(const struct sealed_options *options, struct sealed **ret,
                        struct error *err)
{
    (void)options;
    *ret = calloc(1, sizeof(**ret));
    return *ret == NULL ? ERROR_MEMORY(err) : STATUS_OK;
}

void sealed_close(struct sealed *sealed)
{
    free(sealed);
}

uint64_t sealed_wal_floor(struct sealed *sealed)
{
    return sealed->wal_floor;
}

struct section_list *sealed_pin(struct sealed *sealed, void (*with)(void *context), void *context)
{
    (void)sealed;
    if (with != NULL)
        with(context);
    return calloc(1, sizeof(struct section_list));
}

void section_list_unref(struct section_list *list)
{
    free(list);
}

static enum status no_disk(struct error *err)
{
    return ERROR_SET(err, STATUS_NOT_FOUND, "there are no segments in this build");
}

enum status sealed_flush(struct sealed *sealed, struct part *const *parts, uint32_t part_count,
                         uint64_t wal_floor, void (*publish)(void *context), void *context,
                         struct error *err)
{
    (void)parts;
    if (part_count > 0)
        return no_disk(err);
    sealed->wal_floor = wal_floor;
    publish(context);
    return STATUS_OK;
}

enum status sealed_merge_step(struct sealed *sealed, bool *ret_worked, struct error *err)
{
    (void)sealed;
    (void)err;
    *ret_worked = false;
    return STATUS_OK;
}

enum status sealed_compact(struct sealed *sealed,
                           void (*progress)(void *context, uint64_t done, uint64_t total),
                           void *context, const atomic_bool *cancelled, struct error *err)
{
    (void)sealed;
    (void)progress;
    (void)context;
    (void)cancelled;
    (void)err;
    return STATUS_OK;
}

void sealed_stats(struct sealed *sealed, struct store_stats *ret)
{
    (void)sealed;
    (void)ret;
}

const struct section_info *section_info(const struct section *section)
{
    (void)section;
    return NULL;
}

bool section_is_usable(const struct section *section)
{
    (void)section;
    return false;
}

enum status section_probe(struct section *section, struct slice path, struct slice value,
                          bool *ret_maybe, uint64_t ret_blocks[SECTION_BLOCKS_MAX / 64],
                          struct error *err)
{
    (void)section;
    (void)path;
    (void)value;
    (void)ret_maybe;
    (void)ret_blocks;
    return no_disk(err);
}

enum status section_view(struct section *section, struct part **ret, struct error *err)
{
    (void)section;
    (void)ret;
    return no_disk(err);
}

enum status section_load(struct part *view, uint32_t path, struct error *err)
{
    (void)view;
    (void)path;
    return no_disk(err);
}

enum status section_load_rows(struct part *view, unsigned which, struct error *err)
{
    (void)view;
    (void)which;
    return no_disk(err);
}

enum status section_load_all(struct part *view, struct error *err)
{
    (void)view;
    return no_disk(err);
}

enum status section_load_shape(struct part *view, uint32_t shape, struct error *err)
{
    (void)view;
    (void)shape;
    return no_disk(err);
}
