/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/losses?tenant= and POST /v1/losses {"tenant","first_seq","last_seq","from","to"}:
 * records that damage to the log or to segments has lost, and that somebody accepts it.
 *
 * What is accepted is a range of numbers and the times that it concerns.  The times are
 * those of receipt that the evidence has around the range, and a day on both sides: records
 * come late, and clocks differ. */
#include "share/share_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARGIN_US US_PER_DAY

struct store_gap share_gap(const struct ingest_lost *lost)
{
    return (struct store_gap){.tenant = lost->tenant,
                              .first_seq = lost->first_seq,
                              .last_seq = lost->last_seq,
                              .is_accepted = lost->accepted_us != 0,
                              .time_from = time_from_unix_us(lost->from_us),
                              .time_to = time_from_unix_us(lost->to_us)};
}

static bool is_known(const struct ingest_lost *lost, uint32_t count, const struct store_gap *gap)
{
    for (uint32_t i = 0; i < count; i++) {
        if (guid_equal(&lost[i].tenant, &gap->tenant) && lost[i].first_seq == gap->first_seq &&
            lost[i].last_seq == gap->last_seq)
            return true;
    }
    return false;
}

static int by_number(const void *a, const void *b)
{
    const struct ingest_lost *left = &((const struct lost_records *)a)->lost;
    const struct ingest_lost *right = &((const struct lost_records *)b)->lost;
    int order = memcmp(&left->tenant, &right->tenant, sizeof(left->tenant));

    if (order == 0)
        order = (left->first_seq > right->first_seq) - (left->first_seq < right->first_seq);
    return order;
}

enum status share_lost(struct share *share, struct arena *arena, struct lost_records **ret,
                       uint32_t *ret_count, struct error *err)
{
    struct ingest_lost *lost = NULL;
    struct store_gap *gaps = NULL;
    uint32_t count = 0, gap_count = 0;
    enum status status = ingest_lost_list(share->services.ingest, arena, &lost, &count, err);

    *ret_count = 0;
    if (status == STATUS_OK)
        status = store_gaps(share->services.store, arena, &gaps, &gap_count, err);
    if (status != STATUS_OK)
        return status;
    *ret = ARENA_ARRAY(arena, struct lost_records, (size_t)count + gap_count + 1, err);
    if (*ret == NULL)
        return err->status;
    for (uint32_t i = 0; i < count; i++)
        (*ret)[(*ret_count)++] = (struct lost_records){.lost = lost[i]};
    for (uint32_t i = 0; i < gap_count; i++) {
        const struct store_gap *gap = &gaps[i];
        if (is_known(lost, count, gap))
            continue;
        (*ret)[(*ret_count)++] = (struct lost_records){
            .lost = {.tenant = gap->tenant,
                     .first_seq = gap->first_seq,
                     .last_seq = gap->last_seq,
                     .is_bound = gap->is_section && !gap->is_whole,
                     .from_us = time_to_unix_us(gap->time_from),
                     .to_us = time_to_unix_us(gap->time_to)},
            .in_section = gap->is_section};
    }
    qsort(*ret, *ret_count, sizeof(**ret), by_number);
    return STATUS_OK;
}

/* A range, whose tenant it is, and when it was received: after the one, not after the
 * other; 0: not known. */
struct loss {
    struct ingest_lost lost;
    struct slice tenant;
    int64_t after_us, before_us;
};

/* When the record was received; 0 if the evidence does not tell. */
static int64_t received_us(struct share *share, const struct guid *tenant, uint64_t seq)
{
    struct evidence *evidence = share->services.evidence;
    struct leaf_fields fields;
    uint8_t leaf[LEAF_BYTES];
    struct error ignored;
    uint64_t index;

    if (evidence_leaf_of_seq(evidence, tenant, seq, &index, &ignored) != STATUS_OK ||
        evidence_leaf(evidence, tenant, index, leaf, &ignored) != STATUS_OK ||
        leaf_decode(leaf, &fields, &ignored) != STATUS_OK)
        return 0;
    return fields.commit_time_us;
}

