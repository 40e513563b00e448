/* SPDX-License-Identifier: Apache-2.0 */
/* What a tenant has seen is keyed by a kind byte and the values, NUL between; the value is
 * the earliest time, in ticks, or of a session how many mailboxes it touched. */
#include "detect/first_seen.h"

#include "base/ip.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/text.h"
#include "detect/seen_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY_BYTES_MAX 1024u
#define OFFICE_USERS 3 /* who signed in from a network, so that it is one where people work */

struct tenant_state {
    struct seen seen;    /* 'p' pair, 'a' app, 'n' network, 's' sign-in, 'i' how many users signed
                          * in from a network, 'm' session, 'x' address of an alert */
    int64_t first_time;  /* ticks of the oldest event; INT64_MAX before the first */
    int64_t stored_time; /* of the oldest stored record, where that was asked for; else INT64_MAX */
    int64_t newest_time;
    bool is_loaded;
    bool lacks; /* what it remembers was not all there */
};

struct first_seen {
    struct map tenants; /* guid bytes -> struct tenant_state * */
    struct map alerted; /* addresses, in one writing, of alerts of all tenants */
    bool alerts_lack;
};

struct first_seen *first_seen_new(void)
{
    struct first_seen *state = calloc(1, sizeof(*state));

    if (state == NULL)
        return NULL;
    map_init(&state->tenants);
    map_init(&state->alerted);
    return state;
}

void first_seen_free(struct first_seen *state)
{
    if (state == NULL)
        return;
    for (size_t i = 0; i < state->tenants.count; i++) {
        struct tenant_state *tenant =
            (struct tenant_state *)(uintptr_t)state->tenants.entries[i].value;
        if (tenant != NULL)
            seen_release(&tenant->seen);
        free(tenant);
    }
    map_release(&state->tenants);
    map_release(&state->alerted);
    free(state);
}

static struct tenant_state *tenant_of(struct first_seen *state, const struct guid *id,
                                      struct error *err)
{
    struct map_entry *entry = map_put(&state->tenants, guid_slice(id), NULL, err);

    if (entry == NULL)
        return NULL;
    if (entry->value == 0) {
        struct tenant_state *tenant = calloc(1, sizeof(*tenant));
        if (tenant == NULL) {
            (void)ERROR_MEMORY(err);
            return NULL;
        }
        tenant->first_time = tenant->stored_time = INT64_MAX;
        tenant->newest_time = INT64_MIN;
        entry->value = (uint64_t)(uintptr_t)tenant;
    }
    return (struct tenant_state *)(uintptr_t)entry->value;
}

/* kind, a, NUL, b: in `text`; over-long values are cut, which can only make two
 * of them look alike (no alert), never a crash. */
static struct slice make_key(char text[KEY_BYTES_MAX], char kind, struct slice a, struct slice b)
{
    size_t size = 0;

    text[size++] = kind;
    a = slice_head(a, KEY_BYTES_MAX / 2 - 2);
    b = slice_head(b, KEY_BYTES_MAX / 2 - 2);
    for (size_t i = 0; i < a.size; i++)
        text[size++] = (char)(a.data[i] >= 'A' && a.data[i] <= 'Z' ? a.data[i] + 32 : a.data[i]);
    text[size++] = '\0';
    for (size_t i = 0; i < b.size; i++)
        text[size++] = (char)(b.data[i] >= 'A' && b.data[i] <= 'Z' ? b.data[i] + 32 : b.data[i]);
    return slice_from(text, size);
}

/* Remembers the key with the earliest time; *ret_known is the time known before
 * (ticks), INT64_MAX if it is new. */
static enum status learn(struct tenant_state *tenant, char kind, struct slice a, struct slice b,
                         int64_t time, int64_t *ret_known, struct error *err)
{
    char text[KEY_BYTES_MAX];
    bool is_new;
    int64_t *known = seen_put(&tenant->seen, make_key(text, kind, a, b), &is_new, err);

    if (known == NULL)
        return err->status;
    *ret_known = is_new ? INT64_MAX : *known;
    if (is_new || time < *known)
        *known = time;
    return STATUS_OK;
}

static bool knows(const struct tenant_state *tenant, char kind, struct slice a, struct slice b)
{
    char text[KEY_BYTES_MAX];

    return seen_has(&tenant->seen, make_key(text, kind, a, b));
}

