/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/hit.h"

#include "base/text.h"

#include <stdlib.h>

static struct slice copy(char **at, struct slice s)
{
    struct slice result = slice_from(*at, s.size);

    if (s.size > 0)
        memcpy(*at, s.data, s.size);
    *at += s.size;
    return result;
}

struct hit *hit_new(const struct guid *tenant, const struct event *event,
                    const struct first_seen_hit *found, struct error *err)
{
    size_t size = event->operation.size + event->id.size + event->user.size +
                  event->mailbox.size + event->app.size + event->address.size +
                  event->session.size;
    struct hit *hit = calloc(1, sizeof(*hit) + size);

    if (hit == NULL) {
        (void)ERROR_MEMORY(err);
        return NULL;
    }
    char *at = hit->bytes;
    hit->tenant = *tenant;
    hit->found = *found;
    hit->event = *event;
    hit->event.operation = copy(&at, event->operation);
    hit->event.id = copy(&at, event->id);
    hit->event.user = copy(&at, event->user);
    hit->event.mailbox = copy(&at, event->mailbox);
    hit->event.app = copy(&at, event->app);
    hit->event.address = copy(&at, event->address);
    hit->event.session = copy(&at, event->session);
    if (found->alert)
        hit->alert_id = guid_new();
    return hit;
}

void hit_free(struct hit *hit)
{
    free(hit);
}

static void add_text(struct buf *buf, const char *key, struct slice text)
{
    buf_add_format(buf, ",\"%s\":", key);
    text_add_json_string(buf, text);
}

static void add_time(struct buf *buf, const char *key, int64_t ticks)
{
    char text[TIME_TEXT_BYTES + 1];

    time_format_iso(ticks, text);
    buf_add_format(buf, "\"%s\":\"%s\"", key, text);
}

static void add_alert_id(struct buf *buf, const char *key, const struct hit *hit)
{
    char text[GUID_TEXT_BYTES + 1] = "";

    if (hit->found.alert)
        guid_format(&hit->alert_id, text);
    buf_add_format(buf, ",\"%s\":\"%s\"", key, text);
}

void hit_add_row(const struct hit *hit, struct buf *ret)
{
    const struct event *e = &hit->event;
    bool pair = hit->found.kind == FIRST_SEEN_PAIR;
    char network_text[NETWORK_BYTES];
    struct slice none = {"", 0};

    buf_add_byte(ret, '{');
    add_time(ret, "FirstTime", e->time);
    add_text(ret, "Kind", pair ? SLICE("pair") : SLICE("network"));
    add_text(ret, "Mailbox", pair ? e->mailbox : none);
    add_text(ret, "AppId", pair ? e->app : none);
    add_text(ret, "Address", e->address);
    add_text(ret, "Network",
                 hit->found.network_new ? event_network(e->address, network_text) : none);
    add_text(ret, "SessionId", e->session);
    add_text(ret, "UserId", e->user);
    add_text(ret, "RecordId", e->id);
    buf_add_format(ret, ",\"RecordSeq\":%llu,\"Undated\":%s", (unsigned long long)e->seq,
                   e->is_undated ? "true" : "false");
    if (pair) {
        buf_add_format(ret, ",\"Score\":%u,\"Learning\":%s,\"Reasons\":", hit->found.score,
                       (hit->found.reasons & REASON_LEARNING) != 0 ? "true" : "false");
        first_seen_add_reasons(&hit->found, e, ret);
        add_alert_id(ret, "AlertId", hit);
    }
    buf_add_text(ret, "}\n");
}

/* The details both the alert and the webhook carry; no braces. */
static void add_details(const struct hit *hit, struct buf *ret)
{
    const struct event *e = &hit->event;

    buf_add_text(ret, "\"rule\":\"" FIRST_SEEN_ALERT_TYPE "\"");
    buf_add_format(ret, ",\"score\":%u,\"record_seq\":%llu", hit->found.score,
                   (unsigned long long)e->seq);
    add_text(ret, "record_id", e->id);
    add_text(ret, "mailbox", e->mailbox);
    add_text(ret, "app_id", e->app);
    add_text(ret, "address", e->address);
    add_text(ret, "session_id", e->session);
    add_text(ret, "user", e->user);
    buf_add_byte(ret, ',');
    add_time(ret, "record_time", e->time);
    buf_add_format(ret, ",\"complete\":%s,\"why\":",
                   (hit->found.reasons & REASON_RECORDS_LACK) != 0 ? "false" : "true");
    first_seen_add_reasons(&hit->found, e, ret);
}

static const char *severity(const struct hit *hit)
{
    return hit->found.score >= 80 ? "High" : "Medium";
}

#define ALERT_NAME "Application new to a mailbox"

