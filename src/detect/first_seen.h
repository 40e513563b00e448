/* SPDX-License-Identifier: Apache-2.0 */
/* first_seen.h - "this application has not accessed this mailbox before".
 *
 * Per tenant it remembers which (mailbox, application) pairs, applications and
 * networks were seen, and over all tenants which addresses took part in
 * alerts.  A new pair is a hit; a hit's novelty score decides whether it is
 * worth an alert (docs/design/002-first-seen-score.md has the measurements):
 *
 *   20  the pair is new
 *   40  the network was never seen in this tenant, or it is younger than a day
 *       and this user has not signed in from it
 *   20  the application is new to the tenant
 *   40  the address took part in an alert already: of the tenant, or of another, which counts
 *       only where neither this user nor some others of this one signed in from its network,
 *       and where it makes an alert
 *   10  the session was used for another mailbox that was new to its application
 *
 * A refused sign-in makes no network seen: whoever wants to be no stranger would try a password
 * and wait a day.
 *
 * An alert needs ALERT_SCORE.  No alert while the tenant's baseline is younger
 * than LEARNING_DAYS (by event time), nor for records more than BACKFILL_DAYS
 * behind the newest seen: loading old months raises no storm, and senders that
 * work side by side may be some days apart.
 *
 * One thread at a time; no I/O.  State is rebuilt from the tables FirstSeen (of a tenant,
 * when its first record comes) and SecurityAlert (of all tenants).
 */
#ifndef DETECT_FIRST_SEEN_H
#define DETECT_FIRST_SEEN_H

#include "base/error.h"
#include "base/time.h"
#include "detect/event.h"

#define FIRST_SEEN_ALERT_SCORE 60
#define FIRST_SEEN_ALERT_TYPE "first-seen-application" /* SecurityAlert.AlertType */
#define FIRST_SEEN_LEARNING_DAYS 14
#define FIRST_SEEN_BACKFILL_DAYS 30

struct first_seen;

enum first_seen_reason {
    REASON_PAIR_NEW = 1,
    REASON_NETWORK_NEW = 2,
    REASON_APP_NEW = 4,
    REASON_ADDRESS_ALERTED = 8,
    REASON_SESSION_SHARED = 16,
    REASON_LEARNING = 32,
    REASON_BACKFILL = 64,
    REASON_RECORDS_LACK = 128, /* what is known is not all that was: of the tenant, or of alerts */
    REASON_ALERTED_ELSEWHERE = 256, /* REASON_ADDRESS_ALERTED is by alerts of other tenants alone */
};

enum first_seen_kind { FIRST_SEEN_NOTHING, FIRST_SEEN_NETWORK, FIRST_SEEN_PAIR };

struct first_seen_hit {
    enum first_seen_kind kind; /* PAIR may carry a new network too (network_new) */
    bool network_new;
    bool alert;
    uint32_t score, reasons;
    uint32_t baseline_days;    /* how long this tenant has been watched */
};

struct first_seen *first_seen_new(void);
void first_seen_free(struct first_seen *state);

/* Looks at an event and learns it.  Where it is an alert, and is told, first_seen_mark() follows,
 * else first_seen_suppress(). */
enum status first_seen_observe(struct first_seen *state, const struct guid *tenant,
                               const struct event *event, struct first_seen_hit *ret,
                               struct error *err) MUST_USE;

/* The address took part in an alert of the tenant. */
enum status first_seen_mark(struct first_seen *state, const struct guid *tenant,
                            struct slice address, struct error *err) MUST_USE;
/* It is no alert, and does not tell what others' alerts say. */
void first_seen_suppress(struct first_seen_hit *hit);

/* Did the caller say that it has loaded what the tenant's table remembers? */
bool first_seen_is_loaded(const struct first_seen *state, const struct guid *tenant);
/* is_complete false: rows of that table lack. */
enum status first_seen_set_loaded(struct first_seen *state, const struct guid *tenant,
                                  bool is_complete, struct error *err) MUST_USE;

/* A row of the table FirstSeen: learns without judging. */
struct first_seen_row {
    struct slice kind; /* "pair" or "network" */
    struct slice mailbox, app, address, network, user;
    int64_t time;
    bool alerted;
    bool undated; /* as event.is_undated */
};
enum status first_seen_load(struct first_seen *state, const struct guid *tenant,
                            const struct first_seen_row *row, struct error *err) MUST_USE;
/* The time of the oldest event that is known of; INT64_MAX: of none. */
int64_t first_seen_oldest(const struct first_seen *state, const struct guid *tenant);
/* The tenant had an event then: it counts where no rows lack. */
enum status first_seen_load_oldest(struct first_seen *state, const struct guid *tenant,
                                   int64_t time, struct error *err) MUST_USE;
/* What was loaded for whole was not: rows of the table are lost.  false: it is not loaded, or
 * that is known. */
bool first_seen_set_lacking(struct first_seen *state, const struct guid *tenant);
/* An address that took part in an alert of some tenant. */
enum status first_seen_load_alerted(struct first_seen *state, struct slice address,
                                    struct error *err) MUST_USE;
/* Some of these addresses lack. */
void first_seen_set_alerts_lack(struct first_seen *state);

/* Appends the reasons as a JSON array of sentences ("application X is new to
 * the tenant"). */
void first_seen_add_reasons(const struct first_seen_hit *hit, const struct event *event,
                            struct buf *ret);

#endif