static bool session_is_shared(struct tenant_state *tenant, const struct event *event)
{
    char text[KEY_BYTES_MAX];
    struct error ignored;
    bool is_new;

    if (event->session.size == 0)
        return false;
    int64_t *mailboxes = seen_put(
        &tenant->seen, make_key(text, 'm', event->session, event->mailbox), &is_new, &ignored);
    if (mailboxes == NULL || !is_new)
        return false;
    /* The session without a mailbox: how many mailboxes it touched. */
    mailboxes = seen_put(&tenant->seen,
                         make_key(text, 'm', event->session, (struct slice){"", 0}), &is_new,
                         &ignored);
    return mailboxes != NULL && ++*mailboxes > 1;
}

/* Where rows lack, what was learnt of the records before them is not all known, so these do not
 * count: it learns again. */
static int64_t watched_since(const struct tenant_state *tenant)
{
    return tenant->lacks || tenant->stored_time > tenant->first_time ? tenant->first_time
                                                                     : tenant->stored_time;
}

static enum status learn_sign_in(struct tenant_state *tenant, const struct event *event,
                                 struct slice network, struct error *err)
{
    char text[KEY_BYTES_MAX];
    int64_t known = 0;
    bool ignored;
    enum status status = learn(tenant, 's', event->user, network, event->time, &known, err);

    if (status != STATUS_OK || known != INT64_MAX)
        return status;
    int64_t *users = seen_put(
        &tenant->seen, make_key(text, 'i', network, (struct slice){"", 0}), &ignored, err);
    if (users == NULL)
        return err->status;
    ++*users;
    return STATUS_OK;
}

static bool works_there(const struct tenant_state *tenant, const struct event *event)
{
    char network_text[NETWORK_BYTES], text[KEY_BYTES_MAX];
    struct slice network = event_network(event->address, network_text);

    return knows(tenant, 's', event->user, network) ||
           seen_value(&tenant->seen, make_key(text, 'i', network, (struct slice){"", 0})) >=
               OFFICE_USERS;
}

/* What others' alerts say of the address counts less than the tenant's own: anybody can have one
 * raised, in a tenant of theirs, about an address from which all of this one work. */
static void judge_address(const struct first_seen *state, const struct tenant_state *tenant,
                          const struct event *event, struct first_seen_hit *hit)
{
    char room[IP_TEXT_BYTES];
    struct slice address = ip_canonical(event->address, room);
    bool own = knows(tenant, 'x', address, (struct slice){"", 0});

    if (!own && (map_find(&state->alerted, address) == NULL ||
                 (hit->reasons & (REASON_LEARNING | REASON_BACKFILL)) != 0 ||
                 works_there(tenant, event)))
        return;
    hit->reasons |= own ? REASON_ADDRESS_ALERTED
                        : REASON_ADDRESS_ALERTED | REASON_ALERTED_ELSEWHERE;
    hit->score += 40;
}

static void judge(struct first_seen *state, struct tenant_state *tenant,
                  const struct event *event, bool app_new, bool network_fresh,
                  struct first_seen_hit *hit)
{
    int64_t watched = event->time - watched_since(tenant);

    hit->reasons = REASON_PAIR_NEW;
    hit->score = 20;
    if (network_fresh) {
        hit->reasons |= REASON_NETWORK_NEW;
        hit->score += 40;
    }
    if (app_new) {
        hit->reasons |= REASON_APP_NEW;
        hit->score += 20;
    }
    if (session_is_shared(tenant, event)) {
        hit->reasons |= REASON_SESSION_SHARED;
        hit->score += 10;
    }
    hit->baseline_days = watched > 0 ? (uint32_t)(watched / TICKS_PER_DAY) : 0;
    if (watched < FIRST_SEEN_LEARNING_DAYS * TICKS_PER_DAY)
        hit->reasons |= REASON_LEARNING;
    if (tenant->newest_time > event->time + FIRST_SEEN_BACKFILL_DAYS * TICKS_PER_DAY)
        hit->reasons |= REASON_BACKFILL;
    judge_address(state, tenant, event, hit);
    if (tenant->lacks || state->alerts_lack)
        hit->reasons |= REASON_RECORDS_LACK;
    hit->alert = hit->score >= FIRST_SEEN_ALERT_SCORE &&
                 (hit->reasons & (REASON_LEARNING | REASON_BACKFILL)) == 0;
}

/* New to the tenant, or younger than a day without this user's sign-in. */
static bool is_fresh(const struct tenant_state *tenant, const struct event *event,
                     struct slice network, int64_t known)
{
    if (known == INT64_MAX)
        return true;
    return event->time - known < TICKS_PER_DAY && !knows(tenant, 's', event->user, network);
}

