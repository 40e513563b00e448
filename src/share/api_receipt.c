/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/verify?tenant= with receipts, as notes or as the JSON answers of ingest: does the
 * log keep what each of them promises?  A line of kind "receipt", "gap" (lost, and said so) or
 * "pending" (the log still has time) for each, and "unsigned" for records without one. */
#include "share/verify_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "crypt/receipt.h"

#include <stdio.h>
#include <string.h>

#define FLUSH_BYTES (64 * KIB)

/* Of a tenant's log; without an origin it has no keys yet. */
struct identity {
    struct slice origin;
    uint8_t public_key[PUBLIC_KEY_BYTES];
};

struct receipts {
    struct verify *verify;
    struct identity *identities; /* of the tenants in reach, as far as a receipt asked */
    uint32_t identity_count;
    uint64_t signed_count; /* records that the receipts of an answer are for */
    bool is_unsure;        /* it has others, which have lines of their own */
};

static void describe_receipt(const struct receipt_fields *fields, struct verify_finding *ret)
{
    ret->leaf = fields->leaf_index;
    ret->seq_first = fields->first_seq;
    ret->seq_last = fields->first_seq + fields->count - 1;
}

/* The leaf that the log promised is not there. */
static void miss_leaf(const struct verify *v, const struct receipt_fields *fields,
                      struct verify_finding *finding, char *ret, size_t size)
{
    const int64_t wait_us = RECEIPT_MMD_SECONDS * INT64_C(1000000);
    const int64_t now_us = clock_unix_us(v->share->services.clock);

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
static enum status compare_leaf(struct verify *v, const struct receipt_fields *fields,
                                struct verify_finding *finding, char *ret, size_t size,
                                struct error *err)
{
    uint8_t leaf[LEAF_BYTES];
    struct leaf_fields there;
    struct hash256 hash;
    enum status status =
        evidence_leaf(v->share->services.evidence, &v->tenant, fields->leaf_index, leaf, err);

