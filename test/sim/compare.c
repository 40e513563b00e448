/* SPDX-License-Identifier: Apache-2.0 */
/* What is there against what was promised. */
#include "base/check.h"
#include "base/limits.h"
#include "query/query.h"
#include "sim/trial.h"

#include <stdio.h>

struct reading {
    struct trial *trial;
    uint32_t tenant;
    uint64_t next; /* sequence number wanted */
};

static enum status take_raw(void *context, uint64_t seq, struct slice raw, struct error *err)
{
    struct reading *reading = context;
    struct trial *t = reading->trial;
    char key[2048];

    (void)err;
    CHECK(raw.size < sizeof(key));
    key[0] = (char)reading->tenant;
    memcpy(key + 1, raw.data, raw.size);
    const struct map_entry *entry = map_find(&t->records, slice_from(key, raw.size + 1));
    if (seq != reading->next)
        trial_say(t, "tenant %u: record %llu is missing, %llu comes next", reading->tenant,
                  (unsigned long long)reading->next, (unsigned long long)seq);
    reading->next = seq + 1;
    if (entry == NULL) {
        trial_say(t, "tenant %u: record %llu was never sent: %.*s", reading->tenant,
                  (unsigned long long)seq, SLICE_FMT(raw));
        return STATUS_OK;
    }
    struct trial_request *r = &t->requests[entry->value >> 32];
    uint32_t index = (uint32_t)entry->value;
    if (r->seen == r->count && r->seen_again < r->again_max) {
        r->seen_again++;
        return STATUS_OK;
    }
    if (r->seen != index)
        trial_say(t, "record %u of request %u comes as its %u.", index, r->id, r->seen);
    if (index == 0 && r->first_seq == 0)
        r->first_seq = seq;
    if (r->first_seq + index != seq)
        trial_say(t, "record %u of request %u has number %llu, not %llu", index, r->id,
                  (unsigned long long)seq, (unsigned long long)(r->first_seq + index));
    r->seen++;
    return STATUS_OK;
}

static void check_request(struct trial *t, struct trial_request *r)
{
    if (r->acked && r->seen != r->count)
        trial_say(t, "request %u was acknowledged: %u of its %u records are there", r->id,
                  r->seen, r->count);
    if (!r->acked && r->seen != 0 && r->seen != r->count)
        trial_say(t, "request %u is there in part: %u of %u", r->id, r->seen, r->count);
    if (!r->acked && !r->maybe && r->seen != 0)
        trial_say(t, "request %u was refused and is there", r->id);
    if (r->seen_again < r->again)
        trial_say(t, "request %u was stored again: %u of its %u records are", r->id,
                  r->seen_again, r->again);
    r->again = r->again_max = r->seen_again;
    if (!r->acked && r->seen == 0)
        r->first_seq = 0;
}

/* ---- queries ---- */

struct one_row {
    struct query_sink sink; /* first */
    int64_t values[3];
};

static enum status begin(struct query_sink *sink, const struct schema *schema, struct error *err)
{
    (void)sink, (void)schema, (void)err;
    return STATUS_OK;
}

static enum status rows(struct query_sink *sink, const struct batch *batch, struct error *err)
{
    struct one_row *row = (struct one_row *)sink;

    (void)err;
    for (uint32_t i = 0; batch->row_count > 0 && i < batch->column_count && i < 3; i++) {
        const struct vector *v = &batch->columns[i];
        row->values[i] = vector_is_null(v, 0) ? 0 : v->integers[vector_index(v, 0)];
    }
    return STATUS_OK;
}

struct tables {
    struct store_snapshot *snapshot;
    const struct guid *tenant;
};

static enum status table(void *context, struct slice name, struct table_source **ret,
                         struct error *err)
{
    struct tables *tables = context;

    return store_snapshot_source(tables->snapshot, name, tables->tenant, 1, ret, err);
}

static enum status ask(struct trial *t, uint32_t tenant, const char *text, struct one_row *row,
                       bool *ret_complete, struct error *err)
{
    struct tables tables = {.tenant = &t->engine.tenants[tenant]};
    const struct query_env env = {.context = &tables, .table = table};
    const struct query_request request = {
        .text = slice_of(text),
        .env = &env,
        .tenants = tables.tenant,
        .tenant_count = 1,
    };
    struct query_stats stats;
    enum status status = store_snapshot(t->engine.store, &tables.snapshot, err);

    *row = (struct one_row){.sink = {.begin = begin, .rows = rows}};
    if (status != STATUS_OK)
        return status;
    status = query_run(&request, &row->sink, &stats, err);
    *ret_complete = stats.scan.complete;
    store_snapshot_free(tables.snapshot);
    return status;
}

enum status trial_count(struct trial *t, uint32_t tenant, uint64_t *ret_rows, bool *ret_complete,
                        struct error *err)
{
    struct one_row row;
    enum status status = ask(t, tenant, "Mine | summarize count(), max(_Seq), sum(_Seq)", &row,
                             ret_complete, err);

    *ret_rows = (uint64_t)row.values[0];
    return status;
}