static void complete(struct share *share, struct arena *arena,
                     const struct lost_records *records, struct loss *loss)
{
    const struct ingest_lost *lost = &loss->lost;
    struct meta_tenant tenant;
    struct error ignored;

    if (records->in_section) {
        loss->after_us = lost->from_us;
        loss->before_us = lost->to_us;
        return;
    }
    if (lost->first_seq > 1)
        loss->after_us = received_us(share, &lost->tenant, lost->first_seq - 1);
    else if (meta_tenant_find(share->services.meta, loss->tenant, &tenant, arena, &ignored) ==
             STATUS_OK)
        loss->after_us = tenant.created_us;
    loss->before_us = received_us(share, &lost->tenant, lost->last_seq + 1);
    if (loss->before_us == 0) /* nothing came since */
        loss->before_us = clock_unix_us(share->services.clock);
    if (lost->accepted_us != 0)
        return;
    loss->lost.from_us = loss->after_us == 0 ? 0 : loss->after_us - MARGIN_US;
    loss->lost.to_us = loss->before_us + MARGIN_US;
}

/* The losses of the tenants that a request may read. */
static enum status find_losses(struct share *share, const struct http_request *request,
                               const struct reach *reach, struct loss **ret, uint32_t *ret_count,
                               struct error *err)
{
    struct lost_records *lost = NULL;
    uint32_t count = 0;
    enum status status = share_lost(share, request->arena, &lost, &count, err);

    *ret_count = 0;
    if (status != STATUS_OK)
        return status;
    *ret = ARENA_ARRAY(request->arena, struct loss, (size_t)count + 1, err);
    if (*ret == NULL)
        return err->status;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t t = 0; t < reach->count; t++) {
            if (!guid_equal(&lost[i].lost.tenant, &reach->tenants[t]))
                continue;
            (*ret)[*ret_count] = (struct loss){.lost = lost[i].lost, .tenant = reach->names[t]};
            complete(share, request->arena, &lost[i], &(*ret)[(*ret_count)++]);
        }
    }
    return STATUS_OK;
}

static void add_time(struct buf *out, const char *name, int64_t unix_us)
{
    char text[TIME_TEXT_BYTES + 1];

    time_format_iso(time_from_unix_us(unix_us), text);
    if (unix_us == 0)
        buf_add_format(out, ",\"%s\":null", name);
    else
        buf_add_format(out, ",\"%s\":\"%s\"", name, text);
}

static void add_loss(struct buf *out, const struct loss *loss)
{
    const struct ingest_lost *lost = &loss->lost;

    buf_add_text(out, "{\"tenant\":");
    text_add_json_string(out, loss->tenant);
    buf_add_format(out, ",\"first_seq\":%llu,\"last_seq\":%llu,\"records\":%llu,\"at_most\":%s",
                   (unsigned long long)lost->first_seq, (unsigned long long)lost->last_seq,
                   (unsigned long long)(lost->last_seq - lost->first_seq + 1),
                   lost->is_bound ? "true" : "false");
    add_time(out, "received_after", loss->after_us);
    add_time(out, "received_before", loss->before_us);
    add_time(out, "from", lost->from_us);
    add_time(out, "to", lost->to_us);
    add_time(out, "accepted", lost->accepted_us);
    buf_add_text(out, ",\"accepted_by\":");
    if (lost->accepted_us == 0)
        buf_add_text(out, "null");
    else
        text_add_json_string(out, slice_of(lost->accepted_by));
    buf_add_byte(out, '}');
}

enum status share_loss_list(void *context, const struct http_request *request,
                            struct http_response *response, struct error *err)
{
    struct share *share = context;
    struct guid concerned = {{0}}; /* of several: the instance, as of a verification */
    struct loss *losses = NULL;
    struct reach reach;
    uint32_t count = 0;
    enum status status =
        share_reach_logs(share, request, http_query(request, "tenant"), &reach, err);

    if (status == STATUS_OK && reach.count == 1)
        concerned = reach.tenants[0];
    if (status == STATUS_OK)
        status = share_record(share, request, "LossList", SLICE(""), &concerned, err);
    if (status == STATUS_OK)
        status = find_losses(share, request, &reach, &losses, &count, err);
    if (status != STATUS_OK)
        return status;
    buf_add_byte(&response->body, '[');
    for (uint32_t i = 0; i < count; i++) {
        buf_add_text(&response->body, i > 0 ? ",\n" : "");
        add_loss(&response->body, &losses[i]);
    }
    buf_add_byte(&response->body, ']');
    return buf_check(&response->body, err);
}

/* ---- accepting ---- */

static enum status read_number(const struct body *body, const char *key, uint64_t *ret,
                               struct error *err)
{
    uint32_t token = json_member(body->text, body->tape.tokens, 0, slice_of(key));

