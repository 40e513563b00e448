/* SPDX-License-Identifier: Apache-2.0 */
/* access.h - collects mail accesses by tenant and mailbox, and their bounds. */
#ifndef RESPOND_ACCESS_H
#define RESPOND_ACCESS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/guid.h"
#include "base/map.h"
#include "base/time.h"

/* One MailItemsAccessed record. */
struct access {
    struct guid tenant;
    struct slice mailbox, app, address;
    struct slice session, sign_in; /* SessionId of the mailbox, AADSessionId of the directory */
    int64_t time;
    struct slice properties; /* OperationProperties, JSON */
    struct slice folders;    /* Folders, JSON */
    struct slice item;       /* Item, JSON: of a sync the folder is there */
    int64_t operation_count; /* how many messages it is about; 0: it does not say */
};

#define SCOPE_THROTTLED_TICKS TICKS_PER_DAY /* so long a throttled mailbox has no records */

struct scope_accesses;

struct mailbox_scope {
    struct scope_accesses *all; /* of which it is one */
    struct guid tenant;
    struct slice name;
    int64_t first, last;
    uint64_t records;
    uint64_t unnamed_records;   /* no syncs, and not all their messages are named */
    struct map bind_messages;   /* message ids */
    struct map sync_folders;    /* folder paths */
    struct map throttled_times; /* hours, as text */
    struct map apps, addresses, sessions;
    struct map known_in_synced; /* message ids the log knows in synced folders */
};

struct scope_accesses {
    struct map mailboxes; /* tenant bytes + mailbox -> struct mailbox_scope * */
    struct arena *arena;
    size_t bytes, bytes_max; /* of what the maps of the mailboxes hold */
};

/* Mailboxes are charged to the arena; what is kept of them has at most SCOPE_BYTES_MAX, beyond
 * which the functions below that add give STATUS_LIMIT. */
void scope_accesses_init(struct scope_accesses *accesses, struct arena *arena);
void scope_accesses_release(struct scope_accesses *accesses);

enum status scope_add_access(struct scope_accesses *accesses, const struct access *access,
                             struct error *err) MUST_USE;
/* A record of anybody about the mailbox: if it says that the log was throttled within a day of
 * the accesses, these need not be all. */
enum status scope_add_throttled(struct scope_accesses *accesses, const struct access *access,
                                struct error *err) MUST_USE;
/* A message that some record (of anybody) names in a folder of the mailbox:
 * counts for the upper bound if that folder was synced. */
enum status scope_add_known(struct scope_accesses *accesses, const struct guid *tenant,
                            struct slice mailbox, struct slice folders,
                            struct error *err) MUST_USE;
struct mailbox_scope *scope_find_mailbox(const struct scope_accesses *accesses,
                                         const struct guid *tenant, struct slice mailbox);
/* The keys as a sorted JSON array, so that equal scopes print alike. */
void scope_add_keys(const struct map *map, struct arena *arena, struct buf *ret);
/* The object of one mailbox. */
void scope_add_mailbox_json(const struct mailbox_scope *mailbox, bool is_complete,
                            struct buf *ret);

#endif
