/* SPDX-License-Identifier: Apache-2.0 */
#include "respond/access.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "table/dynamic.h"

#include <stdlib.h>

#define KEY_BYTES_MAX (sizeof(struct guid) + 1024u)
/* What maps take beside keys, with room to grow: each, and for each entry. */
#define MAP_BYTES 640u
#define ENTRY_BYTES 64u

void scope_accesses_init(struct scope_accesses *accesses, struct arena *arena)
{
    map_init(&accesses->mailboxes);
    accesses->arena = arena;
    accesses->bytes = 0;
    accesses->bytes_max = SCOPE_BYTES_MAX;
}

void scope_accesses_release(struct scope_accesses *accesses)
{
    for (size_t i = 0; i < accesses->mailboxes.count; i++) {
        struct mailbox_scope *m =
            (struct mailbox_scope *)(uintptr_t)accesses->mailboxes.entries[i].value;
        if (m == NULL)
            continue;
        map_release(&m->bind_messages);
        map_release(&m->sync_folders);
        map_release(&m->throttled_times);
        map_release(&m->apps);
        map_release(&m->addresses);
        map_release(&m->sessions);
        map_release(&m->known_in_synced);
    }
    map_release(&accesses->mailboxes);
}

/* Mailbox names differ in case between records: they fold. */
static struct slice mailbox_key(char text[KEY_BYTES_MAX], const struct guid *tenant,
                                struct slice mailbox)
{
    mailbox = slice_head(mailbox, KEY_BYTES_MAX - sizeof(*tenant));
    memcpy(text, tenant->bytes, sizeof(*tenant));
    for (size_t i = 0; i < mailbox.size; i++) {
        char c = mailbox.data[i];
        text[sizeof(*tenant) + i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    return slice_from(text, sizeof(*tenant) + mailbox.size);
}

struct mailbox_scope *scope_find_mailbox(const struct scope_accesses *accesses,
                                         const struct guid *tenant, struct slice mailbox)
{
    char text[KEY_BYTES_MAX];

    return map_pointer(&accesses->mailboxes, mailbox_key(text, tenant, mailbox));
}

static struct mailbox_scope *put_mailbox(struct scope_accesses *accesses,
                                         const struct access *access, struct error *err)
{
    char text[KEY_BYTES_MAX];
    bool is_new;
    struct map_entry *entry = map_put(
        &accesses->mailboxes, mailbox_key(text, &access->tenant, access->mailbox), &is_new, err);

    if (entry == NULL)
        return NULL;
    if (is_new) {
        struct mailbox_scope *m = ARENA_NEW(accesses->arena, struct mailbox_scope, err);
        if (m == NULL)
            return NULL;
        m->all = accesses;
        m->tenant = access->tenant;
        m->name = arena_copy(accesses->arena, access->mailbox, err);
        m->first = INT64_MAX;
        m->last = INT64_MIN;
        if (m->name.data == NULL)
            return NULL;
        entry->value = (uint64_t)(uintptr_t)m;
    }
    struct mailbox_scope *m = (struct mailbox_scope *)(uintptr_t)entry->value;
    if (slice_compare(access->mailbox, m->name) < 0) { /* not whichever came first */
        m->name = arena_copy(accesses->arena, access->mailbox, err);
        if (m->name.data == NULL)
            return NULL;
    }
    return m;
}

/* Into one of the maps of the mailbox. */
static enum status put(struct mailbox_scope *m, struct map *map, struct slice key,
                       struct error *err)
{
    struct scope_accesses *all = m->all;
    bool is_new;

    if (key.size == 0)
        return STATUS_OK;
    if (map_put(map, key, &is_new, err) == NULL)
        return err->status;
    if (is_new)
        all->bytes += key.size + ENTRY_BYTES + (map->count == 1 ? MAP_BYTES : 0);
    return all->bytes <= all->bytes_max
               ? STATUS_OK
               : ERROR_SET(err, STATUS_LIMIT,
                           "what was read takes more than %zu bytes: ask for less time, or give "
                           "more indicators",
                           all->bytes_max);
}

/* A JSON value as text, decoded into `scratch`. */
static struct slice plain(struct slice json, struct buf *scratch)
{
    buf_clear(scratch);
    if (dynamic_kind(json) != JSON_STRING || json.size < 2)
        return (struct slice){"", 0};
    json_unescape(slice_from(json.data + 1, json.size - 2), scratch);
    return buf_slice(scratch);
}

/* The value of a Name/Value array; "" if absent. */
static struct slice property(struct slice properties, const char *name, struct buf *scratch)
{
    struct dynamic_iterator it = dynamic_iterate(properties);

    while (dynamic_next(&it)) {
        struct slice found = plain(dynamic_member(it.value, SLICE("Name")), scratch);
        if (slice_equal_nocase(found, slice_of(name)))
            return plain(dynamic_member(it.value, SLICE("Value")), scratch);
    }
    return (struct slice){"", 0};
}

/* Unwraps JSON that was put into a string (Sentinel's Folders). */
static struct slice unwrap(struct slice json, struct buf *scratch)
{
    return dynamic_kind(json) == JSON_STRING ? plain(json, scratch) : json;
}

/* What a record or a folder of it names. */
struct named {
    uint64_t count; /* of messages, not all different */
    bool lacks;     /* there are some that it does not name */
};

static enum status add_messages(struct mailbox_scope *m, struct map *messages,
                                struct slice folder, struct buf *scratch, struct named *named,
                                struct error *err)
{
    struct dynamic_iterator items =
        dynamic_iterate(dynamic_member(folder, SLICE("FolderItems")));
    enum status status = STATUS_OK;
    bool any = false;

    while (status == STATUS_OK && dynamic_next(&items)) {
        struct slice id = plain(dynamic_member(items.value, SLICE("InternetMessageId")), scratch);
        any = true;
        named->count += id.size > 0;
        named->lacks = named->lacks || id.size == 0;
        status = put(m, messages, id, err);
    }
    named->lacks = named->lacks || !any;
    return status;
}

static struct slice folder_name(struct slice folder, struct buf *scratch)
{
    struct slice name = plain(dynamic_member(folder, SLICE("Path")), scratch);

    return name.size > 0 ? name : plain(dynamic_member(folder, SLICE("Id")), scratch);
}

static enum status add_synced(struct mailbox_scope *m, struct slice folder, struct buf *scratch,
                              struct error *err)
{
    struct slice name = folder_name(folder, scratch);

    return put(m, &m->sync_folders, name.size > 0 ? name : SLICE("(unnamed folder)"), err);
}

/* The service writes the folder of a sync into Item, not into Folders. */
static enum status add_sync(struct mailbox_scope *m, const struct access *access,
                            struct buf *scratch, struct buf *wrapped, struct error *err)
{
    struct dynamic_iterator it = dynamic_iterate(unwrap(access->folders, wrapped));
    enum status status = STATUS_OK;
    bool any = false;

    for (; status == STATUS_OK && dynamic_next(&it); any = true)
        status = add_synced(m, it.value, scratch, err);
    if (status == STATUS_OK && !any)
        status = add_synced(
            m, dynamic_member(unwrap(access->item, wrapped), SLICE("ParentFolder")), scratch, err);
    return status;
}

/* A text that was cut names fewer messages than it had. */
static bool is_whole(struct slice json)
{
    struct json_tape tape;

    json_tape_init(&tape);
    bool ok = json_parse(json, JSON_DEPTH_MAX, &tape) == JSON_OK;
    json_tape_release(&tape);
    return ok;
}

static enum status add_bind(struct mailbox_scope *m, const struct access *access,
                            struct buf *scratch, struct buf *wrapped, struct error *err)
{
    struct slice folders = unwrap(access->folders, wrapped);
    struct dynamic_iterator it = dynamic_iterate(folders);
    bool is_text = dynamic_kind(access->folders) == JSON_STRING; /* what is JSON was checked */
    struct named named = {.lacks = is_text && !is_whole(folders)};
    enum status status = STATUS_OK;

    while (status == STATUS_OK && dynamic_next(&it))
        status = add_messages(m, &m->bind_messages, it.value, scratch, &named, err);
    m->unnamed_records += named.lacks || named.count == 0 ||
                          (access->operation_count > 0 &&
                           named.count < (uint64_t)access->operation_count);
    return status;
}

static bool is_throttled(struct slice properties, struct buf *scratch)
{
    return slice_equal_nocase(property(properties, "IsThrottled", scratch), SLICE("True"));
}

static enum status put_throttled(struct mailbox_scope *m, int64_t time, struct error *err)
{
    char hour[TIME_TEXT_BYTES + 1];

    time_format_iso(time - time % TICKS_PER_HOUR, hour);
    return put(m, &m->throttled_times, slice_of(hour), err);
}

enum status scope_add_access(struct scope_accesses *accesses, const struct access *access,
                             struct error *err)
{
    struct mailbox_scope *m = put_mailbox(accesses, access, err);
    struct buf scratch, wrapped;

    if (m == NULL)
        return err->status;
    buf_init(&scratch, RECORD_BYTES_MAX);
    buf_init(&wrapped, RECORD_BYTES_MAX);
    struct slice properties = unwrap(access->properties, &wrapped);
    bool sync = slice_equal_nocase(property(properties, "MailAccessType", &scratch), SLICE("Sync"));
    bool throttled = is_throttled(properties, &scratch);
    m->records++;
    if (access->time < m->first)
        m->first = access->time;
    if (access->time > m->last)
        m->last = access->time;
    enum status status = sync ? add_sync(m, access, &scratch, &wrapped, err)
                              : add_bind(m, access, &scratch, &wrapped, err);
    if (status == STATUS_OK && throttled)
        status = put_throttled(m, access->time, err);
    if (status == STATUS_OK)
        status = put(m, &m->apps, access->app, err);
    if (status == STATUS_OK)
        status = put(m, &m->addresses, access->address, err);
    if (status == STATUS_OK)
        status = put(m, &m->sessions, access->session, err);
    if (status == STATUS_OK)
        status = put(m, &m->sessions, access->sign_in, err);
    buf_release(&scratch);
    buf_release(&wrapped);
    return status;
}

enum status scope_add_throttled(struct scope_accesses *accesses, const struct access *access,
                                struct error *err)
{
    struct mailbox_scope *m = scope_find_mailbox(accesses, &access->tenant, access->mailbox);
    enum status status = STATUS_OK;
    struct buf scratch, wrapped;

    if (m == NULL || access->time < m->first - SCOPE_THROTTLED_TICKS ||
        access->time > m->last + SCOPE_THROTTLED_TICKS)
        return STATUS_OK;
    buf_init(&scratch, RECORD_BYTES_MAX);
    buf_init(&wrapped, RECORD_BYTES_MAX);
    if (is_throttled(unwrap(access->properties, &wrapped), &scratch))
        status = put_throttled(m, access->time, err);
    buf_release(&scratch);
    buf_release(&wrapped);
    return status;
}

enum status scope_add_known(struct scope_accesses *accesses, const struct guid *tenant,
                            struct slice mailbox, struct slice folders, struct error *err)
{
    struct mailbox_scope *m = scope_find_mailbox(accesses, tenant, mailbox);
    struct buf scratch, wrapped;
    enum status status = STATUS_OK;
    struct named ignored = {0};

    if (m == NULL || m->sync_folders.count == 0)
        return STATUS_OK;
    buf_init(&scratch, RECORD_BYTES_MAX);
    buf_init(&wrapped, RECORD_BYTES_MAX);
    struct dynamic_iterator it = dynamic_iterate(unwrap(folders, &wrapped));
    while (status == STATUS_OK && dynamic_next(&it)) {
        if (map_find(&m->sync_folders, folder_name(it.value, &scratch)) != NULL)
            status = add_messages(m, &m->known_in_synced, it.value, &scratch, &ignored, err);
    }
    buf_release(&scratch);
    buf_release(&wrapped);
    return status;
}

static int by_text(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

void scope_add_keys(const struct map *map, struct arena *arena, struct buf *ret)
{
    struct error ignored;
    struct slice *keys = ARENA_ARRAY(arena, struct slice, map->count + 1, &ignored);

    buf_add_byte(ret, '[');
    for (size_t i = 0; keys != NULL && i < map->count; i++)
        keys[i] = map->entries[i].key;
    if (keys == NULL)
        ret->failed = true;
    else if (map->count > 1)
        qsort(keys, map->count, sizeof(*keys), by_text);
    for (size_t i = 0; keys != NULL && i < map->count; i++) {
        if (i > 0)
            buf_add_byte(ret, ',');
        text_add_json_string(ret, keys[i]);
    }
    buf_add_byte(ret, ']');
}

static void add_keys(struct buf *ret, const char *name, const struct map *map,
                     struct arena *arena)
{
    buf_add_format(ret, ",\"%s\":", name);
    scope_add_keys(map, arena, ret);
}

static void add_time(struct buf *ret, const char *name, int64_t ticks)
{
    char text[TIME_TEXT_BYTES + 1];

    time_format_iso(ticks, text);
    buf_add_format(ret, ",\"%s\":\"%s\"", name, text);
}

/* Why more may have been read than the bounds say. */
static void add_doubts(const struct mailbox_scope *m, bool is_complete, struct buf *ret)
{
    const char *comma = "";

    if (m->sync_folders.count > 0) {
        buf_add_format(ret, "\"%zu synced folders were taken whole\"", m->sync_folders.count);
        comma = ",";
    }
    if (m->throttled_times.count > 0) {
        buf_add_format(ret, "%s\"the log was throttled in %zu hours\"", comma,
                       m->throttled_times.count);
        comma = ",";
    }
    if (m->unnamed_records > 0) {
        buf_add_format(ret, "%s\"%llu records do not name all messages they are about\"", comma,
                       (unsigned long long)m->unnamed_records);
        comma = ",";
    }
    if (!is_complete)
        buf_add_format(ret, "%s\"stored records are lost or cannot be read\"", comma);
}

void scope_add_mailbox_json(const struct mailbox_scope *m, bool is_complete, struct buf *ret)
{
    bool is_open = !is_complete || m->unnamed_records > 0 ||
                   m->sync_folders.count + m->throttled_times.count > 0;
    struct arena *arena = arena_new(GIB);
    uint64_t upper = m->bind_messages.count;

    if (arena == NULL) {
        ret->failed = true;
        return;
    }
    for (size_t i = 0; i < m->known_in_synced.count; i++)
        upper += map_find(&m->bind_messages, m->known_in_synced.entries[i].key) == NULL;
    buf_add_text(ret, "{\"mailbox\":");
    text_add_json_string(ret, m->name);
    add_time(ret, "first", m->first);
    add_time(ret, "last", m->last);
    buf_add_format(ret, ",\"records\":%llu", (unsigned long long)m->records);
    add_keys(ret, "bind_messages", &m->bind_messages, arena);
    add_keys(ret, "sync_folders", &m->sync_folders, arena);
    add_keys(ret, "throttled", &m->throttled_times, arena);
    add_keys(ret, "applications", &m->apps, arena);
    add_keys(ret, "addresses", &m->addresses, arena);
    add_keys(ret, "sessions", &m->sessions, arena);
    buf_add_format(ret, ",\"lower\":%zu,\"upper\":%llu,\"upper_open\":%s,\"cannot_rule_out\":[",
                   m->bind_messages.count, (unsigned long long)upper,
                   is_open ? "true" : "false");
    add_doubts(m, is_complete, ret);
    buf_add_text(ret, "]}");
    arena_free(arena);
}