    if (token == UINT32_MAX ||
        !text_parse_u64(json_text(body->text, &body->tape.tokens[token]), ret))
        return ERROR_SET(err, STATUS_INVALID, "'%s' must be a number", key);
    return STATUS_OK;
}

static enum status read_time(const struct body *body, const char *key, struct arena *arena,
                             int64_t *ret_us, struct error *err)
{
    int64_t ticks = INT64_MIN;
    enum status status = share_body_time(body, key, arena, &ticks, err);

    if (status == STATUS_OK && ticks != INT64_MIN)
        *ret_us = time_to_unix_us(ticks);
    return status;
}

/* The times that somebody accepts contain those of receipt, so that a query by either
 * kind of time is told. */
static enum status read_span(const struct body *body, struct arena *arena, struct loss *loss,
                             struct error *err)
{
    struct ingest_lost *lost = &loss->lost;
    enum status status = read_time(body, "from", arena, &lost->from_us, err);

    if (status == STATUS_OK)
        status = read_time(body, "to", arena, &lost->to_us, err);
    if (status != STATUS_OK)
        return status;
    if (lost->from_us == 0)
        return ERROR_SET(err, STATUS_INVALID,
                         "it is not known after which time these records were received: say "
                         "'from'");
    if (lost->from_us > loss->after_us && loss->after_us != 0)
        return ERROR_SET(err, STATUS_INVALID,
                         "'from' is later than the record before those that are lost");
    if (lost->to_us < loss->before_us)
        return ERROR_SET(err, STATUS_INVALID,
                         "'to' is earlier than the time until which they can have come");
    return STATUS_OK;
}

static enum status find_loss(struct share *share, const struct http_request *request,
                             const struct reach *reach, const struct body *body,
                             struct loss **ret, struct error *err)
{
    struct loss *losses = NULL;
    uint64_t first = 0, last = 0;
    uint32_t count = 0;
    enum status status = read_number(body, "first_seq", &first, err);

    if (status == STATUS_OK)
        status = read_number(body, "last_seq", &last, err);
    if (status == STATUS_OK)
        status = find_losses(share, request, reach, &losses, &count, err);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        *ret = &losses[i];
        if (losses[i].lost.first_seq == first && losses[i].lost.last_seq == last)
            return STATUS_OK;
    }
    return status != STATUS_OK
               ? status
               : ERROR_SET(err, STATUS_NOT_FOUND, "no records %llu to %llu of '%.*s' are lost",
                           (unsigned long long)first, (unsigned long long)last,
                           SLICE_FMT(reach->names[0]));
}

/* On record first, then durable, then told to readers. */
static enum status accept(struct share *share, const struct http_request *request,
                          struct loss *loss, struct error *err)
{
    struct buf what;

    loss->lost.accepted_us = clock_unix_us(share->services.clock);
    (void)snprintf(loss->lost.accepted_by, sizeof(loss->lost.accepted_by), "%s",
                   request->principal->name);
    buf_init(&what, MIB);
    add_loss(&what, loss);
    enum status status = buf_check(&what, err);
    const struct audit_action action = {"LossAccept", buf_slice(&what), request,
                                        &loss->lost.tenant, 1, {"", 0}};
    if (status == STATUS_OK)
        status = self_audit_put(share->audit, &action, err);
    buf_release(&what);
    if (status == STATUS_OK)
        status = ingest_accept_lost(share->services.ingest, &loss->lost, err);
    const struct store_gap gap = share_gap(&loss->lost);
    return status == STATUS_OK ? store_set_gap(share->services.store, &gap, err) : status;
}

enum status share_loss_accept(void *context, const struct http_request *request,
                              struct http_response *response, struct error *err)
{
    struct share *share = context;
    struct loss *loss = NULL;
    struct slice tenant;
    struct reach reach;
    struct body body;
    enum status status = share_body(request, "tenant first_seq last_seq from to", &body, err);

    if (status != STATUS_OK)
        return status;
    status = share_body_given(&body, "tenant", request->arena, &tenant, err);
    if (status == STATUS_OK)
        status = share_reach(share, request, tenant, false, &reach, err);
    if (status == STATUS_OK)
        status = find_loss(share, request, &reach, &body, &loss, err);
    if (status == STATUS_OK)
        status = read_span(&body, request->arena, loss, err);
    share_body_release(&body);
    if (status == STATUS_OK)
        status = accept(share, request, loss, err);
    if (status != STATUS_OK)
        return status;
    add_loss(&response->body, loss);
    return buf_check(&response->body, err);
}