bool first_seen_is_loaded(const struct first_seen *state, const struct guid *tenant_id)
{
    const struct tenant_state *tenant = map_pointer(&state->tenants, guid_slice(tenant_id));

    return tenant != NULL && tenant->is_loaded;
}

enum status first_seen_set_loaded(struct first_seen *state, const struct guid *tenant_id,
                                  bool is_complete, struct error *err)
{
    struct tenant_state *tenant = tenant_of(state, tenant_id, err);

    if (tenant == NULL)
        return err->status;
    tenant->is_loaded = true;
    tenant->lacks = !is_complete;
    return STATUS_OK;
}

bool first_seen_set_lacking(struct first_seen *state, const struct guid *tenant_id)
{
    struct tenant_state *tenant = map_pointer(&state->tenants, guid_slice(tenant_id));

    if (tenant == NULL || !tenant->is_loaded || tenant->lacks)
        return false;
    tenant->lacks = true;
    return true;
}

void first_seen_set_alerts_lack(struct first_seen *state)
{
    state->alerts_lack = true;
}

enum status first_seen_load_alerted(struct first_seen *state, struct slice address,
                                    struct error *err)
{
    char room[IP_TEXT_BYTES];

    address = ip_canonical(address, room);
    return address.size == 0 || map_put(&state->alerted, address, NULL, err) != NULL
               ? STATUS_OK
               : err->status;
}

enum status first_seen_mark(struct first_seen *state, const struct guid *tenant_id,
                            struct slice address, struct error *err)
{
    struct tenant_state *tenant = tenant_of(state, tenant_id, err);
    char room[IP_TEXT_BYTES];
    int64_t ignored;

    address = ip_canonical(address, room);
    if (tenant == NULL)
        return err->status;
    if (address.size == 0)
        return STATUS_OK;
    enum status status =
        learn(tenant, 'x', address, (struct slice){"", 0}, 0, &ignored, err);
    return status == STATUS_OK ? first_seen_load_alerted(state, address, err) : status;
}

void first_seen_suppress(struct first_seen_hit *hit)
{
    hit->alert = false;
    if ((hit->reasons & REASON_ALERTED_ELSEWHERE) == 0)
        return;
    hit->reasons &= ~(uint32_t)(REASON_ADDRESS_ALERTED | REASON_ALERTED_ELSEWHERE);
    hit->score -= 40;
}

enum status first_seen_observe(struct first_seen *state, const struct guid *tenant_id,
                               const struct event *event, struct first_seen_hit *ret,
                               struct error *err)
{
    struct tenant_state *tenant = tenant_of(state, tenant_id, err);
    char network_text[NETWORK_BYTES];
    int64_t network_known = 0, pair_known = 0, app_known = 0;
    enum status status = STATUS_OK;

    *ret = (struct first_seen_hit){0};
    if (tenant == NULL)
        return err->status;
    if (event->time < tenant->first_time)
        tenant->first_time = event->time;
    struct slice network = event_network(event->address, network_text);
    if (network.size > 0 && !event->is_refused) { /* who is refused is not seen in the tenant */
        status = learn(tenant, 'n', network, (struct slice){"", 0}, event->time, &network_known,
                       err);
        if (status == STATUS_OK && event->is_sign_in)
            status = learn_sign_in(tenant, event, network, err);
        ret->network_new = network_known == INT64_MAX;
        ret->kind = ret->network_new ? FIRST_SEEN_NETWORK : FIRST_SEEN_NOTHING;
    }
    if (status == STATUS_OK && event->is_mail_access) {
        status = learn(tenant, 'p', event->mailbox, event->app, event->time, &pair_known, err);
        if (status == STATUS_OK)
            status = learn(tenant, 'a', event->app, (struct slice){"", 0}, event->time,
                           &app_known, err);
        if (status == STATUS_OK && pair_known == INT64_MAX) {
            ret->kind = FIRST_SEEN_PAIR;
            judge(state, tenant, event, app_known == INT64_MAX,
                  network.size > 0 && is_fresh(tenant, event, network, network_known), ret);
        }
    }
    if (event->time > tenant->newest_time && !event->is_undated)
        tenant->newest_time = event->time;
    return status;
}

