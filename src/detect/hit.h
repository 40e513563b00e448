/* SPDX-License-Identifier: Apache-2.0 */
/* hit.h - one first-seen hit on its way to the tables and the webhook. */
#ifndef DETECT_HIT_H
#define DETECT_HIT_H

#include "detect/first_seen.h"

struct hit {
    struct hit *next;
    uint64_t number; /* in the order they were found */
    bool is_alert_written; /* its alert is durable, its row may not be */
    struct guid tenant, alert_id; /* alert_id only if found.alert */
    struct first_seen_hit found;
    struct event event; /* slices point into `bytes` */
    char bytes[];
};

/* A copy of everything; NULL without memory.  Free with hit_free(). */
struct hit *hit_new(const struct guid *tenant, const struct event *event,
                    const struct first_seen_hit *found, struct error *err);
void hit_free(struct hit *hit);

/* A line for the table FirstSeen, for SecurityAlert, and the webhook's body. */
void hit_add_row(const struct hit *hit, struct buf *ret);
void hit_add_alert(const struct hit *hit, int64_t now, struct buf *ret);
void hit_add_webhook(const struct hit *hit, int64_t now, struct buf *ret);

/* Reads back what hit_add_row() wrote, as event_from_record() reads; *ret_ok false: it is no
 * such row. */
enum status hit_row_from_record(const struct record *record, struct arena **scratch,
                                struct first_seen_row *ret, bool *ret_ok,
                                struct error *err) MUST_USE;
/* The row is of what the hit is of; in any case of letters, as the rule compares. */
bool hit_matches(const struct hit *hit, const struct guid *tenant,
                 const struct first_seen_row *row);

#endif