void hit_add_alert(const struct hit *hit, int64_t now, struct buf *ret)
{
    const struct event *e = &hit->event;
    struct buf details, entities, description;

    buf_init(&details, ret->max_bytes);
    buf_init(&entities, ret->max_bytes);
    buf_init(&description, ret->max_bytes);
    buf_add_byte(&details, '{');
    add_details(hit, &details);
    buf_add_byte(&details, '}');
    buf_add_text(&entities, "[{\"Type\":\"mailbox\"");
    add_text(&entities, "MailboxPrimaryAddress", e->mailbox);
    buf_add_text(&entities, "},{\"Type\":\"cloud-application\"");
    add_text(&entities, "AppId", e->app);
    buf_add_text(&entities, "},{\"Type\":\"ip\"");
    add_text(&entities, "Address", e->address);
    buf_add_text(&entities, "}]");
    buf_add_format(&description,
                   "Application %.*s read mailbox %.*s from %.*s for the first time (score %u).",
                   SLICE_FMT(e->app), SLICE_FMT(e->mailbox), SLICE_FMT(e->address),
                   hit->found.score);

    buf_add_byte(ret, '{');
    add_time(ret, "TimeGenerated", now);
    add_alert_id(ret, "SystemAlertId", hit);
    add_text(ret, "AlertName", SLICE(ALERT_NAME));
    add_text(ret, "DisplayName", SLICE(ALERT_NAME));
    add_text(ret, "AlertType", SLICE(FIRST_SEEN_ALERT_TYPE));
    add_text(ret, "AlertSeverity", slice_of(severity(hit)));
    buf_add_text(ret, ",\"Description\":");
    text_add_json_string(ret, buf_slice(&description));
    buf_add_byte(ret, ',');
    add_time(ret, "StartTime", e->time);
    buf_add_byte(ret, ',');
    add_time(ret, "EndTime", e->time);
    add_text(ret, "CompromisedEntity", e->mailbox);
    buf_add_format(ret, ",\"ConfidenceScore\":%.2f",
                   hit->found.score >= 100 ? 1.0 : hit->found.score / 100.0);
    buf_add_text(ret, ",\"Entities\":");
    text_add_json_string(ret, buf_slice(&entities));
    buf_add_text(ret, ",\"ExtendedProperties\":");
    text_add_json_string(ret, buf_slice(&details));
    buf_add_text(ret, ",\"ProductName\":\"Daybook\",\"ProviderName\":\"Daybook\",\"VendorName\":"
                      "\"Daybook\",\"Status\":\"New\",\"Tactics\":\"Collection\",\"Techniques\":"
                      "\"T1114.002\",\"IsIncident\":false}\n");
    buf_release(&details);
    buf_release(&entities);
    buf_release(&description);
}

void hit_add_webhook(const struct hit *hit, int64_t now, struct buf *ret)
{
    char tenant[GUID_TEXT_BYTES + 1];

    guid_format(&hit->tenant, tenant);
    buf_add_format(ret, "{\"tenant\":\"%s\"", tenant);
    add_alert_id(ret, "id", hit);
    add_text(ret, "title", SLICE(ALERT_NAME));
    add_text(ret, "severity", slice_of(severity(hit)));
    buf_add_byte(ret, ',');
    add_time(ret, "time", now);
    buf_add_byte(ret, ',');
    add_details(hit, ret);
    buf_add_byte(ret, '}');
}

enum status hit_row_from_record(const struct record *record, struct arena **scratch,
                                struct first_seen_row *ret, bool *ret_ok, struct error *err)
{
    struct slice time = {"", 0}, alert = {"", 0};
    const struct {
        const char *key;
        struct slice *value;
    } fields[] = {
        {"Kind", &ret->kind},       {"Mailbox", &ret->mailbox}, {"AppId", &ret->app},
        {"Address", &ret->address}, {"Network", &ret->network}, {"UserId", &ret->user},
        {"FirstTime", &time},       {"AlertId", &alert},
    };

    *ret = (struct first_seen_row){0};
    *ret_ok = false;
    if (record->token_count == 0)
        return STATUS_OK;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        uint32_t token = json_member(record->raw, record->tokens, 0, slice_of(fields[i].key));
        if (token == UINT32_MAX)
            continue;
        *fields[i].value = json_text(record->raw, &record->tokens[token]);
        if (record->tokens[token].kind == JSON_STRING &&
            event_decode(fields[i].value, scratch, err) != STATUS_OK)
            return err->status;
    }
    ret->alerted = alert.size > 0;
    uint32_t undated = json_member(record->raw, record->tokens, 0, SLICE("Undated"));
    ret->undated = undated != UINT32_MAX && record->tokens[undated].kind == JSON_TRUE;
    *ret_ok = time_parse_iso(time, &ret->time);
    return STATUS_OK;
}

bool hit_matches(const struct hit *hit, const struct guid *tenant,
                 const struct first_seen_row *row)
{
    char network[NETWORK_BYTES];

    if (!guid_equal(&hit->tenant, tenant))
        return false;
    if (hit->found.kind == FIRST_SEEN_PAIR)
        return slice_is(row->kind, "pair") &&
               slice_equal_nocase(hit->event.mailbox, row->mailbox) &&
               slice_equal_nocase(hit->event.app, row->app);
    return slice_equal_nocase(event_network(hit->event.address, network), row->network);
}