    ret[0] = '\0';
    if (status == STATUS_NOT_FOUND) {
        miss_leaf(v, fields, finding, ret, size);
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = leaf_decode(leaf, &there, err);
    if (status != STATUS_OK)
        return status;
    leaf_hash(leaf, &hash);
    if (there.kind == LEAF_KIND_GAP) {
        bool is_lost = false;
        status = verify_are_lost(v, finding->seq_first, finding->seq_last, &is_lost, err);
        finding->kind = is_lost ? "gap" : "evidence";
        (void)snprintf(ret, size, "%s",
                       is_lost ? "lost when the log or the evidence was damaged"
                               : VERIFY_EVIDENCE_IS_GONE);
    } else if (memcmp(hash.bytes, fields->leaf_hash, sizeof(hash.bytes)) != 0 ||
               !is_of_leaf(fields, &there)) {
        (void)snprintf(ret, size, "MISBEHAVIOUR: the log signed for another leaf at this place");
    } else {
        v->run = (struct verify_run){fields->leaf_index, 1, there.first_seq, there.raw_bytes,
                                     there.count};
    }
    return status;
}

static enum status check_receipt(struct receipts *r, struct slice note,
                                 const uint8_t public_key[PUBLIC_KEY_BYTES], struct error *err)
{
    struct verify *v = r->verify;
    struct verify_finding finding = {"receipt", UINT64_MAX, 1, 0};
    struct receipt_fields fields;
    char text[ERROR_TEXT_BYTES] = "";
    struct slice origin;
    enum status status = receipt_verify(note, public_key, &fields, &origin, err);

    r->is_unsure = r->is_unsure || status != STATUS_OK;
    if (status == STATUS_OK) {
        r->signed_count += fields.count;
        describe_receipt(&fields, &finding);
        status = compare_leaf(v, &fields, &finding, text, sizeof(text), err);
    }
    if (status == STATUS_OK && text[0] == '\0')
        status = verify_records(v, err);
    if (verify_is_finding(status)) {
        (void)snprintf(text, sizeof(text), "%s", err->text);
        status = STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    if (text[0] != '\0')
        return verify_find(v, &finding, text, err);
    verify_line(v, true, &finding, "the log has it, and the records are what was signed for");
    return http_flush(v->response, FLUSH_BYTES, err); /* there may be many */
}

/* The next tenant's.  The keeper is asked once for each tenant, not for each receipt. */
static enum status learn_identity(struct receipts *r, const struct reach *reach,
                                  struct error *err)
{
    const struct verify *v = r->verify;
    struct identity *identity = &r->identities[r->identity_count];
    struct buf origin;

    buf_init(&origin, 2 * ORIGIN_BYTES_MAX);
    enum status status = keyring_log_identity(v->share->services.keyring,
                                              &reach->tenants[r->identity_count], &origin,
                                              identity->public_key, err);
    if (status == STATUS_OK)
        identity->origin = arena_copy(v->request->arena, buf_slice(&origin), err);
    if (status == STATUS_OK && identity->origin.data == NULL)
        status = err->status;
    buf_release(&origin);
    if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    r->identity_count += status == STATUS_OK;
    return status;
}

/* Whose log it is; UINT32_MAX: of none that may be read here. */
static enum status find_log(struct receipts *r, const struct reach *reach, struct slice origin,
                            uint32_t *ret, struct error *err)
{
    enum status status = STATUS_OK;

    *ret = UINT32_MAX;
    for (uint32_t i = 0; i < reach->count && origin.size > 0; i++) {
        if (i == r->identity_count)
            status = learn_identity(r, reach, err);
        if (status != STATUS_OK)
            return status;
        if (slice_equal(r->identities[i].origin, origin)) {
            *ret = i;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* The second line of a note names the log. */
static enum status check_note(struct receipts *r, const struct reach *reach, struct slice note,
                              struct error *err)
{
    struct verify *v = r->verify;
    struct verify_finding finding = {"receipt", UINT64_MAX, 1, 0};
    struct slice rest = note, line = SLICE("");
    uint32_t log = UINT32_MAX;

    (void)slice_next(&rest, '\n', &line);
    (void)slice_next(&rest, '\n', &line);
    enum status status = verify_go_on(v, err);
    if (status == STATUS_OK)
        status = find_log(r, reach, line, &log, err);
    if (status != STATUS_OK)
        return status;
    if (log != UINT32_MAX) {
        verify_begin(v, reach, log, 0);
        return check_receipt(r, note, r->identities[log].public_key, err);
    }
    r->is_unsure = true;
    v->name = SLICE("");
    v->said_others = 0; /* each receipt has its line */
    return verify_find(v, &finding, "not a receipt of a log that may be read here", err);
}

/* Notes with or without a blank line between them; each begins with its first line. */
static enum status check_notes(struct receipts *r, const struct reach *reach, struct slice text,
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
        status = check_note(r, reach, note, err);
    }
    return status;
}

/* Of records that were stored without a receipt nothing can be said: not that they are there. */
static enum status check_count(struct receipts *r, struct slice line,
                               const struct json_tape *tape, struct error *err)
{
    struct verify *v = r->verify;
    const struct verify_finding finding = {"unsigned", UINT64_MAX, 1, 0};
    uint32_t token = json_member(line, tape->tokens, 0, SLICE("count"));
    uint64_t count = 0;
    char text[128];

    if (r->is_unsure || token == UINT32_MAX ||
        !text_parse_u64(json_text(line, &tape->tokens[token]), &count) ||
        count <= r->signed_count)
        return STATUS_OK;
    (void)snprintf(text, sizeof(text), "no receipt came for %llu of the %llu records",
                   (unsigned long long)(count - r->signed_count), (unsigned long long)count);
    v->name = SLICE("");
    v->said_others = 0; /* each answer has its line */
    return verify_find(v, &finding, text, err);
}

/* An answer of ingest: the notes are a text in it. */
static enum status check_answer(struct receipts *r, const struct reach *reach, struct slice line,
                                struct error *err)
{
    struct json_tape tape;
    struct buf notes;
    enum status status = STATUS_OK;

    r->signed_count = 0;
    r->is_unsure = false;
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
        status = check_notes(r, reach, buf_slice(&notes), err);
    if (status == STATUS_OK)
        status = check_count(r, line, &tape, err);
    buf_release(&notes);
    json_tape_release(&tape);
    return status;
}

static enum status check_receipts(struct verify *v, const struct reach *reach,
                                  const uint64_t *counts, struct error *err)
{
    struct slice rest = slice_trim(v->request->body), line;
    struct receipts r = {.verify = v};
    enum status status = STATUS_OK;

    (void)counts;
    if (rest.size == 0)
        return ERROR_SET(err, STATUS_INVALID, "there is no receipt in the body");
    r.identities = ARENA_ARRAY(v->request->arena, struct identity, (size_t)reach->count + 1, err);
    if (r.identities == NULL)
        return err->status;
    if (rest.data[0] != '{')
        return check_notes(&r, reach, v->request->body, err);
    while (status == STATUS_OK && slice_next(&rest, '\n', &line)) {
        if (slice_trim(line).size > 0)
            status = check_answer(&r, reach, slice_trim(line), err);
    }
    return status;
}

enum status share_verify_receipts(void *context, const struct http_request *request,
                                  struct http_response *response, struct error *err)
{
    return verify_answer(context, request, response, check_receipts, err);
}
