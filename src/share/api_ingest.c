/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/ingest?table=&format=&tenant= */
#include "share/share_priv.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"

static enum status parse_format(struct slice name, enum ingest_format *ret, struct error *err)
{
    if (name.size == 0 || slice_is(name, "auto"))
        *ret = INGEST_FORMAT_AUTO;
    else if (slice_is(name, "ndjson"))
        *ret = INGEST_FORMAT_NDJSON;
    else if (slice_is(name, "array"))
        *ret = INGEST_FORMAT_ARRAY;
    else
        return ERROR_SET(err, STATUS_INVALID, "format is auto, ndjson or array, not '%.*s'",
                         SLICE_FMT(name));
    return STATUS_OK;
}

static void add_answer(const struct ingest_answer *a, struct buf *ret)
{
    buf_add_format(ret,
                   "{\"records\":%u,\"stored\":%u,\"duplicates\":%u,\"conflicting\":%u,"
                   "\"foreign\":%u,\"quarantined\":[",
                   a->records, a->stored, a->duplicates, a->conflicting, a->foreign);
    for (uint32_t i = 0; i < a->quarantined_count; i++) {
        buf_add_format(ret, "%s{\"index\":%u,\"reason\":", i > 0 ? "," : "",
                       a->quarantined[i].index);
        text_add_json_string(ret, slice_of(a->quarantined[i].reason));
        buf_add_byte(ret, '}');
    }
    buf_add_text(ret, "],\"duplicate_indexes\":[");
    for (uint32_t i = 0; i < a->duplicates && a->duplicate_indexes != NULL; i++)
        buf_add_format(ret, "%s%u", i > 0 ? "," : "", a->duplicate_indexes[i]);
    buf_add_format(ret, "],\"first_seq\":%llu,\"count\":%u,\"replayed\":%s,\"seed\":\"",
                   (unsigned long long)a->first_seq, a->count, a->replayed_key ? "true" : "false");
    text_add_base64(ret, a->seeds.data, a->seeds.size);
    buf_add_text(ret, "\",\"receipt\":");
    text_add_json_string(ret, a->receipt);
    buf_add_byte(ret, '}');
}

/* The header carries the receipt where it fits a line. */
static void add_receipt_header(const struct ingest_answer *a, const struct http_request *request,
                               struct http_response *response)
{
    struct buf line;
    struct error ignored;

    buf_init(&line, HEADER_LINE_BYTES_MAX / 2);
    text_add_base64(&line, a->receipt.data, a->receipt.size);
    if (a->receipt.size > 0 && !line.failed) {
        struct slice value = arena_copy(request->arena, buf_slice(&line), &ignored);
        if (value.data != NULL)
            http_add_header(response, "Audit-Receipt", value);
    }
    buf_release(&line);
}

enum status share_ingest(void *context, const struct http_request *request,
                         struct http_response *response, struct error *err)
{
    struct share *share = context;
    const struct principal *who = request->principal;
    struct slice only = slice_of(who->table);
    struct reach reach;
    struct ingest_answer answer;
    struct ingest_request in = {
        .table = http_query(request, "table"),
        .body = request->body,
        .packed = request->packed,
        .source_id = who->id,
        .idempotency_key = http_header(request, "idempotency-key"),
    };
    enum status status = share_reach(share, request, http_query(request, "tenant"), false, &reach,
                                     err);

    if (status == STATUS_OK && guid_is_zero(&reach.tenants[0]))
        status = ERROR_SET(err, STATUS_INVALID, "the log of the instance takes no records");
    if (status == STATUS_OK)
        status = parse_format(http_query(request, "format"), &in.format, err);
    if (status == STATUS_OK && in.idempotency_key.size > IDEMPOTENCY_KEY_BYTES_MAX)
        status = ERROR_SET(err, STATUS_INVALID, "an idempotency key has at most %d bytes",
                           IDEMPOTENCY_KEY_BYTES_MAX);
    if (status == STATUS_OK && only.size > 0) {
        if (in.table.size > 0 && !slice_equal(in.table, only))
            status = ERROR_SET(err, STATUS_DENIED, "this token may write the table '%.*s' only",
                               SLICE_FMT(only));
        in.table = only;
    }
    if (status != STATUS_OK)
        return status;
    in.tenant = reach.tenants[0];
    status = ingest_put(share->services.ingest, &in, request->arena, &answer, err);
    if (status != STATUS_OK)
        return status;
    if (answer.count > 0 && answer.receipt.size == 0)
        log_line(LOG_LEVEL_WARNING, "%u records were stored without a receipt: the process with "
                 "the keys did not answer", answer.count);
    add_receipt_header(&answer, request, response);
    add_answer(&answer, &response->body);
    return buf_check(&response->body, err);
}
