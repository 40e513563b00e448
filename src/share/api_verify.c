/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/verify?tenant=: every leaf of the evidence and every record against it, a line
 * {"tenant","ok","kind","leaf","seq_first","seq_last","file","offset","text"} for each
 * finding, and one of kind "tenant" behind those of a tenant.
 *
 * Leaves are taken together to some thousand records, whose bytes are read at once; what
 * fails so is looked at leaf by leaf. */
#include "share/verify_priv.h"

#include "base/limits.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUN_RECORDS 4096u           /* enough to read at once */
#define RUN_BYTES (16 * MIB)
#define FINDINGS_MAX 1000u          /* of a tenant, gaps and others each; more are counted */
#define DELIVERY_WAIT_MS 1000u
#define DELIVERY_LOOK_MS 2

void verify_line(struct verify *v, bool is_ok, const struct verify_finding *f, const char *text)
{
    struct buf *out = &v->response->body;

    buf_add_text(out, "{\"tenant\":");
    text_add_json_string(out, v->name);
    buf_add_format(out, ",\"ok\":%s,\"kind\":\"%s\"", is_ok ? "true" : "false", f->kind);
    if (f->leaf == UINT64_MAX)
        buf_add_text(out, ",\"leaf\":null");
    else
        buf_add_format(out, ",\"leaf\":%llu", (unsigned long long)f->leaf);
    if (f->seq_last < f->seq_first)
        buf_add_text(out, ",\"seq_first\":null,\"seq_last\":null");
    else
        buf_add_format(out, ",\"seq_first\":%llu,\"seq_last\":%llu",
                       (unsigned long long)f->seq_first, (unsigned long long)f->seq_last);
    buf_add_text(out, ",\"file\":null,\"offset\":null,\"text\":");
    text_add_json_string(out, slice_of(text));
    buf_add_text(out, "}\n");
}

enum status verify_find(struct verify *v, const struct verify_finding *f, const char *text,
                        struct error *err)
{
    /* Gaps are no fault: where there are many, what is one has a line all the same. */
    uint64_t *said = strcmp(f->kind, "gap") == 0 ? &v->said_gaps : &v->said_others;

    v->findings++;
    if ((*said)++ < FINDINGS_MAX)
        verify_line(v, false, f, text);
    return http_flush(v->response, 1, err); /* the next one may be an hour away */
}

/* ---- records ---- */

static enum status keep(void *context, uint64_t seq, struct slice raw, struct error *err)
{
    struct verify *v = context;

    if (v->records[seq - v->records_first].size != SIZE_MAX) /* another one may lack for it */
        return ERROR_SET(err, STATUS_CORRUPT, "record %llu is stored twice",
                         (unsigned long long)seq);
    v->records[seq - v->records_first].at = v->raw.size;
    v->records[seq - v->records_first].size = raw.size;
    buf_add_slice(&v->raw, raw);
    return buf_check(&v->raw, err);
}

static enum status get(void *context, uint64_t seq, struct slice *ret, struct error *err)
{
    const struct verify *v = context;

    if (seq < v->records_first || seq - v->records_first >= v->run.count ||
        v->records[seq - v->records_first].size == SIZE_MAX)
        return ERROR_SET(err, STATUS_NOT_FOUND, "record %llu is missing",
                         (unsigned long long)seq);
    *ret = slice_from(v->raw.data + v->records[seq - v->records_first].at,
                      v->records[seq - v->records_first].size);
    return STATUS_OK;
}

enum status verify_records(struct verify *v, struct error *err)
{
    const struct verify_run *run = &v->run;

    buf_clear(&v->raw);
    v->records_first = run->first_seq;
    for (uint32_t i = 0; i < run->count; i++)
        v->records[i].size = SIZE_MAX;
    enum status status = store_raw(v->share->services.store, &v->tenant, run->first_seq,
                                   run->count, keep, v, err);
    return status == STATUS_OK
               ? evidence_verify(v->share->services.evidence, &v->tenant, run->first_seq,
                                 run->count, get, v, err)
               : status;
}

bool verify_is_finding(enum status status)
{
    return status == STATUS_CORRUPT || status == STATUS_NOT_FOUND || status == STATUS_IO;
}

