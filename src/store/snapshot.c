/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots: the parts and sections of one moment, and tables over them. */
#include "store/store_priv.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

struct pin {
    struct store_snapshot *snapshot;
    enum status status;
    struct error *err;
};

static void pin_memory(void *context)
{
    struct pin *pin = context;
    struct store *store = pin->snapshot->store;

    (void)pthread_mutex_lock(&store->lock);
    pin->status = memory_list(&store->memory,
                              pin->snapshot->is_of_one ? &pin->snapshot->tenant : NULL,
                              &pin->snapshot->memory, pin->err);
    (void)pthread_mutex_unlock(&store->lock);
}

enum status store_snapshot(struct store *store, struct store_snapshot **ret, struct error *err)
{
    return store_snapshot_of(store, NULL, ret, err);
}

enum status store_snapshot_of(struct store *store, const struct guid *tenant,
                              struct store_snapshot **ret, struct error *err)
{
    struct store_snapshot *snapshot = calloc(1, sizeof(*snapshot));

    if (snapshot == NULL)
        return ERROR_MEMORY(err);
    snapshot->store = store;
    snapshot->is_of_one = tenant != NULL;
    if (tenant != NULL)
        snapshot->tenant = *tenant;
    struct pin pin = {.snapshot = snapshot, .status = STATUS_OK, .err = err};
    snapshot->sections = sealed_pin(store->sealed, pin_memory, &pin);
    if (pin.status != STATUS_OK) {
        store_snapshot_free(snapshot);
        return pin.status;
    }
    *ret = snapshot;
    return STATUS_OK;
}

static void free_source(struct scan_source *source)
{
    scan_schema_free(source->found);
    free(source->units);
    arena_free(source->arena);
    free(source);
}

void store_snapshot_free(struct store_snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    while (snapshot->sources != NULL) {
        struct scan_source *next = snapshot->sources->next;
        free_source(snapshot->sources);
        snapshot->sources = next;
    }
    held_list_release(&snapshot->memory);
    section_list_unref(snapshot->sections);
    free(snapshot);
}

void store_snapshot_watch(struct store_snapshot *snapshot,
                          enum status (*check)(void *context, struct error *err),
                          void *context)
{
    snapshot->check = check;
    snapshot->check_context = context;
}

/* ---- sources ---- */

/* Asked for the tenants it was made for? */
static bool covers(const struct store_snapshot *snapshot, const struct guid *tenants,
                   uint32_t count)
{
    for (uint32_t i = 0; i < count && snapshot->is_of_one; i++)
        if (!guid_equal(&tenants[i], &snapshot->tenant))
            return false;
    return true;
}

/* Tenants in order, each once. */
struct tenant_set {
    struct guid *ids;
    uint32_t count;
};

static int compare_tenants(const void *a, const void *b)
{
    return memcmp(((const struct guid *)a)->bytes, ((const struct guid *)b)->bytes,
                  sizeof(struct guid));
}

static enum status make_set(const struct guid *tenants, uint32_t count, struct tenant_set *ret,
                            struct error *err)
{
    ret->ids = malloc(((size_t)count + 1) * sizeof(*ret->ids));
    ret->count = 0;
    if (ret->ids == NULL)
        return ERROR_MEMORY(err);
    if (count > 0)
        memcpy(ret->ids, tenants, count * sizeof(*tenants));
    qsort(ret->ids, count, sizeof(*ret->ids), compare_tenants);
    for (uint32_t i = 0; i < count; i++) {
        if (ret->count == 0 || !guid_equal(&ret->ids[ret->count - 1], &ret->ids[i]))
            ret->ids[ret->count++] = ret->ids[i];
    }
    return STATUS_OK;
}

static bool has_tenant(const struct tenant_set *set, const struct guid *tenant)
{
    if (set->count == 1)
        return guid_equal(&set->ids[0], tenant);
    return set->count > 0 &&
           bsearch(tenant, set->ids, set->count, sizeof(*set->ids), compare_tenants) != NULL;
}

static enum status add_unit(struct scan_source *source, struct scan_unit unit, struct error *err)
{
    if (source->unit_count == source->unit_capacity) {
        uint32_t capacity = source->unit_capacity == 0 ? 16 : source->unit_capacity * 2;
        struct scan_unit *units = realloc(source->units, capacity * sizeof(*units));
        if (units == NULL)
            return ERROR_MEMORY(err);
        source->units = units;
        source->unit_capacity = capacity;
    }
    source->units[source->unit_count++] = unit;
    return STATUS_OK;
}

