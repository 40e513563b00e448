/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/verify?tenant=: every leaf of the evidence and every record against it, a line
 * {"tenant","ok","kind","leaf","seq_first","seq_last","file","offset","text"} for each
 * finding, and one of kind "tenant" behind those of a tenant.
 *
 * Leaves are taken together to some thousand records, whose bytes are read at once; what
 * fails so is looked at leaf by leaf.
 *
 * POST /v1/verify?tenant= with receipts, as notes or as the JSON answers of ingest: does the
 * log keep what each of them promises?  A line of kind "receipt", "gap" (lost, and said so) or
 * "pending" (the log still has time) for each, and "unsigned" for records without one. */
#include "share/share_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "crypt/receipt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUN_RECORDS 4096u           /* enough to read at once */
#define RUN_BYTES (16 * MIB)
#define FINDINGS_MAX 1000u          /* of a tenant, gaps and others each; more are counted */
#define FLUSH_BYTES (64 * KIB)
#define DELIVERY_WAIT_MS 1000u
#define DELIVERY_LOOK_MS 2

/* Leaves next to each other. */
struct run {
    uint64_t first_leaf, leaf_count, first_seq, bytes;
    uint32_t count; /* of records */
};

struct finding {
    const char *kind;
    uint64_t leaf, seq_first, seq_last; /* no records: seq_last < seq_first */
};

/* Of a tenant's log; without an origin it has no keys yet. */
struct identity {
    struct slice origin;
    uint8_t public_key[PUBLIC_KEY_BYTES];
};

struct checking {
    struct share *share;
    const struct http_request *request;
    struct http_response *response;
    struct guid tenant;
    struct slice name;
    uint64_t leaf_count; /* whose records are in the store for sure */
    uint64_t findings, gaps;
    uint64_t said_gaps, said_others; /* of the findings: they have a line */
    uint64_t gap_leaf, gap_first, gap_end; /* not said yet: gap_end > 0 */
    struct run run;
    struct buf raw;                            /* of the run's records */
    struct { size_t at, size; } *records;      /* size SIZE_MAX: it is not there */
    uint64_t records_first;
    struct identity *identities; /* of the tenants in reach, as far as a receipt asked */
    uint32_t identity_count;
    uint64_t signed_count; /* records that the receipts of an answer are for */
    bool is_unsure;        /* it has others, which have lines of their own */
    struct ingest_lost *lost; /* of all tenants, once somebody asked; else NULL */
    uint32_t lost_count;
};

