/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/tenant_priv.h"

#include <stdlib.h>

static struct slice id_slice(const struct guid *id)
{
    return slice_from((const char *)id->bytes, sizeof(id->bytes));
}

static struct slice mac_slice(const struct hash256 *mac)
{
    return slice_from((const char *)mac->bytes, sizeof(mac->bytes));
}

static void free_answers(struct map *map)
{
    for (size_t i = 0; i < map->count; i++)
        free((struct kept_answer *)(uintptr_t)map->entries[i].value);
    map_release(map);
}

static void tenant_free(struct tenant *tenant)
{
    print_set_release(&tenant->hot);
    print_set_release(&tenant->frozen);
    free_answers(&tenant->hot_keys);
    free_answers(&tenant->frozen_keys);
    map_release(&tenant->tables);
    (void)pthread_mutex_destroy(&tenant->lock);
    (void)pthread_mutex_destroy(&tenant->durable_lock);
    (void)pthread_cond_destroy(&tenant->pending_changed);
    explicit_bzero(tenant, sizeof(*tenant));
    free(tenant);
}

void tenant_table_init(struct tenant_table *table, struct keyring *keyring)
{
    *table = (struct tenant_table){.keyring = keyring};
    (void)pthread_rwlock_init(&table->lock, NULL);
    map_init(&table->map);
}

void tenant_table_release(struct tenant_table *table)
{
    for (size_t i = 0; i < table->map.count; i++)
        tenant_free((struct tenant *)(uintptr_t)table->map.entries[i].value);
    map_release(&table->map);
    (void)pthread_rwlock_destroy(&table->lock);
}

static enum status tenant_new(struct keyring *keyring, const struct guid *id, struct tenant **ret,
                              struct error *err)
{
    struct key idem;
    struct tenant *tenant = calloc(1, sizeof(*tenant));

    if (tenant == NULL)
        return ERROR_MEMORY(err);
    tenant->id = *id;
    tenant->given = tenant->durable = (struct tenant_counters){.next_seq = 1};
    map_init(&tenant->hot_keys);
    map_init(&tenant->frozen_keys);
    map_init(&tenant->tables);
    (void)pthread_mutex_init(&tenant->lock, NULL);
    (void)pthread_mutex_init(&tenant->durable_lock, NULL);
    (void)pthread_cond_init(&tenant->pending_changed, NULL);
    enum status status =
        keyring_tenant_key(keyring, id, KEY_PURPOSE_WAL, &tenant->wal_key, err);
    if (status == STATUS_OK)
        status = keyring_tenant_key(keyring, id, KEY_PURPOSE_IDEM, &idem, err);
    if (status != STATUS_OK) {
        tenant_free(tenant);
        return status;
    }
    hmac256_init(&tenant->idem, idem.bytes, sizeof(idem.bytes));
    hmac256_short(&tenant->idem, "vhash", sizeof("vhash"), tenant->print_key.bytes);
    hmac256_short(&tenant->idem, "gmac", sizeof("gmac"), tenant->print_key_2.bytes);
    explicit_bzero(&idem, sizeof(idem));
    *ret = tenant;
    return STATUS_OK;
}

enum status tenant_print_keys(const struct tenant *tenant, struct print_keys *ret,
                              struct error *err)
{
    ret->idem = &tenant->idem;
    return vhash_key_derive(&tenant->print_key, &ret->hash, err);
}

struct tenant *tenant_table_find(struct tenant_table *table, const struct guid *id)
{
    (void)pthread_rwlock_rdlock(&table->lock);
    struct tenant *tenant = map_pointer(&table->map, id_slice(id));
    (void)pthread_rwlock_unlock(&table->lock);
    return tenant;
}

enum status tenant_table_get(struct tenant_table *table, const struct guid *id,
                             struct tenant **ret, struct error *err)
{
    struct tenant *tenant = tenant_table_find(table, id), *made = NULL;
    bool is_new = false;

    if (tenant != NULL) {
        *ret = tenant;
        return STATUS_OK;
    }
    enum status status = tenant_new(table->keyring, id, &made, err);
    if (status != STATUS_OK)
        return status;
    (void)pthread_rwlock_wrlock(&table->lock);
    struct map_entry *entry = map_put(&table->map, id_slice(id), &is_new, err);
    if (entry == NULL)
        status = err->status;
    else if (is_new)
        entry->value = (uint64_t)(uintptr_t)made;
    if (entry != NULL)
        tenant = (struct tenant *)(uintptr_t)entry->value;
    (void)pthread_rwlock_unlock(&table->lock);
    if (tenant != made)
        tenant_free(made); /* another thread was first, or there is no memory */
    *ret = tenant;
    return status;
}

enum status tenant_table_get_stored(struct tenant_table *table, const struct guid *id,
                                    struct tenant **ret, struct error *err)
{
    enum status status = tenant_table_get(table, id, ret, err);

    if (status != STATUS_NOT_FOUND)
        return status;
    *ret = NULL;
    return guid_is_zero(id) ? ERROR_SET(err, STATUS_INVALID,
                                        "the keyring has no keys of the instance, which has "
                                        "records: it is damaged or old")
                            : STATUS_OK;
}

static int by_id(const void *a, const void *b)
{
    const struct tenant *x = *(struct tenant *const *)a, *y = *(struct tenant *const *)b;

    return memcmp(x->id.bytes, y->id.bytes, sizeof(x->id.bytes));
}