static enum status read_leaf(struct verify *v, uint64_t index, struct leaf_fields *ret,
                             struct error *err)
{
    uint8_t leaf[LEAF_BYTES];
    enum status status =
        evidence_leaf(v->share->services.evidence, &v->tenant, index, leaf, err);

    return status == STATUS_OK ? leaf_decode(leaf, ret, err) : status;
}

/* Which leaves of the run it is. */
static enum status search_run(struct verify *v, struct error *err)
{
    const struct verify_run whole = v->run;
    enum status status = STATUS_OK;
    struct leaf_fields fields;

    for (uint64_t i = 0; i < whole.leaf_count && status == STATUS_OK; i++) {
        struct verify_finding finding = {"records", whole.first_leaf + i, 1, 0};
        status = read_leaf(v, whole.first_leaf + i, &fields, err);
        if (status == STATUS_OK) {
            v->run = (struct verify_run){whole.first_leaf + i, 1, fields.first_seq,
                                         fields.raw_bytes, fields.count};
            finding.seq_first = fields.first_seq;
            finding.seq_last = fields.first_seq + fields.count - 1;
            status = verify_records(v, err);
        }
        if (verify_is_finding(status)) {
            char text[ERROR_TEXT_BYTES];
            (void)snprintf(text, sizeof(text), "%s", err->text);
            status = verify_find(v, &finding, text, err);
        }
    }
    return status;
}

enum status verify_go_on(const struct verify *v, struct error *err)
{
    return v->request->cancelled != NULL && atomic_load(v->request->cancelled)
               ? ERROR_SET(err, STATUS_CANCELLED, "the client is gone")
               : STATUS_OK;
}

static enum status end_run(struct verify *v, struct error *err)
{
    enum status status = verify_go_on(v, err);

    if (status != STATUS_OK)
        return status;
    if (v->run.count > 0) {
        status = verify_records(v, err);
        if (verify_is_finding(status))
            status = search_run(v, err);
    }
    v->run = (struct verify_run){0};
    return status;
}

/* ---- leaves ---- */

/* Where the log has evidence of a gap: what became of these records. */
enum lost_as { LOST_NOT, LOST, LOST_ACCEPTED };

/* Once a request: a list for each gap would be the square of them. */
static enum status list_losses(struct verify *v, struct error *err)
{
    return v->lost != NULL ? STATUS_OK
                           : ingest_lost_list(v->share->services.ingest, v->request->arena,
                                              &v->lost, &v->lost_count, err);
}

/* What became of record `first`, and up to which one, `last` at most, the same holds: a loss
 * says nothing of the records beside it.  LOST_NOT: the log lost none of these, so it is their
 * evidence that is gone. */
static enum lost_as find_loss(const struct verify *v, uint64_t first, uint64_t last,
                              uint64_t *ret_last)
{
    uint64_t lost_to = 0, end = UINT64_MAX; /* where the nearest loss behind `first` begins */
    enum lost_as ret = LOST_NOT;

    for (uint32_t i = 0; i < v->lost_count; i++) {
        const struct ingest_lost *lost = &v->lost[i];
        if (!guid_equal(&lost->tenant, &v->tenant) || lost->last_seq < first)
            continue;
        if (lost->first_seq > first) {
            end = lost->first_seq < end ? lost->first_seq : end;
        } else if (ret == LOST_NOT || lost->last_seq > lost_to) {
            lost_to = lost->last_seq;
            ret = lost->accepted_us != 0 ? LOST_ACCEPTED : LOST;
        }
    }
    *ret_last = ret == LOST_NOT ? end - 1 : lost_to;
    if (*ret_last > last)
        *ret_last = last;
    return ret;
}

enum status verify_are_lost(struct verify *v, uint64_t first, uint64_t last, bool *ret,
                            struct error *err)
{
    enum status status = list_losses(v, err);

    *ret = true;
    while (status == STATUS_OK && *ret && first <= last) {
        uint64_t to = 0;
        *ret = find_loss(v, first, last, &to) != LOST_NOT;
        if (to == last)
            break;
        first = to + 1;
        status = verify_go_on(v, err);
    }
    return status;
}