static void add_line(struct checking *c, bool is_ok, const struct finding *f, const char *text)
{
    struct buf *out = &c->response->body;

    buf_add_text(out, "{\"tenant\":");
    text_add_json_string(out, c->name);
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

static enum status find(struct checking *c, const struct finding *f, const char *text,
                        struct error *err)
{
    /* Gaps are no fault: where there are many, what is one has a line all the same. */
    uint64_t *said = strcmp(f->kind, "gap") == 0 ? &c->said_gaps : &c->said_others;

    c->findings++;
    if ((*said)++ < FINDINGS_MAX)
        add_line(c, false, f, text);
    if (c->response->body.size > FLUSH_BYTES && c->response->flush != NULL)
        return c->response->flush(c->response, err);
    return buf_check(&c->response->body, err);
}

/* ---- records ---- */

static enum status keep(void *context, uint64_t seq, struct slice raw, struct error *err)
{
    struct checking *c = context;

    if (c->records[seq - c->records_first].size != SIZE_MAX) /* another one may lack for it */
        return ERROR_SET(err, STATUS_CORRUPT, "record %llu is stored twice",
                         (unsigned long long)seq);
    c->records[seq - c->records_first].at = c->raw.size;
    c->records[seq - c->records_first].size = raw.size;
    buf_add_slice(&c->raw, raw);
    return buf_check(&c->raw, err);
}

static enum status get(void *context, uint64_t seq, struct slice *ret, struct error *err)
{
    const struct checking *c = context;

    if (seq < c->records_first || seq - c->records_first >= c->run.count ||
        c->records[seq - c->records_first].size == SIZE_MAX)
        return ERROR_SET(err, STATUS_NOT_FOUND, "record %llu is missing",
                         (unsigned long long)seq);
    *ret = slice_from(c->raw.data + c->records[seq - c->records_first].at,
                      c->records[seq - c->records_first].size);
    return STATUS_OK;
}

static enum status check_run(struct checking *c, struct error *err)
{
    const struct run *run = &c->run;

    buf_clear(&c->raw);
    c->records_first = run->first_seq;
    for (uint32_t i = 0; i < run->count; i++)
        c->records[i].size = SIZE_MAX;
    enum status status = store_raw(c->share->services.store, &c->tenant, run->first_seq,
                                   run->count, keep, c, err);
    return status == STATUS_OK
               ? evidence_verify(c->share->services.evidence, &c->tenant, run->first_seq,
                                 run->count, get, c, err)
               : status;
}

/* It is about the data, and not about this look at it. */
static bool is_finding(enum status status)
{
    return status == STATUS_CORRUPT || status == STATUS_NOT_FOUND || status == STATUS_IO;
}

static enum status read_leaf(struct checking *c, uint64_t index, struct leaf_fields *ret,
                             struct error *err)
{
    uint8_t leaf[LEAF_BYTES];
    enum status status =
        evidence_leaf(c->share->services.evidence, &c->tenant, index, leaf, err);

    return status == STATUS_OK ? leaf_decode(leaf, ret, err) : status;
}

/* Which leaves of the run it is. */
static enum status search_run(struct checking *c, struct error *err)
{
    const struct run whole = c->run;
    enum status status = STATUS_OK;
    struct leaf_fields fields;

    for (uint64_t i = 0; i < whole.leaf_count && status == STATUS_OK; i++) {
        struct finding finding = {"records", whole.first_leaf + i, 1, 0};
        status = read_leaf(c, whole.first_leaf + i, &fields, err);
        if (status == STATUS_OK) {
            c->run = (struct run){whole.first_leaf + i, 1, fields.first_seq, fields.raw_bytes,
                                  fields.count};
            finding.seq_first = fields.first_seq;
            finding.seq_last = fields.first_seq + fields.count - 1;
            status = check_run(c, err);
        }
        if (is_finding(status)) {
            char text[ERROR_TEXT_BYTES];
            (void)snprintf(text, sizeof(text), "%s", err->text);
            status = find(c, &finding, text, err);
        }
    }
    return status;
}

static enum status check_wanted(const struct checking *c, struct error *err)
{
    return c->request->cancelled != NULL && atomic_load(c->request->cancelled)
               ? ERROR_SET(err, STATUS_CANCELLED, "the client is gone")
               : STATUS_OK;
}

static enum status end_run(struct checking *c, struct error *err)
{
    enum status status = check_wanted(c, err);

    if (status != STATUS_OK)
        return status;
    if (c->run.count > 0) {
        status = check_run(c, err);
        if (is_finding(status))
            status = search_run(c, err);
    }
    c->run = (struct run){0};
    return status;
}

/* ---- leaves ---- */

/* Where the log has evidence of a gap: what became of these records. */
enum lost_as { LOST_NOT, LOST, LOST_ACCEPTED };

/* Once a request: a list for each gap would be the square of them. */
static enum status list_losses(struct checking *c, struct error *err)
{
    return c->lost != NULL ? STATUS_OK
                           : ingest_lost_list(c->share->services.ingest, c->request->arena,
                                              &c->lost, &c->lost_count, err);
}

/* What became of record `first`, and up to which one, `last` at most, the same holds: a loss
 * says nothing of the records beside it.  LOST_NOT: the log lost none of these, so it is their
 * evidence that is gone. */
static enum lost_as find_loss(const struct checking *c, uint64_t first, uint64_t last,
                              uint64_t *ret_last)
{
    uint64_t lost_to = 0, end = UINT64_MAX; /* where the nearest loss behind `first` begins */
    enum lost_as ret = LOST_NOT;

    for (uint32_t i = 0; i < c->lost_count; i++) {
        const struct ingest_lost *lost = &c->lost[i];
        if (!guid_equal(&lost->tenant, &c->tenant) || lost->last_seq < first)
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

/* Of no numbers at all that cannot be said: they count as lost. */
static enum status are_all_lost(struct checking *c, uint64_t first, uint64_t last, bool *ret,
                                struct error *err)
{
    enum status status = list_losses(c, err);

    *ret = true;
    while (status == STATUS_OK && *ret && first <= last) {
        uint64_t to = 0;
        *ret = find_loss(c, first, last, &to) != LOST_NOT;
        if (to == last)
            break;
        first = to + 1;
        status = check_wanted(c, err);
    }
    return status;
}

static const char EVIDENCE_IS_GONE[] =
    "the evidence of these records is gone, and no loss of the log explains it";

/* Gaps next to each other are one, told by what became of its parts. */
static enum status end_gap(struct checking *c, struct error *err)
{
    static const char *const texts[] = {EVIDENCE_IS_GONE,
                                        "lost when the log or the evidence was damaged",
                                        "lost when the log was damaged, which was accepted"};
    const uint64_t last = c->gap_end - 1;
    struct finding finding = {"gap", c->gap_leaf, c->gap_first, last};
    enum lost_as lost = LOST;

    if (c->gap_end == 0)
        return STATUS_OK;
    c->gap_end = 0;
    enum status status = list_losses(c, err);
    do { /* once also where the gap has no numbers */
        if (status == STATUS_OK)
            status = check_wanted(c, err);
        if (status == STATUS_OK && finding.seq_first <= last)
            lost = find_loss(c, finding.seq_first, last, &finding.seq_last);
        finding.kind = lost == LOST_NOT ? "evidence" : "gap";
        c->gaps += lost != LOST_NOT;
        if (status == STATUS_OK)
            status = find(c, &finding, texts[lost], err);
        finding.seq_first = finding.seq_last + 1;
    } while (status == STATUS_OK && finding.seq_first <= last);
    return status;
}

static enum status take_leaf(struct checking *c, uint64_t index, struct error *err)
{
    struct run *run = &c->run;
    struct leaf_fields fields;
    enum status status = read_leaf(c, index, &fields, err);

    if (status != STATUS_OK)
        return status;
    if (fields.kind == LEAF_KIND_GAP) {
        if (c->gap_end == 0) {
            c->gap_leaf = index;
            c->gap_first = fields.first_seq;
        }
        c->gap_end = fields.first_seq + fields.count;
        return end_run(c, err);
    }
    status = end_gap(c, err);
    if (status == STATUS_OK && run->count > 0 &&
        (run->bytes + fields.raw_bytes > RUN_BYTES || run->count + fields.count > RUN_RECORDS))
        status = end_run(c, err);
    if (run->count == 0)
        *run = (struct run){.first_leaf = index, .first_seq = fields.first_seq};
    run->leaf_count++;
    run->bytes += fields.raw_bytes;
    run->count += fields.count;
    return status;
}

/* All that is wrong; the leaves behind one that cannot be read are not looked at. */
static enum status check_leaves(struct checking *c, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint64_t i = 0; i < c->leaf_count && status == STATUS_OK; i++)
        status = take_leaf(c, i, err);
    if (status == STATUS_OK)
        status = end_gap(c, err);
    return status == STATUS_OK ? end_run(c, err) : status;
}

/* Numbers were given up to `given`, each with its leaf.  Of what was taken off the end of the
 * evidence the evidence itself tells nothing: the rest fits together. */
static enum status check_end(struct checking *c, const struct evidence_summary *summary,
                             uint64_t given, struct error *err)
{
    uint64_t next = summary->next_seq == 0 ? 1 : summary->next_seq;

    if (given < next)
        return STATUS_OK;
    c->gap_leaf = summary->leaf_count;
    c->gap_first = next;
    c->gap_end = given + 1;
    return end_gap(c, err);
}

static enum status check_tenant(struct checking *c, struct error *err)
{
    /* Asked for first: a leaf is in the evidence before its records are delivered. */
    const uint64_t given = ingest_delivered_seq(c->share->services.ingest, &c->tenant);
    struct evidence_summary summary;
    char text[ERROR_TEXT_BYTES] = "";
    struct buf root;
    struct finding finding = {"evidence", UINT64_MAX, 1, 0};
    enum status status =
        evidence_check(c->share->services.evidence, &c->tenant, &summary, err);
    const bool is_whole = status == STATUS_OK;

    if (is_finding(status)) {
        (void)snprintf(text, sizeof(text), "%s", err->text);
        status = find(c, &finding, text, err);
    }
    if (status == STATUS_OK)
        status = check_leaves(c, err);
    if (status == STATUS_OK && is_whole)
        status = check_end(c, &summary, given, err);
    if (is_finding(status)) {
        (void)snprintf(text, sizeof(text), "%s", err->text);
        status = find(c, &finding, text, err);
    }
    if (status != STATUS_OK)
        return status;
    finding.kind = "tenant";
    finding.seq_last = summary.next_seq == 0 ? 0 : summary.next_seq - 1;
    buf_init(&root, 2 * KIB);
    text_add_hex(&root, summary.root.bytes, sizeof(summary.root.bytes));
    (void)snprintf(text, sizeof(text), "%llu findings, %llu of them gaps; %llu leaves, root %.*s",
                   (unsigned long long)c->findings, (unsigned long long)c->gaps,
                   (unsigned long long)c->leaf_count, SLICE_FMT(buf_slice(&root)));
    buf_release(&root);
    add_line(c, c->findings == 0, &finding, text);
    return buf_check(&c->response->body, err);
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

/* Goes on with another tenant. */
static void begin_tenant(struct checking *c, const struct reach *reach, uint32_t index,
                         uint64_t leaf_count)
{
    c->tenant = reach->tenants[index];
    c->name = reach->names[index];
    c->leaf_count = leaf_count;
    c->findings = c->gaps = c->gap_end = c->said_gaps = c->said_others = 0;
    c->run = (struct run){0};
}

static enum status check_tenants(struct checking *c, const struct reach *reach,
                                 const uint64_t *counts, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < reach->count && status == STATUS_OK; i++) {
        begin_tenant(c, reach, i, counts[i]);
        status = check_tenant(c, err);
    }
    return status;
}

/* ---- receipts ---- */

static void describe_receipt(const struct receipt_fields *fields, struct finding *ret)
{
    ret->leaf = fields->leaf_index;
    ret->seq_first = fields->first_seq;
    ret->seq_last = fields->first_seq + fields->count - 1;
}

/* The leaf that the log promised is not there. */
static void miss_leaf(const struct checking *c, const struct receipt_fields *fields,
                      struct finding *finding, char *ret, size_t size)
{
    const int64_t wait_us = RECEIPT_MMD_SECONDS * INT64_C(1000000);
    const int64_t now_us = clock_unix_us(c->share->services.clock);

    /* Who signs for a time to come is not waited for until then. */
    if (fields->time_us > now_us - wait_us && fields->time_us <= now_us + wait_us) {
        finding->kind = "pending";
        (void)snprintf(ret, size, "not in the log yet, which has %d s for it",
                       RECEIPT_MMD_SECONDS);
        return;
    }
    (void)snprintf(ret, size, "MISBEHAVIOUR: the log signed for this leaf and does not have it");
}

static bool is_of_leaf(const struct receipt_fields *receipt, const struct leaf_fields *leaf)
{
    uint64_t behind = receipt->first_seq - leaf->first_seq; /* very many where it is before */

    return receipt->time_us == leaf->commit_time_us && receipt->count > 0 &&
           behind < leaf->count && receipt->count <= leaf->count - behind;
}

/* Is the leaf what was signed?  "" if it is; STATUS_OK unless it cannot be told. */
static enum status compare_leaf(struct checking *c, const struct receipt_fields *fields,
                                struct finding *finding, char *ret, size_t size,
                                struct error *err)
{
    uint8_t leaf[LEAF_BYTES];
    struct leaf_fields there;
    struct hash256 hash;
    enum status status =
        evidence_leaf(c->share->services.evidence, &c->tenant, fields->leaf_index, leaf, err);

    ret[0] = '\0';
    if (status == STATUS_NOT_FOUND) {
        miss_leaf(c, fields, finding, ret, size);
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = leaf_decode(leaf, &there, err);
    if (status != STATUS_OK)
        return status;
    leaf_hash(leaf, &hash);
    if (there.kind == LEAF_KIND_GAP) {
        bool is_lost = false;
        status = are_all_lost(c, finding->seq_first, finding->seq_last, &is_lost, err);
        finding->kind = is_lost ? "gap" : "evidence";
        (void)snprintf(ret, size, "%s",
                       is_lost ? "lost when the log or the evidence was damaged"
                               : EVIDENCE_IS_GONE);
    } else if (memcmp(hash.bytes, fields->leaf_hash, sizeof(hash.bytes)) != 0 ||
               !is_of_leaf(fields, &there)) {
        (void)snprintf(ret, size, "MISBEHAVIOUR: the log signed for another leaf at this place");
    } else {
        c->run = (struct run){fields->leaf_index, 1, there.first_seq, there.raw_bytes,
                              there.count};
    }
    return status;
}

static enum status check_receipt(struct checking *c, struct slice note,
                                 const uint8_t public_key[PUBLIC_KEY_BYTES], struct error *err)
{
    struct finding finding = {"receipt", UINT64_MAX, 1, 0};
    struct receipt_fields fields;
    char text[ERROR_TEXT_BYTES] = "";
    struct slice origin;
    enum status status = receipt_verify(note, public_key, &fields, &origin, err);

    c->is_unsure = c->is_unsure || status != STATUS_OK;
    if (status == STATUS_OK) {
        c->signed_count += fields.count;
        describe_receipt(&fields, &finding);
        status = compare_leaf(c, &fields, &finding, text, sizeof(text), err);
    }
    if (status == STATUS_OK && text[0] == '\0')
        status = check_run(c, err);
    if (is_finding(status)) {
        (void)snprintf(text, sizeof(text), "%s", err->text);
        status = STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    if (text[0] != '\0')
        return find(c, &finding, text, err);
    add_line(c, true, &finding, "the log has it, and the records are what was signed for");
    return buf_check(&c->response->body, err);
}

/* The next tenant's.  The keeper is asked once for each tenant, not for each receipt. */
static enum status learn_identity(struct checking *c, const struct reach *reach,
                                  struct error *err)
{
    struct identity *identity = &c->identities[c->identity_count];
    struct buf origin;

    buf_init(&origin, 2 * ORIGIN_BYTES_MAX);
    enum status status = keyring_log_identity(c->share->services.keyring,
                                              &reach->tenants[c->identity_count], &origin,
                                              identity->public_key, err);
    if (status == STATUS_OK)
        identity->origin = arena_copy(c->request->arena, buf_slice(&origin), err);
    if (status == STATUS_OK && identity->origin.data == NULL)
        status = err->status;
    buf_release(&origin);
    if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    c->identity_count += status == STATUS_OK;
    return status;
}

/* Whose log it is; UINT32_MAX: of none that may be read here. */
static enum status find_log(struct checking *c, const struct reach *reach, struct slice origin,
                            uint32_t *ret, struct error *err)
{
    enum status status = STATUS_OK;

    *ret = UINT32_MAX;
    for (uint32_t i = 0; i < reach->count && origin.size > 0; i++) {
        if (i == c->identity_count)
            status = learn_identity(c, reach, err);
        if (status != STATUS_OK)
            return status;
        if (slice_equal(c->identities[i].origin, origin)) {
            *ret = i;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* The second line of a note names the log. */
static enum status check_note(struct checking *c, const struct reach *reach, struct slice note,
                              struct error *err)
{
    struct finding finding = {"receipt", UINT64_MAX, 1, 0};
    struct slice rest = note, line = SLICE("");
    uint32_t log = UINT32_MAX;

    (void)slice_next(&rest, '\n', &line);
    (void)slice_next(&rest, '\n', &line);
    enum status status = check_wanted(c, err);
    if (status == STATUS_OK)
        status = find_log(c, reach, line, &log, err);
    if (status != STATUS_OK)
        return status;
    if (log != UINT32_MAX) {
        begin_tenant(c, reach, log, 0);
        return check_receipt(c, note, c->identities[log].public_key, err);
    }
    c->is_unsure = true;
    c->name = SLICE("");
    c->said_others = 0; /* each receipt has its line */
    return find(c, &finding, "not a receipt of a log that may be read here", err);
}

/* Notes with or without a blank line between them; each begins with its first line. */
static enum status check_notes(struct checking *c, const struct reach *reach, struct slice text,
                               struct error *err)
{
    const struct slice first = SLICE("audit-receipt/v1\n");
    enum status status = STATUS_OK;

    while (text.size > 0 && status == STATUS_OK) {
        size_t next = slice_find(text, first, 1);
        struct slice note = next == SIZE_MAX ? text : slice_head(text, next);
        text = slice_tail(text, note.size);
        while (slice_ends_with(note, SLICE("\n\n")))
            note.size--;
        status = check_note(c, reach, note, err);
    }
    return status;
}

/* Of records that were stored without a receipt nothing can be said: not that they are there. */
static enum status check_count(struct checking *c, struct slice line, const struct json_tape *tape,
                               struct error *err)
{
    const struct finding finding = {"unsigned", UINT64_MAX, 1, 0};
    uint32_t token = json_member(line, tape->tokens, 0, SLICE("count"));
    uint64_t count = 0;
    char text[128];

    if (c->is_unsure || token == UINT32_MAX ||
        !text_parse_u64(json_text(line, &tape->tokens[token]), &count) ||
        count <= c->signed_count)
        return STATUS_OK;
    (void)snprintf(text, sizeof(text), "no receipt came for %llu of the %llu records",
                   (unsigned long long)(count - c->signed_count), (unsigned long long)count);
    c->name = SLICE("");
    c->said_others = 0; /* each answer has its line */
    return find(c, &finding, text, err);
}

/* An answer of ingest: the notes are a text in it. */
static enum status check_answer(struct checking *c, const struct reach *reach, struct slice line,
                                struct error *err)
{
    struct json_tape tape;
    struct buf notes;
    enum status status = STATUS_OK;

    c->signed_count = 0;
    c->is_unsure = false;
    json_tape_init(&tape);
    buf_init(&notes, REQUEST_BODY_BYTES_MAX);
    uint32_t token = json_parse(line, JSON_DEPTH_MAX, &tape) == JSON_OK &&
                             tape.tokens[0].kind == JSON_OBJECT
                         ? json_member(line, tape.tokens, 0, SLICE("receipt"))
                         : UINT32_MAX;
    if (token == UINT32_MAX || tape.tokens[token].kind != JSON_STRING)
        status = ERROR_SET(err, STATUS_INVALID,
                           "neither receipts nor answers of ingest, one a line, with \"receipt\"");
    else
        json_unescape(json_text(line, &tape.tokens[token]), &notes);
    if (status == STATUS_OK)
        status = buf_check(&notes, err);
    if (status == STATUS_OK)
        status = check_notes(c, reach, buf_slice(&notes), err);
    if (status == STATUS_OK)
        status = check_count(c, line, &tape, err);
    buf_release(&notes);
    json_tape_release(&tape);
    return status;
}

static enum status check_receipts(struct checking *c, const struct reach *reach,
                                  const uint64_t *counts, struct error *err)
{
    struct slice rest = slice_trim(c->request->body), line;
    enum status status = STATUS_OK;

    (void)counts;
    if (rest.size == 0)
        return ERROR_SET(err, STATUS_INVALID, "there is no receipt in the body");
    if (rest.data[0] != '{')
        return check_notes(c, reach, c->request->body, err);
    while (status == STATUS_OK && slice_next(&rest, '\n', &line)) {
        if (slice_trim(line).size > 0)
            status = check_answer(c, reach, slice_trim(line), err);
    }
    return status;
}

/* ---- requests ---- */

typedef enum status check(struct checking *c, const struct reach *reach, const uint64_t *counts,
                          struct error *err);

static enum status verify(struct share *share, const struct http_request *request,
                          struct http_response *response, const struct reach *reach, check *what,
                          struct error *err)
{
    uint64_t *counts = ARENA_ARRAY(request->arena, uint64_t, (size_t)reach->count + 1, err);
    struct checking c = {.share = share, .request = request, .response = response};

    c.identities = ARENA_ARRAY(request->arena, struct identity, (size_t)reach->count + 1, err);
    if (counts == NULL || c.identities == NULL)
        return err->status;
    enum status status = count_leaves(share, reach, counts, err);
    if (status != STATUS_OK)
        return status;
    c.records = calloc(RUN_RECORDS + LEAF_RECORDS_MAX, sizeof(*c.records));
    if (c.records == NULL)
        return ERROR_MEMORY(err);
    buf_init(&c.raw, RUN_BYTES + REQUEST_BODY_BYTES_MAX);
    status = what(&c, reach, counts, err);
    buf_release(&c.raw);
    free(c.records);
    return status;
}

static enum status answer(void *context, const struct http_request *request,
                          struct http_response *response, check *what, struct error *err)
{
    struct share *share = context;
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
    status = verify(share, request, response, &reach, what, err);
    share_leave(&share->gate, request, &reach);
    return status;
}

enum status share_verify(void *context, const struct http_request *request,
                         struct http_response *response, struct error *err)
{
    return answer(context, request, response, check_tenants, err);
}

enum status share_verify_receipts(void *context, const struct http_request *request,
                                  struct http_response *response, struct error *err)
{
    return answer(context, request, response, check_receipts, err);
}