enum status tenant_table_list(struct tenant_table *table, struct tenant ***ret, size_t *ret_count,
                              struct error *err)
{
    (void)pthread_rwlock_rdlock(&table->lock);
    size_t count = table->map.count;
    struct tenant **list = malloc((count + 1) * sizeof(*list));
    for (size_t i = 0; list != NULL && i < count; i++)
        list[i] = (struct tenant *)(uintptr_t)table->map.entries[i].value;
    (void)pthread_rwlock_unlock(&table->lock);
    if (list == NULL)
        return ERROR_MEMORY(err);
    qsort(list, count, sizeof(struct tenant *), by_id);
    *ret = list;
    *ret_count = count;
    return STATUS_OK;
}

enum print_verdict tenant_look(const struct tenant *tenant, const struct print *print,
                               uint32_t oldest)
{
    enum print_verdict hot = print_set_look(&tenant->hot, print, oldest);
    enum print_verdict frozen = print_set_look(&tenant->frozen, print, oldest);

    return hot > frozen ? hot : frozen;
}

void tenant_forget(struct tenant *tenant, const struct print *print)
{
    /* One that is being saved is durable, unless it is not in the hot set. */
    if (!print_set_forget(&tenant->hot, print))
        (void)print_set_forget(&tenant->frozen, print);
}

struct kept_answer *kept_answer_new(uint32_t minute, const struct hash256 *body_hash,
                                    struct slice bytes, struct error *err)
{
    struct kept_answer *answer = malloc(sizeof(*answer) + bytes.size);

    if (answer == NULL) {
        (void)ERROR_MEMORY(err);
        return NULL;
    }
    *answer = (struct kept_answer){.minute = minute, .body_hash = *body_hash, .size = bytes.size};
    if (bytes.size > 0)
        memcpy(answer->bytes, bytes.data, bytes.size);
    return answer;
}

enum status tenant_keep_answer(struct tenant *tenant, const struct hash256 *mac,
                               struct kept_answer *answer, struct error *err)
{
    struct map_entry *entry = map_put(&tenant->hot_keys, mac_slice(mac), NULL, err);

    if (entry == NULL) {
        free(answer);
        return err->status;
    }
    free((struct kept_answer *)(uintptr_t)entry->value);
    entry->value = (uint64_t)(uintptr_t)answer;
    return STATUS_OK;
}

const struct kept_answer *tenant_find_answer(const struct tenant *tenant,
                                             const struct hash256 *mac)
{
    const struct kept_answer *answer = map_pointer(&tenant->hot_keys, mac_slice(mac));

    return answer != NULL ? answer : map_pointer(&tenant->frozen_keys, mac_slice(mac));
}

static enum status merge_frozen(struct tenant *tenant, struct error *err)
{
    enum status status = print_set_reserve(&tenant->hot, tenant->frozen.count, err);

    for (size_t i = 0; i < tenant->frozen.capacity && status == STATUS_OK; i++) {
        const struct print *print = &tenant->frozen.slots[i];
        if (print->id != 0 && print->minute != 0)
            status = print_set_add(&tenant->hot, print, err);
    }
    for (size_t i = 0; i < tenant->frozen_keys.count && status == STATUS_OK; i++) {
        struct map_entry *from = &tenant->frozen_keys.entries[i];
        struct map_entry *to = map_put(&tenant->hot_keys, from->key, NULL, err);
        if (to == NULL) {
            status = err->status;
        } else if (to->value == 0) {
            to->value = from->value;
            from->value = 0;
        }
    }
    return status;
}

enum status tenant_freeze(struct tenant *tenant, struct error *err)
{
    if (tenant->frozen.count > 0 || tenant->frozen_keys.count > 0) {
        enum status status = merge_frozen(tenant, err);
        if (status != STATUS_OK)
            return status;
    }
    tenant_thaw(tenant); /* an empty set may have room of its own */
    tenant->frozen = tenant->hot;
    tenant->hot = (struct print_set){0};
    tenant->frozen_keys = tenant->hot_keys;
    map_init(&tenant->hot_keys);
    return STATUS_OK;
}

void tenant_thaw(struct tenant *tenant)
{
    print_set_release(&tenant->frozen);
    free_answers(&tenant->frozen_keys);
    map_init(&tenant->frozen_keys);
}

void tenant_add_undelivered(struct tenant *tenant, struct undelivered *item, uint64_t first_seq)
{
    item->first_seq = first_seq;
    item->next = tenant->undelivered;
    tenant->undelivered = item;
}

void tenant_remove_undelivered(struct tenant *tenant, const struct undelivered *item)
{
    struct undelivered **place = &tenant->undelivered;

    while (*place != item)
        place = &(*place)->next;
    *place = item->next;
}

static bool comes_before(const struct undelivered *list, const struct undelivered *item)
{
    while (list != item && !slice_equal(list->new_table, item->new_table))
        list = list->next;
    return list != item;
}

uint32_t tenant_coming_tables(const struct tenant *tenant, struct slice name)
{
    uint32_t count = 0;

    for (const struct undelivered *at = tenant->undelivered; at != NULL; at = at->next) {
        if (at->new_table.size > 0 && !slice_equal(at->new_table, name) &&
            map_find(&tenant->tables, at->new_table) == NULL && /* another one stored it first */
            !comes_before(tenant->undelivered, at))
            count++;
    }
    return count;
}

uint64_t tenant_delivered_seq(const struct tenant *tenant)
{
    uint64_t next = tenant->given.next_seq;

    for (const struct undelivered *i = tenant->undelivered; i != NULL; i = i->next) {
        if (i->first_seq < next)
            next = i->first_seq;
    }
    return next - 1;
}