static bool is_of(const struct scan_source *source, struct slice table)
{
    return source->is_quarantine || slice_equal(source->table, table);
}

/* The first of the sections of a tenant whose table is not before (or, above, is behind) the
 * source's. */
static uint32_t first_of_table(const struct scan_source *source, const struct section_list *list,
                               uint32_t begin, uint32_t end, bool above)
{
    while (begin < end) {
        uint32_t middle = begin + (end - begin) / 2;
        int order = slice_compare(slice_of(section_info(list->sections[middle])->table),
                                  source->table);
        if (order < 0 || (above && order == 0))
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* The sections [begin, end) of one tenant. */
static enum status add_sections(struct scan_source *source, const struct section_list *list,
                                uint32_t begin, uint32_t end, struct error *err)
{
    enum status status = STATUS_OK;

    if (!source->is_quarantine && begin < end) {
        begin = first_of_table(source, list, begin, end, false);
        end = first_of_table(source, list, begin, end, true);
    }
    for (uint32_t i = begin; i < end && status == STATUS_OK; i++)
        status = add_unit(source, (struct scan_unit){.section = list->sections[i]}, err);
    return status;
}

static enum status add_units(struct scan_source *source, const struct store_snapshot *snapshot,
                             const struct tenant_set *set, struct error *err)
{
    const struct section_list *list = snapshot->sections;
    enum status status = STATUS_OK;
    uint64_t watermark = 0;

    for (uint32_t t = 0, begin = 0, end = 0; t < set->count && status == STATUS_OK; t++) {
        section_list_find(list, &set->ids[t], end, &begin, &end);
        for (uint32_t i = begin; i < end && set->count == 1; i++) {
            const struct section_info *info = section_info(list->sections[i]);
            watermark = info->seq_max > watermark ? info->seq_max : watermark;
        }
        status = add_sections(source, list, begin, end, err);
    }
    for (uint32_t i = 0; i < snapshot->memory.count && status == STATUS_OK; i++) {
        struct held *held = snapshot->memory.held[i];
        bool is_wanted = is_of(source, held->table);
        if ((!is_wanted && set->count > 1) || !has_tenant(set, &held->tenant))
            continue;
        if (held->seq_max > watermark)
            watermark = held->seq_max;
        if (is_wanted)
            status = add_unit(source, (struct scan_unit){.held = held}, err);
    }
    source->watermark = set->count == 1 ? watermark : 0; /* of all of its tables */
    return status;
}

static const struct table_definition *find_definition(const struct store *store,
                                                      struct slice table)
{
    for (uint32_t i = 0; i < store->options.table_count; i++) {
        if (slice_equal(store->options.tables[i].name, table))
            return &store->options.tables[i];
    }
    return NULL;
}

/* A query asks for its table more than once: whether there is one, then for its rows. */
static struct scan_source *find_source(const struct store_snapshot *snapshot, struct slice table,
                                       const struct guid *tenants, uint32_t tenant_count)
{
    struct scan_source *source = snapshot->sources;

    while (source != NULL &&
           (source->tenant_count != tenant_count || !slice_equal(source->table, table) ||
            (tenant_count > 0 &&
             memcmp(source->tenants, tenants, tenant_count * sizeof(*tenants)) != 0)))
        source = source->next;
    return source;
}

/* What a source remembers of what it was asked for. */
static enum status name_source(struct scan_source *source, struct slice table,
                               const struct guid *tenants, uint32_t tenant_count,
                               struct error *err)
{
    source->is_quarantine = slice_equal(table, QUARANTINE_TABLE);
    source->arena = arena_new(QUERY_MEMORY_BYTES);
    if (source->arena == NULL)
        return ERROR_MEMORY(err);
    source->table = arena_copy(source->arena, table, err);
    source->tenants = ARENA_ARRAY(source->arena, struct guid, (size_t)tenant_count + 1, err);
    if (source->table.data == NULL || source->tenants == NULL)
        return err->status;
    if (tenant_count > 0)
        memcpy(source->tenants, tenants, tenant_count * sizeof(*tenants));
    source->tenant_count = tenant_count;
    return STATUS_OK;
}

/* Of a declared table, which is the same for all that ask: it takes as long as a short question. */
static enum status get_declared(struct store *store, const struct table_definition *definition,
                                struct scan_source *source, const struct scan_schema **ret,
                                struct error *err)
{
    _Atomic(struct scan_schema *) *known = &store->schemas[definition - store->options.tables];
    struct scan_schema *found = atomic_load(known), *mine = NULL;
    enum status status =
        found != NULL ? STATUS_OK : scan_schema_make(source, definition, &mine, err);

    if (mine != NULL && atomic_compare_exchange_strong(known, &found, mine))
        found = mine;
    else
        scan_schema_free(mine); /* another was quicker */
    *ret = found;
    return status;
}

static enum status set_schema(struct scan_source *source, struct store *store,
                              const struct table_definition *definition, struct error *err)
{
    const struct scan_schema *schema = NULL;
    enum status status;

    if (definition != NULL && definition->declared && !source->is_quarantine) {
        status = get_declared(store, definition, source, &schema, err);
    } else {
        status = scan_schema_make(source, definition, &source->found, err);
        schema = source->found;
    }
    if (status != STATUS_OK)
        return status;
    source->schema = schema->schema;
    source->columns = schema->columns;
    source->fields = &schema->fields;
    source->time_column = schema->time_column;
    return STATUS_OK;
}

static bool is_in_set(const void *set, const struct guid *tenant)
{
    return has_tenant(set, tenant);
}

enum status store_snapshot_source(struct store_snapshot *snapshot, struct slice table,
                                  const struct guid *tenants, uint32_t tenant_count,
                                  struct table_source **ret, struct error *err)
{
    const struct table_definition *definition = find_definition(snapshot->store, table);
    struct scan_source *source = find_source(snapshot, table, tenants, tenant_count);
    struct tenant_set set = {0};

    CHECK(covers(snapshot, tenants, tenant_count));
    if (source != NULL) {
        *ret = &source->base;
        return STATUS_OK;
    }
    source = calloc(1, sizeof(*source));
    if (source == NULL)
        return ERROR_MEMORY(err);
    scan_source_init(source);
    source->check = snapshot->check;
    source->check_context = snapshot->check_context;
    enum status status = name_source(source, table, tenants, tenant_count, err);
    if (status == STATUS_OK)
        status = make_set(tenants, tenant_count, &set, err);
    if (status == STATUS_OK)
        status = add_units(source, snapshot, &set, err);
    if (status == STATUS_OK)
        status = gap_list_copy(&snapshot->store->gaps, is_in_set, &set, source, err);
    free(set.ids);
    bool is_known = source->is_quarantine || source->unit_count > 0 ||
                    (definition != NULL && definition->declared);
    if (status == STATUS_OK && !is_known)
        status = ERROR_SET(err, STATUS_NOT_FOUND, "there is no table '%.*s'", SLICE_FMT(table));
    if (status == STATUS_OK)
        status = set_schema(source, snapshot->store, definition, err);
    if (status != STATUS_OK) {
        free_source(source);
        return status;
    }
    source->next = snapshot->sources;
    snapshot->sources = source;
    *ret = &source->base;
    return STATUS_OK;
}

static void add_stored(const struct store_snapshot *snapshot, const struct tenant_set *set,
                       struct map *names)
{
    const struct section_list *list = snapshot->sections;
    struct error err;

    for (uint32_t t = 0, begin = 0, end = 0; t < set->count; t++) {
        section_list_find(list, &set->ids[t], end, &begin, &end);
        for (uint32_t i = begin; i < end; i++)
            (void)map_put(names, slice_of(section_info(list->sections[i])->table), NULL, &err);
    }
    for (uint32_t i = 0; i < snapshot->memory.count; i++) {
        const struct held *held = snapshot->memory.held[i];
        if (has_tenant(set, &held->tenant))
            (void)map_put(names, held->table, NULL, &err);
    }
}

/* Without memory for the map or the set a name may be left out, never a row. */
void store_snapshot_tables(struct store_snapshot *snapshot, const struct guid *tenants,
                           uint32_t tenant_count, bool stored,
                           void (*name)(void *context, struct slice name), void *context)
{
    const struct store_options *options = &snapshot->store->options;
    struct tenant_set set = {0};
    struct map names;
    struct error err;

    CHECK(covers(snapshot, tenants, tenant_count));
    map_init(&names);
    for (uint32_t i = 0; i < options->table_count && !stored; i++) {
        if (options->tables[i].declared)
            (void)map_put(&names, options->tables[i].name, NULL, &err);
    }
    if (!stored)
        (void)map_put(&names, QUARANTINE_TABLE, NULL, &err);
    if (make_set(tenants, tenant_count, &set, &err) == STATUS_OK)
        add_stored(snapshot, &set, &names);
    free(set.ids);
    for (size_t i = 0; i < names.count; i++)
        name(context, names.entries[i].key);
    map_release(&names);
}