/* Gaps next to each other are one, told by what became of its parts. */
static enum status end_gap(struct verify *v, struct error *err)
{
    static const char *const texts[] = {VERIFY_EVIDENCE_IS_GONE,
                                        "lost when the log or the evidence was damaged",
                                        "lost when the log was damaged, which was accepted"};
    const uint64_t last = v->gap_end - 1;
    struct verify_finding finding = {"gap", v->gap_leaf, v->gap_first, last};
    enum lost_as lost = LOST;

    if (v->gap_end == 0)
        return STATUS_OK;
    v->gap_end = 0;
    enum status status = list_losses(v, err);
    do { /* once also where the gap has no numbers */
        if (status == STATUS_OK)
            status = verify_go_on(v, err);
        if (status == STATUS_OK && finding.seq_first <= last)
            lost = find_loss(v, finding.seq_first, last, &finding.seq_last);
        finding.kind = lost == LOST_NOT ? "evidence" : "gap";
        v->gaps += lost != LOST_NOT;
        if (status == STATUS_OK)
            status = verify_find(v, &finding, texts[lost], err);
        finding.seq_first = finding.seq_last + 1;
    } while (status == STATUS_OK && finding.seq_first <= last);
    return status;
}

static enum status take_leaf(struct verify *v, uint64_t index, struct error *err)
{
    struct verify_run *run = &v->run;
    struct leaf_fields fields;
    enum status status = read_leaf(v, index, &fields, err);

    if (status != STATUS_OK)
        return status;
    if (fields.kind == LEAF_KIND_GAP) {
        if (v->gap_end == 0) {
            v->gap_leaf = index;
            v->gap_first = fields.first_seq;
        }
        v->gap_end = fields.first_seq + fields.count;
        return end_run(v, err);
    }
    status = end_gap(v, err);
    if (status == STATUS_OK && run->count > 0 &&
        (run->bytes + fields.raw_bytes > RUN_BYTES || run->count + fields.count > RUN_RECORDS))
        status = end_run(v, err);
    if (run->count == 0)
        *run = (struct verify_run){.first_leaf = index, .first_seq = fields.first_seq};
    run->leaf_count++;
    run->bytes += fields.raw_bytes;
    run->count += fields.count;
    return status;
}

/* All that is wrong; the leaves behind one that cannot be read are not looked at. */
static enum status check_leaves(struct verify *v, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint64_t i = 0; i < v->leaf_count && status == STATUS_OK; i++)
        status = take_leaf(v, i, err);
    if (status == STATUS_OK)
        status = end_gap(v, err);
    return status == STATUS_OK ? end_run(v, err) : status;
}

/* Numbers were given up to `given`, each with its leaf.  Of what was taken off the end of the
 * evidence the evidence itself tells nothing: the rest fits together. */
static enum status check_end(struct verify *v, const struct evidence_summary *summary,
                             uint64_t given, struct error *err)
{
    uint64_t next = summary->next_seq == 0 ? 1 : summary->next_seq;

    if (given < next)
        return STATUS_OK;
    v->gap_leaf = summary->leaf_count;
    v->gap_first = next;
    v->gap_end = given + 1;
    return end_gap(v, err);
}

static enum status check_tenant(struct verify *v, struct error *err)
{
    /* Asked for first: a leaf is in the evidence before its records are delivered. */
    const uint64_t given = ingest_delivered_seq(v->share->services.ingest, &v->tenant);
    struct evidence_summary summary;
    char text[ERROR_TEXT_BYTES] = "";
    struct buf root;
    struct verify_finding finding = {"evidence", UINT64_MAX, 1, 0};
    enum status status =
        evidence_check(v->share->services.evidence, &v->tenant, &summary, err);
    const bool is_whole = status == STATUS_OK;

    if (verify_is_finding(status)) {
        (void)snprintf(text, sizeof(text), "%s", err->text);
        status = verify_find(v, &finding, text, err);
    }
    if (status == STATUS_OK)
        status = check_leaves(v, err);
    if (status == STATUS_OK && is_whole)
        status = check_end(v, &summary, given, err);
    if (verify_is_finding(status)) {
        (void)snprintf(text, sizeof(text), "%s", err->text);
        status = verify_find(v, &finding, text, err);
    }
    if (status != STATUS_OK)
        return status;
    finding.kind = "tenant";
    finding.seq_last = summary.next_seq == 0 ? 0 : summary.next_seq - 1;
    buf_init(&root, 2 * KIB);
    text_add_hex(&root, summary.root.bytes, sizeof(summary.root.bytes));
    (void)snprintf(text, sizeof(text), "%llu findings, %llu of them gaps; %llu leaves, root %.*s",
                   (unsigned long long)v->findings, (unsigned long long)v->gaps,
                   (unsigned long long)v->leaf_count, SLICE_FMT(buf_slice(&root)));
    buf_release(&root);
    verify_line(v, v->findings == 0, &finding, text);
    return http_flush(v->response, 1, err);
}

