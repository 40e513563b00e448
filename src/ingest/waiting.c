/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/waiting_priv.h"

void waiting_init(struct waiting *waiting)
{
    *waiting = (struct waiting){.tail = &waiting->head};
}

bool waiting_is_empty(const struct waiting *waiting)
{
    return waiting->head == NULL;
}

void waiting_add(struct waiting *waiting, struct wal_entry *entry)
{
    entry->next = NULL;
    *waiting->tail = entry;
    waiting->tail = &entry->next;
}

static bool is_large(const struct wal_entry *entry)
{
    return entry->payload.size >= COMMIT_SMALL_BYTES;
}

static bool has_large(const struct waiting *waiting)
{
    const struct wal_entry *e = waiting->head;

    while (e != NULL && !is_large(e))
        e = e->next;
    return e != NULL;
}

/* Of another tenant than the last large one that went. */
static bool has_other_large(const struct waiting *waiting)
{
    const struct wal_entry *e = waiting->head;

    while (e != NULL && (!is_large(e) || guid_equal(&e->tenant, &waiting->last_large)))
        e = e->next;
    return e != NULL;
}

/* One of its tenant stays before it. */
static bool is_held(const struct waiting *waiting, const struct wal_entry *entry)
{
    const struct wal_entry *e = waiting->head;

    while (e != entry && !guid_equal(&e->tenant, &entry->tenant))
        e = e->next;
    return e != entry;
}

static struct wal_entry *take(struct waiting *waiting, bool with_large)
{
    struct wal_entry *first = NULL, **end = &first, **at = &waiting->head;
    const struct guid last = waiting->last_large;
    bool is_turn_of_others = has_other_large(waiting);
    size_t small_bytes = 0, large_bytes = 0;

    while (*at != NULL) {
        struct wal_entry *e = *at;
        size_t *sum = is_large(e) ? &large_bytes : &small_bytes;
        bool may = !is_large(e) ||
                   (with_large && !(is_turn_of_others && guid_equal(&e->tenant, &last)));
        bool fits = *sum == 0 || *sum + e->payload.size <= COMMIT_BYTES_MAX;
        if (!may || !fits || is_held(waiting, e)) {
            at = &e->next;
            continue;
        }
        if (is_large(e))
            waiting->last_large = e->tenant;
        *sum += e->payload.size;
        *at = e->next;
        e->next = NULL;
        *end = e;
        end = &e->next;
    }
    waiting->tail = at;
    return first;
}

struct wal_entry *waiting_take(struct waiting *waiting)
{
    bool with_large = waiting->owes_large;
    struct wal_entry *list = take(waiting, with_large);

    if (list == NULL && !with_large) {
        with_large = true;
        list = take(waiting, true);
    }
    waiting->owes_large = !with_large && has_large(waiting);
    return list;
}

struct wal_entry *waiting_take_all(struct waiting *waiting)
{
    struct wal_entry *list = waiting->head;

    waiting_init(waiting);
    return list;
}