static void check_queries(struct trial *t, uint32_t tenant, uint64_t last)
{
    struct one_row row;
    struct error err;
    bool complete = false;
    char text[128];

    if (last == 0)
        return;
    enum status status = ask(t, tenant, "Mine | summarize count(), max(_Seq), sum(_Seq)", &row,
                             &complete, &err);
    if (status != STATUS_OK || !complete)
        trial_say(t, "tenant %u: a query fails: %s", tenant,
                  status == STATUS_OK ? "it is not complete" : err.text);
    else if ((uint64_t)row.values[0] != last || (uint64_t)row.values[1] != last ||
             (uint64_t)row.values[2] != last * (last + 1) / 2)
        trial_say(t, "tenant %u: a query counts %lld rows up to %lld, there are %llu", tenant,
                  (long long)row.values[0], (long long)row.values[1], (unsigned long long)last);
    const struct trial_request *r = &t->requests[rng_below(&t->rng, t->request_count)];
    (void)snprintf(text, sizeof(text),
                   "Mine | where Mark == 'm%ux%u' | summarize count(), max(_Seq)", r->id,
                   r->count - 1);
    bool is_there = r->tenant == tenant && r->seen == r->count, is_again = r->seen_again != 0;
    status = ask(t, tenant, text, &row, &complete, &err);
    if (status != STATUS_OK)
        trial_say(t, "tenant %u: %s: %s", tenant, text, err.text);
    else if ((row.values[0] != is_there && !(is_there && is_again && row.values[0] == 2)) ||
             (is_there && !is_again &&
              (uint64_t)row.values[1] != r->first_seq + r->count - 1))
        trial_say(t, "tenant %u: %s: %lld rows", tenant, text, (long long)row.values[0]);
}

static void check_evidence(struct trial *t, uint32_t tenant, uint64_t last)
{
    struct evidence_summary summary;
    struct error err;
    const struct guid *id = &t->engine.tenants[tenant];

    if (last == 0)
        return;
    if (evidence_check(t->engine.evidence, id, &summary, &err) != STATUS_OK)
        trial_say(t, "tenant %u: evidence: %s", tenant, err.text);
    else if (summary.next_seq != last + 1 || summary.record_count != last)
        trial_say(t, "tenant %u: evidence of %llu records, next %llu, there are %llu", tenant,
                  (unsigned long long)summary.record_count, (unsigned long long)summary.next_seq,
                  (unsigned long long)last);
}

struct fetched {
    struct trial *trial;
    uint32_t tenant;
    struct buf bytes;
    bool found;
};

static enum status keep(void *context, uint64_t seq, struct slice raw, struct error *err)
{
    struct fetched *fetched = context;

    (void)seq;
    fetched->found = true;
    buf_clear(&fetched->bytes);
    buf_add_slice(&fetched->bytes, raw);
    return buf_check(&fetched->bytes, err);
}

static enum status fetch(void *context, uint64_t seq, struct slice *ret, struct error *err)
{
    struct fetched *fetched = context;
    struct engine *e = &fetched->trial->engine;

    fetched->found = false;
    enum status status =
        store_raw(e->store, &e->tenants[fetched->tenant], seq, 1, keep, fetched, err);
    if (status == STATUS_OK && !fetched->found)
        status = ERROR_SET(err, STATUS_NOT_FOUND, "there is no record %llu",
                           (unsigned long long)seq);
    *ret = buf_slice(&fetched->bytes);
    return status;
}

static void check_commitments(struct trial *t, uint32_t tenant, uint64_t last)
{
    struct fetched fetched = {.trial = t, .tenant = tenant};
    struct error err;

    buf_init(&fetched.bytes, MIB);
    if (last > 0 && evidence_verify(t->engine.evidence, &t->engine.tenants[tenant], 1,
                                    (uint32_t)last, fetch, &fetched, &err) != STATUS_OK)
        trial_say(t, "tenant %u: records against their evidence: %s", tenant, err.text);
    buf_release(&fetched.bytes);
}

void trial_compare(struct trial *t)
{
    struct error err;

    for (uint32_t i = 0; i < t->request_count; i++)
        t->requests[i].seen = t->requests[i].seen_again = 0;
    for (uint32_t tenant = 0; tenant < ENGINE_TENANTS; tenant++) {
        struct reading reading = {t, tenant, 1};
        const struct guid *id = &t->engine.tenants[tenant];
        uint64_t last = ingest_delivered_seq(t->engine.ingest, id);
        if (store_raw(t->engine.store, id, 1, last + 1000, take_raw, &reading, &err) != STATUS_OK)
            trial_say(t, "tenant %u: cannot read: %s", tenant, err.text);
        if (reading.next != last + 1)
            trial_say(t, "tenant %u: %llu records, the last number is %llu", tenant,
                      (unsigned long long)(reading.next - 1), (unsigned long long)last);
        check_evidence(t, tenant, last);
        check_queries(t, tenant, last);
        if (rng_below(&t->rng, 4) == 0)
            check_commitments(t, tenant, last);
    }
    for (uint32_t i = 0; i < t->request_count; i++)
        check_request(t, &t->requests[i]);
    control_compare(t);
}