enum status first_seen_load(struct first_seen *state, const struct guid *tenant_id,
                            const struct first_seen_row *row, struct error *err)
{
    struct tenant_state *tenant = tenant_of(state, tenant_id, err);
    struct slice none = {"", 0};
    int64_t ignored;
    enum status status = STATUS_OK;

    if (tenant == NULL)
        return err->status;
    if (row->time < tenant->first_time)
        tenant->first_time = row->time;
    if (row->time > tenant->newest_time && !row->undated)
        tenant->newest_time = row->time;
    if (row->network.size > 0)
        status = learn(tenant, 'n', row->network, none, row->time, &ignored, err);
    if (status == STATUS_OK && slice_is(row->kind, "pair")) {
        status = learn(tenant, 'p', row->mailbox, row->app, row->time, &ignored, err);
        if (status == STATUS_OK)
            status = learn(tenant, 'a', row->app, none, row->time, &ignored, err);
    }
    return status == STATUS_OK && row->alerted
               ? first_seen_mark(state, tenant_id, row->address, err)
               : status;
}

int64_t first_seen_oldest(const struct first_seen *state, const struct guid *tenant_id)
{
    const struct tenant_state *tenant = map_pointer(&state->tenants, guid_slice(tenant_id));

    return tenant == NULL ? INT64_MAX : tenant->first_time;
}

enum status first_seen_load_oldest(struct first_seen *state, const struct guid *tenant_id,
                                   int64_t time, struct error *err)
{
    struct tenant_state *tenant = tenant_of(state, tenant_id, err);

    if (tenant == NULL)
        return err->status;
    if (time < tenant->stored_time)
        tenant->stored_time = time;
    return STATUS_OK;
}

static void add_reason(struct buf *ret, size_t begin, struct slice text)
{
    if (ret->size > begin + 1)
        buf_add_byte(ret, ',');
    text_add_json_string(ret, text);
}

/* Why a hit is no alert: "the tenant's WHAT than DAYS days WHERE this one". */
static void add_time_reason(struct buf *ret, size_t begin, const char *what, int days,
                            const char *where)
{
    char text[128];

    (void)snprintf(text, sizeof(text), "no alert: the tenant's %s than %d days %s this one", what,
                   days, where);
    add_reason(ret, begin, slice_of(text));
}

void first_seen_add_reasons(const struct first_seen_hit *hit, const struct event *event,
                            struct buf *ret)
{
    size_t begin = ret->size;
    struct buf text;

    buf_init(&text, 64 * KIB);
    buf_add_byte(ret, '[');
    if ((hit->reasons & REASON_PAIR_NEW) != 0) {
        buf_add_format(&text, "application %.*s has not accessed mailbox %.*s before",
                       SLICE_FMT(event->app), SLICE_FMT(event->mailbox));
        buf_add_format(&text, "; seen on 0 of %u days", hit->baseline_days);
        add_reason(ret, begin, buf_slice(&text));
        buf_clear(&text);
    }
    if ((hit->reasons & REASON_APP_NEW) != 0) {
        buf_add_format(&text, "application %.*s is new to the tenant", SLICE_FMT(event->app));
        add_reason(ret, begin, buf_slice(&text));
        buf_clear(&text);
    }
    if ((hit->reasons & REASON_NETWORK_NEW) != 0) {
        buf_add_format(&text, "address %.*s: its network was not seen in the tenant",
                       SLICE_FMT(event->address));
        add_reason(ret, begin, buf_slice(&text));
        buf_clear(&text);
    }
    if ((hit->reasons & REASON_ADDRESS_ALERTED) != 0) {
        buf_add_format(&text, "address %.*s took part in an earlier alert",
                       SLICE_FMT(event->address));
        add_reason(ret, begin, buf_slice(&text));
        buf_clear(&text);
    }
    if ((hit->reasons & REASON_SESSION_SHARED) != 0)
        add_reason(ret, begin, SLICE("the session was used for another mailbox too"));
    if ((hit->reasons & REASON_LEARNING) != 0)
        add_time_reason(ret, begin, "oldest record is less", FIRST_SEEN_LEARNING_DAYS, "before");
    if ((hit->reasons & REASON_BACKFILL) != 0)
        add_time_reason(ret, begin, "newest record is more", FIRST_SEEN_BACKFILL_DAYS, "after");
    if ((hit->reasons & REASON_RECORDS_LACK) != 0)
        add_reason(ret, begin, SLICE("stored records are lost or cannot be read: what was seen "
                                     "before is not all known"));
    buf_add_byte(ret, ']');
    buf_release(&text);
}