/* How many leaves there are; then all their records reach the store, within milliseconds.
 * What does not come is waited for with a checkpoint: it may never have been there. */
static enum status count_leaves(struct share *share, const struct reach *reach, uint64_t *ret,
                                struct error *err)
{
    const struct timespec wait = {0, DELIVERY_LOOK_MS * 1000000L};
    enum status status = STATUS_OK;
    uint64_t waited_ms = 0;

    for (uint32_t i = 0; i < reach->count && status == STATUS_OK; i++) {
        uint64_t next_seq = 0;
        status =
            evidence_count(share->services.evidence, &reach->tenants[i], &ret[i], &next_seq, err);
        while (status == STATUS_OK && waited_ms < DELIVERY_WAIT_MS &&
               ingest_delivered_seq(share->services.ingest, &reach->tenants[i]) + 1 < next_seq) {
            (void)nanosleep(&wait, NULL);
            waited_ms += DELIVERY_LOOK_MS;
        }
    }
    return status == STATUS_OK && waited_ms >= DELIVERY_WAIT_MS &&
                   share->services.checkpoint != NULL
               ? share->services.checkpoint(share->services.context, err)
               : status;
}

void verify_begin(struct verify *v, const struct reach *reach, uint32_t index,
                  uint64_t leaf_count)
{
    v->tenant = reach->tenants[index];
    v->name = reach->names[index];
    v->leaf_count = leaf_count;
    v->findings = v->gaps = v->gap_end = v->said_gaps = v->said_others = 0;
    v->run = (struct verify_run){0};
}

static enum status check_tenants(struct verify *v, const struct reach *reach,
                                 const uint64_t *counts, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < reach->count && status == STATUS_OK; i++) {
        verify_begin(v, reach, i, counts[i]);
        status = check_tenant(v, err);
    }
    return status;
}

/* ---- requests ---- */

static enum status run_check(struct share *share, const struct http_request *request,
                             struct http_response *response, const struct reach *reach,
                             verify_check *check, struct error *err)
{
    uint64_t *counts = ARENA_ARRAY(request->arena, uint64_t, (size_t)reach->count + 1, err);
    struct verify v = {.share = share, .request = request, .response = response};

    if (counts == NULL)
        return err->status;
    enum status status = count_leaves(share, reach, counts, err);
    if (status != STATUS_OK)
        return status;
    v.records = calloc(RUN_RECORDS + LEAF_RECORDS_MAX, sizeof(*v.records));
    if (v.records == NULL)
        return ERROR_MEMORY(err);
    buf_init(&v.raw, RUN_BYTES + REQUEST_BODY_BYTES_MAX);
    status = check(&v, reach, counts, err);
    buf_release(&v.raw);
    free(v.records);
    return status;
}

enum status verify_answer(struct share *share, const struct http_request *request,
                          struct http_response *response, verify_check *check,
                          struct error *err)
{
    struct slice name = http_query(request, "tenant");
    struct guid concerned = {{0}};
    struct reach reach;
    enum status status = share_reach_logs(share, request, name, &reach, err);

    if (status == STATUS_OK && reach.count == 1)
        concerned = reach.tenants[0];
    if (status == STATUS_OK)
        status = share_record(share, request, "Verify", request->body, &concerned, err);
    if (status != STATUS_OK)
        return status;
    status = share_enter(&share->gate, request, &reach, err);
    if (status != STATUS_OK)
        return status;
    response->content_type = "application/x-ndjson";
    status = run_check(share, request, response, &reach, check, err);
    share_leave(&share->gate, request, &reach);
    return status;
}

enum status share_verify(void *context, const struct http_request *request,
                         struct http_response *response, struct error *err)
{
    return verify_answer(context, request, response, check_tenants, err);
}
