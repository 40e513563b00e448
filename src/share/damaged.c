/* SPDX-License-Identifier: Apache-2.0 */
#include "share/damaged.h"

#define SUFFIX ".damaged"
#define ASIDE ".aside"

struct search {
    const char *directory;
    struct buf *names;
    uint32_t count;
};

static void add(struct search *search, const char *name)
{
    if (search->count++ > 0)
        buf_add_text(search->names, ", ");
    buf_add_format(search->names, "%s/%s", search->directory, name);
}

static enum status see(void *context, const char *name, struct error *err)
{
    (void)err;
    if (slice_ends_with(slice_of(name), SLICE(SUFFIX)) ||
        slice_ends_with(slice_of(name), SLICE(ASIDE)))
        add(context, name);
    return STATUS_OK;
}

uint32_t damaged_files(struct io *io, struct buf *ret_names)
{
    static const char *const DIRECTORIES[] = {"control", "seg", "ingest", "wal", "t"};
    static const char *const KEYRINGS[] = {"keys/keyring" SUFFIX, "keys/keyring.copy" SUFFIX};
    struct search search = {.names = ret_names};
    struct error ignored;

    for (size_t i = 0; i < sizeof(DIRECTORIES) / sizeof(*DIRECTORIES); i++) {
        search.directory = DIRECTORIES[i];
        /* one that cannot be listed is another check's finding */
        enum status status = io_list(io, DIRECTORIES[i], see, &search, &ignored);
        (void)status;
    }
    search.directory = "keys"; /* the server may not list it */
    for (size_t i = 0; i < sizeof(KEYRINGS) / sizeof(*KEYRINGS); i++) {
        if (io_exists(io, KEYRINGS[i]))
            add(&search, KEYRINGS[i] + sizeof("keys"));
    }
    return search.count;
}
