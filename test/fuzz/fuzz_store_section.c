/* SPDX-License-Identifier: Apache-2.0 */
/* A section whose bytes somebody chose: refused, or read without harm.
 *
 *   u32 rows | u64 seq_min | u64 seq_max | i64 time_min | i64 time_max |
 *   i64 received_min | i64 received_max | u32 header packed | u32 header raw | section
 */
#include "store/sealed_priv.h"

#define VALUES_MAX 1000000u /* more is slow, not interesting */
#define ROWS_RENDERED 200u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_small(const struct part *view)
{
    uint64_t values = 0;

    for (uint32_t p = 0; p < view->path_count; p++)
        values += view->paths[p].value_count;
    return values <= VALUES_MAX;
}

static void read_section(struct section *section)
{
    struct error err;
    struct part *view = NULL;
    struct buf raw;
    bool maybe = false;
    uint64_t blocks = 0;

    buf_init(&raw, 4 * MIB);
    if (section_view(section, &view, &err) == STATUS_OK && is_small(view) &&
        section_load_all(view, &err) == STATUS_OK)
        for (uint32_t r = 0; r < view->row_count && r < ROWS_RENDERED; r++) {
            buf_clear(&raw);
            part_render(view, r, &raw);
        }
    if (view != NULL && view->path_count > 1) {
        enum status status = section_probe(section, view->paths[1].path, SLICE("identifier"),
                                           &maybe, &blocks, &err);
        (void)status;
    }
    part_unref(view);
    buf_release(&raw);
}

static enum status tenant_key(struct keyring *keyring, const struct guid *tenant,
                              enum key_purpose purpose, struct key *ret, struct error *err)
{
    (void)keyring;
    (void)tenant;
    (void)purpose;
    (void)err;
    memset(ret, 1, sizeof(*ret));
    return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct keyring_ops ops = {.tenant_key = tenant_key};
    struct reader r = reader_from(data, size);
    struct section_info info = {.table = "T", .row_count = reader_u32(&r)};
    struct keyring keyring = {&ops};
    struct section *section = NULL;
    struct error err;

    info.seq_min = reader_u64(&r);
    info.seq_max = reader_u64(&r);
    info.time_min = (int64_t)reader_u64(&r);
    info.time_max = (int64_t)reader_u64(&r);
    info.received_min = (int64_t)reader_u64(&r);
    info.received_max = (int64_t)reader_u64(&r);
    info.header_packed = reader_u32(&r);
    info.header_raw = reader_u32(&r);
    if (r.failed || info.row_count > PART_ROWS_MAX || info.header_raw > MIB)
        return 0;
    struct cache *cache = cache_new(64 * MIB);
    struct slice plain = {(const char *)r.at, reader_left(&r)};
    if (cache != NULL &&
        section_new(&info, NULL, plain, &keyring, cache, &section, &err) == STATUS_OK)
        read_section(section);
    section_unref(section);
    cache_free(cache);
    return 0;
}
